"""The spellings of a date: patterns that turn distinct texts into columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["EPOCH_UNITS", "PRECISIONS", "Parts", "read_epochs", "read_parts"]

Ints = npt.NDArray[np.int64]
PRECISIONS = ("us", "ms", "s", "min", "day")
EPOCH_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}

_CLOCK = (
    r"(?:,?(?:T|\s)\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,:](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?|ق\.ظ|ب\.ظ|לפנה\"?צ|אחה\"?צ)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?(?:\s*\([A-Z]+\))?$"
)
_WEEKDAY = r"(?:\pL{2,9}\.?,?\s)?"
_PATTERNS = {
    "Y-M-D": r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _CLOCK,
    "YYYYMMDD": r"^(?P<year>(?:13|14|19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:T?(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2}))?(?P<zone>Z)?$",
    "a/b/Y": r"^(?P<first>\d{1,2})[-/.](?P<second_part>\d{1,2})[-/.](?P<year>\d{4}|\d{2})" + _CLOCK,
    "D month Y": r"^" + _WEEKDAY + r"(?P<day>\d{1,2})[\s-](?P<name>\pL{3,9})\.?,?[\s-](?P<year>\d{4}|\d{2})" + _CLOCK,
    "month D, Y": r"^" + _WEEKDAY + r"(?P<name>\pL{3,9})\.?\s(?P<day>\d{1,2}),?\s(?P<year>\d{4})" + _CLOCK,
}
_ENGLISH = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_HEBREW = ["ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני", "יולי", "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר", "דצמבר"]
_PERSIAN = ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"]
_MONTHS = {
    **{name[:3]: place for place, name in enumerate(_ENGLISH, 1)},
    **{name: place for names in (_ENGLISH, _HEBREW, _PERSIAN) for place, name in enumerate(names, 1)},
    **{f"ב{name}": place for place, name in enumerate(_HEBREW, 1)},
    "sept": 9,
}
_AFTER_NOON = ("p", "ب", "א")


@dataclass(frozen=True)
class Parts:
    """Date and clock of the texts that one pattern matched, as numbers; -1 where a part is absent."""

    matched: npt.NDArray[np.bool_]
    year: Ints
    first: Ints  # month, or the first of two parts whose order is open
    second: Ints
    clock: Ints  # microseconds since midnight, -1 where there is no clock or it is impossible
    offset: Ints  # minutes east of UTC; NO_OFFSET where the text names no zone
    precision: Ints  # place in PRECISIONS


NO_OFFSET = -(10**6)


def read_parts(texts: pa.Array) -> dict[str, Parts]:
    """Match every pattern in turn; a text belongs to the first pattern that matches it."""
    open_ = np.ones(len(texts), dtype=bool)
    found: dict[str, Parts] = {}
    for label, pattern in _PATTERNS.items():
        if not open_.any():
            break
        groups = pc.extract_regex(texts, pattern)
        matched = np.asarray(pc.is_valid(groups)) & open_
        if matched.any():
            found[label] = _parts(groups, matched)
            open_ &= ~matched
    return found


def read_epochs(texts: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Read the texts that are plain numbers."""
    matched = np.asarray(pc.match_substring_regex(texts, r"^-?\d{5,19}(\.\d+)?$").fill_null(False))
    numbers = pc.cast(pc.if_else(pa.array(matched), texts, "0"), pa.float64())
    return numbers.to_numpy(zero_copy_only=False), matched


def _parts(groups: pa.StructArray, matched: npt.NDArray[np.bool_]) -> Parts:
    names = {field.name for field in groups.type}

    def number(name: str) -> Ints:
        if name not in names:
            return np.full(len(matched), -1, dtype=np.int64)
        text = pc.struct_field(groups, name)
        whole = pc.cast(pc.if_else(pc.equal(text, ""), None, text), pa.int64())
        return np.asarray(whole.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)

    def words(name: str) -> list[str]:
        if name not in names:
            return [""] * len(matched)
        return [text or "" for text in pc.struct_field(groups, name).to_pylist()]

    year, month = number("year"), number("month")
    year = np.where((year >= 0) & (year < 100), np.where(year < 70, 2000, 1900) + year, year)
    if "name" in names:
        month = np.array([_MONTHS.get(word.casefold(), -1) for word in words("name")], dtype=np.int64)
    first, second = (number("first"), number("second_part")) if "first" in names else (month, number("day"))
    fraction = words("fraction")
    clock = _clock(number("hour"), number("minute"), number("second"), fraction=fraction, half=words("half"))
    return Parts(matched, year, first, second, clock, _offsets(words("zone")), _precision(number, fraction))


def _clock(hour: Ints, minute: Ints, second: Ints, *, fraction: list[str], half: list[str]) -> Ints:
    if any(half):
        later = np.array([mark[:1].casefold() in _AFTER_NOON and bool(mark) for mark in half])
        marked = np.array([bool(mark) for mark in half])
        hour = np.where(marked & (hour <= 12) & (hour >= 1), hour % 12 + 12 * later, hour)
    micros = np.array([int(f"{text:0<6}"[:6]) if text else 0 for text in fraction], dtype=np.int64)
    clock = ((hour * 60 + minute) * 60 + np.maximum(second, 0)) * 1_000_000 + micros
    right = (hour < 24) & (minute < 60) & (second <= 60)
    # No clock means midnight; an impossible clock spoils the whole time.
    return np.where(hour < 0, 0, np.where(right, clock, -1))


def _offsets(zones: list[str]) -> Ints:
    known: dict[str, int] = {"": NO_OFFSET, "Z": 0, "UTC": 0, "GMT": 0}
    for zone in set(zones) - set(known):
        digits = zone[1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
        known[zone] = -minutes if zone[0] == "-" else minutes
    return np.array([known[zone] for zone in zones], dtype=np.int64)


def _precision(number: object, fraction: list[str]) -> Ints:
    hour, second = number("hour"), number("second")  # type: ignore[operator]
    digits = np.array([len(text) for text in fraction], dtype=np.int64)
    finest = np.select([digits > 3, digits > 0, second >= 0, hour >= 0], [0, 1, 2, 3], default=4)
    return np.asarray(finest, dtype=np.int64)
