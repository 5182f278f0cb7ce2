"""Work told in several rows: its start and its end are one touchpoint that lasts."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.sources.fold import fold
from mining.sources.mappings.mapping import Reader
from mining.sources.mappings.values import numbers_of
from mining.sources.mappings.view import View
from mining.sources.table import Ints
from mining.sources.times.clocks import NO_TIME

__all__ = ["Pairs", "paired", "tells_work"]

# The states of work in the XES standard (IEEE 1849), and how process-mining tools spell them.
_START, _COMPLETE, _ABORT, _BETWEEN = 1, 2, 3, 4
_STATES: Final = {
    **dict.fromkeys(("start", "started", "begin"), _START),
    **dict.fromkeys(("complete", "completed", "end"), _COMPLETE),
    **dict.fromkeys(("ate_abort", "pi_abort", "abort_activity", "abort_case"), _ABORT),
    **dict.fromkeys(
        ("schedule", "assign", "reassign", "suspend", "resume", "withdraw", "autoskip", "manualskip"), _BETWEEN
    ),
}


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows that are touchpoints, and the row that tells where each ends.

    Attributes
    ----------
    rows : ndarray of bool
        Starts, ends that nothing had started, and rows whose state is no known one.
    ends : ndarray of int64
        Per row, the place of the row that tells its end; -1 where there is none.
    """

    rows: npt.NDArray[np.bool_]
    ends: Ints


def paired(reader: Reader, view: View) -> Pairs | None:
    """Put starts and ends together, the first start with the first end of the same work.

    Rows are of the same work where all columns of the reader's `lifecycle.of` that the table has say the same. A start
    without an end still runs; an end without a start is a moment. What lies between (schedule, assign, suspend, resume)
    is no touchpoint, nor is an abort of what was never started.

    Returns
    -------
    Pairs or None
        None where the table tells only one state of work, so that there is nothing to put together.
    """
    lifecycle = reader.lifecycle
    if lifecycle is None or view.find(lifecycle.column) is None:
        return None
    state = _states(view, lifecycle.column)
    if not _tells_work(set(state.tolist())):
        return None
    time = view.times(reader.step.fields["timestamp"], {}).micros
    rank = numbers_of(view.text(reader.order)) if reader.order else np.zeros(view.size)
    work = _work(view, [column for column in lifecycle.of if view.find(column) is not None])
    telling = np.flatnonzero(np.isin(state, (_START, _COMPLETE, _ABORT)) & (time != NO_TIME) & (work >= 0))
    order = telling[np.lexsort((telling, np.nan_to_num(rank[telling]), time[telling], work[telling]))]
    starts, closes = _matched(work[order], state[order] == _START)
    ends = np.full(view.size, -1, np.int64)
    ends[order[starts]] = order[closes]
    rows = (state != _BETWEEN) & (state != _ABORT)
    rows[order[closes]] = False
    return Pairs(rows, ends)


def tells_work(words: Iterable[str]) -> bool:
    """Say whether a column of these words tells the states of work: two at least, a start or completion among them."""
    return _tells_work({_state(word) for word in words})


def _tells_work(states: AbstractSet[int]) -> bool:
    return len(states - {0}) >= 2 and not states.isdisjoint({_START, _COMPLETE})


def _state(word: str) -> int:
    return _STATES.get(fold(word).replace(" ", "_"), 0)


def _states(view: View, column: str) -> Ints:
    found = view.text(column)
    known = np.array([*(_state(word) for word in found.words), 0], np.int64)
    return known[found.codes]


def _work(view: View, columns: list[str]) -> Ints:
    """Give each piece of work a number; -1 where the first column, the case, says nothing."""
    work = np.zeros(view.size, np.int64)
    for column in columns:
        codes = view.text(column).codes
        work = pd.factorize(work * (int(codes.max(initial=-1)) + 2) + codes + 1)[0].astype(np.int64)
    return np.where(view.text(columns[0]).known, work, -1) if columns else work - 1


def _matched(work: Ints, is_start: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Match starts with ends in sorted rows: places of the starts that ended, and of what ended them."""
    running = pd.Series(np.where(is_start, 1, -1)).groupby(work).cumsum()
    # An end that finds nothing started makes a new low; each start after it counts from there.
    low = running.groupby(work).cummin().clip(upper=0)
    before = low.groupby(work).shift(fill_value=0)
    closes = np.flatnonzero(~is_start & (running >= before).to_numpy())
    starts = np.flatnonzero(is_start)
    first = np.searchsorted(work[starts], work[closes], side="left")
    turn = np.arange(len(closes)) - np.searchsorted(work[closes], work[closes], side="left")
    return starts[first + turn], closes
