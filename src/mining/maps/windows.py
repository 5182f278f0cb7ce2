"""Windows of time: maps of journeys that begin in one period each, and which of them may be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.maps.scene import Flags, Floats, Integers, Scene, scene_of
from mining.timing.survival import kaplan_meier

__all__ = ["Watched", "comparable", "exposure_of", "watched_of"]

_RUNNING: Final = 0.05
_HALF: Final = 0.5
_DAY: Final = 86_400_000_000
_ENOUGH: Final = 50  # journeys from which it can be estimated what lies outside observation


@dataclass(frozen=True, eq=False)
class Watched:
    """Per journey: days from its beginning to the end of observation, whether it may still run or began before it.

    `enough` is the number of days in which all but 5 % of journeys are over (Kaplan-Meier; infinite where never).
    """

    days: Floats
    is_running: Flags
    began_before: Flags
    enough: float

    @property
    def is_long(self) -> Flags:
        """Whether it was watched as long as nearly all journeys last: the slow are known as well as the quick."""
        return np.asarray(self.days >= self.enough)


def watched_of(journeys: Journeys) -> Watched:
    """Find out how long each journey was watched, and how long would have been enough.

    References
    ----------
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations.
    """
    log = journeys.log
    began_before, running = np.zeros(len(journeys), bool), journeys.unfinished()
    if len(journeys) >= _ENOUGH:
        began_before = journeys.censoring()["is_left_censored"].to_numpy(bool)
    days = (journeys.observed_until.value // 1_000 - log.time[log.first]) / _DAY
    lasted = (log.time[log.last] - log.time[log.first]) / _DAY
    survival = kaplan_meier(np.where(running, days, lasted), ~running)
    over = survival.time[survival.share <= _RUNNING]
    return Watched(days, running, began_before, float(over[0]) if len(over) else np.inf)


def exposure_of(names: list[str], group: Integers, watched: Watched) -> pd.DataFrame:
    """Tell of each period how long its journeys could be watched, and whether that is enough to compare them.

    Returns
    -------
    DataFrame
        persona (the period), n_journeys, n_before, n_running (missing below five), watched_days, is_compared; see
        `map_journey`.
    """
    rows = pd.DataFrame(
        {"group": group, "running": watched.is_running, "before": watched.began_before, "days": watched.days,
         "long": watched.is_long}
    )  # fmt: skip
    found = rows[rows["group"] >= 0].groupby("group").agg(
        n=("running", "size"), running=("running", "sum"), before=("before", "sum"), days=("days", "median"),
        long=("long", "mean"),
    )  # fmt: skip
    is_compared = (found["running"] <= _RUNNING * found["n"]) & (found["long"] >= _HALF)
    return pd.DataFrame(
        {
            "persona": pd.Series([names[at] for at in found.index], dtype="str"),
            "n_journeys": _unless_few(found["n"]),
            "n_before": _unless_few(found["before"]),
            "n_running": _unless_few(found["running"]),
            "watched_days": found["days"].to_numpy(float),
            "is_compared": is_compared.to_numpy(bool),
        }
    )


def _unless_few(n: pd.Series[int]) -> Floats:
    return np.asarray(n.mask((n > 0) & (n < SMALLEST_CELL)), float)


def comparable(scene: Scene, group: Integers, exposure: pd.DataFrame, watched: Watched) -> tuple[Scene, Integers]:
    """Keep each customer's first journey in the periods that may be compared, seen from its beginning and long enough.

    Later journeys of a customer were watched less long than the first, and stand in periods of their own.
    """
    log = scene.journeys.log
    owner = scene.customer[log.first]
    order = np.lexsort((log.time[log.first], owner))
    is_first = np.zeros(len(group), bool)
    is_first[order[np.unique(owner[order], return_index=True)[1]]] = True
    compared = np.append(exposure["is_compared"].to_numpy(bool), False)
    chosen = is_first & watched.is_long & ~watched.began_before & compared[group] & (group >= 0)
    return scene_of(scene.journeys, scene.staged, scene.design, chosen), group[chosen]
