"""Find a delimited file's dialect, then parse every cell as a string; lines that are no records are set aside."""

from __future__ import annotations

import csv
import io
import itertools
import re
from array import array
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from mining._errors import ExportError
from mining.sources.forms.progress import tell
from mining.sources.forms.quotes import Unclosed, unclosed_lines
from mining.sources.forms.remnants import is_footer, is_footer_line, remarks, sift
from mining.sources.table import Ints, RawTable, give_back, unique_headers

__all__ = ["Dialect", "detect", "is_footer", "parse"]

_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLED: Final = 200
_HEAD: Final = 2_000_000
_SAID: Final = re.compile(r'"?sep=([^\w\s"]|\t)"?(?:\r\n|\n|\r)', re.IGNORECASE)
_MARK: Final = "\ufeff"
_NEARLY: Final = 0.6
_LAST: Final = 64
# A block must hold the longest record, and is what lies in memory beside the table.
_BLOCK, _BIGGEST_BLOCK = 1 << 23, (1 << 31) - 2


class Dialect(NamedTuple):
    """How a text is cut into records."""

    delimiter: str
    headers: tuple[str, ...]
    preamble: int  # records before the header line
    start: int  # letter of the sniffed text at which the first data record begins


class _Ragged:
    """Records of another width than the header's: their numbers, and the texts of the last of them."""

    def __init__(self) -> None:
        self.numbers = array("q")
        self.last: deque[tuple[int, str]] = deque(maxlen=_LAST)

    def __call__(self, row: Any) -> str:
        self.numbers.append(row.number)
        self.last.append((int(row.number), str(row.text)))
        return "skip"


def parse(text: str | bytes, name: str, file: str, **facts: object) -> RawTable:
    """Parse delimited text into a table of strings.

    Every cell stays a string: no guessing of numbers, dates or missing values. Lines before the header, footers, ragged
    records and repeated headers are set aside with their record numbers.

    Parameters
    ----------
    text : str or bytes
        Decoded file, or its bytes in UTF-8; a big file is best left in bytes, which are not copied.
    name, file : str
        Name of the table and of the file.
    **facts
        What is known of the file already, carried to the quality report; `notes` are added to.

    Returns
    -------
    RawTable
        Strings, record numbers and what was set aside.

    Raises
    ------
    ExportError
        When the text holds no header line.
    """
    data = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    head = _head(data)
    dialect = detect(head, file)
    start = len(head[: dialect.start].encode("utf-8"))
    cut = unclosed_lines(data, start, dialect.delimiter)
    cells, ragged = _cells(_body(data, start, cut), dialect, file)
    numbers, bad = _numbers(cells.num_rows, ragged, [line.number for line in cut])
    last = int(numbers[-1]) if len(numbers) else 0
    cells, numbers, aside = sift(cells, numbers, dialect.headers)
    aside["unclosed quote"] = [line.number for line in cut]
    for rule, rows in _sorted_ragged(ragged, bad, last).items():
        aside[rule] = [*aside.get(rule, []), *rows]
    aside["preamble"] = [0] * dialect.preamble
    taken = tuple((rule, tuple(sorted(rows))) for rule, rows in aside.items() if rows)
    records = len(numbers) + sum(len(rows) for rule, rows in taken if rule != "preamble")
    told = [*_sequence(facts.get("notes")), *_ending(data), *remarks(cells, dialect.headers, records)]
    facts |= {"delimiter": dialect.delimiter, "notes": tuple(told)}
    return RawTable(name, file, _frame(cells, dialect.headers), numbers, taken, facts)


def detect(text: str, file: str) -> Dialect:
    r"""Choose the delimiter that cuts most sampled records to one width, and find the header line.

    Examples
    --------
    >>> detect("Report\n\nid;name\n1;a,b\n", "calls.csv").delimiter
    ';'
    """
    skip = len(text) - len(text.lstrip(_MARK))
    said = _SAID.match(text, skip)
    skip = said.end() if said else skip
    choices = [said.group(1)] if said else list(_DELIMITERS)
    best, score = None, (-1.0, -1)
    for delimiter in choices:
        sample = _sample(text[skip:], delimiter)
        width, share = _width(sample)
        # A delimiter that cuts nothing is a last resort: width 1 fits any text.
        rank = (share if width > 1 else 0.0, width)
        if width and rank > score:
            best, score = (delimiter, width, sample), rank
    if best is None:
        raise ExportError.unreadable(file, "it is empty.")
    delimiter, width, sample = best
    header = _header(sample, width)
    preamble = sum(1 for record, _ in sample[:header] if any(cell.strip() for cell in record))
    record, lines = sample[header]
    return Dialect(delimiter, tuple(unique_headers(record)), preamble, skip + _offset(text[skip:], lines))


def _head(data: bytes) -> str:
    if len(data) <= _HEAD:
        return data.decode("utf-8")
    end = max(data.rfind(b"\n", 0, _HEAD), data.rfind(b"\r", 0, _HEAD)) + 1
    return data[: end or _HEAD].decode("utf-8", "strict" if end else "ignore")


def _sample(text: str, delimiter: str) -> list[tuple[list[str], int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [(record, reader.line_num) for record in itertools.islice(reader, _SAMPLED)]


def _width(sample: Sequence[tuple[list[str], int]]) -> tuple[int, float]:
    widths = Counter(len(record) for record, _ in sample if any(cell.strip() for cell in record))
    if not widths:
        return 0, 0.0
    # Of two widths equally common the wider is the data's: title lines are narrow.
    width = max(widths, key=lambda width: (widths[width] if width > 1 else 0, width))
    return width, widths[width] / sum(widths.values())


def _header(sample: Sequence[tuple[list[str], int]], width: int) -> int:
    """Find the first line that is filled nearly as wide as any: spreadsheets pad a title with delimiters."""
    filled = [sum(map(bool, map(str.strip, record))) if len(record) == width else 0 for record, _ in sample]
    return next(place for place, count in enumerate(filled) if count >= _NEARLY * max(filled))


def _offset(text: str, lines: int) -> int:
    place = 0
    for _ in range(lines):
        ends = [end for end in (text.find("\n", place), text.find("\r", place)) if end >= 0]
        if not ends:
            return len(text)
        place = min(ends)
        place += 2 if text[place : place + 2] == "\r\n" else 1
    return place


def _body(data: bytes, start: int, cut: Sequence[Unclosed]) -> pa.Buffer:
    """Give the records without the lines that were cut; where none is, nothing is copied."""
    whole = pa.py_buffer(data)
    if not cut:
        return whole.slice(start)
    edges = [start, *(edge for line in cut for edge in (line.start, line.end)), len(data)]
    return pa.py_buffer(b"".join(memoryview(data)[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)))


def _cells(body: pa.Buffer, dialect: Dialect, file: str) -> tuple[pa.Table, _Ragged]:
    block = _BLOCK
    while True:
        ragged = _Ragged()
        try:
            cells = pa.Table.from_batches(list(_batches(body, dialect, ragged, block=block, file=file)))
            break
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error) or block == _BIGGEST_BLOCK:
                raise ExportError.unreadable(file, f"its records make no table ({error}).") from error
            block = _BIGGEST_BLOCK
    return cells, ragged


def _batches(body: pa.Buffer, dialect: Dialect, ragged: _Ragged, *, block: int, file: str) -> Iterator[pa.RecordBatch]:
    names = [str(place) for place in range(len(dialect.headers))]
    schema = pa.schema([(name, pa.large_string()) for name in names])
    yield pa.RecordBatch.from_pylist([], schema=schema)
    if _is_blank(body):
        return
    source = pa.BufferReader(body)
    # Record numbers exist only when read by one thread.
    stream = pyarrow.csv.open_csv(
        source,
        read_options=pyarrow.csv.ReadOptions(column_names=names, use_threads=False, block_size=block),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=dialect.delimiter, newlines_in_values=True, invalid_row_handler=ragged, ignore_empty_lines=True
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    for batch in stream:
        yield batch
        tell(file, source.tell(), body.size)


def _is_blank(body: pa.Buffer) -> bool:
    return body.size < _HEAD and not body.to_pybytes().strip(b"\r\n")


def _numbers(rows: int, ragged: _Ragged, cut: Sequence[int]) -> tuple[Ints, Ints]:
    """Give records and ragged ones their numbers as if the lines that were cut out still stood."""
    bad = np.array(ragged.numbers, dtype=np.int64)
    every = np.arange(1, rows + len(bad) + len(cut) + 1, dtype=np.int64)
    standing = np.delete(every, np.array(cut, dtype=np.int64) - 1)
    is_bad = np.zeros(len(standing), dtype=bool)
    is_bad[bad - 1] = True
    return standing[~is_bad], standing[is_bad]


def _sorted_ragged(ragged: _Ragged, bad: Ints, last: int) -> dict[str, list[int]]:
    """Tell the footer, single cells or totals after the last record, and blanks from ragged records."""
    rules: dict[str, list[int]] = {"ragged": bad[: len(bad) - len(ragged.last)].tolist()}
    for row, (_, line) in zip(bad[len(bad) - len(ragged.last) :].tolist(), ragged.last, strict=True):
        below = row > last and is_footer_line(line)
        rule = "empty" if not line.strip() else "footer" if below else "ragged"
        rules.setdefault(rule, []).append(row)
    return rules


def _ending(data: bytes) -> Iterator[str]:
    if data and data[-1:] not in b"\r\n":
        yield "the last line has no end: the file may be cut short"
    if b"\0" in data:
        yield "the file holds NUL letters, kept as they are: it may have been damaged on its way"


def _sequence(notes: object) -> Sequence[str]:
    return notes if isinstance(notes, (list, tuple)) else ()


def _frame(cells: pa.Table, headers: Sequence[str]) -> pd.DataFrame:
    """Wrap the Arrow columns, whose letters stay where they are."""
    give_back()
    frame: pd.DataFrame = cells.rename_columns(list(headers)).to_pandas()
    return frame.astype("str")
