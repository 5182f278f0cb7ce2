"""A table of strings as it came out of a file, and its columns as integer codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.sources.fold import fold

__all__ = ["Coded", "Ints", "RawTable", "Words", "unique_headers"]

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]


@dataclass(frozen=True)
class RawTable:
    """One table of an export: every cell a string, with the records that were no data set aside.

    Attributes
    ----------
    name : str
        File stem or sheet name.
    file : str
        File name without its folder.
    frame : DataFrame
        Strings only; an empty cell is an empty string.
    rows : ndarray of int64
        Record number in the file, from 1, of every row of `frame`.
    aside : tuple of (rule, rows)
        Records that are no data: preamble, footer, ragged, repeated header.
    facts : dict
        Encoding, dialect and notes for the quality report.
    """

    name: str
    file: str
    frame: pd.DataFrame
    rows: Ints
    aside: tuple[tuple[str, tuple[int, ...]], ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """Records in the file, those set aside included."""
        return len(self.rows) + sum(len(rows) for _, rows in self.aside)

    @classmethod
    def of_strings(cls, name: str, file: str, frame: pd.DataFrame, **facts: object) -> Self:
        """Build a table in which every record is data."""
        return cls(name, file, frame, np.arange(1, len(frame) + 1, dtype=np.int64), (), facts)


@dataclass(frozen=True)
class Coded:
    """A column as codes into distinct words; code -1 is a missing value."""

    codes: Ints
    words: Words

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, values: Iterable[object] | pd.Series, missing: frozenset[str] = frozenset()) -> Self:
        """Code the values; blanks and the words in `missing` become missing."""
        codes, found = pd.factorize(np.asarray(pd.Series(values, dtype="object"), dtype=object), use_na_sentinel=True)
        words = np.array([str(word).strip() for word in found], dtype=object)
        return cls(codes.astype(np.int64), words).renamed(lambda word: None if word in missing or not word else word)

    @classmethod
    def empty(cls, size: int) -> Self:
        """Build a column of nothing."""
        return cls(np.full(size, -1, dtype=np.int64), np.empty(0, dtype=object))

    @classmethod
    def constant(cls, word: str, size: int) -> Self:
        """Build a column that says one word throughout."""
        return cls(np.zeros(size, dtype=np.int64), np.array([word], dtype=object))

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Where there is a value."""
        return self.codes >= 0

    def take(self, positions: Ints) -> Self:
        """Pick rows; position -1 is a row without a value."""
        if len(self.codes) == 0:
            return replace(self, codes=np.full(len(positions), -1, dtype=np.int64))
        return replace(self, codes=np.where(positions >= 0, self.codes[positions], -1))

    def compact(self) -> Self:
        """Forget the words that no row bears."""
        used, codes = np.unique(self.codes, return_inverse=True)
        first = int(len(used) > 0 and used[0] < 0)
        return replace(self, codes=codes.astype(np.int64) - first, words=self.words[used[first:]])

    def renamed(self, rename: Callable[[str], str | None]) -> Self:
        """Rename every distinct word once; None makes it missing, equal results become one word."""
        seen: dict[str, int] = {}
        target = np.full(len(self.words) + 1, -1, dtype=np.int64)
        for place, word in enumerate(self.words):
            new = rename(word)
            if new is not None and new != "":
                target[place] = seen.setdefault(new, len(seen))
        return replace(self, codes=target[self.codes], words=np.array(list(seen), dtype=object))

    def or_else(self, other: Coded) -> Coded:
        """Fill the missing values from another column."""
        if self.known.all():
            return self
        place = {word: code for code, word in enumerate(self.words)}
        added = [word for word in other.words if word not in place]
        place.update({word: len(self.words) + step for step, word in enumerate(added)})
        shift = np.array([*(place[word] for word in other.words), -1], dtype=np.int64)
        words = np.array([*self.words, *added], dtype=object)
        return Coded(np.where(self.known, self.codes, shift[other.codes]), words)

    def counts(self) -> dict[str, int]:
        """Count each word."""
        found = np.bincount(self.codes[self.known], minlength=len(self.words))
        return {str(word): int(n) for word, n in zip(self.words, found, strict=True) if n}

    def isin(self, words: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Say where the folded value is among folded words; an empty word stands for missing."""
        wanted = {fold(word) for word in words}
        hit = np.array([*(fold(word) in wanted for word in self.words), "" in wanted], dtype=bool)
        return hit[self.codes]

    def isin_exactly(self, words: set[str]) -> npt.NDArray[np.bool_]:
        """Say where the value is one of the words, letter by letter."""
        hit = np.array([*(word in words for word in self.words), False], dtype=bool)
        return hit[self.codes]

    def text(self) -> Words:
        """Spell the column out, None where missing."""
        return np.array([*self.words, None], dtype=object)[self.codes]


def joined(columns: Sequence[Coded], write: Callable[..., str]) -> Coded:
    """Combine columns row by row; a row that lacks any of them has no value."""
    known = np.logical_and.reduce([column.known for column in columns])
    together = np.zeros(int(known.sum()), dtype=np.int64)
    for column in columns:
        # Dense codes keep the product of sizes below the number of rows squared.
        together = np.unique(together * len(column.words) + column.codes[known], return_inverse=True)[1]
    _, example = np.unique(together, return_index=True)
    rows = np.flatnonzero(known)[example]
    words = [write(*row) for row in zip(*(column.words[column.codes[rows]] for column in columns), strict=True)]
    codes = np.full(len(known), -1, dtype=np.int64)
    codes[known] = together
    return Coded(codes, np.array(words, dtype=object)).renamed(lambda word: word)


def unique_headers(headers: Sequence[str]) -> list[str]:
    """Name nameless columns by place and number the twins: ``Name``, ``Name#2``."""
    seen: dict[str, int] = {}
    names = []
    for place, header in enumerate(headers, start=1):
        name = " ".join(str(header).replace("\ufeff", "").split()) or f"column {place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names
