"""Paths are counted exactly, the commonest first, each with its interval."""

from __future__ import annotations

import pytest

from mining._errors import MiningError
from mining.discovery import discover
from tests.telling import told

THREE = told(*[f"a{i}: ad > won" for i in range(6)], *[f"b{i}: ad > site > won" for i in range(3)], "c: won")


def test_paths_are_counted_and_shares_accumulate() -> None:
    frame = discover(THREE).variants.frame
    assert frame["variant"].tolist() == ["ad > won", "ad > site > won", "won"]
    assert frame["n_journeys"].tolist() == [6, 3, 1]
    assert frame["n_touchpoints"].tolist() == [2, 3, 1]
    assert frame["cumulative_share"].tolist() == pytest.approx([0.6, 0.9, 1.0])
    assert (frame["share_low"] < frame["share"]).all()
    assert (frame["share"] < frame["share_high"]).all()


def test_how_many_paths_cover_a_share() -> None:
    variants = discover(THREE).variants
    assert [variants.covering(share) for share in (0.1, 0.6, 0.61, 0.9, 1.0)] == [1, 1, 2, 2, 3]


def test_rare_paths_are_not_listed_but_counted() -> None:
    html = discover(THREE).variants._repr_html_()
    assert "ad &gt; won" in html
    assert "site" not in html
    assert "Not shown: 2 paths of 4 journeys together" in html


def test_where_every_path_is_rare_only_the_number_of_paths_is_told() -> None:
    html = discover(told("a: ad > won", "b: won")).variants._repr_html_()
    assert "2 journeys take 2 distinct paths, each taken by fewer than 5 journeys" in html
    assert "ad" not in html.replace("each", "")


def test_the_picture_has_a_bar_for_each_frequent_path() -> None:
    svg = discover(THREE).variants.plot().svg
    assert "1. ad &gt; won" in svg
    assert "site" not in svg


def test_no_journeys_and_impossible_thresholds_are_refused() -> None:
    with pytest.raises(MiningError, match="Narrow them less"):
        discover(THREE.keep([False] * 10))
    for threshold in (-0.1, 1.0, float("nan")):
        with pytest.raises(MiningError, match="noise threshold"):
            discover(THREE, noise_threshold=threshold)


def test_what_stands_out_is_said_in_sentences() -> None:
    said = " ".join(discover(THREE).sentences)
    assert "10 journeys take 3 distinct paths; the commonest explains 60 %, 2 paths explain 80 %." in said
    assert "The commonest step is ad to won: 6 journeys (60 %), median wait 1 h." in said
    assert "60 %" in discover(THREE)._repr_html_()
