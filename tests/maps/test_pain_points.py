from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mining.design import read_design
from mining.journeys import Journeys
from mining.maps import PainPoints, find_pain_points
from mining.maps.evidence import Evidence
from mining.timing import measure_waits
from tests.telling import told
from tests.timing.planting import logged, sales, told_of

DESIGN = read_design(
    {"stages": [
        {"stage": "Sales", "owner": "Head of sales", "steps": [
            "Form", "Demo", {"step": "Quote", "within": "30D", "after": "Demo"}, {"step": "Won", "optional": True}]},
        {"stage": "Service", "owner": "Head of service", "optional": True, "steps": [
            "Opened", {"step": "Reply", "within": "24h", "after": "Opened"}]},
    ]}
)  # fmt: skip


def company(n: int, seed: int, **pains: float) -> pd.DataFrame:
    """Sales and service in one log; without `pains` there is nothing to be found in it."""
    random = np.random.default_rng(seed)
    wait, late, bounce, redirect, bad = (pains.get(name, 0.0) for name in ("wait", "late", "bounce", "redirect", "bad"))
    parts = [sales(n, random, lost_short=0.3 - wait / 2, lost_long=0.3 + wait / 2)]
    who = np.flatnonzero(random.random(n) < 0.7)
    m = len(who)
    begin = 24 * 330 + random.uniform(0, 24 * 60, m)
    ticket = np.array([f"t{number}" for number in who], dtype=object)
    channel = random.choice(["chat", "phone", "email"], m)
    service = {"department": "support", "ticket": ticket}
    parts.append(told_of(who, "Opened", begin, channel=channel, direction="inbound", team="Desk", **service))
    slow = random.random(m) < late
    parts.append(told_of(who, "Reply", begin + np.where(slow, 60.0, random.uniform(1, 20, m)), team="Desk", **service))
    other = np.where(random.random(m) < 0.5, "Billing", "Experts").astype(object)
    parts.append(told_of(who, "Passed on", begin + 70, team=other, **service))
    back = random.random(m) < np.where(other == "Billing", 0.1 + bounce, 0.1)
    returned = told_of(who, "Passed on", begin + 80, team="Desk", **service)
    parts.append(returned[back])
    again = random.random(m) < np.where(channel == "chat", 0.05 + redirect, 0.05)
    called = told_of(who, "Asked again", begin + 30, channel="phone", direction="inbound", department="support")
    parts.append(called[again & (channel != "phone")])
    unhappy = random.random(m) < np.where(other == "Experts", 0.2 + bad, 0.2)
    parts.append(
        told_of(who, "Rated", begin + 90, score=np.where(unhappy, 0.0, 1.0), department="support", ticket=ticket)
    )
    parts.append(told_of(np.array([99999]), "Late", np.array([24.0 * 700])))
    return pd.concat(parts, ignore_index=True)


def pains_of(frame: pd.DataFrame, **given: object) -> PainPoints:
    return find_pain_points(logged(frame), DESIGN, **given)  # type: ignore[arg-type]


def test_each_planted_pain_is_found_where_it_is_with_its_owner() -> None:
    found = pains_of(company(500, 1, wait=0.4, late=0.4, bounce=0.6, redirect=0.6)).frame
    got = {(row["kind"], row["where"]): (row["owner"], row["owner_mark"]) for row in found.to_dict("records")}
    assert got == {
        ("long wait that goes with losses", "Demo > Quote"): ("Head of sales", "typed"),
        ("SLA missed", "Opened > Reply"): ("Head of service", "typed"),
        ("ping-pong", "Desk <> Billing"): ("Desk", "inferred"),
        ("sent to another channel", "chat > phone"): ("Desk", "inferred"),
    }
    assert found["rank"].tolist() == [1, 2, 3, 4]
    assert found["severity"].is_monotonic_decreasing
    np.testing.assert_allclose(found["severity"], found["n_customers"] * found["excess"])


@pytest.mark.parametrize(
    ("pain", "kind", "where"),
    [
        ({"wait": 0.4}, "long wait that goes with losses", "Demo > Quote"),
        ({"late": 0.4}, "SLA missed", "Opened > Reply"),
        ({"bounce": 0.5}, "ping-pong", "Desk <> Billing"),
        ({"redirect": 0.5}, "sent to another channel", "chat > phone"),
        ({"bad": 0.4}, "low scores", "team Experts"),
    ],
)
def test_one_planted_pain_comes_alone(pain: dict[str, float], kind: str, where: str) -> None:
    found = pains_of(company(500, 2, **pain)).frame
    assert found[["kind", "where"]].to_numpy().tolist() == [[kind, where]]


def test_nothing_is_found_where_nothing_was_planted() -> None:
    listed = [len(pains_of(company(300, seed))) for seed in range(30)]
    assert sum(n > 0 for n in listed) <= 4


def test_what_was_looked_at_and_not_found_is_told_with_the_reason() -> None:
    pains = pains_of(company(300, 3))
    assert len(pains.tested) > 10
    assert pains.tested["absent_because"].ne("").all()
    assert {"ping-pong", "SLA missed", "sent to another channel", "low scores"} <= set(pains.tested["kind"])


def test_a_wait_that_mirrors_another_is_explained_by_it() -> None:
    frame = sales(500, np.random.default_rng(4), lost_short=0.1, lost_long=0.6)
    draft = frame[frame["activity"] == "Quote"].assign(activity="Draft")
    draft["hours"] -= 0.5
    journeys = logged(pd.concat([frame, draft], ignore_index=True))
    waits = measure_waits(journeys, between=[("Demo", "Quote"), ("Demo", "Draft")])
    pains = find_pain_points(journeys, waits=waits)
    [where] = pains.frame["where"]
    assert where in {"Demo > Quote", "Demo > Draft"}
    assert f"goes with {where}" in set(pains.tested["absent_because"])


def test_a_missed_promise_joins_the_wait_of_the_same_steps() -> None:
    frame = company(500, 5, wait=0.5)
    tight = read_design({"stages": [{"stage": "Sales", "steps": ["Demo", {"step": "Quote", "within": "24h"}]}]})
    found = find_pain_points(logged(frame), tight).frame
    row = found[found["where"] == "Demo > Quote"]
    assert row["kind"].tolist() == ["long wait that goes with losses"]
    assert "later than 24 h after Demo" in row["evidence"].iloc[0]


def test_customers_of_one_channel_who_leave_a_stage_are_found() -> None:
    random = np.random.default_rng(0)
    n = 400
    who, ads = np.arange(n), random.random(n) < 0.4
    leaves = random.random(n) < np.where(ads, 0.7, 0.2)
    begin = random.uniform(0, 3000, n)
    frame = pd.concat(
        [
            told_of(who, "Form", begin, channel=np.where(ads, "ads", "social"), department="marketing"),
            told_of(who, "Demo", begin + 5, department="sales"),
            told_of(who[~leaves], "Opened", begin[~leaves] + 9),
            told_of(np.array([9999]), "Late", np.array([9000.0])),
        ],
        ignore_index=True,
    )
    steps = [{"stage": "Sales", "steps": ["Form", "Demo"]}, {"stage": "Use", "steps": ["Opened"]}]
    found = find_pain_points(logged(frame), read_design({"stages": steps})).frame
    assert found[["kind", "where", "stage"]].to_numpy().tolist() == [["drop-off", "Sales, come by ads", "Sales"]]


def test_deviations_at_hand_are_ranked_with_the_rest() -> None:
    frame = pd.DataFrame(
        {
            "stage": ["Sales", "Sales", "Sales"],
            "step": ["Demo", "Form", "Form"],
            "deviation": ["skipped", "skipped", "as designed"],
            "n_journeys": [100, 10, 200],
            "n_customers": [90, 9, 190],
            "of_journeys": [250, 250, 250],
            "share": [0.4, 0.04, 0.8],
            "share_low": [0.34, 0.02, 0.7],
            "share_high": [0.46, 0.07, 0.9],
        }
    )
    found = pains_of(company(200, 6), deviations=SimpleNamespace(frame=frame)).frame
    assert found[["kind", "where", "owner"]].to_numpy().tolist() == [
        ["deviation: skipped", "Sales: Demo", "Head of sales"]
    ]


def test_a_bad_rating_after_ping_pong_is_told_with_the_ping_pong() -> None:
    frame = company(600, 7, bounce=0.6)
    back = set(frame.loc[(frame["activity"] == "Passed on") & (frame["team"] == "Desk"), "customer"])
    rated = (frame["activity"] == "Rated") & frame["customer"].isin(back)
    frame.loc[rated, "score"] = np.where(np.arange(rated.sum()) % 4 == 0, 1.0, 0.0)
    found = pains_of(frame).frame
    row = found[found["kind"] == "ping-pong"].iloc[0]
    assert "were dissatisfied" in row["evidence"]


@pytest.mark.parametrize("journeys", [told("a: x"), told("a: x > y", "b: x > y > won", "c: lost")])
def test_small_logs_have_no_pains(journeys: Journeys) -> None:
    pains = find_pain_points(journeys)
    assert len(pains) == 0
    assert pains.worst is None
    assert "<table" in pains._repr_html_()
    assert "<svg" in pains.plot().svg


def test_pains_show_themselves() -> None:
    pains = pains_of(company(400, 1, late=0.5))
    assert pains.worst is not None
    assert pains.worst["where"] == "Opened > Reply"
    assert "Reply came later than 24 h" in pains._repr_html_()
    assert "<svg" in pains.plot().svg
    assert repr(pains).startswith("<PainPoints: 1 in ")


def test_the_gate_asks_for_number_chance_and_size() -> None:
    blank = Evidence("k", "w", "s", 100, 100, 0.5, 0.4, 0.6, 0.3, "others", p=0.01)
    assert blank.absent_because == ""
    assert blank._replace(among=19).absent_because == "fewer than 20"
    assert blank._replace(p=0.05).absent_because == "may be chance"
    assert blank._replace(p=float("nan")).absent_because == ""
    assert blank._replace(p=float("nan"), low=0.29).absent_because == "may be chance"
    assert blank._replace(share=0.35).absent_because == "too small to matter"
    assert blank._replace(share=0.1).absent_because == "may be chance"
    assert blank._replace(comparison=float("nan")).absent_because == "nothing to compare with"
