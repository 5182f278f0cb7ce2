"""Make a table of rows of cells, as sheets and web pages hold them: header found, what is no record set aside."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mining._errors import ExportError
from mining.sources.forms.cells import spelt_cell, spelt_cells
from mining.sources.forms.remnants import remarks, sift
from mining.sources.table import RawTable, unique_headers

__all__ = ["CELLS", "check_size", "table_of_rows"]

# Twenty columns of two million rows: what may lie in memory as Python objects.
CELLS: Final = 40_000_000
_LOOKED_AT: Final = 50
_FIFTEEN_DIGITS: Final = 1e15

Rows = Sequence[Sequence[object]]
Mask = npt.NDArray[np.bool_]


def check_size(rows: int, columns: int, file: str) -> None:
    """Refuse a sheet whose rectangle would not fit into memory, however few of its cells are filled."""
    if rows * columns > CELLS:
        raise ExportError.unreadable(
            file,
            f"a sheet spans {rows:,} rows and {columns:,} columns, and at most {CELLS:,} cells are read. "
            "Delete the stray cells far from the data, or export CSV.",
        )


def table_of_rows(rows: Rows, name: str, file: str, *, notes: Sequence[str] = (), **facts: object) -> RawTable:
    """Make a table of rows of cells.

    The header is the first of the leading rows that is filled nearly as wide as any. Rows before it, blank rows,
    repeated headers and footers are set aside.

    Parameters
    ----------
    rows : sequence of sequence
        Cells of any type, blank where None or an empty string; shorter rows are filled up.
    name, file : str
        Name of the table and of the file.
    notes : sequence of str
        Remarks for the quality report.
    **facts
        What else is known of the file.

    Returns
    -------
    RawTable
        Strings, record numbers from 1 below the header, and what was set aside.
    """
    header = _header(rows)
    titles = [spelt_cell(cell) for cell in rows[header]]
    columns = list(itertools.zip_longest(*rows[header + 1 :], fillvalue=""))
    width, size = max(len(titles), len(columns)), len(rows) - header - 1
    titles += [""] * (width - len(titles))
    headers = unique_headers(titles)
    spelt = [spelt_cells(column) for column in columns] + [np.full(size, "", object)] * (width - len(columns))
    below = _detached(np.sum([column != "" for column in spelt], axis=0, dtype=np.int64))
    numbers = np.arange(1, size + 1, dtype=np.int64)
    cells = pa.table([pa.array(column[~below], pa.large_string()) for column in spelt], names=headers)
    cells, kept, aside = sift(cells, numbers[~below], headers)
    aside["footer"] = [*aside.get("footer", []), *numbers[below].tolist()]
    aside["preamble"] = [0] * sum(any(not _is_blank(cell) for cell in row) for row in rows[:header])
    taken = tuple((rule, tuple(sorted(found))) for rule, found in aside.items() if found)
    told = (*notes, *_rounded(columns, headers), *remarks(cells, headers, size))
    return RawTable(name, file, _frame(cells, titles), kept, taken, {**facts, "notes": told})


def _frame(cells: pa.Table, titles: Sequence[str]) -> pd.DataFrame:
    # Cells far right of the header, in a footer say, make no column.
    named = [
        place
        for place, title in enumerate(titles)
        if title.strip() or pc.any(pc.not_equal(cells.column(place), "")).as_py()
    ]
    frame: pd.DataFrame = cells.select(named).to_pandas()
    return frame.astype("str")


def _header(rows: Rows) -> int:
    filled = [sum(not _is_blank(cell) for cell in row) for row in rows[:_LOOKED_AT]]
    return next(place for place, count in enumerate(filled) if count >= max(filled) * 0.6)


def _is_blank(cell: object) -> bool:
    return cell is None or cell == ""


def _detached(filled: npt.NDArray[np.int64]) -> Mask:
    """Find remarks below the records: texts that stand alone in their rows, parted from the records by a blank row."""
    mask = np.zeros(len(filled), dtype=bool)
    rows = np.flatnonzero(filled)[::-1][:_LOOKED_AT]
    alone = rows[: np.argmax(filled[rows] > 1)] if (filled[rows] > 1).any() else rows[:0]
    if len(alone) and filled[alone[-1] - 1] == 0:
        mask[alone] = True
    return mask


def _rounded(columns: Sequence[Sequence[object]], headers: Sequence[str]) -> Iterator[str]:
    for title, column in zip(headers, columns, strict=False):
        if any(type(cell) is float and abs(cell) >= _FIFTEEN_DIGITS for cell in column):
            yield f"'{title}' holds numbers of more than 15 digits: ids may have been rounded, export as CSV"
