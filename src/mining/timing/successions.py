"""Successions: what follows what in journeys, beside what would follow were their touchpoints in any order."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from mining._engine import CodedLog

__all__ = ["Places", "Successions", "beside", "count_successions", "place_activities"]

_DENSE: Final = 8  # journeys with more than one in so many of all activities are multiplied as a full table

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Successions(NamedTuple):
    """Counts by activity (row) and another one (column); sums of two are those of both logs together."""

    steps: Floats  # the other follows at once; repeats are one touchpoint
    shuffled: Floats  # the same on average, were the touchpoints of each journey in any order
    spans: Floats  # journeys that begin with the one and end with the other

    def plus(self, other: Successions) -> Successions:
        """Add the counts of other journeys."""
        return Successions(*(one + two for one, two in zip(self, other, strict=True)))


class Places(NamedTuple):
    """Facts of every activity of the vocabulary."""

    n_touchpoints: Integers
    n_journeys: Integers
    mean: Floats  # relative place in the journey, 0 to 1; one half in journeys of one touchpoint, 0 for none


def place_activities(log: CodedLog) -> Places:
    """Say how common each activity is and where it comes."""
    codes, breadth = log.narrow["activity"], len(log.words["activity"])
    lengths = np.repeat(log.lengths, log.lengths)
    place = (np.arange(log.n_touchpoints) - np.repeat(log.first, log.lengths) + 0.5) / lengths
    known = codes >= 0
    n = np.bincount(codes[known], minlength=breadth)
    total = np.bincount(codes[known], weights=place[known], minlength=breadth)
    return Places(n, log.journeys_with("activity"), np.asarray(total / np.maximum(n, 1), float))


def count_successions(log: CodedLog, kept: Integers) -> tuple[Successions, Successions]:
    """Count what follows what, in every other case and in the rest.

    Parameters
    ----------
    log : CodedLog
        The linked log.
    kept : ndarray of int
        Codes of the activities to look at; others are passed over.

    Returns
    -------
    Successions, Successions
        kept x kept, of the two halves.
    """
    number = np.full(len(log.words["activity"]) + 1, -1, np.int64)  # the last is for touchpoints without activity
    number[kept] = np.arange(len(kept))
    activity, journey = number[log.narrow["activity"]], log.journey_of
    if (activity < 0).any():
        activity, journey = activity[activity >= 0], journey[activity >= 0]
    is_new = np.ones(len(activity), bool)
    is_new[1:] = (activity[1:] != activity[:-1]) | (journey[1:] != journey[:-1])
    activity, journey = activity[is_new], journey[is_new]
    second = np.cumsum(np.diff(log.case, prepend=log.case[:1]) != 0) % 2 == 1  # a case's journeys are of one half
    one, two = (_counted(activity, journey, half, len(kept)) for half in (~second, second))
    return one, two


def _counted(activity: Integers, journey: Integers, half: npt.NDArray[np.bool_], n: int) -> Successions:
    chosen = half[journey]
    activity, journey = activity[chosen], journey[chosen]
    goes_on = journey[1:] == journey[:-1]
    steps = _table(activity[:-1][goes_on], activity[1:][goes_on], n)
    first = np.flatnonzero(np.append(True, ~goes_on)[: len(activity)])
    last = np.flatnonzero(np.append(~goes_on, True)[: len(activity)])
    return Successions(steps, _shuffled(activity, first, steps.sum(), n), _table(activity[first], activity[last], n))


def _table(one: Integers, two: Integers, n: int) -> Floats:
    return np.bincount(one * n + two, minlength=n * n).reshape(n, n).astype(float)


def _shuffled(activity: Integers, first: Integers, n_steps: float, n: int) -> Floats:
    """Give each pair its share of a journey's steps: how often both happen in it, in a product over journeys."""
    lengths = np.diff(first, append=len(activity))
    weight = np.repeat(1 / np.sqrt(lengths), lengths)
    held = csr_array((weight, activity, np.append(first, len(activity))), shape=(len(first), n), copy=True)
    held.sum_duplicates()  # in place: the activities themselves have to stay in their order
    if held.nnz * _DENSE > held.shape[0] * n:
        table = held.toarray()
        expected = np.asarray(table.T @ table, float)
    else:
        expected = np.asarray((held.T @ held).toarray(), float)
    np.fill_diagonal(expected, 0)  # nothing follows itself here
    return np.asarray(expected * (n_steps / max(expected.sum(), 1e-9)), float)


def beside(log: CodedLog, numbers: Integers) -> tuple[Integers, Integers]:
    """Give each touchpoint the last number (0 and up) at or before it in its journey, and the first at or after it.

    Returns
    -------
    before, after : ndarray of int
        -1 where there is none.
    """
    at = np.arange(log.n_touchpoints)
    start, end = np.repeat(log.first, log.lengths), np.repeat(log.last, log.lengths)
    before = np.maximum.accumulate(np.where(numbers >= 0, at, -1))
    after = np.minimum.accumulate(np.where(numbers >= 0, at, log.n_touchpoints)[::-1])[::-1]
    return (
        np.where(before >= start, numbers[before], -1),
        np.where(after <= end, numbers[np.minimum(after, log.n_touchpoints - 1)], -1),
    )
