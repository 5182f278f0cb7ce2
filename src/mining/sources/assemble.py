"""Put all batches into one canonical frame: people resolved, rules applied, order fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mining._fields import CASES, FIELDS, FLAGS, TIMES, VOCABULARIES
from mining.sources.clocks import NO_TIME
from mining.sources.emit import KEYED, Batch
from mining.sources.identity import Identity, merge_ids, resolve
from mining.sources.ledger import Ledger
from mining.sources.objects import Described, describe, gather
from mining.sources.source import Source
from mining.sources.table import Coded, Ints

__all__ = ["Assembled", "assemble"]

_WORDS = tuple(spec.name for spec in FIELDS if spec.kind in {"text", "word", "object"})
_DEFAULTS = {
    "touchpoint_kind": "interaction",
    "channel": "unknown",
    "direction": "unknown",
    "department": "unknown",
    "actor_kind": "unknown",
}


@dataclass
class Assembled:
    """Canonical frame, objects, and what became of them."""

    frame: pd.DataFrame
    objects: dict[str, pd.DataFrame]
    as_of: pd.Timestamp | None
    facts: dict[str, object] = field(default_factory=dict)


@dataclass
class _Columns:
    """All batches under each other; `keep` shrinks as rules set rows aside."""

    text: dict[str, Coded]
    times: dict[str, Ints]
    numbers: dict[str, npt.NDArray[np.float64]]
    flags: dict[str, npt.NDArray[np.bool_]]
    page: Ints
    position: Ints
    row: Ints
    turn: Ints
    seq: Ints
    own_record: npt.NDArray[np.bool_]
    keep: npt.NDArray[np.bool_]


def assemble(
    sources: Sequence[Source], batches: Sequence[Batch], ledger: Ledger, *, identity: bool = True
) -> Assembled:
    """Resolve who is who, set aside what breaks a rule, and build the canonical frame.

    Parameters
    ----------
    sources : sequence of Source
        In the order given by the user.
    batches : sequence of Batch
        Touchpoints of every pass.
    ledger : Ledger
        Gets every verdict.
    identity : bool
        Whether ids that share an exact key are one person.
    """
    columns = _stack(batches)
    kinds = [
        kind
        for kind in CASES
        if kind in columns.text or any(rule.kind == kind for s in sources for rule in s.mapping.objects)
    ]
    described = {kind: describe(kind, sources) for kind in kinds}
    merges: dict[str, list[tuple[str, str]]] = {}
    for source in sources:
        for kind, old, kept in source.merges():
            merges.setdefault(kind, []).append((f"{source.name}:{old}", f"{source.name}:{kept}"))
    final: dict[str, Mapping[str, str]] = {kind: merge_ids(merges.get(kind, ())) for kind in kinds}
    known = _resolve_people(columns, described, final, sources, glue=identity)
    for kind in kinds:
        if kind in columns.text:
            columns.text[kind] = _unplaced(columns.text[kind], final[kind], ledger, described.get(kind))
    _fill_account(columns, described, final)
    as_of = _rules(columns, described, final, ledger)
    frame = _frame(columns)
    _used(columns, ledger)
    objects = {
        kind: gather(described[kind], final[kind], frame[kind].dropna().unique() if kind in frame else ())
        for kind in kinds
        if len(described[kind].frame)
    }
    facts = {
        "n_glued": known.n_glued,
        "blocked": dict(known.blocked),
        "n_replicas": int((columns.turn[columns.keep] > 0).sum()),
    }
    return Assembled(frame, objects, as_of, facts)


def _stack(batches: Sequence[Batch]) -> _Columns:
    sizes = [len(batch.positions) for batch in batches]
    total = sum(sizes)

    def numbers(pick: str) -> npt.NDArray[np.int64]:
        arrays = [np.broadcast_to(getattr(batch, pick), size) for batch, size in zip(batches, sizes, strict=True)]
        return np.concatenate([np.empty(0, dtype=np.int64), *arrays]).astype(np.int64)

    text = {}
    for name in dict.fromkeys(name for batch in batches for name in batch.text):
        text[name] = _stacked(
            [batch.text.get(name, Coded.empty(size)) for batch, size in zip(batches, sizes, strict=True)]
        )
    text["source"] = _stacked([Coded.constant(batch.source, size) for batch, size in zip(batches, sizes, strict=True)])
    text["source_table"] = _stacked([Coded.constant(b.table, size) for b, size in zip(batches, sizes, strict=True)])
    text["source_file"] = _stacked([Coded.constant(b.file, size) for b, size in zip(batches, sizes, strict=True)])

    def filled(kind: str, name: str, blank: float) -> list[npt.NDArray[np.generic]]:
        return [getattr(b, kind).get(name, np.full(n, blank)) for b, n in zip(batches, sizes, strict=True)]

    times = {}
    for name in TIMES:
        parts = [b.times.get(name, np.full(n, NO_TIME, dtype=np.int64)) for b, n in zip(batches, sizes, strict=True)]
        times[name] = np.concatenate([np.empty(0, dtype=np.int64), *parts])
    amounts = {
        n: np.concatenate([np.empty(0), *filled("numbers", n, np.nan)]).astype(float) for n in ("amount", "score")
    }
    flags = {n: np.concatenate([np.empty(0), *filled("flags", n, 0)]).astype(bool) for n in FLAGS}
    page, position, row, turn = numbers("page"), numbers("positions"), numbers("rows"), numbers("turns")
    batch_of = np.repeat(np.arange(len(batches)), sizes)
    rank = np.concatenate([np.empty(0), *(batch.rank for batch in batches)])
    # Equal times follow the sources as given, their readers as mapped, the vendor's own order, then the file.
    seq = np.empty(total, dtype=np.int64)
    seq[np.lexsort((turn, batch_of, row, rank, numbers("reader")))] = np.arange(total)
    own = np.repeat(np.array([batch.own_record for batch in batches], dtype=bool), sizes)
    text["touchpoint_id"] = _identifiers(batches)
    return _Columns(text, times, amounts, flags, page, position, row, turn, seq, own, np.ones(total, dtype=bool))


def _stacked(parts: Sequence[Coded]) -> Coded:
    place: dict[str, int] = {}
    codes = [np.empty(0, dtype=np.int64)]
    for part in parts:
        used = np.unique(part.codes[part.codes >= 0])
        shift = np.full(len(part.words) + 1, -1, dtype=np.int64)
        shift[used] = [place.setdefault(part.words[code], len(place)) for code in used]
        codes.append(shift[part.codes])
    return Coded(np.concatenate(codes), np.array(list(place), dtype=object))


def _identifiers(batches: Sequence[Batch]) -> Coded:
    """Spell every touchpoint's id: source, table, key, and what sets it apart from others of the row."""
    parts = []
    for batch in batches:
        head, tail = f"{batch.source}:{batch.table.removesuffix('_data')}:", f":{batch.part}" if batch.part else ""
        parts.append(batch.ids.compact().renamed(lambda word, head=head, tail=tail: f"{head}{word}{tail}"))  # type: ignore[misc]
    return _stacked(parts)


def _resolve_people(
    columns: _Columns,
    described: Mapping[str, Described],
    final: dict[str, Mapping[str, str]],
    sources: Sequence[Source],
    *,
    glue: bool,
) -> Identity:
    people = described.get("customer", Described("customer"))
    column = columns.text.get("customer", Coded.empty(len(columns.seq)))
    order = np.lexsort((columns.seq, columns.times["timestamp"]))
    seen = column.take(order).codes
    seen = seen[seen >= 0]
    codes = seen[np.sort(np.unique(seen, return_index=True)[1])]
    words = [str(word) for word in column.words[codes]]
    merges = final.get("customer", {})
    known = resolve(
        [*people.frame.index, *(word for word in words if not word.startswith(KEYED))],
        people.keys,
        merges,
        [word for word in words if word.startswith(KEYED)],
        sources=[source.name for source in sources],
        glue=glue,
        blocklist=frozenset(word for source in sources for word in source.mapping.blocklist),
    )
    final["customer"] = known.canonical
    return known


def _unplaced(column: Coded, final: Mapping[str, str], ledger: Ledger, described: Described | None) -> Coded:
    if described is not None and len(described.frame):
        there = set(described.frame.index)
        strangers = [
            w for w in column.counts() if w not in there and final.get(w, w) not in there and not w.startswith(KEYED)
        ]
        if strangers:
            ledger.note(f"{len(strangers)} {described.kind} ids in touchpoints that no {described.kind} table holds")
    return column.renamed(lambda word: final.get(word, word) or None)


def _fill_account(
    columns: _Columns, described: Mapping[str, Described], final: Mapping[str, Mapping[str, str]]
) -> None:
    """Give touchpoints without an account the one their customer belongs to."""
    people = described.get("customer")
    if people is None or "account" not in people.frame or "customer" not in columns.text:
        return
    accounts = final.get("account", {})
    belongs: dict[str, str] = {}
    for name, account in people.frame["account"].dropna().items():
        belongs.setdefault(final["customer"].get(str(name), str(name)), accounts.get(account, account))
    own = columns.text["customer"].renamed(belongs.get)
    columns.text["account"] = columns.text.get("account", Coded.empty(len(own))).or_else(own)


def _rules(
    columns: _Columns, described: Mapping[str, Described], final: Mapping[str, Mapping[str, str]], ledger: Ledger
) -> pd.Timestamp | None:
    """Set aside what has nobody to belong to, was told twice, lies in the future or is about something deleted."""
    size = len(columns.seq)
    homeless = np.ones(size, dtype=bool)
    for kind in CASES:
        if kind in columns.text and kind not in {"account", "campaign"}:
            homeless &= ~columns.text[kind].known
    account = columns.text.get("account", Coded.empty(size))
    _drop(columns, homeless & ~account.known, "nobody it belongs to", ledger)
    for kind in ("customer", "deal", "ticket", "account", "lead"):
        objects = described.get(kind)
        if objects is not None and objects.deleted and kind in columns.text:
            alive = {final[kind].get(name, name) for name in objects.frame.index if name not in objects.deleted}
            gone = {final[kind].get(name, name) for name in objects.deleted} - alive
            if gone:
                _drop(columns, columns.text[kind].isin_exactly(gone), f"its {kind} is deleted", ledger)
    _drop(columns, _repeated(columns), "duplicate", ledger)
    return _drop_future(columns, ledger)


def _repeated(columns: _Columns) -> npt.NDArray[np.bool_]:
    """Mark every later telling of one touchpoint to one customer."""
    customer = columns.text.get("customer", Coded.empty(len(columns.seq))).codes
    rows = np.flatnonzero(columns.keep)
    # The newest writing of an id counts where the source says when it was written, else the first.
    order = rows[np.lexsort((columns.seq[rows], customer[rows], columns.text["touchpoint_id"].codes[rows]))]
    ids, people = columns.text["touchpoint_id"].codes[order], customer[order]
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (ids[1:] == ids[:-1]) & (people[1:] == people[:-1])
    out = np.zeros(len(columns.seq), dtype=bool)
    out[order[again]] = True
    return out


def _drop_future(columns: _Columns, ledger: Ledger) -> pd.Timestamp | None:
    """Set aside what is dated after the export was written, as far as the export tells that."""
    recorded, occurred = columns.times["recorded_at"], columns.times["timestamp"]
    telling = np.where(recorded != NO_TIME, recorded, np.where(columns.own_record, NO_TIME, occurred))[columns.keep]
    telling = telling[telling != NO_TIME]
    if not len(telling):
        telling = occurred[columns.keep]
    if not len(telling):
        return None
    as_of = int(telling.max())
    _drop(columns, occurred > as_of, "future", ledger)
    return pd.Timestamp(as_of, unit="us", tz="UTC")


def _drop(columns: _Columns, bad: npt.NDArray[np.bool_], rule: str, ledger: Ledger) -> None:
    bad = bad & columns.keep
    for page in np.unique(columns.page[bad]):
        ledger.aside(int(page), np.unique(columns.position[bad & (columns.page == page)]), rule)
    columns.keep &= ~bad


def _used(columns: _Columns, ledger: Ledger) -> None:
    for page in np.unique(columns.page[columns.keep]):
        ledger.use(int(page), columns.position[columns.keep & (columns.page == page)])


def _frame(columns: _Columns) -> pd.DataFrame:
    rows = np.flatnonzero(columns.keep)
    rows = rows[np.argsort(columns.seq[rows])]
    replica = columns.turn[rows]
    made: dict[str, object] = {}
    for spec in FIELDS:
        name = spec.name
        if name in TIMES:
            stamps = pd.Series(columns.times[name][rows].astype("datetime64[us]"))
            made[name] = stamps.dt.tz_localize("UTC")
        elif name in columns.numbers:
            made[name] = columns.numbers[name][rows]
        elif name in FLAGS:
            made[name] = columns.flags[name][rows]
        elif name in VOCABULARIES:
            made[name] = _word(columns.text.get(name), rows, name)
        elif name in _WORDS:
            made[name] = _text(columns.text.get(name), rows)
    made["seq"] = np.arange(len(rows), dtype=np.int64)
    made["source_row"] = columns.row[rows]
    frame = pd.DataFrame(made)[[spec.name for spec in FIELDS]]
    again = replica > 0
    if again.any():
        ids = frame["touchpoint_id"].to_numpy(dtype=object)
        ids[again] = [f"{name}@{turn + 1}" for name, turn in zip(ids[again], replica[again], strict=True)]
        frame["touchpoint_id"] = pd.array(ids, dtype="str")
    return frame


def _text(column: Coded | None, rows: Ints) -> Any:
    found = Coded.empty(len(rows)) if column is None else column.take(rows).compact()
    codes = pa.array(found.codes, mask=~found.known)
    # Arrow spells a million rows out of a few words without a Python string per row.
    return pd.array(pa.array(found.words, type=pa.large_string()).take(codes), dtype="str")


def _word(column: Coded | None, rows: Ints, name: str) -> Any:
    found = Coded.empty(len(rows)) if column is None else column.take(rows)
    if name in _DEFAULTS:
        found = found.or_else(Coded.constant(_DEFAULTS[name], len(rows)))
    place = {word: code for code, word in enumerate(VOCABULARIES[name])}
    codes = np.array([*(place[word] for word in found.words), -1], dtype=np.int64)[found.codes]
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(VOCABULARIES[name])))
