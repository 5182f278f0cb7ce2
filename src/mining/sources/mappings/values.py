"""Values inside cells: numbers, lengths of time, members of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mining.sources.fold import tidy
from mining.sources.table import Coded

__all__ = ["SCALES", "inside", "lengths_of", "numbers_of"]

SCALES = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_CLOCKED = {"h:min": (3_600, 60), "min:s": (60, 1), "h:min:s": (3_600, 60, 1)}


def numbers_of(column: Coded) -> npt.NDArray[np.float64]:
    """Read numbers; a text that is none becomes NaN.

    Whether 1.234 is a thousand or a bit more than one is decided for the column: by a value in which only one of the
    two signs can be the decimal's. Without such a value the comma groups thousands. Signs and codes of currencies
    around a number are passed over.

    Examples
    --------
    >>> numbers_of(Coded.of(["1.234,50", "2.000"])).tolist()
    [1234.5, 2000.0]
    """
    words = [
        _UNITS.sub("", str(word).translate(_DIGITS)).replace("\u066c", ",").replace("\u066b", ".")
        for word in column.words
    ]
    decimal = "," if _proves(words, ",", ".") and not _proves(words, ".", ",") else "."
    values = np.array([*(_number(word, decimal) for word in words), np.nan], dtype=np.float64)
    return values[column.codes]


def _proves(words: list[str], decimal: str, other: str) -> bool:
    """Say whether some number can only have this decimal sign: it comes last, once, not before exactly three digits."""
    return any(
        word.count(decimal) == 1
        and (other in word[: word.index(decimal)] or len(word.partition(decimal)[2]) not in {0, 3})
        and other not in word.partition(decimal)[2]
        for word in words
        if decimal in word and _PLAIN.fullmatch(word)
    )


def lengths_of(column: Coded, unit: str) -> npt.NDArray[np.float64]:
    """Read lengths of time: numbers of the unit, or seconds where the unit is a clock such as ``h:min``."""
    if unit not in _CLOCKED:
        return numbers_of(column)
    values = np.array([*(_clocked(word, _CLOCKED[unit]) for word in column.words), np.nan], dtype=np.float64)
    return values[column.codes]


def _clocked(word: str, seconds: tuple[int, ...]) -> float:
    parts = tidy(word).split(":")
    if len(parts) != len(seconds):
        return float("nan")
    return sum(_number(part) * each for part, each in zip(parts, seconds, strict=True))


def _number(word: str, decimal: str = ".") -> float:
    plain = word.replace("," if decimal == "." else ".", "").replace(decimal, ".")
    try:
        return float(plain) if _FINITE.match(plain) else float("nan")
    except ValueError:
        return float("nan")


_DIGITS = {start + value: str(value) for start in (0x0660, 0x06F0) for value in range(10)} | {0x066B: ".", 0x066C: ","}
_PLAIN = re.compile(r"[-+]?[\d.,' ]+")
_FINITE = re.compile(r"[-+]?[\d.]")  # "nan" and "inf" are words
_MONEY = r"(?:[$€£¥₪﷼₽₹]|[A-Z]{3}|ש\"?ח|שקל|ریال|تومان)"
# Blanks and apostrophes group thousands; a currency stands before or after.
_UNITS = re.compile(rf"(?<=\d)[\s'](?=\d{{3}}(?!\d))|^\s*{_MONEY}\s*(?=[-+\d])|(?<=\d)\s*{_MONEY}\s*$|^\s+|\s+$")


def inside(path: str) -> Callable[[str], str | None]:
    """Give the function that takes the value at a path out of a cell that holds JSON.

    A list is walked by place (``0``), or by the ``key`` or ``name`` of its members, as analytics exports write their
    parameters.

    Examples
    --------
    >>> inside("ga_session_id.value.int_value")('[{"key": "ga_session_id", "value": {"int_value": 7}}]')
    '7'
    """
    steps = path.split(".")

    def walk(word: str) -> str | None:
        try:
            found = json.loads(word, parse_int=str, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            return None
        for step in steps:
            found = _member(found, step)
        if found is None or isinstance(found, (dict, list)):
            return None
        return str(found).lower() if isinstance(found, bool) else str(found)

    return walk


def _member(found: object, step: str) -> object:
    if isinstance(found, dict):
        return found.get(step)
    if isinstance(found, list):
        if step.isdigit():
            return found[int(step)] if int(step) < len(found) else None
        named = [item for item in found if isinstance(item, dict) and step in {item.get("key"), item.get("name")}]
        return named[0] if named else None
    return None
