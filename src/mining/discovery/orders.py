"""What comes sooner or later after what, and what is done again: counted per distinct path, weighed by journeys."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import Paths, paths
from mining._statistics import wilson
from mining.journeys import Journeys

__all__ = ["count_orders", "count_rework", "reach"]

_Integers = npt.NDArray[np.int64]
_MOST: Final = 500  # activities: a table of all pairs of many more is too large, for readers too


def count_orders(journeys: Journeys) -> pd.DataFrame:
    """Count, for every two activities, the journeys in which the one comes sooner or later after the other.

    Parameters
    ----------
    journeys : Journeys
        What to count in.

    Returns
    -------
    DataFrame
        activity, later_activity, n_journeys (in which the first of the one comes before the last of the other),
        of_journeys (with the one), share, share_low, share_high (Wilson, 95 %), n_left_out (activities too rare to be
        looked at, because there are more than five hundred); pairs that occur, ordered by activity, later_activity. An
        activity follows itself where it happens twice.
    """
    found = paths(journeys.log)
    words = [str(word) for word in journeys.log.words["activity"]]
    first, last = reach(found, len(words))
    weight = found.n_journeys
    has = weight @ (last >= 0)
    kept = np.sort(np.argsort(-has, kind="stable")[:_MOST])
    first, last, seen, has = first[:, kept], last[:, kept], int((has > 0).sum()), has[kept]
    after = np.stack([weight @ ((first[:, [one]] < last) & (last >= 0)) for one in range(len(kept))]) if words else has
    one, other = np.nonzero(after)
    n, of = after[one, other], has[one]
    low, high = wilson(n, of)
    names = np.array(words, dtype=object)[kept]
    frame = pd.DataFrame({"activity": names[one], "later_activity": names[other], "n_journeys": n, "of_journeys": of})
    frame = frame.assign(share=n / np.maximum(of, 1), share_low=low, share_high=high)
    frame = frame.assign(n_left_out=max(seen - len(kept), 0))
    return frame.astype({"activity": "str", "later_activity": "str"})


def count_rework(journeys: Journeys) -> pd.DataFrame:
    """Count which activities are done again, at once or after something else.

    Parameters
    ----------
    journeys : Journeys
        What to count in.

    Returns
    -------
    DataFrame
        activity, n_touchpoints, n_again (touchpoints of it beyond the first of their journey), n_at_once (right after
        another of it), n_after_one (with one touchpoint of something else between: there and back), n_journeys (in
        which it is done again), of_journeys (with it), share, share_low, share_high (Wilson, 95 %); most done again
        first.
    """
    log = journeys.log
    found = paths(log)
    words = np.array([str(word) for word in log.words["activity"]], dtype=object)
    size = len(words)
    path = np.repeat(np.arange(len(found.n_journeys)), np.diff(found.offsets))
    weight = found.n_journeys[path]
    activity = found.activity
    times = np.bincount(path * size + activity, minlength=len(found.n_journeys) * size).reshape(-1, size)
    of, n = found.n_journeys @ (times > 0), found.n_journeys @ (times > 1)
    low, high = wilson(n, of)
    frame = pd.DataFrame(
        {
            "activity": words,
            "n_touchpoints": found.n_journeys @ times,
            "n_again": found.n_journeys @ np.maximum(times - 1, 0),
            "n_at_once": _same(activity, path, weight, apart=1, size=size),
            "n_after_one": _same(activity, path, weight, apart=2, size=size),
            "n_journeys": n,
            "of_journeys": of,
            "share": n / np.maximum(of, 1),
            "share_low": low,
            "share_high": high,
        }
    ).astype({"activity": "str"})
    frame = frame[frame["n_touchpoints"] > 0]
    return frame.sort_values(["n_again", "activity"], ascending=[False, True], ignore_index=True)


def reach(found: Paths, size: int) -> tuple[_Integers, _Integers]:
    """Give for each path and activity the first and the last place; past the end and -1 where it does not occur."""
    n_paths = len(found.n_journeys)
    path = np.repeat(np.arange(n_paths), np.diff(found.offsets))
    place = np.arange(len(found.activity)) - found.offsets[path]
    first, last = np.full(n_paths * size, np.iinfo(np.int64).max), np.full(n_paths * size, -1)
    key = path * size + found.activity
    np.minimum.at(first, key, place)
    np.maximum.at(last, key, place)
    return first.reshape(n_paths, size), last.reshape(n_paths, size)


def _same(activity: _Integers, path: _Integers, weight: _Integers, *, apart: int, size: int) -> _Integers:
    """Count touchpoints whose activity is that of the one so many places before, with another in between."""
    later, before = activity[apart:], activity[: len(activity) - apart]
    same = (later == before) & (path[apart:] == path[: len(path) - apart])
    if apart == 2:
        same &= activity[1:-1] != later
    return np.bincount(later[same], weight[apart:][same], minlength=size).astype(np.int64)
