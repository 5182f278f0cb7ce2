"""What deviations go with: more days, and money that hangs on the journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._statistics import SMALLEST_CELL
from mining.journeys.groups import customer_of

if TYPE_CHECKING:
    from mining.design.deviations import Deviations

__all__ = ["cost_table"]

_DRAWS: Final = 400
_CELLS: Final = 40_000_000


def cost_table(gaps: Deviations) -> pd.DataFrame:
    """Compare the length of journeys with a deviation with that of journeys without, among those in which it could be.

    Longer journeys have more occasions to deviate, so that a difference is no price of the deviation. Journeys that may
    still be running are left out.

    Returns
    -------
    DataFrame
        stage, step, deviation, n_with, n_without (finished journeys), days_with, days_without (medians), more_days,
        low, high (95 %, customers drawn again and again), amount (sum over journeys with the deviation of the largest
        amount each names; missing where none does or currencies differ), longest difference first; deviations of under
        five finished journeys on either side are left out.

    References
    ----------
    Field, C. A., Welsh, A. H. (2007). Bootstrapping clustered data.
    """
    rows = gaps.frame[gaps.frame["deviation"] != "as designed"].reset_index(drop=True)
    due, happened = gaps.happened(rows)
    finished = ~gaps.journeys["unfinished"].to_numpy(bool)
    days = gaps.compared.durations()["duration_days"].to_numpy()
    weights = _draws(customer_of(gaps.compared.log))
    amounts = _amounts(gaps)
    told = []
    for place, row in enumerate(rows.itertuples()):
        one, other = finished & happened[:, place], finished & due[:, place] & ~happened[:, place]
        if min(one.sum(), other.sum()) < SMALLEST_CELL:
            continue
        drawn = _medians(days[one], weights[one]) - _medians(days[other], weights[other])
        low, high = np.nanquantile(drawn, [0.025, 0.975])
        with_it, without = float(np.median(days[one])), float(np.median(days[other]))
        money = np.nan if amounts is None else float(np.nansum(amounts[happened[:, place]]))
        told.append(
            (row.stage, row.step, row.deviation, int(one.sum()), int(other.sum()), with_it, without, with_it - without,
             low, high, money)
        )  # fmt: skip
    names = [
        "stage",
        "step",
        "deviation",
        "n_with",
        "n_without",
        "days_with",
        "days_without",
        "more_days",
        "low",
        "high",
    ]
    frame = pd.DataFrame(told, columns=[*names, "amount"])
    frame = frame.sort_values(["more_days", "step", "deviation"], ascending=[False, True, True], kind="stable")
    return frame.reset_index(drop=True)


def _draws(customer: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
    """Draw customers with replacement, again and again: how often each journey counts."""
    n = int(customer.max(initial=-1)) + 1
    random = np.random.default_rng(0)
    times = max(min(_DRAWS, _CELLS // max(len(customer), 1)), 100)
    drawn = np.stack([np.bincount(random.integers(0, n, n), minlength=n) for _ in range(times)], axis=1)
    return drawn.astype(np.int16)[customer]


def _medians(values: npt.NDArray[np.float64], weights: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Find the weighted median for each column of weights; missing where a column has none."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order], axis=0, dtype=np.int64)
    half = reached[-1] / 2
    at = (reached < np.maximum(half, 0.5)).sum(axis=0)
    return np.where(half > 0, values[order][np.minimum(at, len(values) - 1)], np.nan)


def _amounts(gaps: Deviations) -> npt.NDArray[np.float64] | None:
    """Give each journey's largest amount; none where nothing names one, or several currencies do."""
    log, touchpoints = gaps.compared.log, gaps.compared.touchpoints
    amount = log.numbers.get("amount")
    if amount is None or np.isnan(amount).all():
        return None
    if len(touchpoints.frame["currency"].dropna().unique()) > 1:
        return None
    largest = np.fmax.reduceat(amount, log.first)
    return np.asarray(largest, float)
