import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from mining import MiningError
from mining.journeys import Journeys
from mining.personas import Personas
from mining.personas.grouping import silhouettes
from mining.sources.touchpoints import Touchpoints
from tests.personas.planted import (
    SCRIPTS,
    four_kinds,
    journeys_of,
    one_chain,
    one_script,
    scripted,
    three_orders,
    three_tempos,
    two_kinds,
)
from tests.telling import told


@pytest.fixture(scope="module")
def planted() -> tuple[Journeys, np.ndarray]:
    return four_kinds(n=500, noise=0.3, seed=1)


@pytest.fixture(scope="module")
def personas(planted) -> Personas:
    return Personas(random_state=7, max_personas=6).fit(planted[0])


def agreement(personas: Personas, truth: np.ndarray) -> float:
    place = [int(customer[1:]) for customer in personas.labels_.index]
    return adjusted_rand_score(truth[place], personas.labels_)


def test_four_planted_kinds_are_found(personas, planted):
    assert personas.n_personas_ == 4
    assert agreement(personas, planted[1]) >= 0.9
    assert set(personas.frame["stability_words"]) <= {"highly stable", "stable"}


def test_kinds_that_differ_only_in_order_are_found():
    journeys, truth = three_orders(n=300, noise=0.1)
    personas = Personas(max_personas=5).fit(journeys)
    assert personas.n_personas_ == 3
    assert agreement(personas, truth) >= 0.9


def test_kinds_that_differ_only_in_tempo_are_found_and_named_for_it():
    journeys, truth = three_tempos()
    personas = Personas(max_personas=5).fit(journeys)
    assert personas.n_personas_ == 3
    assert agreement(personas, truth) >= 0.9
    assert set(personas.frame["name"]) == {"long", "of medium length", "short"}


@pytest.mark.parametrize("seed", range(3))
def test_one_script_makes_one_persona(seed):
    assert Personas(max_personas=5).fit(one_script(n=250, seed=seed)).n_personas_ == 1


@pytest.mark.parametrize("seed", range(3))
def test_one_chain_with_uneven_tempo_and_telling_looks_makes_one_persona(seed):
    personas = Personas(max_personas=5).fit(one_chain(n=250, seed=seed))
    assert personas.n_personas_ == 1
    assert personas.frame["name"].tolist() == ["everyone"]
    assert personas.evidence["verdict"].iloc[0] == "chosen"
    assert personas._said().startswith("No distinct personas")


def test_what_comes_from_the_outcome_on_is_not_seen():
    journeys, _ = two_kinds(n=120)
    paths = [path.split() for path in journeys.frame.groupby("customer")["activity"].agg(" ".join)]
    ended = [[*path, "won", "gift"] if place % 2 else [*path, "lost", "goodbye"] for place, path in enumerate(paths)]
    bare = Personas(n_personas=2).fit(journeys_of(paths))
    whole = Personas(n_personas=2).fit(journeys_of(ended))
    assert (whole.labels_ == bare.labels_).all()
    seen = " ".join([*whole.portraits_.columns, *whole.profile["feature"]])
    assert not any(word in seen for word in ("won", "lost", "gift", "goodbye"))
    assert (whole.portraits_["n_touchpoints"] == [len(path) for path in paths]).all()


def test_a_customer_known_by_the_outcome_only_is_in_no_persona():
    paths = [["ad", "site"], ["ad", "call"]] * 15 + [["won", "gift"]]
    personas = Personas(n_personas=2).fit(journeys_of(paths))
    assert personas.labels_.iloc[-1] == -1
    assert personas.frame["n_customers"].sum() == 30
    assert personas.predict(journeys_of(paths)).iloc[-1] == -1
    assert personas.persona_of(journeys_of(paths)).isna().sum() == 1


def test_outcomes_can_be_seen_on_request():
    paths = [["ad", "site", "won"], ["ad", "call", "lost"]] * 15
    assert "activity: won" in Personas(n_personas=2, outcomes=()).fit(journeys_of(paths)).portraits_


def test_attributes_help_where_behaviour_is_blurred():
    random = np.random.default_rng(3)
    told_paths, truth = scripted({"a": SCRIPTS["caller"], "b": SCRIPTS["social"]}, 240, 1.0, 3)
    typical = np.where(truth == 1, "retail", "media")
    looks = {
        "industry": np.where(random.random(240) < 0.9, typical, "health"),
        "company_size": np.exp(random.normal(np.where(truth == 1, 2, 5), 0.8)).round(),
    }
    journeys = journeys_of(told_paths, attributes=looks)
    without = Personas(n_personas=2, attributes=()).fit(journeys)
    assert agreement(Personas(n_personas=2).fit(journeys), truth) > agreement(without, truth) + 0.02


def test_attributes_that_speak_of_outcomes_or_are_ids_are_used_only_when_named():
    looks = {
        "lead_status": ["won", "lost"] * 20, "deal_id": range(40), "name": [f"n{place}" for place in range(40)],
        "country": ["IL", "IR"] * 20, "n_ids": [1, 2] * 20, "account": ["a1", "a2"] * 20,
    }  # fmt: skip
    journeys = journeys_of([["ad", "site"], ["call", "site"]] * 20, attributes=looks)
    assert "attribute: country" in Personas(n_personas=2).fit(journeys).portraits_
    assert Personas(n_personas=2).fit(journeys).portraits_.filter(like="attribute").shape[1] == 1
    named = Personas(n_personas=2, attributes=["lead_status"]).fit(journeys)
    assert list(named.portraits_.filter(like="attribute")) == ["attribute: lead_status"]


def test_the_same_journeys_give_the_same_personas_whatever_the_order_of_rows(personas, planted):
    touchpoints = planted[0].touchpoints
    shuffled = touchpoints.frame.sample(frac=1, random_state=3).reset_index(drop=True)
    again = Personas(random_state=7, max_personas=6).fit(
        Touchpoints(frame=shuffled, objects=touchpoints.objects, quality=None).by("customer")
    )
    pd.testing.assert_series_equal(again.labels_, personas.labels_)
    pd.testing.assert_frame_equal(again.frame, personas.frame)
    pd.testing.assert_frame_equal(again.evidence, personas.evidence)


def test_labels_are_ordered_by_size(personas):
    sizes = personas.frame["n_customers"]
    assert sizes.is_monotonic_decreasing
    assert personas.labels_.value_counts().sort_index().tolist() == sizes.tolist()
    assert personas.frame["share"].sum() == pytest.approx(1)


def test_customers_that_were_fitted_are_predicted_as_fitted(personas, planted):
    predicted = personas.predict(planted[0])
    assert (predicted == personas.labels_).mean() > 0.99
    fresh, truth = four_kinds(n=200, noise=0.3, seed=99)
    assert (
        adjusted_rand_score(truth[[int(c[1:]) for c in personas.predict(fresh).index]], personas.predict(fresh)) > 0.8
    )


def test_every_journey_has_its_customers_persona(planted, personas):
    named = personas.persona_of(planted[0])
    assert named.index.tolist() == planted[0].log.journey_ids.tolist()
    assert list(named.cat.categories) == personas.frame["name"].tolist()
    assert named.value_counts().sort_index().sum() == len(planted[0])


def test_a_customers_journeys_are_read_together():
    stories = [f"c{place:02d}: {'ad > site > demo' if place % 2 else 'call > branch > quote'}" for place in range(30)]
    journeys = told(*stories, *stories, gap="2h", waits={("demo", "ad"): "9D", ("", "ad"): "9D", ("", "call"): "9D"})
    personas = Personas(n_personas=2).fit(journeys)
    assert len(personas.labels_) == 30
    assert personas.portraits_["n_journeys"].max() == 2
    assert len(personas.persona_of(journeys)) == len(journeys) == 60


def test_journeys_of_deals_are_read_by_their_customers():
    journeys, truth = two_kinds(n=60)
    frame = journeys.touchpoints.frame.assign(deal=lambda rows: "deal of " + rows["customer"])
    by_deal = Touchpoints(frame=frame, objects=journeys.touchpoints.objects, quality=None).by("deal")
    personas = Personas(n_personas=2).fit(by_deal)
    assert agreement(personas, truth) > 0.9
    assert personas.persona_of(by_deal).index.str.startswith("deal of ").all()


def test_names_say_in_words_what_sets_a_persona_apart(personas):
    names = personas.frame["name"].tolist()
    assert len(set(names)) == 4
    assert any("phone" in name for name in names)
    assert any("chatbot" in name and "social" in name for name in names)
    assert all(0 < len(name) < 80 and "_" not in name for name in names)


def test_the_profile_shows_shares_with_intervals_and_no_test(personas):
    profile = personas.profile
    assert list(profile) == ["persona", "kind", "feature", "inside", "outside", "lift", "low", "high", "n"]
    assert ((profile["low"] <= profile["inside"] + 1e-9) & (profile["inside"] <= profile["high"] + 1e-9)).all()
    assert profile[["inside", "outside"]].apply(lambda shares: shares.between(0, 1)).all(axis=None)
    assert not [column for column in [*profile, *personas.frame] if column.startswith("p_")]


def test_the_evidence_says_why(personas):
    evidence = personas.evidence.set_index("n_personas")
    assert evidence["verdict"].tolist().count("chosen") == 1
    assert evidence.loc[4, "verdict"] == "chosen"
    assert evidence.loc[4, "prediction_strength"] >= 0.8
    assert evidence.loc[4, "silhouette"] > evidence.loc[4, "null_high"] > evidence.loc[4, "null_silhouette"]


def test_a_number_asked_for_is_given_with_its_verdict():
    personas = Personas(n_personas=3).fit(one_script(n=200))
    assert personas.n_personas_ == 3
    assert personas.evidence["verdict"].iloc[-1].startswith("asked for")
    assert Personas(n_personas=1).fit(one_script(n=100)).n_personas_ == 1


def test_unstable_personas_are_not_named():
    frame = Personas(n_personas=6).fit(one_script(n=100, script="caller", noise=1.0)).frame
    distrusted = frame["stability"] < 0.6
    assert (frame["name"].str.startswith("not to be trusted") == distrusted).all()
    assert (frame["stability_words"].eq("do not trust") == distrusted).all()


def test_they_behave_like_a_scikit_learn_clusterer(planted):
    made = Personas(max_personas=3, features=("path", "channels"))
    assert clone(made).get_params() == made.get_params()
    assert made.set_params(random_state=4).random_state == 4
    assert repr(Personas(n_personas=2)) == "Personas(n_personas=2)"
    journeys, _ = two_kinds(n=60)
    made = Personas(n_personas=2)
    assert (made.fit_predict(journeys) == made.labels_).all()


def test_results_show_themselves(personas):
    assert "<table" in personas._repr_html_()
    assert personas._repr_mimebundle_()["text/plain"] == "Personas(max_personas=6, random_state=7)"
    assert "Personas()" in Personas()._repr_html_()
    assert "4 personas among" in personas.plot().title
    assert personas.n_journeys == 500


def test_too_few_customers_are_refused():
    with pytest.raises(MiningError, match=r"19 customers .* 20 are needed"):
        Personas().fit(journeys_of([["ad", "site"]] * 19))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"features": ["paths"]}, "no perspective 'paths'. Did you mean 'path'"),
        ({"features": ["attributes"]}, "segments, not personas"),
        ({"attributes": ["industri"]}, "no customer attribute 'industri'. Did you mean 'industry'"),
        ({"n_personas": 0}, "Fewer than one persona"),
        ({"n_personas": 9}, "ask for fewer"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_nearest_right_thing(parameters, message):
    journeys = journeys_of([["ad", "site"]] * 30, attributes={"industry": ["retail", "media"] * 15})
    with pytest.raises(MiningError, match=message):
        Personas(**parameters).fit(journeys)


@pytest.mark.parametrize(
    "paths",
    [
        [["ad", "site", "demo"]] * 30,
        [["ad"]] * 30,
        [["ad"]] * 20 + [["site"]] * 20,
        [[f"step {place}"] for place in range(40)],
    ],
    ids=["identical", "one touchpoint", "one touchpoint of two kinds", "nothing in common"],
)
def test_degenerate_journeys_make_one_persona(paths):
    silent = [dict.fromkeys(path) for path in paths]
    personas = Personas(max_personas=4).fit(journeys_of(paths, channels=silent))
    assert personas.n_personas_ == 1
    assert len(personas.frame) == 1
    assert personas.plot().svg.startswith("<svg")


def test_an_unfitted_persona_says_so():
    with pytest.raises(ValueError, match="not fitted"):
        _ = Personas().frame


@pytest.mark.parametrize(
    "values",
    [
        [None] * 60,
        ["same"] * 60,
        [f"own {place}" for place in range(60)],
        [float("nan")] * 60,
        [1.0] * 60,
        [float("inf"), float("-inf"), 1e308, -1e308] * 15,
        ["", " ", "\u202e", "<b>"] * 15,
    ],
    ids=["missing", "constant", "a value each", "no number", "one number", "endless", "hostile"],
)
@pytest.mark.parametrize("asked", [None, ["odd"]])
def test_degenerate_attributes_make_no_persona_and_no_crash(values, asked):
    journeys = journeys_of([["ad", "site", "won"]] * 60, attributes={"odd": values})
    personas = Personas(random_state=0, attributes=asked).fit(journeys)
    assert personas.n_personas_ == 1
    assert personas.frame["name"].tolist() == ["everyone"]
    assert personas.cards(journeys).frame["n_customers"].tolist() == [60]
    assert "<b>" not in personas._repr_html_()
    personas.membership(journeys)
    personas.agreement()


def test_a_hundred_thousand_categories_are_borne():
    n = 100_000
    values = [f"town {place}" for place in range(n)]
    journeys = journeys_of([["ad", "site"]] * n, attributes={"town": values})
    assert Personas(random_state=0).fit(journeys).n_personas_ == 1


def test_silhouettes_are_a_picture_of_customers_in_their_personas(personas):
    picture = personas.plot_silhouette()
    assert all(name[:15] in picture.svg for name in personas.frame["name"])
    points, seen = personas.sampled()
    labels = personas.labels_.reindex(seen.customers).to_numpy()
    told = silhouettes(points * personas._found.grouped.around.scale, labels, personas.n_personas_)
    assert np.median(told) > 0.3
    assert ((told >= -1) & (told <= 1)).all()
    with pytest.raises(MiningError, match="one persona"):
        Personas(n_personas=1).fit(one_script(60)).plot_silhouette()
