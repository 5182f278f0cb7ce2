"""Quantiles of groups are those of numpy, whatever the values, their number and the number of groups."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from mining._engine.quantiles import grouped_quantiles

VALUES = st.one_of(st.integers(0, 3), st.integers(0, 10**4), st.integers(0, 2**50))


@given(st.lists(st.tuples(st.integers(0, 4), VALUES), min_size=1, max_size=60))
def test_they_are_those_of_numpy(pairs):
    given_group, value = (np.array(part, np.int64) for part in zip(*pairs, strict=True))
    names, group, count = np.unique(given_group, return_inverse=True, return_counts=True)
    found = grouped_quantiles(group.astype(np.int64), value, count, (0.0, 0.5, 0.9, 1.0))
    for place in range(len(names)):
        expected = np.quantile(value[group == place], [0.0, 0.5, 0.9, 1.0])
        assert found[:, place] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n", "n_groups"), [(50_000, 3), (50_000, 900), (50_000, 40_000), (300_000, 20)])
def test_many_values_of_few_groups_and_few_of_many(n, n_groups):
    random = np.random.default_rng(n_groups)
    group = np.append(np.arange(n_groups), random.integers(0, n_groups + 1, n - n_groups))  # the last is of none
    value = np.round(random.lognormal(15, 3, n)).astype(np.int64) // 1_000 * 1_000
    count = np.bincount(group, minlength=n_groups + 1)[:n_groups]
    middle, ninth = grouped_quantiles(group, value, count, (0.5, 0.9))
    for place in range(0, n_groups, max(n_groups // 50, 1)):
        own = value[group == place]
        assert (middle[place], ninth[place]) == pytest.approx(tuple(np.quantile(own, [0.5, 0.9])))
