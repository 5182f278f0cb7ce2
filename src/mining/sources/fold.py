"""Fold text so that the same header or value is the same text, whatever keyboard and export it came through."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold", "tidy"]

# Persian and Arabic-Indic digits; NFKC leaves both alone.
_DIGITS = {start + value: str(value) for start in (0x0660, 0x06F0) for value in range(10)}
_LETTERS = {0x064A: "ی", 0x0649: "ی", 0x0643: "ک", 0x0640: None, 0x200C: " ", 0x00A0: " ", 0x202F: " "}
_QUOTES = dict.fromkeys(map(ord, "“”„‟″״«»"), '"') | dict.fromkeys(map(ord, "‘’‚‛′׳`"), "'")
_BIDI = dict.fromkeys([0x200E, 0x200F, 0x061C, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_TIDY = {**_DIGITS, **_BIDI, 0x00A0: " ", 0x202F: " "}
_FOLD = {**_TIDY, **_LETTERS, **_QUOTES}
_SPACE = re.compile(r"\s+")


def tidy(text: str) -> str:
    """Strip direction marks, turn Persian and Arabic digits into ASCII ones and collapse blanks.

    Examples
    --------
    >>> tidy(" ۱۴۰۳/۰۵/۱۲ ")
    '1403/05/12'
    """
    return " ".join(text.split()) if text.isascii() else _SPACE.sub(" ", text.translate(_TIDY)).strip()


def fold(text: str) -> str:
    """Fold a header or value for comparison: compatibility forms, letters with twins, quotes, niqqud and case.

    Parameters
    ----------
    text : str
        A header or value as the export spells it.

    Returns
    -------
    str
        Text that is equal for spellings a reader would call the same.

    Examples
    --------
    >>> fold("كاريز  فروش") == fold("کاریز فروش")
    True
    >>> fold("Deal Stage ")
    'deal stage'
    """
    if text.isascii():
        return " ".join(text.replace("`", "'").split()).casefold()
    wide = unicodedata.normalize("NFKC", text).translate(_FOLD)
    # Niqqud are the only combining marks that Hebrew exports carry by accident.
    bare = "".join(mark for mark in wide if not "\u0591" <= mark <= "\u05c7")
    return _SPACE.sub(" ", bare).strip().casefold()
