"""The silence that tells one journey from the next, read off the silences themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["spoken", "typical_gap"]

_FEWEST: Final = 60  # silences: of fewer no shape can be told
_BINS: Final = 256
_ROUNDS: Final = 200
_SETTLED: Final = 1e-6  # per silence, in log-likelihood
_STARTS: Final = (0.2, 0.5, 0.8, 0.97)  # shares of short silences to begin from: the best ending counts
_WIDEST: Final = np.log(2) / 2  # what is rounded (to days, say) stands for what is near it, up to half a doubling
_NARROWEST: Final = 0.25  # standard deviation in logarithms: a spike of equal silences is no kind of its own
_SEPARATION: Final = 2.0  # Ashman's D
_LEAST_SHARE: Final = 0.01  # silences between journeys may be rare: see `_CERTAIN`
_VALLEY: Final = 0.6  # how high the valley may be, as a part of the lower of the two peaks
_CERTAIN: Final = 3.0  # standard errors that the peak must rise above the valley
_UNITS: Final = (86_400, 3_600, 60, 1)  # seconds in a day, an hour, a minute and one
_Floats = npt.NDArray[np.float64]


def typical_gap(silence: _Floats) -> pd.Timedelta | None:
    """Find the silence that divides short ones (within a journey) from long ones (between journeys).

    The logarithms of the silences are taken for a mixture of two normal distributions; the gap is the silence that is
    as likely to be of the one kind as of the other. There is one only where the silences fall into two kinds: two
    explain them better than one, they lie apart, both are seen often enough, and clearly fewer silences lie between
    them than around each. Where more than half of all silences would be long, the short ones are bursts (clicks of one
    visit), not journeys, and the long ones are looked at again by themselves. Two kinds may have other reasons than
    journeys: nights between working hours, for one.

    Parameters
    ----------
    silence : ndarray of float64
        Microseconds between one touchpoint and the next of the same customer, in any order. Zero is short, however
        short the others are; what is not finite is left out.

    Returns
    -------
    Timedelta or None
        Rounded to be read: two units at most (``2 days 07:00:00``); None where silences are of one kind, or too few.

    References
    ----------
    Halfaker, A. et al. (2015). User session identification based on strong regularities in inter-activity time.
    Ashman, K. M., Bird, C. M., Zepf, S. E. (1994). Detecting bimodality in astronomical datasets: D.
    Schwarz, G. (1978). Estimating the dimension of a model. Whether two explain more than one.
    """
    known = silence[np.isfinite(silence)]
    logarithm = np.log(known[known > 0])
    while len(logarithm) >= _FEWEST:
        divide = _divide(logarithm)
        if divide is None:
            return None
        logarithm = logarithm[logarithm > divide]
        if len(logarithm) <= len(known) / 2:
            return _readable(float(np.exp(divide)))
    return None


def spoken(span: pd.Timedelta) -> str:
    """Say a span without the parts that are nothing.

    Examples
    --------
    >>> spoken(pd.Timedelta("109D")), spoken(pd.Timedelta("2h 47min"))
    ('109 days', '2 hours 47 minutes')
    """
    units = [name for name in ("days", "hours", "minutes", "seconds") if getattr(span.components, name)]
    return " ".join(f"{getattr(span.components, name)} {name}" for name in units) or "0 seconds"


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


def _divide(logarithm: _Floats) -> float | None:
    middles, count = _histogram(logarithm)
    kinds = max((_fit(middles, count, share) for share in _STARTS), key=lambda fitted: fitted.fit)
    return _crossing(kinds) if _are_two(kinds, middles, count) else None


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
    for length, next_length in zip(_UNITS, (*_UNITS[1:], 1), strict=True):
        if seconds >= length:
            finer = next_length if seconds < 10 * length else length
            return pd.Timedelta(seconds=round(seconds / finer) * finer)
    return pd.Timedelta(microseconds=round(microseconds))
