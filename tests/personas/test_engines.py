"""Engines behind one face: the same customers, the same personas where they are plain, and honest probabilities."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from mining import MiningError
from mining.personas import Personas
from mining.personas.engines import ENGINES, Around, grouped_by
from mining.personas.mixture import ChainMixture
from mining.personas.seen import look
from tests.personas.planted import four_kinds, journeys_of, three_orders, two_kinds


def scores(fitted, truth):
    own = fitted.labels_[fitted.labels_ >= 0]
    return adjusted_rand_score(truth[[int(name[1:]) for name in own.index]], own)


@pytest.fixture(scope="module")
def plain():
    return four_kinds(n=300, noise=0.1, seed=3)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_finds_plain_kinds_and_says_how_sure_it_is(plain, engine):
    journeys, truth = plain
    fitted = Personas(n_personas=4, engine=engine, features=["path"]).fit(journeys)
    assert scores(fitted, truth) > 0.85
    assert fitted.engine_ == engine
    told = fitted.membership(journeys)
    columns = told[list(range(fitted.n_personas_))]
    np.testing.assert_allclose(columns.sum(axis=1), 1)
    fits = told["persona"] >= 0
    own = fitted.labels_.reindex(told.index)
    both = fits & (own >= 0)
    assert (told.loc[both, "persona"] == own[both]).mean() > 0.97
    assert (fitted.predict(journeys).reindex(told.index) == told["persona"]).all()
    assert fitted.frame["stability"].notna().all()


def test_order_of_rows_decides_nothing(plain):
    journeys, _ = plain
    mixed = journeys.touchpoints.frame.sample(frac=1, random_state=5)
    again = type(journeys.touchpoints)(frame=mixed, objects=journeys.touchpoints.objects, quality=None).by("customer")
    for engine in ("gaussian", "chains", "medoids"):
        made = [Personas(n_personas=4, engine=engine).fit(each).labels_ for each in (journeys, again)]
        pd.testing.assert_series_equal(*made)


def test_probabilities_are_as_right_as_they_say():
    journeys, truth = three_orders(n=600, noise=0.6, seed=2)
    for engine in ("centres", "chains"):
        fitted = Personas(n_personas=3, engine=engine).fit(journeys)
        told = fitted.membership(journeys)
        kinds = truth[[int(name[1:]) for name in told.index]]
        own = told["persona"].to_numpy()
        named = {persona: np.bincount(kinds[own == persona]).argmax() for persona in range(3)}
        right = np.mean([named.get(persona, -1) == kind for persona, kind in zip(own, kinds, strict=True)])
        assert abs(told["probability"].mean() - right) < 0.12, engine


def test_whoever_fits_none_is_in_none():
    journeys, _ = two_kinds(n=200)
    fitted = Personas(n_personas=2).fit(journeys)
    strangers = journeys_of([["fax", "fax", "letter", "fax", "letter"] * 4] * 3)
    assert fitted.predict(strangers).tolist() == [-1, -1, -1]
    assert fitted.membership(strangers)["probability"].isna().all()
    assert (fitted.predict(journeys) >= 0).all()


def test_engines_agree_on_what_is_plain(plain):
    fitted = Personas(n_personas=4, features=["path"]).fit(plain[0])
    table = fitted.agreement().set_index("engine")
    assert list(table.index) == list(ENGINES)
    assert (table[list(ENGINES)].to_numpy().diagonal() == 1).all()
    assert table.loc["centres", "kmeans"] > 0.95
    assert table.loc["centres", "chains"] > 0.8


def test_the_engine_can_be_chosen_by_repeatability():
    journeys, truth = three_orders(n=300, noise=0.2, seed=4)
    fitted = Personas(n_personas=3, engine="auto").fit(journeys)
    assert fitted.engine_ in ENGINES
    assert scores(fitted, truth) > 0.9


def test_density_leaves_the_odd_ones_out():
    points = np.vstack([np.random.default_rng(0).normal(at, 0.1, (60, 2)) for at in (0, 5)] + [[[2.5, 40.0]]])
    made = grouped_by("density", points, 2, of=(None, None))
    assert made.number == 2
    assert made.labels[-1] == -1
    assert not Around.of(points, made.labels, 2).fits(points[-1:])[0]


def test_a_mixture_of_one_is_everybody():
    journeys, _ = two_kinds(n=60)
    seen = look(journeys, ())
    nothing = pd.DataFrame(index=pd.RangeIndex(seen.n_customers))
    made = ChainMixture.learn(seen, nothing, np.zeros(seen.n_customers, np.int64), 1)
    assert (made.posterior == 1).all()


def test_an_unknown_engine_is_named():
    with pytest.raises(MiningError, match="Did you mean 'kmeans'"):
        Personas(engine="k-means").fit(two_kinds(n=60)[0])
