"""Guessing a mapping: what each column is told from, what is asked, what is never written, and that the guess reads."""

import re
import string

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mining import MiningError, read_crm
from mining.sources.guessing.lexicon import lexicon
from mining.sources.guessing.propose import propose_mapping
from mining.sources.mappings.grammar import build_mapping


def told(columns, name="table"):
    return propose_mapping({name: pd.DataFrame(columns)})


def field_of(proposal, column, table=None):
    rows = proposal.frame[proposal.frame["column"] == column]
    rows = rows if table is None else rows[rows["table"] == table]
    return rows["field"].iloc[0]


def reader_of(proposal, table):
    return next(reader for reader in proposal.mapping.readers if reader.tables == (table,))


def column_of(reader, field):
    return reader.step.fields[field][0].column


def reads(location, proposal):
    """Read with the proposal as it stands; every record must be used or set aside by a rule."""
    touchpoints = read_crm(location, [proposal.mapping])
    assert touchpoints.quality.balanced
    return touchpoints


DAYS = [f"2024-03-{day:02d}" for day in range(1, 25)]
TWELVE = [f"{day:02d}/{day % 12 + 1:02d}/2024" for day in range(1, 12)]


def calls(**more):
    size = 24
    return {
        "Call ID": [f"c{number:03d}" for number in range(size)],
        "Started": [f"{day} 10:{place:02d}" for place, day in enumerate(DAYS)],
        "Ended": [f"{day} 11:{place:02d}" for place, day in enumerate(DAYS)],
        "Customer ID": [str(100 + number % 7) for number in range(size)],
        "Direction": ["Inbound", "Outbound"] * (size // 2),
        **more,
    }


# What headers say.


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("CustomerID", "customer"),
        ("contact_id", "customer"),
        ("מזהה איש קשר", "customer"),
        ("کد شخص", "customer"),
        ("Kunde Nr", "customer"),
        ("company_id", "account"),
        ("opportunityId", "deal"),
        ("sales_agent", "actor"),
        ("نام کارشناس", "actor"),
    ],
)
def test_headers_are_understood_in_several_languages_and_spellings(header, role):
    proposal = told({header: ["a1", "b2", "c3", "a1"], "when": DAYS[:4]})
    assert proposal.frame["role"].iloc[0] == role


@pytest.mark.parametrize(
    ("word", "vocabulary", "ours"),
    [
        ("Inbound Call", "channel", "phone"),
        ("נענתה", "outcome", "connected"),
        ("خروجی", "direction", "outbound"),
        ("closed_won", "outcome", "won"),
        ("not answered", "outcome", "no_answer"),
        ("never delivered", "outcome", None),
        ("Incorporated", "direction", None),
        ("iPhone", "channel", "app"),
    ],
)
def test_words_of_a_vocabulary_are_translated_whole_or_not_at_all(word, vocabulary, ours):
    assert lexicon().means(word, vocabulary) == ours


# Which reader.


def test_rows_with_a_start_and_an_end_are_activities():
    proposal = told(calls(), "calls")
    reader = reader_of(proposal, "calls")
    assert reader.kind == "activity"
    assert column_of(reader, "timestamp") == "Started"
    assert column_of(reader, "end_timestamp") == "Ended"
    assert column_of(reader, "customer") == "Customer ID"
    assert reader.step.always["channel"] == "phone"
    assert len(reads({"calls": pd.DataFrame(calls())}, proposal)) == 24


def test_records_with_a_date_per_stage_are_milestones_and_their_end_is_told_by_their_state():
    deals = pd.DataFrame(
        {
            "Deal ID": [f"d{number}" for number in range(20)],
            "Status": ["Won", "Lost", "Open", "Won"] * 5,
            "Created": DAYS[:20],
            "Demo date": DAYS[1:21],
            "Closed": DAYS[2:22],
        }
    )
    proposal = propose_mapping({"deals": deals})
    assert reader_of(proposal, "deals").kind == "milestones"
    frame = reads({"deals": deals}, proposal).frame
    counts = frame["activity"].value_counts().to_dict()
    # A date of closing of an open deal is a hope, not an event.
    assert counts == {"Deal created": 20, "Deal: Demo": 20, "Deal: Won": 10, "Deal: Lost": 5}
    assert set(frame["outcome"].dropna()) == {"won", "lost"}


def test_dates_called_alike_but_for_a_quoted_stage_become_one_pattern():
    stages = {f'Date entered "{stage} (Sales)"': DAYS[:12] for stage in ("Demo", "Offer", "Won")}
    proposal = told({"Record ID": [f"r{n}" for n in range(12)], "Create Date": DAYS[:12], **stages}, "deals")
    matching = reader_of(proposal, "deals").matching[0]
    match = re.match(matching.pattern, 'Date entered "Offer (Sales)"')
    assert (match["stage"], match["pipeline"]) == ("Offer", "Sales")


def test_a_history_of_fields_is_read_by_the_field_that_changed():
    history = pd.DataFrame(
        {
            "ticket_id": [str(number // 3) for number in range(24)],
            "field_name": ["status", "group_id", "priority"] * 8,
            "old_value": ["", "", ""] * 8,
            "new_value": ["open", "team-1", "high"] * 8,
            "updated": [f"{day} 09:00:00" for day in DAYS],
        }
    )
    proposal = propose_mapping({"ticket_field_history": history})
    reader = reader_of(proposal, "ticket_field_history")
    assert (reader.kind, reader.column, reader.record) == ("change", "field_name", "ticket_id")
    assert set(reader.steps) == {"status", "group_id"}
    assert "# priority:" in proposal.yaml
    counts = reads({"ticket_field_history": history}, proposal).frame["activity"].value_counts().to_dict()
    assert counts == {"Ticket: open": 8, "Ticket assigned": 8}


def test_repeated_records_with_a_time_of_change_are_versions():
    snapshots = pd.DataFrame(
        {
            "number": [f"INC{number // 3:04d}" for number in range(24)],
            "incident_state": ["New", "Active", "Closed"] * 8,
            "incident_id": [f"i{number // 3}" for number in range(24)],
            "sys_updated_at": [f"{day} 09:00:00" for day in DAYS],
        }
    ).drop(columns="number")
    proposal = propose_mapping({"incident": snapshots})
    reader = reader_of(proposal, "incident")
    assert (reader.kind, reader.column) == ("versions", "incident_id")
    assert column_of(reader, "timestamp") == "sys_updated_at"
    assert len(reads({"incident": snapshots}, proposal)) == 24


def test_a_pair_of_validity_dates_makes_versions():
    rows = {
        "deal_id": [f"d{number // 2}" for number in range(12)],
        "stage": ["Demo", "Won"] * 6,
        "valid_from": [f"{day} 09:00:00" for day in DAYS[:12]],
        "valid_to": [f"{day} 09:00:00" for day in DAYS[1:13]],
    }
    reader = reader_of(told(rows, "deal_scd"), "deal_scd")
    assert reader.kind == "versions"
    assert column_of(reader, "timestamp") == "valid_from"


def test_a_table_without_a_time_makes_no_journey_and_says_what_it_still_is():
    proposal = told({"Lead ID": ["a1", "a2", "a3", "a4"], "City": ["Haifa", "Lod", "Haifa", "Lod"]}, "leads")
    assert proposal.mapping is None
    assert "NO JOURNEY CAN BE MADE OF THIS" in proposal.yaml
    assert "objects with attributes" in proposal.yaml
    assert "No journey can be made of it" in repr(proposal)
    assert field_of(proposal, "Lead ID") == "lead id"


# Which clock.


def test_the_clock_of_what_happened_goes_before_created_modified_and_due():
    more = dict.fromkeys(("Created at", "Last modified", "Due date"), DAYS)
    rows = {name: values for name, values in calls(**more).items() if name not in {"Started", "Ended"}}
    rows["Call time"] = DAYS
    proposal = told(rows, "calls")
    reader = reader_of(proposal, "calls")
    assert column_of(reader, "timestamp") == "Call time"
    assert column_of(reader, "recorded_at") == "Created at"
    assert column_of(reader, "planned_at") == "Due date"
    assert "# timestamp: Last modified" in proposal.yaml


def test_a_date_that_all_rows_of_a_case_share_is_not_the_time_of_a_row():
    rows = {
        "Case ID": [str(number // 4) for number in range(24)],
        "Activity": ["Open", "Call", "Mail", "Close"] * 6,
        "Start date": [DAYS[number // 4] for number in range(24)],
        "End date": [DAYS[number // 4 + 5] for number in range(24)],
        "Logged at": [f"{day} 12:30" for day in DAYS],
    }
    reader = reader_of(told(rows, "log"), "log")
    assert column_of(reader, "timestamp") == "Logged at"
    assert "end_timestamp" not in reader.step.fields


@pytest.mark.parametrize("header", ["Started", "Time stamp"])
def test_numbers_are_times_only_under_a_header_that_says_so(header):
    epochs = [str(1_700_000_000_000 + place * 60_000) for place in range(24)]
    rows = {name: values for name, values in calls().items() if name not in {"Started", "Ended"}}
    proposal = told({**rows, header: epochs, "Amount": ["45123"] * 24}, "calls")
    assert column_of(reader_of(proposal, "calls"), "timestamp") == header
    assert field_of(proposal, "Amount") == "amount"


# What the data does not say is asked.


def test_an_order_of_day_and_month_that_nothing_proves_is_asked_with_both_readings():
    size = len(TWELVE)
    rows = pd.DataFrame({"Call ID": [f"c{n}" for n in range(size)], "Customer ID": ["1"] * size, "Started": TWELVE})
    proposal = propose_mapping({"calls": rows})
    assert "# dayfirst: true" in proposal.yaml
    assert "# dayfirst: false" in proposal.yaml
    with pytest.raises(MiningError, match="dayfirst"):
        read_crm({"calls": rows}, [proposal.mapping])
    answered = build_mapping(proposal.yaml.replace("# dayfirst: true", "dayfirst: true"))
    assert len(read_crm({"calls": rows}, [answered])) == size


def test_the_order_is_proven_by_a_row_far_beyond_the_sample():
    size = 30_000
    dates = [TWELVE[number % len(TWELVE)] for number in range(size)]
    dates[20_011] = "25/03/2024"
    rows = {"Call ID": [f"c{n}" for n in range(size)], "Customer ID": ["1"] * size, "Started": dates}
    proposal = told(rows, "calls")
    assert "# dayfirst" not in proposal.yaml
    assert "The day comes first in calls.Started" in proposal.yaml


def test_times_without_a_zone_ask_for_one_and_times_with_one_do_not():
    assert "# timezone:" in told(calls(), "calls").yaml
    zoned = calls(Started=[f"{day}T10:00:00Z" for day in DAYS], Ended=[f"{day}T11:00:00Z" for day in DAYS])
    assert "timezone:" not in told(zoned, "calls").yaml


def test_numbers_without_a_dialling_code_ask_for_their_country():
    rows = calls(Phone=[f"058-555-{number:04d}" for number in range(24)])
    del rows["Customer ID"]
    assert "# region:" in told(rows, "calls").yaml


# Values.


def test_words_of_closed_vocabularies_are_translated_and_the_rest_listed_with_the_nearest():
    rows = calls(Channel=["Phone", "Face to face", "Webb", "Phone", "Face to face", "Webb"] * 4)
    proposal = told(rows, "calls")
    reading = reader_of(proposal, "calls").step.fields["channel"][0]
    assert dict(reading.values) == {"phone": "phone", "face to face": "meeting"}
    assert re.search(r"# channel: not read: Webb \(8 rows\); nearest web", proposal.yaml)


def test_placeholders_are_missing_but_not_where_they_may_be_an_id():
    rows = calls(Queue=["Select", "Sales", "N/A"] * 8)
    rows["Customer ID"] = ["NA", *rows["Customer ID"][1:]]
    proposal = told(rows, "calls")
    assert proposal.mapping.missing == {"", "Select", "N/A"}
    assert "# missing: [NA]" in proposal.yaml


def test_rows_that_are_only_planned_are_set_aside():
    rows = pd.DataFrame(calls(Status=["Completed", "Completed", "Planned", "Completed"] * 6))
    proposal = propose_mapping({"calls": rows})
    quality = reads({"calls": rows}, proposal).quality.frame
    assert quality.set_index("rule")["rows_aside"]["planned"] == 6


# Customers, and tables that belong together.


def test_a_customer_is_known_by_id_before_address_before_number():
    mails = [f"c{number:04d}@mail.example" for number in range(24)]
    phones = [f"+1-202-555-01{number:02d}" for number in range(24)]
    with_all = reader_of(told(calls(Email=mails, Phone=phones), "calls"), "calls").step.fields["customer"]
    assert [(reading.column, reading.key) for reading in with_all] == [
        ("Customer ID", ""),
        ("Email", "email"),
        ("Phone", "phone"),
    ]
    rows = calls(Phone=phones)
    del rows["Customer ID"]
    assert reader_of(told(rows, "calls"), "calls").step.fields["customer"][0].key == "phone"


def test_the_customer_is_found_by_way_of_another_table_and_the_meeting_is_measured():
    leads = pd.DataFrame({"lead_id": [f"l{n:02d}" for n in range(10)], "contact_id": [f"p{n % 4}" for n in range(10)]})
    touches = pd.DataFrame(
        {
            "touch_id": [f"t{n:02d}" for n in range(24)],
            "lead_id": [f"l{n % 12:02d}" for n in range(24)],
            "touch_type": ["call", "email"] * 12,
            "touch_timestamp": DAYS,
        }
    )
    location = {"leads": leads, "touches": touches}
    proposal = propose_mapping(location)
    assert "83% of the values of touches.lead_id are in leads.lead_id (2 are not)" in proposal.yaml
    frame = reads(location, proposal).frame
    assert frame["customer"].nunique() == 4
    assert frame["customer"].isna().sum() == 4  # two leads, two touches each, that no table knows


# Personal data.


def test_no_value_of_a_personal_column_is_written_anywhere():
    size = 24
    secret = {
        "Name": [f"Zaphod{n % 3} Beeble{n % 3}" for n in range(size)],
        "Email": [f"c{n % 3:04d}@mail.example" for n in range(size)],
        "Mobile phone": [f"+1-202-555-01{n % 3:02d}" for n in range(size)],
        "Notes": [f"Wishes to be called back about the boiler, number {n}" for n in range(size)],
        "Handled by": ["Trillian A", "Marvin P"] * (size // 2),
        "Agent": ["Slarti B", "Ford P"] * (size // 2),
        "Queue": [f"c{n % 3:04d}@mail.example" for n in range(size)],
        "Channel": ["+1-202-555-0100", "phone"] * (size // 2),
    }
    proposal = told(calls(**secret), "calls")
    written = proposal.yaml + proposal.frame.to_csv() + repr(proposal) + proposal._repr_html_()
    for word in ("Zaphod", "Beeble", "mail.example", "202-555", "boiler", "Trillian", "Marvin", "Slarti", "Ford P"):
        assert word not in written
    assert field_of(proposal, "Notes") == "not read: free text"


# The proposal itself.


def test_every_column_has_a_row_with_its_guess_its_evidence_and_the_runner_up():
    proposal = told(calls(), "calls")
    assert list(proposal.frame["column"]) == list(calls())
    row = proposal.frame.set_index("column").loc["Direction"]
    assert row["field"] == "direction"
    assert 0 < row["confidence"] <= 1
    assert "the header says 'direction'" in row["evidence"]
    assert row["runner_up"].startswith("category")
    assert proposal.frame["confidence"].between(0, 1).all()


def test_a_known_system_is_named_and_preferred(tmp_path):
    header = "engagement_id,property_hs_timestamp,type\n1,2024-01-01 10:00:00,CALL\n"
    (tmp_path / "engagement_call.csv").write_text(header, encoding="utf-8")
    proposal = propose_mapping(tmp_path)
    assert "hubspot" in proposal.known
    assert "sources=['hubspot']" in proposal.yaml


def test_names_of_files_and_headers_cannot_break_out_of_the_text():
    rows = calls(**{"Notes: #1\n'x' {y}": ["a", "b"] * 12, "Queue [2]": ["A: b", "C #d"] * 12})
    location = {"calls [1]*": pd.DataFrame(rows)}
    proposal = propose_mapping(location)
    assert reader_of(proposal, "calls [1]*").step.fields["team"][0].column == "Queue [2]"
    assert len(reads(location, proposal)) == 24


HEADERS = st.text(st.sampled_from(string.printable + "אבתاپ\u200f\u2028'\"{}[]#:"), max_size=20)
CELLS = st.sampled_from(["", "2024-01-02", "03/04/2024", "1", "NA", "yes", "c0001@mail.example", "x y", "=1+1", "ן"])


@settings(max_examples=25)
@given(st.dictionaries(HEADERS, st.lists(CELLS, min_size=6, max_size=6), min_size=1, max_size=6), st.text(max_size=8))
def test_whatever_the_columns_a_proposal_is_made_and_builds(columns, name):
    proposal = propose_mapping({f"table {name}": pd.DataFrame(columns)})
    assert len(proposal.frame) == len(columns)
    assert (proposal.mapping is None) == ("NO JOURNEY" in proposal.yaml)


# Real exports, none of which the lexicon was written for column by column.


def checked(folder, table, kind, **fields):
    proposal = propose_mapping(folder)
    reader = reader_of(proposal, table)
    assert reader.kind == kind
    for field, column in fields.items():
        assert column_of(reader, field) == column
    return proposal, reads(folder, proposal)


@pytest.mark.parametrize("copy", ["", "other_copy"])
def test_maven_deals_are_milestones_in_both_spellings_of_dates(real_data, copy):
    folder = real_data("maven_crm_sales") / copy
    proposal, touchpoints = checked(folder, "sales_pipeline", "milestones", deal="opportunity_id", account="account")
    assert set(reader_of(proposal, "sales_pipeline").steps) == {"engage_date", "close_date"}
    assert len(touchpoints) == 8_300 + 4_238 + 2_473
    assert touchpoints.frame["timestamp"].min() == pd.Timestamp("2016-10-20", tz="UTC")
    if not copy:
        # One product is spelt in two ways, so that a join would lose its rows.
        assert "86% of the values of sales_pipeline.product are in products.product (1 are not)" in proposal.yaml


def test_real_estate_leads_are_milestones_of_five_stages(real_data):
    folder = real_data("real_estate_funnel")
    proposal, touchpoints = checked(folder, "Leads", "milestones", lead="Lead_ID", customer="Customer_ID")
    assert len(reader_of(proposal, "Leads").steps) == 5
    assert column_of(reader_of(proposal, "Sales"), "timestamp") == "Sale_Date"
    assert len(touchpoints) == 5_000 + 2_278 + 1_710 + 1_184 + 923 + 813
    assert "no date of closing" in proposal.yaml  # 4,098 leads are lost and nobody knows when


def test_calls_are_activities_and_their_words_tell_channel_and_direction(real_data):
    folder = real_data("callcenter") / "CallcenterExample.csv"
    fields = {
        "activity": "Operation",
        "timestamp": "Start Date",
        "end_timestamp": "End Date",
        "customer": "Customer ID",
    }
    proposal, touchpoints = checked(folder, "CallcenterExample", "activity", record="Service ID", **fields)
    assert len(touchpoints) == 7_548
    assert (touchpoints.frame["direction"] == "inbound").sum() == 4_361 + 487
    assert "The day comes first in CallcenterExample.Start Date" in proposal.yaml


def test_complaints_in_latin_letters_and_semicolons_are_read_and_unknown_channels_asked(real_data):
    folder = real_data("bpic2016_complaints") / "BPI2016_Complaints.csv"
    proposal, touchpoints = checked(
        folder, "BPI2016_Complaints", "activity", timestamp="ContactDate", customer="CustomerID", ticket="ComplaintID"
    )
    assert len(touchpoints) == 289
    assert "# channel: {column: ContactChannelID" in proposal.yaml


def test_sessions_start_at_their_first_event_not_at_midnight(real_data):
    folder = real_data("airbnb_sessions") / "airbnb-session-data.txt"
    fields = {"timestamp": "ts_min", "end_timestamp": "ts_max", "customer": "id_visitor", "session": "id_session"}
    _, touchpoints = checked(folder, "airbnb-session-data", "activity", **fields)
    assert len(touchpoints) == 7_756
    assert touchpoints.frame["customer"].nunique() == 630


@pytest.mark.parametrize(
    ("log", "events", "cases"),
    [("helpdesk/Helpdesk_ERamaM.csv", 21_348, 4_580), ("receipt_wabo/receipt.csv", 8_577, 1_434)],
)
def test_event_logs_are_read_by_their_standard_keys(real_data, log, events, cases):
    folder, _, file = log.partition("/")
    fields = {"activity": "concept:name", "timestamp": "time:timestamp", "record": "case:concept:name"}
    proposal, touchpoints = checked(real_data(folder) / file, file.removesuffix(".csv"), "activity", **fields)
    assert len(touchpoints) == events
    assert touchpoints.frame["record"].nunique() == cases
    assert "end_timestamp" not in proposal.mapping.readers[0].step.fields  # the case's end is no step's


def test_marketing_leads_and_won_deals_meet_in_their_lead(real_data):
    folder = real_data("olist_funnel")
    proposal, touchpoints = checked(
        folder, "olist_marketing_qualified_leads_dataset", "activity", timestamp="first_contact_date", lead="mql_id"
    )
    assert column_of(reader_of(proposal, "olist_closed_deals_dataset"), "timestamp") == "won_date"
    assert "The month comes first in olist_closed_deals_dataset.won_date" in proposal.yaml
    assert touchpoints.frame["activity"].value_counts().to_dict() == {"First contact": 8_000, "Won": 842}


def test_nine_tables_hang_together_by_their_leads(real_data):
    folder = real_data("leadforge_small") / "tables"
    _, touchpoints = checked(
        folder, "touches", "activity", activity="touch_type", timestamp="touch_timestamp", channel="touch_channel"
    )
    touches = touchpoints.frame[touchpoints.frame["source_table"] == "touches"]
    assert len(touches) == 40_525
    assert touches["customer"].notna().all()  # by way of the leads, whose contacts are known


def test_a_task_list_of_a_connector_is_read_by_the_time_it_was_done(real_data):
    folder = real_data("crm_formats") / "fivetran_salesforce_source" / "sf_task_data.csv"
    fields = {
        "timestamp": "completed_date_time",
        "customer": "who_id",
        "deal": "what_id",
        "recorded_at": "created_date",
    }
    _, touchpoints = checked(folder, "sf_task_data", "activity", **fields)
    assert len(touchpoints) == 10


def test_a_history_of_a_connector_is_read_as_versions(real_data):
    folder = real_data("crm_formats") / "fivetran_salesforce_source" / "sf_opportunity_history_data.csv"
    proposal, touchpoints = checked(folder, "sf_opportunity_history_data", "versions", timestamp="_fivetran_start")
    assert proposal.mapping.readers[0].column == "id"
    assert "stage_name" in proposal.mapping.readers[0].steps
    assert len(touchpoints) == 10


def test_snapshots_of_incidents_are_versions_though_their_headers_speak_of_events(real_data):
    folder = real_data("servicenow_uci")
    proposal, touchpoints = checked(
        folder, "incident_event_log", "versions", timestamp="sys_updated_at", ticket="number", customer="caller_id"
    )
    reader = reader_of(proposal, "incident_event_log")
    assert (reader.column, reader.order) == ("number", "sys_mod_count")
    assert {"incident_state", "assignment_group"} <= set(reader.steps)
    assert "sys_created_by" not in reader.steps  # it never changes
    assert touchpoints.frame["ticket"].nunique() == 24_918
    assert "?" in proposal.mapping.missing


def test_leads_without_any_time_are_refused_a_journey(real_data):
    proposal = propose_mapping(real_data("x_education_leads") / "Leads.csv")
    assert proposal.mapping is None
    assert "NO JOURNEY CAN BE MADE OF THIS" in proposal.yaml
    assert "missing: [Select" in proposal.yaml
    assert "Converted: Converted" in proposal.yaml


def test_the_hebrew_example_is_guessed(pytestconfig):
    folder = pytestconfig.rootpath / "data" / "exports" / "acme-he"
    proposal, touchpoints = checked(folder, "calls", "activity", timestamp="התחלה", end_timestamp="סיום")
    deals = reader_of(proposal, "deals")
    assert (deals.kind, column_of(deals, "customer"), len(deals.matching)) == ("milestones", "מזהה איש קשר", 1)
    assert deals.steps.keys() == {"תאריך יצירה"}  # the date of closing only repeats that of the last stage
    assert set(touchpoints.frame["outcome"].dropna()) == {"connected", "abandoned", "left_voicemail"}
    assert "# region: IL" in proposal.yaml


def test_the_persian_example_is_guessed(pytestconfig):
    folder = pytestconfig.rootpath / "data" / "exports" / "acme-fa"
    proposal, touchpoints = checked(
        folder, "activities", "activity", activity="نوع فعالیت", timestamp="تاریخ انجام شدن فعالیت"
    )
    assert reader_of(proposal, "deals").kind == "milestones"
    assert touchpoints.frame["timestamp"].dt.year.between(2024, 2026).all()  # Jalali years become ours
    quality = touchpoints.quality.frame
    assert quality.loc[quality["rule"] == "planned", "rows_aside"].sum() == 6
