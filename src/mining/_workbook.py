"""Workbooks: a table as an Excel file in which every text is a text, so that none is run as a formula."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

import pandas as pd

from mining._errors import MiningError

__all__ = ["packed_workbook"]

_MOST: Final = 1_048_575  # rows of a sheet below its head
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
        f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets><sheet name="table" sheetId="1" r:id="r"/></sheets>'
        "</workbook>"
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}relationships"><Relationship Id="r" Type="{_OFFICE}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def packed_workbook(frame: pd.DataFrame) -> bytes:
    """Pack a table into an Excel file, the same table always into the same bytes.

    Parameters
    ----------
    frame : DataFrame
        Numbers, yes and no, and texts keep their kind; times become texts, for a workbook knows no zones.

    Returns
    -------
    bytes

    Raises
    ------
    MiningError
        For more rows than a sheet holds.
    """
    if len(frame) > _MOST:
        raise MiningError.refused(f"A table of {len(frame):,} rows", f"is too long for Excel ({_MOST:,}): write CSV.")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in {**_FIXED, "xl/worksheets/sheet1.xml": _sheet(frame)}.items():
            book.writestr(zipfile.ZipInfo(name, _BORN), _HEAD + content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _sheet(frame: pd.DataFrame) -> str:
    columns = [frame.iloc[:, place].tolist() for place in range(frame.shape[1])]  # plain numbers and texts
    rows = [tuple(map(str, frame.columns)), *zip(*columns, strict=True)]
    told = (f'<row r="{at}">{"".join(_cells(row, at))}</row>' for at, row in enumerate(rows, start=1))
    return f'<worksheet xmlns="{_SHEET}"><sheetData>{"".join(told)}</sheetData></worksheet>'


def _cells(row: tuple[object, ...], at: int) -> Iterator[str]:
    for place, value in enumerate(row):
        where = f"{_letters(place)}{at}"
        if isinstance(value, bool):
            yield f'<c r="{where}" t="b"><v>{value:d}</v></c>'
        elif isinstance(value, (int, float)):
            if math.isfinite(value):
                yield f'<c r="{where}"><v>{value!r}</v></c>'
        elif value is not None and value is not pd.NA and value is not pd.NaT and value != "":
            text = escape(_BANNED.sub("", str(value)))
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
