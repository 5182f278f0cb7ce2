"""Law 2: whatever holds the log, the three measures are the same."""

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings

from mining import MiningError
from mining._engine import link_codes, portraits, steps, variants
from mining._engine.duckdb import DuckLog
from mining._fields import CASES
from tests.telling import canonical

touchpoint = st.fixed_dictionaries(
    {
        "customer": st.sampled_from(["Ann", "Bob", "Cy", None]),
        "activity": st.sampled_from(["ad", "site", "call", "קנייה"]),
        "minute": st.integers(0, 400),
        "lasts": st.integers(0, 30),
        "channel": st.sampled_from(["web", "phone", None]),
        "team": st.sampled_from(["Front", "Billing", None]),
        "actor": st.sampled_from(["agent-01", "agent-02", None]),
        "actor_kind": st.sampled_from(["customer", "employee"]),
        "touchpoint_kind": st.sampled_from(["interaction", "state"]),
    }
)


def framed(touchpoints):
    frame = pd.DataFrame(touchpoints)
    start = pd.Timestamp("2025-03-01", tz="UTC")
    frame["timestamp"] = start + pd.to_timedelta(frame["minute"], unit="min")
    frame["end_timestamp"] = frame["timestamp"] + pd.to_timedelta(frame["lasts"], unit="min")
    return canonical(frame)


@given(st.lists(touchpoint, min_size=1, max_size=25), st.sampled_from([None, "60min"]))
@settings(max_examples=40, deadline=None)
def test_codes_and_duckdb_give_equal_answers(touchpoints, gap):
    frame = framed(touchpoints)
    span = pd.Timedelta(gap) if gap else None
    log = link_codes(frame, "customer", span)
    with DuckLog(frame, "customer", span) as duck:
        pd.testing.assert_frame_equal(duck.steps(), steps(log), check_dtype=False, rtol=1e-12)
        pd.testing.assert_frame_equal(duck.variants(), variants(log)[0], check_dtype=False)
        found = duck.portraits()
        pd.testing.assert_frame_equal(found, portraits(log)[found.columns], check_dtype=False, check_index_type=False)


def test_a_parquet_file_is_measured_where_it_lies(tmp_path):
    frame = framed(
        [{"customer": "Ann", "activity": name, "minute": at} | REST for at, name in enumerate(["ad", "site"])]
    )
    frame.to_parquet(tmp_path / "log.parquet")
    with DuckLog(tmp_path / "log.parquet", "customer") as duck:
        assert duck.variants()["variant"].tolist() == [("ad", "site")]


def test_a_case_notion_that_does_not_exist_is_refused():
    with pytest.raises(MiningError, match="Did you mean 'customer'"):
        DuckLog(framed([{"customer": "Ann", "activity": "ad", "minute": 0} | REST]), "custmer")


REST = {"lasts": 0, "channel": None, "team": None, "actor": None, "actor_kind": "customer", "touchpoint_kind": "state"}


def test_the_sql_knows_every_case_notion():
    row = {"customer": "c", "activity": "ad", "minute": 0} | REST
    for case in CASES:
        frame = framed([row]).assign(**{case: pd.Series(["x"], dtype="str")})
        with DuckLog(frame, case) as duck:
            assert duck.portraits().index.tolist() == ["x"]
