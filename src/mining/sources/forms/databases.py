"""Read database files: every table and view, read-only, as tables of strings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pandas as pd

from mining._errors import ExportError
from mining.sources.forms.archives import LIMIT, Content
from mining.sources.forms.arrow import spelt_table
from mining.sources.forms.cells import spelt_cells
from mining.sources.table import RawTable, unique_headers

__all__ = ["is_object_centric", "read_duckdb", "read_sqlite"]

_OBJECT_CENTRIC: Final = frozenset({"event", "object", "event_object", "event_map_type"})
_LISTED: Final = """
    SELECT name FROM sqlite_master
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite^_%' ESCAPE '^' ORDER BY name
"""
_ALL: Final = "SELECT * FROM {}"
_BATCH: Final = 50_000
# A view may compute for ever: ten thousand steps at a time are counted, and some billions are enough for any table.
_STEPS, _MOST_STEPS = 10_000, 500_000
_READING: Final = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)


def is_object_centric(names: Iterable[str]) -> bool:
    """Say whether tables of these names are an object-centric event log (OCEL 2.0)."""
    return set(names) >= _OBJECT_CENTRIC


def read_sqlite(content: Content, _stem: str, file: str) -> Iterator[RawTable]:
    """Yield every table and view of a SQLite file that can be read."""
    _check_length(content, file)
    with content.on_disk() as path, closing(_connected(path, file)) as connection:
        try:
            listed = [str(name) for (name,) in connection.execute(_LISTED)]
            if not listed:
                raise ExportError.unreadable(file, "it is a SQLite database without tables.")
            connection.set_authorizer(_only_reading)
            notes = _of_object_centric(listed)
            for name in listed:
                yield _sqlite_table(connection, name, file, notes)
        except sqlite3.Error as error:
            raise ExportError.unreadable(file, f"SQLite says: {error}.") from error


def read_duckdb(content: Content, _stem: str, file: str) -> Iterator[RawTable]:
    """Yield every table and view of a DuckDB file that can be read."""
    from mining._engine.databases import duckdb_tables

    with content.on_disk() as path:
        for name, rows in duckdb_tables(path, file):
            if isinstance(rows, str):
                yield _unreadable(name, file, rows)
            else:
                yield from spelt_table(rows, name, file, "duckdb")


def _connected(path: Path, file: str) -> sqlite3.Connection:
    # A write-ahead log beside the file belongs to it; without one nothing needs to be locked or written.
    still = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{still}", uri=True, timeout=2)
    except sqlite3.Error as error:
        raise ExportError.unreadable(file, f"SQLite says: {error}.") from error
    connection.text_factory = _decoded
    counted = iter(range(_MOST_STEPS))
    connection.set_progress_handler(lambda: next(counted, None) is None, _STEPS)
    return connection


def _check_length(content: Content, file: str) -> None:
    """Refuse a file that is shorter than its header says: SQLite reads what is missing as blank."""
    head = content.head(100)
    pages, size = int.from_bytes(head[28:32], "big"), int.from_bytes(head[16:18], "big")
    is_current = head[24:28] == head[92:96]
    if is_current and content.size() < pages * (65_536 if size == 1 else size):
        raise ExportError.unreadable(file, "it is cut short. Copy it again.")


def _only_reading(action: int, first: str | None, *_: object) -> int:
    is_loading = action == sqlite3.SQLITE_FUNCTION and first == "load_extension"
    return sqlite3.SQLITE_OK if action in _READING and not is_loading else sqlite3.SQLITE_DENY


def _sqlite_table(connection: sqlite3.Connection, name: str, file: str, notes: tuple[str, ...]) -> RawTable:
    parts, headers, size = [], [], 0
    try:
        rows = connection.execute(_ALL.format(_quoted(name)))
        headers = unique_headers([str(column[0]) for column in rows.description])
        while batch := rows.fetchmany(_BATCH):
            columns = [spelt_cells(column) for column in zip(*batch, strict=True)]
            parts.append(pd.DataFrame(dict(zip(headers, columns, strict=True)), dtype="str"))
            size += int(parts[-1].memory_usage(deep=True).sum())
            if size > LIMIT:
                raise ExportError.unreadable(file, f"'{name}' holds more than {LIMIT:,} bytes. Export what is needed.")
    except sqlite3.OperationalError as error:
        # A view may lean on what is not there, a table on a module that is not loaded; the others are still read.
        return _unreadable(name, file, str(error))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=headers, dtype="str")
    return RawTable.of_strings(name, file, frame, encoding="sqlite", notes=notes)


def _unreadable(name: str, file: str, why: str) -> RawTable:
    return RawTable.of_strings(name, file, pd.DataFrame(dtype="str"), encoding="", notes=(f"cannot be read: {why}",))


def _of_object_centric(names: Iterable[str]) -> tuple[str, ...]:
    return (
        ("the database is an object-centric event log (OCEL 2.0): `read_ocel` reads it whole",)
        if is_object_centric(names)
        else ()
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _decoded(data: bytes) -> Any:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
