"""What was planted is found, what was not planted is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mining._errors import MiningError
from mining.design import Deviations, compare, read_design
from mining.journeys import Journeys
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical, told, told_touchpoints

SHOP = read_design(
    {
        "name": "Shop",
        "stages": [
            {
                "stage": "Before",
                "steps": [
                    {"step": "ad", "instead": ["post"], "channels": ["ads", "social"], "optional": True},
                    {"step": "site", "channels": ["web"], "repeatable": True},
                ],
            },
            {
                "stage": "Talk",
                "order": "any",
                "steps": [{"step": "call", "channels": ["phone"], "within": "48h", "after": "site"}, "mail"],
            },
            {"stage": "Deal", "steps": ["offer", {"step": "won", "within": "5D"}]},
            {
                "stage": "Help",
                "optional": True,
                "repeatable": True,
                "steps": ["ask", {"step": "answer", "within": "24h"}],
            },
        ],
        "ignore": ["letter"],
    }
)
CHANNELS = {"ad": "ads", "post": "social", "call": "phone"}
GOOD = "ad > site > call > mail > offer > won"


def seen(*stories: str, **manner: object) -> Deviations:
    """Compare journeys that ended long ago, beside one that is as designed and much later."""
    late = told_touchpoints(f"Zoe: {GOOD}", start="2026-01-01", channels=CHANNELS)
    early = told_touchpoints(*stories, **{"channels": CHANNELS, **manner})
    frame = pd.concat([early.frame, late.frame], ignore_index=True)
    frame["seq"] = range(len(frame))
    both = Touchpoints(frame=frame, objects=early.objects, quality=None)  # type: ignore[arg-type]
    return compare(both.by("customer"), SHOP)


def found(deviations: Deviations) -> set[tuple[str, str, str, int, int]]:
    frame = deviations.frame[deviations.frame["deviation"] != "as designed"]
    columns = ["stage", "step", "deviation", "n_journeys", "of_journeys"]
    return {tuple(row) for row in frame[columns].itertuples(index=False)}  # type: ignore[misc]


@pytest.mark.parametrize(
    "story",
    [
        GOOD,
        "site > site > mail > call > offer > won",
        "post > site > call > mail > offer > won > ask > answer > ask > answer",
        "letter > site > letter > mail > call > offer > won > letter",
    ],
)
def test_a_journey_as_designed_is_only_that(story: str) -> None:
    deviations = seen(f"Ann: {story}")
    assert found(deviations) == set()
    assert deviations.verdicts["n_journeys"].tolist() == [2, 0, 0, 0]
    assert (deviations.frame["share"] == 1).all()
    assert not deviations.journeys["cost"].any()


@pytest.mark.parametrize(
    ("story", "planted"),
    [
        ("site > call > offer > won", {("Talk", "mail", "skipped", 1, 2)}),
        ("call > mail > offer > won", {("Before", "site", "skipped", 1, 2)}),
        ("site > call > mail > gift > offer > won", {("Talk", "gift", "added", 1, 2)}),
        (
            "gift > site > call > mail > offer > won > gift",
            {("Before", "gift", "added", 1, 2), ("Deal", "gift", "added", 1, 2)},
        ),
        ("site > call > mail > won > offer", {("Deal", "offer", "out of order", 1, 2)}),
        ("site > ad > call > mail > offer > won", {("Before", "ad", "out of order", 1, 2)}),
        ("site > call > call > mail > offer > won", {("Talk", "call", "repeated", 1, 2)}),
        ("ad > post > site > call > mail > offer > won", {("Before", "ad", "repeated", 1, 2)}),
        (
            "site > call > mail",
            {("Deal", "offer", "not reached", 1, 2), ("Deal", "won", "not reached", 1, 2)},
        ),
        ("site > call > mail > offer > won > ask", {("Help", "answer", "not reached", 1, 1)}),
    ],
)
def test_what_is_planted_is_found_and_nothing_else(story: str, planted: set[tuple[str, str, str, int, int]]) -> None:
    deviations = seen(f"Ann: {story}")
    assert found(deviations) == planted
    left = {kind for _, _, kind, _, _ in planted} == {"not reached"}
    assert deviations.journeys.loc["Ann", "verdict"] == ("left early" if left else "deviating")
    assert deviations.journeys.loc["Zoe", "verdict"] == "conforming"


def test_counts_of_journeys_are_told_apart_from_counts_of_times() -> None:
    deviations = seen("Ann: gift > gift > site > call > mail > gift > offer > won")
    assert deviations.journeys.loc["Ann", ["n_added", "cost", "n_as_designed"]].tolist() == [3, 3, 5]
    assert found(deviations) == {("Before", "gift", "added", 1, 2), ("Talk", "gift", "added", 1, 2)}
    assert deviations.names == ["gift: added"]


def test_a_wrong_channel_is_judged_only_where_one_is_prescribed_and_known() -> None:
    deviations = seen(f"Ann: {GOOD}", channels={**CHANNELS, "call": "chat", "mail": "chat"})
    assert found(deviations) == {("Talk", "call", "wrong channel", 1, 2)}
    assert deviations.instead[["step", "instead", "n_journeys"]].to_numpy().tolist() == [["call", "chat", 1]]
    assert seen(f"Ann: {GOOD}").instead.empty
    assert "call" not in set(deviations.frame.query("deviation == 'as designed' and n_journeys == 2")["step"])
    assert found(seen(f"Ann: {GOOD}", channels={**CHANNELS, "call": "unknown"})) == set()


def test_promises_kept_and_broken() -> None:
    assert found(seen(f"Ann: {GOOD}", waits={("site", "call"): "48h", ("offer", "won"): "5D"})) == set()
    broken = seen(f"Ann: {GOOD}", waits={("site", "call"): "49h"})
    assert found(broken) == {("Talk", "call", "late", 1, 2)}
    assert broken.frame.query("step == 'call'")["of_journeys"].tolist() == [2, 2]
    assert broken.journeys.loc["Ann", ["verdict", "n_late", "cost"]].tolist() == ["deviating", 1, 0]


def test_a_promise_of_a_repeatable_stage_is_judged_each_time() -> None:
    story = f"Ann: {GOOD} > ask > answer > ask > answer > ask > answer"
    deviations = seen(story, waits={("ask", "answer"): "30h"})
    assert found(deviations) == {("Help", "answer", "late", 1, 1)}
    assert deviations.journeys.loc["Ann", "n_late"] == 3


def test_the_clock_starts_with_the_first_unanswered_start() -> None:
    story = "Ann: site > site > call > mail > offer > won"
    assert found(seen(story, waits={("site", "site"): "40h", ("site", "call"): "40h"})) == {
        ("Talk", "call", "late", 1, 2)
    }


def test_a_step_that_never_came_is_not_late() -> None:
    assert found(seen("Ann: site > mail > offer > won")) == {("Talk", "call", "skipped", 1, 2)}


def running(story: str, silence: str) -> Deviations:
    """Compare a journey that was last seen so long before the end of observation."""
    last = 1 + story.count(">")
    return compare(
        told(f"Ann: {story}", f"Zoe: {'x > ' * last}won", waits={("x", "won"): silence}, channels=CHANNELS), SHOP
    )


def test_what_a_running_journey_has_not_come_to_is_not_held_against_it() -> None:
    deviations = running("site > call > mail", "2D")
    assert deviations.journeys.loc["Ann", ["verdict", "cost"]].tolist() == ["still running", 0]
    assert set(deviations.frame.query("stage == 'Deal' and step == 'offer'")["n_journeys"]) == {1}


def test_a_running_journey_can_already_deviate() -> None:
    deviations = running("site > mail > offer", "2D")
    assert deviations.journeys.loc["Ann", ["verdict", "n_skipped", "n_not_reached"]].tolist() == ["deviating", 1, 0]


def test_a_silent_journey_is_no_longer_running() -> None:
    deviations = running("site > call > mail", "90D")
    assert deviations.journeys.loc["Ann", ["verdict", "n_not_reached"]].tolist() == ["left early", 2]


def test_an_open_wait_is_left_out_until_it_is_too_long() -> None:
    assert running("site > mail", "1D").journeys.loc["Ann", ["verdict", "n_late"]].tolist() == ["still running", 0]
    overdue = running("site > mail", "3D")
    assert overdue.journeys.loc["Ann", ["verdict", "n_late"]].tolist() == ["deviating", 1]
    assert running("site > mail > offer", "3D").journeys.loc["Ann", "n_late"] == 0  # skipped, and called so


def test_journeys_of_which_the_design_ignores_all_are_still_counted() -> None:
    deviations = seen("Ann: letter > letter")
    assert deviations.n_journeys == 2
    assert deviations.journeys.loc["Ann", ["verdict", "n_not_reached"]].tolist() == ["left early", 5]


def test_drop_off_counts_every_journey_of_a_stage_once() -> None:
    frame = seen("Ann: site > call > mail", "Bob: site", "Cat: site > call > mail > offer > won").drop_off
    assert frame["n_entered"].tolist() == [4, 3, 2, 0]
    assert frame["n_onward"].tolist() == [3, 2, 0, 0]
    assert frame["n_stopped"].tolist() == [1, 1, 2, 0]
    assert frame["may_stop"].tolist() == [False, False, True, True]
    assert frame["share_stopped"].tolist()[:2] == [0.25, pytest.approx(1 / 3)]
    assert running("site > call", "1D").drop_off.loc[1, ["n_running", "of_journeys"]].tolist() == [1, 0]


def test_customers_are_counted_beside_journeys() -> None:
    journeys = told(
        f"Ann: {GOOD}",
        f"Ann: {GOOD}",
        f"Bob: {GOOD} > gift",
        channels=CHANNELS,
        waits={("won", "ad"): "9D", ("", "ad"): "9D"},
        gap="7D",
    )
    assert len(journeys) == 3
    row = compare(journeys, SHOP).frame.query("step == 'mail'").iloc[0]
    assert (row["n_journeys"], row["n_customers"]) == (3, 2)


stories = st.lists(
    st.lists(
        st.sampled_from(["ad", "post", "site", "call", "mail", "offer", "won", "ask", "answer", "gift", "letter"]),
        min_size=1,
        max_size=9,
    ),
    min_size=1,
    max_size=6,
)


def journeys_of(paths: list[list[str]], chance: int | None = None) -> Journeys:
    touchpoints = told_touchpoints(
        *(f"c{at}: {' > '.join(path)}" for at, path in enumerate(paths)), f"z: {GOOD}", channels=CHANNELS, every="9h"
    )
    frame = touchpoints.frame
    if chance is not None:
        frame = frame.sample(frac=1, random_state=chance).reset_index(drop=True)
    return Touchpoints(frame=frame, objects=touchpoints.objects, quality=None).by("customer")  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(stories, st.integers(0, 99))
def test_the_order_of_rows_never_matters(paths: list[list[str]], chance: int) -> None:
    one, other = compare(journeys_of(paths), SHOP), compare(journeys_of(paths, chance), SHOP)
    pd.testing.assert_frame_equal(one.frame, other.frame)
    pd.testing.assert_frame_equal(one.journeys, other.journeys)
    pd.testing.assert_frame_equal(one.drop_off, other.drop_off)


def test_pictures_do_not_depend_on_the_order_of_rows() -> None:
    paths = [["site", "gift", "call", "won"], ["ad", "mail", "site"], ["call", "call", "letter"]]
    one, other = compare(journeys_of(paths), SHOP), compare(journeys_of(paths, 5), SHOP)
    assert one.plot().svg == other.plot().svg
    assert one._repr_html_() == other._repr_html_()


@settings(max_examples=40, deadline=None)
@given(stories)
def test_counts_add_up(paths: list[list[str]]) -> None:
    deviations = compare(journeys_of(paths), SHOP)
    frame, journeys = deviations.frame, deviations.journeys
    assert deviations.verdicts["n_journeys"].sum() == len(paths) + 1 == deviations.n_journeys
    assert (frame["n_journeys"] <= frame["of_journeys"]).all()
    assert (frame["n_customers"] <= frame["n_journeys"]).all()
    assert (frame["share_low"] <= frame["share"]).all()
    assert (frame["share"] <= frame["share_high"]).all()
    assert not frame.duplicated(["stage", "step", "deviation"]).any()
    moves = journeys["n_skipped"] + journeys["n_not_reached"] + journeys["n_repeated"] + journeys["n_added"]
    assert (moves <= journeys["cost"]).all()
    assert (journeys["cost"] <= moves + 2 * journeys["n_out_of_order"]).all()


def test_nothing_to_compare_is_said() -> None:
    with pytest.raises(MiningError, match="no journey has any of the design's activities"):
        compare(told("Ann: a > b"), SHOP)
    journeys = told("Ann: site")
    with pytest.raises(MiningError, match="there are no journeys"):
        compare(journeys.keep(np.zeros(1, bool)), SHOP)


def test_a_design_too_large_to_align_is_said() -> None:
    steps = [f"step {letter}" for letter in "abcdefghijklmnop"]
    design = read_design({"stages": [{"stage": "All", "order": "any", "steps": steps}]})
    with pytest.raises(MiningError, match=r"more than 20,000 states.*any order"):
        compare(told("Ann: step a"), design)


def test_deviations_show_themselves_with_small_cells_masked() -> None:
    stories = [f"c{at}: site > call > offer > won" for at in range(6)]
    deviations = seen(*stories, "Ann: site > call > mail > <b>gift</b> > offer > won")
    counted = "1 conforming, 0 left early, 7 deviating, 0 still running"
    assert repr(deviations) == f"<Deviations of 8 journeys by customer from 'Shop': {counted}>"
    shown = deviations._repr_html_()
    assert "under 5" in shown
    assert "75.0%" in shown
    assert "<b>gift" not in shown
    flow = deviations.plot()
    assert "<b>" not in flow.svg
    assert "gift" in flow.svg
    assert "mail: skipped" in deviations.plot_rates().svg
    assert "gift" not in deviations.plot_rates().svg


def test_who_acted_is_judged_where_the_design_says_who_should_and_the_log_knows():
    design = read_design({"stages": [{"stage": "Talk", "steps": ["ad", {"step": "call", "actor": "employee"}]}]})
    journeys = told("Ann: ad > call", "Bob: ad > call", actors={"call": "bot"})
    rows = compare(journeys, design).frame.set_index("deviation")
    assert rows.loc["wrong actor", ["step", "n_journeys", "of_journeys"]].tolist() == ["call", 2, 2]
    assert compare(journeys, design).instead.to_numpy().tolist() == [["call", "wrong actor", "bot", 2, 2, 1.0]]
    right = compare(told("Ann: ad > call", actors={"call": "employee"}), design).frame
    assert set(right["deviation"]) == {"as designed"}
    assert compare(journeys, design).repair(1).frame["change"].tolist() == ["let anybody do it"]
    unknown = compare(told("Ann: ad > call", actors={"call": "unknown"}), design).frame
    assert set(unknown["deviation"]) == {"as designed"}


def test_what_happens_at_once_is_taken_in_the_order_of_the_design():
    start = pd.Timestamp("2026-01-01", tz="UTC")
    frame = pd.DataFrame(
        {
            "customer": ["Ann"] * 4 + ["Bob"] * 3,
            "activity": ["ad", "sent", "made", "won", "ad", "sent", "made"],
            "timestamp": [start + pd.Timedelta(seconds=at) for at in (0, 60, 61, 90, 0, 60, 70)],
        }
    )
    journeys = Touchpoints(frame=canonical(frame), objects={}, quality=None).by("customer")  # type: ignore[arg-type]
    design = read_design("ad > made > sent > [won]")
    assert compare(journeys, design).journeys["n_out_of_order"].tolist() == [1, 1]
    together = compare(journeys, design, at_once="2s")
    assert together.journeys["n_out_of_order"].tolist() == [0, 1]
    assert compare(journeys, design, at_once="10s").journeys["cost"].tolist() == [0, 0]
    assert journeys.log.decoded("activity")[1] == "sent"


def test_a_department_or_a_team_can_be_the_one_to_act():
    def judged(actor):
        design = read_design({"stages": [{"stage": "Talk", "steps": ["ad", {"step": "call", "actor": actor}]}]})
        found = compare(journeys, design)
        return found.frame[found.frame["deviation"] == "wrong actor"]["n_journeys"].tolist(), found.instead

    frame = told_touchpoints(*(f"c{k}: ad > call" for k in range(6)), teams={"call": "Desk"}).frame
    frame["department"] = np.where(frame["activity"] == "call", "service", "marketing")
    frame.loc[frame["customer"] == "c0", "team"] = "Billing"
    journeys = Touchpoints(frame=frame, objects={}, quality=None).by("customer")  # type: ignore[arg-type]
    assert judged("service")[0] == []
    assert judged("team Desk")[0] == [1]
    assert judged("team Desk")[1]["instead"].tolist() == ["Billing"]
    wrong, instead = judged("sales")
    assert wrong == [6]
    assert instead[["deviation", "instead", "n_journeys"]].to_numpy().tolist() == [["wrong actor", "service", 6]]
    for wrong_word in ("employe", "team ", "nobody"):
        with pytest.raises(MiningError, match="actor"):
            judged(wrong_word)
