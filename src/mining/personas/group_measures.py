"""What groups of customers are compared on: one number per customer and measure, whatever the group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mining._errors import FieldError
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.timing.survival import kaplan_meier

__all__ = ["Measured", "measure_customers"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_MOST: Final = 40
_DAY: Final = 86_400_000_000


@dataclass(frozen=True, eq=False)
class Measured:
    """Customers' numbers, a column per measure; the second column is days, whose median counts.

    Attributes
    ----------
    names : list of (measure, unit)
        The columns.
    values : ndarray of float
        Customers by measures; NaN where it cannot be said yet.
    ended : ndarray of bool
        Whether a customer's days are over; else that many have passed so far.
    exposed : ndarray of float
        Days from a customer's first touchpoint to the end of observation.
    """

    names: list[tuple[str, str]]
    values: Floats
    ended: Flags
    exposed: Floats

    @property
    def scores(self) -> Floats:
        """Give what is summed in tests: distance from the mean of all, and of days the excess of ends (log-rank)."""
        known = ~np.isnan(self.values)
        mean = np.nansum(self.values, axis=0) / np.maximum(known.sum(axis=0), 1)
        scores = np.where(known, self.values - mean, 0.0)
        scores[:, 1] = -_excess(self.values[:, 1], self.ended)
        return scores

    def summed(self, rows: Integers) -> Floats:
        """Summarise some customers: the mean of each measure, of days Kaplan and Meier's median."""
        values = self.values[rows]
        known = ~np.isnan(values)
        n = known.sum(axis=0)
        mean = np.where(known, values, 0.0).sum(axis=0) / np.where(n > 0, n, np.nan)
        mean[1] = kaplan_meier(values[:, 1], self.ended[rows]).median
        return np.asarray(mean, float)


def measure_customers(journeys: Journeys, customer: Integers, *, outcome: str, within: str | None = None) -> Measured:
    """Measure every customer over all its journeys.

    Parameters
    ----------
    journeys : Journeys
        What happened.
    customer : ndarray of int64
        Customer of each journey, counted from 0.
    outcome : str
        Word of the field outcome, or an activity.
    within : str, optional
        As in `Journeys.unfinished`.

    Returns
    -------
    Measured
        Whether the outcome was reached (not known of those unfinished), days, touchpoints per activity without those
        that are the outcome: the forty that most customers have, of those that at least five have.
    """
    log, n = journeys.log, int(customer.max(initial=-1)) + 1
    goal = _goal(journeys, outcome)
    reached = np.bincount(customer, weights=log.any_in_journey(goal), minlength=n) > 0
    running = np.bincount(customer, weights=journeys.unfinished(within), minlength=n) > 0
    started, ended = np.full(n, np.iinfo(np.int64).max), np.full(n, np.iinfo(np.int64).min)
    np.minimum.at(started, customer, log.time[log.first])
    np.maximum.at(ended, customer, log.time[log.last])
    until = np.where(running, np.maximum(ended, journeys.observed_until.value // 1000), ended)
    exposed = (journeys.observed_until.value // 1000 - started) / _DAY
    share = np.where(reached, 1.0, np.where(running, np.nan, 0.0))
    names, counts = _counted(journeys, customer, ~goal)
    values = np.column_stack([share, (until - started) / _DAY, counts])
    measures = [(f"reaches {outcome}", "share"), ("days from first to last touchpoint", "days")]
    return Measured(
        [*measures, *((f"touchpoints: {name}", "per customer") for name in names)], values, ~running, exposed
    )


def _goal(journeys: Journeys, outcome: str) -> Flags:
    log = journeys.log
    if outcome in set(log.words["outcome"]):
        return log.holds("outcome", outcome)
    if outcome in set(log.words["activity"]):
        return log.holds("activity", outcome)
    raise FieldError.unknown("outcome or activity", outcome, [*log.words["outcome"], *journeys.activities])


def _counted(journeys: Journeys, customer: Integers, counted: Flags) -> tuple[list[str], Floats]:
    log, n = journeys.log, int(customer.max(initial=-1)) + 1
    words, breadth = log.words["activity"], max(len(log.words["activity"]), 1)
    at = np.flatnonzero(counted)
    cells, times = np.unique(customer[log.journey_of[at]] * breadth + log.codes["activity"][at], return_counts=True)
    who, activity = np.divmod(cells, breadth)
    people = np.bincount(activity, minlength=breadth)
    often = np.sort(np.argsort(-people, kind="stable")[:_MOST])
    kept = often[people[often] >= SMALLEST_CELL]
    place = np.full(breadth, -1)
    place[kept] = np.arange(len(kept))
    shown = place[activity] >= 0
    counts = np.zeros((n, len(kept)))
    counts[who[shown], place[activity[shown]]] = times[shown]
    return [str(words[code]) for code in kept], counts


def _excess(days: Floats, ended: Flags) -> Floats:
    """Score each customer by its end less those to be expected in its time (Nelson and Aalen's estimate).

    References
    ----------
    Peto, R., Peto, J. (1972). Asymptotically efficient rank invariant test procedures.
    """
    moments, events = np.unique(days[ended], return_counts=True)
    at_risk = len(days) - np.searchsorted(np.sort(days), moments, side="left")
    expected = np.append(0.0, np.cumsum(events / at_risk))
    return np.asarray(ended - expected[np.searchsorted(moments, days, side="right")], float)
