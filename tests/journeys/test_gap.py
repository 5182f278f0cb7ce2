"""The gap between journeys is read off the silences where there is one, and only there."""

import numpy as np
import pandas as pd
import pytest

from mining.journeys.gap import typical_gap

HOUR = 3.6e9
DAY = 24 * HOUR
SEEDS = range(40)

# Silences of one kind, whatever their shape.
ONE_KIND = {
    "exponential": lambda random: random.exponential(20 * HOUR, 500),
    "log-normal, narrow": lambda random: random.lognormal(np.log(DAY), 0.2, 500),
    "log-normal, wide": lambda random: random.lognormal(np.log(DAY), 3, 500),
    "gamma": lambda random: random.gamma(0.3, DAY, 500),
    "gamma, humped": lambda random: random.gamma(3, DAY, 500),
    "uniform": lambda random: random.uniform(0, DAY, 500),
    "uniform in logarithms": lambda random: np.exp(random.uniform(np.log(1e6), np.log(1e13), 500)),
    "Pareto": lambda random: (1 + random.pareto(1.2, 500)) * HOUR,
    "Pareto from zero": lambda random: random.pareto(1.2, 500) * HOUR,
    "whole days": lambda random: np.floor(random.exponential(3, 500)) * DAY,
    "whole days, mostly zero": lambda random: np.where(random.random(500) < 0.6, 0, random.poisson(3, 500)) * DAY,
    "whole minutes": lambda random: random.geometric(0.05, 500) * HOUR / 60,
}


def two_kinds(name, seed, n=1_000):
    random = np.random.default_rng(seed)
    short, long, share, _ = TWO_KINDS[name]
    return np.where(random.random(n) < share, long(random, n), short(random, n))


# Short and long silences, how many are long, and between which hours the gap must lie.
TWO_KINDS = {
    "visits of a site": (
        lambda random, n: random.lognormal(np.log(HOUR / 30), 1.2, n),
        lambda random, n: random.lognormal(np.log(DAY), 1.2, n), 0.3, (0.5, 2),
    ),
    "exponential both": (
        lambda random, n: random.exponential(HOUR, n),
        lambda random, n: random.exponential(30 * DAY, n), 0.2, (8, 80),
    ),
    "rare long ones": (
        lambda random, n: random.lognormal(np.log(HOUR), 1, n),
        lambda random, n: random.lognormal(np.log(60 * DAY), 0.4, n), 0.04, (24, 800),
    ),
    "whole days": (
        lambda random, n: random.poisson(1, n) * DAY,
        lambda random, n: np.round(random.normal(90, 9, n)) * DAY, 0.3, (100, 1_600),
    ),
    "one length each": (
        lambda _, n: np.full(n, HOUR),
        lambda _, n: np.full(n, 30 * DAY), 0.3, (2, 700),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", ONE_KIND)
def test_silences_of_one_kind_have_no_gap(shape):
    found = [typical_gap(ONE_KIND[shape](np.random.default_rng(seed))) for seed in SEEDS]
    assert sum(gap is not None for gap in found) <= 0.05 * len(SEEDS)


@pytest.mark.parametrize("kinds", TWO_KINDS)
def test_the_gap_lies_between_short_and_long_silences(kinds):
    low, high = TWO_KINDS[kinds][3]
    for seed in range(10):
        gap = typical_gap(two_kinds(kinds, seed))
        assert gap is not None
        assert pd.Timedelta(hours=low) <= gap <= pd.Timedelta(hours=high)


def test_bursts_of_clicks_do_not_hide_the_gap_between_journeys():
    random = np.random.default_rng(3)
    click, touchpoint = random.lognormal(np.log(HOUR / 60), 0.6, 4_000), random.lognormal(np.log(DAY), 1.3, 4_000)
    silence = np.where(random.random(4_000) < 0.2, click, touchpoint)
    silence[:120] = random.lognormal(np.log(120 * DAY), 0.2, 120)
    gap = typical_gap(silence)
    assert gap is not None
    assert pd.Timedelta("30D") < gap < pd.Timedelta("100D")


@pytest.mark.parametrize("silence", [[], [HOUR], [HOUR] * 500, [0.0] * 500, [np.nan] * 500, [HOUR, 90 * DAY] * 20])
def test_too_few_or_equal_silences_have_no_gap(silence):
    assert typical_gap(np.array(silence, float)) is None


def test_neither_order_nor_what_is_unknown_decides_anything():
    silence = two_kinds("visits of a site", 1)
    gap = typical_gap(silence)
    assert typical_gap(np.append(silence[::-1], [np.nan, np.inf])) == gap


@pytest.mark.parametrize("factor", [1e-3, 1.0, 60.0, 1e3])
def test_the_gap_is_rounded_to_be_read(factor):
    gap = typical_gap(two_kinds("visits of a site", 1) * factor)
    assert gap is not None
    parts = gap.components
    values = [parts.days, parts.hours, parts.minutes, parts.seconds]
    largest = next(place for place, value in enumerate(values) if value)
    assert not any(values[largest + 2 :])
    assert values[largest] < 10 or not any(values[largest + 1 :])
    assert gap == gap.floor("s")
