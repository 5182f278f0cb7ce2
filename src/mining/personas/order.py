"""The order of a path as a few numbers: how near it is to paths that others took, read as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.discovery.edits import against
from mining.personas.blocks import recoded
from mining.personas.seen import Seen

__all__ = ["Order"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
_MARKS: Final = 96
_DIMENSIONS: Final = 8
_OPENING: Final = 64  # touchpoints of a journey that are read: as many as fit into one word of bits
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
    marks: Codes
    lengths: Codes
    width: float
    centre: Floats
    turn: Floats

    @classmethod
    def learn(cls, seen: Seen) -> Self:
        """Take landmarks from among the journeys, by their customers' ids so that the order of rows decides nothing."""
        used = np.unique(seen.codes("activity"))
        activities = seen.log.words["activity"][used[used >= 0]]
        paths, lengths = _paths(seen, activities)
        chosen = _distinct_first(paths, np.argsort(_hashed(seen), kind="stable"))
        marks, n = paths[chosen], lengths[chosen]
        apart = _apart(marks, n, (marks, n))
        off = apart[np.triu_indices(len(marks), 1)]
        width = float(np.median(off)) if len(off) and off.any() else 1.0
        near = _near(apart, width)
        centre = near.mean(axis=0)
        middle = near - centre - centre[:, None] + centre.mean()
        values, turn = np.linalg.eigh(middle)
        kept = np.flatnonzero(values > _FAINT * max(float(values.max(initial=0)), 1.0))[::-1][:_DIMENSIONS]
        turn = turn[:, kept] / np.sqrt(values[kept])
        heaviest = turn[np.abs(turn).argmax(axis=0), np.arange(turn.shape[1])] if turn.size else np.ones(turn.shape[1])
        return cls(activities, marks, n, width, centre, turn * np.where(heaviest < 0, -1.0, 1.0))

    def draw(self, seen: Seen) -> Floats:
        """Columns of numbers, one row per customer: the mean over its journeys."""
        paths, lengths = _paths(seen, self.activities)
        distinct, of = np.unique(np.column_stack([lengths, paths]), axis=0, return_inverse=True)
        points = np.zeros((len(distinct), self.turn.shape[1]))
        for start in range(0, len(distinct), _BLOCK):
            block = distinct[start : start + _BLOCK]
            near = _near(_apart(block[:, 1:], block[:, 0], (self.marks, self.lengths)), self.width)
            points[start : start + _BLOCK] = (near - self.centre) @ self.turn
        total = np.zeros((seen.n_customers, self.turn.shape[1]))
        for at, column in enumerate(points.T):
            total[:, at] = np.bincount(seen.owner, column[of.ravel()], seen.n_customers)
        return np.asarray(total / np.maximum(np.bincount(seen.owner, minlength=seen.n_customers), 1)[:, None], float)


def _paths(seen: Seen, activities: npt.NDArray[np.object_]) -> tuple[Codes, Codes]:
    """Lay the opening of each journey out in a row, padded with zeros; activities count from one."""
    code = recoded(seen.codes("activity"), seen.log.words["activity"], activities) + 1
    lengths = np.minimum(seen.lengths, _OPENING)
    place = np.arange(len(seen.places)) - np.repeat(seen.offsets[:-1], seen.lengths)
    inside = place < _OPENING
    paths = np.zeros((len(seen.owner), int(lengths.max(initial=0))), np.int64)
    paths[seen.journey_of[inside], place[inside]] = code[inside]
    return paths, lengths


def _hashed(seen: Seen) -> npt.NDArray[np.uint64]:
    ids = pd.Series(seen.customers, dtype="str").to_numpy(object)
    return np.asarray(pd.util.hash_array(ids)[seen.owner], np.uint64)


def _distinct_first(paths: Codes, order: Codes) -> Codes:
    _, first = np.unique(paths[order], axis=0, return_index=True)
    return np.asarray(order[np.sort(first)[:_MARKS]], np.int64)


def _apart(ones: Codes, lengths: Codes, others: tuple[Codes, Codes]) -> Floats:
    marks, n = others
    by_length = np.argsort(-lengths, kind="stable")
    breadth = max(ones.shape[1], marks.shape[1])
    rows, columns = (np.pad(flat, ((0, 0), (0, breadth - flat.shape[1]))) for flat in (ones[by_length], marks))
    edits = against(columns, n, rows, lengths[by_length]).T
    share = edits / np.maximum(np.maximum(lengths[by_length][:, None], n), 1)
    apart = np.empty_like(share)
    apart[by_length] = share
    return np.asarray(apart, float)


def _near(apart: Floats, width: float) -> Floats:
    return np.asarray(np.exp(-((apart / width) ** 2)), float)
