"""Audiences hold who is meant and nobody else, and are written so that nothing in them is run."""

import pandas as pd
import pytest

from mining import MiningError
from mining._errors import FieldError
from mining.personas import Personas, find_audience
from tests.personas.planted import two_kinds
from tests.telling import told

STORIES = (
    "Ann: ad > site > quote",
    "Bob: ad > quote > won",
    "Cid: ad > site > site > quote",
    "Dora: ad > site",
)


def test_who_stands_at_a_step_is_listed_and_who_is_through_is_not():
    found = find_audience(told(*STORIES), at="quote")
    assert sorted(found.frame["customer"]) == ["Ann", "Cid"]
    assert set(found.frame["stands_at"]) == {"quote"}
    assert found.of_customers == 4
    assert "who stand at 'quote'" in repr(found)
    assert found.frame["waiting_hours"].is_monotonic_decreasing


def test_who_took_a_path_is_listed():
    assert sorted(find_audience(told(*STORIES), path=["ad", "quote"]).frame["customer"]) == ["Bob"]
    assert sorted(find_audience(told(*STORIES), path=["site", ..., "quote"]).frame["customer"]) == ["Ann", "Cid"]
    assert find_audience(told(*STORIES), path=["quote", ..., "ad"]).frame.empty
    both = find_audience(told(*STORIES), path=["site", "site"], at="quote")
    assert both.frame["customer"].tolist() == ["Cid"]


def test_a_persona_is_an_audience():
    journeys, _ = two_kinds(120)
    personas = Personas(n_personas=2, random_state=0).fit(journeys)
    name = personas.frame["name"][0]
    found = find_audience(journeys, persona=name, personas=personas)
    assert len(found) == personas.frame["n_customers"][0]
    assert set(found.frame["persona"]) == {name}
    assert "persona" in find_audience(journeys, path=["ad"], personas=personas).frame
    with pytest.raises(MiningError, match="needs the fitted"):
        find_audience(journeys, persona=name)
    with pytest.raises(MiningError, match="nobody"):
        find_audience(journeys, persona="nobody", personas=personas)


def test_everybody_and_unknown_steps_are_refused():
    with pytest.raises(MiningError, match="is no audience"):
        find_audience(told(*STORIES))
    with pytest.raises(FieldError, match="quote"):
        find_audience(told(*STORIES), at="quota")


def test_what_is_written_reads_back_and_runs_nowhere(tmp_path):
    found = find_audience(told("=1+1: ad > b & i"), at="b & i")
    text = found.save(tmp_path / "list.csv").read_text(encoding="utf-8-sig")
    assert "'=1+1" in text
    assert pd.read_excel(found.save(tmp_path / "list.xlsx"), engine="calamine")["customer"].tolist() == ["=1+1"]
    assert "b & i" not in found._repr_html_()
