"""Write binary workbooks, as spreadsheets did before 2007: nothing that is still around does."""

import struct
from collections.abc import Iterable

__all__ = ["number", "old_book", "old_workbook", "shown", "text"]

NONE = 0xFFFFFFFF
END = 0xFFFFFFFE
BEGIN = 0x0809


def record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def number(row: int, column: int, value: float) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def text(row: int, column: int, words: str) -> bytes:
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(words), 1) + words.encode("utf-16-le"))


def shown(row: int, column: int, place: int) -> bytes:
    """A cell that shows a shared text."""
    return record(0x00FD, struct.pack("<HHHI", row, column, 0, place))


def old_workbook(*rows: tuple[str | float, ...]) -> bytes:
    """A workbook of one sheet."""
    cells = [(at, place, value) for at, row in enumerate(rows) for place, value in enumerate(row)]
    return old_book(text(*cell) if isinstance(cell[2], str) else number(*cell) for cell in cells)


def old_book(cells: Iterable[bytes], shared: Iterable[str] = (), sheets: int = 1) -> bytes:
    """A workbook of which every sheet has the same cells, for they are the same records."""
    pieces = [struct.pack("<HB", len(words), 0) + words.encode("latin-1") for words in shared]
    # The last text may run on in a record of its own, which says anew how wide its letters are.
    whole = struct.pack("<II", len(pieces), len(pieces)) + b"".join(pieces)
    strings = record(0x00FC, whole[:8000])
    strings += b"".join(record(0x003C, b"\0" + whole[at : at + 8000]) for at in range(8000, len(whole), 8000))
    opening = record(BEGIN, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 1997, 0, 6)) + record(0x0042, b"\xb0\x04")
    opening += strings if pieces else b""
    names = [f"Sheet{place}".encode() for place in range(1, sheets + 1)]
    start = len(opening) + sum(4 + 8 + len(name) for name in names) + 4
    for name in names:
        opening += record(0x0085, struct.pack("<IBBBB", start, 0, 0, len(name), 0) + name)
    page = record(BEGIN, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 1997, 0, 6)) + b"".join(cells) + record(0x000A, b"")
    return compound(opening + record(0x000A, b"") + page)


def compound(stream: bytes) -> bytes:
    """Wrap a stream: a header, tables of sectors, a directory, the stream."""
    stream += b"\0" * (-len(stream) % 512)
    stream += b"\0" * max(0, 4096 - len(stream))
    sectors = len(stream) // 512
    tables = next(count for count in range(1, 110) if count * 128 >= count + 1 + sectors)
    first = tables + 1
    chain = [*[0xFFFFFFFD] * tables, END, *range(first + 1, first + sectors), END]
    chain += [NONE] * (tables * 128 - len(chain))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH6x", 62, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, tables, tables, 0, 4096, END, 0, END, 0)
    header += struct.pack("<109I", *range(tables), *[NONE] * (109 - tables))
    directory = entry("Root Entry", 5, 1, (END, 0)) + entry("Workbook", 2, NONE, (first, len(stream)))
    return header + struct.pack(f"<{len(chain)}I", *chain) + directory.ljust(512, b"\0") + stream


def entry(name: str, kind: int, child: int, place: tuple[int, int]) -> bytes:
    letters = name.encode("utf-16-le")
    said = struct.pack("<HBBIII", len(letters) + 2, kind, 1, NONE, NONE, child) + b"\0" * 36
    return letters.ljust(64, b"\0") + said + struct.pack("<IQ", *place)
