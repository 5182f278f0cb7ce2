"""Customers with attributes of whom it is told who was won, who was lost and who is still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mining.journeys import Journeys
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical


def prospects_with(
    attributes: Mapping[str, Any],
    fates: Sequence[str],
    *,
    days: Sequence[float] | None = None,
    took: float = 10.0,
    accounts: Sequence[str] | None = None,
    amounts: Sequence[float] | None = None,
) -> Journeys:
    """Customers that come by an ad, see a demo, and are won or lost ten days later, or still open.

    `days` is when each of them came, after the first of January 2024; all on that day by default.
    """
    n = len(fates)
    came = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.zeros(n) if days is None else days, unit="D")
    names = [f"c{place:05d}" for place in range(n)]
    fate = np.array(fates, dtype=object)
    told = pd.DataFrame({"customer": names, "account": accounts, "amount": np.nan if amounts is None else amounts})
    steps = [
        told.assign(activity="ad", timestamp=came, channel="ads", actor_kind="customer"),
        told.assign(activity="demo", timestamp=came + pd.Timedelta("1D"), channel="meeting", actor="e1", team="sales"),
    ]
    ends = told.assign(activity=fate, timestamp=came + pd.to_timedelta(took, unit="D"), outcome=fate)
    frame = pd.concat([*steps, ends[fate != "open"]]).sort_values(["customer", "timestamp"], ignore_index=True)
    looks = {name: np.asarray(values) for name, values in attributes.items()}
    table = pd.DataFrame(looks, index=pd.Index(names, dtype="str"))
    return Touchpoints(frame=canonical(frame), objects={"customer": table}, quality=None).by("customer")  # type: ignore[arg-type]


def drawn(n: int, seed: int) -> dict[str, Any]:
    """Six attributes that say nothing: four of words, two of numbers."""
    random = np.random.default_rng(seed)
    return {
        "industry": random.choice(["retail", "media", "health", "banking"], n),
        "region": random.choice(["north", "south", "east"], n),
        "source": random.choice(["ads", "partner", "search", "fair", "mail"], n),
        "language": random.choice(["en", "he"], n),
        "employees": np.exp(random.normal(4, 1, n)).round(),
        "age": random.normal(40, 10, n).round(),
    }


def planted(n: int = 600, seed: int = 0, *, open_share: float = 0.2, days: bool = True) -> Journeys:
    """Customers of whom the industry retail and many employees are won more, and nothing else matters."""
    random = np.random.default_rng(seed + 1_000)
    table = drawn(n, seed)
    pull = -1.2 + 1.6 * (table["industry"] == "retail") + 1.4 * (table["employees"] > np.median(table["employees"]))
    return _fated(table, random.random(n) < 1 / (1 + np.exp(-pull)), random, open_share=open_share, days=days)


def indifferent(n: int = 400, seed: int = 0, *, open_share: float = 0.2, days: bool = True) -> Journeys:
    """Customers who are won by chance."""
    random = np.random.default_rng(seed + 1_000)
    return _fated(drawn(n, seed), random.random(n) < 0.4, random, open_share=open_share, days=days)


def _fated(
    table: Mapping[str, Any], won: np.ndarray, random: np.random.Generator, *, open_share: float, days: bool
) -> Journeys:
    n = len(won)
    fates = np.where(random.random(n) < open_share, "open", np.where(won, "won", "lost"))
    return prospects_with(table, fates.tolist(), days=random.uniform(0, 300, n).tolist() if days else None)
