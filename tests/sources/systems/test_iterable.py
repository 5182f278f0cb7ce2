"""Iterable: events of connectors and files of its data export."""

import shutil

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


@pytest.mark.parametrize("sources", ["iterable", None])
def test_connector_tables(real_data, tmp_path, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_iterable", sources, identifiers="keep")
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["iterable"]
    assert frame["activity"].value_counts().to_dict() == {"newEvent": 4, "Subscribed": 2, "Signed up": 2}
    assert asides(touchpoints) == {}
    # Two subscriptions and one of the two users came by an import.
    assert frame.loc[frame["is_bulk"], "activity"].value_counts().to_dict() == {"Subscribed": 2, "Signed up": 1}
    assert set(frame["customer"]) == {"iterable:12345", "iterable:33333", "iterable:987654", "iterable:5678"}
    assert "gmail" not in frame.to_csv()


def test_a_newer_schema_with_its_json_users(real_data, tmp_path) -> None:
    folder = real_data("crm_formats") / "fivetran_iterable"
    shutil.copy(folder / "event_data.csv", tmp_path / "event.csv")
    shutil.copy(folder / "user_history_bq_json_data.csv", tmp_path / "user_history.csv")
    frame = read_crm(tmp_path, "iterable", identifiers="keep").frame
    assert frame["activity"].value_counts().to_dict() == {"newEvent": 4, "Subscribed": 2, "Signed up": 2}


def _rows(*ids: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "createdAt": [f"2024-01-0{1 + place} 10:00:00 +00:00" for place in range(len(ids))],
            "email": [f"c{name}@mail.example" for name in ids],
            "itblUserId": list(ids),
            "campaignId": "9",
            "messageId": [f"m{place}" for place in range(len(ids))],
            "signupSource": "WebForm",
            "eventName": "Badge scanned",
            "total": "12.50",
        }
    )


def test_a_file_per_kind_of_event(tmp_path) -> None:
    kinds = ["emailSend", "emailOpen", "email_click", "emailUnSubscribe", "smsReceived", "pushSend", "purchase"]
    for kind in [*kinds, "customEvent"]:
        _rows("1").to_csv(tmp_path / f"{kind}.csv", index=False)
    touchpoints = read_crm(tmp_path, "iterable")
    assert sorted(happened(touchpoints)) == [
        "Badge scanned",
        "Email clicked",
        "Email opened",
        "Email sent",
        "Order placed",
        "Push message sent",
        "Text message received",
        "Unsubscribed",
    ]
    frame = touchpoints.frame.set_index("activity")
    assert frame.loc["Order placed", "amount"] == 12.5
    assert frame.index[frame["is_low_trust"]].tolist() == ["Email opened"]
    assert set(frame.index[frame["is_automated"]]) == {"Email sent", "Push message sent"}
    assert frame["customer"].unique().tolist() == ["iterable:1"]
    assert "mail.example" not in touchpoints.frame.to_csv()


def test_kinds_of_event_in_one_table() -> None:
    rows = _rows(*"123456")
    names = ["emailSend", "emailSendSkip", "emailBounce", "inboxSession", "hostedUnsubscribeClick", "inAppOpen"]
    rows["eventName"] = names
    touchpoints = read_crm({"events": rows}, "iterable")
    assert happened(touchpoints) == [
        "Email sent",
        "Email bounced",
        "Unsubscribe page clicked",
        "In-app message opened",
    ]
    assert asides(touchpoints) == {("events", "never sent"): 1, ("events", "housekeeping of the app"): 1}
    assert touchpoints.frame["touchpoint_kind"].tolist() == ["interaction", "system", "interaction", "interaction"]
    assert touchpoints.frame["channel"].tolist() == ["email", "email", "email", "app"]
