"""Law 2: whatever holds the log, the answers are the same. Spark is asked the same in `test_spark`."""

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings

from mining import MiningError
from mining._engine import ends, follows, link_codes, portraits, steps, variants
from mining._engine.duck_sources import DuckSource
from mining._engine.duckdb import DuckLog
from mining._fields import CASES
from mining.journeys import Journeys
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical

# Beyond the Basic Multilingual Plane, the order of code points is not that of UTF-16, which Java has inside.
WORDS = ["ad", "Ad", "site", "קנייה", "שיחה", "é", "\uff5e", "\U0001f600", ""]
touchpoint = st.fixed_dictionaries(
    {
        "customer": st.sampled_from(["Ann", "Bob", "דנה", "\U0001f600", "\uff5e", None]),
        "activity": st.sampled_from(WORDS),
        "minute": st.integers(0, 400) | st.integers(86_400 - 3, 86_400 + 3),
        "lasts": st.integers(-20, 30) | st.none(),
        "channel": st.sampled_from(["web", "phone", None]),
        "team": st.sampled_from(["Front", "חיוב", None]),
        "department": st.sampled_from(["sales", "service", None]),
        "actor": st.sampled_from(["agent-01", "agent-02", None]),
        "actor_kind": st.sampled_from(["customer", "employee", None]),
        "touchpoint_kind": st.sampled_from(["interaction", "state", None]),
        "outcome": st.sampled_from(["won", "lost", "solved", "disqualified", "connected", None]),
        "account": st.sampled_from(["Acme", "Beta", None]),
    }
)
logs = st.lists(touchpoint, min_size=1, max_size=30)
cases = st.sampled_from(["customer", "account"])
gaps = st.sampled_from([None, "60min", "1us"])
REST = {"lasts": 0, "channel": None, "team": None, "actor": None, "actor_kind": "customer", "touchpoint_kind": "state"}


def framed(touchpoints):
    frame = pd.DataFrame(touchpoints)
    start = pd.Timestamp("2025-03-01", tz="UTC")
    frame["timestamp"] = start + pd.to_timedelta(frame["minute"], unit="min")
    frame["end_timestamp"] = frame["timestamp"] + pd.to_timedelta(frame["lasts"].astype(float), unit="min")
    return canonical(frame)


def same(found, expected):
    # In memory, a table without rows does not know that it would hold text.
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, check_dtype=len(expected) > 0, check_index_type=False)


def hold_equal(log, frame, case, gap):
    """Ask everything of a log in place, and hold the answers against those in memory: values, order and types."""
    codes = link_codes(frame, case, gap)
    same(log.follows(), follows(codes))
    same(log.steps(), steps(codes))
    same(log.ends(), ends(codes))
    same(log.variants(), variants(codes)[0])
    told = portraits(codes)
    same(log.portraits(), told)
    same(log.durations(), told[["started", "ended", "duration_days"]])
    assert log.open_ends().to_dict() == open_ends(codes, frame)
    assert log.size == (codes.n_touchpoints, codes.n_journeys)
    assert log.aside["n_rows"] - log.aside["no_case"] == codes.n_touchpoints


def open_ends(codes, frame):
    """What `Journeys.unfinished` marks, by last activity."""
    quality = None
    journeys = Journeys(codes, Touchpoints(frame, {}, quality), "customer")
    last = codes.spelled("activity", codes.last[journeys.unfinished("60D")])
    return pd.Series(last, dtype="str").value_counts().to_dict()


def span(gap):
    return pd.Timedelta(gap) if gap else None


@given(logs, cases, gaps)
@settings(max_examples=30)
def test_codes_and_duckdb_give_equal_answers(touchpoints, case, gap):
    frame = framed(touchpoints)
    log = DuckLog(DuckSource(frame), case, span(gap))
    hold_equal(log, frame, case, span(gap))
    log.close()


@given(logs, cases, gaps)
@settings(max_examples=12)
def test_quantiles_by_rank_are_those_of_the_engine(touchpoints, case, gap):
    log = DuckLog(DuckSource(framed(touchpoints)), case, span(gap))
    by_quantile = log.steps()
    log.steps_question = log.ranked_steps_question
    same(log.steps(), by_quantile)
    log.close()


@given(logs, st.integers(0, 2**32 - 1), cases, gaps)
@settings(max_examples=12)
def test_without_seq_the_order_of_rows_decides_nothing(touchpoints, seed, case, gap):
    frame = framed(touchpoints).drop(columns="seq")
    one = DuckLog(DuckSource(frame), case, span(gap))
    other = DuckLog(DuckSource(frame.sample(frac=1, random_state=seed)), case, span(gap))
    for question in ("steps", "ends", "variants", "durations", "portraits"):
        pd.testing.assert_frame_equal(getattr(one, question)(), getattr(other, question)())
    one.close()
    other.close()


def test_long_waits_are_summed_exactly():
    frame = pd.DataFrame({"customer": "Ann", "activity": ["a", "b"] * 300})
    frame["timestamp"] = pd.date_range("1700-01-01", periods=600, freq="170D", unit="us")
    log = DuckLog(DuckSource(canonical(frame)), "customer")
    same(log.steps(), steps(link_codes(canonical(frame), "customer")))
    log.close()


def test_the_sql_knows_every_case_notion():
    row = {"customer": "c", "activity": "ad", "minute": 0} | REST
    for case in CASES:
        frame = framed([row]).assign(**{case: pd.Series(["x"], dtype="str")})
        log = DuckLog(DuckSource(frame), case)
        assert log.portraits().index.tolist() == ["x"]
        log.close()


def test_what_does_not_fit_under_the_limit_says_what_to_do():
    rows = 60_000
    frame = canonical(
        pd.DataFrame({"customer": "Ann", "activity": "ad", "timestamp": pd.date_range("2025", periods=rows, freq="s")})
    )
    with pytest.raises(MiningError, match="raise memory_limit"):
        DuckLog(DuckSource(frame, memory_limit="1MB"), "customer").steps()
