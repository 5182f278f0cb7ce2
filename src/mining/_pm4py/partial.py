"""Partially ordered models (POWL): what their miner finds, as a net of plain records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mining._alignments import Net, Transition
from mining._pm4py.quickening import quickened
from mining._pm4py.tree import ids_of, silent_import

__all__ = ["discover_partial_orders"]


def discover_partial_orders(variants: pd.DataFrame, filter_threshold: float = 0.0) -> Net:
    """Discover a partially ordered workflow model: trees whose parallel parts may be ordered among each other.

    Parameters
    ----------
    variants : DataFrame
        variant (tuple of activities) and n_journeys.
    filter_threshold : float
        0 keeps all behaviour. Above, a part that cannot be taken apart is tried again with its commonest paths alone:
        those before the first that is rarer than this share of the one before it.

    Returns
    -------
    Net
        Place 0 is the start and place 1 the end. The same for the same variants, whatever their order.

    References
    ----------
    Kourani, H., van Zelst, S. J. (2023). POWL: partially ordered workflow language.
    Kourani, H., Schuster, D., van der Aalst, W. M. P. (2023). Scalable discovery of partially ordered workflow models
    with formal guarantees.
    """
    with silent_import():
        from pm4py.algo.discovery.inductive.dtypes.im_ds import IMDataStructureUVCL
        from pm4py.algo.discovery.powl.inductive.utils.filtering import FILTERING_THRESHOLD
        from pm4py.algo.discovery.powl.inductive.variants.im_maximal import POWLInductiveMinerMaximalOrder
    ids = ids_of(label for variant in variants["variant"] for label in variant)
    log: Counter[tuple[str, ...]] = Counter()
    rows = zip(variants["variant"], variants["n_journeys"], strict=True)
    for variant, n in sorted((tuple(ids[label] for label in variant), int(n)) for variant, n in rows):
        log[variant] += n
    given = {FILTERING_THRESHOLD: float(filter_threshold)}
    with quickened():
        found = POWLInductiveMinerMaximalOrder(given).apply(IMDataStructureUVCL(log), given).simplify()
    weaver = _Weaver({code: label for label, code in ids.items()})
    weaver.weave(found, (0,), (1,))
    return Net(weaver.n_places, tuple(weaver.transitions), (0,), (1,))


@dataclass
class _Weaver:
    """Transitions as they are laid between places; a part takes a token of each entry and leaves one in each exit."""

    labels: dict[str, str]
    transitions: list[Transition] = field(default_factory=list)
    n_places: int = 2

    def weave(self, part: Any, entries: tuple[int, ...], exits: tuple[int, ...]) -> None:
        kind = str(part.operator)
        if part.operator is None:
            label = None if part.label is None else self.labels[part.label]
            self.transitions.append(Transition(label, entries, exits))
        elif kind == "PO":
            self._order(part, entries, exits)
        else:
            self._block(part, entries, exits, loops=kind == "*")

    def _block(self, part: Any, entries: tuple[int, ...], exits: tuple[int, ...], *, loops: bool) -> None:
        # A loop needs places of its own, or it would run back into its neighbours.
        entry = self._place() if loops or len(entries) > 1 else entries[0]
        leave = self._place() if loops or len(exits) > 1 else exits[0]
        if (entry,) != entries:
            self.transitions.append(Transition(None, entries, (entry,)))
        if (leave,) != exits:
            self.transitions.append(Transition(None, (leave,), exits))
        if loops:
            self.weave(part.children[0], (entry,), (leave,))
            self.weave(part.children[1], (leave,), (entry,))
        else:
            for child in sorted(part.children, key=_labels):
                self.weave(child, (entry,), (leave,))

    def _order(self, part: Any, entries: tuple[int, ...], exits: tuple[int, ...]) -> None:
        children = part.order.nodes
        reduced = part.order.get_transitive_reduction()
        turn = sorted(range(len(children)), key=lambda at: _labels(children[at]))
        edges = {(one, other): self._place() for one in turn for other in turn if reduced.is_edge_id(one, other)}
        firsts = [at for at in turn if not any(other == at for _, other in edges)]
        lasts = [at for at in turn if not any(one == at for one, _ in edges)]
        begins = self._ends(firsts, entries)
        ends = self._ends(lasts, exits)
        if len(firsts) > 1:
            self.transitions.append(Transition(None, entries, tuple(place for at in firsts for place in begins[at])))
        for at in turn:
            before = begins.get(at, ()) + tuple(place for (_, other), place in edges.items() if other == at)
            after = ends.get(at, ()) + tuple(place for (one, _), place in edges.items() if one == at)
            self.weave(children[at], before, after)
        if len(lasts) > 1:
            self.transitions.append(Transition(None, tuple(place for at in lasts for place in ends[at]), exits))

    def _ends(self, parts: list[int], outer: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
        """Let a single first or last part have the outer places for itself; several get one each."""
        return {parts[0]: outer} if len(parts) == 1 else {at: (self._place(),) for at in parts}

    def _place(self) -> int:
        self.n_places += 1
        return self.n_places - 1


def _labels(part: Any) -> tuple[str, ...]:
    if part.operator is None:
        return () if part.label is None else (part.label,)
    below = part.order.nodes if str(part.operator) == "PO" else part.children
    return tuple(sorted(label for child in below for label in _labels(child)))
