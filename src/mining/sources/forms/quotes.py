"""Find the lines whose quote never closes: each would swallow the records after it."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

__all__ = ["Unclosed", "unclosed_lines"]

_BLOCK: Final = 1 << 23
_QUOTE: Final = ord('"')
# No cell of a CRM has so many lines or letters; beyond them a quote counts as never closed.
_LONGEST_LINES, _LONGEST_TEXT = 5_000, 1 << 23
_END: Final = "\0end\n"

csv.field_size_limit(2**31 - 1)


class Unclosed(NamedTuple):
    """A line to be set aside: where it lies, and its record number."""

    start: int
    end: int
    number: int


def unclosed_lines(data: bytes, start: int, delimiter: str) -> list[Unclosed]:
    r"""Find the lines that open a quote and do not close it in any way a spreadsheet would write.

    Parameters
    ----------
    data : bytes
        Text in UTF-8.
    start : int
        Where the first record begins.
    delimiter : str
        One ASCII letter.

    Returns
    -------
    list of Unclosed
        In the order of the file; records are numbered from 1, blank lines not counted.

    Examples
    --------
    >>> unclosed_lines(b'1,a\n2,"b\n3,c\n', 0, ",")
    [Unclosed(start=4, end=9, number=2)]
    """
    return [] if _is_regular(data, start, delimiter) else list(_search(data, start, delimiter))


def _is_regular(data: bytes, start: int, delimiter: str) -> bool:
    """Check that quotes open and close only beside a delimiter, a line end or another quote, as writers put them."""
    beside = np.zeros(256, dtype=bool)
    beside[[_QUOTE, ord(delimiter), 10, 13]] = True
    letters = np.frombuffer(data, dtype=np.uint8)
    place, inside = data.find(b'"', start), False
    while 0 <= place < len(data):
        stop = min(place + _BLOCK, len(data))
        quotes = np.flatnonzero(letters[place:stop] == _QUOTE) + place
        opening, closing = quotes[int(inside) :: 2], quotes[1 - int(inside) :: 2]
        before, after = opening[opening > start] - 1, closing[closing < len(data) - 1] + 1
        if not (beside[letters[before]].all() and beside[letters[after]].all()):
            return False
        inside ^= bool(len(quotes) % 2)
        place = data.find(b'"', stop)
    return not inside


def _search(data: bytes, start: int, delimiter: str) -> Iterator[Unclosed]:
    lines = _Lines(data, start)
    number, place = 0, start
    while (line := lines.next()) is not None:
        if '"' not in line:
            number += bool(line.strip("\r\n"))
            place += len(line)
            continue
        window, at_end = _record(line, lines, delimiter)
        number += 1
        if _is_closed(window, delimiter, at_end=at_end):
            place += sum(map(len, window))
            continue
        lines.back(window[1:])
        yield Unclosed(place, place + len(line), number)
        place += len(line)


class _Lines:
    """Lines of a text one by one, some of which can be handed back. One letter is one byte."""

    def __init__(self, data: bytes, start: int) -> None:
        raw = io.BytesIO(data)
        raw.seek(start)
        self._fresh = io.TextIOWrapper(raw, encoding="latin-1", newline="")
        self._returned: deque[str] = deque()

    def next(self) -> str | None:
        """Give the next line, None at the end."""
        if self._returned:
            return self._returned.popleft()
        return next(self._fresh, None)

    def back(self, lines: Iterable[str]) -> None:
        """Take lines back, to be given again."""
        self._returned.extendleft(reversed(list(lines)))


def _record(first: str, lines: _Lines, delimiter: str) -> tuple[list[str], bool]:
    """Collect the lines that one record takes, and say whether the text or our patience ended before it did."""
    window: list[str] = []
    ended = False

    def feed() -> Iterator[str]:
        nonlocal ended
        line: str | None = first
        size = 0
        while line is not None and len(window) < _LONGEST_LINES and size < _LONGEST_TEXT:
            window.append(line)
            size += len(line)
            yield line
            line = lines.next()
        if line is not None:
            lines.back([line])
        ended = True

    next(csv.reader(feed(), delimiter=delimiter), None)
    return window, ended


def _is_closed(window: list[str], delimiter: str, *, at_end: bool) -> bool:
    if len(window) > 1:
        try:
            # A quote that closes in the middle of a cell, lines later, was meant to open another one.
            list(csv.reader(window, delimiter=delimiter, strict=True))
        except csv.Error:
            return False
    if not at_end:
        return True
    last = window[-1]
    ended = [*window[:-1], last if last.endswith(("\n", "\r")) else f"{last}\n", _END]
    return len([record for record in csv.reader(ended, delimiter=delimiter) if record]) > 1
