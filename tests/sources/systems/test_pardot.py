"""Account Engagement (Pardot): connector tables, twins of what the opportunities tell, and anonymous visitors."""

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


@pytest.mark.parametrize("sources", ["pardot", None])
def test_connector_tables(real_data, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_pardot", sources)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["pardot"]
    own = frame[frame["source_table"] == "pardot_visitor_activity_data"]
    # Of 33 created, 9 won and 10 lost, one creation and one win are rows of the opportunities too.
    assert own["activity"].value_counts().to_dict() == {
        "Unsubscribe page opened": 39,
        "Opportunity created": 32,
        "Opportunity lost": 10,
        "Opportunity won": 8,
        "Email bounced for twin": 5,
        "Unsubscribe page opened by twin": 3,
        "Complained of spam": 1,
    }
    assert own["customer"].notna().all()
    deals = frame[(frame["source_table"] == "pardot_opportunity_data") & ~frame["touchpoint_id"].str.contains("@")]
    assert deals["outcome"].value_counts()[["won", "lost"]].to_dict() == {"won": 99, "lost": 1}
    assert (deals["activity"] == "Opportunity created").sum() == 100
    # Two opportunities are tied to three prospects each or less; the others name nobody but themselves.
    assert deals["customer"].notna().sum() == 4
    assert (frame["activity"] == "Prospect created").sum() == 22
    rules = asides(touchpoints)
    assert rules["pardot_prospect_data", "deleted"] == 78
    assert rules["pardot_visitor_activity_data", "told by the opportunity"] == 2


def _activities() -> pd.DataFrame:
    rows = [
        ("1", "6", "Email", "p1", "", "m1"),
        ("2", "11", "Email", "p1", "", "m1"),
        ("3", "1", "Email", "p1", "", "m1"),
        ("4", "2", "Landing Page", "", "v1", ""),
        ("5", "4", "Form Handler", "", "v1", ""),
        ("6", "2", "Page View", "", "v2", ""),
        ("7", "13", "Email", "p1", "", "m1"),
        ("8", "3", "Form", "p1", "", ""),
        ("9", "24", "Webinar", "p1", "", ""),
        ("10", "99", "Novelty", "p1", "", ""),
    ]
    table = pd.DataFrame(rows, columns=["id", "type", "type_name", "prospect_id", "visitor_id", "email_id"])
    table["created_at"] = [f"2024-01-{place + 1:02} 10:00:00 UTC" for place in range(len(rows))]
    return table


@pytest.mark.parametrize("camel", [False, True])
def test_activities_are_told_by_number_and_object(camel) -> None:
    table = _activities()
    visitors = pd.DataFrame({"id": ["v1", "v2"], "prospect_id": ["p1", ""]})
    if camel:
        table.columns = ["id", "type", "typeName", "prospectId", "visitorId", "emailId", "createdAt"]
        visitors.columns = ["id", "prospectId"]
    touchpoints = read_crm({"visitor_activities": table, "visitors": visitors}, "pardot")
    assert happened(touchpoints) == [
        "Email sent",
        "Email opened",
        "Email clicked",
        "Landing page viewed",
        "Form submitted",
        "Page viewed",
        "Email bounced",
        "Webinar attended",
        "Novelty 99",
    ]
    frame = touchpoints.frame.set_index("activity")
    # The visitor of the landing page became the prospect; the other stays a visitor.
    assert frame.loc["Landing page viewed", ["customer", "channel"]].tolist() == ["pardot:p1", "landing_page"]
    assert frame.loc["Page viewed", "customer"].startswith("visitor:")
    assert frame.index[frame["is_low_trust"]].tolist() == ["Email opened"]
    assert frame.index[frame["is_automated"]].tolist() == ["Email sent", "Email bounced"]
    assert asides(touchpoints)["visitor_activities", "form not accepted"] == 1


def test_open_deals_have_no_closing_day() -> None:
    deals = pd.DataFrame(
        {
            "id": ["1", "2"],
            "created_at": "2024-01-01 10:00:00 UTC",
            "closed_at": ["2024-02-01 10:00:00 UTC", "2030-01-01 10:00:00 UTC"],
            "status": ["Won", "Open"],
            "value": ["5", "6"],
        }
    )
    ties = pd.DataFrame({"opportunity_id": ["1", "1"], "prospect_id": ["p1", "p2"]})
    touchpoints = read_crm({"opportunity": deals, "opportunity_prospect": ties}, "pardot")
    assert sorted(happened(touchpoints)) == ["Opportunity created"] * 3 + ["Opportunity won"] * 2
    assert set(touchpoints.frame.loc[touchpoints.frame["outcome"] == "won", "customer"]) == {"pardot:p1", "pardot:p2"}
