"""The spellings of a date: where its parts stand in a text of a given shape (every digit written as 0)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mining.sources.times.months import HALVES, is_afternoon, is_weekday, month_of
from mining.sources.times.zones import NO_OFFSET, is_universal

__all__ = ["LABELS", "Spelling", "spelling_of"]

_NAME = r"(?P<name>[^\W\d_]{2,12})\.?"
_DATES = {
    "Y-M-D": r"(?P<year>0000)(?P<mark>[-/.])\s?(?P<month>00?)(?P=mark)\s?(?P<day>00?)\.?(?!0)",
    "Y-Www-D": r"(?P<year>0000)-?W(?P<month>00)-?(?P<day>0)(?!0)",
    "Y-DDD": r"(?P<year>0000)-(?P<day>000)(?!0)",
    "YYYYMMDD": r"(?P<year>0000)(?P<month>00)(?P<day>00)"
    r"(?:(?P<hour>00)(?P<minute>00)(?P<second>00)(?:[.,]?(?P<fraction>000)|[.,](?P<fragment>0{1,9}))?)?(?!0)",
    "a/b/Y": r"(?P<month>00?)(?P<mark>[-/.])\s?(?P<day>00?)(?P=mark)\s?(?P<year>0000|00)(?!0)(?:\s?г\.?)?",
    "D month Y": r"(?P<day>00?)(?:st|nd|rd|th|[.ºª])?(?:[\s\-/.,]+|(?=[A-Za-z]))(?:de\s|of\s)?" + _NAME + r"[\s\-/.,]*"
    r"(?:de\s|del\s|of\s)?(?P<year>0000|00)(?!0)(?:\s?г\.?)?",
    "month D clock Y": _NAME + r"\s+(?P<day>00?)\s+(?P<hour>00?):(?P<minute>00):(?P<second>00)"
    r"(?:\s(?P<word>[A-Z]{2,5}))?\s(?P<year>0000)(?!0)",
    "month D, Y": _NAME + r"[\s\-]+(?P<day>00?)(?:st|nd|rd|th)?(?:,\s?|[\s\-]+)(?P<year>0000)(?!0)",
    "Y month D": r"(?P<year>0000)[\s\-/.]*" + _NAME + r"[\s\-/.,]*(?P<day>00?)(?!0)",
}
# Numbers are told apart by their size, not by their shape.
_NUMBERS = {
    "number": r"(?P<minus>-)?(?P<whole>0{1,19})(?:[.,](?P<fraction>0{1,15}))?",
    "rounded number": r"-?0(?:[.,]0*)?[eE]\+?00?",
}
LABELS = (*_DATES, *_NUMBERS)
_AT = r"at|um|à|a las|às|alle|kl\.?|в|ב(?:שעה)?-?|ساعت|الساعة|در ساعت"
_JOIN = rf"(?:[Tt]\s?|,?\s+[-|]\s+|,?\s*(?:{_AT})\s+|\s+ב-|,\s*|\s+|(?<=0):(?=0))"
_COLONS = (
    rf"(?:(?P<early>{HALVES})\s?)?(?P<hour>00?):(?P<minute>00?)"
    rf"(?::(?P<second>00?)(?:[.,:](?P<fraction>0{{1,12}}))?)?(?:\s*(?P<half>{HALVES}))?"
)
_ZONE = (
    r"(?:\s*(?P<word>[A-Za-z]{1,5})??\s?(?P<sign>[+-])(?P<east>00?)(?::?(?P<past>00))?|\s*(?P<said>[A-Za-z]{1,5}))?"
    r"(?:\s*\([^)]*\)|\s*\[[^\]]*\])?\s*"
)
_TAILS = (
    # Without a clock, -10 at the end could be anything; an offset needs its colon.
    r"\s*(?:(?P<said>Z|z|UTC|GMT)|(?P<sign>[+-])(?P<east>00):(?P<past>00))?\s*",
    _JOIN + _COLONS + _ZONE,
    _JOIN + rf"(?P<hour>00?)\s*(?P<half>{HALVES})" + _ZONE,
    r"\s?[Tt](?P<hour>00)" + _ZONE,
    r"(?:\s?[Tt]|(?<=00000000)\s)(?P<hour>00)(?P<minute>00)(?:(?P<second>00)(?:[.,](?P<fraction>0{1,12}))?)?" + _ZONE,
)
_DATE = {label: re.compile(pattern) for label, pattern in _DATES.items()}
_TAIL = [re.compile(pattern) for pattern in _TAILS]
_NUMBER = {label: re.compile(r"\s*" + pattern + r"\s*") for label, pattern in _NUMBERS.items()}
_ZONED = re.compile(_ZONE)
_HEAD = re.compile(r"\s*" + _COLONS + r"(?:,?\s*[-|]\s+|,?\s+(?:on\s)?)")
_WEEKDAY = [
    re.compile(r"\s*(?P<weekday>" + words + r")\.?(?:,\s*|\s+)") for words in (r"[^\W\d_]+", r"[^\W\d_]+[\s-][^\W\d_]+")
]
_DIGITS = 36  # a date, a clock to the billionth of a second and an offset have no more
_PLAIN = ("year", "month", "day", "hour", "minute", "second", "fraction", "fragment", "east", "past", "whole")


@dataclass(frozen=True)
class Spelling:
    """Where the parts of a date stand, and what its letters say.

    Attributes
    ----------
    label : str
        One of `LABELS`.
    spans : dict
        Part to its first place and the place after its last.
    mark : str
        What stands between the numbers.
    month : int
        Month that a name says; 0 where there is none.
    calendar : str
        Calendar of that name.
    half : str
        ``am``, ``pm`` or nothing.
    sign : int
        1 or -1 for an offset in digits, else 0.
    offset : int
        Minutes east of UTC that a word says; `NO_OFFSET` where there is no such word.
    zone : str
        Word for a zone whose offset has to be looked up.
    negative : bool
        A number below zero.
    """

    label: str
    spans: Mapping[str, tuple[int, int]]
    mark: str = ""
    month: int = 0
    calendar: str = ""
    half: str = ""
    sign: int = 0
    offset: int = NO_OFFSET
    zone: str = ""
    negative: bool = False


@lru_cache(maxsize=65_536)
def spelling_of(shape: str) -> Spelling | None:
    """Read a shape; None when it is none of a date.

    Examples
    --------
    >>> found = spelling_of("0000-00-00T00:00Z")
    >>> found.label, found.spans["minute"], found.offset
    ('Y-M-D', (14, 16), 0)
    """
    digits = shape.count("0")
    # 5-Mar-24 has the fewest digits.
    for groups in _matches(shape) if 3 <= digits <= _DIGITS else ():
        found = _spelling(*groups)
        if found is not None:
            return found
    for label, pattern in _NUMBER.items():
        match = pattern.fullmatch(shape)
        if match:
            spans = {name: span for name in match.groupdict() if (span := match.span(name))[0] >= 0}
            return Spelling(label, spans, negative="minus" in spans)
    return None


def _matches(shape: str) -> Iterator[tuple[str, dict[str, tuple[int, int]], str]]:
    yield from _dated(shape, 0)
    start = _after_weekday(shape, 0)
    if start:
        yield from _dated(shape, start)
    head = _HEAD.match(shape)
    if head:
        for label, spans, text in _dated(shape, _after_weekday(shape, head.end())):
            if "hour" not in spans:
                yield label, spans | _spans(head), text


def _after_weekday(shape: str, start: int) -> int:
    found = (pattern.match(shape, start) for pattern in _WEEKDAY)
    return next((match.end() for match in found if match and is_weekday(match["weekday"])), start)


def _dated(shape: str, start: int) -> Iterator[tuple[str, dict[str, tuple[int, int]], str]]:
    blanks = len(shape[start:]) - len(shape[start:].lstrip())
    for label, pattern in _DATE.items():
        date = pattern.match(shape, start + blanks)
        if not date:
            continue
        for place, tail in enumerate(_TAIL):
            rest = tail.fullmatch(shape, date.end())
            if rest and not (place and date.groupdict().get("hour")):
                yield label, _spans(date) | _spans(rest), shape
                break
        else:
            # A date with its own clock may still be followed by a zone.
            rest = _ZONED.fullmatch(shape, date.end())
            if rest and date.groupdict().get("hour"):
                yield label, _spans(date) | _spans(rest), shape


def _spans(match: re.Match[str]) -> dict[str, tuple[int, int]]:
    return {name: match.span(name) for name, found in match.groupdict().items() if found is not None}


def _spelling(label: str, spans: dict[str, tuple[int, int]], shape: str) -> Spelling | None:
    said = {name: shape[slice(*span)] for name, span in spans.items()}
    month, calendar = month_of(said["name"]) if "name" in said else (0, "")
    mark = said.get("half") or said.get("early") or ""
    zone = _zone(said)
    if ("name" in said and not month) or zone is None:
        return None
    offset, word = zone
    return Spelling(
        label,
        {name: span for name, span in spans.items() if name in _PLAIN},
        said.get("mark", ""),
        month,
        calendar,
        ("pm" if is_afternoon(mark) else "am") if mark else "",
        {"+": 1, "-": -1}.get(said.get("sign", ""), 0),
        offset,
        word,
    )


def _zone(said: Mapping[str, str]) -> tuple[int, str] | None:
    word = (said.get("said") or said.get("word") or "").upper()
    if "sign" in said:
        # GMT+2 names an offset; EST-5 would name one twice.
        return (NO_OFFSET, "") if not word or (is_universal(word) and word != "Z") else None
    return (0, "") if is_universal(word) else (NO_OFFSET, word)
