"""Text for pictures and tables: made harmless, cut to length, measured and wrapped without a font engine."""

from __future__ import annotations

import math
import unicodedata
from xml.sax.saxutils import escape

__all__ = ["clean", "count", "cut", "escaped", "is_right_to_left", "measure", "percent", "wrap"]

_ELLIPSIS = "…"
# Overrides and embeddings can make a label read as something else. Marks (LRM, RLM) and the Persian
# zero-width non-joiner only shape text that is already there and stay.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NARROW = frozenset("iljI|!.,:;'`()[]{}·ft/ ")
_WIDE = frozenset("mwMW@%—…")


def clean(value: object) -> str:
    r"""Drop what a label must not carry: control characters, bidi overrides, code points XML forbids.

    Line breaks and tabs become spaces, a missing value becomes an empty string, nothing else changes.

    Examples
    --------
    >>> clean("paid\u202egnp.exe\x00")
    'paidgnp.exe'
    >>> clean(None), clean(float("nan"))
    ('', '')
    """
    if (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in {"NAType", "NaTType"}
    ):
        return ""
    return "".join(map(_harmless, str(value))).strip()


def _harmless(letter: str) -> str:
    if letter in "\t\n\r\x85\u2028\u2029":
        return " "
    if letter in _OVERRIDES or unicodedata.category(letter) in {"Cc", "Cs"} or ord(letter) & 0xFFFE == 0xFFFE:
        return ""
    return letter


def escaped(value: object, limit: int | None = None) -> str:
    """Clean a value, cut it when a limit is given, and escape it for text and for quoted attributes.

    Examples
    --------
    >>> escaped('<b onload="x">')
    '&lt;b onload=&quot;x&quot;&gt;'
    """
    text = clean(value) if limit is None else cut(clean(value), limit)
    return escape(text, {'"': "&quot;", "'": "&#39;"})


def cut(text: str, limit: int = 60) -> str:
    """Shorten a text to at most ``limit`` characters, ending in an ellipsis when something was left out.

    Examples
    --------
    >>> cut("asks for a quotation", 10)
    'asks for…'
    """
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 1 and unicodedata.combining(text[end]):  # never part an accent from its letter
        end -= 1
    return text[:end].rstrip() + _ELLIPSIS


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter with a direction is written from right to left.

    Examples
    --------
    >>> is_right_to_left("42 פגישות"), is_right_to_left("42 calls")
    (True, False)
    """
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


def measure(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate the width of a text in pixels, on the safe side of the usual sans-serif fonts."""
    width = sum(map(_advance, text))
    return width * size * (1.08 if bold else 1.0)


def _advance(letter: str) -> float:
    if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":
        return 0.0
    if unicodedata.east_asian_width(letter) in {"W", "F"}:
        return 1.0
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE:
        return 0.95
    return 0.68 if letter.isupper() else 0.59


def wrap(text: str, width: float, size: float, *, lines: int = 2, bold: bool = False) -> list[str]:
    """Break a text into at most ``lines`` lines that fit ``width`` pixels; the last one may end in an ellipsis."""
    done: list[str] = []
    rest = text
    while rest and len(done) < lines - 1:
        head, rest = _first_line(rest, width, size, bold=bold)
        done.append(head)
    return [*done, _shortened(rest, width, size, bold=bold)] if rest or not done else done


def _first_line(text: str, width: float, size: float, *, bold: bool) -> tuple[str, str]:
    if measure(text, size, bold=bold) <= width:
        return text, ""
    fits = _fitting(text, width, size, bold=bold)
    space = text.rfind(" ", 0, fits + 1)
    end = space if space > 0 else fits
    return text[:end].rstrip(), text[end:].lstrip()


def _shortened(text: str, width: float, size: float, *, bold: bool) -> str:
    if measure(text, size, bold=bold) <= width:
        return text
    return cut(text, max(2, _fitting(text, width, size, bold=bold)))


def _fitting(text: str, width: float, size: float, *, bold: bool) -> int:
    taken = 0.0
    for index, letter in enumerate(text):
        taken += measure(letter, size, bold=bold)
        if taken > width:
            return max(1, index)
    return len(text)


def count(value: object) -> str:
    """Write a whole number with thousands separated, or nothing when it is missing.

    Examples
    --------
    >>> count(12345.0), count(None)
    ('12,345', '')
    """
    text = clean(value)
    return f"{round(float(text)):,}" if text else ""


def percent(value: object) -> str:
    """Write a share between 0 and 1 as a percentage, or nothing when it is missing.

    Examples
    --------
    >>> percent(0.5625), percent(0.004), percent(0)
    ('56 %', '0.4 %', '0 %')
    """
    text = clean(value)
    if not text:
        return ""
    hundredths = 100 * float(text)
    digits = 1 if 0 < hundredths < 1 or 99 < hundredths < 100 else 0
    return f"{hundredths:.{digits}f} %"
