"""Write journeys as XES: columnar string building, whole file or none."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

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
# XML 1.0 has no way to write these, escaped or not: a file that holds one cannot be read by anybody.
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)

_Texts = npt.NDArray[np.object_]


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
    log = "".join([_HEAD, *_lines(frame), _FOOT]).encode("utf-8")
    write_whole(path, gzip.compress(log, mtime=0) if path.suffix.lower() == ".gz" else log)


def _lines(frame: pd.DataFrame) -> list[str]:
    codes, names = pd.factorize(frame["journey_id"].astype("str"), use_na_sentinel=False)
    order = np.argsort(codes, kind="stable")
    codes, ordered = codes[order], frame.iloc[order]
    events: _Texts = np.full(len(ordered), "<event>", dtype=object)
    for field in ordered.columns:
        if field != "journey_id":
            events += _attributes(_KEYS.get(field, str(field)), ordered[field])
    events += "</event>\n"
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    heads = [f'<trace><string key="concept:name" value="{_escaped(name)}"/>\n' for name in names]
    events[starts] = np.array(heads, dtype=object) + events[starts]
    ends = np.append(starts[1:], len(codes))[: len(starts)] - 1
    events[ends] += "</trace>\n"
    written: list[str] = events.tolist()
    return written


def _attributes(key: str, column: pd.Series) -> _Texts:
    """Write one attribute for every row, each distinct value once."""
    kind, texts = _spelled(column)
    codes, words = pd.factorize(texts)
    opened = f'<{kind} key="{_escaped(key)}" value="'
    spelled = [f'{opened}{_escaped(word)}"/>' for word in words]
    attributes: _Texts = np.array([*spelled, ""], dtype=object)[codes]
    return attributes


def _spelled(column: pd.Series) -> tuple[str, pd.Series]:
    """Spell a column's values as XES does and say of what kind they are."""
    dtype = column.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype):
        moments = column if column.dt.tz is None else column.dt.tz_convert(None)
        spelled = np.datetime_as_string(moments.to_numpy("datetime64[us]"), unit="us").astype(object)
        return "date", pd.Series(spelled + "+00:00", dtype="str").where(column.notna().to_numpy())
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean", column.astype("str").str.lower()
    if pd.api.types.is_integer_dtype(dtype):
        return "int", column.astype("str")
    if pd.api.types.is_float_dtype(dtype):
        return "float", column.map(repr, na_action="ignore").astype("str")
    return "string", column.astype(object)


def _escaped(text: object) -> str:
    return _UNWRITABLE.sub("", str(text)).translate(_ESCAPES)
