"""Exact optimal alignments of many variants with one small model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from mining._alignments.net import Net
from mining._alignments.states import STATE_LIMIT, StateGraph, explore
from mining._alignments.trie import Trie

__all__ = ["Alignments", "Move", "align"]

Integers = npt.NDArray[np.int64]
Costs: TypeAlias = npt.NDArray[np.int32] | npt.NDArray[np.int64]
_BATCH: Final = 200_000_000  # bytes of cost rows kept at once
_NARROW: Final = 2**30  # half of what 32 and 64 bits hold
_WIDE: Final = 2**62


class Move(NamedTuple):
    """One move of an alignment."""

    kind: Literal["sync", "log", "model"]  # as the model says; only in the log (added); only in the model (skipped)
    activity: str


@dataclass(frozen=True, eq=False)
class Alignments:
    """Cheapest alignments of variants with a model; a move that only one of the two makes costs one, others nothing.

    Among equally cheap alignments always the same one is given: as many touchpoints as can be match, as early in the
    variant as they can, and what the model does alone stands right before the next match.

    Attributes
    ----------
    variants : tuple of tuple of str
        In the order given.
    cost : ndarray of int64
        Cost of each variant as a whole journey.
    prefix_cost : ndarray of int64
        Cost of each variant as the beginning of a journey, which may stop anywhere on a way to the end.
    shortest : int
        Fewest visible moves from the start of the model to its end.
    graph : StateGraph
        The states of the model.
    """

    variants: tuple[tuple[str, ...], ...]
    cost: Integers
    prefix_cost: Integers
    shortest: int
    graph: StateGraph
    _stops: Integers
    _whole: tuple[Integers, Integers]
    _begun: tuple[Integers, Integers]
    _start: Integers

    def __len__(self) -> int:
        return len(self.variants)

    def moves(self, variant: int) -> list[Move]:
        """Spell the alignment of a variant (by its position) out, as a whole journey."""
        return self._spelled(variant, self._whole, self.graph.final)

    def prefix_moves(self, variant: int) -> list[Move]:
        """Spell the alignment of a variant (by its position) out, as a journey that goes on; it ends where it is."""
        return self._spelled(variant, self._begun, int(self._stops[variant]))

    def fitness(self, counts: npt.ArrayLike) -> float:
        """Weigh the cost against that of the worst alignments: 1 is perfect, 0 shares nothing, NaN for no journeys.

        Parameters
        ----------
        counts : array-like of int
            Journeys of each variant.

        References
        ----------
        Adriansyah, A. (2014). Aligning observed and modeled behavior.
        """
        n = np.asarray(counts, np.int64)
        lengths = np.array([len(variant) for variant in self.variants], np.int64)
        worst = int((n * (lengths + self.shortest)).sum())
        return 1 - int((n * self.cost).sum()) / worst if worst else float("nan")

    def _spelled(self, variant: int, matches: tuple[Integers, Integers], end: int) -> list[Move]:
        moves: list[Move] = []
        state = 0
        for at, activity in enumerate(self.variants[variant], int(self._start[variant])):
            source, target = int(matches[0][at]), int(matches[1][at])
            if source < 0:
                moves.append(Move("log", activity))
                continue
            moves += [Move("model", label) for label in self.graph.way(state, source)]
            moves.append(Move("sync", activity))
            state = target
        return moves + [Move("model", label) for label in self.graph.way(state, end)]


def align(net: Net, variants: Sequence[tuple[str, ...]], *, state_limit: int = STATE_LIMIT) -> Alignments:
    """Align every variant with a model at the least cost.

    The states of the model are found once, then the variants are walked as a tree of prefixes, level by level, with
    one row of costs over all states per prefix. Nothing is approximated.

    Parameters
    ----------
    net : Net
        A bounded model.
    variants : sequence of tuple of str
        Activity sequences; the empty one is allowed.
    state_limit : int
        Refuse models of more states.

    Returns
    -------
    Alignments
        Costs and moves, in the order of `variants`.

    Raises
    ------
    AlignmentLimit
        For models that are unbounded, too large or can never end.

    References
    ----------
    Adriansyah, A. (2014). Aligning observed and modeled behavior.
    Reissner, D., Conforti, R., Dumas, M., La Rosa, M., Armas-Cervantes, A. (2017). Scalable conformance checking of
    business processes (alignment on automata that share prefixes).

    Examples
    --------
    >>> from mining._alignments.net import Net, Transition
    >>> net = Net(3, (Transition("ad", (0,), (1,)), Transition("won", (1,), (2,))), (0,), (2,))
    >>> found = align(net, [("ad", "won"), ("ad", "call")])
    >>> found.cost.tolist(), found.prefix_cost.tolist()
    ([0, 2], [0, 1])
    >>> [tuple(move) for move in found.moves(1)]
    [('sync', 'ad'), ('log', 'call'), ('model', 'won')]
    """
    given = tuple(tuple(variant) for variant in variants)
    lengths = np.array([len(variant) for variant in given], np.int64)
    graph = explore(net, state_limit=state_limit)
    prices = _priced(graph, int(lengths.max(initial=0)))
    start = np.cumsum(lengths) - lengths
    cost, prefix_cost, stops = (np.zeros(len(given), np.int64) for _ in range(3))
    whole, begun = _unmatched(lengths), _unmatched(lengths)
    for batch in _batches(given, prices):
        walked = _walked(graph, prices, Trie.of([given[at] for at in batch], graph.labels))
        ends = walked.last_rows()
        cost[batch] = ends[:, graph.final] // prices.model
        stops[batch] = _best_stop(ends, graph)
        prefix_cost[batch] = ends[np.arange(len(batch)), stops[batch]] // prices.model
        _match(walked, np.full(len(batch), graph.final), whole, start[batch])
        _match(walked, stops[batch], begun, start[batch])
    return Alignments(given, cost, prefix_cost, int(graph.distance[0, graph.final]), graph, stops, whole, begun, start)


class _Prices(NamedTuple):
    """Costs in small coin: a model move, a log move that is a trifle dearer, and all ways between states.

    The trifles of a whole variant are less than one model move: they decide only between equally cheap alignments,
    for the one that matches more touchpoints.
    """

    model: int
    log: int
    ways: Costs


class _Walked(NamedTuple):
    """A batch of variants with, per level, the price of each prefix that ends in each state (prefixes x states)."""

    graph: StateGraph
    prices: _Prices
    trie: Trie
    rows: list[Costs]

    def last_rows(self) -> Costs:
        """Take the row of each whole variant."""
        last = np.empty((len(self.trie.length), self.graph.n_states), self.rows[0].dtype)
        for depth, (level, row) in enumerate(zip(self.trie.levels, self.rows, strict=True)):
            done = np.flatnonzero(self.trie.length == depth)
            last[done] = row[level.node_of[done]]
        return last


def _priced(graph: StateGraph, longest: int) -> _Prices:
    model = longest + 1
    dearest = 2 * (longest + graph.n_states) * (model + 1)
    wide = dearest > _NARROW
    ways: Costs = graph.distance.astype(np.int64) * model
    ways = ways if wide else ways.astype(np.int32)
    # A way that is not there costs more than any that is, and still does not overflow when it is added to one.
    ways[graph.distance == graph.far] = _WIDE if wide else _NARROW
    return _Prices(model, model + 1, ways)


def _walked(graph: StateGraph, prices: _Prices, trie: Trie) -> _Walked:
    rows: list[Costs] = [prices.ways[0:1].copy()]
    for level in trie.levels[1:]:
        above = rows[-1]
        here = above[level.parent] + above.dtype.type(prices.log)
        for label, nodes in _by_label(level.label, trie.n_labels):
            best, before = here[nodes], above[level.parent[nodes]]
            for source, target in zip(*graph.ends[label], strict=True):
                np.minimum(best, before[:, source, None] + prices.ways[target], out=best)
            here[nodes] = best
        rows.append(here)
    return _Walked(graph, prices, trie, rows)


def _unmatched(lengths: Integers) -> tuple[Integers, Integers]:
    total = int(lengths.sum())
    return np.full(total, -1, np.int64), np.full(total, -1, np.int64)


def _batches(variants: tuple[tuple[str, ...], ...], prices: _Prices) -> Iterator[Integers]:
    # In the order of the sequences, so that shared prefixes meet in one batch.
    order = sorted(range(len(variants)), key=variants.__getitem__)
    room = max(_BATCH // prices.ways[0].nbytes, 1)
    batch: list[int] = []
    used = 0
    for at in order:
        if batch and used + len(variants[at]) > room:
            yield np.array(batch, np.int64)
            batch, used = [], 0
        batch.append(at)
        used += len(variants[at])
    if batch:
        yield np.array(batch, np.int64)


def _by_label(labels: Integers, n_labels: int) -> Iterator[tuple[int, Integers]]:
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[order], np.arange(n_labels + 1))
    for label in np.unique(labels):
        if 0 <= label < n_labels:
            yield int(label), order[bounds[label] : bounds[label + 1]]


def _best_stop(ends: Costs, graph: StateGraph) -> Integers:
    # The cheapest state; of equally cheap ones the nearest to the end, for the journey did come that far.
    onward = graph.distance[:, graph.final].astype(np.int64)
    weighed = ends.astype(np.int64) * (graph.far + 1) + onward
    weighed[:, onward >= graph.far] = np.iinfo(np.int64).max
    return np.asarray(weighed.argmin(axis=1), np.int64)


def _match(walked: _Walked, stops: Integers, into: tuple[Integers, Integers], start: Integers) -> None:
    """Go back from where each variant stops and write down which touchpoints match which move of the model."""
    graph, prices, trie, rows = walked
    sources, targets = into
    state = stops.copy()
    for depth in range(len(trie.levels) - 1, 0, -1):
        level, above = trie.levels[depth], rows[depth - 1]
        live = np.flatnonzero(trie.length >= depth)
        node = level.node_of[live]
        alone = above[level.parent[node], state[live]] + prices.log == rows[depth][node, state[live]]
        live, node = live[~alone], node[~alone]
        for label, group in _by_label(level.label[node], trie.n_labels):
            who = live[group]
            source, target = graph.ends[label]
            before = above[level.parent[node[group]]][:, source]
            best = (before + prices.ways[target[None, :], state[who][:, None]]).argmin(axis=1)
            at = start[who] + depth - 1
            sources[at], targets[at], state[who] = source[best], target[best], source[best]
