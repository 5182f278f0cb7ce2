"""The reachability graph of a net and the cheapest ways through it without the customer doing anything."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from mining._alignments.net import Net
from mining._errors import MiningError

__all__ = ["STATE_LIMIT", "AlignmentLimit", "Distances", "Edge", "StateGraph", "explore", "reach"]

Distances: TypeAlias = npt.NDArray[np.int16]
Marking: TypeAlias = tuple[int, ...]

STATE_LIMIT: Final = 20_000
_LARGEST_TABLE: Final = 1_000_000_000  # bytes of the table of states x states, and of its prices
_PAIR: Final = 14  # bytes at most per pair of states


class AlignmentLimit(MiningError):  # noqa: N818  it is a limit that was met, not a mistake
    """A model whose states are too many, or without end, to be aligned exactly."""

    @classmethod
    def states(cls, limit: int) -> AlignmentLimit:
        """Build the error for a bounded net that is too large."""
        return cls(
            f"The model has more than {limit:,} states, too many for exact alignments. Let fewer steps happen in "
            "any order."
        )

    @classmethod
    def unbounded(cls) -> AlignmentLimit:
        """Build the error for a net in which tokens pile up."""
        return cls("The model has endlessly many states: some place gathers tokens without bound. Repair the model.")

    @classmethod
    def memory(cls, n_states: int) -> AlignmentLimit:
        """Build the error for a table of states by states that does not fit."""
        return cls(
            f"The model has {n_states:,} states and a table of all pairs of them would not fit into memory. Let fewer "
            "steps happen in any order."
        )

    @classmethod
    def endless(cls) -> AlignmentLimit:
        """Build the error for a net whose end cannot be reached."""
        return cls("The model can never reach its end, so that nothing can be aligned with it. Repair the model.")


class Edge(NamedTuple):
    """A move of the model from one state to another; a silent one has no label."""

    source: int
    target: int
    label: str | None


@dataclass(frozen=True, eq=False)
class StateGraph:
    """All states of a bounded net, numbered as they are first met (0 is the initial one), and the moves between them.

    Attributes
    ----------
    n_states, final : int
        How many, and which of them is the final one.
    edges : tuple of Edge
        Ordered by source, label (silent first) and target.
    labels : tuple of str
        Visible labels in use, sorted.
    distance : ndarray of int16, n_states x n_states
        Fewest visible moves from one state to another; `far` where there is no way.
    far : int
        More than any true distance.
    """

    n_states: int
    final: int
    edges: tuple[Edge, ...]
    labels: tuple[str, ...]
    distance: Distances
    far: int
    _ways: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def ends(self) -> tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], ...]:
        """Per label, the sources and the targets of the moves that bear it."""
        pairs: dict[str | None, list[tuple[int, int]]] = {label: [] for label in (None, *self.labels)}
        for edge in self.edges:
            pairs[edge.label].append((edge.source, edge.target))
        both = [np.array(pairs[label], np.int64) for label in self.labels]
        return tuple((pair[:, 0], pair[:, 1]) for pair in both)

    @cached_property
    def leaving(self) -> list[list[Edge]]:
        """The moves that leave each state."""
        out: list[list[Edge]] = [[] for _ in range(self.n_states)]
        for edge in self.edges:
            out[edge.source].append(edge)
        return out

    def way(self, source: int, target: int) -> tuple[str, ...]:
        """Labels on a cheapest way between two states, the same one every time."""
        if (source, target) not in self._ways:
            self._ways[source, target] = self._cheapest(source, target)
        return self._ways[source, target]

    def _cheapest(self, source: int, target: int) -> tuple[str, ...]:
        # Only moves that keep to a cheapest way are followed, and no state twice: silent circles cannot trap it.
        leaving, left = self.leaving if source != target else [], self.distance[:, target]
        came: dict[int, Edge | None] = {source: None}
        queue = deque([source])
        while target not in came:
            state = queue.popleft()
            for edge in leaving[state]:
                if edge.target not in came and left[edge.target] + (edge.label is not None) == left[state]:
                    came[edge.target] = edge
                    queue.append(edge.target)
        labels: list[str] = []
        last = came[target]
        while last is not None:
            if last.label is not None:
                labels.append(last.label)
            last = came[last.source]
        return tuple(reversed(labels))


# A model is asked several questions in a row, and its table may take longer than they do: the last two are kept, 140 MB
# each at most.
@lru_cache(maxsize=2)
def explore(net: Net, *, state_limit: int = STATE_LIMIT) -> StateGraph:
    """Find all states of a net and the cheapest ways between them; the same net gives the same graph.

    Parameters
    ----------
    net : Net
        A bounded net whose final marking can be reached.
    state_limit : int
        Give up beyond so many states.

    Raises
    ------
    AlignmentLimit
        For an unbounded net, more states than the limit or than memory holds, or an end out of reach.
    """
    markings, found, final = reach(net, state_limit)
    if final is None:
        raise AlignmentLimit.endless()
    n_states = len(markings)
    if n_states**2 * _PAIR > _LARGEST_TABLE:
        raise AlignmentLimit.memory(n_states)
    edges = tuple(sorted(set(found), key=lambda edge: (edge.source, edge.label or "", edge.target)))
    labels = tuple(sorted({edge.label for edge in edges if edge.label is not None}))
    return StateGraph(n_states, final, edges, labels, _distances(n_states, edges), n_states)


def reach(net: Net, state_limit: int = STATE_LIMIT) -> tuple[dict[Marking, int], list[Edge], int | None]:
    """Find all states of a net, the moves between them and the final one, if it is among them; no distances.

    Raises
    ------
    AlignmentLimit
        For an unbounded net or more states than the limit.
    """
    markings, found = _reach(net, state_limit)
    return markings, found, markings.get(_marking(net.final, net.n_places))


def _marking(places: tuple[int, ...], n_places: int) -> Marking:
    tokens = Counter(places)
    return tuple(tokens[place] for place in range(n_places))


def _reach(net: Net, limit: int) -> tuple[dict[Marking, int], list[Edge]]:
    moves = [
        (step.label, sorted(Counter(step.before).items()), sorted(Counter(step.after).items()))
        for step in net.transitions
    ]
    start = _marking(net.initial, net.n_places)
    states, before, edges = {start: 0}, {start: start}, []
    queue = deque([start])
    while queue:
        marking = queue.popleft()
        for label, needs, gives in moves:
            if any(marking[place] < tokens for place, tokens in needs):
                continue
            then = _fired(marking, needs, gives)
            if then not in states:
                _still_bounded(then, marking, before)
                if len(states) == limit:
                    raise AlignmentLimit.states(limit)
                states[then], before[then] = len(states), marking
                queue.append(then)
            edges.append(Edge(states[marking], states[then], label))
    return states, edges


def _fired(marking: Marking, needs: list[tuple[int, int]], gives: list[tuple[int, int]]) -> Marking:
    tokens = list(marking)
    for place, n in needs:
        tokens[place] -= n
    for place, n in gives:
        tokens[place] += n
    return tuple(tokens)


def _still_bounded(then: Marking, marking: Marking, before: dict[Marking, Marking]) -> None:
    # A marking that covers one on its own way can be repeated for ever (Karp and Miller 1969). Growth must at some
    # point put a second token somewhere, so that safe nets never pay for this.
    if max(then, default=0) < 2:
        return
    while True:
        if all(now >= once for now, once in zip(then, marking, strict=True)):
            raise AlignmentLimit.unbounded()
        if before[marking] == marking:
            return
        marking = before[marking]


def _distances(n_states: int, edges: tuple[Edge, ...]) -> Distances:
    # A silent move weighs one and a visible one more than all silent moves of a simple way together, so that the
    # quotient counts visible moves, and no weight is zero (a sparse graph would not hold it).
    heavy = n_states + 1
    weight: dict[tuple[int, int], int] = {}
    for edge in edges:
        pair = edge.source, edge.target
        weight[pair] = min(weight.get(pair, heavy), 1 if edge.label is None else heavy)
    pairs = np.array(list(weight), np.int64).reshape(-1, 2)
    graph = csr_array((np.array(list(weight.values()), float), (pairs[:, 0], pairs[:, 1])), shape=(n_states, n_states))
    distance = np.full((n_states, n_states), n_states, np.int16)  # memory ends long before sixteen bits do
    for first in range(0, n_states, 512):
        some = np.arange(first, min(first + 512, n_states))
        weighed = dijkstra(graph, indices=some)
        known = np.isfinite(weighed)
        block = distance[some]
        block[known] = weighed[known] // heavy
        distance[some] = block
    return distance
