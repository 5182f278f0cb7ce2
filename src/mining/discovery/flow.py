"""Flow: which touchpoint follows which, how often, and how long customers wait in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL, wilson
from mining.discovery.lanes import Lanes, choose_lanes
from mining.discovery.spoken import listing, spoken_hours, spoken_share
from mining.journeys import Journeys
from mining.journeys.in_place import JourneysInPlace

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Flow", "find_flow"]


@dataclass(frozen=True, eq=False, repr=False)
class Flow:
    """The map of what customers really do: activities, the steps between them, and the waits.

    Attributes
    ----------
    frame : DataFrame
        One row per step, most journeys first: activity, next_activity, n_steps, n_journeys (that take it at least
        once), share (of all journeys, 0..1), share_low, share_high (Wilson, 95 %), wait_mean_hours, wait_median_hours,
        wait_p90_hours (from the end of the first touchpoint to the start of the next).
    nodes : DataFrame
        One row per activity, most journeys first: activity, n_touchpoints, n_journeys, share, n_starts, n_ends,
        n_unfinished (of the ends: journeys that may still be running, see `Journeys.unfinished`), lane.
    lanes : Lanes
        Where the lanes come from and their order.
    n_journeys : int
        How many journeys.
    """

    frame: pd.DataFrame
    nodes: pd.DataFrame
    lanes: Lanes
    n_journeys: int

    def __repr__(self) -> str:
        return f"<Flow of {self.n_journeys:,} journeys: {len(self.nodes)} activities, {len(self.frame)} steps>"

    def plot(self, *, min_journeys: int = SMALLEST_CELL, max_edges: int = 60, across: bool = False) -> Picture:
        """Draw the flow as a map with one swimlane per stage, department or channel.

        Parameters
        ----------
        min_journeys : int
            Activities and steps of fewer journeys are left out and counted in the note.
        max_edges : int
            Most steps drawn, the busiest first.
        across : bool
            From left to right instead of downwards.
        """
        from mining._draw import draw_flow

        shown = self.nodes[self.nodes["n_journeys"] >= min_journeys]
        nodes, edges = _drawn_nodes(shown, self.n_journeys), self._drawn_edges(shown, min_journeys)
        ends = int(shown["n_unfinished"].sum())
        note = " ".join(
            part
            for part in (
                f"{listing(self.n_journeys, 'journey')}. On each path: steps and median wait.",
                f"{listing(ends, 'journey')} may still be running." if ends else "",
                self._left_out(len(shown), min_journeys),
            )
            if part
        )
        return draw_flow(
            nodes, edges, lanes=self.lanes.order, title="What customers really do", note=note, max_edges=max_edges,
            across=across,
        )  # fmt: skip

    def _repr_html_(self) -> str:
        return self.plot()._repr_html_()

    def _drawn_edges(self, shown: pd.DataFrame, least: int) -> pd.DataFrame:
        names = set(shown["activity"])
        steps = self.frame
        kept = steps[
            (steps["n_journeys"] >= least) & steps["activity"].isin(names) & steps["next_activity"].isin(names)
        ]
        inner = pd.DataFrame(
            {
                "source": "a:" + kept["activity"],
                "target": "a:" + kept["next_activity"],
                "n": kept["n_steps"],
                "label": [spoken_hours(wait) for wait in kept["wait_median_hours"]],
            }
        )
        starts, ends = shown[shown["n_starts"] >= least], shown[shown["n_ends"] >= least]
        first = pd.DataFrame(
            {"source": "start", "target": "a:" + starts["activity"], "n": starts["n_starts"], "label": ""}
        )
        last = pd.DataFrame({"source": "a:" + ends["activity"], "target": "end", "n": ends["n_ends"], "label": ""})
        return pd.concat([first, inner, last], ignore_index=True)

    def _left_out(self, n_shown: int, least: int) -> str:
        rare = int((self.frame["n_journeys"] < least).sum())
        hidden = len(self.nodes) - n_shown
        if not rare and not hidden:
            return ""
        parts = [listing(hidden, "activity", "activities")] if hidden else []
        parts += [listing(rare, "step")] if rare else []
        return f"{' and '.join(parts)} of fewer than {least} journeys are left out. Of the others:"


def find_flow(journeys: Journeys | JourneysInPlace, lanes: str | Mapping[str, str] | None = None) -> Flow:
    """Measure steps, waits, starts and ends of journeys, and give every activity its lane.

    Parameters
    ----------
    journeys : Journeys or JourneysInPlace
        The journeys to measure.
    lanes : str or mapping, optional
        See `mining.discovery.lanes.choose_lanes`. Journeys in place have the lanes of a mapping, in its order, or none.
    """
    n = len(journeys)
    steps = journeys.steps()
    low, high = wilson(steps["n_journeys"], n)
    shares = pd.DataFrame({"share": steps["n_journeys"] / n, "share_low": low, "share_high": high})
    steps = pd.concat([steps.iloc[:, :4], shares, steps.iloc[:, 4:]], axis="columns")
    order = ["n_journeys", "n_steps", "activity", "next_activity"]
    steps = steps.sort_values(order, ascending=[False, False, True, True]).reset_index(drop=True)
    if isinstance(journeys, JourneysInPlace):
        chosen, open_ends = _given_lanes(journeys.activities, lanes), journeys.open_ends()
    else:
        chosen, open_ends = choose_lanes(journeys.log, lanes), _open_ends(journeys)
    nodes = journeys.ends()
    nodes.insert(3, "share", nodes["n_journeys"] / n)
    nodes["n_unfinished"] = nodes["activity"].map(open_ends).fillna(0).astype("int64")
    nodes["lane"] = nodes["activity"].map(chosen.of).astype("str")
    nodes = nodes.sort_values(["n_journeys", "activity"], ascending=[False, True]).reset_index(drop=True)
    texts = {"activity": "str"}
    return Flow(steps.astype({"activity": "str", "next_activity": "str"}), nodes.astype(texts), chosen, n)


def _open_ends(journeys: Journeys) -> pd.Series[int]:
    log = journeys.log
    last = log.codes["activity"][log.last[journeys.unfinished()]]
    count = np.bincount(last, minlength=len(log.words["activity"]))
    return pd.Series(count, index=pd.Index(log.words["activity"], dtype="str"))


def _given_lanes(activities: list[str], lanes: str | Mapping[str, str] | None) -> Lanes:
    if isinstance(lanes, str):
        raise MiningError.refused(f"Lanes by '{lanes}'", "need journeys in memory: give a mapping of activity to lane.")
    given = dict(lanes or {})
    for activity in given:
        if activity not in activities:
            raise MiningError.unknown("activity", str(activity), activities)
    of = {activity: str(given.get(activity, "")) for activity in activities}
    return Lanes("given", of, tuple(dict.fromkeys(str(lane) for lane in given.values() if lane)))


def _drawn_nodes(shown: pd.DataFrame, n_journeys: int) -> pd.DataFrame:
    inner = pd.DataFrame(
        {
            "name": "a:" + shown["activity"],
            "label": shown["activity"],
            "n": shown["n_journeys"],
            "share": shown["share"],
            "lane": shown["lane"],
            "kind": "activity",
        }
    )
    ends = pd.DataFrame(
        {
            "name": ["start", "end"],
            "label": ["Start", "End"],
            "n": [n_journeys, n_journeys],
            "share": [float("nan")] * 2,
            "lane": "",
            "kind": ["start", "end"],
        }
    )
    if not len(inner):
        return ends.iloc[:0]
    return pd.concat([ends.iloc[:1], inner, ends.iloc[1:]], ignore_index=True)


def busiest_step(flow: Flow) -> str:
    """Say in a sentence which step most journeys take and how long it takes."""
    steps = flow.frame[flow.frame["n_journeys"] >= SMALLEST_CELL]
    if steps.empty:
        return ""
    top = steps.iloc[0]
    people = f"{listing(int(top['n_journeys']), 'journey')} ({spoken_share(float(top['share']))})"
    wait = spoken_hours(float(top["wait_median_hours"]))
    return f"The commonest step is {top['activity']} to {top['next_activity']}: {people}, median wait {wait}."
