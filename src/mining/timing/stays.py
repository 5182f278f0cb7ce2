"""Stays: how long journeys are in each stage, and which stage takes the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.journeys import Journeys
from mining.journeys.groups import customer_of, group_of
from mining.timing.calendar import Calendar
from mining.timing.clustering import clustered_quantiles
from mining.timing.stages import Staged, stage_touchpoints
from mining.timing.steps_taken import span_hours
from mining.timing.survival import kaplan_meier

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design import Design

__all__ = ["Stays", "measure_stays"]

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Stays:
    """Time spent in stages; see `measure_stays`.

    Attributes
    ----------
    frame : DataFrame
        One row per (group and) stage, in the order of the stages: n_stays, n_journeys, n_customers, n_open (stays that
        had not ended when observation did), n_again (journeys that came back to the stage), median_hours with low and
        high (hours, 95 %, by customers; of stays that ended), survival_median_hours (Kaplan-Meier, open stays counted
        as seen so far; missing where observation ends before), share_of_time (0..1, of all hours of the group).
    journeys : DataFrame
        Hours per journey (rows) and stage (columns); 0 where a journey never was in it, and a stay that is still open
        counted until the end of observation.
    mark : str
        Where the stages come from: typed, measured or inferred (`stage_touchpoints`).
    n_journeys : int
        How many journeys.
    """

    frame: pd.DataFrame
    journeys: pd.DataFrame
    mark: str
    n_journeys: int

    def __repr__(self) -> str:
        n, left = int(self.frame["n_stays"].sum()), int(self.frame["n_open"].sum())
        return f"<Stays: {n:,} in {self.journeys.shape[1]} {self.mark} stages, {left:,} of them still open>"

    def plot(self) -> Picture:
        """Draw how long a stay in each stage lasts, with its interval."""
        from mining import _draw

        label = self.frame["stage"] if "group" not in self.frame else self.frame["group"] + ": " + self.frame["stage"]
        bars = self.frame.assign(label=label, n=self.frame["n_stays"])
        title = "How long journeys stay in a stage"
        return _draw.draw_bars(bars, "label", "median_hours", low="low", high="high", unit="hours", title=title)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=20)


def measure_stays(
    journeys: Journeys,
    *,
    design: Design | None = None,
    stages: Mapping[str, Sequence[str]] | None = None,
    by: Any = None,
    calendar: Calendar | None = None,
) -> Stays:
    """Measure how long journeys stay in each stage.

    A stay runs from the first touchpoint in a stage to the first one in another; who comes back has another stay. The
    last stay of a journey ends with its last touchpoint, unless the journey may still be running
    (`Journeys.unfinished`): then it is open.

    Parameters
    ----------
    journeys : Journeys
        What to measure.
    design : Design, optional
        Whose stages to take; without it and `stages`, the log's own or learned ones (`learn_stages`).
    stages : mapping of str to sequence of str, optional
        Stages of your own: their activities.
    by : str, Series or personas, optional
        Groups to measure apart.
    calendar : Calendar, optional
        Measure working hours instead of hours.

    Returns
    -------
    Stays

    Raises
    ------
    MiningError
        Where no activity of the log belongs to a stage.

    References
    ----------
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations.
    """
    staged = stage_touchpoints(journeys, design, stages)
    found = _stays(journeys, staged, calendar)
    names, group = group_of(journeys, by)
    found["group"] = group[found["journey"]]
    found["customer"] = customer_of(journeys.log)[found["journey"]]
    rows = [
        {"group": name, **_row(part, stage)}
        for number, name in enumerate(names)
        for stage, part in _parts(found[found["group"] == number], staged.names)
    ]
    frame = pd.DataFrame(rows).astype({"group": "str", "stage": "str"})
    total = frame.groupby("group")["hours"].transform("sum")
    frame["share_of_time"] = (frame.pop("hours") / total.where(total > 0)).astype(float)
    if by is None:
        frame = frame.drop(columns="group")
    hours = np.zeros((journeys.log.n_journeys, len(staged.names)))
    np.add.at(hours, (found["journey"].to_numpy(), found["stage"].to_numpy()), found["hours"].to_numpy())
    table = pd.DataFrame(hours, pd.Index(journeys.log.journey_ids, name="journey_id"), list(staged.names))
    return Stays(frame, table, staged.mark, len(journeys))


def _stays(journeys: Journeys, staged: Staged, calendar: Calendar | None) -> pd.DataFrame:
    log = journeys.log
    at = np.flatnonzero(staged.of >= 0)
    journey, stage = log.journey_of[at], staged.of[at]
    is_new = np.append(True, (journey[1:] != journey[:-1]) | (stage[1:] != stage[:-1]))[: len(at)]
    first = np.flatnonzero(is_new)
    goes_on = np.append(journey[first[1:]] == journey[first[:-1]], False)[: len(first)]
    until = int(journeys.observed_until.value // 1_000)  # `value` is in nanoseconds whatever the unit
    is_open = ~goes_on & journeys.unfinished()[journey[first]]
    onward = log.time[at[np.append(first[1:], 0)[: len(first)]]]
    last = log.end_time[log.last[journey[first]]]
    stop = np.where(goes_on, onward, np.where(is_open, until, last))
    hours = span_hours(log.time[at[first]], stop, calendar)
    return pd.DataFrame({"journey": journey[first], "stage": stage[first], "hours": hours, "is_open": is_open})


def _parts(found: pd.DataFrame, names: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    return [(name, found[found["stage"] == number]) for number, name in enumerate(names)]


def _row(stays: pd.DataFrame, stage: str) -> dict[str, object]:
    hours, ended = stays["hours"].to_numpy(float), ~stays["is_open"].to_numpy(bool)
    customer = np.unique(stays["customer"].to_numpy(np.int64), return_inverse=True)[1]
    spread = clustered_quantiles(hours[ended], np.zeros(int(ended.sum()), np.int64), customer[ended], 1)
    visits = stays["journey"].value_counts()
    return {
        "stage": stage,
        "n_stays": len(stays),
        "n_journeys": len(visits),
        "n_customers": int(stays["customer"].nunique()),
        "n_open": int((~ended).sum()),
        "n_again": int((visits > 1).sum()),
        "median_hours": float(spread.median[0]),
        "low": float(spread.low[0]),
        "high": float(spread.high[0]),
        "survival_median_hours": kaplan_meier(hours, ended).median if len(stays) else float("nan"),
        "hours": float(hours.sum()),
    }
