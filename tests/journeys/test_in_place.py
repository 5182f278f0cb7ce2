"""Touchpoints that stay where they are: any place, any names of columns, and every row accounted for."""

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from mining import MiningError, discover
from mining.journeys.in_place import connect_log
from tests.telling import told, told_touchpoints

STORIES = ("Ann: ad > site > won", "Bob: ad > site", "דנה: site > won")


@pytest.fixture
def frame():
    return told_touchpoints(*STORIES).frame


@pytest.fixture
def bare():
    """An export with names of its own and no more than is needed."""
    return pd.DataFrame(
        {
            "Contact.Id": [7, 7, 8, None, 9, 9],
            'what "happened"; DROP TABLE': ["ad", "won", "ad", "ad", None, "won"],
            "at": pd.to_datetime(["2025-01-01", "2025-01-03", "2025-01-01", "2025-01-01", "2025-01-02", None]),
        }
    )


COLUMNS = {"customer": "Contact.Id", "activity": 'what "happened"; DROP TABLE', "timestamp": "at"}


def paths(journeys):
    found = journeys.variants()
    return dict(zip(found["variant"], found["n_journeys"], strict=True))


EXPECTED = {("ad", "site"): 1, ("ad", "site", "won"): 1, ("site", "won"): 1}


def written(frame, folder, kind):
    if kind == "parquet":
        frame.to_parquet(folder / "log.parquet")
        return folder / "log.parquet", None
    if kind == "pattern":
        frame.iloc[:3].to_parquet(folder / "one.parquet")
        frame.iloc[3:].to_parquet(folder / "two.parquet")
        return f"{folder}/*.parquet", None
    if kind == "csv":
        frame.dropna(axis="columns", how="all").to_csv(folder / "log.csv", index=False)
        return folder / "log.csv", None
    with duckdb.connect(folder / "crm.duckdb") as database:
        database.from_df(frame).create("cases")  # a name that might be ours
    return folder / "crm.duckdb", "cases"


@pytest.mark.parametrize("kind", ["parquet", "pattern", "csv", "database"])
def test_a_log_is_asked_wherever_it_lies(frame, tmp_path, kind):
    place, table = written(frame, tmp_path, kind)
    with connect_log(place, table=table).by("customer") as journeys:
        assert paths(journeys) == EXPECTED
        assert len(journeys) == 3
        assert journeys.n_touchpoints == 7
        pd.testing.assert_frame_equal(journeys.portraits(), told(*STORIES).portraits(), check_index_type=False)


def test_relations_connections_and_streams_are_asked_and_stay_open(frame):
    with duckdb.connect() as database:
        database.from_df(frame).create("touchpoints")
        arrow = pa.Table.from_pandas(frame)
        for source in (database.table("touchpoints"), frame, arrow, arrow.to_reader()):
            touchpoints = connect_log(source)
            for gap in (None, "1D"):  # a stream passes once, and can be asked twice
                with touchpoints.by("customer", gap=gap) as journeys:
                    assert paths(journeys) == EXPECTED
            touchpoints.close()
        with connect_log(database, table="touchpoints").by("customer") as journeys:
            assert paths(journeys) == EXPECTED
        assert database.execute("SELECT count(*) FROM touchpoints").fetchone() == (7,)
        assert database.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (1,)


def test_another_database_is_read_through_the_one_that_attached_it(frame, tmp_path):
    place, _ = written(frame, tmp_path, "database")
    with duckdb.connect() as warehouse:
        warehouse.execute(f"ATTACH '{place}' AS crm (READ_ONLY)")
        won = warehouse.sql("SELECT * FROM crm.cases WHERE timestamp >= '2025-01-01'")
        with connect_log(won).by("customer") as journeys:
            assert paths(journeys) == EXPECTED


def test_names_are_renamed_at_the_door_and_no_row_is_lost(bare):
    touchpoints = connect_log(bare, columns=COLUMNS)
    assert touchpoints.cases == ["customer"]
    assert "customer (Contact.Id)" in repr(touchpoints)
    with touchpoints.by("customer") as journeys:
        assert journeys.aside == {"customer": 1, "timestamp": 1, "activity": 1}
        assert journeys.unlinked + journeys.n_touchpoints == len(bare)
        assert repr(journeys) == (
            "<JourneysInPlace by customer of DataFrame: 2 journeys, 3 touchpoints, 2 activities; 3 rows are in none "
            "(1 without customer, 1 without timestamp, 1 without activity)>"
        )


def test_an_end_before_the_start_and_a_missing_one_count_as_the_start(bare):
    bare = bare.dropna().assign(until=[pd.Timestamp("2024-01-01"), pd.NaT, pd.Timestamp("2025-01-02")])
    with connect_log(bare, columns=COLUMNS | {"end_timestamp": "until"}).by("customer") as journeys:
        assert journeys.durations()["duration_days"].tolist() == [2.0, 1.0]
        assert journeys.steps()["wait_median_hours"].tolist() == [48.0]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (connect_log, "no column 'activity'"),
        (lambda bare: connect_log(bare, columns={"actvity": "at"}), "Did you mean 'activity'"),
        (lambda bare: connect_log(bare, columns=COLUMNS | {"timestamp": "aat"}), "Did you mean 'at'"),
        (lambda bare: connect_log(bare, columns=COLUMNS | {"timestamp": "Contact.Id"}), "cast it to a timestamp"),
        (lambda bare: connect_log(bare, columns=COLUMNS | {"seq": "at"}), "column of whole numbers"),
        (lambda bare: connect_log(bare, columns=COLUMNS).by("deal"), "There is no column for the case 'deal'"),
        (lambda bare: connect_log(bare, columns=COLUMNS).by("custmer"), "Did you mean 'customer'"),
        (lambda bare: connect_log(bare, columns=COLUMNS).by("customer", gap="90"), "says no unit"),
        (lambda bare: connect_log(bare.iloc[3:], columns=COLUMNS).by("customer"), "1 without customer"),
        (lambda bare: connect_log(bare.iloc[:0], columns=COLUMNS).by("customer"), "there are no rows"),
        (lambda bare: connect_log(bare, columns=COLUMNS, memory_limit="lots"), "write '4GB'"),
        (lambda bare: connect_log(7), "is no log to connect to"),
        (lambda bare: connect_log("nowhere.parquet"), "There is no file"),
        (lambda bare: connect_log("log.xlsx"), "ends neither in .parquet nor in .csv"),
        (lambda bare: connect_log("nowhere.duckdb", table="log"), "There is no file"),
    ],
)
def test_what_cannot_be_asked_says_what_to_do(bare, ask, message):
    with pytest.raises(MiningError, match=message):
        ask(bare)


def test_a_table_that_is_not_there_is_told_with_the_nearest(frame, tmp_path):
    place, _ = written(frame, tmp_path, "database")
    with pytest.raises(MiningError, match="Did you mean 'cases'"):
        connect_log(place, table="case")
    (tmp_path / "text.duckdb").write_text("no database")
    with pytest.raises(MiningError, match="no DuckDB database"):
        connect_log(tmp_path / "text.duckdb", table="cases")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(MiningError, match="cannot be read"):
        connect_log(tmp_path / "text.parquet")


def test_discovery_works_from_the_answers_as_it_does_in_memory():
    stories = [*STORIES, "Eve: ad > site > won", "Fay: ad > call"]
    inside = told(*stories)
    with connect_log(told_touchpoints(*stories).frame).by("customer") as journeys:
        lanes = {"ad": "Marketing", "call": "Sales", "site": "Marketing"}
        there, here = discover(journeys, lanes=lanes), discover(inside, lanes=lanes)
        pd.testing.assert_frame_equal(there.flow.frame, here.flow.frame)
        pd.testing.assert_frame_equal(there.flow.nodes, here.flow.nodes)
        pd.testing.assert_frame_equal(there.variants.frame, here.variants.frame)
        assert there.flow.lanes.order == ("Marketing", "Sales")
        assert there.model.text == here.model.text
        assert there.sentences == here.sentences
        assert there.flow.plot()
        with pytest.raises(MiningError, match="sample in memory"):
            _ = there.quality
        with pytest.raises(MiningError, match="give a mapping"):
            discover(journeys, lanes="stage")
        with pytest.raises(MiningError, match="no activity 'cal'"):
            discover(journeys, lanes={"cal": "Sales"})
        assert discover(journeys).flow.lanes.order == ()
