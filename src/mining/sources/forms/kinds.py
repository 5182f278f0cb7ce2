"""Tell what a file is by its first bytes: suffixes lie, and exporters name web pages ``.xls``."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

__all__ = ["SUFFIXES", "TEXT", "Kind", "kind_of", "kind_of_zip", "refusal"]


class Kind(NamedTuple):
    """What a file is, and how a person calls that."""

    name: str
    spoken: str
    sheets: bool = False  # may hold tables of other names than its own


TEXT: Final = Kind("text", "delimited text")
_WORKBOOK, _OLD_WORKBOOK = Kind("xlsx", "an Excel workbook", True), Kind("xls", "an old Excel workbook", True)
_XML_WORKBOOK = Kind("xmlsheet", "an Excel workbook in XML", True)
_PAGE, _JSON = Kind("html", "a web page"), Kind("json", "JSON", True)
_PARQUET, _FEATHER, _XES = Kind("parquet", "Parquet"), Kind("feather", "Feather"), Kind("xes", "an XES event log")
_SQLITE, _DUCKDB = Kind("sqlite", "a SQLite database", True), Kind("duckdb", "a DuckDB database", True)
_GZIP, _ZIP = Kind("gzip", "packed by gzip"), Kind("zip", "a zip file")

# What a suffix promises. A kind that is not promised is read all the same, and the reader is told.
SUFFIXES: Final[dict[str, tuple[Kind, ...]]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".tab", ".psv"), (TEXT,)),
    **dict.fromkeys((".xlsx", ".xlsm"), (_WORKBOOK,)),
    ".xls": (_OLD_WORKBOOK,),
    ".parquet": (_PARQUET,),
    ".feather": (_FEATHER,),
    **dict.fromkeys((".json", ".ndjson", ".jsonl"), (_JSON,)),
    **dict.fromkeys((".html", ".htm"), (_PAGE,)),
    ".xml": (_XML_WORKBOOK, _XES),
    ".xes": (_XES,),
    **dict.fromkeys((".sqlite", ".sqlite3"), (_SQLITE,)),
    ".db": (_SQLITE, _DUCKDB),
    **dict.fromkeys((".duckdb", ".ddb"), (_DUCKDB,)),
    ".gz": (_GZIP,),
    ".zip": (_ZIP,),
}

_SIGNS: Final = (
    (0, b"PAR1", _PARQUET),
    (0, b"ARROW1", _FEATHER),
    (0, b"SQLite format 3\0", _SQLITE),
    (8, b"DUCK", _DUCKDB),
    (0, b"\x1f\x8b", _GZIP),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLD_WORKBOOK),
    (0, b"PK\x03\x04", _ZIP),
    (0, b"PK\x05\x06", _ZIP),
)
# Forms that are recognised to be refused, with the way out.
_STRANGE: Final = (
    (0, b"%PDF", "a PDF: tables cannot be taken out of it safely. Export CSV or XLSX"),
    (0, b"7z\xbc\xaf\x27\x1c", "packed by 7-Zip. Unpack it and read the folder"),
    (257, b"ustar", "packed by tar. Unpack it and read the folder"),
    (0, b"Rar!", "packed by RAR. Unpack it and read the folder"),
    (0, b"\xfd7zXZ", "packed by xz. Unpack it first"),
    (0, b"BZh", "packed by bzip2. Unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "packed by Zstandard. Unpack it first"),
    (0, b"Obj\x01", "Avro. Export it as Parquet, JSON or CSV"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
    (0, b"GIF8", "a picture"),
    (0, b"{\\rtf", "a text document. Export CSV or XLSX"),
    (0, b"MIME-Version:", "a web archive. Open it and save it as XLSX or CSV"),
)
_OFFICE: Final = (
    ("xl/workbook.bin", "a binary workbook. Save it as XLSX"),
    ("word/", "a text document. Export CSV or XLSX"),
    ("ppt/", "a presentation. Export CSV or XLSX"),
    ("META-INF/manifest.xml", "an OpenDocument file. Save it as XLSX or CSV"),
    ("Index/", "a Numbers document. Export it as XLSX or CSV"),
)
_DECLARED = re.compile(r"(?:\s+|<\?[^>]*\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)")
_RECORD = re.compile(r'\s*(?:\[\s*)*\{\s*(?:"|\}|\Z)|\s*\[\s*\]\s*\Z')
_ROOTS: Final = {"workbook": _XML_WORKBOOK, "log": _XES}
_PAGE_ROOTS: Final = frozenset(
    (
        "html",
        "head",
        "body",
        "meta",
        "title",
        "style",
        "script",
        "table",
        "thead",
        "tbody",
        "tr",
        "td",
        "div",
        "p",
        "form",
    )
)
_CONTROL: Final = bytes(set(range(32)) - {0, 9, 10, 12, 13, 27})


def kind_of(head: bytes, suffix: str = "") -> Kind:
    r"""Tell what the first bytes of a file are.

    Parameters
    ----------
    head : bytes
        At least the first few kilobytes.
    suffix : str
        Lower-case suffix with its dot: decides only where the bytes leave it open.

    Returns
    -------
    Kind
        What to read it as; text where nothing else is recognised.

    Examples
    --------
    >>> kind_of(b"<html><table><tr><td>id", ".xls").spoken
    'a web page'
    >>> kind_of(b"id\tname\n1\ta\n", ".xls").spoken
    'delimited text'
    """
    signed = _signed(head)
    if signed is not None:
        return signed
    promised = SUFFIXES.get(suffix, (TEXT,))
    return _of_text(_text(head), promised) if head.strip() else promised[0]


def kind_of_zip(names: Iterable[str]) -> Kind | str:
    """Tell a workbook from a zip of files by the names inside; a string says why it is neither.

    Examples
    --------
    >>> kind_of_zip(["[Content_Types].xml", "xl/workbook.xml"]).spoken
    'an Excel workbook'
    >>> kind_of_zip(["calls.csv"]).spoken
    'a zip file'
    """
    known = set(names)
    for sign, why in _OFFICE:
        if any(name.startswith(sign) for name in known):
            return f"it is {why}."
    is_book = "[Content_Types].xml" in known and any(name.startswith("xl/") for name in known)
    return _WORKBOOK if is_book else _ZIP


def refusal(head: bytes) -> str:
    """Say why no reader takes bytes of this sort; nothing where one may."""
    if _signed(head) is not None:
        return ""
    for place, sign, why in _STRANGE:
        if head.startswith(sign, place):
            return f"it is {why}."
    return "it is neither text nor any form that is known here." if head.strip() and _text(head) is None else ""


def _signed(head: bytes) -> Kind | None:
    # A header line may begin with the letters of a sign; the forms that bear them are full of control characters.
    is_binary = head.translate(None, _CONTROL) != head
    found = (kind for place, sign, kind in _SIGNS if is_binary and head.startswith(sign, place))
    return next(found, None)


def _of_text(text: str | None, promised: tuple[Kind, ...]) -> Kind:
    if text is None:
        return promised[0]
    found = _DECLARED.match(text)
    root = _ROOT.match(text, found.end() if found else 0)
    if root:
        name = root.group(1).lower()
        # `<id>,<name>` is a header line of some exports, and no page begins so.
        return _ROOTS.get(name) or (_PAGE if name in _PAGE_ROOTS or "<!doctype html" in text.lower() else promised[0])
    if _JSON in promised or _RECORD.match(text):
        return _JSON
    return TEXT


def _text(head: bytes) -> str | None:
    """Decode well enough to look at; None where it is no text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    sample = head[:2000]
    if sample.count(0) > len(sample) / 5:
        zeros = [sample[first::2].count(0) / max(1, len(sample[first::2])) for first in (0, 1)]
        wide = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
        return head[: len(head) // 2 * 2].decode(wide, "replace") if min(zeros) < 0.05 else None
    control = len(sample) - len(sample.translate(None, _CONTROL))
    return None if control > len(sample) / 20 else head.removeprefix(codecs.BOM_UTF8).decode("latin-1")
