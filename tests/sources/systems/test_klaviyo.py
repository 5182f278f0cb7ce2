"""Klaviyo: events of connectors and of the API, and lists of profiles."""

import json

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


@pytest.mark.parametrize("sources", ["klaviyo", None])
def test_connector_tables(real_data, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_klaviyo_source", sources, identifiers="keep")
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["klaviyo"]
    assert frame["activity"].value_counts().to_dict() == {"Email sent": 3, "Profile created": 2}
    assert asides(touchpoints) == {}
    sent = frame[frame["activity"] == "Email sent"]
    assert set(sent["customer"]) == {"klaviyo:LRqEsZ", "klaviyo:LRqEsF", "klaviyo:MCX88q"}
    assert sent["actor_kind"].unique().tolist() == ["automation"]
    # A value that hangs on a mail is no order.
    assert sent["amount"].isna().all()
    assert "hotmail" not in frame.to_csv()


NAMES = [
    "Received Email",
    "Opened Email",
    "Clicked Email",
    "Bounced Email",
    "Dropped Email",
    "Unsubscribed from Email Marketing",
    "Received SMS",
    "Sent SMS",
    "Viewed Product",
    "Placed Order",
    "Ordered Product",
    "Loyalty level reached",
]
TOLD = [
    "Email sent",
    "Email opened",
    "Email clicked",
    "Email bounced",
    "Unsubscribed",
    "Text message sent",
    "Text message received",
    "Product viewed",
    "Order placed",
    "Loyalty level reached",
]


def _events(name: str) -> list[dict[str, object]]:
    return [
        {
            "type": "event",
            "id": str(place),
            "attributes": {
                "timestamp": 1704103200 + 86400 * place,
                "datetime": f"2024-01-{place + 1:02}T10:00:00+00:00",
                "uuid": f"u{place}",
                "event_properties": {"$value": 1258.54, "$message": "cam"},
            },
            "relationships": {
                "profile": {"data": {"type": "profile", "id": name}},
                "metric": {"data": {"type": "metric", "id": f"M{place}"}},
            },
        }
        for place in range(len(NAMES))
    ]


def test_events_of_the_api_are_named_by_their_metrics(tmp_path) -> None:
    (tmp_path / "events.json").write_text(json.dumps({"data": _events("01A")}), "utf-8")
    metrics = [{"type": "metric", "id": f"M{place}", "attributes": {"name": name}} for place, name in enumerate(NAMES)]
    (tmp_path / "metrics.json").write_text(json.dumps({"data": metrics}), "utf-8")
    people = [{"type": "profile", "id": "01A", "attributes": {"email": "c1@mail.example"}}]
    (tmp_path / "profiles.json").write_text(json.dumps({"data": people}), "utf-8")
    touchpoints = read_crm(tmp_path, "klaviyo")
    assert happened(touchpoints) == TOLD
    assert asides(touchpoints)["events", "never sent"] == 1
    assert asides(touchpoints)["events", "an item of an order"] == 1
    frame = touchpoints.frame.set_index("activity")
    assert frame.loc["Order placed", "amount"] == 1258.54
    assert frame["amount"].notna().sum() == 1
    assert frame["channel"].tolist() == ["email"] * 5 + ["sms"] * 2 + ["web"] * 2 + ["unknown"]
    assert frame.index[frame["is_low_trust"]].tolist() == ["Email opened"]
    assert frame.loc["Text message received", ["direction", "actor_kind"]].tolist() == ["inbound", "customer"]
    assert any("Loyalty" in note for note in touchpoints.quality.notes)


def test_rows_that_name_their_metric_tell_the_same() -> None:
    rows = pd.DataFrame(
        {
            "id": [str(place) for place in range(len(NAMES))],
            "person_id": "01A",
            "datetime": [f"2024-01-{place + 1:02}T10:00:00Z" for place in range(len(NAMES))],
            "metric_id": "M",
            "type": NAMES,
            "flow_id": ["F", *[""] * (len(NAMES) - 1)],
        }
    )
    touchpoints = read_crm({"event": rows}, "klaviyo")
    assert happened(touchpoints) == TOLD
    assert touchpoints.frame["campaign"].dropna().tolist() == ["klaviyo:F"]


def test_a_list_of_profiles_is_known_by_its_headers(tmp_path) -> None:
    (tmp_path / "vip.csv").write_text(
        "Email,Klaviyo ID,First Name,Phone Number,Profile Created On,Date Added,First Active,"
        "Email Marketing Consent,Email Marketing Consent Timestamp\n"
        "c1@mail.example,01A,A,+12025550101,2024-01-01 10:00:00,2024-01-03 10:00:00,2024-01-02 10:00:00,"
        "SUBSCRIBED,2024-01-04 10:00:00\n"
        "c2@mail.example,01B,B,,2024-01-05 10:00:00,,,UNSUBSCRIBED,2024-01-06 10:00:00\n",
        "utf-8",
    )
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == [
        "Profile created",
        "First active",
        "Joined a list",
        "Subscribed",
        "Profile created",
    ]
    assert "mail.example" not in touchpoints.frame.to_csv()
    assert "2025550101" not in touchpoints.frame.to_csv()
