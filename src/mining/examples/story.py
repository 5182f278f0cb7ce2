"""Many journeys told at once: every journey has its own clock, and each line of the story is one array operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mining.examples.company import DAY, HOUR

__all__ = ["Flags", "Hours", "Story", "Times", "awake", "office", "support_desk"]

Flags: TypeAlias = NDArray[np.bool_]
Hours: TypeAlias = NDArray[np.float64]
Times: TypeAlias = NDArray[np.int64]
Calendar: TypeAlias = Callable[[Times, Times], Times]

_SATURDAY = 5
_LONGEST_HOURS = 40 * 24.0  # keeps every gap inside a journey under 45 days, the opening hours included


def _opened(times: Times, late: Times, opens: int, closes: int) -> Times:
    """Move times outside the opening hours to shortly after the next opening."""
    second = times % DAY
    day = times - second
    moved = np.where(second < opens * HOUR, day + opens * HOUR + late, times)
    return np.where(second >= closes * HOUR, day + DAY + opens * HOUR + late, moved)


def awake(times: Times, late: Times) -> Times:
    """Move what customers do out of the night."""
    return _opened(times, late, 4, 21)


def support_desk(times: Times, late: Times) -> Times:
    """Move what the support desk does into its hours, seven days a week."""
    return _opened(times, late, 5, 20)


def office(times: Times, late: Times) -> Times:
    """Move what sales does into its hours; the office is closed on Saturdays."""
    times = _opened(times, late, 6, 16)
    weekday = (times // DAY + 3) % 7
    return np.where(weekday == _SATURDAY, times + DAY, times)


def at_once(times: Times, _late: Times) -> Times:
    """Leave what machines do where it is."""
    return times


@dataclass
class Story:
    """The journeys being told: their clocks, which of them still go on, and what has happened so far."""

    random: np.random.Generator
    clock: Times
    going: Flags = field(init=False)
    told: list[pd.DataFrame] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.going = np.ones(len(self.clock), dtype=bool)

    def chance(self, share: float | Hours) -> Flags:
        """Draw for every journey whether something that has this chance happens."""
        return self.random.random(len(self.clock)) < share

    def count(self, mean: float | Hours, most: int) -> Times:
        """Draw for every journey how often something happens."""
        drawn = self.random.poisson(mean, len(self.clock))
        return np.minimum(drawn, most).astype(np.int64)

    def about(self, hours: float | Hours, spread: float = 0.5) -> Hours:
        """Draw for every journey a wait scattered around a median, in hours."""
        return np.asarray(hours * np.exp(self.random.normal(0.0, spread, len(self.clock))))

    def between(self, low: float, high: float) -> Hours:
        """Draw for every journey a wait between two bounds, in hours."""
        return self.random.uniform(low, high, len(self.clock))

    def one_of(self, numbers: range) -> Times:
        """Draw for every journey one employee."""
        return self.random.integers(numbers.start, numbers.stop, len(self.clock))

    def happen(
        self, activity: str, who: Flags | bool = True, *, after: Hours, hours: Calendar = awake, **marks: Any
    ) -> Flags:
        """Let something happen in some journeys and move their clocks; return the journeys in which it did."""
        happens = self.going & who
        rows = np.flatnonzero(happens)
        late = self.random.integers(0, HOUR, len(self.clock))[rows]
        wait = np.clip(after, 1 / 60, _LONGEST_HOURS)[rows]
        when = hours(self.clock[rows] + np.round(wait * HOUR).astype(np.int64), late)
        self.clock[rows] = when
        chunk: dict[str, Any] = {"journey": rows, "at": when, "activity": activity}
        for name, default in (("actor", 0), ("ticket", -1), ("mark", "")):
            value = marks.get(name, default)
            chunk[name] = value[rows] if isinstance(value, np.ndarray) else value
        self.told.append(pd.DataFrame(chunk))
        return happens

    def stop(self, who: Flags) -> None:
        """End some journeys here."""
        self.going &= ~who
