"""How the won became customers: what touched them, how often, how long it took and who was involved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from mining._statistics import SMALLEST_CELL, wilson
from mining.journeys import Journeys
from mining.personas.prospects import LOST, WON, Prospects
from mining.personas.seen import look

__all__ = ["journeys_of_won", "nobody_described"]

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Held = tuple[npt.NDArray[np.object_], sparse.csr_array]
Groups = Sequence[tuple[str, Flags]]
_SHARES: Final = {"touch": "activity", "channel": "channel", "team": "team"}
_MOST: Final = 10
_DAY: Final = 86_400_000_000


def journeys_of_won(journeys: Journeys, prospects: Prospects, groups: Groups) -> pd.DataFrame:
    """Describe the journeys of the won up to the sale, group by group, beside those of the lost up to the loss.

    Parameters
    ----------
    journeys : Journeys
        What happened.
    prospects : Prospects
        Their customers.
    groups : sequence of (name, ndarray of bool)
        Groups of customers, which may overlap.

    Returns
    -------
    DataFrame
        group, kind (touch, first touch, channel, team: shares of customers, the ten most frequent; or number), name,
        share, low, high (of the won, Wilson, 95 %), lost_share (the same of the lost), median, lower_quartile,
        upper_quartile (of the won: touchpoints, days to close, people met, teams met), lost_median, n (won customers).
        Groups of fewer than five won are left out; of fewer than five lost nothing is said.
    """
    log, seen = journeys.log, look(journeys, ("won", "lost", "disqualified"))
    who = prospects.owner[log.journey_of[seen.places]]
    in_time = (log.time[seen.places] <= prospects.settled[who]) & (prospects.fate[who] >= LOST)
    at, who = seen.places[in_time], who[in_time]
    tables = {kind: _held(journeys, field, at, who, n=len(prospects)) for kind, field in _SHARES.items()}
    order = np.lexsort((at, log.time[at], who))
    first = order[np.flatnonzero(np.diff(who[order], prepend=-1))]
    tables["first touch"] = _held(journeys, "activity", at[first], who[first], n=len(prospects))
    numbers = {
        "touchpoints": np.bincount(who, minlength=len(prospects)).astype(float),
        "days to close": (prospects.settled - prospects.started) / _DAY,
        "people met": np.asarray(_held(journeys, "actor", at, who, n=len(prospects))[1].sum(axis=1), float).ravel(),
        "teams met": np.asarray(tables["team"][1].sum(axis=1), float).ravel(),
    }
    parts = []
    for name, member in groups:
        won, lost = member & (prospects.fate == WON), member & (prospects.fate == LOST)
        if won.sum() >= SMALLEST_CELL:
            shares = [_shares(kind, table, won, lost) for kind, table in tables.items()]
            parts.append(pd.concat([*shares, _numbers(numbers, won, lost)]).assign(group=name, n=int(won.sum())))
    return _framed(parts)


def nobody_described() -> pd.DataFrame:
    """Give the empty table of `journeys_of_won`: a table of customers tells no journeys."""
    return _framed([])


def _framed(parts: list[pd.DataFrame]) -> pd.DataFrame:
    columns = [
        "group", "kind", "name", "share", "low", "high", "lost_share", "median", "lower_quartile", "upper_quartile",
        "lost_median", "n",
    ]  # fmt: skip
    return (pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns))[columns]


def _held(journeys: Journeys, field: str, at: Integers, who: Integers, *, n: int) -> Held:
    """Mark, per customer, the words of a field that its touchpoints hold."""
    words, codes = journeys.log.words[field], journeys.log.codes[field][at]
    if field == "actor" and len(journeys.log.words["actor_kind"]):
        # Whom a customer meets, not the customer.
        codes = np.where(journeys.log.holds("actor_kind", "customer")[at], -1, codes)
    known = codes >= 0
    cells = np.unique(who[known] * max(len(words), 1) + codes[known])
    rows, columns = np.divmod(cells, max(len(words), 1))
    return words, sparse.csr_array((np.ones(len(cells)), (rows, columns)), shape=(n, len(words)))


def _shares(kind: str, table: Held, won: Flags, lost: Flags) -> pd.DataFrame:
    words, held = table
    k, k_lost = (np.asarray(held[np.flatnonzero(side)].sum(axis=0), float).ravel() for side in (won, lost))
    n, n_lost = int(won.sum()), int(lost.sum())
    order = np.argsort(-k, kind="stable")[:_MOST]
    order = order[k[order] >= SMALLEST_CELL]
    low, high = wilson(k[order], n)
    of_lost = k_lost[order] / n_lost if n_lost >= SMALLEST_CELL else np.full(len(order), np.nan)
    return pd.DataFrame(
        {"kind": kind, "name": words[order].astype(str), "share": k[order] / n, "low": low, "high": high,
         "lost_share": of_lost}
    )  # fmt: skip


def _numbers(numbers: dict[str, Floats], won: Flags, lost: Flags) -> pd.DataFrame:
    rows = []
    for name, values in numbers.items():
        low, middle, high = np.quantile(values[won], [0.25, 0.5, 0.75])
        other = float(np.median(values[lost])) if lost.sum() >= SMALLEST_CELL else np.nan
        rows.append(("number", name, middle, low, high, other))
    return pd.DataFrame(rows, columns=["kind", "name", "median", "lower_quartile", "upper_quartile", "lost_median"])
