"""Parts of dates turned into moments on the wall clock, in microseconds since 1970."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mining.sources.times.calendars import gregorian_days, jalali_days, ordinal_days, week_days
from mining.sources.times.clocks import NO_TIME
from mining.sources.times.stamps import EPOCH_UNITS, PRECISIONS, Stamps

__all__ = ["DAY", "Moments", "Numbers", "number_times", "wall_times"]

Ints = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
DAY = 86_400_000_000
_SERIAL_ZERO = -25_569  # day 0 of a spreadsheet, in days since 1970
_SERIALS = (20_000, 60_000)  # 1954 to 2064
# Magnitudes from 1973 to 2286, so that no number is a time in two units.
_DIGITS = {"s": (10**8, 10**10), "ms": (10**11, 10**13), "us": (10**14, 10**16), "ns": (10**17, 2**63 - 1)}


class Moments(NamedTuple):
    """Wall-clock times (`NO_TIME` for none) and where their date is Jalali."""

    micros: Ints
    jalali: Truths


class Numbers(NamedTuple):
    """Times of plain numbers, where they are in UTC already, how fine they are, and which unit each was."""

    micros: Ints
    zoned: Truths
    precision: Ints
    units: dict[str, Truths]


def wall_times(stamps: Stamps, dayfirst: npt.NDArray[np.int8], calendar: str | None) -> Moments:
    """Turn dates into wall-clock times.

    Years 1300 to 1499 are Jalali where nothing else is said; a month's name says its calendar itself. Dates that no
    calendar has (31 April, 30 Esfand of a common year) have no time: they are never shifted to a neighbour.

    Parameters
    ----------
    stamps : Stamps
        Parts of the texts.
    dayfirst : ndarray of int8
        Where the order is open: 1 reads the day first, 0 the month, -1 leaves the text unread.
    calendar : str or None
        ``gregorian``, ``jalali`` or nothing.
    """
    open_ = stamps.open
    first_is_day = open_ & (dayfirst == 1)
    month = np.where(first_is_day, stamps.second, stamps.first)
    day = np.where(first_is_day, stamps.first, stamps.second)
    year = stamps.year
    yearly = stamps.labelled("y/M/D")
    # Of two-digit years that lead, the first of the three numbers is the year.
    year, month, day = np.where(yearly, month, year), np.where(yearly, day, month), np.where(yearly, stamps.year, day)
    jalali = _jalali(stamps, year, calendar)
    days, valid = _days(stamps, _whole_year(stamps, year, jalali), month, day=day, jalali=jalali)
    dated = (stamps.label >= 0) & ~stamps.labelled("number", "rounded number") & ~(open_ & (dayfirst < 0))
    micros = np.where(dated & valid & (stamps.clock >= 0), days * DAY + stamps.clock, NO_TIME)
    return Moments(micros, jalali & dated)


def _jalali(stamps: Stamps, year: Ints, calendar: str | None) -> Truths:
    said = (stamps.width == 4) & (year >= 1300) & (year <= 1499)
    if calendar is not None:
        said = np.full(len(year), calendar == "jalali")
    counted = stamps.labelled("Y-Www-D", "Y-DDD")  # ISO 8601 is Gregorian
    return np.asarray(np.where(stamps.calendar > 0, stamps.calendar == 2, said) & ~counted)


def _whole_year(stamps: Stamps, year: Ints, jalali: Truths) -> Ints:
    gregorian = np.where(year < 70, 2000, 1900)
    century = np.where(jalali, np.where(year < 50, 1400, 1300), gregorian)
    return np.where((stamps.width == 2) & (year < 100), century + year, year)


def _days(stamps: Stamps, year: Ints, month: Ints, *, day: Ints, jalali: Truths) -> tuple[Ints, Truths]:
    days, valid = gregorian_days(year, month, day)
    if jalali.any():
        days[jalali], valid[jalali] = jalali_days(year[jalali], month[jalali], day[jalali])
    weekly, daily = stamps.labelled("Y-Www-D"), stamps.labelled("Y-DDD")
    if weekly.any():
        days[weekly], valid[weekly] = week_days(year[weekly], month[weekly], day[weekly])
    if daily.any():
        days[daily], valid[daily] = ordinal_days(year[daily], day[daily])
    return days, valid


def number_times(stamps: Stamps, unit: str | None) -> Numbers:
    """Turn plain numbers into times: by the unit that the mapping says, else by magnitude.

    Seconds, milli-, micro- and nanoseconds since 1970 are in UTC; days of a spreadsheet are local.
    """
    plain = stamps.labelled("number")
    size = np.abs(stamps.year)
    micros, precision = np.full(len(plain), NO_TIME, dtype=np.int64), np.zeros(len(plain), dtype=np.int64)
    units: dict[str, Truths] = {}
    if not plain.any():
        return Numbers(micros, plain, precision, units)
    for name, scale in EPOCH_UNITS.items():
        low, high = _DIGITS[name]
        rows = plain & ((unit == name) if unit else (size >= low) & (size < high))
        rows &= size < (2**62 / max(scale, 1))
        if rows.any():
            units[f"epoch {name}"] = rows
            micros[rows] = _scaled(stamps, rows, scale)
            finest = PRECISIONS.index("us" if name == "ns" else name)
            precision[rows] = np.where(stamps.second[rows] > 0, np.maximum(finest - 1, 0), finest)
    zoned = micros != NO_TIME
    limits = (1, 2_958_466) if unit == "serial" else _SERIALS
    serial = plain & ~zoned & (unit in {None, "serial"}) & (stamps.year >= limits[0]) & (stamps.year < limits[1])
    if serial.any():
        units["spreadsheet serial"] = serial
        seconds = np.round(stamps.clock[serial] * (86_400 / 1e9)).astype(np.int64)
        micros[serial] = (stamps.year[serial] + _SERIAL_ZERO) * DAY + seconds * 1_000_000
        precision[serial] = PRECISIONS.index("s")
    return Numbers(micros, zoned, precision, units)


def _scaled(stamps: Stamps, rows: Truths, scale: float) -> Ints:
    whole, part = stamps.year[rows], stamps.clock[rows] * (scale / 1e9)
    sign = np.where(whole < 0, -1, 1)
    exact = whole // 1000 if scale < 1 else whole * int(scale)
    return np.asarray(exact + sign * np.round(part).astype(np.int64), dtype=np.int64)
