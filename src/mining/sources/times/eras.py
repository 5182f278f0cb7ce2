"""A column cut into stretches of rows that one program wrote: by how its dates are written and by what they prove."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "DAY_FIRST",
    "ENOUGH",
    "MONTH_FIRST",
    "Stretch",
    "distinct",
    "kinds_of",
    "placeholders",
    "proven_runs",
    "shown",
    "written_runs",
]

Ints = npt.NDArray[np.int64]
DAY_FIRST, MONTH_FIRST = 1, 2
ENOUGH = 4  # different dates that make a stretch more than a slip of the pen
_MOST = 12  # stretches; a column that changes more often is mixed
# Dates that stand for none are often typed into programs, whatever the order of the rest.
_NO_YEARS, _NO_DAYS = (1, 1601, 1753, 1899, 1900, 1970, 9999), {True: (101, 3112, 3012), False: (1231, 1230)}


class Stretch(NamedTuple):
    """Rows from `start` to before `stop`, and the kind of their dates; 0 where they prove nothing."""

    start: int
    stop: int
    kind: int


def kinds_of(year: Ints, first: Ints, second: Ints) -> Ints:
    """Say what each date proves: `DAY_FIRST`, `MONTH_FIRST` or nothing (0).

    Examples
    --------
    >>> kinds_of(np.array([2024] * 4), np.array([13, 2, 2, 31]), np.array([2, 13, 2, 40])).tolist()
    [1, 2, 0, 0]
    """
    none = placeholders(year, first, second)
    day = (first > 12) & (first <= 31) & (second >= 1) & (second <= 12)
    month = (second > 12) & (second <= 31) & (first >= 1) & (first <= 12)
    kinds = np.where(day, DAY_FIRST, np.where(month, MONTH_FIRST, 0))
    return np.where(none >= 0, 0, kinds)


def placeholders(year: Ints, first: Ints, second: Ints) -> Ints:
    """Find dates that stand for none: 1 written day first, 0 month first, -1 for all others."""
    likely = np.isin(year, _NO_YEARS)
    found = np.full(len(year), -1, dtype=np.int64)
    for order, days in _NO_DAYS.items():
        found[likely & np.isin(first * 100 + second, days)] = int(order)
    return found


def proven_runs(kinds: Ints, words: Ints) -> list[Stretch] | None:
    """Cut rows that prove two orders into stretches that prove one each; None when they are mixed.

    A stretch reaches from the first to the last row that proves it, the outer ones to the ends. What lies between two
    stretches of different orders belongs to neither.

    Parameters
    ----------
    kinds : ndarray of int64
        What each row proves, in the order of the file.
    words : ndarray of int64
        Which date each row holds.

    Examples
    --------
    >>> kinds = np.array([1, 0, 1, 1, 1, 0, 2, 2, 2, 2])
    >>> [tuple(run) for run in proven_runs(kinds, np.arange(10))]
    [(0, 5, 1), (6, 10, 2)]
    """
    runs = _runs(kinds)
    if len(runs) > _MOST or any(not _enough(kinds, words, run) for run in runs):
        return None
    starts = [0, *(run.start for run in runs[1:])]
    stops = [*(run.stop for run in runs[:-1]), len(kinds)]
    return [Stretch(start, stop, run.kind) for start, stop, run in zip(starts, stops, runs, strict=True)]


def written_runs(padding: Ints, clocked: Ints, words: Ints) -> list[Stretch]:
    """Cut rows where the way of writing changes for good: leading noughts, or whether there is a clock.

    Parameters
    ----------
    padding : ndarray of int64
        1 without leading noughts, 2 with, 3 both in one date, 0 where it does not show.
    clocked : ndarray of int64
        1 without a clock, 2 with one.
    words : ndarray of int64
        Which date each row holds.
    """
    cuts = {0, len(padding)}
    noughts = _runs(padding)
    # Dates such as 5/03/2024 come from a format that pads the month alone; there the noughts say nothing.
    if len(noughts) <= _MOST and not (padding == 3).any():
        cuts |= {run.start for run in noughts[1:]}
    clocks = _runs(clocked)
    if len(clocks) <= _MOST and all(_enough(clocked, words, run) for run in clocks):
        cuts |= {run.start for run in clocks[1:]}
    places = sorted(cuts)
    return [Stretch(start, stop, 0) for start, stop in pairwise(places)]


def _runs(values: Ints) -> list[Stretch]:
    """Find the runs of equal values, noughts passed over; more than anyone asks for are not listed."""
    shown = np.flatnonzero(values)
    if not len(shown):
        return []
    heads = np.concatenate([[0], np.flatnonzero(np.diff(values[shown])) + 1])[: _MOST + 2]
    tails = np.append(heads[1:], len(shown)) - 1
    return [
        Stretch(int(shown[head]), int(shown[tail]) + 1, int(values[shown[head]]))
        for head, tail in zip(heads, tails, strict=True)
    ]


def _enough(values: Ints, words: Ints, run: Stretch) -> bool:
    inside = slice(run.start, run.stop)
    return distinct(words[inside][values[inside] == run.kind], ENOUGH)


def distinct(words: Ints, least: int) -> bool:
    """Say whether there are at least so many different words."""
    # Most stretches show it within their first rows.
    return len(np.unique(words[:1_000])) >= least or (len(words) > 1_000 and len(np.unique(words)) >= least)


def shown(kinds: Ints) -> list[int]:
    """List what kinds there are."""
    return [kind for kind in (DAY_FIRST, MONTH_FIRST) if (kinds == kind).any()]
