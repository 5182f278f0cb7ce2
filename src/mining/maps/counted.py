"""What the lanes count: which touchpoints, and which wait, journey or customer each of them is a part of."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from mining.maps.scene import Flags, Integers, Scene
from mining.timing.losses import fates
from mining.timing.people import team_runs
from mining.timing.steps_taken import HOUR

__all__ = ["contacts", "decided", "ill", "known_in", "met", "reasoned", "scores", "waited"]

_ILL: Final = ("lost", "disqualified", "complained", "rated_bad", "cancelled", "unsubscribed")


def known_in(scene: Scene, field: str) -> Integers:
    """Find the touchpoints of any stage in which a field is known."""
    return np.flatnonzero((scene.journeys.log.codes[field] >= 0) & (scene.staged.of >= 0))


def contacts(scene: Scene) -> Integers:
    """Find the contacts of any stage."""
    return np.flatnonzero(scene.is_contact & (scene.staged.of >= 0))


def scores(scene: Scene) -> Integers:
    """Find the touchpoints of any stage in which the customer gave a score."""
    score = scene.journeys.log.numbers.get("score")
    return np.zeros(0, np.int64) if score is None else np.flatnonzero(~np.isnan(score) & (scene.staged.of >= 0))


def ill(scene: Scene) -> Flags:
    """Mark touchpoints at which a customer is lost or complains."""
    log = scene.journeys.log
    return np.asarray(np.logical_or.reduce([log.holds("outcome", word) for word in _ILL]))


def reasoned(scene: Scene) -> Integers:
    """Find the touchpoints of any stage at which a customer is lost or complains and a reason is recorded."""
    return np.flatnonzero(ill(scene) & (scene.journeys.log.codes["reason"] >= 0) & (scene.staged.of >= 0))


def waited(scene: Scene) -> dict[str, pd.DataFrame]:
    """List the waits within a stage and on to a later one: at (the touchpoint that they follow), hours."""
    log = scene.journeys.log
    start = np.setdiff1d(np.arange(log.n_touchpoints), log.last, assume_unique=True)
    hours = np.maximum(log.time[start + 1] - log.end_time[start], 0) / HOUR
    here, there = scene.staged.of[start], scene.staged.of[start + 1]
    rows = pd.DataFrame({"at": start, "hours": hours})
    within, onward = (here == there) & (here >= 0), (there > here) & (here >= 0)
    return {"between touchpoints": rows[within], "to the next stage": rows[onward]}


def decided(scene: Scene) -> pd.DataFrame:
    """Keep the visits of which it is known whether the journey goes on to a later stage: with goes_on."""
    visits = scene.visits
    finished = fates(scene.journeys).is_finished[visits["journey"].to_numpy()]
    goes_on = visits.groupby("journey")["stage"].transform("max") > visits["stage"]
    # After the last stage there is nothing to go on to.
    counted = (goes_on | finished) & (visits["stage"] < scene.n_stages - 1)
    return pd.DataFrame(visits.assign(goes_on=goes_on)[counted])


def met(scene: Scene) -> pd.DataFrame:
    """Tell of every visit how many people of ours it met and how often it was handed on; NaN where none are named."""
    log, visits = scene.journeys.log, scene.visits
    at = np.flatnonzero(~scene.is_customers & (log.codes["actor"] >= 0) & (scene.staged.of >= 0))
    rows = pd.DataFrame(
        {"journey": log.journey_of[at], "stage": scene.staged.of[at], "actor": log.codes["actor"][at]}
    ).drop_duplicates()
    taken, room = team_runs(log, log.journey_of)
    again = taken[np.append(False, room[1:] == room[:-1])[: len(room)]]
    again = again[scene.staged.of[again] >= 0]
    handed = pd.DataFrame({"journey": log.journey_of[again], "stage": scene.staged.of[again]})
    places = pd.MultiIndex.from_frame(visits[["journey", "stage"]])
    known = {"met": (rows, len(rows)), "handed": (handed, len(taken))}
    each = {
        name: found.groupby(["journey", "stage"]).size().reindex(places, fill_value=0).to_numpy(float) if n else np.nan
        for name, (found, n) in known.items()
    }
    return visits.assign(**each)
