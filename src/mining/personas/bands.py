"""Attributes as columns of yes and no: one per value, numbers in bands of a quarter of the customers each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._statistics import SMALLEST_CELL
from mining.personas.attributes import MOST_VALUES, is_measured

__all__ = ["OTHER", "Bands"]

Floats = npt.NDArray[np.float64]
OTHER: Final = "any other"
_QUARTERS: Final = (0.25, 0.5, 0.75)


@dataclass(frozen=True, eq=False)
class Bands:
    """Which values and bands there are, learned from some customers.

    Attributes
    ----------
    cuts : dict of str to ndarray of float
        Upper ends of the bands of each number, the last without one left out.
    words : dict of str to list of str
        Values of each other attribute that have a column; `OTHER` takes the rest.
    labels : list of (attribute, value)
        What the columns are called, in order.
    """

    cuts: dict[str, Floats]
    words: dict[str, list[str]]
    labels: list[tuple[str, str]]

    @classmethod
    def learn(cls, table: pd.DataFrame) -> Self:
        """Find the values that five customers and more share, at most twenty, and the quarters of numbers."""
        cuts = {name: _cuts(table[name]) for name in map(str, table.columns) if is_measured(table[name])}
        values = {name: _values(table[name]) for name in map(str, table.columns) if name not in cuts}
        spoken = [(name, word) for name in cuts for word in _spoken(cuts[name])]
        return cls(cuts, values, spoken + [(name, word) for name, words in values.items() for word in words])

    def draw(self, table: pd.DataFrame) -> Floats:
        """Answer for every customer and column: 1 for yes, 0 for no, NaN where the attribute is not known."""
        parts = [np.zeros((len(table), 0))]
        parts += [_marked(_band(table[name], cuts), len(cuts) + 1) for name, cuts in self.cuts.items()]
        parts += [_marked(_code(table[name], words), len(words)) for name, words in self.words.items()]
        return np.hstack(parts)

    @property
    def attribute_of(self) -> npt.NDArray[np.object_]:
        """Attribute of each column."""
        return np.array([name for name, _ in self.labels], dtype=object)


def _cuts(values: pd.Series) -> Floats:
    known = values.dropna().to_numpy(float)
    if len(known) == 0:
        return np.zeros(0)
    cuts = np.unique(np.quantile(known, _QUARTERS, method="lower"))
    return np.asarray(cuts[cuts < known.max()], float)


def _spoken(cuts: Floats) -> list[str]:
    ends = [f"{cut:,.6g}" for cut in cuts]
    if not ends:
        return ["any"]
    between = [f"over {low} to {high}" for low, high in pairwise(ends)]
    return [f"up to {ends[0]}", *between, f"over {ends[-1]}"]


def _values(words: pd.Series) -> list[str]:
    sizes = words.dropna().value_counts()
    often = sizes[sizes >= SMALLEST_CELL]
    ranked = sorted(often.index, key=lambda word: (-int(often[word]), str(word)))[:MOST_VALUES]
    kept = sorted(str(word) for word in ranked if word != OTHER)
    return kept if set(sizes.index) <= set(kept) else [*kept, OTHER]


def _band(values: pd.Series, cuts: Floats) -> npt.NDArray[np.int64]:
    numbers = values.to_numpy(float)
    return np.where(np.isnan(numbers), -1, np.searchsorted(cuts, numbers, side="left")).astype(np.int64)


def _code(values: pd.Series, words: list[str]) -> npt.NDArray[np.int64]:
    codes = pd.Index(words).get_indexer(pd.Index(values.astype("object")))
    rest = words.index(OTHER) if OTHER in words else -1
    return np.where(values.isna().to_numpy(), -1, np.where(codes < 0, rest, codes)).astype(np.int64)


def _marked(codes: npt.NDArray[np.int64], breadth: int) -> Floats:
    marked = np.zeros((len(codes), breadth))
    known = np.flatnonzero(codes >= 0)
    marked[known, codes[known]] = 1.0
    marked[codes < 0] = np.nan
    return marked
