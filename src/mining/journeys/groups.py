"""Whose journey it is, and groups of journeys to compare: by a field, an attribute, a series or personas."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._errors import MiningError
from mining.journeys.journeys import Journeys

__all__ = ["PERIODS", "customer_of", "group_of", "grouped", "is_period", "period_of"]

EVERYBODY = "all"
PERIODS: Final = {"month": "M", "quarter": "Q", "year": "Y"}


def group_of(journeys: Journeys, by: Any) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Put every journey in a group.

    Parameters
    ----------
    journeys : Journeys
        What to group.
    by : None, str, Series or personas
        Nothing (one group ``"all"``); a field (its first known word in the journey) or an attribute of the CRM's
        objects; month, quarter or year, where there is neither: the period in which the journey begins (UTC,
        ``2025Q3``); a Series indexed by journey id or by customer; anything with a method ``assign(journeys)`` or an
        attribute ``persona_of`` that gives such a Series.

    Returns
    -------
    names : list of str
        Sorted.
    group : ndarray of int
        Per journey the row of `names`; -1 where the journey belongs to none.

    Raises
    ------
    MiningError
        Where no journey belongs to any group.
    """
    if by is None:
        return [EVERYBODY], np.zeros(len(journeys), np.int64)
    values = _by_word(journeys, by) if isinstance(by, str) else _by_series(journeys, _as_series(journeys, by))
    codes, names = pd.factorize(values.astype("str"), sort=True)
    if len(names) == 0:
        raise MiningError.empty("Every group", "no journey's id and no customer stands in the index of `by`.")
    return [str(name) for name in names], codes.astype(np.int64)


def grouped(journeys: Journeys, by: Any) -> list[tuple[str, Journeys]]:
    """Split journeys by `group_of`; groups in their order, journeys of none left out."""
    if by is None:
        return [(EVERYBODY, journeys)]
    names, group = group_of(journeys, by)
    return [(name, journeys.keep(group == number)) for number, name in enumerate(names)]


def period_of(log: CodedLog, every: str) -> pd.Series[str]:
    """Name the month, quarter or year (UTC) in which each journey begins, as in ``2025Q3``."""
    return pd.Series(pd.to_datetime(log.time[log.first], unit="us")).dt.to_period(PERIODS[every]).astype("str")


def customer_of(log: CodedLog) -> npt.NDArray[np.int64]:
    """Tell, per journey, the number of its customer: the first one known in it, else a number of its own."""
    codes = log.codes["customer"]
    known = np.flatnonzero(codes >= 0)
    journeys, at = np.unique(log.journey_of[known], return_index=True)
    customer = len(log.words["customer"]) + np.arange(log.n_journeys)
    customer[journeys] = codes[known[at]]
    return np.asarray(np.unique(customer, return_inverse=True)[1], np.int64)


def _as_series(journeys: Journeys, by: Any) -> pd.Series[Any]:
    if isinstance(by, pd.Series):
        return by
    persona_of = getattr(by, "persona_of", None)
    if callable(persona_of):
        named: pd.Series[Any] = persona_of(journeys)
        return named
    raise MiningError.refused(
        f"Journeys cannot be grouped by a {type(by).__name__}.",
        "Give a field, an attribute, a Series indexed by journey or customer, or fitted personas.",
    )


def is_period(journeys: Journeys, by: object) -> bool:
    """Tell whether journeys are grouped by the period they begin in: by a word for one that means nothing else here."""
    told = [column for objects in journeys.touchpoints.objects.values() for column in objects.columns]
    return isinstance(by, str) and by in PERIODS and by not in told and by not in journeys.log.codes


def _by_word(journeys: Journeys, name: str) -> pd.Series[Any]:
    log = journeys.log
    if is_period(journeys, name):
        return period_of(log, name)
    if name not in log.codes:
        return journeys.attribute(name)
    known = np.flatnonzero(log.codes[name] >= 0)
    at_journey, at = np.unique(log.journey_of[known], return_index=True)
    values = np.full(log.n_journeys, None, dtype=object)
    values[at_journey] = log.decoded(name, known[at])
    return pd.Series(values)


def _by_series(journeys: Journeys, given: pd.Series[Any]) -> pd.Series[Any]:
    index = given.index.astype("str")
    unique = given.set_axis(index)[~index.duplicated()]
    by_journey = unique.reindex(pd.Index(journeys.log.journey_ids, dtype="str"))
    if by_journey.notna().any():
        return by_journey
    customer = pd.Series(_by_word(journeys, "customer"), dtype="str")
    return unique.reindex(pd.Index(customer))
