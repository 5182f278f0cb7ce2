"""All batches under each other, as columns of codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mining._fields import FLAGS, TIMES
from mining.sources.mappings.emit import Batch
from mining.sources.table import Coded, Ints
from mining.sources.times.clocks import NO_TIME

__all__ = ["Columns", "stack"]


@dataclass
class Columns:
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
    modified: Ints  # when the row was last written, where the source says so
    own_record: npt.NDArray[np.bool_]
    keep: npt.NDArray[np.bool_]
    further: dict[str, tuple[Ints, Coded]]  # object type -> rows and the further objects they are about


def stack(batches: Sequence[Batch]) -> Columns:
    """Put all batches under each other and fix the order of equal times."""
    sizes = [len(batch.positions) for batch in batches]
    total = sum(sizes)

    def numbers(pick: str) -> npt.NDArray[np.int64]:
        arrays = [np.broadcast_to(getattr(batch, pick), size) for batch, size in zip(batches, sizes, strict=True)]
        return np.concatenate([np.empty(0, dtype=np.int64), *arrays]).astype(np.int64)

    text = _texts(batches, sizes)

    def filled(kind: str, name: str, blank: float) -> list[npt.NDArray[np.generic]]:
        return [getattr(b, kind).get(name, np.full(n, blank)) for b, n in zip(batches, sizes, strict=True)]

    times = {}
    for name in (*TIMES, "modified_at"):
        parts = [b.times.get(name, np.full(n, NO_TIME, dtype=np.int64)) for b, n in zip(batches, sizes, strict=True)]
        times[name] = np.concatenate([np.empty(0, dtype=np.int64), *parts])
    modified = times.pop("modified_at")
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
    keep = np.ones(total, dtype=bool)
    further = _further(batches, sizes)
    return Columns(
        text, times, amounts, flags, page, position, row, turn, seq, modified=modified, own_record=own, keep=keep,
        further=further,
    )  # fmt: skip


def _texts(batches: Sequence[Batch], sizes: Sequence[int]) -> dict[str, Coded]:
    pairs = list(zip(batches, sizes, strict=True))
    names = dict.fromkeys(name for batch in batches for name in batch.text)
    text = {name: Coded.stacked([b.text.get(name, Coded.empty(size)) for b, size in pairs]) for name in names}
    for name, pick in (("source", "source"), ("source_table", "table"), ("source_file", "file")):
        text[name] = Coded.stacked([Coded.constant(getattr(batch, pick), size) for batch, size in pairs])
    return text | {"touchpoint_id": _identifiers(batches)}


def _further(batches: Sequence[Batch], sizes: Sequence[int]) -> dict[str, tuple[Ints, Coded]]:
    """Say which stacked rows are about more objects of a type than the one in their column."""
    found: dict[str, list[tuple[Ints, Coded]]] = {}
    for batch, start in zip(batches, np.cumsum([0, *sizes]), strict=False):
        first = np.flatnonzero(batch.turns == 0)
        for kind, positions, targets in batch.further:
            place = np.searchsorted(batch.positions[first], positions)
            found.setdefault(kind, []).append((start + first[place], targets))
    return {
        kind: (
            np.concatenate([rows for rows, _ in parts]).astype(np.int64),
            Coded.stacked([targets for _, targets in parts]),
        )
        for kind, parts in found.items()
    }


def _identifiers(batches: Sequence[Batch]) -> Coded:
    """Spell every touchpoint's id: source, table, key, and what sets it apart from others of the row."""
    parts = []
    for batch in batches:
        head, tail = f"{batch.source}:{batch.named}:", f":{batch.part}" if batch.part else ""
        parts.append(batch.ids.framed(head, tail))
    return Coded.stacked(parts)
