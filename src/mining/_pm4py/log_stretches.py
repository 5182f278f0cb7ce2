"""Read the regular stretches of an XES file at once, in Arrow, and leave everything irregular to the XML parser.

Programs write event logs: between one value and the next stand the same few pieces of markup, over and over. Cut at the
quotation marks, a stretch of whole traces is a column of markup and a column of values. Each distinct piece of markup
is looked at once, strictly; whether they follow each other as XES demands is then a question to integers. A stretch
that holds anything else, or anything that XML forbids, is not read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from xml.parsers import expat

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Cells", "Stretch", "read_stretch"]

_Ints = npt.NDArray[np.int64]
_LOG, _TRACE, _EVENT, _WRONG = 0, 1, 2, -1
# Where a tag may stand, and where one is after it.
_MOVES: Final = {
    "<trace>": (_LOG, _TRACE),
    "<event>": (_TRACE, _EVENT),
    "</event>": (_EVENT, _TRACE),
    "</trace>": (_TRACE, _LOG),
}
_TAGS: Final = re.compile(r"</?(?:trace|event)>")
_SPACE: Final = "[ \t\r\n]"
_BETWEEN: Final = rf'(?:"{_SPACE}*/>)?((?:{_SPACE}|</?(?:trace|event)>)*)'
_MARKUP: Final = re.compile(
    rf'{_BETWEEN}<(?:string|date|int|float|boolean|id){_SPACE}+key="([^"&<\t\r\n]*)"{_SPACE}+value="'
)
_END: Final = re.compile(_BETWEEN)
_QUOTE, _OPENING, _BLANK, _SPACES = ord('"'), ord("<"), ord(" "), (ord("\t"), ord("\n"), ord("\r"))
_FORBIDDEN: Final = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")  # U+FFFE and U+FFFF
_VARIETY: Final = 2_000  # more kinds of markup than this are no regularity
_SPOKEN: Final = "[&\t\r\n]"


@dataclass(frozen=True)
class Cells:
    """The values of one key: which rows have one, in ascending order, and what it is."""

    rows: _Ints
    texts: pa.Array


@dataclass(frozen=True)
class Stretch:
    """Whole traces, in the order of the file: their number, the trace of every event, and the values by key."""

    n_traces: int
    trace_of: _Ints
    traces: dict[str, Cells]
    events: dict[str, Cells]


@dataclass(frozen=True)
class _Markup:
    """What one distinct piece of markup between two values says."""

    key: str
    needs: int  # where one must be before it; `_WRONG` stands for anywhere inside a trace
    leaves: int
    opens_trace: bool
    opens_event: bool
    n_openings: int
    n_spaces: int


def read_stretch(data: bytes) -> Stretch | None:
    """Read whole traces.

    Parameters
    ----------
    data : bytes
        Begins where a trace may begin and ends behind ``</trace>``.

    Returns
    -------
    Stretch or None
        What the XML parser would find there, or None where only it can say.
    """
    letters = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(letters == _QUOTE)
    if not len(quotes) or len(quotes) % 4 or not _is_text(data):
        return None
    pieces = _cut(data, quotes)
    encoded = pieces.take(pa.array(np.arange(0, len(pieces), 2))).dictionary_encode()
    if len(encoded.dictionary) > _VARIETY:
        return None
    kinds = [_understood(text) for text in encoded.dictionary.to_pylist()]
    end = _understood(data[int(quotes[-1]) :].decode(), _END)
    known = [kind for kind in kinds if kind is not None]
    if end is None or len(known) < len(kinds):
        return None
    codes = np.asarray(encoded.indices).astype(np.int64)
    # A tag in a value would be an error.
    if not _is_whole(known, end, codes) or _counted(known, end, codes, "n_openings") != _count(letters, _OPENING):
        return None
    n_blanks = np.count_nonzero(letters < _BLANK) - _counted(known, end, codes, "n_spaces")
    if n_blanks and np.count_nonzero(letters < _BLANK) != sum(_count(letters, space) for space in _SPACES):
        return None  # there are characters that XML has no place for
    return _filled(pieces, known, codes, is_plain=not n_blanks and b"&" not in data)


def _count(letters: npt.NDArray[np.uint8], letter: int) -> int:
    return int(np.count_nonzero(letters == letter))


def _is_text(data: bytes) -> bool:
    """Say whether it is UTF-8 without the two characters that XML has no place for."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return not any(sign in data for sign in _FORBIDDEN)


def _cut(data: bytes, quotes: _Ints) -> pa.Array:
    """Cut into markup, value, markup, value: nothing is copied."""
    offsets = np.zeros(len(quotes) // 2 + 1, dtype=np.int32)
    offsets[1::2] = quotes[2::4] + 1
    offsets[2::2] = quotes[3::4]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _understood(text: str, pattern: re.Pattern[str] = _MARKUP) -> _Markup | None:
    match = pattern.fullmatch(text)
    if match is None:
        return None
    tags = _TAGS.findall(match.group(1))
    # What is opened and closed at once has no values, and no place in a column.
    if any(one[1:] == other[2:] for one, other in pairwise(tags)):
        return None
    places = [_MOVES[tag] for tag in tags]
    if any(before[1] != after[0] for before, after in pairwise(places)):
        return None
    return _Markup(
        match.group(2) if pattern is _MARKUP else "",
        places[0][0] if places else _WRONG,
        places[-1][1] if places else _WRONG,
        "<trace>" in tags,
        "<event>" in tags,
        text.count("<"),
        sum(text.count(chr(space)) for space in _SPACES),
    )


def _is_whole(kinds: list[_Markup], end: _Markup, codes: _Ints) -> bool:
    """Say whether the pieces follow each other as they may: traces in the log, events in traces, all of them closed."""
    needs = np.array([kind.needs for kind in kinds])[codes]
    leaves = np.array([kind.leaves for kind in kinds])[codes]
    moves = needs != _WRONG
    if not moves[0] or needs[0] != _LOG or _LOG in leaves:
        return False
    needed, left = np.append(needs[moves], end.needs), np.append(leaves[moves], end.leaves)
    return bool((needed[1:] == left[:-1]).all()) and end.leaves == _LOG


def _counted(kinds: list[_Markup], end: _Markup, codes: _Ints, sign: str) -> int:
    """Count a sign in all of the markup: what there is more of in the file stands in values."""
    counts = np.array([getattr(kind, sign) for kind in kinds])
    return int((counts * np.bincount(codes, minlength=len(kinds))).sum()) + int(getattr(end, sign))


def _filled(pieces: pa.Array, kinds: list[_Markup], codes: _Ints, *, is_plain: bool) -> Stretch | None:
    moved = np.array([kind.needs != _WRONG for kind in kinds])[codes]
    since = np.maximum.accumulate(np.where(moved, np.arange(len(codes)), 0))
    in_event = np.array([kind.leaves == _EVENT for kind in kinds])[codes[since]]
    opens_event = np.array([kind.opens_event for kind in kinds])[codes]
    trace = np.cumsum(np.array([kind.opens_trace for kind in kinds])[codes]) - 1
    event = np.cumsum(opens_event) - 1
    names = list(dict.fromkeys(kind.key for kind in kinds))
    place = {name: number for number, name in enumerate(names)}
    column = (np.array([place[kind.key] for kind in kinds], dtype=np.int16)[codes] * 2 + in_event).astype(np.int16)
    found: tuple[dict[str, Cells], dict[str, Cells]] = ({}, {})
    for number, where in _grouped(column):
        rows = (event if number % 2 else trace)[where]
        values: pa.Array | None = pieces.take(pa.array(where * 2 + 1))
        values = values if is_plain else _read(values)
        # A row with two values of one key needs two columns.
        if values is None or (rows[1:] == rows[:-1]).any():
            return None
        found[number % 2][names[number // 2]] = Cells(rows, values)
    return Stretch(int(trace[-1]) + 1, trace[opens_event], *found)


def _grouped(column: npt.NDArray[np.int16]) -> Iterator[tuple[int, _Ints]]:
    """Yield where each number stands, the numbers by first appearance."""
    order = np.argsort(column, kind="stable")
    numbers = column[order]
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    groups = np.split(order, starts[1:])
    yield from sorted(((int(column[group[0]]), group) for group in groups), key=lambda pair: int(pair[1][0]))


def _read(values: pa.Array) -> pa.Array | None:
    """Read references to characters and white space in values as the XML parser does, by asking it."""
    if not pc.any(pc.match_substring_regex(values, _SPOKEN)).as_py():
        return values
    encoded = values.dictionary_encode()
    words = [f'<w v="{word}"/>' for word in encoded.dictionary.to_pylist()]
    spoken: list[str] = []
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = lambda _tag, given: spoken.append(given.get("v", ""))
    try:
        parser.Parse(f"<words>{''.join(words)}</words>".encode(), True)
    except expat.ExpatError:
        return None
    return pa.array(spoken[1:], type=pa.string()).take(encoded.indices)
