"""Whether longer waits go with more losses: one table per step, one customer counted once, an exact test."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import hypergeom

from mining._statistics import false_discovery_rate, wilson
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.timing.steps_taken import StepsTaken

__all__ = ["Fates", "difference_interval", "exact_p", "fates", "first_waits", "lost_after_wait"]

SMALLEST_HALF: Final = 10
_WELL: Final = ("won", "solved")
_ILL: Final = ("lost", "disqualified")

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Fates:
    """How journeys ended: `is_finished`, `is_lost` per journey, and the position of their last final outcome."""

    def __init__(self, is_finished: Flags, is_lost: Flags, settled_at: npt.NDArray[np.int64]) -> None:
        self.is_finished, self.is_lost, self.settled_at = is_finished, is_lost, settled_at


def fates(journeys: Journeys, within: str | pd.Timedelta | None = None) -> Fates:
    """Tell how each journey ended.

    A journey is lost where its last final outcome is a loss (lost, disqualified) or where it is finished and never
    came to a final outcome. Journeys that may still be running (see `Journeys.unfinished`) are neither lost nor kept.
    """
    log = journeys.log
    well = _any_of(journeys, _WELL)
    ill = _any_of(journeys, _ILL)
    final = np.flatnonzero(well | ill)
    settled_at = np.full(log.n_journeys, log.n_touchpoints, np.int64)
    # Of several final outcomes in one journey the last one is written last and stays.
    settled_at[log.journey_of[final]] = final
    is_settled = settled_at < log.n_touchpoints
    ended_well = is_settled & np.append(well, False)[settled_at]
    is_finished = ~journeys.unfinished(within)
    return Fates(is_finished, is_finished & ~ended_well, settled_at)


def first_waits(journeys: Journeys, taken: StepsTaken, fate: Fates) -> pd.DataFrame:
    """Keep, per step, each customer's first wait in a finished journey that was not yet settled.

    Returns
    -------
    DataFrame
        pair, customer, hours, is_long (above the step's median wait), is_lost; ordered by pair, customer.
    """
    journey = journeys.log.journey_of[taken.start]
    open_still = fate.is_finished[journey] & (taken.start < fate.settled_at[journey])
    rows = pd.DataFrame(
        {
            "pair": taken.pair[open_still],
            "customer": customer_of(journeys.log)[journey[open_still]],
            "at": taken.start[open_still],
            "hours": taken.hours[open_still],
            "is_lost": fate.is_lost[journey[open_still]],
        }
    )
    rows = rows.sort_values(["pair", "customer", "at"], ignore_index=True)
    rows = rows[~rows.duplicated(["pair", "customer"])].reset_index(drop=True)
    rows["is_long"] = rows["hours"] > rows.groupby("pair")["hours"].transform("median")
    return rows[["pair", "customer", "hours", "is_long", "is_lost"]]


def lost_after_wait(journeys: Journeys, taken: StepsTaken, fate: Fates) -> pd.DataFrame:
    """Compare losses after the longer and after the shorter half of the waits, for every step.

    Each customer counts once per step, so that exchanging outcomes between the halves is a fair game whose chances are
    known exactly (Fisher's test, the smaller tail doubled): no seed, and never more false findings than stated. A step
    is tested where both halves hold ten customers and outcomes differ at all; all tests are one family for the
    adjustment. What goes together need not be cause and effect.

    Returns
    -------
    DataFrame
        activity, next_activity, n (customers), split_hours (median wait), n_long, lost_share_short, lost_share_long
        (0..1), difference (long - short) with low and high (95 %), p, p_adjusted (NaN: not tested).
    """
    rows = first_waits(journeys, taken, fate)
    n_pairs = len(taken.activity)
    pair = rows["pair"].to_numpy()
    long, lost = rows["is_long"].to_numpy(), rows["is_lost"].to_numpy()
    n = np.bincount(pair, minlength=n_pairs)
    n_long = np.bincount(pair[long], minlength=n_pairs)
    k = np.bincount(pair[lost], minlength=n_pairs)
    k_long = np.bincount(pair[lost & long], minlength=n_pairs)
    p = exact_p(k_long, n_long, k - k_long, n - n_long)
    tested = (np.minimum(n_long, n - n_long) >= SMALLEST_HALF) & (k > 0) & (k < n)
    p = np.where(tested, p, np.nan)
    low, high = difference_interval(k_long, n_long, k - k_long, n - n_long)
    with np.errstate(invalid="ignore"):
        long_share, short_share = k_long / n_long, (k - k_long) / (n - n_long)
    return pd.DataFrame(
        {
            "activity": taken.activity.astype(str),
            "next_activity": taken.next_activity.astype(str),
            "n": n,
            "split_hours": rows.groupby("pair")["hours"].median().reindex(range(n_pairs)).to_numpy(),
            "n_long": n_long,
            "lost_share_short": short_share,
            "lost_share_long": long_share,
            "difference": long_share - short_share,
            "low": low,
            "high": high,
            "p": p,
            "p_adjusted": false_discovery_rate(p),
        }
    )


def exact_p(k: npt.ArrayLike, n: npt.ArrayLike, k_other: npt.ArrayLike, n_other: npt.ArrayLike) -> Floats:
    """Test two shares for a difference exactly: Fisher's test, two-sided by doubling the smaller tail.

    References
    ----------
    Fisher, R. A. (1935). The logic of inductive inference.

    Examples
    --------
    >>> exact_p(8, 10, 2, 10).round(4).tolist()
    0.023
    """
    k, n, k_other, n_other = (np.asarray(part, np.int64) for part in (k, n, k_other, n_other))
    whole, marked = n + n_other, k + k_other
    below = hypergeom.cdf(k, whole, marked, n)
    above = hypergeom.sf(k - 1, whole, marked, n)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(below, above)), float)


def difference_interval(
    k: npt.ArrayLike, n: npt.ArrayLike, k_other: npt.ArrayLike, n_other: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Bound the difference of two independent shares at 95 %, from their Wilson intervals.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions, method 10.

    Examples
    --------
    >>> low, high = difference_interval(56, 70, 48, 80)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0524, 0.3339)
    """
    low, high = wilson(k, n)
    low_other, high_other = wilson(k_other, n_other)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.asarray(k, float) / np.asarray(n, float)
        other = np.asarray(k_other, float) / np.asarray(n_other, float)
    difference = share - other
    below = np.sqrt((share - low) ** 2 + (high_other - other) ** 2)
    above = np.sqrt((high - share) ** 2 + (other - low_other) ** 2)
    return np.asarray(difference - below, float), np.asarray(difference + above, float)


def _any_of(journeys: Journeys, outcomes: tuple[str, ...]) -> Flags:
    found = np.zeros(journeys.log.n_touchpoints, bool)
    for outcome in outcomes:
        found |= journeys.log.holds("outcome", outcome)
    return found
