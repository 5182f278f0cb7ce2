"""Law 2 once more: Spark gives the answers that the codes in memory give, from the same text as DuckDB."""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from mining import MiningError
from mining._engine import link_codes
from mining._engine.duck_sources import DuckSource
from mining._engine.duckdb import DuckLog
from mining._engine.spark import SparkLog, SparkSource
from mining.journeys.in_place import connect_log
from tests.engine.test_back_ends import cases, framed, gaps, hold_equal, logs, same, span


def in_spark(spark, frame):
    return spark.createDataFrame(pa.Table.from_pandas(frame, preserve_index=False))


@given(logs, cases, gaps)
@settings(max_examples=3, suppress_health_check=list(HealthCheck))
def test_codes_and_spark_give_equal_answers(spark, touchpoints, case, gap):
    frame = framed(touchpoints)
    log = SparkLog(SparkSource(in_spark(spark, frame)), case, span(gap))
    hold_equal(log, frame, case, span(gap))
    log.close()


@given(logs, gaps)
@settings(max_examples=2, suppress_health_check=list(HealthCheck))
def test_without_seq_spark_orders_ties_as_duckdb_does(spark, touchpoints, gap):
    frame = framed(touchpoints).drop(columns="seq")
    there = SparkLog(SparkSource(in_spark(spark, frame.iloc[::-1])), "account", span(gap))
    here = DuckLog(DuckSource(frame), "account", span(gap))
    same(there.steps(), here.steps())
    same(there.portraits(), here.portraits())
    there.close()
    here.close()


def test_a_spark_frame_is_renamed_at_the_door_and_its_session_left_open(spark):
    clock = [dt.datetime(2025, 3, 28, hour) for hour in (1, 2, 3)]  # noqa: DTZ001 - without a zone, on purpose
    rows = [("דנה", "ad", clock[0], 1), ("דנה", "won", clock[2], 2), (None, "ad", clock[1], 3)]
    frame = spark.createDataFrame(rows, "`Contact.Id` string, `what ``happened``` string, `at` timestamp_ntz, n int")
    columns = {"customer": "Contact.Id", "activity": "what `happened`", "timestamp": "at", "seq": "n"}
    journeys = connect_log(frame, columns=columns).by("customer")
    assert repr(journeys) == (
        "<JourneysInPlace by customer of a Spark DataFrame: 1 journeys, 2 touchpoints, 2 activities; "
        "1 rows are in none (1 without customer)>"
    )
    # The session is in a zone of its own; a time without a zone is UTC all the same.
    assert journeys.durations()["started"].tolist() == [pd.Timestamp("2025-03-28 01:00", tz="UTC")]
    assert journeys.variants()["variant"].tolist() == [("ad", "won")]
    journeys.close()
    assert spark.sql("SELECT 1").collect()
    assert spark.catalog.listTables() == []


@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_times_of_spark_are_read_whatever_their_kind(spark, kind):
    frame = spark.createDataFrame(
        [("Ann", "ad", "2025-03-28T00:00:00Z")], "customer string, activity string, at string"
    )
    frame = frame.withColumn("timestamp", frame["at"].cast("timestamp").cast(kind))
    with connect_log(frame).by("customer") as journeys:
        started = journeys.durations()["started"].iloc[0]
    assert started == pd.Timestamp("2025-03-28", tz="UTC")


def test_a_text_is_no_time_and_no_order(spark):
    frame = spark.createDataFrame([("Ann", "ad", "2025")], "customer string, activity string, timestamp string")
    with pytest.raises(MiningError, match="cast it to a timestamp"):
        connect_log(frame)
    timed = frame.withColumn("timestamp", frame["timestamp"].cast("timestamp"))
    with pytest.raises(MiningError, match="column of whole numbers"):
        connect_log(timed, columns={"seq": "activity"})


def test_compiled_as_users_have_it_and_in_partitions_spark_answers_the_same(spark):
    for name, value in {"factoryMode": "FALLBACK", "wholeStage": "true"}.items():
        spark.conf.set(f"spark.sql.codegen.{name}", value)
    rows = [{"customer": f"c{n % 40}", "activity": f"a{n % 7}", "minute": n} for n in range(900)]
    rest = {"lasts": 0, "channel": "web", "team": None, "actor": None, "actor_kind": None, "touchpoint_kind": None}
    frame = framed([row | rest for row in rows])
    log = SparkLog(SparkSource(in_spark(spark, frame).repartition(7)), "customer", span("60min"))
    hold_equal(log, frame, "customer", span("60min"))
    assert link_codes(frame, "customer").n_journeys == 40
    log.close()
    for name, value in {"factoryMode": "NO_CODEGEN", "wholeStage": "false"}.items():
        spark.conf.set(f"spark.sql.codegen.{name}", value)
