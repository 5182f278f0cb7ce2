"""A linked log as one Parquet file: reopened without linking it again, columns read when they are asked for."""

from __future__ import annotations

import base64
import json
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mining._engine import CodedLog
from mining._errors import ExportError
from mining._fields import FIELDS
from mining._files import whole_file
from mining.journeys.journeys import Journeys
from mining.sources.clean_touchpoints import ArrowColumns, CleanTouchpoints

__all__ = ["open_journeys", "write_journeys"]

_KEY: Final = b"mining"
_FORM: Final = "linked log 2"
_COUNTS: Final = ("unlinked", "replicated", "left_out", "joined")
_SEEN: Final = ("seen_from", "seen_until")
_FILLED: Final = ("source_table", "touchpoint_kind")  # what a clean log without them would fill
_TIMES: Final = ("timestamp", "end_timestamp")


class _ParquetColumns(ArrowColumns):
    """Columns of a Parquet file in the order of the log, each read when it is first asked for."""

    def __init__(self, path: Path) -> None:
        there = set(pq.read_schema(path).names)
        texts = [field.name for field in FIELDS if field.kind in {"text", "word", "object"} and field.name in there]
        self.file = pq.ParquetFile(path, read_dictionary=texts, thrift_string_size_limit=2**31 - 1)
        super().__init__(self.file.schema_arrow.empty_table())
        self._n_rows = self.file.metadata.num_rows
        self._waiting = _OnDemand(self.file)


class _OnDemand(dict[str, Any]):
    def __init__(self, file: pq.ParquetFile) -> None:
        super().__init__(dict.fromkeys(file.schema_arrow.names))
        self._file = file

    def __getitem__(self, field: str) -> Any:
        return self._file.read(columns=[field]).column(0)

    def pop(self, field: str) -> Any:  # type: ignore[override]
        column = self[field]
        super().pop(field)
        return column


class _StoredTouchpoints(CleanTouchpoints):
    """Touchpoints of a stored log; the frame is read from the file when it is first asked for."""

    columns: _ParquetColumns

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per touchpoint in the order of the journeys, canonical fields."""
        there = self.columns.file.schema_arrow.names
        kept = [name for name in _provenance() if name in there]
        stored = self.columns.file.read(columns=kept).to_pandas()
        stored = stored.astype({name: "str" for name in kept if isinstance(stored[name].dtype, pd.CategoricalDtype)})
        made = {spec.name: self._column(spec.name, spec.kind) for spec in FIELDS if spec.name not in kept}
        frame: pd.DataFrame = stored.assign(**made)[[spec.name for spec in FIELDS]]
        return frame


def _provenance() -> list[str]:
    """Name the fields that questions are not asked of, but that say where a touchpoint comes from."""
    coded = {*ArrowColumns(pa.table({})).fields, *ArrowColumns(pa.table({})).measures, *_TIMES}
    return [field.name for field in FIELDS if field.name not in coded]


def write_journeys(journeys: Journeys, path: Path | str) -> Path:
    """Write journeys as one Parquet file, the whole file or none.

    Parameters
    ----------
    journeys : Journeys
        At least one.
    path : Path or str
        The file; by custom it ends in ``.parquet``.

    Returns
    -------
    Path
        The file written.
    """
    touchpoints = journeys.touchpoints
    columns = _columns(journeys.log)
    if not isinstance(touchpoints, CleanTouchpoints):
        told = touchpoints.frame[_provenance()].iloc[journeys.log.rows]
        columns |= {name: pa.array(told[name], from_pandas=True) for name in told.columns}
    said = {
        "form": _FORM,
        "case": journeys.case,
        "case_field": journeys.case_field,
        "told": journeys.told,
        "gap": None if journeys.gap is None else journeys.gap.isoformat(),
        **{name: _spelled(getattr(journeys, name)) for name in _SEEN},
        "observed_until": touchpoints.observed_until.isoformat(),
        "objects": {kind: _packed(frame) for kind, frame in touchpoints.objects.items()},
        **{name: int(getattr(journeys, name)) for name in _COUNTS},
    }
    table = pa.table(columns).replace_schema_metadata({_KEY: json.dumps(said).encode()})
    with whole_file(Path(path)) as file:
        texts = [name for name in table.column_names if pa.types.is_dictionary(table.schema.field(name).type)]
        # One dictionary per column for the whole file: with many, ids would be spelt out again and again.
        pq.write_table(
            table,
            file,
            compression="zstd",
            compression_level=1,
            use_dictionary=texts,
            dictionary_pagesize_limit=2**30,
            row_group_size=max(len(table), 1),
        )
    return Path(path)


def open_journeys(path: Path | str) -> Journeys:
    """Open journeys that were written before: nothing is linked again, and columns are read when they are asked for.

    Parameters
    ----------
    path : Path or str
        What `write_journeys` wrote.

    Returns
    -------
    Journeys
        The same as were written, objects' attributes included. Of the quality report the number of rows is left.

    Raises
    ------
    ExportError
        For a file that is missing or holds no journeys.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError.missing(path)
    try:
        columns = _ParquetColumns(path)
        said = json.loads((columns.file.schema_arrow.metadata or {}).get(_KEY, b"{}"))
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise ExportError.unreadable(path, f"{str(error).splitlines()[0]}.") from error
    if said.get("form") != _FORM:
        raise ExportError.unreadable(path, "it holds no journeys. `mining.open_log` opens touchpoints.")
    touchpoints = _StoredTouchpoints(columns, path.name, len(columns), {})
    objects = {kind: _unpacked(text) for kind, text in said["objects"].items()}
    object.__setattr__(touchpoints, "objects", objects)
    object.__setattr__(touchpoints, "_latest", pd.Timestamp(said["observed_until"]))
    log = _log(columns, said["case_field"])
    kept: dict[str, Any] = {name: said[name] and pd.Timestamp(said[name]) for name in _SEEN}
    kept |= {name: said[name] for name in _COUNTS}
    return Journeys(
        log, touchpoints, said["case"], gap=said["gap"] and pd.Timedelta(said["gap"]), told=said["told"], **kept
    )


def _log(columns: _ParquetColumns, case: str) -> CodedLog:
    stored = columns.file.read(columns=["journey", "timestamp"])
    journey = stored["journey"].to_numpy()
    time = stored["timestamp"].cast(pa.int64()).to_numpy()
    starts = np.flatnonzero(np.diff(journey, prepend=-1))
    codes, cases = columns.coded(case)
    part, certainty = (
        columns.file.read(columns=[name])[0].to_numpy()[starts] if columns.has(name) else None
        for name in ("journey_part", "journey_certainty")
    )
    return CodedLog(
        columns=columns,
        rows=np.arange(len(time)),
        offsets=np.append(starts, len(time)).astype(np.int64),
        time=time,
        end_time=columns.moments("end_timestamp") if columns.has("end_timestamp") else time,
        case=codes[starts].astype(np.int64),
        cases=cases,
        part=None if part is None else part.astype(np.int64),
        certainty=certainty,
    )


def _columns(log: CodedLog) -> dict[str, Any]:
    """Lay the log out as columns, in its order."""
    columns: dict[str, Any] = {"journey": pa.array(log.journey_of.astype(np.int32)), "timestamp": _moments(log.time)}
    if log.part is not None:
        columns["journey_part"] = pa.array(np.repeat(log.part, log.lengths).astype(np.int32))
    if log.certainty is not None:
        columns["journey_certainty"] = pa.array(np.repeat(log.certainty, log.lengths))
    if log.end_time is not log.time:
        columns["end_timestamp"] = _moments(log.end_time)
    for field in log.columns.fields:
        if len(log.words[field]) or field in _FILLED:
            codes = pa.array(log.codes[field], mask=log.codes[field] < 0)
            columns[field] = pa.DictionaryArray.from_arrays(codes, pa.array(log.words[field], pa.string()))
    for field in log.columns.measures:
        if not np.isnan(log.numbers[field]).all():
            columns[field] = pa.array(log.numbers[field])
    return columns


def _moments(micros: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(micros.view("datetime64[us]")).cast(pa.timestamp("us", tz="UTC"))


def _spelled(moment: pd.Timestamp | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _packed(frame: pd.DataFrame) -> str:
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pandas(frame)
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return base64.b64encode(sink.getvalue()).decode("ascii")


def _unpacked(text: str) -> pd.DataFrame:
    frame: pd.DataFrame = pa.ipc.open_file(pa.py_buffer(base64.b64decode(text))).read_all().to_pandas()
    return frame
