"""What of the journeys may be looked at: who the customers are, and nothing from the outcome on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mining._engine import CodedLog
from mining.journeys import Journeys

__all__ = ["Seen", "customers_of", "look", "recombine", "spread"]


@dataclass(frozen=True, eq=False)
class Seen:
    """Touchpoints before the outcome, journey by journey, and the customer of each journey.

    Attributes
    ----------
    log : CodedLog
        Where the touchpoints' codes are.
    places : ndarray of int64
        Position in `log` of each touchpoint that is seen.
    offsets : ndarray of int64
        Where each seen journey begins in `places`.
    owner : ndarray of int64
        Row in `customers` of each seen journey.
    customers : ndarray of object
        Ids, sorted; all have at least one touchpoint here.
    hidden : ndarray of object
        Ids of customers of whom nothing is left before the outcome.
    """

    log: CodedLog
    places: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int64]
    customers: npt.NDArray[np.object_]
    hidden: npt.NDArray[np.object_]

    @property
    def n_customers(self) -> int:
        """How many customers are seen."""
        return len(self.customers)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Touchpoints of each journey."""
        return np.diff(self.offsets)

    @property
    def journey_of(self) -> npt.NDArray[np.int64]:
        """Journey of each touchpoint."""
        return np.repeat(np.arange(len(self.owner)), self.lengths)

    @property
    def customer_of(self) -> npt.NDArray[np.int64]:
        """Row in `customers` of each touchpoint."""
        return np.repeat(self.owner, self.lengths)

    @property
    def goes_on(self) -> npt.NDArray[np.bool_]:
        """Mark touchpoints that have a successor in their journey."""
        marked = np.ones(len(self.places), bool)
        marked[self.offsets[1:] - 1] = False
        return marked

    def codes(self, field: str) -> npt.NDArray[np.int64]:
        """Codes of a field, -1 where missing or where the log has no such field."""
        if field not in self.log.codes:
            return np.full(len(self.places), -1, np.int64)
        return np.asarray(self.log.codes[field][self.places], np.int64)

    def holds(self, field: str, word: str) -> npt.NDArray[np.bool_]:
        """Tell, per touchpoint, whether a field holds a word."""
        if field not in self.log.codes:
            return np.zeros(len(self.places), bool)
        return self.log.holds(field, word)[self.places]

    @property
    def wait(self) -> npt.NDArray[np.float64]:
        """Hours since the touchpoint before it in the log, which for a journey's first means nothing."""
        hours = np.diff(self.log.time, prepend=self.log.time[:1]) / 3_600_000_000
        return np.asarray(np.maximum(hours, 0.0)[self.places], float)

    def only(self, customers: npt.NDArray[np.int64]) -> Seen:
        """Keep some customers, given by ascending rows."""
        row = np.full(self.n_customers, -1, np.int64)
        row[customers] = np.arange(len(customers))
        journeys = np.flatnonzero(row[self.owner] >= 0)
        touchpoints = spread(self.offsets, journeys)
        return replace(
            self,
            places=self.places[touchpoints],
            offsets=np.concatenate([[0], np.cumsum(self.lengths[journeys])]).astype(np.int64),
            owner=row[self.owner[journeys]],
            customers=self.customers[customers],
        )


def customers_of(log: CodedLog) -> npt.NDArray[np.object_]:
    """Name the customer of each journey: the first one its touchpoints name, else the journey itself."""
    known = np.flatnonzero(log.codes["customer"] >= 0)
    journeys, first = np.unique(log.journey_of[known], return_index=True)
    ids = log.journey_ids.copy()
    ids[journeys] = log.decoded("customer", known[first])
    return ids


def look(journeys: Journeys, outcomes: Collection[str]) -> Seen:
    """Cut each journey at its first outcome and gather the rest by customer.

    Whoever groups customers by what they did must not see how it ended: the first touchpoint that carries one of
    `outcomes`, and everything after it in that journey, is left out.

    Parameters
    ----------
    journeys : Journeys
        Under any case notion.
    outcomes : collection of str
        Words of the field outcome that end what is seen; empty to see everything.

    Returns
    -------
    Seen
        Customers in the order of their ids, so that the order of rows in the export does not matter.
    """
    log = journeys.log
    ended = np.zeros(log.n_touchpoints, bool)
    for word in sorted(outcomes):
        ended |= log.holds("outcome", word)
    before = np.cumsum(ended)
    start = np.repeat(before[log.first] - ended[log.first], log.lengths)
    at = np.flatnonzero(before == start)
    journey = log.journey_of[at]
    begins = np.flatnonzero(np.diff(journey, prepend=-1))
    everybody = customers_of(log)
    ids, owner = np.unique(everybody[journey[begins]].astype(str), return_inverse=True)
    customers = ids.astype(object)
    return Seen(
        log=log,
        places=at.astype(np.int64),
        offsets=np.append(begins, len(at)).astype(np.int64),
        owner=owner.astype(np.int64),
        customers=customers,
        hidden=np.setdiff1d(everybody.astype(str), ids).astype(object),
    )


def spread(offsets: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions of everything that belongs to some rows of a ragged table, row after row."""
    lengths = offsets[rows + 1] - offsets[rows]
    shift = offsets[rows] - np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(rows) else offsets[:0]
    return np.asarray(np.arange(lengths.sum()) + np.repeat(shift, lengths), np.int64)


def recombine(seen: Seen, random: np.random.Generator) -> Seen:
    """Tell the same number of journeys, of the same lengths, as if all customers were of one kind.

    Every journey starts like some journey and goes on as some touchpoint with the same activity went on, whoever's it
    was: a first-order Markov chain that draws whole touchpoints, with their waits, channels and people. What customers
    have of their own is gone; everything that holds for all of them stays.

    Parameters
    ----------
    seen : Seen
        What was observed.
    random : Generator
        Source of randomness.

    Returns
    -------
    Seen
        The same customers with recombined touchpoints.
    """
    activity = seen.codes("activity") + 1
    going = np.flatnonzero(seen.goes_on)
    going = going[np.argsort(activity[going], kind="stable")]
    begin = np.searchsorted(activity[going], np.arange(int(activity.max(initial=0)) + 2))
    longest_first = np.argsort(-seen.lengths, kind="stable")
    lengths, first = seen.lengths[longest_first], seen.offsets[longest_first]
    drawn = np.empty(len(seen.places), np.int64)
    drawn[first] = seen.offsets[random.integers(0, len(seen.owner), len(seen.owner))]
    for place in range(1, int(lengths.max(initial=0))):
        alive = first[: np.searchsorted(-lengths, -place)]
        before = activity[drawn[alive + place - 1]]
        # Where nobody ever went on from an activity, a longer journey goes on from anywhere.
        stuck = begin[before] == begin[before + 1]
        low, high = np.where(stuck, 0, begin[before]), np.where(stuck, len(going), begin[before + 1])
        drawn[alive + place] = going[random.integers(low, high)] + 1
    return replace(seen, places=seen.places[drawn])
