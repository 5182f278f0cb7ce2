"""Snapshots of a record over time: a watched column that differs from the version before is a touchpoint."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mining.sources.mappings.mapping import Reader, Reading
from mining.sources.mappings.readers.passes import Pass, both, in_order
from mining.sources.mappings.view import View
from mining.sources.table import Coded, Ints

__all__ = ["passes"]


def passes(reader: Reader, view: View) -> list[Pass]:
    """Make one pass per watched column, over the versions in which it changed.

    Versions are ordered by time, then by the reader's `order` column, then by row. The first version of a record counts
    as a change of the columns marked `first`. Versions set aside by the reader's own conditions do not take part.
    """
    view.require([Reading(column=reader.column)], "the record")
    taking = np.ones(view.size, dtype=bool)
    for condition in reader.step.only:
        taking &= view.holds(condition)
    for condition in reader.step.aside:
        taking &= ~view.holds(condition)
    sequence, starts = in_order(reader, view, reader.column, taking)
    return [
        Pass(
            reader.name,
            column,
            both(reader.step, step),
            _changed(view.text(column), sequence, starts, view.size, first=step.first) | ~taking,
            order=reader.order,
            left="nothing that is watched changed",
        )
        for column, step in reader.steps.items()
    ]


def _changed(
    column: Coded, sequence: Ints, starts: npt.NDArray[np.bool_], size: int, *, first: bool
) -> npt.NDArray[np.bool_]:
    codes = column.codes[sequence]
    differs = np.zeros(len(sequence), dtype=bool)
    differs[1:] = codes[1:] != codes[:-1]
    changed = np.where(starts, first, differs) & (codes >= 0)
    out = np.zeros(size, dtype=bool)
    out[sequence[changed.astype(bool)]] = True
    return out
