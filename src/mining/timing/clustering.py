"""Customers are the unit: whose journey it is, and intervals that know that one customer's touchpoints are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._statistics import wilson

__all__ = ["Quantiles", "clustered_mean", "clustered_quantiles", "clustered_share", "matter_of"]

_Z: Final = 1.959963984540054
_FEW: Final = 6
_MATTERS: Final = ("ticket", "deal", "lead")

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def matter_of(log: CodedLog) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Tell, per touchpoint, the number of its matter: its ticket, deal or lead within the journey, else the journey.

    Returns
    -------
    matter : ndarray of int
        Counted from 0.
    is_named : ndarray of bool
        Whether the touchpoint itself names a ticket, deal or lead.
    """
    matter = log.journey_of.astype(np.int64)
    is_named = np.zeros(log.n_touchpoints, bool)
    breadth = log.n_journeys
    for kind in reversed(_MATTERS):
        codes = log.codes.get(kind)
        if codes is None or not (codes >= 0).any():
            continue
        # A matter that runs through two journeys is two matters: what we measure stays inside a journey.
        own = breadth + log.journey_of * len(log.words[kind]) + codes
        matter = np.where(codes >= 0, own, matter)
        is_named |= codes >= 0
        breadth += log.n_journeys * len(log.words[kind])
    return np.asarray(np.unique(matter, return_inverse=True)[1], np.int64), is_named


@dataclass(frozen=True, eq=False)
class Quantiles:
    """Medians with their bounds and further summaries, one entry per cell."""

    n: Integers
    n_clusters: Integers
    median: Floats
    low: Floats
    high: Floats
    ninetieth: Floats
    mean: Floats
    total: Floats


def clustered_quantiles(values: Floats, cell: Integers, cluster: Integers, n_cells: int) -> Quantiles:
    """Summarise values per cell, the median with a 95 % interval that allows for clusters of alike values.

    The interval is Woodruff's: the share of values up to the median gets a standard error from cluster totals, and the
    quantiles at its two ends are the bounds. With one value per cluster it is the order statistics interval; with fewer
    than six clusters it is the range.

    Parameters
    ----------
    values : ndarray of float
        No missing values.
    cell, cluster : ndarray of int
        Where each value belongs, cells counted from 0.
    n_cells : int
        How many cells; one without values gets NaN.

    Returns
    -------
    Quantiles
        One entry per cell.

    References
    ----------
    Woodruff, R. S. (1952). Confidence intervals for medians and other position measures.
    """
    order = np.lexsort((values, cell))
    ordered, cell, cluster = values[order], cell[order], cluster[order]
    n = np.bincount(cell, minlength=n_cells).astype(np.int64)
    start = np.cumsum(n) - n
    median = _quantile(ordered, start, n, np.full(n_cells, 0.5))
    place = np.arange(len(ordered)) - start[cell]
    # Half of the ranks are below: counting by rank and not by value keeps ties from shifting the balance.
    above = np.sign(place - (n[cell] - 1) / 2) / 2
    spread, n_clusters = _cluster_spread(above, cell, cluster, n_cells)
    width = np.where(n_clusters < _FEW, 0.5, _Z * np.sqrt(spread) / np.maximum(n, 1))
    total = np.asarray(np.bincount(cell, weights=ordered, minlength=n_cells), float)
    return Quantiles(
        n=n,
        n_clusters=n_clusters,
        median=median,
        low=_quantile(ordered, start, n, np.clip(0.5 - width, 0, 1)),
        high=_quantile(ordered, start, n, np.clip(0.5 + width, 0, 1)),
        ninetieth=_quantile(ordered, start, n, np.full(n_cells, 0.9)),
        mean=np.where(n > 0, total / np.maximum(n, 1), np.nan),
        total=total,
    )


def clustered_share(
    successes: npt.NDArray[np.bool_], cell: Integers, cluster: Integers, n_cells: int
) -> tuple[Integers, Integers, Floats, Floats, Floats]:
    """Measure a share per cell with a Wilson interval on the effective number of observations.

    Observations of one cluster count less the more alike they are (Kish's design effect, never below one).

    Returns
    -------
    k, n, share, low, high : ndarray
        Successes, observations, share and bounds (0..1), one entry per cell.

    References
    ----------
    Kish, L. (1965). Survey Sampling.
    """
    n = np.bincount(cell, minlength=n_cells).astype(np.int64)
    k = np.bincount(cell[successes], minlength=n_cells).astype(np.int64)
    share = np.where(n > 0, k / np.maximum(n, 1), np.nan)
    spread, n_clusters = _cluster_spread(successes - share[cell], cell, cluster, n_cells)
    binomial = n * share * (1 - share)
    effect = np.where(binomial > 0, spread / np.where(binomial > 0, binomial, 1), n / np.maximum(n_clusters, 1))
    effective = n / np.maximum(effect, 1)
    low, high = wilson(share * effective, effective)
    return k, n, share, low, high


def clustered_mean(
    values: Floats, cell: Integers, cluster: Integers, n_cells: int
) -> tuple[Integers, Floats, Floats, Floats]:
    """Measure a mean per cell with a 95 % interval in which clusters of alike values are the units.

    Returns
    -------
    n, mean, low, high : ndarray
        Observations, mean and bounds (NaN where there are none), one entry per cell.

    References
    ----------
    Kish, L. (1965). Survey Sampling.
    """
    n = np.bincount(cell, minlength=n_cells).astype(np.int64)
    some = np.maximum(n, 1)
    mean = np.where(n > 0, np.bincount(cell, values, minlength=n_cells) / some, np.nan)
    spread, _ = _cluster_spread(values - mean[cell], cell, cluster, n_cells)
    error = _Z * np.sqrt(spread) / some
    return n, mean, mean - error, mean + error


def _cluster_spread(residual: Floats, cell: Integers, cluster: Integers, n_cells: int) -> tuple[Floats, Integers]:
    totals = pd.DataFrame({"cell": cell, "cluster": cluster, "total": residual}).groupby(["cell", "cluster"])["total"]
    summed = totals.sum()
    at = summed.index.get_level_values("cell").to_numpy(np.int64)
    n_clusters = np.bincount(at, minlength=n_cells).astype(np.int64)
    spread = np.bincount(at, weights=summed.to_numpy(float) ** 2, minlength=n_cells)
    return spread * n_clusters / np.maximum(n_clusters - 1, 1), n_clusters


def _quantile(ordered: Floats, start: Integers, n: Integers, share: Floats) -> Floats:
    if len(ordered) == 0:
        return np.full(len(n), np.nan)
    place = np.maximum(n - 1, 0) * share
    below = place.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    top = len(ordered) - 1
    low, high = ordered[np.minimum(start + below, top)], ordered[np.minimum(start + above, top)]
    return np.where(n > 0, low + (high - low) * (place - below), np.nan)
