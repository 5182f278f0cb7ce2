"""The split miner: what it finds in counted successions, as a net of plain records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import pandas as pd

from mining._alignments import Net, Transition
from mining._pm4py.tree import ids_of, silent_import

__all__ = ["discover_splits"]

_KINDS: Final = {
    "StartEvent": "start",
    "NormalStartEvent": "start",
    "EndEvent": "end",
    "NormalEndEvent": "end",
    "Task": "task",
    "ExclusiveGateway": "one",
    "InclusiveGateway": "some",
    "ParallelGateway": "all",
}


def discover_splits(variants: pd.DataFrame, eta: float = 0.4, epsilon: float = 0.1) -> Net | None:
    """Discover a model with the split miner, from counted successions.

    Parameters
    ----------
    variants : DataFrame
        variant (tuple of activities) and n_journeys; empty paths are left out.
    eta : float
        Successions below this quantile of frequencies are left out where others keep everything connected.
    epsilon : float
        Two activities that follow each other about as often in either order are parallel: their counts differ by less
        than this share of both.

    Returns
    -------
    Net or None
        Place 0 is the start and place 1 the end; nothing says that it is sound. None without a path, and where the
        model has gateways that no net can stand for (some of their branches, as many as it may be).

    References
    ----------
    Augusto, A., Conforti, R., Dumas, M., La Rosa, M., Polyvyanyy, A. (2019). Split miner: automated discovery of
    accurate and simple business process models from event logs.
    """
    with silent_import():
        from pm4py.algo.discovery.split_miner.dtypes.log import END_LABEL, START_LABEL
        from pm4py.algo.discovery.split_miner.dtypes.loops import LoopInfo
        from pm4py.algo.discovery.split_miner.variants.classic import ClassicSplitMiner, Parameters
    ids = ids_of(label for variant in variants["variant"] for label in variant)
    rows = zip(variants["variant"], variants["n_journeys"], strict=True)
    paths = [
        ((START_LABEL, *(ids[label] for label in variant), END_LABEL), int(n)) for variant, n in rows if len(variant)
    ]
    if not paths:
        return None
    steps, returns = _counted(paths)

    class OfVariants(ClassicSplitMiner):  # type: ignore[misc]
        """Counts each path once and weighs it, where pm4py goes through the log."""

        def do_extract_traces(self, log: Any, parameters: Any = None) -> Any:  # noqa: ARG002
            return log

        def do_dfg_discovery(self, traces: Any, parameters: Any = None) -> Any:  # noqa: ARG002
            alone = {one for one, other in steps if one == other}
            short = {frozenset(pair) for pair in returns if not alone & set(pair)}
            return steps, LoopInfo(alone, short, returns)

    drawn = OfVariants().apply(paths, {Parameters.ETA: eta, Parameters.EPSILON: epsilon})
    return _net(drawn, {code: label for label, code in ids.items()})


def _counted(
    paths: list[tuple[tuple[str, ...], int]],
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    """Count what follows what, and what comes directly before and directly after the same."""
    steps: Counter[tuple[str, str]] = Counter()
    returns: Counter[tuple[str, str]] = Counter()
    for path, n in paths:
        for step in pairwise(path):
            steps[step] += n
        for one, other, again in zip(path, path[1:], path[2:], strict=False):
            if one == again != other:
                returns[one, other] += n
    return dict(sorted(steps.items())), dict(sorted(returns.items()))


def _net(drawn: Any, labels: dict[str, str]) -> Net | None:
    kinds = {str(node.get_id()): _KINDS.get(type(node).__name__, "") for node in drawn.get_nodes()}
    names = {str(node.get_id()): str(node.get_name()) for node in drawn.get_nodes()}
    flows = sorted((str(flow.get_source().get_id()), str(flow.get_target().get_id())) for flow in drawn.get_flows())
    arriving, leaving = Counter(target for _, target in flows), Counter(source for source, _ in flows)
    # A gateway that some of its branches pass is one that all pass where there is one branch.
    if any(not kind or (kind == "some" and (arriving[node] > 1 or leaving[node] > 1)) for node, kind in kinds.items()):
        return None
    weaver = _Weaver()
    gives, takes = _own_places(kinds, arriving, weaver)
    before: dict[str, list[int]] = {node: [] for node in kinds}
    after: dict[str, list[int]] = {node: [] for node in kinds}
    for source, target in flows:
        if source in gives and target in takes:
            weaver.moves.append(Transition(None, (gives[source],), (takes[target],)))
            continue
        place = gives[source] if source in gives else takes[target] if target in takes else weaver.place()
        before[target].append(place)
        after[source].append(place)
    for node, kind in sorted(kinds.items()):
        if kind in {"task", "all"}:
            entries = (takes[node],) if node in takes else tuple(before[node])
            label = labels[names[node]] if kind == "task" else None
            weaver.moves.append(Transition(label, entries, tuple(after[node])))
    return Net(weaver.n_places, tuple(weaver.moves), (0,), (1,))


@dataclass
class _Weaver:
    """Transitions as they are laid between places: 0 is the start and 1 the end."""

    moves: list[Transition] = field(default_factory=list)
    n_places: int = 2

    def place(self) -> int:
        self.n_places += 1
        return self.n_places - 1


def _own_places(
    kinds: dict[str, str], arriving: Counter[str], weaver: _Weaver
) -> tuple[dict[str, int], dict[str, int]]:
    """Give a place to what chooses where a token goes, and to what a token may come to from several sides."""
    gives, takes = {}, {}
    for node, kind in sorted(kinds.items()):
        if kind == "start":
            gives[node] = 0
        elif kind == "end":
            takes[node] = 1
        elif kind in {"one", "some"}:
            gives[node] = takes[node] = weaver.place()
        elif kind == "task" and arriving[node] > 1:
            takes[node] = weaver.place()
    return gives, takes
