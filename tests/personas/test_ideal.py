"""Ideal customers: what was planted is found, what was not is not, and what was written down after is no reason."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.metrics import brier_score_loss, roc_auc_score

from mining import MiningError
from mining._errors import FieldError
from mining.personas import find_ideal_customers, find_ideal_each
from mining.personas.held_out import HeldOut, area, brier
from mining.personas.prospects import LOST, OPEN, WON, prospects_of
from mining.sources.touchpoints import Touchpoints
from tests.personas.prospects import drawn, indifferent, planted, prospects_with
from tests.telling import told


def found(ideal):
    return set(ideal.frame.loc[ideal.frame["verdict"].isin(["ideal", "avoid"]), "attribute"])


def test_the_two_attributes_that_matter_are_found_and_the_others_are_not():
    ideal = find_ideal_customers(planted())
    assert found(ideal) == {"industry", "employees"}
    retail = ideal.frame.set_index(["attribute", "value"]).loc[("industry", "retail")]
    assert retail["verdict"] == "ideal"
    assert retail["lift_low"] > 1
    assert set(ideal.absent["attribute"]) == {"region", "source", "language", "age"}
    assert ideal.model.is_told
    assert "foretells who is won" in ideal.sentence
    assert "industry retail" in ideal.sentence


def test_lifts_count_what_is_there():
    journeys = planted(seed=3)
    row = find_ideal_customers(journeys).frame.set_index(["attribute", "value"]).loc[("industry", "retail")]
    fate = prospects_of(journeys).fate
    retail = journeys.touchpoints.objects["customer"]["industry"].to_numpy() == "retail"
    counts = [int((retail & (fate == kind)).sum()) for kind in (WON, LOST, OPEN)]
    assert row[["n_won", "n_lost", "n_open"]].astype(int).tolist() == counts
    assert row["n"] == sum(counts)
    rates = [(side & (fate == WON)).sum() / (side & (fate != OPEN)).sum() for side in (retail, ~retail)]
    assert row["win_rate"] == pytest.approx(rates[0])
    assert row["lift"] == pytest.approx(rates[0] / rates[1])
    assert row["low"] < row["win_rate"] < row["high"]
    assert row["lift_low"] < row["lift"] < row["lift_high"]


def test_where_there_is_nothing_to_find_nothing_is_found_more_often_than_chance_allows():
    rounds = 40
    ideals = [find_ideal_customers(indifferent(200, seed=seed)) for seed in range(rounds)]
    assert sum(bool(found(ideal)) for ideal in ideals) <= binom.ppf(0.995, rounds, 0.05)
    # The interval of the area leaves one half out on one side in one of forty.
    assert sum(ideal.model.is_told for ideal in ideals) <= binom.ppf(0.995, rounds, 0.025)
    silent = next(ideal for ideal in ideals if not ideal.model.is_told)
    assert "No effect" in silent.sentence


def test_the_open_are_never_counted_as_lost():
    without = find_ideal_customers(planted(open_share=0.0, days=False))
    journeys = planted(open_share=0.0, days=False)
    fates = ["won" if fate == WON else "lost" for fate in prospects_of(journeys).fate]
    table = journeys.touchpoints.objects["customer"]
    more = pd.concat([table, table.iloc[:200]]).reset_index(drop=True)
    with_open = find_ideal_customers(prospects_with(more, fates + ["open"] * 200))
    of = ["attribute", "value", "n_won", "n_lost", "win_rate", "lift", "p_adjusted", "verdict"]
    # Bands are cut by those who are compared, so that the open change nothing but their own counts.
    pd.testing.assert_frame_equal(without.frame[of], with_open.frame[of])
    assert with_open.frame["n_open"].fillna(0).sum() > 0
    assert (without.frame["n_open"] == 0).all()


def test_where_losses_are_not_told_the_won_stand_against_those_open_for_long_enough():
    random = np.random.default_rng(0)
    table = drawn(600, 0)
    won = random.random(600) < np.where(table["industry"] == "retail", 0.6, 0.2)
    journeys = prospects_with(
        table, np.where(won, "won", "open").tolist(), days=random.uniform(0, 300, 600).tolist(), took=10
    )
    ideal = find_ideal_customers(journeys)
    assert ideal.against == "open for 10 days"
    assert found(ideal) == {"industry"}
    young = prospects_of(journeys).started > prospects_of(journeys).settled.max() - 9 * 86_400_000_000
    assert not (young & prospects_of(journeys).against()[1]).any()


def test_what_is_filled_in_with_the_outcome_is_set_aside_and_can_be_asked_for():
    random = np.random.default_rng(0)
    table = drawn(400, 0)
    won = random.random(400) < 0.4
    table |= {
        "segment": np.where(won, random.choice(["a", "b"], 400), None),
        "deal stage": np.where(won, "closed", "gone"),
        "score": won * 5.0 + random.random(400),
        "record id": np.arange(400).astype(str),
    }
    journeys = prospects_with(table, np.where(won, "won", "lost").tolist())
    ideal = find_ideal_customers(journeys)
    reasons = ideal.set_aside.set_index("attribute")["reason"]
    assert "filled in with the outcome" in reasons["segment"]
    assert "speaks of the outcome" in reasons["deal stage"]
    assert "all by itself" in reasons["score"]
    assert set(reasons.index) == {"segment", "deal stage", "score", "record id"}
    assert not set(reasons.index) & set(ideal.frame["attribute"])
    assert found(find_ideal_customers(journeys, attributes=["score", "region"])) == {"score"}


def test_an_object_that_is_named_only_with_the_outcome_says_nothing():
    told_journeys = planted(300, open_share=0.0)
    frame = told_journeys.touchpoints.frame.copy()
    frame["deal"] = frame["customer"].where(frame["outcome"].notna())
    objects = told_journeys.touchpoints.objects | {
        "deal": pd.DataFrame(
            {"product": np.random.default_rng(0).choice(["x", "y"], 300)},
            index=told_journeys.touchpoints.objects["customer"].index,
        )
    }
    late = type(told_journeys.touchpoints)(frame=frame, objects=objects, quality=None).by("customer")
    ideal = find_ideal_customers(late)
    assert "product" in set(ideal.set_aside["attribute"])
    early = frame.assign(deal=frame["customer"])
    ideal = find_ideal_customers(type(late.touchpoints)(frame=early, objects=objects, quality=None).by("customer"))
    assert "product" in set(ideal.frame["attribute"])


def test_the_model_is_judged_on_customers_held_out_by_time_and_else_in_turn():
    by_time, in_turn = find_ideal_customers(planted(900)).model, find_ideal_customers(planted(days=False)).model
    assert by_time.held_out.startswith("the latest customers")
    assert in_turn.held_out.startswith("a fifth")
    for model in (by_time, in_turn):
        auc, low, high = model.auc
        assert 0.5 < low < auc < high
        scores = model.scores.set_index("model")
        assert scores["auc"].iloc[2] == pytest.approx(0.5)
        assert scores["brier"].iloc[0] < scores["brier"].iloc[2]
        assert scores["auc"].iloc[0] > scores["auc"].iloc[1] - 0.05
        assert model.calibration["n"].sum() == scores["n"].iloc[0]
        known = model.calibration.dropna()
        assert ((known["low"] <= known["observed"]) & (known["observed"] <= known["high"])).all()
        assert set(model.weights["attribute"].head(2)) <= {"industry", "employees"}
    assert in_turn.scores["n"].iloc[0] == (prospects_of(planted(days=False)).fate != OPEN).sum()


def test_area_and_brier_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    won = random.random(300) < 0.3
    scores = (random.random(300) + 0.3 * won).round(2)
    held = HeldOut(np.zeros(300, np.int64), won, np.arange(300))
    assert area(scores, held)[0] == pytest.approx(roc_auc_score(won, scores))
    assert brier(scores, held) == pytest.approx(brier_score_loss(won, np.clip(scores, 0, 1)), rel=0.2)
    assert brier(scores / 2, held) == pytest.approx(brier_score_loss(won, scores / 2))


def test_the_interval_of_the_area_covers_the_truth_and_widens_where_customers_share_a_company():
    random = np.random.default_rng(0)
    covered, width, clustered = 0, 0.0, 0.0
    for _ in range(200):
        won = random.random(120) < 0.4
        scores = random.normal(size=120) + won
        _, low, high = area(scores, HeldOut(np.zeros(120, np.int64), won, np.arange(120)))
        covered += low <= 0.7602 <= high  # the normal distribution of one over the square root of two
        width += high - low
        twice = HeldOut(np.zeros(240, np.int64), np.repeat(won, 2), np.repeat(np.arange(120), 2))
        _, low, high = area(np.repeat(scores, 2), twice)
        clustered += high - low
    assert 0.9 <= covered / 200 <= 0.99
    assert clustered == pytest.approx(width, rel=0.02)


def test_customers_of_one_company_count_as_alike():
    random = np.random.default_rng(4)
    fates, looks = random.random(40) < 0.5, random.choice(["x", "y"], 40)
    fates[:12], looks[:12] = True, "x"
    each = np.repeat(np.arange(40), 10)
    table = {"kind": looks[each]}
    names = np.where(fates[each], "won", "lost").tolist()
    alone = find_ideal_customers(prospects_with(table, names)).frame
    shared = find_ideal_customers(prospects_with(table, names, accounts=[f"a{place}" for place in each])).frame
    assert shared["p_adjusted"].min() > alone["p_adjusted"].min() * 100
    assert (shared["high"] - shared["low"] > 2 * (alone["high"] - alone["low"])).all()


def test_how_the_won_became_customers_is_described_beside_the_lost():
    ideal = find_ideal_customers(planted())
    won = ideal.journeys_of_won
    whole = won[won["group"] == "all"]
    first = whole[whole["kind"] == "first touch"]
    assert first["name"].tolist() == ["ad"]
    assert first["share"].item() == 1
    numbers = whole[whole["kind"] == "number"].set_index("name")["median"]
    assert numbers["days to close"] == pytest.approx(10)
    assert numbers["touchpoints"] == 2  # the sale itself is not seen
    assert numbers["people met"] == 1
    assert whole.loc[whole["kind"] == "team", "name"].tolist() == ["sales"]
    assert "industry: retail" in set(won["group"])
    by_region = find_ideal_customers(planted(), by=planted().attribute("region").set_axis(planted().log.journey_ids))
    assert set(by_region.journeys_of_won["group"]) == {"north", "south", "east"}


def test_small_cells_are_masked_and_numbers_are_banded():
    table = drawn(300, 0)
    table["industry"][:5] = "rare"
    random = np.random.default_rng(0)
    fates = np.where(random.random(300) < 0.5, "won", "lost")
    fates[:5] = ["won", "won", "lost", "lost", "lost"]
    frame = find_ideal_customers(prospects_with(table, fates.tolist())).frame.set_index(["attribute", "value"])
    rare = frame.loc[("industry", "rare")]
    assert rare[["n_won", "n_lost", "win_rate", "lift"]].isna().all()
    assert len(frame.loc["employees"]) == 4
    counts = frame[["n_won", "n_lost", "n_open"]].to_numpy(float)
    assert not ((counts > 0) & (counts < 5)).any()


def test_the_order_of_customers_and_the_time_of_day_do_not_matter():
    one, again = find_ideal_customers(planted(300)), find_ideal_customers(planted(300))
    pd.testing.assert_frame_equal(one.frame, again.frame)
    pd.testing.assert_frame_equal(one.model.scores, again.model.scores)
    base = planted(300).touchpoints
    mixed = type(base)(
        frame=base.frame.sample(frac=1, random_state=1).reset_index(drop=True),
        objects={"customer": base.objects["customer"].sample(frac=1, random_state=2)},
        quality=None,
    ).by("customer")
    pd.testing.assert_frame_equal(one.frame, find_ideal_customers(mixed).frame)


def test_a_period_can_be_asked_for():
    journeys = planted()
    some = find_ideal_customers(journeys, since="2024-03-01", until="2024-09-01")
    assert len(some.prospects) < len(prospects_of(journeys).ids)
    with pytest.raises(MiningError, match="Ask for a longer one"):
        find_ideal_customers(journeys, since="2030-01-01")


@pytest.mark.parametrize(
    "journeys",
    [
        told("Ann: ad > won"),
        prospects_with(drawn(50, 0), ["won"] * 50),
        prospects_with(drawn(50, 0), ["lost"] * 50),
        prospects_with(drawn(50, 0), ["open"] * 50),
        prospects_with(drawn(50, 0), ["won"] * 47 + ["lost"] * 3),
    ],
    ids=["one customer", "all won", "none won", "all open", "three lost"],
)
def test_too_few_to_compare_is_said(journeys):
    with pytest.raises(MiningError, match="tell nothing of who is won"):
        find_ideal_customers(journeys)


@pytest.mark.parametrize(
    "table",
    [
        {"constant": ["x"] * 100},
        {"constant": [1.0] * 100},
        {"missing": [None] * 100},
        {"missing": [np.nan] * 100},
        {"own": [f"v{place}" for place in range(100)]},
        {},
    ],
    ids=["one word", "one number", "no word", "no number", "a value each", "no attribute"],
)
def test_with_nothing_to_compare_the_answer_is_that_nothing_is_told(table):
    ideal = find_ideal_customers(prospects_with(table, ["won", "lost"] * 50))
    assert ideal.frame.empty
    assert set(ideal.set_aside["attribute"]) == set(table)
    assert not ideal.model.is_told
    assert "No effect" in ideal.sentence
    assert ideal.absent.empty
    assert "IdealCustomers" in repr(ideal)
    assert "No effect" in ideal._repr_html_()


def test_endless_values_and_hostile_words_are_borne():
    random = np.random.default_rng(0)
    n = 3_000
    table = {
        "town": [f"t{place}" for place in random.integers(0, 100_000, n)],
        "<script>": random.choice(["any other", "=1+1", "<b>x</b>", "שלום", "$x^$"], n),
        "wide": np.where(random.random(n) < 0.01, np.inf, random.normal(size=n) * 1e300),
        "flag": random.random(n) < 0.5,
    }
    ideal = find_ideal_customers(prospects_with(table, random.choice(["won", "lost"], n).tolist()))
    assert "value of its own" in ideal.set_aside.set_index("attribute")["reason"]["town"]
    assert not found(ideal)
    assert "<script>" not in ideal._repr_html_()
    ideal.plot()
    ideal.model.plot()


def test_an_unknown_attribute_is_refused_with_the_nearest():
    with pytest.raises(FieldError, match="Did you mean 'industry'"):
        find_ideal_customers(planted(100), attributes=["industri"])


def test_many_customers_with_a_hundred_thousand_values_are_borne():
    random = np.random.default_rng(0)
    n = 120_000
    table = {"town": [f"t{place}" for place in random.permutation(n) % 100_000], "kind": random.choice(["x", "y"], n)}
    journeys = prospects_with(table, random.choice(["won", "lost"], n).tolist())
    ideal = find_ideal_customers(journeys)
    assert set(ideal.set_aside["attribute"]) == {"town"}
    assert not found(ideal)


def test_a_table_of_customers_is_enough_where_no_journeys_are_known():
    random = np.random.default_rng(4)
    n = 600
    table = pd.DataFrame(
        {
            "kind": random.choice(["x", "y", "z"], n),
            "size": random.normal(size=n),
            "noise": random.choice(["p", "q"], n),
        },
        index=[f"row {place}" for place in range(n)],
    )
    chance = 1 / (1 + np.exp(-(2.0 * (table["kind"] == "x") - 1.0)))
    won = pd.Series(
        np.where(random.random(n) < 0.1, None, random.random(n) < chance), index=table.index, dtype="object"
    )
    ideal = find_ideal_customers(table, won=won)
    assert found(ideal) == {"kind"}
    assert ideal.journeys_of_won.empty
    assert "open" in ideal.sentence
    shuffled = find_ideal_customers(table, won=won.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(ideal.frame, shuffled.frame)
    scored = ideal.score(table[won.isna()])
    assert len(scored.frame) == won.isna().sum()
    best = scored.frame["customer"][: len(scored.frame) // 5]
    assert (table.loc[best, "kind"] == "x").all()
    for wrong, words in (
        (None, "needs won="),
        (won.head(10).reset_index(drop=True), "0 won customers"),
        (table["kind"], "yes and no"),
    ):
        with pytest.raises(MiningError, match=words):
            find_ideal_customers(table, won=wrong)


def test_each_group_has_its_own_ideal_or_a_reason():
    one, other = planted(300), indifferent(300, seed=9)
    frame = pd.concat(
        [one.touchpoints.frame, other.touchpoints.frame.assign(customer=lambda rows: "n" + rows["customer"])]
    )
    tables = pd.concat(
        [
            one.touchpoints.objects["customer"],
            other.touchpoints.objects["customer"].rename(index=lambda name: "n" + name),
        ]
    )
    journeys = Touchpoints(frame=frame.reset_index(drop=True), objects={"customer": tables}, quality=None).by(
        "customer"
    )  # type: ignore[arg-type]
    names = pd.Index(tables.index)
    group = pd.Series(np.where(names.str.startswith("n"), "none", "planted"), index=names)
    group.iloc[:3] = "few"
    each = find_ideal_each(journeys, group)
    assert set(each.parts) == {"planted", "none"}
    assert each["planted"].model.is_told
    assert not each["none"].model.is_told
    assert each.left_out["group"].tolist() == ["few"]
    assert "tell nothing" in each.left_out["reason"][0]
    assert each.frame.set_index("group").loc["none", "ideal"] == ""
    with pytest.raises(MiningError, match="planted"):
        each["planed"]
