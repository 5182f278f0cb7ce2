"""The flow of objects: what customers, deals and tickets go through side by side, none of them flattened away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mining._engine import ends, steps
from mining._statistics import SMALLEST_CELL, wilson
from mining.discovery.lifelines import Lifelines, find_lifelines
from mining.discovery.spoken import listing, spoken_hours

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.sources.touchpoints import Touchpoints

__all__ = ["ObjectFlow", "find_object_flow"]

_TYPES: Final = ["object_type", "n_objects", "n_untouched", "n_touchpoints", "n_activities", "n_steps"]


@dataclass(frozen=True, eq=False, repr=False)
class ObjectFlow:
    """The map of what every type of object goes through, and which touchpoints bring objects together.

    Attributes
    ----------
    frame : DataFrame
        One row per object type and step, by type, most objects first: object_type, activity, next_activity, n_steps
        (once for each object that takes it, each time), n_pairs (of two touchpoints: several objects that go the same
        way together count once), n_objects (that take it at least once), share (of the objects of this type, 0..1),
        share_low, share_high (Wilson, 95 %), wait_median_hours (over the steps of objects).
    activities : DataFrame
        One row per object type and activity, by type, most touchpoints first: object_type, activity, n_touchpoints
        (about at least one such object), of_touchpoints (of this activity, whatever they are about), share (of the one
        in the other, 0..1), share_low, share_high, n_single (about exactly one), objects_min, objects_mean, objects_max
        (how many a touchpoint is about, where it is about any), n_objects (that go through it), n_repeated (that go
        through it several times), n_starts, n_ends (objects whose first or last touchpoint it is).
    types : DataFrame
        One row per object type, by name: object_type, n_objects (that a touchpoint is about), n_untouched (known, but
        no touchpoint is about them), n_touchpoints (about at least one), n_activities, n_steps.
    n_touchpoints, n_unrelated, left_out : int
        Touchpoints looked at, those of them about no object, and those left out before as doubtful.
    """

    frame: pd.DataFrame
    activities: pd.DataFrame
    types: pd.DataFrame
    n_touchpoints: int
    n_unrelated: int
    left_out: int

    def __repr__(self) -> str:
        kinds = listing(len(self.types), "object type")
        n = self.activities["activity"].nunique()
        return f"<ObjectFlow of {kinds}: {listing(n, 'activity', 'activities')}, {listing(len(self.frame), 'step')}>"

    @property
    def sentence(self) -> str:
        """What the flow rests on, and where it brings several objects of one type together."""
        objects = int(self.types["n_objects"].sum())
        told = [f"{listing(self.n_touchpoints, 'touchpoint')} about {listing(objects, 'object')}."]
        if self.n_unrelated:
            told.append(f"{self.n_unrelated:,} are about none.")
        several = self.activities[self.activities["objects_max"] > 1]
        if len(several):
            most = several.iloc[int(several["objects_mean"].to_numpy().argmax())]
            told.append(
                f"{most['activity']} is about {most['objects_mean']:.1f} objects of the type {most['object_type']} on "
                f"average, up to {most['objects_max']:,}."
            )
        return " ".join(told)

    def plot(self, *, min_objects: int = SMALLEST_CELL, max_edges: int = 60, across: bool = False) -> Picture:
        """Draw the flow as a map: one colour per type of object, on every path its type, steps and median wait.

        Parameters
        ----------
        min_objects : int
            Steps, starts and ends of fewer objects are left out and counted in the note.
        max_edges : int
            Most steps drawn, the busiest first.
        across : bool
            From left to right instead of downwards.
        """
        from mining._draw import draw_flow

        edges = pd.concat([self._borders(min_objects), self._inner(min_objects)], ignore_index=True)
        rare = int((self.frame["n_objects"] < min_objects).sum())
        hidden = f"{listing(rare, 'step')} of fewer than {min_objects} objects are left out." if rare else ""
        note = " ".join(part for part in (self.sentence, hidden) if part)
        title = "What happens to objects of each type"
        nodes = self._nodes(set(edges["source"]) | set(edges["target"]))
        return draw_flow(nodes, edges, title=title, note=note, max_edges=max_edges, across=across)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return f"{self.plot()._repr_html_()}{html_table(self.types, caption='Types of objects')}"

    def _inner(self, least: int) -> pd.DataFrame:
        kept = self.frame[self.frame["n_objects"] >= least]
        waits = zip(kept["object_type"], kept["wait_median_hours"], strict=True)
        return pd.DataFrame(
            {
                "source": "a:" + kept["activity"],
                "target": "a:" + kept["next_activity"],
                "n": kept["n_steps"],
                "label": [f"{kind[:14]} {spoken_hours(wait)}" for kind, wait in waits],
                "group": kept["object_type"],
            }
        )

    def _borders(self, least: int) -> pd.DataFrame:
        rows = self.activities
        kind, inner = rows["object_type"], "a:" + rows["activity"]
        first = pd.DataFrame({"source": "s:" + kind, "target": inner, "n": rows["n_starts"], "group": kind})
        last = pd.DataFrame({"source": inner, "target": "e:" + kind, "n": rows["n_ends"], "group": kind})
        both = pd.concat([first, last], ignore_index=True)
        return both[both["n"] >= least].assign(label="")

    def _nodes(self, drawn: set[str]) -> pd.DataFrame:
        kinds, n = self.types["object_type"], self.types["n_objects"]
        ends = [
            pd.DataFrame({"name": f"{end[0]}:" + kinds, "label": f"{end}: " + kinds, "n": n, "kind": end})
            for end in ("start", "end")
        ]
        total = self.activities.groupby("activity", sort=True)["of_touchpoints"].first()
        named = pd.Series(total.index, dtype="str")
        inner = pd.DataFrame({"name": "a:" + named, "label": named, "n": total.to_numpy(), "kind": "activity"})
        nodes = pd.concat([ends[0], inner, ends[1]], ignore_index=True)
        return nodes[nodes["name"].isin(drawn)].reset_index(drop=True)


def find_object_flow(
    touchpoints: Touchpoints, object_types: Iterable[str] | None = None, *, doubtful: bool = False
) -> ObjectFlow:
    """Measure what the objects of every type go through, without choosing one type to look at the others through.

    Flattening under a case notion repeats a touchpoint for each of its cases and mixes what belongs to different
    objects; here each object goes its own way and touchpoints are counted once. Touchpoints of equal times follow each
    other by `seq`. Objects still under way count as far as they went. The steps of each type are those of
    ``touchpoints.by(type)``, where there is such a case notion.

    Parameters
    ----------
    touchpoints : Touchpoints
        From `mining.read_crm` or an object-centric log.
    object_types : iterable of str, optional
        The types to look at, as `Touchpoints.store` names them; all, where not given.
    doubtful : bool
        Whether to keep what may be no act of anybody, which `Touchpoints.by` leaves out too.

    Returns
    -------
    ObjectFlow

    Raises
    ------
    FieldError
        For a type of object that no touchpoint is about.
    MiningError
        Where no touchpoint is about any object.

    References
    ----------
    Berti, A., van der Aalst, W. M. P. (2018). Extracting multiple viewpoint models from relational databases.
    van der Aalst, W. M. P. (2019). Object-centric process mining: dealing with divergence and convergence in event
    data.
    """
    found = find_lifelines(touchpoints, object_types, doubtful=doubtful)
    kinds = list(found.logs)
    frame = pd.concat([_steps(found, kind) for kind in kinds], ignore_index=True)
    activities = pd.concat([_activities(found, kind) for kind in kinds], ignore_index=True)
    types = pd.DataFrame([_type(found, kind) for kind in kinds], columns=_TYPES).astype({"object_type": "str"})
    return ObjectFlow(frame, activities, types, len(found.activity), found.n_unrelated, found.left_out)


def _type(found: Lifelines, kind: str) -> tuple[str, int, int, int, int, int]:
    log = found.logs[kind]
    n_activities = len(np.unique(log.narrow["activity"]))
    n_touchpoints = len(np.unique(found.touchpoint[log.rows]))
    n_steps = log.n_touchpoints - log.n_journeys
    return kind, log.n_journeys, found.n_untouched[kind], n_touchpoints, n_activities, n_steps


def _steps(found: Lifelines, kind: str) -> pd.DataFrame:
    log = found.logs[kind]
    told = steps(log)
    frame = told[["activity", "next_activity", "n_steps"]].astype({"activity": "str", "next_activity": "str"})
    frame.insert(0, "object_type", pd.Series([kind] * len(told), dtype="str"))
    frame["n_pairs"], frame["n_objects"] = found.pairs(kind), told["n_journeys"]
    frame["share"] = frame["n_objects"] / log.n_journeys
    frame["share_low"], frame["share_high"] = wilson(frame["n_objects"], log.n_journeys)
    frame["wait_median_hours"] = told["wait_median_hours"]
    order = ["n_objects", "n_steps", "activity", "next_activity"]
    return frame.sort_values(order, ascending=[False, False, True, True], ignore_index=True)


def _activities(found: Lifelines, kind: str) -> pd.DataFrame:
    frame, told = found.touched(kind), ends(found.logs[kind])
    frame.insert(0, "object_type", pd.Series([kind] * len(frame), dtype="str"))
    frame["share"] = frame["n_touchpoints"] / frame["of_touchpoints"]
    frame["share_low"], frame["share_high"] = wilson(frame["n_touchpoints"], frame["of_touchpoints"])
    frame["n_objects"], frame["n_starts"], frame["n_ends"] = told["n_journeys"], told["n_starts"], told["n_ends"]
    order = [
        "object_type", "activity", "n_touchpoints", "of_touchpoints", "share", "share_low", "share_high", "n_single",
        "objects_min", "objects_mean", "objects_max", "n_objects", "n_repeated", "n_starts", "n_ends",
    ]  # fmt: skip
    return frame[order].sort_values(["n_touchpoints", "activity"], ascending=[False, True], ignore_index=True)
