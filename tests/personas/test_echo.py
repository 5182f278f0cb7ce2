"""Whether a grouping comes back in parts of journeys that share nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mining.personas.echo import Parts, comes_back, echo, echo_in_halves, part
from mining.personas.grouping import clearest, group, started
from mining.personas.seen import Seen, look
from tests.personas.planted import SCRIPTS, four_kinds, journeys_of, noisy, one_script

FEATURES = ["path", "channels", "tempo", "people"]


def two(one: str, other: str, n: int = 300, noise: float = 0.3) -> tuple[Seen, np.ndarray]:
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, n)
    known = sorted({*one.split(), *other.split()})
    return look(
        journeys_of([noisy((other if kind else one).split(), noise, random, known) for kind in truth]), ()
    ), truth


def halves(seen: Seen, labels: np.ndarray, number: int = 2) -> float:
    return echo_in_halves(part(seen, FEATURES), labels, number, np.random.default_rng(0))


def test_kinds_of_which_one_is_a_part_of_the_other_agree_in_halves_of_the_activities():
    script = "ad fair blog news email site demo quote"
    seen, truth = two(script, " ".join(script.split()[4:]))
    assert halves(seen, truth) > 0.6
    assert comes_back(0.3, 0.2, halves(seen, truth))


def test_a_step_left_out_by_chance_says_nothing_of_the_others():
    seen = look(one_script(400, 0.5, script="researcher"), ())
    has = np.zeros(seen.n_customers, np.int64)
    words = seen.log.words["activity"]
    has[seen.customer_of[words[seen.codes("activity")] == "demo"]] = 1
    assert 0.2 < has.mean() < 1
    assert abs(halves(seen, has)) < 0.25
    assert echo(part(seen, FEATURES), has, 2)[0] < 0.4


def test_groups_drawn_by_lot_come_back_nowhere():
    seen = look(four_kinds(400, 0.3)[0], ())
    lot = np.random.default_rng(2).integers(0, 2, seen.n_customers)
    assert abs(halves(seen, lot)) < 0.25
    assert not comes_back(*echo(part(seen, FEATURES), lot, 2), halves(seen, lot))


def test_planted_kinds_come_back_in_both_ways():
    journeys, truth = four_kinds(500, 0.2, seed=3)
    seen = look(journeys, ())
    kind = truth[[int(who[1:]) for who in seen.customers]]
    assert halves(seen, kind, len(SCRIPTS)) > 0.4
    assert echo(part(seen, FEATURES), kind, len(SCRIPTS))[0] > 0.4


def test_without_paths_or_activities_halves_say_nothing():
    seen, truth = two("ad site", "ad site")
    assert echo_in_halves(part(seen, ["tempo"]), truth, 2, np.random.default_rng(0)) == 0
    alone, _ = two("ad ad ad", "ad ad", noise=0)
    assert halves(alone, truth) == 0


@pytest.mark.parametrize(
    ("one", "low", "other", "back"),
    [
        (0.4, 0, 0, True), (0.39, 0.1, 0.9, False), (0.3, 0.2, 0.3, True), (0.3, 0.2, 0.2, False),
        (np.nan, np.nan, np.nan, False),
    ],
)  # fmt: skip
def test_moderate_agreement_of_one_kind_or_sure_and_fair_ones_are_asked_for(one, low, other, back):
    assert comes_back(one, low, other) == back


def test_a_handful_that_agrees_by_luck_is_not_sure():
    labels = np.repeat([0, 1], [100, 6])
    said = labels.astype(float)
    said[[0, 1, -1, -2, -3]] = 1 - said[[0, 1, -1, -2, -3]]  # three of the six, and two of the hundred, look otherwise
    parts = Parts(labels[:, None].astype(float), said[:, None], np.arange(106), np.zeros((106, 0)))
    kappa, low = echo(parts, labels, 2)
    assert kappa == pytest.approx((101 / 106 - chance(said)) / (1 - chance(said)))
    assert kappa > 0.4
    assert low < 0.25
    many = Parts(np.tile(parts.opening, (20, 1)), np.tile(parts.end, (20, 1)), np.arange(2120), np.zeros((2120, 0)))
    again, sure = echo(many, np.tile(labels, 20), 2)
    assert again == pytest.approx(kappa)
    assert sure > 0.4


def chance(said: np.ndarray) -> float:
    """How often two parts agree by chance, where one says one of six in 106 and the other `said`."""
    other = said.mean()
    return 100 / 106 * (1 - other) + 6 / 106 * other


def test_a_column_that_says_nothing_does_not_hide_what_another_says():
    random = np.random.default_rng(4)
    kind = random.integers(0, 3, 400)
    told = kind * 3.0 + random.normal(0, 0.2, 400)
    silent = random.uniform(-3, 3, (400, 2))
    points = np.column_stack([told / told.std(), silent])
    number, clear, labels = next(clearest(points, [3]))
    assert number == 3
    assert clear > 0.8
    assert len({(a, b) for a, b in zip(kind, labels, strict=True)}) == 3
    assert (started(points, 3) == labels).all()
    assert len({(a, b) for a, b in zip(kind, group(points, 3), strict=True)}) > 3


def test_one_column_and_many_are_grouped_as_they_are():
    points = np.random.default_rng(5).normal(size=(60, 7))
    assert len(np.unique(started(points, 2))) == 2
    assert len(np.unique(started(points[:, :1], 2))) == 2
