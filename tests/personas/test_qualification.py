from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mining import MiningError
from mining.journeys import Journeys
from mining.personas import IdealCustomers, Qualification, find_ideal_customers
from mining.personas.prospects import OPEN
from tests.personas.ideal_planted import buyers, paths_of
from tests.personas.planted import journeys_of


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    return buyers(500)


@pytest.fixture(scope="module")
def ideal(journeys) -> IdealCustomers:
    return find_ideal_customers(journeys)


@pytest.fixture(scope="module")
def scored(ideal, journeys) -> Qualification:
    return ideal.score(journeys)


def test_every_open_prospect_is_scored_and_nobody_else(scored, ideal):
    prospects = ideal.prospects
    assert set(scored.frame["customer"]) == set(prospects.ids[prospects.fate == OPEN])
    assert len(scored.frame) + scored.n_decided == len(prospects)
    assert scored.frame["score"].between(0, 1).all()
    assert scored.frame["score"].is_monotonic_decreasing


def test_those_with_both_planted_values_come_first_and_the_reasons_name_them(scored, journeys):
    looks = journeys.touchpoints.objects["customer"].loc[scored.frame["customer"]].reset_index(drop=True)
    both = (looks["industry"] == "retail") & (looks["size"] > 110)
    assert both.any()
    assert set(scored.frame.loc[both, "band"]) <= {"A", "B"}
    assert scored.frame.loc[both, "raised_by"].str.contains("industry: retail").all()
    assert scored.frame.loc[both, "score"].mean() > scored.frame.loc[~both, "score"].mean() + 0.1
    assert (scored.frame["n_support"].dropna() >= 5).all()


def test_bands_follow_their_stated_cuts(scored):
    cuts = dict(zip(scored.bands["band"], scored.bands["from_score"], strict=True))
    for row in scored.frame.itertuples():
        assert row.band == next(letter for letter in "ABCD" if row.score >= cuts[letter])
    assert scored.bands["win_rate"].iloc[0] > scored.bands["win_rate"].iloc[-1]
    assert "A from" in scored.sentence


def test_where_attributes_tell_nothing_all_have_the_same_score_and_no_band():
    ends = np.random.default_rng(5).choice(["won", "lost", ""], 200)
    journeys = journeys_of(paths_of(ends), attributes={"country": ["IL", "IR"] * 100})
    scored = find_ideal_customers(journeys).score(journeys)
    assert not scored.is_told
    assert set(scored.frame["score"]) == {scored.frame["score"].iloc[0]}
    assert scored.frame["band"].isna().all()
    assert (scored.frame["raised_by"] == "").all()
    assert "same score" in scored.sentence


def test_new_customers_with_unknown_values_and_missing_attributes_are_scored(ideal):
    new = journeys_of([["ad", "site"]] * 3, attributes={"industry": ["retail", "never seen", None]})
    scored = ideal.score(new).frame.set_index("customer")
    assert scored["score"].between(0, 1).all()
    assert scored.loc["c00000", "score"] > scored.loc["c00002", "score"]


def test_without_open_prospects_there_is_nothing_to_score(ideal):
    with pytest.raises(MiningError, match="won or lost already"):
        ideal.score(journeys_of([["ad", "won"], ["ad", "lost"]]))


def test_money_orders_the_prospects_by_expected_value(journeys):
    touchpoints = buyers(500).touchpoints
    frame = touchpoints.frame
    frame["amount"] = np.where(frame["outcome"] == "won", 1000.0, np.nan)
    large = set(frame["customer"].unique()[:250])
    frame.loc[frame["customer"].isin(large) & (frame["activity"] == "demo"), "amount"] = 90_000.0
    told = touchpoints.by("customer")
    scored = find_ideal_customers(told).score(told).frame
    assert np.allclose(scored["expected_value"], scored["score"] * scored["value"])
    assert scored["expected_value"].is_monotonic_decreasing
    assert scored.loc[scored["is_own_value"], "value"].eq(90_000).all()
    assert scored.loc[~scored["is_own_value"], "value"].eq(1_000).all()


def test_saved_tables_run_nothing_in_a_spreadsheet(tmp_path):
    industry = np.random.default_rng(0).choice(["=HYPERLINK(1)", "media"], 300)
    ends = np.where(np.random.default_rng(1).random(300) < np.where(industry == "media", 0.2, 0.8), "won", "lost")
    ends[:60] = ""
    journeys = journeys_of(paths_of(ends), attributes={"=cmd|x": industry})
    path = find_ideal_customers(journeys).score(journeys).save(tmp_path / "prospects.csv")
    read = pd.read_csv(path)
    assert len(read) == 60
    cells = read.select_dtypes(exclude="number").to_numpy(object).ravel()
    assert not any(str(cell).startswith(("=", "+", "-", "@")) for cell in cells)
    with pytest.raises(MiningError, match="end its name in"):
        find_ideal_customers(journeys).score(journeys).save(tmp_path / "prospects.txt")


def test_scores_show_themselves(scored):
    assert "open prospects" in repr(scored)
    assert "<table" in scored._repr_html_()
    assert scored.plot()
