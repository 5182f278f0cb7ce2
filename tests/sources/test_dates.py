"""Dates are read by the column, with proof."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from mining._errors import MappingError
from mining.sources.calendars import gregorian_days, jalali_days
from mining.sources.dates import Clock, DateRules, read_dates
from mining.sources.table import Coded


def _read(*texts: str, others: tuple[Coded, ...] = (), **rules: object) -> Clock:
    return read_dates(Coded.of(list(texts)), DateRules(**rules), "when", others=lambda: others)


def _spelt(clock: Clock) -> list[str]:
    return [str(moment)[:23] for moment in clock.micros.astype("datetime64[us]")]


FORMATS = [
    ("2024-03-05", "2024-03-05T00:00:00.000"),
    ("2024/3/5", "2024-03-05T00:00:00.000"),
    ("2024.03.05", "2024-03-05T00:00:00.000"),
    ("2024-03-05 10:11", "2024-03-05T10:11:00.000"),
    ("2024-03-05 1:11:12", "2024-03-05T01:11:12.000"),
    ("2024-03-05T10:11:12", "2024-03-05T10:11:12.000"),
    ("2024-03-05 10:11:12.345", "2024-03-05T10:11:12.345"),
    ("2024-03-05 10:11:12,345", "2024-03-05T10:11:12.345"),
    ("2024-03-05T10:11:12.345678Z", "2024-03-05T10:11:12.345"),
    ("2024-03-05T10:11:12.345678901Z", "2024-03-05T10:11:12.345"),
    ("2024-03-05T10:11:12Z", "2024-03-05T10:11:12.000"),
    ("2024-03-05T10:11:12+02:00", "2024-03-05T08:11:12.000"),
    ("2024-03-05T10:11:12+0200", "2024-03-05T08:11:12.000"),
    ("2024-03-05T10:11:12.000+0000", "2024-03-05T10:11:12.000"),
    ("2024-03-05 10:11:12 -05", "2024-03-05T15:11:12.000"),
    ("2024-03-05 10:11:12 UTC", "2024-03-05T10:11:12.000"),
    ("20240305", "2024-03-05T00:00:00.000"),
    ("20240305T101112", "2024-03-05T10:11:12.000"),
    ("20240305T101112Z", "2024-03-05T10:11:12.000"),
    ("13/03/2024", "2024-03-13T00:00:00.000"),
    ("03/13/2024", "2024-03-13T00:00:00.000"),
    ("13.3.24 8:05", "2024-03-13T08:05:00.000"),
    ("13-03-2024 19:58", "2024-03-13T19:58:00.000"),
    ("3/13/2026, 2:15 PM", "2026-03-13T14:15:00.000"),
    ("3/13/2026 12:15 am", "2026-03-13T00:15:00.000"),
    ("13/03/1999", "1999-03-13T00:00:00.000"),
    ("13/03/99", "1999-03-13T00:00:00.000"),
    ("Tue, 05 Mar 2024 10:11:12 +0000", "2024-03-05T10:11:12.000"),
    ("05 Mar 2024 10:11:12 GMT", "2024-03-05T10:11:12.000"),
    ("5-Mar-2024", "2024-03-05T00:00:00.000"),
    ("March 5, 2024", "2024-03-05T00:00:00.000"),
    ("Mar 5, 2024 3:04 PM", "2024-03-05T15:04:00.000"),
    ("5 במרץ 2024", "2024-03-05T00:00:00.000"),
    ("1709633472", "2024-03-05T10:11:12.000"),
    ("1709633472345", "2024-03-05T10:11:12.345"),
    ("1709633472345678", "2024-03-05T10:11:12.345"),
    ("45356.5", "2024-03-05T12:00:00.000"),
    ("1402/12/15", "2024-03-05T00:00:00.000"),
    ("۱۴۰۲/۱۲/۱۵ ۱۰:۱۱", "2024-03-05T10:11:00.000"),
    ("١٤٠٢/١٢/١٥", "2024-03-05T00:00:00.000"),
    ("15 اسفند 1402", "2024-03-05T00:00:00.000"),
    ("\u200f2024-03-05\u200f", "2024-03-05T00:00:00.000"),
]


@pytest.mark.parametrize(("text", "moment"), FORMATS)
def test_a_format_is_read(text: str, moment: str) -> None:
    clock = _read(text)
    assert _spelt(clock) == [moment]
    assert not clock.failed.any()


def test_day_and_month_are_decided_once_for_the_column() -> None:
    clock = _read("05/03/2024", "13/03/2024", "01/02/2024")
    assert [text[:10] for text in _spelt(clock)] == ["2024-03-05", "2024-03-13", "2024-02-01"]
    assert clock.facts["proof"] == "'13/03/2024' can only be day first"


def test_another_column_of_the_table_may_prove_the_order() -> None:
    clock = _read("05/03/2024", others=(Coded.of(["x", "y"]), Coded.of(["02/28/2024"])))
    assert _spelt(clock)[0][:10] == "2024-05-03"


def test_an_unprovable_order_stops_with_both_readings() -> None:
    with pytest.raises(MappingError, match=r"2024-03-05 or 2024-05-03.*dayfirst: true"):
        _read("05/03/2024", "01/02/2024")
    assert _spelt(_read("05/03/2024", dayfirst=False))[0][:10] == "2024-05-03"
    assert not _read("05/05/2024").failed.any()


def test_two_orders_in_one_column_stop() -> None:
    with pytest.raises(MappingError, match="two orders"):
        _read("13/03/2024", "03/13/2024")
    assert _read("13/03/2024", "03/13/2024", dayfirst=True).failed.tolist() == [False, True]


def test_impossible_dates_fail_with_their_rows() -> None:
    clock = _read("2024-02-30", "yesterday", "2024-02-29", "1404/12/30", "1403/12/30", "2024-01-01 25:00", "")
    assert clock.failed.tolist() == [True, True, False, True, False, True, False]


def test_summer_time_gaps_and_repeats_are_counted() -> None:
    clock = _read("2024-03-29 02:30", "2024-10-27 01:30", "2024-07-01 12:00", timezone="Asia/Jerusalem")
    assert [text[:16] for text in _spelt(clock)] == ["2024-03-29T00:00", "2024-10-26T23:30", "2024-07-01T09:00"]
    assert clock.facts["skipped_hour"] == clock.facts["repeated_hour"] == 1
    assert clock.repaired.tolist() == [True, True, False]


def test_a_zone_that_nobody_named_is_marked() -> None:
    assert _read("2024-03-05 10:11").assumed.tolist() == [True]
    assert _read("2024-03-05 10:11", timezone="UTC").assumed.tolist() == [False]
    assert _read("2024-03-05 10:11Z").assumed.tolist() == [False]


def test_precision_is_what_the_clock_shows() -> None:
    from mining.sources.stamps import PRECISIONS

    def finest(*texts: str) -> str:
        return PRECISIONS[int(_read(*texts).precision.min())]

    assert finest("2024-03-05") == "day"
    assert finest("2024-03-05 10:11") == "min"
    assert finest("2024-03-05 10:11:12.000") == "s"
    assert finest("1709633472000", "1709633473000") == "s"
    assert finest(*(f"2024-03-{day:02d} 10:11:00" for day in range(1, 20))) == "min"


def test_jalali_arithmetic_equals_the_reference_on_every_day() -> None:
    days = np.arange(-18_000, 47_000)
    dates = [JalaliDate(dt.date(1970, 1, 1) + dt.timedelta(int(day))) for day in days]
    parts = (np.array([getattr(date, part) for date in dates]) for part in ("year", "month", "day"))
    found, valid = jalali_days(*parts)
    assert valid.all()
    assert (found == days).all()


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)))
def test_gregorian_arithmetic_equals_the_calendar(date: dt.date) -> None:
    found, valid = gregorian_days(*(np.array([part]) for part in (date.year, date.month, date.day)))
    assert valid.all()
    assert found[0] == (date - dt.date(1970, 1, 1)).days
