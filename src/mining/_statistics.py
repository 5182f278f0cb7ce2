"""Intervals and corrections: the few formulas every room needs to speak of numbers honestly."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["SMALLEST_CELL", "false_discovery_rate", "masked", "median_interval", "share_difference", "wilson"]

Bounded = tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]

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


def share_difference(one: Bounded, other: Bounded) -> tuple[npt.NDArray[np.float64], ...]:
    """Subtract two independent shares, with the interval that follows from theirs.

    Parameters
    ----------
    one, other : tuple of array-like
        A share and the bounds of its interval: share, low, high.

    Returns
    -------
    difference, low, high : ndarray of float
        One less the other; NaN where either is.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions, method 10.

    Examples
    --------
    >>> difference, low, high = share_difference((0.5, 0.4, 0.6), (0.2, 0.1, 0.4))
    >>> difference.round(2).item(), low.round(2).item(), high.round(2).item()
    (0.3, 0.08, 0.44)
    """
    (share, low, high), (base, base_low, base_high) = (
        tuple(np.asarray(part, float) for part in told) for told in (one, other)
    )
    difference = share - base
    below = np.sqrt((share - low) ** 2 + (base_high - base) ** 2)
    above = np.sqrt((high - share) ** 2 + (base - base_low) ** 2)
    return difference, difference - below, difference + above


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


def masked(counts: npt.ArrayLike, least: int = SMALLEST_CELL) -> npt.NDArray[np.float64]:
    """Mask the counts of few people in a table, and further ones, so that totals do not give them back.

    Counts from 1 to below `least` are masked. A line that shows its total would still tell a single masked count, or a
    few whose sum is small: there the smallest further counts are masked as well, until the masked counts of the line
    sum to `least` and more, and none of the table's can be worked out from the totals of rows and columns. What the
    totals tell by themselves (a row of one person) no masking inside hides.

    Parameters
    ----------
    counts : array-like of int
        One line (its total known), or rows and columns (the totals of both known).
    least : int
        The smallest count that may be shown.

    Returns
    -------
    ndarray of float
        The counts, NaN where masked.

    References
    ----------
    Gusfield, D. (1988). A graph theoretic approach to statistical data security.

    Examples
    --------
    >>> masked([40, 3, 9, 20]).tolist()
    [40.0, nan, nan, 20.0]
    """
    table = np.asarray(counts, dtype=np.float64)
    grid = table if table.ndim == 2 and 1 not in table.shape else table.reshape(1, -1)
    hidden = (grid > 0) & (grid < least)
    while (more := _thin(grid, hidden, least)) or (len(grid) > 1 and (more := _told(grid, hidden))):
        for row, column in more:
            hidden[row, column] = True
    return np.where(hidden, np.nan, grid).reshape(table.shape)


_Cells = list[tuple[int, int]]


def _thin(grid: npt.NDArray[np.float64], hidden: npt.NDArray[np.bool_], least: int) -> _Cells:
    """Pick the next cell of a line whose masked counts are too few, or sum to too little."""
    for table, dark, is_turned in ((grid, hidden, False), (grid.T, hidden.T, True)):
        n, total = dark.sum(axis=1), np.where(dark, table, 0).sum(axis=1)
        thin = (n > 0) & ~dark.all(axis=1) & ((n < 2) | (total < np.maximum(least, n + 1)))
        if thin.any() and not (is_turned and len(grid) == 1):
            row = int(thin.argmax())
            column = int(np.where(dark[row], np.inf, _cost(table)[row]).argmin())
            return [(column, row) if is_turned else (row, column)]
    return []


def _told(grid: npt.NDArray[np.float64], hidden: npt.NDArray[np.bool_]) -> _Cells:
    """Pick cells that make a rectangle with a masked count which the totals of rows and columns give away."""
    cost = np.where(hidden, 0, _cost(grid))
    for row, column in np.argwhere(hidden & (grid > 0)):
        if _can_move(grid, hidden, int(row), int(column)):
            continue
        price = cost[[row]] + cost[:, [column]] + cost
        price[row], price[:, column] = np.inf, np.inf
        price[price == 0] = np.inf  # all masked already, and no help
        other, beside = divmod(int(price.argmin()), grid.shape[1])
        if np.isfinite(price[other, beside]):
            corners = [(int(row), beside), (other, int(column)), (other, beside)]
            return [cell for cell in corners if not hidden[cell]]
    return []


def _cost(grid: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weigh what masking a cell loses; a shown nought hides nothing, so it comes last."""
    return np.where(grid > 0, grid, grid.sum() + 1)


def _can_move(grid: npt.NDArray[np.float64], hidden: npt.NDArray[np.bool_], row: int, column: int) -> bool:
    """Say whether a masked count could be another with all totals the same and no count below nought."""
    rows, columns = hidden.copy(), (hidden & (grid > 0)).T
    rows[row, column], columns[column, row] = False, False
    return _reaches(columns, rows, column, row) or _reaches(rows, columns, row, column)


def _reaches(there: npt.NDArray[np.bool_], back: npt.NDArray[np.bool_], start: int, goal: int) -> bool:
    """Say whether a walk that alternates between lines of two kinds gets from a line to one of the other kind."""
    seen = np.zeros(len(there), dtype=bool)
    seen[start] = True
    while True:
        met = np.asarray(there[seen].any(axis=0))
        further = seen | np.asarray(back[met].any(axis=0))
        if met[goal] or (further == seen).all():
            return bool(met[goal])
        seen = further
