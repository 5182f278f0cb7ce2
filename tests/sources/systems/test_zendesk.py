"""Zendesk: connector tables, audits, and the CSV that its pages export."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides

USERS = pd.DataFrame(
    {
        "id": ["1", "2", "9"],
        "role": ["end-user", "end-user", "agent"],
        "email": ["c0001@mail.example", "c0002@mail.example", "agent-09@acme.example"],
        "active": ["true", "true", "true"],
    }
)


def _tickets(*vias: str, status: str = "open") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [str(100 + place) for place in range(len(vias))],
            "created_at": ["2024-01-01T08:00:00Z"] * len(vias),
            "requester_id": ["1"] * len(vias),
            "status": [status] * len(vias),
            "via_channel": list(vias),
        }
    )


def test_connector_tables_are_read(real_data) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_zendesk")
    frame, quality = touchpoints.frame, touchpoints.quality
    assert quality.balanced
    assert set(frame["source"]) == {"zendesk"}
    assert frame["activity"].value_counts().to_dict() == {
        "Reply": 20,
        "Ticket: solved": 15,
        "Chat message of the bot": 11,
        "Ticket opened": 8,
        "Ticket: open": 4,
        "Ticket: pending": 4,
        "Ticket: on-hold": 3,
        "Ticket assigned": 2,
        "Chat joined": 1,
        "Chat transferred": 1,
        "Ticket: closed": 1,
    }
    assert asides(touchpoints) == {
        ("ticket_chat_event_data", "a change of details"): 1,
        ("ticket_data", "deleted"): 2,
        ("ticket_field_history_data", "a field that is not followed"): 6,
        ("ticket_field_history_data", "duplicate"): 3,
    }
    bots = frame[frame["activity"] == "Chat message of the bot"]
    assert bots["is_automated"].all()
    assert set(bots["actor_kind"]) == {"bot"}
    assert set(bots["channel"]) == {"chat", "messaging"}
    assert not frame["source_file"].str.contains("snowflake|postgres").any()


@pytest.mark.parametrize(
    ("via", "channel"),
    [("email", "email"), ("web", "email"), ("api", "email"), ("voice", "email"), ("chat", "chat"), ("sms", "sms")],
)
def test_the_channel_of_a_reply_is_inferred_from_its_ticket(via, channel) -> None:
    comments = pd.DataFrame(
        {
            "id": ["1", "2", "3"],
            "ticket_id": ["100", "100", "100"],
            "created": ["2024-01-02T08:00:00Z", "2024-01-03T08:00:00Z", "2024-01-04T08:00:00Z"],
            "public": ["true", "true", "false"],
            "user_id": ["9", "1", "9"],
            "voice_comment": ["false", "false", "false"],
        }
    )
    touchpoints = read_crm({"ticket": _tickets(via), "ticket_comment": comments, "user": USERS}, "zendesk")
    frame = touchpoints.frame.set_index("activity")
    assert frame.loc[["Support reply", "Customer reply"], "channel"].tolist() == [channel, channel]
    assert frame.loc["Internal note", ["channel", "touchpoint_kind"]].tolist() == ["crm", "internal"]
    assert frame.loc[["Support reply", "Customer reply"], "direction"].tolist() == ["outbound", "inbound"]
    assert frame.loc["Support reply", "actor"] == "9"
    assert pd.isna(frame.loc["Customer reply", "actor"])
    told = touchpoints.quality.lacks.set_index("table")
    assert "inferred" in " ".join(told.loc["ticket_comment"].astype("str"))


def test_what_a_comment_says_of_its_channel_wins() -> None:
    comments = pd.DataFrame(
        {
            "id": ["1", "2", "3", "4"],
            "ticket_id": ["100"] * 4,
            "created_at": [f"2024-01-0{day}T08:00:00Z" for day in (2, 3, 4, 5)],
            "public": ["true"] * 4,
            "author_id": ["9", "1", "9", "1"],
            "via.channel": ["web", "web", "web", "email"],
            "voice_comment": ["false", "false", "true", "false"],
        }
    )
    frame = read_crm({"tickets": _tickets("chat"), "ticket_comments": comments, "users": USERS}, "zendesk").frame
    replies = frame[frame["activity"].str.endswith("reply")]
    # The agent's "web" is where it was typed, the customer's is where it was written.
    assert replies["channel"].tolist() == ["chat", "web_form", "phone", "email"]


def test_what_belongs_to_deleted_tickets_goes_with_them_and_merged_ones_are_one() -> None:
    tickets = pd.concat([_tickets("email", "email"), _tickets("email", status="deleted").assign(id="300")])
    tickets["merged_ticket_ids"] = ["[201, 202]", "[]", "[]"]
    history = pd.DataFrame(
        {
            "ticket_id": ["100", "202", "300"],
            "field_name": ["status"] * 3,
            "value": ["open", "solved", "solved"],
            "updated": ["2024-01-02T08:00:00Z", "2024-01-03T08:00:00Z", "2024-01-03T08:00:00Z"],
            "user_id": ["9"] * 3,
        }
    )
    touchpoints = read_crm({"ticket": tickets, "ticket_field_history": history, "user": USERS}, "zendesk")
    states = touchpoints.frame[touchpoints.frame["touchpoint_kind"] == "state"]
    assert states["ticket"].tolist() == ["zendesk:100", "zendesk:100"]
    assert asides(touchpoints) == {
        ("ticket", "deleted"): 1,
        ("ticket_field_history", "its ticket is deleted"): 1,
    }


def _audit(number: int, *events: dict[str, object], author: int = 9, via: str = "web") -> dict[str, object]:
    made = [{"id": number * 10 + place, **event} for place, event in enumerate(events)]
    head = {"id": number, "ticket_id": 100, "created_at": f"2024-01-0{number}T08:00:00Z", "author_id": author}
    return {**head, "via": {"channel": via}, "events": made}


def _set(field: str, value: str, before: str = "") -> dict[str, object]:
    return {"type": "Change" if before else "Create", "field_name": field, "value": value, "previous_value": before}


def _write_audits(folder: Path) -> None:
    comment = {"type": "Comment", "public": True, "author_id": 9, "body": "somebody's words"}
    audits = [
        _audit(1, _set("group_id", "70"), _set("status", "new"), author=1, via="email"),
        _audit(2, comment, _set("status", "solved", "new"), {"type": "Notification", "body": "x"}),
        _audit(3, {**comment, "author_id": 1}, _set("status", "open", "solved"), author=1, via="email"),
        _audit(4, _set("group_id", "71", "70"), {**comment, "public": False}),
        _audit(5, _set("status", "closed", "open"), author=-1, via="rule"),
    ]
    (folder / "ticket_audits.json").write_text(json.dumps({"audits": audits, "count": 5}), "utf-8")
    _tickets("email").to_csv(folder / "tickets.csv", index=False)
    USERS.to_csv(folder / "users.csv", index=False)
    pd.DataFrame({"id": ["70", "71"], "name": ["Tier one", "Tier two"]}).to_csv(folder / "groups.csv", index=False)


def test_audits_tell_what_was_before_and_who_wrote(tmp_path) -> None:
    _write_audits(tmp_path)
    touchpoints = read_crm(tmp_path, "zendesk")
    frame = touchpoints.frame[touchpoints.frame["source_table"] == "ticket_audits__events"]
    assert touchpoints.quality.balanced
    told = frame.set_index("activity").sort_values("timestamp")
    assert sorted(told.index) == [
        *("Customer reply", "Internal note", "Support reply", "Ticket handed over", "Ticket routed"),
        *("Ticket: closed", "Ticket: new", "Ticket: open", "Ticket: solved"),
    ]
    assert told.loc["Ticket: open", "outcome"] == "reopened"
    assert told.loc["Ticket handed over", ["team", "touchpoint_kind"]].tolist() == ["Tier two", "handoff"]
    assert told.loc["Ticket: closed", ["is_automated", "actor_kind"]].tolist() == [True, "automation"]
    assert told.loc[["Support reply", "Customer reply"], "channel"].tolist() == ["email", "email"]
    assert str(told.loc["Support reply", "timestamp"]) == "2024-01-02 08:00:00+00:00"
    assert set(frame["customer"]) == {"zendesk:1"}
    assert "somebody's words" not in touchpoints.frame.to_csv()


def test_a_comment_is_told_once_by_its_table_and_its_audit(tmp_path) -> None:
    _write_audits(tmp_path)
    comments = {
        "id": "20",
        "ticket_id": "100",
        "created_at": "2024-01-02T08:00:00Z",
        "public": "true",
        "author_id": "9",
    }
    pd.DataFrame([comments]).to_csv(tmp_path / "ticket_comments.csv", index=False)
    touchpoints = read_crm(tmp_path, "zendesk")
    replies = touchpoints.frame[touchpoints.frame["activity"] == "Support reply"]
    assert replies["source_table"].tolist() == ["ticket_comments"]
    # The comment that its own table tells, and a notification.
    assert asides(touchpoints) == {("ticket_audits__events", "a field that is not followed"): 2}


def test_ratings_and_broken_promises_are_told_by_their_own_tables() -> None:
    ratings = pd.DataFrame(
        {
            "id": ["1", "2", "3"],
            "ticket_id": ["100"] * 3,
            "score": ["good_with_comment", "offered", "bad"],
            "updated_at": [f"2024-01-0{day}T08:00:00Z" for day in (2, 3, 4)],
        }
    )
    events = pd.DataFrame(
        {
            "id": ["1", "2", "3"],
            "ticket_id": ["100"] * 3,
            "metric": ["reply_time", "reply_time", "requester_wait_time"],
            "type": ["activate", "breach", "breach"],
            "time": ["2024-01-02T08:00:00Z"] * 3,
            "deleted": ["", "", "true"],
        }
    )
    tables = {
        "ticket": _tickets("email"),
        "satisfaction_ratings": ratings,
        "ticket_metric_events": events,
        "user": USERS,
    }
    touchpoints = read_crm(tables, "zendesk")
    rated = touchpoints.frame[touchpoints.frame["activity"] == "Rated"]
    assert rated["score"].tolist() == [1.0, 0.0]
    assert rated["channel"].tolist() == ["email", "email"]
    assert (touchpoints.frame["activity"] == "Promise broken: first reply or next reply").sum() == 1
    assert asides(touchpoints) == {
        ("satisfaction_ratings", "no reader takes it"): 1,
        ("ticket_metric_events", "a clock that runs or stops"): 1,
        ("ticket_metric_events", "deleted"): 1,
    }


HEADERS = [
    *("Summation column", "Id", "Requester", "Requester id", "Requester email", "Submitter", "Assignee", "Group"),
    *("Subject", "Tags", "Status", "Priority", "Via", "Ticket type", "Created at", "Updated at", "Assigned at"),
    *("Organization", "Due date", "Initially assigned at", "Solved at", "Reopens", "Replies", "Plan [list]"),
]


def _page_rows() -> list[list[str]]:
    one = dict.fromkeys(HEADERS, "") | {
        "Summation column": "1",
        "Id": "100",
        "Requester": "somebody",
        "Requester id": "1",
        "Requester email": "c0001@mail.example",
        "Assignee": "agent-09",
        "Group": "Tier one",
        "Status": "Solved",
        "Priority": "High",
        "Via": "Mail",
        "Created at": "2024-01-02 08:00:00 +0200",
        "Initially assigned at": "2024-01-02 09:00:00 +0200",
        "Assigned at": "2024-01-03 09:00:00 +0200",
        "Solved at": "2024-01-04 09:00:00 +0200",
        "Reopens": "2",
        "Replies": "5",
        "Plan [list]": "pro",
    }
    two = one | {"Id": "101", "Via": "Web form", "Solved at": "-", "Assigned at": "-", "Initially assigned at": "-"}
    return [[row[header] for header in HEADERS] for row in (one, two)]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_page_export_has_dates_and_counts_that_have_none(tmp_path, suffix) -> None:
    file = tmp_path / f"export 2024.{suffix}"
    if suffix == "csv":
        pd.DataFrame(_page_rows(), columns=HEADERS).to_csv(file, index=False)
    else:
        book = openpyxl.Workbook()
        for line in [HEADERS, *_page_rows()]:
            book.active.append(line)
        book.save(file)
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert set(frame["source"]) == {"zendesk"}
    by_ticket = frame.sort_values(["timestamp", "seq"]).groupby("ticket")["activity"].agg(list)
    assert by_ticket["zendesk:100"] == ["Ticket opened", "Ticket assigned", "Ticket assigned last", "Ticket: solved"]
    assert by_ticket["zendesk:101"] == ["Ticket opened"]
    opened = frame[frame["activity"] == "Ticket opened"]
    assert opened["channel"].tolist() == ["email", "web_form"]
    assert str(opened["timestamp"].iloc[0]) == "2024-01-02 06:00:00+00:00"
    assert set(frame["customer"]) == {"zendesk:1"}
    assert "mail.example" not in frame.to_csv() + "".join(each.to_csv() for each in touchpoints.objects.values())
    assert "somebody" not in frame.to_csv() + "".join(each.to_csv() for each in touchpoints.objects.values())
    assert "loops are invisible" in touchpoints.quality.lacks.to_csv()
