"""Whether 05/03 is in March or in May: decided for a column, or for the stretches of rows it was put together from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MappingError
from mining.sources.table import Coded
from mining.sources.times.clocks import NO_TIME
from mining.sources.times.eras import (
    DAY_FIRST,
    ENOUGH,
    MONTH_FIRST,
    Stretch,
    distinct,
    kinds_of,
    placeholders,
    proven_runs,
    shown,
    written_runs,
)
from mining.sources.times.hints import Neighbours
from mining.sources.times.moments import wall_times
from mining.sources.times.stamps import PRECISIONS, Stamps

__all__ = ["Order", "find_order"]

Ints = npt.NDArray[np.int64]
Signs = npt.NDArray[np.int8]
_ASIDE = 0.05  # share of dates between two stretches that may stay unread
_TOLD = 20  # stretches named in the proof


@dataclass
class Order:
    """The order of day and month of every row, and why.

    Attributes
    ----------
    rows : ndarray of int8
        1 day first, 0 month first, -1 left unread; of rows with an open order.
    proof : list of str
        Sentences for people.
    segments : list of dict
        Stretches that differ: ``order``, ``first_row``, ``last_row``, ``rows`` and ``example``.
    undecided : int
        Rows left unread.
    """

    rows: Signs
    proof: list[str] = field(default_factory=list)
    segments: list[dict[str, object]] = field(default_factory=list)
    undecided: int = 0


@dataclass(frozen=True)
class _Part:
    """A stretch of rows on its way to a decision."""

    rows: Ints  # of the column, all of one way of writing
    dayfirst: int = -1  # 1, 0, or -1 while open
    proof: str = ""
    example: int = -1  # word that shows it


def find_order(
    column: Coded, stamps: Stamps, dayfirst: bool | None, neighbours: Neighbours, *, name: str, calendar: str | None
) -> Order:
    """Decide the order of day and month.

    Dates that are written alike (sign between the numbers, digits of the year, kind of clock) are decided together, by
    a value above 12. Where such values contradict each other, the rows must fall into clean stretches with a proof
    each, as where two exports were put one below the other. What proves nothing is decided by the mapping, by another
    column of the table that is written alike, by the order it keeps with another time of the table, or by the order
    of the rows; else by nobody.

    Raises
    ------
    MappingError
        When nothing decides, or values of both orders are mixed.
    """
    task = _Task(column, stamps, dayfirst, neighbours, name, calendar)
    parts = [part for rows in task.written_alike() for part in task.parts(rows)]
    order = Order(np.full(len(column), parts[0].dayfirst if parts else 1, dtype=np.int8))
    for part in parts:
        order.rows[part.rows] = part.dayfirst
    task.read_placeholders(order.rows)
    order.undecided = sum(len(part.rows) for part in parts if part.dayfirst < 0)
    told = [part for part in parts if part.proof]
    if len({part.dayfirst for part in parts}) > 1:
        order.segments = [task.segment(part) for part in parts]
        order.proof = [f"{task.where(part)}: {part.proof}" for part in told[:_TOLD]]
    else:
        order.proof = list(dict.fromkeys(part.proof for part in told))
    if order.undecided:
        order.proof.append(f"{order.undecided:,} rows between two orders are left unread")
    return order


@dataclass(frozen=True)
class _Task:
    column: Coded
    stamps: Stamps
    dayfirst: bool | None
    neighbours: Neighbours
    name: str
    calendar: str | None

    def written_alike(self) -> Iterator[Ints]:
        """Sort the rows by what is always to be seen in how they are written."""
        stamps = self.stamps
        known = np.flatnonzero(self.column.known)
        rows = known[stamps.open[self.column.codes[known]]]
        ways = ((stamps.mark * 8 + stamps.width) * 2 + stamps.half)[self.column.codes[rows]]
        for way in pd.unique(ways):
            yield rows[ways == way]

    def parts(self, rows: Ints) -> Iterator[_Part]:
        """Cut rows that are written alike into parts that are decided."""
        words = self.column.codes[rows]
        stamps = self.stamps
        kinds = kinds_of(stamps.year, stamps.first, stamps.second)[words]
        clocked = np.where(stamps.precision == PRECISIONS.index("day"), 1, 2)[words]
        padding = (stamps.padding & 3) | (stamps.padding >> 2)
        blocks = written_runs(padding[words], clocked, words)
        if len(shown(kinds)) == 1 and all(kinds[b.start : b.stop].any() for b in blocks):
            blocks = [Stretch(0, len(rows), 0)]
        for block in blocks:
            inside = slice(block.start, block.stop)
            yield from self._block(rows[inside], words[inside], kinds[inside], alone=len(blocks) == 1)

    def _block(self, rows: Ints, words: Ints, kinds: Ints, *, alone: bool) -> Iterator[_Part]:
        found = shown(kinds)
        if not found:
            yield self._unproven(rows, words, alone=alone)
        elif len(found) == 1:
            yield self._proven(rows, words, kinds)
        else:
            yield from self._two_orders(rows, words, kinds)

    def _proven(self, rows: Ints, words: Ints, kinds: Ints) -> _Part:
        showing = words[kinds > 0]
        day = int(kinds.max()) == DAY_FIRST
        example = int(showing[0])
        proof = f"'{self.column.words[example]}' can only be {'day' if day else 'month'} first"
        if self.dayfirst is None:
            return _Part(rows, int(day), proof, example)
        if self.dayfirst == day:
            return _Part(rows, int(day), self._said, example)
        # One odd value is a slip that the mapping overrules; several are the export's word against the mapping's.
        if not distinct(showing, ENOUGH):
            return _Part(rows, int(self.dayfirst), self._said, example)
        return _Part(rows, int(day), f"{proof}, whatever the mapping says", example)

    @property
    def _said(self) -> str:
        return f"dayfirst: {str(self.dayfirst).lower()} in the mapping"

    def _two_orders(self, rows: Ints, words: Ints, kinds: Ints) -> Iterator[_Part]:
        runs = proven_runs(kinds, words)
        if runs is None:
            if self.dayfirst is None:
                raise MappingError(self._mixed(words, kinds))
            yield _Part(rows, int(self.dayfirst), self._said, int(words[0]))
            return
        yield from self._eras(rows, words, kinds, runs)

    def _eras(self, rows: Ints, words: Ints, kinds: Ints, runs: list[Stretch]) -> Iterator[_Part]:
        stamps, last = self.stamps, 0
        either = (kinds == 0) & (stamps.first[words] != stamps.second[words])
        between = [slice(one.stop, two.start) for one, two in pairwise(runs)]
        open_ = -1 if self.dayfirst is None else int(self.dayfirst)
        if open_ < 0 and sum(int(either[gap].sum()) for gap in between) > _ASIDE * len(rows):
            raise MappingError(self._mixed(words, kinds))
        for run in runs:
            gap = np.arange(last, run.start)
            doubtful = gap[either[gap]]
            if len(doubtful):
                said = "" if open_ < 0 else self._said
                yield _Part(rows[doubtful], open_, said, int(words[doubtful[0]]))
            # 05/05 between two stretches is the same day in both.
            inside = np.concatenate([gap[~either[gap]], np.arange(run.start, run.stop)])
            example = int(words[inside[kinds[inside] > 0][0]])
            day = run.kind == DAY_FIRST
            proof = f"'{self.column.words[example]}' can only be {'day' if day else 'month'} first"
            yield _Part(rows[inside], int(day), proof, example)
            last = run.stop

    def _unproven(self, rows: Ints, words: Ints, *, alone: bool) -> _Part:
        if self.dayfirst is not None:
            return _Part(rows, int(self.dayfirst), self._said, int(words[0]))
        stamps, seen = self.stamps, np.unique(words)
        readings = [
            wall_times(stamps, np.full(len(stamps.label), day, np.int8), self.calendar).micros for day in (1, 0)
        ]
        one, two = (reading[seen] for reading in readings)
        different = seen[(one != two) & (one != NO_TIME) & (two != NO_TIME)]
        if not len(different):
            return _Part(rows, 1, "", int(words[0]))
        day, month = (reading[words] for reading in readings)
        found = (
            self.neighbours.same_writing(stamps, int(different[0]))
            or self.neighbours.order_of_times(rows, day, month)
            or self.neighbours.order_of_rows(self.column.words[words], day, month)
        )
        if found is None:
            raise MappingError(self._undecided(rows, different, readings, alone=alone))
        return _Part(rows, int(found[0]), found[1], int(words[0]))

    def _undecided(self, rows: Ints, words: Ints, readings: list[Ints], *, alone: bool) -> str:
        word = int(words[0])
        one, two = (str(reading[word].astype("datetime64[us]"))[:10] for reading in readings)
        where = "" if alone and len(rows) == int(self.column.known.sum()) else f" in {len(rows):,} of its rows"
        return (
            f"Column '{self.name}' does not say{where} whether the day or the month comes first: "
            f"'{self.column.words[word]}' is {one} or {two}, and no value written alike in the table is above 12. "
            f"Say which in the mapping: `dayfirst: true` reads {one}, `dayfirst: false` reads {two}."
        )

    def _mixed(self, words: Ints, kinds: Ints) -> str:
        day, month = (str(self.column.words[words[kinds == kind][0]]) for kind in (DAY_FIRST, MONTH_FIRST))
        return (
            f"Column '{self.name}' holds two orders: '{day}' has the day first, '{month}' the month, and the rows do "
            f"not fall into clean stretches of one order each. Split the export by what wrote it, or say "
            f"`dayfirst: true` (or false) in the mapping: every date is then read so, and what cannot be is set aside."
        )

    def read_placeholders(self, rows: Signs) -> None:
        """Read dates that stand for none in the order they are written in, whatever the order of the rest."""
        stamps = self.stamps
        found = np.where(stamps.open, placeholders(stamps.year, stamps.first, stamps.second), -1)
        if (found >= 0).any():
            told = np.append(found, -1)[self.column.codes]
            rows[told >= 0] = told[told >= 0]

    def where(self, part: _Part) -> str:
        """Name the rows of a part."""
        return f"rows {int(part.rows[0]) + 1:,}-{int(part.rows[-1]) + 1:,}"

    def segment(self, part: _Part) -> dict[str, object]:
        """Tell a part in plain values."""
        return {
            "order": {1: "D/M/Y", 0: "M/D/Y", -1: "unread"}[part.dayfirst],
            "first_row": int(part.rows[0]) + 1,
            "last_row": int(part.rows[-1]) + 1,
            "rows": len(part.rows),
            "example": str(self.column.words[part.example]),
        }
