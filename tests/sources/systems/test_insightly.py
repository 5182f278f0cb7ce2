"""Insightly: records of its API with their links, in the spellings of connectors, and a page's CSV."""

import json

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides

OPPORTUNITIES = pd.DataFrame(
    {
        "OPPORTUNITY_ID": ["1", "2", "3"],
        "OPPORTUNITY_STATE": ["WON", "OPEN", "ABANDONED"],
        "OPPORTUNITY_STATE_REASON_ID": ["", "", "44"],
        "OPPORTUNITY_VALUE": ["100", "200", "300"],
        "BID_CURRENCY": ["USD"] * 3,
        "STAGE_ID": ["71", "72", "71"],
        "PIPELINE_ID": ["70"] * 3,
        "DATE_CREATED_UTC": ["2024-01-01 10:00:00", "2024-01-02 10:00:00", "2024-01-03 10:00:00"],
        "ACTUAL_CLOSE_DATE": ["2024-02-01 00:00:00", "2024-12-01 00:00:00", "2024-02-03 00:00:00"],
        "RESPONSIBLE_USER_ID": ["9", "", "9"],
        "OWNER_USER_ID": ["8", "8", "8"],
        "LINKS": [json.dumps([{"LINK_ID": 1, "CONTACT_ID": 501, "ORGANISATION_ID": 31}]), "[]", ""],
    }
)
REASONS = pd.DataFrame({"STATE_REASON_ID": ["44"], "STATE_REASON": ["Price"], "FOR_OPPORTUNITY_STATE": ["Abandoned"]})
CONTACTS = pd.DataFrame(
    {
        "CONTACT_ID": ["501", "502"],
        "EMAIL_ADDRESS": ["c0001@mail.example", "c0002@mail.example"],
        "ORGANISATION_ID": "31",
    }
)


@pytest.mark.parametrize("spelt", [str, str.lower])
def test_opportunities_close_by_their_state(spelt) -> None:
    tables = {"Opportunities": OPPORTUNITIES, "OpportunityStateReasons": REASONS, "Contacts": CONTACTS}
    tables = {name: table.rename(columns=spelt) for name, table in tables.items()}
    touchpoints = read_crm(tables)
    frame = touchpoints.frame.sort_values(["timestamp", "seq"])
    assert set(frame["source"]) == {"insightly"}
    assert touchpoints.quality.balanced
    assert frame.groupby("deal")["activity"].agg(list).to_dict() == {
        "insightly:1": ["Deal created", "Deal: Won"],
        "insightly:2": ["Deal created"],  # open: its closing date is none
        "insightly:3": ["Deal created", "Deal: Abandoned"],
    }
    assert frame.loc[frame["deal"] == "insightly:1", "actor"].tolist() == ["9", "9"]
    assert frame.loc[frame["deal"] == "insightly:2", "actor"].tolist() == ["8"]
    abandoned = frame[frame["activity"] == "Deal: Abandoned"].iloc[0]
    assert (abandoned["outcome"], abandoned["reason"]) == ("lost", "Price")
    if spelt is str:
        assert set(frame.loc[frame["deal"] == "insightly:1", "customer"]) == {"insightly:501"}


def test_the_history_of_states_wins_over_the_closing_date() -> None:
    history = pd.DataFrame(
        {
            "OPPORTUNITY_ID": ["1", "1", "1"],
            "FOR_OPPORTUNITY_STATE": ["Suspended", "Open", "Won"],
            "DATE_CHANGED_UTC": ["2024-01-10 09:00:00", "2024-01-20 09:00:00", "2024-02-01 15:30:00"],
            "STATE_REASON": ["Budget", "", ""],
        }
    )
    touchpoints = read_crm({"opportunities": OPPORTUNITIES, "state_history": history})
    frame = touchpoints.frame.sort_values(["timestamp", "seq"])
    assert frame.loc[frame["deal"] == "insightly:1", "activity"].tolist() == [
        *("Deal created", "Deal: Suspended", "Deal: Open", "Deal: Won")
    ]
    won = frame[frame["activity"] == "Deal: Won"].iloc[0]
    assert f"{won['timestamp']:%H:%M}" == "15:30"


def test_tasks_events_mails_and_leads_with_their_links() -> None:
    tasks = pd.DataFrame(
        {
            "TASK_ID": ["1", "2"],
            "COMPLETED": ["true", "false"],
            "STATUS": ["COMPLETED", "NOT STARTED"],
            "COMPLETED_DATE_UTC": ["2024-01-05 09:00:00", ""],
            "DUE_DATE": ["2024-01-04 00:00:00", "2024-06-04 00:00:00"],
            "DATE_CREATED_UTC": ["2024-01-01 09:00:00"] * 2,
            "OPPORTUNITY_ID": ["1", "1"],
        }
    )
    events = pd.DataFrame(
        {
            "EVENT_ID": ["1", "2"],
            "START_DATE_UTC": ["2024-01-06 09:00:00", "2025-01-06 09:00:00"],
            "END_DATE_UTC": ["2024-01-06 10:00:00", "2025-01-06 10:00:00"],
            "DATE_CREATED_UTC": ["2024-01-01 09:00:00", "2024-02-10 09:00:00"],
        }
    )
    links = pd.DataFrame({"EVENT_ID": ["1", "2"], "CONTACT_ID": ["501", "501"], "OPPORTUNITY_ID": ["1", ""]})
    mails = pd.DataFrame(
        {
            "EMAIL_ID": ["1"],
            "EMAIL_FROM": ["C0001@mail.example"],
            "EMAIL_DATE_UTC": ["2024-01-07 09:00:00"],
            "SUBJECT": ["secret"],
            "DATE_CREATED_UTC": ["2024-01-07 09:05:00"],
        }
    )
    leads = pd.DataFrame(
        {
            "LEAD_ID": ["5"],
            "CONVERTED": ["true"],
            "CONVERTED_DATE_UTC": ["2024-01-01 09:30:00"],
            "CONVERTED_CONTACT_ID": ["501"],
            "CONVERTED_OPPORTUNITY_ID": ["1"],
            "DATE_CREATED_UTC": ["2023-12-01 09:00:00"],
            "EMAIL": ["c0001@mail.example"],
        }
    )
    tables = {"opportunities": OPPORTUNITIES, "contacts": CONTACTS, "tasks": tasks, "events": events}
    touchpoints = read_crm({**tables, "eventlinks": links, "emails": mails, "leads": leads})
    frame = touchpoints.frame.sort_values(["timestamp", "seq"])
    assert set(frame["source"]) == {"insightly"}
    assert touchpoints.quality.balanced
    assert asides(touchpoints) == {("tasks", "planned"): 1, ("events", "future"): 1}
    person = frame[frame["customer"] == "insightly:501"]
    assert person["activity"].tolist() == [
        *("Lead created", "Lead converted", "Deal created", "Meeting", "Email", "Deal: Won")
    ]
    assert person.loc[person["activity"] == "Meeting", "deal"].item() == "insightly:1"
    assert frame.loc[frame["activity"] == "Task done", "deal"].item() == "insightly:1"
    assert "secret" not in frame.to_csv()


def test_a_page_export_under_any_name(tmp_path) -> None:
    page = "Record Id,Opportunity Name,Current State,Opportunity State Reason,Pipeline,Current Stage,Date Created,"
    page += "Actual Close Date,User Responsible,Opportunity Value\n"
    page += "7,x,Won,Price,Sales,Offer,2024-01-01 10:00:00,2024-01-20,agent-01,99\n"
    (tmp_path / "my export.csv").write_text(page)
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert set(frame["source"]) == {"insightly"}
    assert frame["activity"].tolist() == ["Deal created", "Deal: Won"]
    assert (frame["pipeline"].iloc[0], frame["reason"].iloc[1]) == ("Sales", "Price")
    assert "not when it came there" in touchpoints.quality.lacks["costs"].iloc[0]
