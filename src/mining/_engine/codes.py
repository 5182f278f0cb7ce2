"""The linked log: touchpoints sorted once by (journey, timestamp, seq) into columns of integer codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._fields import FIELDS

__all__ = ["CODED", "MEASURED", "CodedLog", "link_codes"]

_KINDS: Final = {field.name: field.kind for field in FIELDS}
_PROVENANCE: Final = {"touchpoint_id", "activity_raw", "source_file", "currency", "timestamp_precision"}
CODED: Final = tuple(
    name for name, kind in _KINDS.items() if kind in {"text", "word", "object"} and name not in _PROVENANCE
)
MEASURED: Final = ("amount", "score")
_DENSE: Final = 200_000_000  # marking cells beats sorting pairs as long as the cells fit in memory


@dataclass(frozen=True, eq=False)
class CodedLog:
    """Touchpoints under one case notion, in order, as integer codes with vocabularies and journey offsets."""

    offsets: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    end_time: npt.NDArray[np.int64]
    codes: Mapping[str, npt.NDArray[np.int32]]
    words: Mapping[str, npt.NDArray[np.object_]]
    numbers: Mapping[str, npt.NDArray[np.float64]]
    journey_ids: npt.NDArray[np.object_]
    rows: npt.NDArray[np.int64]

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

    def decoded(self, field: str, at: npt.NDArray[np.int64] | slice = slice(None)) -> npt.NDArray[np.object_]:
        """Spell a field's codes out; missing becomes None."""
        codes = self.codes[field][at]
        words = np.array([*self.words[field], None], dtype=object)
        spelled: npt.NDArray[np.object_] = words[codes]
        return spelled

    def holds(self, field: str, word: str) -> npt.NDArray[np.bool_]:
        """Tell, per touchpoint, whether a field holds a word (all False where the word never occurs)."""
        found = np.searchsorted(self.words[field].astype(str), word)
        if found == len(self.words[field]) or self.words[field][found] != word:
            return np.zeros(self.n_touchpoints, bool)
        return np.asarray(self.codes[field] == found)

    def any_in_journey(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Tell, per journey, whether any of its touchpoints is marked."""
        if self.n_journeys == 0:
            return np.zeros(0, bool)
        return np.asarray(np.logical_or.reduceat(mask, self.first))

    def count_in_journey(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Count, per journey, its marked touchpoints."""
        return np.bincount(self.journey_of[mask], minlength=self.n_journeys)

    def distinct_in_journey(self, field: str, mask: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.int64]:
        """Count, per journey, the distinct words a field holds, missing ones left out."""
        journeys, _ = self._pairs(field, mask)
        return np.bincount(journeys, minlength=self.n_journeys)

    def journeys_with(self, field: str) -> npt.NDArray[np.int64]:
        """Count, per word of a field, the journeys that hold it."""
        _, words = self._pairs(field, None)
        return np.bincount(words, minlength=len(self.words[field]))

    def _pairs(
        self, field: str, mask: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        known = self.codes[field] >= 0 if mask is None else mask & (self.codes[field] >= 0)
        breadth = max(len(self.words[field]), 1)
        key = self.journey_of[known] * breadth + self.codes[field][known]
        if self.n_journeys * breadth <= _DENSE:
            seen = np.zeros(self.n_journeys * breadth, bool)
            seen[key] = True
            key = np.flatnonzero(seen)
        else:
            key = np.unique(key)
        return key // breadth, key % breadth

    def take(self, positions: npt.NDArray[np.int64]) -> CodedLog:
        """Keep the touchpoints at ascending positions; journeys left without any disappear."""
        journey = self.journey_of[positions]
        starts = np.flatnonzero(np.diff(journey, prepend=-1))
        return replace(
            self,
            offsets=np.append(starts, len(positions)).astype(np.int64),
            time=self.time[positions],
            end_time=self.end_time[positions],
            codes={field: codes[positions] for field, codes in self.codes.items()},
            numbers={field: values[positions] for field, values in self.numbers.items()},
            journey_ids=self.journey_ids[journey[starts]],
            rows=self.rows[positions],
        )

    def keep(self, mask: npt.NDArray[np.bool_]) -> CodedLog:
        """Keep whole journeys."""
        return self.take(np.flatnonzero(np.repeat(mask, self.lengths)))


def link_codes(frame: pd.DataFrame, case: str, gap: pd.Timedelta | None = None) -> CodedLog:
    """Sort touchpoints once under a case notion and code them.

    Parameters
    ----------
    frame : DataFrame
        Canonical touchpoints; rows whose `case` is missing are left out (the caller counts them).
    case : str
        The object field that journeys are told apart by.
    gap : Timedelta, optional
        A longer silence than this starts a new journey of the same case.

    Returns
    -------
    CodedLog
        Sorted by (case, timestamp, seq); journey ids are the case ids, with ``/1``, ``/2`` ... where `gap` is given.
    """
    cases, names = pd.factorize(frame[case], sort=True)
    time = frame["timestamp"].astype("datetime64[us, UTC]").astype("int64").to_numpy()
    order = np.lexsort((frame["seq"].to_numpy(), time, cases))
    order = order[np.searchsorted(cases[order], 0) :]
    cases, time = cases[order], time[order]
    new_case = np.diff(cases, prepend=-1) != 0
    silent = np.zeros(len(order), bool)
    if gap is not None:
        silent[1:] = np.diff(time) > gap // pd.Timedelta(microseconds=1)
    starts = np.flatnonzero(new_case | silent)
    owner = cases[starts]
    ids = np.asarray(names, dtype=object)[owner]
    if gap is not None:
        part = np.arange(len(starts)) - np.searchsorted(owner, owner) + 1
        ids = (pd.Series(ids, dtype="str") + "/" + pd.Series(part).astype("str")).to_numpy(object)
    ends = frame["end_timestamp"].astype("datetime64[us, UTC]").astype("int64").to_numpy()[order]
    known = frame["end_timestamp"].notna().to_numpy()[order]
    coded = {field: _coded(frame[field]) for field in CODED if field in frame}
    return CodedLog(
        offsets=np.append(starts, len(order)).astype(np.int64),
        time=time.astype(np.int64),
        end_time=np.where(known, np.maximum(ends, time), time),
        codes={field: codes[order].astype(np.int32) for field, (codes, _) in coded.items()},
        words={field: words for field, (_, words) in coded.items()},
        numbers={field: frame[field].to_numpy(float)[order] for field in MEASURED if field in frame},
        journey_ids=ids,
        rows=order.astype(np.int64),
    )


def _coded(column: pd.Series[str]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    if column.isna().all():
        return np.full(len(column), -1, np.intp), np.zeros(0, dtype=object)
    codes, words = pd.factorize(column.astype("str"), sort=True)
    return codes, np.asarray(words, dtype=object)
