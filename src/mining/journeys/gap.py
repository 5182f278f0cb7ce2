"""The silence that tells one journey from the next, read off the silences themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["typical_gap"]

_FEWEST: Final = 60  # silences: of fewer no shape can be told
_BINS: Final = 256
_ROUNDS: Final = 500
_SETTLED: Final = 1e-7  # per silence, in log-likelihood
_STARTS: Final = (0.2, 0.5, 0.8)  # shares of short silences to begin from: the best ending counts
_WIDEST: Final = np.log(2) / 2  # what is rounded (to days, say) stands for what is near it, up to half a doubling
_NARROWEST: Final = 0.25  # standard deviation in logarithms: a spike of equal silences is no kind of its own
_SEPARATION: Final = 2.0  # Ashman's D
_LEAST_SHARE: Final = 0.05
_VALLEY: Final = 0.6  # how high the valley may be, as a part of the lower of the two peaks
_CERTAIN: Final = 3.0  # standard errors that the peak must rise above the valley
_PARTS: Final = (("D", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_Floats = npt.NDArray[np.float64]


def typical_gap(silence: _Floats) -> pd.Timedelta | None:
    """Find the silence that divides short ones (within a journey) from long ones (between journeys).

    The logarithms of the silences are taken for a mixture of two normal distributions; the gap is the silence that is as
    likely to be of the one kind as of the other. There is one only where the silences fall into two kinds: two explain
    them better than one, they lie apart, neither is rare, and fewer silences lie between them than around each. Two
    kinds may have other reasons than journeys: nights between working hours, for one.

    Parameters
    ----------
    silence : ndarray of float64
        Microseconds between one touchpoint and the next of the same customer, in any order. What is not above zero or not
        finite says nothing and is left out.

    Returns
    -------
    Timedelta or None
        Rounded to two units at most (``2 days 07:00``, ``27 min``); none where silences are of one kind or are too few.

    References
    ----------
    Halfaker, A. et al. (2015). User session identification based on strong regularities in inter-activity time.
    Ashman, K. M., Bird, C. M., Zepf, S. E. (1994). Detecting bimodality in astronomical datasets. How far apart two are.
    Schwarz, G. (1978). Estimating the dimension of a model. Whether two explain more than one.
    """
    positive = silence[(silence > 0) & np.isfinite(silence)]
    if len(positive) < _FEWEST:
        return None
    middles, count = _histogram(np.log(positive))
    kinds = max((_fit(middles, count, share) for share in _STARTS), key=lambda fitted: fitted.fit)
    if not _are_two(kinds, middles, count):
        return None
    return _readable(float(np.exp(_crossing(kinds))))


@dataclass(frozen=True)
class _Kinds:
    """Two normal distributions of log-silences, short before long, and how well they fit (log-likelihood)."""

    share: _Floats
    mean: _Floats
    deviation: _Floats
    fit: float

    def densities(self, points: _Floats) -> _Floats:
        scaled = (points[:, None] - self.mean) / self.deviation
        return np.asarray(self.share * np.exp(-0.5 * scaled**2) / (self.deviation * np.sqrt(2 * np.pi)), float)


def _histogram(logarithm: _Floats) -> tuple[_Floats, _Floats]:
    """Count silences in bins of equal width; each length stands for all up to half way to the next one that occurs."""
    lengths, count = np.unique(logarithm, return_counts=True)
    half = np.minimum(np.diff(lengths) / 2, _WIDEST)
    first = half[0] if len(half) else _WIDEST
    last = half[-1] if len(half) else _WIDEST
    low, high = lengths - np.append(first, half), lengths + np.append(half, last)
    below = np.cumsum(count).astype(float)
    edges = np.linspace(low[0], high[-1], _BINS + 1)
    knots = np.column_stack([low, high]).ravel()
    reached = np.interp(edges, knots, np.column_stack([below - count, below]).ravel())
    return (edges[1:] + edges[:-1]) / 2, np.diff(reached)


def _fit(middles: _Floats, count: _Floats, share: float) -> _Kinds:
    """Fit two kinds by expectation and maximisation, beginning with the given share of short ones."""
    rank = (np.cumsum(count) - count / 2) / count.sum()
    short = np.clip(0.5 - 8 * (rank - share), 0.02, 0.98)
    belongs = np.column_stack([short, 1 - short])
    kinds, before = _estimated(middles, count, belongs, -np.inf), -np.inf
    for _ in range(_ROUNDS):
        density = kinds.densities(middles) + 1e-300
        total = density.sum(axis=1)
        fit = float(count @ np.log(total))
        kinds = _estimated(middles, count, density / total[:, None], fit)
        if fit - before < _SETTLED * count.sum():
            break
        before = fit
    return kinds


def _estimated(middles: _Floats, count: _Floats, belongs: _Floats, fit: float) -> _Kinds:
    weight = belongs * count[:, None]
    size = weight.sum(axis=0) + 1e-12
    mean = weight.T @ middles / size
    spread = np.sqrt((weight * (middles[:, None] - mean) ** 2).sum(axis=0) / size)
    order = np.argsort(mean)
    return _Kinds((size / size.sum())[order], mean[order], np.maximum(spread, _NARROWEST)[order], fit)


def _are_two(kinds: _Kinds, middles: _Floats, count: _Floats) -> bool:
    n = count.sum()
    mean = count @ middles / n
    spread = max(float(np.sqrt(count @ (middles - mean) ** 2 / n)), _NARROWEST)
    scaled = (middles - mean) / spread
    one = float(count @ (-0.5 * scaled**2 - np.log(spread * np.sqrt(2 * np.pi))))
    better = 2 * (kinds.fit - one) > 3 * np.log(n)  # five things estimated against two
    apart = np.sqrt(2) * np.diff(kinds.mean)[0] / np.hypot(*kinds.deviation) > _SEPARATION
    return bool(better and apart and kinds.share.min() >= _LEAST_SHARE and _has_valley(kinds, middles, count))


def _has_valley(kinds: _Kinds, middles: _Floats, count: _Floats) -> bool:
    """See whether the silences themselves, not only the fitted curves, are fewer between the two kinds."""
    width = max(_NARROWEST, float(kinds.deviation.min()) / 2)
    kernel = np.exp(-0.5 * ((middles[:, None] - middles) / width) ** 2)
    smooth = kernel @ count / kernel.sum(axis=1)
    place = int(np.clip(np.searchsorted(middles, _crossing(kinds)), 1, _BINS - 1))
    left, right = int(np.argmax(smooth[:place])), place + int(np.argmax(smooth[place:]))
    valley, peak = smooth[left : right + 1].min(), min(smooth[left], smooth[right])
    seen = 2 * np.sqrt(np.pi) * width / (middles[1] - middles[0])  # bins that one smoothed value rests on
    certain = (peak - valley) * np.sqrt(seen) > _CERTAIN * np.sqrt(peak + valley)
    return bool(certain and valley <= _VALLEY * peak)


def _crossing(kinds: _Kinds) -> float:
    points = np.linspace(kinds.mean[0], kinds.mean[1], 1_001)
    short, long = kinds.densities(points).T
    return float(points[np.argmin(np.abs(np.log(short + 1e-300) - np.log(long + 1e-300)))])


def _readable(microseconds: float) -> pd.Timedelta:
    """Round to the largest unit that fits, and to the next smaller one where there are fewer than ten of it."""
    seconds = microseconds / 1e6
    for place, (unit, length) in enumerate(_PARTS):
        if seconds >= length:
            finer = _PARTS[place + 1][1] if seconds < 10 * length and place + 1 < len(_PARTS) else length
            return pd.Timedelta(seconds=round(seconds / finer) * finer)
    return pd.Timedelta(microseconds=round(microseconds))
