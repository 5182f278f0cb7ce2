"""Whether parts of journeys that share nothing, each alone, put customers into the same persona."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._statistics import SMALLEST_CELL
from mining.personas.blocks import path_counts
from mining.personas.encoder import Encoder
from mining.personas.grouping import centres_of, nearest, told_apart
from mining.personas.seen import Seen

__all__ = ["Parts", "comes_back", "echo", "echo_in_halves", "part"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
_MODERATE: Final = 0.4  # where Landis and Koch (1977) begin to speak of moderate agreement
_FAIR: Final = 0.25  # well within what they call fair
_SURELY: Final = 0.15  # of opening and end, at the lower bound: a handful of customers agree by luck
_ONE_SIDED: Final = 1.6448536269514722
_HALVINGS: Final = 15
_GAP: Final = 1 / 8
_FEWEST: Final = 20
_PAIR: Final = 10  # customers in two personas together, below which nothing can be said about the pair


@dataclass(frozen=True, eq=False)
class Parts:
    """What is seen of customers, in parts.

    Attributes
    ----------
    opening, end : ndarray of float
        Columns of numbers of the customers whose journeys have both.
    rows : ndarray of int64
        These customers' rows; fewer than 20 tell nothing.
    does : ndarray of float
        Customers by activities: 1 where the customer ever does it. Without columns where paths are not asked for.
    """

    opening: Floats
    end: Floats
    rows: Labels
    does: Floats


def part(seen: Seen, features: Sequence[str]) -> Parts:
    """Draw the opening of every journey, and its end, each as if it were all there is; and who does what at all.

    The opening is a third of the median length, in every journey the same number of touchpoints, and so is the end, of
    which a journey that is no longer keeps what follows its opening. Were each a share of its own journey, those that
    merely stopped early would differ in both; were there no gap between them, a touchpoint left out would shift both.

    Parameters
    ----------
    seen : Seen
        The customers.
    features : sequence of str
        Perspectives; attributes have no parts and are passed over.

    Returns
    -------
    Parts
    """
    typical = float(np.median(seen.lengths))
    opening = max(round(typical / 3), 1)
    ending = max(int(typical) - opening - max(round(typical * _GAP), 1), 1)
    place = np.arange(len(seen.places)) - np.repeat(seen.offsets[:-1], seen.lengths)
    left = np.repeat(seen.lengths, seen.lengths) - place
    parts = [_taken(seen, place < opening), _taken(seen, (left <= ending) & (place >= opening))]
    both = np.intersect1d(parts[0].owner, parts[1].owner)
    nothing = np.zeros((len(both), 0))
    points = [_points(each.only(both), features) if len(both) >= _FEWEST else nothing for each in parts]
    return Parts(points[0], points[1], both, _does(seen) if "path" in features else np.zeros((seen.n_customers, 0)))


def comes_back(one: npt.ArrayLike, low: npt.ArrayLike, other: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Say whether a grouping is more than a chance habit: moderate agreement of opening and end, or sure and fair ones.

    Where one persona's journey is a part of another's, their ends are alike and can only agree fairly; then halves of
    the activities must agree fairly as well.

    Parameters
    ----------
    one, low : array_like of float
        What `echo` gave; NaN counts as none.
    other : array_like of float
        What `echo_in_halves` gave.

    Returns
    -------
    ndarray of bool
    """
    first, surely, second = (np.nan_to_num(np.asarray(each, float)) for each in (one, low, other))
    return np.asarray((first >= _MODERATE) | ((surely >= _SURELY) & (second >= _FAIR)), bool)


def echo(parts: Parts, labels: Labels, number: int) -> tuple[float, float]:
    """Measure how far the opening and the end of journeys tell the same of a grouping, in its worst pair of groups.

    Chance habits of one touchpoint (a step left out, a call too many) make groups as well, but such a group shows in
    one part and says nothing of the other. What belongs to the customer comes back.

    Parameters
    ----------
    parts : Parts
        See `part`.
    labels : ndarray of int64
        The grouping of all customers.
    number : int
        How many groups.

    Returns
    -------
    kappa : float
        Cohen's kappa of the groups that either part alone speaks for, the smallest over pairs of groups: 1 where they
        always agree, 0 for chance or where it cannot be judged.
    low : float
        The smallest lower bound (95 %, one-sided) over pairs of groups.

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales.
    """
    if len(parts.rows) < _FEWEST:
        return 0.0, 0.0
    table = _said_twice((parts.opening, parts.end), labels[parts.rows], number)
    pairs = [table[np.ix_([one, other], [one, other])] for one in range(number) for other in range(one)]
    return min(_kappa(pair) for pair in pairs), min(_kappa(pair) - _ONE_SIDED * _error(pair) for pair in pairs)


def echo_in_halves(parts: Parts, labels: Labels, number: int, random: np.random.Generator) -> float:
    """Measure how far two halves of the activities tell the same of a grouping, in its worst pair of groups.

    A step left out by chance shows in the half that holds it and says nothing of the other.

    Parameters
    ----------
    parts : Parts
        See `part`.
    labels : ndarray of int64
        The grouping of all customers.
    number : int
        How many groups.
    random : Generator
        Draws the halves.

    Returns
    -------
    float
        Cohen's kappa of the groups that either half alone speaks for, the median over halvings, the smallest over
        pairs of groups; 0 where it cannot be judged.
    """
    worst = 1.0
    for one in range(number):
        for other in range(one):
            rows = np.flatnonzero((labels == one) | (labels == other))
            does, group = parts.does[rows], (labels[rows] == one).astype(np.int64)
            used = np.flatnonzero(does.sum(axis=0) >= SMALLEST_CELL)
            if len(used) < 2:
                return 0.0
            found = []
            for _ in range(_HALVINGS):
                half, rest = np.array_split(random.permutation(used), 2)
                found.append(_kappa(_said_twice((does[:, half], does[:, rest]), group, 2)))
            worst = min(worst, float(np.median(found)))
    return worst


def _said_twice(parts: tuple[Floats, Floats], labels: Labels, number: int) -> Labels:
    """Count customers by the group that either part alone puts them in."""
    said = []
    for points in parts:
        scaled = points * np.sqrt(told_apart(points, labels, number))
        said.append(nearest(scaled, centres_of(scaled, labels, number)))
    return np.bincount(said[0] * number + said[1], minlength=number * number).reshape(number, number)


def _does(seen: Seen) -> Floats:
    used = np.unique(seen.codes("activity"))
    counts = path_counts(seen, seen.log.words["activity"][used[used >= 0]])[0]
    return np.asarray(counts.toarray()[:, :-1] > 0, float)


def _taken(seen: Seen, marked: npt.NDArray[np.bool_]) -> Seen:
    journeys, begins = np.unique(seen.journey_of[marked], return_index=True)
    offsets = np.append(begins, marked.sum()).astype(np.int64)
    return replace(seen, places=seen.places[marked], offsets=offsets, owner=seen.owner[journeys])


def _points(each: Seen, features: Sequence[str]) -> Floats:
    nothing = pd.DataFrame(index=pd.RangeIndex(each.n_customers))
    return Encoder.learn(each, nothing, features).points(each, nothing)


def _kappa(table: Labels) -> float:
    total = int(table.sum())
    if total < _PAIR:
        return 0.0
    chance = float((table.sum(axis=0) * table.sum(axis=1)).sum()) / total**2
    return (float(np.trace(table)) / total - chance) / (1 - chance) if chance < 1 else 0.0


def _error(table: Labels) -> float:
    """Give the standard error of kappa, as Cohen does."""
    total = max(int(table.sum()), 1)
    agreed = float(np.trace(table)) / total
    chance = float((table.sum(axis=0) * table.sum(axis=1)).sum()) / total**2
    return float(np.sqrt(agreed * (1 - agreed) / total)) / (1 - chance) if chance < 1 else 0.0
