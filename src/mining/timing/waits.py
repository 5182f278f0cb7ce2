"""Waits: how long customers wait at each step, and where waiting goes with losing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mining._engine import CodedLog
from mining.journeys import Journeys
from mining.journeys.groups import customer_of, group_of
from mining.timing.calendar import Calendar
from mining.timing.clustering import clustered_quantiles
from mining.timing.losses import fates, lost_after_wait
from mining.timing.steps_taken import StepsTaken, steps_taken

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Waits", "measure_waits"]

_BARS = 15


@dataclass(frozen=True, eq=False)
class Waits:
    """Waits per step, and losses after long against short waits; see `measure_waits`."""

    frame: pd.DataFrame
    loss: pd.DataFrame
    n_journeys: int

    def __repr__(self) -> str:
        days = self.frame["total_days"].sum()
        return f"<Waits: {len(self.frame):,} steps of {self.n_journeys:,} journeys, {days:,.0f} days in all>"

    def plot(self) -> Picture:
        """Draw the median waits of the steps that hold the most time, with their intervals."""
        from mining._draw import draw_bars

        busiest = self.frame.nlargest(_BARS, "total_days")
        label = busiest["activity"] + " > " + busiest["next_activity"]
        if "group" in busiest:
            label = busiest["group"] + ": " + label
        days = {name: busiest[name] / 24 for name in ("wait_median_hours", "low", "high")}
        return draw_bars(
            busiest.assign(label=label, n=busiest["n_steps"], **days),
            "label",
            "wait_median_hours",
            low="low",
            high="high",
            title="How long customers wait",
            unit="days",
            note="Median with 95 % interval; the steps that hold the most days in all.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=10)


def measure_waits(
    journeys: Journeys,
    *,
    by: Any = None,
    between: Iterable[tuple[str, str]] = (),
    within: str | pd.Timedelta | None = None,
    calendar: Calendar | None = None,
) -> Waits:
    """Measure how long customers wait at each step, and whether longer waits go with losing them.

    A step is a touchpoint and the one that follows it in the same journey; its wait runs from the end of the first
    (its timestamp where no end is known) to the start of the second and is never negative. Waits that never ended (the
    journey stopped there) are no steps.

    Parameters
    ----------
    journeys : Journeys
        What to measure.
    by : str, Series or personas, optional
        Groups to measure apart: a field, an attribute, a Series per journey or customer, or fitted personas.
    between : iterable of pairs of activities, optional
        Pairs to be measured from the first to the next second, passing over whatever lies between; such a pair stands
        in place of its direct succession.
    within : str or Timedelta, optional
        Journeys without a final outcome count as finished after a silence of this length. Without it that is estimated
        (`Journeys.unfinished`).
    calendar : Calendar, optional
        Count working hours (`mining.timing.read_calendar`) instead of hours.

    Returns
    -------
    Waits
        ``.frame``, most days first: (group,) activity, next_activity, is_direct (False: passes over what lies between),
        n_steps, n_journeys, n_customers, wait_median_hours with low and high (hours, 95 %, by customers),
        wait_p90_hours, wait_mean_hours, total_days. ``.loss``, one row per step over all groups: activity,
        next_activity, n (customers, each with the first such wait in a finished journey), split_hours, n_long,
        lost_share_short, lost_share_long, difference with low and high, p, p_adjusted (Benjamini-Hochberg over all
        steps; NaN where either half has fewer than ten customers).

    Raises
    ------
    FieldError
        For an activity or a field that does not exist.

    References
    ----------
    Woodruff, R. S. (1952), intervals of medians; Fisher, R. A. (1935), exact test; Newcombe, R. G. (1998), interval of
    a difference; Benjamini, Y., Hochberg, Y. (1995), false discovery rate.

    Examples
    --------
    `journeys` are those of the example company (`mining.examples`).

    >>> mining.measure_waits(journeys, between=[("Demo", "Deal: Quote sent")])
    <Waits: 102 steps of 552 journeys, 28,194 days in all>
    """
    taken = steps_taken(journeys.log, between, calendar)
    names, group = group_of(journeys, by)
    frame = _summed(journeys.log, taken, names, group)
    if by is None:
        frame = frame.drop(columns="group")
    return Waits(frame, lost_after_wait(journeys, taken, fates(journeys, within)), len(journeys))


def _summed(
    log: CodedLog, taken: StepsTaken, names: list[str], group: np.ndarray[Any, np.dtype[np.int64]]
) -> pd.DataFrame:
    journey = log.journey_of[taken.start]
    known = group[journey] >= 0
    n_cells = len(names) * len(taken.activity)
    cell = (group[journey] * len(taken.activity) + taken.pair)[known]
    customer = customer_of(log)[journey[known]]
    found = clustered_quantiles(taken.hours[known], cell, customer, n_cells)
    pairs = np.unique(cell * max(log.n_journeys, 1) + journey[known]) // max(log.n_journeys, 1)
    frame = pd.DataFrame(
        {
            "group": np.repeat(np.array(names, dtype=object), len(taken.activity)).astype(str),
            "activity": np.tile(taken.activity, len(names)).astype(str),
            "next_activity": np.tile(taken.next_activity, len(names)).astype(str),
            "is_direct": np.tile(taken.is_direct, len(names)),
            "n_steps": found.n,
            "n_journeys": np.bincount(pairs, minlength=n_cells),
            "n_customers": found.n_clusters,
            "wait_median_hours": found.median,
            "low": found.low,
            "high": found.high,
            "wait_p90_hours": found.ninetieth,
            "wait_mean_hours": found.mean,
            "total_days": found.total / 24,
        }
    )
    frame = frame[frame["n_steps"] > 0]
    order = ["group", "total_days", "activity", "next_activity"]
    return frame.sort_values(order, ascending=[True, False, True, True], ignore_index=True)
