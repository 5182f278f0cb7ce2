"""The log skeleton is what its definitions say of each journey, whatever repeats and whatever the row order."""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from mining import MiningError, discover
from mining.discovery.skeleton import find_skeleton
from tests.discovery.test_orders import STORIES, journeys_of


def plainly(paths, noise):
    """Walk through the journeys, definition by definition."""
    held = {}
    words = sorted({word for path in paths for word in path})
    for one in words:
        mine = [path for path in paths if one in path]
        for other in words:
            if one == other:
                continue
            kept = {
                "equivalence": [path.count(one) == path.count(other) for path in mine],
                "always_after": [other in path[len(path) - path[::-1].index(one) :] for path in mine],
                "always_before": [other in path[: path.index(one)] for path in mine],
                "never_together": [other not in path for path in mine],
                "directly_follows": [
                    all(path[at + 1 : at + 2] == [other] for at, word in enumerate(path) if word == one)
                    for path in mine
                ],
            }
            for relation, flags in kept.items():
                if sum(flags) >= len(mine) * (1 - noise):
                    held[relation, one, other] = (sum(flags), len(mine))
    return held


@given(STORIES, st.sampled_from([0.0, 0.3]))
@settings(max_examples=80)
def test_relations_hold_as_defined(paths, noise):
    frame = find_skeleton(journeys_of(paths), noise=noise).frame
    found = {
        (row.relation, row.activity, row.other_activity): (row.n_kept, row.of_journeys) for row in frame.itertuples()
    }
    assert found == plainly(paths, noise)
    assert frame["share"].between(frame["share_low"] - 1e-9, frame["share_high"] + 1e-9).all()


@given(STORIES)
@settings(max_examples=40)
def test_numbers_of_times(paths):
    frame = find_skeleton(journeys_of(paths)).frequencies
    for word, rows in frame.groupby("activity"):
        counts = pd.Series([path.count(word) for path in paths]).value_counts()
        assert dict(zip(rows["n_times"], rows["n_journeys"], strict=True)) == counts.to_dict()


def test_hundreds_of_activities_are_said_to_be_left_out():
    found = find_skeleton(journeys_of([[f"step {at:03d}", "end"] for at in range(260)]))
    assert found.left_out == 61
    assert "61 rare activities" in repr(found)
    assert "end" in found._repr_html_()


def test_a_share_out_of_range_is_refused():
    with pytest.raises(MiningError, match="makes no sense"):
        find_skeleton(journeys_of(["ab"]), noise=1.0)


def test_the_discovery_has_it_and_row_order_decides_nothing():
    one = journeys_of(["abca", "abc", "ba"])
    frame = one.touchpoints.frame.iloc[np.random.default_rng(1).permutation(len(one.touchpoints.frame))]
    other = type(one.touchpoints)(frame.reset_index(drop=True), {}, None).by("customer")
    pd.testing.assert_frame_equal(discover(one).skeleton.frame, discover(other).skeleton.frame)
