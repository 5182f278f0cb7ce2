"""Touchpoints of a clean log: columns of codes, a frame only where somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mining._engine.codes import CodedLog
from mining._engine.columns import CODED, MEASURED, Codes, narrowest
from mining._engine.link import link_columns
from mining._engine.sequences import lexical_order
from mining._errors import FieldError
from mining._fields import CASES, FIELDS, TIMES, VOCABULARIES
from mining.sources.doubts.quality import Quality
from mining.sources.people.glued import People
from mining.sources.relations import Relations
from mining.sources.touchpoints import Flattened, Touchpoints

__all__ = ["ArrowColumns", "CleanTouchpoints"]

_SOURCE: Final = "log"
_KIND: Final = "touchpoint_kind"
_CONTACT: Final = "interaction"


class ArrowColumns:
    """The columns of an Arrow table of canonical fields, texts dictionary-encoded; coded when first asked for.

    Parameters
    ----------
    table : pyarrow.Table
        Canonical fields; times are timestamps in microseconds.
    """

    def __init__(self, table: pa.Table) -> None:
        self._n_rows = len(table)
        self._waiting: dict[str, pa.ChunkedArray] = {name: table[name] for name in table.column_names}
        self._known: dict[str, tuple[Codes, npt.NDArray[np.object_]]] = {}

    def __len__(self) -> int:
        return self._n_rows

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that can be asked for as codes: all, those that the log lacks are missing everywhere."""
        return CODED

    @property
    def measures(self) -> tuple[str, ...]:
        """Fields that are numbers."""
        return MEASURED

    def has(self, field: str) -> bool:
        """Tell whether the log has a field at all."""
        return field in self._waiting or field in self._known

    def coded(self, field: str) -> tuple[Codes, npt.NDArray[np.object_]]:
        """Give a field's codes, -1 where missing, and its words, sorted."""
        if field in self._waiting:
            self._known[field] = _coded(self._waiting.pop(field))
        if field not in self._known:
            # Where nothing says what kind a touchpoint is, it is a contact, as it is for logs asked in place.
            said = field == _KIND and self._n_rows > 0
            alike = np.broadcast_to(np.int8(0 if said else -1), self._n_rows)
            return alike, np.array([_CONTACT] if said else [], dtype=object)
        return self._known[field]

    def measured(self, field: str) -> npt.NDArray[np.float64]:
        """Give a field's numbers, NaN where missing."""
        if field not in self._waiting:
            return np.full(self._n_rows, np.nan)
        return np.asarray(self._waiting[field].to_numpy(), float)

    def moments(self, field: str) -> npt.NDArray[np.int64]:
        """Give a field's times in microseconds since 1970, the smallest integer where missing."""
        if field not in self._waiting:
            return np.full(self._n_rows, np.iinfo(np.int64).min)
        column = self._waiting[field].cast(pa.int64())
        known = column.fill_null(np.iinfo(np.int64).min) if column.null_count else column
        return np.asarray(known.to_numpy(), np.int64)

    def order(self) -> npt.NDArray[np.int64] | None:
        """Give `seq`, None where the log has none."""
        if "seq" not in self._waiting or self._waiting["seq"].null_count:
            return None
        return np.asarray(self._waiting["seq"].to_numpy(), np.int64)


def _coded(column: pa.ChunkedArray) -> tuple[Codes, npt.NDArray[np.object_]]:
    """Make codes of a dictionary-encoded column whose words are in order, whatever order they came in."""
    column = column.unify_dictionaries()
    if column.num_chunks == 0:
        return np.zeros(0, np.int8), np.zeros(0, dtype=object)
    words = column.chunk(0).dictionary.cast(pa.large_string())
    order = _text_order(words)
    rank = np.full(len(words) + 1, -1, narrowest(len(words)))
    rank[order] = np.arange(len(words))
    codes = np.empty(len(column), rank.dtype)
    start = 0
    for chunk in column.chunks:
        indices = chunk.indices
        known = indices.fill_null(len(words)) if indices.null_count else indices
        np.take(rank, known.to_numpy(), out=codes[start : start + len(chunk)])
        start += len(chunk)
    return codes, words.take(pa.array(order)).to_numpy(zero_copy_only=False)


def _text_order(words: pa.Array) -> npt.NDArray[np.int64]:
    """Order texts by their bytes, which is the order of their characters' numbers and Python's own."""
    _, places, content = words.buffers()
    offsets = np.frombuffer(places, np.int64, len(words) + 1, words.offset * 8)
    flat = np.frombuffer(content, np.uint8) if content is not None and content.size else np.zeros(0, np.uint8)
    return lexical_order(flat, offsets)


class CleanTouchpoints(Touchpoints):
    """Touchpoints of a clean log. All that touchpoints can do; the frame is made when it is first asked for.

    Parameters
    ----------
    columns : ArrowColumns
        What was read.
    name : str
        Name of the file.
    n_rows : int
        Rows of the file.
    lacking : mapping
        Field to the number of rows that lack it and are set aside for it.
    """

    def __init__(self, columns: ArrowColumns, name: str, n_rows: int, lacking: Mapping[str, int]) -> None:
        given: dict[str, Any] = {
            "columns": columns,
            "name": name,
            "objects": {},
            "quality": _quality(columns, name, n_rows, lacking),
            "relations": Relations(),
            "people": People(),
        }
        given["_latest"] = given["quality"].as_of
        for field, value in given.items():
            object.__setattr__(self, field, value)

    columns: ArrowColumns
    name: str
    _latest: pd.Timestamp

    def __len__(self) -> int:
        return len(self.columns)

    def flattened(self, case: str, look_back: str | pd.Timedelta | None = None, *, doubtful: bool = False) -> Flattened:
        """Give these touchpoints: a clean log has one row per touchpoint and case, and doubts nothing."""
        if case not in CASES:
            raise FieldError.unknown("case notion", case, CASES)
        if look_back is not None:  # whose touchpoints may join is asked of the frame
            plain = Touchpoints(self.frame, self.objects, self.quality)
            return plain.flattened(case, look_back, doubtful=doubtful)
        return Flattened(self, case)

    def linked(self, case: str, gap: pd.Timedelta | None = None) -> CodedLog:
        """Sort and code the touchpoints under a case notion, without making a frame of them."""
        time = self.columns.moments("timestamp")
        ends = np.maximum(self.columns.moments("end_timestamp"), time) if self.columns.has("end_timestamp") else None
        return link_columns(self.columns, case, time=time, ends=ends, seq=self.columns.order(), gap=gap)

    def n_naming(self, case: str) -> int:
        """Count the touchpoints that name a case."""
        return int((self.columns.coded(case)[0] >= 0).sum())

    @property
    def observed_until(self) -> pd.Timestamp:
        """The latest touchpoint."""
        return self._latest

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per touchpoint in the order of the file, canonical fields."""
        return pd.DataFrame({field.name: self._column(field.name, field.kind) for field in FIELDS})

    def _column(self, name: str, kind: str) -> pd.Series[Any]:
        n = len(self)
        if name in TIMES:
            return self._moments(name)
        if name in MEASURED:
            return pd.Series(self.columns.measured(name))
        if name in {"seq", "source_row"}:
            given = self.columns.order() if name == "seq" else None
            return pd.Series(np.arange(1, n + 1) if given is None else given)
        if kind == "flag":
            return pd.Series(np.zeros(n, bool))
        return self._texts(name)

    def _moments(self, name: str) -> pd.Series[pd.Timestamp]:
        micros = self.columns.moments(name)  # the smallest integer is what "no time" is made of
        return pd.Series(micros.view("datetime64[us]")).dt.tz_localize("UTC")

    def _texts(self, name: str) -> pd.Series[Any]:
        always = {"source": _SOURCE, "source_table": self.name, "source_file": self.name}
        if name == "touchpoint_id":
            rows = pd.Series(np.arange(1, len(self) + 1)).astype("str")
            return pd.Series(f"{_SOURCE}:{self.name}:" + rows, dtype="str")
        if name in always and not self.columns.has(name):
            return pd.Series(always[name], index=range(len(self)), dtype="str")
        codes, words = self.columns.coded(name)
        told = pd.Series(pd.array(words, dtype="str").take(codes, allow_fill=True))
        return told.astype(pd.CategoricalDtype(list(VOCABULARIES[name]))) if name in VOCABULARIES else told


def _quality(columns: ArrowColumns, name: str, n_rows: int, lacking: Mapping[str, int]) -> Quality:
    told = {f"no_{field}": n for field, n in lacking.items() if n} or {"": 0}
    ledger = pd.DataFrame(
        [(_SOURCE, name, name, n_rows, len(columns), rule, n, "") for rule, n in told.items()],
        columns=["source", "table", "file", "rows_in", "rows_used", "rule", "rows_aside", "example_rows"],
    )
    latest = pd.Timestamp(int(columns.moments("timestamp").max()), unit="us", tz="UTC")
    return Quality(ledger, pd.DataFrame(), pd.DataFrame(), float("nan"), latest)
