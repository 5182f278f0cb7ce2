"""Phrases: what the map says around its numbers; `JourneyMap.renamed` says them in other words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from mining._statistics import SMALLEST_CELL

__all__ = ["COUNTED", "HOW", "MASKED", "PHRASES", "line_said", "said", "span_said"]

MASKED: Final = f"fewer than {SMALLEST_CELL}"

# How each lane is measured: one sentence.
HOW: Final[dict[str, str]] = {
    "customers do": "Share of the stage's customers who do it there, by Wilson; the three most common.",
    "we do": "Share of the stage's customers for whom it is done there, by Wilson; the three most common.",
    "channels": "Share of the contacts of the stage; bounds by customers.",
    "waits": "Median time from the end of a touchpoint to the start of the next; bounds by customers.",
    "people met": "Median of people of ours per journey, and mean of hand-offs between teams.",
    "outcome": "Share of journeys that go on to a later stage, or end here; what may still run is left out.",
    "feeling": "Mean of the scores that customers gave, 0 to 1; bounds by customers.",
    "sla": "Share of the times due that the step came within its limit; what is still open counts as seen so far.",
    "objections": "Share of the stage's customers for whom this reason is recorded.",
    "systems": "Share of the touchpoints of the stage that the system wrote down.",
    "opportunities": "Share of the step's customers in whom the pattern stands out, wherever the step happens.",
    "owner": "As the design says; else the team that acts most, by its share of the touchpoints that name one.",
}
# What n is the number of.
COUNTED: Final[dict[str, str]] = {
    "customers do": "customers of the stage", "we do": "customers of the stage", "channels": "contacts",
    "waits": "waits", "people met": "journeys", "outcome": "journeys", "feeling": "scores", "sla": "times due",
    "objections": "customers of the stage", "systems": "touchpoints", "opportunities": "customers with the step",
    "owner": "touchpoints or journeys",
}  # fmt: skip
PHRASES: Final = {
    "title": "Journey map: {whose}",
    "beside": "Journey maps side by side",
    "everybody": "all customers",
    "note": "{n} customers; stages are {mark}.",
    "signs": "▲ ▼: more or fewer than in all other groups, tested.",
    "signs over time": "▲ ▼: more or fewer than in all other periods, by each customer's first journey, tested.",
    "silent": "Nothing is recorded of: {lanes}.",
    "ideal": "Ideal customer, of all values looked at: {values}.",
    "no ideal": "Which customers are won, no attribute taken alone tells.",
    "open": "behind it",
    "measured": "measured as",
    "rests": "rests on",
    "common": "most often",
    "list": "list them",
    "line": "{text}; n = {n} {counted}; {mark}",
    "sum": "{touchpoints} touchpoints in {journeys} journeys of {customers} customers, {first} to {last}",
    "figures": "figures: {section}",
    "group": "{n} customers",
    "window": "{n} journeys begin, {running} may still run; watched for {days} days",
    "untested": "too young to be compared",
}


def said(words: Mapping[str, str], phrase: str, **values: object) -> str:
    """Say a phrase in the words given, English where there are none."""
    return words.get(phrase, phrase).format(**values)


def line_said(row: Mapping[Any, Any], digits: int = 0) -> str:
    """Say a line of the map: what, how much, and between which bounds."""
    value, low, high = row["value"], row["low"], row["high"]
    if np.isnan(value):
        return str(row["item"])
    bounded = not (np.isnan(low) or np.isnan(high))
    if str(row["unit"]).startswith("share"):
        span = f" ({100 * low:.{digits}f}-{100 * high:.{digits}f})" if bounded else ""
        return f"{row['item']} {100 * value:.{digits}f} %{span}"
    if row["unit"] == "hours":
        span = f" ({span_said(low)} to {span_said(high)})" if bounded else ""
        return f"{row['item']} {span_said(value)}{span}"
    span = f" ({low:.2g} to {high:.2g})" if bounded else ""
    return f"{row['item']} {value:.2g}{span}"


def span_said(hours: float, units: tuple[str, str, str] = ("min", "h", "days")) -> str:
    """Say a span in the unit people would use, given as minutes, hours and days.

    Examples
    --------
    >>> span_said(0.5), span_said(30), span_said(100)
    ('30 min', '30 h', '4.2 days')
    """
    if hours < 1:
        return f"{60 * hours:.0f} {units[0]}"
    return f"{hours:.0f} {units[1]}" if hours < 48 else f"{hours / 24:.1f} {units[2]}"
