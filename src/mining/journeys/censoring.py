"""Which journeys observation cuts off: what began before it, and what is still running when it ends."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._engine.columns import Codes
from mining.journeys.censoring_model import Silences, more_to_come
from mining.journeys.journeys import FINAL_OUTCOMES, Journeys
from mining.journeys.narrowing import microseconds
from mining.sources.clean_touchpoints import CleanTouchpoints

__all__ = ["censoring"]

_DAY: Final = 86_400_000_000
_ENOUGH: Final = 20  # touchpoints of a source: of so many silences the last is the longest by chance once in twenty
_Integers = npt.NDArray[np.int64]
_Marks = npt.NDArray[np.bool_]
_Shares = npt.NDArray[np.float64]


def censoring(journeys: Journeys) -> pd.DataFrame:
    """Tell per journey from when until when it was observed, and how probable it is that it is longer than was seen.

    A source is observed from the earliest to the latest touchpoint of the whole export. It is taken to begin later, at
    its own first touchpoint, or to end earlier, at its own last one, where its silence there is longer than any in
    between; only with twenty touchpoints or more, since of fewer silences the last is often the longest by chance. A
    journey is observed while all of its sources are, and at its own touchpoints in any case.

    Both probabilities are estimated from the journeys given (see `more_to_come`): how often touchpoints of an activity
    are the last (first), and how long silences after (before) it last otherwise. This takes for granted that journeys
    are in the export, and among those given, whether they ended or not: ask it before narrowing to those that reached
    something, and doubt it where an export was made of closed cases only. Where a case is cut into several journeys
    (`gap`), one with another part of its case after it has ended, and one with another part before it began here.

    Parameters
    ----------
    journeys : Journeys
        Possibly none.

    Returns
    -------
    DataFrame
        Indexed by journey_id, in order:

        - observed_from, observed_until: UTC;
        - outcome: the last final one it holds (won, lost, solved, disqualified), missing otherwise;
        - silent_days: from the end of its last touchpoint until observed_until, 0 or more;
        - began_before: probability that touchpoints came before observation, 0 to 1 (left censoring);
        - still_running: probability that more touchpoints come after it, 0 to 1 (right censoring), whatever the
          outcome;
        - is_left_censored: began_before is one half or more;
        - is_right_censored: still_running is one half or more, and it holds no final outcome.

    References
    ----------
    Farewell, V. T. (1982). The use of mixture models for the analysis of survival data with long-term survivors.
    """
    log = journeys.log
    observed, (preceded, followed), outcome = _observed(journeys), _parts(journeys), _outcome(log)
    silent = np.maximum(observed.end - log.end_time[log.last], 0)
    began = _more(log, log.time[log.first] - observed.start, preceded, backwards=True)
    runs = _more(log, silent, followed, backwards=False)
    return pd.DataFrame(
        {
            "observed_from": _utc(observed.start),
            "observed_until": _utc(observed.end),
            "outcome": outcome,
            "silent_days": silent / _DAY,
            "began_before": began,
            "still_running": runs,
            "is_left_censored": began >= 0.5,
            "is_right_censored": (runs >= 0.5) & outcome.isna().to_numpy(),
        }
    ).set_index(log.journey_index)


class _Window(NamedTuple):
    start: _Integers
    end: _Integers


def _observed(journeys: Journeys) -> _Window:
    """Give each journey the time in which all of its sources are observed, and its own touchpoints in any case."""
    log = journeys.log
    first, last = log.time[log.first], log.time[log.last]
    if not log.n_journeys:
        return _Window(first, last)
    sources, source = _windows(journeys), log.narrow["source"]
    start = np.maximum.reduceat(sources.start[source], log.first)
    end = np.minimum.reduceat(sources.end[source], log.first)
    if journeys.seen_from is not None:
        start = np.maximum(start, microseconds(journeys.seen_from))
    if journeys.seen_until is not None:
        end = np.minimum(end, microseconds(journeys.seen_until))
    return _Window(np.minimum(start, first), np.maximum(end, last))


def _windows(journeys: Journeys) -> _Window:
    """Tell from when until when each source is observed; the last entry is for what names no source."""
    source, time = _read(journeys, "source")
    earliest, latest = int(time.min()), microseconds(journeys.touchpoints.observed_until)
    n_sources = len(journeys.log.words["source"]) + 1
    observed = _Window(np.full(n_sources, earliest), np.full(n_sources, latest))
    if source.min() == source.max():
        return observed  # there is no other to be silent beside
    order = np.lexsort((time, source))
    codes, time = source[order].astype(np.int64), time[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-2))
    stops = np.append(starts[1:], len(time))
    silence = np.diff(time, prepend=time[0])
    silence[starts] = 0  # before its first touchpoint it is another source's
    longest = np.maximum.reduceat(silence, starts)
    first, last, told = time[starts], time[stops - 1], stops - starts >= _ENOUGH
    observed.start[codes[starts]] = np.where(told & (first - earliest > longest), first, earliest)
    observed.end[codes[starts]] = np.where(told & (latest - last > longest), last, latest)
    return observed


def _read(journeys: Journeys, field: str) -> tuple[Codes, _Integers]:
    """Give the codes of a field and the times of everything that was read, or of the journeys where they do not fit."""
    log, touchpoints = journeys.log, journeys.touchpoints
    codes = log.columns.coded(field)[0]
    if isinstance(touchpoints, CleanTouchpoints):  # its frame may not have been made yet, and is not needed
        time = touchpoints.columns.moments("timestamp")
    else:
        time = np.asarray(touchpoints.frame["timestamp"].astype("datetime64[us, UTC]").astype("int64"), np.int64)
    return (codes, time) if len(codes) == len(time) else (log.narrow[field], log.time)


def _parts(journeys: Journeys) -> tuple[_Marks, _Marks]:
    """Tell which journeys have another part of their case before them, and which after them, kept or not."""
    log = journeys.log
    if log.part is None or not log.n_journeys:
        return np.zeros(log.n_journeys, bool), np.zeros(log.n_journeys, bool)
    same = log.case[1:] == log.case[:-1]
    preceded, followed = np.append(False, same), np.append(same, False)
    if journeys.seen_from is None and journeys.seen_until is None:  # else it may be of the same part what lies outside
        case, time = _read(journeys, journeys.case_field)
        latest = np.full(len(log.cases) + 1, np.iinfo(np.int64).min)
        np.maximum.at(latest, case, time)  # the last entry is for what belongs to no case
        preceded, followed = log.part > 1, followed | (latest[log.case] > log.time[log.last])
    return preceded, followed


def _outcome(log: CodedLog) -> pd.Series[str]:
    """Find the last final outcome of each journey."""
    words, codes = log.words["outcome"], log.narrow["outcome"]
    at = np.full(log.n_journeys, -1)
    if log.n_journeys:
        final = np.append(np.isin(words.astype(str), FINAL_OUTCOMES), False)[codes]
        at = np.maximum.reduceat(np.where(final, np.arange(log.n_touchpoints), -1), log.first)
    found = np.where(at >= 0, np.append(codes, -1)[at], -1)
    return pd.Series(pd.array(words, dtype="str").take(found, allow_fill=True))


def _more(log: CodedLog, silent: _Integers, over: _Marks, *, backwards: bool) -> _Shares:
    """Estimate whether touchpoints come after the last of each journey, or before its first one."""
    activity, none = log.codes["activity"].astype(np.int64), len(log.words["activity"])
    inner = np.ones(log.n_touchpoints, bool)
    inner[log.first] = False
    places = np.flatnonzero(inner)
    between = np.maximum(log.time[places] - log.end_time[places - 1], 0).astype(float)
    beside = np.roll(activity, -1 if backwards else 1)
    beside[log.last if backwards else log.first] = none
    at, rim = (places, log.first) if backwards else (places - 1, log.last)
    closed = Silences(activity[at], beside[at], between)
    return more_to_come(closed, Silences(activity[rim], beside[rim], silent.astype(float)), over, none)


def _utc(micros: _Integers) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(micros.view("datetime64[us]")).tz_localize("UTC")
