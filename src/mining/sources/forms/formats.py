"""One reader per file format: bytes become tables of strings. What the bytes are decides, not the file's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Final

from mining._errors import ExportError, MemoryBudgetError
from mining.sources.forms import dialect
from mining.sources.forms.archives import Content, opened
from mining.sources.forms.arrow import read_feather, read_parquet
from mining.sources.forms.cells import as_strings
from mining.sources.forms.databases import read_duckdb, read_sqlite
from mining.sources.forms.encoding import recode
from mining.sources.forms.kinds import SUFFIXES, TEXT, Kind, kind_of, kind_of_zip, refusal
from mining.sources.forms.nested import read_json, unwrapped
from mining.sources.forms.webpages import read_page
from mining.sources.forms.workbooks import read_old_workbook, read_workbook
from mining.sources.forms.xmlsheets import read_xml_workbook
from mining.sources.table import RawTable, unique_headers

__all__ = ["as_strings", "look_at", "read_content", "read_table"]


def look_at(content: Content, suffix: str) -> Kind:
    """Tell what a file is.

    Parameters
    ----------
    content : Content
        Its bytes; only the first few thousand are read, of a zip its directory too.
    suffix : str
        Lower-case suffix with its dot.

    Returns
    -------
    Kind
        What to read it as.

    Raises
    ------
    ExportError
        When it is empty, or of a form that is known and not read.
    """
    head = content.head()
    if not head:
        raise ExportError.unreadable(content.name, "it is empty.")
    why = refusal(head)
    if why and not suffix.startswith(_TRIED):
        raise ExportError.unreadable(content.name, why)
    kind = kind_of(head, suffix)
    if kind.name == "zip":
        with opened(content) as archive:
            found = kind_of_zip(archive.namelist())
        if isinstance(found, str):
            raise ExportError.unreadable(content.name, found)
        return found
    promised = SUFFIXES.get(suffix, (TEXT,))
    # Text may be named as a workbook and still be a table. Named as a database it is none.
    return promised[0] if kind is TEXT and promised[0].name in _NEVER_TEXT else kind


def read_content(content: Content, stem: str, file: str, suffix: str) -> list[RawTable]:
    """Read the tables of one file: one, or one per sheet.

    Parameters
    ----------
    content : Content
        Its bytes, unpacked.
    stem, file : str
        Name of the table and of the file.
    suffix : str
        Lower-case suffix with its dot.

    Returns
    -------
    list of RawTable
        Strings. Where the suffix says something else than the bytes, a note says so.

    Raises
    ------
    ExportError
        When the bytes make no sense.
    """
    kind = look_at(content, suffix)
    try:
        tables = list(_READERS[kind.name](content, stem, file))
    except ExportError:
        raise
    except Exception as error:
        # Arrow tells of some allocations that failed in words alone.
        if isinstance(error, MemoryError) or "malloc of size" in str(error):
            raise MemoryBudgetError.of(f"'{file}'") from error
        # Hostile bytes make readers stumble in any way there is; what they stumbled over is told.
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise ExportError.unreadable(file, f"it is no {suffix[1:] or kind.name} file ({why}).") from error
    tables = [plain for table in tables for plain in unwrapped(table)]
    return tables if kind in SUFFIXES.get(suffix, (kind,)) else [_noted(table, suffix, kind) for table in tables]


def read_table(data: bytes, stem: str, file: str, suffix: str) -> list[RawTable]:
    """Read the tables of a file that is in memory: see `read_content`."""
    return read_content(Content.of_bytes(data, file), stem, file, suffix)


def _noted(table: RawTable, suffix: str, kind: Kind) -> RawTable:
    notes = (f"named {suffix}, but it is {kind.spoken}", *table.facts.get("notes", ()))  # type: ignore[misc]
    return replace(table, facts={**table.facts, "notes": notes})


def _delimited(content: Content, stem: str, file: str) -> Iterator[RawTable]:
    data, encoding, proof, notes = recode(content.read(), file)
    yield dialect.parse(data, stem, file, encoding=encoding, encoding_proof=proof, notes=notes)


def _xes(content: Content, _stem: str, file: str) -> Iterator[RawTable]:
    from mining._pm4py import read_xes

    if b"<object-types" in content.head():
        raise ExportError.unreadable(file, "it is an object-centric event log (OCEL 2.0). Read it with `read_ocel`.")
    # The log reader unpacks gzip as it goes.
    with nullcontext(content.packed) if content.packed else content.on_disk() as path:
        frame = read_xes(path)
        # These are texts already: spelt out one by one they would take several times the memory.
        frame = frame.set_axis(unique_headers([str(name) for name in frame]), axis=1).fillna("")
        yield RawTable.of_strings("log", file, frame, encoding="xes")


_READERS: Final[dict[str, Callable[[Content, str, str], Iterator[RawTable]]]] = {
    "text": _delimited,
    "xlsx": read_workbook,
    "xls": read_old_workbook,
    "xmlsheet": read_xml_workbook,
    "html": read_page,
    "json": read_json,
    "parquet": read_parquet,
    "feather": read_feather,
    "xes": _xes,
    "sqlite": read_sqlite,
    "duckdb": read_duckdb,
}
_NEVER_TEXT: Final = frozenset({"parquet", "feather", "sqlite", "duckdb", "xes"})
# The readers of these say better what is wrong with bytes that are nothing.
_TRIED: Final = (".parquet", ".feather", ".sqlite", ".duckdb", ".ddb")
