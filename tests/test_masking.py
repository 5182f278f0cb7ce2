"""What is masked stays masked: nobody gets a small count back out of the totals."""

import hypothesis.strategies as st
import numpy as np
import scipy.optimize
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from mining._statistics import SMALLEST_CELL, masked

COUNTS = st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 9, 40, 300])
TABLES = arrays(np.int64, st.tuples(st.integers(2, 5), st.integers(2, 5)), elements=COUNTS)


def span(counts: np.ndarray, hidden: np.ndarray, cell: tuple[int, int]) -> tuple[float, float]:
    """Give the least and the most that a masked cell can be for somebody who knows all totals and the cells shown."""
    places = np.argwhere(hidden)
    totals, known = [], []
    for axis, size in enumerate(counts.shape):
        for line in range(size):
            totals.append((places[:, axis] == line).astype(float))
            known.append(np.where(hidden, counts, 0).sum(axis=1 - axis)[line])
    goal = (places == cell).all(axis=1).astype(float)
    found = [
        scipy.optimize.linprog(sign * goal, A_eq=totals, b_eq=known, bounds=(0, None), method="highs").fun
        for sign in (1, -1)
    ]
    return found[0], -found[1]


def test_large_counts_and_noughts_are_shown():
    assert masked([0, 5, 700]).tolist() == [0, 5, 700]
    assert masked([[10, 20], [0, 40]]).tolist() == [[10, 20], [0, 40]]


def test_a_single_small_count_takes_the_next_smallest_with_it():
    assert np.array_equal(masked([40, 3, 9, 20]), [40, np.nan, np.nan, 20], equal_nan=True)


def test_small_counts_that_sum_to_little_take_another_with_them():
    # One and one sum to two: whoever knows that neither is nought knows both.
    assert np.isnan(masked([1, 1, 30, 20])).tolist() == [True, True, False, True]


def test_masking_comes_back_in_the_shape_of_the_table():
    assert masked([[1, 20]]).shape == (1, 2)
    assert masked([[1], [20]]).shape == (2, 1)
    assert masked([]).shape == (0,)


def test_the_floor_can_be_raised():
    assert np.isnan(masked([40, 9, 90], least=10)).tolist() == [True, True, False]


@given(arrays(np.int64, st.integers(1, 8), elements=COUNTS))
def test_no_line_shows_a_small_count(counts):
    told = masked(counts)
    hidden = np.isnan(told)
    assert not ((counts > 0) & (counts < SMALLEST_CELL) & ~hidden).any()
    assert (told[~hidden] == counts[~hidden]).all()
    assert not hidden.any() or hidden.all() or (hidden.sum() > 1 and counts[hidden].sum() >= SMALLEST_CELL)


@settings(max_examples=60)
@given(TABLES)
def test_no_masked_count_can_be_worked_out_from_the_totals(counts):
    hidden = np.isnan(masked(counts))
    assert not ((counts > 0) & (counts < SMALLEST_CELL) & ~hidden).any()
    for cell in np.argwhere(hidden & (counts > 0) & (counts < SMALLEST_CELL)):
        low, high = span(counts, hidden, tuple(cell))
        if high - low < 0.5:
            # Then the totals alone tell it, with everything inside masked.
            low, high = span(counts, np.ones_like(hidden), tuple(cell))
            assert high - low < 0.5


def test_masking_less_would_give_a_count_away():
    counts = np.array([[3, 20, 30], [20, 50, 60], [70, 80, 90]])
    low, high = span(counts, counts < SMALLEST_CELL, (0, 0))
    assert low == high == 3
    low, high = span(counts, np.isnan(masked(counts)), (0, 0))
    assert high - low >= SMALLEST_CELL
