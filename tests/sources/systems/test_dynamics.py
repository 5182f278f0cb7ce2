"""Dynamics 365: tables of Dataverse, the Excel file of a view, and the names that Microsoft's own definitions give."""

import re

import openpyxl
import pandas as pd
import pytest

from mining._errors import ExportError, MappingError
from mining.sources import read_crm
from mining.sources.catalogue import mapping_of
from mining.sources.mappings.mapping import Reading
from tests.telling import asides, happened

DEAL, CASE = "11111111-aaaa-4aaa-8aaa-000000000001", "22222222-aaaa-4aaa-8aaa-000000000001"
ANN, LEAD = "33333333-aaaa-4aaa-8aaa-000000000001", "44444444-aaaa-4aaa-8aaa-000000000001"
AGENT = "55555555-aaaa-4aaa-8aaa-000000000001"


def _ids(readings) -> list[str]:
    found = [readings] if isinstance(readings, Reading) else readings
    holes = [hole for reading in found for hole in re.findall(r"\{([^{}]+)\}", reading.template)]
    conditions = [condition.reading for reading in found for condition in reading.when]
    columns = [*(reading.column for reading in found), *(reading.by for reading in found), *holes]
    return [column for column in (*columns, *(_ids(conditions) if conditions else [])) if column]


def _columns(table: str) -> set[str]:
    """Collect every column that the mapping names for a table."""
    mapping = mapping_of("dynamics-365")
    found: list[str] = []
    for rule in mapping.objects:
        if table in rule.tables:
            found += [*_ids(rule.id), rule.account, *rule.keys.values(), *_ids(list(rule.attributes.values()))]
    for link in mapping.links.values():
        found += [link.by, *link.targets.values()] if table in link.tables else []
    for label in mapping.labels.values():
        found += [label.id, *_ids(label.label)] if table in label.tables else []
    for merge in mapping.merges:
        found += [*_ids(merge.old), merge.kept] if table in merge.tables else []
    for reader in (reader for reader in mapping.readers if table in reader.tables):
        found += list(reader.steps)
        for step in (reader.step, *reader.steps.values()):
            found += [column for readings in step.fields.values() for column in _ids(list(readings))]
            found += _ids([condition.reading for condition in (*step.only, *step.aside)])
    return set(found) - {""}


# Columns of every table, which the definitions inherit from elsewhere, and lookups of two types, told by their parts.
EVERYWHERE = {"createdon", "createdby", "modifiedon", "ownerid", "owneridtype", "importsequencenumber"}
EVERYWHERE |= {"overriddencreatedon", "customerid", "customeridtype"}
OF_ACTIVITIES = {"activityid", "actualend", "statecode", "regardingobjectid"}


@pytest.mark.parametrize(
    ("table", "entity", "besides"),
    [
        ("opportunity", "Opportunity", set()),
        ("lead", "Lead", set()),
        ("incident", "Case", set()),
        ("opportunityclose", "OpportunityClose", OF_ACTIVITIES | {"opportunitystatecode"}),
        ("campaignresponse", "CampaignResponse", OF_ACTIVITIES),
    ],
)
def test_every_column_is_one_of_microsofts_own_definitions(real_data, table, entity, besides) -> None:
    text = (real_data("crm_formats") / "microsoft_cdm_dynamics365" / f"{entity}.cdm.json").read_text("utf-8-sig")
    defined = {name.lower() for name in re.findall(r'"sourceName": "([^"]+)"', text)}
    named = _columns(table)
    assert len(named) > 4
    assert named - defined - EVERYWHERE - besides == set()


def test_connector_tables_without_times_are_refused_with_a_word_why(real_data) -> None:
    # The connector's sample tables hold ids and two coded columns, and no time at all.
    folder = real_data("crm_formats") / "fivetran_dynamics_365_crm"
    with pytest.raises(MappingError, match="no column 'actualstart' to read timestamp from"):
        read_crm(folder, "dynamics-365")
    with pytest.raises(ExportError, match="no export of a known system"):
        read_crm(folder)


def _calls(**more) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "activityid": ["{A0000000-0000-4000-8000-000000000001}", *(f"a000000{n}" for n in (2, 3, 4, 5))],
            "activitytypecode": "phonecall",
            "directioncode": ["true", "false", "", "true", "true"],
            "statuscode": ["2", "4", "4", "1", "3"],
            "statecode": ["1", "1", "1", "0", "2"],
            "scheduledend": "2024-01-31T00:00:00Z",
            "actualstart": ["2024-01-02T10:00:00Z", "", "", "", ""],
            "actualend": ["2024-01-02T10:30:00Z", "2024-01-03T10:00:00Z", "2024-01-04T10:00:00Z", "", ""],
            "actualdurationminutes": ["30", "", "", "", ""],
            "createdon": "2024-01-01T10:00:00Z",
            "modifiedon": "2024-01-05T10:00:00Z",
            "isworkflowcreated": ["false", "false", "true", "false", "false"],
            "importsequencenumber": ["", "7", "", "", ""],
            "leftvoicemail": ["true", "false", "false", "false", "false"],
            "ownerid": AGENT.upper(),
            "owneridtype": "systemuser",
            "regardingobjectid": [DEAL, DEAL, CASE, DEAL, DEAL],
            "regardingobjecttypecode": ["opportunity", "3", "incident", "opportunity", "opportunity"],
            **more,
        }
    )


def _parties() -> pd.DataFrame:
    rows = [
        ("a0000000-0000-4000-8000-000000000001", AGENT, "systemuser", "1", "false"),
        ("a0000000-0000-4000-8000-000000000001", ANN.upper(), "contact", "2", "false"),
        ("a0000000-0000-4000-8000-000000000001", "99999999", "contact", "3", "false"),
        ("a0000002", "88888888", "contact", "1", "true"),
        ("a0000003", LEAD, "4", "1", "false"),
    ]
    columns = ["activityid", "partyid", "partyobjecttypecode", "participationtypemask", "ispartydeleted"]
    return pd.DataFrame(rows, columns=columns)


def test_calls_planned_cancelled_and_done() -> None:
    touchpoints = read_crm({"phonecall": _calls(), "activityparty": _parties()}, "dynamics-365")
    assert happened(touchpoints) == ["Call made", "Call received", "Call received"]
    assert asides(touchpoints) == {("phonecall", "planned"): 1, ("phonecall", "cancelled"): 1}
    frame = touchpoints.frame.sort_values("timestamp").reset_index(drop=True)
    assert frame["timestamp"].dt.strftime("%m-%d").tolist() == ["01-02", "01-03", "01-04"]
    assert frame["end_timestamp"].iloc[0] - frame["timestamp"].iloc[0] == pd.Timedelta("30min")
    assert frame["outcome"].tolist()[:1] == ["left_voicemail"]
    assert frame["is_bulk"].tolist() == [False, True, False]
    assert frame["is_automated"].tolist() == [False, False, True]
    assert frame["actor_kind"].tolist() == ["employee", "employee", "automation"]
    # The recipient in the first call, nobody in the second whose party is deleted, the lead in the third.
    assert frame["customer"].fillna("").tolist() == [f"dynamics-365:{ANN}", "", f"dynamics-365:{LEAD}"]
    assert frame["deal"].fillna("").tolist() == [f"dynamics-365:{DEAL}", f"dynamics-365:{DEAL}", ""]
    assert frame["ticket"].fillna("").tolist() == ["", "", f"dynamics-365:{CASE}"]
    assert set(frame["department"]) == {"sales", "support"}


def test_lookups_of_the_web_api_are_the_same_columns() -> None:
    calls = _calls().rename(
        columns={
            "regardingobjectid": "_regardingobjectid_value",
            "regardingobjecttypecode": "_regardingobjectid_value@Microsoft.Dynamics.CRM.lookuplogicalname",
            "ownerid": "_ownerid_value",
        }
    )
    parties = _parties().rename(columns={"activityid": "_activityid_value", "partyid": "_partyid_value"})
    web = read_crm({"phonecalls": calls, "activityparties": parties}, "dynamics-365").frame
    plain = read_crm({"phonecall": _calls(), "activityparty": _parties()}, "dynamics-365").frame
    for name in ("activity", "customer", "deal", "ticket", "actor"):
        assert web[name].fillna("").tolist() == plain[name].fillna("").tolist()


def test_an_activity_in_two_tables_is_told_once() -> None:
    pointers = pd.DataFrame(
        {
            "activityid": ["A0000002", "b1", "b2", "b3", "b4"],
            "activitytypecode": ["phonecall", "appointment", "letter", "opportunityclose", "custom_visit"],
            "statecode": ["Completed", "Completed", "Completed", "Completed", "Completed"],
            "scheduledstart": ["", "2024-01-10T09:00:00Z", "2024-01-20T09:00:00Z", "", ""],
            "actualend": ["2024-01-03T10:00:00Z"] + ["2024-01-12T17:00:00Z"] * 4,
            "createdon": "2024-01-01T10:00:00Z",
            "modifiedon": "2024-01-13T10:00:00Z",
            "regardingobjectid": DEAL,
            "regardingobjecttypecode": "opportunity",
        }
    )
    touchpoints = read_crm({"phonecall": _calls(), "activitypointer": pointers}, "dynamics-365")
    told = touchpoints.frame.set_index("activity")["timestamp"]
    assert asides(touchpoints)["activitypointer", "told by its own table"] == 2
    # A meeting took place when it was scheduled, a letter went out when it was done; a new kind is kept by its name.
    assert f"{told['Meeting']:%m-%d}" == "01-10"
    assert f"{told['Letter']:%m-%d}" == "01-12"
    assert f"{told['custom_visit']:%m-%d}" == "01-12"
    assert "Call" not in told.index


def _deals() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "opportunityid": [DEAL, DEAL[:-1] + "2", DEAL[:-1] + "3"],
            "createdon": "2024-01-01T10:00:00Z",
            "actualclosedate": ["2024-02-01", "2024-02-02", ""],
            "statecode": ["1", "2", "0"],
            "statuscode": ["3", "4", "1"],
            "estimatedvalue": ["100", "200", "300"],
            "actualvalue": ["90", "0", ""],
            "parentcontactid": [ANN, "", ""],
            "parentaccountid": ["acc1", "acc2", "acc3"],
            "originatingleadid": [LEAD, "", ""],
            "ownerid": AGENT,
        }
    )


def test_deals_close_by_their_closing_activity_where_there_is_one() -> None:
    words = pd.DataFrame(
        {
            "objecttypecode": ["opportunity", "incident"],
            "attributename": "statuscode",
            "attributevalue": ["4", "4"],
            "value": ["Out-Sold", "Cancelled"],
        }
    )
    touchpoints = read_crm({"opportunity": _deals(), "stringmap": words}, "dynamics-365")
    assert sorted(happened(touchpoints)) == [
        "Lead qualified",
        *["Opportunity created"] * 3,
        "Opportunity lost",
        "Opportunity won",
    ]
    closed = touchpoints.frame[touchpoints.frame["outcome"].isin(["won", "lost"])]
    assert closed["reason"].fillna("").tolist() == ["", "Out-Sold"]
    assert set(closed["timestamp_precision"]) == {"day"}
    closing = pd.DataFrame(
        {
            "activityid": ["c1"],
            "opportunityid": [DEAL],
            "actualend": ["2024-02-01T00:00:00Z"],
            "createdon": ["2024-02-01T16:20:00Z"],
            "actualrevenue": ["90"],
            "statecode": ["1"],
        }
    )
    told = read_crm({"opportunity": _deals(), "opportunityclose": closing}, "dynamics-365").frame
    won = told[told["activity"] == "Opportunity won"]
    assert won["timestamp"].dt.strftime("%H:%M").tolist() == ["16:20"]
    assert won["customer"].tolist() == [f"dynamics-365:{ANN}"]
    assert (told["activity"] == "Opportunity lost").sum() == 1


def test_cases_end_by_their_resolution_and_people_are_merged() -> None:
    contacts = pd.DataFrame(
        {
            "contactid": [ANN, ANN[:-1] + "2"],
            "masterid": ["", ANN],
            "originatingleadid": [LEAD, ""],
            "emailaddress1": ["c0123@mail.example", ""],
        }
    )
    cases = pd.DataFrame(
        {
            "incidentid": [CASE, CASE[:-1] + "2"],
            "createdon": ["2024-03-01T10:00:00Z", "2024-03-02T10:00:00Z"],
            "escalatedon": ["2024-03-01T12:00:00Z", ""],
            "caseorigincode": ["1", "3"],
            "customerid": [ANN[:-1] + "2", "acc1"],
            "customeridtype": ["contact", "account"],
            "statecode": ["1", "0"],
        }
    )
    resolutions = pd.DataFrame(
        {"activityid": ["r1"], "incidentid": [CASE], "createdon": ["2024-03-03T10:00:00Z"], "statecode": ["1"]}
    )
    leads = pd.DataFrame({"leadid": [LEAD], "createdon": ["2024-02-01T10:00:00Z"]})
    touchpoints = read_crm(
        {"contact": contacts, "incident": cases, "incidentresolution": resolutions, "lead": leads}, "dynamics-365"
    )
    assert happened(touchpoints) == ["Lead created", "Case opened", "Case escalated", "Case opened", "Case resolved"]
    frame = touchpoints.frame
    assert frame["customer"].dropna().unique().tolist() == [f"dynamics-365:{ANN}"]
    opened = frame[frame["activity"] == "Case opened"]
    assert opened["channel"].tolist() == ["phone", "web_form"]
    assert opened["account"].fillna("").tolist() == ["", "dynamics-365:acc1"]


def test_the_audit_tells_what_closings_do_not() -> None:
    rows = [
        ("u1", "13", "opportunity", DEAL, "2024-01-05T10:00:00Z"),
        ("u2", "2", "opportunity", DEAL, "2024-01-06T10:00:00Z"),
        ("u3", "44", "opportunity", DEAL, "2024-02-01T16:20:00Z"),
        ("u4", "21", "incident", CASE, "2024-01-07T10:00:00Z"),
        ("u5", "24", "lead", LEAD, "2024-01-01T10:00:00Z"),
        ("u6", "13", "account", "acc1", "2024-01-01T10:00:00Z"),
    ]
    audit = pd.DataFrame(rows, columns=["auditid", "action", "objecttypecode", "objectid", "createdon"])
    audit["userid"] = AGENT
    alone = read_crm({"audit": audit}, "dynamics-365")
    assert happened(alone) == ["Lead qualified", "Opportunity handed over", "Case reopened", "Opportunity won"]
    assert alone.frame["touchpoint_kind"].value_counts()["handoff"] == 1
    rules = asides(alone)
    assert rules["audit", "an action that is not followed"] == 1
    closing = pd.DataFrame({"activityid": ["c1"], "opportunityid": [DEAL], "createdon": ["2024-02-01T16:20:00Z"]})
    both = read_crm({"audit": audit, "opportunityclose": closing, "opportunity": _deals()}, "dynamics-365")
    assert happened(both).count("Opportunity won") == 1
    assert happened(both).count("Lead qualified") == 1
    assert asides(both)["audit", "told by its closing"] == 1
    assert asides(both)["audit", "told by its opportunity"] == 1


def test_a_process_tells_its_present_stage() -> None:
    process = pd.DataFrame(
        {
            "businessprocessflowinstanceid": ["p1"],
            "activestageid": ["{S1}"],
            "activestagestartedon": ["2024-01-09T10:00:00Z"],
            "completedon": [""],
            "opportunityid": [DEAL],
        }
    )
    stages = pd.DataFrame({"processstageid": ["s1"], "stagename": ["Propose"]})
    touchpoints = read_crm({"opportunitysalesprocess": process, "processstage": stages}, "dynamics-365")
    assert happened(touchpoints) == ["Stage: Propose"]
    assert touchpoints.frame["deal"].tolist() == [f"dynamics-365:{DEAL}"]


@pytest.mark.parametrize("german", [False, True])
def test_a_view_in_excel_with_its_hidden_columns(tmp_path, german) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "All Opportunities"
    headers = ["(Do Not Modify) Opportunity", "(Do Not Modify) Row Checksum", "(Do Not Modify) Modified On", "Topic"]
    headers += ["Status", "Status Reason", "Created On", "Actual Close Date", "Est. Revenue", "Owner"]
    if german:
        swap = {headers[0]: "(Nicht ändern) Verkaufschance", headers[1]: "(Nicht ändern) Zeilenprüfsumme"}
        swap |= {"Topic": "Thema", "Created On": "Erstellt am", "Actual Close Date": "Tatsächliches Abschlussdatum"}
        headers = [swap.get(header, header) for header in headers]
    sheet.append(headers)
    won = "Gewonnen" if german else "Won"
    made, closed, hoped = (
        pd.Timestamp(text).to_pydatetime() for text in ("2024-01-05 09:30", "2024-03-13", "2030-01-01")
    )
    sheet.append([DEAL.upper(), "x1=", made, "Deal one", won, "Won", made, closed, 1200.5, "agent-07"])
    sheet.append([DEAL[:-1] + "2", "x2=", made, "Deal two", "Open", "New", made, hoped, 50, "agent-08"])
    for letter in "ABC":
        sheet.column_dimensions[letter].hidden = True
    book.save(tmp_path / "All Opportunities 3-14-2024 9-00-00 AM.xlsx")
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["activity"].tolist().count("Opportunity created") == 2
    assert happened(touchpoints)[-1] == "Opportunity won"
    assert len(frame) == 3
    assert f"dynamics-365:{DEAL}" in set(frame["deal"])
    assert frame.loc[frame["outcome"].notna(), "outcome"].tolist() == ["won"]
    assert frame["timestamp"].dt.strftime("%Y-%m-%d %H:%M").tolist()[0] == "2024-01-05 09:30"


def test_activities_of_a_view_regard_deals_by_topic(tmp_path) -> None:
    (tmp_path / "deals.csv").write_text(
        "(Do Not Modify) Opportunity,(Do Not Modify) Row Checksum,Topic,Status,Created On\n"
        f"{DEAL},x1=,Deal one,Open,2024-01-05 09:30\n",
        "utf-8",
    )
    (tmp_path / "acts.csv").write_text(
        "(Do Not Modify) Activity,(Do Not Modify) Row Checksum,Activity Type,Activity Status,Regarding,Start Date,"
        "Actual End,Created On\n"
        "a1,y1=,Phone Call,Completed,Deal one,,2024-01-08 10:00,2024-01-07 10:00\n"
        "a2,y2=,Appointment,Completed,Deal one,2024-01-09 14:00,2024-01-10 10:00,2024-01-07 10:00\n"
        "a3,y3=,Phone Call,Open,Deal one,,,2024-01-07 10:00\n"
        "a4,y4=,Phone Call,Completed,c0123,,2024-01-08 10:00,2024-01-07 10:00\n",
        "utf-8",
    )
    touchpoints = read_crm(tmp_path, "dynamics-365")
    assert happened(touchpoints) == ["Opportunity created", "Call", "Meeting"]
    assert asides(touchpoints) == {("acts", "planned"): 1, ("acts", "nobody it belongs to"): 1}
    assert f"{touchpoints.frame.set_index('activity')['timestamp']['Meeting']:%m-%d %H}" == "01-09 14"
