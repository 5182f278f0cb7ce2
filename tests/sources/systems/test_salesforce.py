"""Salesforce: connector tables, Data Loader and Bulk files, and the CSV of a report."""

import openpyxl
import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened

SHORT, LONG = "0031I00000AbCdE", "0031I00000AbCdEQAV"  # one contact: as a report spells it, and as the API does
DEAL, OTHER_DEAL = "006000000000001AAA", "006000000000002AAA"
LEAD, AGENT = "00Q000000000001AAA", "005000000000001AAA"


@pytest.mark.parametrize("folder", ["fivetran_salesforce", "fivetran_salesforce_source"])
@pytest.mark.parametrize("sources", ["salesforce", None])
def test_connector_tables_named_or_recognised(real_data, folder, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / folder, sources)
    frame, quality = touchpoints.frame, touchpoints.quality
    assert quality.balanced
    assert frame["source"].unique().tolist() == ["salesforce"]
    assert frame["activity"].value_counts().to_dict() == {
        "Task done": 10,
        "Order created": 10,
        "Order activated": 10,
        "Call": 6,
        "Meeting": 4,
        "Lead created": 1,
        "Lead converted": 1,
    }
    # Every opportunity of these tables, and every version of one, is marked deleted.
    assert asides(touchpoints) == {
        ("sf_opportunity_data", "deleted"): 10,
        ("sf_opportunity_history_data", "deleted"): 10,
    }
    tasks = frame[frame["activity"] == "Task done"]
    assert tasks["customer"].notna().sum() == 10
    assert (tasks["lead"].notna().sum(), tasks["deal"].notna().sum()) == (1, 7)
    assert frame.loc[frame["channel"] == "phone", "activity"].tolist() == ["Call"] * 6
    # The lead and the contact it became are one customer.
    assert frame.loc[
        frame["lead"].notna() & frame["activity"].str.startswith("Lead"), "customer"
    ].unique().tolist() == ["salesforce:0031G00001QtDPlQAN"]


def _history(**more: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Id": ["h1", "h2", "h3", "h4", "h5"],
            "OpportunityId": [DEAL, DEAL, DEAL, DEAL, OTHER_DEAL],
            "StageName": ["Prospecting", "Prospecting", "Closed Won", "Prospecting", "Closed Lost"],
            "Amount": ["10", "20", "20", "20", "5"],
            "CreatedById": AGENT,
            "CreatedDate": [f"2024-01-0{day}T10:00:00.000+0000" for day in (1, 2, 3, 4, 5)],
            **more,
        }
    )


@pytest.mark.parametrize("snake", [False, True])
def test_a_history_of_deals_tells_only_changes_of_stage(snake) -> None:
    table = _history()
    roles = pd.DataFrame({"OpportunityId": [DEAL[:15]], "ContactId": [SHORT]})
    tables = {"OpportunityHistory": table, "OpportunityContactRole": roles}
    if snake:
        table.columns = ["id", "opportunity_id", "stage_name", "amount", "created_by_id", "created_date"]
        roles.columns = ["opportunity_id", "contact_id"]
        tables = {"sf_opportunity_history": table, "sf_opportunity_contact_role": roles}
    touchpoints = read_crm(tables, "salesforce")
    assert happened(touchpoints) == [
        "Opportunity: Prospecting",
        "Opportunity: Closed Won",
        "Opportunity: Prospecting",
        "Opportunity: Closed Lost",
    ]
    assert list(asides(touchpoints).values()) == [1]
    frame = touchpoints.frame
    # The role names deal and contact with 15 characters, the history the deal with 18.
    assert frame.loc[frame["deal"] == f"salesforce:{DEAL}", "customer"].unique().tolist() == [f"salesforce:{LONG}"]
    assert frame.sort_values("timestamp")["outcome"].dropna().tolist() == ["won", "lost"]


def test_versions_of_the_record_are_dated_by_their_start() -> None:
    table = pd.DataFrame(
        {
            "_fivetran_start": ["2024-02-01 08:00:00", "2024-02-03 08:00:00", "2024-02-09 08:00:00"],
            "id": DEAL,
            "created_date": "2024-01-01 00:00:00",
            "stage_name": ["Prospecting", "Prospecting", "Closed Won"],
            "owner_id": ["005000000000001AAA", "005000000000002AAA", "005000000000002AAA"],
            "is_closed": ["false", "false", "true"],
            "is_won": ["false", "false", "true"],
        }
    )
    frame = read_crm({"sf_opportunity_history": table}, "salesforce").frame
    assert frame["activity"].tolist() == [
        "Opportunity: Prospecting",
        "Opportunity handed over",
        "Opportunity: Closed Won",
    ]
    assert frame["timestamp"].dt.strftime("%m-%d").tolist() == ["02-01", "02-03", "02-09"]
    assert frame["touchpoint_id"].is_unique
    assert frame["outcome"].tolist()[-1] == "won"


def test_a_deal_closes_by_its_close_date_only_where_no_history_tells_it() -> None:
    deals = pd.DataFrame(
        {
            "Id": [DEAL, OTHER_DEAL, "006000000000003AAA"],
            "StageName": ["Closed Won", "Lost to rival", "Prospecting"],
            "CloseDate": ["2024-01-03", "2024-03-01", "2030-01-01"],
            "CreatedDate": "2023-12-01T10:00:00.000+0000",
            "IsClosed": ["true", "true", "false"],
            "IsWon": ["true", "false", "false"],
            "Name": ["one", "two", "three"],
        }
    )
    alone = read_crm({"opportunity": deals}, "salesforce").frame
    closed = alone[alone["activity"] != "Opportunity created"]
    assert closed["activity"].tolist() == ["Opportunity: Closed Won", "Opportunity: Lost to rival"]
    assert closed["outcome"].tolist() == ["won", "lost"]
    assert set(closed["timestamp_quality"]) == {"date_only"}
    history = _history().iloc[:3]
    both = read_crm({"opportunity": deals, "opportunity_history": history}, "salesforce").frame
    assert (both["activity"] == "Opportunity: Closed Won").sum() == 1
    assert (both["activity"] == "Opportunity: Lost to rival").sum() == 1


def test_a_change_of_owner_is_told_once() -> None:
    rows = [
        ("a", "Status", "New", "Working", "2024-01-01T10:00:00Z"),
        ("b", "Owner", "Queue of all", "agent-07", "2024-01-02T10:00:00Z"),
        ("c", "Owner", "00G000000000001AAA", AGENT, "2024-01-02T10:00:00Z"),
        ("d", "ownerAccepted", "", "", "2024-01-02T10:00:00Z"),
        ("e", "Status", "Working", "Closed", "2024-01-03T10:00:00Z"),
        ("f", "Priority", "Low", "High", "2024-01-03T11:00:00Z"),
    ]
    history = pd.DataFrame(rows, columns=["Id", "Field", "OldValue", "NewValue", "CreatedDate"])
    history["CaseId"], history["CreatedById"] = "500000000000001AAA", AGENT
    cases = pd.DataFrame(
        {
            "Id": ["500000000000001AAA"],
            "CaseNumber": ["00001026"],
            "ContactId": [LONG],
            "Origin": ["Email"],
            "Status": ["Closed"],
            "CreatedDate": ["2024-01-01T09:00:00Z"],
            "ClosedDate": ["2024-01-03T10:00:00Z"],
        }
    )
    users = pd.DataFrame({"Id": [AGENT], "Name": ["agent-07"], "UserType": ["Standard"]})
    touchpoints = read_crm({"CaseHistory": history, "Case": cases, "User": users}, "salesforce")
    assert happened(touchpoints) == [
        "Case opened",
        "Case: Working",
        "Case handed over",
        "Case accepted from queue",
        "Case: Closed",
    ]
    assert asides(touchpoints) == {
        ("CaseHistory", "id twin"): 1,
        ("CaseHistory", "a field that is not followed"): 1,
    }
    frame = touchpoints.frame
    assert set(frame["customer"]) == {f"salesforce:{LONG}"}
    assert frame.loc[frame["activity"] == "Case opened", "channel"].tolist() == ["email"]
    # Old and new owner are names in the history; users spell them as ids, as everywhere else.
    handed = frame.loc[frame["activity"] == "Case handed over", "actor"].tolist()
    worked = frame.loc[frame["activity"] == "Case: Working", "actor"].tolist()
    assert handed == worked
    alone = read_crm({"Case": cases}, "salesforce")
    assert happened(alone) == ["Case opened", "Case: Closed"]
    assert alone.frame["outcome"].tolist()[1] == "solved"


def test_plans_series_and_copies_are_no_touchpoints() -> None:
    columns = ["Id", "WhoId", "TaskSubtype", "CallType", "Status", "IsClosed", "IsRecurrence", "CompletedDateTime"]
    rows = [
        ("00T1", LONG, "Call", "Outbound", "Completed", "true", "false", "2024-01-02T10:00:00Z"),
        ("00T2", LONG, "Call", "Inbound", "Completed", "true", "false", "2024-01-03T10:00:00Z"),
        ("00T3", LONG, "Email", "", "Completed", "true", "false", "2024-01-04T10:00:00Z"),
        ("00T4", LONG, "Task", "", "Not Started", "false", "false", ""),
        ("00T5", LONG, "Task", "", "Completed", "true", "true", "2024-01-05T10:00:00Z"),
        ("00T6", LEAD, "Task", "", "Completed", "true", "false", "2024-01-06T10:00:00Z"),
        ("00T7", LONG, "Email", "", "Completed", "true", "false", "2024-01-07T10:00:00Z"),
    ]
    tasks = pd.DataFrame(rows, columns=columns)
    tasks["CallDurationInSeconds"] = ["90", "", "", "", "", "", ""]
    tasks["ActivityDate"] = "2024-01-31"
    events = pd.DataFrame(
        {
            "Id": ["00U1", "00U2", "00U3"],
            "WhoId": LONG,
            "Type": ["Meeting", "Meeting", "Meeting"],
            "StartDateTime": ["2024-01-08T10:00:00Z", "2024-01-08T10:00:00Z", "2024-01-15T10:00:00Z"],
            "EndDateTime": ["2024-01-08T11:00:00Z", "2024-01-08T11:00:00Z", "2024-01-15T11:00:00Z"],
            "IsChild": ["false", "true", "false"],
            "IsRecurrence": ["false", "false", "true"],
            "CreatedDate": "2024-01-09T00:00:00Z",
        }
    )
    mails = pd.DataFrame(
        {
            "Id": ["02s1", "02s2"],
            "ActivityId": ["00T7", ""],
            "ParentId": ["", "500000000000001AAA"],
            "RelatedToId": [DEAL, ""],
            "Incoming": ["false", "true"],
            "Status": ["3", "5"],
            "MessageDate": ["2024-01-07T10:00:00Z", "2024-01-07T11:00:00Z"],
            "FirstOpenedDate": ["2024-01-07T12:00:00Z", ""],
            "ToAddress": ["c0123@mail.example; c0124@mail.example", "desk@firm.example"],
            "FromAddress": ["seller@firm.example", "c0123@mail.example"],
        }
    )
    touchpoints = read_crm({"Task": tasks, "Event": events, "EmailMessage": mails}, "salesforce")
    assert happened(touchpoints) == [
        "Call made",
        "Call received",
        "Email logged",
        "Task done",
        "Email sent",
        "Email opened",
        "Meeting",
    ]
    assert asides(touchpoints) == {
        ("Task", "planned"): 1,
        ("Task", "series of repeats"): 1,
        ("Task", "told by its e-mail message"): 1,
        ("Event", "copy for an invitee"): 1,
        ("Event", "series of repeats"): 1,
        ("EmailMessage", "draft"): 1,
    }
    frame = touchpoints.frame.set_index("activity")
    assert frame.loc["Call made", "end_timestamp"] - frame.loc["Call made", "timestamp"] == pd.Timedelta("90s")
    assert f"{frame.loc['Call made', 'planned_at']:%Y-%m-%d}" == "2024-01-31"
    assert frame["is_low_trust"].to_dict() == {name: name == "Email opened" for name in frame.index}
    assert frame.loc["Email sent", "customer"].startswith("email#")
    assert frame.loc["Task done", "lead"] == f"salesforce:{LEAD}"
    assert "mail.example" not in touchpoints.frame.to_csv()


def test_merged_and_converted_people_are_one_customer() -> None:
    contacts = pd.DataFrame(
        {
            "Id": [LONG, "003000000000009AAA"],
            "MasterRecordId": ["", SHORT],
            "IsDeleted": ["false", "true"],
            "Email": ["c0123@mail.example", ""],
        }
    )
    leads = pd.DataFrame(
        {
            "Id": [LEAD, "00Q000000000002AAA"],
            "MasterRecordId": ["", LEAD],
            "IsDeleted": ["false", "true"],
            "IsConverted": ["true", "false"],
            "ConvertedDate": ["2024-02-01", ""],
            "ConvertedContactId": [SHORT, ""],
            "ConvertedOpportunityId": [DEAL, ""],
            "CreatedDate": ["2024-01-01T10:00:00Z", "2024-01-02T10:00:00Z"],
        }
    )
    tasks = pd.DataFrame(
        {
            "Id": ["00T1", "00T2", "00T3"],
            "WhoId": ["003000000000009AAA", LONG, "00Q000000000002AAA"],
            "IsClosed": "true",
            "CompletedDateTime": [f"2024-02-0{day}T10:00:00Z" for day in (2, 3, 4)],
        }
    )
    touchpoints = read_crm({"contact": contacts, "lead": leads, "task": tasks}, "salesforce")
    frame = touchpoints.frame
    assert frame["customer"].unique().tolist() == [f"salesforce:{LONG}"]
    assert sorted(frame["activity"]) == ["Lead converted", "Lead created", "Task done", "Task done", "Task done"]
    converted = frame[frame["activity"] == "Lead converted"]
    assert converted["deal"].tolist() == [f"salesforce:{DEAL}"]
    assert converted["timestamp_precision"].tolist() == ["day"]
    assert asides(touchpoints) == {("lead", "deleted"): 1}


def test_bulk_files_count_milliseconds() -> None:
    members = pd.DataFrame(
        {
            "Id": ["00v1"],
            "CampaignId": ["701000000000001AAA"],
            "ContactId": [LONG],
            "LeadId": [""],
            "CreatedDate": ["1704103200000"],
            "FirstRespondedDate": ["1704189600000"],
        }
    )
    campaigns = pd.DataFrame({"Id": ["701000000000001AAA"], "Type": ["Webinar"], "Status": ["Completed"]})
    frame = read_crm({"CampaignMember": members, "Campaign": campaigns}, "salesforce").frame
    assert frame["activity"].tolist() == ["Added to campaign", "Campaign response"]
    assert frame["timestamp"].dt.strftime("%Y-%m-%d %H:%M").tolist() == ["2024-01-01 10:00", "2024-01-02 10:00"]
    assert set(frame["channel"]) == {"event"}


REPORT = """\
"Opportunity ID","Opportunity Name","Account Name","Stage","Amount",\
"Created Date","Close Date","Last Stage Change Date","Opportunity Owner"
"0061I00000AbCdE","Deal
of two lines","Firm A","Closed Won","1,200.00","1/5/2024","3/14/2024","3/13/2024, 2:15 PM","agent-07"
"0061I00000AbCdF","Deal 2","Firm B","Proposal","900.00","1/6/2024","12/31/2024","2/20/2024, 9:00 AM","agent-08"
"0061I00000AbCdG","Deal 3","Firm C","Closed Lost","50.00","1/7/2024","2/29/2024","","agent-08"

"Grand Totals (3 records)"

"Confidential Information - Do Not Distribute"
"Copyright (c) 2000-2024 salesforce.com, inc. All rights reserved."
"""


def test_a_report_is_known_by_its_headers_and_shorn_of_its_footer(tmp_path) -> None:
    (tmp_path / "report1710412345678.csv").write_bytes(b"\xef\xbb\xbf" + REPORT.encode())
    touchpoints = read_crm(tmp_path)
    quality = touchpoints.quality
    assert quality.balanced
    assert int(quality.frame["rows_used"].iloc[0]) == 3
    assert set(quality.frame["rule"]) == {"footer"}
    assert happened(touchpoints) == [
        "Opportunity created",
        "Opportunity created",
        "Opportunity created",
        "Opportunity: Proposal",
        "Opportunity: Closed Lost",
        "Opportunity: Closed Won",
    ]
    closed = touchpoints.frame[touchpoints.frame["outcome"].notna()]
    assert sorted(closed["deal"]) == ["salesforce:0061I00000AbCdEQAV", "salesforce:0061I00000AbCdGQAV"]
    won = closed[closed["outcome"] == "won"]
    assert f"{won['timestamp'].iloc[0]:%Y-%m-%d %H:%M}" == "2024-03-13 14:15"
    assert won["amount"].tolist() == [1200.0]


def test_a_formatted_report_in_excel_has_lines_above_and_below(tmp_path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "New Opportunities Report"
    above = [
        "New Opportunities Report",
        "As of 2024-03-14 by agent-07",
        "Filtered By",
        "Show: All opportunities",
    ]
    for line in above:
        sheet.append([None, line])
    sheet.append([])
    sheet.append([None, "Opportunity ID", "Opportunity Name", "Stage", "Amount", "Created Date", "Close Date"])
    sheet.append([None, "0061I00000AbCdE", "Deal 1", "Closed Won", "1200", "1/5/2024", "3/14/2024"])
    sheet.append([None, "0061I00000AbCdF", "Deal 2", "Proposal", "90", "1/6/2024", "12/31/2024"])
    for line in ("Total", "Confidential Information - Do Not Distribute", "Copyright © 2000-2024 salesforce.com, inc."):
        sheet.append([None, line])
    book.save(tmp_path / "New Opportunities Report-2024-03-14.xlsx")
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == ["Opportunity created", "Opportunity created", "Opportunity: Closed Won"]
    deals = ["salesforce:0061I00000AbCdEQAV", "salesforce:0061I00000AbCdFQAV"]
    assert touchpoints.objects["deal"].index.tolist() == deals
    assert touchpoints.quality.balanced


def test_a_file_of_the_data_loader_has_any_name_and_capital_headers(tmp_path) -> None:
    (tmp_path / "extract.csv").write_text(
        '"ID","ACCOUNTID","STAGENAME","CLOSEDATE","CREATEDDATE","ISCLOSED","ISWON","AMOUNT"\n'
        f'"{DEAL}","0011I00000AbCdEQAV","Closed Won","2024-03-13","2024-01-05T08:00:00.000Z","true","true","1200.0"\n',
        "utf-8",
    )
    (tmp_path / "extract (1).csv").write_text(
        '"ID","WHOID","WHATID","ISCLOSED","COMPLETEDDATETIME","CALLTYPE"\n'
        f'"00T1","{LONG}","{DEAL}","true","2024-02-01T10:00:00.000Z","Inbound"\n',
        "utf-8",
    )
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == ["Opportunity created", "Call received", "Opportunity: Closed Won"]
    assert set(touchpoints.frame["source"]) == {"salesforce"}
    assert set(touchpoints.frame["deal"]) == {f"salesforce:{DEAL}"}


def test_a_report_of_stages_in_another_locale(tmp_path) -> None:
    lines = [
        "Opportunity-ID;Von Phase;In Phase;Zuletzt geändert",
        "0061I00000AbCdE;;Qualifizierung;05.01.2024 10:00",
        "0061I00000AbCdE;Qualifizierung;Qualifizierung;06.01.2024 10:00",
        "0061I00000AbCdE;Qualifizierung;Geschlossen und gewonnen;31.01.2024 10:00",
    ]
    (tmp_path / "report1710412345679.csv").write_bytes("\n".join(lines).encode("latin-1"))
    touchpoints = read_crm(tmp_path, "salesforce")
    assert happened(touchpoints) == ["Opportunity: Qualifizierung", "Opportunity: Geschlossen und gewonnen"]
    assert touchpoints.frame["outcome"].tolist()[1] == "won"
    assert touchpoints.frame["timestamp"].dt.strftime("%m-%d").tolist() == ["01-05", "01-31"]
    assert list(asides(touchpoints).values()) == [1]


def test_cases_of_a_report_prefer_the_finer_date(tmp_path) -> None:
    text = (
        '"Case Number","Status","Date/Time Opened","Opened Date","Closed Date","Case Origin","Contact ID"\n'
        f'"00001026","Closed","1/5/2024, 4:05 PM","1/5/2024","1/20/2024","Phone","{SHORT}"\n'
    )
    (tmp_path / "report.csv").write_text(text, "utf-8")
    frame = read_crm(tmp_path, "salesforce").frame
    assert frame["activity"].tolist() == ["Case opened", "Case: Closed"]
    assert frame["timestamp_precision"].tolist() == ["min", "day"]
    assert frame["ticket"].unique().tolist() == ["salesforce:00001026"]
    assert frame["customer"].unique().tolist() == [f"salesforce:{LONG}"]
