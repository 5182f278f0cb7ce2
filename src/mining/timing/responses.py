"""Responses: how long customers wait for somebody, and for a human being, after they came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._errors import FieldError
from mining.journeys import Journeys
from mining.journeys.groups import customer_of, group_of
from mining.timing.calendar import Calendar
from mining.timing.clustering import clustered_quantiles, clustered_share
from mining.timing.steps_taken import HOUR, following, span_hours
from mining.timing.survival import kaplan_meier

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Responses", "measure_responses"]

_PEOPLE: Final = ("employee", "partner")
# Ways of contact in which somebody is expected to write or ring back, and those in which both are there at once.
_ASKING: Final = ("web_form", "landing_page", "email", "sms", "whatsapp", "messaging", "chat", "post", "fax")
_TOGETHER: Final = ("phone", "meeting", "video", "branch", "field")
_MISSED: Final = ("no_answer", "busy", "left_voicemail", "left_message", "abandoned", "failed", "no_show", "cancelled")
_SAID: Final = ("opened", "clicked", "unsubscribed", "rated_good", "rated_bad", "delivered", "bounced")  # asks nothing
_MACHINES: Final = ("bot", "automation", "integration", "system")
Integers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class Responses:
    """How long customers wait for a response; see `measure_responses`."""

    frame: pd.DataFrame
    first_contact: pd.DataFrame
    n_journeys: int

    @property
    def sentence(self) -> str:
        """What was measured, in words; or why nothing was."""
        n = int(self.frame["n_asked"].sum())
        if not n:
            return (
                "Nothing was asked: no inbound form, mail, message or chat, nor a call that was missed. Name the "
                "activities that ask for a response with asking=[...]."
            )
        share = self.frame["n_answered"].sum() / n
        return f"{100 * share:.0f} % of {n:,} inbound touchpoints in {self.n_journeys:,} journeys were answered."

    def __repr__(self) -> str:
        return f"<Responses: {int(self.frame['n_asked'].sum()):,} inbound touchpoints in {self.n_journeys:,} journeys>"

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        if self.frame.empty:
            return f"<p>{self.sentence}</p>"
        return html_table(self.frame, caption=self.sentence, rows=10)

    def plot(self) -> Picture:
        """Draw the median wait for a human response by activity, with its interval."""
        from mining._draw import draw_bars

        told = self.frame.assign(n=self.frame["n_answered"])
        label = told["activity"] if "group" not in told else told["group"] + ": " + told["activity"]
        title = "How long until a person answers"
        return draw_bars(
            told.assign(label=label), "label", "median_hours", low="low", high="high", unit="hours", title=title
        )


def measure_responses(
    journeys: Journeys, *, by: Any = None, asking: Iterable[str] | None = None, calendar: Calendar | None = None
) -> Responses:
    """Measure how long it takes until a person answers after the customer came.

    Who comes by form, mail, message or chat waits for somebody, and so does who rings and is not put through; a call
    or a meeting that takes place is its own answer, and clicks and visits ask nobody anything. Of several in a row
    without an answer between, the first counts, from its own time on. An answer is the next contact with an employee;
    what a machine sends is counted apart and answers nothing.

    Parameters
    ----------
    journeys : Journeys
        What to measure.
    by : str, Series or personas, optional
        Groups to measure apart.
    asking : iterable of str, optional
        Activities that ask for a response, instead of those.
    calendar : Calendar, optional
        Measure working hours instead of hours.

    Returns
    -------
    Responses
        ``.frame``, one row per (group and) activity that asks, most asked first: n_asked, n_answered, n_open (not yet
        answered when observation ends), n_automatic (an automation wrote before a person did), n_customers,
        answered_share with share_low and share_high (95 %, by customers), median_hours with low and high (of those
        answered), survival_median_hours (Kaplan-Meier, those still open counted as seen so far).
        ``.first_contact``, one row per group: n_journeys, n_met (that meet a person at all), share_before (median share
        of the journey's touchpoints before the first person), hours_before (median time until then).

    References
    ----------
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations.
    """
    names, group = group_of(journeys, by)
    asked = _asked(journeys, None if asking is None else [*asking], calendar)
    frame = pd.concat(
        [_rows(journeys.log, asked, group == number).assign(group=name) for number, name in enumerate(names)],
        ignore_index=True,
    )
    frame = frame.sort_values(["n_asked", "group", "activity"], ascending=[False, True, True], ignore_index=True)
    first = pd.DataFrame([_met(journeys, name, group == number) for number, name in enumerate(names)])
    frame = frame[["group", *(name for name in frame.columns if name != "group")]]
    if by is None:
        frame, first = frame.drop(columns="group"), first.drop(columns="group")
    return Responses(frame, first, len(journeys))


@dataclass(frozen=True, eq=False)
class _Asked:
    place: Integers
    hours: npt.NDArray[np.float64]
    is_answered: Marks
    is_automatic: Marks


def by_people(log: CodedLog) -> Marks:
    """Mark the touchpoints of people who work here."""
    return _any(log, "actor_kind", _PEOPLE)


def with_people(log: CodedLog) -> Marks:
    """Mark the contacts in which customers meet a person: one of ours reaches out, or both speak with each other."""
    return _meetings(log)[2]


def _meetings(log: CodedLog) -> tuple[Marks, Marks, Marks]:
    """Mark contacts, those in which both sides speak, and those in which customers meet a person."""
    contact, missed = log.holds("touchpoint_kind", "interaction"), _any(log, "outcome", _MISSED)
    together = contact & _any(log, "channel", _TOGETHER) & ~missed
    reached = by_people(log) & contact & ~log.holds("direction", "internal") & ~missed
    return contact, together, reached | together


def _any(log: CodedLog, field: str, words: Iterable[str]) -> Marks:
    return np.asarray(np.logical_or.reduce([log.holds(field, word) for word in words]), bool)


def _known(journeys: Journeys, activities: list[str]) -> list[str]:
    for activity in activities:
        if activity not in journeys.activities:
            raise FieldError.unknown("activity", activity, journeys.activities)
    return activities


def _asked(journeys: Journeys, asking: list[str] | None, calendar: Calendar | None) -> _Asked:
    log = journeys.log
    people, contact, together, answers = by_people(log), *_meetings(log)
    told = answers | (_any(log, "actor_kind", _MACHINES) & contact & log.holds("direction", "outbound"))
    if asking is None:
        ways = _any(log, "channel", _ASKING) | (_any(log, "channel", _TOGETHER) & ~together)
        waits = log.holds("direction", "inbound") & contact & ~people & ways & ~_any(log, "outcome", _SAID)
    else:
        waits = _any(log, "activity", _known(journeys, asking))
    waiting = np.flatnonzero(waits)
    # Of several in a row without an answer between, the first: those whose last answer is that of the one before.
    turn = np.cumsum(answers)[waiting]
    journey = log.journey_of[waiting]
    fresh = np.ones(len(waiting), bool)
    fresh[1:] = (turn[1:] != turn[:-1]) | (journey[1:] != journey[:-1])
    at = waiting[fresh]
    marks = np.zeros(log.n_touchpoints, bool)
    marks[at] = True
    met, then = following(log, marks, answers)
    any_met, any_then = following(log, marks, told)
    place, any_place = np.full((2, log.n_touchpoints), -1)
    place[met], any_place[any_met] = then, any_then
    is_answered = place[at] >= 0
    until = int(journeys.observed_until.value // 1_000)  # `value` is in nanoseconds whatever the unit
    stop = np.where(is_answered, log.time[place[at]], until)
    # Since the customer came: an end may be that of handling it, which is what is waited for.
    hours = span_hours(log.time[at], stop, calendar)
    automatic = (any_place[at] >= 0) & ((any_place[at] < place[at]) | ~is_answered)
    return _Asked(at, hours, is_answered, automatic)


def _rows(log: CodedLog, asked: _Asked, inside: Marks) -> pd.DataFrame:
    here = inside[log.journey_of[asked.place]]
    at, hours, answered = asked.place[here], asked.hours[here], asked.is_answered[here]
    codes, cell = np.unique(log.codes["activity"][at], return_inverse=True)
    customer = customer_of(log)[log.journey_of[at]]
    k, n, share, low, high = clustered_share(answered, cell, customer, len(codes))
    spread = clustered_quantiles(hours[answered], cell[answered], customer[answered], len(codes))
    survival = [kaplan_meier(hours[cell == number], answered[cell == number]).median for number in range(len(codes))]
    return pd.DataFrame(
        {
            "activity": log.words["activity"][codes].astype(str),
            "n_asked": n,
            "n_answered": k,
            "n_open": n - k,
            "n_automatic": np.bincount(cell[asked.is_automatic[here]], minlength=len(codes)),
            "n_customers": [len(np.unique(customer[cell == number])) for number in range(len(codes))],
            "answered_share": share,
            "share_low": low,
            "share_high": high,
            "median_hours": spread.median,
            "low": spread.low,
            "high": spread.high,
            "survival_median_hours": survival,
        }
    )


def _met(journeys: Journeys, name: str, inside: Marks) -> dict[str, object]:
    log = journeys.log
    people = np.flatnonzero(by_people(log))
    journey, first = np.unique(log.journey_of[people], return_index=True)
    at, keep = people[first], inside[journey]
    journey, at = journey[keep], at[keep]
    before = (at - log.first[journey]) / log.lengths[journey]
    hours = (log.time[at] - log.time[log.first[journey]]) / HOUR
    met = len(journey) > 0
    return {
        "group": name,
        "n_journeys": int(inside.sum()),
        "n_met": len(journey),
        "share_before": float(np.median(before)) if met else np.nan,
        "hours_before": float(np.median(hours)) if met else np.nan,
    }
