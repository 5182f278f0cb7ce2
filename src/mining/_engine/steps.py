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
    n_journeys = _journeys_per(key, log.journey_of[at])
    key, wait = _sorted_pairs(key, wait)
    start = np.flatnonzero(np.diff(key, prepend=-1))
    count = np.diff(np.append(start, len(key)))
    edge = key[start]
    words = log.words["activity"]
    return pd.DataFrame(
        {
            "activity": words[edge // breadth] if len(edge) else words[:0],
            "next_activity": words[edge % breadth] if len(edge) else words[:0],
            "n_steps": count,
            "n_journeys": n_journeys,
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
    frame = pd.DataFrame(
        {
            "activity": log.words["activity"],
            "n_touchpoints": np.bincount(activity, minlength=breadth),
            "n_journeys": log.journeys_with("activity"),
            "n_starts": np.bincount(activity[log.first], minlength=breadth),
            "n_ends": np.bincount(activity[log.last], minlength=breadth),
        }
    )
    return frame[frame["n_touchpoints"] > 0].reset_index(drop=True)


def _journeys_per(key: npt.NDArray[np.int64], journey: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Count journeys per key, keys ascending; touchpoints of a journey lie together, so a stable sort keeps them so."""
    narrow = key.astype(np.uint16) if len(key) and key.max() < 2**16 else key  # numpy sorts these by radix
    order = np.argsort(narrow, kind="stable")
    key, journey = key[order], journey[order]
    new_key = np.diff(key, prepend=-1) != 0
    start = np.flatnonzero(new_key)
    new = new_key | (np.diff(journey, prepend=-1) != 0)
    return np.add.reduceat(new.astype(np.int64), start) if len(start) else start


def _sorted_pairs(
    key: npt.NDArray[np.int64], wait: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    span = int(wait.max(initial=0)) + 1
    if int(key.max(initial=0)) + 1 < 2**62 // span:
        packed = np.sort(key * span + wait)  # one sort of integers is several times faster than a sort by two keys
        return packed // span, packed % span
    order = np.lexsort((wait, key))
    return key[order], wait[order]


def _quantile(
    ordered: npt.NDArray[np.int64], start: npt.NDArray[np.int64], count: npt.NDArray[np.int64], share: float
) -> npt.NDArray[np.float64]:
    place = (count - 1) * share
    below = place.astype(np.int64)
    above = np.minimum(below + 1, count - 1)
    low, high = ordered[start + below], ordered[start + above]
    return np.asarray(low + (high - low) * (place - below), float)
