"""Grounds: the touchpoints that each line of the map rests on, and what each counts for in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from mining.maps.candidates import looked_at
from mining.maps.counted import contacts, decided, ill, known_in, met, scores, waited
from mining.maps.lanes import owners_of, promise_said
from mining.maps.scene import Flags, Floats, Integers, Scene
from mining.timing.slas import due_of

__all__ = ["GROUNDS", "Ground"]


@dataclass(frozen=True, eq=False)
class Ground:
    """Touchpoints of all stages that some lines of a lane rest on.

    `positions` are those in the scene's log, `stage` the stage of the cell that each belongs to, `unit` the customer,
    journey, wait or touchpoint that is counted: distinct ones in a cell are its n. `value` gives, for an item, what was
    measured of each row's unit. `items` are those of the lane that rest on this; all, where it is None.
    """

    positions: Integers
    stage: Integers
    unit: Integers
    value: Callable[[str], Floats]
    items: Collection[str] | None = None


def _customers(scene: Scene, field: str, chosen: Flags) -> Iterator[Ground]:
    """Rest on the stage's customers: 1 for those in whose touchpoints, among those chosen, a field holds the item."""
    at = np.flatnonzero(scene.staged.of >= 0)
    place = scene.staged.of[at] * (int(scene.customer.max(initial=0)) + 1) + scene.customer[at]

    def value(item: str) -> Floats:
        holds = (chosen & scene.journeys.log.holds(field, item))[at]
        return np.isin(place, place[holds]).astype(float)

    yield Ground(at, scene.staged.of[at], scene.customer[at], value)


def _touchpoints(scene: Scene, field: str, at: Integers) -> Iterator[Ground]:
    """Rest on touchpoints one by one: 1 where a field holds the item."""
    log = scene.journeys.log
    yield Ground(at, scene.staged.of[at], at, lambda item: log.holds(field, item)[at].astype(float))


def _waits(scene: Scene, _items: Mapping[str, int]) -> Iterator[Ground]:
    for item, rows in waited(scene).items():
        at, hours = rows["at"].to_numpy(np.int64), rows["hours"].to_numpy(float)
        yield Ground(at, scene.staged.of[at], at, partial(_same, hours), (item,))


def _same(values: Floats, _item: str) -> Floats:
    return values


def _of_visits(scene: Scene, values: dict[str, Floats], visits: pd.DataFrame) -> Ground:
    """Rest on the touchpoints of visits of a journey to a stage, each with what is known of its visit."""
    n_stages = scene.n_stages
    at = np.flatnonzero(scene.staged.of >= 0)
    place = scene.journeys.log.journey_of[at] * n_stages + scene.staged.of[at]
    told = visits["journey"].to_numpy(np.int64) * n_stages + visits["stage"].to_numpy(np.int64)  # ascending
    found = np.minimum(np.searchsorted(told, place), max(len(told) - 1, 0))
    here = told[found] == place if len(told) else np.zeros(len(at), bool)
    at, place, found = at[here], place[here], found[here]
    spread = {item: each[found] for item, each in values.items()}
    return Ground(at, scene.staged.of[at], place, spread.__getitem__, tuple(values))


def _people(scene: Scene, _items: Mapping[str, int]) -> Iterator[Ground]:
    visits = met(scene)
    values = {"people met": visits["met"].to_numpy(float), "hand-offs": visits["handed"].to_numpy(float)}
    yield _of_visits(scene, values, visits)


def _outcome(scene: Scene, _items: Mapping[str, int]) -> Iterator[Ground]:
    visits = decided(scene)
    goes_on = visits["goes_on"].to_numpy(float)
    yield _of_visits(scene, {"go on": goes_on, "end here": 1 - goes_on}, visits)


def _feeling(scene: Scene, _items: Mapping[str, int]) -> Iterator[Ground]:
    at = scores(scene)
    known = scene.journeys.log.numbers["score"][at] if len(at) else np.zeros(0)
    yield Ground(at, scene.staged.of[at], at, partial(_same, known))


def _sla(scene: Scene, items: Mapping[str, int]) -> Iterator[Ground]:
    """Rest on the times a promise was due: 1 where it was kept, 0 where it was missed, unknown where still open."""
    if scene.design is None:
        return
    for row in scene.design.frame.dropna(subset=["within_hours"]).to_dict("records"):
        step, limit = str(row["step"]), float(row["within_hours"])
        item = promise_said(step, limit)
        if item in items:
            due = due_of(scene.journeys, scene.design, step)
            counted, in_time = ~due.is_skipped, due.hours <= limit
            at = due.positions[counted]
            kept = np.where(in_time & ~due.is_done, np.nan, in_time.astype(float))[counted]
            stage = np.full(len(at), scene.staged.names.index(str(row["stage"])))
            yield Ground(at, stage, at, partial(_same, kept), (item,))


def _opportunities(scene: Scene, items: Mapping[str, int]) -> Iterator[Ground]:
    """Rest on the step's customers wherever they have it: 1 for those who show the pattern."""
    for item, stage in items.items():
        kind, where = item.split(": ", 1)
        rows = looked_at(scene, kind, where)
        hit = rows.groupby("customer")["hit"].transform("any").to_numpy(float)
        at = rows["at"].to_numpy(np.int64)
        # A candidate stands in the stage where its step happens most, and was judged by the step wherever it happens.
        yield Ground(at, np.full(len(at), stage), rows["customer"].to_numpy(np.int64), partial(_same, hit), (item,))


def _owner(scene: Scene, _items: Mapping[str, int]) -> Iterator[Ground]:
    """Rest on the stage's journeys where the owner is typed, else on the touchpoints that name a team."""
    typed = owners_of(scene.design)
    is_typed = np.array([*(name in typed for name in scene.staged.names), False])
    nothing = np.flatnonzero(is_typed[scene.staged.of] & (scene.staged.of >= 0))
    unknown = partial(_same, np.full(len(nothing), np.nan))
    yield Ground(nothing, scene.staged.of[nothing], scene.journeys.log.journey_of[nothing], unknown)
    at = known_in(scene, "team")
    yield from _touchpoints(scene, "team", at[~is_typed[scene.staged.of[at]]])


GROUNDS: Final[dict[str, Callable[[Scene, Mapping[str, int]], Iterator[Ground]]]] = {
    "customers do": lambda scene, _: _customers(scene, "activity", scene.is_customers),
    "we do": lambda scene, _: _customers(scene, "activity", ~scene.is_customers),
    "channels": lambda scene, _: _touchpoints(scene, "channel", contacts(scene)),
    "waits": _waits,
    "people met": _people,
    "outcome": _outcome,
    "feeling": _feeling,
    "sla": _sla,
    "objections": lambda scene, _: _customers(scene, "reason", ill(scene)),
    "systems": lambda scene, _: _touchpoints(scene, "source", known_in(scene, "source")),
    "opportunities": _opportunities,
    "owner": _owner,
}
