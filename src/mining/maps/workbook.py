"""Workbooks: a table as an Excel file in which every text is a text, and a kept table read back."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import pandas as pd

from mining._errors import ExportError, MiningError
from mining._files import TABLES, write_table, write_whole
from mining.sources.forms.archives import Content
from mining.sources.forms.preflight import check_workbook

__all__ = ["KEPT", "read_kept", "write_kept"]

KEPT: Final = (*TABLES, ".xlsx")
_BORN: Final = (1980, 1, 1, 0, 0, 0)  # the same table is the same file
# What XML may not hold, and what turns the reading direction of the text after it.
_BANNED: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069\u200e\u200f]"
)
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_MEDIA: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_FIXED: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_MEDIA}sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_MEDIA}worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}relationships"><Relationship Id="r" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets><sheet name="plan" sheetId="1" r:id="r"/></sheets>'
        "</workbook>"
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}relationships"><Relationship Id="r" Type="{_OFFICE}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def write_kept(path: Path | str, frame: pd.DataFrame) -> Path:
    """Write a table as CSV, Parquet or Excel workbook, by the file's ending, whole or not at all.

    In a workbook every text is typed as text, so that none is run as a formula; in CSV it is disarmed (`write_table`).

    Raises
    ------
    MiningError
        For another ending.
    """
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        _ending(path)
        return write_table(path, frame)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in {**_FIXED, "xl/worksheets/sheet1.xml": _sheet(frame)}.items():
            book.writestr(zipfile.ZipInfo(name, _BORN), _HEAD + content, zipfile.ZIP_DEFLATED)
    return write_whole(path, packed.getvalue())


def read_kept(path: Path | str) -> pd.DataFrame:
    """Read a table that `write_kept` wrote.

    Raises
    ------
    ExportError
        For a file that is missing or no such table.
    """
    path = Path(path)
    _ending(path)
    if not path.is_file():
        raise ExportError.missing(path)
    try:
        return _read(path)
    except ExportError:
        raise
    except Exception as wrong:  # each reader has errors of its own
        raise ExportError.unreadable(path, "it is no table kept by `save`.") from wrong


def _read(path: Path) -> pd.DataFrame:
    if path.suffix.lower() == ".parquet":
        return pd.read_parquet(path)
    if path.suffix.lower() == ".xlsx":
        check_workbook(Content.of_path(path))
        return pd.read_excel(path, engine="calamine", keep_default_na=False, na_values=[""])
    return pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""])


def _ending(path: Path) -> None:
    if path.suffix.lower() not in KEPT:
        raise MiningError.refused(f"'{path.name}' is no name of a table:", f"end it in {', '.join(KEPT)}.")


def _sheet(frame: pd.DataFrame) -> str:
    columns = [frame[name].tolist() for name in frame]  # plain numbers and texts
    rows = [tuple(frame.columns), *zip(*columns, strict=True)]
    told = (f'<row r="{at}">{"".join(_cells(row, at))}</row>' for at, row in enumerate(rows, start=1))
    return f'<worksheet xmlns="{_SHEET}"><sheetData>{"".join(told)}</sheetData></worksheet>'


def _cells(row: tuple[object, ...], at: int) -> Iterator[str]:
    for place, value in enumerate(row):
        where = f"{_letters(place)}{at}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if math.isfinite(value):
                yield f'<c r="{where}"><v>{value!r}</v></c>'
        elif isinstance(value, str) and value:
            text = escape(_BANNED.sub("", value))
            yield f'<c r="{where}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _letters(place: int) -> str:
    """Name a column as spreadsheets do.

    Examples
    --------
    >>> _letters(0), _letters(25), _letters(26)
    ('A', 'Z', 'AA')
    """
    first, second = divmod(place, 26)
    return (chr(64 + first) if first else "") + chr(65 + second)
