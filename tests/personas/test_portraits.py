"""Portraits are a transformer of scikit-learn: at the head of a pipeline, and under its own checks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from mining import MiningError
from mining.personas import Portraits
from tests.personas.planted import four_kinds, journeys_of


@parametrize_with_checks([Portraits()])
def test_it_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_a_pipeline_finds_the_planted_kinds():
    journeys, truth = four_kinds(n=300, noise=0.1, seed=1)
    made = make_pipeline(Portraits(features=["path"]), KMeans(4, n_init=10, random_state=0)).fit(journeys)
    rows = [int(name[1:]) for name in made[0].customers_]
    assert adjusted_rand_score(truth[rows], made[-1].labels_) > 0.9
    assert (made.predict(journeys) == made[-1].labels_).all()


def test_blocks_weigh_the_same_and_columns_have_names():
    journeys, _ = four_kinds(n=120, noise=0.3)
    made = Portraits().set_output(transform="pandas").fit(journeys)
    frame = made.transform(journeys)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == list(made.get_feature_names_out())
    for place in made.blocks_.values():
        assert frame.iloc[:, place].var(ddof=0).sum() == pytest.approx(1)
    assert set(made.blocks_) == {"path", "channels", "tempo"}  # nobody is met in these journeys


def test_customers_are_portrayed_alike_whoever_stands_beside_them():
    journeys, _ = four_kinds(n=120, noise=0.3)
    made = Portraits().fit(journeys)
    some = journeys.keep(np.arange(120) < 30)
    np.testing.assert_allclose(made.transform(some), made.transform(journeys)[:30])


def test_what_cannot_be_portrayed_is_refused():
    journeys = journeys_of([["ad", "site"]] * 30)
    with pytest.raises(MiningError, match="Did you mean 'path'"):
        Portraits(features=["paths"]).fit(journeys)
    with pytest.raises(MiningError, match="give journeys"):
        Portraits().fit(journeys).transform(np.zeros((3, 2)))
    with pytest.raises(MiningError, match="no customer has a touchpoint"):
        Portraits().fit(journeys_of([["won"]] * 5))
