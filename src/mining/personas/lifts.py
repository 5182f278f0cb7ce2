"""Which values of which attributes go with buying: shares of the won, corrected for how many were looked at."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from mining._statistics import SMALLEST_CELL, false_discovery_rate, masked
from mining.personas.bands import Bands
from mining.personas.prospects import LOST, OPEN, Prospects
from mining.timing.clustering import clustered_share
from mining.timing.losses import exact_p

__all__ = ["AVOID", "IDEAL", "NOT_TOLD", "absent_of", "lifts"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
IDEAL: Final = "ideal"
AVOID: Final = "avoid"
NOT_TOLD: Final = "not told apart"
_FEW: Final = "too few"
_Z: Final = 1.959963984540054
_LEVEL: Final = 0.05
_RATES: Final = ["win_rate", "low", "high", "lift", "lift_low", "lift_high"]


def lifts(bands: Bands, marked: Floats, prospects: Prospects) -> pd.DataFrame:
    """Compare the win rate of those who have a value with the win rate of all others whose value is known.

    Parameters
    ----------
    bands : Bands
        What the columns mean.
    marked : ndarray of float
        Their answers, see `Bands.draw`.
    prospects : Prospects
        The same customers.

    Returns
    -------
    DataFrame
        See `mining.personas.ideal.IdealCustomers`.

    References
    ----------
    Katz, D. et al. (1978). Obtaining confidence intervals for the risk ratio in cohort studies.
    Fisher, R. A. (1935), exact test; Kish, L. (1965), design effect; Benjamini, Y., Hochberg, Y. (1995).
    """
    _, compared, won = prospects.against()
    rows = [
        {"attribute": name, "value": value} | _row(marked[:, place], compared, won, prospects)
        for place, (name, value) in enumerate(bands.labels)
    ]
    columns = [
        "attribute", "value", "n", "n_won", "n_lost", "n_open", *_RATES, "won_share", "lost_share", "open_share", "p",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    frame["p_adjusted"] = false_discovery_rate(frame["p"])
    is_told = frame["p_adjusted"] < _LEVEL
    frame["verdict"] = np.select(
        [frame["p"].isna(), is_told & (frame["lift"] > 1), is_told & (frame["lift"] < 1)],
        [_FEW, IDEAL, AVOID], NOT_TOLD,
    )  # fmt: skip
    frame = _masked(frame)
    size = -np.abs(np.nan_to_num(np.log(frame["lift"].where(frame["lift"] > 0).to_numpy(float))))
    order = np.lexsort((frame["value"], frame["attribute"], size, frame["p_adjusted"].fillna(2.0).round(12)))
    return frame.drop(columns="p").iloc[order].reset_index(drop=True)


def absent_of(frame: pd.DataFrame, bands: Bands, marked: Floats) -> pd.DataFrame:
    """List the attributes that were tested and of which no value goes with buying, and how much may still hide.

    Returns
    -------
    DataFrame
        attribute, n_values (tested), n (customers of whom it is known), p_adjusted (the smallest), lift_low and
        lift_high (the widest of its intervals: what this many customers cannot rule out).
    """
    tested = frame[frame["p_adjusted"].notna()]
    found = tested.loc[tested["verdict"].isin([IDEAL, AVOID]), "attribute"]
    silent = tested[~tested["attribute"].isin(found)].groupby("attribute", as_index=False)
    summed = silent.agg(
        n_values=("value", "size"), p_adjusted=("p_adjusted", "min"),
        lift_low=("lift_low", "min"), lift_high=("lift_high", "max"),
    )  # fmt: skip
    known = dict(zip(bands.attribute_of, (~np.isnan(marked)).sum(axis=0), strict=True))
    summed.insert(2, "n", summed["attribute"].map(known).astype("int64"))
    return summed.sort_values(["p_adjusted", "attribute"], ignore_index=True)


def _row(column: Floats, compared: Flags, won: Flags, prospects: Prospects) -> dict[str, float]:
    has, known = column == 1, ~np.isnan(column)
    decided = known & compared
    inside, y = has[decided].astype(np.int64), won[decided]
    company = np.unique(prospects.company[decided], return_inverse=True)[1].astype(np.int64)
    _, _, rate, low, high = clustered_share(y, 1 - inside, company, 2)
    sides = {"won": compared & won, "lost": prospects.fate == LOST, "open": prospects.fate == OPEN}
    counts = {f"n_{side}": int((has & of).sum()) for side, of in sides.items()}
    shares = {f"{side}_share": counts[f"n_{side}"] / max(int((known & of).sum()), 1) for side, of in sides.items()}
    told = {"n": sum(counts.values()), **counts, "win_rate": rate[0], "low": low[0], "high": high[0]}
    return {**told, **_lift(inside, y, company), **shares, "p": _p(inside, y, company)}


def _lift(inside: npt.NDArray[np.int64], won: Flags, company: npt.NDArray[np.int64]) -> dict[str, float]:
    """Divide both rates; the variance of the ratio's logarithm is summed by company."""
    n = np.bincount(1 - inside, minlength=2)
    k = np.bincount((1 - inside)[won], minlength=2)
    if n.min() == 0:
        return dict.fromkeys(("lift", "lift_low", "lift_high"), np.nan)
    # Half a customer more on every side where a side is empty, or the ratio would have no logarithm.
    soft = 0.5 if (k == 0).any() or (k == n).any() else 0.0
    rate = (k + soft) / (n + 2 * soft)
    pull = np.where(inside == 1, 1.0, -1.0) * (won - rate[1 - inside]) / (n * rate)[1 - inside]
    summed = np.bincount(company, weights=pull)
    alone = ((1 - rate) / ((n + 2 * soft) * rate)).sum()
    error = np.sqrt(max(float((summed**2).sum()), float(alone)))
    ratio = rate[0] / rate[1]
    return {"lift": ratio, "lift_low": ratio * np.exp(-_Z * error), "lift_high": ratio * np.exp(_Z * error)}


def _p(inside: npt.NDArray[np.int64], won: Flags, company: npt.NDArray[np.int64]) -> float:
    n = np.bincount(1 - inside, minlength=2)
    k = np.bincount((1 - inside)[won], minlength=2)
    if n.min() < SMALLEST_CELL:
        return float("nan")
    if len(won) == company.max() + 1:
        return float(exact_p(k[0], n[0], k[1], n[1]))
    rate = k.sum() / n.sum()
    pull = (won - rate) * np.where(inside == 1, 1 / n[0], -1 / n[1])
    summed = np.bincount(company, weights=pull)
    alone = rate * (1 - rate) * (1 / n[0] + 1 / n[1])
    error = np.sqrt(max(float((summed**2).sum()), float(alone)))
    companies = [len(np.unique(company[inside == side])) for side in (0, 1)]
    distance = abs(k[0] / n[0] - k[1] / n[1]) / error if error > 0 else 0.0
    return float(2 * student.sf(distance, max(min(companies) - 1, 1)))


def _masked(frame: pd.DataFrame) -> pd.DataFrame:
    """Mask counts of few people, and the rates that would give them back."""
    frame = frame.astype(dict.fromkeys(("n", "n_won", "n_lost", "n_open"), float))
    for _, rows in frame.groupby("attribute"):
        at = rows.index.to_numpy()
        # How many were won, lost and open in all is known: each is a line of its own. The total of a row goes with
        # what is hidden in it, rather than a further count.
        hidden = {}
        for side in ("won", "lost", "open"):
            shown = masked(rows[f"n_{side}"].to_numpy(np.int64))
            hidden[side] = np.isnan(shown)
            frame.loc[at, f"n_{side}"] = shown
            frame.loc[at[hidden[side]], f"{side}_share"] = np.nan
        frame.loc[at[hidden["won"] | hidden["lost"]], _RATES] = np.nan
        frame.loc[at[hidden["won"] | hidden["lost"] | hidden["open"]], "n"] = np.nan
    frame.loc[(frame["n"] > 0) & (frame["n"] < SMALLEST_CELL), ["n", *_RATES]] = np.nan
    return frame
