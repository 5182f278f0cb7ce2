"""A heuristics net as a Petri net, so that it can be checked, aligned and measured like any other model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._alignments import Net, Transition
from mining._pm4py import HeuristicsNet, discover_heuristics

__all__ = ["find_heuristics", "net_of_heuristics"]


def find_heuristics(variants: pd.DataFrame, dependency_threshold: float) -> Net:
    """Discover a heuristics net from variants (variant, n_journeys) and turn it into a Petri net.

    References
    ----------
    Weijters, A. J. M. M., van der Aalst, W. M. P., Alves de Medeiros, A. K. (2006). Process mining with the heuristics
    miner algorithm.
    """
    paths, counts = list(variants["variant"]), variants["n_journeys"].to_numpy(np.int64)
    steps, returns = _successions(paths, counts)
    ends = _ends(paths, counts)
    found = discover_heuristics(steps, ends, returns, dependency_threshold=dependency_threshold)
    starts, stops = (list(ends.loc[ends[count] > 0, "activity"]) for count in ("n_starts", "n_ends"))
    return net_of_heuristics(found, starts, stops)


def net_of_heuristics(found: HeuristicsNet, starts: Sequence[str], stops: Sequence[str]) -> Net:
    """Turn a heuristics net into a Petri net; nothing says that it is sound.

    An activity is followed by one of its bindings: activities that happen together (as many of them as all happen with
    each other), or one that happens with none. It follows upon one of its bindings before it in the same way.

    Parameters
    ----------
    found : HeuristicsNet
        Dependencies, and what happens together.
    starts, stops : sequence of str
        Activities that journeys begin and end with.
    """
    pairs = sorted({(one.activity, one.next_activity) for one in found.dependencies})
    labels = sorted({*starts, *stops, *(label for pair in pairs for label in pair)})
    ready = {label: 2 + at for at, label in enumerate(labels)}
    done = {label: 2 + len(labels) + at for at, label in enumerate(labels)}
    between = {pair: 2 + 2 * len(labels) + at for at, pair in enumerate(pairs)}
    moves = [Transition(label, (ready[label],), (done[label],)) for label in labels]
    moves += [Transition(None, (0,), (ready[label],)) for label in sorted(starts)]
    moves += [Transition(None, (done[label],), (1,)) for label in sorted(stops)]
    mixed: dict[tuple[str, str], set[frozenset[str]]] = {}
    for two in found.together:
        mixed.setdefault((two.activity, two.side), set()).add(frozenset((two.one, two.other)))
    for label in labels:
        before = [one for one, other in pairs if other == label]
        after = [other for one, other in pairs if one == label]
        for clique in _cliques(after, mixed.get((label, "after"), set())):
            moves.append(Transition(None, (done[label],), tuple(between[label, other] for other in clique)))
        for clique in _cliques(before, mixed.get((label, "before"), set())):
            moves.append(Transition(None, tuple(between[one, label] for one in clique), (ready[label],)))
    return Net(2 + 2 * len(labels) + len(pairs), tuple(moves), (0,), (1,))


def _cliques(labels: Iterable[str], pairs: set[frozenset[str]]) -> list[tuple[str, ...]]:
    """List the largest groups whose members are all paired (Bron and Kerbosch 1973)."""
    found: list[tuple[str, ...]] = []
    near = {one: {other for other in labels if frozenset((one, other)) in pairs} for one in labels}

    def grow(group: tuple[str, ...], open_: set[str], closed: set[str]) -> None:
        if not open_ and not closed:
            found.append(tuple(sorted(group)))
            return
        pivot = max(sorted(open_ | closed), key=lambda one: len(near[one] & open_))
        for one in sorted(open_ - near[pivot]):
            grow((*group, one), open_ & near[one], closed & near[one])
            open_, closed = open_ - {one}, closed | {one}

    if near:
        grow((), set(near), set())
    return sorted(found)


def _successions(paths: Sequence[tuple[str, ...]], counts: npt.NDArray[np.int64]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count direct successions, and what comes directly before and directly after the same."""
    steps: dict[tuple[str, str], int] = {}
    returns: dict[tuple[str, str], int] = {}
    for path, n in zip(paths, counts.tolist(), strict=True):
        for step in pairwise(path):
            steps[step] = steps.get(step, 0) + n
        for one, other, again in zip(path, path[1:], path[2:], strict=False):
            if one == again != other:
                returns[one, other] = returns.get((one, other), 0) + n
    return _frame(steps, "n_steps"), _frame(returns, "n_returns")


def _frame(counted: dict[tuple[str, str], int], name: str) -> pd.DataFrame:
    rows = [(*pair, n) for pair, n in sorted(counted.items())]
    return pd.DataFrame(rows, columns=["activity", "next_activity", name])


def _ends(paths: Sequence[tuple[str, ...]], counts: npt.NDArray[np.int64]) -> pd.DataFrame:
    rows = [(label, n, 0, 0) for path, n in zip(paths, counts.tolist(), strict=True) for label in path]
    rows += [(path[0], 0, n, 0) for path, n in zip(paths, counts.tolist(), strict=True) if path]
    rows += [(path[-1], 0, 0, n) for path, n in zip(paths, counts.tolist(), strict=True) if path]
    frame = pd.DataFrame(rows, columns=["activity", "n_touchpoints", "n_starts", "n_ends"])
    return frame.groupby("activity", sort=True, as_index=False).sum()
