"""Put the stretches of an event log together into one frame of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mining._pm4py.log_parser import next_twin
from mining._pm4py.log_stretches import Cells, Stretch

__all__ = ["frame_of"]

_NAME: Final = "concept:name"
_Ints = npt.NDArray[np.int64]


def frame_of(stretches: Sequence[Stretch]) -> pd.DataFrame:
    """Build one row per event: the columns of the traces, then those of the events; the stretches are used up."""
    n_traces, n_events = (
        np.array([stretch.n_traces for stretch in stretches]),
        np.array([len(stretch.trace_of) for stretch in stretches]),
    )
    first_trace, first_event = _before(n_traces), _before(n_events)
    owner = np.concatenate([stretch.trace_of + first for stretch, first in zip(stretches, first_trace, strict=True)])
    rows = pa.array(owner)
    traces, events = [stretch.traces for stretch in stretches], [stretch.events for stretch in stretches]
    total = int(n_traces.sum())
    columns = {"case:concept:name": _text(_names(_column(_NAME, traces, first_trace, total)).take(rows))}
    for key in _keys(traces):
        columns[f"case:{key}"] = _text(_column(key, traces, first_trace, total).take(rows))
    for key in _keys(events):
        columns[key] = _text(_column(key, events, first_event, len(owner)))
    frame = pd.DataFrame(columns, copy=False)
    frame.attrs["n_empty_traces"] = total - len(np.unique(owner))
    return frame


def _before(sizes: _Ints) -> _Ints:
    return np.cumsum(sizes) - sizes


def _keys(parts: Iterable[dict[str, Cells]]) -> list[str]:
    return list(dict.fromkeys(key for part in parts for key in part))


def _column(key: str, parts: Sequence[dict[str, Cells]], firsts: _Ints, size: int) -> pa.Array:
    """Spell a column out, null where there is no value, and let go of what it was made of."""
    found = [(part.pop(key), first) for part, first in zip(parts, firsts, strict=True) if key in part]
    rows = np.concatenate([np.empty(0, dtype=np.int64), *(cells.rows + first for cells, first in found)])
    chunks = [cells.texts.cast(pa.large_string()) for cells, _ in found]
    values = pa.chunked_array(chunks, type=pa.large_string()).combine_chunks()
    if len(rows) == size:
        return values
    place = np.full(size, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return values.take(pa.array(place, mask=place < 0))


def _text(column: pa.Array) -> Any:
    return pd.array(column, dtype="str")


def _names(told: pa.Array) -> pa.Array:
    """Name every trace, so that no two bear one name."""
    names = told.to_pylist()
    taken = set(names)
    seen: set[str] = set()
    for place, name in enumerate(names):
        new = name if name is not None else f"trace {place + 1}"
        while new in seen or (new != name and new in taken):
            new = next_twin(new)
        names[place] = new
        seen.add(new)
    return pa.array(names, type=pa.large_string())
