"""Lanes: what each row of the journey map says about each stage, with its n, interval and mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._statistics import median_interval, wilson
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.timing import check_slas
from mining.timing.clustering import clustered_quantiles, clustered_share
from mining.timing.losses import fates
from mining.timing.people import team_runs
from mining.timing.stages import Staged
from mining.timing.steps_taken import HOUR

if TYPE_CHECKING:
    from mining.design import Design

__all__ = ["LANES", "Entry", "Scene"]

_TOP: Final = 3
_ILL: Final = ("lost", "disqualified", "complained", "rated_bad", "cancelled", "unsubscribed")
_Z: Final = 1.959963984540054

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


class Entry(NamedTuple):
    """A line of a cell: stage number, what, how much, in which unit, of how many, bounds, mark."""

    stage: int
    item: str
    value: float
    unit: str
    n: int
    low: float = float("nan")
    high: float = float("nan")
    mark: str = "measured"


@dataclass(frozen=True, eq=False)
class Scene:
    """One group of journeys with the stages of its touchpoints: what every lane looks at."""

    journeys: Journeys
    staged: Staged
    design: Design | None

    @cached_property
    def customer(self) -> Integers:
        """Customer of each touchpoint."""
        return customer_of(self.journeys.log)[self.journeys.log.journey_of]

    @cached_property
    def is_customers(self) -> Flags:
        """Whether the customer acted: his own kind of actor, else an inbound contact of nobody named."""
        log = self.journeys.log
        known = log.codes["actor_kind"] >= 0
        return np.asarray(log.holds("actor_kind", "customer") | (~known & log.holds("direction", "inbound")))

    @cached_property
    def is_contact(self) -> Flags:
        """Whether a touchpoint is a meeting of customer and company in a known channel."""
        log = self.journeys.log
        return np.asarray(log.holds("touchpoint_kind", "interaction") & (log.codes["channel"] >= 0))

    @property
    def n_stages(self) -> int:
        """How many stages."""
        return len(self.staged.names)

    @cached_property
    def visits(self) -> pd.DataFrame:
        """One row per journey and stage that it touches: journey, stage, customer, first, last (positions)."""
        at = np.flatnonzero(self.staged.of >= 0)
        rows = pd.DataFrame(
            {
                "journey": self.journeys.log.journey_of[at],
                "stage": self.staged.of[at],
                "customer": self.customer[at],
                "at": at,
            }
        )
        found = rows.groupby(["journey", "stage"], as_index=False).agg(
            customer=("customer", "first"), first=("at", "min"), last=("at", "max")
        )
        return pd.DataFrame(found)


def customers_do(scene: Scene) -> Iterator[Entry]:
    """List what customers do here: the activities most customers of the stage have, by share of them."""
    yield from _top_activities(scene, scene.is_customers)


def we_do(scene: Scene) -> Iterator[Entry]:
    """List what the company does here, seen or behind the line of visibility, by share of the stage's customers."""
    yield from _top_activities(scene, ~scene.is_customers)


def _top_activities(scene: Scene, chosen: Flags) -> Iterator[Entry]:
    log = scene.journeys.log
    at = np.flatnonzero(chosen & (scene.staged.of >= 0))
    rows = pd.DataFrame(
        {"stage": scene.staged.of[at], "activity": log.codes["activity"][at], "customer": scene.customer[at]}
    )
    counted = rows.groupby(["stage", "activity"])["customer"].nunique().rename("k").reset_index()
    counted = counted.sort_values(["stage", "k", "activity"], ascending=[True, False, True])
    of = scene.visits.groupby("stage")["customer"].nunique()
    for stage in of.index:
        group, n = counted[counted["stage"] == stage], int(of[stage])
        for code, k in group[["activity", "k"]].head(_TOP).to_numpy(np.int64):
            low, high = wilson(k, n)
            word = str(log.words["activity"][code])
            yield Entry(int(stage), word, float(k / n), "share of customers", n, float(low), float(high))


def channels(scene: Scene) -> Iterator[Entry]:
    """In which channels customers and company meet here: share of the stage's contacts."""
    log = scene.journeys.log
    at = np.flatnonzero(scene.is_contact & (scene.staged.of >= 0))
    stage, code, customer = scene.staged.of[at], log.codes["channel"][at], scene.customer[at]
    breadth = len(log.words["channel"])
    seen = np.unique(stage * breadth + code)
    for channel in np.unique(seen % breadth):
        k, n, share, low, high = clustered_share(code == channel, stage, customer, scene.n_stages)
        for number in np.flatnonzero(k > 0):
            word = str(log.words["channel"][channel])
            bounds = float(low[number]), float(high[number])
            yield Entry(int(number), word, float(share[number]), "share of contacts", int(n[number]), *bounds)


def waits(scene: Scene) -> Iterator[Entry]:
    """How long customers wait from touchpoint to touchpoint within the stage, and from its last to the next stage."""
    log = scene.journeys.log
    start = np.setdiff1d(np.arange(log.n_touchpoints), log.last, assume_unique=True)
    hours = np.maximum(log.time[start + 1] - log.end_time[start], 0) / HOUR
    here, there = scene.staged.of[start], scene.staged.of[start + 1]
    within = (here == there) & (here >= 0)
    yield from _medians(scene, "between touchpoints", start[within], hours[within])
    onward = (there > here) & (here >= 0)
    yield from _medians(scene, "to the next stage", start[onward], hours[onward])


def _medians(scene: Scene, item: str, start: Integers, hours: npt.NDArray[np.float64]) -> Iterator[Entry]:
    found = clustered_quantiles(hours, scene.staged.of[start], scene.customer[start], scene.n_stages)
    for stage in np.flatnonzero(found.n > 0):
        bounds = float(found.low[stage]), float(found.high[stage])
        yield Entry(int(stage), item, float(found.median[stage]), "hours", int(found.n[stage]), *bounds)


def people_met(scene: Scene) -> Iterator[Entry]:
    """How many of our people a journey meets here (median), and how often teams hand it on (mean)."""
    log, visits = scene.journeys.log, scene.visits
    at = np.flatnonzero(~scene.is_customers & (log.codes["actor"] >= 0) & (scene.staged.of >= 0))
    rows = pd.DataFrame(
        {"journey": log.journey_of[at], "stage": scene.staged.of[at], "actor": log.codes["actor"][at]}
    ).drop_duplicates()
    met = rows.groupby(["journey", "stage"]).size()
    each = met.reindex(pd.MultiIndex.from_frame(visits[["journey", "stage"]]), fill_value=0).to_numpy()
    taken, room = team_runs(log, log.journey_of)
    again = np.append(False, room[1:] == room[:-1])[: len(room)]
    handed = scene.staged.of[taken[again]]
    handoffs = np.bincount(handed[handed >= 0], minlength=scene.n_stages)
    for stage in np.unique(visits["stage"]):
        here = (visits["stage"] == stage).to_numpy()
        n = int(here.sum())
        if len(rows):
            median, low, high = median_interval(each[here])
            yield Entry(int(stage), "people met", median, "people per journey", n, low, high)
        if len(taken):
            yield Entry(int(stage), "hand-offs", handoffs[stage] / n, "per journey", n)


def outcome(scene: Scene) -> Iterator[Entry]:
    """Share of journeys that go on to a later stage, and of those that end here; what may still run is left out."""
    visits = scene.visits
    finished = fates(scene.journeys).is_finished[visits["journey"].to_numpy()]
    furthest = visits.groupby("journey")["stage"].transform("max").to_numpy()
    goes_on = furthest > visits["stage"].to_numpy()
    # After the last stage there is nothing to go on to.
    counted = (goes_on | finished) & (visits["stage"].to_numpy() < scene.n_stages - 1)
    stage, customer = visits["stage"].to_numpy()[counted], visits["customer"].to_numpy()[counted]
    for item, happens in (("go on", goes_on[counted]), ("end here", ~goes_on[counted])):
        _, n, share, low, high = clustered_share(happens, stage, customer, scene.n_stages)
        for number in np.flatnonzero(n > 0):
            bounds = float(low[number]), float(high[number])
            yield Entry(int(number), item, float(share[number]), "share of journeys", int(n[number]), *bounds)


def feeling(scene: Scene) -> Iterator[Entry]:
    """Mean satisfaction where customers gave a score; nothing is made up where they did not."""
    score = scene.journeys.log.numbers.get("score")
    known = np.zeros(0, np.int64) if score is None else np.flatnonzero(~np.isnan(score) & (scene.staged.of >= 0))
    for stage in range(scene.n_stages):
        at = known[scene.staged.of[known] == stage]
        if score is None or len(at) == 0:
            yield Entry(stage, "no data", float("nan"), "score 0 to 1", 0)
            continue
        each = pd.Series(score[at]).groupby(scene.customer[at])
        mean = float(score[at].mean())
        spread = (each.sum() - mean * each.size()).to_numpy()
        error = float(np.sqrt((spread**2).sum() * len(spread) / max(len(spread) - 1, 1)) / len(at))
        low, high = max(mean - _Z * error, 0.0), min(mean + _Z * error, 1.0)
        yield Entry(stage, "satisfaction", mean, "score 0 to 1", len(at), low, high)


def sla(scene: Scene) -> Iterator[Entry]:
    """Promises of the stage and the share kept in time."""
    if scene.design is None or scene.design.frame["within_hours"].isna().all():
        return
    number = {name: at for at, name in enumerate(scene.staged.names)}
    for row in check_slas(scene.journeys, scene.design).frame.to_dict("records"):
        if row["stage"] in number and row["n_due"] > 0:
            item = f"{row['step']} within {row['within_hours']:g} h"
            bounds = float(row["low"]), float(row["high"])
            yield Entry(
                number[str(row["stage"])], item, float(row["kept_share"]), "share kept", int(row["n_due"]), *bounds
            )


def objections(scene: Scene) -> Iterator[Entry]:
    """Why customers were lost here, or what they complained of: the reasons that the records give, by customers."""
    log = scene.journeys.log
    ill = np.logical_or.reduce([log.holds("outcome", word) for word in _ILL])
    at = np.flatnonzero(ill & (log.codes["reason"] >= 0) & (scene.staged.of >= 0))
    if not len(at):
        yield from (Entry(stage, "no data", float("nan"), "share of customers", 0) for stage in range(scene.n_stages))
        return
    rows = pd.DataFrame(
        {"stage": scene.staged.of[at], "reason": log.codes["reason"][at], "customer": scene.customer[at]}
    ).drop_duplicates()
    of = scene.visits.groupby("stage")["customer"].nunique()
    counted = rows.groupby(["stage", "reason"]).size().rename("k").reset_index()
    counted = counted.sort_values(["stage", "k", "reason"], ascending=[True, False, True])
    for stage, group in counted.groupby("stage"):
        n = int(of[stage])
        for code, k in group[["reason", "k"]].head(_TOP).to_numpy(np.int64):
            low, high = wilson(k, n)
            word = str(log.words["reason"][code])
            yield Entry(int(str(stage)), word, float(k / n), "share of customers", n, float(low), float(high))


def systems(scene: Scene) -> Iterator[Entry]:
    """Which systems know of this stage: share of its touchpoints that each of them wrote down."""
    log = scene.journeys.log
    at = np.flatnonzero((log.codes["source"] >= 0) & (scene.staged.of >= 0))
    stage, code, customer = scene.staged.of[at], log.codes["source"][at], scene.customer[at]
    for source in np.unique(code):
        k, n, share, low, high = clustered_share(code == source, stage, customer, scene.n_stages)
        for number in np.flatnonzero(k > 0):
            word, bounds = str(log.words["source"][source]), (float(low[number]), float(high[number]))
            yield Entry(int(number), word, float(share[number]), "share of touchpoints", int(n[number]), *bounds)


def opportunities(scene: Scene) -> Iterator[Entry]:
    """List what could be looked at for improvement: candidates, inferred, by the share of customers they touch."""
    from mining.maps.candidates import find_candidates

    number = {name: at for at, name in enumerate(scene.staged.names)}
    found = find_candidates(scene.journeys, scene.design).frame
    for row in found[found["stage"].isin(list(number))].to_dict("records"):
        bounds, item = (float(row["low"]), float(row["high"])), f"{row['kind']}: {row['where']}"
        n = int(row["n_customers"])
        yield Entry(number[str(row["stage"])], item, float(row["share"]), "share of customers", n, *bounds, "inferred")


def owner(scene: Scene) -> Iterator[Entry]:
    """Who owns the stage: as the design says (typed), else the team that acts most there (inferred)."""
    typed = owners_of(scene.design)
    log = scene.journeys.log
    at = np.flatnonzero((log.codes["team"] >= 0) & (scene.staged.of >= 0))
    for stage, name in enumerate(scene.staged.names):
        if name in typed:
            n = int((scene.visits["stage"] == stage).sum())
            yield Entry(stage, typed[name], float("nan"), "owner", n, mark="typed")
            continue
        teams = log.codes["team"][at[scene.staged.of[at] == stage]]
        if len(teams):
            counted = np.bincount(teams)
            most = int(counted.argmax())
            share = float(counted[most] / len(teams))
            yield Entry(stage, str(log.words["team"][most]), share, "share of touchpoints", len(teams), mark="inferred")


def owners_of(design: Design | None) -> dict[str, str]:
    """Look up who owns each stage by the design."""
    if design is None:
        return {}
    steps: pd.DataFrame = design.frame.dropna(subset=["owner"]).drop_duplicates("stage")
    return {str(stage): str(who) for stage, who in zip(steps["stage"], steps["owner"], strict=True) if str(who)}


LANES: Final[dict[str, Callable[[Scene], Iterator[Entry]]]] = {
    "customers do": customers_do,
    "we do": we_do,
    "channels": channels,
    "waits": waits,
    "people met": people_met,
    "outcome": outcome,
    "feeling": feeling,
    "sla": sla,
    "objections": objections,
    "systems": systems,
    "opportunities": opportunities,
    "owner": owner,
}


def table_of(scene: Scene, lane: str) -> list[dict[str, Any]]:
    """Spell the entries of one lane out."""
    names = scene.staged.names
    return [{"lane": lane, **entry._asdict(), "stage": names[entry.stage]} for entry in LANES[lane](scene)]
