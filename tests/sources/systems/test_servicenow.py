"""ServiceNow: connector tables, the audit, the journal, and the list export of a page."""

import openpyxl
import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened

ONE, TWO = "a" * 31 + "1", "a" * 31 + "2"
ANN, AGENT, GROUP, OTHER = "c" * 32, "d" * 32, "e" * 31 + "1", "e" * 31 + "2"


@pytest.mark.parametrize("sources", ["servicenow", None])
def test_connector_tables(real_data, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_servicenow", sources)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["servicenow"]
    told = dict(zip(frame["activity"], frame["timestamp"].dt.strftime("%Y-%m-%d %H:%M"), strict=True))
    # The incident has no time of its own but that of its row; the change of the table task has two.
    assert told == {
        "Incident opened": "2023-06-02 22:05",
        "Change opened": "2021-04-28 22:40",
        "Change closed": "2023-06-19 09:46",
    }
    opened = frame[frame["activity"] == "Incident opened"]
    assert opened["customer"].tolist() == ["servicenow:46c6f9efa9fe198101ddf5eed9adf6e7"]
    assert frame.loc[frame["activity"] == "Change opened", "touchpoint_kind"].tolist() == ["internal"]
    # Its one service level was kept.
    assert asides(touchpoints)["task_sla_data", "no milestone is reached"] == 1
    # The one user of these tables called nobody.
    assert "servicenow:b0f31e5673500010c2e7660c4cf6a711" not in touchpoints.objects.get("customer", frame).index


def _incidents(**more) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sys_id": [ONE, TWO],
            "number": ["INC0000001", "INC0000002"],
            "opened_at": ["2024-01-01 10:00:00", "2024-01-02 10:00:00"],
            "resolved_at": ["2024-01-05 10:00:00", ""],
            "closed_at": ["2024-01-08 10:00:00", ""],
            "caller_id": [ANN, ANN],
            "contact_type": ["phone", "self-service"],
            "state": ["7", "2"],
            "sys_mod_count": ["9", "2"],
            "sys_updated_on": ["2024-01-08 10:00:00", "2024-01-02 12:00:00"],
            "resolved_by": [AGENT, ""],
            **more,
        }
    )


def _audit() -> pd.DataFrame:
    rows = [
        ("incident_state", "1", "2", 2),
        ("state", "1", "2", 2),
        ("assignment_group", "", GROUP, 2),
        ("assigned_to", "", AGENT, 3),
        ("assignment_group", GROUP, OTHER, 4),
        ("incident_state", "2", "6", 5),
        ("incident_state", "6", "2", 6),
        ("incident_state", "2", "6", 7),
        ("short_description", "x", "y", 7),
    ]
    return pd.DataFrame(
        {
            "sys_id": [f"u{place}" for place in range(len(rows))],
            "tablename": "incident",
            "documentkey": ONE,
            "fieldname": [row[0] for row in rows],
            "oldvalue": [row[1] for row in rows],
            "newvalue": [row[2] for row in rows],
            "sys_created_on": [f"2024-01-0{row[3]} 10:00:00" for row in rows],
            "sys_created_by": "agent-07",
        }
    )


def test_the_audit_tells_every_round_and_the_record_only_what_it_does_not() -> None:
    groups = pd.DataFrame({"sys_id": [GROUP, OTHER], "name": ["First line", "Network"]})
    users = pd.DataFrame({"sys_id": [ANN, AGENT], "email": ["c0123@mail.example", "a@firm.example"], "vip": "true"})
    tables = {"incident": _incidents(), "sys_audit": _audit(), "sys_user_group": groups, "sys_user": users}
    touchpoints = read_crm(tables, "servicenow")
    one = touchpoints.frame[touchpoints.frame["ticket"] == f"servicenow:{ONE}"].sort_values(["timestamp", "seq"])
    assert one["activity"].tolist() == [
        "Incident opened",
        "Incident: In Progress",
        "Incident routed",
        "Incident assigned",
        "Incident handed over",
        "Incident: Resolved",
        "Incident: In Progress",
        "Incident: Resolved",
    ]
    assert one["outcome"].dropna().tolist() == ["solved", "reopened", "solved"]
    assert one["team"].dropna().tolist() == ["First line", "Network"]
    assert one.loc[one["touchpoint_kind"] == "handoff", "activity"].tolist() == ["Incident handed over"]
    assert set(one["customer"]) == {f"servicenow:{ANN}"}
    assert one["channel"].iloc[0] == "phone"
    assert asides(touchpoints) == {
        ("sys_audit", "told by incident_state"): 1,
        ("sys_audit", "a field that is not followed"): 1,
    }
    # Users who never called are no customers.
    assert touchpoints.objects["customer"].index.tolist() == [f"servicenow:{ANN}"]


def test_without_the_audit_the_record_tells_its_dates() -> None:
    touchpoints = read_crm({"incident": _incidents()}, "servicenow")
    assert happened(touchpoints) == ["Incident opened", "Incident opened", "Incident: Resolved", "Incident: Closed"]
    solved = touchpoints.frame[touchpoints.frame["outcome"] == "solved"]
    assert len(solved) == 1


def test_references_of_connectors_and_of_the_table_api() -> None:
    plain = read_crm({"incident": _incidents()}, "servicenow").frame
    for suffix in ("_value", ".value"):
        table = _incidents().rename(columns={"caller_id": f"caller_id{suffix}", "resolved_by": f"resolved_by{suffix}"})
        other = read_crm({"incidents": table}, "servicenow").frame
        assert other["customer"].tolist() == plain["customer"].tolist()
        assert other["actor"].fillna("").tolist() == plain["actor"].fillna("").tolist()


def test_tables_of_a_connector_that_splits_an_incident_are_put_together() -> None:
    own = _incidents().drop(columns=["opened_at", "closed_at", "contact_type", "state"])
    own["sys_created_on"] = "2024-01-01 09:00:00"
    tasks = _incidents()[["sys_id", "number", "opened_at", "closed_at", "contact_type"]].assign(
        sys_class_name="incident"
    )
    touchpoints = read_crm({"incident": own, "task": tasks}, "servicenow")
    assert happened(touchpoints) == ["Incident opened", "Incident opened", "Incident: Resolved", "Incident: Closed"]
    assert set(touchpoints.frame["customer"]) == {f"servicenow:{ANN}"}
    assert asides(touchpoints)["incident", "told by its task"] == 1


def test_versions_that_a_connector_appended_tell_hand_overs() -> None:
    versions = pd.concat([_incidents().iloc[[1]]] * 3, ignore_index=True)
    versions["sys_mod_count"] = ["0", "1", "2"]
    versions["sys_updated_on"] = [f"2024-01-0{day} 12:00:00" for day in (2, 3, 4)]
    versions["assignment_group"] = [GROUP, GROUP, OTHER]
    versions["state"] = ["1", "2", "2"]
    touchpoints = read_crm({"incident": versions}, "servicenow")
    assert happened(touchpoints) == ["Incident opened", "Incident: In Progress", "Incident handed over"]


def test_comments_and_notes_are_told_once() -> None:
    journal = pd.DataFrame(
        {
            "sys_id": ["j1", "j2", "j3"],
            "element_id": ONE,
            "element": ["comments", "work_notes", "close_notes"],
            "sys_created_on": [f"2024-01-02 1{hour}:00:00" for hour in (1, 2, 3)],
            "sys_created_by": ["agent-07", "system", "agent-07"],
            "value": ["secret words", "secret words", "secret words"],
        }
    )
    audit = pd.DataFrame(
        {
            "sys_id": ["u1"],
            "tablename": ["incident"],
            "documentkey": [ONE],
            "fieldname": ["comments"],
            "oldvalue": [""],
            "newvalue": ["secret words"],
            "sys_created_on": ["2024-01-02 11:00:00"],
        }
    )
    tables = {"incident": _incidents(), "sys_journal_field": journal, "sys_audit": audit}
    touchpoints = read_crm(tables, "servicenow")
    frame = touchpoints.frame
    assert frame["activity"].tolist().count("Comment") == 1
    note = frame[frame["activity"] == "Internal note"]
    assert (note["touchpoint_kind"].tolist(), note["actor_kind"].tolist()) == (["internal"], ["automation"])
    assert asides(touchpoints)["sys_audit", "told by sys_journal_field"] == 1
    assert "secret" not in frame.to_csv()


def test_a_breach_is_told_when_it_was_due() -> None:
    levels = pd.DataFrame(
        {
            "sys_id": ["s1", "s2"],
            "task_value": [ONE, TWO],
            "has_breached": ["true", "false"],
            "planned_end_time": ["2024-01-04 10:00:00", "2024-01-09 10:00:00"],
        }
    )
    touchpoints = read_crm({"incident": _incidents(), "task_sla": levels}, "servicenow")
    breach = touchpoints.frame[touchpoints.frame["activity"] == "SLA breached"]
    assert breach["ticket"].tolist() == [f"servicenow:{ONE}"]
    assert breach["timestamp"].dt.strftime("%m-%d").tolist() == ["01-04"]
    assert breach["customer"].tolist() == [f"servicenow:{ANN}"]


HEADERS = {
    "Number": ("INC0000001", "INC0000002"),
    "Opened": ("2024-01-01 10:00:00", "2024-01-02 10:00:00"),
    "Short description": ("secret words", "secret words"),
    "Caller": ("caller one", "caller two"),
    "Priority": ("1 - Critical", "3 - Moderate"),
    "State": ("Closed", "In Progress"),
    "Assignment group": ("Network", "First line"),
    "Assigned to": ("agent-07", ""),
    "Resolved": ("2024-01-05 10:00:00", ""),
    "Closed": ("2024-01-08 10:00:00", ""),
    "Reassignment count": ("2", "0"),
    "Reopen count": ("1", "0"),
    "Updated": ("2024-01-08 10:00:00", "2024-01-02 12:00:00"),
}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "german"])
def test_a_list_is_known_by_its_headers_and_names_nobody(tmp_path, kind) -> None:
    table = pd.DataFrame(HEADERS)
    if kind == "german":
        words = {"Number": "Nummer", "Opened": "Geöffnet", "Caller": "Anrufer", "Short description": "Kurzbeschreibung"}
        table = table.rename(columns={**words, "Resolved": "Gelöst", "Closed": "Geschlossen", "State": "Status"})
    if kind == "xlsx":
        book = openpyxl.Workbook()
        book.active.title = "Page 1"
        book.active.append(list(table.columns))
        for row in table.itertuples(index=False):
            book.active.append(list(row))
        book.save(tmp_path / "export.xlsx")
    else:
        (tmp_path / "export.csv").write_bytes(table.to_csv(index=False).encode("utf-8" if kind == "csv" else "cp1252"))
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == ["Incident opened", "Incident opened", "Incident: Resolved", "Incident: Closed"]
    frame = touchpoints.frame
    assert sorted(frame["ticket"].unique()) == ["servicenow:INC0000001", "servicenow:INC0000002"]
    assert frame["customer"].isna().all()
    told = frame.to_csv() + touchpoints.quality._repr_html_() + " ".join(touchpoints.quality.notes)
    assert "caller one" not in told
    assert "secret" not in told
    if kind != "german":
        assert touchpoints.objects["ticket"].loc["servicenow:INC0000001", "reopen_count"] == 1
