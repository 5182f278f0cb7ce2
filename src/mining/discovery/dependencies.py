"""Dependencies: which activity depends on which, weighed against the opposite order, and which happen together."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mining._pm4py import discover_heuristics
from mining.discovery.spoken import listing
from mining.journeys import Journeys

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Dependencies", "find_dependencies"]


@dataclass(frozen=True, eq=False, repr=False)
class Dependencies:
    """What depends on what: a map without the detours of a few, for logs too wild for a process tree.

    Attributes
    ----------
    frame : DataFrame
        One row per dependency, by activity: activity, next_activity, dependency (how much more often this order happens
        than the other, -1 to below 1; 0 within a loop of two), n_steps.
    together : DataFrame
        One row per two activities that both happen next to a third, in either order: activity (the third), side (before
        or after it), one, other, strength (0 or more).
    nodes : DataFrame
        One row per activity of the net, by name: activity, n_touchpoints, n_journeys.
    """

    frame: pd.DataFrame
    together: pd.DataFrame
    nodes: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Dependencies of {len(self.nodes)} activities: {len(self.frame)}, and {len(self.together)} together>"

    def plot(self, *, max_edges: int = 60, across: bool = False) -> Picture:
        """Draw the dependencies as a map.

        Parameters
        ----------
        max_edges : int
            Most dependencies drawn, the busiest first.
        across : bool
            From left to right instead of downwards.
        """
        from mining._draw import draw_flow

        named = self.nodes["activity"]
        nodes = pd.DataFrame({"name": named, "label": named, "n": self.nodes["n_journeys"], "kind": "activity"})
        edges = pd.DataFrame(
            {
                "source": self.frame["activity"],
                "target": self.frame["next_activity"],
                "n": self.frame["n_steps"],
                "label": [f"{dependency:.2f}" for dependency in self.frame["dependency"]],
            }
        )
        mixed = listing(len(self.together), "pair of activities happens", "pairs of activities happen")
        note = f"On each path: steps and how much this order outweighs the other. {mixed} in either order."
        return draw_flow(nodes, edges, title="What depends on what", note=note, max_edges=max_edges, across=across)

    def _repr_html_(self) -> str:
        return f"{self.plot()._repr_html_()}<p>{escape(repr(self)[1:-1])}</p>"


def find_dependencies(
    journeys: Journeys, *, dependency_threshold: float = 0.5, together_threshold: float = 0.65
) -> Dependencies:
    """Find what depends on what with the heuristics miner, from counted steps: as fast on any log as counting them is.

    Touchpoints of equal times follow each other as in `Journeys`. Unfinished journeys count as far as they go.

    Parameters
    ----------
    journeys : Journeys
        The journeys to look at.
    dependency_threshold : float
        Weaker dependencies are left out.
    together_threshold : float
        Pairs that are mixed less than this exclude each other.

    Returns
    -------
    Dependencies

    References
    ----------
    Weijters, A. J. M. M., van der Aalst, W. M. P., Alves de Medeiros, A. K. (2006). Process mining with the heuristics
    miner algorithm.
    """
    ends = journeys.ends()
    net = discover_heuristics(
        journeys.steps(),
        ends,
        count_returns(journeys),
        dependency_threshold=dependency_threshold,
        together_threshold=together_threshold,
    )
    texts = {"activity": "str", "next_activity": "str"}
    frame = pd.DataFrame(
        [(found.activity, found.next_activity, found.dependency, found.n_steps) for found in net.dependencies],
        columns=["activity", "next_activity", "dependency", "n_steps"],
    ).astype(texts | {"dependency": "float64", "n_steps": "int64"})
    together = pd.DataFrame(
        [(found.activity, found.side, found.one, found.other, found.strength) for found in net.together],
        columns=["activity", "side", "one", "other", "strength"],
    ).astype({"activity": "str", "side": "str", "one": "str", "other": "str", "strength": "float64"})
    held = ends["activity"].isin({*frame["activity"], *frame["next_activity"]})
    nodes = ends.loc[held, ["activity", "n_touchpoints", "n_journeys"]].sort_values("activity", ignore_index=True)
    return Dependencies(frame, together, nodes.astype({"activity": "str"}))


def count_returns(journeys: Journeys) -> pd.DataFrame:
    """Count how often one activity comes directly before and directly after another.

    Parameters
    ----------
    journeys : Journeys
        The journeys to look at.

    Returns
    -------
    DataFrame
        activity, next_activity, n_returns; pairs that happen, in the order of their names.
    """
    log = journeys.log
    activity, words = np.asarray(log.codes["activity"], np.int64), log.words["activity"]
    one, middle, again = activity[:-2], activity[1:-1], activity[2:]
    found = (one == again) & (one != middle) & (log.journey_of[:-2] == log.journey_of[2:])
    pairs, counts = np.unique(one[found] * len(words) + middle[found], return_counts=True)
    names = [pd.Series(words[codes], dtype="str") for codes in np.divmod(pairs, max(1, len(words)))]
    frame = pd.DataFrame({"activity": names[0], "next_activity": names[1], "n_returns": counts})
    return frame.sort_values(["activity", "next_activity"], ignore_index=True)
