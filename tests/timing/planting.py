"""Logs made of arrays, for tests that need many customers and waits of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mining.journeys import Journeys
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical


def logged(frame: pd.DataFrame, *, gap: str | None = None) -> Journeys:
    """Journeys of rows with customer, activity, hours (since the start of 2025) and any canonical fields."""
    start = pd.Timestamp("2025-01-01", tz="UTC")
    seconds = np.round(frame["hours"].to_numpy(float) * 3600)
    filled = frame.assign(timestamp=start + pd.to_timedelta(seconds, unit="s")).drop(columns="hours")
    ids = pd.Index(filled["customer"].unique(), dtype="str")
    objects = {"customer": pd.DataFrame(index=ids)}
    return Touchpoints(frame=canonical(filled), objects=objects, quality=None).by("customer", gap=gap)  # type: ignore[arg-type]


def told_of(customers: np.ndarray, activity: str, hours: np.ndarray, **fields: object) -> pd.DataFrame:
    """One touchpoint for each of some customers."""
    names = pd.Series([f"c{number:05d}" for number in customers], dtype="str")
    return pd.DataFrame({"customer": names, "activity": activity, "hours": hours, **fields})


def sales(n: int, random: np.random.Generator, *, lost_short: float = 0.3, lost_long: float = 0.3) -> pd.DataFrame:
    """Customers ask, see a demo, get a quote after a wait, and are won or lost; a letter may lie in between."""
    who = np.arange(n)
    begin = random.uniform(0, 24 * 300, n)
    demo = begin + random.exponential(60, n)
    wait = random.exponential(80, n)
    lost = random.random(n) < np.where(wait > np.median(wait), lost_long, lost_short)
    quote = demo + wait
    end = quote + random.exponential(50, n)
    letter = random.random(n) < 0.3
    parts = [
        told_of(who, "Form", begin, department="marketing"),
        told_of(who, "Demo", demo, team="Inside sales", department="sales"),
        told_of(who[letter], "Letter", (demo + wait * random.random(n))[letter], department="marketing"),
        told_of(who, "Quote", quote, team="Inside sales", department="sales"),
        told_of(who[lost], "Lost", end[lost], outcome="lost", department="sales"),
        told_of(who[~lost], "Won", end[~lost], outcome="won", department="sales"),
    ]
    return pd.concat(parts, ignore_index=True)
