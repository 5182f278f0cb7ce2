"""How much more a model allows than journeys do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mining._alignments.align import Alignments, align
from mining._alignments.net import Net
from mining._alignments.states import STATE_LIMIT, StateGraph
from mining._alignments.trie import Trie

__all__ = ["precision", "precision_of"]

Integers = npt.NDArray[np.int64]


def precision(
    net: Net, variants: Sequence[tuple[str, ...]], counts: npt.ArrayLike, *, state_limit: int = STATE_LIMIT
) -> float:
    """Measure which share of what a model allows is ever done: 1 allows no more than is seen.

    Every variant is replaced by the run of the model it is aligned with, so that what the model cannot do does not
    count here. At each prefix of these runs stands the set of steps the model allows next, in any of the states in
    which the prefix may have left it, and the part of that set with which some run goes on. The result is one minus
    the sum of steps allowed and never taken over the sum of steps allowed, each prefix weighed by the journeys that
    pass it and go on. The weighing and the union over all possible states are our own choices: values are close to,
    but not the same as, those of other tools.

    Parameters
    ----------
    net : Net
        A bounded model.
    variants : sequence of tuple of str
        Activity sequences.
    counts : array-like of int
        Journeys of each variant.
    state_limit : int
        Refuse models of more states.

    Returns
    -------
    float
        0..1; NaN where no journey goes through any step of the model.

    References
    ----------
    Munoz-Gama, J., Carmona, J. (2010). A fresh look at precision in process conformance.
    Adriansyah, A., Munoz-Gama, J., Carmona, J., van Dongen, B. F., van der Aalst, W. M. P. (2015). Measuring precision
    of modeled behavior.

    Examples
    --------
    >>> from mining._alignments.net import Net, Transition
    >>> either = Net(2, (Transition("ad", (0,), (1,)), Transition("mail", (0,), (1,))), (0,), (1,))
    >>> precision(either, [("ad",)], [7]), precision(either, [("ad",), ("mail",)], [7, 1])
    (0.5, 1.0)
    """
    return precision_of(align(net, variants, state_limit=state_limit), counts)


def precision_of(alignments: Alignments, counts: npt.ArrayLike) -> float:
    """Measure the precision of alignments that are there already; see `precision`."""
    weight: dict[tuple[str, ...], int] = {}
    for at, n in enumerate(np.asarray(counts, np.int64).tolist()):
        run = tuple(move.activity for move in alignments.moves(at) if move.kind != "log")
        weight[run] = weight.get(run, 0) + n
    runs = sorted(run for run, n in weight.items() if n > 0)
    return _escaping(alignments.graph, runs, np.array([weight[run] for run in runs], np.int64))


def _escaping(graph: StateGraph, runs: list[tuple[str, ...]], counts: Integers) -> float:
    allowed, escaped = 0, 0
    silent = (graph.distance == 0).astype(np.float32)
    enabled = _enabled(graph)
    trie = Trie.of(runs, graph.labels)
    standing = silent[0:1] > 0
    for above, level in zip(trie.levels, trie.levels[1:], strict=False):
        can = (standing.astype(np.float32) @ enabled > 0).sum(axis=1)
        onward = level.node_of >= 0
        passing = np.zeros(len(standing), np.int64)
        np.add.at(passing, above.node_of[onward], counts[onward])
        taken = np.bincount(level.parent, minlength=len(standing))
        allowed += int((passing * can).sum())
        escaped += int((passing * (can - taken)).sum())
        standing = _after(graph, standing[level.parent], level.label) @ silent > 0
    return 1 - escaped / allowed if allowed else float("nan")


def _enabled(graph: StateGraph) -> npt.NDArray[np.float32]:
    marks = np.zeros((graph.n_states, len(graph.labels)), np.float32)
    for label, (sources, _) in enumerate(graph.ends):
        marks[sources, label] = 1
    return marks


def _after(graph: StateGraph, standing: npt.NDArray[np.bool_], labels: Integers) -> npt.NDArray[np.float32]:
    moved = np.zeros(standing.shape, np.float32)
    for label in np.unique(labels):
        here = np.flatnonzero(labels == label)
        for source, target in zip(*graph.ends[label], strict=True):
            moved[here, target] += standing[here, source]
    return moved
