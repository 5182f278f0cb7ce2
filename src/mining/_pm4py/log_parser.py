"""XES as the XML parser tells it: strict, one element after the other."""

from __future__ import annotations

from typing import Final, NoReturn
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from mining._pm4py.log_stretches import Cells, Stretch

__all__ = ["DetourError", "LogParser", "RefusalError", "next_twin"]

_VALUES: Final = frozenset({"string", "date", "int", "float", "boolean", "id"})
_NESTS: Final = frozenset({"list", "container", "values"})
_STAND_IN: Final = "stretch"
_UNICODE: Final = frozenset({"utf-8", "utf8"})


class RefusalError(Exception):
    """What is wrong with the file; it becomes an error that knows the file."""


class DetourError(Exception):
    """A stretch that was read at once stands where no trace can: the parser has to read it all."""


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
            return self.add(next_twin(key), row, value)
        return key

    def cells(self) -> dict[str, Cells]:
        """Hand the columns over."""
        return {
            key: Cells(np.asarray(rows, dtype=np.int64), pa.array(self.values[key], type=pa.large_string()))
            for key, rows in self.rows.items()
        }


class LogParser:
    """Reads XES as it is fed; stretches of whole traces that somebody else has read may take their place in between.

    Attributes
    ----------
    stretches : list of Stretch
        What was read, in the order of the file; whole when `close` has been called.
    """

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self._path: list[str] = []
        self._keys: list[str] = []
        self._is_unicode = True
        self._awaited: Stretch | None = None
        self._begin()
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.XmlDeclHandler = self._declare
        self._parser.StartDoctypeDeclHandler = self._refuse_document_type
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close

    @property
    def is_between_traces(self) -> bool:
        """Whether the next trace may be read by somebody else: it stands in the log, and its letters are UTF-8."""
        return self._path == ["log"] and self._is_unicode

    def feed(self, data: bytes) -> None:
        """Read on."""
        self._parser.Parse(data, False)

    def take(self, stretch: Stretch) -> None:
        """Put traces that were read already where the file has got to.

        The parser gets an element in their place, and must find it in the log: were this the inside of a comment, it
        would not.
        """
        self._awaited = stretch
        self._parser.Parse(f"<{_STAND_IN}/>".encode(), False)
        if self._awaited is not None:
            raise DetourError

    def close(self) -> None:
        """Hold that the file ends here."""
        self._parser.Parse(b"", True)
        self._put_away()

    def _begin(self) -> None:
        self._events, self._traces, self._trace_of, self._n_traces = _Columns(), _Columns(), list[int](), 0
        self._filling: _Columns | None = None
        self._row = -1

    def _put_away(self) -> None:
        owner = np.asarray(self._trace_of, dtype=np.int64)
        self.stretches.append(Stretch(self._n_traces, owner, self._traces.cells(), self._events.cells()))
        self._begin()

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._is_unicode = encoding is None or encoding.lower() in _UNICODE

    def _refuse_document_type(self, *_: object) -> NoReturn:
        raise RefusalError("it declares a document type, which XES has no use for and attacks do.")

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        filling = self._filling
        if filling is not None and (name in _VALUES or name in _NESTS):
            self._fill(filling, name, attributes)
        elif name == "event":
            self._open_event()
        elif name == "trace":
            self._open_trace()
        elif not self._path and name != "log":
            raise RefusalError(f"it is XML, but a <{name}>, not an XES <log>.")
        elif self._awaited is not None and self._path == ["log"]:
            self._put_away()
            self.stretches.append(self._awaited)
            self._awaited = None
        self._path.append(name)

    def _close(self, _tag: str) -> None:
        name = self._path.pop()
        if self._keys and (name in _VALUES or name in _NESTS):
            self._keys.pop()
        elif name == "event":
            self._filling, self._row = self._traces, self._n_traces - 1
        elif name == "trace":
            self._filling = None

    def _open_trace(self) -> None:
        if self._path != ["log"]:
            raise RefusalError("a trace stands outside the log or inside another trace.")
        self._filling, self._row = self._traces, self._n_traces
        self._n_traces += 1

    def _open_event(self) -> None:
        if self._path != ["log", "trace"]:
            raise RefusalError("an event stands outside any trace, so nobody can say whose it is.")
        self._filling, self._row = self._events, len(self._trace_of)
        self._trace_of.append(self._n_traces - 1)

    def _fill(self, filling: _Columns, name: str, attributes: dict[str, str]) -> None:
        key = attributes.get("key", "")
        if self._keys:
            outer = self._keys[-1]
            key = f"{outer}/{key}" if key else outer
        if name in _VALUES:
            key = filling.add(key, self._row, attributes.get("value", ""))
        self._keys.append(key)


def next_twin(key: str) -> str:
    """Name what bears a name that is taken: ``key#2``, then ``key#3``.

    Examples
    --------
    >>> next_twin("cost"), next_twin("cost#2")
    ('cost#2', 'cost#3')
    """
    stem, mark, number = key.rpartition("#")
    return f"{stem}#{int(number) + 1}" if mark and number.isdecimal() and number.isascii() else f"{key}#2"
