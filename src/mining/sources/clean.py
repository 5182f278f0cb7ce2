"""Open a clean log: fixed fields already, ISO times, no record to repair. Columns in, nothing else made."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

from mining._engine.columns import CODED, MEASURED
from mining._errors import ColumnError, ExportError, FieldError, MemoryBudgetError, MiningError
from mining._fields import TIMES
from mining.sources.clean_touchpoints import ArrowColumns, CleanTouchpoints

__all__ = ["open_log"]

_NEEDED: Final = ("activity", "timestamp")
_READ: Final = (*CODED, *MEASURED, "timestamp", "end_timestamp", "seq")
_CODES: Final = pa.dictionary(pa.int32(), pa.string())
_BLOCK: Final = 1 << 24
_HEAD: Final = 1 << 16
_OFFSET: Final = re.compile(r"(Z|:\d\d(\.\d+)?[+-]\d\d(:?\d\d)?)\s*$")
_INSTEAD: Final = "`mining.read_crm` reads what is not clean, and says what it sets aside."


def open_log(path: Path | str, *, columns: Mapping[str, str] | None = None) -> CleanTouchpoints:
    """Open a clean log at the speed of the disk: CSV or Parquet with one touchpoint per row in the fixed fields.

    Clean means: UTF-8, comma-separated with a header, ISO times (UTC where no offset is written). Nothing is repaired
    and nobody is recognised; ids stay as they are. Rows without activity or time are set aside and counted in
    `quality`; anything else that is not clean is refused. Fields that a file does not have are missing. Where there is
    no `seq`, touchpoints of one journey at one time are ordered by activity, by end, then by their other
    fields.

    Parameters
    ----------
    path : Path or str
        ``.csv`` (may be packed: ``.csv.gz``), ``.parquet``, ``.arrow`` or ``.feather``.
    columns : mapping, optional
        Field to the file's column, for those that the file calls otherwise: ``{"record": "case_id"}``.

    Returns
    -------
    Touchpoints
        Its frame is made when it is first asked for; `by` needs none.

    Raises
    ------
    ExportError
        For a file that is missing, of another form or not clean.
    ColumnError
        Where a column that is named, or activity or timestamp, is not there.
    FieldError
        For a field that touchpoints do not have.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError.missing(path)
    named = dict(columns or {})
    for field in named:
        if field not in _READ:
            raise FieldError.unknown("field", field, _READ)
    read = _csv if path.name.lower().endswith((".csv", ".csv.gz")) else _arrow
    try:
        table = read(path, named)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise ExportError.unreadable(path, f"{_first_line(error)}. {_INSTEAD}") from error
    except MemoryError as error:
        raise MemoryBudgetError.of(f"'{path.name}'") from error
    return _kept(table, path)


def _kept(table: pa.Table, path: Path) -> CleanTouchpoints:
    """Set rows without activity or time aside."""
    rows, nameless = len(table), table["activity"].null_count
    if nameless or table["timestamp"].null_count:
        table = table.filter(pc.and_(pc.is_valid(table["activity"]), pc.is_valid(table["timestamp"])))
    lacking = {"activity": nameless, "timestamp": rows - len(table) - nameless}
    if not len(table):
        raise MiningError.empty(f"The log '{path.name}'", "no row has an activity and a time.")
    return CleanTouchpoints(ArrowColumns(table), path.name, rows, lacking)


def _chosen(has: list[str], named: Mapping[str, str], name: str) -> dict[str, str]:
    """Say which column of the file is which field."""
    chosen = {field: named.get(field, field) for field in _READ if field in named or field in has}
    chosen |= {field: named.get(field, field) for field in _NEEDED}
    for field, column in chosen.items():
        if column not in has:
            raise ColumnError.column(column, field, name, has)
    return chosen


def _csv(path: Path, named: Mapping[str, str]) -> pa.Table:
    with pa.input_stream(path, compression="detect") as stream:
        head = stream.read(_HEAD).decode("utf-8-sig", errors="replace")
    lines = list(islice(csv.reader(StringIO(head)), 2))
    if not lines:
        raise ExportError.unreadable(path, "it is empty.")
    chosen = _chosen(lines[0], named, path.name)
    first = dict(zip(lines[0], lines[-1], strict=False))
    convert = pa.csv.ConvertOptions(
        column_types={column: _type(field, first.get(column, "")) for field, column in chosen.items()},
        include_columns=list(chosen.values()),
        null_values=[""],
        strings_can_be_null=True,
        timestamp_parsers=[pa.csv.ISO8601],
    )
    table = pa.csv.read_csv(path, read_options=pa.csv.ReadOptions(block_size=_BLOCK), convert_options=convert)
    return table.rename_columns(list(chosen))


def _type(field: str, example: str) -> pa.DataType:
    """Say what a column of text is read as; Arrow wants to know whether times bear an offset."""
    if field in TIMES:
        return pa.timestamp("us", tz="UTC" if _OFFSET.search(example) else None)
    if field == "seq":
        return pa.int64()
    return pa.float64() if field in MEASURED else _CODES


def _arrow(path: Path, named: Mapping[str, str]) -> pa.Table:
    is_parquet = path.suffix.lower() in {".parquet", ".pq"}
    if not is_parquet and path.suffix.lower() not in {".arrow", ".feather"}:
        raise ExportError.unreadable(path, f"a clean log is .csv, .parquet, .arrow or .feather. {_INSTEAD}")
    schema = pa.parquet.read_schema(path) if is_parquet else pa.ipc.open_file(path).schema
    chosen = _chosen(schema.names, named, path.name)
    wanted = list(chosen.values())
    if is_parquet:
        texts = [column for field, column in chosen.items() if field in CODED]
        table = pa.parquet.read_table(path, columns=wanted, read_dictionary=texts)
    else:
        table = pa.feather.read_table(path, columns=wanted, memory_map=True)
    table = table.select(wanted).rename_columns(list(chosen))
    return pa.table({field: _cast(field, table[field]) for field in chosen})


def _cast(field: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if field in TIMES:
        if not pa.types.is_timestamp(column.type):
            raise pa.ArrowInvalid(f"'{field}' holds {column.type}, not times")
        return column.cast(pa.timestamp("us", tz=column.type.tz))
    if field in CODED and not pa.types.is_dictionary(column.type):
        return column.cast(pa.string()).dictionary_encode()
    return column if field in CODED else column.cast(_type(field, ""))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(". ")
