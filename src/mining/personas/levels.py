"""Columns of numbers made comparable: centred, standardised, a block of them with a variance of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from mining.personas.blocks import Counts

__all__ = ["Floats", "Level", "moments", "rooted", "standard"]

Floats = npt.NDArray[np.float64]
_FAR: Final = 3.0  # standard deviations; farther ones are drawn in, so that a single customer makes no persona


@dataclass(frozen=True, eq=False)
class Level:
    """Centre columns and give the whole block a variance of one."""

    centre: Floats
    scale: float

    @classmethod
    def learn(cls, columns: Floats) -> Self:
        """Measure what is to be taken off and divided by."""
        total = float(columns.var(axis=0).sum())
        return cls(columns.mean(axis=0), np.sqrt(total) if total > 1e-12 else np.inf)

    def draw(self, columns: Floats) -> Floats:
        """Level columns."""
        return np.asarray((columns - self.centre) / self.scale, float)


def rooted(counts: Counts) -> Floats:
    """Take the square roots of the shares that each row's counts make up."""
    total = np.asarray(counts.sum(axis=1)).ravel()[:, None]
    return np.asarray(np.sqrt(counts.toarray() / np.maximum(total, 1.0)), float)


def moments(columns: Floats) -> tuple[Floats, Floats]:
    """Measure centre and spread of each column where it is known; a column without spread gets an endless one."""
    known = ~np.isnan(columns)
    n = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, columns, 0).sum(axis=0) / n
    spread = np.sqrt((np.where(known, columns - centre, 0) ** 2).sum(axis=0) / n)
    return centre, np.where(spread > 1e-9, spread, np.inf)


def standard(columns: Floats, centre: Floats, spread: Floats) -> Floats:
    """Standardise columns, far values drawn in, unknown ones at the centre."""
    return np.asarray(np.nan_to_num(np.clip((columns - centre) / spread, -_FAR, _FAR)), float)
