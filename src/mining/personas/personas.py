"""Personas: groups of customers alike in behaviour, or the honest answer that there are none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_is_fitted

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL, wilson
from mining.journeys import Journeys
from mining.journeys.journeys import FINAL_OUTCOMES
from mining.personas.attributes import attribute_table
from mining.personas.encoder import BLOCKS, Encoder
from mining.personas.evidence import Evidence, judge, views_of, weights_of
from mining.personas.grouping import centres_of, group, nearest
from mining.personas.profile import name_personas, profile
from mining.personas.seen import Seen, customers_of, look
from mining.personas.stability import TRUSTED, stability, stability_words
from mining.personas.traits import portray, traits_of

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Personas"]

_FEWEST = 20
_SAMPLE = 600
_ROWS = 12
_DAY = 24.0


class Personas(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Group customers by how they behave, if the data bears it out.

    All journeys of a customer are read together, each only up to its first outcome: who groups customers by how it
    ended finds the ending. A journey that names no customer stands for one. A customer of whom nothing is left before
    the outcome is in no persona (label -1).

    Customers are seen from several perspectives of equal weight: path (activities and pairs of successive ones),
    channels, tempo, people met, and attributes; the perspectives that the groups do not show in are then weighed down.
    One persona, "no distinct personas", is a possible answer and the one given unless a grouping is clearer than in
    journeys recombined from all customers, comes back at both ends of the journeys, and is foretold by half of the
    customers for the other half. Attributes alone never make personas; customers that only look alike are segments.

    Parameters
    ----------
    n_personas : int, optional
        How many, where that is decided elsewhere; by default as many as the evidence bears.
    max_personas : int, default 8
        Most to look for.
    random_state : int, default 0
        Seed of the sample that the evidence rests on, of its references and of the stability.
    features : collection of str, optional
        Perspectives: any of path, channels, tempo, people, attributes; by default all.
    attributes : sequence of str, optional
        Attributes of customers to use. By default numbers and those of at most 20 values, except where the name speaks
        of an outcome (status, stage, churn ...).
    outcomes : collection of str, default ("won", "lost", "solved", "disqualified")
        Outcomes that end what is seen of a journey.

    Attributes
    ----------
    n_personas_ : int
        How many there are; 1 where there is nothing to tell apart.
    labels_ : Series of int
        Persona of each customer, 0 for the largest, -1 for none; indexed by customer.
    portraits_ : DataFrame
        One row per customer, from before the outcome: n_journeys, n_touchpoints, median_gap_hours,
        duration_hours, touchpoints_per_journey, n_actors, n_teams, handoffs, inbound_share, ``activity: x`` and
        ``channel: x`` (shares), ``attribute: x``.

    Examples
    --------
    >>> from mining.personas import Personas
    >>> Personas(max_personas=5)
    Personas(max_personas=5)
    """

    def __init__(
        self,
        *,
        n_personas: int | None = None,
        max_personas: int = 8,
        random_state: int = 0,
        features: Collection[str] | None = None,
        attributes: Sequence[str] | None = None,
        outcomes: Collection[str] = FINAL_OUTCOMES,
    ) -> None:
        self.n_personas = n_personas
        self.max_personas = max_personas
        self.random_state = random_state
        self.features = features
        self.attributes = attributes
        self.outcomes = outcomes

    def fit(self, journeys: Journeys, y: object = None) -> Self:  # noqa: ARG002
        """Find the personas of the customers of some journeys.

        Parameters
        ----------
        journeys : Journeys
            Under any case notion.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        Personas
            Itself.

        Raises
        ------
        MiningError
            For fewer than 20 customers, or a parameter out of range.
        """
        features = self._perspectives()
        seen = look(journeys, self.outcomes)
        if seen.n_customers < _FEWEST:
            raise MiningError.refused(
                f"Personas of {seen.n_customers} customers with touchpoints before the outcome",
                f"cannot be told from chance: {_FEWEST} are needed.",
            )
        table = attribute_table(journeys, seen.customers, self.attributes)
        random = np.random.default_rng(self.random_state)
        sample = _sampled(seen, self.random_state)
        found = self._judged(seen.only(sample), table.iloc[sample], features)
        self._encoder = Encoder.learn(seen, table, features)
        drawn = self._encoder.draw(seen, table)
        points = self._encoder.points(seen, table)
        labels = np.zeros(len(points), np.int64)
        self._weights = np.ones(points.shape[1])
        if found.number > 1:
            start = group(views_of(drawn)[found.perspective], found.number)
            self._weights = weights_of(points, start, found.number)
            labels = _by_size(group(points * np.sqrt(self._weights), found.number))
        self.n_personas_ = int(labels.max()) + 1
        scaled = points * np.sqrt(self._weights)
        self._centres = centres_of(scaled, labels, self.n_personas_)
        self._stability = (
            stability(scaled[sample], labels[sample], self.n_personas_, random)
            if self.n_personas_ > 1
            else np.full(1, np.nan)
        )
        self._evidence = found.frame
        self.portraits_ = portray(seen, table)
        self.labels_ = _with_hidden(labels, seen)
        self._profile = profile(traits_of(seen, self.portraits_), labels, self.n_personas_)
        self._names = self._named()
        return self

    def predict(self, journeys: Journeys) -> pd.Series:
        """Put customers into the personas found, each to the nearest centre.

        Parameters
        ----------
        journeys : Journeys
            Of customers old or new.

        Returns
        -------
        Series of int
            Persona of each customer, -1 where nothing is seen before the outcome; indexed by customer.
        """
        check_is_fitted(self, "labels_")
        seen = look(journeys, self.outcomes)
        known = [
            name.removeprefix("attribute: ") for name in map(str, self.portraits_) if name.startswith("attribute: ")
        ]
        table = attribute_table(journeys, seen.customers, known)
        points = self._encoder.points(seen, table) * np.sqrt(self._weights)
        return _with_hidden(nearest(points, self._centres), seen)

    def persona_of(self, journeys: Journeys) -> pd.Series:
        """Name the persona of each journey's customer.

        Customers that the personas were found with keep their persona; others are put to the nearest centre.

        Parameters
        ----------
        journeys : Journeys
            Which journeys.

        Returns
        -------
        Series of category
            Names in the order of the personas, indexed by journey_id; missing for customers in no persona and for
            personas of fewer than five customers.
        """
        check_is_fitted(self, "labels_")
        customers = pd.Index(customers_of(journeys.log), dtype="str")
        new = ~customers.isin(self.labels_.index)
        labels = self.labels_
        if new.any():
            labels = pd.concat(
                [labels, self.predict(journeys.keep(new)).loc[lambda row: ~row.index.isin(labels.index)]]
            )
        codes = labels.reindex(customers).to_numpy(np.int64)
        masked = np.flatnonzero(self._sizes() < SMALLEST_CELL)
        codes = np.where(np.isin(codes, masked), -1, codes).astype(np.int64)
        named = pd.Categorical.from_codes(codes, pd.Index(self._names, dtype="str"), ordered=True)
        return pd.Series(named, index=pd.Index(journeys.log.journey_ids, name="journey_id"), name="persona")

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

    def _perspectives(self) -> list[str]:
        wanted = BLOCKS if self.features is None else tuple(self.features)
        for name in wanted:
            if name not in BLOCKS:
                raise MiningError.unknown("perspective", str(name), BLOCKS)
        if not set(wanted) - {"attributes"}:
            raise MiningError.refused(
                "Attributes alone", "make segments, not personas: add path, channels, tempo or people to `features`."
            )
        if self.max_personas < 1 or (self.n_personas is not None and self.n_personas < 1):
            raise MiningError.refused("Fewer than one persona", "cannot be found: ask for one or more.")
        return [name for name in BLOCKS if name in wanted]

    def _judged(self, seen: Seen, table: pd.DataFrame, features: list[str]) -> Evidence:
        most = self.max_personas if self.n_personas is None else self.n_personas
        if self.n_personas is not None and most * SMALLEST_CELL > seen.n_customers:
            raise MiningError.refused(
                f"{most} personas of {seen.n_customers} customers", "would be smaller than five each: ask for fewer."
            )
        numbers = [number for number in range(2, most + 1) if number * SMALLEST_CELL <= seen.n_customers]
        found = judge(
            seen, table, features, numbers if self.n_personas is None else numbers[-1:], seed=self.random_state
        )
        return found if self.n_personas is None else found.asked_for(self.n_personas)

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


def _sampled(seen: Seen, seed: int) -> npt.NDArray[np.int64]:
    salted = pd.Series(seen.customers, dtype="str") + f"|{seed}"
    rank = np.argsort(pd.util.hash_array(salted.to_numpy(object)), kind="stable")
    return np.sort(rank[:_SAMPLE]).astype(np.int64)


def _by_size(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    _, first, dense, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    place = np.empty(len(size), np.int64)
    place[np.lexsort((first, -size))] = np.arange(len(size))
    return np.asarray(place[dense], np.int64)


def _with_hidden(labels: npt.NDArray[np.int64], seen: Seen) -> pd.Series:
    ids = np.concatenate([seen.customers, seen.hidden])
    whole = np.concatenate([labels, np.full(len(seen.hidden), -1, np.int64)])
    return pd.Series(whole, index=pd.Index(ids, dtype="str", name="customer"), name="persona").sort_index()
