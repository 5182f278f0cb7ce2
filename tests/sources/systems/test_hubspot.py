"""HubSpot: connector tables of four makers, and the exports of its own pages in two languages."""

import json

import openpyxl
import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened

STAGES = pd.DataFrame(
    {
        "stage_id": ["10", "20", "closedwon"],
        "label": ["Qualified", "Demo", "Won"],
        "closed_won": ["false", "false", "true"],
        "is_closed": ["false", "false", "true"],
    }
)
CONTACTS = pd.DataFrame({"id": ["1", "2"], "property_email": ["c0001@mail.example", "c0002@mail.example"]})


def test_all_connector_tables_are_read_and_none_twice(real_data) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_hubspot")
    frame, quality = touchpoints.frame, touchpoints.quality
    assert quality.balanced
    assert set(frame["source"]) == {"hubspot"}
    # Copies of one table for other warehouses bear its name and theirs: they are no tables of HubSpot's.
    assert not quality.files["file"].str.contains("postgres|snowflake|databricks").any()
    stages = frame["activity"].str.startswith("Deal: ")
    assert frame.loc[stages, "source_table"].unique().tolist() == ["deal_stage_data"]
    assert stages.sum() == 14
    found = frame.loc[~stages, "activity"].value_counts()
    rules = asides(touchpoints)
    # Recipients are hashed here; an opening whose hash looks like none belongs to nobody.
    assert found.pop("Newsletter opened") + rules.pop(("email_event_data", "nobody it belongs to"), 0) == 90
    assert found.drop("Ticket: 4f5372f07271c52cf8420846e945323c").to_dict() == {
        "Deal created": 44,
        "Ticket opened": 25,
        "Ticket closed": 22,
        "Form submitted": 5,
        "Newsletter sent": 4,
        "Support reply": 4,
        "Newsletter delivered": 3,
        "Call": 1,
    }
    assert rules == {
        ("contact_property_history_data", "a field that is not followed"): 100,
        ("deal_property_history_data", "a field that is not followed"): 100,
        ("email_event_data", "bot"): 3,
        ("engagement_communication_data", "nobody it belongs to"): 1,
        ("engagement_email_data", "nobody it belongs to"): 1,
        ("engagement_meeting_data", "nobody it belongs to"): 100,
        ("engagement_note_data", "nobody it belongs to"): 1,
        ("engagement_task_data", "planned"): 2,
        ("ticket_property_history_data", "a field that is not followed"): 13,
    }
    call = frame[frame["activity"] == "Call"].iloc[0]
    assert (call["customer"], str(call["timestamp"])) == ("hubspot:501", "2014-08-27 20:50:44.778000+00:00")


def test_merged_contacts_are_one_however_the_merge_is_written() -> None:
    contacts = pd.DataFrame(
        {
            "id": ["1", "2", "3"],
            "property_hs_calculated_merged_vids": ["11:1585000000000;12:1586000000000", "", ""],
            "property_hs_merged_object_ids": ["", "21", "[31, 32]"],
        }
    )
    forms = pd.DataFrame(
        {
            "contact_id": ["11", "12", "21", "31", "32", "3"],
            "form_id": list("abcdef"),
            "timestamp": [str(1_700_000_000_000 + day * 86_400_000) for day in range(6)],
        }
    )
    frame = read_crm({"contact": contacts, "contact_form_submission": forms}, "hubspot").frame
    assert frame["customer"].tolist() == [f"hubspot:{one}" for one in (1, 1, 2, 3, 3, 3)]
    assert str(frame["timestamp"].iloc[0]) == "2023-11-14 22:13:20+00:00"


def test_opens_are_kept_and_marked_and_make_no_journey_longer() -> None:
    events = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d", "e"],
            "created": [f"2024-03-01 0{hour}:00:00" for hour in range(5)],
            "type": ["SENT", "OPEN", "CLICK", "CLICK", "SENT"],
            "recipient": ["c0001@mail.example"] * 5,
            "filtered_event": ["false", "false", "false", "true", "false"],
            "obsoleted_by_id": ["", "", "", "", "a"],
        }
    )
    touchpoints = read_crm({"email_event": events, "contact": CONTACTS}, "hubspot")
    frame = touchpoints.frame
    assert frame["activity"].tolist() == ["Newsletter sent", "Newsletter opened", "Newsletter clicked"]
    assert frame["is_low_trust"].tolist() == [False, True, False]
    assert asides(touchpoints) == {("email_event", "bot"): 1, ("email_event", "replaced by a later event"): 1}
    assert "mail.example" not in frame.to_csv()
    journey = touchpoints.by("customer").portraits()
    assert journey["n_touchpoints"].tolist() == [2]


def _deal_tables() -> dict[str, pd.DataFrame]:
    return {
        "deal": pd.DataFrame({"deal_id": ["7", "8"], "property_createdate": ["2024-01-01 08:00:00"] * 2}),
        "deal_contact": pd.DataFrame({"deal_id": ["7", "8"], "contact_id": ["1", "2"]}),
        "contact": CONTACTS,
        "deal_pipeline_stage": STAGES,
        "deal_stage": pd.DataFrame(
            {
                "deal_id": ["7", "8", "8"],
                "value": ["10", "10", "closedwon"],
                "date_entered": ["2024-01-02 08:00:00", "2024-01-03 08:00:00", "2024-01-09 08:00:00"],
            }
        ),
        "deal_property_history": pd.DataFrame(
            {
                "deal_id": ["7"] * 5,
                "name": ["dealstage", "dealstage", "dealstage", "hubspot_owner_id", "hubspot_owner_id"],
                "value": ["10", "20", "10", "51", "52"],
                "timestamp": [f"2024-01-0{day} 08:00:00" for day in (2, 3, 4, 2, 5)],
                "source": ["CRM_UI", "AUTOMATION_PLATFORM", "IMPORT", "CRM_UI", "CRM_UI"],
            }
        ),
    }


def test_a_stage_is_told_once_where_two_tables_tell_it() -> None:
    touchpoints = read_crm(_deal_tables(), "hubspot")
    by_deal = touchpoints.frame.sort_values(["timestamp", "seq"]).groupby("deal")["activity"].agg(list)
    # Going back is seen by the deal that has a history; the other one is told by its stages.
    assert by_deal["hubspot:7"] == [
        "Deal created",
        "Deal: Qualified",
        "Deal assigned",
        "Deal: Demo",
        "Deal: Qualified",
        "Deal handed over",
    ]
    assert by_deal["hubspot:8"] == ["Deal created", "Deal: Qualified", "Deal: Won"]
    assert asides(touchpoints) == {("deal_stage", "told by the deal's history"): 1}
    frame = touchpoints.frame.set_index("activity")
    assert frame.loc["Deal: Won", ["outcome", "customer"]].tolist() == ["won", "hubspot:2"]
    assert frame.loc["Deal: Demo", "is_automated"]
    assert frame.loc["Deal: Demo", "actor_kind"] == "automation"
    assert frame.loc["Deal: Qualified", "is_bulk"].tolist().count(True) == 1
    assert frame.loc["Deal handed over", ["touchpoint_kind", "actor"]].tolist() == ["handoff", "52"]


def test_airbyte_spells_ids_and_links_on_the_row(tmp_path) -> None:
    def stream(name: str, rows: list[dict[str, object]]) -> None:
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")

    people = [{"id": one, "properties": {"email": f"c000{one}@mail.example"}} for one in "12"]
    stream("contacts", people)
    call = {"hs_timestamp": "2024-01-05T09:00:00Z", "hs_call_direction": "INBOUND", "hs_call_duration": 90_000}
    stream(
        "engagements_calls",
        [
            {"id": "70", "properties": call, "contacts": ["1", "2"], "deals": ["7"], "archived": False},
            {"id": "71", "properties": call, "contacts": ["1"], "archived": True},
        ],
    )
    deal = {"createdate": "2024-01-02T00:00:00Z", "dealname": "x"}
    stream("deals", [{"id": one, "properties": deal, "contacts": ["1"]} for one in "78"])
    stream(
        "deals_property_history",
        [
            {
                "dealId": 7,
                "property": "dealstage",
                "name": "dealstage",
                "value": "closedwon",
                "timestamp": 1_704_700_000_000,
            },
            {"dealId": 7, "property": "amount", "name": "amount", "value": "12", "timestamp": 1_704_700_000_001},
        ],
    )
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert set(frame["source"]) == {"hubspot"}
    assert happened(touchpoints) == [
        "Deal created",
        "Deal created",
        "Call received",
        "Call received",
        "Deal: closedwon",
    ]
    calls = frame[frame["activity"] == "Call received"]
    assert calls["customer"].tolist() == ["hubspot:1", "hubspot:2"]
    assert calls["deal"].tolist() == ["hubspot:7"] * 2
    assert (calls["end_timestamp"] - calls["timestamp"]).dt.total_seconds().tolist() == [90.0] * 2
    won = frame[frame["activity"] == "Deal: closedwon"].iloc[0]
    assert (won["outcome"], won["customer"], won["deal"]) == ("won", "hubspot:1", "hubspot:7")
    assert asides(touchpoints)["engagements_calls", "deleted"] == 1
    assert asides(touchpoints)["deals_property_history", "a field that is not followed"] == 1


def test_a_list_of_ids_is_read_as_json_too() -> None:
    calls = pd.DataFrame(
        {"id": ["70"], "properties_hs_timestamp": ["2024-01-05T09:00:00Z"], "contacts": ['["1", "2"]']}
    )
    frame = read_crm({"engagements_calls": calls, "contacts": CONTACTS}, "hubspot").frame
    assert frame["customer"].tolist() == ["hubspot:1", "hubspot:2"]


def _dlt_tables() -> dict[str, pd.DataFrame]:
    return {
        "contacts": pd.DataFrame(
            {"id": ["1"], "email": ["c0001@mail.example"], "createdate": ["2024-01-01T00:00:00Z"]}
        ),
        "deals": pd.DataFrame(
            {"id": ["7", "8"], "hs_object_id": ["7", "8"], "createdate": ["2024-01-02T00:00:00Z"] * 2}
        ),
        "deals__contacts": pd.DataFrame({"value": ["7", "8"], "contacts_id": ["1", "1"], "_dlt_parent_id": ["p", "q"]}),
        "pipelines_deals__stages": pd.DataFrame(
            {
                "id": ["10", "20"],
                "label": ["Qualified", "Won"],
                "metadata__is_closed": ["false", "true"],
                "metadata__probability": ["0.2", "1.0"],
            }
        ),
        "deals_property_history": pd.DataFrame(
            {
                "object_id": ["7", "7"],
                "property_name": ["dealstage", "dealstage"],
                "value": ["10", "20"],
                "timestamp": ["2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"],
                "source_type": ["CRM_UI", "CRM_UI"],
                "updated_by_user_id": ["501", "502"],
            }
        ),
        "stages_timing_deals": pd.DataFrame(
            {
                "id": ["7", "8"],
                "stage": ["10", "20"],
                "hs_v2_date_enteredx": ["2024-01-03T00:00:00Z", "2024-01-06T00:00:00Z"],
            }
        ),
    }


def test_dlt_renames_columns_and_has_no_calls() -> None:
    touchpoints = read_crm(_dlt_tables())
    assert happened(touchpoints) == ["Deal created", "Deal created", "Deal: Qualified", "Deal: Won", "Deal: Won"]
    frame = touchpoints.frame
    assert frame["customer"].tolist() == ["hubspot:1"] * 5
    assert frame.loc[frame["activity"] == "Deal: Won", "outcome"].tolist() == ["won", "won"]
    assert frame.loc[frame["actor"].notna(), "actor"].tolist() == ["501", "502"]
    assert asides(touchpoints) == {("stages_timing_deals", "told by the deal's history"): 1}
    assert {"deals__contacts", "stages_timing_deals"} <= set(touchpoints.quality.lacks["table"])


def test_lifecycle_changes_of_a_contact_are_told() -> None:
    history = pd.DataFrame(
        {
            "contact_id": ["1"] * 4,
            "name": ["lifecyclestage", "lifecyclestage", "hs_lead_status", "email"],
            "value": ["lead", "salesqualifiedlead", "UNQUALIFIED", "c0001@mail.example"],
            "timestamp": [f"2024-01-0{day} 08:00:00" for day in (1, 2, 3, 4)],
            "source": ["FORM", "CRM_UI", "CRM_UI", "CRM_UI"],
        }
    )
    touchpoints = read_crm({"contact_property_history": history, "contact": CONTACTS}, "hubspot")
    assert happened(touchpoints) == ["Lifecycle: Lead", "Lifecycle: Sales qualified lead", "Lead status: UNQUALIFIED"]
    assert touchpoints.frame["outcome"].tolist()[1:] == ["qualified", "disqualified"]
    assert "mail.example" not in touchpoints.frame.to_csv()


def test_meetings_that_did_not_happen_are_no_touchpoints() -> None:
    meetings = pd.DataFrame(
        {
            "engagement_id": ["1", "2", "3", "4"],
            "property_hs_meeting_start_time": ["2024-01-05 09:00:00"] * 4,
            "property_hs_meeting_outcome": ["COMPLETED", "SCHEDULED", "CANCELED", "NO_SHOW"],
        }
    )
    links = pd.DataFrame({"engagement_id": ["1", "2", "3", "4"], "contact_id": ["1"] * 4})
    touchpoints = read_crm(
        {"engagement_meeting": meetings, "engagement_contact": links, "contact": CONTACTS}, "hubspot"
    )
    assert touchpoints.frame["outcome"].tolist() == ["completed", "no_show"]
    assert asides(touchpoints) == {("engagement_meeting", "planned"): 1, ("engagement_meeting", "cancelled"): 1}


PAGE = [
    *("Record ID", "Deal Name", "Deal Stage", "Pipeline", "Deal owner", "Amount", "Create Date", "Close Date"),
    *("Associated Contact IDs", 'Date entered "Demo (Sales Pipeline)"', "Date entered “Closed Won (Sales Pipeline)”"),
]
WON = [
    *("901", "Deal 901", "Closed Won", "Sales Pipeline", "agent-07", "1,200.50", "2024-01-05 09:30"),
    *("2024-02-01 10:00", "11;12", "2024-01-10 08:00", "2024-02-01 10:00"),
]
LOST = [
    *("902", "Deal 902", "Closed Lost", "Sales Pipeline", "agent-08", "300", "2024-01-06 09:30"),
    *("2024-01-20 17:00", "12", "", ""),
]


def test_a_page_export_is_known_by_its_headers_whatever_its_name(tmp_path) -> None:
    page = pd.DataFrame([WON, LOST], columns=PAGE)
    page.to_csv(tmp_path / "my own name.csv", index=False, encoding="utf-8-sig")
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    by_deal = frame.sort_values(["timestamp", "seq"]).groupby(["deal", "customer"])["activity"].agg(list)
    # The winning is told by the date of its stage, the losing, which has none, by the closing date.
    assert by_deal.to_dict() == {
        ("hubspot:901", "hubspot:11"): ["Deal created", "Deal: Demo", "Deal: Closed Won"],
        ("hubspot:901", "hubspot:12"): ["Deal created", "Deal: Demo", "Deal: Closed Won"],
        ("hubspot:902", "hubspot:12"): ["Deal created", "Deal: Closed lost"],
    }
    assert set(frame.loc[frame["deal"] == "hubspot:901", "amount"]) == {1200.5}
    assert set(frame.loc[frame["outcome"].notna(), "outcome"]) == {"won", "lost"}
    assert touchpoints.objects["deal"].loc["hubspot:902", "stage"] == "Closed Lost"
    told = touchpoints.quality.lacks
    assert told["table"].tolist() == ["my own name"]


def test_a_page_export_in_hebrew_as_a_workbook(tmp_path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(
        [
            "מזהה רשומה",
            "שם העסקה",
            "שלב העסקה",
            "תאריך יצירה",
            "מזהי אנשי קשר משויכים",
            "סכום",
            'תאריך כניסה לשלב "נסגר בהצלחה"',
        ]
    )
    sheet.append(["901", "עסקה", "נסגר בהצלחה", "15/01/2024 13:50", "11;12", "3640", "28/01/2024 08:05"])
    sheet.append(["902", "עסקה", "הדגמה", "16/01/2024 13:50", "12", "10", ""])
    book.save(tmp_path / "ייצוא.xlsx")
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert set(frame["source"]) == {"hubspot"}
    assert frame.groupby("deal")["activity"].agg(lambda told: sorted(set(told))).to_dict() == {
        "hubspot:901": ["Deal created", "Deal: נסגר בהצלחה"],
        "hubspot:902": ["Deal created"],
    }
    assert frame.loc[frame["outcome"] == "won", "customer"].tolist() == ["hubspot:11", "hubspot:12"]
    assert frame["timestamp"].dt.strftime("%m-%d").min() == "01-15"


@pytest.mark.parametrize("name", ["calls", "hubspot-crm-exports-all-calls-2024-05-01"])
def test_ids_that_became_decimals_are_whole_again(name) -> None:
    calls = pd.DataFrame({"id": ["70.0"], "hs_timestamp": ["2024-01-05T09:00:00Z"], "contacts": ["1"], "deals": [""]})
    frame = read_crm({name: calls, "contacts": CONTACTS}, "hubspot").frame
    assert frame["customer"].tolist() == ["hubspot:1"]
    assert frame["activity"].tolist() == ["Call"]


def test_a_page_export_takes_the_zone_of_the_account_and_its_contacts_are_known_under_any_name(tmp_path) -> None:
    (tmp_path / "deals (3).csv").write_text(
        "Record ID,Deal Name,Deal Stage,Create Date,Associated Contact IDs\n7,Offer,New,2025-07-01 10:00,20001\n"
    )
    (tmp_path / "people.csv").write_text(
        "Record ID,Email,Phone Number,Industry\n20001,c0001@mail.example,+972585550001,Health\n"
    )
    named = read_crm(tmp_path, timezone="Asia/Jerusalem")
    assert named.frame["timestamp"].dt.strftime("%H:%M").tolist() == ["07:00"]
    assert named.objects["customer"]["industry"].to_dict() == {"hubspot:20001": "Health"}
    assert set(read_crm(tmp_path).frame["timestamp_quality"]) == {"zone_assumed"}
