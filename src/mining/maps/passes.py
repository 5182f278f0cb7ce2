"""Passes: every touchpoint as the end of a process, and what its customers spent and missed there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.maps.aims import AIMS
from mining.maps.scene import Scene
from mining.timing.steps_taken import HOUR

__all__ = ["measured", "named", "passes_of"]


def passes_of(scene: Scene, goal: str) -> pd.DataFrame:
    """List the touchpoints that the goal hangs on: at, stage, step, customer, hours (waited for it), known, missed."""
    log, aim = scene.journeys.log, AIMS[goal](scene.journeys)
    steps = _step_of(scene)
    is_loss = log.holds("outcome", "lost") | log.holds("outcome", "disqualified")
    at = np.flatnonzero(aim.counted & ~is_loss & (scene.staged.of >= 0))
    waited = np.zeros(log.n_touchpoints)
    waited[1:] = np.maximum(log.time[1:] - log.end_time[:-1], 0) / HOUR
    waited[log.first] = 0.0
    return pd.DataFrame(
        {
            "at": at,
            "stage": scene.staged.of[at],
            "step": steps[log.codes["activity"][at]],
            "customer": scene.customer[at],
            "hours": waited[at],
            "known": aim.known[at],
            "missed": aim.missed[at],
        }
    )


def _step_of(scene: Scene) -> npt.NDArray[np.int64]:
    """Give each activity the number of its step; what a design takes for one step has one number."""
    spelled = _steps(scene)
    return np.asarray(np.unique(spelled.astype(str), return_inverse=True)[1], np.int64)


def _steps(scene: Scene) -> npt.NDArray[np.object_]:
    words = scene.journeys.log.words["activity"]
    step_of = {} if scene.design is None else scene.design.step_of
    return np.array([step_of.get(str(word), str(word)) for word in words], dtype=object)


def measured(passes: pd.DataFrame, goal: str) -> pd.DataFrame:
    """Sum passes up to one row per process: customers, times, how many missed the goal, and the time they spent."""
    place = ["stage", "step"]
    each = passes.groupby([*place, "customer"], as_index=False).agg(
        n_times=("at", "size"),
        hours=("hours", "sum"),
        known=("known", "max"),
        # A bad rating stays bad; who came to the goal after one pass has come to it.
        missed=("missed", "max" if goal == "satisfaction" else "min"),
    )
    each["missed"] &= each["known"]
    each["all_hours"] = each.groupby("customer")["hours"].transform("sum")
    found = each.groupby(place, as_index=False).agg(
        n_customers=("customer", "size"),
        n_times=("n_times", "sum"),
        n_known=("known", "sum"),
        n_missed=("missed", "sum"),
        hours=("hours", "sum"),
        all_hours=("all_hours", "sum"),
    )
    found["time_share"] = found["hours"] / found["all_hours"].where(found["all_hours"] > 0, 1.0)
    return pd.DataFrame(found)


def named(found: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    """Spell stages and steps out; their numbers stay as stage_code and step_code."""
    steps = np.unique(_steps(scene).astype(str))
    return found.assign(
        stage_code=found["stage"],
        step_code=found["step"],
        stage=pd.Series(np.asarray(scene.staged.names, dtype=object)[found["stage"]], dtype="str"),
        step=pd.Series(steps[found["step"]], dtype="str"),
    )
