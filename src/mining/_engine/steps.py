"""Steps: which touchpoint follows which, how often, and how long customers wait in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine.codes import CodedLog
from mining._engine.quantiles import grouped_quantiles

__all__ = ["ends", "follows", "steps", "terminals", "waits"]

_HOUR: Final = 3_600_000_000
_BLOCK: Final = 1 << 18  # touchpoints looked at together: what is between two passes stays in the processor's cache
_DENSE: Final = 1 << 24  # pairs of activities that are counted in a table of all pairs; beyond it they are sorted
_Integers = npt.NDArray[np.int64]
_Figures = npt.NDArray[np.float64]


def steps(log: CodedLog) -> pd.DataFrame:
    """Count direct successions and measure the waits between them.

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
    frame = waits(log)
    frame.insert(3, "n_journeys", _journeys_per_step(log, len(frame)))
    return frame


def follows(log: CodedLog) -> pd.DataFrame:
    """Count direct successions.

    Returns
    -------
    DataFrame
        activity, next_activity, n_steps; ordered by activity, next_activity.
    """
    edge, count = _counted(log)
    return _named(log, edge, count)


def terminals(log: CodedLog) -> pd.DataFrame:
    """Count how often each activity starts a journey and ends one.

    Returns
    -------
    DataFrame
        activity, n_starts, n_ends; ordered by activity, those that do neither left out.
    """
    starts, stops = _terminal_counts(log)
    used = np.flatnonzero(starts + stops)
    return pd.DataFrame({"activity": log.words["activity"][used], "n_starts": starts[used], "n_ends": stops[used]})


def waits(log: CodedLog) -> pd.DataFrame:
    """Measure the waits of every step: mean, median and ninth decile, exactly.

    Returns
    -------
    DataFrame
        activity, next_activity, n_steps, wait_mean_hours, wait_median_hours, wait_p90_hours; ordered by activity,
        next_activity.
    """
    edge, count = _counted(log)
    frame = _named(log, edge, count)
    middle, ninth, mean = _wait_figures(log, edge, count)
    frame["wait_mean_hours"] = mean / _HOUR
    frame["wait_median_hours"] = middle / _HOUR
    frame["wait_p90_hours"] = ninth / _HOUR
    return frame


def ends(log: CodedLog) -> pd.DataFrame:
    """Count, per activity, its touchpoints, the journeys it is in, and those it starts and ends.

    Returns
    -------
    DataFrame
        activity, n_touchpoints, n_journeys, n_starts, n_ends; one row per activity in use, ordered by activity.
    """
    starts, stops = _terminal_counts(log)
    frame = pd.DataFrame(
        {
            "activity": log.words["activity"],
            "n_touchpoints": np.bincount(log.narrow["activity"], minlength=len(starts)),
            "n_journeys": log.journeys_with("activity"),
            "n_starts": starts,
            "n_ends": stops,
        }
    )
    return frame[frame["n_touchpoints"] > 0].reset_index(drop=True)


def _terminal_counts(log: CodedLog) -> tuple[_Integers, _Integers]:
    activity, breadth = log.narrow["activity"], len(log.words["activity"])
    starts = np.bincount(activity[log.first], minlength=breadth)
    return starts, np.bincount(activity[log.last], minlength=breadth)


def _counted(log: CodedLog) -> tuple[_Integers, _Integers]:
    """Count the pairs of activities that follow each other: their numbers, ascending, and how often."""
    breadth = len(log.words["activity"])
    if breadth**2 > _DENSE:
        edges = np.concatenate([edge for _, edge in _edges(log)] or [np.zeros(0, np.int64)])
        inside = np.ones(len(edges), bool)
        inside[log.last[:-1]] = False
        return np.unique(edges[inside], return_counts=True)
    total = np.zeros(breadth**2, np.int64)
    for _, edge in _edges(log):
        total += np.bincount(edge, minlength=breadth**2)
    activity, between = log.narrow["activity"], log.last[:-1]
    over = activity[between].astype(np.int64) * breadth + activity[between + 1]
    total -= np.bincount(over, minlength=breadth**2)
    used = np.flatnonzero(total)
    return used, total[used]


def _edges(log: CodedLog) -> Iterator[tuple[slice, _Integers]]:
    """Yield, block by block, a number for each touchpoint's activity and the next one's, journeys' ends included."""
    activity, breadth = log.narrow["activity"], len(log.words["activity"])
    for start in range(0, len(activity) - 1, _BLOCK):
        here = slice(start, min(start + _BLOCK, len(activity) - 1))
        edge = activity[here].astype(np.int64)
        edge *= breadth
        edge += activity[here.start + 1 : here.stop + 1]
        yield here, edge


def _named(log: CodedLog, edge: _Integers, count: _Integers) -> pd.DataFrame:
    words = log.words["activity"]
    breadth = max(len(words), 1)
    return pd.DataFrame({"activity": words[edge // breadth], "next_activity": words[edge % breadth], "n_steps": count})


def _wait_figures(log: CodedLog, edge: _Integers, count: _Integers) -> tuple[_Figures, _Figures, _Figures]:
    """Measure each step's waits in microseconds: median, ninth decile and mean."""
    if not len(edge):
        nothing = np.zeros(0)
        return nothing, nothing, nothing
    compact = np.zeros(int(edge[-1]) + 1, np.int64) if edge[-1] < _DENSE else None
    if compact is not None:
        compact[edge] = np.arange(len(edge))
    wait, step = np.empty(log.n_touchpoints - 1, np.int64), np.empty(log.n_touchpoints - 1, np.int64)
    for here, pair in _edges(log):
        wait[here], step[here] = _wait(log, here), _place(edge, compact, pair)
    step[log.last[:-1]] = len(edge)  # a journey's last touchpoint waits for nothing
    middle, ninth = grouped_quantiles(step, wait, count, (0.5, 0.9))
    return middle, ninth, _sums(wait, step, len(edge)) / count


def _place(edge: _Integers, compact: _Integers | None, pair: _Integers) -> _Integers:
    if compact is None:
        return np.asarray(np.minimum(np.searchsorted(edge, pair), len(edge) - 1), np.int64)
    return np.asarray(compact[np.minimum(pair, len(compact) - 1)])


def _wait(log: CodedLog, here: slice) -> _Integers:
    wait = log.time[here.start + 1 : here.stop + 1] - log.end_time[here]
    np.maximum(wait, 0, out=wait)
    return wait


def _sums(wait: _Integers, step: _Integers, n_steps: int) -> _Figures:
    """Add up exactly: whole microseconds in two halves, so that no sum outgrows what a number holds."""
    high, low = np.zeros(n_steps + 1), np.zeros(n_steps + 1)
    for at in range(0, len(wait), _BLOCK):
        here = slice(at, at + _BLOCK)
        high += np.bincount(step[here], wait[here] >> 26, n_steps + 1)
        low += np.bincount(step[here], wait[here] & (2**26 - 1), n_steps + 1)
    return np.asarray(high[:-1] * 2**26 + low[:-1], float)


def _journeys_per_step(log: CodedLog, n_steps: int) -> _Integers:
    """Count the journeys that take each step: a step repeated in a journey counts once."""
    if not n_steps:
        return np.zeros(0, np.int64)
    breadth = len(log.words["activity"])
    key = np.concatenate([edge for _, edge in _edges(log)])
    inside = np.ones(len(key), bool)
    inside[log.last[:-1]] = False
    bits = (breadth**2).bit_length()
    key |= log.journey_of[:-1] << bits
    key = np.sort(key[inside])
    fresh = key[np.append(True, key[1:] != key[:-1])] & ((1 << bits) - 1)
    if breadth**2 > _DENSE:
        return np.asarray(np.unique(fresh, return_counts=True)[1], np.int64)
    count: _Integers = np.bincount(fresh)
    return np.asarray(count[count > 0], np.int64)
