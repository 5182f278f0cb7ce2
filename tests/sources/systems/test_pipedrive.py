"""Pipedrive: tables of its API as connectors write them, and the exports of its own pages."""

import json

import openpyxl
import pandas as pd

from mining.sources import read_crm
from tests.telling import asides


def _tables() -> dict[str, pd.DataFrame]:
    return {
        "deals": pd.DataFrame(
            {
                "id": ["7", "8"],
                "title": ["Deal 7", "Deal 8"],
                "person_id": ["1", "2"],
                "org_id": ["31", ""],
                "user_id": ["51", "51"],
                "stage_id": ["20", "10"],
                "pipeline_id": ["1", "1"],
                "value": ["1200.5", "300"],
                "currency": ["EUR", "EUR"],
                "status": ["won", "lost"],
                "add_time": ["2024-01-01 08:00:00", "2024-01-02 08:00:00"],
                "stage_change_time": ["2024-01-05 08:00:00", "2024-01-03 08:00:00"],
                "won_time": ["2024-01-06 08:00:00", ""],
                "lost_time": ["", "2024-01-09 08:00:00"],
                "lost_reason": ["", "price"],
            }
        ),
        "persons": pd.DataFrame(
            {
                "id": ["1", "2"],
                "name": ["somebody", "somebody else"],
                "email": [json.dumps([{"value": f"c000{one}@mail.example", "primary": True}]) for one in (1, 2)],
                "org_id": ["31", ""],
            }
        ),
        "notes": pd.DataFrame(
            {"id": ["1"], "add_time": ["2024-03-01 08:00:00"], "org_id": ["31"], "active_flag": ["true"]}
        ),
        "organizations": pd.DataFrame({"id": ["31"], "name": ["A company"]}),
        "stages": pd.DataFrame({"id": ["10", "20"], "name": ["Qualified", "Demo"], "pipeline_id": ["1", "1"]}),
        "dealflow": pd.DataFrame(
            {
                "id": [str(place) for place in range(1, 8)],
                "item_id": ["7"] * 7,
                "field_key": ["user_id", "stage_id", "stage_id", "user_id", "value", "status", "status"],
                "old_value": ["", "", "10", "50", "1", "open", "lost"],
                "new_value": ["50", "10", "20", "51", "1200.5", "lost", "won"],
                "user_id": ["50"] * 7,
                "log_time": [f"2024-01-0{day} 08:00:00" for day in (1, 2, 5, 5, 5, 5, 6)],
                "is_bulk_update_flag": ["false", "false", "true", "", "", "", ""],
                "change_source": ["app"] * 7,
            }
        ),
    }


def test_changes_of_deals_are_told_once() -> None:
    touchpoints = read_crm(_tables())
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert set(frame["source"]) == {"pipedrive"}
    by_deal = frame.dropna(subset="deal").sort_values(["timestamp", "seq"]).groupby("deal")["activity"].agg(list)
    assert sorted(by_deal["pipedrive:7"]) == [
        *("Deal assigned", "Deal created", "Deal handed over", "Deal lost", "Deal won"),
        *("Deal: Demo", "Deal: Qualified"),
    ]
    # The deal without a history is told by the dates on its row.
    assert by_deal["pipedrive:8"] == ["Deal created", "Deal: Qualified", "Deal lost"]
    assert asides(touchpoints) == {("dealflow", "a field that is not followed"): 1}
    told = frame.set_index(["deal", "activity"]).sort_index()
    seven = told.loc["pipedrive:7"]
    assert seven.loc["Deal: Demo", "is_bulk"]
    assert not seven.loc["Deal: Qualified", "is_bulk"]
    assert seven.loc["Deal handed over", ["touchpoint_kind", "actor"]].tolist() == ["handoff", "51"]
    assert seven.loc["Deal assigned", "touchpoint_kind"] == "internal"
    assert seven.loc["Deal won", ["outcome", "customer", "account"]].tolist() == ["won", "pipedrive:1", "pipedrive:31"]
    lost = told.loc["pipedrive:8"].loc["Deal lost"]
    assert (lost["reason"], lost["amount"], lost["currency"]) == ("price", 300.0, "EUR")


def _activities() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["1", "2", "3", "4", "5", "6"],
            "type": ["call", "meeting", "task", "call", "coffee", "call"],
            "done": ["true", "true", "true", "false", "true", "true"],
            "active_flag": ["true", "true", "true", "true", "true", "false"],
            "due_date": [f"2024-02-0{day}" for day in range(1, 7)],
            "due_time": ["09:00", "10:00", "", "", "", ""],
            "duration": ["00:30", "01:30", "", "", "", ""],
            "marked_as_done_time": ["2024-02-01 09:05:00", "2024-02-09 18:00:00", "2024-02-03 12:00:00", "", "", ""],
            "add_time": ["2024-01-20 08:00:00"] * 5 + ["2024-02-20 08:00:00"],
            "person_id": ["1"] * 6,
            "deal_id": ["7", "7", "", "", "", ""],
            "user_id": ["51"] * 6,
        }
    )


def test_activities_that_are_not_done_are_plans() -> None:
    touchpoints = read_crm({**_tables(), "activities": _activities()}, "pipedrive")
    told = touchpoints.frame[touchpoints.frame["source_table"] == "activities"].set_index("activity")
    assert sorted(told.index) == ["Call", "Meeting", "Task done", "coffee"]
    assert asides(touchpoints)["activities", "planned"] == 1
    assert asides(touchpoints)["activities", "deleted"] == 1
    # A meeting took place when it was set for, whenever it was ticked off.
    assert str(told.loc["Meeting", "timestamp"]) == "2024-02-02 10:00:00+00:00"
    assert (told.loc["Meeting", "end_timestamp"] - told.loc["Meeting", "timestamp"]).total_seconds() == 5400
    assert str(told.loc["Call", "timestamp"]) == "2024-02-01 09:05:00+00:00"
    assert str(told.loc["Call", "planned_at"]) == "2024-02-01 09:00:00+00:00"
    assert told.loc["Task done", "touchpoint_kind"] == "internal"
    assert told.loc["coffee", "timestamp_quality"] == "date_only"


def test_a_call_with_a_log_is_told_once_and_mails_have_a_direction() -> None:
    log = pd.DataFrame(
        {
            "id": ["a"],
            "activity_id": ["1"],
            "outcome": ["left_voicemail"],
            "start_time": ["2024-02-01 09:01:00"],
            "end_time": ["2024-02-01 09:03:00"],
            "person_id": ["1"],
            "user_id": ["51"],
        }
    )
    party = json.dumps([{"email_address": "c0002@mail.example", "linked_person_id": 2}])
    ours = json.dumps([{"email_address": "agent-51@acme.example", "linked_person_id": None}])
    mails = pd.DataFrame(
        {
            "id": ["1", "2", "3"],
            "message_time": ["2024-02-01T10:00:00Z"] * 3,
            "sent_flag": ["1", "0", "1"],
            "draft_flag": ["0", "0", "1"],
            "from": [ours, party, ours],
            "to": [party, ours, party],
            "user_id": ["51"] * 3,
        }
    )
    tables = {**_tables(), "activities": _activities(), "call_logs": log, "mail_messages": mails}
    touchpoints = read_crm(tables, "pipedrive")
    frame = touchpoints.frame
    calls = frame[frame["activity"] == "Call"]
    assert calls[["source_table", "outcome"]].to_numpy().tolist() == [["call_logs", "left_voicemail"]]
    assert asides(touchpoints)["activities", "told by its call log"] == 1
    mail = frame[frame["channel"] == "email"]
    assert mail["activity"].tolist() == ["Email written", "Email received"]
    assert mail["customer"].tolist() == ["pipedrive:2"] * 2
    assert mail["direction"].tolist() == ["outbound", "inbound"]
    assert asides(touchpoints)["mail_messages", "draft"] == 1
    assert "mail.example" not in frame.to_csv()


HEADERS = [
    *("Deal - ID", "Deal - Title*", "Deal - Stage", "Deal - Pipeline", "Deal - Status", "Deal - Owner", "Deal - Value"),
    *("Deal - Currency", "Deal - Deal created", "Deal - Won time", "Deal - Lost time", "Deal - Lost reason"),
    *("Deal - Last stage change", "Deal - Organization", "Deal - Contact person"),
]
ROWS = [
    *[
        [
            "7",
            "A deal",
            "Demo",
            "Sales",
            "Won",
            "agent-07",
            "1200.5",
            "EUR",
            "2024-01-01 08:00:00",
            "2024-01-06 08:00:00",
        ]
    ],
    *[["8", "B deal", "Qualified", "Sales", "Open", "agent-07", "300", "EUR", "2024-01-02 08:00:00", ""]],
]
ENDS = [
    ["", "", "2024-01-05 08:00:00", "A company", "somebody"],
    ["2024-01-03 09:00:00", "price", "2024-01-03 08:00:00", "A company", "somebody"],
]


def test_a_page_export_names_people_whom_no_table_shows(tmp_path) -> None:
    book = openpyxl.Workbook()
    for line in [HEADERS, *(row + end for row, end in zip(ROWS, ENDS, strict=True))]:
        book.active.append(line)
    book.save(tmp_path / "whatever.xlsx")
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert set(frame["source"]) == {"pipedrive"}
    by_deal = frame.sort_values(["timestamp", "seq"]).groupby("deal")["activity"].agg(list)
    # The open deal was lost once; it is not now.
    assert by_deal.to_dict() == {
        "pipedrive:7": ["Deal created", "Deal: Demo", "Deal won"],
        "pipedrive:8": ["Deal created", "Deal: Qualified"],
    }
    # The company is told by name; a person is by id or address alone, and no name of hers is anywhere.
    assert frame["customer"].isna().all()
    assert set(frame["account"]) == {"pipedrive:A company"}
    assert "somebody" not in frame.to_csv() + "".join(each.to_csv() for each in touchpoints.objects.values())
    assert set(frame["pipeline"]) == {"Sales"}
    assert "tells no customer" in touchpoints.quality.lacks.to_csv()
    assert "going back and rework are invisible" in touchpoints.quality.lacks.to_csv()


def test_a_page_export_with_addresses_meets_the_people_of_another(tmp_path) -> None:
    deals = pd.DataFrame([row + end for row, end in zip(ROWS, ENDS, strict=True)], columns=HEADERS)
    deals.assign(**{"Person - Email": "C0001@mail.example"}).to_csv(tmp_path / "deals-1234.csv", index=False)
    people = {"Person - ID": "1", "Person - Name": "somebody", "Person - Email": "c0001@mail.example"}
    pd.DataFrame([people]).to_csv(tmp_path / "people-1234.csv", index=False)
    touchpoints = read_crm(tmp_path)
    assert set(touchpoints.frame["customer"]) == {"pipedrive:1"}
    assert "mail.example" not in touchpoints.frame.to_csv()
