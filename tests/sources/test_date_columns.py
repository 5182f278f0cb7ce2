"""Whole columns of dates: eras, proofs from elsewhere, calendars, zones, dates that stand for none."""

import datetime as dt
import gzip
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mining._errors import MappingError
from mining.sources.table import Coded
from mining.sources.times.clocks import NO_TIME
from mining.sources.times.dates import Clock, DateRules, read_dates
from mining.sources.times.months import month_of
from mining.sources.times.stamps import PRECISIONS

_TODAY = dt.date(2026, 6, 1)


def _read(*texts: str, others: tuple[Coded, ...] = (), name: str = "when", **rules: object) -> Clock:
    return read_dates(Coded.of(list(texts)), DateRules(**rules), name, others=lambda: others, today=_TODAY)


def _days(clock: Clock) -> list[str]:
    return [str(moment)[:10] for moment in clock.micros.astype("datetime64[us]")]


def _minutes(clock: Clock) -> list[str]:
    return [str(moment)[:16] for moment in clock.micros.astype("datetime64[us]")]


def _column(spelling: str, days: pd.DatetimeIndex) -> list[str]:
    return days.strftime(spelling).tolist()


YEAR = pd.date_range("2024-01-05", "2024-12-20", freq="9D")


# Two export eras in one column.


def test_two_exports_one_below_the_other_are_read_each_in_its_order() -> None:
    texts = _column("%d/%m/%Y", YEAR) + _column("%m/%d/%Y", YEAR)
    clock = _read(*texts)
    read = clock.micros != NO_TIME
    expected = [*YEAR, *YEAR]
    assert all(
        day == str(moment)[:10] for day, moment, known in zip(_days(clock), expected, read, strict=True) if known
    )
    first, *between, second = clock.facts["segments"]
    assert (first["order"], first["first_row"]) == ("D/M/Y", 1)
    assert (second["order"], second["last_row"]) == ("M/D/Y", len(texts))
    assert sum(part["rows"] for part in clock.facts["segments"]) == len(texts)
    assert first["last_row"] <= len(YEAR) <= second["first_row"]
    # Dates at the seam that could be of either export are left unread, and counted.
    assert clock.facts["undecided"] == int(clock.failed.sum()) == sum(part["rows"] for part in between)
    assert set(clock.facts["format"]) == {"D/M/Y", "M/D/Y"}
    assert "can only be day first; rows" in clock.facts["proof"]


def test_the_same_text_may_mean_two_days_in_two_eras() -> None:
    era = ["13/01/2024", "14/01/2024", "15/01/2024", "05/03/2024", "16/01/2024"]
    late = ["01/17/2024", "05/03/2024", "01/18/2024", "01/19/2024", "01/20/2024"]
    days = _days(_read(*era, *late))
    assert (days[3], days[6]) == ("2024-03-05", "2024-05-03")


@pytest.mark.parametrize("seed", range(5))
def test_two_orders_that_are_mixed_stop(seed: int) -> None:
    texts = np.array(_column("%d/%m/%Y", YEAR) + _column("%m/%d/%Y", YEAR))
    np.random.default_rng(seed).shuffle(texts)
    with pytest.raises(MappingError, match="two orders"):
        _read(*texts)


def test_one_slip_of_the_pen_is_no_era() -> None:
    texts = [*_column("%d/%m/%Y", YEAR), "02/13/2024"]
    with pytest.raises(MappingError, match="two orders"):
        _read(*texts)
    assert _read(*texts, dayfirst=True).failed.tolist() == [False] * len(YEAR) + [True]


def test_a_seam_that_is_too_wide_stops() -> None:
    texts = _column("%d/%m/%Y", YEAR) + ["02/03/2024"] * 20 + _column("%m/%d/%Y", YEAR)
    with pytest.raises(MappingError, match="two orders"):
        _read(*texts)
    # The mapping decides the seam; the stretches keep what they prove.
    days = _days(_read(*texts, dayfirst=False))
    assert set(days[len(YEAR) : len(YEAR) + 20]) == {"2024-02-03"}
    assert days[: len(YEAR) - 2] == [str(day)[:10] for day in YEAR[:-2]]


def test_dates_written_otherwise_do_not_inherit_a_proof() -> None:
    with pytest.raises(MappingError, match=r"in 2 of its rows.*'05-03-2024' is 2024-03-05 or 2024-05-03"):
        _read("13/03/2024", "05-03-2024", "06-03-2024")
    with pytest.raises(MappingError, match="05/03/2024"):
        _read(*(f"{day}/3/2024" for day in range(2, 31)), "05/03/2024", "06/03/2024", "07/03/2024")
    with pytest.raises(MappingError, match="3:00 PM"):
        _read("13/03/2024 15:00", "05/03/2024 3:00 PM")
    # The way of writing is the same, so is the order.
    assert _days(_read("13/03/2024 15:00", "05/03/2024 16:00"))[1] == "2024-03-05"


def test_each_way_of_writing_may_prove_its_own_order() -> None:
    clock = _read("13/03/2024", "03-13-2024", "05/03/2024", "03-05-2024")
    assert _days(clock)[2:] == ["2024-03-05", "2024-03-05"]
    assert [part["order"] for part in clock.facts["segments"]] == ["D/M/Y", "M/D/Y"]


def test_rows_without_a_value_do_not_move_the_rows_of_a_segment() -> None:
    texts = ["", *_column("%d/%m/%Y", YEAR), "", *_column("%m-%d-%Y", YEAR), ""]
    clock = _read(*texts)
    parts = [(part["first_row"], part["last_row"]) for part in clock.facts["segments"]]
    assert parts == [(2, len(YEAR) + 1), (len(YEAR) + 3, 2 * len(YEAR) + 2)]
    assert not clock.failed.any()


def test_several_values_beat_a_mapping_and_one_does_not() -> None:
    clock = _read(*_column("%m/%d/%Y", YEAR), dayfirst=True)
    assert _days(clock) == [str(day)[:10] for day in YEAR]
    assert "whatever the mapping says" in clock.facts["proof"]
    assert _read("02/03/2024", "02/13/2024", dayfirst=True).failed.tolist() == [False, True]


# What decides when no value does.


EARLY = pd.DatetimeIndex([f"2024-{month:02d}-{day:02d}" for month in range(1, 13) for day in (2, 5, 8, 11)])


def _shuffled(days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return days[np.random.default_rng(3).permutation(len(days))]


def test_a_column_nothing_decides_asks_with_both_readings() -> None:
    texts = _column("%d/%m/%Y", _shuffled(EARLY))
    with pytest.raises(MappingError, match=r"does not say.*is 20\d\d-\d\d-\d\d or 20\d\d.*`dayfirst: true` reads"):
        _read(*texts)


def test_a_certain_time_beside_it_decides() -> None:
    created = _shuffled(EARLY)
    closed = Coded.of(_column("%Y-%m-%d %H:%M", created + pd.Timedelta("3D")))
    for spelling in ("%d/%m/%Y", "%m/%d/%Y"):
        clock = _read(*_column(spelling, created), others=(closed,))
        assert _days(clock) == [str(day)[:10] for day in created]
        assert "keeps its order with another time" in clock.facts["proof"]


def test_an_unrelated_time_beside_it_decides_nothing() -> None:
    created = _shuffled(EARLY)
    birthdays = Coded.of(["1980-05-05"] * len(created))
    elsewhen = Coded.of(_column("%Y-%m-%d", _shuffled(created)))
    with pytest.raises(MappingError):
        _read(*_column("%d/%m/%Y", created), others=(birthdays, elsewhen))


def test_rows_in_the_order_of_time_decide() -> None:
    for days in (EARLY, EARLY[::-1]):
        clock = _read(*_column("%d/%m/%Y", days))
        assert _days(clock) == [str(day)[:10] for day in days]
        assert "rows are in the order of time read day first" in clock.facts["proof"]


def test_rows_sorted_by_their_text_decide_nothing() -> None:
    # Sorted as text, dates with the day first look as if the month came first.
    with pytest.raises(MappingError):
        _read(*sorted(_column("%d/%m/%Y", EARLY)))


def test_columns_that_contradict_each_other_prove_nothing() -> None:
    with pytest.raises(MappingError):
        _read("05/03/2024", others=(Coded.of(["13/03/2024"]), Coded.of(["03/13/2024"])))
    with pytest.raises(MappingError):
        _read("05/03/2024", others=(Coded.of(["13-03-2024"]),))


def test_dates_that_stand_for_none_prove_nothing() -> None:
    with pytest.raises(MappingError):
        _read("05/03/2024", "12/31/9999")
    clock = _read("05/03/2024", "13/03/2024", "12/31/9999")
    assert _days(clock)[0] == "2024-03-05"
    assert clock.facts["sentinels"] == {"9999-12-31": 1}


def test_a_file_half_converted_by_a_spreadsheet_is_refused() -> None:
    days = pd.date_range("2024-01-01", "2024-06-30")
    # A spreadsheet with American settings takes 02/03 for 3 February and leaves 13/03 alone.
    texts = [f"{day:%d/%m/%Y}" if day.day > 12 else f"{day:%Y-%d-%m}" for day in days]
    with pytest.raises(MappingError, match="half converted"):
        _read(*texts)
    honest = [f"{day:%d/%m/%Y}" if day.month < 4 else f"{day:%Y-%m-%d}" for day in days]
    assert _days(_read(*honest)) == [str(day)[:10] for day in days]


# Two-digit years.


def test_a_two_digit_year_is_told_from_a_day() -> None:
    month = [f"24/03/{day:02d}" for day in range(1, 31)]
    clock = _read(*month)
    assert _days(clock)[4] == "2024-03-05"
    assert clock.facts["format"] == {"y/M/D": 30}
    assert _days(_read(*(f"{day:02d}.03.24" for day in range(1, 31))))[4] == "2024-03-05"
    with pytest.raises(MappingError, match=r"whether its year stands first or last.*template: 20\{when\}"):
        _read("24-12-31", name="deals.when")
    assert _days(_read("24/12/31", "98/12/31")) == ["2024-12-31", "1998-12-31"]


def test_two_digit_years_in_persian_writing_ask_for_their_calendar() -> None:
    with pytest.raises(MappingError, match="calendar: jalali"):
        _read("۰۳/۰۵/۳۱")
    with pytest.raises(MappingError, match="calendar: jalali"):
        _read("03/05/31", name="deals.تاریخ ثبت")
    assert _days(_read("۰۳/۰۵/۳۱", calendar="jalali")) == ["2024-08-21"]
    late = [f"{day:02d}/05/03" for day in range(1, 32)]
    assert _days(_read(*late, calendar="jalali", dayfirst=True))[30] == "2024-08-21"


def test_two_calendars_in_a_column_are_split_and_counted() -> None:
    clock = _read("1403/05/12", "2024-08-02", "۱۴۰۳/۰۵/۱۲", "1404/12/30", "1403/12/30")
    assert _days(clock)[:3] == ["2024-08-02"] * 3
    assert clock.failed.tolist() == [False, False, False, True, False]
    assert clock.facts["format"] == {"Y-M-D": 1, "Y-M-D jalali": 3}
    assert clock.facts["calendar"] == "gregorian and jalali"


# Zones and changes of the clock.


def test_letters_with_several_meanings_are_refused_and_others_counted() -> None:
    with pytest.raises(MappingError, match=r"'IST'.*Asia/Jerusalem, Asia/Kolkata or Europe/Dublin.*timezone:"):
        _read("2024-03-05 10:11 IST", "2024-03-05 10:11 UTC")
    clock = _read("2024-03-05 10:11 EST", "2024-07-05 10:11 EDT", "2024-07-05 10:11 EDT", "2024-07-05 10:11 UTC")
    assert clock.facts["zone_words"] == {"EST": 1, "EDT": 2}
    assert _minutes(clock)[:2] == ["2024-03-05T15:11", "2024-07-05T14:11"]


def test_times_with_and_without_a_zone_are_both_counted() -> None:
    clock = _read("2024-03-05 10:11", "2024-03-05T10:11Z", "2024-07-05 10:11 -0300", timezone="Asia/Jerusalem")
    assert _minutes(clock) == ["2024-03-05T08:11", "2024-03-05T10:11", "2024-07-05T13:11"]
    assert (clock.facts["naive"], clock.facts["aware"]) == (1, 2)
    assert clock.facts["zone"] == "in the values and Asia/Jerusalem"


NIGHT = ["00:40", "01:10", "01:50", "01:05", "01:55", "02:10"]


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_rows_tells_the_passes_of_a_repeated_hour(turned: bool) -> None:
    rows = NIGHT[::-1] if turned else NIGHT
    clock = _read(*(f"2024-10-27 {clock}" for clock in rows), timezone="Asia/Jerusalem")
    found = sorted(_minutes(clock))
    assert [text[11:] for text in found] == ["21:40", "22:10", "22:50", "23:05", "23:55", "00:10"]
    assert clock.micros.tolist() == sorted(clock.micros.tolist(), reverse=turned)
    assert clock.facts["repeated_hour"] == 4
    assert clock.facts["repeated_hour_placed"] == 2
    assert int(clock.repaired.sum()) == 4


def test_a_repeated_hour_out_of_order_is_standard_time() -> None:
    for night in (["01:10", "01:50", "01:20"], ["03:00", *NIGHT[1:]], ["00:40", "01:10", "01:20", "02:00"]):
        clock = _read(*(f"2024-10-27 {clock}" for clock in night), timezone="Asia/Jerusalem")
        assert clock.facts["repeated_hour_placed"] == 0
        assert all(text >= "2024-10-26T23" for text in _minutes(clock)[1:-1])


# Years, precision, facts.


def test_dates_that_stand_for_none_are_missing_and_named() -> None:
    texts = ["1900-01-01", "1970-01-01 00:00:00", "9999-12-31 23:59:59", "0001-01-01", "1899-12-30", "0000-00-00"]
    clock = _read(*texts, "2024-03-05", "1970-01-01 00:00:01", "1900-01-02", "1970-01-01")
    assert (clock.micros == NO_TIME).tolist() == [True] * 6 + [False, False, False, True]
    assert not clock.failed.any()
    assert clock.facts["sentinels"] == {
        "0001-01-01": 1,
        "1899-12-30": 1,
        "1900-01-01": 1,
        "1970-01-01": 2,
        "9999-12-31": 1,
        "0000-00-00": 1,
    }
    assert _read("0", "-1", "1709633472").facts["sentinels"] == {"0": 1, "-1": 1}
    # The zero of seconds, seen from a zone.
    assert _read("1970-01-01 02:00", timezone="Asia/Jerusalem").facts["sentinels"] == {"1970-01-01": 1}


def test_years_out_of_reach_are_counted_not_lost() -> None:
    clock = _read("1948-01-26", "2024-03-05", "2027-12-31", "2028-01-01", "2206-01-01")
    assert not clock.failed.any()
    assert (clock.facts["before_1990"], clock.facts["future"]) == (1, 2)


def test_precision_is_the_finest_unit_of_the_column() -> None:
    hours = [f"2024-03-{day:02d}T{day % 24:02d}:00:00+05:30" for day in range(1, 20)]
    assert _read(*hours).facts["precision"] == "hour"
    assert _read("2024030510", "2024030511").facts["precision"] == "hour"
    midnights = [f"2024-03-{day:02d}T00:00:00+02:00" for day in range(1, 20)]
    assert _read(*midnights).facts["precision"] == "day"
    assert PRECISIONS == ("us", "ms", "s", "min", "hour", "day")


def test_numbers_rounded_by_a_spreadsheet_are_refused_and_counted() -> None:
    clock = _read("1709633472345", "1.70963E+12", "1.7E+12", "1.7E+12")
    assert clock.failed.tolist() == [False, True, True, True]
    assert clock.facts["rounded"] == 3


def test_compact_digits_are_dates_only_if_all_of_them_are() -> None:
    assert _minutes(_read("202403051011", "202403051159"))[0] == "2024-03-05T10:11"
    assert set(_read("202403051011", "202499051159").facts["format"]) == {"epoch ms"}


def test_facts_are_plain_values() -> None:
    texts = _column("%d/%m/%Y", YEAR) + _column("%m-%d-%Y", YEAR) + ["1900-01-01", "soon", "2024-03-05 10:11 EST"]
    assert json.loads(json.dumps(_read(*texts).facts))["segments"]


def test_no_word_names_two_months() -> None:
    from mining.sources.times import months

    for lines, calendar in ((months._GREGORIAN, "gregorian"), (months._JALALI, "jalali")):
        for line in lines.strip().split("\n"):
            words = line.split()
            assert [month_of(word) for word in words] == [(place, calendar) for place in range(1, 13)], line


# Laws.

SPELLINGS = [
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S +0000",
    "%B %d, %Y %I:%M:%S %p",
    "%Y%m%dT%H%M%S",
    "%Y%m%d%H%M%S",
    "%H:%M:%S %Y-%m-%d",
    "%G-W%V-%uT%H:%M:%S",
    "%Y-%jT%H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%d/%b/%Y:%H:%M:%S",
]
MOMENTS = st.datetimes(pd.Timestamp("1971-01-01").to_pydatetime(), pd.Timestamp("2100-12-31T23:59:59").to_pydatetime())


@given(MOMENTS, st.sampled_from(SPELLINGS))
def test_what_is_written_is_read_back(moment: dt.datetime, spelling: str) -> None:
    expected = moment if "%f" in spelling else moment.replace(microsecond=0)
    clock = _read(moment.strftime(spelling))
    assert clock.micros.astype("datetime64[us]")[0] == np.datetime64(expected)


@given(st.lists(MOMENTS, min_size=1, max_size=40), st.sampled_from(["/", "-", "."]), st.booleans())
def test_a_column_is_read_right_or_not_at_all(moments: list[dt.datetime], mark: str, dayfirst: bool) -> None:
    spelling = mark.join(("%d", "%m") if dayfirst else ("%m", "%d")) + mark + "%Y %H:%M:%S"
    texts = [moment.strftime(spelling) for moment in moments]
    try:
        clock = _read(*texts)
    except MappingError:
        assert all(moment.day <= 12 for moment in moments)
        return
    assert clock.micros.tolist() == [
        int(np.datetime64(moment.replace(microsecond=0), "us").astype(np.int64)) for moment in moments
    ]


@given(st.lists(MOMENTS, min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_to_a_proven_column(moments: list[dt.datetime], random: object) -> None:
    texts = [f"{moment:%d/%m/%Y %H:%M}" for moment in moments] + ["13/01/2024 10:00"]
    turned = list(texts)
    random.shuffle(turned)
    one = dict(zip(texts, _read(*texts).micros.tolist(), strict=True))
    two = dict(zip(turned, _read(*turned).micros.tolist(), strict=True))
    assert one == two


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.integers(13, 28), st.booleans())
def test_a_value_above_twelve_only_turns_asking_into_a_decision(
    moments: list[dt.datetime], high: int, dayfirst: bool
) -> None:
    texts = [f"{moment.day % 12 + 1:02d}/{moment.month:02d}/{moment.year}" for moment in moments]
    proof = f"{high}/01/2024" if dayfirst else f"01/{high}/2024"
    with_proof = _days(_read(*texts, proof))
    for text, day in zip(texts, with_proof, strict=False):
        first, second, year = text.split("/")
        assert day == (f"{year}-{second}-{first}" if dayfirst else f"{year}-{first}-{second}")


@given(st.text(alphabet="0123456789-/.: TZ+apmj۱۲", max_size=24))
def test_any_text_is_read_or_fails_without_an_accident(text: str) -> None:
    assume(text.strip())
    try:
        clock = _read(text)
    except MappingError:
        return
    assert clock.failed[0] == (clock.micros[0] == NO_TIME and not clock.facts["sentinels"])


def test_shapes_that_were_built_to_collide_are_told_apart() -> None:
    from mining.sources.times import shapes

    texts = [f"2024-03-{day:02d}" for day in range(1, 29)] + [f"{day:02d}.03.2024" for day in range(1, 29)]
    weights = shapes._WEIGHTS.copy()
    try:
        shapes._WEIGHTS[:] = 0
        assert _days(_read(*texts)) == [f"2024-03-{day:02d}" for day in range(1, 29)] * 2
    finally:
        shapes._WEIGHTS[:] = weights


def test_long_cells_cost_no_more_than_short_ones() -> None:
    clock = _read("2024-03-05", "x" * 1_000_000, "۵" * 1_000_000)
    assert clock.failed.tolist() == [False, True, True]


def test_a_column_without_values_has_no_times() -> None:
    clock = read_dates(Coded.empty(3), DateRules(timezone="Asia/Jerusalem"))
    assert (clock.micros == NO_TIME).all()
    assert not clock.failed.any()
    assert clock.facts["format"] == {}


def test_words_that_no_row_bears_prove_nothing() -> None:
    column = Coded.of(["05/03/2024", "13/03/2024"]).take(np.array([0]))
    with pytest.raises(MappingError, match="does not say"):
        read_dates(column, DateRules())


# Real exports.


def test_two_copies_of_a_pipeline_say_the_same_days(real_data) -> None:
    places = ("sales_pipeline.csv", "other_copy/sales_pipeline.csv")
    folder = real_data("maven_crm_sales")
    frames = [pd.read_csv(folder / place, dtype=str, keep_default_na=False) for place in places]
    for name in ("engage_date", "close_date"):
        one, two = (read_dates(Coded.of(frame[name]), DateRules(), name).micros for frame in frames)
        assert (one == two).all()


def test_a_funnel_is_decided_by_its_other_times_when_its_own_proof_is_gone(real_data) -> None:
    frame = pd.read_csv(real_data("real_estate_funnel") / "Leads.csv", dtype=str, keep_default_na=False)
    lead = pd.to_datetime(frame["Lead_Date"])
    early = frame[lead.dt.day <= 12]
    others = [Coded.of(early[name]) for name in ("Qualification_Date", "Booking_Date")]
    for spelling in ("%d/%m/%Y", "%m/%d/%Y"):
        texts = Coded.of(lead[early.index].dt.strftime(spelling))
        clock = read_dates(texts, DateRules(), "Lead_Date", others=lambda others=others: others)
        assert (clock.micros == lead[early.index].astype("datetime64[us]").astype("int64")).all()


def test_impossible_years_of_a_real_log_are_counted_and_kept(real_data) -> None:
    with gzip.open(real_data("bpic_variants_only") / "16_bpic2019_1t_per_variant.xes.gz", "rt") as log:
        texts = re.findall(r'time:timestamp" value="([^"]*)', log.read())
    clock = read_dates(Coded.of(texts), DateRules(), "time:timestamp")
    assert len(texts) == 338_247
    assert clock.facts["before_1990"] == 2
    assert not clock.failed.any()
    assert str(np.sort(clock.micros)[0].astype("datetime64[us]"))[:10] == "1948-01-26"
