"""One row per journey: how long, through how many hands, in which channels; and the same by any attribute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.journeys.groups import customer_of, group_of
from mining.timing.calendar import Calendar
from mining.timing.channels import changes_of_channel
from mining.timing.clustering import clustered_quantiles
from mining.timing.responses import by_people
from mining.timing.steps_taken import span_hours
from mining.timing.survival import kaplan_meier

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["JourneyFacts", "measure_journeys"]

_MEASURES: Final = {
    "duration_hours": "hours from first to last",
    "work_hours": "hours of work with a known end",
    "n_touchpoints": "touchpoints",
    "n_actors": "people met",
    "n_teams": "teams met",
    "n_departments": "departments met",
    "handoffs": "hand-offs between teams",
    "n_returned": "hand-offs back to the team before",
    "channel_switches": "changes of channel",
    "n_continued": "of them, the matter went on",
    "n_started_over": "of them, the customer began again",
    "share_before_person": "share of the way before the first person",
}

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class JourneyFacts:
    """Facts of each journey, and their middle by any attribute; see `measure_journeys`.

    Attributes
    ----------
    frame : DataFrame
        One row per journey, indexed by journey_id: customer, is_unfinished, duration_hours (from the first touchpoint
        to the end of the last; of unfinished ones so far), work_hours (lengths of touchpoints with a known end),
        n_touchpoints, n_actors, n_teams, n_departments, handoffs, n_returned (hand-offs back to the team before the
        last), channel_switches (contacts in another channel than the one before), n_continued and n_started_over (of
        switches in which the customer came by himself into a channel of conversation: whether the same matter, person
        or team went on, or none of them), hours_before_person and share_before_person (missing without one).
    """

    frame: pd.DataFrame
    _journeys: Journeys

    def __repr__(self) -> str:
        still = int(self.frame["is_unfinished"].sum())
        return f"<Facts of {len(self.frame):,} journeys, {still:,} of them perhaps unfinished>"

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.by(), caption=repr(self)[1:-1], rows=len(_MEASURES))

    def by(self, groups: Any = None) -> pd.DataFrame:
        """Summarise the facts, for all journeys or by groups.

        Parameters
        ----------
        groups : str, Series or personas, optional
            A field, an attribute, a Series per journey or customer, or fitted personas.

        Returns
        -------
        DataFrame
            (group,) measure, means (in words), n_journeys (that have it), n_customers, median with low and high (95 %,
            by customers), p90, mean. Of durations the median counts unfinished journeys as seen so far (Kaplan-Meier).
            Of groups, what would tell of fewer than five customers is missing.
        """
        names, group = group_of(self._journeys, groups)
        customer = customer_of(self._journeys.log)
        frame = pd.concat([self._summed(name, names, (group, customer)) for name in _MEASURES], ignore_index=True)
        frame = frame.sort_values("group", kind="stable", ignore_index=True)
        if groups is None:
            return frame.drop(columns="group")
        few = (frame["n_customers"] > 0) & (frame["n_customers"] < SMALLEST_CELL)
        told = ["n_journeys", "n_customers", "median", "low", "high", "p90", "mean"]
        frame[told] = frame[told].where(~few)
        return frame

    def _summed(self, measure: str, names: list[str], where: tuple[Integers, Integers]) -> pd.DataFrame:
        group, customer = where
        values = self.frame[measure].to_numpy(float)
        known = np.isfinite(values) & (group >= 0)
        found = clustered_quantiles(values[known], group[known], customer[known], len(names))
        median = found.median
        if measure == "duration_hours":
            ended = ~self.frame["is_unfinished"].to_numpy(bool)
            median = np.array(
                [kaplan_meier(values[group == at], ended[group == at]).median for at in range(len(names))]
            )
        return pd.DataFrame(
            {
                "group": names, "measure": measure, "means": _MEASURES[measure], "n_journeys": found.n,
                "n_customers": found.n_clusters, "median": median, "low": found.low, "high": found.high,
                "p90": found.ninetieth, "mean": found.mean,
            }
        ).astype(dict.fromkeys(("group", "measure", "means"), "str"))  # fmt: skip

    def plot(self, measure: str = "duration_hours", groups: Any = None) -> Picture:
        """Draw one measure by groups, with intervals."""
        from mining import _draw

        told = self.by(groups)
        told = told[told["measure"] == measure]
        bars = told.assign(label=told.get("group", "all"), n=told["n_journeys"])
        return _draw.draw_bars(bars, "label", "median", low="low", high="high", title=_MEASURES[measure].capitalize())


def measure_journeys(journeys: Journeys, *, calendar: Calendar | None = None) -> JourneyFacts:
    """Measure each journey: its time, its people, its channels; `JourneyFacts.by` sums up by any attribute.

    A change of channel continues a matter where the contact before is of the same ticket, deal, lead or conversation,
    or with the same person or team; where it names others, the customer began again. Where the log tells neither it is
    counted as neither.

    Parameters
    ----------
    journeys : Journeys
        What to measure.
    calendar : Calendar, optional
        Measure working hours instead of hours.

    Returns
    -------
    JourneyFacts
    """
    log, portraits = journeys.log, journeys.portraits()
    spans = span_hours(log.time, log.end_time, calendar)
    continued, again = _switched(journeys)
    people = np.flatnonzero(by_people(log))
    met, first = np.unique(log.journey_of[people], return_index=True)
    place = np.full(log.n_journeys, -1, np.int64)
    place[met] = people[first]
    meets = place >= 0
    until = np.where(meets, log.time[place], log.time[log.first])
    frame = pd.DataFrame(
        {
            "customer": portraits["customer"],
            "is_unfinished": journeys.unfinished(),
            "duration_hours": span_hours(log.time[log.first], _ends(journeys), calendar),
            "work_hours": np.bincount(log.journey_of, weights=spans, minlength=log.n_journeys),
            **{name: portraits[name] for name in ("n_touchpoints", "n_actors", "n_teams", "n_departments", "handoffs")},
            "n_returned": _returned(journeys),
            "channel_switches": portraits["channel_switches"],
            "n_continued": continued,
            "n_started_over": again,
            "hours_before_person": np.where(meets, span_hours(log.time[log.first], until, calendar), np.nan),
            "share_before_person": np.where(meets, (place - log.first) / log.lengths, np.nan),
        },
        index=portraits.index,
    )
    return JourneyFacts(frame, journeys)


def _ends(journeys: Journeys) -> Integers:
    log = journeys.log
    return np.asarray(np.maximum.reduceat(log.end_time, log.first) if log.n_journeys else log.end_time, np.int64)


def _returned(journeys: Journeys) -> Integers:
    log = journeys.log
    at = np.flatnonzero(log.codes["team"] >= 0)
    team, journey = log.codes["team"][at], log.journey_of[at]
    new = np.append(True, (team[1:] != team[:-1]) | (journey[1:] != journey[:-1]))[: len(at)]
    team, journey = team[new], journey[new]
    back = (team[2:] == team[:-2]) & (journey[2:] == journey[:-2])
    return np.bincount(journey[2:][back], minlength=log.n_journeys).astype(np.int64)


def _switched(journeys: Journeys) -> tuple[Integers, Integers]:
    """Count, per journey, the customer's changes of channel with which the matter went on, or began again."""
    log = journeys.log
    moved = changes_of_channel(log)
    journey = log.journey_of[moved.after]
    counted = [np.bincount(journey[mask], minlength=log.n_journeys) for mask in (moved.continued, moved.started_over)]
    return counted[0].astype(np.int64), counted[1].astype(np.int64)
