"""Mailchimp: connector tables and the export of an audience."""

import shutil

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


@pytest.mark.parametrize("sources", ["mailchimp", None])
def test_connector_tables(real_data, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_mailchimp_source", sources, identifiers="keep")
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["mailchimp"]
    # One campaign to ten recipients; nine memberships of eight people in two lists.
    assert frame["activity"].value_counts().to_dict() == {
        "Email opened": 14,
        "Email clicked": 11,
        "Email sent": 10,
        "Signed up": 9,
        "Subscription confirmed": 9,
        "Unsubscribed": 1,
    }
    assert asides(touchpoints) == {}
    assert set(frame.loc[frame["is_low_trust"], "activity"]) == {"Email opened"}
    sent = frame[frame["activity"] == "Email sent"]
    assert sent["customer"].nunique() == 10
    assert set(sent["campaign"]) == {"mailchimp:c2b4c1c0d9"}
    assert sent["timestamp"].unique().tolist() == [pd.Timestamp("2019-11-27 16:59:27", tz="UTC")]
    assert frame["customer"].notna().all()
    assert "@example" not in frame.to_csv()


def test_an_audience_is_known_by_its_headers(tmp_path) -> None:
    head = (
        "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,CC,LAST_CHANGED,LEID,EUID"
    )
    (tmp_path / "a.csv").write_text(
        f"{head},NOTES,TAGS\n"
        "c1@mail.example,A,2,2024-01-01 10:00:00,,2024-01-02 10:00:00,,IL,2024-03-01 10:00:00,11,e1,free text,\n"
        "c2@mail.example,B,2,2024-01-03 10:00:00,,2024-01-03 10:00:00,,IL,2024-03-01 10:00:00,12,e2,,\n",
        "utf-8-sig",
    )
    (tmp_path / "b.csv").write_text(
        f"{head},UNSUB_TIME,UNSUB_REASON\n"
        "c3@mail.example,C,1,,,2024-01-04 10:00:00,,DE,2024-03-01 10:00:00,13,e3,2024-02-01 10:00:00,NORMAL\n",
        "utf-8",
    )
    touchpoints = read_crm(tmp_path)
    # Whoever signed up without being asked to confirm did one thing, not two.
    assert happened(touchpoints) == [
        "Signed up",
        "Subscription confirmed",
        "Signed up",
        "Subscription confirmed",
        "Unsubscribed",
    ]
    assert touchpoints.frame["customer"].value_counts().to_dict() == {
        "mailchimp:e1": 2,
        "mailchimp:e2": 1,
        "mailchimp:e3": 2,
    }
    assert touchpoints.quality.balanced
    assert "mail.example" not in touchpoints.frame.to_csv()
    assert "free text" not in touchpoints.frame.to_csv()
    assert "came back" in str(touchpoints.quality.lacks)


def test_email_activity_of_other_connectors() -> None:
    activity = pd.DataFrame(
        {
            "action": ["open", "click", "bounce", "bounce"],
            "campaign_id": "c",
            "list_id": "l",
            "email_id": ["1", "1", "1", "2"],
            "email_address": ["c1@mail.example", "c1@mail.example", "c1@mail.example", "c2@mail.example"],
            "timestamp": [f"2024-01-0{day}T10:00:00+00:00" for day in range(1, 5)],
            "type": ["", "", "soft", "hard"],
            "url": "https://firm.example/?e=c1@mail.example",
        }
    )
    touchpoints = read_crm({"email_activity": activity}, "mailchimp")
    assert happened(touchpoints) == ["Email opened", "Email clicked", "Email bounced for now", "Email bounced"]
    assert touchpoints.frame["customer"].tolist() == ["mailchimp:1"] * 3 + ["mailchimp:2"]
    assert "mail.example" not in touchpoints.frame.to_csv()


def test_a_campaign_that_was_not_sent_is_a_plan() -> None:
    campaign = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "status": ["sent", "schedule", "canceled"],
            "create_time": "2024-01-01 10:00:00",
            "send_time": ["2024-01-02 10:00:00", "2024-01-03 10:00:00", "2024-01-04 10:00:00"],
            "long_archive_url": "",
            "content_type": "template",
            "type": "regular",
        }
    )
    recipients = pd.DataFrame({"campaign_id": ["a", "a", "b", "c"], "member_id": ["1", "2", "1", "1"]})
    touchpoints = read_crm({"mailchimp_campaign": campaign, "campaign_recipient": recipients}, "mailchimp")
    assert happened(touchpoints) == ["Email sent"] * 2
    assert asides(touchpoints) == {("mailchimp_campaign", "planned"): 1, ("mailchimp_campaign", "cancelled"): 1}


def test_poured_together_with_klaviyo_each_keeps_its_own(real_data, tmp_path) -> None:
    for folder in ("fivetran_mailchimp_source", "fivetran_klaviyo_source"):
        for file in (real_data("crm_formats") / folder).glob("*.csv"):
            shutil.copy(file, tmp_path / (file.name if folder.startswith("fivetran_m") else f"klaviyo_{file.name}"))
    frame = read_crm(tmp_path, identity="none").frame
    assert frame.groupby("source").size().to_dict() == {"mailchimp": 54, "klaviyo": 5}
