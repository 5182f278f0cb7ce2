"""Exact quantiles of many groups at once, without sorting what no quantile can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["grouped_quantiles"]

_CELLS: Final = 1 << 24
_BLOCK: Final = 1 << 18
_FRACTION: Final = 52  # bits of a floating-point number behind its exponent
_FINEST: Final = 6  # of these bits: sixty-four cells to every doubling
_Integers = npt.NDArray[np.int64]
_Shares = npt.NDArray[np.float64]


def grouped_quantiles(group: _Integers, value: _Integers, count: _Integers, shares: Sequence[float]) -> _Shares:
    """Find quantiles of each group, exactly, interpolated linearly between the two values around them.

    Values are counted in cells whose width grows with them; a quantile lies in one cell of its group, and only what is
    in such cells is sorted.

    Parameters
    ----------
    group : ndarray of int64
        The group of each value, from 0; the number of groups for values of none.
    value : ndarray of int64
        Not below 0.
    count : ndarray of int64
        How many values each group has, at least one.
    shares : sequence of float
        0 to 1.

    Returns
    -------
    ndarray of float64
        Shares x groups.
    """
    start = np.cumsum(count) - count
    places = np.array([(count - 1) * share for share in shares])
    below = places.astype(np.int64)
    ranks = start + np.stack([below, np.minimum(below + 1, count - 1)])  # two x shares x groups
    ordered = _at_ranks(group, value, len(count), ranks.ravel()).reshape(ranks.shape)
    return np.asarray(ordered[0] + (ordered[1] - ordered[0]) * (places - below), float)


def _at_ranks(group: _Integers, value: _Integers, n_groups: int, ranks: _Integers) -> _Integers:
    """Give the values at places of an order by group, then by value."""
    cell, n_cells = _celled(group, value, n_groups)
    held = np.bincount(cell, minlength=n_cells)[:n_cells]
    reached = np.cumsum(held)
    wanted_cell = np.searchsorted(reached, ranks, side="right")
    cells = np.unique(wanted_cell)
    number = np.full(n_cells + 1, -1, np.int32)  # the last is for values of no group
    number[cells] = np.arange(len(cells))
    numbered = number[cell]
    chosen = np.flatnonzero(numbered >= 0)
    order = np.lexsort((value[chosen], numbered[chosen]))
    sorted_values = value[chosen[order]]
    first = np.cumsum(held[cells]) - held[cells]  # of each wanted cell among what was sorted
    inside = ranks - (reached[wanted_cell] - held[wanted_cell])
    return np.asarray(sorted_values[first[number[wanted_cell]] + inside], np.int64)


def _celled(group: _Integers, value: _Integers, n_groups: int) -> tuple[_Integers, int]:
    """Give each value a cell, ordered by group, then by size; as fine as the number of values allows."""
    most = max(int(value.max()), 1).bit_length() + 1
    room = min(_CELLS, len(value)) // (n_groups * most)
    fine = min(max(room, 1).bit_length() - 1, _FINEST)
    width = most << fine
    if n_groups * width > _CELLS:
        width, fine = 1, -1  # too many groups for more than one cell each
    cell = np.empty(len(value), np.int64)
    for at in range(0, len(value), _BLOCK):
        here = slice(at, at + _BLOCK)
        cell[here] = np.minimum(group[here], n_groups) * width
        if fine >= 0:
            # A number's exponent and first bits are the larger the larger it is; below one there is only nought.
            size = (value[here].astype(np.float64).view(np.int64) >> (_FRACTION - fine)) - (1022 << fine)
            cell[here] += np.maximum(size, 0)
    cell[group >= n_groups] = n_groups * width
    return cell, n_groups * width
