"""The neutral shape of OCEL 2.0, as JSON writes it: the other two formats and the store go through it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mining._errors import ExportError
from mining.sources.store import Store

__all__ = ["EPOCH", "from_store", "to_store"]

EPOCH = "1970-01-01T00:00:00.000000Z"
_KINDS: dict[str, Any] = {"integer": "Int64", "float": "Float64", "boolean": "boolean"}
_PLAIN: dict[str, Any] = {"integer": "int64", "float": "float64", "boolean": "bool"}
_STATED = ("event_id", "activity", "timestamp")


def from_store(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Lay a store out as an OCEL document: objects first described as they began, then as they changed."""
    kinds = _attribute_kinds(store)
    changes: dict[str, list[dict[str, Any]]] = {}
    told = store.object_changes[["object_id", "field", "timestamp", "value"]]
    for object_id, field, time, value in _rows(told):
        changes.setdefault(object_id, []).append({"name": field, "time": time, "value": str(value)})
    first = {kind: dict(_initial(table)) for kind, table in store.attributes.items()}
    related = _grouped(store.object_objects, "source_id", "target_id")
    taking = _grouped(store.event_objects, "event_id", "object_id")
    objects = [
        {
            "id": name,
            "type": kind,
            "attributes": [*first.get(kind, {}).get(name, ()), *changes.get(name, ())],
            "relationships": related.get(name, []),
        }
        for name, kind in _rows(store.objects[["object_id", "object_type"]])
    ]
    return {
        "objectTypes": [
            {"name": kind, "attributes": [{"name": name, "type": word} for name, word in sorted(words.items())]}
            for kind, words in sorted(kinds.items())
        ],
        "eventTypes": _event_types(store.events),
        "objects": objects,
        "events": _events(store.events, taking),
    }


def _attribute_kinds(store: Store) -> dict[str, dict[str, str]]:
    type_of = dict(_rows(store.objects[["object_id", "object_type"]]))
    kinds: dict[str, dict[str, str]] = {kind: {} for kind in store.objects["object_type"].unique()}
    for name, field in _rows(store.object_changes[["object_id", "field"]].drop_duplicates()):
        kinds[type_of[name]][field] = "string"
    for kind, table in store.attributes.items():
        kinds.setdefault(kind, {}).update({str(name): _kind(table[name]) for name in table})
    return kinds


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(column.dtype):
        return "integer"
    if pd.api.types.is_float_dtype(column.dtype):
        return "float"
    return "time" if pd.api.types.is_datetime64_any_dtype(column.dtype) else "string"


def _initial(table: pd.DataFrame) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    names = [str(name) for name in table]
    for name, row in zip(table.index.astype("object"), _rows(table), strict=True):
        told = zip(names, row, strict=True)
        yield str(name), [{"name": n, "time": EPOCH, "value": value} for n, value in told if value is not None]


def _grouped(pairs: pd.DataFrame, owner: str, other: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, target, qualifier in _rows(pairs[[owner, other, "qualifier"]]):
        found.setdefault(name, []).append({"objectId": target, "qualifier": qualifier})
    return found


def _event_types(events: pd.DataFrame) -> list[dict[str, Any]]:
    names = [name for name in events if name not in _STATED]
    types = []
    for activity, part in events.groupby("activity", sort=True, observed=True):
        told = [{"name": str(name), "type": _kind(part[name])} for name in names if part[name].notna().any()]
        types.append({"name": str(activity), "attributes": told})
    return types


def _events(events: pd.DataFrame, taking: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    attributes: list[list[dict[str, Any]]] = [[] for _ in range(len(events))]
    for name in (name for name in events if name not in _STATED):
        for told, value in zip(attributes, _cells(events[name]), strict=True):
            if value is not None:
                told.append({"name": str(name), "value": value})
    return [
        {"id": name, "type": str(activity), "time": time, "attributes": told, "relationships": taking.get(name, [])}
        for (name, activity, time), told in zip(_rows(events[list(_STATED)]), attributes, strict=True)
    ]


def _rows(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a frame as plain values."""
    columns = [_cells(frame.iloc[:, place]) for place in range(frame.shape[1])]
    return zip(*columns, strict=True) if columns else iter([()] * len(frame))


def _cells(column: pd.Series) -> list[Any]:
    """Spell a column out as plain values: times as text, None where there is none."""
    gone = column.isna().to_numpy()
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        moments = column if column.dt.tz is None else column.dt.tz_convert(None)
        cells: list[Any] = [
            f"{time}Z" for time in np.datetime_as_string(moments.to_numpy("datetime64[us]"), unit="us").tolist()
        ]
    else:
        cells = column.to_numpy(dtype=object).tolist()
    if column.dtype == object:
        cells = [_plain(cell) for cell in cells]
    return [None if lost else cell for lost, cell in zip(gone.tolist(), cells, strict=True)] if gone.any() else cells


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def _plain(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return f"{value.tz_convert('UTC'):%Y-%m-%dT%H:%M:%S.%fZ}"
    return value.item() if isinstance(value, np.generic) else value


def to_store(document: Mapping[str, Any], file: str) -> Store:
    """Read a document strictly: ids are distinct, times are times, and what is named but not described has a place.

    Raises
    ------
    ExportError
        Where two events or objects bear one id, or a time cannot be read.
    """
    objects, events = list(document.get("objects", ())), list(document.get("events", ()))
    _distinct([entry["id"] for entry in objects], "object", file)
    _distinct([entry["id"] for entry in events], "event", file)
    kind_of = {str(entry["id"]): str(entry["type"]) for entry in objects}
    event_objects = _relations(events, ("event_id", "object_id"))
    object_objects = _relations(objects, ("source_id", "target_id"))
    ends = [*_cells(event_objects["object_id"]), *_cells(object_objects["target_id"])]
    # An object that nothing describes is still there: events that name it must not lose it.
    kind_of.update({name: "unknown" for name in ends if name not in kind_of})
    kinds = {
        str(entry["name"]): {str(a["name"]): str(a.get("type", "string")) for a in entry.get("attributes", ())}
        for entry in document.get("objectTypes", ())
    }
    told = [
        (str(entry["id"]), str(a["name"]), str(a.get("time", EPOCH)), a.get("value"))
        for entry in objects
        for a in entry.get("attributes", ())
    ]
    values = pd.DataFrame(told, columns=["object_id", "field", "timestamp", "value"])
    values["timestamp"] = _times(values["timestamp"], file)
    initial = (values["timestamp"] == pd.Timestamp(EPOCH)).to_numpy()
    changes = values.loc[~initial].reset_index(drop=True)
    changes["value"] = changes["value"].map(_text).astype("str")
    listed = pd.DataFrame({"object_id": list(kind_of), "object_type": list(kind_of.values())}, dtype="str")
    return Store(
        _event_frame(events, document.get("eventTypes", ()), file),
        listed,
        _attributes(values.loc[initial], kind_of, kinds),
        event_objects,
        object_objects,
        changes.astype({"object_id": "str", "field": "str"}),
    )


def _distinct(names: list[object], what: str, file: str) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise ExportError.unreadable(
            file,
            f"{len(twice):,} {what} {'id is' if len(twice) == 1 else 'ids are'} borne twice, such as '{twice[0]}'.",
        )


def _relations(entries: Iterable[Mapping[str, Any]], names: tuple[str, str]) -> pd.DataFrame:
    pairs = [
        (str(entry["id"]), str(other["objectId"]), str(other.get("qualifier", "")))
        for entry in entries
        for other in entry.get("relationships", ())
    ]
    return pd.DataFrame(pairs, columns=[*names, "qualifier"], dtype="str")


def _times(column: pd.Series, file: str) -> pd.Series:
    times = pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce").astype("datetime64[us, UTC]")
    bad = times.isna().to_numpy()
    if bad.any():
        raise ExportError.unreadable(file, f"{int(bad.sum())} times are none, such as '{column[bad].iloc[0]}'.")
    return times


def _event_frame(events: list[Mapping[str, Any]], types: Iterable[Mapping[str, Any]], file: str) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(str(entry["id"]), str(entry["type"]), str(entry.get("time", ""))) for entry in events],
        columns=list(_STATED),
        dtype="str",
    )
    frame["timestamp"] = _times(frame["timestamp"], file)
    kinds: dict[str, set[str]] = {}
    for entry in types:
        for attribute in entry.get("attributes", ()):
            kinds.setdefault(str(attribute["name"]), set()).add(str(attribute.get("type", "string")))
    told = [{str(a["name"]): a.get("value") for a in entry.get("attributes", ())} for entry in events]
    names = dict.fromkeys([*kinds, *(name for row in told for name in row)])
    for name in names:
        words = kinds.get(name, {"string"})
        frame[name] = _typed([row.get(name) for row in told], words.pop() if len(words) == 1 else "string")
    return frame


def _attributes(
    values: pd.DataFrame, kind_of: Mapping[str, str], kinds: Mapping[str, Mapping[str, str]]
) -> dict[str, pd.DataFrame]:
    types = values["object_id"].map(kind_of)
    found = {}
    for kind, part in values.groupby(types.to_numpy(dtype=object), sort=True):
        once = part.drop_duplicates(["object_id", "field"]).set_index(["object_id", "field"])["value"]
        wide = once.unstack("field")  # noqa: PD010  each pair is there once
        names = [name for name, owner in kind_of.items() if owner == str(kind)]
        wide = wide.reindex(pd.Index(names, dtype="str", name=str(kind)))
        told = kinds.get(str(kind), {})
        columns = {str(name): _typed(_cells(wide[name]), told.get(str(name), "string")) for name in wide}
        found[str(kind)] = pd.DataFrame({name: values.set_axis(wide.index) for name, values in columns.items()})
    return found


def _typed(values: list[object], kind: str) -> pd.Series:
    """Give a column the type that the log declares, where all its values have it."""
    plain = [None if _missing(value) else value for value in values]
    try:
        if kind == "time":
            return pd.to_datetime(pd.Series(plain, dtype="object"), format="ISO8601", utc=True).dt.as_unit("us")
        if kind in _KINDS:
            made = pd.Series([_cast(value, kind) for value in plain], dtype=_KINDS[kind])
            return made.astype(_PLAIN[kind]) if kind == "float" or not made.isna().any() else made
    except (ValueError, TypeError, KeyError):
        pass
    return pd.Series([None if value is None else _text(value) for value in plain], dtype="str")


def _cast(value: object, kind: str) -> object:
    if value is None:
        return pd.NA
    if kind == "boolean":
        return {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]
    return int(str(value)) if kind == "integer" else float(str(value))


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # databases give 11 back as 11.0
    return str(value).lower() if isinstance(value, bool) else str(value)
