"""Canaries: every cell of an export that could be a person's is marked, and no output sings.

The labels that are meant to be shown stand in `LABELS`: stages, pipelines, teams, groups and the words of closed lists.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from mining._errors import MiningError
from mining._files import write_table
from mining.cli import app
from mining.report import Config, Study, write_report
from mining.sources import Touchpoints, read_crm
from mining.sources.mappings.grammar import build_mapping

LABELS = {
    "New", "Qualified", "Won", "Sales Pipeline", "Inside sales", "Tier one", "Tier two", "INBOUND", "OUTBOUND", "CALL",
    "Needs call", "EMAIL", "INCOMING_EMAIL", "SENT", "CLICK", "web", "voice", "solved", "open", "normal", "question",
    "good", "bad", "end-user", "agent", "Media", "Retail", "In", "Out", "Autumn offer",
}  # fmt: skip
SONG = re.compile(r"kanari|555[- ]?8\d{3}|\b8[1-9]0099\d{5}\b|203\.0\.113\.", re.IGNORECASE)
N = 60


@pytest.fixture(autouse=True)
def _ids_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as a user does who says nothing about ids; the other tests keep them."""
    monkeypatch.setattr("mining.sources.read.DEFAULT", "pseudonyms")


def canary(what: str) -> Callable[[int], str]:
    """Give every row a word of its own: somebody's name, or what somebody wrote."""
    return lambda row: f"Kanari {what} {row}"


def number(first: int) -> Callable[[int], str]:
    return lambda row: f"8{first}0099{row:05d}"


def cycle(*words: str) -> Callable[[int], str]:
    assert set(words) <= LABELS
    return lambda row: words[row % len(words)]


def at(day: int, hour: int = 9) -> Callable[[int], str]:
    start = pd.Timestamp("2024-01-01")
    return lambda row: (
        f"{start + pd.Timedelta(days=day + row * 3, hours=hour, minutes=7 * (row % 8)):%Y-%m-%d %H:%M:%S}"
    )


def email(row: int) -> str:
    return f"kanari{row}@mail.invalid"


def phone(row: int) -> str:
    return f"+972 58-555-8{row:03d}"


def address(row: int) -> str:
    return f"203.0.113.{row}"


def table(n: int = N, **columns: str | Callable[[int], str]) -> pd.DataFrame:
    told = {name: [cell if isinstance(cell, str) else cell(row) for row in range(n)] for name, cell in columns.items()}
    return pd.DataFrame(told, dtype="str")


CONTACT, DEAL, TICKET, OWNER, CALL, USER, COMPANY = (number(first) for first in range(1, 8))


def owner(row: int) -> str:
    return OWNER(row % 4)


def hubspot() -> dict[str, pd.DataFrame]:
    noise = {"property_hs_call_title": canary("title"), "property_hs_call_body": canary("body")}
    stages = [
        table(deal_id=DEAL, name="dealstage", value=f"stage-{10 * turn}", timestamp=at(10 * turn), source_id=owner_of)
        for turn, owner_of in enumerate([canary("source"), lambda row: f"userId:{owner(row)}", canary("source")], 1)
    ]
    handed = table(deal_id=DEAL, name="hubspot_owner_id", value=owner, timestamp=at(12), source_id=canary("source"))
    again = table(
        deal_id=DEAL,
        name="hubspot_owner_id",
        value=lambda row: OWNER(row % 3),
        timestamp=at(14),
        source_id=canary("source"),
    )
    return {
        "contact": table(
            id=CONTACT, property_email=email, property_phone=phone, property_firstname=canary("first"),
            property_lastname=canary("last"), property_address=canary("street"), property_notes=canary("note"),
            property_industry=cycle("Media", "Retail"), property_company_size=phone, property_country=canary("country"),
            property_lead_source=address, property_associatedcompanyid=COMPANY, property_createdate=at(0),
        ),
        "company": table(id=COMPANY, property_name=canary("company"), property_industry=cycle("Media"), phone=phone),
        "deal": table(
            deal_id=DEAL, property_dealname=canary("deal"), deal_pipeline_id="sales", owner_id=owner,
            property_amount="1200", property_createdate=at(9), property_description=canary("description"),
        ),
        "deal_property_history": pd.concat([*stages, handed, again], ignore_index=True),
        "deal_pipeline_stage": pd.DataFrame(
            {"stage_id": ["stage-10", "stage-20", "stage-30"], "label": ["New", "Qualified", "Won"],
             "pipeline_id": "sales", "closed_won": ["false", "false", "true"], "is_closed": ["false", "false", "true"]}
        ),
        "engagement_call": table(
            engagement_id=CALL, property_hs_timestamp=at(5), property_hs_createdate=at(5),
            property_hs_call_direction=cycle("INBOUND", "OUTBOUND"), property_hs_call_duration="90000",
            property_hs_activity_type="Needs call", property_hubspot_owner_id=owner, property_hubspot_team_id="700",
            type="CALL", property_hs_call_to_number=phone, property_hs_call_from_number=phone, **noise,
        ),
        "engagement_note": table(
            engagement_id=lambda row: CALL(row + 100), property_hs_timestamp=at(6), property_hubspot_owner_id=owner,
            property_hs_note_body=canary("note"),
        ),
        "engagement_email": table(
            engagement_id=lambda row: CALL(row + 200), property_hs_timestamp=at(8),
            property_hs_email_direction=cycle("EMAIL", "INCOMING_EMAIL"), property_hs_email_subject=canary("subject"),
            property_hs_email_text=canary("text"), property_hs_email_to_email=email, property_hubspot_owner_id=owner,
            property_hs_email_thread_id=lambda row: f"<{email(row)}>",
        ),
        "engagement_contact": pd.concat(
            [table(engagement_id=lambda row, n=step: CALL(row + n), contact_id=CONTACT) for step in (0, 100, 200)],
            ignore_index=True,
        ),
        "deal_contact": table(deal_id=DEAL, contact_id=CONTACT),
        "owner": table(4, owner_id=OWNER, email=email, first_name=canary("owner"), last_name=canary("owner")),
        "owner_team": table(4, owner_id=OWNER, team_id="700", is_team_primary="true"),
        "team": pd.DataFrame({"id": ["700"], "name": ["Inside sales"]}),
        "email_event": table(
            id=canary("event"), created=at(7), type=cycle("SENT", "CLICK"), recipient=email, email_campaign_id="4057",
            filtered_event="false", subject=canary("subject"), **{"from": email},
        ),
    }  # fmt: skip


def zendesk() -> dict[str, pd.DataFrame]:
    groups = pd.DataFrame({"id": ["60001", "60002"], "name": ["Tier one", "Tier two"]})
    routed = [
        table(
            ticket_id=TICKET,
            field_name="group_id",
            value=group,
            updated=at(40, hour),
            user_id=lambda row: USER(row % 4),
        )
        for group, hour in (("60001", 10), ("60002", 14))
    ]
    solved = table(
        ticket_id=TICKET, field_name="status", value="solved", updated=at(42), user_id=lambda row: USER(row % 4)
    )
    users = table(
        id=lambda row: USER(row + 100),
        email=email,
        phone=phone,
        role="end-user",
        name=canary("user"),
        notes=canary("note"),
    )
    agents = table(
        4, id=USER, email=canary("agent"), phone=phone, role="agent", name=canary("agent"), notes=canary("note")
    )
    return {
        "ticket": table(
            id=TICKET, created_at=at(40), requester_id=lambda row: USER(row + 100), via_channel=cycle("web", "voice"),
            status="solved", priority="normal", type="question", subject=canary("subject"), recipient=email,
            description=canary("description"), raw_subject=canary("subject"), assignee_id=lambda row: USER(row % 4),
        ),
        "ticket_comment": table(
            id=CALL, ticket_id=TICKET, created=at(41), public="true", body=canary("body"),
            user_id=lambda row: USER(row % 4 if row % 2 else row + 100),
        ),
        "ticket_field_history": pd.concat([*routed, solved], ignore_index=True),
        "user": pd.concat([users, agents], ignore_index=True),
        "group": groups,
        "satisfaction_ratings": table(
            id=CALL, ticket_id=TICKET, requester_id=lambda row: USER(row + 100), score=cycle("good", "bad"),
            updated_at=at(45), comment=canary("comment"),
        ),
    }  # fmt: skip


CALLS = """
system: switch
timezone: Asia/Jerusalem
region: IL
objects:
  customer:
    table: calls
    id: Caller
    attributes: {name: Name, note: Remark, contact: Number, town: Town, ip: Address}
readers:
  - name: call
    kind: activity
    table: calls
    always: {channel: phone, department: service}
    fields:
      touchpoint_id: Caller
      activity: {column: Number, template: "Call with {}"}
      activity_raw: Remark
      timestamp: Started
      direction: {column: Name, values: {In: inbound}}
      outcome: Remark
      reason: Remark
      team: Mail
      campaign: Mail
      actor: Agent
      customer: {column: Number, key: phone}
"""


def calls() -> pd.DataFrame:
    return table(
        Caller=canary("caller"), Number=phone, Started=at(30), Agent=canary("agent"), Remark=canary("remark"),
        Mail=email, Name=canary("name"), Town=canary("town"), Address=address,
    )  # fmt: skip


def page_export() -> pd.DataFrame:
    return table(**{
        "Record ID": DEAL, "Deal Name": canary("deal"), "Deal Stage": "Won", "Pipeline": "Sales Pipeline",
        "Deal owner": lambda row: f"Kanari owner {row % 5}", "Amount": "900", "Create Date": at(1), "Close Date": at(9),
        "Associated Contact IDs": CONTACT, "Associated Contact": lambda row: f"Kanari Doe ({email(row)})",
        'Date entered "Qualified (Sales Pipeline)"': at(4), 'Date entered "Won (Sales Pipeline)"': at(9),
        "Next step": canary("step"), "Closed Lost Reason": canary("reason"),
    })  # fmt: skip


def written(folder: Path, tables: dict[str, pd.DataFrame]) -> Path:
    folder.mkdir(parents=True)
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module", autouse=True)
def key():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINING_KEY", "ab" * 32)
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("exports")
    written(root / "crm" / "hubspot", hubspot())
    written(root / "crm" / "zendesk", zendesk())
    written(root / "crm" / "switch", {"calls": calls()})
    written(root / "page", {"hubspot-crm-exports-all-deals-2024": page_export()})
    (root / "switch.yml").write_text(CALLS, encoding="utf-8")
    return root


@pytest.fixture(scope="module", params=["crm", "page"])
def study(request, place) -> Study:
    sources = ("hubspot", "zendesk", str(place / "switch.yml")) if request.param == "crm" else ("hubspot",)
    case = "customer" if request.param == "crm" else "deal"
    return Study(Config(exports=place / request.param, sources=sources, case=case, identifiers="pseudonyms"))


def texts(thing: object, depth: int = 0) -> Iterator[str]:
    """Yield all that a result tells: its words, its tables, its page, and those of what it holds."""
    match thing:
        case str():
            yield thing
        case pd.DataFrame() | pd.Series():
            yield thing.to_csv()
        case dict():
            yield from (text for item in thing.items() for text in texts(item, depth))
        case list() | tuple() | set():
            yield from (text for item in thing for text in texts(item, depth))
        case _:
            yield from (repr(thing), getattr(thing, "_repr_html_", str)())
            held = fields(thing) if is_dataclass(thing) and depth < 3 else ()
            yield from (text for part in held for text in texts(getattr(thing, part.name), depth + 1))


def songs(*things: object) -> set[str]:
    """Find the canaries in what is told, with some words around each."""
    found = set()
    for thing in things:
        for text in texts(thing):
            plain = html.unescape(text)
            for hit in SONG.finditer(plain):
                found.add(plain[max(0, hit.start() - 60) : hit.end() + 20].replace("\n", " "))
    return found


def test_the_canaries_are_in_the_exports(place):
    for file in sorted(place.rglob("*.csv")):
        words = pd.read_csv(file, dtype="str")
        silent = [name for name in words if not words[name].str.contains(SONG).any()]
        told = {word for name in silent for word in words[name].dropna().unique()}
        # What carries none: labels, times, numbers of no person, names of stages and of fields.
        strange = {
            word for word in told - LABELS if not re.fullmatch(r"[\d: -]+|stage-\d+|true|false|sales|[a-z_]+", word)
        }
        assert strange == set(), file.name


def test_the_export_is_read_and_asked_all_questions(study):
    assert len(study.touchpoints) > 2 * N
    assert study.touchpoints.quality.balanced
    assert study.touchpoints.frame["actor"].notna().sum() > N / 2
    assert len(study.touchpoints.objects) > 0
    assert {"quality", "flow", "waits", "map"} <= {section for section, _ in study.results()}


def test_no_table_and_no_word_of_what_was_read_sings(study):
    touchpoints = study.touchpoints
    store = touchpoints.store
    assert (
        songs(touchpoints, touchpoints.frame, touchpoints.objects, touchpoints.relations, touchpoints.quality) == set()
    )
    assert songs(store, store.events, store.objects, store.event_objects, store.object_objects) == set()
    assert songs(store.object_changes, store.attributes, touchpoints.quality.tables) == set()


def test_no_answer_sings(study):
    assert songs(study.journeys, study.journeys.frame, *study.results(), study.unanswered) == set()


def test_no_page_sings(study, tmp_path):
    page = write_report(tmp_path / "page.html", study).read_text("utf-8")
    assert len(page) > 20_000
    assert songs(page) == set()


def test_no_file_that_is_handed_on_sings(study, tmp_path):
    log = study.journeys.to_xes(tmp_path / "log.xes")
    table = write_table(tmp_path / "touchpoints.csv", study.touchpoints.frame)
    told = [Path(log or tmp_path / "log.xes").read_text("utf-8"), table.read_text("utf-8-sig")]
    assert min(map(len, told)) > 10_000
    assert songs(told) == set()


@pytest.mark.parametrize("command", ["read", "discover"])
def test_no_command_sings(command, place, tmp_path):
    (tmp_path / "study.yml").write_text(
        f"exports: {place / 'crm'}\nsources: [hubspot, zendesk, {place / 'switch.yml'}]\n", encoding="utf-8"
    )
    result = CliRunner().invoke(app, [command, str(tmp_path / "study.yml")])
    assert result.exit_code == 0, result.output
    assert songs(result.output) == set()


WRONG = {
    "a column that is not there": CALLS.replace("Started", "Begun"),
    "a time that is a remark": CALLS.replace("timestamp: Started", "timestamp: Remark"),
    "a time that is a number to dial": CALLS.replace("timestamp: Started", "timestamp: Number"),
    "a customer that is nobody": CALLS.replace("{column: Number, key: phone}", "{column: Nobody}"),
    "an activity that is nothing": CALLS.replace('{column: Number, template: "Call with {}"}', "{column: Nothing}"),
    "a word that means nothing": CALLS.replace("outcome: Remark", "outcom: Remark"),
}


@pytest.mark.parametrize("mapping", WRONG.values(), ids=WRONG)
def test_no_refusal_of_a_wrong_mapping_sings(mapping):
    told: list[object] = []
    try:
        told.append(read_crm({"calls": calls()}, mapping=build_mapping(mapping)))
    except MiningError as refused:
        told.append(str(refused))
    assert told
    assert songs(*told) == set()


def test_a_file_without_headers_does_not_sing_in_its_refusal():
    headless = calls().iloc[1:].set_axis(list(calls().iloc[0]), axis=1)
    with pytest.raises(MiningError, match="not names of columns") as refused:
        read_crm({"calls": headless}, mapping=build_mapping(CALLS))
    assert songs(str(refused.value)) == set()


def test_whoever_keeps_the_ids_gets_them(place):
    kept: Touchpoints = read_crm(place / "crm", ["hubspot", "zendesk"], identifiers="keep")
    assert kept.frame["customer"].str.contains("0099").any()
    assert songs(kept.frame)


def test_another_key_gives_other_ids_and_the_same_answers(place, monkeypatch):
    told = []
    for letters in ("ab", "cd"):
        monkeypatch.setenv("MINING_KEY", letters * 32)
        touchpoints = read_crm(place / "crm", ["hubspot", "zendesk", str(place / "switch.yml")])
        told.append((touchpoints.frame["customer"], touchpoints.by("customer").log.lengths, touchpoints.quality.notes))
    (one, lengths, notes), (other, again, repeated) = told
    assert not set(one.dropna()) & {word for word in other.dropna() if "#" not in word}
    assert sorted(lengths) == sorted(again)
    assert notes == repeated
