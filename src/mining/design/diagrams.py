"""BPMN 2.0 diagrams as nets: what follows what, who acts in which lane."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from mining._alignments import AlignmentLimit, Net, Transition
from mining._errors import DesignError, nearest
from mining.design.drawn import Drawn, each, tag_of
from mining.design.machines import Machine, ends_well, machine_of, net_of_machine, task_machine

__all__ = ["read_diagram"]

_MOST_BRANCHES: Final = 6  # of an inclusive gateway: every choice of them is a way of its own
_MOST_BESIDE: Final = 4  # events at the edge of one task that do not interrupt it
_TASKS: Final = ("task", "callActivity")
_SUBPROCESSES: Final = ("subProcess", "transaction", "adHocSubProcess")
_CHOICES: Final = ("exclusiveGateway", "eventBasedGateway", "complexGateway")
_GATEWAYS: Final = (*_CHOICES, "parallelGateway", "inclusiveGateway")


def read_diagram(root: ET.Element, path: Path, *, pool: str | None = None, with_lanes: bool = False) -> Drawn:
    """Read a BPMN diagram.

    Several ways into a task are alternatives, several ways out are all taken. A process is through when all its tokens
    have come to an end. What interrupts a subprocess may do so at any moment; what is attached to a task may come
    before it or right after it. Without a start event everything that nothing leads to begins at once.

    Parameters
    ----------
    root : Element
        The root of the file.
    path : Path
        Where it came from.
    pool : str, optional
        Name of the pool or process to read where several have tasks.
    with_lanes : bool
        Name each task 'Lane: task', so that tasks of one name in several lanes stay apart.

    Raises
    ------
    DesignError
        For a diagram without a task, with several pools, or with something in it that would be lost.
    """
    process, name = _chosen(root, path.name, pool)
    lanes = dict(_lanes(process))
    weaver = _Weaver(path.name, lanes if with_lanes else {})
    net = weaver.weave(process)
    owned: dict[str, list[str]] = {}
    for node in process.iter():
        at = str(node.get("id"))
        if _is_task(node) and at in lanes and lanes[at] not in owned.setdefault(weaver.label(node) or "", []):
            owned[weaver.label(node) or ""].append(lanes[at])
    owners = {label: ", ".join(who) for label, who in owned.items()}
    return Drawn(name or path.stem, net, owners, weaver.has_inclusive)


def _chosen(root: ET.Element, file: str, pool: str | None) -> tuple[ET.Element, str]:
    processes = [process for process in each(root, "process") if any(_is_task(node) for node in process.iter())]
    if not processes:
        raise DesignError(f"'{file}' has no process with a task in it.")
    pools = {str(each.get("processRef")): str(each.get("name") or "") for each in each(root, "participant")}
    names = [pools.get(str(one.get("id"))) or str(one.get("name") or one.get("id")) for one in processes]
    if pool is not None and pool not in names:
        raise DesignError(f"'{file}' has no pool '{pool}'.{nearest(pool, names)} It has: {', '.join(names)}.")
    if pool is None and len(processes) > 1:
        told = f"'{file}' holds {len(processes)} processes with tasks: {', '.join(names)}."
        raise DesignError(f"{told} Say which one is the customer's: read_design(..., pool='{names[0]}').")
    at = 0 if pool is None else names.index(pool)
    return processes[at], str(processes[at].get("name") or pools.get(str(processes[at].get("id"))) or "")


def _lanes(process: ET.Element) -> Iterator[tuple[str, str]]:
    inside = {str(node.get("id")): node for node in process.iter() if tag_of(node) in _SUBPROCESSES}
    for lane in each(process, "lane"):
        for reference in each(lane, "flowNodeRef"):
            at = (reference.text or "").strip()
            if at and lane.get("name"):
                name = " ".join(str(lane.get("name")).split())
                yield at, name
                yield from ((str(node.get("id")), name) for node in (inside[at].iter() if at in inside else ()))


def _is_task(node: ET.Element) -> bool:
    return tag_of(node) in _TASKS or tag_of(node).endswith("Task")


def _is_node(node: ET.Element) -> bool:
    kind = tag_of(node)
    return _is_task(node) or kind in _GATEWAYS or kind in _SUBPROCESSES or kind.endswith("Event")


class _Beside(NamedTuple):
    """An event at the edge of a task: where it leads, and whether it ends the task."""

    place: int
    interrupts: bool


class _Scope(NamedTuple):
    """A process or subprocess: its nodes and the flows into and out of each."""

    nodes: list[ET.Element]
    into: dict[str, list[str]]
    out: dict[str, list[str]]

    @classmethod
    def of(cls, node: ET.Element) -> _Scope:
        into: dict[str, list[str]] = {}
        out: dict[str, list[str]] = {}
        for flow in node:
            if tag_of(flow) == "sequenceFlow":
                out.setdefault(str(flow.get("sourceRef")), []).append(str(flow.get("id")))
                into.setdefault(str(flow.get("targetRef")), []).append(str(flow.get("id")))
        return cls([child for child in node if _is_node(child)], into, out)

    def beside(self) -> dict[str, list[ET.Element]]:
        found: dict[str, list[ET.Element]] = {}
        for node in self.nodes:
            if tag_of(node) == "boundaryEvent":
                found.setdefault(str(node.get("attachedToRef")), []).append(node)
        return found

    def starts(self) -> list[ET.Element]:
        """Give the nodes that nothing leads to: start events where there are any."""
        free = [node for node in self.nodes if not self.into.get(str(node.get("id")))]
        free = [node for node in free if tag_of(node) != "boundaryEvent"]
        events = [node for node in free if tag_of(node) == "startEvent"]
        return events or free


@dataclass
class _Weaver:
    """Transitions as they are laid: a place for each sequence flow, the first for the start, the second for the end."""

    file: str
    lanes: dict[str, str]  # with which tasks are named
    transitions: list[Transition] = field(default_factory=list)
    n_places: int = 2
    has_inclusive: bool = False
    flows: dict[str, int] = field(default_factory=dict)

    def weave(self, process: ET.Element) -> Net:
        """Lay a whole process between the start and the end."""
        whole = self._laid(process, (1,))
        try:
            if len(self._ends(process)) == 1 or self.has_inclusive or ends_well(whole):
                return whole
            apart = self._laid(process, ())
            return net_of_machine(machine_of(apart)) if ends_well(apart) else whole
        except AlignmentLimit:
            return whole  # whoever explores it will tell why it cannot be used

    def _laid(self, scope: ET.Element, end: tuple[int, ...]) -> Net:
        weaver = _Weaver(self.file, self.lanes)
        weaver.inside(scope, 0, end)
        self.has_inclusive = self.has_inclusive or weaver.has_inclusive
        return Net(weaver.n_places, tuple(weaver.transitions), (0,), end)

    def _ends(self, scope: ET.Element) -> list[ET.Element]:
        laid = _Scope.of(scope)
        ends = [node for node in laid.nodes if not laid.out.get(str(node.get("id")))]
        # Two flows into one end may be two tokens that come to it.
        return [node for node in ends for _ in range(max(len(laid.into.get(str(node.get("id")), ())), 1))]

    def inside(self, node: ET.Element, start: int, end: tuple[int, ...]) -> None:
        """Lay what stands in a process or subprocess; each end puts a token into `end`, if that is a place."""
        scope = _Scope.of(node)
        for flow in sorted({flow for flows in (*scope.into.values(), *scope.out.values()) for flow in flows}):
            self.flows[flow] = self._place()
        starts = scope.starts()
        first = {id(one): [start] for one in starts}
        if len(starts) > 1 and tag_of(starts[0]) != "startEvent":
            first = {id(one): [self._place()] for one in starts}
            self._move(None, [start], [places[0] for places in first.values()])
        beside = scope.beside()
        for one in scope.nodes:
            at = str(one.get("id"))
            if tag_of(one) == "boundaryEvent":
                continue
            self._refuse_lost(one, bool(scope.into.get(at)) or id(one) in first)
            into = [self.flows[flow] for flow in scope.into.get(at, ())] or first[id(one)]
            out = [self.flows[flow] for flow in scope.out.get(at, ())] or list(end)
            events = [
                _Beside(self.flows[flow], event.get("cancelActivity") != "false")
                for event in beside.get(at, ())
                for flow in scope.out.get(str(event.get("id")), ())
            ]
            self._node(one, into, out, events)

    def _refuse_lost(self, node: ET.Element, is_led_to: bool) -> None:
        name = str(node.get("name") or node.get("id"))
        if node.get("triggeredByEvent") == "true":
            raise DesignError(
                f"'{self.file}' has an event subprocess ('{name}'), which is not read: draw it as a path that leaves "
                "the tasks it may interrupt."
            )
        if node.get("isForCompensation") == "true":
            raise DesignError(f"'{self.file}' has a compensation ('{name}'), which is not read: take it out.")
        if not is_led_to:
            raise DesignError(f"Nothing leads to '{name}' in '{self.file}'. Connect it, or take it out.")

    def _node(self, node: ET.Element, into: list[int], out: list[int], beside: list[_Beside]) -> None:
        kind = tag_of(node)
        if kind in _CHOICES:
            self._choice(into, out)
        elif kind == "parallelGateway":
            self._move(None, into, out)
        elif kind == "inclusiveGateway":
            self._inclusive(into, out)
        else:
            self._activity(node, into, out, beside)

    def _choice(self, into: list[int], out: list[int]) -> None:
        here = self._gathered(into)
        for place in out:
            self._move(None, [here], [place])
        if not out:
            self._move(None, [here], [])

    def _inclusive(self, into: list[int], out: list[int]) -> None:
        if max(len(into), len(out)) > _MOST_BRANCHES:
            many = f"has an inclusive gateway of more than {_MOST_BRANCHES} branches"
            raise DesignError(f"'{self.file}' {many}: split it.")
        self.has_inclusive = True
        here = self._place()
        for some in _subsets(into):
            self._move(None, some, [here])
        for some in _subsets(out) if out else [()]:
            self._move(None, [here], some)

    def _activity(self, node: ET.Element, into: list[int], out: list[int], beside: list[_Beside]) -> None:
        """Lay a task, an event or a subprocess: several ways in are alternatives, several ways out are all taken."""
        here = self._gathered(into)
        if tag_of(node) in _SUBPROCESSES:
            self._subprocess(node, here, out, beside)
            return
        label = self.label(node)
        again = any(tag_of(child).endswith("LoopCharacteristics") for child in node)
        if not beside:
            self._move(label, [here], out)
            if again and label:
                self._move(label, [here], [here])
            return
        machine = task_machine(label, again=again)
        self._machine(machine, here, out, beside)
        for event in beside if label else ():
            if event.interrupts:  # it was begun, and left a trace, before it was interrupted
                self._move(label, [here], [event.place])

    def _subprocess(self, node: ET.Element, here: int, out: list[int], beside: list[_Beside]) -> None:
        if beside or len(self._ends(node)) > 1:
            try:
                self._machine(machine_of(self._laid(node, ())), here, out, beside)
            except AlignmentLimit as error:
                name = node.get("name") or node.get("id")
                raise DesignError(f"The subprocess '{name}' in '{self.file}' cannot be used: {error}") from error
            return
        inner, done = self._place(), self._place()
        self._move(None, [here], [inner])
        self.inside(node, inner, (done,))
        self._move(None, [done], out)

    def _machine(self, machine: Machine, here: int, out: list[int], beside: list[_Beside]) -> None:
        """Lay a machine, once for each choice of the events beside it that have come and did not interrupt it."""
        calm = [event.place for event in beside if not event.interrupts]
        if len(calm) > _MOST_BESIDE:
            raise DesignError(f"'{self.file}' has a task with {len(calm)} events that do not interrupt it: draw fewer.")
        copies = [[self._place() for _ in range(machine.n_states)] for _ in range(2 ** len(calm))]
        self._move(None, [here], [copies[0][0]])
        for come, places in enumerate(copies):
            for source, target, label in machine.moves:
                self._move(label, [places[source]], [places[target]])
            for state in (state for state in range(machine.n_states) if state != machine.done):
                for event in (event for event in beside if event.interrupts):
                    self._move(None, [places[state]], [event.place])
                for bit, place in enumerate(calm):
                    if not come & 1 << bit:
                        self._move(None, [places[state]], [copies[come | 1 << bit][state], place])
            self._move(None, [places[machine.done]], out)

    def label(self, node: ET.Element) -> str | None:
        """Name what a task or a named event in between leaves in the log; nothing for the others."""
        name = " ".join(str(node.get("name") or "").split())
        if _is_task(node):
            if not name:
                raise DesignError(f"'{self.file}' has a task without a name ('{node.get('id')}'). Name every task.")
            lane = self.lanes.get(str(node.get("id")))
            return f"{lane}: {name}" if lane else name
        between = tag_of(node) in {"intermediateCatchEvent", "intermediateThrowEvent"}
        return name or None if between else None

    def _gathered(self, into: list[int]) -> int:
        if len(into) == 1:
            return into[0]
        here = self._place()
        for place in into:
            self._move(None, [place], [here])
        return here

    def _move(self, label: str | None, before: Iterable[int], after: Iterable[int]) -> None:
        self.transitions.append(Transition(label, tuple(before), tuple(after)))

    def _place(self) -> int:
        self.n_places += 1
        return self.n_places - 1


def _subsets(places: list[int]) -> Iterator[tuple[int, ...]]:
    for size in range(1, len(places) + 1):
        yield from combinations(places, size)
