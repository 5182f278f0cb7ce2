"""Stays in stages, lengths of work and facts per journey: planted numbers come back, by any attribute."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mining._errors import FieldError, MiningError
from mining.design import read_design
from mining.sources.touchpoints import Touchpoints
from mining.timing import measure_journeys, measure_stays, measure_work, read_calendar
from tests.telling import canonical, told

STAGES = {"Before": ["ad", "site"], "Talk": ["call"], "Deal": ["won", "lost"]}


def test_stays_run_from_stage_to_stage_and_come_again() -> None:
    journeys = told("a: ad > site > call > site > won", "b: ad > call > won")
    stays = measure_stays(journeys, stages=STAGES)
    frame = stays.frame.set_index("stage")
    assert frame.loc["Before", ["n_stays", "n_journeys", "n_again", "n_open"]].tolist() == [3, 2, 1, 0]
    assert stays.journeys.loc["a"].tolist() == [3.0, 1.0, 0.0]
    assert frame["share_of_time"].sum() == pytest.approx(1)
    assert frame.loc["Before", "median_hours"] == 1
    assert frame.loc["Talk", "median_hours"] == 1


def test_a_stay_is_open_while_the_journey_may_still_run() -> None:
    journeys = told("a: ad > call > won", "b: ad > call", waits={("ad", "call"): "10h"})
    frame = measure_stays(journeys, stages=STAGES).frame.set_index("stage")
    assert frame["n_open"].to_dict() == {"Before": 0, "Talk": 1, "Deal": 0}
    assert frame.loc["Talk", "survival_median_hours"] == 1


def test_stays_follow_a_design_by_groups_in_working_hours() -> None:
    journeys = told("a: ad > call", "b: ad > call", every="24h", start="2025-01-03",
                    attributes={"industry": ["toys", "cars"]})  # fmt: skip
    design = read_design({"stages": [{"stage": "First", "steps": ["ad"]}, {"stage": "Then", "steps": ["call"]}]})
    frame = measure_stays(journeys, design=design, by="industry", calendar=read_calendar("Mon-Fri 09:00-17:00")).frame
    assert frame["group"].tolist() == ["cars", "cars", "toys", "toys"]
    assert frame.loc[frame["stage"] == "First", "median_hours"].tolist() == [8.0, 8.0]
    with pytest.raises(MiningError, match="no activity of the log"):
        measure_stays(journeys, stages={"A": ["nothing"]})


def lasting(minutes: dict[str, list[float | None]]) -> Touchpoints:
    """Touchpoints of an activity, each of its own customer, that last so long (None: no end is known)."""
    rows = []
    for activity, spans in minutes.items():
        for at, span in enumerate(spans):
            now = pd.Timestamp("2025-01-06 09:00", tz="UTC") + pd.Timedelta(at, "h")
            end = pd.NaT if span is None else now + pd.Timedelta(span, "min")
            rows.append(
                {
                    "customer": f"{activity}{at}",
                    "activity": "Call",
                    "reason": activity,
                    "timestamp": now,
                    "end_timestamp": end,
                }
            )
    return Touchpoints(frame=canonical(pd.DataFrame(rows)), objects={}, quality=None)  # type: ignore[arg-type]


def test_calls_are_as_long_as_their_purpose() -> None:
    spans = {"complaint": [30.0] * 20 + [None] * 5, "question": [5.0] * 20, "silent": [None]}
    frame = measure_work(lasting(spans).by("customer"), "reason").frame.set_index("about")
    assert frame["n_touchpoints"].to_dict() == {"complaint": 25, "question": 20, "silent": 1}
    assert frame["n_timed"].to_dict() == {"complaint": 20, "question": 20, "silent": 0}
    assert frame.loc["complaint", ["median_minutes", "low", "high", "total_hours"]].tolist() == [30, 30, 30, 10]
    assert frame.loc["question", "median_minutes"] == 5
    assert np.isnan(frame.loc["silent", "median_minutes"])
    assert frame.index[0] == "complaint"


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(FieldError, match="Did you mean 'reason'"):
        measure_work(told("a: x > y"), "reasons")


def test_facts_of_each_journey() -> None:
    journeys = told(
        *(f"a{k}: ad > ask > reply > handed > back > won" for k in range(5)),
        *(f"b{k}: ad > won" for k in range(5)),
        actors={"reply": "employee", "handed": "employee", "back": "employee"},
        teams={"reply": "One", "handed": "Two", "back": "One"},
        attributes={"industry": ["toys"] * 5 + ["cars"] * 5},
    )
    facts = measure_journeys(journeys)
    assert facts.frame.loc["a0", ["duration_hours", "n_returned", "handoffs"]].tolist() == [5, 1, 2]
    assert facts.frame.loc["a0", "share_before_person"] == pytest.approx(2 / 6)
    assert np.isnan(facts.frame.loc["b0", "share_before_person"])
    by = facts.by("industry").set_index(["group", "measure"])
    assert by.loc[("cars", "duration_hours"), "median"] == 1
    assert by.loc[("toys", "n_returned"), "mean"] == 1
    assert by.loc[("cars", "share_before_person"), "n_journeys"] == 0
    assert len(facts.by()) == 12


def contacts(*rows: tuple[str, str, str | None]) -> Touchpoints:
    frame = pd.DataFrame(rows, columns=["activity", "channel", "ticket"])
    frame["customer"], frame["direction"], frame["touchpoint_kind"] = "a", "inbound", "interaction"
    frame["timestamp"] = pd.date_range("2025-01-06 09:00", periods=len(frame), freq="h", tz="UTC")
    return Touchpoints(frame=canonical(frame), objects={}, quality=None)  # type: ignore[arg-type]


def test_a_change_of_channel_goes_on_or_begins_again() -> None:
    goes_on = contacts(("Chat", "chat", "t1"), ("Call", "phone", "t1"), ("Mail", "email", "t2"), ("Page", "web", None))
    row = measure_journeys(goes_on.by("customer")).frame.iloc[0]
    assert row[["n_continued", "n_started_over"]].tolist() == [1, 1]
    unknown = contacts(("Chat", "chat", None), ("Call", "phone", None))
    row = measure_journeys(unknown.by("customer")).frame.iloc[0]
    assert row[["channel_switches", "n_continued", "n_started_over"]].tolist() == [1, 0, 0]


def test_the_middle_of_durations_counts_unfinished_journeys_as_seen_so_far() -> None:
    journeys = told("a: ad > call > won", "b: ad > won", "c: ad > call > mail > call > mail > call")
    facts = measure_journeys(journeys)
    assert facts.frame["is_unfinished"].tolist() == [False, False, True]
    by = facts.by().set_index("measure")
    assert by.loc["duration_hours", "median"] == 2
    assert repr(facts) == "<Facts of 3 journeys, 1 of them perhaps unfinished>"
    assert "hours from first to last" in facts._repr_html_()


def test_groups_of_few_are_masked() -> None:
    journeys = told(*(f"c{k}: ask > answer" for k in range(8)))
    groups = pd.Series(["many"] * 6 + ["few"] * 2, index=[f"c{k}" for k in range(8)])
    summed = measure_journeys(journeys).by(groups).set_index(["group", "measure"])
    assert summed.loc[("many", "n_touchpoints"), ["n_customers", "median"]].tolist() == [6, 2]
    told_of_few = summed.loc["few"].drop(columns="means")
    assert told_of_few[told_of_few["n_journeys"] != 0].isna().all(axis=None)
