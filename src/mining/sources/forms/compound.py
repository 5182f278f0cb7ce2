"""Take the streams out of an OLE compound file, the container of binary workbooks, and put one into a sound one.

The workbook reader follows chains of sectors for ever where they run in a circle. It is given a container of ours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

__all__ = ["streams", "wrapped"]

_FREE: Final = 0xFFFFFFFA  # this and all above are no sectors
_ENTRY, _SMALL_SECTOR, _SECTOR = 128, 64, 4096
_LISTED: Final = 109
_SIGN: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TABLE, _LAST, _NONE = 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF


class _Container:
    """The sectors of a file, and the chains they make."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = 1 << min(struct.unpack_from("<H", data, 30)[0], 20)
        self.next = self._table()

    def sector(self, number: int) -> bytes:
        """Give one sector."""
        # The header takes the place of one.
        start = (number + 1) * self.size
        return self.data[start : start + self.size]

    def chain(self, first: int) -> bytes:
        """Put the sectors of a chain together; one that runs in a circle ends where it began again."""
        found, seen, number = [], set(), first
        while number < min(_FREE, len(self.next)) and number not in seen:
            seen.add(number)
            found.append(self.sector(number))
            number = self.next[number]
        return b"".join(found)

    def _table(self) -> tuple[int, ...]:
        numbers = list(struct.unpack_from(f"<{_LISTED}I", self.data, 76))
        more, per, seen = struct.unpack_from("<I", self.data, 68)[0], self.size // 4 - 1, set()
        while more < _FREE and more not in seen and len(self.sector(more)) == self.size:
            seen.add(more)
            *listed, more = struct.unpack(f"<{per + 1}I", self.sector(more))
            numbers += listed
        table = b"".join(dict.fromkeys(self.sector(number) for number in numbers if number < _FREE))
        return struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])


def streams(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every stream of the file, the small ones that share sectors too.

    Parameters
    ----------
    data : bytes
        The whole file.

    Raises
    ------
    struct.error, ValueError
        When it ends before its header does, or before its streams do.
    """
    container = _Container(data)
    directory = container.chain(struct.unpack_from("<I", data, 48)[0])
    entries = [directory[place : place + _ENTRY] for place in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
    names = [entry[: max(0, min(64, struct.unpack_from("<H", entry, 64)[0] - 2))] for entry in entries]
    said = [(entry[66], *struct.unpack_from("<IQ", entry, 116)) for entry in entries]
    cutoff, first_small = struct.unpack_from("<II", data, 56)
    small_table = container.chain(first_small)
    small_next = struct.unpack(f"<{len(small_table) // 4}I", small_table)
    shared = container.chain(next((start for kind, start, _ in said if kind == 5), _FREE))
    for letters, (kind, start, told) in zip(names, said, strict=True):
        if kind == 2:
            size = told & 0xFFFFFFFF  # old programs leave rubbish in the upper half
            is_small = size < cutoff
            stream = _small(shared, small_next, start) if is_small else container.chain(start)
            if len(stream) < size:
                raise ValueError(f"{len(stream):,} of {size:,} bytes")
            yield letters.decode("utf-16-le", "replace"), stream


def wrapped(stream: bytes) -> bytes:
    """Put a workbook's stream into a container of its own, sector after sector.

    Raises
    ------
    ValueError
        When it is too long for a plain container, some 400 megabytes.
    """
    stream += b"\0" * (max(_SECTOR, -(-len(stream) // _SECTOR) * _SECTOR) - len(stream))
    per, sectors = _SECTOR // 4, len(stream) // _SECTOR
    tables = -(-(sectors + 1) // (per - 1))
    if tables > _LISTED:
        raise ValueError(f"a workbook of {len(stream):,} bytes")
    first = tables + 1
    chain = [*[_TABLE] * tables, _LAST, *range(first + 1, first + sectors), _LAST]
    chain += [_NONE] * (tables * per - len(chain))
    said = struct.pack("<16s5H6x", b"", 62, 4, 0xFFFE, 12, 6)
    said += struct.pack("<9I", 1, tables, tables, 0, _SECTOR, _LAST, 0, _LAST, 0)
    listed = struct.pack(f"<{_LISTED}I", *range(tables), *[_NONE] * (_LISTED - tables))
    # A container without small streams says so by their size: the reader wants the root to begin somewhere.
    directory = _entry("Root Entry", 5, child=1, start=tables, size=0)
    directory += _entry("Workbook", 2, child=_NONE, start=first, size=len(stream))
    head = (_SIGN + said + listed).ljust(_SECTOR, b"\0")
    return head + struct.pack(f"<{len(chain)}I", *chain) + directory.ljust(_SECTOR, b"\0") + stream


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    letters = name.encode("utf-16-le")
    said = struct.pack("<HBB3I36x", len(letters) + 2, kind, 1, _NONE, _NONE, child)
    return letters.ljust(64, b"\0") + said + struct.pack("<IQ", start, size)


def _small(shared: bytes, following: tuple[int, ...], first: int) -> bytes:
    found, seen, number = [], set(), first
    while number < len(following) and number not in seen:
        seen.add(number)
        found.append(shared[number * _SMALL_SECTOR : (number + 1) * _SMALL_SECTOR])
        number = following[number]
    return b"".join(found)
