"""What observation cuts off is told with a probability, and the probabilities keep what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mining.journeys import read_xes
from mining.journeys.censoring import censoring
from mining.journeys.censoring_model import Silences, more_to_come
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical, told, told_touchpoints

START = pd.Timestamp("2025-01-01", tz="UTC")
LAST = {"ask": 0.05, "read": 0.15, "buy": 0.4, "leave": 0.8}  # how often each activity is the last
MEAN_DAYS = {"ask": 2.0, "read": 5.0, "buy": 10.0, "leave": 4.0}
LOGS = {"helpdesk": "helpdesk.xes.gz", "bpic2012": "BPI_Challenge_2012.xes.gz", "receipt_wabo": "receipt.xes.gz"}


def planted(n_customers=3_000, days=200, seed=3):
    """Journeys that end with a known probability after each touchpoint, and are silent for an exponential time else."""
    random = np.random.default_rng(seed)
    last, mean = np.array(list(LAST.values())), np.array(list(MEAN_DAYS.values()))
    customer, day = np.arange(n_customers), random.uniform(-60, days, n_customers)
    rows = []
    while len(customer):
        activity = random.integers(0, len(LAST), len(customer))
        rows.append(pd.DataFrame({"customer": customer, "activity": np.array(list(LAST))[activity], "day": day}))
        goes_on = random.random(len(customer)) >= last[activity]
        customer, day = customer[goes_on], (day + random.exponential(mean[activity]))[goes_on]
    return pd.concat(rows, ignore_index=True).assign(customer=lambda frame: frame["customer"].map("C{:05d}".format))


def touchpoints_of(frame):
    times = START + pd.to_timedelta(frame["day"], unit="D").dt.round("us")
    given = frame[[name for name in ("customer", "activity", "source", "outcome") if name in frame]]
    return Touchpoints(canonical(given.assign(timestamp=times).reset_index(drop=True)), {}, None)


def cut_off(frame, start, end):
    """Journeys as observed from one day until another, and of each whether there was more before and after."""
    seen = frame[(frame["day"] >= start) & (frame["day"] <= end)]
    span = frame.groupby("customer")["day"].agg(["min", "max"]).loc[sorted(seen["customer"].unique())]
    return touchpoints_of(seen), (span["min"] < start).to_numpy(), (span["max"] > end).to_numpy()


def brier(probability, truth):
    return float(((probability - truth) ** 2).mean())


def assert_calibrated(probability, truth):
    """Hold the shares in five bins of probability against what came true, within three standard errors."""
    for group in np.unique(bins := np.minimum(probability * 5, 4).astype(int)):
        here = bins == group
        noise = np.sqrt((probability * (1 - probability))[here].sum()) / here.sum()
        assert probability[here].mean() == pytest.approx(truth[here].mean(), abs=3 * noise + 0.02)


def test_planted_probabilities_are_calibrated_at_both_ends():
    touchpoints, began, runs = cut_off(planted(), 0, 200)
    found = censoring(touchpoints.by("customer"))
    for name, truth in (("began_before", began), ("still_running", runs)):
        probability = found[name].to_numpy()
        assert_calibrated(probability, truth)
        assert brier(probability, truth) < 0.75 * truth.mean() * (1 - truth.mean())
        assert probability.mean() == pytest.approx(truth.mean(), abs=0.02)


def test_what_the_planted_truth_would_say_is_found():
    touchpoints, _, _ = cut_off(planted(), 0, 200)
    journeys = touchpoints.by("customer")
    found = censoring(journeys)
    activity = pd.Series(journeys.log.decoded("activity", journeys.log.last), index=found.index)
    waits = (1 - activity.map(LAST)) * np.exp(-found["silent_days"] / activity.map(MEAN_DAYS))
    best = waits / (activity.map(LAST) + waits)
    assert (found["still_running"] - best).abs().mean() < 0.02


def test_nothing_is_running_long_after_everything_has_ended():
    frame = planted(500)
    late = pd.DataFrame({"customer": ["Zoe"], "activity": ["ask"], "day": [3_000.0]})
    found = censoring(touchpoints_of(pd.concat([frame, late])).by("customer")).drop(index="Zoe")
    assert not found["still_running"].any()
    assert not found["is_right_censored"].any()
    assert (found["silent_days"] > 2_000).all()
    assert (found["observed_until"] == START + pd.Timedelta("3000D")).all()


def test_the_order_of_rows_decides_nothing():
    frame = planted(300)
    frame["source"] = np.where(frame["activity"] == "ask", "calls", "shop")
    shuffled = frame.sample(frac=1, random_state=1)
    one, other = (censoring(touchpoints_of(rows).by("customer")) for rows in (frame, shuffled))
    pd.testing.assert_frame_equal(one, other)


def test_a_source_that_stops_or_begins_late_bounds_its_journeys_alone():
    frame = pd.concat([planted(400, 100).query("0 <= day <= 100")] * 2, ignore_index=True)
    frame["source"] = np.repeat(["calls", "shop"], len(frame) // 2)
    frame["customer"] = frame["source"].str[0] + frame["customer"]
    calls = frame["source"] == "calls"
    stopped = frame[~calls | frame["day"].between(30, 60)]
    found = censoring(touchpoints_of(stopped).by("customer"))
    of_calls = found.index.str.startswith("c")
    told_calls = START + pd.to_timedelta(stopped.loc[calls, "day"], unit="D").dt.round("us")
    assert (found["observed_until"][of_calls] == told_calls.max()).all()
    assert (found["observed_from"][of_calls] == told_calls.min()).all()
    assert (found["observed_until"][~of_calls] > START + pd.Timedelta("99D")).all()
    assert (found["observed_from"][~of_calls] < START + pd.Timedelta("1D")).all()
    assert found["is_right_censored"][of_calls].any()


def test_a_journey_of_two_sources_is_observed_while_both_are_and_at_its_own_touchpoints():
    frame = planted(400, 100).query("0 <= day <= 100").assign(source="shop")
    calls = frame[frame["day"].between(30, 60)].assign(source="calls")
    both = pd.DataFrame({"customer": "Zoe", "activity": "ask", "day": [40.0, 80.0], "source": ["calls", "shop"]})
    found = censoring(touchpoints_of(pd.concat([frame, calls, both])).by("customer")).loc["Zoe"]
    assert found["observed_until"] == START + pd.Timedelta("80D")
    assert START + pd.Timedelta("30D") <= found["observed_from"] < START + pd.Timedelta("31D")
    assert found["silent_days"] == 0


def test_the_few_touchpoints_of_a_small_source_do_not_end_observation():
    frame = planted(400, 100).query("0 <= day <= 100").assign(source="shop")
    call = pd.DataFrame({"customer": ["Zoe"], "activity": ["ask"], "day": [5.0], "source": ["calls"]})
    found = censoring(touchpoints_of(pd.concat([frame, call])).by("customer"))
    assert found["silent_days"]["Zoe"] > 90
    assert found["still_running"]["Zoe"] < 0.1


def test_the_last_final_outcome_is_told():
    found = censoring(told("Ann: ad > won > site", "Bob: ad > lost > won > site", "Eve: ad > site"))
    assert found["outcome"].tolist()[:2] == ["won", "won"]
    assert found["outcome"].isna().tolist() == [False, False, True]


def test_a_journey_with_a_final_outcome_is_not_censored_however_probable_it_is_that_it_goes_on():
    frame = planted(500)
    frame["outcome"] = np.where(np.arange(len(frame)) % 4 == 0, "lost", "connected")
    touchpoints, _, _ = cut_off(frame, 0, 100)
    found = censoring(touchpoints.by("customer"))
    final, probable = found["outcome"].eq("lost"), found["still_running"] >= 0.5
    assert (final & probable).any()
    assert (found["is_right_censored"] == (probable & ~final)).all()
    assert (found["is_left_censored"] == (found["began_before"] >= 0.5)).all()


def test_what_came_just_before_tells_whether_more_is_to_come():
    stories = [f"Won{n}: ad > won > site" for n in range(60)] + [f"More{n}: ad > site > call > ad" for n in range(60)]
    latest = ["Ann: ad > site", "Bob: ad > won > site"]
    hours = {story.split(":")[0]: hour for hour, story in enumerate(stories)} | {"Ann": 121.5, "Bob": 121}
    frame = told_touchpoints(*stories, *latest).frame
    frame["timestamp"] += pd.to_timedelta(frame["customer"].map(hours), unit="h")
    found = censoring(Touchpoints(frame, {}, None).by("customer"))["still_running"]
    assert found["Ann"] > 0.9
    assert found["Bob"] < 0.1


def test_parts_of_a_case_have_ended_where_another_follows_and_begun_where_another_precedes():
    touchpoints, _, _ = cut_off(planted(500), 0, 100)
    for manner in ({"gap": "10D"}, {"closed_by": "buy"}):
        journeys = touchpoints.by("customer", **manner)
        found = censoring(journeys)
        case = pd.Series(journeys.log.case, index=found.index)
        followed, preceded = case.eq(case.shift(-1)), case.eq(case.shift(1))
        assert not found["still_running"][followed].any()
        assert not found["began_before"][preceded].any()
        assert found["still_running"][~followed].max() > 0.5
        # Narrowing takes other parts away, not what is known of them.
        narrowed = censoring(journeys.keep(np.arange(len(journeys)) % 2 == 0))
        known = case.duplicated(keep="last")[narrowed.index]
        assert not narrowed["still_running"][known].any()
        assert not narrowed["began_before"][case.duplicated()[narrowed.index]].any()


def test_no_silence_outlasts_the_gap_that_cuts_journeys():
    touchpoints, _, _ = cut_off(planted(500), 0, 100)
    found = censoring(touchpoints.by("customer", gap="10D"))
    assert not found["still_running"][found["silent_days"] > 10].any()


def test_a_period_that_cuts_journeys_is_what_was_observed():
    frame = planted(300, 100).query("0 <= day <= 100")
    whole = touchpoints_of(frame).by("customer")
    start, end = START + pd.Timedelta("20D"), START + pd.Timedelta("50D")
    found = censoring(replace(whole, seen_from=start, seen_until=end))
    short = (whole.durations()["started"] >= start) & (whole.durations()["ended"] <= end)
    assert (found["observed_until"][short] == end).all()
    assert (found["observed_from"][short] == start).all()


def test_few_journeys_or_none_are_told_of_too():
    one = censoring(told("Ann: ad > site > ad"))
    assert one.index.tolist() == ["Ann"]
    assert one["silent_days"].tolist() == [0]
    assert one["still_running"].between(0.5, 1).all()
    single = censoring(told("Ann: ad", "Bob: ad"))  # nothing was ever seen to go on
    assert single[["began_before", "still_running"]].eq(0).all(axis=None)
    none = censoring(told("Ann: ad").keep([False]))
    assert none.empty
    assert none.dtypes.equals(one.dtypes)
    assert one.index.name == none.index.name == "journey_id"


def test_touchpoints_of_no_source_are_observed_like_all():
    touchpoints = told_touchpoints("Ann: ad > site", "Bob: ad > site > won")
    frame = touchpoints.frame.assign(source=pd.Series([None] * 5, dtype="str"))
    found = censoring(replace(touchpoints, frame=frame).by("customer"))
    assert (found["observed_until"] == touchpoints.observed_until).all()


def test_equal_silences_and_silences_of_nought_give_finite_probabilities():
    activity = np.array([0, 0, 1, 1])
    none = np.full(4, 2)
    for length in (np.zeros(4), np.ones(4)):
        closed, pending = Silences(activity, none, length), Silences(activity, none, np.array([0.0, 0.5, 1.0, 9.0]))
        found = more_to_come(closed, pending, np.zeros(4, bool), 2)
        assert np.isfinite(found).all()
        assert found[0] >= found[1]
        assert found[2:].tolist() == [0, 0]  # as long as the longest, or longer


@pytest.mark.parametrize("name", LOGS)
def test_real_logs_cut_at_seven_tenths_went_on_as_was_foretold(real_data, name):
    whole = read_xes(real_data(name) / LOGS[name]).touchpoints
    cut = whole.frame["timestamp"].sort_values().iloc[int(0.7 * len(whole))]
    seen = whole.frame["timestamp"] <= cut
    found = censoring(replace(whole, frame=whole.frame[seen].reset_index(drop=True)).by("record"))["still_running"]
    truth = found.index.isin(whole.frame.loc[~seen, "record"].unique())
    assert brier(found, truth) < truth.mean() * (1 - truth.mean())
    assert found.mean() == pytest.approx(truth.mean(), abs=0.02)


def test_the_loan_applications_without_a_decision_are_those_that_still_run(real_data):
    journeys = read_xes(real_data("bpic2012") / LOGS["bpic2012"])
    decided = np.zeros(len(journeys), bool)
    for activity in ("A_DECLINED", "A_CANCELLED", "A_ACTIVATED"):
        decided |= journeys.log.any_in_journey(journeys.log.holds("activity", activity))
    runs = (censoring(journeys)["still_running"] >= 0.5).to_numpy()
    assert (~decided).sum() == 399
    assert runs[~decided].all()
    assert runs[decided].sum() <= 3
