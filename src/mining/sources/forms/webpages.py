"""Read the tables of web pages: what reporting tools write and name ``.xls``. Nothing is rendered, run or fetched."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mining._errors import ExportError
from mining.sources.forms.archives import Content
from mining.sources.forms.encoding import Decoded, decode
from mining.sources.forms.grids import check_size, table_of_rows
from mining.sources.table import RawTable

__all__ = ["read_page"]

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# Only these are asked of the page's own word: other codecs do more than turn bytes into letters.
_PLAIN = re.compile(r"(windows-|cp)125\d|iso-8859-\d+|koi8-[ru]|macintosh|shift_jis|gb(k|2312|18030)|big5|euc-(jp|kr)")
_LONGEST: Final = 1024**3
_SPAN: Final = 1000
_ROWSPAN: Final = 65_534
_CLOSING: Final = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}
# The standard library's parser takes minutes for a small page of tags that never close. Here every letter is looked at
# once or twice: no alternative can begin where another one ends, and none gives back what it took.
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^>]*+>?"
    r"|<(?P<end>/?)(?P<name>[a-z][\w:-]*+)(?P<said>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>"
    r"|<(?P<over>/?)(?P<loose>[a-z][\w:-]*+)(?P<loosely>[^<>]*+)>",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"(?P<key>[a-z-]++)\s*+=\s*+(?P<value>\"[^\"]*+\"|'[^']*+'|[^\s\"'>]++)", re.IGNORECASE)


@dataclass
class _Grid:
    rows: list[list[str]] = field(default_factory=list)
    headed: int = 0  # cells that call themselves headers
    reach: dict[int, tuple[int, str]] = field(default_factory=dict)  # column -> rows it still reaches down, its text
    fresh: dict[int, tuple[int, str]] = field(default_factory=dict)  # the same, of the open row's own cells
    row: list[str] | None = None
    words: list[str] | None = None
    spans: tuple[int, int] = (1, 1)

    @property
    def width(self) -> int:
        return max((len(row) for row in self.rows), default=0)

    @property
    def is_data(self) -> bool:
        """Say whether it holds records: two rows of two columns, or headers of its own."""
        filled = [row for row in self.rows if any(row)]
        return (len(filled) > 1 and self.width > 1) or (self.headed > 0 and bool(filled))


def read_page(content: Content, stem: str, file: str) -> Iterator[RawTable]:
    """Yield the tables of a page that hold records, the largest under the file's name."""
    data = content.read()
    if len(data) > _LONGEST:
        raise ExportError.unreadable(file, f"it is a web page of {len(data):,} bytes. Export CSV.")
    text, encoding, proof = _decoded(data, file)
    page = _Page(file)
    page.take(text)
    found = [grid for grid in page.grids if grid.is_data]
    if page.asks_password and not any(len(grid.rows) > 2 for grid in found):
        raise ExportError.unreadable(file, "it is a web page that asks to log in. Log in and export again.")
    if not found:
        raise ExportError.unreadable(file, "it is a web page without a table of records. Save it as CSV or XLSX.")
    largest = max(found, key=lambda grid: len(grid.rows) * grid.width)
    others = [grid for grid in found if grid is not largest]
    notes = (f"the page holds {len(found)} tables: this is the largest",) if others else ()
    yield table_of_rows(largest.rows, stem, file, notes=notes, encoding=encoding, encoding_proof=proof)
    for place, grid in enumerate(others, start=2):
        yield table_of_rows(grid.rows, f"{stem}#{place}", file, encoding=encoding, encoding_proof=proof)


def _decoded(data: bytes, file: str) -> Decoded:
    """Decode by what the bytes prove; where they prove nothing, by what the page says of itself."""
    found = decode(data, file)
    said = _CHARSET.search(data[:4096])
    name = said.group(1).decode("ascii", "replace").lower().removesuffix("-i").removesuffix("-e") if said else ""
    if found.encoding.startswith("utf") or not _PLAIN.fullmatch(name):
        return found
    try:
        return Decoded(data.decode(name), name, "the page says so, and every byte fits")
    except (UnicodeDecodeError, LookupError):
        return found


class _Page:
    """Collect the cells of every table; a table inside a cell is a table of its own."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.grids: list[_Grid] = []
        self.asks_password = False
        self._open: list[_Grid] = []
        self._cells = 0

    def take(self, text: str) -> None:
        """Take a whole page in."""
        place = 0
        while found := _TAG.search(text, place):
            self._say(text[place : found.start()])
            place = found.end()
            name = (found["name"] or found["loose"] or "").lower()
            if name in _CLOSING and not found["end"]:
                closing = _CLOSING[name].search(text, place)
                place = closing.start() if closing else len(text)
            elif name:
                self._tag(name, found["said"] or found["loosely"] or "", is_end=bool(found["end"] or found["over"]))
        self._say(text[place:])
        # A page that is cut short still has its last row.
        for grid in self._open:
            self._close_row(grid)

    def _tag(self, name: str, said: str, *, is_end: bool) -> None:
        if is_end:
            self._end(name)
        elif name == "input":
            self.asks_password |= _attributes(said).get("type", "").lower() == "password"
        elif name == "table":
            self._open.append(_Grid())
            self.grids.append(self._open[-1])
        elif self._open:
            self._in_table(self._open[-1], name, said)

    def _end(self, name: str) -> None:
        if not self._open:
            return
        grid = self._open[-1]
        if name in {"td", "th"}:
            self._close_cell(grid)
        elif name in {"tr", "table"}:
            self._close_row(grid)
        if name == "table":
            self._open.pop()

    def _say(self, words: str) -> None:
        if self._open and self._open[-1].words is not None:
            self._open[-1].words.append(html.unescape(words))

    def _in_table(self, grid: _Grid, tag: str, said: str) -> None:
        if tag == "tr":
            self._close_row(grid)
            grid.row = []
        elif tag in {"td", "th"}:
            self._close_cell(grid)
            grid.words, grid.headed = [], grid.headed + (tag == "th")
            spans = _attributes(said) if "span" in said.lower() else {}
            grid.spans = _span(spans.get("colspan", ""), _SPAN), _span(spans.get("rowspan", ""), _ROWSPAN)
        elif tag in {"br", "p", "div", "li"} and grid.words is not None:
            grid.words.append(" ")

    def _close_cell(self, grid: _Grid) -> None:
        if grid.words is None:
            return
        word, (across, down) = " ".join("".join(grid.words).split()), grid.spans
        grid.words = None
        row = self._reached_down(grid)
        # The text of a wide cell stands in its first column: a title or a total says nothing of the others.
        words = [word] + [""] * (across - 1)
        if down > 1:
            grid.fresh.update({len(row) + step: (down - 1, words[step]) for step in range(across)})
        row += words
        self._count(across)

    def _reached_down(self, grid: _Grid) -> list[str]:
        """Write the cells of rows above that reach down to where the next cell would stand."""
        row = grid.row = [] if grid.row is None else grid.row
        while len(row) in grid.reach:
            row.append(grid.reach[len(row)][1])
            self._count(1)
        return row

    def _close_row(self, grid: _Grid) -> None:
        self._close_cell(grid)
        if grid.row is None:
            return
        grid.rows.append(self._reached_down(grid))
        left = {place: (down - 1, word) for place, (down, word) in grid.reach.items() if down > 1}
        grid.reach, grid.fresh, grid.row = {**left, **grid.fresh}, {}, None

    def _count(self, cells: int) -> None:
        self._cells += cells
        check_size(self._cells, 1, self.file)


def _attributes(said: str) -> dict[str, str]:
    return {found["key"].lower(): found["value"].strip("\"'") for found in _ATTRIBUTE.finditer(said)}


def _span(said: str, most: int) -> int:
    word = said.strip()
    return max(1, min(int(word[:6]), most)) if word.isdecimal() else 1
