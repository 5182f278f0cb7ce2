"""Working hours are counted as a clock would: minute by minute, over weekends, holidays, shifts and summer time."""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from mining import MiningError, check_slas, measure_waits, read_design
from mining.sources.touchpoints import Touchpoints
from mining.timing import measure_responses, read_calendar
from tests.telling import canonical, told, told_touchpoints

CALENDARS = {
    "israel": read_calendar("Sun-Thu 09:00-17:00", "Asia/Jerusalem", ["2025-04-13"]),
    "iran": read_calendar({"Sat-Wed": "08:00-16:00", "Thu": "08:00-12:00"}, "Asia/Tehran"),
    "shifts": read_calendar("Mon-Fri 08:00-12:00, 13:00-17:30", "Europe/Berlin"),
    "always": read_calendar("Mon-Sun 00:00-24:00"),
}


def micros(*moments: str) -> np.ndarray:
    return pd.DatetimeIndex(list(moments), tz="UTC").as_unit("us").asi8.copy()


def by_minutes(name: str, start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Walk through every minute and ask the clock on the wall."""
    calendar, hours = CALENDARS[name], 0
    for moment in pd.date_range(start, end, freq="min", inclusive="left"):
        local = moment.tz_convert(calendar.zone)
        minute = local.hour * 60 + local.minute
        if local.date() not in calendar.holidays:
            hours += any(first <= minute < last for first, last in calendar.shifts[local.weekday()])
    return hours / 60


@given(
    st.sampled_from(list(CALENDARS)),
    st.integers(0, 60 * 24 * 20),
    st.integers(0, 60 * 24 * 6),
)
@settings(max_examples=40, deadline=None)
def test_they_are_those_of_a_clock_on_the_wall(name, first, length):
    start = pd.Timestamp("2025-03-25", tz="UTC") + pd.Timedelta(minutes=first)  # summer time begins in between
    end = start + pd.Timedelta(minutes=length)
    found = CALENDARS[name].hours(micros(str(start.tz_localize(None))), micros(str(end.tz_localize(None))))
    assert found[0] == pytest.approx(by_minutes(name, start, end))


def test_a_weekend_is_no_wait_and_a_friday_differs_by_country():
    friday, monday = micros("2025-01-03 10:00"), micros("2025-01-06 10:00")
    assert read_calendar("Mon-Fri 09:00-17:00").hours(friday, monday)[0] == 8
    assert read_calendar("Sun-Thu 09:00-17:00").hours(friday, monday)[0] == 9
    assert read_calendar("Mon-Fri 09:00-17:00", holidays=["2025-01-03"]).hours(friday, monday)[0] == 1


@given(st.lists(st.integers(0, 10**9), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_spans_add_up(seconds):
    one, two, three = (np.array([moment * 1_000_000], np.int64) for moment in sorted(seconds))
    for calendar in CALENDARS.values():
        whole = calendar.hours(one, three)
        assert whole == pytest.approx(calendar.hours(one, two) + calendar.hours(two, three), abs=1e-6)
        assert calendar.hours(three, one) == 0


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("weekdays 9 to 5", "write days and hours"),
        ("Foo-Bar 09:00-17:00", "write Mon"),
        ("Mon 17:00-09:00", "night is two shifts"),
        ("Mon 09:00-12:00, 11:00-13:00", "overlap"),
        ({"Mon": "09:00-12:00", "Mon-Tue": "09:00-12:00"}, "once is enough"),
    ],
)
def test_a_calendar_that_makes_no_sense_says_what_would(text, hint):
    with pytest.raises(MiningError, match=hint):
        read_calendar(text)


def test_a_zone_or_holiday_that_does_not_exist_is_refused():
    with pytest.raises(MiningError, match="does not exist"):
        read_calendar("Mon 09:00-17:00", zone="Mars/Olympus")
    with pytest.raises(MiningError, match="is no date"):
        read_calendar("Mon 09:00-17:00", holidays=["soon"])


def test_waits_and_promises_can_count_working_hours():
    journeys = told("Ann: ask > answer", start="2025-01-03 16:00", every="66h")  # from a Friday to a Monday at ten
    office = read_calendar("Mon-Fri 09:00-17:00")
    assert measure_waits(journeys, calendar=office).frame["wait_median_hours"][0] == 2
    assert measure_waits(journeys).frame["wait_median_hours"][0] == 66
    steps = ["ask", {"step": "answer", "within": "4h"}]
    design = read_design({"stages": [{"stage": "Help", "steps": steps}]})
    assert check_slas(journeys, design, calendar=office).frame["n_kept"][0] == 1
    assert check_slas(journeys, design).frame["n_kept"][0] == 0


WORDS = ("ask", "again", "answer", "receipt", "note")


def answered(*stories: str) -> Touchpoints:
    actors = {"answer": "employee", "receipt": "automation", "note": "employee"}
    touchpoints = told_touchpoints(*stories, actors=actors, channels={"call": "phone"} | dict.fromkeys(WORDS, "email"))
    directions = {"ask": "inbound", "again": "inbound", "note": "internal"}
    direction = touchpoints.frame["activity"].map(directions).fillna("outbound").astype("str")
    return Touchpoints(touchpoints.frame.assign(direction=direction), {}, None)


def test_what_a_machine_writes_is_no_answer_and_asking_twice_is_waiting_once():
    journeys = answered("Ann: ask > receipt > again > note > answer", "Bob: ask > answer", "Cy: ask").by("customer")
    found = measure_responses(journeys)
    row = found.frame.set_index("activity").loc["ask"]
    assert row[["n_asked", "n_answered", "n_open", "n_automatic", "n_customers"]].tolist() == [3, 2, 1, 1, 3]
    assert row["median_hours"] == 2.5  # four hours and one
    assert list(found.frame["activity"]) == ["ask"]
    first = found.first_contact.iloc[0]
    assert (first["n_journeys"], first["n_met"]) == (3, 2)
    assert first["hours_before"] == 2.0  # a note at three hours, an answer at one


def test_a_call_is_its_own_answer_and_a_visit_asks_nobody():
    found = measure_responses(answered("Ann: visit > ask > call", "Bob: call > visit").by("customer"))
    assert found.frame[["activity", "n_asked", "n_answered"]].to_numpy().tolist() == [["ask", 1, 1]]
    asked = measure_responses(answered("Ann: visit > ask > call").by("customer"), asking=["visit"])
    assert asked.frame[["activity", "n_asked", "median_hours"]].to_numpy().tolist() == [["visit", 1, 2.0]]
    with pytest.raises(MiningError, match="Did you mean 'visit'"):
        measure_responses(answered("Ann: visit").by("customer"), asking=["visits"])


def test_responses_by_group_and_drawn():
    journeys = answered("Ann: ask > answer", "Bob: ask").by("customer")
    groups = pd.Series(["x", "y"], index=["Ann", "Bob"])
    found = measure_responses(journeys, by=groups)
    assert found.frame["group"].tolist() == ["x", "y"]
    assert "ask" in found.plot().svg
    assert "inbound touchpoints" in repr(found)


def test_a_wait_begins_when_the_customer_comes_and_an_empty_answer_says_why():
    start = pd.Timestamp("2026-03-02 09:00", tz="UTC")
    frame = pd.DataFrame(
        {
            "customer": ["Ann", "Ann"], "activity": ["mail", "call back"], "channel": ["email", "phone"],
            "timestamp": [start, start + pd.Timedelta("40h")],
            # The export takes the time in the queue for the mail's length.
            "end_timestamp": [start + pd.Timedelta("39h"), start + pd.Timedelta("41h")],
            "actor_kind": ["customer", "employee"], "direction": ["inbound", "outbound"],
        }
    )  # fmt: skip
    journeys = Touchpoints(frame=canonical(frame), objects={}, quality=None).by("customer")  # type: ignore[arg-type]
    found = measure_responses(journeys)
    assert found.frame["median_hours"].tolist() == [40]
    assert "100 % of 1 inbound" in found.sentence
    nothing = measure_responses(answered("Ann: visit > visit").by("customer"))
    assert nothing.frame.empty
    assert "asking=" in nothing._repr_html_()
