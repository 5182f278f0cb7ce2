"""Read zip and gzip in memory, within limits: an archive is never unpacked to disk and never trusted."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from mining._errors import ExportError

__all__ = ["check_workbook", "gunzip", "members"]

LIMIT = 2 * 1024**3
_RATIO, _SMALL = 200, 50 * 1024**2


def gunzip(data: bytes, name: str) -> bytes:
    """Decompress a gzip file, refusing more than the limit or an absurd ratio."""
    out, rest, whole = io.BytesIO(), data, False
    try:
        while rest.strip(b"\0"):
            machine, whole = zlib.decompressobj(wbits=31), False
            while rest and not machine.eof:
                out.write(machine.decompress(rest, 16 * 1024**2))
                _bounded(out.tell(), len(data), name)
                rest = machine.unconsumed_tail
            whole, rest = machine.eof, machine.unused_data
        if not whole:
            raise ExportError.unreadable(name, "it is cut short. Copy it again.")
    except zlib.error as error:
        raise ExportError.unreadable(name, f"it is not whole gzip data ({error}).") from error
    return out.getvalue()


def members(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield (file name without folders, bytes) of a zip, in name order."""
    with _opened(data, name) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _bounded(sum(entry.file_size for entry in entries), len(data), name)
        for entry in sorted(entries, key=lambda entry: entry.filename):
            inner = PurePosixPath(entry.filename.replace("\\", "/"))
            if inner.name.startswith((".", "~")) or "__MACOSX" in inner.parts:
                continue
            if entry.flag_bits & 1:
                raise ExportError.unreadable(name, "it is locked with a password. Unpack it and read the folder.")
            yield inner.name, archive.read(entry)


def check_workbook(data: bytes, name: str) -> None:
    """Refuse a workbook whose parts would swell beyond the limit."""
    with _opened(data, name) as archive:
        _bounded(sum(entry.file_size for entry in archive.infolist()), len(data), name)


def _opened(data: bytes, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise ExportError.unreadable(name, f"it is not a whole zip file ({error}).") from error


def _bounded(size: int, packed: int, name: str) -> None:
    if size > LIMIT or (size > _SMALL and size > _RATIO * packed):
        raise ExportError.unreadable(
            name, f"it holds at least {size:,} bytes in {packed:,}. Unpack it yourself if you trust it."
        )
