"""Lay nested records out as tables: dicts become dotted columns, lists of dicts tables of their own.

The table of a list goes by ``<table>__<key>``. It has the columns of the list's records and, as ``_parent.<column>``,
those of the record that the list stands in, except texts too long to be repeated. Lists of plain values are joined by
``;``. A list of pairs of a name and a value, as custom fields come in, is a column per name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from mining._errors import ExportError
from mining.sources.forms.archives import Content
from mining.sources.forms.cells import spelt_cell
from mining.sources.forms.grids import table_of_rows
from mining.sources.forms.json_text import UNREADABLE, Parsed, records_of
from mining.sources.table import Ints, RawTable, unique_headers

__all__ = ["read_json", "tables_of_columns", "unwrapped"]

_DEEP: Final = 20
_INHERITED, _LONG, _REPEATED = "_parent.", 200, 20_000_000
# What sparse records may swell to: fifty times what they say.
_CELLS, _SPARSE = 50_000_000, 50
_PAIRS: Final = ({"key", "value"}, {"name", "value"}, {"id", "value"})
_AIRBYTE: Final = "_airbyte_data"


class _Table:
    """Records as sparse columns, and the tables of the lists in them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0
        self.owner: list[int] = []  # row of the record that the list stands in
        self.given: dict[str, Any] = {}
        self.rows: dict[str, list[int]] = {}
        self.words: dict[str, list[str]] = {}
        self.lists: dict[str, _Table] = {}

    def add(self, record: object, owner: int = -1, depth: int = 0) -> None:
        """Add a record as a row."""
        row, self.size = self.size, self.size + 1
        self.owner.append(owner)
        self.fill(row, record if isinstance(record, dict) else {"value": record}, "", depth)

    def fill(self, row: int, record: Mapping[str, Any], before: str, depth: int) -> None:
        """Fill a row's cells."""
        for key, value in record.items():
            path = f"{before}{key}"
            if isinstance(value, dict) and value and depth < _DEEP:
                self.fill(row, value, f"{path}.", depth + 1)
            elif isinstance(value, list):
                self._fill_list(row, path, value, depth)
            else:
                self._put(row, path, _text(value) if isinstance(value, dict) else spelt_cell(value))

    def _fill_list(self, row: int, path: str, items: list[Any], depth: int) -> None:
        if items and all(isinstance(item, tuple) for item in items):
            self.fill(row, {str(key): value for key, value in items}, f"{path}.", depth + 1)
        elif not any(isinstance(item, (dict, list)) for item in items):
            self._put(row, path, ";".join(map(spelt_cell, items)))
        elif depth >= _DEEP or not all(isinstance(item, dict) for item in items):
            self._put(row, path, _text(items))
        elif (pairs := _paired(items)) is not None:
            self.fill(row, pairs, f"{path}.", depth + 1)
        else:
            within = self.lists.setdefault(path, _Table(f"{self.name}__{path.replace('.', '__')}"))
            for item in items:
                within.add(item, row, depth + 1)

    def _put(self, row: int, path: str, word: str) -> None:
        rows = self.rows.setdefault(path, [])
        if rows and rows[-1] == row:
            # `{"a": {"b": 1}, "a.b": 2}` names one column twice.
            return self._put(row, f"{path}#2", word)
        words = self.words.setdefault(path, [])
        if word:
            rows.append(row)
            words.append(word)
        return None

    def columns(self, file: str) -> dict[str, Any]:
        """Spell the columns out."""
        filled = sum(map(len, self.rows.values()))
        if self.size * len(self.rows) > max(_CELLS, _SPARSE * filled):
            raise ExportError.unreadable(
                file, f"its {self.size:,} records bear {len(self.rows):,} different keys, nearly all of them blank."
            )
        # What is nested in some records is no column because it is blank in others.
        nested = {*self.lists, *(name[:place] for name in self.words for place in _dots(name))}
        names = [name for name, words in self.words.items() if words or name not in nested]
        spelt = {**self.given, **{name: self._column(name) for name in names}}
        return dict(zip(unique_headers(list(spelt)), spelt.values(), strict=True))

    def _column(self, name: str) -> Any:
        column = np.full(self.size, "", dtype=object)
        column[self.rows[name]] = self.words[name]
        return column

    def tables(self, file: str, facts: Mapping[str, Any], above: Mapping[str, Any] | None = None) -> list[RawTable]:
        """Give its table and, after it, those of its lists."""
        columns = {**self.columns(file), **_inherited(above or {}, np.array(self.owner, dtype=np.int64))}
        try:
            frame = pd.DataFrame(columns, index=pd.RangeIndex(self.size), dtype="str")
        except UnicodeEncodeError:
            # Texts that were cut between the halves of an emoji; the half is spelt out.
            columns = {_whole(name): np.array([_whole(word) for word in cells]) for name, cells in columns.items()}
            frame = pd.DataFrame(columns, index=pd.RangeIndex(self.size), dtype="str")
        below = [table for within in self.lists.values() for table in within.tables(file, facts, columns)]
        return [RawTable.of_strings(self.name, file, frame, **facts), *below]


def read_json(content: Content, stem: str, file: str) -> Iterator[RawTable]:
    """Yield the tables of a JSON document, of one record per line, or of pages of an interface."""
    found = records_of(content, file)
    facts: dict[str, Any] = {"encoding": found.encoding, "encoding_proof": found.proof, "notes": found.notes}
    for name, records in found.lists.items():
        if any(records) and all(isinstance(record, list) for record in records):
            yield table_of_rows(records, name or stem, file, **facts)
            continue
        table = _Table(_named(name, stem, is_beside="" in found.lists))
        for record in records:
            table.add(_without_wrapper(record))
        first, *below = table.tables(file, facts)
        yield first if name else _without(first, found.bad)
        yield from below


def tables_of_columns(
    columns: Mapping[str, Any], nested: Mapping[str, list[Any]], size: int, stem: str, *, file: str, **facts: object
) -> list[RawTable]:
    """Lay columns out of which some are nested: records or lists of them in their cells."""
    table = _Table(stem)
    table.size, table.given, table.owner = size, dict(columns), [-1] * size
    for name, cells in nested.items():
        for row, cell in enumerate(cells):
            if cell is not None:
                table.fill(row, {name: cell}, "", 0)
    return table.tables(file, facts)


def unwrapped(table: RawTable) -> list[RawTable]:
    """Lay a raw table of Airbyte, whose records are JSON in one column, out as the table that it stands for."""
    if _AIRBYTE not in table.frame.columns:
        return [table]
    whole, kept, bad = _Table(table.name), [], []
    beside = table.frame.drop(columns=_AIRBYTE).to_dict("records")
    for number, text, others in zip(table.rows.tolist(), table.frame[_AIRBYTE], beside, strict=True):
        try:
            record = Parsed().parse(text)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            whole.add({**record, **others})
            kept.append(number)
        else:
            bad.append(number)
    first, *below = whole.tables(table.file, table.facts)
    aside = (*table.aside, (UNREADABLE, tuple(bad))) if bad else table.aside
    return [replace(first, rows=np.array(kept, dtype=np.int64), aside=aside), *below]


def _without(table: RawTable, bad: list[int]) -> RawTable:
    # Records are numbered as if those that cannot be read still stood among them.
    if not bad:
        return table
    numbers = np.setdiff1d(np.arange(1, len(table.frame) + len(bad) + 1, dtype=np.int64), np.array(bad, dtype=np.int64))
    return replace(table, rows=numbers, aside=((UNREADABLE, tuple(bad)),))


def _named(name: str, stem: str, *, is_beside: bool) -> str:
    if not name:
        return stem
    return f"{stem}__{name}" if is_beside else name


def _without_wrapper(record: Any) -> Any:
    if isinstance(record, dict) and isinstance(record.get(_AIRBYTE), dict):
        return {**record[_AIRBYTE], **{key: value for key, value in record.items() if key != _AIRBYTE}}
    return record


def _paired(items: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Read ``[{"key": "page", "value": {"string_value": "/"}}]`` as ``{"page": "/"}``."""
    if set(items[0]) not in _PAIRS or any(set(item) != set(items[0]) for item in items):
        return None
    (named,) = set(items[0]) - {"value"}
    pairs = {str(item[named]): _typed(item["value"]) for item in items}
    return pairs if len(pairs) == len(items) else None


def _typed(value: Any) -> Any:
    """Take the one value that a record of typed values holds."""
    if not isinstance(value, dict) or not all(str(key).endswith(("_value", "_micros")) for key in value):
        return value
    return next((one for key, one in value.items() if one is not None and str(key).endswith("_value")), None)


def _inherited(above: Mapping[str, Any], owner: Ints) -> dict[str, Any]:
    """Repeat the cells of the record above: short ones, and where that would be too many only ids."""
    short = {name: column for name, column in above.items() if max(map(len, column), default=0) <= _LONG}
    if len(short) * len(owner) > _REPEATED:
        short = {name: column for name, column in short.items() if _is_id(name)}
    return {f"{_INHERITED}{name}": column[owner] for name, column in short.items()}


def _is_id(name: str) -> bool:
    last = name.rpartition(".")[2].lower()
    return last in {"id", "key", "uuid", "guid", "number", "email"} or last.endswith(("_id", "id"))


def _whole(word: str) -> str:
    return word.encode("utf-8", "backslashreplace").decode("utf-8")


def _dots(name: str) -> Iterator[int]:
    return (place for place, letter in enumerate(name) if letter == ".")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=spelt_cell)
