"""Customers of whom two attributes decide who is won, or none."""

from __future__ import annotations

import numpy as np

from mining.journeys import Journeys
from tests.personas.planted import journeys_of


def buyers(n: int = 600, seed: int = 0, *, strength: float = 1.0, **more: object) -> Journeys:
    """Retailers and large companies are won more often, by `strength`; country, age and fleet say nothing."""
    random = np.random.default_rng(seed)
    industry = random.choice(["retail", "media", "health", "bank"], n)
    size = np.exp(random.normal(4, 1, n)).round()
    odds = -0.6 + strength * (1.9 * (industry == "retail") + 1.8 * (size > 100))
    won = random.random(n) < 1 / (1 + np.exp(-odds))
    is_open = random.random(n) < 0.2
    ends = np.where(is_open, "", np.where(won, "won", "lost"))
    looks = {
        "industry": industry,
        "size": size,
        "country": random.choice(["IL", "IR", "DE"], n),
        "age": random.normal(40, 10, n).round(),
        "fleet": random.choice(list("abcdef"), n),
    }
    return journeys_of(paths_of(ends), attributes={**looks, **more}, seed=seed)


def paths_of(ends: np.ndarray) -> list[list[str]]:
    """Paths with an ending, or an open end."""
    return [["ad", "site", "demo", *([str(end)] if end else [])] for end in ends]
