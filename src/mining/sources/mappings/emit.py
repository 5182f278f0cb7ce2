"""Turn the rows of one pass into touchpoints, as columns of codes; what cannot be one is set aside by rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mining._fields import CASES, FIELDS, FLAGS, TIMES
from mining.sources.mappings.mapping import Reader, Reading
from mining.sources.mappings.readers import Pass, plan
from mining.sources.mappings.source import Source
from mining.sources.mappings.values import numbers_of
from mining.sources.mappings.view import View
from mining.sources.people.keys import normaliser
from mining.sources.table import Coded, Ints
from mining.sources.times.clocks import NO_TIME
from mining.sources.times.stamps import PRECISIONS

__all__ = ["KEYED", "Batch", "emit"]

KEYED = "\0"  # begins a reference by key; such words never leave the room
_NUMBERS = ("amount", "score")
_PLAIN = tuple(
    spec.name
    for spec in FIELDS
    if spec.kind in {"text", "word"}
    and spec.name not in {"touchpoint_id", "activity", "timestamp_precision", "timestamp_quality"}
    and not spec.name.startswith("source")
)


@dataclass
class Batch:
    """Touchpoints of one pass over one table."""

    source: str
    table: str
    named: str  # what the mapping calls the table: part of the touchpoint's id, whatever the file is called
    file: str
    page: int
    part: str
    positions: Ints
    rows: Ints
    turns: Ints
    ids: Coded
    rank: npt.NDArray[np.float64]
    text: dict[str, Coded] = field(default_factory=dict)
    times: dict[str, Ints] = field(default_factory=dict)
    numbers: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    flags: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    further: list[tuple[str, Ints, Coded]] = field(default_factory=list)  # type, positions, objects beyond the first
    reader: int = 0  # place among the readers of all sources
    own_record: bool = False  # it says when it was written down


def emit(source: Source, reader: Reader, place: int = 0) -> Iterator[Batch]:
    """Yield the touchpoints that a reader finds in its tables.

    Raises
    ------
    MappingError
        When a table has none of the columns for the activity or the time.
    """
    found = list(source.tables(reader.tables))
    if not found:
        source.absent.append(reader.name)
    for page, view in found:
        source.ledger.expect(page)
        passes = [replace(single, table=reader.tables[0]) for single in plan(reader, view)]
        about = np.zeros(view.size, dtype=bool)
        for single in passes:
            batch, reached = _emit_pass(source, view, page, single)
            about |= reached
            if single.ends is not None:
                about[_tied(source, page, single.ends, reached)] = True
            batch.reader = place
            yield batch
        if passes and passes[0].left:
            source.ledger.aside(page, np.flatnonzero(~about), passes[0].left)


def _tied(source: Source, page: int, ends: Ints, reached: npt.NDArray[np.bool_]) -> Ints:
    """Say that rows which end a touchpoint share the fate of the row that starts it."""
    leads = np.flatnonzero((ends >= 0) & reached)
    source.ledger.tie(page, ends[leads], leads)
    if len(leads):
        source.ledger.note("touchpoints were put together from a row that starts and a row that ends them", len(leads))
    return ends[leads]


def _emit_pass(source: Source, view: View, page: int, single: Pass) -> tuple[Batch, npt.NDArray[np.bool_]]:
    step, ledger = single.step, source.ledger
    keep = single.rows.copy()
    for condition in step.only:
        keep &= view.holds(condition)
    reached = keep.copy()
    view.attention = keep

    def drop(bad: npt.NDArray[np.bool_], rule: str) -> None:
        ledger.aside(page, np.flatnonzero(keep & bad), rule)
        np.logical_and(keep, ~bad, out=keep)

    drop(view.deleted, "deleted")
    for condition in step.aside:
        drop(view.holds(condition), condition.rule or "set aside by the mapping")
    activity = _field(view, single, "activity", needed=True)
    times, clock = _times(view, single)
    if single.blank:
        # A milestone not reached is no fault of its row.
        reached &= (times["timestamp"] != NO_TIME) | clock["failed"]
        keep &= reached
    drop(~activity.known, "no activity")
    drop(clock["failed"], "unreadable timestamp")
    drop(times["timestamp"] == NO_TIME, "no timestamp")
    return _batch(source, view, page, single, positions=np.flatnonzero(keep), told=(activity, times, clock)), reached


def _field(view: View, single: Pass, name: str, *, needed: bool = False) -> Coded:
    readings = single.step.fields.get(name, ())
    if needed:
        always = single.step.always.get(name)
        if always is None:
            view.require(readings, name)
    else:
        view.remark(readings, name)
    found = view.first(readings, name)
    if single.ends is not None:
        found = found.or_else(found.take(single.ends))
    word = single.step.always.get(name)
    return found if word is None else found.or_else(Coded.constant(word, view.size))


def _times(view: View, single: Pass) -> tuple[dict[str, Ints], dict[str, Any]]:
    """Read every time; of the timestamp also where it failed, its precision and its quality."""
    fields = single.step.fields
    view.require(fields["timestamp"], "timestamp")
    stamp = view.times(fields["timestamp"], {})
    times = {"timestamp": stamp.micros}
    for name in (*TIMES[1:], "modified_at"):
        if name in fields:
            view.remark(fields[name], name)
            times[name] = view.times(fields[name], times).micros
    if single.ends is not None:
        told = times.get("end_timestamp", np.full(view.size, NO_TIME))
        times["end_timestamp"] = np.where(single.ends >= 0, stamp.micros[single.ends], told)
    quality = np.where(
        stamp.precision == len(PRECISIONS) - 1, 2, np.where(stamp.repaired, 3, np.where(stamp.assumed, 1, 0))
    )
    return times, {"failed": stamp.failed, "precision": stamp.precision, "quality": quality}


def _batch(
    source: Source,
    view: View,
    page: int,
    single: Pass,
    *,
    positions: Ints,
    told: tuple[Coded, dict[str, Ints], dict[str, Ints]],
) -> Batch:
    activity, times, clock = told
    step = single.step
    turns = np.zeros(len(positions), dtype=np.int64)
    objects: dict[str, Coded] = {}
    further: list[tuple[str, Ints, Coded]] = []
    for kind in (kind for kind in CASES if kind in step.fields):
        state = (positions, turns, objects)
        positions, turns, objects = _reference(source, view, kind, step.fields[kind], state=state, further=further)
    rank = numbers_of(view.text(single.order)) if single.order else np.zeros(view.size)
    batch = Batch(
        source.name,
        view.table.name,
        single.table or view.table.name,
        view.table.file,
        page,
        single.part,
        positions,
        view.table.rows[positions],
        turns,
        _ids(source, view, single).take(positions),
        np.nan_to_num(rank)[positions],
        further=further,
        own_record="recorded_at" in step.fields,
    )
    batch.text = {name: _field(view, single, name).take(positions) for name in _PLAIN if name in _told(single)}
    batch.text |= {"activity": activity.take(positions), **objects}
    batch.text["activity_raw"] = batch.text.get("activity_raw", batch.text["activity"])
    batch.text["timestamp_precision"] = Coded(clock["precision"][positions], np.array(PRECISIONS, dtype=object))
    qualities = np.array(["exact", "zone_assumed", "date_only", "repaired"], dtype=object)
    batch.text["timestamp_quality"] = Coded(clock["quality"][positions], qualities)
    batch.times = {name: micros[positions] for name, micros in times.items()}
    batch.numbers = {n: numbers_of(_field(view, single, n))[positions] for n in _NUMBERS if n in _told(single)}
    batch.flags = {
        name: _field(view, single, name).isin(["true"])[positions] for name in FLAGS if name in _told(single)
    }
    return batch


def _told(single: Pass) -> set[str]:
    return {*single.step.fields, *single.step.always}


def _ids(source: Source, view: View, single: Pass) -> Coded:
    """Name every row: by the mapping's key, else by its record number, in its file where several make up the table."""
    readings = single.step.fields.get("touchpoint_id", ())
    key = view.kept(readings, "touchpoint_id")
    if key.known.all():
        return key
    # Two files may make up one table: the tenth row of each is another touchpoint.
    shared = any(len(pages) > 1 for pages in source.views.values() if any(other is view for _, other in pages))
    where = f"{view.table.file}/{view.table.name}-row-" if shared else "row-"
    numbers = Coded(
        np.arange(view.size, dtype=np.int64), np.array([f"{where}{row}" for row in view.table.rows], dtype=object)
    )
    return key.or_else(numbers)


def _reference(
    source: Source,
    view: View,
    kind: str,
    readings: Sequence[Reading],
    *,
    state: tuple[Ints, Ints, dict[str, Coded]],
    further: list[tuple[str, Ints, Coded]],
) -> tuple[Ints, Ints, dict[str, Coded]]:
    """Add the object that each touchpoint is about; several linked customers multiply the touchpoint."""
    positions, turns, objects = state
    found = Coded.empty(len(positions))
    view.remark(readings, kind)
    for reading in readings:
        if reading.link:
            if found.known.all():
                continue
            column = view.only_when(view.ids(reading.by), reading).take(positions)
            rows, more, targets = source.links[reading.link].expand(column)
            # Rows that an earlier reading answered stay single, and only customers multiply.
            single = more == 0 if kind != "customer" else (more == 0) | ~found.known[rows]
            linked = Coded.of(targets).renamed(lambda word: f"{source.name}:{word}")
            beyond = (more > 0) & (turns[rows] == 0)
            if kind != "customer" and beyond.any():
                further.append((kind, positions[rows[beyond]], linked.take(np.flatnonzero(beyond))))
            rows, more, linked = rows[single], more[single], linked.take(np.flatnonzero(single))
            positions, turns = positions[rows], turns[rows] + more
            objects = {name: column.take(rows) for name, column in objects.items()}
            found = found.take(rows).or_else(linked)
        else:
            found = found.or_else(_named(source, view, reading).take(positions))
    return positions, turns, {**objects, kind: found}


def _named(source: Source, view: View, reading: Reading) -> Coded:
    words = view.read(Reading(**{**reading.__dict__, "key": ""}))
    if not reading.key:
        return view.one_spelling(words).framed(f"{source.name}:")
    normal = normaliser(reading.key, source.region)

    def keyed(word: str) -> str | None:
        key = normal(word)
        return None if key is None else f"{KEYED}{reading.key}:{key}"

    return words.renamed(keyed)
