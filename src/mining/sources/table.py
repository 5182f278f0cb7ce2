"""A table of strings as it came out of a file, and its columns as integer codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mining.sources.fold import fold, neat

__all__ = ["Coded", "Ints", "RawTable", "Words", "give_back", "joined", "unique_headers"]

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]
_EXAMPLES: Final = 1_000


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

    def forget(self) -> None:
        """Let go of all but the first thousand rows, once they have been read: a big file's letters are most of it."""
        object.__setattr__(self, "frame", _copied(self.frame.iloc[:_EXAMPLES]))
        give_back()

    @classmethod
    def of_strings(cls, name: str, file: str, frame: pd.DataFrame, **facts: object) -> Self:
        """Build a table in which every record is data."""
        return cls(name, file, frame, np.arange(1, len(frame) + 1, dtype=np.int64), (), facts)


@dataclass(frozen=True, eq=False)
class Coded:
    """A column as codes into distinct words; code -1 is a missing value.

    The words are kept as they came, an Arrow array or Python texts: a column of a million ids costs its letters, and
    becomes Python texts only where somebody asks for `words`.
    """

    codes: Ints
    spelt: pa.Array | Words

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, values: Iterable[object] | pd.Series, missing: frozenset[str] = frozenset()) -> Self:
        """Code the values, neat; blanks and the words in `missing` become missing."""
        if isinstance(values, pd.Series) and isinstance(values.dtype, pd.StringDtype):
            cells = pa.array(values.array)
        else:
            found = np.asarray(pd.Series(values, dtype="object"), dtype=object)
            texts = [None if gone else str(value) for value, gone in zip(found, pd.isna(found), strict=True)]
            cells = pa.array(texts, type=pa.large_string())
        codes, words = _encoded(cells)
        return cls(*_neat(codes, words, missing))

    @classmethod
    def empty(cls, size: int) -> Self:
        """Build a column of nothing."""
        return cls(_all(-1, size), np.empty(0, dtype=object))

    @classmethod
    def constant(cls, word: str, size: int) -> Self:
        """Build a column that says one word throughout."""
        return cls(_all(0, size), np.array([word], dtype=object))

    @classmethod
    def numbered(cls, before: str, numbers: Ints) -> Self:
        """Build a column that bears a number of its own in every row: ``row-1``, ``row-2``."""
        column = cls(np.arange(len(numbers), dtype=np.int64), pa.array(numbers).cast(pa.large_string()))
        return column.framed(before)

    @classmethod
    def stacked(cls, parts: Sequence[Coded]) -> Self:
        """Put columns under each other, with one vocabulary of the words that are borne."""
        parts = [part.compact() for part in parts]
        if len(parts) == 1:
            return cls(parts[0].codes, parts[0].spelt)
        words = pa.chunked_array([part.spelling for part in parts], type=pa.large_string())
        target, together = _encoded(words)
        starts = np.cumsum([0, *(len(part.spelling) for part in parts)])
        codes = [np.append(target[start:], -1)[part.codes] for part, start in zip(parts, starts, strict=False)]
        return cls(np.concatenate([np.empty(0, dtype=np.int64), *codes]), together)

    @cached_property
    def words(self) -> Words:
        """The distinct words as Python texts."""
        if isinstance(self.spelt, np.ndarray):
            return self.spelt
        return np.asarray(self.spelt.to_numpy(zero_copy_only=False), dtype=object)

    @cached_property
    def spelling(self) -> pa.Array:
        """The distinct words as an Arrow array."""
        return pa.array(self.spelt, type=pa.large_string()) if isinstance(self.spelt, np.ndarray) else self.spelt

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Where there is a value."""
        return self.codes >= 0

    def take(self, positions: Ints) -> Self:
        """Pick rows; position -1 is a row without a value."""
        if len(self.codes) == 0:
            return replace(self, codes=_all(-1, len(positions)))
        if self.codes.strides == (0,) and (self.codes[0] < 0 or (positions >= 0).all()):
            return replace(self, codes=_all(int(self.codes[0]), len(positions)))
        return replace(self, codes=np.where(positions >= 0, self.codes[positions], -1))

    def compact(self) -> Self:
        """Forget the words that no row bears."""
        borne = np.zeros(len(self.spelt) + 1, dtype=bool)
        borne[self.codes] = True
        borne[-1] = False
        if borne[:-1].all():
            return self
        target = np.append(np.cumsum(borne[:-1]) - 1, -1)
        return replace(self, codes=target[self.codes], spelt=self.spelling.filter(pa.array(borne[:-1])))

    def framed(self, before: str, after: str = "") -> Self:
        """Write text before and after every word, without asking Python for each."""
        before_, after_, nothing = (pa.scalar(text, pa.large_string()) for text in (before, after, ""))
        return replace(self, spelt=pc.binary_join_element_wise(before_, self.spelling, after_, nothing))

    def renamed(self, rename: Callable[[str], str | None]) -> Self:
        """Rename every distinct word once; None makes it missing, equal results become one word."""
        seen: dict[str, int] = {}
        target = np.full(len(self.words) + 1, -1, dtype=np.int64)
        for place, word in enumerate(self.words):
            new = rename(word)
            if new is not None and new != "":
                target[place] = seen.setdefault(new, len(seen))
        return replace(self, codes=target[self.codes], spelt=np.array(list(seen), dtype=object))

    def or_else(self, other: Coded) -> Coded:
        """Fill the missing values from another column."""
        known = self.known
        if known.all():
            return self
        if not known.any():
            return other
        words = pa.chunked_array([self.spelling, other.spelling], type=pa.large_string())
        target, together = _encoded(words)
        own, shift = np.append(target[: len(self.spelt)], -1), np.append(target[len(self.spelt) :], -1)
        return Coded(np.where(known, own[self.codes], shift[other.codes]), together)

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
        hit = pc.is_in(self.spelling, value_set=pa.array(sorted(words), type=pa.large_string()))
        return np.append(np.asarray(hit), False)[self.codes]

    def text(self) -> Words:
        """Spell the column out, None where missing."""
        return np.array([*self.words, None], dtype=object)[self.codes]

    def column(self) -> pa.Array:
        """Spell the column out in Arrow, null where missing: no Python text per row."""
        return self.spelling.take(pa.array(self.codes, mask=~self.known))


def _all(code: int, size: int) -> Ints:
    # One number that is seen in every row: most fields of most exports are constant or empty.
    return np.broadcast_to(np.int64(code), size)


def _neat(codes: Ints, words: pa.Array, missing: frozenset[str]) -> tuple[Ints, pa.Array]:
    """Write words neatly, and make blanks and the words in `missing` missing."""
    written = neat(words)
    gone = pc.is_in(written, value_set=pa.array(["", *missing], type=words.type))
    if written is words and not pc.any(gone).as_py():
        return codes, words
    target, left = _encoded(pc.if_else(gone, None, written))
    return np.append(target, -1)[codes], left


def _encoded(cells: pa.Array | pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Code texts by first appearance; null becomes -1. Unlike pandas, Arrow tells texts apart after a NUL too."""
    chunked = cells if isinstance(cells, pa.ChunkedArray) else pa.chunked_array([cells])
    encoded = chunked.cast(pa.large_string()).dictionary_encode()
    if encoded.num_chunks == 0:
        return np.empty(0, dtype=np.int64), pa.array([], type=pa.large_string())
    codes = [np.asarray(chunk.indices.fill_null(-1)) for chunk in encoded.chunks]
    return np.concatenate(codes).astype(np.int64), encoded.chunk(0).dictionary


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


def give_back() -> None:
    """Hand memory that is free back to the system; allocators keep it, and a big file has no room to spare."""
    for pool in (pa.default_memory_pool(), pa.system_memory_pool()):
        pool.release_unused()


def _copied(frame: pd.DataFrame) -> pd.DataFrame:
    # A slice of Arrow columns would keep all their letters.
    return pd.DataFrame({name: frame[name].to_numpy(dtype=object) for name in frame}, dtype="str")


def unique_headers(headers: Sequence[str]) -> list[str]:
    """Name nameless columns by place and number the twins: ``Name``, ``Name#2``."""
    seen: dict[str, int] = {}
    names = []
    for place, header in enumerate(headers, start=1):
        name = " ".join(str(header).replace("\ufeff", "").split()) or f"column {place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names
