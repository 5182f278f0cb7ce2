"""The canonical frame: columns of codes become the fixed fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mining._fields import FIELDS, FLAGS, TIMES, VOCABULARIES
from mining.sources.columns import Columns
from mining.sources.table import Coded, Ints

__all__ = ["canonical", "kept_rows"]

_WORDS = tuple(spec.name for spec in FIELDS if spec.kind in {"text", "word", "object"})
_DEFAULTS = {
    "touchpoint_kind": "interaction",
    "channel": "unknown",
    "direction": "unknown",
    "department": "unknown",
    "actor_kind": "unknown",
}


def kept_rows(columns: Columns) -> Ints:
    """List the stacked rows that are kept, in the order of the frame."""
    rows = np.flatnonzero(columns.keep)
    return rows[np.argsort(columns.seq[rows])]


def canonical(columns: Columns) -> pd.DataFrame:
    """Spell the touchpoints that are kept out in the fixed fields, in their order."""
    rows = kept_rows(columns)
    replica = columns.turn[rows]
    made: dict[str, object] = {}
    blank = _text(None, rows)  # columns that say nothing share one: there are many of them
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
            told = columns.text.get(name)
            made[name] = blank if told is None or not told.known.any() else _text(told, rows)
    made["seq"] = np.arange(len(rows), dtype=np.int64)
    made["source_row"] = columns.row[rows]
    frame = pd.DataFrame({spec.name: made[spec.name] for spec in FIELDS}, copy=False)
    again = replica > 0
    if again.any():
        ids = frame["touchpoint_id"].to_numpy(dtype=object)
        ids[again] = [f"{name}@{turn + 1}" for name, turn in zip(ids[again], replica[again], strict=True)]
        frame["touchpoint_id"] = pd.array(ids, dtype="str")
    return frame


def _text(column: Coded | None, rows: Ints) -> Any:
    found = Coded.empty(len(rows)) if column is None else column.take(rows).compact()
    # Arrow spells a million rows out of a few words without a Python string per row.
    return pd.array(found.column(), dtype="str")


def _word(column: Coded | None, rows: Ints, name: str) -> Any:
    found = Coded.empty(len(rows)) if column is None else column.take(rows)
    if name in _DEFAULTS:
        found = found.or_else(Coded.constant(_DEFAULTS[name], len(rows)))
    place = {word: code for code, word in enumerate(VOCABULARIES[name])}
    codes = np.array([*(place[word] for word in found.words), -1], dtype=np.int64)[found.codes]
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(VOCABULARIES[name])))
