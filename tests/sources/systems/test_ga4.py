"""Google Analytics 4: daily tables of the BigQuery export, nested and laid out flat."""

import json

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened

START = pd.Timestamp("2024-01-01 10:00", tz="UTC")
VISITOR = "1234567890.1704103000"


def _param(key: str, value: str | int) -> dict[str, object]:
    kinds = dict.fromkeys(("string_value", "int_value", "float_value", "double_value"))
    return {"key": key, "value": {**kinds, "int_value" if isinstance(value, int) else "string_value": value}}


def _event(minutes: int, name: str, visitor: str = VISITOR, **told: object) -> dict[str, object]:
    params = {"ga_session_id": 1704103200, **{key: told.pop(key) for key in list(told) if key != "user_id"}}
    micros = int((START + pd.Timedelta(minutes=minutes)).value // 1000)
    return {
        "event_date": "20240101",
        "event_timestamp": micros,
        "event_name": name,
        "event_params": [_param(key, value) for key, value in params.items()],
        "event_bundle_sequence_id": 7,
        "user_id": told.get("user_id"),
        "user_pseudo_id": visitor,
        "platform": "WEB",
        "geo": {"country": "Israel"},
        "traffic_source": {"medium": "cpc", "source": "google"},
        "ecommerce": {"purchase_revenue": 99.5 if name == "purchase" else None},
    }


def _day() -> list[dict[str, object]]:
    page = "https://firm.example/pricing?email=c1@mail.example#top"
    return [
        _event(0, "session_start"),
        _event(0, "page_view", page_location=page),
        _event(1, "scroll"),
        _event(2, "form_submit"),
        _event(3, "login", user_id="u-77"),
        _event(4, "purchase", user_id="u-77", currency="ILS"),
        _event(5, "page_view", "222.1", page_location="/office", traffic_type="internal"),
        _event(6, "page_view", "333.1", page_location="/new", debug_mode=1),
        _event(7, "page_view", "444.1", page_location="https://firm.example/"),
        _event(8, "page_view", None, page_location="/"),  # type: ignore[arg-type]
        _event(9, "wheel_turned", "444.1"),
    ]


TOLD = ["Page viewed", "Form submitted", "Signed in", "Order placed", "Page viewed", "wheel_turned"]
ASIDE = {"housekeeping of the page": 2, "nobody it belongs to": 1, "own staff": 1, "test record": 1}


def _checked(touchpoints) -> pd.DataFrame:
    assert happened(touchpoints) == TOLD
    assert touchpoints.quality.balanced
    frame = touchpoints.frame.sort_values(["timestamp", "seq"], ignore_index=True)
    assert frame["timestamp"].tolist() == [START + pd.Timedelta(minutes=m) for m in (0, 2, 3, 4, 7, 9)]
    # Whoever signs in is the person of that browser's other rows.
    assert frame["customer"].tolist()[:4] == ["ga4:u-77"] * 4
    assert frame["customer"].nunique() == 2
    # Two visitors whose sessions began in the same second have two sessions.
    assert frame["session"].nunique() == 2
    assert frame["session"].tolist()[0] == "ga4:1704103200~1234567"
    assert frame["activity_raw"].tolist()[0] == "/pricing"
    assert frame["touchpoint_id"].is_unique
    assert "mail.example" not in frame.to_csv()
    assert VISITOR not in frame.to_csv()
    return frame.set_index("activity")


@pytest.mark.parametrize("form", ["ndjson", "parquet"])
def test_a_day_as_nested_records(tmp_path, form) -> None:
    path = tmp_path / "events_20240101"
    if form == "ndjson":
        path.with_suffix(".json").write_text("\n".join(map(json.dumps, _day())), "utf-8")
    else:
        pd.DataFrame(_day()).to_parquet(path.with_suffix(".parquet"))
    touchpoints = read_crm(tmp_path)
    frame = _checked(touchpoints)
    assert frame["source"].unique().tolist() == ["ga4"]
    assert {rule: n for (table, rule), n in asides(touchpoints).items() if table == "events_20240101"} == ASIDE
    assert frame.loc["Order placed", ["amount", "currency"]].tolist() == [99.5, "ILS"]
    assert frame["channel"].tolist() == ["web", "web_form", "web", "web", "web", "web"]
    assert touchpoints.objects["customer"].loc["ga4:u-77", "first_medium"] == "cpc"
    assert any("wheel_turned" in note for note in touchpoints.quality.notes)


def test_parameters_as_json_text_in_a_csv(tmp_path) -> None:
    rows = pd.DataFrame(_day()).drop(columns=["geo", "traffic_source", "ecommerce"])
    rows["event_params"] = [json.dumps(params) for params in rows["event_params"]]
    rows.to_csv(tmp_path / "bquxjob_1f2e.csv", index=False)
    touchpoints = read_crm(tmp_path)
    _checked(touchpoints)
    assert {rule: n for (_, rule), n in asides(touchpoints).items()} == ASIDE


def test_parameters_as_columns() -> None:
    rows = pd.DataFrame(_day())
    for key in ("page_location", "ga_session_id", "traffic_type", "debug_mode"):
        rows[key] = [
            next((p["value"]["string_value"] or p["value"]["int_value"] for p in params if p["key"] == key), "")
            for params in rows["event_params"]
        ]
    rows = rows.drop(columns=["event_params", "geo", "traffic_source", "ecommerce"]).astype("str").replace("None", "")
    _checked(read_crm({"events_20240101": rows}, "ga4"))


def test_an_unfinished_day_gives_way_to_the_day_itself(tmp_path) -> None:
    day = [_event(0, "page_view", page_location="/"), _event(1, "login", user_id="u-77")]
    late = [{**_event(24 * 60, "page_view", page_location="/next"), "event_date": "20240102"}]
    for name, rows in (
        ("events_20240101", day),
        ("events_intraday_20240101", day[:1]),
        ("events_intraday_20240102", late),
    ):
        (tmp_path / f"{name}.json").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == ["Page viewed", "Signed in", "Page viewed"]
    assert asides(touchpoints) == {("events_intraday_20240101", "told by the day's own table"): 1}


def test_the_same_row_twice_is_one_event() -> None:
    rows = pd.DataFrame([_event(0, "page_view"), _event(0, "page_view"), _event(0, "page_view", "222.1")])
    rows["event_params"] = rows["event_params"].map(json.dumps)
    rows = rows.drop(columns=["geo", "traffic_source", "ecommerce"])
    touchpoints = read_crm({"events_20240101": rows}, "ga4")
    assert touchpoints.frame["customer"].nunique() == len(touchpoints.frame) == 2
    assert asides(touchpoints) == {("events_20240101", "duplicate"): 1}
