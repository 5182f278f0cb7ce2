"""Read files where they lie: plain, packed by gzip, or inside a zip; within limits, never unpacked under their names.

A packed file may swell to `LIMIT` bytes and, above a small size, to 200 times what it takes packed: tables of text pack
five- to fiftyfold, bombs a thousandfold. What a zip says of sizes is checked first, what really comes out is counted.
"""

from __future__ import annotations

import gzip
import io
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Final, Protocol, cast

from mining._errors import ExportError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["LIMIT", "Content", "Member", "bounded", "directory", "gunzip", "members", "opened", "unpacked"]

LIMIT: Final = 4 * 1024**3
_RATIO, _SMALL = 200, 50 * 1024**2
_CHUNK: Final = 1 << 20
_HEAD: Final = 8192
# An entry of the directory takes some hundred bytes: a hundred thousand files are no export.
_DIRECTORY: Final = 8 * 1024**2
_FAULTS: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError)


@dataclass(frozen=True)
class Content:
    """The bytes of one file of an export, not read yet.

    Attributes
    ----------
    name : str
        What to call it in a message.
    stream : callable
        Opens the bytes from their beginning.
    path : Path, optional
        Where they lie plain on disk.
    packed : Path, optional
        Where they lie on disk packed by gzip.
    """

    name: str
    stream: Callable[[], IO[bytes]]
    path: Path | None = None
    packed: Path | None = None

    @classmethod
    def of_path(cls, path: Path) -> Content:
        """Point at a file on disk."""
        return cls(path.name, lambda: path.open("rb"), path)

    @classmethod
    def of_bytes(cls, data: bytes, name: str) -> Content:
        """Hold bytes that are in memory."""
        return cls(name, lambda: io.BytesIO(data))

    def head(self, size: int = _HEAD) -> bytes:
        """Read the first bytes."""
        with self._told(), self.stream() as stream:
            return stream.read(size)

    def read(self) -> bytes:
        """Read all bytes."""
        with self._told(), self.stream() as stream:
            return stream.read()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines, one in memory at a time."""
        with self._told(), self.stream() as stream:
            yield from stream

    def size(self) -> int:
        """Count the bytes; those of a packed file by unpacking it."""
        if self.path is not None:
            return self.path.stat().st_size
        with self._told(), self.stream() as stream:
            if stream.seekable():
                return stream.seek(0, io.SEEK_END)
            return sum(len(piece) for piece in iter(lambda: stream.read(_CHUNK), b""))

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Give a path for readers that know nothing else; a packed file gets a temporary one, under a name of ours."""
        if self.path is not None:
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="mining-") as folder:
            place = Path(folder) / "content"
            with self._told(), self.stream() as stream, place.open("wb") as copy:
                shutil.copyfileobj(stream, copy, _CHUNK)
            yield place

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except _FAULTS as error:
            raise ExportError.unreadable(self.name, _why(error)) from error


@dataclass(frozen=True)
class Member:
    """A file inside a zip; `refused` says why it is not read."""

    name: str  # without folders: no name of an archive is ever used as a path
    content: Content
    refused: str = ""


def unpacked(content: Content) -> Content:
    """Give the bytes inside a gzip file."""

    def stream() -> IO[bytes]:
        beneath = content.stream()
        return io.BufferedReader(
            _Bounded(gzip.GzipFile(fileobj=beneath), content.size(), content.name, beneath), _CHUNK
        )

    return Content(content.name, stream, packed=content.path)


def gunzip(data: bytes, name: str) -> bytes:
    """Decompress a gzip file, refusing more than the limit or an absurd ratio."""
    if not data:
        raise ExportError.unreadable(name, "it is empty.")
    return unpacked(Content.of_bytes(data, name)).read()


def members(content: Content) -> list[Member]:
    """List the files of a zip in name order; those of a Mac's shadow and hidden ones are not export files."""
    packed = content.size()
    with opened(content) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        directory(entries, packed, content.name)
    listed = [(PurePosixPath(entry.filename.replace("\\", "/")), entry) for entry in entries]
    return [
        _member(content, path, entry)
        for path, entry in sorted(listed, key=lambda one: str(one[0]))
        if not path.name.startswith((".", "~")) and "__MACOSX" not in path.parts
    ]


def directory(entries: Sequence[zipfile.ZipInfo], packed: int, name: str) -> None:
    """Refuse a zip whose directory says what cannot be: parts that share bytes, sizes out of all proportion."""
    if sum(entry.compress_size for entry in entries) > packed:
        raise ExportError.unreadable(name, "its parts overlap, as in a bomb. Unpack it yourself if you trust it.")
    for entry in entries:
        bounded(entry.file_size, entry.compress_size, name)
    bounded(sum(entry.file_size for entry in entries), packed, name, limit=4 * LIMIT)


def bounded(size: int, packed: int, name: str, *, limit: int = LIMIT) -> None:
    """Refuse what swells beyond the limit, or out of all proportion."""
    if size > limit or (size > _SMALL and size > _RATIO * packed):
        raise ExportError.unreadable(
            name, f"it holds at least {size:,} bytes in {packed:,}. Unpack it yourself if you trust it."
        )


def opened(content: Content) -> zipfile.ZipFile:
    """Open a zip, whose directory must be of a size that can be looked at."""
    if content.path is None:
        content = Content.of_bytes(content.read(), content.name)
    try:
        with content.stream() as stream:
            _look_at_directory(stream, content.name)
        return zipfile.ZipFile(content.path or content.stream())
    except ExportError:
        raise
    except (*_FAULTS, ValueError, struct.error) as error:
        raise ExportError.unreadable(content.name, f"it is not a whole zip file ({error}).") from error


def _look_at_directory(stream: IO[bytes], name: str) -> None:
    stream.seek(max(0, stream.seek(0, io.SEEK_END) - 66_000))
    tail = stream.read()
    place, large = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    said = int.from_bytes(tail[place + 12 : place + 16], "little") if place >= 0 else 0
    if large >= 0:
        said = int.from_bytes(tail[large + 40 : large + 48], "little")
    if said > _DIRECTORY:
        raise ExportError.unreadable(name, "it holds more files than an export has. Unpack it and read the folder.")


def _member(content: Content, path: PurePosixPath, entry: zipfile.ZipInfo) -> Member:
    def stream() -> IO[bytes]:
        archive = opened(content)
        return io.BufferedReader(_Bounded(archive.open(entry), entry.compress_size, whole, archive), _CHUNK)

    whole = f"{content.name}/{path.name}"
    locked = "it is locked with a password. Unpack it and read the folder." if entry.flag_bits & 1 else ""
    return Member(path.name, Content(path.name, stream), locked)


class _Closes(Protocol):
    def close(self) -> None: ...


class _Bounded(io.RawIOBase):
    """A stream that counts what comes out and stops when it is out of proportion."""

    def __init__(self, source: object, packed: int, name: str, beneath: _Closes) -> None:
        self._source = cast("IO[bytes]", source)
        self._packed, self._name, self._beneath = packed, name, beneath
        self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        piece = self._counted(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def readall(self) -> bytes:
        whole = io.BytesIO()
        while piece := self._counted(_CHUNK):
            whole.write(piece)
        return whole.getvalue()

    def close(self) -> None:
        if not self.closed:
            self._source.close()
            self._beneath.close()
        super().close()

    def _counted(self, size: int) -> bytes:
        piece = self._source.read(size)
        self._total += len(piece)
        bounded(self._total, self._packed, self._name)
        return piece


def _why(error: BaseException) -> str:
    match error:
        case EOFError():
            return "it is cut short. Copy it again."
        case NotImplementedError():
            return "it is packed in a way that is not read here. Unpack it and read the folder."
        case OSError(strerror=str(reason)):
            return f"{reason}."
    return f"it is not whole packed data ({error})."
