"""What fitted personas are asked: their table, what sets them apart, what their number rests on, their picture."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_is_fitted

from mining._statistics import SMALLEST_CELL, wilson
from mining.personas.profile import name_personas
from mining.personas.stability import TRUSTED, stability_words

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Asked"]

_ROWS: Final = 12
_DAY: Final = 24.0


class Asked(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Answers that rest on a fit."""

    n_personas_: int
    labels_: pd.Series
    portraits_: pd.DataFrame
    _profile: pd.DataFrame
    _evidence: pd.DataFrame
    _names: list[str]
    _stability: npt.NDArray[np.float64]

    @property
    def frame(self) -> pd.DataFrame:
        """One row per persona, largest first.

        persona, name, n_customers, share, low, high (Wilson), stability (mean bootstrap Jaccard, 0 to 1),
        stability_words, prediction_strength (of the whole grouping, 0 to 1), touchpoints_median (per customer, before
        the outcome), duration_median_days (per journey), top_channels. What describes fewer than five customers is
        missing.
        """
        check_is_fitted(self, "labels_")
        sizes = self._sizes()
        low, high = wilson(sizes, sizes.sum())
        return pd.DataFrame(
            {
                "persona": np.arange(self.n_personas_),
                "name": pd.Series(self._names, dtype="str"),
                "n_customers": sizes,
                "share": sizes / sizes.sum(),
                "low": low,
                "high": high,
                "stability": self._stability,
                "stability_words": self._stability_words(),
                "prediction_strength": self._strength(),
                **self._described(sizes),
            }
        )

    @property
    def profile(self) -> pd.DataFrame:
        """What sets each persona apart: see `mining.personas.profile.profile`.

        persona, kind, feature, inside, outside (shares of customers), lift, low, high (Wilson, of inside), n; strongest
        difference first. It describes what the personas were made of; there is deliberately no p-value.
        """
        check_is_fitted(self, "labels_")
        return self._profile.drop(columns="words")

    @property
    def evidence(self) -> pd.DataFrame:
        """What the number of personas rests on, one row per number, each in the perspective where it shows best.

        n_personas, perspective, silhouette, null_silhouette and null_high (mean and upper bound in customers of one
        kind), echo (Cohen's kappa of both ends of the journeys, worst pair of personas), prediction_strength, verdict.
        Tests that were not reached are missing.
        """
        check_is_fitted(self, "labels_")
        return self._evidence.copy()

    @property
    def n_journeys(self) -> int:
        """Journeys of the customers that are in personas."""
        check_is_fitted(self, "labels_")
        return int(self.portraits_["n_journeys"].sum())

    def plot(self) -> Picture:
        """Draw the shares of customers that have what sets the personas apart, a column per persona."""
        from mining._draw import draw_heatmap

        check_is_fitted(self, "labels_")
        difference = (self._profile["inside"] - self._profile["outside"]).abs()
        strongest = difference.groupby(self._profile["feature"]).max().sort_values(ascending=False, kind="stable")
        cells = self._profile.pivot_table(index="feature", columns="persona", values="inside")
        shown = cells.reindex(strongest.index[:_ROWS]).rename(columns=dict(enumerate(self._names)))
        return draw_heatmap(
            shown,
            title=self._said(),
            unit="%",
            note="Share of a persona's customers; what the personas were made of, so no test.",
        )

    def _repr_html_(self) -> str:
        if not hasattr(self, "labels_"):
            return f"<p>{escape(repr(self))}</p>"
        from mining._draw import html_table

        return html_table(self.frame.drop(columns="persona"), caption=self._said())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _said(self) -> str:
        sizes = self._sizes()
        found = "No distinct personas" if self.n_personas_ == 1 else f"{self.n_personas_} personas"
        return f"{found} among {sizes.sum():,} customers"

    def _sizes(self) -> npt.NDArray[np.int64]:
        labels = self.labels_.to_numpy(np.int64)
        return np.bincount(labels[labels >= 0], minlength=self.n_personas_)

    def _stability_words(self) -> list[str]:
        return ["everyone" if np.isnan(value) else stability_words(float(value)) for value in self._stability]

    def _strength(self) -> float:
        row = self._evidence[self._evidence["n_personas"] == self.n_personas_]
        return float(row["prediction_strength"].iloc[0]) if len(row) else float("nan")

    def _named(self) -> list[str]:
        if self.n_personas_ == 1:
            return ["everyone"]
        names = name_personas(self._profile, self.n_personas_)
        for place, value in enumerate(self._stability):
            if value < TRUSTED:
                names[place] = f"not to be trusted ({place})"
        for place in np.flatnonzero(self._sizes() < SMALLEST_CELL).tolist():
            names[place] = f"fewer than five customers ({place})"
        return names

    def _described(self, sizes: npt.NDArray[np.int64]) -> dict[str, object]:
        labels = self.labels_.reindex(self.portraits_.index)
        medians = self.portraits_[["n_touchpoints", "duration_hours"]].groupby(labels).median()
        channels = self.portraits_.filter(like="channel: ").groupby(labels).mean().fillna(0.0)
        enough = sizes >= SMALLEST_CELL
        return {
            "touchpoints_median": np.where(enough, medians["n_touchpoints"], np.nan),
            "duration_median_days": np.where(enough, medians["duration_hours"] / _DAY, np.nan),
            "top_channels": pd.Series(
                [_top(row) if known else None for (_, row), known in zip(channels.iterrows(), enough, strict=True)],
                dtype="str",
            ),
        }


def _top(shares: pd.Series) -> str:
    largest = shares.sort_values(ascending=False, kind="stable").head(3)
    return ", ".join(
        f"{str(name).removeprefix('channel: ')} {value:.0%}" for name, value in largest.items() if value >= 0.05
    )
