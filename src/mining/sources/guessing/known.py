"""Recognise a system of the catalogue in files whose names do not tell it."""

from __future__ import annotations

from collections.abc import Sequence

from mining._errors import MiningError
from mining.sources.catalogue import known_systems, mapping_of
from mining.sources.fold import fold
from mining.sources.forms.files import Folder
from mining.sources.guessing.tables import TableGuess
from mining.sources.mappings.detect import detect
from mining.sources.mappings.mapping import Mapping, Reader

__all__ = ["known_as"]


def known_as(folder: Folder, guesses: Sequence[TableGuess]) -> tuple[str, ...]:
    """Name the systems of the catalogue that fit: by their files, else by the headers alone."""
    try:
        return tuple(mapping.system for mapping, _ in detect(folder))
    except MiningError:
        pass
    found = dict.fromkeys(name for guess in guesses for name in known_systems() if _fits(mapping_of(name), guess))
    return tuple(found)


def _fits(mapping: Mapping, guess: TableGuess) -> bool:
    """Say whether a table has the headers of some reader, whatever its file is called."""
    headers = {fold(column.header) for column in guess.columns}
    return any(_has(reader, mapping, headers) for reader in mapping.readers if reader.kind == "activity")


def _has(reader: Reader, mapping: Mapping, headers: set[str]) -> bool:
    named = {field: [r.column for r in readings if r.column] for field, readings in reader.step.fields.items()}
    there = {field for field, columns in named.items() if any(_is_there(c, mapping, headers) for c in columns)}
    # Three of its own headers, what happened and when among them, are no accident; bare words like `id` would be.
    special = [c for columns in named.values() for c in columns if _is_there(c, mapping, headers) and not c.isalpha()]
    return {"timestamp", "activity"} <= there and len(there) >= 3 and len(special) >= 3


def _is_there(column: str, mapping: Mapping, headers: set[str]) -> bool:
    spellings = [prefix + column for prefix in mapping.prefixes] + list(mapping.aliases.get(column, ()))
    return any(fold(spelling) in headers for spelling in spellings)
