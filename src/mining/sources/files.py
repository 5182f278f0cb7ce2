"""Find the files of an export and read them, once each and only those that are asked for."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from mining._errors import ExportError
from mining.sources.archives import gunzip, members
from mining.sources.fold import fold
from mining.sources.formats import SUFFIXES, as_strings, read_table, read_xes_table
from mining.sources.table import RawTable

__all__ = ["ExportFile", "Folder", "open_export", "stem_matches"]

Frames = Mapping[str, pd.DataFrame] | pd.DataFrame
Location = str | Path | Sequence[str | Path] | Frames


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
    """Open an export: a folder, a file, several files, or frames.

    Parameters
    ----------
    location : path, list of paths, DataFrame or dict of DataFrames
        Where the export is.

    Returns
    -------
    Folder
        Its files, unread.

    Raises
    ------
    ExportError
        When there is nothing there, or nothing that can be read.
    """
    if isinstance(location, pd.DataFrame):
        location = {"table": location}
    if isinstance(location, Mapping):
        return Folder("frames", tuple(_frame_file(name, frame) for name, frame in location.items()))
    if isinstance(location, (str, Path)):
        path = Path(location)
        if path.is_dir():
            return open_folder(path)
        location = [path]
    paths = [Path(path) for path in location]
    for path in paths:
        if not path.is_file():
            raise ExportError.missing(path)
    files = tuple(file for path in paths for file in _files_of(path))
    if not files:
        raise ExportError.unreadable(paths[0], f"only {', '.join(sorted(SUFFIXES))}, .xes, .gz and .zip can be.")
    return Folder(paths[0].parent.name, files)


def open_folder(path: Path) -> Folder:
    """List the top level of a folder; what is not read is named."""
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith((".", "~")))
    folders = tuple(entry for entry in entries if entry.is_dir())
    files, unread = [], []
    for entry in entries:
        if entry.is_file():
            found = list(_files_of(entry))
            files += found
            unread += [] if found else [entry.name]
    return Folder(path.name, tuple(files), folders, tuple(unread))


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


def _frame_file(name: str, frame: pd.DataFrame) -> ExportFile:
    return ExportFile(name, name, lambda: [RawTable.of_strings(name, name, as_strings(frame), encoding="frame")])


def _files_of(path: Path) -> Iterator[ExportFile]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = suffixes[-1] if suffixes else ""
    if ".xes" in suffixes[-2:] and last in {".xes", ".gz"}:
        yield ExportFile("log", path.name, lambda: [read_xes_table(path)])
    elif last == ".gz" and len(suffixes) > 1 and suffixes[-2] in SUFFIXES:
        stem = path.name[: -len("".join(path.suffixes[-2:]))]
        yield ExportFile(
            stem, path.name, lambda: _tables(gunzip(_bytes(path), path.name), stem, path.name, suffixes[-2])
        )
    elif last == ".zip":
        yield from _zipped(path)
    elif last in SUFFIXES:
        sheets = last in {".xlsx", ".xlsm", ".xls"}
        yield ExportFile(path.stem, path.name, lambda: _tables(_bytes(path), path.stem, path.name, last), sheets)


def _zipped(path: Path) -> Iterator[ExportFile]:
    for name, data in members(_bytes(path), path.name):
        inner = Path(name)
        suffix = inner.suffix.lower()
        if suffix in SUFFIXES:
            whole = f"{path.name}/{name}"
            yield ExportFile(
                inner.stem,
                whole,
                lambda data=data, stem=inner.stem, whole=whole, suffix=suffix: _tables(data, stem, whole, suffix),  # type: ignore[misc]
                suffix in {".xlsx", ".xls"},
            )


def _tables(data: bytes, stem: str, file: str, suffix: str) -> list[RawTable]:
    return list(read_table(data, stem, file, suffix))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ExportError.unreadable(path, str(error.strerror)) from error
