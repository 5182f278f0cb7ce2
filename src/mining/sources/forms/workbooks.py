"""Read workbooks: every sheet, hidden ones too, dates as dates."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from mining._errors import ExportError
from mining.sources.forms.archives import Content
from mining.sources.forms.grids import table_of_rows
from mining.sources.forms.old_preflight import checked_old_workbook
from mining.sources.forms.preflight import check_workbook
from mining.sources.table import RawTable

__all__ = ["read_old_workbook", "read_workbook"]

_LOCKED: Final = "it is locked with a password. Open it and save a copy without."
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_MOST_ROWS: Final = {1_048_576: "a workbook", 65_536: "an old workbook"}


def read_workbook(content: Content, stem: str, file: str) -> Iterator[RawTable]:
    """Yield the sheets of an XLSX file that hold anything."""
    check_workbook(content)
    yield from _read(content.read(), stem, file)


def read_old_workbook(content: Content, stem: str, file: str) -> Iterator[RawTable]:
    """Yield the sheets of a binary XLS file that hold anything."""
    data = content.read()
    if _ENCRYPTED in data:
        raise ExportError.unreadable(file, _LOCKED)
    yield from _read(checked_old_workbook(data, file), stem, file)


def _read(data: bytes, stem: str, file: str) -> Iterator[RawTable]:
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            kinds = calamine.SheetTypeEnum.WorkSheet
            listed = [sheet for sheet in book.sheets_metadata if sheet.typ == kinds]
            sheets = [(sheet, *_cells(book, sheet.name)) for sheet in listed]
    except calamine.PasswordError as error:
        raise ExportError.unreadable(file, _LOCKED) from error
    except Exception as error:
        raise ExportError.unreadable(file, f"it is no whole workbook ({error}). Open it and save it again.") from error
    except BaseException as error:
        # Rust's panics are no exceptions, so that nobody catches them by chance.
        if type(error).__name__ != "PanicException":
            raise
        raise ExportError.unreadable(file, "its parts contradict one another. Open it and save it again.") from error
    filled = [one for one in sheets if one[1]]
    for sheet, rows, merged in filled:
        # A workbook of one sheet goes by its file's name: exporters call the sheet "Sheet1".
        name = stem if len(filled) == 1 else sheet.name
        is_hidden = sheet.visible != calamine.SheetVisibleEnum.Visible
        yield table_of_rows(rows, name, file, notes=tuple(_notes(rows, merged, is_hidden)), encoding="workbook")


def _cells(book: Any, name: str) -> tuple[list[list[Any]], int]:
    sheet = book.get_sheet_by_name(name)
    merged = sheet.merged_cell_ranges or []
    return sheet.to_python(), sum(first[0] != last[0] for first, last in merged)


def _notes(rows: list[list[Any]], merged: int, is_hidden: bool) -> Iterator[str]:
    if is_hidden:
        yield "the sheet is hidden"
    if merged:
        yield f"{merged:,} cells are merged over several rows: only the first of these rows holds the value"
    if len(rows) in _MOST_ROWS:
        yield f"exactly {len(rows):,} rows, the most that {_MOST_ROWS[len(rows)]} holds: the rest may be missing"
