"""Where spending pays: planted costs and sales, judged by hand on customers held out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mining import MiningError
from mining.personas import IdealCustomers, find_ideal_customers
from mining.personas.focus import _Customers, _groups, _mean
from mining.sources.touchpoints import Touchpoints
from tests.personas.ideal_planted import buyers, paths_of
from tests.personas.planted import journeys_of
from tests.telling import canonical


@pytest.fixture(scope="module")
def ideal() -> IdealCustomers:
    return find_ideal_customers(buyers(1500, seed=3, strength=1.3))


def test_leaving_out_those_below_the_break_even_saves_what_they_lost(ideal):
    focus = ideal.focus(50, sale=100)
    assert focus.break_even == 0.5
    held = ideal.model.foretold
    left = held[held["score"] < 0.5]
    row = focus.choices.set_index("choice").loc["left out"]
    assert row["n"] == len(left)
    assert row["n_won"] == left["won"].sum()
    assert row["net"] == pytest.approx((100 * left["won"].sum() - 50 * len(left)) / len(held))
    assert row["high"] < 0
    assert "to leave out the others saves" in focus.sentence
    whole = focus.choices.set_index("choice")["net"]
    assert whole["everybody"] == pytest.approx(whole["above the break-even"] + whole["left out"])


def test_where_everybody_is_worth_it_nobody_is_left_out(ideal):
    focus = ideal.focus(0.01, sale=100)
    assert focus.choices["n"].iloc[2] == 0
    assert "All customers held out have it" in focus.sentence
    assert focus.choices["low"].iloc[0] > 0


def test_where_nobody_is_worth_it_nobody_is_approached(ideal):
    focus = ideal.focus(500, sale=100)
    assert focus.choices["n"].iloc[1] == 0
    assert focus.choices["high"].iloc[0] < 0
    assert (focus.groups["verdict"] == "does not pay").any()
    assert not (focus.groups["verdict"] == "pays").any()


def test_tenths_reach_more_and_more_of_the_won(ideal):
    frame = ideal.focus(50, sale=100).frame
    assert frame["share"].is_monotonic_increasing
    assert frame["won_share"].iloc[-1] == 1
    assert (frame["won_share"].iloc[:-1] > frame["share"].iloc[:-1]).all()
    added = frame["n_won"].diff().dropna()
    assert (added >= 5).all()
    assert ((frame["net"] >= frame["low"]) & (frame["net"] <= frame["high"])).all()


def test_groups_with_a_rate_above_the_break_even_pay_and_others_do_not(ideal):
    groups = ideal.focus(50, sale=100).groups.set_index(["attribute", "value"])
    assert groups.loc[("industry", "retail"), "verdict"] == "pays"
    assert groups.loc[("industry", "bank"), "verdict"] in ("does not pay", "not told")
    row = groups.loc[("industry", "retail")]
    assert row["net"] == pytest.approx((100 * row["n_won"] - 50 * row["n"]) / row["n"])


def test_groups_that_bring_what_they_cost_are_seldom_called_anything():
    random, named = np.random.default_rng(1), 0
    for _ in range(100):
        won = random.random(400) < 0.5
        everyone = _Customers(won, np.full(400, 50.0), 100.0 * won, np.arange(400))
        marked = [((name, "yes"), random.random(400) < 0.4) for name in "abcdefgh"]
        named += (_groups(everyone, marked)["verdict"] != "not told").any()
    assert named <= 12  # 5 expected; 13 or more have a chance below one in two hundred


def test_without_a_telling_model_there_is_nobody_to_choose():
    ends = np.random.default_rng(5).choice(["won", "lost", ""], 200)
    journeys = journeys_of(paths_of(ends), attributes={"country": ["IL", "IR"] * 100})
    focus = find_ideal_customers(journeys).focus(10, sale=100)
    assert not focus.is_told
    assert "nobody to choose" in focus.sentence
    assert len(focus.frame) == 1


def test_groups_of_ones_own_and_costs_by_customer(ideal):
    ids = ideal.prospects.ids.astype(str)
    kind = pd.Series(np.where(np.arange(len(ids)) % 2, "odd", "even"), index=ids, name="kind")
    cost = pd.Series(np.where(np.arange(len(ids)) % 2, 1.0, 200.0), index=ids)
    groups = ideal.focus(cost, sale=100, by=kind).groups.set_index(["attribute", "value"])
    assert groups.loc[("kind", "odd"), "verdict"] == "pays"
    assert groups.loc[("kind", "even"), "verdict"] == "does not pay"


def test_few_are_not_told(ideal):
    ids = ideal.prospects.ids.astype(str)
    few = pd.Series("many", index=ids, name="kind")
    few.iloc[:3] = "three"
    groups = ideal.focus(50, sale=100, by=few).groups.set_index(["attribute", "value"])
    assert groups.loc[("kind", "three"), ["net", "low", "high"]].isna().all()
    assert groups.loc[("kind", "three"), "verdict"] == "not told"


@pytest.mark.parametrize(
    ("cost", "sale", "message"),
    [
        (50, None, "Sums of 0 sales"),
        (-1, 100, "no positive amount"),
        (0, 100, "no positive amount"),
        (float("nan"), 100, "no positive amount"),
        (50, 0, "A sale of 0"),
        (pd.Series({"c00000": 1.0}), 100, "Costs of"),
    ],
)
def test_what_cannot_be_weighed_is_refused(ideal, cost, sale, message):
    with pytest.raises(MiningError, match=message):
        ideal.focus(cost, sale=sale)


def test_groups_of_other_customers_are_refused(ideal):
    with pytest.raises(MiningError, match="none of these customers"):
        ideal.focus(50, sale=100, by=pd.Series({"nobody": "x"}))


def test_the_interval_of_a_mean_holds_it_in_nineteen_of_twenty_cases_with_companies_as_units():
    random = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        company = random.integers(0, 60, 300)
        values = random.normal(0, 1, 60)[company] + random.normal(0, 1, 300)
        _, low, high, _ = _mean(values, company)
        held += low <= 0 <= high
    assert 0.91 <= held / 400 <= 0.98


def _sold(**more: object) -> Touchpoints:
    n = 60
    ends = ["won" if at % 3 else "lost" for at in range(n)]
    rows = []
    for at, end in enumerate(ends):
        day = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=at)
        deal = {"customer": f"c{at:02d}", "deal": f"d{at:02d}"}
        rows.append({**deal, "activity": "open", "timestamp": day, "amount": 10.0 + at, "currency": "EUR"})
        rows.append({**deal, "activity": "raise", "timestamp": day + pd.Timedelta(days=1), "amount": 100.0 + at,
                     "currency": "USD" if at == 1 else "EUR"})  # fmt: skip
        rows.append({**deal, "activity": end, "timestamp": day + pd.Timedelta(days=2), "outcome": end})
        rows.append({**deal, "activity": "after", "timestamp": day + pd.Timedelta(days=3), "amount": 9999.0})
    frame = pd.DataFrame(rows)
    looks = pd.DataFrame({"size": [str(at % 2) for at in range(n)]}, index=pd.Index([f"c{at:02d}" for at in range(n)]))
    objects = {"customer": looks} | {name: table for name, table in more.items() if isinstance(table, pd.DataFrame)}
    return Touchpoints(frame=canonical(frame), objects=objects, quality=None)  # type: ignore[arg-type]


def test_a_sale_brings_the_latest_sum_of_its_deal_in_the_usual_currency():
    ideal = find_ideal_customers(_sold().by("customer"), attributes=["size"])
    sales = pd.Series(ideal.sales, index=ideal.prospects.ids.astype(str))
    assert np.isnan(sales["c00"])  # lost
    assert np.isnan(sales["c01"])  # in dollars
    assert sales["c02"] == 102
    assert ideal.focus(1).sale == pytest.approx(sales.mean())


def test_a_sale_without_a_sum_of_its_own_brings_what_its_deal_bears():
    deals = pd.DataFrame({"amount": ["50", "x", "70"]}, index=pd.Index(["d01", "d02", "d04"]))
    told = _sold(deal=deals)
    told.frame["amount"] = np.nan
    sales = find_ideal_customers(told.by("customer"), attributes=["size"]).sales
    assert sales[1] == 50
    assert sales[4] == 70
    assert np.isnan(sales[[0, 2, 3]]).all()


def test_an_open_prospect_is_weighed_against_its_cost(ideal):
    journeys = _sold().by("customer")
    found = find_ideal_customers(journeys, attributes=["size"])
    new = journeys_of([["ad", "site"]] * 3, attributes={"size": ["0", "1", None]})
    scored = found.score(new, cost=20).frame
    assert (scored["net_value"] == scored["expected_value"] - 20).all()
    with pytest.raises(MiningError, match="no sums of sales"):
        ideal.score(buyers(500), cost=20)


def test_it_shows_itself(ideal):
    focus = ideal.focus(50, sale=100)
    assert repr(focus).endswith("held-out customers above a chance of 0.500>")
    assert "Whom to approach" in focus._repr_html_()
    assert "<svg" in focus.plot()._repr_html_()
