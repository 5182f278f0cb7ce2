"""What goes with deviations, what they cost, what is lacking, what would mend them: planted is found, null is not."""

import numpy as np
import pandas as pd
import pytest

from mining import MiningError, compare, read_design
from mining.journeys import Journeys
from mining.sources.touchpoints import Touchpoints
from tests.telling import told_touchpoints

SHOP = read_design(
    {
        "name": "shop",
        "stages": [
            {"stage": "Look", "steps": ["ad", "site"]},
            {"stage": "Buy", "steps": ["call", "offer", "won"]},
        ],
    }
)


def drawn(n: int, skip: np.ndarray, seed: int = 0, *, again: float = 0.2, journeys_each: int = 1) -> Journeys:
    """Journeys of which some skip the call and some see the site twice, each as often as is said."""
    random = np.random.default_rng(seed)
    stories = []
    for customer in range(n):
        for _ in range(journeys_each):
            path = ["ad", "site"]
            path += ["site"] if random.random() < again else []
            path += [] if random.random() < skip[customer] else ["call"]
            stories.append(f"c{customer:04d}: {' > '.join([*path, 'offer', 'won'])}")
    return told_touchpoints(*stories, every="9h", waits={("", "ad"): "400D"}).by("customer", gap="200D")


def labels(journeys: Journeys, names: np.ndarray) -> pd.Series:
    return pd.Series(names, index=sorted(set(journeys.frame["customer"])))


def test_a_random_split_is_seldom_behind_anything():
    n, flagged = 60, 0
    journeys = drawn(n, np.full(n, 0.3))
    gaps = compare(journeys, SHOP)
    random = np.random.default_rng(7)
    for _ in range(200):
        by = {"split": labels(journeys, random.choice(["a", "b"], n))}
        flagged += int(gaps.behind(by, random_state=1).frame["is_found"].any())
    assert flagged <= 17  # the upper end of the 95 % band around one in twenty


def test_customers_not_journeys_are_the_unit():
    """One customer's journeys are alike here; counted as if they were not, a random split would be found too often."""
    n, flagged = 40, 0
    habit = (np.random.default_rng(3).random(n) < 0.4).astype(float)
    journeys = drawn(n, habit, journeys_each=4)
    gaps = compare(journeys, SHOP)
    random = np.random.default_rng(8)
    for _ in range(100):
        by = {"split": labels(journeys, random.choice(["a", "b"], n))}
        flagged += int(gaps.behind(by, random_state=1).found["deviation"].eq("skipped").any())
    assert flagged <= 10


def test_a_planted_difference_is_found_with_its_size():
    n, found = 150, 0
    group = np.repeat(["a", "b"], n // 2)
    for seed in range(20):
        journeys = drawn(n, np.where(group == "b", 0.5, 0.1), seed)
        rows = compare(journeys, SHOP).behind({"group": labels(journeys, group)}).found
        rows = rows[rows["deviation"] == "skipped"]
        found += len(rows)
        for row in rows.itertuples():
            sign = 1 if row.group == "b" else -1
            assert row.step == "call"
            assert sign * row.difference > 0
            assert row.low <= row.difference <= row.high
    assert found >= 19


def test_the_interval_holds_the_planted_difference():
    n, inside = 120, 0
    group = np.repeat(["a", "b"], n // 2)
    for seed in range(60):
        journeys = drawn(n, np.where(group == "b", 0.6, 0.2), seed + 100)
        rows = compare(journeys, SHOP).behind({"group": labels(journeys, group)}).frame
        row = rows[rows["deviation"] == "skipped"].iloc[0]
        truth = 0.4 if row["group"] == "b" else -0.4
        inside += int(row["low"] <= truth <= row["high"])
    assert inside >= 52


def test_a_difference_that_turns_round_within_another_factor_is_marked():
    # Group b is nearly all in the market where everybody skips; within each market it skips less.
    market = np.array(["north"] * 100 + ["south"] * 100)
    group = np.array(["a"] * 85 + ["b"] * 15 + ["a"] * 15 + ["b"] * 85)
    skip = np.where(market == "north", np.where(group == "b", 0.02, 0.15), np.where(group == "b", 0.75, 0.98))
    journeys = drawn(200, skip, 5, again=0.0)
    by = {"group": labels(journeys, group), "market": labels(journeys, market)}
    found = compare(journeys, SHOP).behind(by).found
    row = found[(found["factor"] == "group") & (found["deviation"] == "skipped")].iloc[0]
    assert row["reversed_by"] == "market"


def test_periods_may_part_the_journeys_of_one_customer():
    n = 60
    journeys = drawn(n, np.full(n, 0.3), journeys_each=3)
    behind = compare(journeys, SHOP).behind()
    assert set(behind.frame["factor"]) == {"quarter"}
    assert len(behind.found) == 0
    assert "differences were tested" in behind.sentence
    assert len(behind.found) + len(behind.absent) == len(behind.frame)


def test_row_order_decides_nothing_and_nothing_to_part_by_is_said():
    journeys = drawn(60, np.full(60, 0.3))
    by = {"group": labels(journeys, np.repeat(["a", "b"], 30))}
    frame = journeys.touchpoints.frame.sample(frac=1, random_state=1).reset_index(drop=True)
    other = Touchpoints(frame, journeys.touchpoints.objects, None).by("customer", gap="200D")
    one, two = (compare(each, SHOP).behind(by).frame for each in (journeys, other))
    pd.testing.assert_frame_equal(one, two)
    with pytest.raises(MiningError, match="two groups or more"):
        compare(journeys, SHOP).behind({"all": labels(journeys, np.repeat("a", 60))})


def test_two_comparisons_stand_side_by_side():
    few, many = drawn(100, np.full(100, 0.1), 1), drawn(100, np.full(100, 0.6), 2)
    told = compare(few, SHOP).against(compare(many, SHOP), ("before", "after"))
    row = told.frame.iloc[0]
    assert (row["step"], row["deviation"], row["is_found"]) == ("call", "skipped", True)
    assert row["low"] < 0.5 < row["high"]
    same = compare(few, SHOP).against(compare(drawn(100, np.full(100, 0.1), 9), SHOP))
    assert not same.frame["is_found"].any()
    assert "0 of" in repr(same)


def test_a_deviation_that_one_side_never_shows_is_compared_all_the_same():
    none, some = drawn(80, np.zeros(80), 1, again=0.0), drawn(80, np.full(80, 0.4), 2, again=0.0)
    row = compare(none, SHOP).against(compare(some, SHOP)).frame.iloc[0]
    assert (row["n_first"], row["of_first"]) == (0, 80)
    assert row["is_found"]


def test_what_nobody_does_and_what_the_design_lacks():
    stories = [f"c{number}: ad > site > chat > offer > won" for number in range(10)]
    lacks = compare(told_touchpoints(*stories, "z: ad > site").by("customer"), SHOP).lacks
    assert lacks.iloc[0][["side", "activity", "n_customers"]].tolist() == ["design", "call", 0]
    assert lacks.iloc[-1][["side", "activity", "n_customers", "of_customers"]].tolist() == ["journeys", "chat", 10, 11]


def test_a_slower_way_is_told_in_days_and_money():
    slow = [f"s{number}: ad > site > site > call > offer > won" for number in range(20)]
    quick = [f"q{number}: ad > site > call > offer > won" for number in range(20)]
    touchpoints = told_touchpoints(*slow, *quick, every="24h", waits={("site", "site"): "10D"})
    frame = touchpoints.frame.assign(amount=np.where(touchpoints.frame["activity"] == "won", 50.0, np.nan))
    costs = compare(Touchpoints(frame, {}, None).by("customer"), SHOP).costs
    row = costs.iloc[0]
    assert (row["step"], row["deviation"], row["more_days"], row["amount"]) == ("site", "repeated", 10.0, 1_000.0)
    assert row["low"] == row["high"] == 10.0


def test_a_repaired_design_conforms_as_often_as_is_told():
    gaps = compare(drawn(120, np.full(120, 0.4), 3, again=0.3), SHOP)
    repairs = gaps.repair()
    assert repairs.frame["change"].tolist() == ["make the step optional", "let the step be repeated"]
    assert repairs.frame["gain"].gt(0).all()
    again = compare(gaps.compared, repairs.design)
    assert (again.journeys["verdict"] != "deviating").sum() == repairs.frame["n_conforming"].iloc[-1] == 120
    assert len(again.repair().frame) == 0


def test_an_activity_that_the_design_lacks_is_taken_in_where_it_happens():
    stories = [f"c{number}: ad > site > chat > call > offer > won" for number in range(9)]
    repairs = compare(told_touchpoints(*stories).by("customer"), SHOP).repair(1)
    assert repairs.frame.loc[0, ["step", "stage", "n_conforming"]].tolist() == ["chat", "Look", 9]
    assert "chat" in repairs.design.activities


def test_one_journey_is_told_beside_the_design():
    gaps = compare(told_touchpoints("Ann: ad > site > chat > offer > won", "Bob: ad > site").by("customer"), SHOP)
    story = gaps.story("Ann")
    told = dict(zip(story.frame["activity"], story.frame["told"], strict=True))
    assert told["chat"] == "not as designed"
    assert told["call"] == "did not happen"
    assert {told[step] for step in ("ad", "site", "offer", "won")} == {"as designed"}
    assert story.frame["timestamp"].notna().sum() == 5
    assert story.frame["wait_hours"].sum() == 4.0
    assert "chat" in story.plot().svg
    assert "call" in story._repr_html_()
    with pytest.raises(MiningError, match="Did you mean 'Ann'"):
        gaps.story("Anne")


def test_the_matrix_of_deviations_holds_no_small_cells():
    gaps = compare(drawn(100, np.full(100, 0.3), 4), SHOP)
    rows = gaps.frame.set_index(["step", "deviation"])["share"]
    assert gaps.matrix.loc["call", "skipped"] == rows["call", "skipped"]
    assert gaps.matrix.index.tolist() == [step.name for step in SHOP.steps]
    few = compare(drawn(8, np.array([1.0] + [0.0] * 7), 4, again=0.0), SHOP)
    assert "skipped" not in few.matrix.columns
    assert "call" in gaps.plot_matrix().svg
