"""The example company's exports: what was planted dirty is set aside by its rule, and who is who is found."""

import json
from pathlib import Path

import pandas as pd
import pytest

from mining.sources import Touchpoints, read_crm

DATA = Path(__file__).parents[2] / "data"
EXPORTS = DATA / "exports"
SYSTEMS = ["hubspot", "zendesk", "acme-web", "acme-phone"]
RULES = {
    "anonymous call": "nobody it belongs to",
    "bot email event": "bot",
    "deleted contact": "its customer is deleted",
    "footer line": "footer",
    "missing timestamp": "no timestamp",
    "orphan": "nobody it belongs to",
    "planned": "planned",
    "ragged row": "ragged",
    "unparseable timestamp": "unreadable timestamp",
}


@pytest.fixture(scope="module")
def acme() -> Touchpoints:
    return read_crm(EXPORTS / "acme", SYSTEMS)


@pytest.fixture(scope="module")
def truth() -> dict[str, pd.DataFrame]:
    told = json.loads((EXPORTS / "acme-truth.json").read_text("utf-8"))
    return {name: pd.DataFrame(told[name]["rows"], columns=told[name]["columns"]) for name in ("dirty", "identities")}


def test_what_was_planted_dirty_is_set_aside_by_its_rule(acme, truth) -> None:
    aside = acme.quality.frame.groupby(["file", "rule"])["rows_aside"].sum()
    planted = truth["dirty"].assign(file=truth["dirty"]["file"].str.split("/").str[1])
    planted = planted[planted["rule"].isin(RULES) & (planted["file"] != "contact.csv")]
    planted = planted.groupby(["file", planted["rule"].map(RULES)])["n_rows"].sum()
    found = {key: int(aside.get(key, 0)) for key in planted.index}
    assert found == planted.to_dict()
    assert acme.quality.balanced


def test_mail_opens_are_marked_and_in_no_journey(acme, truth) -> None:
    dirty = truth["dirty"]
    opened = acme.frame["is_low_trust"]
    assert opened.sum() == dirty.loc[dirty["rule"] == "mail open", "n_rows"].sum()
    assert set(acme.frame.loc[opened, "activity"]) == {"Newsletter opened"}
    assert acme.by("customer").portraits()["n_touchpoints"].sum() == (~opened).sum()


def test_nobody_is_split_and_nobody_is_invented(acme, truth) -> None:
    people = truth["identities"]
    assert acme.frame["customer"].nunique() == people["customer"].nunique()
    assert acme.frame["customer"].str.startswith("hubspot:").all()
    assert not acme.frame["customer"].str.contains("hubspot:7000", na=False).any()


def test_visitors_become_the_person_that_they_are(acme, truth) -> None:
    events = pd.read_csv(EXPORTS / "acme" / "web" / "web_events.csv", dtype="str", on_bad_lines="skip")
    web = acme.frame[acme.frame["source"] == "web"]
    visitor = events["visitor_id"].to_numpy()[web["source_row"] - 1]
    people = truth["identities"]
    planted = people[people["kind"] == "visitor"].set_index("key")["customer"]
    assert (web["customer"].str.removeprefix("hubspot:").to_numpy() == planted[visitor].astype("str").to_numpy()).all()


def test_no_address_and_no_number_reaches_any_table(acme) -> None:
    told = acme.frame.to_csv() + "".join(table.to_csv() for table in acme.objects.values())
    assert "mail.example" not in told
    assert "+972" not in told


def test_systems_are_recognised_by_their_tables(acme) -> None:
    found = read_crm(EXPORTS / "acme")
    assert set(found.frame["source"]) == {"hubspot", "zendesk", "web", "phone"}
    assert len(found) == len(acme)


def test_words_are_those_agreed(acme) -> None:
    found = set(acme.frame["activity"])
    assert {
        "Ad clicked",
        "Form submitted",
        "Needs call",
        "Demo",
        "Deal created",
        "Deal: Won",
        "Deal handed over",
    } <= found
    assert {"Ticket opened", "Support reply", "Ticket: solved", "Rated", "Chat sent to phone", "Renewal call"} <= found
    won = acme.frame[acme.frame["activity"] == "Deal: Won"]
    assert (won["outcome"] == "won").all()
    assert acme.frame.loc[acme.frame["activity"] == "Needs call", "team"].notna().all()
    assert set(acme.frame.loc[acme.frame["activity"] == "Rated", "score"]) <= {0.0, 1.0}


def test_journeys_can_be_made_of_them(acme) -> None:
    assert len(acme.by("customer")) == acme.frame["customer"].nunique()
    assert len(acme.by("ticket")) == acme.frame["ticket"].nunique()


@pytest.mark.parametrize(
    ("folder", "source", "encodings"),
    [
        ("acme-ui", "hubspot", {"utf-8-sig"}),
        ("acme-he", DATA / "mappings" / "acme-he.yml", {"cp1255", "utf-16"}),
        ("acme-fa", DATA / "mappings" / "acme-fa.yml", {"cp1256", "utf-8-sig"}),
    ],
)
def test_page_exports_in_three_languages(folder, source, encodings) -> None:
    touchpoints = read_crm(EXPORTS / folder, source)
    assert set(touchpoints.quality.files["encoding"]) == encodings
    assert touchpoints.quality.balanced
    assert {"Deal created", "Deal: Won", "Deal: Lost"} <= set(touchpoints.frame["activity"])
    assert touchpoints.frame["timestamp"].dt.year.between(2023, 2027).all()
