"""Perspectives on a customer, each a table of plain numbers: path, channels, tempo, people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mining.personas.seen import Seen

__all__ = [
    "BEHAVIOUR",
    "Counts",
    "channel_counts",
    "distinct",
    "path_counts",
    "people",
    "recoded",
    "tempo",
    "word_counts",
]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Counts: TypeAlias = Any  # scipy's sparse arrays carry no types


def recoded(codes: Codes, words: npt.NDArray[np.object_], known: npt.NDArray[np.object_]) -> Codes:
    """Translate codes of one vocabulary into another's; unknown words become the code after the last."""
    place = {word: code for code, word in enumerate(known)}
    table = np.array([*(place.get(word, len(known)) for word in words), -1], np.int64)
    return np.asarray(table[codes], np.int64)


def path_counts(seen: Seen, activities: npt.NDArray[np.object_]) -> tuple[Counts, Counts]:
    """Count, per customer, activities and pairs of successive activities; a journey's start counts as one.

    Returns
    -------
    single, pair : csr_array
        Customers by activities (the last column for unknown ones), and by pairs: column ``a * (m + 2) + b`` with m
        known activities, m an unknown one and m + 1 the start.
    """
    breadth = len(activities) + 2
    activity = recoded(seen.codes("activity"), seen.log.words["activity"], activities)
    before = np.roll(activity, 1)
    before[seen.offsets[:-1]] = breadth - 1
    return (
        _counted(seen.customer_of, activity, (seen.n_customers, breadth - 1)),
        _counted(seen.customer_of, before * breadth + activity, (seen.n_customers, breadth * breadth)),
    )


def channel_counts(seen: Seen, channels: npt.NDArray[np.object_]) -> Counts:
    """Count, per customer, contacts by channel; states and other marks of the CRM are no contact."""
    channel = recoded(seen.codes("channel"), seen.log.words["channel"], channels)
    contact = (channel >= 0) & (seen.holds("touchpoint_kind", "interaction") | (seen.codes("touchpoint_kind") < 0))
    return _counted(seen.customer_of[contact], channel[contact], (seen.n_customers, len(channels) + 1))


def word_counts(seen: Seen, field: str, words: npt.NDArray[np.object_]) -> Counts:
    """Count, per customer, the touchpoints in which a field holds each word; the last column is for other words."""
    code = recoded(seen.codes(field), seen.log.words.get(field, np.array([], dtype=object)), words)
    known = code >= 0
    return _counted(seen.customer_of[known], code[known], (seen.n_customers, len(words) + 1))


def tempo(seen: Seen) -> dict[str, Floats]:
    """Measure, per customer, the median gap, the mean duration of a journey, and touchpoints per journey.

    Gap and duration are in hours, NaN for customers who never have two touchpoints in one journey.
    """
    inside = np.ones(len(seen.places), bool)
    inside[seen.offsets[:-1]] = False
    gap, owner = seen.wait[inside], seen.customer_of[inside]
    longer = np.bincount(seen.owner, weights=seen.lengths > 1, minlength=seen.n_customers)
    whole = np.bincount(owner, weights=gap, minlength=seen.n_customers)
    n_journeys = np.bincount(seen.owner, minlength=seen.n_customers)
    return {
        "median_gap_hours": _medians(gap, owner, seen.n_customers),
        "duration_hours": np.divide(whole, longer, out=np.full(len(whole), np.nan), where=longer > 0),
        "touchpoints_per_journey": np.bincount(seen.customer_of, minlength=seen.n_customers) / n_journeys,
    }


def people(seen: Seen) -> dict[str, Floats]:
    """Count, per customer, people and teams met, hand-offs per journey, and the share of touchpoints they started."""
    owner, team = seen.customer_of, seen.codes("team")
    staff = ~seen.holds("actor_kind", "customer")
    known = np.flatnonzero(team >= 0)
    journey = seen.journey_of[known]
    moved = (journey[1:] == journey[:-1]) & (team[known][1:] != team[known][:-1])
    handoffs = np.bincount(owner[known][1:][moved], minlength=seen.n_customers)
    size = np.bincount(owner, minlength=seen.n_customers)
    return {
        "n_actors": distinct(owner, np.where(staff, seen.codes("actor"), -1), seen.n_customers),
        "n_teams": distinct(owner, team, seen.n_customers),
        "handoffs": handoffs / np.bincount(seen.owner, minlength=seen.n_customers),
        "inbound_share": np.bincount(owner[seen.holds("direction", "inbound")], minlength=seen.n_customers) / size,
    }


BEHAVIOUR: Final[dict[str, Callable[[Seen], dict[str, Floats]]]] = {"tempo": tempo, "people": people}


def distinct(owner: Codes, code: Codes, n: int) -> Floats:
    """Count distinct codes per owner."""
    known = code >= 0
    breadth = int(code.max(initial=0)) + 1
    # Sorted by hand: numpy finds distinct numbers by hashing, tens of times slower where most are.
    pairs = np.sort(owner[known] * breadth + code[known])
    is_new = np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]
    return np.bincount(pairs[is_new] // breadth, minlength=n).astype(float)


def _counted(row: Codes, column: Codes, shape: tuple[int, int]) -> Counts:
    counts = sparse.coo_array((np.ones(len(row)), (row, column)), shape=shape).tocsr()
    counts.sum_duplicates()
    return counts


def _medians(values: Floats, owner: Codes, n: int) -> Floats:
    order = np.lexsort((values, owner))
    count = np.bincount(owner, minlength=n)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    some = count > 0
    low, high = first + (count - 1) // 2, first + count // 2
    medians = np.full(n, np.nan)
    ordered = values[order]
    medians[some] = (ordered[low[some]] + ordered[high[some]]) / 2
    return medians
