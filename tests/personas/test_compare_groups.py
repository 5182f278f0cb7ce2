from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mining import MiningError
from mining._errors import FieldError
from mining.journeys import Journeys
from mining.personas import Personas, compare_groups
from mining.personas.compare_groups import _tested
from tests.personas.planted import four_kinds, journeys_of
from tests.personas.prospects import prospects_with
from tests.telling import told


def walks(n: int, seed: int, share: np.ndarray | float = 0.4, gaps: list[float] | None = None) -> Journeys:
    """Customers that differ in how much they do; a share of them is won."""
    random = np.random.default_rng(seed)
    won = random.random(n) < share
    paths = []
    for ends in won:
        middle = random.choice(["ad", "site", "email", "phone", "demo"], random.geometric(0.25)).tolist()
        paths.append(["ad", *middle, "won" if ends else "lost"])
    return journeys_of(paths, gaps=gaps, seed=seed)


def split(n: int, seed: int) -> pd.Series:
    label = np.random.default_rng(seed).permutation(np.repeat(["first", "second"], [n // 2, n - n // 2]))
    return pd.Series(label, index=[f"c{place:05d}" for place in range(n)])


def test_random_splits_find_something_in_about_one_of_twenty():
    journeys = walks(150, 0)
    found = sum(compare_groups(journeys, split(150, seed)).frame["is_found"].any() for seed in range(120))
    assert found <= 12  # 6 expected; binomial band at 99 %: 1 to 12


def test_thirty_points_more_won_are_found_and_nothing_else():
    flagged, others = 0, 0
    for seed in range(20):
        by = split(150, seed)
        journeys = walks(150, seed, np.where(by == "second", 0.65, 0.35))
        frame = compare_groups(journeys, by).frame
        rows = frame.set_index("measure")["is_found"]
        flagged += bool(rows["reaches won"])
        others += int(rows.drop(["reaches won", "touchpoints: lost"]).sum())
    assert flagged >= 14
    assert others <= 4


def test_the_difference_has_its_interval_and_its_sign():
    by = split(300, 1)
    frame = compare_groups(walks(300, 1, np.where(by == "second", 0.7, 0.3)), by).frame.set_index("measure")
    row = frame.loc["reaches won"]
    assert (row["group"], row["against"]) == ("second", "first")
    assert row["difference"] == pytest.approx(row["value"] - row["value_against"])
    assert 0 < row["low"] < row["difference"] < row["high"]
    assert row["effect"] > 0.4
    assert row["n"] + row["n_against"] == 300


def test_slower_journeys_are_found_by_the_median_of_days():
    by = split(200, 2)
    gaps = np.where(by == "second", 90.0, 30.0).tolist()
    row = compare_groups(walks(200, 2, gaps=gaps), by).frame.iloc[0]
    assert row["measure"] == "days from first to last touchpoint"
    assert row["is_found"]
    assert row["effect"] > 0
    assert row["difference"] > 0


def test_unfinished_journeys_are_censored_and_neither_won_nor_lost():
    paths = [["ad", "site", "won"]] * 30 + [["ad", "site", "lost"]] * 30 + [["ad", "site"]] * 30
    journeys = journeys_of(paths, seed=3)
    by = pd.Series(np.tile(["x", "y"], 45), index=[f"c{place:05d}" for place in range(90)])
    frame = compare_groups(journeys, by, within="9999D").frame.set_index("measure")
    assert frame.loc["reaches won", "value"] == pytest.approx(0.5)
    closed = compare_groups(journeys, by, within="1min").frame.set_index("measure")
    assert closed.loc["reaches won", "value"] == pytest.approx(1 / 3)


def test_more_than_two_groups_stand_each_against_all_others():
    journeys = walks(240, 4)
    by = pd.Series(np.tile(["a", "b", "c"], 80), index=[f"c{place:05d}" for place in range(240)])
    frame = compare_groups(journeys, by).frame
    assert set(frame["group"]) == {"a", "b", "c"}
    assert set(frame["against"]) == {"all others"}


def test_customers_in_several_groups_belong_to_the_first_and_are_counted():
    stories = [f"{name}: ad > site > won" for name in "abcdefghijkl"]
    journeys = told(*stories, *[f"{name}: ad > lost" for name in "abc"], gap="30min", every="1min")
    parts = pd.Series(journeys.log.journey_ids)
    assert len(parts) >= 12
    by = pd.Series(np.where(np.arange(12) < 6, "x", "y"), index=list("abcdefghijkl"))
    groups = compare_groups(journeys, by).groups
    assert groups["n_customers"].tolist() == [6, 6]
    assert groups["n_mixed"].sum() == 0


def test_the_shuffled_statistic_agrees_with_exact_enumeration():
    from itertools import combinations

    scores = np.array([[3.0], [1.0], [-2.0], [0.5], [-1.5], [-1.0], [2.5], [-2.5]])
    inside = np.array([1, 1, 0, 1, 0, 0, 0, 0], float)[:, None]
    seen = abs(float((inside * scores).sum()))
    exact = np.mean([abs(scores[list(rows)].sum()) >= seen - 1e-9 for rows in combinations(range(8), 3)])
    p, p_adjusted = _tested(scores, inside, np.random.default_rng(0), np.zeros(8, int))
    assert p[0, 0] == pytest.approx(exact, abs=0.05)
    assert p_adjusted[0, 0] == p[0, 0]


def test_results_come_again():
    journeys, by = walks(100, 5), split(100, 5)
    pd.testing.assert_frame_equal(compare_groups(journeys, by).frame, compare_groups(journeys, by).frame)


def test_fewer_than_two_groups_are_refused():
    journeys = walks(30, 6)
    with pytest.raises(MiningError, match="cannot be compared"):
        compare_groups(journeys, pd.Series("all", index=split(30, 0).index))
    with pytest.raises(MiningError, match="cannot be compared"):
        compare_groups(told("a: ad > won"), pd.Series(["x"], index=["a"]))
    with pytest.raises(FieldError, match="Did you mean 'won'"):
        compare_groups(journeys, split(30, 0), outcome="wonn")


def test_groups_that_do_the_same_are_not_told_apart():
    paths = [["ad", "<b>site</b>", "won"]] * 40
    by = pd.Series(np.tile(["x", "y"], 20), index=[f"c{place:05d}" for place in range(40)])
    compared = compare_groups(journeys_of(paths), by)
    assert not compared.frame["is_found"].any()
    assert "No difference" in compared.sentence
    assert "<b>" not in compared._repr_html_()
    assert compared.plot()


def test_personas_are_tested_on_the_outcome_alone_since_they_were_made_of_the_rest():
    journeys, _ = four_kinds(400, seed=3)
    personas = Personas(random_state=0).fit(journeys)
    assert personas.n_personas_ > 1
    frame = compare_groups(journeys, personas).frame
    is_outcome = frame["measure"] == "reaches won"
    assert frame.loc[is_outcome, "p"].notna().all()
    assert frame.loc[~is_outcome, "p"].isna().all()
    assert not frame.loc[~is_outcome, "is_found"].any()
    assert frame.loc[~is_outcome, "difference"].abs().max() > 1
    # An activity that the personas were made of is no outcome that could speak for them.
    assert compare_groups(journeys, personas, outcome="phone").frame["p"].isna().all()


def test_who_came_late_does_not_seem_to_buy_less():
    random = np.random.default_rng(5)
    n = 400
    late = random.random(n)
    group = np.where(random.random(n) < 0.1 + 0.8 * late, "second", "first")
    won = random.random(n) < 0.9 - 0.8 * late
    journeys = prospects_with({}, np.where(won, "won", "lost").tolist(), days=(300 * late).tolist())
    by = pd.Series(group, index=[f"c{k:05d}" for k in range(n)])
    apart = compare_groups(journeys, by).frame.set_index("measure")
    matched = compare_groups(journeys, by, matched=True).frame.set_index("measure")
    assert apart.loc["reaches won", "is_found"]
    assert not matched.loc["reaches won", "is_found"]
