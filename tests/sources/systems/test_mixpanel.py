"""Mixpanel: connector tables, the raw export and the page's CSV."""

import json

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


@pytest.mark.parametrize("sources", ["mixpanel", None])
def test_connector_tables(real_data, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_mixpanel", sources, identifiers="keep")
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["mixpanel"]
    # One insert id with two times is two events to Mixpanel itself.
    assert frame["activity"].value_counts().to_dict() == {
        "playthrough_25": 2,
        "plays": 1,
        "playthrough_29": 1,
        "playthrough_30": 1,
    }
    assert asides(touchpoints) == {}
    assert sorted(frame["customer"].value_counts()) == [1, 2, 2]


def _events() -> list[dict[str, object]]:
    visit = {"distinct_id": "$device:19d2f7a1-0000-4000-8000-000000000001", "mp_lib": "web"}
    device = "19d2f7a1-0000-4000-8000-000000000001"
    page = "https://firm.example/pricing?email=c1@mail.example#top"
    return [
        {"event": "$mp_web_page_view", "properties": {**visit, "$device_id": device, "$current_url": page}},
        {"event": "$mp_scroll", "properties": {**visit, "$device_id": device}},
        {"event": "Sign Up", "properties": {"distinct_id": "u-77", "$user_id": "u-77", "$device_id": device}},
        {"event": "Report built", "properties": {"distinct_id": "u-77", "$user_id": "u-77", "mp_lib": "swift"}},
        {"event": "$identify", "properties": {"distinct_id": "u-77"}},
        {"event": "$mp_submit", "properties": {"distinct_id": "c1@mail.example", "mp_lib": "web"}},
    ]


def test_the_raw_export_in_seconds(tmp_path) -> None:
    lines = []
    for place, event in enumerate(_events()):
        event["properties"] |= {"time": 1704103200 + 3600 * place, "$insert_id": f"i{place}"}  # type: ignore[operator]
        lines += [json.dumps(event)] * (2 if place == 0 else 1)
    (tmp_path / "export.json").write_text("\n".join(lines), "utf-8")
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == ["Page viewed", "Signed up", "Report built", "Form submitted"]
    assert asides(touchpoints) == {
        ("export", "duplicate"): 1,
        ("export", "housekeeping of the page"): 1,
        ("export", "profiles merged"): 1,
    }
    frame = touchpoints.frame.set_index("activity")
    # Whoever signs in is the person of the visits before.
    assert frame["customer"].tolist()[:3] == ["mixpanel:u-77"] * 3
    assert frame.loc["Page viewed", "activity_raw"] == "/pricing"
    assert frame["channel"].tolist() == ["web", "unknown", "app", "web_form"]
    assert frame.loc["Page viewed", "timestamp"] == pd.Timestamp("2024-01-01 10:00", tz="UTC")
    assert "mail.example" not in touchpoints.frame.to_csv()
    assert "19d2f7a1" not in touchpoints.frame.to_csv()


def test_the_page_csv_and_profiles(tmp_path) -> None:
    (tmp_path / "view-as-list.csv").write_text(
        "Event Name,Time,Distinct ID,Insert ID,Country\n"
        "Page View,2024-01-01T10:00:00,u-1,a,IL\n"
        "Page View,2024-01-01T10:00:01,u-2,b,IL\n",
        "utf-8",
    )
    (tmp_path / "people.csv").write_text(
        "$distinct_id,$email,$last_seen,$country_code\nu-1,c1@mail.example,2024-02-01,IL\n"
        "u-2,c1@mail.example,2024-02-01,IL\n",
        "utf-8",
    )
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == ["Page viewed"] * 2
    # One address is one person.
    assert touchpoints.frame["customer"].tolist() == ["mixpanel:u-1"] * 2
    assert touchpoints.objects["customer"].loc["mixpanel:u-1", "country"] == "IL"
