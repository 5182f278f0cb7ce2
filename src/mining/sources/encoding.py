"""Decode an export's bytes, with the reason for the choice."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

import charset_normalizer

from mining._errors import ExportError

__all__ = ["Decoded", "decode"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# One script per code page: a word that mixes scripts was decoded by the wrong page.
_SCRIPTS = {
    "cp1255": re.compile(r"[\u05b0-\u05c7\u05d0-\u05ea\u05f0-\u05f4]+"),
    "cp1256": re.compile(r"[\u0621-\u0652\u067e\u0686\u0688\u0691\u0698\u06a9\u06af\u06ba\u06be\u06c1\u06d2]+"),
    "cp1252": re.compile(r"(?=.*[A-Za-z])[A-Za-zÀ-ÖØ-öø-ÿŠšŽžŒœŸ]+"),
}
_WORD = re.compile(r"\w*[^\x00-\x7f]\w*")
_PERSIAN = re.compile(r"[\u067e\u0686\u0698\u06af]")
_PERSIAN_LETTERS = str.maketrans("\u064a\u0643", "\u06cc\u06a9")
_SAMPLE = 400_000
_SURE = 0.6


class Decoded(NamedTuple):
    """Text, the encoding it was in, and how that was known."""

    text: str
    encoding: str
    proof: str


def decode(data: bytes, name: str = "file") -> Decoded:
    """Decode bytes: byte order mark, UTF-16 by its zero bytes, strict UTF-8, then code pages by script.

    A code page is chosen by the share of non-ASCII words that lie wholly in its one script, so Hebrew in cp1255 is not
    taken for accented Latin. Nothing is ever replaced by U+FFFD.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        File name, for the error.

    Returns
    -------
    Decoded
        Text, encoding and proof.

    Raises
    ------
    ExportError
        When no encoding reads all bytes.

    Examples
    --------
    >>> decode("שלום".encode("cp1255")).encoding
    'cp1255'
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding, "byte order mark", name)
    wide = _wide(data)
    if wide:
        return _strict(data, wide, "zero bytes", name)
    try:
        return Decoded(data.decode("utf-8"), "utf-8", "every byte fits")
    except UnicodeDecodeError:
        return _by_script(data, name)


def _strict(data: bytes, encoding: str, proof: str, name: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding, proof)
    except UnicodeDecodeError as error:
        raise ExportError.unreadable(name, f"it begins as {encoding} but byte {error.start} does not fit.") from error


def _wide(data: bytes) -> str:
    """Recognise UTF-16 without a mark: ASCII letters leave every second byte zero."""
    sample = data[:2000]
    if len(sample) < 4:
        return ""
    even, odd = sample[::2].count(0) / len(sample[::2]), sample[1::2].count(0) / len(sample[1::2])
    if max(even, odd) < 0.2 or min(even, odd) > 0.05:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _by_script(data: bytes, name: str) -> Decoded:
    scored = sorted(((_purity(data, page), page) for page in _SCRIPTS), reverse=True)
    (best, page), (second, other) = scored[:2]
    if best >= _SURE:
        proof = f"{best:.0%} of words in one script, {other} {max(second, 0):.0%}"
        text = data.decode(page)
        if page == "cp1256" and _PERSIAN.search(text):
            # This page has no Persian yeh, so Persian exports carry the Arabic one.
            return Decoded(text.translate(_PERSIAN_LETTERS), page, f"{proof}; Arabic yeh and kaf read as Persian")
        return Decoded(text, page, proof)
    guess = charset_normalizer.from_bytes(data).best()
    if guess is None:
        raise ExportError.unreadable(name, "no encoding fits its bytes. Save it as UTF-8 and read it again.")
    return Decoded(str(guess), guess.encoding, "guessed by letter statistics; check the names you see")


def _purity(data: bytes, page: str) -> float:
    try:
        text = data.decode(page)
    except UnicodeDecodeError:
        return -1.0
    words = _WORD.findall(text[:_SAMPLE])
    pure = sum(len(word) for word in words if _SCRIPTS[page].fullmatch(word.strip("_0123456789")))
    return pure / max(1, sum(map(len, words)))
