"""Fold text so that the same header or value is the same text, whatever keyboard and export it came through.

============================================  ===================  ===================  ===================
what differs                                  a cell as it is kept  `tidy` (dates)       `fold` (matching)
============================================  ===================  ===================  ===================
blanks around it                              gone                 gone                 gone
direction marks around it                     gone                 gone                 gone
direction marks, zero-width blanks inside     kept                 gone                 gone
composed and combining accents                composed (NFC)       kept                 composed (NFKC)
runs of blanks, no-break blanks               kept                 one blank            one blank
Persian and Arabic digits                     kept                 ASCII                ASCII
Arabic yeh, kaf, tatweel, the half-space      kept                 kept                 Persian, gone, blank
curly quotes, geresh, gershayim               kept                 kept                 plain
niqqud, upper case                            kept                 kept                 gone
============================================  ===================  ===================  ===================

The table of strings (`RawTable.frame`) holds every cell as the file spells it.
"""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["fold", "neat", "tidy", "tidy_all"]

# Persian and Arabic-Indic digits; NFKC leaves both alone.
_DIGITS = {start + value: str(value) for start in (0x0660, 0x06F0) for value in range(10)}
_LETTERS = {0x064A: "ی", 0x0649: "ی", 0x0643: "ک", 0x0640: None, 0x200C: " ", 0x00A0: " ", 0x202F: " "}
_QUOTES = dict.fromkeys(map(ord, "“”„‟″״«»"), '"') | dict.fromkeys(map(ord, "‘’‚‛′׳`"), "'")
_LONE = (0x200B, 0x200D, 0x200E, 0x200F, 0x061C, 0x2060, 0xFEFF)
_PAIRED = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_BIDI = dict.fromkeys([*_LONE, *_PAIRED, 0x00AD])
_TIDY = {**_DIGITS, **_BIDI, 0x00A0: " ", 0x202F: " "}
_FOLD = {**_TIDY, **_LETTERS, **_QUOTES}
_SPACE = re.compile(r"\s+")
_BLANK = "".join(letter for letter in map(chr, range(0x3001)) if letter.isspace())
_EDGES = _BLANK + "".join(map(chr, _LONE))
_OPENING, _CLOSING = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068", "\u202c\u2069"
_EMBEDDED = f"^[{_OPENING}]([^{_OPENING}{_CLOSING}]*)[{_CLOSING}]$"
_UNTIDY = r"[^\x21-\x7e ]|  |^ | $"


def tidy(text: str) -> str:
    """Strip direction marks, turn Persian and Arabic digits into ASCII ones and collapse blanks.

    Examples
    --------
    >>> tidy(" ۱۴۰۳/۰۵/۱۲ ")
    '1403/05/12'
    """
    return " ".join(text.split()) if text.isascii() else _SPACE.sub(" ", text.translate(_TIDY)).strip()


def tidy_all(words: pa.Array) -> pa.Array:
    """Tidy many texts; those that are tidy already, as nearly all dates are, never become Python texts.

    Parameters
    ----------
    words : pyarrow.Array of string
        Texts.

    Returns
    -------
    pyarrow.Array of string
        In the same order.
    """
    untidy = pc.match_substring_regex(words, _UNTIDY)
    if not pc.any(untidy).as_py():
        return words
    return pc.replace_with_mask(
        words, untidy, pa.array([tidy(word) for word in words.filter(untidy).to_pylist()], type=words.type)
    )


def neat(words: pa.Array) -> pa.Array:
    """Take blanks and direction marks off the ends of cells, and write canonically equal letters in one way (NFC).

    Nothing inside a cell is lost: an id keeps its zeros, its case and every sign.

    Parameters
    ----------
    words : pyarrow.Array of string
        Cells.

    Returns
    -------
    pyarrow.Array of string
        In the same order; the very same array where nothing was to be done.

    Examples
    --------
    >>> neat(pa.array([" 007 ", "Cafe\u0301"])).to_pylist()
    ['007', 'Café']
    """
    if not pc.any(pc.match_substring_regex(words, r"[^\x21-\x7e ]|^ | $")).as_py():
        return words
    out = pc.utf8_normalize(pc.utf8_trim(words, characters=_EDGES), form="NFC")
    if pc.any(pc.match_substring_regex(out, _EMBEDDED)).as_py():
        out = pc.utf8_trim(pc.replace_substring_regex(out, _EMBEDDED, r"\1"), characters=_EDGES)
    return out


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
