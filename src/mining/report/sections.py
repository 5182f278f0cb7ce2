"""A result as a section of the page: its heading, a few sentences, pictures and tables."""

from __future__ import annotations

from collections.abc import Collection

from mining._errors import MiningError
from mining.maps import JourneyMap
from mining.report.exhibits import Section
from mining.report.layouts import LAYOUTS
from mining.report.map_section import anchor_of_map, map_exhibits, map_sentences
from mining.report.sentences import said
from mining.report.study import Study
from mining.report.words import Words

__all__ = ["anchor_of", "section_of"]


def anchor_of(result: object) -> str:
    """Name the section of a result.

    Raises
    ------
    MiningError
        For something that is no result of this library.
    """
    if isinstance(result, JourneyMap):
        return anchor_of_map(result)
    for kind, (name, _) in LAYOUTS.items():
        if isinstance(result, kind):
            return name
    raise MiningError.unknown("kind of result", type(result).__name__, [kind.__name__ for kind in LAYOUTS])


def section_of(result: object, words: Words, study: Study | None, anchors: Collection[str] = ()) -> Section:
    """Lay out one result; `anchors` are the sections that the page will have.

    Raises
    ------
    MiningError
        For something that is no result of this library.
    """
    anchor = anchor_of(result)
    if isinstance(result, JourneyMap):
        exhibits, sentences = map_exhibits(result, words, anchors), map_sentences(result, words)
    else:
        layout = next(layout for kind, (_, layout) in LAYOUTS.items() if isinstance(result, kind))
        exhibits, sentences = layout(result, words), said(result, words, study)
    return Section(anchor, words.sections[anchor], exhibits, sentences)
