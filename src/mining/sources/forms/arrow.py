"""Read columns that Arrow knows: Parquet, Feather, and whatever hands Arrow data over in memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import pandas as pd

from mining.sources.forms.archives import Content
from mining.sources.forms.cells import spelt_arrow
from mining.sources.forms.nested import tables_of_columns
from mining.sources.table import RawTable, unique_headers

__all__ = ["ArrowStream", "read_arrow", "read_feather", "read_parquet"]


@runtime_checkable
class ArrowStream(Protocol):
    """Anything that hands its rows over as Arrow data: a DuckDB relation, a polars frame, an ADBC result, ..."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand the rows over."""


def read_arrow(rows: ArrowStream, stem: str, file: str) -> Iterator[RawTable]:
    """Yield the table that something in memory hands over, and those of the lists inside its cells."""
    import pyarrow as pa

    yield from spelt_table(pa.table(rows), stem, file, "arrow")


def read_parquet(content: Content, stem: str, file: str) -> Iterator[RawTable]:
    """Yield the table of a Parquet file, and those of the lists inside its cells."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(content.path or io.BytesIO(content.read())) as opened:
        cells = opened.read()
    yield from spelt_table(cells, stem, file, "parquet")


def read_feather(content: Content, stem: str, file: str) -> Iterator[RawTable]:
    """Yield the table of a Feather (Arrow IPC) file, and those of the lists inside its cells."""
    import pyarrow as pa

    with pa.ipc.open_file(io.BytesIO(content.read())) as opened:
        cells = opened.read_all()
    yield from spelt_table(cells, stem, file, "feather")


def spelt_table(cells: Any, stem: str, file: str, encoding: str) -> Iterator[RawTable]:
    """Spell a table of Arrow out; structs become dotted columns, lists of them tables of their own."""
    columns, nested = {}, {}
    for name, column in zip(unique_headers(cells.column_names), cells.columns, strict=True):
        spelt = spelt_arrow(column)
        if spelt is None:
            nested[name] = column.to_pylist()
        else:
            columns[name] = spelt
    if nested:
        yield from tables_of_columns(columns, nested, cells.num_rows, stem, file=file, encoding=encoding)
    else:
        frame = pd.DataFrame(columns, index=pd.RangeIndex(cells.num_rows), dtype="str")
        yield RawTable.of_strings(stem, file, frame, encoding=encoding)
