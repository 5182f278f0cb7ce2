"""Working time: weeks that begin on Sunday or Saturday, shifts, holidays and zones, for many spans at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError

__all__ = ["Calendar", "read_calendar"]

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHIFT: Final = r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}"
_SPEC: Final = re.compile(rf"\s*(?P<days>[A-Za-z, -]+?)\s+(?P<hours>{_SHIFT}(?:\s*,\s*{_SHIFT})*)\s*")
_MINUTE: Final = 60_000_000
_DAY: Final = 86_400_000_000
_EPOCH: Final = np.datetime64("1970-01-01", "D")
_Integers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Calendar:
    """When somebody works.

    Made by `read_calendar`, or by hand.

    Attributes
    ----------
    shifts : tuple of tuple of (int, int)
        For each day from Monday to Sunday its shifts: first and last minute of the day, in order, apart.
    zone : str
        Where the clock on the wall hangs.
    holidays : tuple of date
        Days on which nobody works.
    """

    shifts: tuple[tuple[tuple[int, int], ...], ...]
    zone: str = "UTC"
    holidays: tuple[date, ...] = ()

    def __repr__(self) -> str:
        worked = ", ".join(day for day, shifts in zip(_DAYS, self.shifts, strict=True) if shifts)
        return f"<Calendar: {self.week_hours:g} hours a week ({worked}), {self.zone}, {len(self.holidays)} holidays>"

    @property
    def week_hours(self) -> float:
        """Hours worked in a week without holidays."""
        return sum(close - open_ for shifts in self.shifts for open_, close in shifts) / 60

    def hours(self, start: _Integers, end: _Integers) -> _Floats:
        """Measure working hours between moments.

        Parameters
        ----------
        start, end : ndarray of int64
            Microseconds since 1970, UTC.

        Returns
        -------
        ndarray of float64
            Never below 0; a span outside working time is 0 long.
        """
        worked = self._worked(np.maximum(end, start)) - self._worked(start)
        return np.asarray(np.maximum(worked, 0) / (60 * _MINUTE), float)

    def _worked(self, moment: _Integers) -> _Integers:
        """Add up the working time from 1970 until each moment."""
        local = pd.DatetimeIndex(moment.view("datetime64[us]"), tz="UTC").tz_convert(self.zone).tz_localize(None)
        clock = np.asarray(local.as_unit("us").asi8, np.int64)
        day = (clock // _DAY).astype("datetime64[D]")
        within = clock - (clock // _DAY) * _DAY
        free = np.array(self.holidays, "datetime64[D]")
        weekday = (clock // _DAY + 3) % 7  # the first of January 1970 was a Thursday
        is_free = np.isin(day, free)
        total = np.zeros(len(moment), np.int64)
        for number, shifts in enumerate(self.shifts):
            if not shifts:
                continue
            mask = [place == number for place in range(7)]
            whole = np.busday_count(_EPOCH, day, weekmask=mask, holidays=free)
            total += whole * sum(close - open_ for open_, close in shifts) * _MINUTE
            today = (weekday == number) & ~is_free
            for open_, close in shifts:
                part = np.clip(within - open_ * _MINUTE, 0, (close - open_) * _MINUTE)
                total += np.where(today, part, 0)
        return total


def read_calendar(text: str | Mapping[str, str], zone: str = "UTC", holidays: Iterable[str | date] = ()) -> Calendar:
    """Read when somebody works.

    Parameters
    ----------
    text : str or mapping
        ``"Sun-Thu 09:00-17:00"``, ``"Mon-Fri 08:00-12:00, 13:00-17:00"``; or a dict of days to hours, for days that
        differ: ``{"Sat-Wed": "08:00-16:00", "Thu": "08:00-12:00"}``.
    zone : str
        A zone of the tz database.
    holidays : iterable of str or date
        ISO dates on which nobody works.

    Returns
    -------
    Calendar

    Raises
    ------
    MiningError
        For days or hours that are none, shifts that overlap, or a zone that does not exist.

    Examples
    --------
    >>> read_calendar("Sun-Thu 09:00-17:00", zone="Asia/Jerusalem")
    <Calendar: 40 hours a week (Mon, Tue, Wed, Thu, Sun), Asia/Jerusalem, 0 holidays>
    """
    parts = dict(text) if isinstance(text, Mapping) else dict([_split(text)])
    shifts: list[tuple[tuple[int, int], ...]] = [() for _ in _DAYS]
    for days, hours in parts.items():
        for day in _days(days):
            if shifts[day]:
                raise MiningError.refused(f"The day {_DAYS[day]}", "is given hours twice: once is enough.")
            shifts[day] = _shifts(hours)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise MiningError.refused(f"The zone '{zone}'", "does not exist: write one like 'Asia/Tehran'.") from error
    return Calendar(tuple(shifts), zone, tuple(sorted(_date(day) for day in holidays)))


def _split(text: str) -> tuple[str, str]:
    found = _SPEC.fullmatch(text)
    if found is None:
        raise MiningError.refused(f"The calendar '{text}'", "is none: write days and hours, 'Sun-Thu 09:00-17:00'.")
    return found["days"], found["hours"]


def _days(text: str) -> list[int]:
    found = []
    for part in text.split(","):
        ends = [end.strip()[:3].capitalize() for end in part.split("-")]
        if not 1 <= len(ends) <= 2 or any(end not in _DAYS for end in ends):
            raise MiningError.refused(f"The days '{text}'", f"are none: write {', '.join(_DAYS)}, or 'Sun-Thu'.")
        first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
        found += [(first + more) % 7 for more in range((last - first) % 7 + 1)]
    return found


def _shifts(text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for part in text.split(","):
        times = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*", part)
        if times is None:
            raise MiningError.refused(f"The hours '{text}'", "are none: write '09:00-17:00'.")
        one, two, three, four = map(int, times.groups())
        found.append((one * 60 + two, three * 60 + four))
    found.sort()
    ends = [0, *(close for _, close in found)]
    pairs = zip(ends, found, strict=False)
    if not all(before <= start < close <= 24 * 60 for before, (start, close) in pairs):
        raise MiningError.refused(f"The hours '{text}'", "overlap or end before they begin; a night is two shifts.")
    return tuple(found)


def _date(day: str | date) -> date:
    try:
        return day if isinstance(day, date) else date.fromisoformat(day)
    except ValueError as error:
        raise MiningError.refused(f"The holiday '{day}'", "is no date: write '2025-10-02'.") from error
