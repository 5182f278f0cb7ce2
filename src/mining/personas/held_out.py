"""How well scores foretell who buys, on customers that the scores were not made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from mining._statistics import SMALLEST_CELL, wilson

__all__ = ["HeldOut", "area", "brier", "calibration"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_Z: Final = 1.959963984540054
_TENTHS: Final = 10


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Customers that were held out: the fold each was held out in, whether it was won, and its company."""

    fold: Integers
    won: Flags
    company: Integers


def area(scores: Floats, held: HeldOut) -> tuple[float, float, float]:
    """Measure how often a won customer scores above another one: the area under the ROC curve, with companies as units.

    Within each fold, for scores of different folds come from different models; folds count by their pairs.

    Parameters
    ----------
    scores : ndarray of float
        Held-out scores.
    held : HeldOut
        Whose.

    Returns
    -------
    auc, low, high : float
        0 to 1 with 95 % interval on the scale of log-odds; 0.5 is chance. NaN where no fold has both sides.

    References
    ----------
    DeLong, E. R. et al. (1988). Comparing the areas under two or more correlated ROC curves.
    Obuchowski, N. A. (1997). Nonparametric analysis of clustered ROC curve data.
    """
    pull, pairs, total = np.zeros(len(scores)), 0.0, 0.0
    for fold in np.unique(held.fold):
        here = np.flatnonzero(held.fold == fold)
        won = held.won[here]
        n_won, n_others = int(won.sum()), int((~won).sum())
        if min(n_won, n_others) == 0:
            continue
        place = _placed(scores[here], won)
        weight, auc = float(n_won * n_others), float(place[won].mean())
        pull[here] = weight * np.where(won, (place - auc) / n_won, (place - auc) / n_others)
        pairs, total = pairs + weight, total + weight * auc
    if pairs == 0:
        return float("nan"), float("nan"), float("nan")
    auc = total / pairs
    summed = np.bincount(held.company, weights=pull / pairs)
    n = int((np.bincount(held.company) > 0).sum())
    return auc, *_bounded(auc, float(np.sqrt((summed**2).sum() * n / max(n - 1, 1))))


def _placed(scores: Floats, won: Flags) -> Floats:
    """Give, per customer, the share of the other side that it is ranked rightly against; ties count half."""
    whole, own = rankdata(scores), np.zeros(len(scores))
    own[won], own[~won] = rankdata(scores[won]), rankdata(scores[~won])
    below = whole - own
    return np.asarray(np.where(won, below / (~won).sum(), 1 - below / won.sum()), float)


def _bounded(auc: float, error: float) -> tuple[float, float]:
    if not 0 < auc < 1 or error == 0:
        return auc, auc
    odds, half = np.log(auc / (1 - auc)), _Z * error / (auc * (1 - auc))
    return float(1 / (1 + np.exp(half - odds))), float(1 / (1 + np.exp(-half - odds)))


def brier(scores: Floats, held: HeldOut) -> float:
    """Give the mean squared distance of scores from what happened: 0 is perfect.

    References
    ----------
    Brier, G. W. (1950). Verification of forecasts expressed in terms of probability.
    """
    return float(np.mean((scores - held.won) ** 2))


def calibration(scores: Floats, held: HeldOut) -> pd.DataFrame:
    """Put what was foretold beside what happened, by tenths of the held-out customers.

    Returns
    -------
    DataFrame
        decile (1 is the lowest), predicted (mean score), observed (share won), low, high (Wilson, 95 %), n. Customers
        of the same score are in the same tenth. The observed share is missing where few were won, or few were not.
    """
    tenth = np.ceil(rankdata(scores, method="max") / len(scores) * _TENTHS - 1e-9).astype(np.int64)
    n = np.bincount(tenth, minlength=_TENTHS + 1)
    k = np.bincount(tenth[held.won], minlength=_TENTHS + 1)
    predicted = np.bincount(tenth, weights=scores, minlength=_TENTHS + 1)
    some = np.flatnonzero(n)
    low, high = wilson(k[some], n[some])
    few = ((k > 0) & (k < SMALLEST_CELL)) | ((n - k > 0) & (n - k < SMALLEST_CELL))
    frame = pd.DataFrame(
        {"decile": some, "predicted": predicted[some] / n[some], "observed": k[some] / n[some], "low": low,
         "high": high, "n": n[some]}
    )  # fmt: skip
    frame.loc[few[some], ["observed", "low", "high"]] = np.nan
    return frame
