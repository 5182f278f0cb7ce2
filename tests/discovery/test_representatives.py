"""Representatives are the real journeys the others differ least from, found as a search of all choices finds them."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from mining import MiningError
from mining.discovery.edits import shares_edited
from mining.discovery.representatives import find_representatives
from tests.discovery.test_orders import journeys_of
from tests.telling import told

SCRIPTS = {"site": "abcdefgh", "phone": "pqrstuvw", "chat": "ijklmnoq"}


def noisy(n, seed, noise=0.2):
    random = np.random.default_rng(seed)
    kinds = random.choice(list(SCRIPTS), n, p=[0.5, 0.3, 0.2])
    return [
        "".join(step * (2 if random.random() < noise / 2 else 1) for step in SCRIPTS[kind] if random.random() > noise)
        or "a"
        for kind in kinds
    ], kinds


def test_each_planted_kind_has_one_that_stands_for_it_and_only_for_it():
    paths, kinds = noisy(300, 0)
    found = find_representatives(journeys_of(paths), 3)
    nearest = found.nearest.sort_index(key=lambda ids: ids.str.removeprefix("j").astype(int)).to_numpy()
    table = pd.crosstab(nearest, kinds)
    assert (table.max(axis=1) / table.sum(axis=1) > 0.98).all()
    assert found.frame["n_journeys"].tolist() == sorted(table.sum(axis=1), reverse=True)
    assert found.apart < found.apart_commonest
    assert found.frame["n_journeys"].sum() == 300


@pytest.mark.parametrize("seed", range(6))
def test_the_choice_is_within_a_hundredth_of_the_best_of_all_choices(seed):
    paths, _ = noisy(40, seed, 0.5)
    found = find_representatives(journeys_of(paths), 3)
    distinct, count = np.unique(paths, return_counts=True)
    apart = shares_edited([tuple(path) for path in distinct])
    best = min(float(count @ apart[:, list(some)].min(axis=1)) for some in combinations(range(len(distinct)), 3))
    assert best / 40 <= found.apart + 1e-6
    assert found.apart <= best / 40 * 1.01 + 1e-6
    mine = apart[:, [int(np.flatnonzero(distinct == "".join(path))[0]) for path in found.paths]].min(axis=1)
    assert found.apart == pytest.approx(count @ mine / 40, abs=1e-6)


def test_they_are_real_journeys_with_their_counts():
    journeys = told("a: x > y > z", "b: x > y > z", "c: p > q")
    found = find_representatives(journeys, 5)
    assert found.paths == (("x", "y", "z"), ("p", "q"))
    assert found.frame[["n_same", "n_journeys", "n_near"]].to_numpy().tolist() == [[2, 2, 2], [1, 1, 1]]
    assert found.frame["journey_id"].tolist() == ["a", "c"]
    assert found.nearest.to_dict() == {"a": 1, "b": 1, "c": 2}
    assert found.apart == 0


def test_the_order_of_rows_decides_nothing():
    paths, _ = noisy(60, 3, 0.6)
    one = journeys_of(paths)
    frame = one.touchpoints.frame.iloc[np.random.default_rng(1).permutation(len(one.touchpoints.frame))]
    other = type(one.touchpoints)(frame.reset_index(drop=True), {}, None).by("customer")
    pd.testing.assert_frame_equal(find_representatives(one).frame, find_representatives(other).frame)


def test_thousands_of_distinct_paths_are_told_by_those_offered():
    random = np.random.default_rng(0)
    paths = ["".join(random.choice(list("abcdefgh"), random.integers(5, 90))) for _ in range(3_000)]
    found = find_representatives(journeys_of(paths), 4)
    assert len(found) == 4
    assert found.frame["n_journeys"].sum() == 3_000
    assert 0 < found.apart <= found.apart_commonest


def test_nobody_and_no_journeys_are_refused():
    with pytest.raises(MiningError, match="stand for nobody"):
        find_representatives(journeys_of(["ab"]), 0)
    with pytest.raises(MiningError, match="no journeys"):
        find_representatives(journeys_of(["ab"]).keep(np.array([False])))


def test_it_is_shown_without_markup_of_its_own():
    found = find_representatives(told(*(f"j{k}: <b> > x" for k in range(6))))
    assert "<b>" not in found._repr_html_().replace("<b></b>", "")
    assert "1 journey stands for 6" in found.sentence
    assert found.plot()
