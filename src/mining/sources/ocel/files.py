"""The three file formats of OCEL 2.0."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from mining._errors import ExportError
from mining._files import write_whole
from mining.sources.ocel.database import from_database, to_database
from mining.sources.ocel.document import from_store, to_store
from mining.sources.ocel.markup import from_markup, to_markup
from mining.sources.store import Store

__all__ = ["is_ocel", "read_store", "write_store"]

_SQLITE = b"SQLite format 3\0"
_HEAD = 4_000


def is_ocel(path: Path) -> bool:
    """Say whether a file is an object-centric event log, by what is in it."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_SQLITE):
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            try:
                return bool(connection.execute(_HAS).fetchone()[0] == len(_TABLES))
            except sqlite3.DatabaseError:
                return False
    if path.suffix.lower() in {".jsonocel", ".xmlocel"}:
        return True
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    if start.startswith(b"{"):
        return b'"objectTypes"' in head or b'"eventTypes"' in head
    return b"<object-types" in head or b"<event-types" in head


_TABLES = ("event", "object", "event_object", "event_map_type")
_HAS = """
    SELECT count(*) FROM sqlite_master
    WHERE type = 'table' AND name IN ('event', 'object', 'event_object', 'event_map_type')
"""


def read_store(path: Path | str) -> Store:
    """Read an object-centric event log.

    Parameters
    ----------
    path : Path or str
        OCEL 2.0 as JSON, XML or SQLite; which of them is told by what is in the file.

    Returns
    -------
    Store
        Everything that is in it: objects named but not described have the type ``unknown``, and an attribute's value at
        the beginning of time (1970) is its first.

    Raises
    ------
    ExportError
        For a file that is missing, damaged, or no such log; where ids are borne twice or times are none.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError.missing(path)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    try:
        with _uncollected():
            return to_store(_reader(head)(path), path.name)
    except ExportError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, sqlite3.Error) as error:
        why = f"it is no whole OCEL 2.0 log ({type(error).__name__}: {' '.join(str(error).split())[:200]})."
        raise ExportError.unreadable(path, why) from error


def _reader(head: bytes) -> Callable[[Path], dict[str, Any]]:
    if head.startswith(_SQLITE):
        return from_database
    return from_markup if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else _from_json


def _from_json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text("utf-8-sig"))
    if not isinstance(found, dict) or "events" not in found or "objects" not in found:
        raise ExportError.unreadable(path, "it has no `events` and `objects`.")
    return found


def write_store(store: Store, path: Path | str) -> Path:
    """Write an object-centric event log, the whole file or none.

    Parameters
    ----------
    store : Store
        What is known.
    path : Path or str
        Its suffix chooses the format: ``.json`` (or ``.jsonocel``), ``.xml`` (``.xmlocel``), ``.sqlite`` (``.db``).

    Raises
    ------
    MiningError
        For another suffix.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise ExportError.unknown("format of an object-centric log", suffix or path.name, _WRITERS)
    with _uncollected():
        return write_whole(path, _WRITERS[suffix](from_store(store)))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector off: it would walk through millions of small records again and again, in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _to_json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


_WRITERS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    **dict.fromkeys((".json", ".jsonocel"), _to_json),
    **dict.fromkeys((".xml", ".xmlocel"), to_markup),
    **dict.fromkeys((".sqlite", ".sqlite3", ".db"), to_database),
}
