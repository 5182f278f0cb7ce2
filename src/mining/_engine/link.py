"""Put rows under a case notion: one sort by (case, timestamp, seq)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from mining._engine.codes import CodedLog, numbered
from mining._engine.columns import Codes, Columns, FrameColumns

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
        Orders equal times of a case. Where it is not given they are ordered by activity, by end, then by the other
        fields in the order of `mining._fields.FIELDS`.
    gap : Timedelta, optional
        A longer silence than this starts a new journey of the same case.

    Returns
    -------
    CodedLog
        Rows without a case are not in it.
    """
    codes, cases = columns.coded(case)
    order, case_of, time = _ordered(codes, time, len(cases))
    order = _settled(columns, order, (case_of, time), (seq, ends))
    fresh = np.ones(len(order), bool)
    np.not_equal(case_of[1:], case_of[:-1], out=fresh[1:])
    if gap is not None:
        fresh[1:] |= time[1:] - time[:-1] > gap // _MICROSECOND
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
        part=None if gap is None else numbered(owner),
    )


def _micros(column: pd.Series[pd.Timestamp]) -> _Integers:
    return np.asarray(column.astype("datetime64[us, UTC]").astype("int64"), np.int64)


def _ordered(codes: Codes, time: _Integers, n_cases: int) -> tuple[_Integers, Codes, _Integers]:
    """Order the rows that have a case by case and time; give their numbers, cases and times in that order.

    Cases are told apart by counting, which takes one pass and keeps the order of rows; exports are mostly in order of
    time, or of case and time. Only the cases whose rows are not in order of time by then are sorted.
    """
    order, count = _grouped(codes, n_cases)
    case = np.repeat(np.arange(n_cases, dtype=np.int32), count)
    time = time[order]
    fallen = time[1:] < time[:-1]
    fallen &= case[1:] == case[:-1]
    if fallen.any():
        wrong = np.zeros(n_cases, bool)
        wrong[case[1:][fallen]] = True
        here = np.flatnonzero(wrong[case])
        inner = _sorted(case[here], time[here])
        order[here], time[here] = order[here[inner]], time[here[inner]]
    return order, case, time


def _grouped(codes: Codes, n_cases: int) -> tuple[_Integers, _Integers]:
    """Order rows by their code without comparing any (a counting sort); give also how many rows each code has.

    Making the rows of a sparse matrix out of its places is just that, in compiled code.
    """
    n_rows = len(codes)
    size = np.int32 if n_rows < 2**31 - 1 else np.int64
    shifted = np.add(codes, 1, dtype=size)  # what has no case comes first, and is cut off
    places = (shifted, np.arange(n_rows, dtype=size))
    matrix = csr_array((np.zeros(n_rows, np.int8), places), shape=(n_cases + 1, n_rows))
    ends = matrix.indptr.astype(np.int64)
    return matrix.indices[ends[1] :].astype(np.int64), np.diff(ends)[1:]


def _sorted(case: Codes, time: _Integers) -> _Integers:
    packed = _packed(case, time)
    return np.lexsort((time, case)) if packed is None else np.argsort(packed)  # ties are put right afterwards


def _packed(codes: Codes, time: _Integers) -> _Integers | None:
    """Put case and time into one number each, where they fit: one sort of numbers beats a sort by two keys."""
    since = time - time.min()
    whole = since // _SECOND
    if bool((whole * _SECOND == since).all()):
        since = whole
    bits = int(since.max()).bit_length()
    if int(codes.max()).bit_length() + bits > 62:
        return None
    packed = codes.astype(np.int64)
    packed <<= bits
    packed |= since
    return packed


def _settled(
    columns: Columns,
    order: _Integers,
    key: tuple[Codes, _Integers],
    said: tuple[_Integers | None, _Integers | None],
) -> _Integers:
    """Order equal times of a case by `seq`, or else by what the rows say: their own order decides nothing."""
    (case, time), (seq, ends) = key, said
    same = time[1:] == time[:-1]
    same &= case[1:] == case[:-1]
    if not same.any():
        return order
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    group = np.cumsum(np.append(True, ~same), dtype=np.int32)[tied]
    rows = order[tied]
    if seq is not None:
        order[tied] = rows[np.lexsort((rows, seq[rows], group))]
    else:
        activity, *others = [columns.coded(field)[0][rows] for field in columns.fields]
        spoken = [codes for codes in others if (codes >= 0).any()]
        until = [] if ends is None else [ends[rows]]  # before the rest, since it decides the next wait
        order[tied] = rows[np.lexsort((rows, *reversed(spoken), *until, activity, group))]
    return order
