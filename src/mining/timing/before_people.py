"""How far customers go alone: what lies before the first contact in which they meet a person."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
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
_ALONE: Final = ["n_alone", "alone_share", "alone_low", "alone_high"]
_BEFORE: Final = ["before_share", "before_low", "before_high", "before_hours", "hours_low", "hours_high"]

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


def before_people(journeys: Journeys, is_contact: Flags, fate: Fates) -> pd.DataFrame:
    """Tell which share of journeys and of their contacts goes by before a customer meets a person.

    A person is met in a contact that one of ours makes, or in a channel in which both are there at once. Journeys that
    met nobody and may still be running count for neither side.

    Parameters
    ----------
    journeys : Journeys
        Those with at least one contact in a known channel.
    is_contact : ndarray of bool
        Which touchpoints are contacts in a known channel.
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
    at = np.flatnonzero(is_contact)
    journey, starts, of = np.unique(log.journey_of[at], return_index=True, return_inverse=True)
    met = with_people(log)[at]
    place = np.arange(len(at)) - starts[of]
    first = np.full(len(journey), len(at), np.int64)
    np.minimum.at(first, of[met], place[met])
    is_met = first < len(at)
    first = np.where(is_met, first, 0)
    n_contacts = np.bincount(of, minlength=len(journey))
    hours = np.maximum(log.time[at[starts + first]] - log.time[at[starts]], 0) / HOUR
    rows = pd.DataFrame(
        {
            "customer": customer_of(log)[journey], "is_met": is_met, "is_told": is_met | fate.is_finished[journey],
            "before": first / n_contacts, "hours": hours,
        }
    )  # fmt: skip
    channel, words = log.codes["channel"][at[starts]].astype(np.int64), list(log.words["channel"].astype(str))
    each = _summed(rows, channel, words)
    each = each[each["n_customers"] >= SMALLEST_CELL].sort_values(["n_journeys", "channel"], ascending=[False, True])
    whole = _summed(rows, np.zeros(len(rows), np.int64), [_ALL])
    return pd.concat([whole[whole["n_journeys"] > 0], each], ignore_index=True)


def _summed(rows: pd.DataFrame, cell: Integers, names: list[str]) -> pd.DataFrame:
    """Sum up the journeys of each cell."""
    n_cells, customer = len(names), rows["customer"].to_numpy(np.int64)
    is_met, is_told = rows["is_met"].to_numpy(bool), rows["is_told"].to_numpy(bool)
    k, n, share, low, high = clustered_share(~is_met[is_told], cell[is_told], customer[is_told], n_cells)
    n_met = np.bincount(cell[is_met], minlength=n_cells)
    frame = pd.DataFrame(
        {
            "channel": pd.Series(names, dtype="str"), "n_journeys": np.bincount(cell, minlength=n_cells),
            "n_customers": pd.Series(customer).groupby(cell).nunique().reindex(range(n_cells), fill_value=0),
            "n_met": n_met, "n_alone": k.astype(float), "alone_share": share, "alone_low": low, "alone_high": high,
        }
    )  # fmt: skip
    for name, columns in (("before", _BEFORE[:3]), ("hours", _BEFORE[3:])):
        found = clustered_quantiles(rows[name].to_numpy(float)[is_met], cell[is_met], customer[is_met], n_cells)
        frame[columns] = np.column_stack([found.median, found.low, found.high])
    frame.loc[n_met < SMALLEST_CELL, _BEFORE] = np.nan
    frame.loc[(n < SMALLEST_CELL) | ((k > 0) & (k < SMALLEST_CELL)), _ALONE] = np.nan
    return frame
