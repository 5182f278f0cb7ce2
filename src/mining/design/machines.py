"""A part of a diagram as the machine of its states: one token that says where the part stands.

A subprocess that can be interrupted at any moment, or whose branches end one by one, cannot be laid as it is drawn in a
net with one last place. Its states can: each is a place, each move between them a transition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mining._alignments import AlignmentLimit, Net, Transition, reach

__all__ = ["Machine", "ends_well", "machine_of", "net_of_machine", "task_machine"]

_MOST_STATES: Final = 5_000


@dataclass(frozen=True)
class Machine:
    """States from 0, which is the first, to the one that says it is done, and the moves between them."""

    n_states: int
    done: int
    moves: tuple[tuple[int, int, str | None], ...]


def task_machine(label: str | None, *, again: bool) -> Machine:
    """Build the machine of a task: before it and after it."""
    moves: list[tuple[int, int, str | None]] = [(0, 1, label)]
    return Machine(2, 1, (*moves, (0, 0, label)) if again and label else tuple(moves))


def machine_of(net: Net) -> Machine:
    """Build the machine of a net that ends when its tokens are used up, or in its final marking.

    Raises
    ------
    AlignmentLimit
        Where it has endlessly or too many states, or no way to its end.
    """
    states, edges, final = reach(net, _MOST_STATES)
    if final is None:
        raise AlignmentLimit.endless()
    return Machine(len(states), final, tuple(sorted(set(edges), key=lambda edge: (edge[0], edge[2] or "", edge[1]))))


def net_of_machine(machine: Machine) -> Net:
    """Lay a machine as a net of its own, with one place at the end."""
    moves = [Transition(label, (source,), (target,)) for source, target, label in machine.moves]
    return Net(machine.n_states, tuple(moves), (0,), (machine.done,))


def ends_well(net: Net) -> bool:
    """Tell whether from each state of a net its final marking can be reached.

    Raises
    ------
    AlignmentLimit
        Where it has endlessly or too many states.
    """
    states, edges, final = reach(net, _MOST_STATES)
    return final is not None and len(_leading_to(final, edges)) == len(states)


def _leading_to(final: int, edges: Iterable[Sequence[object]]) -> set[object]:
    back: dict[object, list[object]] = {}
    for source, target, *_ in edges:
        back.setdefault(target, []).append(source)
    seen: set[object] = {final}
    waiting: list[object] = [final]
    while waiting:
        for state in back.get(waiting.pop(), ()):
            if state not in seen:
                seen.add(state)
                waiting.append(state)
    return seen
