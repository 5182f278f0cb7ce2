"""Put touchpoints under a case notion."""

from __future__ import annotations

import pandas as pd

from mining._durations import duration
from mining._errors import FieldError, MiningError
from mining._fields import CASES
from mining.journeys.journeys import Journeys
from mining.sources.touchpoints import Touchpoints

__all__ = ["link"]


def link(
    touchpoints: Touchpoints,
    case: str,
    gap: str | pd.Timedelta | None = None,
    *,
    replicated: int = 0,
    left_out: int = 0,
) -> Journeys:
    """Make journeys of touchpoints, one per case, or several where a silence cuts them.

    Touchpoints that belong to no such case are not in any journey; `Journeys.unlinked` counts them. Equal times are
    ordered by `seq`.

    Parameters
    ----------
    touchpoints : Touchpoints
        What was read.
    case : str
        customer, account, deal, ticket, lead, conversation, session, campaign or record.
    gap : str or Timedelta, optional
        A silence longer than this ends a journey and starts the customer's next one.
    replicated, left_out : int
        What flattening repeated and what it left out, to be told with the journeys.

    Returns
    -------
    Journeys
        At least one.

    Raises
    ------
    FieldError
        For a case notion that does not exist.
    MiningError
        Where no touchpoint belongs to such a case.
    """
    if case not in CASES:
        raise FieldError.unknown("case notion", case, CASES)
    named = touchpoints.n_naming(case)
    if not named:
        there = [name for name in CASES if touchpoints.n_naming(name)]
        raise MiningError.empty(
            f"The log by {case}", f"no touchpoint names its {case}. They do name: {', '.join(there) or 'nothing'}."
        )
    log = touchpoints.linked(case, duration(gap) if gap is not None else None)
    unlinked = len(touchpoints) - named
    return Journeys(log, touchpoints, case, unlinked=unlinked, replicated=replicated, left_out=left_out)
