"""Write journeys as XES: columns of text are joined in Arrow, no Python text per event; whole file or none."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mining._errors import FieldError
from mining._files import write_whole

__all__ = ["write_xes"]

_KEYS: Final = {
    "activity": "concept:name",
    "timestamp": "time:timestamp",
    "actor": "org:resource",
    "team": "org:group",
    "amount": "cost:total",
}
_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Cost" prefix="cost" uri="http://www.xes-standard.org/cost.xesext"/>
<classifier name="Activity" keys="concept:name"/>
"""
_FOOT: Final = "</log>\n"
_BLOCK: Final = 1 << 16  # events that are written at once
# XML 1.0 has no way to write these, escaped or not: a file that holds one cannot be read by anybody.
_UNWRITABLE: Final = r"[^\t\n\r\x{20}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]"
_LONE: Final = re.compile("[\ud800-\udfff]")  # Arrow has no way to hold these
_ESCAPES: Final = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"
}  # fmt: skip
# Letters with which a text may need more than to be written as it is.
_DOUBTFUL: Final = np.isin(np.arange(256), [*range(32), *map(ord, _ESCAPES), 0xEF])

_Ints = npt.NDArray[np.int64]


def write_xes(frame: pd.DataFrame, path: Path) -> None:
    """Write touchpoints as an XES event log.

    `journey_id` names the traces; activity, timestamp, actor, team and amount go under the standard keys, every other
    field under its own name. Missing values are not written; characters that XML cannot hold are left out. Journeys
    keep the order of their first row, touchpoints the order of their rows. The file is there whole or not at all.

    Parameters
    ----------
    frame : DataFrame
        One row per touchpoint: journey_id and canonical fields.
    path : Path
        Where to; packed with gzip when the name ends in ``.gz``.

    Raises
    ------
    FieldError
        Without journey_id.
    """
    if "journey_id" not in frame.columns:
        raise FieldError.unknown("field", "journey_id", frame.columns)
    buffer = BytesIO()
    is_packed = path.suffix.lower() == ".gz"
    with gzip.GzipFile("", "wb", 6, buffer, 0) if is_packed else nullcontext(buffer) as file:
        file.write(_HEAD.encode())
        for block in _blocks(frame):
            file.write(block)
        file.write(_FOOT.encode())
    write_whole(path, buffer.getvalue())


def _blocks(frame: pd.DataFrame) -> Iterator[memoryview]:
    """Yield the events in order, with the beginnings and ends of their traces, some at a time."""
    codes, names = pd.factorize(frame["journey_id"].astype("str"), use_na_sentinel=False)
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    is_first = np.diff(codes, prepend=-1) != 0
    is_last = np.append(is_first[1:], True)[: len(codes)]
    heads = _escaped(pa.array(map(str, names), type=pa.large_string()))
    fields = [field for field in frame.columns if field != "journey_id" and frame[field].notna().any()]
    for start in range(0, len(order), _BLOCK):
        here = slice(start, start + _BLOCK)
        head = heads.take(pa.array(codes[here], mask=~is_first[here]))
        parts = [_framed('<trace><string key="concept:name" value="', head, '"/>\n'), _constant("<event>")]
        rows = order[here]
        for field in fields:
            parts += _attribute(_KEYS.get(field, str(field)), frame[field].iloc[rows])
        tail = pa.array(np.full(len(rows), "</trace>\n"), type=pa.large_string(), mask=~is_last[here])
        yield _letters(_joined(*parts, _constant("</event>\n"), tail)).data


def _attribute(key: str, column: pd.Series) -> list[Any]:
    """Write one attribute for every row, as pieces to join."""
    kind, pieces = _spelled(column)
    opened, closed = f'<{kind} key="{_escaped(pa.array([key], pa.large_string()))[0]}" value="', '"/>'
    if column.notna().all():
        return [_constant(opened), *pieces, _constant(closed)]
    return [_framed(opened, _joined(*pieces, missing="emit_null"), closed)]


def _spelled(column: pd.Series) -> tuple[str, list[Any]]:
    """Spell a column's values as XES does, in pieces to join, and say of what kind they are."""
    dtype = column.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype):
        moments = column if column.dt.tz is None else column.dt.tz_convert(None)
        times = pa.array(moments.to_numpy("datetime64[us]"))
        days, hours = (times.cast(part).cast(pa.large_string()) for part in (pa.date32(), pa.time64("us")))
        return "date", [days, _constant("T"), hours, _constant("+00:00")]
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean", [pa.array(column.astype("boolean")).cast(pa.large_string())]
    if pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_float_dtype(dtype):
        kind = "int" if pd.api.types.is_integer_dtype(dtype) else "float"
        return kind, [pa.array(column, from_pandas=True).cast(pa.large_string())]
    return "string", [_escaped(_texts(column))]


def _texts(column: pd.Series) -> pa.Array:
    if isinstance(column.dtype, pd.StringDtype):
        return pa.array(column.array, type=pa.large_string())
    if isinstance(column.dtype, pd.CategoricalDtype):
        words = _texts(column.cat.categories.to_series())
        codes = column.cat.codes.to_numpy()
        return words.take(pa.array(codes, mask=codes < 0))
    cells = zip(column.to_numpy(dtype=object), column.isna(), strict=True)
    texts = [None if gone else _LONE.sub("", str(cell)) for cell, gone in cells]
    return pa.array(texts, type=pa.large_string())


def _escaped(texts: pa.Array) -> pa.Array:
    """Write what XML reads as something else as references, and leave out what it cannot hold."""
    if not _DOUBTFUL[_letters(texts)].any():
        return texts
    encoded = texts.dictionary_encode()
    words = pc.replace_substring_regex(encoded.dictionary, _UNWRITABLE, "")
    for letter, reference in _ESCAPES.items():
        words = pc.replace_substring(words, letter, reference)
    return words.take(encoded.indices)


def _letters(texts: pa.Array) -> npt.NDArray[np.uint8]:
    """Look at the letters of all texts, one text behind the other."""
    _, places, letters = texts.buffers()
    if letters is None:
        return np.empty(0, np.uint8)
    borders = np.frombuffer(places, np.int64, len(texts) + 1, texts.offset * 8)
    return np.frombuffer(letters, np.uint8)[borders[0] : borders[-1]]


def _constant(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _framed(before: str, texts: pa.Array, after: str) -> pa.Array:
    return _joined(_constant(before), texts, _constant(after), missing="emit_null")


def _joined(*pieces: Any, missing: str = "replace") -> pa.Array:
    return pc.binary_join_element_wise(*pieces, _constant(""), null_handling=missing)
