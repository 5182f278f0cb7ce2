"""Read SpreadsheetML 2003: the XML that many reporting tools write and name ``.xls``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn
from xml.parsers import expat

from mining._errors import ExportError
from mining.sources.forms.archives import Content
from mining.sources.forms.grids import check_size, table_of_rows
from mining.sources.table import RawTable

__all__ = ["read_xml_workbook"]

_CHUNK: Final = 1 << 20
_ROWS, _COLUMNS = 1_048_576, 16_384


class _Refusal(Exception):  # noqa: N818 - it is turned into an ExportError that knows the file
    """What is wrong with the file."""


@dataclass
class _Sheet:
    name: str
    is_hidden: bool = False
    rows: list[list[str]] = field(default_factory=list)
    width: int = 0
    merged: int = 0
    rounded: int = 0


def read_xml_workbook(content: Content, stem: str, file: str) -> Iterator[RawTable]:
    """Yield the sheets that hold anything; cells are placed by their indices, dates stay ISO."""
    reader = _Reader(file)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_document_type
    parser.StartElementHandler = reader.open
    parser.EndElementHandler = reader.close
    parser.CharacterDataHandler = reader.text
    try:
        with content.stream() as stream:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ExportError.unreadable(file, f"it is no whole XML workbook ({error}).") from error
    except _Refusal as refusal:
        raise ExportError.unreadable(file, str(refusal)) from refusal
    filled = [sheet for sheet in reader.sheets if sheet.width]
    if not filled:
        raise ExportError.unreadable(file, "it is an XML workbook without cells.")
    for sheet in filled:
        name = stem if len(filled) == 1 else sheet.name
        yield table_of_rows(sheet.rows, name, file, notes=tuple(_notes(sheet)), encoding="XML workbook")


def _notes(sheet: _Sheet) -> Iterator[str]:
    if sheet.is_hidden:
        yield "the sheet is hidden"
    if sheet.merged:
        yield f"{sheet.merged:,} cells are merged over several rows: only the first of these rows holds the value"
    if sheet.rounded:
        yield f"{sheet.rounded:,} numbers have more than 15 digits: ids may have been rounded, export as CSV"


class _Reader:
    """What the parser calls: places cells in rows, rows in sheets."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.sheets: list[_Sheet] = []
        self.row: list[str] = []
        self.place = 0  # of the next cell in its row, from 0
        self.at = 0  # row number, from 1; blank rows that are only skipped over are not kept
        self.across = 0  # further columns that the open cell covers: the file leaves their cells out
        self.cells = 0
        self.kind = ""
        self.words: list[str] | None = None

    def refuse_document_type(self, *_: object) -> NoReturn:
        raise _Refusal("it declares a document type, which workbooks have no use for and attacks do.")

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        said = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        match tag.rpartition(" ")[2]:
            case "Worksheet":
                self.sheets.append(_Sheet(said.get("Name") or f"sheet {len(self.sheets) + 1}"))
                self.at = 0
            case "Visible":
                self.words = []
            case "Row" if self.sheets:
                self._open_row(said)
            case "Cell" if self.sheets:
                self._open_cell(said)
            case "Data":
                self.kind, self.words = said.get("Type", "String"), []

    def text(self, words: str) -> None:
        if self.words is not None:
            self.words.append(words)

    def close(self, tag: str) -> None:
        match tag.rpartition(" ")[2]:
            case "Data" if self.sheets and self.words is not None:
                self._put("".join(self.words))
                self.words = None
            case "Cell":
                self.place += 1 + self.across
            case "Row" if self.sheets:
                self._close_row()
            case "Visible" if self.sheets and self.words is not None:
                self.sheets[-1].is_hidden = "".join(self.words).strip() != "SheetVisible"
                self.words = None

    def _open_row(self, said: dict[str, str]) -> None:
        self.at = _index(said, "Index", self.at + 1, _ROWS)
        self.row, self.place = [], 0

    def _open_cell(self, said: dict[str, str]) -> None:
        self.place = _index(said, "Index", self.place + 1, _COLUMNS) - 1
        self.sheets[-1].merged += "MergeDown" in said
        self.across = _index(said, "MergeAcross", 0, _COLUMNS, least=0)

    def _put(self, word: str) -> None:
        if self.kind == "Number":
            word, is_long = _number(word.strip())
            self.sheets[-1].rounded += is_long
        elif self.kind == "Boolean":
            word = {"1": "true", "0": "false"}.get(word.strip(), word)
        elif self.kind == "Error":
            word = ""
        self.row += [""] * (self.place + 1 - len(self.row))
        self.row[self.place] += word

    def _close_row(self) -> None:
        sheet = self.sheets[-1]
        sheet.rows.append(self.row)
        sheet.width = max(sheet.width, len(self.row))
        self.cells += len(self.row)
        check_size(max(len(sheet.rows), self.cells // max(1, sheet.width)), sheet.width, self.file)


def _index(said: dict[str, str], key: str, otherwise: int, most: int, *, least: int = 1) -> int:
    word = said.get(key, "")
    place = int(word[:12]) if word.isdecimal() else otherwise
    if not least <= place <= most:
        raise _Refusal(f"it places a cell at {place:,}, beyond the {most:,} that a workbook can hold.")
    return place


def _number(word: str) -> tuple[str, bool]:
    """Spell a number as a person would: ``1.2E+3`` is 1200; say whether it has too many digits to be exact."""
    try:
        value = float(word)
    except ValueError:
        return word, False
    is_long = abs(value) >= 1e15
    if "e" in word.lower() and value.is_integer():
        return str(int(value)), is_long
    return (word.removesuffix(".0") if word.endswith(".0") else word), is_long
