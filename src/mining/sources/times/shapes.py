"""Distinct texts sorted by their shape, so that a spelling is worked out once per shape and read by the column."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mining.sources.fold import tidy

__all__ = ["Shaped", "shaped"]

Ints = npt.NDArray[np.int64]
_LONGEST = 64  # no date is longer
_BLOCK = 1 << 18  # so many texts at a time bound the memory
_NOUGHT, _NINE = 48, 57
# Odd and fixed: the same texts are grouped alike in every run.
_WEIGHTS = np.random.default_rng(20_240_229).integers(1, 2**62, _LONGEST, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_TWINS = str.maketrans({"\u200c": " ", "\u2212": "-", "״": '"', "”": '"', "׳": "'", "’": "'"})


@dataclass(frozen=True)
class Shaped:
    """Texts of one shape.

    Attributes
    ----------
    shape : str
        The text with every digit written as 0.
    rows : ndarray of int64
        Places of the texts.
    signs : ndarray
        Code points, a line per place in the text, a column per text.
    """

    shape: str
    rows: Ints
    signs: npt.NDArray[np.unsignedinteger]

    def number(self, span: tuple[int, int]) -> Ints:
        """Read the digits that stand in a span."""
        found = np.zeros(len(self.rows), dtype=np.int64)
        for place in range(*span):
            found = found * 10 + (self.signs[place].astype(np.int64) - _NOUGHT)
        return found


def shaped(words: Sequence[str] | npt.NDArray[np.object_]) -> Iterator[Shaped]:
    """Sort texts by shape; direction marks, foreign digits and twin signs are folded first.

    Examples
    --------
    >>> sorted((found.shape, found.rows.tolist()) for found in shaped(["5/3", "7/1", "no"]))
    [('0/0', [0, 1]), ('no', [2])]
    """
    for start in range(0, len(words), _BLOCK):
        block = list(words[start : start + _BLOCK])
        plain = np.fromiter(map(str.isascii, block), dtype=bool, count=len(block))
        if plain.all():
            yield from _grouped(block, np.arange(start, start + len(block), dtype=np.int64), "S")
            continue
        for rows, kind in ((np.flatnonzero(plain), "S"), (np.flatnonzero(~plain), "U")):
            texts = [block[row] if kind == "S" else _folded(block[row]) for row in rows]
            yield from _grouped(texts, rows + start, kind)


def _folded(text: str) -> str:
    return "" if len(text) > 2 * _LONGEST else tidy(unicodedata.normalize("NFC", text).translate(_TWINS))


def _grouped(texts: list[str], rows: Ints, kind: str) -> Iterator[Shaped]:
    if not texts:
        return
    texts = [text if len(text) <= _LONGEST else "" for text in texts] if max(map(len, texts)) > _LONGEST else texts
    letters = np.array(texts, dtype=kind)
    unit: type[np.unsignedinteger] = np.uint8 if kind == "S" else np.uint32
    width = max(letters.dtype.itemsize // np.dtype(unit).itemsize, 1)
    signs = np.ascontiguousarray(letters.view(unit).reshape(len(texts), width).T)
    shapes = np.where((signs >= _NOUGHT) & (signs <= _NINE), unit(_NOUGHT), signs)
    for members in _alike(shapes):
        shape = "".join(map(chr, shapes[:, members[0]])).rstrip("\0")
        same = signs if len(members) == len(rows) else signs[:, members]
        yield Shaped(shape, rows[members], same)


def _alike(shapes: npt.NDArray[np.unsignedinteger]) -> Iterator[Ints]:
    if (shapes == shapes[:, :1]).all():
        yield np.arange(shapes.shape[1], dtype=np.int64)
        return
    sums = np.zeros(shapes.shape[1], dtype=np.uint64)
    for line, weight in zip(shapes, _WEIGHTS, strict=False):
        sums += line.astype(np.uint64) * weight
    order = np.argsort(sums, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(sums[order])) + 1):
        yield from _checked(shapes, group)


def _checked(shapes: npt.NDArray[np.unsignedinteger], group: Ints) -> Iterator[Ints]:
    # Equal sums are nearly always equal shapes; who builds texts to fool the sum gets right dates all the same.
    while len(group) > 1:
        same = (shapes[:, group] == shapes[:, group[:1]]).all(axis=0)
        yield group[same]
        group = group[~same]
    if len(group):
        yield group
