"""The grammar of mappings: what it understands, and how it refuses the rest."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mining._errors import MappingError
from mining.sources import read_crm
from mining.sources.catalogue import catalogue, known_systems, mapping_of
from mining.sources.mappings.grammar import build_mapping, read_mapping
from mining.sources.mappings.strict_yaml import read_yaml

ROOT = Path(__file__).parents[2]


def _with(reader: str) -> str:
    return f"system: shop\nreaders:\n  - {{name: v, kind: activity, table: t, {reader}}}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("system: a\nsystem: b", "'system' twice"),
        ("a: &x 1\nb: *x", "anchor, alias or tag"),
        ("a: !!python/object:os.system ls", "anchor, alias or tag"),
        ("a: [1, 2", "no YAML"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
        ("system: x\nreders: []", "Did you mean 'readers'"),
        ("system: x", "no readers"),
        ("readers: []", "'system' is missing"),
        (_with("fields: {activity: what, timestmp: when}"), "Did you mean 'timestamp'"),
        (_with("fields: {activity: what}"), "never says the timestamp"),
        (_with("fields: {timestamp: when}"), "never says the activity"),
        (_with("always: {channel: fone}, fields: {activity: a, timestamp: b}"), "Did you mean 'phone'"),
        (_with("fields: {activity: a, timestamp: b, outcome: {column: c, values: {x: wun}}}"), "no outcome 'wun'"),
        (_with("fields: {activity: a, timestamp: b, customer: {link: nowhere, by: id}}"), "no link 'nowhere'"),
        (_with("fields: {activity: a, timestamp: b, team: {column: c, label: nowhere}}"), "no label 'nowhere'"),
        (
            _with("fields: {activity: a, timestamp: {column: b, timezone: Asia/Jerusalm}}"),
            "Did you mean 'Asia/Jerusalem'",
        ),
        (_with("fields: {activity: a, timestamp: {column: b, unit: minutes}}"), "'unit' is one of"),
        (_with("fields: {activity: {column: a, pattern: '('}, timestamp: b}"), "no pattern"),
        (_with("fields: {activity: a, timestamp: b}, aside: [{column: c}]"), "either `values` or `not`"),
        (
            _with("fields: {activity: a, timestamp: b}").replace("activity,", "activty,", 1),
            "no kind of reader 'activty'",
        ),
        ("system: x\nreaders: [{name: c, kind: change, table: t, fields: {timestamp: b}}]", "activity"),
    ],
)
def test_a_mistake_is_refused_with_what_was_meant(text: str, says: str) -> None:
    with pytest.raises(MappingError, match=says):
        build_mapping(text)


def test_yaml_words_stay_words() -> None:
    assert read_yaml("on: No\nn: 007\nt: 1:30\nempty:", "x") == {"on": "No", "n": "007", "t": "1:30", "empty": ""}


def test_a_wide_bomb_is_refused() -> None:
    with pytest.raises(MappingError, match="at most"):
        read_yaml("a: " + "x" * 1_100_000, "x")


def test_every_known_system_has_a_mapping_that_holds() -> None:
    table = catalogue()
    assert set(table["system"]) == set(known_systems()) >= {"hubspot", "zendesk", "xes", "acme-web", "acme-phone"}
    assert table["verified"].isin(["docs", "fixture", "real"]).all()
    assert (table["tables"] > 0).all()


def test_every_mapping_handed_out_holds() -> None:
    files = sorted((ROOT / "data" / "mappings").glob("*.yml"))
    assert len(files) >= 9
    for file in files:
        assert read_mapping(file).readers


@pytest.mark.parametrize("name", ["acme-web", "acme-phone"])
def test_the_mappings_handed_out_are_those_of_the_catalogue(name: str) -> None:
    assert replace(read_mapping(ROOT / "data" / "mappings" / f"{name}.yml"), known=True) == mapping_of(name)


def test_an_unknown_source_is_named_with_the_nearest() -> None:
    with pytest.raises(MappingError, match="Did you mean 'hubspot'"):
        mapping_of("hubspott")
    with pytest.raises(MappingError, match="There is no mapping"):
        mapping_of("nowhere.yml")


@pytest.mark.parametrize("system", known_systems())
def test_times_of_a_page_export_are_of_the_accounts_zone(system: str) -> None:
    mapping = mapping_of(system)
    told = {table for reader in mapping.readers for table in reader.tables if table.startswith("ui_")}
    assert {table for table in told if mapping.zones.get(table) != "account"} == set()


def test_what_is_no_mapping_is_named():
    with pytest.raises(MappingError, match="A dict is no mapping"):
        read_crm(pd.DataFrame({"a": ["1"]}), mapping={"system": "x"})
