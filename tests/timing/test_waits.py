from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mining._errors import FieldError, MiningError
from mining._statistics import median_interval
from mining.timing import measure_waits
from mining.timing.clustering import clustered_quantiles, clustered_share
from tests.telling import told
from tests.timing.planting import logged, sales, told_of


def test_waits_agree_with_the_measure_of_steps() -> None:
    journeys = logged(sales(200, np.random.default_rng(1)))
    ours = measure_waits(journeys).frame.set_index(["activity", "next_activity"]).sort_index()
    theirs = journeys.steps().set_index(["activity", "next_activity"]).sort_index()
    for column in ("n_steps", "n_journeys", "wait_mean_hours", "wait_median_hours", "wait_p90_hours"):
        np.testing.assert_allclose(ours[column], theirs[column])


def test_a_pair_of_its_own_passes_over_what_lies_between() -> None:
    journeys = told("a: Demo > Letter > Quote", "b: Demo > Quote", "c: Demo > Demo > Quote > Quote")
    frame = measure_waits(journeys, between=[("Demo", "Quote")]).frame.set_index(["activity", "next_activity"])
    row = frame.loc[("Demo", "Quote")]
    assert row["n_steps"] == 3
    assert not row["is_direct"]
    assert row["total_days"] == pytest.approx((2 + 1 + 1) / 24)


def test_an_unknown_activity_is_named() -> None:
    with pytest.raises(FieldError, match="Did you mean 'Quote'"):
        measure_waits(told("a: Demo > Quote"), between=[("Demo", "Quotes")])


def test_groups_are_measured_apart() -> None:
    journeys = told("a: x > y", "b: x > y", "c: x > y", attributes={"industry": ["toys", "toys", "cars"]})
    frame = measure_waits(journeys, by="industry").frame
    assert frame[["group", "n_journeys"]].to_numpy().tolist() == [["cars", 1], ["toys", 2]]
    by_customer = measure_waits(journeys, by=pd.Series(["p", "q"], index=["a", "c"])).frame
    assert by_customer[["group", "n_journeys"]].to_numpy().tolist() == [["p", 1], ["q", 1]]
    with pytest.raises(MiningError, match="cannot be grouped"):
        measure_waits(journeys, by=3)


def test_single_touchpoints_have_no_waits() -> None:
    waits = measure_waits(told("a: x", "b: y"))
    assert waits.frame.empty
    assert waits.loss.empty


def test_one_value_per_customer_gives_the_order_statistics_interval() -> None:
    values = np.random.default_rng(0).exponential(10, 400)
    found = clustered_quantiles(values, np.zeros(400, np.int64), np.arange(400), 1)
    median, low, high = median_interval(values)
    assert found.median[0] == pytest.approx(median)
    assert found.low[0] == pytest.approx(low, rel=0.05)
    assert found.high[0] == pytest.approx(high, rel=0.05)


def test_intervals_widen_when_customers_repeat_themselves() -> None:
    random = np.random.default_rng(0)
    own = random.exponential(10, 50)
    values, customer = np.repeat(own, 20), np.repeat(np.arange(50), 20)
    naive = clustered_quantiles(values, np.zeros(1000, np.int64), np.arange(1000), 1)
    fair = clustered_quantiles(values, np.zeros(1000, np.int64), customer, 1)
    assert fair.high[0] - fair.low[0] > 2 * (naive.high[0] - naive.low[0])
    share = clustered_share(values > 7, np.zeros(1000, np.int64), customer, 1)
    assert share[4][0] - share[3][0] > 0.2


def test_the_interval_of_the_median_covers_it_when_customers_repeat_themselves() -> None:
    covered = 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        own = np.repeat(random.normal(0, 1, 60), 8)
        values = np.exp(own + random.normal(0, 0.5, 480))
        found = clustered_quantiles(values, np.zeros(480, np.int64), np.repeat(np.arange(60), 8), 1)
        covered += int(found.low[0] <= 1.0 <= found.high[0])
    assert 0.92 <= covered / 300 <= 0.985


def test_a_planted_loss_after_waiting_is_found() -> None:
    journeys = logged(sales(400, np.random.default_rng(3), lost_short=0.2, lost_long=0.6))
    loss = measure_waits(journeys, between=[("Demo", "Quote")]).loss
    found = loss[loss["p_adjusted"] < 0.05]
    assert ("Demo", "Quote") in set(zip(found["activity"], found["next_activity"], strict=True))
    row = loss[(loss["activity"] == "Demo") & (loss["next_activity"] == "Quote")].iloc[0]
    assert row["difference"] == pytest.approx(0.4, abs=0.1)
    assert row["low"] < row["difference"] < row["high"]
    assert ("Form", "Demo") not in set(zip(found["activity"], found["next_activity"], strict=True))


def test_null_logs_give_at_most_the_nominal_share_of_findings() -> None:
    runs = 100
    flagged = sum(
        bool((measure_waits(logged(sales(150, np.random.default_rng(seed)))).loss["p_adjusted"] < 0.05).any())
        for seed in range(runs)
    )
    assert flagged <= 10  # the 97.5 % bound of 5 % in 100 runs


def test_many_journeys_of_one_customer_count_once() -> None:
    # One customer's slow and lost journeys would otherwise make a finding out of nothing.
    frames = [sales(40, np.random.default_rng(0))]
    for turn in range(30):
        hours = np.array([24.0 * 400 * (turn + 1)])
        who = np.array([999])
        for name, after, fields in (("Demo", 0, {}), ("Quote", 2000, {}), ("Lost", 2010, {"outcome": "lost"})):
            frames.append(told_of(who, name, hours + after, **fields))
    loss = measure_waits(logged(pd.concat(frames, ignore_index=True), gap="100D"), between=[("Demo", "Quote")]).loss
    row = loss[(loss["activity"] == "Demo") & (loss["next_activity"] == "Quote")].iloc[0]
    assert row["n"] == 41
    assert not row["p_adjusted"] < 0.05


def test_unfinished_journeys_are_not_lost() -> None:
    frame = sales(200, np.random.default_rng(5))
    late = frame["hours"].max() + 1
    who = np.arange(500, 560)
    running = [told_of(who, "Demo", np.full(60, late)), told_of(who, "Letter", np.full(60, late + 5))]
    loss = measure_waits(logged(pd.concat([frame, *running], ignore_index=True))).loss
    alone = measure_waits(logged(frame)).loss
    at = (loss["activity"] == "Demo") & (loss["next_activity"] == "Letter")
    assert loss.loc[at, "n"].tolist() == alone.loc[at, "n"].tolist()
