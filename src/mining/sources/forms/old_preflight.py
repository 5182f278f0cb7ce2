"""Look into a binary workbook before the reader does: one cell at the end of the world would end the process."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from mining._errors import ExportError
from mining.sources.forms.compound import streams, wrapped
from mining.sources.forms.grids import CELLS, check_size

__all__ = ["checked_old_workbook"]

_BEGIN, _END, _SHEET, _STRINGS, _MORE, _SHOWN = 0x0809, 0x000A, 0x0085, 0x00FC, 0x003C, 0x00FD
# Whatever holds a cell begins with its row and column: blanks, numbers, texts, formulas, of every age.
_CELLS: Final = frozenset(
    {0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x0206, 0x0406, 0x027E}
    | {_SHOWN, 0x00BD, 0x00BE, 0x00D6}
)
_SEVERAL: Final = frozenset({0x00BD, 0x00BE})  # end with the number of their last column
_COLUMNS: Final = 256
_TEXT: Final = 1024**3
_LONGEST: Final = 65_535


@dataclass
class _Page:
    """What a walk over the records of one sheet, or of the book, has met."""

    cells: int = 0
    row: int = 0
    column: int = 0
    sheets: list[int] = field(default_factory=list)
    strings: list[bytes] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)


def checked_old_workbook(data: bytes, name: str) -> bytes:
    """Give a binary workbook in a sound container; refuse one whose cells reach or show more than fits into memory.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What to call it in a message.

    Returns
    -------
    bytes
        The same cells.

    Raises
    ------
    ExportError
        When it is refused, or holds no workbook.
    """
    try:
        found = {called.casefold(): stream for called, stream in streams(data)}
        stream = found.get("workbook") or found["book"]
        _check(stream, name)
        return wrapped(stream)
    except ExportError:
        raise
    except (struct.error, LookupError, ValueError) as error:
        raise ExportError.unreadable(name, "it is no whole workbook. Open it and save it again.") from error


def _check(stream: bytes, name: str) -> None:
    book = _walked(stream, 0, stops=False)
    pages = [book, *(_walked(stream, place) for place in dict.fromkeys(book.sheets))]
    for page in pages:
        if page.column >= _COLUMNS:
            raise ExportError.unreadable(
                name, f"a cell stands in column {page.column + 1:,}, and such a workbook has {_COLUMNS}. Export CSV."
            )
        check_size(page.row + 1, page.column + 1, name)
    # Sheets that share their records would each be laid out anew.
    total = sum(page.cells for page in pages[1:]) * max(1, len(book.sheets)) // max(1, len(pages) - 1)
    if total > CELLS:
        raise ExportError.unreadable(name, f"its sheets hold {total:,} cells. Export CSV.")
    _check_texts(book.strings, [place for page in pages[1:] for place in page.shown], name)


def _check_texts(strings: list[bytes], shown: list[int], name: str) -> None:
    if not shown or len(shown) * min(_LONGEST, sum(map(len, strings))) <= _TEXT:
        return
    known = np.array([*_lengths(strings), _LONGEST], dtype=np.int64)
    total = int(known[np.minimum(np.array(shown, dtype=np.int64), len(known) - 1)].sum())
    if total > _TEXT:
        raise ExportError.unreadable(name, f"its cells show {total:,} characters of shared text. Export CSV.")


def _walked(stream: bytes, place: int, *, stops: bool = True) -> _Page:
    page, is_strings = _Page(), False
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        start, place = place + 4, place + 4 + size
        is_strings = kind == _STRINGS or (is_strings and kind == _MORE)
        if kind in _CELLS and size >= 4 and start + 4 <= len(stream):
            _take_cell(page, kind, stream[start:place])
        elif kind == _SHEET and size >= 4 and start + 4 <= len(stream):
            page.sheets.append(struct.unpack_from("<I", stream, start)[0])
        elif is_strings:
            page.strings.append(stream[start:place])
        elif kind == _END and stops:
            break
    return page


def _take_cell(page: _Page, kind: int, said: bytes) -> None:
    row, column = struct.unpack_from("<HH", said)
    if kind in _SEVERAL and len(said) >= 6:
        column = max(column, struct.unpack_from("<H", said, len(said) - 2)[0])
    elif kind == _SHOWN and len(said) >= 10:
        page.shown.append(struct.unpack_from("<I", said, 6)[0])
    page.cells += 1
    page.row, page.column = max(page.row, row), max(page.column, column)


def _lengths(pieces: list[bytes]) -> Iterator[int]:
    """Yield the lengths of the shared texts, which run on over the ends of records."""
    at, place = 0, 8
    while at < len(pieces):
        if place + 3 > len(pieces[at]):
            at, place = at + 1, 0
            continue
        length, flags = struct.unpack_from("<HB", pieces[at], place)
        place += 3
        after = 0
        if flags & 8:
            after += 4 * struct.unpack_from("<H", pieces[at], place)[0]
            place += 2
        if flags & 4:
            after += struct.unpack_from("<I", pieces[at], place)[0]
            place += 4
        yield length
        at, place = _beyond_letters(pieces, at, place, letters=length, width=1 + (flags & 1))
        while at < len(pieces) and place + after > len(pieces[at]):
            after -= len(pieces[at]) - place
            at, place = at + 1, 0
        place += after


def _beyond_letters(pieces: list[bytes], at: int, place: int, *, letters: int, width: int) -> tuple[int, int]:
    while at < len(pieces):
        taken = min(letters, (len(pieces[at]) - place) // width)
        letters, place = letters - taken, place + taken * width
        if not letters:
            return at, place
        at += 1
        if at < len(pieces) and pieces[at]:
            # A text that runs on says anew how wide its letters are.
            place, width = 1, 1 + (pieces[at][0] & 1)
    return at, 0
