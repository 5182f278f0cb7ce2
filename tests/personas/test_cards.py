"""Cards tell what is there: a real journey, shares with intervals, in three languages, and nothing hostile gets out."""

from itertools import groupby

import numpy as np
import pytest

from mining import MiningError
from mining.personas import Personas
from tests.personas.planted import SCRIPTS, four_kinds, journeys_of


@pytest.fixture(scope="module")
def fitted():
    journeys, truth = four_kinds(n=300, noise=0.1, seed=3)
    return journeys, truth, Personas(n_personas=4, features=["path"]).fit(journeys)


def test_a_card_tells_a_real_journey_and_how_it_ends(fitted):
    journeys, _, personas = fitted
    cards = personas.cards(journeys).frame
    begun = {" ".join(script.split()).partition(" won")[0].partition(" lost")[0] for script in SCRIPTS.values()}
    folded = {" → ".join(word for word, _ in groupby(path.split())) for path in begun}
    assert len(folded & set(cards["typical_journey"])) >= 3
    assert cards["n_customers"].sum() == 300
    assert (cards["outcome"] == "won").all()
    social = cards[cards["say"].fillna("").str.contains("social")].iloc[0]
    assert social["outcome_share"] < 0.2
    assert cards.loc[cards["persona"] != social["persona"], "outcome_share"].min() > 0.7
    assert (cards["outcome_low"] <= cards["outcome_share"]).all()


def test_cards_are_read_from_right_to_left_in_hebrew_and_persian(fitted):
    journeys, _, personas = fitted
    cards = personas.cards(journeys)
    assert "What sets them apart" in cards.plot().html
    assert cards.plot("he").html.startswith('<div dir="rtl" lang="he">')
    assert "מה מייחד אותם" in cards.plot("he").html
    assert "پرسوناها" in cards.plot("fa").html
    with pytest.raises(MiningError, match="no language 'de'"):
        cards.plot("de")


def test_one_persona_has_a_card_too():
    journeys = journeys_of([["ad", "site", "won"]] * 30)
    cards = Personas().fit(journeys).cards(journeys)
    assert len(cards.frame) == 1
    assert cards.frame.loc[0, "outcome_share"] == 1
    assert "everyone" in cards.plot().html


def test_hostile_names_are_told_and_do_nothing():
    paths = [["<script>alert(1)</script>", '"onload="x', "won"]] * 30 + [["quiet", "calm", "lost"]] * 30
    journeys = journeys_of(paths, channels=[{}] * 60)
    page = Personas(n_personas=2).fit(journeys).cards(journeys).plot().html
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_shares_that_change_are_told_from_those_that_do_not(fitted):
    journeys, _, personas = fitted
    same = personas.shift(journeys, "month")
    assert 0 < same.p_value <= 1
    assert same.frame["of_customers"].max() == 300
    frame = journeys.touchpoints.frame.copy()
    late = frame["customer"].isin(personas.labels_.index[personas.labels_ == 0])
    frame.loc[late, "timestamp"] += np.timedelta64(200, "D")
    moved = type(journeys.touchpoints)(frame=frame, objects=journeys.touchpoints.objects, quality=None).by("customer")
    changed = personas.shift(moved, "quarter")
    assert changed.p_value < 0.01
    assert "changed over" in changed.sentence
    with pytest.raises(MiningError, match="Did you mean 'month'"):
        personas.shift(journeys, "months")
