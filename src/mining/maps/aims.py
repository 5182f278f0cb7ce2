"""Aims: which touchpoints a goal hangs on, and which customers came to miss it after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.timing.clustering import matter_of
from mining.timing.losses import fates

__all__ = ["AIMS", "WEIGHTS", "Aim"]

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

_NEVER: Final = np.iinfo(np.int64).max


class Aim(NamedTuple):
    """Per touchpoint: whether the goal hangs on it, whether its end is known, and whether the goal was missed.

    A touchpoint that says that something was lost is the end of a process and none itself.
    """

    counted: Flags
    known: Flags
    missed: Flags


class _Past(NamedTuple):
    """Customer of each touchpoint; per customer the first and last win (time) and whether something still runs."""

    who: Integers
    first_win: Integers
    last_win: Integers
    is_open: Flags

    @property
    def is_won(self) -> Flags:
        """Whether each customer was ever won."""
        return self.first_win < _NEVER


def _past(journeys: Journeys) -> _Past:
    log, customer = journeys.log, customer_of(journeys.log)
    who, n = customer[log.journey_of], int(customer.max(initial=-1)) + 1
    wins = _wins(journeys)
    first, last = np.full(n, _NEVER), np.full(n, -_NEVER)
    np.minimum.at(first, who[wins], log.time[wins])
    np.maximum.at(last, who[wins], log.time[wins])
    is_open = np.zeros(n, bool)
    is_open[customer[~fates(journeys).is_finished]] = True
    return _Past(who, first, last, is_open)


def _wins(journeys: Journeys) -> Integers:
    """Find the wins; what a named deal, ticket or lead says again about its own win is none."""
    log = journeys.log
    wins = np.flatnonzero(log.holds("outcome", "won"))
    matter, is_named = matter_of(log)
    first = np.zeros(len(wins), bool)
    first[np.unique(matter[wins], return_index=True)[1]] = True
    return np.asarray(wins[first | ~is_named[wins]], np.int64)


def _acquisition(journeys: Journeys) -> Aim:
    past = _past(journeys)
    # Where nobody was ever won, winning is not what the log tells of.
    before = (journeys.log.time <= past.first_win[past.who]) & past.is_won.any()
    return Aim(before, (past.is_won | ~past.is_open)[past.who], ~past.is_won[past.who])


def _satisfaction(journeys: Journeys) -> Aim:
    log = journeys.log
    everywhere, score = np.ones(log.n_touchpoints, bool), log.numbers.get("score")
    if score is None or np.isnan(score).all():
        return Aim(everywhere, ~everywhere, ~everywhere)
    at = np.where(np.isnan(score), log.n_touchpoints, np.arange(log.n_touchpoints))
    following = np.minimum.accumulate(at[::-1])[::-1]
    known = following <= np.repeat(log.last, log.lengths)
    return Aim(everywhere, known, known & (np.append(score, np.nan)[following] < 0.5))


def _retention(journeys: Journeys) -> Aim:
    past, log = _past(journeys), journeys.log
    customer, lost = customer_of(log), fates(journeys).is_lost
    order = np.lexsort((log.time[log.last], customer))
    left = np.zeros(len(past.is_open), bool)
    # Of several journeys of one customer the last one is written last and stays.
    left[customer[order]] = lost[order]
    after = log.time > past.first_win[past.who]
    return Aim(after, ~past.is_open[past.who], left[past.who])


def _cross_sell(journeys: Journeys) -> Aim:
    past, time = _past(journeys), journeys.log.time
    again = past.last_win[past.who] > np.maximum(time, past.first_win[past.who])
    return Aim(time > past.first_win[past.who], again | ~past.is_open[past.who], ~again)


AIMS: Final[Mapping[str, Callable[[Journeys], Aim]]] = MappingProxyType(
    {
        "acquisition": _acquisition,
        "satisfaction": _satisfaction,
        "retention": _retention,
        "cross-sell": _cross_sell,
    }
)
# A judgement and no measurement: what is lost counts most; where customers must be pleased, so do waits and promises.
WEIGHTS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "acquisition": {"goal": 0.6, "time": 0.2, "promise": 0.2},
        "satisfaction": {"goal": 0.4, "time": 0.3, "promise": 0.3},
        "retention": {"goal": 0.6, "time": 0.2, "promise": 0.2},
        "cross-sell": {"goal": 0.6, "time": 0.2, "promise": 0.2},
    }
)
