"""The temporal profile is the mean and spread over all pairs of touchpoints, and what is far from it is found."""

import statistics

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from mining import MiningError, discover
from mining.discovery.tempo import find_tempo
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical

TIMED = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 90)), min_size=1, max_size=7), min_size=1, max_size=5
)


def timed(stories):
    """Journeys of (activity, hours since the touchpoint before)."""
    rows = [
        (f"j{number:03d}", word, pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(hours=float(hours)))
        for number, story in enumerate(stories)
        for (word, _), hours in zip(story, np.cumsum([gap for _, gap in story]), strict=True)
    ]
    frame = canonical(pd.DataFrame(rows, columns=["customer", "activity", "timestamp"]))
    return Touchpoints(frame=frame, objects={}, quality=None).by("customer")


def plainly(journeys):
    """All pairs of touchpoints, in the order of the journey."""
    log, hours = journeys.log, {}
    words = log.decoded("activity")
    for begin, stop in zip(log.first, log.last + 1, strict=True):
        for one in range(begin, stop):
            for other in range(one + 1, stop):
                took = (log.time[other] - log.time[one]) / 3.6e9
                hours.setdefault((words[one], words[other]), []).append((int(begin), took))
    return hours


@given(TIMED)
@settings(max_examples=80)
def test_means_and_spreads_are_those_of_all_pairs(stories):
    journeys = timed(stories)
    expected, frame = plainly(journeys), find_tempo(journeys).frame
    assert set(zip(frame["activity"], frame["later_activity"], strict=True)) == set(expected)
    for row in frame.itertuples():
        took = [hours for _, hours in expected[row.activity, row.later_activity]]
        assert row.n_pairs == len(took)
        assert row.n_journeys == len({begin for begin, _ in expected[row.activity, row.later_activity]})
        assert row.mean_hours == pytest.approx(statistics.mean(took), abs=1e-6)
        assert row.std_hours == pytest.approx(statistics.stdev(took) if len(took) > 1 else 0, abs=1e-4)


@given(TIMED)
@settings(max_examples=60)
def test_journeys_are_far_where_any_pair_is(stories):
    journeys = timed(stories)
    profile = find_tempo(journeys)
    of = {(row.activity, row.later_activity): row for row in profile.frame.itertuples()}
    ids = journeys.log.journey_ids
    expected = {
        (ids[np.searchsorted(journeys.log.first, begin)], *pair)
        for pair, hours in plainly(journeys).items()
        for begin, took in hours
        if of[pair].std_hours > 0 and abs(took - of[pair].mean_hours) / of[pair].std_hours > 1.2
    }
    found = profile.unusual(journeys, deviations=1.2, min_journeys=1)
    assert set(zip(found["journey_id"], found["activity"], found["later_activity"], strict=True)) == expected
    assert (found["deviations"].abs() > 1.2).all()


def test_a_planted_delay_is_found_and_nothing_else():
    random = np.random.default_rng(0)
    stories = [[("ask", 0), ("answer", int(random.integers(20, 30)))] for _ in range(100)]
    stories[17][1] = ("answer", 400)
    journeys = timed(stories)
    found = discover(journeys).temporal_profile.unusual(journeys)
    assert found["journey_id"].tolist() == ["j017"]
    assert found["hours"].item() == 400
    assert found["deviations"].item() > 3
    assert (journeys.log.time == timed(stories).log.time).all()


def test_other_journeys_with_other_words_are_told_of_what_the_profile_knows():
    random = np.random.default_rng(0)
    profile = find_tempo(timed([[("ask", 0), ("answer", int(random.integers(20, 30)))] for _ in range(40)]))
    found = profile.unusual(timed([[("zeta", 0), ("ask", 1), ("alpha", 2), ("answer", 500)], [("ask", 0)]]))
    assert found[["activity", "later_activity"]].to_numpy().tolist() == [["ask", "answer"]]
    assert profile.unusual(timed([[("zeta", 0)]])).empty


def test_no_distance_is_refused_and_what_it_knows_is_shown():
    profile = find_tempo(timed([[("<b>", 0), ("answer", 3)]] * 8))
    with pytest.raises(MiningError, match="no distance"):
        profile.unusual(timed([[("a", 0)]]), deviations=0)
    assert "&lt;b&gt;" in profile._repr_html_()
    assert "1 pair of activities in 8 journeys" in repr(profile)
