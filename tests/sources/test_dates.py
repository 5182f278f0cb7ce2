"""Dates are read by the column, with proof."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from mining._errors import MappingError
from mining.sources.table import Coded
from mining.sources.times.calendars import gregorian_days, jalali_days
from mining.sources.times.dates import Clock, DateRules, read_dates


def _read(*texts: str, others: tuple[Coded, ...] = (), **rules: object) -> Clock:
    return read_dates(Coded.of(list(texts)), DateRules(**rules), "when", others=lambda: others)


def _spelt(clock: Clock) -> list[str]:
    return [str(moment)[:23] for moment in clock.micros.astype("datetime64[us]")]


# A text by itself, and when it is. Where the order of day and month would be open, the day is above 12.
FORMATS = [
    # year first
    ("2024-03-05", "2024-03-05T00:00:00.000"),
    ("2024/3/5", "2024-03-05T00:00:00.000"),
    ("2024.03.05", "2024-03-05T00:00:00.000"),
    ("2024. 3. 5.", "2024-03-05T00:00:00.000"),
    ("2024-03-05 10:11", "2024-03-05T10:11:00.000"),
    ("2024-03-05 1:11:12", "2024-03-05T01:11:12.000"),
    ("2024/1/5 9:5", "2024-01-05T09:05:00.000"),
    ("2024-03-05T10", "2024-03-05T10:00:00.000"),
    ("2024-03-05T10:11:12", "2024-03-05T10:11:12.000"),
    ("2024-03-05 10:11:12.345", "2024-03-05T10:11:12.345"),
    ("2024-03-05 10:11:12,345", "2024-03-05T10:11:12.345"),
    ("2024-03-05 10:11:12:345", "2024-03-05T10:11:12.345"),
    ("2024-03-05T10:11:12.345678Z", "2024-03-05T10:11:12.345"),
    ("2024-03-05T10:11:12.345678901Z", "2024-03-05T10:11:12.345"),
    ("2024-03-05T24:00:00", "2024-03-06T00:00:00.000"),
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000"),
    ("2024-Mar-05", "2024-03-05T00:00:00.000"),
    ("2024-W05-1", "2024-01-29T00:00:00.000"),
    ("2020W537", "2021-01-03T00:00:00.000"),
    ("2024-060", "2024-02-29T00:00:00.000"),
    # zones
    ("2024-03-05T10:11:12Z", "2024-03-05T10:11:12.000"),
    ("2024-03-05T10:11:12+02:00", "2024-03-05T08:11:12.000"),
    ("2024-03-05T10:11:12+0200", "2024-03-05T08:11:12.000"),
    ("2024-03-05T10:11:12+02", "2024-03-05T08:11:12.000"),
    ("2024-03-05T10:11:12+0330", "2024-03-05T06:41:12.000"),
    ("2024-03-05T10:11:12-03:00", "2024-03-05T13:11:12.000"),
    ("2024-03-05T10:11:12\u221203:00", "2024-03-05T13:11:12.000"),
    ("2024-03-05T10:11:12.000+0000", "2024-03-05T10:11:12.000"),
    ("2024-03-05 10:11:12 -05", "2024-03-05T15:11:12.000"),
    ("2024-03-05 10:11:12 UTC", "2024-03-05T10:11:12.000"),
    ("2024-03-05 10:11:12 GMT+2", "2024-03-05T08:11:12.000"),
    ("2024-03-05 10:11:12 EST", "2024-03-05T15:11:12.000"),
    ("2024-07-05 10:11:12 CEST", "2024-07-05T08:11:12.000"),
    ("2024-03-05T10:11:12+02:00[Asia/Jerusalem]", "2024-03-05T08:11:12.000"),
    ("2024-03-05+02:00", "2024-03-04T22:00:00.000"),
    # digits alone
    ("20240305", "2024-03-05T00:00:00.000"),
    ("20240305T101112", "2024-03-05T10:11:12.000"),
    ("20240305T101112.345Z", "2024-03-05T10:11:12.345"),
    ("20240305 101112", "2024-03-05T10:11:12.000"),
    ("20240131235959", "2024-01-31T23:59:59.000"),
    ("20240131235959999", "2024-01-31T23:59:59.999"),
    ("202401312359", "2024-01-31T23:59:00.000"),
    ("2024013123", "2024-01-31T23:00:00.000"),
    ("31012024", "2024-01-31T00:00:00.000"),
    ("01312024", "2024-01-31T00:00:00.000"),
    ("14030512", "2024-08-02T00:00:00.000"),
    # day or month first
    ("13/03/2024", "2024-03-13T00:00:00.000"),
    ("03/13/2024", "2024-03-13T00:00:00.000"),
    ("31.12.2024", "2024-12-31T00:00:00.000"),
    ("13. 3. 2024 14:05", "2024-03-13T14:05:00.000"),
    ("13.3.24 8:05", "2024-03-13T08:05:00.000"),
    ("31.12.24", "2024-12-31T00:00:00.000"),
    ("99/12/30", "1999-12-30T00:00:00.000"),
    ("13-03-2024 19:58", "2024-03-13T19:58:00.000"),
    ("3/13/2026, 2:15 PM", "2026-03-13T14:15:00.000"),
    ("3/13/2026, 2:15\u202fPM", "2026-03-13T14:15:00.000"),
    ("3/13/2026 12:15 am", "2026-03-13T00:15:00.000"),
    ("3/13/2026 12:15 p. m.", "2026-03-13T12:15:00.000"),
    ("3/13/2026 2 PM", "2026-03-13T14:00:00.000"),
    ("13/03/1999", "1999-03-13T00:00:00.000"),
    ("13/03/99", "1999-03-13T00:00:00.000"),
    ("10:11:12 13/03/2024", "2024-03-13T10:11:12.000"),
    ("10:11 AM, 3/13/2024", "2024-03-13T10:11:00.000"),
    ("Wed 13/03/2024 - 10:11", "2024-03-13T10:11:00.000"),
    # names of months
    ("Tue, 05 Mar 2024 10:11:12 +0000", "2024-03-05T10:11:12.000"),
    ("05 Mar 2024 10:11:12 GMT", "2024-03-05T10:11:12.000"),
    ("Tue Mar  5 10:11:12 2024", "2024-03-05T10:11:12.000"),
    ("Tue Mar 05 2024 10:11:12 GMT+0200 (Israel Standard Time)", "2024-03-05T08:11:12.000"),
    ("Jan  5 2024  9:05AM", "2024-01-05T09:05:00.000"),
    ("5-Mar-2024", "2024-03-05T00:00:00.000"),
    ("05-MAR-24 10.11", None),
    ("05/Mar/2024:10:11:12 +0200", "2024-03-05T08:11:12.000"),
    ("March 5, 2024", "2024-03-05T00:00:00.000"),
    ("March 5th, 2024 at 3:04 PM", "2024-03-05T15:04:00.000"),
    ("Mar 5, 2024 3:04 PM", "2024-03-05T15:04:00.000"),
    ("14:30, 5 March 2024", "2024-03-05T14:30:00.000"),
    ("5. März 2024", "2024-03-05T00:00:00.000"),
    ("5 déc. 2024", "2024-12-05T00:00:00.000"),
    ("5 de marzo de 2024", "2024-03-05T00:00:00.000"),
    ("5 de out. de 2024", "2024-10-05T00:00:00.000"),
    ("5 марта 2024 г., 10:11", "2024-03-05T10:11:00.000"),
    ("5 במרץ 2024", "2024-03-05T00:00:00.000"),
    ("יום שלישי, 5 במרץ 2024 בשעה 14:05", "2024-03-05T14:05:00.000"),
    ("13.3.2024 2:15 אחה״צ", "2024-03-13T14:15:00.000"),
    ("13.3.2024 2:15 לפנה״צ", "2024-03-13T02:15:00.000"),
    ("5 مارس 2024 2:15 م", "2024-03-05T14:15:00.000"),
    # Jalali
    ("1402/12/15", "2024-03-05T00:00:00.000"),
    ("15/12/1402", "2024-03-05T00:00:00.000"),
    ("۱۴۰۲/۱۲/۱۵ ۱۰:۱۱", "2024-03-05T10:11:00.000"),
    ("١٤٠٢/١٢/١٥", "2024-03-05T00:00:00.000"),
    ("1402/12/15 2:15 ب.ظ", "2024-03-05T14:15:00.000"),
    ("1402/12/15 ق.ظ 2:15", "2024-03-05T02:15:00.000"),
    ("15 اسفند 1402", "2024-03-05T00:00:00.000"),
    ("سه‌شنبه ۱۵ اسفند ۱۴۰۲ ساعت ۱۴:۰۵", "2024-03-05T14:05:00.000"),
    ("5 دی 1402", "2023-12-26T00:00:00.000"),
    # numbers
    ("1709633472", "2024-03-05T10:11:12.000"),
    ("1709633472.345", "2024-03-05T10:11:12.345"),
    ("1709633472345", "2024-03-05T10:11:12.345"),
    ("1709633472345678", "2024-03-05T10:11:12.345"),
    ("1709633472345678901", "2024-03-05T10:11:12.345"),
    ("-1000000000", "1938-04-24T22:13:20.000"),
    ("45356", "2024-03-05T00:00:00.000"),
    ("45356.5", "2024-03-05T12:00:00.000"),
    ("45356,424444444", "2024-03-05T10:11:12.000"),
    ("\u200f2024-03-05\u200f", "2024-03-05T00:00:00.000"),
    # no dates, and dates that no calendar has: nothing near by is made of them
    ("2024-02-30", None),
    ("2023-02-29", None),
    ("31/04/2024", None),
    ("1404/12/30", None),
    ("1403/07/31", None),
    ("13/13/2024", None),
    ("2021-W53-1", None),
    ("2023-366", None),
    ("2024-03-05 25:00", None),
    ("2024-03-05 24:01", None),
    ("2024-03-05 10:60", None),
    ("2024-03-05 10:11:60", None),
    ("2024-03-05 15:15 AM", None),
    ("2024-03-05 10:11 +15:00", None),
    ("2024-03-05 10:11 XYZ", None),
    ("2024-03-05 10", None),
    ("2024-03-05-10", None),
    ("2024-03/05", None),
    ("2024-03-05 - 2024-03-07", None),
    ("until 5 March 2024", None),
    ("March 2024", None),
    ("2024-03", None),
    ("10:11", None),
    ("yesterday", None),
    ("1.7E+12", None),
    ("1,70963E+12", None),
    ("12345678901", None),
    ("99999999", None),
]
assert len(FORMATS) > 100


@pytest.mark.parametrize(("text", "moment"), FORMATS)
def test_a_format_is_read_or_fails(text: str, moment: str | None) -> None:
    clock = _read(text)
    assert clock.failed.tolist() == [moment is None]
    assert moment is None or _spelt(clock) == [moment]


RULED = [
    ("05/03/2024", {"dayfirst": True}, "2024-03-05T00:00:00.000"),
    ("05/03/2024", {"dayfirst": False}, "2024-05-03T00:00:00.000"),
    ("05/03/2024 10:11", {"dayfirst": True, "timezone": "Asia/Jerusalem"}, "2024-03-05T08:11:00.000"),
    ("03/05/12", {"calendar": "jalali"}, "2024-08-02T00:00:00.000"),
    ("99/12/29", {"calendar": "jalali"}, "2021-03-19T00:00:00.000"),
    ("12/05/03", {"calendar": "jalali", "dayfirst": True}, "2024-08-02T00:00:00.000"),
    ("1403/05/12", {"calendar": "gregorian"}, "1403-05-12T00:00:00.000"),
    ("2024/05/12", {"calendar": "jalali"}, None),
    ("5 March 2024", {"calendar": "jalali"}, "2024-03-05T00:00:00.000"),
    ("86400", {"unit": "s"}, "1970-01-02T00:00:00.000"),
    ("-86400.5", {"unit": "s"}, "1969-12-30T23:59:59.500"),
    ("1709633472", {"unit": "ms"}, "1970-01-20T18:53:53.472"),
    ("15000", {"unit": "serial"}, "1941-01-24T00:00:00.000"),
    ("15000", {}, None),
    ("2024-03-05 10:11 IST", {"timezone": "Asia/Jerusalem"}, "2024-03-05T08:11:00.000"),
    ("2024-07-05 10:11 IDT", {"timezone": "Asia/Jerusalem"}, "2024-07-05T07:11:00.000"),
    ("2024-03-05 10:11 IST", {"timezone": "Asia/Kolkata"}, "2024-03-05T04:41:00.000"),
    ("2024-03-05 10:11 CST", {"timezone": "America/Chicago"}, "2024-03-05T16:11:00.000"),
]


@pytest.mark.parametrize(("text", "rules", "moment"), RULED)
def test_a_mapping_decides_what_a_text_leaves_open(text: str, rules: dict, moment: str | None) -> None:
    clock = _read(text, **rules)
    assert clock.failed.tolist() == [moment is None]
    assert moment is None or _spelt(clock) == [moment]


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
    from mining.sources.times.stamps import PRECISIONS

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
