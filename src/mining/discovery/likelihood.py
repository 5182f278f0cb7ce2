"""How likely a model makes a path, with odds for its choices that are learnt from paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from mining._alignments import StateGraph
from mining._alignments.trie import Level, Trie

__all__ = ["Odds", "learnt_odds", "log_likelihoods"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
# Silent steps and equal labels leave open which way a path went; each round weighs the ways anew.
_ROUNDS: Final = 10
_SETTLED: Final = 1e-4
_SILENT: Final = -1


@dataclass(frozen=True, eq=False)
class Odds:
    """A model whose states choose at random.

    Attributes
    ----------
    graph : StateGraph
        The states of the model.
    source, target, label : ndarray of int, moves
        Each move's states, and its label's number (-1 for a silent one).
    weight : ndarray of float, moves
        How likely a state takes the move; those that leave a state, and its stopping, sum to one.
    stop : float
        How likely the final state ends the path.
    """

    graph: StateGraph
    source: Integers
    target: Integers
    label: Integers
    weight: Floats
    stop: float

    @cached_property
    def silently(self) -> csr_array:
        """How often each state is expected to be met from each before the next label, states x states."""
        step = self._table(np.flatnonzero(self.label == _SILENT))
        return csr_array(np.linalg.inv(np.eye(self.graph.n_states) - step.toarray()))

    @cached_property
    def moving(self) -> list[csr_array]:
        """How likely each state moves to each other with a label, states x states for each."""
        return [self._table(moves) for moves in self.moves]

    @cached_property
    def moves(self) -> list[Integers]:
        """The moves of each label; the silent ones come last."""
        return [np.flatnonzero(self.label == label) for label in (*range(len(self.graph.labels)), _SILENT)]

    def _table(self, moves: Integers) -> csr_array:
        n = self.graph.n_states
        return csr_array((self.weight[moves], (self.source[moves], self.target[moves])), shape=(n, n))


class _Walked(NamedTuple):
    """Per level of a tree of prefixes, where the model may stand (prefixes x states, each row sums to one or to zero).

    `scale` holds what each row was divided by; `likelihood` the logarithm (base 2) of each variant's likelihood.
    """

    trie: Trie
    standing: list[Floats]
    scale: list[Floats]
    likelihood: Floats


def learnt_odds(graph: StateGraph, runs: Sequence[tuple[str, ...]], counts: Floats) -> Odds:
    """Learn the odds of a model's choices from paths that it allows (Baum and others 1970).

    Parameters
    ----------
    graph : StateGraph
        The states of a model that can always end.
    runs : sequence of tuple of str
        Distinct paths of the model.
    counts : ndarray of float, runs
        How often each was taken.

    Returns
    -------
    Odds
        What no path goes through keeps even odds.
    """
    number = {label: at for at, label in enumerate(graph.labels)}
    label = np.array([_SILENT if edge.label is None else number[edge.label] for edge in graph.edges], np.int64)
    ends = np.array([(edge.source, edge.target) for edge in graph.edges], np.int64).reshape(-1, 2)
    used = (label != _SILENT) | (ends[:, 0] != ends[:, 1])  # a silent step on the spot says nothing
    source, target, label = ends[used, 0], ends[used, 1], label[used]
    odds = _even(Odds(graph, source, target, label, np.ones(len(label)), 1.0))
    trie = Trie.of(list(runs), graph.labels)
    for _ in range(_ROUNDS):
        before = odds.weight
        odds = _weighed(odds, _expected(odds, _walked(odds, trie), counts), float(counts.sum()))
        if np.abs(odds.weight - before).max(initial=0) < _SETTLED:
            break
    return odds


def log_likelihoods(odds: Odds, paths: Sequence[tuple[str, ...]]) -> Floats:
    """Take the logarithm (base 2) of each path's likelihood; minus infinity for what the model does not allow."""
    return _walked(odds, Trie.of(list(paths), odds.graph.labels)).likelihood


def _even(odds: Odds) -> Odds:
    return _weighed(odds, np.zeros(len(odds.label)), 0.0)


def _weighed(odds: Odds, counted: Floats, stopped: float) -> Odds:
    n = odds.graph.n_states
    stops = np.zeros(n)
    stops[odds.graph.final] = stopped
    total = np.bincount(odds.source, counted, n) + stops
    unmet = total <= 0
    ways = np.bincount(odds.source, minlength=n) + (np.arange(n) == odds.graph.final)
    weight = np.where(
        unmet[odds.source], 1 / np.maximum(ways, 1)[odds.source], counted / np.where(unmet, 1, total)[odds.source]
    )
    final = odds.graph.final
    stop = 1 / ways[final] if unmet[final] else stopped / total[final]
    return Odds(odds.graph, odds.source, odds.target, odds.label, weight, float(stop))


def _walked(odds: Odds, trie: Trie) -> _Walked:
    n = odds.graph.n_states
    silently, moving = odds.silently, odds.moving
    first, divisor = _scaled(silently[[0]].toarray())
    standing, scale, logarithm = [first], [divisor], [np.log2(divisor)]
    for level in trie.levels[1:]:
        above = standing[-1]
        moved = np.zeros((len(level.parent), n))
        for label, nodes in _by_label(odds, level):
            moved[nodes] = above[level.parent[nodes]] @ moving[label]
        rows, divisor = _scaled(moved @ silently)
        standing.append(rows)
        scale.append(divisor)
        with np.errstate(divide="ignore"):
            logarithm.append(logarithm[-1][level.parent] + np.log2(divisor))
    likelihood = np.full(len(trie.length), -np.inf)
    for depth, (level, rows) in enumerate(zip(trie.levels, standing, strict=True)):
        done = np.flatnonzero(trie.length == depth)
        node = level.node_of[done]
        with np.errstate(divide="ignore"):
            likelihood[done] = logarithm[depth][node] + np.log2(rows[node, odds.graph.final] * odds.stop)
    return _Walked(trie, standing, scale, likelihood)


def _expected(odds: Odds, walked: _Walked, counts: Floats) -> Floats:
    """Count how often each move is expected to have been made, given the paths; every path must be allowed."""
    trie, standing, scale, _ = walked
    silently, moving = odds.silently, odds.moving
    counted = np.zeros(len(odds.label))
    onward = np.zeros_like(standing[-1])
    for depth in range(len(standing) - 1, -1, -1):
        level, rows = trie.levels[depth], standing[depth]
        done = np.flatnonzero(trie.length == depth)
        node = level.node_of[done]
        np.add.at(onward[:, odds.graph.final], node, counts[done] / rows[node, odds.graph.final])
        arriving = onward @ silently.T
        counted[odds.moves[_SILENT]] += _passed(odds, odds.moves[_SILENT], rows, arriving)
        if not depth:
            break
        above = standing[depth - 1]
        arriving /= scale[depth][:, None]
        onward = np.zeros_like(above)
        for label, nodes in _by_label(odds, level):
            parent = level.parent[nodes]
            counted[odds.moves[label]] += _passed(odds, odds.moves[label], above[parent], arriving[nodes])
            np.add.at(onward, parent, arriving[nodes] @ moving[label].T)
    return counted * odds.weight


def _passed(odds: Odds, moves: Integers, leaving: Floats, arriving: Floats) -> Floats:
    """Count how often the states that moves join were left and then arrived at, over some prefixes."""
    return np.asarray(np.einsum("nm,nm->m", leaving[:, odds.source[moves]], arriving[:, odds.target[moves]]), float)


def _by_label(odds: Odds, level: Level) -> list[tuple[int, Integers]]:
    """Pair each label that the model knows with the prefixes that end in it."""
    known = [int(label) for label in np.unique(level.label) if 0 <= label < len(odds.graph.labels)]
    return [(label, np.flatnonzero(level.label == label)) for label in known]


def _scaled(rows: Floats) -> tuple[Floats, Floats]:
    total = rows.sum(axis=1)
    return rows / np.where(total > 0, total, 1)[:, None], total
