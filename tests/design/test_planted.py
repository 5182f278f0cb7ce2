"""In the fictional company's exports, the deviations that were planted are found: all of them, and only them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import mining
from mining.design import Deviations, compare, read_design

DATA = Path(__file__).parents[2] / "data"
TRUTH = DATA / "exports" / "acme-truth.json"
pytestmark = pytest.mark.skipif(not TRUTH.is_file(), reason="the example's exports are not there")

PLANTED = {
    "needs call skipped": ("Needs call", "skipped"),
    "deal before demo": ("Demo", "out of order"),
    "second demo": ("Demo", "repeated"),
    "discount call added": ("Discount call", "added"),
    "onboarding call by meeting": ("Onboarding call", "wrong channel"),
}


@pytest.fixture(scope="module")
def deviations() -> Deviations:
    sources = ["hubspot", "zendesk", "acme-web", "acme-phone"]
    journeys = mining.read_crm(DATA / "exports" / "acme", sources=sources).by("customer", gap="100D")
    return compare(journeys, read_design(DATA / "designs" / "acme.yaml"))


def planted_in(name: str) -> int:
    rates = json.loads(TRUTH.read_text("utf-8"))["rates"]
    frame = pd.DataFrame(rates["rows"], columns=rates["columns"]).set_index("deviation")
    return int(frame.loc[name, "n_journeys"])


@pytest.mark.parametrize("name", PLANTED)
def test_as_many_journeys_deviate_as_were_planted(deviations: Deviations, name: str) -> None:
    step, kind = PLANTED[name]
    frame = deviations.frame
    found = frame[(frame["step"] == step) & (frame["deviation"] == kind)]
    assert found["n_journeys"].sum() == pytest.approx(planted_in(name), rel=0.03, abs=1)


def test_what_was_not_planted_is_not_found(deviations: Deviations) -> None:
    beside = ["as designed", "not reached", "late"]
    found = deviations.frame[~deviations.frame["deviation"].isin(beside)]
    strays = set(zip(found["step"], found["deviation"], strict=True)) - set(PLANTED.values())
    assert strays == set()


def test_late_quotes_are_those_planted_and_the_overdue(deviations: Deviations) -> None:
    slas = json.loads(TRUTH.read_text("utf-8"))["slas"]
    missed = pd.DataFrame(slas["rows"], columns=slas["columns"]).set_index("step")["n_missed"]
    late = deviations.frame.query("deviation == 'late'").set_index("step")["n_journeys"]
    assert late["Deal: Quote sent"] == pytest.approx(missed["Deal: Quote sent"], rel=0.05)
    assert "Onboarding call" not in late.index
