"""Find out which systems a folder's files came from, by their tables and headers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from mining._errors import ExportError
from mining.sources.catalogue import known_systems, mapping_of
from mining.sources.forms.files import ExportFile, Folder, open_export, stem_matches
from mining.sources.mappings.mapping import Mapping
from mining.sources.mappings.naming import has_time, names_of
from mining.sources.mappings.view import View, columns_of
from mining.sources.table import RawTable

__all__ = ["detect"]


class _Claim(NamedTuple):
    """How well a system's mapping explains one table: what is found of it counts, then the share of what it wants."""

    found: int
    share: float
    system: str


def detect(folder: Folder) -> list[tuple[Mapping, Folder]]:
    """Recognise the systems of a folder, or of its sub-folders when it holds no files itself.

    A table belongs to the system whose mapping finds most of its columns there; a file that belongs to one system is
    not read as another's.

    Parameters
    ----------
    folder : Folder
        Where to look.

    Returns
    -------
    list of (Mapping, Folder)
        In the order of the catalogue.

    Raises
    ------
    ExportError
        When nothing is recognised; says what there is and what was nearest.
    """
    places = [folder] if folder.files else [open_export(path) for path in folder.folders]
    found = [pair for place in places if place.files for pair in _recognised(place)]
    if not found:
        files = ", ".join(file.name for place in places for file in place.files[:12]) or "no file that can be read"
        raise ExportError(
            f"'{folder.name}' is no export of a known system.{_nearest(places)} It has: {files}. "
            f"Known: {', '.join(known_systems())}. For another system let `mining map` propose a mapping, and give it: "
            f"sources=['my.yml']."
        )
    return found


def _recognised(folder: Folder) -> Iterator[tuple[Mapping, Folder]]:
    """Yield the systems that own a table of touchpoints, each with the files that no other owns."""
    owner = {file.name: _owner(file) for file in folder.files}
    systems = {system for system in owner.values() if system}
    for name in sorted(systems):
        files = tuple(file for file in folder.files if owner[file.name] in {name, ""})
        # Where one system owns everything the folder is taken whole, the remark on unread files included.
        yield mapping_of(name), folder if len(systems) == 1 else replace(folder, files=files, unread=(), folders=())


def _owner(file: ExportFile) -> str:
    try:
        tables = file.read()
    except ExportError:
        return ""
    claims = [claim for table in tables for name in known_systems() for claim in _claims(name, table)]
    return max(claims).system if claims else ""


def _claims(system: str, table: RawTable) -> Iterator[_Claim]:
    mapping = mapping_of(system)
    view = View(table, mapping, {}, lambda _text, _times: None)
    if not all(view.find(column) is not None for column in mapping.detect):
        return
    names = names_of(mapping, table)
    for reader in mapping.readers:
        if set(reader.tables) & set(names) and has_time(reader, view):
            wanted = set(_wanted(mapping, names))
            found = {view.find(column) for column in wanted} - {None}
            yield _Claim(len(found), len(found) / max(1, len(wanted)), system)


def _wanted(mapping: Mapping, names: Iterable[str]) -> Iterator[str]:
    """Yield the columns that a mapping's readers speak of in the tables."""
    for reader in mapping.readers:
        if set(reader.tables) & set(names):
            yield from filter(None, (reader.column, reader.record, reader.order, *reader.steps))
            for step in (reader.step, *reader.steps.values()):
                readings = [*(r for rs in step.fields.values() for r in rs), *(c.reading for c in step.only)]
                yield from (column for reading in readings for column in columns_of(reading))


def _nearest(places: list[Folder]) -> str:
    stems = {file.stem for place in places for file in place.files}
    scores = {
        name: sum(any(stem_matches(stem, patterns) for patterns in mapping_of(name).tables.values()) for stem in stems)
        for name in known_systems()
    }
    best = max(scores, key=lambda name: scores[name])
    return f" Nearest is '{best}': {scores[best]} file names match, but not their columns." if scores[best] else ""
