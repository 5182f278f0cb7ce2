"""Zoho CRM: records of its API, timelines, and the exports of its own pages."""

import json

import openpyxl
import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides


def _deals(**more: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["500", "501"],
            "Deal_Name": ["A deal", "B deal"],
            "Stage": ["Closed Won", "Closed Lost"],
            "Amount": ["100", "200"],
            "Closing_Date": ["2024-02-01", "2024-02-02"],
            "Created_Time": ["2024-01-01T10:00:00+02:00"] * 2,
            "Owner.id": ["9", "9"],
            "Contact_Name.id": ["1", "2"],
            "Account_Name.id": ["31", "31"],
            **more,
        }
    )


def _change(field: str, old: str, new: str) -> str:
    return json.dumps(
        [
            {"api_name": "Probability", "_value": {"new": "10", "old": "5"}},
            {"api_name": field, "_value": {"new": new, "old": old}},
        ]
    )


def test_a_timeline_tells_stages_once() -> None:
    timeline = pd.DataFrame(
        {
            "id": ["t1", "t2", "t3", "t4"],
            "audited_time": [f"2024-01-0{day}T10:00:00+02:00" for day in (2, 3, 4, 5)],
            "action": ["updated", "updated", "updated", "added"],
            "done_by.id": ["9", "9", "9", "9"],
            "record.id": ["500"] * 4,
            "record.module.api_name": ["Deals"] * 4,
            "source": ["crm_ui", "crm_ui", "crm_ui", "crm_ui"],
            "automation_details.type": ["", "workflow", "", ""],
            "field_history": [
                _change("Stage", "Qualification", "Proposal"),
                _change("Stage", "Proposal", "Closed Won"),
                _change("Owner", "agent-08", "agent-09"),
                "",
            ],
        }
    )
    history = pd.DataFrame(
        {
            "id": ["h1", "h2"],
            "deal_id": ["500", "501"],
            "Stage": ["Proposal", "Closed Lost"],
            "Modified_Time": ["2024-01-02T10:00:00+02:00", "2024-01-08T10:00:00+02:00"],
            "Modified_By.id": ["9", "9"],
        }
    )
    touchpoints = read_crm({"deals": _deals(), "timeline": timeline, "deal_history": history}, "zoho-crm")
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    by_deal = frame.sort_values(["timestamp", "seq"]).groupby("deal")["activity"].agg(list)
    assert by_deal.to_dict() == {
        "zoho-crm:500": ["Deal created", "Deal: Proposal", "Deal: Closed Won", "Deal handed over"],
        "zoho-crm:501": ["Deal created", "Deal: Closed Lost"],
    }
    assert asides(touchpoints) == {
        ("timeline", "a change that is not followed"): 1,
        ("deal_history", "told by the deal's timeline"): 1,
    }
    won = frame.set_index("activity").loc["Deal: Closed Won"]
    assert (won["outcome"], won["actor_kind"], won["is_automated"], won["customer"]) == (
        "won",
        "automation",
        True,
        "zoho-crm:1",
    )
    assert str(won["timestamp"]) == "2024-01-03 08:00:00+00:00"


def test_a_timeline_as_the_api_sends_it_tells_the_same(tmp_path) -> None:
    entry = {
        "id": "t1",
        "audited_time": "2024-01-03T10:00:00+02:00",
        "action": "updated",
        "done_by": {"id": "9", "name": "agent-09"},
        "record": {"id": "500", "name": "A deal", "module": {"api_name": "Deals"}},
    }
    first = {**entry, "field_history": json.loads(_change("Stage", "Proposal", "Closed Won"))}
    second = {**entry, "id": "t2", "field_history": json.loads(_change("Owner", "agent-08", "agent-09"))}
    answer = {"__timeline": [first, second], "info": {"count": 2}}
    (tmp_path / "timeline.json").write_text(json.dumps(answer), "utf-8")
    _deals().to_csv(tmp_path / "deals.csv", index=False)
    touchpoints = read_crm(tmp_path, "zoho-crm")
    assert touchpoints.quality.balanced
    by_deal = touchpoints.frame.sort_values(["timestamp", "seq"]).groupby("deal")["activity"].agg(list)
    assert sorted(by_deal["zoho-crm:500"]) == ["Deal created", "Deal handed over", "Deal: Closed Won"]
    assert by_deal["zoho-crm:501"] == ["Deal created", "Deal: Closed Lost"]
    rules = asides(touchpoints)
    assert rules["timeline__field_history", "a field that is not followed"] == 2
    assert rules["timeline", "told by the fields that changed"] == 2


def test_a_closed_deal_without_history_is_told_by_its_closing_date() -> None:
    touchpoints = read_crm({"deals": _deals()}, "zoho-crm")
    closed = touchpoints.frame[touchpoints.frame["outcome"].notna()]
    assert closed["outcome"].tolist() == ["won", "lost"]
    assert set(closed["timestamp_quality"]) == {"date_only"}
    assert "closing date" in touchpoints.quality.lacks.to_csv()


def test_calls_meetings_and_tasks_of_the_api() -> None:
    calls = pd.DataFrame(
        {
            "id": ["1", "2", "3", "4"],
            "Call_Type": ["Inbound", "Outbound", "Missed", "Outbound"],
            "Call_Start_Time": ["2024-01-02T10:00:00+02:00"] * 4,
            "Call_Duration": ["02:30", "00:10", "", ""],
            "Outgoing_Call_Status": ["", "Completed", "", "Scheduled"],
            "Call_Result": ["", "Invalid number", "", ""],
            "Owner.id": ["9"] * 4,
            "Who_Id.id": ["1", "1", "1", ""],
            "What_Id.id": ["500", "500", "", "700"],
            "$se_module": ["Deals", "Deals", "", "Leads"],
        }
    )
    events = pd.DataFrame(
        {
            "id": ["1"],
            "Event_Title": ["x"],
            "Start_DateTime": ["2024-01-03T10:00:00+02:00"],
            "End_DateTime": ["2024-01-03T11:00:00+02:00"],
            "Who_Id.id": ["1"],
        }
    )
    tasks = pd.DataFrame(
        {
            "id": ["1", "2"],
            "Subject": ["x", "x"],
            "Status": ["Completed", "Not Started"],
            "Closed_Time": ["2024-01-04T10:00:00+02:00", ""],
            "Due_Date": ["2024-01-05", "2024-01-05"],
            "Who_Id.id": ["1", "1"],
        }
    )
    touchpoints = read_crm({"deals": _deals(), "Calls": calls, "Events": events, "Tasks": tasks})
    frame = touchpoints.frame
    assert set(frame["source"]) == {"zoho-crm"}
    told = frame[frame["source_table"].isin(["Calls", "Events", "Tasks"])].set_index("activity")
    assert sorted(told.index) == ["Call made", "Call missed", "Call received", "Meeting", "Task done"]
    assert told.loc["Call missed", "outcome"] == "no_answer"
    assert told.loc["Call made", ["outcome", "deal"]].tolist() == ["wrong_number", "zoho-crm:500"]
    received = told.loc["Call received"]
    assert (received["end_timestamp"] - received["timestamp"]).total_seconds() == 150
    assert str(told.loc["Task done", "planned_at"])[:10] == "2024-01-05"
    assert asides(touchpoints) == {("Calls", "planned"): 1, ("Tasks", "planned"): 1}


HEADERS = [
    *("Record Id", "Deal Owner.id", "Deal Owner", "Deal Name", "Account Name.id", "Account Name", "Contact Name.id"),
    *("Contact Name", "Amount", "Stage", "Pipeline", "Closing Date", "Created By.id", "Created Time", "Modified Time"),
    *("Last Activity Time", "Reason For Loss"),
]
ROW = [
    *("zcrm_500", "zcrm_9", "agent-09", "A deal", "zcrm_31", "A company", "zcrm_1", "somebody", "100", "Closed Lost"),
    *("Standard", "2024-02-01", "zcrm_9", "2024-01-01 10:00:00", "2024-02-01 10:00:00", "2024-02-01 10:00:00", "Price"),
]
CONTACT = {"Record Id": "zcrm_1", "Contact Owner.id": "zcrm_9", "Email": "c0001@mail.example", "Lead Source": "Web"}


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_page_export_spells_ids_otherwise_than_the_api(tmp_path, suffix) -> None:
    pd.DataFrame([CONTACT]).to_csv(tmp_path / "Contacts_2024_05_01.csv", index=False)
    file = tmp_path / f"Deals_2024_05_01.{suffix}"
    if suffix == "csv":
        pd.DataFrame([ROW], columns=HEADERS).to_csv(file, index=False)
    else:
        book = openpyxl.Workbook()
        book.active.append(HEADERS)
        book.active.append(ROW)
        book.save(file)
    calls = pd.DataFrame(
        {"id": ["1"], "Call_Type": ["Inbound"], "Call_Start_Time": ["2024-01-02T10:00:00Z"], "Who_Id.id": ["1"]}
    )
    calls.to_csv(tmp_path / "calls.csv", index=False)
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert set(frame["source"]) == {"zoho-crm"}
    assert sorted(frame["activity"]) == ["Call received", "Deal created", "Deal: Closed Lost"]
    assert set(frame["customer"]) == {"zoho-crm:1"}
    lost = frame.set_index("activity").loc["Deal: Closed Lost"]
    assert (lost["reason"], lost["account"], lost["actor"]) == ("Price", "zoho-crm:31", "9")
    everything = frame.to_csv() + "".join(each.to_csv() for each in touchpoints.objects.values())
    assert "somebody" not in everything
    assert touchpoints.objects["customer"].loc["zoho-crm:1", "lead_source"] == "Web"
