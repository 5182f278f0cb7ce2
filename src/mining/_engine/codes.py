"""The linked log: touchpoints sorted once by (journey, timestamp, seq) into columns of integer codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine.columns import Asked, Codes, Columns
from mining._engine.renamed import RenamedColumns

__all__ = ["CodedLog", "numbered"]

_BLOCK: Final = 1 << 18
_DENSE: Final = 1 << 25  # marking cells beats sorting pairs as long as they are not too many
_PLANES: Final = 4  # up to so many words of 64 bits, one bit per word of a vocabulary beats any sorting


@dataclass(frozen=True, eq=False)
class CodedLog:
    """Touchpoints under one case notion, in order, as integer codes with vocabularies and journey offsets.

    Attributes
    ----------
    columns : Columns
        The fields, in the order of the rows that were read.
    rows : ndarray of int
        For each touchpoint, in order, its row there.
    offsets : ndarray of int64
        Where each journey begins, and the end.
    time, end_time : ndarray of int64
        Microseconds since 1970, UTC; the same array where no end is known.
    case : ndarray of int
        For each journey the number of its case in `cases`.
    cases : ndarray of object
        Ids of the cases, sorted.
    part : ndarray of int64 or None
        Which of the case's journeys, from 1, where a case can have several.
    certainty : ndarray of float64 or None
        For each journey how probable it is that it is one and whole, where its ends were estimated.
    """

    columns: Columns
    rows: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    end_time: npt.NDArray[np.int64]
    case: npt.NDArray[np.int64]
    cases: npt.NDArray[np.object_]
    part: npt.NDArray[np.int64] | None = None
    certainty: npt.NDArray[np.float64] | None = None

    @property
    def n_touchpoints(self) -> int:
        """How many touchpoints."""
        return len(self.time)

    @property
    def n_journeys(self) -> int:
        """How many journeys."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Touchpoints of each journey."""
        return np.diff(self.offsets)

    @property
    def journey_of(self) -> npt.NDArray[np.int64]:
        """Journey index of each touchpoint."""
        return np.repeat(np.arange(self.n_journeys), self.lengths)

    @property
    def first(self) -> npt.NDArray[np.int64]:
        """Position of the first touchpoint of each journey."""
        return self.offsets[:-1]

    @property
    def last(self) -> npt.NDArray[np.int64]:
        """Position of the last touchpoint of each journey."""
        return self.offsets[1:] - 1

    @cached_property
    def journey_index(self) -> pd.Index[str]:
        """Ids of the journeys: the case's, with ``/1``, ``/2`` ... where a case can have several."""
        ids = pd.Series(pd.array(self.cases, dtype="str").take(self.case))
        if self.part is not None:
            ids = ids + "/" + pd.Series(self.part).astype("str")
        index: pd.Index[str] = pd.Index(ids, name="journey_id", dtype="str")
        return index

    @cached_property
    def journey_ids(self) -> npt.NDArray[np.object_]:
        """The same as objects."""
        return self.journey_index.to_numpy(object)

    @cached_property
    def narrow(self) -> Mapping[str, Codes]:
        """Codes of each field in the smallest integers that hold them, -1 where missing; mind the overflow."""
        return Asked(self.columns.fields, lambda field: self.columns.coded(field)[0][self.rows])

    @cached_property
    def codes(self) -> Mapping[str, npt.NDArray[np.int32]]:
        """Codes of each field, -1 where missing."""
        return Asked(self.columns.fields, lambda field: self.narrow[field].astype(np.int32))

    @cached_property
    def words(self) -> Mapping[str, npt.NDArray[np.object_]]:
        """Vocabulary of each field, sorted."""
        return Asked(self.columns.fields, lambda field: self.columns.coded(field)[1])

    @cached_property
    def numbers(self) -> Mapping[str, npt.NDArray[np.float64]]:
        """Fields that are numbers, NaN where missing."""
        return Asked(self.columns.measures, lambda field: self.columns.measured(field)[self.rows])

    def decoded(self, field: str, at: npt.NDArray[np.int64] | slice = slice(None)) -> npt.NDArray[np.object_]:
        """Spell a field's codes out; missing becomes None."""
        codes = self.narrow[field][at]
        words = np.array([*self.words[field], None], dtype=object)
        spelled: npt.NDArray[np.object_] = words[codes]
        return spelled

    def spelled(self, field: str, at: npt.NDArray[np.int64] | slice = slice(None)) -> pd.Series[str]:
        """Spell a field's codes out as a column of texts; missing stays missing."""
        words = pd.array(self.words[field], dtype="str")
        return pd.Series(words.take(self.narrow[field][at], allow_fill=True))

    def holds(self, field: str, word: str) -> npt.NDArray[np.bool_]:
        """Tell, per touchpoint, whether a field holds a word (all False where the word never occurs)."""
        found = np.searchsorted(self.words[field].astype(str), word)
        if found == len(self.words[field]) or self.words[field][found] != word:
            return np.zeros(self.n_touchpoints, bool)
        return np.asarray(self.narrow[field] == found)

    def any_in_journey(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Tell, per journey, whether any of its touchpoints is marked."""
        if self.n_journeys == 0:
            return np.zeros(0, bool)
        return np.asarray(np.logical_or.reduceat(mask, self.first))

    def count_in_journey(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Count, per journey, its marked touchpoints."""
        if self.n_journeys == 0:
            return np.zeros(0, np.int64)
        return np.add.reduceat(mask, self.first, dtype=np.int64)

    def distinct_in_journey(self, field: str, mask: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.int64]:
        """Count, per journey, the distinct words a field holds, missing ones left out."""
        breadth = len(self.words[field])
        if self.n_journeys == 0 or breadth == 0:
            return np.zeros(self.n_journeys, np.int64)
        if breadth > 64 * _PLANES:
            counts = [np.bincount(key // breadth, minlength=n) for key, n in self._pairs(field, mask)]
            return np.concatenate(counts)
        # One bit per word: what a journey holds is the union of its touchpoints' bits.
        codes = self.narrow[field]
        found = np.zeros(self.n_journeys, np.int64)
        for plane in range(0, breadth, 64):
            bits = np.zeros(breadth + 1, np.uint64)  # the last is for missing words, whose code is -1
            here = np.arange(plane, min(plane + 64, breadth))
            bits[here] = np.uint64(1) << (here - plane).astype(np.uint64)
            held = bits[codes] if mask is None else np.where(mask, bits[codes], np.uint64(0))
            found += np.bitwise_count(np.bitwise_or.reduceat(held, self.first))
        return found

    def journeys_with(self, field: str) -> npt.NDArray[np.int64]:
        """Count, per word of a field, the journeys that hold it."""
        breadth = len(self.words[field])
        found = np.zeros(breadth, np.int64)
        for key, _ in self._pairs(field, None):
            found += np.bincount(key % breadth, minlength=breadth)
        return found

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Cut the log into blocks of whole journeys that stay in the processor's cache: journeys, touchpoints."""
        wanted = np.searchsorted(self.offsets, np.arange(0, self.n_touchpoints, _BLOCK))
        for one, two in pairwise(np.unique(np.append(wanted, self.n_journeys)).tolist()):
            yield slice(one, two), slice(int(self.offsets[one]), int(self.offsets[two]))

    def _pairs(self, field: str, mask: npt.NDArray[np.bool_] | None) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
        """Yield, block by block, journey and word as one number, each pair once; and how many journeys there are."""
        breadth = max(len(self.words[field]), 1)
        for journeys, here in self.blocks():
            codes, n = self.narrow[field][here], journeys.stop - journeys.start
            key = np.repeat(np.arange(0, n * breadth, breadth), self.lengths[journeys]) + codes
            key = key[(codes >= 0) if mask is None else mask[here] & (codes >= 0)]
            if n * breadth <= _DENSE:
                seen = np.zeros(n * breadth, bool)
                seen[key] = True
                yield np.flatnonzero(seen), n
            else:
                yield np.unique(key), n

    def take(self, positions: npt.NDArray[np.int64]) -> CodedLog:
        """Keep the touchpoints at ascending positions; journeys left without any disappear."""
        journey = self.journey_of[positions]
        starts = np.flatnonzero(np.diff(journey, prepend=-1))
        kept, time = journey[starts], self.time[positions]
        return replace(
            self,
            rows=self.rows[positions],
            offsets=np.append(starts, len(positions)).astype(np.int64),
            time=time,
            end_time=time if self.end_time is self.time else self.end_time[positions],
            case=self.case[kept],
            part=None if self.part is None else self.part[kept],
            certainty=None if self.certainty is None else self.certainty[kept],
        )

    def split(self, places: npt.NDArray[np.int64], certainty: npt.NDArray[np.float64] | None = None) -> CodedLog:
        """Let further journeys of the same cases begin at some positions; parts are numbered anew.

        Parameters
        ----------
        places : ndarray of int64
            Positions of touchpoints.
        certainty : ndarray of float64, optional
            For each journey that comes of it.
        """
        starts = np.union1d(self.first, places).astype(np.int64)
        case = self.case[self.journey_of[starts]]
        offsets = np.append(starts, self.n_touchpoints).astype(np.int64)
        return replace(self, offsets=offsets, case=case, part=numbered(case), certainty=certainty)

    def collapse(self, within: int | None = None) -> CodedLog:
        """Make one touchpoint of each run of the same activity: the first, lasting until the last of them ends.

        Parameters
        ----------
        within : int, optional
            Microseconds of silence up to which a repeat belongs to the run; any, where not given.
        """
        begins = np.ones(self.n_touchpoints, bool)
        activity = self.narrow["activity"]
        begins[1:] = activity[1:] != activity[:-1]
        if within is not None:
            begins[1:] |= self.time[1:] - self.end_time[:-1] > within
        begins[self.first] = True
        kept = np.flatnonzero(begins)
        until = np.maximum.reduceat(self.end_time, kept) if len(kept) else self.end_time
        return replace(self.take(kept), end_time=until)

    def rename(self, names: Mapping[str, str]) -> CodedLog:
        """Give activities other names; those that come to bear the same become one."""
        return replace(self, columns=RenamedColumns(self.columns, names))

    def keep(self, mask: npt.NDArray[np.bool_]) -> CodedLog:
        """Keep whole journeys."""
        return self.take(np.flatnonzero(np.repeat(mask, self.lengths)))


def numbered(cases: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Count the journeys of each case from 1; a case's journeys stand together."""
    fresh = np.ones(len(cases), bool)
    np.not_equal(cases[1:], cases[:-1], out=fresh[1:])
    first = np.flatnonzero(fresh)
    count = np.diff(first, append=len(cases))
    return np.arange(1, len(cases) + 1) - np.repeat(first, count)
