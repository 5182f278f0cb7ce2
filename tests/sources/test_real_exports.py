"""Real logs and real CRM formats: the counts that their notes state."""

from pathlib import Path

import pytest

from mining.sources import read_crm

MAPPINGS = Path(__file__).parents[2] / "data" / "mappings"


def test_loan_applications_are_read_whole(real_data) -> None:
    touchpoints = read_crm(real_data("bpic2012"), MAPPINGS / "bpic2012.yml")
    frame = touchpoints.frame
    assert frame["deal"].nunique() == 13_087
    assert frame["activity"].nunique() == 23  # of one kind of work all twelve rows are plans
    work = frame.loc[frame["activity"].str.startswith("W_")]
    # 71,376 rows start work, 26,318 schedule it, 164,506 complete something: of the completed work three began before.
    assert len(frame) - len(work) == 92_093
    assert (len(work), work["end_timestamp"].notna().sum()) == (72_416, 71_373)
    quality = touchpoints.quality
    assert quality.balanced
    assert quality.frame[["rows_in", "rows_used", "rows_aside"]].to_numpy().tolist() == [[262_200, 235_882, 26_318]]
    assert frame["actor"].nunique() == 68
    assert f"{frame['timestamp'].min():%Y-%m-%d}" == "2011-09-30"
    assert touchpoints.objects["deal"]["amount_requested"].dtype == "int64"


def test_snapshots_of_incidents_give_their_changes(real_data) -> None:
    touchpoints = read_crm(real_data("servicenow_uci"), MAPPINGS / "servicenow_uci.yml")
    quality = touchpoints.quality
    assert int(quality.frame["rows_in"].iloc[0]) == 141_712
    assert quality.balanced
    aside = dict(zip(quality.frame["rule"], quality.frame["rows_aside"], strict=True))
    assert aside["impossible state"] == 5
    tickets = touchpoints.objects["ticket"]
    assert len(tickets) == 24_918
    assert (~tickets["made_sla"]).mean() == pytest.approx(0.3658, abs=5e-5)
    assert (tickets["reopen_count"] > 0).mean() == pytest.approx(0.0110, abs=5e-5)
    assert (tickets["reassignment_count"] > 0).mean() == pytest.approx(0.4563, abs=5e-5)
    assert "29/2/2016" in quality.clocks["proof"].iloc[0]


def test_a_call_centre_of_classic_mac_lines(real_data) -> None:
    frame = read_crm(real_data("callcenter"), MAPPINGS / "callcenter.yml").frame
    assert len(frame) == 7_548
    assert frame["ticket"].nunique() == 3_885
    assert frame["customer"].nunique() == 3_232
    assert frame["actor"].nunique() == 48
    assert frame["activity"].value_counts().to_dict() == {
        "Inbound Call": 4361,
        "Handle Case": 931,
        "Call Outbound": 661,
        "Handle Email": 564,
        "Email Outbound": 544,
        "Inbound Email": 487,
    }
    assert f"{frame['timestamp'].min():%Y-%m-%d}" == "2010-03-01"
    assert (frame["end_timestamp"] >= frame["timestamp"]).all()


@pytest.mark.parametrize("copy", ["", "other_copy"])
def test_a_funnel_in_two_spellings_of_its_dates(real_data, copy) -> None:
    touchpoints = read_crm(real_data("olist_funnel") / copy, MAPPINGS / "olist_funnel.yml")
    frame = touchpoints.frame
    assert frame["activity"].value_counts().to_dict() == {"MQL created": 8_000, "Won": 842}
    created, won = (frame[frame["activity"] == name]["timestamp"] for name in ("MQL created", "Won"))
    assert (f"{created.min():%Y-%m-%d}", f"{created.max():%Y-%m-%d}") == ("2017-06-14", "2018-05-31")
    assert (f"{won.min():%Y-%m-%d}", f"{won.max():%Y-%m-%d}") == ("2017-12-05", "2018-11-14")
    persona = touchpoints.objects["customer"]["lead_behaviour_profile"].value_counts()
    assert persona.head(4).to_dict() == {"cat": 407, "eagle": 123, "wolf": 95, "shark": 24}


@pytest.mark.parametrize(("name", "customers"), [("helpdesk.xes.gz", 397), ("Helpdesk_ERamaM.csv", 0)])
def test_a_help_desk_in_two_formats(real_data, name, customers) -> None:
    frame = read_crm(real_data("helpdesk") / name, MAPPINGS / "helpdesk.yml").frame
    assert len(frame) == 21_348
    assert frame["ticket"].nunique() == 4_580
    assert frame["activity"].nunique() == 14
    assert frame["customer"].nunique() == customers


def test_connector_tables_of_a_crm(real_data) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_hubspot", "hubspot")
    quality = touchpoints.quality
    assert quality.balanced
    found = touchpoints.frame["activity"].value_counts()
    assert found["Deal created"] == 44
    assert found["Form submitted"] == 5
    rules = quality.frame.set_index(["table", "rule"])["rows_aside"]
    # Names of changed properties are hashed in these tables, so no change can be followed.
    assert rules["deal_property_history_data", "a field that is not followed"] == 100
    # No contact is linked to any of these meetings.
    assert rules["engagement_meeting_data", "nobody it belongs to"] > 90


def test_connector_tables_of_a_service_desk(real_data) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_zendesk", "zendesk")
    assert touchpoints.quality.balanced
    found = touchpoints.frame["activity"].value_counts()
    assert found["Ticket opened"] == 8
    assert found["Reply"] == 20
    assert found["Ticket: solved"] == 15
