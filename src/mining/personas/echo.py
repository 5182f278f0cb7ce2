"""Whether the opening of journeys alone and their end alone put customers into the same persona."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.personas.encoder import Encoder
from mining.personas.grouping import centres_of, nearest, told_apart
from mining.personas.seen import Seen

__all__ = ["Parts", "echo", "part"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Parts = tuple[Floats, Floats, Labels]
_GAP: Final = 1 / 8
_FEWEST: Final = 20
_PAIR: Final = 10  # customers in two personas together, below which nothing can be said about the pair


def part(seen: Seen, features: Sequence[str]) -> Parts | None:
    """Draw the opening of every journey, and its end, each as if it were all there is.

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
    opening, end : ndarray
        Columns of numbers of the customers that have both.
    rows : ndarray of int64
        These customers' rows. None instead of all three where they are fewer than 20.
    """
    typical = float(np.median(seen.lengths))
    opening = max(round(typical / 3), 1)
    ending = max(int(typical) - opening - max(round(typical * _GAP), 1), 1)
    place = np.arange(len(seen.places)) - np.repeat(seen.offsets[:-1], seen.lengths)
    left = np.repeat(seen.lengths, seen.lengths) - place
    parts = [_taken(seen, place < opening), _taken(seen, (left <= ending) & (place >= opening))]
    both = np.intersect1d(parts[0].owner, parts[1].owner)
    if len(both) < _FEWEST:
        return None
    points = [_points(each.only(both), features) for each in parts]
    return points[0], points[1], both


def echo(parts: Parts | None, labels: Labels, number: int) -> float:
    """Measure how far the opening and the end of journeys tell the same of a grouping, in its worst pair of groups.

    Chance habits of one touchpoint (a step left out, a call too many) make groups as well, but such a group shows in
    one part and says nothing of the other. What belongs to the customer comes back.

    Parameters
    ----------
    parts : Parts or None
        See `part`.
    labels : ndarray of int64
        The grouping of all customers.
    number : int
        How many groups.

    Returns
    -------
    float
        Cohen's kappa of the groups that either part alone speaks for, the smallest over pairs of groups: 1 where they
        always agree, 0 for chance or where it cannot be judged.

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales.
    """
    if parts is None:
        return 0.0
    *drawn, both = parts
    said = []
    for points in drawn:
        scaled = points * np.sqrt(told_apart(points, labels[both], number))
        said.append(nearest(scaled, centres_of(scaled, labels[both], number)))
    table = np.bincount(said[0] * number + said[1], minlength=number * number).reshape(number, number)
    return min(_kappa(table[np.ix_([one, other], [one, other])]) for one in range(number) for other in range(one))


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
