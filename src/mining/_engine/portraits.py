"""Portraits: one row per journey, how long, how many people, how many ways of contact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine.codes import CodedLog

__all__ = ["durations", "portraits"]

_DAY = 86_400_000_000


def portraits(log: CodedLog) -> pd.DataFrame:
    """Describe each journey by one row of counts, times and ends.

    A channel switch is a contact (interaction) in another channel than the contact before; a hand-off is a touchpoint
    of another team than the last team known in that journey. Unknown channels and teams are passed over.

    Parameters
    ----------
    log : CodedLog
        The linked log.

    Returns
    -------
    DataFrame
        Indexed by journey_id: customer, n_touchpoints, n_activities, n_channels, n_actors, n_teams, n_departments,
        channel_switches, handoffs, started, ended (UTC), duration_days, first_activity, last_activity, first_channel,
        last_channel.
    """
    contact = log.holds("touchpoint_kind", "interaction") if "touchpoint_kind" in log.codes else _all(log)
    staff = ~log.holds("actor_kind", "customer")
    started, ended = log.time[log.first], _latest(log)
    frame = pd.DataFrame(
        {
            "customer": log.spelled("customer", log.first),
            "n_touchpoints": log.lengths,
            "n_activities": log.distinct_in_journey("activity"),
            "n_channels": log.distinct_in_journey("channel", contact),
            "n_actors": log.distinct_in_journey("actor", staff),
            "n_teams": log.distinct_in_journey("team"),
            "n_departments": log.distinct_in_journey("department"),
            "channel_switches": _changes(log, "channel", contact),
            "handoffs": _changes(log, "team", _all(log)),
            "started": _moments(started),
            "ended": _moments(ended),
            "duration_days": (ended - started) / _DAY,
            "first_activity": log.spelled("activity", log.first),
            "last_activity": log.spelled("activity", log.last),
            "first_channel": log.spelled("channel", log.first),
            "last_channel": log.spelled("channel", log.last),
        }
    )
    return frame.set_index(log.journey_index)


def durations(log: CodedLog) -> pd.DataFrame:
    """Measure how long each journey takes.

    Parameters
    ----------
    log : CodedLog
        The linked log.

    Returns
    -------
    DataFrame
        Indexed by journey_id: started, ended (UTC), duration_days.
    """
    started, ended = log.time[log.first], _latest(log)
    return pd.DataFrame(
        {"started": _moments(started), "ended": _moments(ended), "duration_days": (ended - started) / _DAY},
        index=log.journey_index,
    )


def _moments(micros: npt.NDArray[np.int64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(micros.view("datetime64[us]")).tz_localize("UTC")


def _all(log: CodedLog) -> npt.NDArray[np.bool_]:
    return np.ones(log.n_touchpoints, bool)


def _latest(log: CodedLog) -> npt.NDArray[np.int64]:
    if log.end_time is log.time or log.n_journeys == 0:
        return log.time[log.last]
    return np.maximum.reduceat(log.end_time, log.first)


def _changes(log: CodedLog, field: str, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    known = np.flatnonzero(mask & (log.narrow[field] >= 0))
    journey, code = log.journey_of[known], log.narrow[field][known]
    changed = (journey[1:] == journey[:-1]) & (code[1:] != code[:-1])
    return np.bincount(journey[1:][changed], minlength=log.n_journeys)
