"""Whom we sold to, whom we lost and who is still open: one fate per customer, with its times and its company."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining.journeys import Journeys
from mining.personas.seen import customers_of

__all__ = ["LOST", "OPEN", "WON", "Prospects", "prospects_in", "prospects_of"]

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

WON: Final = 1
LOST: Final = 0
OPEN: Final = -1
_ILL: Final = ("lost", "disqualified")
_ENOUGH: Final = 10  # losses, from which on the won are compared with the lost
_RIPE: Final = 0.9


@dataclass(frozen=True, eq=False)
class Prospects:
    """Customers in the order of their ids, one entry each.

    Attributes
    ----------
    ids : ndarray of object
        Customers; a journey that names none stands for one.
    owner : ndarray of int64
        Row in `ids` of each journey.
    fate : ndarray of int64
        `WON`, `LOST` or `OPEN`. Whoever ever bought is won; of the others the latest journey decides.
    company : ndarray of int64
        Number of the account that a customer belongs to, or one of its own: customers of one company are alike.
    started, settled : ndarray of int64
        Microseconds since 1970: first touchpoint; first sale, last loss, or the end of observation.
    """

    ids: npt.NDArray[np.object_]
    owner: Integers
    fate: Integers
    company: Integers
    started: Integers
    settled: Integers

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def horizon(self) -> int:
        """Microseconds in which nine of ten of the won were won."""
        took = (self.settled - self.started)[self.fate == WON]
        return int(np.quantile(took, _RIPE, method="higher")) if len(took) else 0

    def against(self) -> tuple[str, Flags, Flags]:
        """Choose whom the won are compared with.

        Losses are losses only where they are told. Where hardly any are, those stand against the won who are open for
        longer than nine of ten of the won took, and of the won only those who were won in that time and could be
        watched as long: whoever came last has had no time to buy.

        Returns
        -------
        words : str
            Against whom.
        compared, won : ndarray of bool
            Which customers are compared, and which of all count as won.
        """
        if (self.fate == LOST).sum() >= _ENOUGH or not (self.fate == WON).any():
            return "lost", self.fate != OPEN, self.fate == WON
        ends = self.settled.max() if not (self.fate == OPEN).any() else self.settled[self.fate == OPEN].max()
        took = self.settled - self.started
        quick = (self.fate == WON) & (took <= self.horizon)
        watched = self.started <= ends - self.horizon
        return f"open for {self.horizon / 8.64e10:,.0f} days", watched & (quick | (self.fate != WON)), quick


def prospects_of(journeys: Journeys) -> Prospects:
    """Tell each customer's fate.

    Parameters
    ----------
    journeys : Journeys
        Under any case notion.

    Returns
    -------
    Prospects
        All customers, sorted.
    """
    log = journeys.log
    ids, owner = np.unique(customers_of(log).astype(str), return_inverse=True)
    owner = owner.astype(np.int64)
    is_won = log.holds("outcome", "won")
    is_ill = log.holds("outcome", _ILL[0]) | log.holds("outcome", _ILL[1])
    order = np.lexsort((log.time[log.first], owner))
    latest = order[np.searchsorted(owner[order], np.arange(len(ids)), side="right") - 1]
    bought = np.bincount(owner, weights=log.any_in_journey(is_won), minlength=len(ids)) > 0
    fate = np.where(bought, WON, np.where(log.any_in_journey(is_ill)[latest], LOST, OPEN)).astype(np.int64)
    who = owner[log.journey_of]
    started = _extreme(log.time, who, np.ones(len(who), bool), len(ids))
    sold, given_up = _extreme(log.time, who, is_won, len(ids)), -_extreme(-log.time, who, is_ill, len(ids))
    until = int(journeys.observed_until.value // 1000)
    settled = np.where(fate == WON, sold, np.where(fate == LOST, given_up, np.maximum(until, started)))
    return Prospects(ids.astype(object), owner, fate, _companies(journeys, owner, len(ids)), started, settled)


def prospects_in(table: pd.DataFrame, won: pd.Series) -> Prospects:
    """Take the rows of a table for customers, each its own company, all of one day.

    Parameters
    ----------
    table : DataFrame
        One row per customer; the index names them.
    won : Series
        True, False or missing (open), as long as the table or with its index.

    Returns
    -------
    Prospects
        In the order of the table.

    Raises
    ------
    MiningError
        Where the answers do not belong to the rows, or are no yes and no.
    """
    told = won.reindex(table.index) if not won.index.equals(table.index) and table.index.is_unique else won
    if len(told) != len(table):
        raise MiningError.refused(
            f"{len(won):,} answers for {len(table):,} customers", "do not fit: give one for each row of the table."
        )
    values = told.astype("object").where(told.notna().to_numpy(), None)
    if not set(values.dropna().unique()) <= {True, False}:
        raise MiningError.refused(
            f"Outcomes such as {values.dropna().iloc[0]!r}", "are no yes and no: compare, as in table['Churn'] == 'No'."
        )
    fate = np.array([OPEN if value is None else WON if value else LOST for value in values], np.int64)
    place, day = np.arange(len(table), dtype=np.int64), np.zeros(len(table), np.int64)
    return Prospects(table.index.astype("str").to_numpy(object), place, fate, place, day, day)


def _extreme(time: Integers, who: Integers, marked: Flags, n: int) -> Integers:
    """Find each customer's earliest marked time."""
    earliest = np.full(n, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(earliest, who[marked], time[marked])
    return earliest


def _companies(journeys: Journeys, owner: Integers, n: int) -> Integers:
    codes = journeys.log.codes["account"]
    company = len(journeys.log.words["account"]) + np.arange(n)
    known = np.flatnonzero(codes >= 0)
    who, at = np.unique(owner[journeys.log.journey_of[known]], return_index=True)
    company[who] = codes[known[at]]
    return np.asarray(np.unique(company, return_inverse=True)[1], np.int64)
