"""Calendar arithmetic on whole columns: Gregorian and Jalali dates to days since 1970."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["gregorian_days", "jalali_days", "ordinal_days", "week_days"]

Ints = npt.NDArray[np.int64]
_BEFORE_MONTH = np.array([0, 31, 62, 93, 124, 155, 186, 216, 246, 276, 306, 336], dtype=np.int64)


def gregorian_days(year: Ints, month: Ints, day: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Count days since 1970-01-01 of Gregorian dates.

    Returns
    -------
    days : ndarray of int64
    valid : ndarray of bool
        False where there is no such date (31 April).
    """
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= 1) & (year <= 9999)
    starts = _month_starts()
    months = np.where(valid, year * 12 + month - 13, 0)
    start = starts[months]
    return start + np.where(valid, day, 1) - 1, valid & (day <= starts[months + 1] - start)


@cache
def _month_starts() -> Ints:
    months = np.arange(-1969 * 12, (10_000 - 1970) * 12 + 1)
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def jalali_days(year: Ints, month: Ints, day: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Count days since 1970-01-01 of Jalali (Solar Hijri) dates.

    Between 1210 and 1635 the leap years repeat every 33 years (years 1, 5, 9, 13, 17, 22, 26 and 30 of the cycle), so
    the count is closed arithmetic.

    Returns
    -------
    days : ndarray of int64
    valid : ndarray of bool
        False where there is no such date (30 Esfand of a common year).

    References
    ----------
    Borkowski, K. M. (1996). The Persian calendar for 3000 years. Earth, Moon, and Planets 74.

    Examples
    --------
    >>> import numpy as np
    >>> one = lambda n: np.array([n])
    >>> jalali_days(one(1403), one(1), one(1))[0].astype("datetime64[D]")
    array(['2024-03-20'], dtype='datetime64[D]')
    """
    valid = (year >= 1210) & (year <= 1635) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    safe_year, safe_month = np.where(valid, year, 1400), np.where(valid, month, 1)
    start, following = _new_year(safe_year), _new_year(safe_year + 1)
    long_last = following - start - 336
    length = np.where(safe_month <= 6, 31, np.where(safe_month <= 11, 30, long_last))
    return start + _BEFORE_MONTH[safe_month - 1] + np.where(valid, day, 1) - 1, valid & (day <= length)


def week_days(year: Ints, week: Ints, weekday: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Count days since 1970-01-01 of ISO 8601 week dates (1 is Monday).

    Examples
    --------
    >>> import numpy as np
    >>> one = lambda n: np.array([n])
    >>> week_days(one(2024), one(5), one(1))[0].astype("datetime64[D]")
    array(['2024-01-29'], dtype='datetime64[D]')
    """
    start, following = _first_monday(year), _first_monday(year + 1)
    days = start + (week - 1) * 7 + weekday - 1
    return days, (year >= 1) & (week >= 1) & (days < following) & (weekday >= 1) & (weekday <= 7)


def _first_monday(year: Ints) -> Ints:
    fourth, _ = gregorian_days(year, np.ones_like(year), np.full_like(year, 4))
    # Day 0 was a Thursday; the week that holds 4 January is the first.
    return fourth - (fourth + 3) % 7


def ordinal_days(year: Ints, day: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Count days since 1970-01-01 of the n-th days of years.

    Examples
    --------
    >>> import numpy as np
    >>> ordinal_days(np.array([2024, 2023]), np.array([366, 366]))[1].tolist()
    [True, False]
    """
    one = np.ones_like(year)
    start, valid = gregorian_days(year, one, one)
    last, _ = gregorian_days(year, 12 * one, 31 * one)
    return start + day - 1, valid & (day >= 1) & (start + day - 1 <= last)


def _new_year(year: Ints) -> Ints:
    # 979 begins a cycle; 1 Farvardin 979 is 79 days after 1600-01-01, which is day -135140 of our count.
    since = year - 979
    return 365 * since + (since // 33) * 8 + (since % 33 + 3) // 4 + 79 - 135_140
