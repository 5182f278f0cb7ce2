"""Dates that stand for no date: what systems write where they have none."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import numpy.typing as npt

from mining.sources.times.moments import DAY
from mining.sources.times.stamps import Stamps

__all__ = ["sentinels"]

Truths = npt.NDArray[np.bool_]
_ZERO = dt.date(1970, 1, 1)
# Midnight of these days: the ends of what databases and spreadsheets can hold, and zero in their counts.
_DAYS: Final = {
    str(day): (day - _ZERO).days
    for day in (
        dt.date(1, 1, 1),
        dt.date(1601, 1, 1),
        dt.date(1753, 1, 1),
        dt.date(1899, 12, 30),
        dt.date(1899, 12, 31),
        dt.date(1900, 1, 1),
        dt.date(1970, 1, 1),
        dt.date(9999, 12, 31),
    )
}
_AT_ANY_HOUR = _DAYS["9999-12-31"]


def sentinels(stamps: Stamps, wall: npt.NDArray[np.int64], utc: npt.NDArray[np.int64]) -> dict[str, Truths]:
    """Find the texts that stand for no date.

    A customer may be born on such a day; a touchpoint at its very midnight is far less likely than a system that had
    to write something.

    Parameters
    ----------
    stamps : Stamps
        Parts of the texts.
    wall, utc : ndarray of int64
        Their times on the wall clock and in UTC.

    Returns
    -------
    dict of str to ndarray of bool
        Day (or 0) to the texts that say it.
    """
    day = wall // DAY
    midnight = (wall == day * DAY) | (day == _AT_ANY_HOUR)
    found = {name: midnight & (day == place) for name, place in _DAYS.items()}
    found["1970-01-01"] |= utc == 0
    dated = (stamps.label >= 0) & ~stamps.labelled("number", "rounded number")
    found["0000-00-00"] = dated & (stamps.year == 0) & (stamps.first == 0) & (stamps.second == 0) & (stamps.width == 4)
    nought = stamps.labelled("number") & (stamps.clock == 0)
    found["0"], found["-1"] = nought & (stamps.year == 0), nought & (stamps.year == -1)
    return {name: rows for name, rows in found.items() if rows.any()}
