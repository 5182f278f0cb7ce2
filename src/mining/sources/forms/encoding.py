"""Decode an export's bytes, with the reason for the choice."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

import charset_normalizer
import numpy as np
import pyarrow as pa

from mining._errors import ExportError
from mining.sources.forms.mojibake import repaired
from mining.sources.forms.pages import best_page, high_bytes, spoken_words

__all__ = ["Decoded", "Recoded", "decode", "recode"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PERSIAN = re.compile(r"[\u067e\u0686\u0698\u06af]")
_PERSIAN_LETTERS = str.maketrans("\u064a\u0643", "\u06cc\u06a9")
_LOST = "\ufffd".encode()
_BLOCK = 1 << 23
_MOSTLY = 0.9


class Decoded(NamedTuple):
    """Text, the encoding it was in, and how that was known."""

    text: str
    encoding: str
    proof: str


class Recoded(NamedTuple):
    """The same text in UTF-8 (a byte order mark may lead it), what it was in, how that was known, and remarks."""

    data: bytes
    encoding: str
    proof: str
    notes: tuple[str, ...] = ()


def decode(data: bytes, name: str = "file") -> Decoded:
    r"""Decode bytes: byte order mark, UTF-16 by its high bytes, strict UTF-8, then code pages by plausible words.

    A code page is chosen by the share of words that are plausible in its one script, so Hebrew in cp1255 is not taken
    for accented Latin. Nothing is ever replaced by U+FFFD: bytes that fit nothing are spelt out, as in ``\xe9``.

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
        When no encoding reads the bytes.

    Examples
    --------
    >>> decode("שלום".encode("cp1255")).encoding
    'cp1255'
    """
    found = recode(data, name)
    return Decoded(found.data.decode("utf-8-sig"), found.encoding, found.proof)


def recode(data: bytes, name: str = "file") -> Recoded:
    """Bring bytes into UTF-8 as `decode` would, block by block; a file that is in UTF-8 is not copied.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        File name, for the error.

    Returns
    -------
    Recoded
        UTF-8, encoding, proof and remarks for the quality report.

    Raises
    ------
    ExportError
        When no encoding reads the bytes.

    Examples
    --------
    >>> recode("café".encode("cp1252")).data.decode()
    'café'
    """
    mark = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "")
    encoding, proof = (mark, "byte order mark") if mark else (_wide(data), "zero bytes")
    if encoding[-3:] not in {"", "sig"}:
        return Recoded(_strictly(data, encoding, name), encoding, proof)
    if _is_unicode(data):
        return _in_unicode(data, mark or "utf-8", proof if mark else "every byte fits")
    words = spoken_words(data)
    if mark or _is_nearly_unicode(words, data):
        return _damaged(data, mark or "utf-8")
    return _by_page(data, words, name)


def _is_unicode(data: bytes) -> bool:
    """Let Arrow check the whole buffer in place: a Python text of a big file would be the largest thing in memory."""
    ends = pa.array([0, len(data)], type=pa.int64()).buffers()[1]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _in_unicode(data: bytes, encoding: str, proof: str) -> Recoded:
    notes: list[str] = []
    mended, told = repaired(data)
    if told:
        notes.append(told)
    lost = mended.count(_LOST)
    if lost:
        notes.append(f"{lost:,} letters were lost before this file was written (U+FFFD stands in their place)")
    return Recoded(mended, encoding, proof, tuple(notes))


def _is_nearly_unicode(words: list[bytes], data: bytes) -> bool:
    """Say whether the words are UTF-8 but for a few; the last may be cut with the file."""
    *others, last = words
    told = [*others, *([] if data.endswith(last) else [last])]
    return sum(map(_fits, told)) >= max(1, _MOSTLY * len(told))


def _fits(word: bytes) -> bool:
    try:
        word.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _damaged(data: bytes, encoding: str) -> Recoded:
    """Keep the few bytes that fit nothing visible; a code page would spoil all the words that do fit."""
    told = (
        "some bytes are no UTF-8 and are spelt out, as in \\xe9: the file may be cut short, or put together of several"
    )
    return Recoded(_rewritten(data, "utf-8", "backslashreplace"), encoding, "nearly every byte fits", (told,))


def _strictly(data: bytes, encoding: str, name: str) -> bytes:
    try:
        return _rewritten(data, encoding, "strict")
    except UnicodeError as error:
        # The place of the fault is told within the block at hand, which would mislead.
        why = getattr(error, "reason", "unknown")
        raise ExportError.unreadable(name, f"it begins as {encoding} but a byte in it does not fit ({why}).") from error


def _rewritten(data: bytes, encoding: str, errors: str, letters: dict[int, int] | None = None) -> bytes:
    out = io.BytesIO()
    for text in _texts(data, encoding, errors):
        out.write((text.translate(letters) if letters else text).encode("utf-8"))
    return out.getvalue()


def _texts(data: bytes, encoding: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for start in range(0, len(data), _BLOCK):
        yield decoder.decode(data[start : start + _BLOCK], start + _BLOCK >= len(data))


def _wide(data: bytes) -> str:
    """Recognise UTF-16 without a mark: every second byte is the number of one of a few alphabets, often zero."""
    sample = np.frombuffer(data[:4000], dtype=np.uint8)
    if len(sample) < 4 or not (sample == 0).any():
        return ""
    even, odd = float((sample[::2] <= 8).mean()), float((sample[1::2] <= 8).mean())
    if max(even, odd) < 0.8 or min(even, odd) > 0.2:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _by_page(data: bytes, words: list[bytes], name: str) -> Recoded:
    present = high_bytes(data)
    fit = best_page(words, present)
    if fit is None:
        return _guessed(data, name)
    notes = (fit.doubt,) if fit.doubt else ()
    if fit.strays:
        notes = (*notes, f"{fit.strays:,} bytes that {fit.page} does not have are spelt out, as in \\x81")
    letters = _PERSIAN_LETTERS if fit.page == "cp1256" and _is_persian(words) else None
    # This page has no Persian yeh, so Persian exports carry the Arabic one.
    proof = f"{fit.proof}; Arabic yeh and kaf read as Persian" if letters else fit.proof
    return Recoded(_rewritten(data, fit.page, "backslashreplace", letters), fit.page, proof, notes)


def _is_persian(words: list[bytes]) -> bool:
    return any(_PERSIAN.search(word.decode("cp1256", "ignore")) for word in words)


def _guessed(data: bytes, name: str) -> Recoded:
    guess = charset_normalizer.from_bytes(data[:_BLOCK]).best()
    told = "guessed by letter statistics; check the names you see"
    try:
        if guess is not None:
            return Recoded(_rewritten(data, guess.encoding, "strict"), guess.encoding, told, (f"encoding {told}",))
    except (UnicodeError, LookupError):
        pass
    raise ExportError.unreadable(name, "no encoding fits its bytes. Save it as UTF-8 and read it again.")
