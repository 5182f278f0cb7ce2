"""Steps taken: one entry per touchpoint and the one that followed it, with the wait in between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mining._engine import CodedLog
from mining._errors import FieldError
from mining.timing.calendar import Calendar

__all__ = ["StepsTaken", "following", "span_hours", "steps_taken"]

HOUR = 3_600_000_000


@dataclass(frozen=True, eq=False)
class StepsTaken:
    """Positions in the log where each step starts and ends, and which pair of activities it is.

    `activity`, `next_activity` and `is_direct` have one entry per pair, ordered by activity, next activity.
    """

    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    hours: npt.NDArray[np.float64]
    pair: npt.NDArray[np.int64]
    activity: npt.NDArray[np.object_]
    next_activity: npt.NDArray[np.object_]
    is_direct: npt.NDArray[np.bool_]


def steps_taken(log: CodedLog, between: Iterable[tuple[str, str]] = (), calendar: Calendar | None = None) -> StepsTaken:
    """List the steps of all journeys.

    Parameters
    ----------
    log : CodedLog
        The linked log.
    between : iterable of pairs of activities
        Pairs measured from the first to the next second, passing over whatever lies between; such a pair stands in
        place of its direct succession. Where the first repeats before the second, the wait runs from the last one.
    calendar : Calendar, optional
        Count working hours instead of hours.
    """
    start = np.setdiff1d(np.arange(log.n_touchpoints), log.last, assume_unique=True)
    activity = log.codes["activity"].astype(np.int64)
    breadth = max(len(log.words["activity"]), 1)
    key = activity[start] * breadth + activity[start + 1] if len(start) else start
    starts, ends, keys, apart = [start], [start + 1], [key], []
    for first, second in dict.fromkeys(between):
        code = _code(log, first) * breadth + _code(log, second)
        at, then = following(log, log.holds("activity", first), log.holds("activity", second))
        nearest = np.append(then[1:] != then[:-1], True)[: len(then)]
        kept = keys[0] != code
        starts[0], ends[0], keys[0] = starts[0][kept], ends[0][kept], keys[0][kept]
        starts.append(at[nearest])
        ends.append(then[nearest])
        keys.append(np.full(int(nearest.sum()), code))
        apart.append(code)
    at, then, key = (np.concatenate(parts).astype(np.int64) for parts in (starts, ends, keys))
    edge, pair = np.unique(key, return_inverse=True)
    words = log.words["activity"]
    return StepsTaken(
        start=at,
        end=then,
        hours=span_hours(log.end_time[at], log.time[then], calendar),
        pair=pair.astype(np.int64),
        activity=words[edge // breadth],
        next_activity=words[edge % breadth],
        is_direct=~np.isin(edge, apart),
    )


def span_hours(
    start: npt.NDArray[np.int64], end: npt.NDArray[np.int64], calendar: Calendar | None
) -> npt.NDArray[np.float64]:
    """Measure spans in hours, or in working hours where a calendar says which those are; never below 0."""
    if calendar is not None:
        return calendar.hours(start, end)
    return np.asarray(np.maximum(end - start, 0) / HOUR, float)


def following(
    log: CodedLog,
    first: npt.NDArray[np.bool_],
    second: npt.NDArray[np.bool_],
    within: npt.NDArray[np.int64] | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find, for each touchpoint marked `first`, the next one marked `second` of the same journey (or `within`).

    Returns
    -------
    at, then : ndarray of int
        Positions; touchpoints that nothing follows are left out.
    """
    room = log.journey_of if within is None else within
    at, then = np.flatnonzero(first), np.flatnonzero(second)
    # Ordered by room and position, the next touchpoint is one binary search away for all at once.
    then = then[np.lexsort((then, room[then]))]
    key = room[then] * (log.n_touchpoints + 1) + then
    place = np.searchsorted(key, room[at] * (log.n_touchpoints + 1) + at, side="right")
    found = place < len(then)
    at, place = at[found], place[found]
    same = room[then[place]] == room[at]
    return at[same], then[place[same]]


def _code(log: CodedLog, activity: str) -> int:
    found = np.flatnonzero(log.words["activity"] == activity)
    if len(found) == 0:
        raise FieldError.unknown("activity", activity, map(str, log.words["activity"]))
    return int(found[0])
