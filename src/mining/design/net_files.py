"""Designs drawn elsewhere: BPMN 2.0 diagrams, Petri nets (PNML) and process trees (PTML) become plain records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from mining._alignments import Net, Transition
from mining._errors import DesignError
from mining.design.diagrams import read_diagram
from mining.design.drawn import Drawn, each, tag_of, text_of
from mining.design.trees import read_tree_file

__all__ = ["read_drawn"]

_MOST_BYTES: Final = 20_000_000
_HOSTILE: Final = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
# Names that miners give to what leaves no trace. A word alone ("Skip", "Silent") is a step like any other.
_SILENT: Final = re.compile(r"(tau|skip|inv|invisible|silent|init_loop|exit_loop)[_ ]*\d+|tau|τ|")


def read_drawn(path: Path, *, pool: str | None = None, with_lanes: bool = False) -> Drawn:
    """Read a BPMN diagram, a Petri net or a process tree.

    Parameters
    ----------
    path : Path
        XML of either kind; the content decides.
    pool : str, optional
        Which of several pools of a diagram to read.
    with_lanes : bool
        Name the tasks of a diagram with their lanes.

    Returns
    -------
    Drawn

    Raises
    ------
    DesignError
        For a file that is none of them, that defines entities of its own, or that does not say where it ends.
    """
    content = path.read_bytes()
    if len(content) > _MOST_BYTES:
        raise DesignError(f"'{path.name}' holds {len(content):,} bytes: too many for a drawn design.")
    if _HOSTILE.search(content.replace(b"\0", b"")):  # in UTF-16 every other byte is nought
        raise DesignError(f"'{path.name}' defines entities of its own, which no design needs. Save it without.")
    try:
        root = ET.fromstring(content)  # noqa: S314 -- without a DOCTYPE nothing can be expanded or fetched
    except (ET.ParseError, LookupError, ValueError) as error:  # the last two: an encoding that cannot be read
        raise DesignError(f"'{path.name}' is no well-formed XML: {error}.") from error
    kind = tag_of(root)
    if kind == "definitions":
        return read_diagram(root, path, pool=pool, with_lanes=with_lanes)
    if kind == "pnml":
        return Drawn(path.stem, _petri_net(root, path.name), {})
    if kind == "ptml":
        return read_tree_file(root, path)
    raise DesignError(f"'{path.name}' is neither BPMN nor PNML nor PTML: its root is '{kind}'.")


def _petri_net(root: ET.Element, name: str) -> Net:
    places = {str(place.get("id")): number for number, place in enumerate(each(root, "place"))}
    before, after = _arcs(root, places, name)
    hidden = {
        str(transition.get("id"))
        for transition in each(root, "transition")
        if any("invisible" in str(told.get("activity", "")).lower() for told in each(transition, "toolspecific"))
    }
    transitions = []
    for transition in each(root, "transition"):
        at, label = str(transition.get("id")), text_of(transition, "name")
        # A file that marks what is silent leaves nothing to be told by names.
        silent = at in hidden or not label or (not hidden and _SILENT.fullmatch(label) is not None)
        transitions.append(Transition(None if silent else label, tuple(before.get(at, ())), tuple(after.get(at, ()))))
    marked = [places[str(place.get("id"))] for place in each(root, "place") if _holds(place, "initialMarking")]
    taken = {place for step in transitions for place in step.before}
    given = {place for step in transitions for place in step.after}
    start, end = _initial(marked, places, given, name), _final(root, places, taken, name)
    return Net(len(places), tuple(transitions), start, end)


def _holds(node: ET.Element, tag: str) -> bool:
    tokens = text_of(node, tag)
    if tokens not in {"", "0", "1"}:
        raise DesignError(f"A place holds {tokens} tokens at once. Draw a journey as one token: mark each place once.")
    return tokens == "1"


def _arcs(root: ET.Element, places: dict[str, int], name: str) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    before: dict[str, list[int]] = {}
    after: dict[str, list[int]] = {}
    for arc in each(root, "arc"):
        if text_of(arc, "inscription") not in {"", "1"}:
            raise DesignError(f"'{name}' has an arc that takes several tokens at once: draw each by itself.")
        source, target = str(arc.get("source")), str(arc.get("target"))
        if source in places:
            before.setdefault(target, []).append(places[source])
        elif target in places:
            after.setdefault(source, []).append(places[target])
    return before, after


def _initial(marked: list[int], places: dict[str, int], given: Iterable[int], name: str) -> tuple[int, ...]:
    starts = marked or sorted(set(places.values()) - set(given))
    if not starts:
        raise DesignError(f"'{name}' does not say where it begins: mark the first place.")
    return tuple(starts)


def _final(root: ET.Element, places: dict[str, int], taken: Iterable[int], name: str) -> tuple[int, ...]:
    for marking in each(root, "marking"):
        held = [places[str(place.get("idref"))] for place in each(marking, "place")
                if str(place.get("idref")) in places and _holds(place, "text")]  # fmt: skip
        if held:
            return tuple(held)
    ends = sorted(set(places.values()) - set(taken))
    if len(ends) != 1:
        told = f"'{name}' does not say where it ends, and {len(ends)} places lead nowhere."
        raise DesignError(f"{told} Write its final marking, or give it one last place.")
    return (ends[0],)
