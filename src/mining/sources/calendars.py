"""Calendar arithmetic on whole columns: Gregorian and Jalali dates to days since 1970."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["gregorian_days", "jalali_days"]

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
    safe_year, safe_month = np.where(valid, year, 1970), np.where(valid, month, 1)
    months = (safe_year - 1970) * 12 + safe_month - 1
    start = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return start + np.where(valid, day, 1) - 1, valid & (day <= following - start)


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


def _new_year(year: Ints) -> Ints:
    # 979 begins a cycle; 1 Farvardin 979 is 79 days after 1600-01-01, which is day -135140 of our count.
    since = year - 979
    return 365 * since + (since // 33) * 8 + (since % 33 + 3) // 4 + 79 - 135_140
