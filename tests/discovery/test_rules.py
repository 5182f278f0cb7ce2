"""Rules that are told are kept by nearly all; what is planted is found, and chance makes no rules of order."""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from mining import MiningError, discover
from mining.discovery.rules import find_rules
from tests.telling import told

HOLDS = {
    "begins": lambda path, one, _: path[0] == one,
    "ends": lambda path, one, _: path[-1] == one,
    "happens": lambda path, one, _: one in path,
    "once": lambda path, one, _: path.count(one) == 1,
    "response": lambda path, one, other: one in path and other in path[len(path) - path[::-1].index(one) :],
    "precedence": lambda path, one, other: other in path and one in path[: path.index(other)],
    "next": lambda path, one, other: (
        one in path and all(path[at + 1 : at + 2] == [other] for at, word in enumerate(path) if word == one)
    ),
    "together": lambda path, one, other: one in path and other in path,
    "apart": lambda path, one, other: (one in path) != (other in path),
}
HOLDS["succession"] = lambda path, one, other: (
    HOLDS["response"](path, one, other) and HOLDS["precedence"](path, one, other)
)
AT_STAKE = {
    **dict.fromkeys(("begins", "ends", "happens"), lambda path, one, _: True),
    **dict.fromkeys(("once", "response", "next"), lambda path, one, _: one in path),
    "precedence": lambda path, one, other: other in path,
    **dict.fromkeys(("succession", "together", "apart"), lambda path, one, other: one in path or other in path),
}


def journeys_of(paths):
    return told(*(f"j{number:04d}: {' > '.join(path)}" for number, path in enumerate(paths)))


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6), min_size=1, max_size=8))
@settings(max_examples=60)
def test_counts_are_those_of_a_plain_walk(paths):
    frame = find_rules(journeys_of(paths), min_share=0.01, min_journeys=1).frame
    for row in frame.to_dict("records"):
        one, other = row["activity"], row["other_activity"]
        stake = [path for path in paths if AT_STAKE[row["rule"]](path, one, other)]
        assert row["of_journeys"] == len(stake), row
        assert row["n_kept"] == sum(HOLDS[row["rule"]](path, one, other) for path in stake), row


def test_planted_rules_are_found_and_weaker_ones_not_told_beside_them():
    random = np.random.default_rng(2)
    paths = [["ad", *random.permutation(["ask", "look"]).tolist(), "offer", "won"] for _ in range(60)]
    found = discover(journeys_of(paths)).rules.frame
    said = set(found["says"])
    assert {"every journey begins with ad", "every journey ends with won", "right after offer comes won"} <= said
    assert "offer and won come together, offer before won" in said
    assert "after offer comes won, sooner or later" not in said
    assert not any("ask" in words and "look" in words and "before" in words for words in said)


def test_shuffled_journeys_have_no_rules_of_order():
    random = np.random.default_rng(5)
    paths = [random.permutation(list("abcdef")).tolist() for _ in range(300)]
    rules = find_rules(journeys_of(paths)).frame["rule"]
    assert not set(rules) & {"begins", "ends", "response", "precedence", "succession", "next", "apart"}


def test_what_holds_of_a_few_is_not_told():
    paths = [["a", "b"]] * 10 + [["c"]] * 90
    assert not find_rules(journeys_of(paths)).frame["says"].str.contains("comes b").any()
    assert find_rules(journeys_of(paths), min_journeys=5, min_share=0.6).frame["says"].str.contains("comes b").any()


def test_row_order_decides_nothing_and_none_are_none():
    journeys = journeys_of([["a", "b"], ["b", "a"]] * 20)
    frame = journeys.touchpoints.frame.sample(frac=1, random_state=3).reset_index(drop=True)
    other = type(journeys.touchpoints)(frame, {}, None).by("customer")
    pd.testing.assert_frame_equal(find_rules(journeys).frame, find_rules(other).frame)
    assert len(find_rules(journeys_of([["a"]])).frame) == 0
    assert "<Rules" in repr(find_rules(journeys))
    assert "<table" in find_rules(journeys)._repr_html_()
    with pytest.raises(MiningError, match="above 0"):
        find_rules(journeys, min_share=0)
