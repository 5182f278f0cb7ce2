"""Put rows under a case notion: one sort by (case, timestamp, seq)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine.codes import CodedLog
from mining._engine.columns import Columns, FrameColumns

__all__ = ["link_codes", "link_columns"]

_MICROSECOND: Final = pd.Timedelta(microseconds=1)
_SECOND: Final = 1_000_000
_Integers = npt.NDArray[np.int64]


def link_codes(frame: pd.DataFrame, case: str, gap: pd.Timedelta | None = None) -> CodedLog:
    """Sort touchpoints once under a case notion and code them.

    Parameters
    ----------
    frame : DataFrame
        Canonical touchpoints; rows whose `case` is missing are left out (the caller counts them).
    case : str
        The object field that journeys are told apart by.
    gap : Timedelta, optional
        A longer silence than this starts a new journey of the same case.

    Returns
    -------
    CodedLog
        Sorted by (case, timestamp, seq); journey ids are the case ids, with ``/1``, ``/2`` ... where `gap` is given.
    """
    time = _micros(frame["timestamp"])
    known = frame["end_timestamp"].notna().to_numpy()
    ends = np.where(known, np.maximum(_micros(frame["end_timestamp"]), time), time) if known.any() else None
    seq = frame["seq"].to_numpy(np.int64)
    return link_columns(FrameColumns(frame), case, time=time, ends=ends, seq=seq, gap=gap)


def link_columns(
    columns: Columns,
    case: str,
    *,
    time: _Integers,
    ends: _Integers | None = None,
    seq: _Integers | None = None,
    gap: pd.Timedelta | None = None,
) -> CodedLog:
    """Sort the rows of any columns under a case notion.

    Parameters
    ----------
    columns : Columns
        Where the fields are.
    case : str
        The object field that journeys are told apart by.
    time, ends : ndarray of int64
        Microseconds since 1970, UTC; ends may be None, and are never before the time.
    seq : ndarray of int64, optional
        Orders equal times of a case. Where it is not given they are ordered by activity, then by the other fields in
        the order of `mining._fields.FIELDS`.
    gap : Timedelta, optional
        A longer silence than this starts a new journey of the same case.

    Returns
    -------
    CodedLog
        Rows without a case are not in it.
    """
    codes, cases = columns.coded(case)
    order = _ordered(columns, codes.astype(np.int64), time, seq)
    case_of, time = codes[order], time[order]
    fresh = np.append(True, case_of[1:] != case_of[:-1])[: len(order)]
    if gap is not None:
        fresh[1:] |= np.diff(time) > gap // _MICROSECOND
    starts = np.flatnonzero(fresh)
    owner = case_of[starts].astype(np.int64)
    return CodedLog(
        columns=columns,
        rows=order,
        offsets=np.append(starts, len(order)).astype(np.int64),
        time=time,
        end_time=time if ends is None else ends[order],
        case=owner,
        cases=cases,
        part=None if gap is None else np.arange(1, len(starts) + 1) - np.searchsorted(owner, owner),
    )


def _micros(column: pd.Series[pd.Timestamp]) -> _Integers:
    return np.asarray(column.astype("datetime64[us, UTC]").astype("int64"), np.int64)


def _ordered(columns: Columns, case: _Integers, time: _Integers, seq: _Integers | None) -> _Integers:
    """Order the rows that have a case by (case, time, seq)."""
    packed = _packed(case, time)
    # Not stable where packed, but faster by half: equal ones are put right below.
    order: _Integers = np.lexsort((time, case)) if packed is None else np.argsort(packed)
    order = order[np.searchsorted(case, 0, sorter=order) :]
    return _settled(columns, order, (case, time), seq)


def _packed(case: _Integers, time: _Integers) -> _Integers | None:
    """Put case and time into one number each, where they fit; one sort of numbers beats a sort by two keys."""
    if not len(time):
        return None
    since = time - time.min()
    if not (since % _SECOND).any():
        since //= _SECOND
    bits = int(since.max()).bit_length()
    return None if int(case.max(initial=0)).bit_length() + bits > 62 else (case << bits) | since


def _settled(columns: Columns, order: _Integers, key: tuple[_Integers, _Integers], seq: _Integers | None) -> _Integers:
    """Order equal times of a case by `seq`, or else by what the rows say: their own order decides nothing."""
    same = np.ones(max(len(order) - 1, 0), bool)
    for part in key:
        ordered = part[order]
        same &= ordered[1:] == ordered[:-1]
    if not same.any():
        return order
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    group = np.cumsum(np.append(True, ~same))[tied]
    rows = order[tied]
    if seq is not None:
        order[tied] = rows[np.lexsort((rows, seq[rows], group))]
    else:
        said = [columns.coded(field)[0][rows] for field in reversed(columns.fields)]
        order[tied] = rows[np.lexsort((rows, *said, group))]
    return order
