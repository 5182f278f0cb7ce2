"""What sales brought: the sum that a sale names itself, or its deal, wherever the export keeps it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining.journeys import Journeys
from mining.personas.prospects import Prospects

__all__ = ["sales_of"]

Floats = npt.NDArray[np.float64]


def sales_of(journeys: Journeys, prospects: Prospects) -> Floats:
    """Tell for how much each customer bought: its largest sale.

    A sale's sum is the one that its touchpoint names, else the latest that another touchpoint of its deal names before
    it, else the one that the deal bears. Sums in other currencies than the one used most are not told, nor are nought
    and less.

    Parameters
    ----------
    journeys : Journeys
        Under any case notion.
    prospects : Prospects
        Their customers.

    Returns
    -------
    ndarray of float
        One per customer, NaN where no sum is told.
    """
    log, largest = journeys.log, np.full(len(prospects), np.nan)
    at = np.flatnonzero(log.holds("outcome", "won"))
    if len(at) == 0:
        return largest
    paid, currency = _named(journeys, at)
    told = paid > 0
    if not told.any():
        return largest
    told &= currency == np.bincount(currency[told] + 1).argmax() - 1
    found = pd.Series(paid[told]).groupby(prospects.owner[log.journey_of[at[told]]]).max()
    largest[found.index.to_numpy(np.int64)] = found.to_numpy(float)
    return largest


def _named(journeys: Journeys, at: npt.NDArray[np.int64]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Give the sum of each sale, NaN where none is told, and the number of its currency."""
    log = journeys.log
    sums = np.nan_to_num(log.numbers["amount"])
    currencies = pd.factorize(journeys.touchpoints.frame["currency"].iloc[log.rows])[0].astype(np.int64)
    where = np.where(sums[at] > 0, at, _latest_of_deal(log, sums, at))
    paid = np.where(where >= 0, sums[np.maximum(where, 0)], np.nan)
    currency = np.where(where >= 0, currencies[np.maximum(where, 0)], -1)
    deals = journeys.touchpoints.objects.get("deal", pd.DataFrame())
    deal = log.codes["deal"][at]
    if "amount" not in deals or not (deal >= 0).any():
        return paid, currency
    told = pd.to_numeric(deals["amount"], errors="coerce")
    own = told[~told.index.duplicated()].reindex(log.words["deal"]).to_numpy(float)
    return np.where(np.isnan(paid) & (deal >= 0), own[np.maximum(deal, 0)], paid), currency


def _latest_of_deal(log: CodedLog, sums: Floats, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Find, for each sale, the latest touchpoint of its deal up to it that names a sum; -1 where there is none."""
    deal = log.codes["deal"].astype(np.int64)
    named = np.flatnonzero((sums > 0) & (deal >= 0))
    if len(named) == 0:
        return np.full(len(at), -1, np.int64)
    both = np.concatenate([named, at])
    is_sale = np.arange(len(both)) >= len(named)
    # In the order of deals and times, the one wanted is the last before the sale.
    order = np.lexsort((is_sale, log.time[both], deal[both]))
    last = np.maximum.accumulate(np.where(is_sale[order], -1, np.arange(len(both))))
    found = np.where(last >= 0, both[order[np.maximum(last, 0)]], -1)
    place = np.empty(len(both), np.int64)
    place[order] = np.where((found >= 0) & (deal[found] == deal[both[order]]), found, -1)
    return place[len(named) :]
