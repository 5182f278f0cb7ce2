"""Look back: what a deal's people did before anybody wrote the deal down belongs to its journey too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.sources.touchpoints import Flattened, Touchpoints

__all__ = ["looked_back"]

_MEMBERS: Final = ("customer", "account")
_Integers = npt.NDArray[np.int64]


def looked_back(touchpoints: Touchpoints, flat: Flattened, span: pd.Timedelta) -> Flattened:
    """Let touchpoints that name no case join those of their customer or account.

    A case's customers and accounts are those that its touchpoints name, and those that the CRM says belong to it. A
    touchpoint's account is the one it names itself: what it was then, not what it is now.

    Parameters
    ----------
    touchpoints : Touchpoints
        All, with a row for each customer.
    flat : Flattened
        The same with one row per touchpoint and case.
    span : Timedelta
        How long before a case is first named its people's touchpoints belong to it; none after it is last named do.

    Returns
    -------
    Flattened
        A touchpoint that joins several cases is repeated for each and counted.
    """
    case, rows = flat.case, flat.touchpoints.frame
    named = rows.loc[rows[case].notna().to_numpy()]
    if not len(named):
        return flat
    known = set(_event(named["touchpoint_id"]))
    free = touchpoints.frame.loc[touchpoints.frame[case].isna().to_numpy()]
    free = free.loc[~_event(free["touchpoint_id"]).isin(known).to_numpy()]
    windows = named.groupby(case)["timestamp"].agg(["min", "max"])
    windows["min"] -= span
    found = [_joining(free, belonging, windows) for belonging in _members(touchpoints, named, case)]
    pairs = pd.concat(found).drop_duplicates().sort_values(["event", "case"], kind="stable")
    if not len(pairs):
        return flat
    turn = pairs.groupby("event", sort=False).cumcount().to_numpy()
    event = _event(rows["touchpoint_id"])
    place = pd.Series(np.arange(len(rows)), index=event)[~event.duplicated().to_numpy()]
    joined = rows.iloc[place.loc[pairs["event"]].to_numpy()].copy()
    joined[case] = pd.Series(pairs["case"].to_numpy(), index=joined.index, dtype="str")
    again = pd.Series(turn, index=joined.index)
    joined["touchpoint_id"] = joined["touchpoint_id"].where(
        again == 0, pairs["event"].to_numpy() + "@" + (again + 1).astype("str")
    )
    rest = rows.loc[~event.isin(set(pairs["event"])).to_numpy()]
    frame = pd.concat([rest, joined]).sort_values("seq", kind="stable", ignore_index=True)
    n_again = int((turn > 0).sum())
    return replace(
        flat,
        touchpoints=replace(flat.touchpoints, frame=frame),
        replicated=flat.replicated + n_again,
        joined=len(joined) - n_again,
    )


def _event(ids: pd.Series[str]) -> pd.Series[str]:
    """Name the event that several rows tell of."""
    return ids.str.replace(r"@\d+$", "", regex=True)


def _members(touchpoints: Touchpoints, named: pd.DataFrame, case: str) -> Iterator[pd.DataFrame]:
    """Give for customers and accounts who belongs to which case: `kind`, `member`, `case`."""
    related = touchpoints.relations.objects
    for kind in _MEMBERS:
        if kind == case:
            continue
        parts = [named[[kind, case]].set_axis(["member", "case"], axis=1)]
        for one, other in (("source", "target"), ("target", "source")):
            fits = (related[f"{one}_type"] == case) & (related[f"{other}_type"] == kind)
            told = related.loc[fits.to_numpy(), [f"{other}_id", f"{one}_id"]]
            parts.append(told.set_axis(["member", "case"], axis=1))
        yield pd.concat(parts).dropna().drop_duplicates().assign(kind=kind)


def _joining(free: pd.DataFrame, members: pd.DataFrame, windows: pd.DataFrame) -> pd.DataFrame:
    """Find which free touchpoints lie in the window of which of their cases: `event`, `case`."""
    members = members.loc[members["case"].isin(windows.index).to_numpy()]
    kind = members["kind"].iloc[0] if len(members) else "customer"
    free = free.loc[free[kind].notna().to_numpy()]
    if not len(free) or not len(members):
        return pd.DataFrame({"event": [], "case": []}, dtype="str")
    who, names = pd.factorize(free[kind])
    code = pd.Index(names).get_indexer(members["member"])
    members, code = members.loc[code >= 0], code[code >= 0]
    window = windows.loc[members["case"]]
    # One number per touchpoint that orders by member, then by time: both ends of a window are found by bisection.
    times, moment = np.unique(_micros(free["timestamp"]), return_inverse=True)
    key = who * (len(times) + 1) + moment
    order = np.argsort(key, kind="stable")
    low = code * (len(times) + 1) + np.searchsorted(times, _micros(window["min"]))
    high = code * (len(times) + 1) + np.searchsorted(times, _micros(window["max"]), side="right")
    lows, highs = np.searchsorted(key[order], low), np.searchsorted(key[order], high)
    count = highs - lows
    at = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(lows, count)
    events = _event(free["touchpoint_id"]).to_numpy()[order[at]]
    return pd.DataFrame({"event": events, "case": np.repeat(members["case"].to_numpy(), count)}, dtype="str")


def _micros(times: pd.Series[pd.Timestamp]) -> _Integers:
    return np.asarray(times.astype("datetime64[us, UTC]").astype("int64"), np.int64)
