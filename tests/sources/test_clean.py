"""A clean log is opened without a frame, and says the same as one that is read with care."""

import gzip

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest
from hypothesis import given, settings

import mining
from mining import MiningError
from mining._engine import ends, link_codes, portraits, steps, variants
from mining.sources.touchpoints import check

ROWS = """record,customer,activity,timestamp,channel,team,amount
j2,NA,site,2025-01-01 10:00:00,web,,1.5
j1,007,call,2025-01-02 09:00:00,phone,Front,
j1,007,ad,2025-01-01 09:30:00,ads,,
j2,NA,won,2025-01-03 10:00:00,,Billing,20
"""
touchpoint = st.fixed_dictionaries(
    {
        "customer": st.sampled_from(["Ann", "Bob", "دانا", None]),
        "activity": st.sampled_from(["ad", "site", "call", "קנייה"]),
        "timestamp": st.integers(0, 40).map(lambda minute: pd.Timestamp("2025-03-01") + pd.Timedelta(minutes=minute)),
        "channel": st.sampled_from(["web", "phone", None]),
        "team": st.sampled_from(["Front", "Billing", None]),
    }
)


def written(folder, text, name="log.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_journeys_of_a_clean_file_are_linked_without_a_frame(tmp_path):
    touchpoints = mining.open_log(written(tmp_path, ROWS))
    journeys = touchpoints.by("record")
    assert "frame" not in vars(touchpoints)
    assert journeys.log.journey_ids.tolist() == ["j1", "j2"]
    assert journeys.variants()[0]["variant"].tolist() == [("ad", "call"), ("site", "won")]
    assert journeys.portraits()["customer"].tolist() == ["007", "NA"]
    assert journeys.observed_until == pd.Timestamp("2025-01-03 10:00", tz="UTC")


def test_the_frame_is_canonical_when_it_is_asked_for(tmp_path):
    touchpoints = mining.open_log(written(tmp_path, ROWS))
    frame = check(touchpoints.frame)
    assert frame["customer"].tolist() == ["NA", "007", "007", "NA"]
    assert frame["amount"].tolist()[::3] == [1.5, 20.0]
    assert touchpoints.by("record").frame["activity"].tolist() == ["ad", "call", "site", "won"]
    assert mining.discover(touchpoints.by("record")).n_journeys == 2


@given(st.lists(touchpoint, min_size=1, max_size=30), st.sampled_from([None, "5min"]), st.randoms())
@settings(max_examples=40)
def test_a_clean_log_answers_like_a_frame_whatever_the_order_of_its_rows(tmp_path_factory, rows, gap, random):
    if all(row["customer"] is None for row in rows):
        rows[0]["customer"] = "Ann"
    path = tmp_path_factory.mktemp("clean") / "log.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    journeys = mining.open_log(path).by("customer", gap=gap)
    random.shuffle(rows)
    pd.DataFrame(rows).to_csv(path, index=False)
    shuffled = mining.open_log(path).by("customer", gap=gap)
    # What a frame's `seq` must say for the rule of ties: by activity, then by the other fields.
    order = ["timestamp", "activity", "channel", "team", "customer"]
    frame = pd.DataFrame(rows).sort_values(order, ignore_index=True, na_position="first")
    plain = mining.open_log(path).frame.iloc[:0].reindex(range(len(frame)))
    for field in ("customer", "activity", "channel", "team"):
        plain[field] = frame[field].astype("str")
    plain["timestamp"] = frame["timestamp"].dt.tz_localize("UTC")
    plain["touchpoint_kind"] = "interaction"
    plain["seq"] = np.arange(len(frame))
    expected = link_codes(plain, "customer", pd.Timedelta(gap) if gap else None)
    for measure in (steps, ends, portraits, lambda log: variants(log)[0]):
        pd.testing.assert_frame_equal(measure(journeys.log), measure(expected))
        pd.testing.assert_frame_equal(measure(journeys.log), measure(shuffled.log))


def test_ties_are_ordered_alike_in_memory_and_in_place(tmp_path):
    rows = "customer,activity,timestamp,end_timestamp,channel\n"
    for end, channel in (("12:00", "phone"), ("10:30", "web"), ("11:00", "chat"), ("", "email")):
        stop = f"2025-01-01 {end}:00" if end else ""
        rows += f"Ann,call,2025-01-01 10:00:00,{stop},{channel}\n"
    path = written(tmp_path, rows + "Ann,won,2025-01-01 13:00:00,,\n")
    journeys = mining.open_log(path).by("customer")
    with mining.connect_log(path).by("customer") as there:
        pd.testing.assert_frame_equal(there.steps(), journeys.steps(), check_dtype=False)
        pd.testing.assert_frame_equal(there.portraits(), journeys.portraits(), check_dtype=False)
    assert journeys.frame["channel"].tolist()[:4] == ["email", "web", "chat", "phone"]


def test_rows_without_activity_or_time_are_set_aside_and_counted(tmp_path):
    rows = "customer,activity,timestamp\nAnn,ad,2025-01-01\nAnn,,2025-01-02\nAnn,site,\nAnn,,\n,call,2025-01-04\n"
    touchpoints = mining.open_log(written(tmp_path, rows))
    told = touchpoints.quality.frame.set_index("rule")["rows_aside"].to_dict()
    assert told == {"no_activity": 2, "no_timestamp": 1}
    assert touchpoints.quality.balanced
    assert touchpoints.by("customer").unlinked == 1


@pytest.mark.parametrize("form", ["csv.gz", "parquet", "feather"])
def test_the_form_of_the_file_changes_nothing(tmp_path, form):
    plain = mining.open_log(written(tmp_path, ROWS))
    path = tmp_path / f"other.{form}"
    frame = pd.read_csv(tmp_path / "log.csv", dtype={"customer": str}, keep_default_na=False, na_values={"team": [""]})
    frame["timestamp"] = pd.to_datetime(frame["timestamp"])
    frame["amount"] = pd.to_numeric(frame["amount"])
    frame["channel"] = frame["channel"].where(frame["channel"] != "")
    if form == "csv.gz":
        path.write_bytes(gzip.compress((tmp_path / "log.csv").read_bytes()))
    elif form == "parquet":
        frame.to_parquet(path)
    else:
        pa.feather.write_feather(pa.Table.from_pandas(frame), str(path))
    other = mining.open_log(path)
    pd.testing.assert_frame_equal(other.by("record").portraits(), plain.by("record").portraits())
    pd.testing.assert_frame_equal(other.by("record").steps(), plain.by("record").steps())


def test_offsets_are_taken_into_account(tmp_path):
    rows = "customer,activity,timestamp\nAnn,ad,2025-01-01T10:00:00+02:00\nAnn,site,2025-01-01T09:00:00Z\n"
    steps_taken = mining.open_log(written(tmp_path, rows)).by("customer").steps()
    assert steps_taken[["activity", "wait_mean_hours"]].to_numpy().tolist() == [["ad", 1.0]]


def test_columns_of_other_names_are_renamed_at_the_door(tmp_path):
    rows = ROWS.replace("record", "case_id").replace("activity", "what")
    path = written(tmp_path, rows)
    journeys = mining.open_log(path, columns={"record": "case_id", "activity": "what"}).by("record")
    assert len(journeys) == 2
    with pytest.raises(MiningError, match="no column 'activity' to read activity"):
        mining.open_log(path)
    with pytest.raises(MiningError, match=r"no field 'recrod'\. Did you mean 'record'"):
        mining.open_log(path, columns={"recrod": "case_id"})


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("", "log.csv", "it is empty"),
        ("customer,activity,timestamp\n", "log.csv", "no row has an activity and a time"),
        ("customer,activity,timestamp\nAnn,ad,01/02/2025\n", "log.csv", "`mining.read_crm` reads what is not clean"),
        ("customer,activity,timestamp\nAnn,ad,2025-01-01\nBob,ad\n", "log.csv", "Expected 3 columns, got 2"),
        ("customer;activity;timestamp\nAnn;ad;2025-01-01\n", "log.csv", "no column 'activity'"),
        ("not parquet", "log.parquet", "`mining.read_crm` reads"),
        ("{}", "log.json", "a clean log is .csv, .parquet"),
    ],
)
def test_what_is_not_clean_is_refused_with_the_way_out(tmp_path, text, name, said):
    with pytest.raises(MiningError, match=said):
        mining.open_log(written(tmp_path, text, name))


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes("customer,activity,timestamp\nAnn,קנייה,2025-01-01\n".encode("cp1255"))
    with pytest.raises(MiningError, match="invalid UTF8"):
        mining.open_log(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MiningError, match="There is no file"):
        mining.open_log(tmp_path / "gone.csv")


def test_a_case_that_nobody_names_is_refused(tmp_path):
    touchpoints = mining.open_log(written(tmp_path, ROWS))
    with pytest.raises(MiningError, match="They do name: customer, record"):
        touchpoints.by("deal")
    with pytest.raises(MiningError, match="Did you mean 'record'"):
        touchpoints.by("recrod")
