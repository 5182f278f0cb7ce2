"""Read XES into columns of text, strictly.

pm4py's readers turn bad times into nothing, drop malformed numbers, merge traces that share a name and, depending on
what else is installed, give half of a file that was cut short. XES is simple enough to read with the standard library's
parser, four times as fast, and to say no where it must.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, NoReturn, cast
from xml.parsers import expat

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import ExportError

__all__ = ["read_xes"]

_CHUNK: Final = 1 << 20
# A log is repetitive and packs twentyfold; two hundredfold is a bomb.
_RATIO, _SMALL = 200, 50 * 1024**2
_VALUES: Final = frozenset({"string", "date", "int", "float", "boolean", "id"})
_NESTS: Final = frozenset({"list", "container", "values"})
_NAME: Final = "concept:name"


def read_xes(path: Path) -> pd.DataFrame:
    """Read an event log as text, one row per event, in the order of the file.

    Values stay as the file writes them, times and numbers too: nothing is guessed, so nothing is lost. A key that an
    event carries twice becomes ``key`` and ``key#2``; a key inside another becomes ``outer/inner``. Traces are told
    apart by their place in the file: a second trace of the same name is named ``name#2``, one without a name
    ``trace 7``. Traces without events have no row; `frame.attrs["n_empty_traces"]` counts them.

    Parameters
    ----------
    path : Path
        An ``.xes`` file, plain or packed with gzip (told by its bytes, not by its name).

    Returns
    -------
    DataFrame
        Columns of text: ``case:`` before the keys of traces (``case:concept:name`` is always there and distinct per
        trace), then the events' keys, each in order of first appearance; missing where an event lacks the key.

    Raises
    ------
    ExportError
        For a file that is missing, cut short, not XES, without events, packed beyond reason, or that declares a
        document type (and with it, possibly, entities).
    """
    if not path.is_file():
        raise ExportError.missing(path)
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_document_type
    parser.StartElementHandler = reader.open
    parser.EndElementHandler = reader.close
    try:
        for chunk in _chunks(path):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ExportError.unreadable(path, f"it is not whole XES ({error}).") from error
    except (EOFError, OSError, zlib.error) as error:
        raise ExportError.unreadable(path, f"it is not whole gzip data ({error}).") from error
    except _Refusal as refusal:
        raise ExportError.unreadable(path, str(refusal)) from refusal
    if not reader.trace_of:
        raise ExportError.unreadable(path, "it is XES, but holds no events.")
    return reader.frame()


class _Refusal(Exception):  # noqa: N818 - it is turned into an ExportError that knows the file
    """What is wrong with the file."""


class _Columns:
    """Values by key and row, as they come."""

    def __init__(self) -> None:
        self.rows: dict[str, list[int]] = {}
        self.values: dict[str, list[str]] = {}

    def add(self, key: str, row: int, value: str) -> str:
        """Add a value, under a numbered key where the row has one already; say which key it was."""
        rows = self.rows.get(key)
        if rows is None:
            self.rows[key], self.values[key] = [row], [value]
        elif rows[-1] != row:
            rows.append(row)
            self.values[key].append(value)
        else:
            return self.add(_next_twin(key), row, value)
        return key

    def column(self, key: str, size: int) -> npt.NDArray[np.object_]:
        """Spell a column out, None where there is no value."""
        column = np.full(size, None, dtype=object)
        column[self.rows[key]] = self.values[key]
        return column


@dataclass
class _Reader:
    """What the parser calls: keeps the open elements and fills the columns."""

    events: _Columns = field(default_factory=_Columns)
    traces: _Columns = field(default_factory=_Columns)
    trace_of: list[int] = field(default_factory=list)
    n_traces: int = 0
    path: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    filling: _Columns | None = None
    row: int = -1

    def refuse_document_type(self, *_: object) -> NoReturn:
        raise _Refusal("it declares a document type, which XES has no use for and attacks do.")

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        filling = self.filling
        if filling is not None and (name in _VALUES or name in _NESTS):
            self._fill(filling, name, attributes)
        elif name == "event":
            self._open_event()
        elif name == "trace":
            self._open_trace()
        elif not self.path and name != "log":
            raise _Refusal(f"it is XML, but a <{name}>, not an XES <log>.")
        self.path.append(name)

    def close(self, _tag: str) -> None:
        name = self.path.pop()
        if self.keys and (name in _VALUES or name in _NESTS):
            self.keys.pop()
        elif name == "event":
            self.filling, self.row = self.traces, self.n_traces - 1
        elif name == "trace":
            self.filling = None

    def _open_trace(self) -> None:
        if self.path != ["log"]:
            raise _Refusal("a trace stands outside the log or inside another trace.")
        self.filling, self.row = self.traces, self.n_traces
        self.n_traces += 1

    def _open_event(self) -> None:
        if self.path != ["log", "trace"]:
            raise _Refusal("an event stands outside any trace, so nobody can say whose it is.")
        self.filling, self.row = self.events, len(self.trace_of)
        self.trace_of.append(self.n_traces - 1)

    def _fill(self, filling: _Columns, name: str, attributes: dict[str, str]) -> None:
        key = attributes.get("key", "")
        if self.keys:
            outer = self.keys[-1]
            key = f"{outer}/{key}" if key else outer
        if name in _VALUES:
            key = filling.add(key, self.row, attributes.get("value", ""))
        self.keys.append(key)

    def frame(self) -> pd.DataFrame:
        """Put the columns together, those of traces first."""
        owner = np.asarray(self.trace_of, dtype=np.int64)
        columns = {"case:concept:name": self._names()[owner]}
        for key in self.traces.rows:
            if key != _NAME:
                columns[f"case:{key}"] = self.traces.column(key, self.n_traces)[owner]
        for key in self.events.rows:
            columns[key] = self.events.column(key, len(owner))
        frame = pd.DataFrame({key: pd.Series(column, dtype="str") for key, column in columns.items()})
        frame.attrs["n_empty_traces"] = self.n_traces - len(np.unique(owner))
        return frame

    def _names(self) -> npt.NDArray[np.object_]:
        if _NAME not in self.traces.rows:
            return np.array([f"trace {place}" for place in range(1, self.n_traces + 1)], dtype=object)
        names = self.traces.column(_NAME, self.n_traces)
        taken = set(names)
        seen: set[str] = set()
        for place, name in enumerate(names):
            new = name if name is not None else f"trace {place + 1}"
            while new in seen or (new != name and new in taken):
                new = _next_twin(new)
            names[place] = new
            seen.add(new)
        return names


def _next_twin(key: str) -> str:
    stem, mark, number = key.rpartition("#")
    return f"{stem}#{int(number) + 1}" if mark and number.isdecimal() and number.isascii() else f"{key}#2"


def _chunks(path: Path) -> Iterator[bytes]:
    packed = path.stat().st_size
    with path.open("rb") as stream:
        is_packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        source = cast("IO[bytes]", gzip.GzipFile(fileobj=stream)) if is_packed else stream
        total = 0
        while chunk := source.read(_CHUNK):
            total += len(chunk)
            if total > _SMALL and total > _RATIO * packed:
                raise _Refusal(f"it unpacks to more than {total:,} bytes from {packed:,}. Unpack it if you trust it.")
            yield chunk
