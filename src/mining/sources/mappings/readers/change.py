"""Histories of field changes: the row names the field that changed; the fields worth following become touchpoints."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mining.sources.mappings.mapping import Condition, Reader, Reading, Step
from mining.sources.mappings.readers.passes import Pass, both, in_order
from mining.sources.mappings.view import View

__all__ = ["passes"]


def passes(reader: Reader, view: View) -> list[Pass]:
    """Make one pass per followed field, over the rows that name it.

    Where a field has an `opening`, the first value of each record is told by that instead: a ticket that is given to
    its first team was not handed over.
    """
    view.require([Reading(column=reader.column)], "the changed field")
    return [each for name, step in reader.steps.items() for each in _followed(reader, view, name, step)]


def _followed(reader: Reader, view: View, name: str, step: Step) -> Iterator[Pass]:
    rows = view.holds(Condition(Reading(column=reader.column), (name,)))
    left = "a field that is not followed"
    outer = both(reader.step, step)
    if step.opening is not None:
        sequence, starts = in_order(reader, view, reader.record, rows)
        first = np.zeros(view.size, dtype=bool)
        first[sequence[starts]] = True
        yield Pass(reader.name, name, both(outer, step.opening), first, order=reader.order, left=left)
        rows = rows & ~first
    yield Pass(reader.name, name, outer, rows, order=reader.order, left=left)
