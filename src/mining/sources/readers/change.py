"""Histories of field changes: the row names the field that changed; the fields worth following become touchpoints."""

from __future__ import annotations

from mining.sources.mapping import Condition, Reader, Reading
from mining.sources.readers.passes import Pass, both
from mining.sources.view import View

__all__ = ["passes"]


def passes(reader: Reader, view: View) -> list[Pass]:
    """Make one pass per followed field, over the rows that name it."""
    view.require([Reading(column=reader.column)], "the changed field")
    return [
        Pass(
            reader.name,
            name,
            both(reader.step, step),
            view.holds(Condition(Reading(column=reader.column), (name,))),
            order=reader.order,
            left="a field that is not followed",
        )
        for name, step in reader.steps.items()
    ]
