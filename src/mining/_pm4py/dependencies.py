"""Heuristics nets: what the heuristics miner finds in counted steps, as plain records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from mining._pm4py.tree import ids_of, silent_import

__all__ = ["Dependency", "HeuristicsNet", "Together", "discover_heuristics"]


@dataclass(frozen=True)
class Dependency:
    """One activity that another depends on.

    Attributes
    ----------
    activity, next_activity : str
        The earlier and the later.
    dependency : float
        How much more often this order happens than the other, from -1 to below 1; 0 for the arcs of a loop of two,
        which happens in both orders.
    n_steps : int
        How often the one directly follows the other.
    """

    activity: str
    next_activity: str
    dependency: float
    n_steps: int


@dataclass(frozen=True)
class Together:
    """Two activities that both happen next to a third, in either order; without it one of them excludes the other.

    Attributes
    ----------
    activity : str
        The third.
    side : str
        ``after`` or ``before`` it.
    one, other : str
        The two, in alphabetical order.
    strength : float
        Above the threshold.
    """

    activity: str
    side: Literal["after", "before"]
    one: str
    other: str
    strength: float


@dataclass(frozen=True)
class HeuristicsNet:
    """All dependencies and what happens together, each sorted by activity."""

    dependencies: tuple[Dependency, ...]
    together: tuple[Together, ...]


def discover_heuristics(
    steps: pd.DataFrame,
    ends: pd.DataFrame,
    returns: pd.DataFrame | None = None,
    *,
    dependency_threshold: float = 0.5,
    together_threshold: float = 0.65,
) -> HeuristicsNet:
    """Discover a heuristics net from counted steps.

    Parameters
    ----------
    steps : DataFrame
        activity, next_activity, n_steps, as `mining.Journeys.steps` gives them.
    ends : DataFrame
        activity, n_touchpoints, n_starts, n_ends, as `mining.Journeys.ends` gives them.
    returns : DataFrame, optional
        activity, next_activity, n_returns: how often the one comes directly before and directly after the other.
        Without it loops of two activities are not found.
    dependency_threshold : float
        Weaker dependencies are left out. So are steps that happen less than a twentieth as often as the most frequent
        one: pm4py cleans them away.
    together_threshold : float
        Pairs that are mixed less than this exclude each other.

    Returns
    -------
    HeuristicsNet
        The same for the same counts, whatever their order.

    References
    ----------
    Weijters, A. J. M. M., van der Aalst, W. M. P., Alves de Medeiros, A. K. (2006). Process mining with the heuristics
    miner algorithm.
    """
    with silent_import():
        from pm4py.algo.discovery.heuristics.variants import classic
    ids = ids_of(ends["activity"])
    known = classic.Parameters
    net = classic.apply_heu_dfg(
        dict(_counted(steps, ("activity", "next_activity"), "n_steps", ids)),
        activities=sorted(ids.values()),
        activities_occurrences={one: n for (one,), n in _counted(ends, ("activity",), "n_touchpoints", ids)},
        start_activities={one: n for (one,), n in _counted(ends, ("activity",), "n_starts", ids)},
        end_activities={one: n for (one,), n in _counted(ends, ("activity",), "n_ends", ids)},
        freq_triples=_triples(returns, ids),
        parameters={known.DEPENDENCY_THRESH: dependency_threshold, known.AND_MEASURE_THRESH: together_threshold},
    )
    labels = {code: label for label, code in ids.items()}
    return HeuristicsNet(
        tuple(sorted(_dependencies(net, labels), key=lambda found: (found.activity, found.next_activity))),
        tuple(sorted(_together(net, labels), key=lambda found: (found.activity, found.side, found.one, found.other))),
    )


def _counted(
    frame: pd.DataFrame, names: tuple[str, ...], count: str, ids: dict[str, str]
) -> list[tuple[tuple[str, ...], int]]:
    rows = zip(*(frame[name] for name in (*names, count)), strict=True)
    return sorted((tuple(ids[label] for label in labels), int(n)) for *labels, n in rows if n)


def _triples(returns: pd.DataFrame | None, ids: dict[str, str]) -> dict[tuple[str, str, str], int] | None:
    if returns is None:
        return None
    counted = _counted(returns, ("activity", "next_activity"), "n_returns", ids)
    return {(one, other, one): n for (one, other), n in counted}


def _dependencies(net: Any, labels: dict[str, str]) -> Iterator[Dependency]:
    for name, node in net.nodes.items():
        for other, edges in node.output_connections.items():
            for edge in edges:
                values = float(edge.dependency_value), int(edge.dfg_value)
                yield Dependency(labels[name], labels[other.node_name], *values)


def _together(net: Any, labels: dict[str, str]) -> Iterator[Together]:
    sides: Iterable[tuple[Literal["after", "before"], str]] = (
        ("after", "and_measures_out"),
        ("before", "and_measures_in"),
    )
    for name, node in net.nodes.items():
        for side, measures in sides:
            for one, others in getattr(node, measures).items():
                for other, strength in others.items():
                    first, second = sorted((labels[one], labels[other]))
                    yield Together(labels[name], side, first, second, float(strength))
