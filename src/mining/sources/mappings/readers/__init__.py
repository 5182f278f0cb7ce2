"""The four kinds of reader; each turns a table into passes, and a pass gives at most one touchpoint per row."""

from __future__ import annotations

from collections.abc import Callable

from mining.sources.mappings.mapping import Reader
from mining.sources.mappings.readers import activity, change, milestones, versions
from mining.sources.mappings.readers.passes import Pass
from mining.sources.mappings.view import View

__all__ = ["Pass", "plan"]

_KINDS: dict[str, Callable[[Reader, View], list[Pass]]] = {
    "activity": activity.passes,
    "change": change.passes,
    "milestones": milestones.passes,
    "versions": versions.passes,
}


def plan(reader: Reader, view: View) -> list[Pass]:
    """List the passes that a reader makes over a table."""
    return _KINDS[reader.kind](reader, view)
