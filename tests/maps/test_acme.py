"""What the example company hides is found, with its owner, and its twin without structure has none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mining.design import read_design
from mining.examples import write_exports
from mining.journeys import Journeys
from mining.maps import LANES, find_pain_points, map_journey
from mining.sources import read_crm

ROOT = Path(__file__).parents[2]
PLANTED = {
    ("long wait that goes with losses", "Demo > Deal: Quote sent"),
    ("SLA missed", "Ticket opened > Support reply"),
    ("ping-pong", "Billing & Support tier one"),
    ("sent to another channel", "chat > phone"),
}


def found(journeys: Journeys) -> set[tuple[str, str]]:
    pains = find_pain_points(journeys, read_design(ROOT / "data/designs/acme.yaml"))
    return {
        (kind, " & ".join(sorted(where.split(" <> "))))
        for kind, where in zip(pains.frame["kind"], pains.frame["where"], strict=True)
    }


@pytest.fixture(scope="module")
def acme() -> Journeys:
    return read_crm(ROOT / "data/exports/acme").by("customer", gap="90D")


def test_exactly_what_was_planted_hurts(acme: Journeys) -> None:
    assert found(acme) == PLANTED


def test_the_design_owns_what_its_steps_promise(acme: Journeys) -> None:
    pains = find_pain_points(acme, read_design(ROOT / "data/designs/acme.yaml")).frame
    owners = dict(zip(pains["where"], pains["owner"], strict=True))
    assert owners["Demo > Deal: Quote sent"] == "Sales"
    assert owners["Ticket opened > Support reply"] == "Support"


def test_nothing_hurts_in_the_twin_without_structure(tmp_path: Path) -> None:
    write_exports(tmp_path / "acme", customers=360, seed=7, null=True)
    assert found(read_crm(tmp_path / "acme").by("customer", gap="90D")) == set()


def test_the_map_of_the_company_says_something_in_every_stage(acme: Journeys) -> None:
    grid = map_journey(acme, read_design(ROOT / "data/designs/acme.yaml"), lanes=LANES)
    assert grid.stages == ("Awareness", "Consideration", "Purchase", "Delivery", "Service", "Retention")
    assert grid.frame.groupby("stage")["lane"].nunique().min() >= 6
