"""The formulas every room leans on, against published values and against scipy."""

import hypothesis.strategies as st
import numpy as np
import scipy.stats
from hypothesis import given

from mining._statistics import false_discovery_rate, median_interval, wilson


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipy(pair):
    k, n = pair
    expected = scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
    low, high = wilson(k, n)
    np.testing.assert_allclose([low, high], [expected.low, expected.high], atol=1e-12)


def test_a_share_of_nothing_has_no_interval():
    assert np.isnan(wilson([0], [0])).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_discovery_rate_equals_scipy(p_values):
    np.testing.assert_allclose(false_discovery_rate(p_values), scipy.stats.false_discovery_control(p_values))


def test_untested_hypotheses_do_not_count():
    assert np.array_equal(false_discovery_rate([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04], equal_nan=True)


def test_the_median_interval_covers_as_it_says():
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        _, low, high = median_interval(random.exponential(size=60))
        covered += low <= np.log(2) <= high
    assert 0.93 <= covered / 400 <= 1.0


def test_the_median_of_nothing_is_undefined():
    assert np.isnan(median_interval([np.nan])).all()
