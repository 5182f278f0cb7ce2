"""Names that people give stay with the same people when personas are found again, and with nobody else."""

import numpy as np
import pandas as pd
import pytest

from mining import MiningError
from mining.personas import Personas
from tests.personas.planted import four_kinds, one_script


@pytest.fixture(scope="module")
def first():
    journeys, truth = four_kinds(600, 0.2, seed=1)
    return journeys, truth, Personas(random_state=0).fit(journeys)


def test_names_are_given_one_by_one_and_shown_everywhere(first):
    journeys, _, fitted = first
    personas = Personas(random_state=0).fit(journeys)
    old = personas.frame["name"].tolist()
    assert personas.rename({old[0]: " The readers "}) is personas
    assert personas.frame["name"].tolist() == ["The readers", *old[1:]]
    assert "The readers" in set(personas.persona_of(journeys))
    assert "The readers" in set(personas.cards(journeys).frame["name"])
    assert fitted.frame["name"].tolist() == old
    for names, told in (
        ({"nobody": "x"}, "nobody"),
        ({old[1]: "  "}, "is empty"),
        ({old[1]: "The readers"}, "own name"),
    ):
        with pytest.raises(MiningError, match=told):
            personas.rename(names)


def test_names_go_with_the_same_kind_of_people_whether_old_or_new(first):
    _, truth, fitted = first
    fitted.rename({name: f"kind {place}" for place, name in enumerate(fitted.frame["name"])})
    told = pd.Series(truth, index=[f"c{place:05d}" for place in range(600)])
    kind_of = {f"kind {at}": int(told[rows.index].mode()[0]) for at, rows in fitted.labels_.groupby(fitted.labels_)}
    later, new_truth = four_kinds(600, 0.2, seed=77)  # other customers, drawn from the same kinds
    again = Personas(random_state=0).fit(later)
    table = again.keep_names(fitted, later)
    assert table["is_same"].all()
    assert table["jaccard"].min() > 0.7
    names = again.persona_of(later).astype("str")
    for name, rows in names.groupby(names):
        kinds = new_truth[[int(str(place).removeprefix("c").split("/")[0]) for place in rows.index]]
        assert np.bincount(kinds).argmax() == kind_of[name]


def test_who_is_no_longer_there_leaves_no_name(first):
    _, _, fitted = first
    alone = one_script(300, 0.3, seed=5, script="researcher")
    nobody = Personas(random_state=0).fit(alone)
    table = nobody.keep_names(fitted, alone)
    assert nobody.n_personas_ == 1
    assert not table["is_same"].any()
    assert nobody.frame["name"].tolist() == ["everyone"]
