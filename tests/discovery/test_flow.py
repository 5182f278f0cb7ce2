"""The map counts every step once, and says how many journeys stand behind each number."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining._errors import FieldError, MiningError
from mining.discovery import discover
from mining.sources.touchpoints import Touchpoints
from tests.telling import told, told_touchpoints

MANY = [f"c{i}: ad > site > won" for i in range(6)]


def test_steps_are_counted_with_their_journeys_and_waits() -> None:
    flow = discover(
        told("Ann: ad > site > ad > site", "Bob: ad > site", waits={("ad", "site"): "2h", ("site", "ad"): "1D"})
    ).flow
    steps = flow.frame.set_index(["activity", "next_activity"])
    assert steps.loc[("ad", "site"), ["n_steps", "n_journeys", "share"]].tolist() == [3, 2, 1.0]
    assert steps.loc[("site", "ad"), ["n_steps", "n_journeys", "share"]].tolist() == [1, 1, 0.5]
    assert steps.loc[("site", "ad"), "wait_median_hours"] == 24
    assert steps.loc[("ad", "site"), "share_low"] == pytest.approx(0.342, abs=0.001)


def test_activities_are_counted_with_starts_ends_and_journeys_that_may_go_on() -> None:
    nodes = discover(told("Ann: ad > site > won", "Bob: ad > ad > site")).flow.nodes.set_index("activity")
    assert nodes.loc["ad", ["n_touchpoints", "n_journeys", "n_starts", "n_ends"]].tolist() == [3, 2, 2, 0]
    assert nodes.loc["won", ["n_ends", "n_unfinished"]].tolist() == [1, 0]
    assert nodes.loc["site", ["n_ends", "n_unfinished"]].tolist() == [1, 1]


def test_lanes_are_departments_where_no_stages_are_known_and_in_the_order_of_journeys() -> None:
    lanes = discover(told("Ann: site > won > fix", departments={"site": "marketing", "fix": "support"})).flow.lanes
    assert lanes.by == "department"
    assert lanes.order == ("marketing", "sales", "support")


def test_lanes_are_stages_where_most_touchpoints_have_one() -> None:
    touchpoints = told_touchpoints("Ann: ad > site > won")
    frame = touchpoints.frame.assign(stage=pd.Series(["learn", "learn", "buy"], dtype="str"))
    flow = discover(
        Touchpoints(frame=frame, objects=touchpoints.objects, quality=touchpoints.quality).by("customer")
    ).flow
    assert flow.lanes.by == "stage"
    assert flow.lanes.of == {"ad": "learn", "site": "learn", "won": "buy"}


def test_a_lane_is_the_word_borne_most_often_and_never_the_unknown_one() -> None:
    touchpoints = told_touchpoints("Ann: ad > ad > ad > ad > ad")
    channels = pd.Series(["unknown", "unknown", "unknown", "email", "web"], dtype="str")
    frame = touchpoints.frame.assign(channel=channels)
    journeys = Touchpoints(frame=frame, objects=touchpoints.objects, quality=touchpoints.quality).by("customer")
    assert discover(journeys, lanes="channel").flow.lanes.of == {"ad": "email"}


def test_lanes_can_be_given() -> None:
    flow = discover(told("Ann: ad > site"), lanes={"ad": "before"}).flow
    assert flow.nodes.set_index("activity")["lane"].to_dict() == {"ad": "before", "site": ""}


def test_lanes_that_do_not_exist_are_refused() -> None:
    journeys = told("Ann: ad > site")
    with pytest.raises(FieldError, match="Did you mean 'channel'"):
        discover(journeys, lanes="chanel")
    with pytest.raises(MiningError, match="Did you mean 'site'"):
        discover(journeys, lanes={"sit": "web"})


def test_the_picture_shows_lanes_ends_and_waits() -> None:
    svg = discover(told(*MANY, departments={"won": "sales", "ad": "marketing", "site": "marketing"})).flow.plot().svg
    for text in ("marketing", "sales", "Start", "End", "site", "1 h"):
        assert text in svg


def test_small_cells_are_left_out_of_the_picture_and_counted() -> None:
    flow = discover(told(*MANY, "Eve: ad > secret > won")).flow
    assert "secret" not in flow.plot().svg
    note = " ".join(re.findall(r'class="note"[^>]*>([^<]*)<', flow.plot().svg))
    assert "1 activity and 2 steps of fewer than 5 journeys are left out." in note
    assert "secret" in flow.plot(min_journeys=1).svg
    assert "secret" in set(flow.frame["next_activity"])


def test_hostile_activity_names_stay_text() -> None:
    svg = discover(told(*[f"c{i}: <script src='x' > end > start" for i in range(6)])).flow.plot().svg
    assert "<script" not in svg
    assert "&lt;script src=&#39;x&#39;" in svg


def test_a_log_of_small_cells_only_still_draws() -> None:
    assert "no touchpoints" in discover(told("Ann: ad > site"))._repr_html_()


paths = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6), min_size=1, max_size=8)


@given(paths)
def test_counts_add_up(stories: list[list[str]]) -> None:
    journeys = told(*[f"c{place}: {' > '.join(path)}" for place, path in enumerate(stories)])
    found = discover(journeys)
    assert found.flow.frame["n_steps"].sum() == sum(len(path) - 1 for path in stories)
    assert found.flow.nodes["n_touchpoints"].sum() == sum(map(len, stories))
    assert found.flow.nodes["n_starts"].sum() == found.flow.nodes["n_ends"].sum() == len(stories)
    assert found.variants.frame["n_journeys"].sum() == len(stories)
    into = found.flow.frame.groupby("next_activity")["n_steps"].sum()
    for node in found.flow.nodes.itertuples():
        assert into.get(node.activity, 0) + node.n_starts == node.n_touchpoints


@given(paths, st.randoms(use_true_random=False))
def test_row_order_never_matters(stories: list[list[str]], random) -> None:
    touchpoints = told_touchpoints(*[f"c{place}: {' > '.join(path)}" for place, path in enumerate(stories)])
    order = list(range(len(touchpoints.frame)))
    random.shuffle(order)
    shuffled = touchpoints.frame.iloc[order].reset_index(drop=True)
    first, second = (
        discover(Touchpoints(frame=frame, objects=touchpoints.objects, quality=touchpoints.quality).by("customer"))
        for frame in (touchpoints.frame, shuffled)
    )
    pd.testing.assert_frame_equal(first.flow.frame, second.flow.frame)
    pd.testing.assert_frame_equal(first.flow.nodes, second.flow.nodes)
    pd.testing.assert_frame_equal(first.variants.frame, second.variants.frame)
    assert first.flow.lanes == second.flow.lanes
