"""Find out which systems a folder's files came from, by their tables and headers."""

from __future__ import annotations

from collections.abc import Iterator

from mining._errors import ExportError
from mining.sources.catalogue import known_systems, mapping_of
from mining.sources.files import ExportFile, Folder, open_export, stem_matches
from mining.sources.mapping import Mapping, Reader, Reading
from mining.sources.view import View, columns_of

__all__ = ["detect"]


def detect(folder: Folder) -> list[tuple[Mapping, Folder]]:
    """Recognise the systems of a folder, or of its sub-folders when it holds no files itself.

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
    found = [(mapping, place) for place in places if place.files for mapping in _recognised(place)]
    if not found:
        files = ", ".join(file.name for place in places for file in place.files[:12]) or "no file that can be read"
        raise ExportError(
            f"'{folder.name}' is no export of a known system.{_nearest(places)} It has: {files}. "
            f"Known: {', '.join(known_systems())}. For another system give its mapping: sources=['my.yml']."
        )
    return found


def _recognised(folder: Folder) -> Iterator[Mapping]:
    """Yield the systems of which some reader finds its table with the columns it needs."""
    best: dict[str, Mapping] = {}
    for name in known_systems():
        mapping = mapping_of(name)
        if any(_reads(reader, mapping, folder) for reader in mapping.readers):
            best[name] = mapping
    yield from best.values()


def _reads(reader: Reader, mapping: Mapping, folder: Folder) -> bool:
    patterns = [pattern for name in reader.tables for pattern in mapping.tables[name]]
    return any(_fits(reader, mapping, file) for file in folder.files if stem_matches(file.stem, patterns))


def _fits(reader: Reader, mapping: Mapping, file: ExportFile) -> bool:
    for table in file.read():
        view = View(table, mapping, {}, lambda _text, _times: None)
        if all(view.find(column) is not None for column in mapping.detect) and _has_time(reader, view):
            return True
    return False


def _has_time(reader: Reader, view: View) -> bool:
    if reader.kind == "milestones":
        return any(view.find(column) is not None for column in reader.steps)
    said = list(reader.step.fields.get("timestamp", (Reading(constant="-"),)))
    named = [column for reading in said for column in columns_of(reading)]
    changed = [reader.column] if reader.column else []
    return any(view.find(column) for column in named) and all(view.find(column) for column in changed)


def _nearest(places: list[Folder]) -> str:
    stems = {file.stem for place in places for file in place.files}
    scores = {
        name: sum(any(stem_matches(stem, patterns) for patterns in mapping_of(name).tables.values()) for stem in stems)
        for name in known_systems()
    }
    best = max(scores, key=lambda name: scores[name])
    return f" Nearest is '{best}': {scores[best]} file names match, but not their columns." if scores[best] else ""
