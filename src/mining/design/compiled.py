"""A design as a net: what may follow what."""

from __future__ import annotations

from collections.abc import Sequence

from mining._alignments import Net, StateGraph, Transition
from mining.design.records import Stage, Step

__all__ = ["compile_net", "planned_pairs"]


def compile_net(stages: Sequence[Stage]) -> Net:
    """Turn stages into a net: one after the other, steps in the given or in any order, alternatives as a choice.

    A repeatable step may happen again until the next one does; a repeatable stage may start again when it is through.
    What is meant for some personas only may be left out by the others.
    """
    return _Compiler().net(stages)


class _Compiler:
    def __init__(self) -> None:
        self.n_places = 0
        self.transitions: list[Transition] = []

    def net(self, stages: Sequence[Stage]) -> Net:
        here = start = self._place()
        for stage in stages:
            then = self._place()
            self._stage(stage, here, then)
            here = then
        return Net(self.n_places, tuple(self.transitions), (start,), (here,))

    def _place(self) -> int:
        self.n_places += 1
        return self.n_places - 1

    def _silent(self, before: Sequence[int], after: Sequence[int]) -> None:
        self.transitions.append(Transition(None, tuple(before), tuple(after)))

    def _stage(self, stage: Stage, start: int, end: int) -> None:
        # Doors of its own keep what may be repeated inside from leaking into the stages beside it.
        inner, outer = self._place(), self._place()
        self._silent([start], [inner])
        self._silent([outer], [end])
        if stage.optional or stage.personas:
            self._silent([start], [end])
        if stage.repeatable:
            self._silent([outer], [inner])
        if stage.order == "any":
            self._any_order(stage.steps, inner, outer)
        else:
            self._given_order(stage.steps, inner, outer)

    def _given_order(self, steps: Sequence[Step], start: int, end: int) -> None:
        for number, step in enumerate(steps):
            then = end if number == len(steps) - 1 else self._place()
            self._step(step, start, then)
            start = then

    def _any_order(self, steps: Sequence[Step], start: int, end: int) -> None:
        doors = [(self._place(), self._place()) for _ in steps]
        self._silent([start], [first for first, _ in doors])
        for step, (first, last) in zip(steps, doors, strict=True):
            self._step(step, first, last)
        self._silent([last for _, last in doors], [end])

    def _step(self, step: Step, start: int, end: int) -> None:
        for activity in step.activities:
            self.transitions.append(Transition(activity, (start,), (end,)))
            if step.repeatable:
                self.transitions.append(Transition(activity, (end,), (end,)))
        if step.optional or step.personas:
            self._silent([start], [end])


def planned_pairs(graph: StateGraph) -> set[tuple[str | None, str | None]]:
    """Find which activity may directly follow which; None before the first and after the last."""
    silent = graph.distance == 0
    landings: dict[str | None, set[int]] = {None: {0}}
    for edge in graph.edges:
        if edge.label is not None:
            landings.setdefault(edge.label, set()).add(edge.target)
    pairs: set[tuple[str | None, str | None]] = set()
    for label, states in landings.items():
        for state in states:
            pairs |= {(label, edge.label) for edge in graph.edges if edge.label and silent[state, edge.source]}
            if silent[state, graph.final]:
                pairs.add((label, None))
    return pairs
