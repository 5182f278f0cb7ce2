"""One reader per file format: bytes become tables of strings."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mining._errors import ExportError
from mining.sources import dialect
from mining.sources.archives import check_workbook
from mining.sources.encoding import decode
from mining.sources.table import RawTable, unique_headers

__all__ = ["SUFFIXES", "as_strings", "read_table"]

_EXACT = 2**53


def read_table(data: bytes, stem: str, file: str, suffix: str) -> Iterator[RawTable]:
    """Yield the tables of one file's bytes: one, or one per sheet.

    Parameters
    ----------
    data : bytes
        Whole file, unpacked.
    stem, file : str
        Name of the table and of the file.
    suffix : str
        Lower-case suffix with its dot.

    Raises
    ------
    ExportError
        When the bytes are not what the suffix says.
    """
    try:
        yield from SUFFIXES[suffix](data, stem, file)
    except ExportError:
        raise
    except (ValueError, KeyError, OSError, RecursionError) as error:
        raise ExportError.unreadable(
            file, f"it is no {suffix[1:]} file ({' '.join(str(error).split())[:200]})."
        ) from error


def as_strings(frame: pd.DataFrame) -> pd.DataFrame:
    """Spell every cell out without mangling ids: ``7.0`` in a column with gaps is ``7``, times are ISO, gaps empty."""
    spelt = {name: _spelt(frame.iloc[:, place]) for place, name in enumerate(unique_headers([str(c) for c in frame]))}
    return pd.DataFrame(spelt, index=pd.RangeIndex(len(frame)), dtype="str")


def _spelt(column: pd.Series) -> Any:
    missing = column.isna().to_numpy()
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("").to_numpy(dtype=object)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _iso(column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), missing, "Z")
    if np.issubdtype(getattr(column.dtype, "type", object), np.datetime64):
        return _iso(column.to_numpy(), missing, "")
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _spelt(column.astype(column.cat.categories.dtype))
    return np.array([_cell(value) for value in column.array], dtype=object)


def _iso(values: Any, missing: Any, zone: str) -> Any:
    text = np.datetime_as_string(values.astype("datetime64[us]"), unit="us").astype(object) + zone
    text[missing] = ""
    return text


def _cell(value: object) -> str:
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else str(int(value)) if value.is_integer() else repr(float(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return str(value)


def _delimited(data: bytes, stem: str, file: str) -> Iterator[RawTable]:
    text, encoding, proof = decode(data, file)
    yield dialect.parse(text, stem, file, encoding=encoding, encoding_proof=proof)


def _workbook(data: bytes, stem: str, file: str) -> Iterator[RawTable]:
    import python_calamine

    if data[:2] == b"PK":
        check_workbook(data, file)
    if data[:400].lstrip()[:1] == b"<":
        raise ExportError.unreadable(file, "it is a web page named as a workbook. Save it as CSV and read that.")
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except (python_calamine.CalamineError, python_calamine.PasswordError) as error:
        raise ExportError.unreadable(file, f"it is no workbook ({error}).") from error
    for name, rows in sheets.items():
        if rows:
            # A workbook of one sheet goes by its file's name: exporters call the sheet "Sheet1".
            yield _sheet(stem if len(sheets) == 1 else name, file, rows)


def _sheet(name: str, file: str, rows: list[list[Any]]) -> RawTable:
    filled = [sum(cell not in {"", None} for cell in row) for row in rows[:50]]
    header = next(place for place, count in enumerate(filled) if count >= max(filled) * 0.6)
    frame = pd.DataFrame(
        rows[header + 1 :], columns=unique_headers([_cell(cell) for cell in rows[header]]), dtype=object
    )
    rounded = sum(isinstance(cell, float) and abs(cell) >= _EXACT / 9 for row in rows[:1000] for cell in row)
    notes = ("numbers of more than 15 digits: ids may have been rounded, export as CSV",) if rounded else ()
    blank = (frame.isna() | (frame == "")).all(axis=1).to_numpy() if len(frame) else np.zeros(0, dtype=bool)
    numbers = np.arange(1, len(frame) + 1, dtype=np.int64)
    aside = (("empty", tuple(numbers[blank].tolist())),) if blank.any() else ()
    aside = (*aside, ("preamble", (0,) * header)) if header else aside
    strings = as_strings(frame.loc[~blank])
    return RawTable(name, file, strings, numbers[~blank], aside, {"encoding": "workbook", "notes": notes})


def _parquet(data: bytes, stem: str, file: str) -> Iterator[RawTable]:
    import pyarrow as pa
    import pyarrow.parquet

    cells = pa.parquet.read_table(pa.BufferReader(data))
    # Whole numbers with gaps must not pass through floats: cast in Arrow before pandas sees them.
    plain = [
        column.cast(pa.string()) if pa.types.is_integer(column.type) or pa.types.is_decimal(column.type) else column
        for column in cells.columns
    ]
    frame = pa.table(dict(zip(unique_headers(cells.column_names), plain, strict=True))).to_pandas()
    yield RawTable.of_strings(stem, file, as_strings(frame), encoding="parquet")


def _json(data: bytes, stem: str, file: str) -> Iterator[RawTable]:
    text, encoding, proof = decode(data, file)
    try:
        document = _loads(text)
    except json.JSONDecodeError:
        document = [_loads(line) for line in text.splitlines() if line.strip()]
    while isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        document = lists[0] if len(lists) == 1 else [document]
    records = [dict(_flat(record)) if isinstance(record, dict) else {"value": _cell(record)} for record in document]
    frame = pd.DataFrame(records, dtype=object).fillna("")
    yield RawTable.of_strings(stem, file, as_strings(frame), encoding=encoding, encoding_proof=proof)


def _loads(text: str) -> Any:
    # Numbers stay text, so a 20-digit id is not rounded.
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def _flat(record: dict[str, Any], before: str = "") -> Iterable[tuple[str, str]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        elif isinstance(value, list):
            simple = all(not isinstance(item, (dict, list)) for item in value)
            yield before + key, ";".join(map(_cell, value)) if simple else json.dumps(value, ensure_ascii=False)
        else:
            yield before + key, _cell(value)


def read_xes_table(path: Path) -> RawTable:
    """Read an XES event log from disk as a table named ``log``."""
    from mining._pm4py import read_xes

    return RawTable.of_strings("log", path.name, as_strings(read_xes(path)), encoding="xes")


SUFFIXES: dict[str, Callable[[bytes, str, str], Iterator[RawTable]]] = {
    ".csv": _delimited,
    ".tsv": _delimited,
    ".txt": _delimited,
    ".xlsx": _workbook,
    ".xlsm": _workbook,
    ".xls": _workbook,
    ".parquet": _parquet,
    ".json": _json,
    ".ndjson": _json,
    ".jsonl": _json,
}
