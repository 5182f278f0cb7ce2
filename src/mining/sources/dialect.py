"""Find a delimited file's dialect, then parse every cell as a string; lines that are no records are set aside."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from mining._errors import ExportError
from mining.sources.fold import fold
from mining.sources.table import RawTable, unique_headers

__all__ = ["Dialect", "parse"]

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLED = 200
_FOOTER = re.compile(
    r"^(grand total|total|sum\b|confidential|copyright|generated|exported|records? *:|"
    r"סה\"כ|סך הכל|חסוי|جمع|مجموع|محرمانه)"
)
_CAPS = (1_000, 2_000, 10_000, 50_000, 65_535, 65_536, 100_000, 1_000_000, 1_048_575, 1_048_576)


class Dialect(NamedTuple):
    """How a text is cut into records."""

    delimiter: str
    headers: tuple[str, ...]
    preamble: int  # records before the header line
    start: int  # character at which the first data record begins


class _Parsed(NamedTuple):
    frame: pd.DataFrame
    numbers: np.ndarray[Any, np.dtype[np.int64]]
    bad: dict[int, str]  # record number -> its text


csv.field_size_limit(2**31 - 1)


def parse(text: str, name: str, file: str, **facts: object) -> RawTable:
    """Parse delimited text into a table of strings.

    Every cell stays a string: no guessing of numbers, dates or missing values. Lines before the header, footers, ragged
    records and repeated headers are set aside with their record numbers.

    Parameters
    ----------
    text : str
        Decoded file.
    name, file : str
        Name of the table and of the file.
    **facts
        What is known of the file already, carried to the quality report.

    Returns
    -------
    RawTable
        Strings, record numbers and what was set aside.

    Raises
    ------
    ExportError
        When the text holds no header line.
    """
    text = _lines(text)
    dialect = detect(text, file)
    body = text[dialect.start :]
    body, unclosed = _close(body, dialect)
    parsed = _shift(_cells(body, dialect), unclosed)
    frame, numbers, tail = _drop_extra(parsed.frame, parsed.numbers, dialect)
    aside = {"unclosed quote": unclosed, **_sorted_bad(parsed), **tail}
    if dialect.preamble:
        aside["preamble"] = [0] * dialect.preamble
    facts |= {"delimiter": dialect.delimiter, "notes": tuple(_warnings(text, len(numbers)))}
    taken = tuple((rule, tuple(sorted(rows))) for rule, rows in _merged(aside).items() if rows)
    return RawTable(name, file, frame, numbers, taken, facts)


def detect(text: str, file: str) -> Dialect:
    r"""Choose the delimiter that cuts most sampled records to one width, and find the header line.

    Examples
    --------
    >>> detect("Report\n\nid;name\n1;a,b\n", "calls.csv").delimiter
    ';'
    """
    said = re.match(r"sep=(.)\r?\n", text)
    skip = said.end() if said else 0
    choices = [said.group(1)] if said else list(_DELIMITERS)
    best, score = None, (-1.0, -1)
    for delimiter in choices:
        sample = _sample(text[skip:], delimiter)
        width, share = _width(sample)
        # A delimiter that cuts nothing is a last resort: width 1 fits any text.
        rank = (share if width > 1 else 0.0, width)
        if sample and rank > score:
            best, score = (delimiter, width, sample), rank
    if best is None:
        raise ExportError.unreadable(file, "it is empty.")
    delimiter, width, sample = best
    header = next(place for place, (record, _) in enumerate(sample) if len(record) == width and any(record))
    preamble = sum(1 for record, _ in sample[:header] if any(cell.strip() for cell in record))
    record, lines = sample[header]
    return Dialect(delimiter, tuple(unique_headers(record)), preamble, skip + _offset(text[skip:], lines))


def _lines(text: str) -> str:
    """Give classic Mac files (carriage returns alone) line feeds."""
    text = text.lstrip("\ufeff")
    return text.replace("\r", "\n") if "\r" in text and "\n" not in text else text


def _sample(text: str, delimiter: str) -> list[tuple[list[str], int]]:
    reader = csv.reader(io.StringIO(text[:2_000_000], newline=""), delimiter=delimiter)
    records = []
    try:
        for record in itertools.islice(reader, _SAMPLED):
            records.append((record, reader.line_num))  # noqa: PERF401  the reader's line number moves with the loop
    except csv.Error:
        return records
    return records


def _width(sample: Sequence[tuple[list[str], int]]) -> tuple[int, float]:
    widths = Counter(len(record) for record, _ in sample if record)
    if not widths:
        return 0, 0.0
    # Of two widths equally common the wider is the data's: title lines are narrow.
    width = max(widths, key=lambda width: (widths[width] if width > 1 else 0, width))
    return width, widths[width] / sum(widths.values())


def _offset(text: str, lines: int) -> int:
    place = 0
    for _ in range(lines):
        ends = [end for end in (text.find("\n", place), text.find("\r", place)) if end >= 0]
        if not ends:
            return len(text)
        place = min(ends)
        place += 2 if text[place : place + 2] == "\r\n" else 1
    return place


def _close(body: str, dialect: Dialect) -> tuple[str, list[int]]:
    """Take out the line whose quote never closes: it would swallow every record after it."""
    cut: list[int] = []
    while body.count('"') % 2:
        reader, line, number = csv.reader(io.StringIO(body, newline=""), delimiter=dialect.delimiter), 0, 0
        for record in reader:
            number += bool(record)
            previous, line = line, reader.line_num
        start, end = _offset(body, previous), _offset(body, previous + 1)
        body = body[:start] + body[end:]
        cut.append(number + len(cut))
    return body, cut


def _cells(body: str, dialect: Dialect) -> _Parsed:
    names = [str(place) for place in range(len(dialect.headers))]
    bad: dict[int, str] = {}

    def note(row: Any) -> str:
        bad[int(row.number)] = str(row.text)
        return "skip"

    data = body.encode("utf-8", "surrogatepass")
    if not body.strip():
        return _Parsed(pd.DataFrame(columns=list(dialect.headers), dtype="str"), np.empty(0, dtype=np.int64), bad)
    # Record numbers exist only when read by one thread, and a block must hold the longest record.
    cells = pa.csv.read_csv(
        pa.BufferReader(data),
        read_options=pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=min(len(data) + 1, 1 << 26)),
        parse_options=pa.csv.ParseOptions(
            delimiter=dialect.delimiter, newlines_in_values=True, invalid_row_handler=note, ignore_empty_lines=True
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    frame = cells.to_pandas()
    frame.columns = pd.Index(dialect.headers)
    numbers = np.setdiff1d(np.arange(1, len(frame) + len(bad) + 1, dtype=np.int64), np.array(list(bad), dtype=np.int64))
    return _Parsed(frame.astype("str"), numbers, bad)


def _shift(parsed: _Parsed, cut: Sequence[int]) -> _Parsed:
    """Renumber the records as if the lines that were cut out still stood."""
    for number in sorted(cut):
        parsed = _Parsed(
            parsed.frame,
            parsed.numbers + (parsed.numbers >= number),
            {row + (row >= number): line for row, line in parsed.bad.items()},
        )
    return parsed


def _sorted_bad(parsed: _Parsed) -> dict[str, list[int]]:
    """Tell the footer, single cells or totals after the last record, from ragged records."""
    last = int(parsed.numbers[-1]) if len(parsed.numbers) else 0
    kinds: dict[str, list[int]] = {"footer": [], "ragged": []}
    for row, line in parsed.bad.items():
        plain = not any(delimiter in line for delimiter in _DELIMITERS) or _FOOTER.match(fold(line.strip('"')))
        kinds["footer" if row > last and plain else "ragged"].append(row)
    return kinds


def _drop_extra(
    frame: pd.DataFrame, numbers: np.ndarray[Any, np.dtype[np.int64]], dialect: Dialect
) -> tuple[pd.DataFrame, np.ndarray[Any, np.dtype[np.int64]], dict[str, list[int]]]:
    """Set aside repeated headers, empty records and totals that have the width of data."""
    if not len(frame):
        return frame, numbers, {}
    first = frame.iloc[:, 0].to_numpy(dtype=object)
    repeated = np.zeros(len(frame), dtype=bool)
    for place in np.flatnonzero(first == dialect.headers[0]):
        repeated[place] = tuple(frame.iloc[place]) == dialect.headers
    footer = np.zeros(len(frame), dtype=bool)
    footer[list(_footers(first))] = True
    drop = repeated | footer
    found = {"repeated header": numbers[repeated].tolist(), "footer, full width": numbers[footer].tolist()}
    if not drop.any():
        return frame, numbers, found
    return frame.loc[~drop].reset_index(drop=True), numbers[~drop], found


def _footers(first: np.ndarray[Any, Any]) -> Iterator[int]:
    for place in range(len(first) - 1, max(-1, len(first) - 6), -1):
        if not _FOOTER.match(fold(str(first[place]))):
            return
        yield place


def _merged(aside: dict[str, list[int]]) -> dict[str, list[int]]:
    """Put the totals that have the width of data with the rest of the footer."""
    aside["footer"] = [*aside["footer"], *aside.pop("footer, full width", [])]
    return aside


def _warnings(text: str, n_rows: int) -> Iterator[str]:
    if text and text[-1] not in "\r\n":
        yield "the last line has no end: the file may be cut short"
    if n_rows in _CAPS:
        yield f"exactly {n_rows:,} rows: the export may have been capped"
