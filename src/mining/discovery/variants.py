"""Variants: the distinct paths that journeys take, and how much of all journeys each explains."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mining._statistics import SMALLEST_CELL, wilson
from mining.discovery.spoken import listing, spoken_share
from mining.journeys import Journeys
from mining.journeys.in_place import JourneysInPlace

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Variants", "counted_paths", "find_variants"]


@dataclass(frozen=True, eq=False, repr=False)
class Variants:
    """Distinct paths, most frequent first.

    Attributes
    ----------
    frame : DataFrame
        variant (``a > b > c``), n_touchpoints (its length), n_journeys, share (0..1), share_low, share_high (Wilson,
        95 %), cumulative_share (of this path and all before it).
    paths : tuple of tuple of str
        The same paths as activities, row by row.
    n_journeys : int
        How many journeys.
    """

    frame: pd.DataFrame
    paths: tuple[tuple[str, ...], ...]
    n_journeys: int

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"<Variants: {len(self):,} distinct paths of {self.n_journeys:,} journeys>"

    def covering(self, share: float) -> int:
        """Count the most frequent paths that together explain a share of all journeys."""
        return int(np.searchsorted(self.frame["cumulative_share"].to_numpy(), share - 1e-12) + 1) if len(self) else 0

    @property
    def sentence(self) -> str:
        """How varied the journeys are, in a sentence."""
        if not len(self):
            return "There are no journeys."
        top = self.frame.iloc[0]
        start = f"{listing(self.n_journeys, 'journey')} take {listing(len(self), 'distinct path')}"
        if top["n_journeys"] < SMALLEST_CELL:
            return f"{start}, each taken by fewer than {SMALLEST_CELL} journeys."
        return (
            f"{start}; the commonest explains {spoken_share(float(top['share']))}, "
            f"{listing(self.covering(0.8), 'path')} explain 80 %."
        )

    def plot(self, *, n: int = 15) -> Picture:
        """Draw the most frequent paths as bars with intervals; paths of fewer than five journeys are left out.

        Parameters
        ----------
        n : int
            Most paths drawn.
        """
        from mining._draw import draw_bars

        shown = self._shown().head(n)
        # Long paths are cut in the picture and may then look alike: their rank tells them apart.
        ranked = shown.assign(variant=[f"{rank}. {path}" for rank, path in enumerate(shown["variant"], start=1)])
        return draw_bars(
            ranked.rename(columns={"n_journeys": "n"}), "variant", "share", low="share_low", high="share_high",
            unit="%", title="The commonest paths", note=self._note(len(shown)),
        )  # fmt: skip

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        shown = self._shown()
        if shown.empty:
            return f"<p>{escape(self.sentence)}</p>"
        shares = dict.fromkeys(["share", "share_low", "share_high", "cumulative_share"], "{:.1%}")
        caption = f"{self.sentence} {self._note(min(len(shown), 10))}"
        return html_table(shown.head(10), formats=shares, caption=caption)

    def _shown(self) -> pd.DataFrame:
        return self.frame[self.frame["n_journeys"] >= SMALLEST_CELL]

    def _note(self, n_shown: int) -> str:
        left = len(self) - n_shown
        if not left:
            return "95 % intervals."
        rest = self.n_journeys - int(self.frame["n_journeys"].iloc[:n_shown].sum())
        return f"95 % intervals. Not shown: {listing(left, 'path')} of {listing(rest, 'journey')} together."


def counted_paths(journeys: Journeys | JourneysInPlace) -> pd.DataFrame:
    """Give the distinct paths (variant, n_journeys), most frequent first, wherever the journeys are."""
    return journeys.variants() if isinstance(journeys, JourneysInPlace) else journeys.variants()[0]


def find_variants(journeys: Journeys | JourneysInPlace) -> Variants:
    """Count the distinct paths of journeys."""
    found = counted_paths(journeys)
    n = len(journeys)
    count = found["n_journeys"]
    low, high = wilson(count, n)
    paths = tuple(found["variant"])
    frame = pd.DataFrame(
        {
            "variant": pd.Series([" > ".join(path) for path in paths], dtype="str"),
            "n_touchpoints": np.array([len(path) for path in paths], np.int64),
            "n_journeys": count.to_numpy(),
            "share": (count / max(n, 1)).to_numpy(),
            "share_low": low,
            "share_high": high,
            "cumulative_share": (count.cumsum() / max(n, 1)).to_numpy(),
        }
    )
    return Variants(frame, paths, n)
