"""Snowplow: the table of atomic events."""

import json

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Safari/605.1"


def _events() -> pd.DataFrame:
    rows = [
        ("page_view", "page_view", "v1", "", MAC, ""),
        ("page_ping", "page_ping", "v1", "", MAC, ""),
        ("unstruct", "submit_form", "v1", "", MAC, ""),
        ("struct", "event", "v1", "u-77", MAC, ""),
        ("unstruct", "loyalty_joined", "v1", "u-77", MAC, ""),
        ("page_view", "page_view", "v2", "", "Mozilla/5.0 (compatible; Googlebot/2.1)", ""),
        ("page_view", "page_view", "v3", "", MAC, json.dumps([{"spiderOrRobot": True, "category": "SPIDER"}])),
        ("page_view", "page_view", "v4", "", "Mozilla/5.0 (Linux; Android 9; CUBOT NOTE)", ""),
        ("page_view", "page_view", "", "", MAC, ""),
    ]
    return pd.DataFrame(
        {
            "app_id": "site",
            "platform": "web",
            "collector_tstamp": [f"2024-01-0{place + 1} 10:00:05.000" for place in range(len(rows))],
            "derived_tstamp": [f"2024-01-0{place + 1} 10:00:00.123" for place in range(len(rows))],
            "event": [row[0] for row in rows],
            "event_id": [f"e{place}" for place in range(len(rows))],
            "event_name": [row[1] for row in rows],
            "se_category": ["", "", "", "cart", *[""] * 5],
            "se_action": ["", "", "", "filled", *[""] * 5],
            "user_id": [row[3] for row in rows],
            "domain_userid": [f"{row[2]}-0000-4000-8000-000000000001" if row[2] else "" for row in rows],
            "domain_sessionid": [f"s-{row[2]}" if row[2] else "" for row in rows],
            "page_url": "https://firm.example/pricing?email=c1@mail.example",
            "page_urlpath": "/pricing",
            "useragent": [row[4] for row in rows],
            "contexts_com_iab_snowplow_spiders_and_robots_1": [row[5] for row in rows],
        }
    )


TOLD = ["Page viewed", "Form submitted", "cart: filled", "loyalty_joined", *["Page viewed"] * 3]


def _checked(touchpoints) -> pd.DataFrame:
    assert happened(touchpoints) == TOLD
    frame = touchpoints.frame.sort_values(["timestamp", "seq"], ignore_index=True)
    assert frame["source"].unique().tolist() == ["snowplow"]
    assert frame["customer"].tolist()[:4] == ["snowplow:u-77"] * 4
    assert frame["activity_raw"].tolist()[0] == "/pricing"
    assert frame["actor_kind"].tolist() == ["customer"] * 4 + ["bot", "bot", "customer"]
    assert frame["is_low_trust"].tolist() == frame["is_automated"].tolist() == [False] * 4 + [True, True, False]
    assert frame["channel"].tolist() == ["web", "web_form", *["web"] * 5]
    assert frame["session"].tolist()[0] == "snowplow:s-v1"
    assert (frame["recorded_at"] - frame["timestamp"]).max() == pd.Timedelta("4.877s")
    assert "mail.example" not in frame.to_csv()
    assert "v1-0000-4000" not in frame.to_csv()
    return frame


@pytest.mark.parametrize("form", ["csv", "tsv", "parquet", "upper"])
def test_events_are_known_by_their_headers(tmp_path, form) -> None:
    rows = _events()
    if form == "upper":
        rows.columns = rows.columns.str.upper()
    if form == "parquet":
        rows.to_parquet(tmp_path / "warehouse-1.parquet")
    else:
        rows.to_csv(
            tmp_path / f"warehouse-1.{'tsv' if form == 'tsv' else 'csv'}",
            index=False,
            sep="\t" if form == "tsv" else ",",
        )
    touchpoints = read_crm(tmp_path)
    _checked(touchpoints)
    assert asides(touchpoints) == {
        ("warehouse-1", "housekeeping of the page"): 1,
        ("warehouse-1", "nobody it belongs to"): 1,
    }


def test_robots_in_a_list_and_in_a_table_of_their_own(tmp_path) -> None:
    context = "contexts_com_iab_snowplow_spiders_and_robots_1"
    robots = [json.loads(cell) if cell else [] for cell in _events()[context]]
    listed = _events().assign(**{context: [[{"spider_or_robot": r["spiderOrRobot"]} for r in row] for row in robots]})
    listed.to_parquet(tmp_path / "events.parquet")
    _checked(read_crm(tmp_path, "snowplow"))
    apart = pd.DataFrame({"root_id": ["e6", "e7"], "spider_or_robot": ["t", "f"]})
    tables = {"events": _events().drop(columns=context), "com_iab_snowplow_spiders_and_robots_1": apart}
    _checked(read_crm(tables, "snowplow"))


def test_by_default_no_cookie_is_shown(monkeypatch) -> None:
    monkeypatch.setenv("MINING_KEY", "0123456789abcdef" * 4)
    frame = read_crm({"events": _events()}, "snowplow", identifiers="pseudonyms").frame
    assert "0000-4000" not in frame.to_csv()
    assert frame["customer"].nunique() == 4


def test_an_event_sent_twice_counts_once() -> None:
    rows = pd.concat([_events(), _events().iloc[:1]])
    touchpoints = read_crm({"events": rows}, "snowplow")
    assert happened(touchpoints) == TOLD
    assert asides(touchpoints)["events", "duplicate"] == 1
