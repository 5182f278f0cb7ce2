"""Steps: which touchpoint follows which, how often, and how long customers wait in between."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine.codes import CodedLog

__all__ = ["ends", "steps"]

_HOUR = 3_600_000_000


def steps(log: CodedLog) -> pd.DataFrame:
    """Count direct successions and measure the waits in one sort.

    The wait runs from the end of the first touchpoint (its timestamp where no end is known) to the start of the next,
    and is never negative. Quantiles are exact, interpolated linearly.

    Parameters
    ----------
    log : CodedLog
        The linked log.

    Returns
    -------
    DataFrame
        activity, next_activity, n_steps, n_journeys, wait_mean_hours, wait_median_hours, wait_p90_hours; ordered by
        activity, next_activity.
    """
    inside = np.ones(max(log.n_touchpoints - 1, 0), bool)
    inside[log.last[:-1]] = False
    at = np.flatnonzero(inside)
    activity = log.codes["activity"].astype(np.int64)
    breadth = len(log.words["activity"])
    key = activity[at] * breadth + activity[at + 1]
    wait = np.maximum(log.time[at + 1] - log.end_time[at], 0)
    order = np.lexsort((wait, key))
    key, wait = key[order], wait[order]
    start = np.flatnonzero(np.diff(key, prepend=-1))
    count = np.diff(np.append(start, len(key)))
    edge = key[start]
    pairs = np.unique(np.stack([key, log.journey_of[at][order]]), axis=1)[0] if len(key) else key
    words = log.words["activity"]
    return pd.DataFrame(
        {
            "activity": words[edge // breadth] if len(edge) else words[:0],
            "next_activity": words[edge % breadth] if len(edge) else words[:0],
            "n_steps": count,
            "n_journeys": np.searchsorted(pairs, edge, side="right") - np.searchsorted(pairs, edge),
            "wait_mean_hours": (np.add.reduceat(wait, start) / count / _HOUR) if len(edge) else np.zeros(0),
            "wait_median_hours": _quantile(wait, start, count, 0.5) / _HOUR,
            "wait_p90_hours": _quantile(wait, start, count, 0.9) / _HOUR,
        }
    )


def ends(log: CodedLog) -> pd.DataFrame:
    """Count, per activity, its touchpoints, the journeys it is in, and those it starts and ends.

    Returns
    -------
    DataFrame
        activity, n_touchpoints, n_journeys, n_starts, n_ends; one row per activity in use, ordered by activity.
    """
    activity = log.codes["activity"].astype(np.int64)
    breadth = len(log.words["activity"])
    pairs = np.unique(activity * max(log.n_journeys, 1) + log.journey_of) // max(log.n_journeys, 1)
    frame = pd.DataFrame(
        {
            "activity": log.words["activity"],
            "n_touchpoints": np.bincount(activity, minlength=breadth),
            "n_journeys": np.bincount(pairs, minlength=breadth),
            "n_starts": np.bincount(activity[log.first], minlength=breadth),
            "n_ends": np.bincount(activity[log.last], minlength=breadth),
        }
    )
    return frame[frame["n_touchpoints"] > 0].reset_index(drop=True)


def _quantile(
    ordered: npt.NDArray[np.int64], start: npt.NDArray[np.int64], count: npt.NDArray[np.int64], share: float
) -> npt.NDArray[np.float64]:
    place = (count - 1) * share
    below = place.astype(np.int64)
    above = np.minimum(below + 1, count - 1)
    low, high = ordered[start + below], ordered[start + above]
    return np.asarray(low + (high - low) * (place - below), float)
