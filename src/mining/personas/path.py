"""What customers do and in which order, as a few columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from mining._statistics import SMALLEST_CELL
from mining.personas.blocks import Counts, path_counts
from mining.personas.levels import Floats, Level
from mining.personas.order import Order
from mining.personas.seen import Seen

__all__ = ["Path"]

_DIMENSIONS: Final = 16
_NARROW: Final = 800  # columns up to which all directions are found at once
_RARE: Final = 0.01


@dataclass(frozen=True, eq=False)
class Path:
    """Shares of activities and of pairs of successive ones, weighted by how telling they are; and whole paths.

    Pairs tell what follows what, whole paths what comes sooner; where much is swapped, pairs alone are not enough.
    """

    activities: npt.NDArray[np.object_]
    kept: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    telling: tuple[Floats, Floats]
    turn: Floats
    order: Order
    levels: tuple[Level, Level]
    level: Level

    @classmethod
    def learn(cls, seen: Seen) -> Self:
        """Find the activities and pairs that are not rare, and the few directions in which customers differ most."""
        used = np.unique(seen.codes("activity"))
        activities = seen.log.words["activity"][used[used >= 0]]
        counted = path_counts(seen, activities)
        kept = (_frequent(counted[0]), _frequent(counted[1]))
        telling = tuple(_inverse_frequency(_folded(part, keep)) for part, keep in zip(counted, kept, strict=True))
        weighted = _profile(counted, kept, (telling[0], telling[1]))
        turn = _directions(weighted)
        order = Order.learn(seen)
        parts = np.asarray(weighted @ turn), order.draw(seen)
        levels = Level.learn(parts[0]), Level.learn(parts[1])
        whole = np.column_stack([level.draw(part) for level, part in zip(levels, parts, strict=True)])
        return cls(activities, kept, (telling[0], telling[1]), turn, order, levels, Level.learn(whole))

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:  # noqa: ARG002
        """See `mining.personas.encoder.Block`."""
        profile = _profile(path_counts(seen, self.activities), self.kept, self.telling)
        parts = np.asarray(profile @ self.turn), self.order.draw(seen)
        drawn = [level.draw(part) for level, part in zip(self.levels, parts, strict=True)]
        return self.level.draw(np.column_stack(drawn))


def _frequent(counts: Counts) -> npt.NDArray[np.int64]:
    n_customers = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.flatnonzero(n_customers >= max(SMALLEST_CELL, _RARE * counts.shape[0]))


def _folded(counts: Counts, kept: npt.NDArray[np.int64]) -> Counts:
    column = np.full(counts.shape[1], len(kept), np.int64)
    column[kept] = np.arange(len(kept))
    fold = sparse.csr_array(
        (np.ones(len(column)), (np.arange(len(column)), column)), shape=(len(column), len(kept) + 1)
    )
    return sparse.csr_array(counts @ fold)


def _inverse_frequency(counts: Counts) -> Floats:
    n_customers = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + n_customers)) + 1, float)


def _profile(
    counted: tuple[Counts, Counts],
    kept: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    telling: tuple[Floats, Floats],
) -> Counts:
    parts = []
    for counts, keep, weight in zip(counted, kept, telling, strict=True):
        part = _folded(counts, keep)
        part.data = np.sqrt(part.data)
        part = sparse.csr_array(part @ sparse.diags_array(weight))
        length = np.sqrt(np.asarray((part * part).sum(axis=1)).ravel())
        parts.append(sparse.diags_array(1 / np.maximum(length, 1e-12)) @ part)
    return sparse.csr_array(sparse.hstack(parts))


def _directions(profile: Counts) -> Floats:
    n, breadth = profile.shape
    if min(n, breadth) <= _DIMENSIONS + 1:
        return np.eye(breadth)
    if breadth <= _NARROW:
        turn = np.linalg.eigh((profile.T @ profile).toarray())[1][:, : -_DIMENSIONS - 1 : -1]
    else:
        # Exact and from a fixed start, so that no seed decides on the directions.
        turn = (
            TruncatedSVD(_DIMENSIONS, algorithm="arpack", random_state=0).fit(sparse.csr_matrix(profile)).components_.T
        )
    heaviest = turn[np.abs(turn).argmax(axis=0), np.arange(_DIMENSIONS)]
    return np.asarray(turn * np.where(heaviest < 0, -1.0, 1.0), float)
