"""SLAs: what the design promises in time, kept, missed and still open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._errors import MiningError
from mining._statistics import wilson
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.timing.calendar import Calendar
from mining.timing.clustering import clustered_share
from mining.timing.steps_taken import following, span_hours
from mining.timing.survival import kaplan_meier

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design import Design

__all__ = ["Due", "Slas", "check_slas", "due_of"]

_MATTERS = ("ticket", "deal", "lead")

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Slas:
    """Promises kept and missed; see `check_slas`."""

    frame: pd.DataFrame
    n_journeys: int

    def __repr__(self) -> str:
        return (
            f"<Slas: {len(self.frame)} promises in {self.n_journeys:,} journeys, {self.frame['n_due'].sum():,} times "
            f"due, {self.frame['n_missed'].sum():,} missed, {self.frame['n_open'].sum():,} still open>"
        )

    def plot(self) -> Picture:
        """Draw the kept share of each promise with its interval."""
        from mining._draw import draw_bars

        frame = self.frame.assign(label=self.frame["step"] + " after " + self.frame["after"], n=self.frame["n_due"])
        return draw_bars(
            frame,
            "label",
            "kept_share",
            low="low",
            high="high",
            title="Promises kept in time",
            unit="%",
            note="Share kept at the limit, 95 % interval; what is still open counts as seen so far.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=20)


def check_slas(journeys: Journeys, design: Design, *, calendar: Calendar | None = None) -> Slas:
    """Check the waits that a design promises.

    A promise is due each time its `after` happens. It is kept where the step follows within the limit, in the same
    ticket (deal, lead) where both always name one, else in the same journey. It is missed where the limit has passed
    without it. It is open where the limit has not passed when observation ends, or where the journey was lost before:
    such waits count as seen so far (Kaplan-Meier). Where the step never came although a later step of the design did,
    it was skipped: that is a deviation from the path and not a question of time, counted in `n_skipped` and not due.

    Parameters
    ----------
    journeys : Journeys
        What to check.
    design : Design
        Steps with ``within`` (and ``after``).
    calendar : Calendar, optional
        Promises count working hours (`mining.timing.read_calendar`): ``within: 8h`` is one day of eight.

    Returns
    -------
    Slas
        ``.frame`` in the order of the design: stage, step, after, owner, within_hours, n_due, n_kept, n_missed,
        n_open, n_skipped, n_customers, kept_share (0..1) with low and high (95 %; Greenwood where some are open, else
        Wilson on customers' effective number), median_hours (Kaplan-Meier; NaN where half was never reached).

    Raises
    ------
    MiningError
        Where the design promises nothing.

    References
    ----------
    Kaplan, E. L., Meier, P. (1958); Greenwood, M. (1926).

    Examples
    --------
    `journeys` and `design` are those of the example company (`mining.examples`).

    >>> mining.check_slas(journeys, design).frame[["step", "n_due", "n_missed", "n_open"]]
                   step  n_due  n_missed  n_open
    0        Needs call    437        41       1
    1  Deal: Quote sent    517       192       6
    2   Onboarding call    324         0       2
    3     Support reply    272       111       0
    """
    steps = design.frame
    promised = steps[steps["within_hours"].notna()]
    if promised.empty:
        raise MiningError.empty("The list of promises", "no step of the design says `within`.")
    rows = []
    for promise in promised.to_dict("records"):
        step, start, limit = str(promise["step"]), str(promise["after"]), float(promise["within_hours"])
        due = due_of(journeys, design, step, calendar=calendar)
        rows.append(
            {
                "stage": promise["stage"],
                "step": step,
                "after": start,
                "owner": promise["owner"],
                "within_hours": limit,
                **_judged(due, limit),
            }
        )
    return Slas(pd.DataFrame(rows), len(journeys))


@dataclass(frozen=True, eq=False)
class Due:
    """The times a promise was due: position in the log, hours until the step or as long as seen, what became of it."""

    positions: Integers
    hours: Floats
    is_done: Flags
    is_skipped: Flags
    customer: Integers


def due_of(journeys: Journeys, design: Design, step: str, *, calendar: Calendar | None = None) -> Due:
    """Find the times one promised step of a design was due; see `check_slas`."""
    names = design.frame["step"].tolist()
    start = str(design.frame.set_index("step")["after"][step])
    later = _spelt(design, names[names.index(step) + 1 :])
    return _due(journeys, _spelt(design, [start]), _spelt(design, [step]), later=later, calendar=calendar)


def _due(journeys: Journeys, after: list[str], step: list[str], *, later: list[str], calendar: Calendar | None) -> Due:
    log = journeys.log
    first, second = _holds_any(log, after), _holds_any(log, step)
    room = _room(log, first, second)
    at = np.flatnonzero(first)
    place = np.full(log.n_touchpoints, -1)
    met, then = following(log, first, second, room)
    place[met] = then
    is_done = place[at] >= 0
    went_on = np.zeros(log.n_touchpoints, bool)
    went_on[following(log, first, _holds_any(log, later), room)[0]] = True
    # Seen to wait until the journey was lost or until observation ended, whichever came first.
    until = np.full(log.n_touchpoints, journeys.observed_until.value // 1_000)
    ill = log.holds("outcome", "lost") | log.holds("outcome", "disqualified")
    lost_from, lost_at = following(log, first, ill)
    until[lost_from] = log.time[lost_at]
    stop = np.where(is_done, log.time[place[at]], until[at])
    return Due(
        positions=at,
        hours=span_hours(log.end_time[at], stop, calendar),
        is_done=is_done,
        is_skipped=~is_done & went_on[at],
        customer=customer_of(log)[log.journey_of[at]],
    )


def _judged(due: Due, limit: float) -> dict[str, float | int]:
    counted = ~due.is_skipped
    hours, is_done, customer = due.hours[counted], due.is_done[counted], due.customer[counted]
    in_time = hours <= limit
    kept = is_done & in_time
    is_open = ~is_done & in_time
    survival = kaplan_meier(hours, is_done)
    if is_open.any() or len(hours) == 0:
        left, low_left, high_left = survival.at(limit) if len(hours) else (float("nan"),) * 3
        share, low, high = 1 - left, 1 - high_left, 1 - low_left
        if np.isnan(low) and len(hours):  # nothing or everything kept: Greenwood's variance is no use there
            decided = int((~is_open).sum())
            low, high = (float(bound) for bound in wilson(share * decided, decided))
    else:
        one_cell = np.zeros(len(hours), np.int64)
        share, low, high = (float(part[0]) for part in clustered_share(kept, one_cell, customer, 1)[2:])
    return {
        "n_due": len(hours),
        "n_kept": int(kept.sum()),
        "n_missed": int((~in_time).sum()),
        "n_open": int(is_open.sum()),
        "n_skipped": int(due.is_skipped.sum()),
        "n_customers": len(np.unique(customer)),
        "kept_share": share,
        "low": low,
        "high": high,
        "median_hours": survival.median,
    }


def _spelt(design: Design, steps: list[str]) -> list[str]:
    """Name the activities that are one of these steps; a word that is no step stands for itself."""
    return [*steps, *(word for word, step in design.step_of.items() if step in steps)]


def _holds_any(log: CodedLog, activities: list[str]) -> Flags:
    wanted = np.isin(log.words["activity"].astype(str), activities)
    return np.asarray(np.append(wanted, False)[log.codes["activity"]])


def _room(log: CodedLog, first: Flags, second: Flags) -> Integers:
    """Where a step must follow: the same ticket, deal or lead of the journey if all of both name one."""
    for kind in _MATTERS:
        codes = log.codes.get(kind)
        if codes is not None and first.any() and second.any() and (codes[first | second] >= 0).all():
            return np.asarray(log.journey_of * (len(log.words[kind]) + 1) + codes + 1, np.int64)
    return log.journey_of
