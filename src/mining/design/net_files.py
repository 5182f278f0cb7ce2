"""Designs drawn elsewhere: BPMN 2.0 diagrams and Petri nets (PNML) become nets of plain records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from mining._alignments import Net, Transition
from mining._errors import DesignError

__all__ = ["Drawn", "read_drawn"]

_MOST_BYTES: Final = 20_000_000
_MOST_BRANCHES: Final = 6  # of an inclusive gateway: every choice of them is a way of its own
_HOSTILE: Final = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_SILENT: Final = re.compile(r"((tau|skip|inv(isible)?|silent|init_loop|exit_loop)[_ ]*\d*)?", re.IGNORECASE)
_TASKS: Final = ("task", "callActivity")
_GATEWAYS: Final = ("exclusiveGateway", "eventBasedGateway", "parallelGateway", "inclusiveGateway", "complexGateway")
_BESIDE: Final = ("boundaryEvent",)


class Drawn(NamedTuple):
    """A drawn design: its name, its net, the lane of each label where there are lanes."""

    name: str
    net: Net
    lanes: dict[str, str]
    has_inclusive: bool = False  # a join that waits for what was chosen is told apart only by runs that end


def read_drawn(path: Path) -> Drawn:
    """Read a BPMN diagram or a Petri net.

    Parameters
    ----------
    path : Path
        XML of either kind; the content decides.

    Returns
    -------
    Drawn

    Raises
    ------
    DesignError
        For a file that is neither, that defines entities of its own, or that does not say where it ends.
    """
    content = path.read_bytes()
    if len(content) > _MOST_BYTES:
        raise DesignError(f"'{path.name}' holds {len(content):,} bytes: too many for a drawn design.")
    if _HOSTILE.search(content.replace(b"\0", b"")):  # in UTF-16 every other byte is nought
        raise DesignError(f"'{path.name}' defines entities of its own, which no design needs. Save it without.")
    try:
        root = ET.fromstring(content)  # noqa: S314 -- without a DOCTYPE nothing can be expanded or fetched
    except ET.ParseError as error:
        raise DesignError(f"'{path.name}' is no well-formed XML: {error}.") from error
    kind = _tag(root)
    if kind == "definitions":
        return _bpmn(root, path)
    if kind == "pnml":
        return Drawn(path.stem, _pnml(root, path.name), {})
    raise DesignError(f"'{path.name}' is neither BPMN nor PNML: its root is '{kind}'.")


def _tag(node: ET.Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _all(node: ET.Element, *tags: str) -> Iterator[ET.Element]:
    return (found for found in node.iter() if _tag(found) in tags)


def _text(node: ET.Element, tag: str) -> str:
    for child in node:
        if _tag(child) == tag:
            return " ".join("".join(child.itertext()).split())
    return ""


def _pnml(root: ET.Element, name: str) -> Net:
    places = {str(place.get("id")): number for number, place in enumerate(_all(root, "place"))}
    before, after = _arcs(root, places, name)
    transitions = []
    for transition in _all(root, "transition"):
        at = str(transition.get("id"))
        label = _text(transition, "name")
        hidden = any("invisible" in str(each.get("activity", "")).lower() for each in _all(transition, "toolspecific"))
        silent = hidden or _SILENT.fullmatch(label) is not None
        transitions.append(Transition(None if silent else label, tuple(before.get(at, ())), tuple(after.get(at, ()))))
    marked = [places[str(place.get("id"))] for place in _all(root, "place") if _holds(place, "initialMarking")]
    taken = {place for step in transitions for place in step.before}
    given = {place for step in transitions for place in step.after}
    start, end = _initial(marked, places, given, name), _final(root, places, taken, name)
    return Net(len(places), tuple(transitions), start, end)


def _holds(node: ET.Element, tag: str) -> bool:
    tokens = _text(node, tag)
    if tokens not in {"", "0", "1"}:
        raise DesignError(f"A place holds {tokens} tokens at once. Draw a journey as one token: mark each place once.")
    return tokens == "1"


def _arcs(root: ET.Element, places: dict[str, int], name: str) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    before: dict[str, list[int]] = {}
    after: dict[str, list[int]] = {}
    for arc in _all(root, "arc"):
        if _text(arc, "inscription") not in {"", "1"}:
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
    for marking in _all(root, "marking"):
        held = [places[str(place.get("idref"))] for place in _all(marking, "place")
                if str(place.get("idref")) in places and _holds(place, "text")]  # fmt: skip
        if held:
            return tuple(held)
    ends = sorted(set(places.values()) - set(taken))
    if len(ends) != 1:
        told = f"'{name}' does not say where it ends, and {len(ends)} places lead nowhere."
        raise DesignError(f"{told} Write its final marking, or give it one last place.")
    return (ends[0],)


def _bpmn(root: ET.Element, path: Path) -> Drawn:
    processes = [process for process in _all(root, "process") if any(_is_task(node) for node in process.iter())]
    if not processes:
        raise DesignError(f"'{path.name}' has no process with a task in it.")
    if len(processes) > 1:
        names = ", ".join(str(process.get("name") or process.get("id")) for process in processes)
        raise DesignError(f"'{path.name}' holds {len(processes)} processes with tasks: {names}. Keep the customer's.")
    process = processes[0]
    weaver = _Weaver(path.name)
    weaver.weave(process)
    lanes = _lanes(process)
    labels = {node.get("id"): weaver.label(node) for node in process.iter() if _is_task(node)}
    owned = {label: lanes[at] for at, label in labels.items() if label and at in lanes}
    return Drawn(str(process.get("name") or path.stem), weaver.net(), owned, weaver.has_inclusive)


def _is_task(node: ET.Element) -> bool:
    return _tag(node) in _TASKS or _tag(node).endswith("Task")


def _lanes(process: ET.Element) -> dict[str | None, str]:
    found: dict[str | None, str] = {}
    for lane in _all(process, "lane"):
        for reference in _all(lane, "flowNodeRef"):
            if reference.text and lane.get("name"):
                found[reference.text.strip()] = str(lane.get("name"))
    return found


@dataclass
class _Weaver:
    """Transitions as they are laid: a place for each sequence flow, the first for the start, the second for the end."""

    file: str
    transitions: list[Transition] = field(default_factory=list)
    n_places: int = 2
    has_inclusive: bool = False
    flows: dict[str, int] = field(default_factory=dict)

    def net(self) -> Net:
        return Net(self.n_places, tuple(self.transitions), (0,), (1,))

    def weave(self, process: ET.Element) -> None:
        """Lay a whole process between the start and the end."""
        self._inside(process, 0, 1)

    def _inside(self, scope: ET.Element, start: int, end: int) -> None:
        flows = [node for node in scope if _tag(node) == "sequenceFlow"]
        for flow in flows:
            self.flows[str(flow.get("id"))] = self._place()
        into: dict[str, list[int]] = {}
        out: dict[str, list[int]] = {}
        for flow in flows:
            out.setdefault(str(flow.get("sourceRef")), []).append(self.flows[str(flow.get("id"))])
            into.setdefault(str(flow.get("targetRef")), []).append(self.flows[str(flow.get("id"))])
        beside = {str(node.get("attachedToRef")): [] for node in scope if _tag(node) in _BESIDE}  # type: dict[str, list[int]]
        for node in scope:
            if _tag(node) in _BESIDE:
                beside[str(node.get("attachedToRef"))] += out.get(str(node.get("id")), [])
        for node in scope:
            at = str(node.get("id"))
            if _is_node(node) and _tag(node) not in _BESIDE:
                self._node(node, (into.get(at, []), out.get(at, [])), beside.get(at, []), (start, end))

    def _node(
        self, node: ET.Element, ways: tuple[list[int], list[int]], beside: list[int], ends: tuple[int, int]
    ) -> None:
        into, out = ways
        kind = _tag(node)
        is_start = kind == "startEvent" or not into
        into = [ends[0]] if is_start else into
        is_end = kind == "endEvent" or not out
        out = [ends[1]] if is_end else out
        if kind in {"exclusiveGateway", "eventBasedGateway", "complexGateway"}:
            self._choice(into, out)
        elif kind == "parallelGateway":
            self._move(None, into, out)
        elif kind == "inclusiveGateway":
            self._inclusive(into, out)
        else:
            self._activity(node, into, out, beside)

    def _choice(self, into: list[int], out: list[int]) -> None:
        here = self._place()
        for place in into:
            self._move(None, [place], [here])
        for place in out:
            self._move(None, [here], [place])

    def _inclusive(self, into: list[int], out: list[int]) -> None:
        if max(len(into), len(out)) > _MOST_BRANCHES:
            many = f"has an inclusive gateway of more than {_MOST_BRANCHES} branches"
            raise DesignError(f"'{self.file}' {many}: split it.")
        self.has_inclusive = True
        here = self._place()
        for some in _choices(into):
            self._move(None, some, [here])
        for some in _choices(out):
            self._move(None, [here], some)

    def _activity(self, node: ET.Element, into: list[int], out: list[int], beside: list[int]) -> None:
        """Lay a task, an event or a subprocess: several ways in are alternatives, several ways out are all taken."""
        here = into[0] if len(into) == 1 else self._place()
        for place in into if len(into) > 1 else ():
            self._move(None, [place], [here])
        if _tag(node) in {"subProcess", "transaction", "adHocSubProcess"}:
            done = self._place()
            inner = self._place()
            self._move(None, [here], [inner])
            self._inside(node, inner, done)
            self._move(None, [done], out)
        else:
            label = self.label(node)
            self._move(label, [here], out)
            if any(_tag(child).endswith("LoopCharacteristics") for child in node) and label:
                self._move(label, [here], [here])
            for place in beside if label else ():
                self._move(label, [here], [place])
        for place in beside:  # what interrupts may come before it is done, or instead
            self._move(None, [here], [place])

    def label(self, node: ET.Element) -> str | None:
        """Name what a task or a named event in between leaves in the log; nothing for the others."""
        name = " ".join(str(node.get("name") or "").split())
        if _is_task(node):
            if not name:
                raise DesignError(f"'{self.file}' has a task without a name ('{node.get('id')}'). Name every task.")
            return name
        between = _tag(node) in {"intermediateCatchEvent", "intermediateThrowEvent"}
        return name or None if between else None

    def _move(self, label: str | None, before: Iterable[int], after: Iterable[int]) -> None:
        self.transitions.append(Transition(label, tuple(before), tuple(after)))

    def _place(self) -> int:
        self.n_places += 1
        return self.n_places - 1


def _is_node(node: ET.Element) -> bool:
    kind = _tag(node)
    return (
        _is_task(node)
        or kind in _GATEWAYS
        or kind.endswith("Event")
        or kind.lower().endswith(("subprocess", "transaction"))
    )


def _choices(places: list[int]) -> Iterator[tuple[int, ...]]:
    for size in range(1, len(places) + 1):
        yield from combinations(places, size)
