"""Where each activity stands in the distinct paths: first, last and how many times, for as many as a table may hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mining._engine import Paths

__all__ = ["Places", "find_places"]

_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Places:
    """Tables of distinct paths by activities.

    Attributes
    ----------
    kept : ndarray of int
        Codes of the activities looked at, ascending: those that most journeys have.
    left_out : int
        Activities that occur and are not among them.
    first, last : ndarray of int, paths x kept
        The first and the last place in the path; past every end and -1 where it does not occur.
    times : ndarray of int, paths x kept
        How often it occurs.
    weight : ndarray of int
        Journeys of each path.
    followed : ndarray of int, pairs x 4
        Pairs of activities next to each other, once per path: path, the one, the other (places in `kept`), how often.
    """

    kept: _Integers
    left_out: int
    first: _Integers
    last: _Integers
    times: _Integers
    weight: _Integers
    followed: _Integers


def find_places(found: Paths, size: int, most: int) -> Places:
    """Look up the places of the commonest activities.

    Parameters
    ----------
    found : Paths
        The distinct paths.
    size : int
        How many activities there are codes for.
    most : int
        Most activities to look at: tables of all pairs of many more do not fit.
    """
    n_paths = len(found.n_journeys)
    path = np.repeat(np.arange(n_paths), np.diff(found.offsets))
    cells = np.unique(path * size + found.activity)
    n = np.bincount(cells % max(size, 1), found.n_journeys[cells // max(size, 1)], minlength=size)
    in_use = int((n > 0).sum())
    kept = np.sort(np.argsort(-n, kind="stable")[: min(most, in_use)])
    column = np.full(size, -1)
    column[kept] = np.arange(len(kept))
    at = column[found.activity]
    place = np.arange(len(at)) - found.offsets[path]
    shape, known = (n_paths, len(kept)), at >= 0
    key = path[known] * len(kept) + at[known]
    first, last = np.full(n_paths * len(kept), np.iinfo(np.int64).max), np.full(n_paths * len(kept), -1)
    np.minimum.at(first, key, place[known])
    np.maximum.at(last, key, place[known])
    times = np.bincount(key, minlength=n_paths * len(kept))
    return Places(
        kept, in_use - len(kept), first.reshape(shape), last.reshape(shape), times.reshape(shape), found.n_journeys,
        _followed(path, at, len(kept)),
    )  # fmt: skip


def _followed(path: _Integers, at: _Integers, breadth: int) -> _Integers:
    inside = (path[1:] == path[:-1]) & (at[1:] >= 0) & (at[:-1] >= 0)
    pairs, n = np.unique(((path[:-1] * breadth + at[:-1]) * breadth + at[1:])[inside], return_counts=True)
    row, pair = np.divmod(pairs, max(breadth * breadth, 1))
    one, other = np.divmod(pair, max(breadth, 1))
    return np.column_stack([row, one, other, n]).astype(np.int64)
