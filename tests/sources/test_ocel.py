"""Object-centric logs in and out: what goes out comes back, and what others wrote is read whole."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mining._errors import ExportError, FieldError, MiningError
from mining.sources import read_crm
from mining.sources.ocel import is_ocel, read_ocel, read_store, write_store
from mining.sources.store import Store

FORMATS = ("json", "xml", "sqlite")
LOG = {
    "objectTypes": [
        {"name": "Orders", "attributes": [{"name": "price", "type": "float"}]},
        {"name": "customers", "attributes": [{"name": "segment", "type": "string"}]},
        {"name": "item", "attributes": []},
    ],
    "eventTypes": [
        {"name": "place order", "attributes": [{"name": "channel", "type": "string"}]},
        {"name": "pay", "attributes": []},
    ],
    "objects": [
        {
            "id": "o1",
            "type": "Orders",
            "attributes": [
                {"name": "price", "time": "1970-01-01T00:00:00Z", "value": 12.5},
                {"name": "price", "time": "2025-01-03T00:00:00Z", "value": 11},
            ],
            "relationships": [{"objectId": "i1", "qualifier": "holds"}],
        },
        {"id": "o2", "type": "Orders"},
        {
            "id": "c1",
            "type": "customers",
            "attributes": [{"name": "segment", "time": "1970-01-01T00:00:00Z", "value": "small"}],
        },
        {"id": "i1", "type": "item"},
        {"id": "i2", "type": "item"},
    ],
    "events": [
        {
            "id": "e2",
            "type": "pay",
            "time": "2025-01-02T10:00:00Z",
            "relationships": [
                {"objectId": "o1", "qualifier": ""},
                {"objectId": "o2", "qualifier": ""},
                {"objectId": "c1", "qualifier": "payer"},
            ],
        },
        {
            "id": "e1",
            "type": "place order",
            "time": "2025-01-01T10:00:00+02:00",
            "attributes": [{"name": "channel", "value": "web"}],
            "relationships": [
                {"objectId": "o1", "qualifier": "order"},
                {"objectId": "c1", "qualifier": "customer"},
                {"objectId": "i1", "qualifier": "item"},
                {"objectId": "i2", "qualifier": "item"},
                {"objectId": "ghost", "qualifier": ""},
            ],
        },
    ],
}


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(LOG), encoding="utf-8")
    return path


def alike(one: Store, two: Store) -> None:
    for name in ("events", "objects", "event_objects", "object_objects", "object_changes"):
        left, right = getattr(one, name), getattr(two, name)
        keys = list(left.columns[:3])
        left, right = (frame.sort_values(keys, ignore_index=True)[sorted(left.columns)] for frame in (left, right))
        pd.testing.assert_frame_equal(left, right, check_dtype=False, check_categorical=False)
    assert set(one.attributes) == set(two.attributes)
    for kind, table in one.attributes.items():
        there = two.attributes[kind].reindex(table.index)[list(table)]
        pd.testing.assert_frame_equal(table, there, check_dtype=False, check_names=False)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_log_of_others_survives_every_format(log, tmp_path, suffix) -> None:
    store = read_store(log)
    path = write_store(store, tmp_path / f"again.{suffix}")
    assert is_ocel(path)
    alike(store, read_store(path))


def test_objects_that_nothing_describes_are_kept(log) -> None:
    store = read_store(log)
    assert dict(store.objects.itertuples(index=False, name=None))["ghost"] == "unknown"
    assert "ghost" in set(store.event_objects["object_id"])


def test_first_values_and_changes_are_told_apart(log) -> None:
    store = read_store(log)
    assert store.attributes["Orders"]["price"].tolist()[0] == 12.5
    assert store.object_changes[["object_id", "field", "value"]].to_numpy().tolist() == [["o1", "price", "11"]]


def test_types_play_the_parts_that_their_names_say(log) -> None:
    touchpoints = read_ocel(log)
    frame = touchpoints.frame
    assert frame["activity"].tolist() == ["place order", "pay"]
    assert frame["customer"].tolist() == ["c1", "c1"]
    assert frame["deal"].tolist() == ["o1", "o1"]
    assert frame["channel"].tolist() == ["web", "unknown"]
    assert f"{frame['timestamp'].iloc[0]:%Y-%m-%d %H:%M}" == "2025-01-01 08:00"
    assert touchpoints.objects["customer"]["segment"].tolist() == ["small"]


def test_any_type_of_object_makes_journeys(log) -> None:
    touchpoints = read_ocel(log)
    assert {name: len(touchpoints.by(name)) for name in ("customer", "deal", "item")} == {
        "customer": 1,
        "deal": 2,
        "item": 2,
    }
    assert touchpoints.by("deal").replicated == 1
    items = touchpoints.by("item")
    assert (items.replicated, items.unlinked) == (1, 1)
    with pytest.raises(FieldError, match=r"no case notion 'itm'\. Did you mean 'item'"):
        touchpoints.by("itm")


def test_parts_can_be_given(log) -> None:
    touchpoints = read_ocel(log, parts={"item": "deal", "customers": "customer"})
    assert touchpoints.frame["deal"].tolist()[0] == "i1"
    with pytest.raises(FieldError, match="Did you mean 'item'"):
        read_ocel(log, parts={"items": "deal"})
    with pytest.raises(FieldError, match="no part 'product'"):
        read_ocel(log, parts={"item": "product"})


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_we_read_from_a_crm_goes_out_and_comes_back(tmp_path, suffix) -> None:
    store = read_crm("data/exports/acme", sources=["zendesk"]).store
    alike(store, read_store(write_store(store, tmp_path / f"acme.{suffix}")))


@pytest.mark.parametrize("suffix", FORMATS)
def test_pm4py_reads_the_same_out_of_what_we_write(log, tmp_path, suffix) -> None:
    import pm4py

    store = read_store(log)
    path = str(write_store(store, tmp_path / f"log.{suffix}"))
    reader = {"json": pm4py.read_ocel2_json, "xml": pm4py.read_ocel2_xml, "sqlite": pm4py.read_ocel2_sqlite}[suffix]
    theirs = reader(path)
    related = set(theirs.relations[["ocel:eid", "ocel:oid"]].itertuples(index=False, name=None))
    assert related == set(store.event_objects[["event_id", "object_id"]].itertuples(index=False, name=None))
    assert dict(zip(theirs.objects["ocel:oid"], theirs.objects["ocel:type"], strict=True)) == dict(
        store.objects[["object_id", "object_type"]].itertuples(index=False, name=None)
    )


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_pm4py_writes_is_read(log, tmp_path, suffix) -> None:
    import pm4py

    path = str(tmp_path / f"theirs.{suffix}")
    writer = {"json": pm4py.write_ocel2_json, "xml": pm4py.write_ocel2_xml, "sqlite": pm4py.write_ocel2_sqlite}[suffix]
    ours = read_store(log)
    writer(pm4py.read_ocel2_json(str(write_store(ours, tmp_path / "ours.json"))), path)
    back = read_store(path)
    pairs = ["event_id", "object_id"]
    assert set(back.event_objects[pairs].itertuples(index=False, name=None)) == set(
        ours.event_objects[pairs].itertuples(index=False, name=None)
    )
    assert (
        back.events.set_index("event_id")["timestamp"].to_dict()
        == ours.events.set_index("event_id")["timestamp"].to_dict()
    )


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=8).map(
    lambda text: " ".join(text.split()) or "x"
)


MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2030, 1, 1))  # noqa: DTZ001  made UTC below


@given(st.lists(st.tuples(NAMES, MOMENTS, NAMES), min_size=1, max_size=6), st.sampled_from(FORMATS))
@settings(max_examples=60, deadline=None)
def test_any_log_survives_any_format(tmp_path_factory, told, suffix) -> None:
    frame = pd.DataFrame([(f"e{place}", name, time, value) for place, (name, time, value) in enumerate(told)])
    events = frame.set_axis(["event_id", "activity", "timestamp", "note"], axis=1)
    events["timestamp"] = pd.to_datetime(events["timestamp"], utc=True).astype("datetime64[us, UTC]")
    events = events.astype({"event_id": "str", "activity": "str", "note": "str"})
    objects = pd.DataFrame({"object_id": ["o1", "o2"], "object_type": [told[0][0], told[0][0]]}, dtype="str")
    related = pd.DataFrame({"event_id": events["event_id"], "object_id": "o1", "qualifier": told[0][2]}, dtype="str")
    pairs = pd.DataFrame([("o1", "o2", told[0][2])], columns=["source_id", "target_id", "qualifier"], dtype="str")
    changes = events.assign(object_id="o2", field="note", value=events["note"])[
        ["object_id", "field", "timestamp", "value"]
    ]
    changes = changes.drop_duplicates(["object_id", "field", "timestamp"], ignore_index=True).astype(
        {"object_id": "str", "field": "str"}
    )
    attributes = {told[0][0]: pd.DataFrame({"size": [3, 4]}, index=pd.Index(["o1", "o2"], dtype="str"))}
    store = Store(events, objects, attributes, related, pairs, changes)
    path = tmp_path_factory.mktemp("ocel") / f"log.{suffix}"
    alike(store, read_store(write_store(store, path)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda log: log["events"].append(dict(log["events"][0])), "1 event id is borne twice, such as 'e2'"),
        (lambda log: log["events"][0].update(time="yesterday"), "1 times are none, such as 'yesterday'"),
        (lambda log: log["events"][0].pop("id"), "no whole OCEL 2.0 log"),
        (lambda log: log.pop("events"), "has no `events` and `objects`"),
    ],
)  # fmt: skip
def test_a_log_that_cannot_be_right_is_refused(tmp_path, change, told) -> None:
    broken = json.loads(json.dumps(LOG))
    change(broken)
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(ExportError, match=told):
        read_store(path)


def test_a_log_cut_short_is_refused_wherever_it_is_cut(log, tmp_path) -> None:
    store = read_store(log)
    for suffix in FORMATS:
        whole = write_store(store, tmp_path / f"log.{suffix}").read_bytes()
        cut = tmp_path / f"cut.{suffix}"
        for size in range(0, len(whole) - 2, max(1, len(whole) // 40)):
            cut.write_bytes(whole[:size])
            with pytest.raises(ExportError):
                read_store(cut)


def test_xml_with_entities_is_refused(tmp_path) -> None:
    path = tmp_path / "log.xml"
    path.write_text('<!DOCTYPE log [<!ENTITY a "b">]><log><objects/><events/></log>', encoding="utf-8")
    with pytest.raises(ExportError, match="document type"):
        read_store(path)


def test_hostile_names_of_attributes_stay_names(tmp_path, log) -> None:
    hostile = 'x"); DROP TABLE event; --'
    store = read_store(log)
    events = store.events.assign(**{hostile: "1"}).astype({hostile: "str"})
    path = write_store(
        Store(events, store.objects, {}, store.event_objects, store.object_objects, store.object_changes),
        tmp_path / "log.sqlite",
    )
    assert hostile in read_store(path).events
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (2,)


def test_an_unknown_suffix_or_an_empty_log_gets_a_clear_word(tmp_path, log) -> None:
    with pytest.raises(MiningError, match=r"no format of an object-centric log '\.csv'"):
        write_store(read_store(log), tmp_path / "log.csv")
    empty = tmp_path / "empty.json"
    empty.write_text(json.dumps({**LOG, "events": []}), encoding="utf-8")
    with pytest.raises(MiningError, match="no events"):
        read_ocel(empty)


def test_a_plain_json_export_is_no_object_centric_log(tmp_path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"id": 1}]', encoding="utf-8")
    assert not is_ocel(path)
