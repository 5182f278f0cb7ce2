"""Look into a workbook before the reader does: what would swell in memory is refused while it is still small.

The reader lays each sheet out as a full rectangle and copies a shared string into every cell that shows it, so two
cells in opposite corners, or one long text shown a million times, would take all memory there is.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from mining._errors import ExportError
from mining.sources.forms.archives import Content, bounded, directory, opened
from mining.sources.forms.grids import check_size

__all__ = ["check_workbook"]

_CHUNK: Final = 1 << 20
_OVERLAP: Final = 256  # a tag cut in two by the end of a chunk is seen whole with the next
_RATIO, _SMALL = 150, 20 * 1024**2  # sheets pack ten- to fortyfold
_ROWS: Final = 1_048_576
_TEXT: Final = 1024**3

_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_COLUMN = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]+)\d")
_ROW_NUMBER = re.compile(rb"\sr\s*=\s*[\"'][A-Za-z]*(\d+)")
# As nearly every program writes it, `<c r="A1"`, which can be looked at five times as fast.
_USUAL = (re.compile(rb"<row[\s/>]"), re.compile(rb' r="([A-Za-z]+)\d'), re.compile(rb' r="[A-Za-z]*(\d+)'))
_UNUSUAL = re.compile(rb'<c(?! r="[A-Za-z])[\s/>]|<\w+:(?:c|row)[\s/>]')
_SHARED = re.compile(rb"t\s*=\s*[\"']s[\"']")
_SHOWN = re.compile(rb"t\s*=\s*[\"']s[\"'][^>]*>\s*<(?:\w+:)?v>\s*(\d+)")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s")
_STRING_END = re.compile(rb"</(?:\w+:)?si\s*>|<(?:\w+:)?si\s*/>")


@dataclass
class _Extent:
    """How far the cells of one part reach."""

    rows: int = 0
    row_tags: int = 0
    columns: int = 0
    shown: int = 0  # cells that show a shared string
    in_row: int = 0

    def take(self, chunk: bytes) -> None:
        is_unusual = _UNUSUAL.search(chunk) is not None
        row, column, number = (_ROW, _COLUMN, _ROW_NUMBER) if is_unusual else _USUAL
        self.columns = max([self.columns, *map(_column_number, set(column.findall(chunk)))])
        self.rows = max([self.rows, *(int(one[:12]) for one in set(number.findall(chunk)))])
        self.row_tags += len(row.findall(chunk))
        self.shown += len(_SHARED.findall(chunk))
        if is_unusual:
            # Cells without a place of their own follow one another: a row is as wide as it has cells.
            first, *others = _ROW.split(chunk)
            for piece, is_new in ((first, False), *((one, True) for one in others)):
                self.in_row = len(_CELL.findall(piece)) + (0 if is_new else self.in_row)
                self.columns = max(self.columns, self.in_row)


def check_workbook(content: Content) -> None:
    """Refuse a workbook that would not fit into memory, before anything lays it out there.

    Parameters
    ----------
    content : Content
        An XLSX file.

    Raises
    ------
    ExportError
        When its parts overlap, are longer than they say or swell out of proportion; when a sheet's rectangle or its
        texts, copied into every cell that shows them, are too large.
    """
    with opened(content) as archive:
        entries = archive.infolist()
        directory(entries, sum(entry.compress_size for entry in entries), content.name)
        for entry in entries:
            if entry.file_size > _SMALL and entry.file_size > _RATIO * entry.compress_size:
                bounded(entry.file_size, 0, content.name)
        shown, n_sheets = 0, 0
        for entry in entries:
            extent = _extent(archive, entry, content.name)
            n_sheets += extent.row_tags > 0
            shown += extent.shown
            if extent.row_tags:
                _check_extent(extent, content.name)
        _check_sheets(archive, len(entries), content.name)
        if shown:
            _check_texts(archive, shown, content.name)


def _extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> _Extent:
    extent = _Extent()
    for chunk in _chunks(archive, entry, name):
        extent.take(chunk)
    return extent


def _check_extent(extent: _Extent, name: str) -> None:
    if max(extent.rows, extent.row_tags) > 2 * _ROWS:
        raise ExportError.unreadable(
            name, f"a sheet has more rows than the {_ROWS:,} that a workbook can hold. Export CSV."
        )
    check_size(max(extent.rows, extent.row_tags), extent.columns, name)


def _check_sheets(archive: zipfile.ZipFile, n_parts: int, name: str) -> None:
    """Refuse a workbook that lists one part as many sheets: each would be laid out anew."""
    listed = sum(
        len(_SHEET.findall(chunk))
        for entry in archive.infolist()
        if entry.filename.lower().endswith("workbook.xml")
        for chunk in _chunks(archive, entry, name)
    )
    if listed > n_parts:
        raise ExportError.unreadable(name, f"it lists {listed:,} sheets and holds {n_parts:,} parts. Export CSV.")


def _check_texts(archive: zipfile.ZipFile, shown: int, name: str) -> None:
    lengths = [
        length
        for entry in archive.infolist()
        if entry.filename.lower().endswith("sharedstrings.xml")
        for length in _lengths(archive, entry, name)
    ]
    if not lengths or shown * max(lengths) <= _TEXT:
        return
    known, total, counted = np.array([*lengths, max(lengths)], dtype=np.int64), 0, 0
    for entry in archive.infolist():
        for chunk in _chunks(archive, entry, name):
            places = np.array([int(place[:9]) for place in _SHOWN.findall(chunk)], dtype=np.int64)
            total += int(known[np.minimum(places, len(lengths))].sum())
            counted += len(places)
    # What this look did not understand is taken for the longest there is.
    total += max(0, shown - counted) * max(lengths)
    if total > _TEXT:
        raise ExportError.unreadable(name, f"its cells show {total:,} characters of shared text. Export CSV.")


def _lengths(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Iterator[int]:
    rest = 0
    for chunk in _chunks(archive, entry, name, overlap=0):
        *ended, last = _STRING_END.split(chunk)
        for piece in ended:
            yield rest + len(piece)
            rest = 0
        rest += len(last)


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, *, overlap: int = _OVERLAP) -> Iterator[bytes]:
    before = b""
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                yield before + chunk
                before = chunk[-overlap:] if overlap else b""
    except ExportError:
        raise
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as error:
        raise ExportError.unreadable(name, f"its parts are not whole ({error}). Save it again.") from error


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:6]:
        number = number * 26 + letter - 64
    return number
