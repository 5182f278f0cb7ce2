"""Which tables of a mapping a table of an export is: by its name if its columns bear that out, else by its headers."""

from __future__ import annotations

from collections.abc import Iterator

from mining.sources.forms.files import stem_matches
from mining.sources.mappings.mapping import Mapping, Reader, Reading
from mining.sources.mappings.readers.milestones import matched_step
from mining.sources.mappings.view import View, columns_of
from mining.sources.table import RawTable

__all__ = ["has_time", "names_of"]


def names_of(mapping: Mapping, table: RawTable) -> list[str]:
    """Name the tables of a mapping that a table is; none where the mapping does not speak of it.

    A name that fits wins where the columns that matter are there. Else tell-tale headers decide: people save a page's
    export under any name, ``contacts.csv`` too. Last comes the name alone, so that what is missing can be said.
    """
    view = View(table, mapping, {}, lambda _text, _times: None)
    stems = [name for name, patterns in mapping.tables.items() if stem_matches(table.name, patterns)]
    fitting = [name for name in stems if any(_essentials(mapping, name, view))]
    return fitting or _signed(mapping, view) or stems or _signed(mapping, view, loosely=True)


def _signed(mapping: Mapping, view: View, *, loosely: bool = False) -> list[str]:
    """Name the tables whose tell-tale headers are there; loosely, spelt with underscores for blanks, or none."""
    seek = view.find if loosely else view.spelt
    found = {
        name: len(headers)
        for name, headers in mapping.signatures.items()
        if all(seek(header) is not None for header in headers)
    }
    # A deal's export may have all headers of a contact's: the longest list is the most telling.
    return [name for name, size in found.items() if size == max(found.values())]


def _essentials(mapping: Mapping, name: str, view: View) -> Iterator[bool]:
    """Say of each use of a table whether the columns it cannot do without are there."""
    needed = [
        *(columns_of(rule.id) for rule in mapping.objects if name in rule.tables),
        *([link.by, *link.targets.values()] for link in mapping.links.values() if name in link.tables),
        *([label.id] for label in mapping.labels.values() if name in label.tables),
        *([*columns_of(merge.old), merge.kept] for merge in mapping.merges if name in merge.tables),
    ]
    yield from (_all(view, columns) for columns in needed)
    yield from (has_time(reader, view) for reader in mapping.readers if name in reader.tables)


def _all(view: View, columns: list[str]) -> bool:
    return all(view.find(column) is not None for column in columns)


def has_time(reader: Reader, view: View) -> bool:
    """Say whether a table has a time for a reader, and the column that names what changed."""
    if reader.kind == "milestones":
        there = any(view.find(column) is not None for column in reader.steps)
        return there or any(True for header in view.table.frame.columns for _ in matched_step(reader, header))
    said = list(reader.step.fields.get("timestamp", (Reading(constant="-"),)))
    named = [column for reading in said for column in columns_of(reading)]
    changed = [reader.column] if reader.column else []
    return any(view.find(column) is not None for column in named) and _all(view, changed)
