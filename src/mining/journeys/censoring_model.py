"""Whether more is to come after a silence, learned from how long silences last that did end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["Silences", "more_to_come"]

_BINS: Final = 64  # of equal numbers of silences, and as many again that divide the longest of them ever finer
_ROUNDS: Final = 20  # further ones change little but where slow and over cannot be told apart: there all would run on
_SETTLED: Final = 1e-5
_SILENCES: Final = 3.0  # that the rare is given beforehand, spread as those of what it belongs to
_TOUCHPOINTS: Final = 1.0  # the same, as often last ones as those of what it belongs to
_PAIRS: Final = 1_000  # of activities that have curves of their own
_Integers = npt.NDArray[np.int64]
_Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Silences:
    """Silences and the touchpoints that they follow.

    Attributes
    ----------
    activity, before : ndarray of int64
        Codes of the activity of each touchpoint and of the one before it in its journey, from 0; where there is none
        before it, the number of activities.
    length : ndarray of float64
        Length of each silence, 0 or more, in any one unit.
    """

    activity: _Integers
    before: _Integers
    length: _Shares


def more_to_come(closed: Silences, pending: Silences, over: npt.NDArray[np.bool_], n_activities: int) -> _Shares:
    """Estimate for each silence that observation cuts off how probable it is that another touchpoint ends it.

    A mixture cure model. A touchpoint is the last of its journey with a probability that hangs on its activity and on
    the one before; else a silence follows, whose length has a distribution of the same two, of no assumed shape
    (Kaplan-Meier). Of a touchpoint with a pending silence nobody knows which it is: the longer the silence, the more
    likely the last. Expectation and maximisation take turns: a pending silence counts as one that lasts at least so
    long, with the weight of its probability to be one at all, and as a last touchpoint with the rest. They begin with
    all of them over.

    The rare borrow from the frequent: pairs of activities are given three silences beforehand, spread as those of their
    activity, and one touchpoint, as often a last one as those of their activity; activities the same of all (a prior
    as Susarla and Van Ryzin's). No silence is thought longer than the longest that was seen to end: what is silent for
    longer is over, and where observation is short beside the silences too many are thought over. Linear in the number
    of silences but for sorting them.

    Parameters
    ----------
    closed : Silences
        Those that another touchpoint ended.
    pending : Silences
        One per journey, after its last touchpoint and until observation ends. For what came before the first, time is
        reversed.
    over : ndarray of bool
        Pending silences that are known to be followed by nothing.
    n_activities : int
        How many activities there are.

    Returns
    -------
    ndarray of float64
        One probability per pending silence, 0 to 1. All 0 where no silence was closed.

    References
    ----------
    Boag, J. W. (1949). Maximum likelihood estimates of the proportion of patients cured by cancer therapy.
    Farewell, V. T. (1982). The use of mixture models for the analysis of survival data with long-term survivors.
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations.
    Susarla, V., Van Ryzin, J. (1976). Nonparametric Bayesian estimation of survival curves from incomplete
    observations.
    Sy, J. P., Taylor, J. M. G. (2000). Estimation in a Cox proportional hazards cure model. The tail set to zero.
    """
    found = np.zeros(len(pending.length))
    if not len(closed.length) or not len(found):
        return found
    edges = _edges(closed.length)
    group, group_pending, owner = _groups(closed, pending, n_activities)
    unknown = np.flatnonzero(~over & (pending.length <= edges[-1]))
    length, row = pending.length[unknown], group_pending[unknown]
    place = np.searchsorted(edges, length)
    passed = _passed(edges, place, length)
    seen = _Seen(
        owner=owner,
        closed=_table(group * len(edges) + np.searchsorted(edges, closed.length), None, (len(owner), len(edges))),
        pending=_table(row * len(edges) + place, None, (len(owner), len(edges))),
        passed=_table(row * len(edges) + place, passed, (len(owner), len(edges))),
        over=np.bincount(group_pending, minlength=len(owner)) - np.bincount(row, minlength=len(owner)),
    )
    last, survival, hazard = _estimated(seen)
    waits = (1 - last[row]) * survival[row, place] * (1 - passed * hazard[row, place])
    found[unknown] = waits / (last[row] + waits)
    return found


@dataclass(frozen=True, eq=False)
class _Seen:
    """Silences per group and bin of lengths; of the pending also which share of their bin they passed, summed."""

    owner: _Integers  # the activity of each group
    closed: _Shares
    pending: _Shares
    passed: _Shares
    over: _Integers  # last touchpoints per group that are certain to be last

    @cached_property
    def closed_of_activity(self) -> _Shares:
        return _by_activity(self.closed, self.owner)


def _groups(closed: Silences, pending: Silences, n_activities: int) -> tuple[_Integers, _Integers, _Integers]:
    """Group touchpoints by the pairs of activities that journeys break off with, all others by activity alone."""
    broken_off, count = np.unique(_pair(pending, n_activities), return_counts=True)
    pairs = np.sort(broken_off[np.argsort(-count, kind="stable")[:_PAIRS]])
    of_closed, of_pending = (_grouped(silences, pairs, n_activities) for silences in (closed, pending))
    return of_closed, of_pending, np.append(np.arange(n_activities), pairs // (n_activities + 1))


def _pair(silences: Silences, n_activities: int) -> _Integers:
    return silences.activity * (n_activities + 1) + silences.before


def _grouped(silences: Silences, pairs: _Integers, n_activities: int) -> _Integers:
    pair = _pair(silences, n_activities)
    place = np.minimum(np.searchsorted(pairs, pair), len(pairs) - 1)
    return np.where(pairs[place] == pair, n_activities + place, silences.activity)


def _edges(length: _Shares) -> _Shares:
    """Divide lengths at even ranks, and the longest at ranks that come ever closer: the tail decides old silences."""
    n = len(length)
    ranks = np.append(np.linspace(0, n - 1, _BINS + 1), n - np.geomspace(max(n / _BINS, 1), 1, _BINS))
    return np.unique(np.sort(length)[ranks.round().astype(np.int64)])


def _passed(edges: _Shares, place: _Integers, length: _Shares) -> _Shares:
    """Tell how much of its bin each length has passed; the first bin is a point, the shortest length of all."""
    low = edges[np.maximum(place - 1, 0)]
    width = edges[place] - low
    share: _Shares = np.where(width > 0, (length - low) / np.where(width > 0, width, 1), length >= edges[place])
    return share


def _table(cell: _Integers, weights: _Shares | None, shape: tuple[int, int]) -> _Shares:
    return np.bincount(cell, weights, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)


def _estimated(seen: _Seen) -> tuple[_Shares, _Shares, _Shares]:
    """Give the share of last touchpoints per group, and survival and hazard per group and bin."""
    group, place = np.nonzero(seen.pending)
    count = seen.pending[group, place]
    passed = seen.passed[group, place] / count
    going = np.zeros(len(count))
    for _ in range(_ROUNDS):
        weight = np.zeros_like(seen.pending)
        weight[group, place] = count * going
        left = np.zeros_like(weight)
        left[group, place] = count * going * (1 - passed)  # at risk in a part of its last bin only
        last = _last(seen, weight)
        survival, hazard = _curves(seen, weight, left)
        waits = (1 - last[group]) * survival[group, place] * (1 - passed * hazard[group, place])
        settled = waits / (last[group] + waits)
        moved = float(np.abs(settled - going).max(initial=0.0))
        going = settled
        if moved < _SETTLED:
            break
    return last, survival, hazard


def _last(seen: _Seen, weight: _Shares) -> _Shares:
    """Estimate per group how often touchpoints are the last; a group borrows from its activity, that from all."""
    ended = seen.over + (seen.pending - weight).sum(axis=1)
    n = seen.over + seen.pending.sum(axis=1) + seen.closed.sum(axis=1)
    overall = (ended.sum() + 0.5) / (n.sum() + 1)
    of_activity, n_of_activity = np.bincount(seen.owner, ended), np.bincount(seen.owner, n)
    of_activity = (of_activity + _TOUCHPOINTS * overall) / (n_of_activity + _TOUCHPOINTS)
    share: _Shares = (ended + _TOUCHPOINTS * of_activity[seen.owner]) / (n + _TOUCHPOINTS)
    return share


def _curves(seen: _Seen, weight: _Shares, left: _Shares) -> tuple[_Shares, _Shares]:
    """Estimate per group and bin the share of silences that reach it and the share of those that end in it."""
    overall, hazard = _curve(seen.closed.sum(axis=0), weight.sum(axis=0), left.sum(axis=0))
    cut, cut_left = (_by_activity(table, seen.owner) for table in (weight, left))
    of_activity, hazard = _curve(seen.closed_of_activity + _SILENCES * overall * hazard, cut, cut_left)
    return _curve(seen.closed + _SILENCES * (of_activity * hazard)[seen.owner], weight, left)


def _by_activity(table: _Shares, owner: _Integers) -> _Shares:
    n_bins = table.shape[1]
    cell = owner[:, None] * n_bins + np.arange(n_bins)
    return _table(cell.ravel(), table.ravel(), (int(owner.max()) + 1, n_bins))


def _curve(ends: _Shares, cut: _Shares, left: _Shares) -> tuple[_Shares, _Shares]:
    at_risk = np.flip(np.cumsum(np.flip(ends + cut, -1), -1), -1) - left
    hazard = np.minimum(ends / at_risk, 1.0)
    hazard[..., -1] = 1.0  # no silence outlasts the longest that was seen to end
    survival = np.ones_like(hazard)
    np.cumprod(1 - hazard[..., :-1], axis=-1, out=survival[..., 1:])
    return survival, hazard
