"""Where one journey ends and the next begins, learned without labels from what surrounds a silence and its length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

__all__ = ["BoundaryEvidence", "boundary_evidence", "boundary_probability"]

_BINS: Final = 24  # lengths of silences are told apart by rank, so that no shape of their distribution is assumed
_MIDDLES: Final = (np.arange(_BINS) + 0.5) / _BINS
_ROUNDS: Final = 60
_SETTLED: Final = 1e-5
_PRIOR: Final = 0.1  # touchpoints that every activity is given beforehand: what is rare is not taken for certain
_BIN_PRIOR: Final = 0.5
_PAIR_PRIOR: Final = 2.0  # silences that every pair of activities is given beforehand, of the middle length
_OWN_PRIOR: Final = 10.0  # the same for a pair with silences of its own, spread over lengths as all silences are
_NEXT_PRIOR: Final = 2.0  # and for an activity, followed by others as often as they follow any
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
    chance : float
        How probable it is that lengths of silences have to do with the order of activities as much as they do if they
        have nothing to do with it, 0 to 1.
    """

    gain: float
    gain_error: float
    chance: float

    @property
    def are_there(self) -> bool:
        """Whether boundaries explain more than usual waits do, and more than chance."""
        return self.gain > _ERRORS * self.gain_error and self.chance < _CHANCE

    def __str__(self) -> str:
        """Say the verdict and the reason for it."""
        if self.are_there:
            return f"there are boundaries: they explain a silence better than usual waits do by {self.gain:.3f} nats"
        if self.chance >= _CHANCE:
            return "no boundaries can be told: lengths of silences have nothing to do with the order of activities"
        return "no boundaries can be told: how long it usually is from one activity to the other explains the silences"


def boundary_probability(before: _Integers, after: _Integers, silence: _Shares, n_activities: int) -> _Shares:
    """Estimate for each silence of a case how probable it is that a journey ends before it and another begins after.

    Each silence is a boundary or not, which nobody has seen. Within a journey activities follow one another as a Markov
    chain; across a boundary one that ends journeys is followed by one that begins them; and the two kinds of silence
    have lengths of their own. Expectation and maximisation take turns until the probabilities settle, starting from
    how long silences are between the same two activities. It always finds two kinds, where there is one too: ask
    `boundary_evidence`. Work grows as sorting the silences does.

    Parameters
    ----------
    before, after : ndarray of int64
        Codes of the activities around each silence, from 0.
    silence : ndarray of float64
        Length of each, in any unit: only the order of lengths counts.
    n_activities : int
        How many activities there are.

    Returns
    -------
    ndarray of float64
        One probability per silence, 0 to 1; the order of the silences does not matter.

    References
    ----------
    Dempster, A. P., Laird, N. M., Rubin, D. B. (1977). Maximum likelihood from incomplete data via the EM algorithm.
    Bernard, G., Senderovich, A., Andritsos, P. (2021). Cut to the Trace! Process-aware partitioning of long-running
    cases in customer journey logs. The published figures on the same task.
    """
    if not len(silence):
        return np.zeros(0)
    pairs, row, bin_of = _counted(before, after, silence, n_activities)
    return np.asarray(_learned(pairs).probability[row, bin_of], float)


def boundary_evidence(before: _Integers, after: _Integers, silence: _Shares, n_activities: int) -> BoundaryEvidence:
    """Judge whether there are boundaries at all, or only waits that are usual between certain activities.

    Twenty times a twentieth of the silences is set aside, boundaries are learned from the others and tried on these.
    They must explain them better than if each pair of activities had waits of its own; and what the activities alone
    say about a boundary must go with the length of the silence. The verdict errs towards none: where there are
    boundaries but usual waits differ much from pair to pair as well, and where silences are few (some hundreds).

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
        return BoundaryEvidence(0.0, 0.0, 1.0)
    pairs, _, _ = _counted(before, after, silence, n_activities)
    random = np.random.default_rng(0)
    left, gain, square, told = pairs.count, 0.0, 0.0, np.zeros((2, _BINS))
    for fold in range(_FOLDS):
        aside = random.binomial(left.astype(np.int64), 1 / (_FOLDS - fold)).astype(float)
        left = left - aside
        others = pairs.counting(pairs.count - aside)
        learned = _learned(others)
        more = np.log(learned.likelihood) - np.log(_likelihood_of_own_waits(others))
        gain, square = gain + float((aside * more).sum()), square + float((aside * more**2).sum())
        said = _standardised(learned.by_activities, aside.sum(axis=1)) @ aside
        told += said, said * np.sign(learned.length_across - learned.length_inside)
    n = len(silence)
    error = np.sqrt(max(square / n - (gain / n) ** 2, 0) / n)
    return BoundaryEvidence(gain / n, float(error), _chance(told, pairs.count.sum(axis=0)))


@dataclass(frozen=True)
class _Pairs:
    """Pairs of activities that occur (codes), and how many silences of each length lie between them (pairs x bins)."""

    before: _Integers
    after: _Integers
    n_activities: int
    count: _Shares

    def counting(self, count: _Shares) -> _Pairs:
        return _Pairs(self.before, self.after, self.n_activities, count)

    def by_before(self, weight: _Shares) -> _Shares:
        return np.asarray(np.bincount(self.before, weight, minlength=self.n_activities), float)

    def by_after(self, weight: _Shares) -> _Shares:
        return np.asarray(np.bincount(self.after, weight, minlength=self.n_activities), float)


@dataclass(frozen=True)
class _Learned:
    """Shares of pairs across and inside, given the activity before, and of lengths across and inside."""

    across: _Shares
    inside: _Shares
    length_across: _Shares
    length_inside: _Shares

    @property
    def likelihood(self) -> _Shares:
        return np.outer(self.across, self.length_across) + np.outer(self.inside, self.length_inside)

    @property
    def probability(self) -> _Shares:
        return np.asarray(np.outer(self.across, self.length_across) / self.likelihood, float)

    @property
    def by_activities(self) -> _Shares:
        return self.across / (self.across + self.inside)


def _counted(before: _Integers, after: _Integers, silence: _Shares, n: int) -> tuple[_Pairs, _Integers, _Integers]:
    codes, row = np.unique(before * n + after, return_inverse=True)
    bin_of = np.minimum((_ranked(silence) * _BINS).astype(np.int64), _BINS - 1)
    count = np.bincount(row * _BINS + bin_of, minlength=len(codes) * _BINS).reshape(-1, _BINS)
    return _Pairs(codes // n, codes % n, n, count.astype(float)), row.astype(np.int64), bin_of


def _ranked(silence: _Shares) -> _Shares:
    """Give each silence its place among all, 0 to 1; equal ones share theirs."""
    _, place, count = np.unique(silence, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    shared: _Shares = (middle / len(silence))[place]
    return shared


def _learned(pairs: _Pairs) -> _Learned:
    typical = (pairs.count @ _MIDDLES + _PAIR_PRIOR / 2) / (pairs.count.sum(axis=1) + _PAIR_PRIOR)
    probability = np.clip((typical[:, None] + _MIDDLES) / 2, 0.02, 0.98)
    seen = pairs.count > 0
    for _ in range(_ROUNDS):
        learned = _maximised(pairs, probability)
        settled = learned.probability
        moved = float(np.abs(settled - probability)[seen].max(initial=0))
        probability = settled
        if moved < _SETTLED:
            break
    return learned


def _maximised(pairs: _Pairs, probability: _Shares) -> _Learned:
    across, inside = pairs.count * probability, pairs.count * (1 - probability)
    ends, begins = (by(across.sum(axis=1)) + _PRIOR for by in (pairs.by_before, pairs.by_after))
    stays = pairs.by_before(inside.sum(axis=1)) + _PRIOR
    leaves = (ends / (ends + stays))[pairs.before]
    goes_on = (inside.sum(axis=1) + _PRIOR / pairs.n_activities) / stays[pairs.before]
    lengths = [kind.sum(axis=0) + _BIN_PRIOR for kind in (across, inside)]
    return _Learned(
        leaves * (begins / begins.sum())[pairs.after],
        (1 - leaves) * goes_on,
        lengths[0] / lengths[0].sum(),
        lengths[1] / lengths[1].sum(),
    )


def _likelihood_of_own_waits(pairs: _Pairs) -> _Shares:
    """Rate every pair and length in a log without boundaries, where each pair has waits of its own."""
    n = pairs.count.sum(axis=1)
    follows = pairs.by_after(n) + _PRIOR
    share = (n + _NEXT_PRIOR * (follows / follows.sum())[pairs.after]) / (pairs.by_before(n) + _NEXT_PRIOR)[
        pairs.before
    ]
    length = pairs.count.sum(axis=0) + _BIN_PRIOR
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
    centred = _MIDDLES - n @ _MIDDLES / total
    trend = float(told[0] @ centred) / np.sqrt(float(n @ centred**2) + 1e-9)
    single = float((told[1] / np.sqrt(np.maximum(n * (1 - n / total), 1))).max())
    return min(1.0, 2 * min(float(ndtr(-trend)), _BINS * float(ndtr(-single))))
