from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mining.sources.touchpoints import Touchpoints
from mining.timing import measure_channels, measure_people, measure_waits
from tests.telling import canonical, told
from tests.timing.planting import logged, told_of

TEAMS = {"a": "Desk", "b": "Billing", "c": "Experts"}


def passed(n: int, random: np.random.Generator, *, bounce: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Tickets that go from a team to another and, with some chance, back."""
    rows, pairs = [], list(bounce)
    which = random.integers(0, len(pairs), n)
    for number, (one, two) in enumerate(pairs):
        who = np.flatnonzero(which == number)
        back = random.random(len(who)) < bounce[(one, two)]
        begin = random.uniform(0, 5000, len(who))
        ticket = np.array([f"t{customer}" for customer in who], dtype=object)
        rows += [
            told_of(who, "Opened", begin, ticket=ticket, team=one),
            told_of(who, "Passed on", begin + 5, ticket=ticket, team=two),
            told_of(who[back], "Passed on", begin[back] + 9, ticket=ticket[back], team=one),
        ]
    return pd.concat(rows, ignore_index=True)


def test_handoffs_add_up_to_those_of_the_portraits() -> None:
    journeys = told("x: a > b > a > a > c", "y: a > c", "z: a", teams=TEAMS)
    people = measure_people(journeys)
    assert people.frame["n_handoffs"].sum() == journeys.portraits()["handoffs"].sum() == 4
    assert people.met.set_index("measure").loc["teams met", "most"] == 3


def test_to_and_fro_is_counted_once_per_customer() -> None:
    people = measure_people(told("x: a > b > a > b > a", "y: a > b", "z: b > a > b", teams=TEAMS))
    row = people.returns.iloc[0]
    assert (row["n_customers"], row["n_returned"]) == (3, 2)
    assert {row["team"], row["other_team"]} == {"Desk", "Billing"}


def test_two_tickets_side_by_side_are_no_ping_pong() -> None:
    frame = pd.concat(
        [
            told_of(np.array([1]), "Note", np.array([hours]), ticket=ticket, team=team)
            for hours, ticket, team in ((0.0, "t1", "Desk"), (1.0, "t2", "Billing"), (2.0, "t1", "Desk"))
        ],
        ignore_index=True,
    )
    assert measure_people(logged(frame)).returns.empty


def test_a_planted_pair_stands_out_and_even_pairs_do_not() -> None:
    random = np.random.default_rng(0)
    even = {("Desk", "Billing"): 0.2, ("Desk", "Experts"): 0.2, ("Experts", "Billing"): 0.2}
    planted = measure_people(logged(passed(400, random, bounce={**even, ("Desk", "Billing"): 0.6}))).returns
    best = planted.sort_values("p_adjusted").iloc[0]
    assert (best["team"], best["other_team"]) == ("Desk", "Billing")
    assert best["p_adjusted"] < 0.001
    flagged = sum(
        bool(
            (
                measure_people(logged(passed(200, np.random.default_rng(seed), bounce=even))).returns["p_adjusted"]
                < 0.05
            ).any()
        )
        for seed in range(60)
    )
    assert flagged <= 7


def contacts(n: int, random: np.random.Generator, *, chat_to_phone: float, chance: float = 0.1) -> pd.DataFrame:
    """Customers ask by chat, phone or e-mail; some ask again another way soon after."""
    first = random.integers(0, 3, n)
    names = np.array(["chat", "phone", "email"], dtype=object)
    again = random.random(n) < np.where(first == 0, chat_to_phone, chance)
    other = (first + 1 + (random.random(n) < 0.3)) % 3
    other = np.where((first == 0) & again, 1, other)
    begin = random.uniform(0, 5000, n)
    return pd.concat(
        [
            told_of(np.arange(n), "Asked", begin, channel=names[first], direction="inbound"),
            told_of(
                np.flatnonzero(again),
                "Asked again",
                begin[again] + 48,
                channel=names[other][again],
                direction="inbound",
            ),
            told_of(np.arange(n), "Letter", begin + 24, channel="email", direction="outbound"),
            told_of(np.arange(n), "Page viewed", begin + 60, channel="web", direction="inbound"),
            told_of(np.array([99999]), "Page viewed", np.array([9000.0]), channel="web", direction="inbound"),
        ],
        ignore_index=True,
    )


def test_channels_count_every_next_contact_and_both_ends() -> None:
    channels = measure_channels(told("x: a > b > c", "y: a > a", channels={"a": "chat", "b": "phone", "c": "web"}))
    counted = channels.frame.set_index(["channel", "next_channel"])["n"].to_dict()
    assert counted == {("chat", "chat"): 1, ("chat", "phone"): 1, ("phone", "web"): 1}
    assert channels.ends.set_index("channel").loc["chat", ["n_first", "n_last"]].tolist() == [2, 1]


def test_a_planted_redirection_is_found_past_what_the_company_does_in_between() -> None:
    found = measure_channels(logged(contacts(300, np.random.default_rng(0), chat_to_phone=0.5))).redirections
    flagged = found[(found["p_adjusted"] < 0.05) & (found["share"] > found["expected"] + 0.1)]
    assert flagged[["channel", "next_channel"]].to_numpy().tolist() == [["chat", "phone"]]
    row = flagged.iloc[0]
    assert row["low"] < 0.5 < row["high"]
    assert row["lift"] > 3


def test_even_channels_show_no_redirection() -> None:
    flagged = 0
    for seed in range(60):
        frame = contacts(200, np.random.default_rng(seed), chat_to_phone=0.1)
        frame["channel"] = np.where(
            ~frame["activity"].isin(["Asked", "Asked again"]), frame["channel"],
            np.random.default_rng(seed + 1000).choice(["chat", "phone", "email"], len(frame)),
        )  # fmt: skip
        found = measure_channels(logged(frame)).redirections
        flagged += int(((found["p_adjusted"] < 0.05) & (found["share"] > found["expected"])).any())
    assert flagged <= 7


def test_logs_without_teams_or_inbound_contacts_have_empty_answers() -> None:
    journeys = told("x: a > b")
    assert measure_people(journeys).returns.empty
    assert measure_people(journeys).frame.empty
    assert measure_channels(journeys).redirections.empty


def test_every_result_shows_itself() -> None:
    journeys = told("x: a > b > a > c", "y: a > c", teams=TEAMS, channels={"a": "chat", "b": "phone"})
    for result in (measure_people(journeys), measure_channels(journeys), measure_waits(journeys)):
        assert "<table" in result._repr_html_()
        assert "<svg" in result.plot().svg
        assert repr(result).startswith("<")


def test_todays_owner_in_the_record_of_a_beginning_is_no_ping_pong() -> None:
    frame = pd.concat(
        [
            told_of(np.array([1]), "Deal created", np.array([0.0]), touchpoint_kind="state", deal="d", team="Field"),
            told_of(np.array([1]), "Demo", np.array([1.0]), touchpoint_kind="interaction", deal="d", team="Inside"),
            told_of(np.array([1]), "Handed over", np.array([2.0]), touchpoint_kind="handoff", deal="d", team="Field"),
        ],
        ignore_index=True,
    )
    assert measure_people(logged(frame)).returns["n_returned"].tolist() == [0]


def test_from_channel_to_channel_the_matter_goes_on_or_starts_over():
    rows = []
    for k in range(12):
        start = pd.Timestamp("2026-01-05 09:00", tz="UTC") + pd.Timedelta(days=k)
        same = k < 8
        rows += [
            {"customer": f"c{k}", "activity": "chat", "channel": "chat", "ticket": f"t{k}", "timestamp": start},
            {"customer": f"c{k}", "activity": "call", "channel": "phone", "ticket": f"t{k}" if same else f"u{k}",
             "timestamp": start + pd.Timedelta(hours=2)},
            {"customer": f"c{k}", "activity": "lost" if k < 6 else "won", "outcome": "lost" if k < 6 else "won",
             "touchpoint_kind": "state", "timestamp": start + pd.Timedelta(hours=3)},
        ]  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["touchpoint_kind"] = frame["touchpoint_kind"].fillna("interaction")
    found = measure_channels(Touchpoints(frame=canonical(frame), objects={}, quality=None).by("customer"))
    row = found.continuity.iloc[0]
    assert row[["channel", "next_channel", "n", "n_continued", "n_started_over", "n_untold"]].tolist() == [
        "chat", "phone", 12, 8, 4, 0
    ]  # fmt: skip
    assert row["low"] < row["started_over_share"] < row["high"]
    assert row["started_over_share"] == pytest.approx(1 / 3)
    ends = found.ends.set_index("channel")
    assert ends.loc["phone", ["n_last", "n_lost", "of_finished", "lost_share"]].tolist() == [12, 6, 12, 0.5]
    assert np.isnan(ends.loc["chat", "lost_share"])
