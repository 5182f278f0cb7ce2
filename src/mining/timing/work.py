"""Work: how long contacts and other work last, where the export says when they ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mining._engine import CodedLog
from mining._errors import FieldError
from mining.journeys import Journeys
from mining.journeys.groups import customer_of, group_of
from mining.timing.calendar import Calendar
from mining.timing.clustering import clustered_quantiles
from mining.timing.steps_taken import span_hours

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Work", "measure_work"]

_BARS = 15


@dataclass(frozen=True, eq=False, repr=False)
class Work:
    """How long touchpoints last; see `measure_work`.

    Attributes
    ----------
    frame : DataFrame
        Most hours first: (group,) the field asked for (`about`), n_touchpoints, n_timed (whose end is known and later
        than their start), n_journeys and n_customers (of those), median_minutes with low and high (95 %, by customers),
        p90_minutes, mean_minutes, total_hours.
    about : str
        What the touchpoints were grouped by.
    """

    frame: pd.DataFrame
    about: str

    def __repr__(self) -> str:
        timed, n = int(self.frame["n_timed"].sum()), int(self.frame["n_touchpoints"].sum())
        return (
            f"<Work: {timed:,} of {n:,} touchpoints have an end, {self.frame['total_hours'].sum():,.0f} hours in all>"
        )

    def plot(self) -> Picture:
        """Draw the median length of what takes the most hours in all, with its interval."""
        from mining import _draw

        most = self.frame.nlargest(_BARS, "total_hours")
        label = most["about"] if "group" not in most else most["group"] + ": " + most["about"]
        bars = most.assign(label=label, n=most["n_timed"])
        title = f"How long it takes, by {self.about}"
        return _draw.draw_bars(bars, "label", "median_minutes", low="low", high="high", unit="minutes", title=title)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=10)


def measure_work(
    journeys: Journeys, about: str = "activity", *, by: Any = None, calendar: Calendar | None = None
) -> Work:
    """Measure how long touchpoints last: calls by their purpose, work by who does it.

    Only touchpoints whose end the source tells can be measured; how many of how many that is stands beside each figure.
    What ends when it begins has no length that is known: many exports write the same time into both.

    Parameters
    ----------
    journeys : Journeys
        What to measure; narrow them first to ask about calls alone.
    about : str
        A field of the touchpoint to tell them apart by: activity, reason, outcome, channel, team, actor, stage, ...
    by : str, Series or personas, optional
        Groups of journeys to measure apart.
    calendar : Calendar, optional
        Measure working minutes instead of minutes.

    Returns
    -------
    Work

    Raises
    ------
    FieldError
        For a field that touchpoints do not have here.
    """
    log = journeys.log
    if about not in log.codes:
        raise FieldError.unknown("field", about, sorted(log.codes))
    names, group = group_of(journeys, by)
    code = log.codes[about].astype(np.int64)
    told = np.flatnonzero((code >= 0) & (group[log.journey_of] >= 0))
    cell = group[log.journey_of[told]] * len(log.words[about]) + code[told]
    frame = _summed(log, told, (cell, len(names) * len(log.words[about])), calendar)
    frame.insert(0, "about", np.tile(log.words[about].astype(str), len(names)))
    if by is not None:
        frame.insert(0, "group", np.repeat(np.array(names, object), len(log.words[about])).astype(str))
    frame = frame[frame["n_touchpoints"] > 0].astype({"about": "str"})
    order = [*(["group"] if by is not None else []), "total_hours", "n_touchpoints", "about"]
    up = [name in {"group", "about"} for name in order]
    return Work(frame.sort_values(order, ascending=up, ignore_index=True), about)


def _summed(
    log: CodedLog, told: np.ndarray[Any, Any], where: tuple[np.ndarray[Any, Any], int], calendar: Calendar | None
) -> pd.DataFrame:
    cell, size = where
    timed = log.end_time[told] > log.time[told]
    at, here = told[timed], cell[timed]
    minutes = 60 * span_hours(log.time[at], log.end_time[at], calendar)
    customer = customer_of(log)[log.journey_of[at]]
    found = clustered_quantiles(minutes, here, customer, size)
    pairs = np.unique(here * max(log.n_journeys, 1) + log.journey_of[at]) // max(log.n_journeys, 1)
    return pd.DataFrame(
        {
            "n_touchpoints": np.bincount(cell, minlength=size),
            "n_timed": found.n,
            "n_journeys": np.bincount(pairs, minlength=size),
            "n_customers": found.n_clusters,
            "median_minutes": found.median,
            "low": found.low,
            "high": found.high,
            "p90_minutes": found.ninetieth,
            "mean_minutes": found.mean,
            "total_hours": found.total / 60,
        }
    )
