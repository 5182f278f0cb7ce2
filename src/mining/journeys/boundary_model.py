"""Where one journey ends and the next begins, learned without labels from what surrounds a silence and its length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["BINS", "BIN_PRIOR", "MIDDLES", "PRIOR", "Pairs", "boundary_probability", "counted", "learned_from"]

BINS: Final = 24  # lengths of silences are told apart by rank, so that no shape of their distribution is assumed
MIDDLES: Final = (np.arange(BINS) + 0.5) / BINS
_ROUNDS: Final = 60
_SETTLED: Final = 1e-5
PRIOR: Final = 0.1  # touchpoints that every activity is given beforehand: what is rare is not taken for certain
BIN_PRIOR: Final = 0.5
_PAIR_PRIOR: Final = 2.0  # silences that every pair of activities is given beforehand, of the middle length
_Integers = npt.NDArray[np.int64]
_Shares = npt.NDArray[np.float64]


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
    pairs, row, bin_of = counted(before, after, silence, n_activities)
    return np.asarray(learned_from(pairs).probability[row, bin_of], float)


@dataclass(frozen=True)
class Pairs:
    """Pairs of activities that occur (codes), and how many silences of each length lie between them (pairs x bins)."""

    before: _Integers
    after: _Integers
    n_activities: int
    count: _Shares

    def counting(self, count: _Shares) -> Pairs:
        """Give the same pairs with other counts."""
        return Pairs(self.before, self.after, self.n_activities, count)

    def by_before(self, weight: _Shares) -> _Shares:
        """Add the pairs' weights up by the activity before."""
        return np.asarray(np.bincount(self.before, weight, minlength=self.n_activities), float)

    def by_after(self, weight: _Shares) -> _Shares:
        """Add the pairs' weights up by the activity after."""
        return np.asarray(np.bincount(self.after, weight, minlength=self.n_activities), float)


@dataclass(frozen=True)
class Learned:
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


def counted(before: _Integers, after: _Integers, silence: _Shares, n: int) -> tuple[Pairs, _Integers, _Integers]:
    """Count silences by pair and length; give also the row and the bin of each."""
    codes, row = np.unique(before * n + after, return_inverse=True)
    bin_of = np.minimum((_ranked(silence) * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(row * BINS + bin_of, minlength=len(codes) * BINS).reshape(-1, BINS)
    return Pairs(codes // n, codes % n, n, count.astype(float)), row.astype(np.int64), bin_of


def _ranked(silence: _Shares) -> _Shares:
    """Give each silence its place among all, 0 to 1; equal ones share theirs."""
    _, place, count = np.unique(silence, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    shared: _Shares = (middle / len(silence))[place]
    return shared


def learned_from(pairs: Pairs) -> Learned:
    """Learn what is across boundaries and what inside, until the probabilities settle."""
    typical = (pairs.count @ MIDDLES + _PAIR_PRIOR / 2) / (pairs.count.sum(axis=1) + _PAIR_PRIOR)
    probability = np.clip((typical[:, None] + MIDDLES) / 2, 0.02, 0.98)
    seen = pairs.count > 0
    for _ in range(_ROUNDS):
        learned = _maximised(pairs, probability)
        settled = learned.probability
        moved = float(np.abs(settled - probability)[seen].max(initial=0))
        probability = settled
        if moved < _SETTLED:
            break
    return learned


def _maximised(pairs: Pairs, probability: _Shares) -> Learned:
    across, inside = pairs.count * probability, pairs.count * (1 - probability)
    ends, begins = (by(across.sum(axis=1)) + PRIOR for by in (pairs.by_before, pairs.by_after))
    stays = pairs.by_before(inside.sum(axis=1)) + PRIOR
    leaves = (ends / (ends + stays))[pairs.before]
    goes_on = (inside.sum(axis=1) + PRIOR / pairs.n_activities) / stays[pairs.before]
    lengths = [kind.sum(axis=0) + BIN_PRIOR for kind in (across, inside)]
    return Learned(
        leaves * (begins / begins.sum())[pairs.after],
        (1 - leaves) * goes_on,
        lengths[0] / lengths[0].sum(),
        lengths[1] / lengths[1].sum(),
    )
