"""The order of a path as a few numbers: how near it is to paths that others took, read as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.discovery.edits import as_words, shares_edited_between
from mining.personas.blocks import recoded
from mining.personas.seen import Seen

__all__ = ["Order"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
_MARKS: Final = 96
_DIMENSIONS: Final = 8
_OPENING: Final = 64  # touchpoints of a journey that are read
_BLOCK: Final = 20_000
_FAINT: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Order:
    """Landmark paths and the few directions in which the nearness to them differs most.

    Two paths are as near as the share of touchpoints that need no change to turn one into the other; a customer is
    where its journeys are on the average.

    References
    ----------
    Levenshtein, V. I. (1966). Binary codes capable of correcting deletions, insertions, and reversals.
    Williams, C. K. I., Seeger, M. (2001). Using the Nystrom method to speed up kernel machines.
    """

    activities: npt.NDArray[np.object_]
    marks: tuple[str, ...]
    width: float
    centre: Floats
    turn: Floats

    @classmethod
    def learn(cls, seen: Seen) -> Self:
        """Take landmarks from among the journeys, by their customers' ids so that the order of rows decides nothing."""
        used = np.unique(seen.codes("activity"))
        activities = seen.log.words["activity"][used[used >= 0]]
        words = _openings(seen, activities)[np.argsort(_hashed(seen), kind="stable")]
        marks = tuple(pd.unique(words)[:_MARKS])
        apart = shares_edited_between(marks, marks)
        off = apart[np.triu_indices(len(marks), 1)]
        width = float(np.median(off)) if len(off) and off.any() else 1.0
        near = _near(apart, width)
        centre = near.mean(axis=0)
        middle = near - centre - centre[:, None] + centre.mean()
        values, turn = np.linalg.eigh(middle)
        kept = np.flatnonzero(values > _FAINT * max(float(values.max(initial=0)), 1.0))[::-1][:_DIMENSIONS]
        turn = turn[:, kept] / np.sqrt(values[kept])
        heaviest = turn[np.abs(turn).argmax(axis=0), np.arange(turn.shape[1])] if turn.size else np.ones(turn.shape[1])
        return cls(activities, marks, width, centre, turn * np.where(heaviest < 0, -1.0, 1.0))

    def draw(self, seen: Seen) -> Floats:
        """Columns of numbers, one row per customer: the mean over its journeys."""
        of, found = pd.factorize(_openings(seen, self.activities))
        distinct: list[str] = list(found)
        points = np.zeros((len(distinct), self.turn.shape[1]))
        for start in range(0, len(distinct), _BLOCK):
            near = _near(shares_edited_between(distinct[start : start + _BLOCK], self.marks), self.width)
            points[start : start + _BLOCK] = (near - self.centre) @ self.turn
        total = np.zeros((seen.n_customers, self.turn.shape[1]))
        for at, column in enumerate(points.T):
            total[:, at] = np.bincount(seen.owner, column[of], seen.n_customers)
        return np.asarray(total / np.maximum(np.bincount(seen.owner, minlength=seen.n_customers), 1)[:, None], float)


def _openings(seen: Seen, activities: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Spell the opening of each journey with a letter per activity; the first letter stands for all others."""
    code = recoded(seen.codes("activity"), seen.log.words["activity"], activities) + 1
    place = np.arange(len(seen.places)) - np.repeat(seen.offsets[:-1], seen.lengths)
    words = as_words(code[place < _OPENING], np.minimum(seen.lengths, _OPENING))
    return np.array([*words, None], object)[:-1]


def _hashed(seen: Seen) -> npt.NDArray[np.uint64]:
    ids = pd.Series(seen.customers, dtype="str").to_numpy(object)
    return np.asarray(pd.util.hash_array(ids)[seen.owner], np.uint64)


def _near(apart: Floats, width: float) -> Floats:
    return np.asarray(np.exp(-((apart / width) ** 2)), float)
