"""Code pages: which one reads the words of a file as words."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Fit", "best_page", "high_bytes", "spoken_words"]

_LATIN = r"[A-Za-zÀ-ÖØ-öø-ÿŠšŽžŒœŸĀ-ſ]+"
_HEBREW = r"[\u05b0-\u05c7\u05d0-\u05ea\u05f0-\u05f4]+"
_ARABIC = r"[\u0621-\u0652\u067e\u0686\u0688\u0691\u0698\u06a9\u06af\u06ba\u06be\u06c1\u06d2\u200c\u200d]+"
# Of pages that read the words equally well the first is meant: the most common ones lead.
_PAGES = {
    "cp1252": re.compile(_LATIN),
    "cp1255": re.compile(_HEBREW),
    "cp1256": re.compile(_ARABIC),
    "cp1250": re.compile(_LATIN),
    "mac_roman": re.compile(_LATIN),
    "cp1251": re.compile(r"[\u0401-\u045f\u0490\u0491]+"),
    "iso8859_6": re.compile(_ARABIC),
}
_SAMPLED = 50_000
_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]*[\x80-\xff][0-9A-Za-z_\x80-\xff]*")
_MARKS = "’‘‚“”„–—…•€£©®™°«»\xa0·±½¼¾\u200e\u200f"
_PARTS = re.compile(rf"[{_MARKS}0-9_]+")
# Hebrew writes these five only at the end of a word; read as Hebrew, Cyrillic has them anywhere.
_FINALS = re.compile(r"[ךםןףץ](?=[א-ת])")
_SURE, _CLOSE = 0.6, 0.03
_STRAY = 0.001
_BLOCK = 1 << 22


class Fit(NamedTuple):
    """The page that reads a file best, why, and what remains doubtful."""

    page: str
    proof: str
    doubt: str
    strays: int


def spoken_words(data: bytes) -> list[bytes]:
    """Sample the words that hold a byte above ASCII, as the file has them."""
    return [match.group() for match in itertools.islice(_WORD.finditer(data), _SAMPLED)]


def high_bytes(data: bytes) -> npt.NDArray[np.int64]:
    """Count every byte value, block by block."""
    counts = np.zeros(256, dtype=np.int64)
    for start in range(0, len(data), _BLOCK):
        counts += np.bincount(np.frombuffer(data[start : start + _BLOCK], dtype=np.uint8), minlength=256)
    return counts


def best_page(words: list[bytes], counts: npt.NDArray[np.int64]) -> Fit | None:
    """Choose the page in which most words are plausible: one script, one case, known punctuation.

    Parameters
    ----------
    words : list of bytes
        From `spoken_words`.
    counts : ndarray of int64
        From `high_bytes`.

    Returns
    -------
    Fit or None
        None when no page makes words of most of them.
    """
    distinct: dict[bytes, int] = {}
    for word in words:
        distinct[word] = distinct.get(word, 0) + 1
    shares = {page: _share(distinct, page) for page in _PAGES if _strays(page, counts) <= _STRAY * counts[128:].sum()}
    best = max(shares.values(), default=0.0)
    if best < _SURE:
        return None
    close = [page for page, share in shares.items() if share >= best - _CLOSE]
    page = close[0]
    second = max((share, other) for other, share in {**shares, "another": 0.0}.items() if other != page)
    proof = f"{shares[page]:.0%} of words plausible, {second[1]} {second[0]:.0%}"
    # Scripts are told apart by the words themselves; pages of one script only by which letters are common.
    rivals = [other for other in close[1:] if _PAGES[other] == _PAGES[page] and _differ(distinct, page, other)]
    doubt = f"the encoding may be {page} or {' or '.join(rivals)}: check the names you see" if rivals else ""
    return Fit(page, f"{proof}; check the names you see" if rivals else proof, doubt, _strays(page, counts))


def _strays(page: str, counts: npt.NDArray[np.int64]) -> int:
    return sum(int(counts[value]) for value in range(128, 256) if counts[value] and not _has(page, value))


def _has(page: str, value: int) -> bool:
    try:
        bytes([value]).decode(page)
    except UnicodeDecodeError:
        return False
    return True


def _differ(words: dict[bytes, int], one: str, other: str) -> bool:
    return any(word.decode(one, "backslashreplace") != word.decode(other, "backslashreplace") for word in words)


def _share(words: dict[bytes, int], page: str) -> float:
    script = _PAGES[page]
    plausible = sum(n for word, n in words.items() if _is_word(word.decode(page, "backslashreplace"), script))
    return plausible / max(1, sum(words.values()))


def _is_word(text: str, script: re.Pattern[str]) -> bool:
    parts = [part for part in _PARTS.split(text) if part and not part.isascii()]
    return all(script.fullmatch(part) and _in_one_case(part) and not _FINALS.search(part) for part in parts)


def _in_one_case(part: str) -> bool:
    if part[0] > "\u052f":
        return True
    # No Latin language writes long words without a plain letter, and none writes cAfÉ.
    plain = len(part) == 1 or part[0] >= "\u0400" or any(letter.isascii() for letter in part)
    return plain and (len(part) == 1 or part[1:].islower() or part.isupper())
