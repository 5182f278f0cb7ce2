"""Where one journey ends and the next begins, learned without labels from what surrounds a silence and its length."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["boundary_probability"]

_BINS: Final = 24  # lengths of silences are told apart by rank, so that no shape of their distribution is assumed
_ROUNDS: Final = 60
_SETTLED: Final = 1e-5
_PRIOR: Final = 0.1  # touchpoints that every activity is given beforehand: what is rare is not taken for certain
_BIN_PRIOR: Final = 0.5
_PAIR_PRIOR: Final = 2.0  # silences that every pair of activities is given beforehand, of the middle length
_Integers = npt.NDArray[np.int64]
_Shares = npt.NDArray[np.float64]


def boundary_probability(before: _Integers, after: _Integers, silence: _Shares, n_activities: int) -> _Shares:
    """Estimate for each silence of a case how probable it is that a journey ends before it and another begins after.

    Each silence is a boundary or not, which nobody has seen. Within a journey activities follow one another as a Markov
    chain; across a boundary one that ends journeys is followed by one that begins them; and the two kinds of silence
    have lengths of their own. Expectation and maximisation take turns until the probabilities settle, starting from
    how long silences are between the same two activities. Linear in the number of silences.

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
    pair = before * n_activities + after
    rank = _ranked(silence)
    bin_of = np.minimum((rank * _BINS).astype(np.int64), _BINS - 1)
    probability = _start(pair, rank, n_activities**2)
    for _ in range(_ROUNDS):
        odds = _activity_odds(pair, probability, n_activities) + _silence_odds(bin_of, probability)[bin_of]
        settled = 1 / (1 + np.exp(-odds))
        moved = float(np.abs(settled - probability).max())
        probability = settled
        if moved < _SETTLED:
            break
    return probability


def _ranked(silence: _Shares) -> _Shares:
    """Give each silence its place among all, 0 to 1; equal ones share theirs."""
    lengths, place, count = np.unique(silence, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    shared: _Shares = (middle / len(silence))[place] if len(lengths) else silence
    return shared


def _start(pair: _Integers, rank: _Shares, n_pairs: int) -> _Shares:
    count = np.bincount(pair, minlength=n_pairs)
    total = np.bincount(pair, rank, minlength=n_pairs)
    typical = (total + _PAIR_PRIOR / 2) / (count + _PAIR_PRIOR)
    return np.clip((typical[pair] + rank) / 2, 0.02, 0.98)


def _activity_odds(pair: _Integers, probability: _Shares, n: int) -> _Shares:
    """Weigh ending here and beginning there against going on, in logarithms of odds."""
    inside = np.bincount(pair, 1 - probability, minlength=n * n).reshape(n, n) + _PRIOR / n
    across = np.bincount(pair, probability, minlength=n * n).reshape(n, n)
    goes_on = np.log(inside / inside.sum(axis=1, keepdims=True))
    ends = across.sum(axis=1) + _PRIOR
    stays = inside.sum(axis=1)
    begins = across.sum(axis=0) + _PRIOR
    table = (np.log(ends) - np.log(stays))[:, None] + np.log(begins / begins.sum())[None, :] - goes_on
    return np.asarray(table.ravel()[pair], float)


def _silence_odds(bin_of: _Integers, probability: _Shares) -> _Shares:
    across = np.bincount(bin_of, probability, minlength=_BINS) + _BIN_PRIOR
    inside = np.bincount(bin_of, 1 - probability, minlength=_BINS) + _BIN_PRIOR
    return np.asarray(np.log(across / across.sum()) - np.log(inside / inside.sum()), float)
