"""The journey map on the page: everybody's, one for each persona, and over time; each lane leads to its figures."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from mining.maps import JourneyMap
from mining.maps.phrases import PHRASES, said
from mining.report.exhibits import Exhibit, shown
from mining.report.words import Words

__all__ = ["anchor_of_map", "map_exhibits", "map_sentences"]

# The sections that hold a lane's figures, the best first.
_FIGURES: Final = {
    "customers do": ("flow",), "we do": ("flow",), "channels": ("channels",), "waits": ("waits",),
    "people met": ("people",), "outcome": ("deviations", "flow"), "sla": ("slas",), "systems": ("quality",),
    "opportunities": ("candidates",), "owner": ("processes",), "feeling": ("voices",), "objections": ("voices",),
}  # fmt: skip


def anchor_of_map(result: JourneyMap) -> str:
    """Name the section of a map."""
    if result.exposure is not None:
        return "windows"
    return "map" if result.personas == ("all",) else "maps"


def map_exhibits(result: JourneyMap, words: Words, anchors: Collection[str]) -> list[Exhibit]:
    """Lay out a map: one as a whole, several side by side, stage by stage."""
    spoken = result.renamed(words.map)
    figures = {
        lane: (f"#{anchor}", said(words.map, PHRASES["figures"], section=words.sections[anchor]))
        for lane, known in _FIGURES.items()
        for anchor in [next((each for each in known if each in anchors), None)]
        if anchor is not None
    }
    if spoken.personas == ("all",):
        return [shown(spoken.plot(figures=figures))]
    return [Exhibit(shown(spoken.plot_side_by_side(stage)).html, stage, folded=True) for stage in spoken.stages]


def map_sentences(result: JourneyMap, words: Words) -> list[str]:
    """Say of maps over time which periods are compared, and what differs."""
    if result.exposure is None:
        return []
    compared, found = result.exposure["is_compared"], result.differences["is_found"]
    told = {"periods": len(compared), "compared": int(compared.sum()), "tested": len(found), "found": int(found.sum())}
    return [words.say("windows", **told)]
