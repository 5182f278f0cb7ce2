"""Marketo: activity tables of connectors, and bulk extracts of the REST API."""

import json

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


@pytest.mark.parametrize("folder", ["fivetran_marketo", "fivetran_marketo_source"])
@pytest.mark.parametrize("sources", ["marketo", None])
def test_connector_tables(real_data, folder, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / folder, sources)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["marketo"]
    found = frame["activity"].value_counts()
    # Of a hundred rows each, those of deleted leads and two skipped sendings are set aside.
    assert found.drop(found.index[found.index.str.startswith("Lead: ")]).to_dict() == {
        "Email clicked": 100,
        "Email bounced": 100,
        "Unsubscribed": 100,
        "Lead created": 100,
        "Email delivered": 99,
        "Email opened": 99,
        "Email sent": 97,
    }
    # Of a hundred changed values, one says where a person stands.
    assert found[found.index.str.startswith("Lead: ")].tolist() == [1]
    head = "marketo_activity_"
    assert asides(touchpoints) == {
        (f"{head}change_data_value_data", "a field that is not followed"): 99,
        (f"{head}delete_lead_data", "lead deleted"): 31,
        (f"{head}merge_leads_data", "leads merged"): 100,
        (f"{head}email_delivered_data", "its customer is deleted"): 1,
        (f"{head}open_email_data", "its customer is deleted"): 1,
        (f"{head}send_email_data", "its customer is deleted"): 1,
        (f"{head}send_email_data", "never sent"): 2,
    }
    assert set(frame.loc[frame["is_low_trust"], "activity"]) == {"Email opened"}
    assert frame["customer"].notna().all()
    assert "first_last_001" not in frame.to_csv()


def _extract() -> pd.DataFrame:
    rows = [
        ("1", "10", "12", "", {}),
        ("2", "10", "1", "www.firm.example/pricing", {"Webpage URL": "/pricing"}),
        ("3", "10", "2", "Contact us", {}),
        ("4", "10", "13", "Lead Status", {"Old Value": "New", "New Value": "MQL", "Reason": "score"}),
        ("5", "10", "13", "Phone Number", {"New Value": "+12025550101"}),
        ("6", "10", "22", "Score", {"New Value": "12"}),
        ("7", "10", "104", "Webinar", {"New Status": "Registered", "Old Status": "Invited"}),
        ("8", "10", "10", "Mail", {"Is Bot Activity": True}),
        ("9", "10", "11", "Mail", {}),
        ("10", "11", "100042", "Badge", {}),
        ("11", "11", "6", "Mail", {"Action Result": "skipped"}),
        ("12", "12", "6", "Mail", {}),
        ("13", "12", "37", "", {}),
    ]
    return pd.DataFrame(
        {
            "marketoGUID": [row[0] for row in rows],
            "leadId": [row[1] for row in rows],
            "activityDate": [f"2024-01-{place + 1:02}T10:00:00Z" for place in range(len(rows))],
            "activityTypeId": [row[2] for row in rows],
            "campaignId": "77",
            "primaryAttributeValueId": "1001",
            "primaryAttributeValue": [row[3] for row in rows],
            "attributes": [json.dumps(row[4]) for row in rows],
        }
    )


def test_a_bulk_extract_is_known_by_its_headers(tmp_path) -> None:
    _extract().to_csv(tmp_path / "2f1c-job.csv", index=False, encoding="utf-8-sig")
    (tmp_path / "activity_types.csv").write_text("id,name\n100042,Scanned badge\n", "utf-8")
    (tmp_path / "programs.csv").write_text("id,name,channel\n1001,secret,Webinar\n", "utf-8")
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == [
        "Lead created",
        "Page visited",
        "Form submitted",
        "Lead: MQL",
        "Program status changed",
        "Email opened",
        "Email clicked",
        "Scanned badge",
    ]
    assert asides(touchpoints) == {
        ("2f1c-job", "a field that is not followed"): 1,
        ("2f1c-job", "score change"): 1,
        ("2f1c-job", "never sent"): 1,
        ("2f1c-job", "lead deleted"): 1,
        ("2f1c-job", "its customer is deleted"): 1,
    }
    frame = touchpoints.frame.set_index("activity")
    assert frame.loc["Program status changed", ["stage", "channel"]].tolist() == ["Registered", "event"]
    assert frame.loc["Lead: MQL", "outcome"] == "qualified"
    # A scanner's opening is told as what it is.
    assert frame.loc["Email opened", ["actor_kind", "is_automated", "is_low_trust"]].tolist() == ["bot", True, True]
    assert frame.loc["Email clicked", ["actor_kind", "is_automated"]].tolist() == ["customer", False]
    assert "2025550101" not in touchpoints.frame.to_csv()


def test_merged_leads_are_one_customer() -> None:
    merges = pd.DataFrame(
        {
            "marketoGUID": ["1", "2"],
            "leadId": ["10", "11"],
            "activityDate": "2024-01-09T10:00:00Z",
            "activityTypeId": "32",
            "primaryAttributeValue": "",
            "mergeIds": ["[11, 12]", "[13]"],
        }
    )
    visits = pd.DataFrame(
        {
            "marketoGUID": ["3", "4", "5"],
            "leadId": ["10", "12", "13.0"],
            "activityDate": [f"2024-01-0{day}T10:00:00Z" for day in (1, 2, 3)],
            "activityTypeId": "1",
            "primaryAttributeValue": "/",
        }
    )
    touchpoints = read_crm({"activities_merge_leads": merges, "activities_visit_webpage": visits}, "marketo")
    assert touchpoints.frame["customer"].tolist() == ["marketo:10"] * 3
    assert happened(touchpoints) == ["Page visited"] * 3


def test_a_lead_is_created_once() -> None:
    leads = pd.DataFrame({"id": ["10", "11"], "createdAt": "2024-01-01T10:00:00Z", "email": ["", "c1@mail.example"]})
    both = read_crm({"leads": leads, "activities": _extract()}, "marketo")
    assert happened(both).count("Lead created") == 2
    assert asides(both)["leads", "told by its activity"] == 1


def test_a_smart_list_tells_when_people_came(tmp_path) -> None:
    (tmp_path / "leads.csv").write_text(
        "Id,Email Address,Created At,Person Source\n10,c0123@mail.example,2024-01-05 10:00:00,Webinar\n", "utf-8"
    )
    touchpoints = read_crm(tmp_path, "marketo")
    assert happened(touchpoints) == ["Lead created"]
    assert touchpoints.objects["customer"].loc["marketo:10", "lead_source"] == "Webinar"
    assert "mail.example" not in touchpoints.frame.to_csv()
