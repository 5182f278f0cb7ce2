"""Find the files of an export and read them, once each and only those that are asked for."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePath

import pandas as pd

from mining._errors import ExportError
from mining.sources.fold import fold
from mining.sources.forms.archives import Content, members, unpacked
from mining.sources.forms.arrow import ArrowStream, read_arrow
from mining.sources.forms.formats import as_strings, look_at, read_content
from mining.sources.forms.kinds import SUFFIXES, TEXT, Kind
from mining.sources.forms.partitions import Part, joined, parts_of
from mining.sources.table import RawTable

__all__ = ["ExportFile", "Folder", "Location", "open_export", "stem_matches"]

Rows = pd.DataFrame | ArrowStream
Location = str | Path | Sequence[str | Path] | Rows | Mapping[str, Rows]

# Recognised by their bytes alone, whatever they are called. Text, pages and JSON of other names are often no export.
_UNMISTAKABLE = frozenset({"xlsx", "xls", "xmlsheet", "parquet", "feather", "sqlite", "duckdb", "zip"})
# What a person names is text even under these.
_PLAIN = frozenset({"", ".dat", ".log", ".asc", ".prn", ".out"})


@dataclass(frozen=True)
class ExportFile:
    """A file of an export that has not been read yet."""

    stem: str
    name: str
    read: Callable[[], list[RawTable]]
    sheets: bool = False  # it may hold tables of other names than its own

    def __post_init__(self) -> None:
        # Recognising a system and reading it both want the tables; the bytes are parsed once.
        object.__setattr__(self, "read", cache(self.read))


@dataclass(frozen=True)
class Folder:
    """The files of one source, and what lies beside them unread."""

    name: str
    files: tuple[ExportFile, ...]
    folders: tuple[Path, ...] = ()
    unread: tuple[str, ...] = ()

    def under(self, names: Iterable[str]) -> Folder | None:
        """Open the sub-folder that bears one of the names."""
        wanted = {fold(name) for name in names}
        found = [path for path in self.folders if fold(path.name) in wanted]
        return open_folder(found[0]) if found else None


def open_export(location: Location) -> Folder:
    """Open an export: a folder, a file, several files, or tables in memory.

    Parameters
    ----------
    location : path, list of paths, DataFrame, Arrow stream, or dict of these
        Where the export is. An Arrow stream is anything with ``__arrow_c_stream__``: a DuckDB relation (over an
        attached Postgres, Snowflake or BigQuery table, say), a polars frame, an ADBC result, a pyarrow table or
        reader. It is read once, when a mapping asks for its table; a single one is the table ``table``.

    Returns
    -------
    Folder
        Its files, unread.

    Raises
    ------
    ExportError
        When there is nothing there, or nothing that can be read.
    """
    if isinstance(location, (pd.DataFrame, ArrowStream)):
        location = {"table": location}
    if isinstance(location, Mapping):
        return Folder("frames", tuple(_in_memory(name, rows) for name, rows in location.items()))
    if isinstance(location, (str, Path)):
        path = Path(location)
        if path.is_dir():
            return open_folder(path)
        location = [path]
    paths = [Path(path) for path in location]
    for path in paths:
        if not path.is_file():
            raise ExportError.missing(path)
    opened = [_opened(path, is_named=True) for path in paths]
    files = tuple(file for found, _ in opened for file in found)
    unread = tuple(name for _, left in opened for name in left)
    if not files:
        raise ExportError.unreadable(paths[0], f"nothing in it can be: {', '.join(unread) or 'it is empty'}.")
    return Folder(paths[0].parent.name, files, unread=unread)


def open_folder(path: Path) -> Folder:
    """List the top level of a folder; what is not read is named, with the reason where it is a fault.

    A folder inside it that holds nothing but parts of one table (``part-000.parquet``, ``date=2024-01-01/...``) is that
    table.
    """
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith((".", "~")))
    if whole := parts_of(path, at_least=2):
        return Folder(path.name, (_parted(path, whole),))
    folders: list[Path] = []
    files: list[ExportFile] = []
    unread: list[str] = []
    for entry in entries:
        try:
            if not entry.is_dir():
                found, left = _opened(entry) if entry.is_file() else ([], [entry.name])
                files += found
                unread += left
            elif not entry.is_symlink() and (parts := parts_of(entry)):
                files.append(_parted(entry, parts))
            else:
                folders.append(entry)
        except ExportError as error:
            unread.append(_fault(entry.name, error))
    return Folder(path.name, tuple(files), tuple(folders), tuple(unread))


def stem_matches(stem: str, patterns: Iterable[str]) -> bool:
    """Say whether a file or sheet is the table: case, blanks and a ``_data`` suffix do not matter.

    Examples
    --------
    >>> stem_matches("Engagement_Call_data", ["engagement_call"])
    True
    """
    bare = _bare(stem)
    return any(fnmatch.fnmatchcase(bare, _bare(pattern)) for pattern in patterns)


def _bare(stem: str) -> str:
    return fold(stem).replace(" ", "_").removesuffix("_data")


def _in_memory(name: str, rows: Rows) -> ExportFile:
    if isinstance(rows, pd.DataFrame):
        return ExportFile(name, name, lambda: [RawTable.of_strings(name, name, as_strings(rows), encoding="frame")])
    return ExportFile(name, name, lambda: list(read_arrow(rows, name, name)), sheets=True)


def _opened(path: Path, *, is_named: bool = False) -> tuple[list[ExportFile], list[str]]:
    """Open a file of a folder, or one that was named; give what it holds and what of it is not read."""
    return _content_opened(Content.of_path(path), path.name, is_named=is_named)


def _content_opened(
    content: Content, name: str, *, is_named: bool = False, is_inside: bool = False
) -> tuple[list[ExportFile], list[str]]:
    stem, suffix = _stem_and_suffix(name)
    if suffix not in SUFFIXES and not is_named and not _is_unmistakable(content, suffix):
        return [], [name]
    kind = look_at(content, suffix)
    if kind.name == "gzip":
        content = unpacked(content)
        stem, suffix = _stem_and_suffix(stem if suffix == ".gz" else name)
        kind = look_at(content, suffix)
    if kind.name == "gzip":
        raise ExportError.unreadable(name, "it is packed twice. Unpack it first.")
    if kind.name == "zip" and is_inside:
        raise ExportError.unreadable(name, "it is a zip inside a zip. Unpack it and read the folder.")
    if kind.name == "zip":
        return _zipped(content, name)
    if kind is TEXT and suffix not in SUFFIXES and suffix not in _PLAIN:
        raise ExportError.unreadable(name, f"only {', '.join(sorted(SUFFIXES))} can be.")
    return [_file(content, stem, name, suffix, kind=kind)], []


def _stem_and_suffix(name: str) -> tuple[str, str]:
    path = PurePath(name)
    return path.stem, path.suffix.lower()


def _is_unmistakable(content: Content, suffix: str) -> bool:
    try:
        return look_at(content, suffix).name in _UNMISTAKABLE
    except ExportError:
        return False


def _fault(name: str, error: ExportError) -> str:
    return f"{name} ({str(error).partition(' cannot be read: ')[2].rstrip('.') or error})"


def _file(content: Content, stem: str, name: str, suffix: str, *, kind: Kind) -> ExportFile:
    called = "log" if kind.name == "xes" else stem
    return ExportFile(called, name, lambda: read_content(content, stem, name, suffix), kind.sheets)


def _zipped(archive: Content, name: str) -> tuple[list[ExportFile], list[str]]:
    files: list[ExportFile] = []
    unread: list[str] = []
    for member in members(archive):
        whole = f"{name}/{member.name}"
        try:
            if member.refused:
                raise ExportError.unreadable(whole, member.refused)
            found, left = _content_opened(member.content, whole, is_inside=True)
        except ExportError as error:
            found, left = [], [_fault(whole, error)]
        files += found
        unread += left
    return files, unread


def _parted(folder: Path, parts: Sequence[Part]) -> ExportFile:
    def read() -> list[RawTable]:
        tables: dict[str, list[tuple[Part, RawTable]]] = {}
        for part in parts:
            for file in _opened(part.path)[0]:
                for table in file.read():
                    tables.setdefault(table.name.replace(file.stem, folder.name, 1), []).append((part, table))
        return [replace(joined(found, f"{folder.name}/"), name=name) for name, found in tables.items()]

    return ExportFile(folder.name, f"{folder.name}/", read)
