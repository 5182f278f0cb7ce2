"""Patterns of activities in journeys, found for all journeys at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

from mining._engine import CodedLog

__all__ = ["holding"]

_Marks = npt.NDArray[np.bool_]


def holding(log: CodedLog, pattern: Sequence[_Marks | None]) -> _Marks:
    """Tell which journeys hold a pattern.

    Parameters
    ----------
    log : CodedLog
        The journeys.
    pattern : sequence of (ndarray of bool, or None)
        For each place which touchpoints may stand there; None stands for any touchpoints, or none.

    Returns
    -------
    ndarray of bool
        One entry per journey. Each run of places is sought as early as may be, which finds the whole pattern wherever
        there is one.
    """
    at, ends = log.first.copy(), log.offsets[1:]
    found = np.ones(log.n_journeys, bool)
    for is_open, places in groupby(pattern, key=lambda place: place is None):
        if is_open:
            continue
        run = [place for place in places if place is not None]
        starts = np.append(_starts(log, run), log.n_touchpoints)
        nearest = starts[np.searchsorted(starts[:-1], at)]
        found &= nearest + len(run) <= ends
        at = np.where(found, nearest + len(run), at)
    return found


def _starts(log: CodedLog, run: Sequence[_Marks]) -> npt.NDArray[np.int64]:
    """Find where a run of places begins, whole and inside one journey."""
    size = log.n_touchpoints - len(run) + 1
    if size <= 0:
        return np.zeros(0, np.int64)
    whole = np.ones(size, bool)
    for step, marks in enumerate(run):
        whole &= marks[step : step + size]
    journey = log.journey_of
    whole &= journey[:size] == journey[len(run) - 1 : len(run) - 1 + size]
    return np.flatnonzero(whole)
