"""A pass over a table: some rows, and what each says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mining.sources.mappings.mapping import Reader, Step
from mining.sources.mappings.values import numbers_of
from mining.sources.mappings.view import View
from mining.sources.table import Ints

__all__ = ["Pass", "both", "in_order"]


@dataclass(frozen=True)
class Pass:
    """One touchpoint per row of `rows`.

    Attributes
    ----------
    name : str
        Name of the reader.
    part : str
        What sets this pass apart from the others over the same row; part of the touchpoint's id.
    step : Step
        Fields, constants and conditions.
    rows : ndarray of bool
        The rows it is about.
    blank : bool
        Whether a missing time is no fault (a milestone not reached).
    order : str
        Column that orders equal times.
    left : str
        Rule for rows that no pass of the reader is about.
    table : str
        What the mapping calls the table.
    ends : ndarray of int64, optional
        Per row, the row that tells its end and what it leaves open; -1 where there is none.
    """

    name: str
    part: str
    step: Step
    rows: npt.NDArray[np.bool_]
    blank: bool = False
    order: str = ""
    left: str = ""
    table: str = ""
    ends: Ints | None = None


def both(outer: Step, inner: Step) -> Step:
    """Put a reader's step under the narrower one of its change, milestone or watched column.

    What the narrower one says of a field wins over both ways of saying it in the outer.
    """
    said = {*inner.fields, *inner.always}
    return Step(
        {**{name: value for name, value in outer.fields.items() if name not in said}, **inner.fields},
        {**{name: value for name, value in outer.always.items() if name not in said}, **inner.always},
        (*outer.only, *inner.only),
        (*outer.aside, *inner.aside),
        inner.first,
    )


def in_order(
    reader: Reader, view: View, record: str, taking: npt.NDArray[np.bool_]
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Order rows by record, then by time, the reader's `order` column and row; say where a record starts."""
    named = view.text(record)
    time = view.times(reader.step.fields["timestamp"], {}).micros
    rank = numbers_of(view.text(reader.order)) if reader.order else np.zeros(view.size)
    rows = np.flatnonzero(taking & named.known)
    inside = np.lexsort((rows, np.nan_to_num(rank[rows]), time[rows], named.codes[rows]))
    sequence = rows[inside]
    codes = named.codes[sequence]
    starts = np.ones(len(sequence), dtype=bool)
    starts[1:] = codes[1:] != codes[:-1]
    return sequence, starts
