"""Distinct texts read as the parts of dates: year, month, day, clock and offset, whole columns at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mining.sources.times.shapes import Shaped, shaped
from mining.sources.times.spellings import LABELS, Spelling, spelling_of
from mining.sources.times.zones import NO_OFFSET

__all__ = [
    "EPOCH_UNITS",
    "NAMES",
    "NO_OFFSET",
    "OPEN",
    "PRECISIONS",
    "Parts",
    "Stamps",
    "read_epochs",
    "read_parts",
    "read_stamps",
    "relabelled",
]

Ints = npt.NDArray[np.int64]
PRECISIONS = ("us", "ms", "s", "min", "hour", "day")
EPOCH_UNITS = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}
OPEN = ("a/b/Y", "aabbYYYY")  # spellings that do not say which number is the day
_COMPACT = ("aabbYYYY", "YYYYMMDDhhmm", "YYYYMMDDhh")
NAMES = (*LABELS, *_COMPACT, "y/M/D")
_PLACE = {label: place for place, label in enumerate(NAMES)}
_HOUR, _MINUTE = 3_600_000_000, 60_000_000


@dataclass(frozen=True)
class Stamps:
    """The parts of distinct texts, one line each.

    Attributes
    ----------
    label : ndarray of int64
        Place in `NAMES`; -1 for a text that is no date.
    year, first, second : ndarray of int64
        Year as written; month and day, or two numbers whose order is open, or week and weekday, or the day of the year
        in `second`. Of a plain number `year` is the whole number.
    width, mark : ndarray of int64
        Digits of the year; code point of what stands between the numbers.
    padding : ndarray of int64
        Of `first`: 1 written without a leading nought, 2 with, 0 does not show; four times that of `second`.
    clock : ndarray of int64
        Microseconds since midnight; -1 where the clock is impossible. Of a plain number its fraction in 1e-9.
    offset, zone : ndarray of int64
        Minutes east of UTC, `NO_OFFSET` where none is written; place in `zones` where letters name one, else -1.
    precision : ndarray of int64
        Place in `PRECISIONS` of the finest part that is written.
    half : ndarray of int64
        1 where the clock counts to twelve.
    calendar : ndarray of int64
        1 or 2 where the month's name is Gregorian or Jalali.
    zones : tuple of (str, int)
        Letters that name zones, each with the place of a text that does.
    """

    label: Ints
    year: Ints
    first: Ints
    second: Ints
    width: Ints
    mark: Ints
    padding: Ints
    clock: Ints
    offset: Ints
    zone: Ints
    precision: Ints
    half: Ints
    calendar: Ints
    zones: tuple[tuple[str, int], ...]

    @property
    def open(self) -> npt.NDArray[np.bool_]:
        """Where the order of day and month is open."""
        return self.labelled(*OPEN)

    def labelled(self, *labels: str) -> npt.NDArray[np.bool_]:
        """Where the spelling is one of these."""
        found = self.label == _PLACE[labels[0]]
        for label in labels[1:]:
            found |= self.label == _PLACE[label]
        return np.asarray(found)

    def take(self, places: Ints) -> Stamps:
        """Pick texts, in an order."""
        parts = {part.name: getattr(self, part.name)[places] for part in fields(self) if part.name != "zones"}
        return replace(self, **parts)


def relabelled(stamps: Stamps, rows: npt.NDArray[np.bool_], label: str) -> Stamps:
    """Give some texts another spelling."""
    return replace(stamps, label=np.where(rows, _PLACE[label], stamps.label)) if rows.any() else stamps


@dataclass(frozen=True)
class Parts:
    """Texts of one spelling: where they are, and the two numbers that are month and day or day and month."""

    matched: npt.NDArray[np.bool_]
    year: Ints
    first: Ints
    second: Ints


def read_stamps(words: Sequence[str] | npt.NDArray[np.object_]) -> Stamps:
    """Read distinct texts; a text that is no date has label -1."""
    size = len(words)
    nothing = {"label": -1, "offset": NO_OFFSET, "zone": -1}
    names = [part.name for part in fields(Stamps) if part.name != "zones"]
    columns: dict[str, Any] = {name: np.full(size, nothing.get(name, 0), dtype=np.int64) for name in names}
    stamps = Stamps(**columns, zones=())
    zones: dict[str, tuple[int, int]] = {}
    for texts in shaped(words):
        spelling = spelling_of(texts.shape)
        if spelling is not None:
            _read(stamps, texts, spelling, zones)
    _compact(stamps)
    return replace(stamps, zones=tuple((word, example) for word, (_, example) in zones.items()))


def read_parts(texts: Iterable[object]) -> dict[str, Parts]:
    """Read texts and sort them by spelling; ``a/b/Y`` has its order open. Plain numbers are left out.

    Examples
    --------
    >>> parts = read_parts(["13/02/2024", "soon"])["a/b/Y"]
    >>> parts.matched.tolist(), int(parts.first[0]), int(parts.second[0])
    ([True, False], 13, 2)
    """
    stamps = read_stamps(_listed(texts))
    dated = stamps.label[(stamps.label >= 0) & ~stamps.labelled("number", "rounded number")]
    return {
        NAMES[place]: Parts(stamps.label == place, stamps.year, stamps.first, stamps.second)
        for place in np.unique(dated)
    }


def read_epochs(texts: Iterable[object]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Read the texts that are plain numbers of five digits or more."""
    stamps = read_stamps(_listed(texts))
    matched = stamps.labelled("number") & (np.abs(stamps.year) >= 10_000)
    return np.where(matched, stamps.year + np.sign(stamps.year) * stamps.clock / 1e9, 0.0), matched


def _listed(texts: Iterable[object]) -> list[str]:
    return [str(text) for text in (texts.to_pylist() if isinstance(texts, pa.Array) else texts)]


def _read(stamps: Stamps, texts: Shaped, spelling: Spelling, zones: dict[str, tuple[int, int]]) -> None:
    rows, spans = texts.rows, spelling.spans
    stamps.label[rows] = _PLACE[spelling.label]
    if "whole" in spans:
        _number(stamps, texts, spelling)
        return
    if "year" not in spans:
        return
    stamps.year[rows] = texts.number(spans["year"])
    stamps.width[rows] = spans["year"][1] - spans["year"][0]
    stamps.mark[rows] = ord(spelling.mark) if spelling.mark else 0
    stamps.first[rows] = texts.number(spans["month"]) if "month" in spans else spelling.month
    stamps.second[rows] = texts.number(spans["day"])
    padded = [_padding(part[rows], spans.get(name)) for part, name in ((stamps.first, "month"), (stamps.second, "day"))]
    stamps.padding[rows] = padded[0] + 4 * padded[1]
    stamps.calendar[rows] = ("", "gregorian", "jalali").index(spelling.calendar)
    _clock(stamps, texts, spelling)
    if spelling.sign:
        minutes = texts.number(spans["east"]) * 60 + (texts.number(spans["past"]) if "past" in spans else 0)
        # No clock is further from UTC than 14 hours.
        stamps.clock[rows] = np.where(minutes <= 14 * 60, stamps.clock[rows], -1)
        stamps.offset[rows] = spelling.sign * minutes
    elif spelling.zone:
        stamps.zone[rows] = zones.setdefault(spelling.zone, (len(zones), int(rows[0])))[0]
    else:
        stamps.offset[rows] = spelling.offset


def _padding(values: Ints, span: tuple[int, int] | None) -> Ints:
    if span is None:
        return np.zeros_like(values)
    shown = np.ones_like(values) if span[1] - span[0] == 1 else np.where(values < 10, 2, 0)
    return np.asarray(shown, dtype=np.int64)


def _number(stamps: Stamps, texts: Shaped, spelling: Spelling) -> None:
    whole = texts.number(spelling.spans["whole"])
    # Nineteen digits may be more than a whole number holds; it then comes out negative.
    stamps.label[texts.rows[whole < 0]] = -1
    stamps.year[texts.rows] = -whole if spelling.negative else whole
    stamps.width[texts.rows] = spelling.spans["whole"][1] - spelling.spans["whole"][0]
    stamps.clock[texts.rows] = _fraction(texts, spelling.spans.get("fraction"), 9)
    start, stop = spelling.spans.get("fraction", (0, 0))
    stamps.second[texts.rows] = stop - start


def _fraction(texts: Shaped, span: tuple[int, int] | None, digits: int) -> Ints:
    """Read the digits after a point in units of the last of so many."""
    if span is None:
        return np.zeros(len(texts.rows), dtype=np.int64)
    shown = min(span[1] - span[0], digits)
    return texts.number((span[0], span[0] + shown)) * int(10 ** (digits - shown))


def _clock(stamps: Stamps, texts: Shaped, spelling: Spelling) -> None:
    spans, rows = spelling.spans, texts.rows
    if "hour" not in spans:
        stamps.precision[rows] = PRECISIONS.index("day")
        return
    hour = texts.number(spans["hour"])
    minute, second = (
        texts.number(spans[name]) if name in spans else np.zeros_like(hour) for name in ("minute", "second")
    )
    part = spans.get("fraction") or spans.get("fragment")
    micros = _fraction(texts, part, 6)
    # A leap second ends an hour of UTC, which ends a quarter of an hour everywhere.
    right = (minute < 60) & ((second < 60) | ((second == 60) & (minute % 15 == 14))) & (hour < 24)
    right |= (hour == 24) & (minute == 0) & (second == 0) & (micros == 0)  # the end of the day
    if spelling.half:
        right &= (hour <= 12) | ((spelling.half == "pm") & (hour < 24))
        hour = np.where(hour <= 12, hour % 12 + 12 * (spelling.half == "pm"), hour)
        stamps.half[rows] = 1
    stamps.clock[rows] = np.where(right, hour * _HOUR + minute * _MINUTE + second * 1_000_000 + micros, -1)
    stamps.precision[rows] = _finest(spans, part)


def _finest(spans: object, part: tuple[int, int] | None) -> int:
    if part is not None:
        return PRECISIONS.index("us" if part[1] - part[0] > 3 else "ms")
    shown = [name for name in ("second", "minute", "hour") if name in spans]  # type: ignore[operator]
    return PRECISIONS.index({"second": "s", "minute": "min", "hour": "hour"}[shown[0]])


def _compact(stamps: Stamps) -> None:
    """Tell dates of digits alone from plain numbers: eight by themselves, ten and twelve by all of the column."""
    eight = stamps.labelled("YYYYMMDD") & (stamps.precision == PRECISIONS.index("day"))
    if eight.any():
        _eight(stamps, eight)
    _whole(stamps, "YYYYMMDDhhmm", 12)
    _whole(stamps, "YYYYMMDDhh", 10)


def _eight(stamps: Stamps, eight: npt.NDArray[np.bool_]) -> None:
    year, month, day = stamps.year, stamps.first, stamps.second
    likely = ((year >= 1300) & (year <= 1499)) | ((year >= 1800) & (year <= 2199)) | np.isin(year, (0, 1, 9999))
    wrong = eight & ~(likely & (month <= 12) & (day <= 31))
    ending = month * 100 + day
    turned = wrong & (ending >= 1900) & (ending <= 2099)
    first, second = year // 100, year % 100
    stamps.label[wrong] = -1
    stamps.label[turned] = _PLACE["aabbYYYY"]
    stamps.first[turned], stamps.second[turned] = first[turned], second[turned]
    stamps.year[turned] = ending[turned]


def _whole(stamps: Stamps, label: str, digits: int) -> None:
    rows = stamps.labelled("number") & (stamps.width == digits) & (stamps.year > 0) & (stamps.second == 0)
    if not rows.any():
        return
    whole = stamps.year[rows]
    minute, whole = (whole % 100, whole // 100) if digits == 12 else (np.zeros_like(whole), whole)
    hour, day, month, year = whole % 100, whole // 100 % 100, whole // 10_000 % 100, whole // 1_000_000
    fits = (year >= 1950) & (year <= 2099) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    # Seconds since 1970 that all look like dates do not happen before 2030.
    if not (fits & (hour < 24) & (minute < 60)).all():
        return
    stamps.label[rows], stamps.width[rows] = _PLACE[label], 4
    stamps.year[rows], stamps.first[rows], stamps.second[rows] = year, month, day
    stamps.clock[rows] = hour * _HOUR + minute * _MINUTE
    stamps.precision[rows] = PRECISIONS.index("min" if digits == 12 else "hour")
