"""Spans of time say their unit; a bare number is refused."""

from __future__ import annotations

import pandas as pd

from mining._errors import MiningError

__all__ = ["duration"]


def duration(span: str | pd.Timedelta) -> pd.Timedelta:
    """Read a span of time that says its unit.

    Parameters
    ----------
    span : str or Timedelta
        ``"90D"``, ``"48h"``, ``pd.Timedelta(...)``.

    Raises
    ------
    MiningError
        For a bare number, a negative span or something that is no span.

    Examples
    --------
    >>> duration("48h")
    Timedelta('2 days 00:00:00')
    """
    given = span if isinstance(span, pd.Timedelta) else None
    if isinstance(span, str) and not span.strip().lstrip("-").replace(".", "").isdigit():
        try:
            given = pd.Timedelta(span)
        except ValueError:
            given = None
    if given is None or given <= pd.Timedelta(0):
        raise MiningError.refused(f"The span {span!r}", "says no unit or is none: write '48h', '90D' or '2W'.")
    return given
