"""What depends on what: found in counted steps, told as a frame and a picture."""

from __future__ import annotations

from mining.discovery.dependencies import count_returns, find_dependencies
from tests.telling import told


def journeys(n: int = 9):
    stories = ("ad > site > chat > won", "ad > chat > site > won", "ad > site > chat > site > won")
    return told(*(f"customer {place}{which}: {story}" for place in range(n) for which, story in enumerate(stories)))


def test_what_comes_in_either_order_does_not_depend_on_each_other_and_happens_together() -> None:
    found = find_dependencies(journeys())
    pairs = set(zip(found.frame["activity"], found.frame["next_activity"], strict=True))
    assert {("ad", "site"), ("ad", "chat"), ("site", "won"), ("chat", "won")} <= pairs
    assert found.together[["activity", "side", "one", "other"]].to_numpy().tolist() == [
        ["ad", "after", "chat", "site"],
        ["won", "before", "chat", "site"],
    ]
    assert found.nodes["activity"].tolist() == ["ad", "chat", "site", "won"]
    assert found.nodes["n_touchpoints"].tolist() == [27, 27, 36, 27]


def test_a_higher_threshold_keeps_fewer() -> None:
    some = find_dependencies(journeys(), dependency_threshold=0.92)
    none = find_dependencies(told("Ann: a > b"), dependency_threshold=0.9)
    assert 0 < len(some.frame) < len(find_dependencies(journeys()).frame)
    assert len(none.frame) == 0
    assert repr(none) == "<Dependencies of 0 activities: 0, and 0 together>"


def test_returns_are_counted_within_journeys_only() -> None:
    found = count_returns(told("Ann: a > b > a > a > a", "Bob: b > a > b", "Cid: c", "Dan: d > c"))
    assert found.to_numpy().tolist() == [["a", "b", 1], ["b", "a", 1]]
    assert len(count_returns(told("Ann: a"))) == 0


def test_it_is_drawn_with_its_note() -> None:
    page = find_dependencies(journeys())._repr_html_()
    assert "What depends on what" in page
    assert "2 pairs of activities happen in either order." in page
