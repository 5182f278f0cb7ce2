"""Whether there are boundaries at all: what was learned is tried on silences that it was not learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from mining.journeys.boundary_model import BIN_PRIOR, BINS, MIDDLES, PRIOR, Pairs, counted, learned_from

__all__ = ["BoundaryEvidence", "boundary_evidence"]

_OWN_PRIOR: Final = 10.0  # silences that a pair with waits of its own is given beforehand, spread as all silences are
_NEXT_PRIOR: Final = 2.0  # and an activity, followed by others as often as they follow any
_FOLDS: Final = 20
_ERRORS: Final = 2.0  # standard errors that boundaries must explain more by
_CHANCE: Final = 0.01
_FURTHEST: Final = 3.0  # standard deviations: a rare pair that is all boundary must not decide alone
_Integers = npt.NDArray[np.int64]
_Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BoundaryEvidence:
    """Whether boundaries are what explains the silences, told on silences that were not learned from.

    Attributes
    ----------
    gain : float
        How much better boundaries explain a silence and what follows it than a log without any does, where each pair of
        activities has silences of its own: log-likelihood per silence, in nats. Below zero the others explain better.
    gain_error : float
        Standard error of `gain`.
    has_order : bool
        Whether the activity before tells anything about the one after: what has no order cannot begin again.
    chance : float
        How probable it is that lengths of silences have to do with the order of activities as much as they do if they
        have nothing to do with it, 0 to 1.
    """

    gain: float
    gain_error: float
    has_order: bool
    chance: float

    @property
    def are_there(self) -> bool:
        """Whether boundaries explain more than usual waits do, and more than chance."""
        return self.has_order and self.gain > _ERRORS * self.gain_error and self.chance < _CHANCE

    def __str__(self) -> str:
        """Say the verdict and the reason for it."""
        if self.are_there:
            return f"there are boundaries: they explain a silence better than usual waits do by {self.gain:.3f} nats"
        if not self.has_order:
            return "no boundaries can be told: activities come in no order that could be broken off"
        if self.chance >= _CHANCE:
            return "no boundaries can be told: lengths of silences have nothing to do with the order of activities"
        return "no boundaries can be told: how long it usually is from one activity to the other explains the silences"


def boundary_evidence(before: _Integers, after: _Integers, silence: _Shares, n_activities: int) -> BoundaryEvidence:
    """Judge whether there are boundaries at all, or only waits that are usual between certain activities.

    Twenty times a twentieth of the silences is set aside, boundaries are learned from the others and tried on these.
    They must explain them better than if each pair of activities had waits of its own; what the activities alone say
    about a boundary must go with the length of the silence; and there must be an order of activities to be broken off.
    The verdict errs towards none: where there are boundaries but usual waits differ much from pair to pair as well, and
    where silences are few (some hundreds).

    Parameters
    ----------
    before, after, silence, n_activities
        As in `boundary_probability`.

    Returns
    -------
    BoundaryEvidence
        The same for the same silences in any order.

    References
    ----------
    Stone, M. (1974). Cross-validatory choice and assessment of statistical predictions.
    Vuong, Q. H. (1989). Likelihood ratio tests for model selection and non-nested hypotheses. The error of the gain.
    """
    if not len(silence):
        return BoundaryEvidence(0.0, 0.0, has_order=False, chance=1.0)
    pairs, _, _ = counted(before, after, silence, n_activities)
    random = np.random.default_rng(0)
    left, told = pairs.count, np.zeros((2, BINS))
    gain, order = _Gain(), _Gain()
    for fold in range(_FOLDS):
        aside = random.binomial(left.astype(np.int64), 1 / (_FOLDS - fold)).astype(float)
        left = left - aside
        others = pairs.counting(pairs.count - aside)
        learned = learned_from(others)
        share, follows = _next_shares(others)
        gain.add(aside, np.log(learned.likelihood) - np.log(_likelihood_of_own_waits(others, share)))
        order.add(aside.sum(axis=1), np.log(share) - np.log(follows))
        said = _standardised(learned.by_activities, aside.sum(axis=1)) @ aside
        told += said, said * np.sign(learned.length_across - learned.length_inside)
    return BoundaryEvidence(
        gain.mean, gain.error, order.mean > _ERRORS * order.error, _chance(told, pairs.count.sum(axis=0))
    )


class _Gain:
    """Sum of differences between two log-likelihoods: their mean, and its standard error."""

    def __init__(self) -> None:
        self._n, self._sum, self._square = 0.0, 0.0, 0.0

    def add(self, times: _Shares, difference: _Shares) -> None:
        self._n += float(times.sum())
        self._sum += float((times * difference).sum())
        self._square += float((times * difference**2).sum())

    @property
    def mean(self) -> float:
        return self._sum / self._n

    @property
    def error(self) -> float:
        return float(np.sqrt(max(self._square / self._n - self.mean**2, 0) / self._n))


def _next_shares(pairs: Pairs) -> tuple[_Shares, _Shares]:
    """Give for every pair how often the one follows the other, and how often it follows any."""
    n = pairs.count.sum(axis=1)
    follows = pairs.by_after(n) + PRIOR
    any_share = (follows / follows.sum())[pairs.after]
    return (n + _NEXT_PRIOR * any_share) / (pairs.by_before(n) + _NEXT_PRIOR)[pairs.before], any_share


def _likelihood_of_own_waits(pairs: Pairs, share: _Shares) -> _Shares:
    """Rate every pair and length in a log without boundaries, where each pair has waits of its own."""
    n = pairs.count.sum(axis=1)
    length = pairs.count.sum(axis=0) + BIN_PRIOR
    own = (pairs.count + _OWN_PRIOR * length / length.sum()) / (n + _OWN_PRIOR)[:, None]
    return np.asarray(share[:, None] * own, float)


def _standardised(value: _Shares, weight: _Shares) -> _Shares:
    share = weight / max(weight.sum(), 1)
    for furthest in (_FURTHEST, np.inf):
        value = value - share @ value
        value = np.clip(value / (np.sqrt(share @ value**2) + 1e-9), -furthest, furthest)
    return value


def _chance(told: _Shares, n: _Shares) -> float:
    """Test what activities say of each length for a trend, and for one length that stands out as learned elsewhere."""
    total = n.sum()
    centred = MIDDLES - n @ MIDDLES / total
    trend = float(told[0] @ centred) / np.sqrt(float(n @ centred**2) + 1e-9)
    single = float((told[1] / np.sqrt(np.maximum(n * (1 - n / total), 1))).max())
    return min(1.0, 2 * min(float(ndtr(-trend)), BINS * float(ndtr(-single))))
