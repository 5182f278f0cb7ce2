"""The three measures: steps, variants, portraits, against answers worked out by hand and by brute force."""

from collections import Counter
from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from mining._engine import ends, link_codes, portraits, steps, variants
from tests.telling import canonical, told

stories = st.lists(
    st.tuples(
        st.sampled_from("ABCDE"), st.lists(st.sampled_from(["ad", "site", "call", "won"]), min_size=1, max_size=7)
    ),
    min_size=1,
    max_size=12,
).map(lambda told_ones: [f"{who}: {' > '.join(path)}" for who, path in told_ones])


def paths_of(journeys):
    return journeys.frame.groupby("journey_id", sort=True)["activity"].agg(tuple)


def test_steps_are_counted_and_timed_by_hand():
    frame = told("Ann: ad > site > won", "Bob: ad > site", waits={("ad", "site"): "3h"}).steps()
    first = frame.iloc[0]
    assert (first["activity"], first["next_activity"], first["n_steps"], first["n_journeys"]) == ("ad", "site", 2, 2)
    assert first["wait_median_hours"] == first["wait_mean_hours"] == first["wait_p90_hours"] == 3.0


def test_a_step_repeated_in_one_journey_counts_its_journey_once():
    frame = told("Ann: a > b > a > b").steps().set_index(["activity", "next_activity"])
    assert frame.loc[("a", "b"), ["n_steps", "n_journeys"]].tolist() == [2, 1]


@given(stories)
@settings(max_examples=60, deadline=None)
def test_measures_equal_brute_force(told_ones):
    journeys = told(*told_ones)
    paths = paths_of(journeys)
    expected = Counter(step for path in paths for step in pairwise(path))
    found = journeys.steps()
    assert {(r.activity, r.next_activity): r.n_steps for r in found.itertuples()} == dict(expected)
    frame, variant_of = journeys.variants()
    assert dict(zip(frame["variant"], frame["n_journeys"], strict=True)) == dict(Counter(paths))
    assert [frame["variant"][row] for row in variant_of] == list(paths)
    assert journeys.portraits()["n_activities"].tolist() == [len(set(path)) for path in paths]


@given(stories, st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_row_order_never_matters(told_ones, seed):
    frame = told(*told_ones).touchpoints.frame
    shuffled = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    one, other = link_codes(frame, "customer"), link_codes(shuffled, "customer")
    for measure in (steps, ends, portraits):
        pd.testing.assert_frame_equal(measure(one), measure(other))
    pd.testing.assert_frame_equal(variants(one)[0], variants(other)[0])


def test_equal_times_are_ordered_by_seq_whatever_the_rows():
    frame = canonical(
        pd.DataFrame({"customer": "Ann", "activity": ["b", "a"], "timestamp": "2025-01-01", "seq": [2, 1]})
    )
    assert variants(link_codes(frame, "customer"))[0]["variant"][0] == ("a", "b")


def test_long_journeys_and_many_activities_stay_exact():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"activity": rng.integers(0, 700, 9000).astype(str), "customer": np.repeat(["x", "y"], [8500, 500])}
    )
    frame["timestamp"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(9000), unit="min")
    log = link_codes(canonical(frame), "customer")
    assert steps(log)["n_steps"].sum() == 8998
    assert sorted(map(len, variants(log)[0]["variant"])) == [500, 8500]


def test_an_end_time_shortens_the_wait_and_never_below_zero():
    frame = pd.DataFrame({"customer": "Ann", "activity": ["a", "b", "c"]})
    frame["timestamp"] = pd.to_datetime(["2025-01-01 00:00", "2025-01-01 03:00", "2025-01-01 04:00"])
    frame["end_timestamp"] = pd.to_datetime(["2025-01-01 01:00", "2025-01-01 09:00", pd.NaT])
    waits = steps(link_codes(canonical(frame), "customer"))["wait_mean_hours"]
    assert waits.tolist() == [2.0, 0.0]


def test_portraits_count_people_channels_and_changes():
    journeys = told(
        "Ann: ad > chat > call > chat",
        channels={"ad": "ads", "chat": "chat", "call": "phone"},
        teams={"call": "Billing", "chat": "Front"},
        actors={"call": "employee"},
    )
    row = journeys.portraits().iloc[0]
    assert row[["n_channels", "channel_switches", "n_teams", "handoffs"]].tolist() == [3, 3, 2, 2]
    assert (row["first_channel"], row["last_activity"], row["duration_days"]) == ("ads", "chat", 3 / 24)


def test_an_empty_log_gives_empty_tables():
    log = told("Ann: ad").log.keep(np.array([False]))
    assert len(steps(log)) == len(variants(log)[0]) == len(portraits(log)) == len(ends(log)) == 0


@pytest.mark.parametrize("gap", [None, "2h"])
def test_a_gap_cuts_one_customer_into_journeys(gap):
    journeys = told("Ann: a > b > c", waits={("b", "c"): "3h"}, gap=gap)
    assert journeys.log.journey_ids.tolist() == (["Ann"] if gap is None else ["Ann/1", "Ann/2"])
