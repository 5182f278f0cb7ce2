"""Recognise the folders that warehouses write for one table: parts of one schema, or of one day each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from mining._errors import ExportError
from mining.sources.fold import fold
from mining.sources.table import RawTable

__all__ = ["Part", "joined", "parts_of"]

_PART = re.compile(r"part[-_]?\d[\w=-]*|(chunk|shard|batch|data|file|export)?[-_ ]*\d[\da-f_-]*", re.IGNORECASE)
_HIVE = re.compile(r"([^=/]+)=([^/]*)")
_DEEP, _MANY = 6, 100_000
_NOTHING: Final = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Part:
    """One file of a table that lies in parts, and what the names of its folders say of all its rows."""

    path: Path
    said: dict[str, str] = field(default_factory=dict)


def parts_of(folder: Path, *, at_least: int = 1) -> list[Part]:
    """Find the parts of the one table that a folder is; none where it is a folder like others.

    Parameters
    ----------
    folder : Path
        Where to look. Links to folders are not followed.
    at_least : int
        Number of parts below which it is no such folder.

    Returns
    -------
    list of Part
        In the order of their paths.

    Raises
    ------
    ExportError
        When it is a table whose log says which parts still count: read plainly, removed rows would come back.
    """
    parts: list[Part] = []
    for place, subfolders, names in os.walk(folder, followlinks=False):
        if "_delta_log" in subfolders:
            raise ExportError.unreadable(folder, "it is a Delta table: some parts may hold removed rows. Export it.")
        subfolders[:] = sorted(name for name in subfolders if not _is_hidden(name))
        inner = Path(place).relative_to(folder)
        said = [_HIVE.fullmatch(name) for name in (*inner.parts, *subfolders)]
        shown = [name for name in names if not _is_hidden(name)]
        is_hive = bool(inner.parts)
        if not all(said) or len(inner.parts) > _DEEP or len(parts) > _MANY:
            return []
        if not all(is_hive or _is_part(name, folder.name) for name in shown):
            return []
        known = {found[1]: found[2] for found in said[: len(inner.parts)] if found}
        parts += [Part(Path(place, name), known) for name in shown]
    return sorted(parts, key=lambda part: part.path) if len(parts) >= at_least else []


def joined(parts: Sequence[tuple[Part, RawTable]], file: str) -> RawTable:
    """Join the parts of a table, records numbered on.

    Raises
    ------
    ExportError
        When a part has no column in common with the first.
    """
    first = parts[0][1]
    frames, numbers, aside, before = [], [], [], 0
    notes = dict.fromkeys(note for _, table in parts for note in _notes(table))
    for part, table in parts:
        missing = [name for name in first.frame.columns if name not in table.frame.columns]
        if missing and len(missing) == len(first.frame.columns):
            raise ExportError.unreadable(
                part.path, f"it shares no column with the other parts of '{file}'. Perhaps they have no header line."
            )
        if missing:
            notes[f"{part.path.name} lacks {', '.join(missing[:5])}"] = None
        frames.append(table.frame.assign(**dict(_said(part, table))))
        numbers.append(table.rows + before)
        aside += [(rule, tuple(row + before if row else 0 for row in rows)) for rule, rows in table.aside]
        before += table.records
    frame = pd.concat(frames, ignore_index=True).fillna("").astype("str")
    facts = {**first.facts, "notes": (f"{len(parts):,} parts", *notes)}
    return RawTable(first.name, file, frame, np.concatenate(numbers), tuple(aside), facts)


def _said(part: Part, table: RawTable) -> Iterator[tuple[str, str]]:
    for name, word in part.said.items():
        if name not in table.frame.columns:
            yield name, "" if word == _NOTHING else word


def _notes(table: RawTable) -> tuple[str, ...]:
    return tuple(table.facts.get("notes", ()))  # type: ignore[arg-type]


def _is_hidden(name: str) -> bool:
    # `_SUCCESS`, `_metadata` and `.crc` files stand beside the parts and are none.
    return name.startswith((".", "_", "~")) or name.endswith(".crc")


def _is_part(name: str, folder: str) -> bool:
    stem = name.partition(".")[0]
    return bool(_PART.fullmatch(stem) or _PART.fullmatch(fold(stem).removeprefix(fold(folder))))
