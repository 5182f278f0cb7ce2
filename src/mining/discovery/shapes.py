"""A process tree in its two other shapes: a Petri net to align with, BPMN to look at."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from mining._alignments import Net, Transition
from mining._pm4py import Tree

__all__ = ["bpmn_of", "net_of"]


def net_of(tree: Tree) -> Net:
    """Turn a process tree into a sound net with one place at the start and one at the end.

    Places and transitions are numbered as the tree is read, so that equal trees give equal nets.

    Examples
    --------
    >>> net_of(Tree("sequence", "", (Tree("step", "ad"), Tree("step", "won")))).transitions
    (Transition(label='ad', before=(0,), after=(2,)), Transition(label='won', before=(2,), after=(1,)))
    """
    weaver = _Weaver()
    weaver.weave(tree, (0, False), (1, False))
    return Net(weaver.n_places, tuple(weaver.transitions), (0,), (1,))


# A place, and whether the part of the tree at hand has it for itself: only then may a loop come back to it.
_Bound = tuple[int, bool]


@dataclass
class _Weaver:
    """Transitions as they are laid between places."""

    transitions: list[Transition] = field(default_factory=list)
    n_places: int = 2

    def weave(self, tree: Tree, entry: _Bound, leave: _Bound) -> bool:
        """Lay a part of the tree between two places; tell whether a loop takes tokens back from the second."""
        if tree.operator == "sequence":
            return self._sequence(tree, entry, leave)
        if tree.operator == "loop":
            return self._loop(tree, entry, leave)
        if tree.operator == "choice":
            for part in tree.parts:
                self.weave(part, (entry[0], False), (leave[0], False))
        elif tree.operator == "parallel":
            self._parallel(tree, entry[0], leave[0])
        else:
            self._move(tree.label if tree.operator == "step" else None, (entry[0],), (leave[0],))
        return False

    def _sequence(self, tree: Tree, entry: _Bound, leave: _Bound) -> bool:
        taken = False
        for place, part in enumerate(tree.parts):
            onward = leave if place == len(tree.parts) - 1 else (self._place(), True)
            taken = self.weave(part, entry, onward)
            entry = onward[0], not taken
        return taken

    def _loop(self, tree: Tree, entry: _Bound, leave: _Bound) -> bool:
        first = entry[0] if entry[1] else self._joined(entry[0], self._place())
        last = leave[0] if leave[1] else self._place()
        self.weave(tree.parts[0], (first, True), (last, True))
        for part in tree.parts[1:]:
            self.weave(part, (last, False), (first, False))
        if last != leave[0]:
            self._move(None, (last,), (leave[0],))
        return last == leave[0]

    def _parallel(self, tree: Tree, entry: int, leave: int) -> None:
        starts = [self._place() for _ in tree.parts]
        ends = [self._place() for _ in tree.parts]
        self._move(None, (entry,), tuple(starts))
        for part, start, end in zip(tree.parts, starts, ends, strict=True):
            self.weave(part, (start, True), (end, True))
        self._move(None, tuple(ends), (leave,))

    def _joined(self, before: int, after: int) -> int:
        self._move(None, (before,), (after,))
        return after

    def _move(self, label: str | None, before: tuple[int, ...], after: tuple[int, ...]) -> None:
        self.transitions.append(Transition(label, before, after))

    def _place(self) -> int:
        self.n_places += 1
        return self.n_places - 1


def bpmn_of(tree: Tree, *, spelled: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn a process tree into the elements and flows of a BPMN diagram.

    Parameters
    ----------
    tree : Tree
        The model.
    spelled : bool
        Draw the way back of a task that may be done several times in a row with gateways, as every other one.

    Returns
    -------
    nodes : DataFrame
        name (n0, n1, ...), kind (start, task, exclusive, parallel, end), role (split, option, join, repeat; loop for a
        task that may be done several times in a row; or empty), label.
    flows : DataFrame
        source, target.
    """
    drawer = _Drawer(spelled)
    last = drawer.draw(tree, drawer.node("start"))
    drawer.flow(last, drawer.node("end"))
    nodes = pd.DataFrame(drawer.nodes, columns=["name", "kind", "role", "label"], dtype="str")
    return nodes, pd.DataFrame(drawer.flows, columns=["source", "target"], dtype="str")


@dataclass
class _Drawer:
    """Elements and flows as they are drawn, from left to right."""

    spelled: bool = False
    nodes: list[tuple[str, str, str, str]] = field(default_factory=list)
    flows: list[tuple[str, str]] = field(default_factory=list)

    def draw(self, tree: Tree, source: str) -> str:
        """Draw a part of the tree after an element; give back the element it ends with."""
        if tree.operator == "step":
            return self.flow(source, self.node("task", "", tree.label))
        if tree.operator == "loop":
            return self._loop(tree, source)
        if tree.operator in {"choice", "parallel"}:
            return self._block(tree, source, "parallel" if tree.operator == "parallel" else "exclusive")
        for part in tree.parts:
            source = self.draw(part, source)
        return source

    def _block(self, tree: Tree, source: str, kind: str) -> str:
        optional = kind == "exclusive" and any(part.operator == "silent" for part in tree.parts)
        split = self.flow(source, self.node(kind, "option" if optional else "split"))
        ends = [self.draw(part, split) for part in tree.parts]
        join = self.node(kind, "join")
        for end in ends:
            self.flow(end, join)
        return join

    def _loop(self, tree: Tree, source: str) -> str:
        if not self.spelled and [part.operator for part in tree.parts] == ["step", "silent"]:
            return self.flow(source, self.node("task", "loop", tree.parts[0].label))
        join = self.flow(source, self.node("exclusive", "join"))
        split = self.flow(self.draw(tree.parts[0], join), self.node("exclusive", "repeat"))
        for part in tree.parts[1:]:
            self.flow(self.draw(part, split), join)
        return split

    def node(self, kind: str, role: str = "", label: str = "") -> str:
        """Add an element and give back its name."""
        name = f"n{len(self.nodes)}"
        self.nodes.append((name, kind, role, label))
        return name

    def flow(self, source: str, target: str) -> str:
        """Add a flow and give back its target."""
        if (source, target) not in self.flows:
            self.flows.append((source, target))
        return target
