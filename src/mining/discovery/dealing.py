"""Journeys of two sides, dealt out anew by customer: what chance alone would show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.discovery.samples import owners
from mining.journeys import Journeys

__all__ = ["LONGEST", "Sides"]

Integers = npt.NDArray[np.int64]
LONGEST: Final = 500  # touchpoints of a path that is measured
_MOST_PATHS: Final = 2_000
_MOST_TOUCHPOINTS: Final = 40_000


@dataclass(frozen=True, eq=False)
class Sides:
    """Journeys of two sides together.

    Attributes
    ----------
    paths : tuple of tuple of str
        The distinct paths of both.
    path, side, owner : ndarray of int, journeys
        Which path each takes, on which side it is (0 or 1), and whose it is (0 onwards).
    """

    paths: tuple[tuple[str, ...], ...]
    path: Integers
    side: Integers
    owner: Integers

    @classmethod
    def of(cls, one: Journeys, *others: Journeys) -> Sides:
        """Take the journeys of a log, and those of another as the second side."""
        number: dict[tuple[str, ...], int] = {}
        path, logs = [], (one, *others)
        for log in logs:
            frame, variant_of = log.variants()
            known = np.array([number.setdefault(told, len(number)) for told in frame["variant"]], np.int64)
            path.append(known[variant_of])
        owner = pd.factorize(np.concatenate([owners(log) for log in logs]), sort=True)[0].astype(np.int64)
        side = np.repeat(np.arange(len(logs)), [len(log) for log in logs])
        return cls(tuple(number), np.concatenate(path), side, owner)

    def affordable(self, draw: np.random.Generator, most: int | None = None) -> Sides:
        """Keep the journeys of owners drawn at random, as many as can be measured in seconds; none of a long path."""
        length = np.array([len(path) for path in self.paths], np.int64)
        rank = self._turns(draw)[self.owner]
        short = np.flatnonzero(length[self.path] <= LONGEST)
        order = short[np.argsort(rank[short], kind="stable")]
        first = np.zeros(len(order), bool)
        first[np.unique(self.path[order], return_index=True)[1]] = True
        beyond = (np.cumsum(first) > _MOST_PATHS) | (np.cumsum(first * length[self.path[order]]) > _MOST_TOUCHPOINTS)
        if most is not None:
            beyond[most:] = True
        # Whoever would not fit with all journeys is left out whole, and so is everybody after.
        kept = np.sort(order[rank[order] < rank[order[beyond]].min(initial=len(rank))])
        used, path = np.unique(self.path[kept], return_inverse=True)
        _, owner = np.unique(self.owner[kept], return_inverse=True)
        return Sides(tuple(self.paths[at] for at in used), path, self.side[kept], owner)

    def _turns(self, draw: np.random.Generator) -> Integers:
        """Put the owners in an order drawn at random, the sides taking turns, so that the smaller one is not lost."""
        home = np.zeros(int(self.owner.max(initial=-1)) + 1, np.int64)
        home[self.owner] = self.side
        turn = np.zeros(len(home), np.int64)
        for side in (0, 1):
            turn[home == side] = draw.permutation(int((home == side).sum()))
        rank = np.empty(len(home), np.int64)
        rank[np.lexsort((home, turn))] = np.arange(len(home))
        return rank

    def counts(self, side: Integers) -> Integers:
        """Count the journeys of each path on each side, 2 x paths, were they parted so."""
        n = len(self.paths)
        return np.bincount(side * n + self.path, minlength=2 * n).reshape(2, n)

    def mixed(self, draw: np.random.Generator) -> Integers:
        """Deal the owners out anew: as many to each side as before; one who is on both may change sides."""
        on = np.zeros((int(self.owner.max(initial=-1)) + 1, 2), bool)
        on[self.owner, self.side] = True
        both = on.all(axis=1)
        dealt = np.empty(on.shape, np.int64)
        dealt[~both] = draw.permutation(on[~both, 1].astype(np.int64))[:, None]
        swap = draw.integers(0, 2, int(both.sum()))
        dealt[both] = np.stack([swap, 1 - swap], axis=1)
        return np.asarray(dealt[self.owner, self.side])
