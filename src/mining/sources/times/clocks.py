"""Local time to UTC on whole columns, with daylight-saving gaps and repeated hours counted."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MappingError

__all__ = ["NO_TIME", "Local", "check_zone", "first_passes", "to_utc"]

Ints = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
NO_TIME = np.iinfo(np.int64).min
_DAY = 86_400_000_000
_AROUND = 50  # rows on either side that have to be in order


class Local(NamedTuple):
    """Times in UTC, and where the local clock did not name one moment."""

    micros: Ints
    in_gap: Truths
    repeated: Truths


def check_zone(name: str) -> str:
    """Return the IANA name of a zone, or refuse it."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise MappingError.unknown("time zone", name, available_timezones()) from error
    return name


def to_utc(micros: Ints, zone: str, *, first: bool = False) -> Local:
    """Turn local wall-clock microseconds into UTC.

    A time that the clock skipped is shifted forward to the first that exists; of a repeated hour the second pass
    (standard time) is taken, or the first one if asked for. Both are marked.
    """
    none = micros == NO_TIME
    nothing = np.zeros(len(micros), dtype=bool)
    if zone in {"UTC", "Etc/UTC"}:
        return Local(micros, nothing, nothing)
    naive = pd.DatetimeIndex(micros.astype("datetime64[us]"))
    # Nearly every time is plain; only the few around a change are looked at twice.
    placed = naive.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    found, gap, twice = placed.asi8.copy(), nothing.copy(), nothing.copy()
    odd = np.flatnonzero(np.asarray(placed.isna()) & ~none)
    if len(odd):
        few = naive[odd]
        pass_taken = np.full(len(odd), first)
        found[odd] = few.tz_localize(zone, ambiguous=pass_taken, nonexistent="shift_forward").asi8
        gap[odd] = np.asarray(few.tz_localize(zone, ambiguous=pass_taken, nonexistent="NaT").isna())
        twice[odd] = ~gap[odd]
    return Local(np.where(none, NO_TIME, found), gap, twice)


def first_passes(micros: Ints, repeated: Truths) -> Truths:
    """Say which rows of a repeated hour belong to its first pass, as far as the order of the rows tells.

    It does where the rows around are sorted by time and step back once inside the hour: what lies on the early side
    of that step was before the change of the clock.

    Parameters
    ----------
    micros : ndarray of int64
        Wall-clock times, in the order of the file.
    repeated : ndarray of bool
        Rows whose time the clock showed twice.

    Returns
    -------
    ndarray of bool

    Examples
    --------
    >>> minutes = np.array([0, 70, 110, 65, 100, 130]) * 60_000_000
    >>> first_passes(minutes, np.array([False, True, True, True, True, False])).tolist()
    [False, True, True, False, False, False]
    """
    found = np.zeros(len(micros), dtype=bool)
    known = np.flatnonzero(micros != NO_TIME)
    times, twice = micros[known], repeated[known]
    days = np.where(twice, times // _DAY, NO_TIME)
    for day in np.unique(days[twice]):
        inside = np.flatnonzero(days == day)
        early = _early(times, int(inside[0]), int(inside[-1]) + 1, whole=len(inside))
        found[known[early]] = True
    return found


def _early(times: Ints, start: int, stop: int, *, whole: int) -> Ints:
    nothing = np.empty(0, dtype=np.int64)
    before, after = times[max(start - _AROUND, 0) : start], times[stop : stop + _AROUND]
    if stop - start != whole or not len(before) + len(after):
        return nothing
    for sign in (1, -1):
        steps = np.flatnonzero(np.diff(sign * times[start:stop]) < 0)
        around = np.concatenate([sign * before, [(sign * times[start:stop]).max()]]), sign * after
        sorted_around = (np.diff(around[0]) >= 0).all() and (np.diff(around[1]) >= 0).all()
        bounded = not len(after) or (sign * after)[0] >= (sign * times[start:stop]).max()
        if len(steps) == 1 and sorted_around and bounded:
            turn = start + int(steps[0]) + 1
            return np.arange(start, turn) if sign == 1 else np.arange(turn, stop)
    return nothing
