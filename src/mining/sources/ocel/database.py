"""OCEL 2.0 as SQLite: one table per event type and object type."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from mining.sources.ocel.document import EPOCH

__all__ = ["from_database", "to_database"]

_TYPES = {"string": "TEXT", "time": "TIMESTAMP", "integer": "INTEGER", "float": "REAL", "boolean": "BOOLEAN"}
_KINDS = {word: kind for kind, word in _TYPES.items()} | {"DATETIME": "time", "INT": "integer"}
_ALL, _CREATE, _INSERT = "SELECT * FROM {}", "CREATE TABLE {} ({})", "INSERT INTO {} VALUES ({})"
_FIXED = """
    CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
    CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
    CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES event_map_type (ocel_type));
    CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES object_map_type (ocel_type));
    CREATE TABLE event_object (
        ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT,
        PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier)
    );
    CREATE TABLE object_object (
        ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT,
        PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier)
    );
"""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\0", "") + '"'


def to_database(document: Mapping[str, list[dict[str, Any]]]) -> bytes:
    """Write the SQLite format."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # nobody sees the database before it is whole
        connection.executescript(_FIXED)
        for one, key in (("event", "eventTypes"), ("object", "objectTypes")):
            _types(connection, one, document[key], document[f"{one}s"])
        _pairs(connection, "INSERT OR IGNORE INTO event_object VALUES (?, ?, ?)", document["events"])
        _pairs(connection, "INSERT OR IGNORE INTO object_object VALUES (?, ?, ?)", document["objects"])
        connection.commit()
        return bytes(connection.serialize())


def _types(
    connection: sqlite3.Connection, one: str, types: Sequence[Mapping[str, Any]], entries: Sequence[Mapping[str, Any]]
) -> None:
    place = {entry["name"]: number for number, entry in enumerate(types, start=1)}
    insert = {"event": "INSERT INTO event VALUES (?, ?)", "object": "INSERT INTO object VALUES (?, ?)"}[one]
    connection.executemany(insert, ((entry["id"], entry["type"]) for entry in entries))
    mapped = {
        "event": "INSERT INTO event_map_type VALUES (?, ?)",
        "object": "INSERT INTO object_map_type VALUES (?, ?)",
    }[one]
    connection.executemany(mapped, ((name, str(number)) for name, number in place.items()))
    of_type: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        of_type.setdefault(entry["type"], []).append(entry)
    for kind in types:
        rows = _rows(one, kind, of_type.get(kind["name"], ()))
        _fill(connection, f"{one}_{place[kind['name']]}", _columns(one, kind), rows)


def _columns(one: str, kind: Mapping[str, Any]) -> list[str]:
    stated = ["ocel_id TEXT", "ocel_time TIMESTAMP", *(["ocel_changed_field TEXT"] if one == "object" else [])]
    return [*stated, *(f"{_quoted(a['name'])} {_TYPES.get(a['type'], 'TEXT')}" for a in kind["attributes"])]


def _fill(connection: sqlite3.Connection, table: str, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    connection.execute(_CREATE.format(_quoted(table), ", ".join(columns)))
    connection.executemany(_INSERT.format(_quoted(table), ", ".join("?" * len(columns))), rows)


def _rows(one: str, kind: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    names = [attribute["name"] for attribute in kind["attributes"]]
    for entry in entries:
        if one == "event":
            told = {attribute["name"]: attribute["value"] for attribute in entry["attributes"]}
            yield (entry["id"], entry["time"], *(told.get(name) for name in names))
            continue
        first = {a["name"]: a["value"] for a in entry["attributes"] if a.get("time", EPOCH) == EPOCH}
        yield (entry["id"], EPOCH, None, *(first.get(name) for name in names))
        for change in entry["attributes"]:
            if change.get("time", EPOCH) != EPOCH:
                told = {change["name"]: change["value"]}
                yield (entry["id"], change["time"], change["name"], *(told.get(name) for name in names))


def _pairs(connection: sqlite3.Connection, insert: str, entries: Iterable[Mapping[str, Any]]) -> None:
    pairs = (
        (entry["id"], other["objectId"], other["qualifier"]) for entry in entries for other in entry["relationships"]
    )
    connection.executemany(insert, pairs)


def from_database(path: Path) -> dict[str, Any]:
    """Read the SQLite format, read-only."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        told = [connection.execute(asked).fetchone()[0] for asked in ("PRAGMA page_count", "PRAGMA page_size")]
        if told[0] * told[1] > path.stat().st_size:
            raise sqlite3.DatabaseError("the file is cut short")
        damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise sqlite3.DatabaseError(damage)
        taking = _related(connection.execute("SELECT * FROM event_object"))
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        owning = _related(connection.execute("SELECT * FROM object_object")) if "object_object" in tables else {}
        connection.row_factory = sqlite3.Row
        events, event_types = _told(connection, "event", taking)
        objects, object_types = _told(connection, "object", owning)
    return {"objectTypes": object_types, "eventTypes": event_types, "objects": objects, "events": events}


def _related(rows: Iterable[Sequence[Any]]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(str(row[0]), []).append({"objectId": str(row[1]), "qualifier": str(row[2] or "")})
    return found


def _told(
    connection: sqlite3.Connection, one: str, related: Mapping[str, list[dict[str, str]]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    listing = {"event": "SELECT ocel_id, ocel_type FROM event", "object": "SELECT ocel_id, ocel_type FROM object"}[one]
    maps = {"event": "SELECT * FROM event_map_type", "object": "SELECT * FROM object_map_type"}[one]
    entries: dict[str, dict[str, Any]] = {}
    for name, kind in connection.execute(listing):
        entries[str(name)] = {"id": str(name), "type": str(kind), "attributes": []}
        entries[str(name)]["relationships"] = related.get(str(name), [])
    types = []
    for kind, suffix in connection.execute(maps).fetchall():
        cursor = connection.execute(_ALL.format(_quoted(f"{one}_{suffix}")))
        stated = {"ocel_id", "ocel_time", "ocel_changed_field"}
        columns = [str(column[0]) for column in cursor.description]
        names = [name for name in columns if name not in stated and not name.startswith("ocel:")]
        types.append({"name": str(kind), "attributes": _declared(connection, f"{one}_{suffix}", names)})
        for row in cursor:
            _add(entries[str(row["ocel_id"])], one, row, names)
    return list(entries.values()), types


def _declared(connection: sqlite3.Connection, table: str, names: Sequence[str]) -> list[dict[str, str]]:
    found = {
        row[0]: str(row[1]).upper()
        for row in connection.execute("SELECT name, type FROM pragma_table_info(?)", [table])
    }
    return [{"name": name, "type": _KINDS.get(found.get(name, ""), "string")} for name in names]


def _add(entry: dict[str, Any], one: str, row: sqlite3.Row, names: Sequence[str]) -> None:
    stated = set(row.keys())
    if one == "event":
        entry["time"] = str(row["ocel_time"])
        entry["attributes"] += [{"name": name, "value": row[name]} for name in names if row[name] is not None]
        return
    # Writers leave the columns of time and change out where nothing of a type ever changed.
    time = str(row["ocel_time"]) if "ocel_time" in stated and row["ocel_time"] is not None else EPOCH
    changed = row["ocel_changed_field"] if "ocel_changed_field" in stated else None
    for name in names if changed is None else [changed]:
        if row[name] is not None:
            entry["attributes"].append({"name": name, "time": time, "value": row[name]})
