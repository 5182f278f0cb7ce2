"""What comes sooner or later after what, and what is done again: counted per distinct path, weighed by journeys."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import paths
from mining._statistics import wilson
from mining.discovery.places import Places, find_places
from mining.journeys import Journeys

__all__ = ["count_later", "count_orders", "count_rework"]

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
    words = np.array([str(word) for word in journeys.log.words["activity"]], dtype=object)
    at = find_places(paths(journeys.log), len(words), _MOST)
    has, after = at.weight @ (at.times > 0), count_later(at)
    one, other = np.nonzero(after)
    n, of = after[one, other], has[one]
    low, high = wilson(n, of)
    names = words[at.kept]
    frame = pd.DataFrame({"activity": names[one], "later_activity": names[other], "n_journeys": n, "of_journeys": of})
    frame = frame.assign(share=n / np.maximum(of, 1), share_low=low, share_high=high)
    frame = frame.assign(n_left_out=at.left_out)
    return frame.astype({"activity": "str", "later_activity": "str"})


def count_later(at: Places) -> _Integers:
    """Count the journeys in which the one activity (row) comes sooner or later before the other (column).

    Parameters
    ----------
    at : Places
        Where activities stand.

    Returns
    -------
    ndarray of int64, kept x kept
    """
    after = np.zeros((len(at.kept), len(at.kept)), np.int64)
    for one in range(len(at.kept)):
        after[one] = at.weight @ ((at.first[:, [one]] < at.last) & (at.last >= 0))
    return after


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
    # Only what occurs: a table of all paths and activities does not fit where both are many.
    cells, times = np.unique(path * size + activity, return_counts=True)
    here, what = np.divmod(cells, max(size, 1))
    of, n, again = (_weighed(what, found.n_journeys[here] * some, size) for some in (1, times > 1, times - 1))
    low, high = wilson(n, of)
    frame = pd.DataFrame(
        {
            "activity": words,
            "n_touchpoints": of + again,
            "n_again": again,
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


def _same(activity: _Integers, path: _Integers, weight: _Integers, *, apart: int, size: int) -> _Integers:
    """Count touchpoints whose activity is that of the one so many places before, with another in between."""
    later, before = activity[apart:], activity[: len(activity) - apart]
    same = (later == before) & (path[apart:] == path[: len(path) - apart])
    if apart == 2:
        same &= activity[1:-1] != later
    return _weighed(later[same], weight[apart:][same], size)


def _weighed(what: _Integers, weight: _Integers, size: int) -> _Integers:
    return np.bincount(what, weight, minlength=size).astype(np.int64)
