"""Evidence: what was found or not found at one place, and the one rule that tells the two apart."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from mining.maps.sentences import Sentence

__all__ = ["SMALLEST_EFFECT", "SMALLEST_N", "TOLERATED", "Evidence"]

SMALLEST_N: Final = 20
SMALLEST_EFFECT: Final = 0.10
TOLERATED: Final = 0.10
_ALPHA: Final = 0.05


class Evidence(NamedTuple):
    """What was measured at one place: how large a share of how many customers, against which share elsewhere.

    `p` is adjusted; NaN where the interval alone decides (a fixed comparison). `actor` is the team or owner that stands
    out by itself, `activity` what the owner must be looked up by, `pair` the two steps, teams or channels if there are
    two. `among` is the number the share is a share of.
    """

    kind: str
    where: str
    said: tuple[Sentence, ...]
    n_customers: int
    among: int
    share: float
    low: float
    high: float
    comparison: float
    compared_with: str
    p: float = float("nan")
    activity: str = ""
    pair: tuple[str, str] = ("", "")
    stage: str = ""
    actor: str = ""
    explained: str = ""

    @property
    def excess(self) -> float:
        """How much larger the share is than its comparison."""
        return self.share - self.comparison

    @property
    def severity(self) -> float:
        """How many customers it touches beyond the comparison."""
        return self.n_customers * self.excess

    @property
    def absent_because(self) -> str:
        """Why this is no pain point; empty where it is one."""
        if self.among < SMALLEST_N:
            return f"fewer than {SMALLEST_N}"
        if np.isnan(self.share) or np.isnan(self.comparison):
            return "nothing to compare with"
        by_chance = not self.low > self.comparison if np.isnan(self.p) else not self.p < _ALPHA
        if self.excess <= 0 or by_chance:
            return "may be chance"
        if self.excess < SMALLEST_EFFECT:
            return "too small to matter"
        return self.explained
