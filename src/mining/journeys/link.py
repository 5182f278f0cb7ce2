"""Put touchpoints under a case notion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._durations import duration
from mining._engine import CodedLog
from mining._errors import FieldError, MiningError
from mining._fields import CASES
from mining.journeys.journeys import Journeys
from mining.sources.touchpoints import Flattened, Touchpoints

__all__ = ["link"]

_SESSION_GAP: Final = pd.Timedelta(minutes=30)


def link(
    flat: Flattened, gap: str | pd.Timedelta | None = None, *, closed_by: str | Iterable[str] | None = None
) -> Journeys:
    """Make journeys of touchpoints, one per case, or several where a silence or an outcome ends one.

    Touchpoints that belong to no such case are not in any journey; `Journeys.unlinked` counts them. Equal times are
    ordered by `seq`.

    Parameters
    ----------
    flat : Flattened
        One row per touchpoint and case.
    gap : str or Timedelta, optional
        A silence longer than this ends a journey and starts the case's next one; ``"auto"`` or ``"learned"``: where
        the data says so.
    closed_by : str or iterable of str, optional
        Outcomes or activities that end a journey.

    Returns
    -------
    Journeys
        At least one.

    Raises
    ------
    FieldError
        For a case notion, an outcome or an activity that there is not.
    MiningError
        Where no touchpoint belongs to such a case.
    """
    touchpoints, case, told = flat.touchpoints, flat.case, ""
    if case not in CASES:
        raise FieldError.unknown("case notion", case, CASES)
    field = case
    if case == "session" and not touchpoints.n_naming("session"):
        field, gap = "customer", _SESSION_GAP if gap is None else gap
        told = "no touchpoint names its session: they are the customer's, cut by silences" * (gap is _SESSION_GAP)
    named = _named(touchpoints, field, case)
    span = None if gap is None or gap in ("auto", "learned") else duration(gap)
    journeys = Journeys(
        touchpoints.linked(field, span),
        touchpoints,
        case,
        unlinked=len(touchpoints) - named,
        replicated=flat.replicated,
        left_out=flat.left_out,
        joined=flat.joined,
        gap=span,
        told=told,
    )
    if isinstance(gap, str) and span is None:
        journeys = _cut_by_data(journeys, gap)
    if closed_by is not None:
        journeys = replace(journeys, log=journeys.log.split(_after_closing(journeys.log, closed_by)))
    return journeys


def _named(touchpoints: Touchpoints, field: str, case: str) -> int:
    named = touchpoints.n_naming(field)
    if not named:
        there = [name for name in CASES if touchpoints.n_naming(name)]
        raise MiningError.empty(
            f"The log by {case}", f"no touchpoint names its {field}. They do name: {', '.join(there) or 'nothing'}."
        )
    return named


def _cut_by_data(journeys: Journeys, how: str) -> Journeys:
    from mining.journeys.boundaries import boundaries_of

    found = boundaries_of(journeys)
    return found.cut_if_evident() if how == "learned" else found.cut_by_gap()


def _after_closing(log: CodedLog, closed_by: str | Iterable[str]) -> npt.NDArray[np.int64]:
    """Find the touchpoints that come right after one that ends a journey."""
    closing = np.zeros(log.n_touchpoints, bool)
    for word in [closed_by] if isinstance(closed_by, str) else closed_by:
        fields = [name for name in ("outcome", "activity") if word in set(log.words[name])]
        if not fields:
            known = [*log.words["outcome"], *log.words["activity"]]
            raise FieldError.unknown("outcome or activity", word, [str(name) for name in known])
        for name in fields:
            closing |= log.holds(name, word)
    after = np.flatnonzero(closing[:-1]) + 1
    # Two closing touchpoints of one moment (two deals won with one signature) close one journey.
    again = closing[after] & (log.time[after] == log.time[after - 1])
    return np.asarray(after[~again], np.int64)
