"""Eloqua: bulk exports of activities and contacts."""

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


def _activities() -> pd.DataFrame:
    rows = [
        ("EmailSend", "7", "c1@mail.example", ""),
        ("EmailOpen", "7", "c1@mail.example", ""),
        ("EmailClickthrough", "7", "c1@mail.example", "901"),
        ("WebVisit", "", "", "901"),
        ("PageView", "", "", "902"),
        ("FormSubmit", "8.0", "", "903"),
        ("Bounceback", "", "C2@mail.example", ""),
        ("Unsubscribe", "", "c1@mail.example", ""),
        ("Novelty", "7", "", ""),
    ]
    return pd.DataFrame(
        {
            "ActivityId": [str(place // 2) for place in range(len(rows))],
            "ActivityType": [row[0] for row in rows],
            "ActivityDate": [f"2024-01-{place + 1:02}T10:00:00.1230000Z" for place in range(len(rows))],
            "ContactId": [row[1] for row in rows],
            "EmailAddress": [row[2] for row in rows],
            "VisitorId": [row[3] for row in rows],
            "Duration": ["", "", "", "00:01:30", "", "", "", "", ""],
            "CampaignId": "55",
        }
    )


def _contacts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ContactId": ["7", "8"],
            "EmailAddress": ["c1@mail.example", "c2@mail.example"],
            "DateCreated": ["2023-12-01T10:00:00Z", "2023-12-02T10:00:00Z"],
            "Country": ["Israel", "Israel"],
        }
    )


TOLD = [
    "Contact created",
    "Contact created",
    "Email sent",
    "Email opened",
    "Email clicked",
    "Site visited",
    "Page viewed",
    "Form submitted",
    "Email bounced",
    "Unsubscribed",
    "Novelty",
]


@pytest.mark.parametrize("spelling", ["plain", "statements", "snake"])
def test_bulk_exports_are_known_by_their_headers(tmp_path, spelling) -> None:
    activities, contacts = _activities(), _contacts()
    if spelling == "statements":
        activities = activities.rename(
            columns={
                "ActivityId": "Activity.Id",
                "ActivityType": "Activity.Type",
                "ActivityDate": "Activity.CreatedAt",
                "ContactId": "Activity.Contact.Id",
                "VisitorId": "Activity.Visitor.Id",
            }
        )
        contacts = contacts.rename(columns={"ContactId": "Eloqua Contact ID", "EmailAddress": "C_EmailAddress"})
    if spelling == "snake":
        words = "activity_id activity_type activity_date contact_id email_address visitor_id duration campaign_id"
        activities.columns = words.split()
    activities.to_csv(tmp_path / "sync-11.csv", index=False)
    contacts.to_csv(tmp_path / "sync-12.csv", index=False)
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == TOLD
    assert touchpoints.quality.balanced
    frame = touchpoints.frame.set_index("activity")
    assert frame.loc["Form submitted", "customer"] == "eloqua:8"
    # An address leads to its contact, whatever its case; a visitor whom nobody named stays one.
    assert frame.loc["Email bounced", "customer"] == "eloqua:8"
    assert frame.loc["Unsubscribed", "customer"] == "eloqua:7"
    assert frame.loc["Page viewed", "customer"] == "visitor:902"
    assert frame.loc["Site visited", "end_timestamp"] - frame.loc["Site visited", "timestamp"] == pd.Timedelta("90s")
    assert frame.index[frame["is_low_trust"]].tolist() == ["Email opened"]
    assert touchpoints.frame["touchpoint_id"].is_unique
    assert "mail.example" not in touchpoints.frame.to_csv()
    assert any("Novelty" in note for note in touchpoints.quality.notes)


def test_a_table_per_type_as_connectors_keep_them() -> None:
    tables = {f"activity_{kind.lower()}": rows for kind, rows in _activities().groupby("ActivityType")}
    touchpoints = read_crm({**tables, "contacts": _contacts()}, "eloqua")
    assert happened(touchpoints) == TOLD
    assert asides(touchpoints) == {}
