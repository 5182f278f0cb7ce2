"""Files are written whole or not at all, and tables so that no spreadsheet runs what a cell says."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

import pandas as pd

from mining._errors import MiningError
from mining._workbook import packed_workbook

__all__ = ["TABLES", "whole_file", "write_once", "write_table", "write_whole"]

TABLES: Final = (".csv", ".parquet", ".xlsx")
# A spreadsheet takes a text that begins so for a formula (the wide forms of a Japanese keyboard too), at the start of a
# cell, or of what another locale's spreadsheet takes for one: there a semicolon or a tab ends a cell.
_FORMULA: Final = r"(^|[;\t\r\n])([=+\-@＝＋－＠])"
_HIDDEN: Final = r"^([\t\r\n])"
# Characters that turn the reading direction of what follows, and those that no spreadsheet may hold.
_TURNING: Final = "[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\x00-\x08\x0b\x0c\x0e-\x1f]"
_ABANDONED: Final = 3600.0


def write_whole(path: Path | str, content: bytes) -> Path:
    """Write a file so that whoever looks finds the old one or the new one, never a part.

    The bytes go to a temporary file in the same folder, onto the disk, and then into place; a full disk or a kill
    leaves what was there before.

    Parameters
    ----------
    path : Path or str
        The file; its folder is made where it is missing.
    content : bytes
        All of it.

    Returns
    -------
    Path
        The file written.
    """
    with whole_file(Path(path)) as file:
        file.write(content)
    return Path(path)


def write_once(path: Path | str, content: bytes) -> bool:
    """Write a file that only its owner may read, whole, unless there is one already.

    Of several processes that try at once, one succeeds.

    Parameters
    ----------
    path : Path or str
        The file; its folder is made where it is missing.
    content : bytes
        All of it.

    Returns
    -------
    bool
        Whether it was written; False where the file was there first.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part(path)
    try:
        with part.open("xb") as file:
            part.chmod(0o600)
            _settle(file, content)
        return _first(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_table(path: Path | str, frame: pd.DataFrame) -> Path:
    """Write a table as CSV, Parquet or Excel workbook, by the file's ending, whole or not at all.

    In a workbook every text is typed as one, so that none is run as a formula. In CSV, a text that a spreadsheet would
    run as a formula gets a ``'`` in front; in both, characters that turn the reading direction are left out, and
    numbers and times stay as they are. Parquet holds the values unchanged: nothing runs there.
    An index is written where it has a name.

    Parameters
    ----------
    path : Path or str
        The file, ending in ``.csv`` (UTF-8 with a mark, so that Excel reads Hebrew and Persian), ``.parquet`` or
        ``.xlsx``.
    frame : DataFrame
        The table.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    MiningError
        For another ending, and more rows than a workbook holds.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in TABLES:
        raise MiningError.refused(
            f"A table cannot be written as '{path.name}':", f"end its name in {', '.join(TABLES)}."
        )
    named = any(name is not None for name in frame.index.names)
    table = frame.reset_index() if named else frame.reset_index(drop=True)
    if suffix == ".xlsx":
        return write_whole(path, packed_workbook(table))
    with whole_file(path) as file:
        if suffix == ".parquet":
            table.to_parquet(file, index=False)
        else:
            _harmless(table).to_csv(file, mode="wb", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return path


def _harmless(table: pd.DataFrame) -> pd.DataFrame:
    """Disarm every text cell and header."""
    columns = {}
    for place, kind in enumerate(table.dtypes):
        column = table.iloc[:, place]
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)):
            words = column.drop_duplicates()
            column = column.astype("object").map(dict(zip(words, map(_disarmed, words), strict=True)))
        columns[place] = column
    return pd.DataFrame(columns, index=table.index).set_axis([_disarmed(name) for name in table.columns], axis=1)


def _disarmed(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    plain = re.sub(_FORMULA, r"\1'\2", re.sub(_TURNING, "", cell))
    return re.sub(_HIDDEN, r"'\1", plain)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its place only when all has been written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    part = _part(path)
    try:
        with part.open("xb") as file:
            if path.exists():
                part.chmod(path.stat().st_mode & 0o777)  # the rights of the file that is replaced
            yield file
            _settle(file)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _settle(file: BinaryIO, content: bytes = b"") -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _part(path: Path) -> Path:
    # Names of files are at most 255 bytes long, and a Hebrew letter is two of them.
    return path.with_name(f".{path.name.encode()[:200].decode(errors='ignore')}.{secrets.token_hex(8)}.part")


def _sweep(path: Path) -> None:
    """Remove what killed writers of this file left behind; a part that is fresh may be another writer's at work."""
    stem = _part(path).name[: -len("0123456789abcdef.part")]
    for entry in path.parent.iterdir():
        if entry.name.startswith(stem) and re.fullmatch(r"[0-9a-f]{16}\.part", entry.name[len(stem) :]):
            with suppress(OSError):
                if time.time() - entry.stat().st_mtime > _ABANDONED:
                    entry.unlink()


def _first(part: Path, path: Path) -> bool:
    try:
        path.hardlink_to(part)
    except FileExistsError:
        return False
    except OSError:
        # Some file systems have no links; there two processes are told apart by a look before.
        if path.exists():
            return False
        part.rename(path)
    return True
