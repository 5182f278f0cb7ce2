"""Intervals and corrections: the few formulas every room needs to speak of numbers honestly."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["SMALLEST_CELL", "false_discovery_rate", "median_interval", "wilson"]

SMALLEST_CELL: Final = 5
_Z: Final = 1.959963984540054


def wilson(successes: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Bound a share by the Wilson score interval at 95 %.

    Parameters
    ----------
    successes, trials : array-like of int
        How many of how many; shapes broadcast.

    Returns
    -------
    low, high : ndarray of float
        Bounds in 0..1; NaN where nothing was tried.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.

    Examples
    --------
    >>> low, high = wilson(8, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.49, 0.943)
    """
    k, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    tried = n > 0
    safe = np.where(tried, n, 1.0)
    share = k / safe
    centre = share + _Z**2 / (2 * safe)
    half = _Z * np.sqrt(share * (1 - share) / safe + _Z**2 / (4 * safe**2))
    scale = 1 + _Z**2 / safe
    low = np.where(tried, np.clip((centre - half) / scale, 0, 1), np.nan)
    high = np.where(tried, np.clip((centre + half) / scale, 0, 1), np.nan)
    return low, high


def false_discovery_rate(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Adjust p-values of one family of tests by Benjamini and Hochberg's step-up rule.

    Parameters
    ----------
    p_values : array-like of float
        One p-value per test; NaN (not tested) stays NaN and does not count.

    Returns
    -------
    ndarray of float
        Adjusted p-values, in the order given.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate.

    Examples
    --------
    >>> false_discovery_rate([0.01, 0.02, 0.9]).round(3).tolist()
    [0.03, 0.03, 0.9]
    """
    p = np.asarray(p_values, float)
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    if len(tested) == 0:
        return adjusted
    order = tested[np.argsort(p[tested], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def median_interval(values: npt.ArrayLike) -> tuple[float, float, float]:
    """Bound a median by order statistics at 95 %, with no assumption on the distribution.

    Parameters
    ----------
    values : array-like of float
        Observations; NaN is left out.

    Returns
    -------
    median, low, high : float
        NaN for all three where nothing was observed; with fewer than six observations the interval is their range.

    References
    ----------
    Conover, W. J. (1999). Practical Nonparametric Statistics, confidence interval for a quantile (normal form).

    Examples
    --------
    >>> median_interval(range(1, 101))
    (50.5, 40.0, 61.0)
    """
    seen = np.sort(np.asarray(values, float))
    seen = seen[~np.isnan(seen)]
    n = len(seen)
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    half = _Z * np.sqrt(n) / 2
    low = max(int(np.floor(n / 2 - half)) - 1, 0)
    high = min(int(np.ceil(n / 2 + half)), n - 1)
    return float(np.median(seen)), float(seen[low]), float(seen[high])
