"""Lanes: what each row of the journey map says about each stage, with its n, interval and mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._statistics import median_interval, wilson
from mining.maps.counted import contacts, decided, known_in, met, reasoned, scores, waited
from mining.maps.scene import Flags, Integers, Scene
from mining.timing import check_slas
from mining.timing.clustering import clustered_mean, clustered_quantiles, clustered_share

if TYPE_CHECKING:
    from mining.design import Design

__all__ = ["LANES", "Entry", "owners_of", "promise_said", "table_of"]

_TOP: Final = 3


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
    at = contacts(scene)
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
    for item, rows in waited(scene).items():
        yield from _medians(scene, item, rows["at"].to_numpy(), rows["hours"].to_numpy())


def _medians(scene: Scene, item: str, start: Integers, hours: npt.NDArray[np.float64]) -> Iterator[Entry]:
    found = clustered_quantiles(hours, scene.staged.of[start], scene.customer[start], scene.n_stages)
    for stage in np.flatnonzero(found.n > 0):
        bounds = float(found.low[stage]), float(found.high[stage])
        yield Entry(int(stage), item, float(found.median[stage]), "hours", int(found.n[stage]), *bounds)


def people_met(scene: Scene) -> Iterator[Entry]:
    """How many of our people a journey meets here (median), and how often teams hand it on (mean)."""
    visits = met(scene)
    for stage, here in visits.groupby("stage"):
        number, n = int(str(stage)), len(here)
        if here["met"].notna().all():
            median, low, high = median_interval(here["met"].to_numpy())
            yield Entry(number, "people met", median, "people per journey", n, low, high)
        if here["handed"].notna().all():
            yield Entry(number, "hand-offs", float(here["handed"].sum() / n), "per journey", n)


def outcome(scene: Scene) -> Iterator[Entry]:
    """Share of journeys that go on to a later stage, and of those that end here; what may still run is left out."""
    visits = decided(scene)
    stage, customer = visits["stage"].to_numpy(np.int64), visits["customer"].to_numpy(np.int64)
    goes_on = visits["goes_on"].to_numpy(bool)
    for item, happens in (("go on", goes_on), ("end here", ~goes_on)):
        _, n, share, low, high = clustered_share(happens, stage, customer, scene.n_stages)
        for number in np.flatnonzero(n > 0):
            bounds = float(low[number]), float(high[number])
            yield Entry(int(number), item, float(share[number]), "share of journeys", int(n[number]), *bounds)


def feeling(scene: Scene) -> Iterator[Entry]:
    """Mean satisfaction where customers gave a score; nothing is made up where they did not."""
    at = scores(scene)
    score = scene.journeys.log.numbers["score"][at] if len(at) else np.zeros(0)
    told = clustered_mean(score, scene.staged.of[at].astype(np.int64), scene.customer[at], scene.n_stages)
    for stage, (n, mean, low, high) in enumerate(zip(*told, strict=True)):
        if n:
            bounds = max(float(low), 0.0), min(float(high), 1.0)
            yield Entry(stage, "satisfaction", float(mean), "score 0 to 1", int(n), *bounds)
        else:
            yield Entry(stage, "no data", float("nan"), "score 0 to 1", 0)


def sla(scene: Scene) -> Iterator[Entry]:
    """Promises of the stage and the share kept in time."""
    if scene.design is None or scene.design.frame["within_hours"].isna().all():
        return
    number = {name: at for at, name in enumerate(scene.staged.names)}
    for row in check_slas(scene.journeys, scene.design).frame.to_dict("records"):
        if row["stage"] in number and row["n_due"] > 0:
            item = promise_said(str(row["step"]), float(row["within_hours"]))
            bounds = float(row["low"]), float(row["high"])
            yield Entry(
                number[str(row["stage"])], item, float(row["kept_share"]), "share kept", int(row["n_due"]), *bounds
            )


def promise_said(step: str, within_hours: float) -> str:
    """Name a promise."""
    return f"{step} within {within_hours:g} h"


def objections(scene: Scene) -> Iterator[Entry]:
    """Why customers were lost here, or what they complained of: the reasons that the records give, by customers."""
    log = scene.journeys.log
    at = reasoned(scene)
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
    at = known_in(scene, "source")
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
    at = known_in(scene, "team")
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
