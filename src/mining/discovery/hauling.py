"""The cheapest transport between two heaps: what earth movers solve."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["cheapest_transport"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_Marks = npt.NDArray[np.bool_]
_NEAREST: Final = 16
_WORST: Final = 5
_EXACT: Final = 1e-10
_SINGLES: Final = 1_500  # units that are matched one by one, which is faster than a programme


def cheapest_transport(cost: Floats, given: Integers, taken: Integers) -> float:
    """Move all that is given to where it is taken, at the least cost per unit.

    Few units are matched one by one. Many are a linear programme over all pairs, of which only the promising ones are
    written down: the nearest of each place, and then, round by round, those that the prices of the last solution show
    to be worth while, until there are none. So the answer is that of the whole programme.

    Parameters
    ----------
    cost : ndarray of float, givers x takers
        Of moving one unit. It need not be a metric.
    given, taken : ndarray of int
        Positive, with the same sum.

    Returns
    -------
    float
        Cost per unit moved.

    References
    ----------
    Crouse, D. F. (2016). On implementing 2D rectangular assignment algorithms.
    Dantzig, G. B. (1951). Application of the simplex method to a transportation problem.
    Dantzig, G. B., Wolfe, P. (1960). Decomposition principle for linear programs (columns made as they are needed).

    Examples
    --------
    >>> cheapest_transport(np.array([[0.0, 1.0], [0.5, 1.0]]), np.array([2, 2]), np.array([1, 3]))
    0.75
    """
    if given.sum() <= _SINGLES:
        return _matched(cost, given, taken)
    open_pairs = _nearest(cost, _NEAREST) | _corners(given, taken)
    while True:
        total, prices = _solved(cost, (given, taken), open_pairs)
        reduced = cost - prices[: len(given), None] - prices[len(given) :]
        missed = (reduced < -_EXACT) & ~open_pairs
        if not missed.any():
            return total / float(given.sum())
        open_pairs |= _nearest(np.where(missed, reduced, 0), _WORST) & missed


def _matched(cost: Floats, given: Integers, taken: Integers) -> float:
    from scipy.optimize import linear_sum_assignment

    one, other = (np.repeat(np.arange(len(masses)), masses) for masses in (given, taken))
    whole = cost[np.ix_(one, other)]
    return float(whole[linear_sum_assignment(whole)].mean())


def _nearest(cost: Floats, n: int) -> _Marks:
    """Mark the cheapest pairs of each row and of each column."""
    near = np.zeros(cost.shape, bool)
    for axis in (0, 1):
        few = min(n, cost.shape[axis])
        cheap = np.argpartition(cost, few - 1, axis=axis)
        np.put_along_axis(near, np.take(cheap, range(few), axis=axis), True, axis=axis)
    return near


def _corners(given: Integers, taken: Integers) -> _Marks:
    """Mark the pairs of one way to move everything, so that there always is one: in order, first to first."""
    bounds = np.cumsum(given), np.cumsum(taken)
    cuts = np.unique(np.concatenate(bounds))
    way = np.zeros((len(given), len(taken)), bool)
    way[np.searchsorted(bounds[0], cuts), np.searchsorted(bounds[1], cuts)] = True
    return way


def _solved(cost: Floats, masses: tuple[Integers, Integers], open_pairs: _Marks) -> tuple[float, Floats]:
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    one, other = np.nonzero(open_pairs)
    moves = np.arange(len(one))
    ends = np.concatenate([one, other + len(cost)])
    table = csr_array((np.ones(len(ends)), (ends, np.tile(moves, 2))), shape=(sum(cost.shape), len(moves)))
    # Masses are whole numbers, so that the solver's tolerances are far below the smallest thing that can be moved.
    found = linprog(
        cost[one, other], A_eq=table, b_eq=np.concatenate(masses), bounds=(0, None), method="highs-ds",
        options={"presolve": False, "dual_feasibility_tolerance": _EXACT},
    )  # fmt: skip
    return float(cost[one, other] @ found.x), np.asarray(found.eqlin.marginals)
