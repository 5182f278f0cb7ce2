"""How far customers go before they meet a person: counted by hand, and with planted shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mining.sources.touchpoints import Touchpoints
from mining.timing import measure_channels
from tests.telling import canonical

DAY = pd.Timedelta(days=1)


def way(customer: str, *steps: tuple[str, str], start: str = "2024-01-01") -> list[dict[str, object]]:
    """Tell of contacts a day apart: channel and who acts; the journey ends won."""
    begin = pd.Timestamp(start, tz="UTC")
    rows: list[dict[str, object]] = [
        {"customer": customer, "activity": f"by {channel}", "channel": channel, "actor_kind": who,
         "touchpoint_kind": "interaction", "direction": "inbound" if who == "customer" else "outbound",
         "timestamp": begin + at * DAY}
        for at, (channel, who) in enumerate(steps)
    ]  # fmt: skip
    end = {"customer": customer, "activity": "won", "outcome": "won", "touchpoint_kind": "state"}
    return [*rows, end | {"timestamp": begin + len(steps) * DAY}]


def before(*ways: list[dict[str, object]]) -> pd.DataFrame:
    frame = canonical(pd.DataFrame([row for rows in ways for row in rows]))
    return measure_channels(Touchpoints(frame=frame, objects={}, quality=None).by("customer")).before_people  # type: ignore[arg-type]


def test_contacts_before_the_first_person_are_counted() -> None:
    web, reply = ("web", "customer"), ("email", "employee")
    found = before(*(way(f"c{at}", web, web, web, reply, web) for at in range(6)), way("alone", web, web))
    row = found.set_index("channel").loc["all"]
    assert row[["n_journeys", "n_customers", "n_met"]].tolist() == [7, 7, 6]
    assert np.isnan(row["n_alone"])  # one customer alone is nobody's business
    assert row["before_share"] == 0.6
    assert row["before_hours"] == 72
    assert found["channel"].tolist() == ["all", "web"]


def test_both_at_once_meet_a_person_and_machines_and_voicemail_are_none() -> None:
    call = ("phone", "customer")
    called = before(*(way(f"c{at}", ("web", "customer"), call) for at in range(6))).set_index("channel")
    assert called.loc["all", "before_share"] == 0.5
    machine = before(*(way(f"c{at}", ("web", "customer"), ("email", "system")) for at in range(6)))
    assert machine.set_index("channel").loc["all", ["n_met", "n_alone", "alone_share"]].tolist() == [0, 6, 1]
    missed = [row | ({"outcome": "no_answer"} if row.get("channel") == "phone" else {})
              for at in range(6) for row in way(f"c{at}", call)]  # fmt: skip
    assert before(missed).set_index("channel").loc["all", "n_met"] == 0


def test_the_planted_share_of_those_who_go_alone_lies_in_its_interval() -> None:
    random, ways = np.random.default_rng(3), []
    for at in range(300):
        steps = [("web", "customer"), ("chat", "customer")]
        ways.append(way(f"c{at:03d}", *steps, *([] if random.random() < 0.3 else [("phone", "employee")])))
    row = before(*ways).set_index("channel").loc["all"]
    assert row["alone_low"] < 0.3 < row["alone_high"]
    assert row["before_share"] == pytest.approx(2 / 3)


def test_who_may_still_come_counts_for_neither_side() -> None:
    ways = [way(f"c{at}", ("web", "customer"), ("email", "employee")) for at in range(20)]
    late = way("late", ("web", "customer"), start="2024-01-03")[:1]
    row = before(*ways, late).set_index("channel").loc["all"]
    assert row["n_journeys"] == 21
    assert row["n_met"] + row["n_alone"] == 20


def test_without_channels_there_is_nothing_to_tell() -> None:
    assert before(way("x")).empty
