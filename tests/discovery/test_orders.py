"""What comes later and what is done again is what a plain walk through the journeys says, whatever the row order."""

import hypothesis.strategies as st
import pandas as pd
from hypothesis import given, settings

from mining import discover
from tests.telling import told

STORIES = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=7), min_size=1, max_size=6)


def journeys_of(paths):
    return told(*(f"j{number}: {' > '.join(path)}" for number, path in enumerate(paths)))


@given(STORIES)
@settings(max_examples=60)
def test_what_comes_later(paths):
    expected: dict[tuple[str, str], int] = {}
    for path in paths:
        pairs = {(one, other) for at, one in enumerate(path) for other in path[at + 1 :]}
        for pair in pairs:
            expected[pair] = expected.get(pair, 0) + 1
    frame = discover(journeys_of(paths)).orders
    found = dict(zip(zip(frame["activity"], frame["later_activity"], strict=True), frame["n_journeys"], strict=True))
    assert found == expected
    assert (frame["n_journeys"] <= frame["of_journeys"]).all()
    assert frame["share"].between(frame["share_low"] - 1e-9, frame["share_high"] + 1e-9).all()


@given(STORIES)
@settings(max_examples=60)
def test_what_is_done_again(paths):
    frame = discover(journeys_of(paths)).rework.set_index("activity")
    for word in "abcd":
        rows = [path for path in paths if word in path]
        if not rows:
            assert word not in frame.index
            continue
        row = frame.loc[word]
        assert row["n_touchpoints"] == sum(path.count(word) for path in rows)
        assert row["n_again"] == sum(path.count(word) - 1 for path in rows)
        assert row["n_journeys"] == sum(path.count(word) > 1 for path in rows)
        assert row["of_journeys"] == len(rows)
        assert row["n_at_once"] == sum(path[at] == path[at + 1] == word for path in rows for at in range(len(path) - 1))
        back = sum(path[at] == word == path[at + 2] != path[at + 1] for path in rows for at in range(len(path) - 2))
        assert row["n_after_one"] == back


def test_row_order_decides_nothing():
    one = journeys_of(["abca", "abc", "ba"])
    frame = one.touchpoints.frame.sample(frac=1, random_state=3).reset_index(drop=True)
    other = type(one.touchpoints)(frame, {}, None).by("customer")
    pd.testing.assert_frame_equal(discover(one).orders, discover(other).orders)
    pd.testing.assert_frame_equal(discover(one).rework, discover(other).rework)
