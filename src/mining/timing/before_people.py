"""How far customers go alone: what lies before the first contact in which they meet a person."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.timing.clustering import clustered_quantiles, clustered_share
from mining.timing.losses import Fates
from mining.timing.responses import with_people
from mining.timing.steps_taken import HOUR

__all__ = ["before_people"]

_ALL: Final = "all"
_COLUMNS: Final = [
    "channel", "n_journeys", "n_customers", "n_met", "n_alone", "alone_share", "alone_low", "alone_high",
    "before_share", "before_low", "before_high", "before_hours", "hours_low", "hours_high",
]  # fmt: skip


def before_people(journeys: Journeys, fate: Fates) -> pd.DataFrame:
    """Tell which share of journeys and of their contacts goes by before a customer meets a person.

    A person is met in a contact that one of ours makes, or in a channel in which both are there at once. Journeys that
    met nobody and may still be running count for neither side.

    Parameters
    ----------
    journeys : Journeys
        Those with at least one contact in a known channel.
    fate : Fates
        Which of them are finished.

    Returns
    -------
    DataFrame
        One row for all, then one per first channel of at least five customers, most journeys first: channel,
        n_journeys, n_customers, n_met (journeys in which a person is met), n_alone (finished without), alone_share (of
        both) with alone_low and alone_high (Wilson, 95 %, by customers), before_share (median share of a journey's
        contacts that come before the person, where one is met) with before_low and before_high, before_hours (median
        from the first contact to the person) with hours_low and hours_high (all 95 %, by customers). What would tell of
        fewer than five journeys is missing.

    References
    ----------
    Wilson, E. B. (1927), shares; Woodruff, R. S. (1952), medians.
    """
    log = journeys.log
    at = np.flatnonzero((log.codes["channel"] >= 0) & log.holds("touchpoint_kind", "interaction"))
    journey, starts, of = np.unique(log.journey_of[at], return_index=True, return_inverse=True)
    met = with_people(log)[at]
    place = np.arange(len(at)) - starts[of]
    first = np.full(len(journey), len(at), np.int64)
    np.minimum.at(first, of[met], place[met])
    is_met, n_contacts = np.zeros(len(journey), bool), np.bincount(of, minlength=len(journey))
    is_met[of[met]] = True
    before = np.where(is_met, first, 0) / np.maximum(n_contacts, 1)
    reached = at[starts + np.where(is_met, first, 0)] if len(at) else at
    hours = np.maximum(log.time[reached] - log.time[at[starts]], 0) / HOUR
    customer, channel = customer_of(log)[journey], log.codes["channel"][at[starts]].astype(np.int64)
    told = is_met | fate.is_finished[journey]
    words = [_ALL, *log.words["channel"].astype(str)]
    rows = []
    for number, name in enumerate(words):
        chosen = np.ones(len(journey), bool) if number == 0 else channel == number - 1
        n_customers = len(np.unique(customer[chosen]))
        if not chosen.any() or (number > 0 and n_customers < SMALLEST_CELL):
            continue
        own = chosen & told
        nowhere, side = np.zeros(int(own.sum()), np.int64), chosen & is_met
        k, n, share, low, high = clustered_share(~is_met[own], nowhere, customer[own], 1)
        row = {"channel": name, "n_journeys": int(chosen.sum()), "n_customers": n_customers, "n_met": int(side.sum())}
        row |= {"n_alone": float(k[0]), "alone_share": share[0], "alone_low": low[0], "alone_high": high[0]}
        enough = side.sum() >= SMALLEST_CELL
        if n[0] < SMALLEST_CELL or 0 < k[0] < SMALLEST_CELL:
            row |= dict.fromkeys(("n_alone", "alone_share", "alone_low", "alone_high"), np.nan)
        for label, bounds, values in (("before_share", "before", before), ("before_hours", "hours", hours)):
            found = clustered_quantiles(values[side], np.zeros(int(side.sum()), np.int64), customer[side], 1)
            figures = (found.median[0], found.low[0], found.high[0]) if enough else (np.nan,) * 3
            row |= dict(zip((label, f"{bounds}_low", f"{bounds}_high"), figures, strict=True))
        rows.append(row)
    frame = pd.DataFrame(rows, columns=_COLUMNS).astype({"channel": "str"})
    order = np.lexsort((frame["channel"], -frame["n_journeys"], frame["channel"] != _ALL))
    return frame.iloc[order].reset_index(drop=True)
