"""Snapshots with a date column per milestone: every filled date is a touchpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from mining.sources.fold import tidy
from mining.sources.mappings.mapping import Reader, Reading, Step
from mining.sources.mappings.readers.passes import Pass, both
from mining.sources.mappings.view import View

__all__ = ["matched_step", "passes"]

_QUOTES = str.maketrans("“”„״‘’′׳", "\"\"\"\"''''")


def passes(reader: Reader, view: View) -> list[Pass]:
    """Make one pass per milestone column that the table has, in the order of its columns."""
    everything = np.ones(view.size, dtype=bool)
    named = {view.find(column): (column, step) for column, step in reader.steps.items()}
    found = []
    for header in view.table.frame.columns:
        if header in named:
            found.append((header, *named[header]))
        else:
            found += [(header, header, step) for step in matched_step(reader, header)]
    for column in reader.steps:
        if view.find(column) is None:
            view.note(f"{view.table.name} has no milestone column '{column}'", 1)
    return [
        Pass(
            reader.name,
            name,
            both(reader.step, both(Step({"timestamp": (Reading(column=header),)}), step)),
            everything,
            blank=True,
            order=reader.order,
            left="no milestone is reached",
        )
        for header, name, step in found
    ]


def matched_step(reader: Reader, header: str) -> Iterator[Step]:
    """Give the step of the first pattern that the header matches, its named groups filled in."""
    spelt = tidy(header).translate(_QUOTES)
    for matching in reader.matching:
        match = re.match(matching.pattern, spelt)
        if match is None:
            continue
        groups = {name: value for name, value in match.groupdict().items() if value}
        always = {name: value for name, value in groups.items() if name in {"stage", "pipeline"}}
        yield both(matching.step, Step({}, {"activity": _filled(matching.activity, groups), **always}))
        return


def _filled(activity: str, groups: dict[str, str]) -> str:
    for name, value in groups.items():
        activity = activity.replace(f"{{{name}}}", value)
    return activity
