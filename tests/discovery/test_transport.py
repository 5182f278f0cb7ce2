"""Logs are as far apart as was planted, one process is not apart from itself, and the transport is the cheapest."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from mining._alignments import Net, Transition, explore
from mining._errors import MiningError
from mining.discovery import dealing, discover, hauling
from mining.discovery.dealing import Sides
from mining.discovery.edits import edit_distances, shares_edited
from mining.discovery.hauling import cheapest_transport
from mining.discovery.likelihood import learnt_odds, log_likelihoods
from mining.discovery.playing import find_earth_mover, play
from mining.discovery.transport import earth_movers, language_distance
from tests.telling import told

WORDS = st.lists(st.sampled_from("abcd"), max_size=9).map(tuple)


def logged(n: int, won: float, *, seed: int, name: str = "c"):
    """Tell of customers who look around for a while and then buy, so many of them, or do not."""
    draw = np.random.default_rng(seed)
    stories = []
    for at in range(n):
        middle = draw.choice(["site", "call", "mail"], draw.integers(1, 5))
        stories.append(f"{name}{at}: " + " > ".join(["ad", *middle, "won" if draw.random() < won else "lost"]))
    return told(*stories)


def rewritten(one, other) -> int:
    """Count edits as the textbook does."""
    above = list(range(len(other) + 1))
    for row, word in enumerate(one, 1):
        here = [row]
        for column, beside in enumerate(other, 1):
            here.append(min(above[column] + 1, here[-1] + 1, above[column - 1] + (word != beside)))
        above = here
    return above[-1]


@given(st.lists(WORDS, min_size=1, max_size=8))
def test_edits_are_those_of_the_textbook(paths) -> None:
    expected = [[rewritten(one, other) for other in paths] for one in paths]
    assert edit_distances(paths).tolist() == expected


@pytest.mark.parametrize("longest", [63, 64, 65, 130, 200])
def test_edits_of_long_paths_carry_from_word_to_word(longest) -> None:
    draw = np.random.default_rng(longest)
    lengths = [*draw.integers(0, longest, 10), longest, longest - 1]
    paths = [tuple(draw.choice(list("abc"), length).tolist()) for length in lengths]
    expected = [[rewritten(one, other) for other in paths] for one in paths]
    assert edit_distances(paths).tolist() == expected


def test_shares_edited_are_from_nought_to_one() -> None:
    shares = shares_edited([(), ("a",), ("a", "b"), ("c", "d", "e")])
    assert shares.tolist()[0] == [0, 1, 1, 1]
    assert shares[1, 2] == 0.5
    assert shares[2, 3] == 1


def whole_programme(cost, give, take) -> float:
    n, m = cost.shape
    rows = [np.kron(np.eye(n)[at], np.ones(m)) for at in range(n)]
    columns = [np.kron(np.ones(n), np.eye(m)[at]) for at in range(m)]
    found = linprog(cost.ravel(), A_eq=np.array(rows + columns), b_eq=np.concatenate([give, take]), method="highs")
    return float(found.fun / give.sum())


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 15), st.integers(1, 15), st.integers(0, 2**32 - 1))
def test_the_transport_is_that_of_the_whole_programme(n, m, seed) -> None:
    draw = np.random.default_rng(seed)
    cost = draw.integers(0, 13, (n, m)) / 12
    give, take = draw.integers(1, 4, n), draw.integers(1, 4, m)
    given_all, taken_all = give * take.sum(), take * give.sum()
    expected = whole_programme(cost, given_all, taken_all)
    for singles in (0, 10_000):  # never matched one by one, and always
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(hauling, "_SINGLES", singles)
            assert cheapest_transport(cost, given_all, taken_all) == pytest.approx(expected, abs=1e-9)


def test_a_transport_of_single_things_is_the_best_matching() -> None:
    cost = np.random.default_rng(4).random((6, 6))
    once = np.ones(6, np.int64)
    best = min(sum(cost[range(6), order]) for order in permutations(range(6)))
    assert cheapest_transport(cost, once, once) == pytest.approx(best / 6, abs=1e-12)


def test_what_both_logs_have_cannot_be_left_where_it_is() -> None:
    # (ad, call) becomes (call, ad) in two halves, but in two thirds over a path of three that both logs have.
    one = told("Ann: ad > call", "Bob: ad > call > ad")
    other = told("Cyd: ad > call > ad", "Dan: call > ad")
    assert language_distance(one, other).distance == pytest.approx(1 / 3)
    apart = shares_edited([("ad", "call"), ("call", "ad")])
    assert earth_movers(apart, np.array([[1, 0], [0, 1]])) / 2 == pytest.approx(1 / 2)


def test_the_same_log_is_at_no_distance_and_a_strange_one_at_one() -> None:
    log = logged(40, 0.5, seed=1)
    same = language_distance(log, log)
    assert same.frame["distance"].tolist() == pytest.approx([0, 0], abs=1e-12)
    assert same.frame["p_value"].tolist() == [1, 1]
    strange = language_distance(log, told(*[f"n{i}: fax > post" for i in range(40)]))
    assert strange.distance == pytest.approx(1)
    assert strange.frame["p_value"].tolist() == pytest.approx([1 / 21, 1 / 21])


def test_a_planted_difference_stands_out_of_the_floor() -> None:
    found = language_distance(logged(200, 0.2, seed=1), logged(200, 0.8, seed=2, name="d"))
    movers, energy = found.frame.to_dict("records")
    assert movers["distance"] > movers["floor_high"]
    assert movers["p_value"] == energy["p_value"] == pytest.approx(1 / 21)
    assert "no difference" not in found.sentence


def test_two_samples_of_one_process_stay_within_the_floor() -> None:
    far = [
        language_distance(logged(60, 0.5, seed=2 * at), logged(60, 0.5, seed=2 * at + 1, name="d"), random_state=at)
        for at in range(40)
    ]
    p_values = np.array([found.frame["p_value"] for found in far])
    # One of twenty by chance: six and more of forty would be one in a hundred times.
    assert ((p_values <= 0.05).sum(axis=0) <= 5).all()
    assert p_values.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.17)
    assert all(found.distance > 0.05 for found in far)


def test_the_floor_falls_as_logs_grow() -> None:
    small, large = (
        language_distance(logged(n, 0.5, seed=3), logged(n, 0.5, seed=4, name="d")).frame["floor_mean"][0]
        for n in (30, 300)
    )
    assert large < small / 1.5


def test_the_floor_deals_customers_not_journeys() -> None:
    # Ten customers, each of one habit: journeys dealt one by one would make any half look like the other.
    def habits(name: str):
        return [f"{name}{at}: {'ad > won' if at % 2 else 'call > lost'}" for at in range(10) for _ in range(30)]

    rests = {("", "ad"): "30D", ("", "call"): "30D"}
    one, other = (told(*habits(name), waits=rests, gap="10D") for name in "ab")
    assert len(one) == 300
    assert language_distance(one, other).frame["floor_high"][0] > 0.15


def test_who_is_in_both_logs_stays_in_both() -> None:
    draw = np.random.default_rng(0)
    path, side, owner = np.array([0, 1, 0, 1, 1]), np.array([0, 1, 0, 1, 1]), np.array([0, 0, 1, 2, 3])
    sides = Sides((("a",), ("b",)), path, side, owner)
    for _ in range(30):
        mixed = sides.mixed(draw)
        assert mixed[0] != mixed[1]
        assert np.bincount(mixed[2:], minlength=2).tolist() == [1, 2]


def test_more_than_can_be_measured_is_drawn_and_said(monkeypatch) -> None:
    monkeypatch.setattr(dealing, "_MOST_PATHS", 20)
    found = language_distance(logged(15, 0.5, seed=5), logged(300, 0.5, seed=6, name="d"))
    assert sum(found.n_journeys) < 100
    assert found.n_journeys[0] >= 8, "the smaller log is not lost in the larger"
    assert found.of_journeys == (15, 300)
    assert found.left_out == pytest.approx(1 - sum(found.n_journeys) / 315)
    assert "of 315 journeys" in found.sentence


def test_endless_journeys_are_left_out_and_said() -> None:
    long = "Bob: " + " > ".join(["ad"] * 501)
    found = language_distance(told("Ann: ad > won", long), told("Cyd: ad > lost"))
    assert found.n_journeys == (1, 1)
    assert found.left_out == pytest.approx(1 / 3)
    with pytest.raises(MiningError, match="500 touchpoints"):
        language_distance(told(long), told("Cyd: ad > lost"))


def test_bad_wishes_are_refused() -> None:
    log = told("Ann: ad > won")
    with pytest.raises(MiningError, match="repeats"):
        language_distance(log, log, repeats=0)
    with pytest.raises(MiningError, match="no journeys"):
        language_distance(log, log.keep(np.zeros(1, bool)))


def test_labels_are_never_taken_for_more_than_one() -> None:
    assert language_distance(told("Ann: a,b > c"), told("Cyd: a > b > c")).distance == pytest.approx(2 / 3)


def test_the_same_seed_gives_the_same_answer_and_order_does_not_matter() -> None:
    one, other = logged(50, 0.3, seed=7), logged(50, 0.6, seed=8, name="d")
    first, again = (language_distance(one, other, random_state=3).frame for _ in range(2))
    assert first.equals(again)
    turned = language_distance(other, one, random_state=3).frame
    assert turned["distance"].tolist() == pytest.approx(first["distance"].tolist(), abs=1e-12)


EITHER = Net(
    3,
    (
        Transition("ad", (0,), (1,)),
        Transition("site", (1,), (1,)),
        Transition(None, (1,), (2,)),
        Transition("won", (1,), (2,)),
    ),
    (0,),
    (2,),
)


def test_a_model_makes_journeys_up_as_often_as_its_odds_say() -> None:
    runs = [("ad",), ("ad", "site"), ("ad", "site", "won"), ("ad", "won")]
    odds = learnt_odds(explore(EITHER), runs, np.array([10.0, 20, 30, 40]))
    paths, path_of = play(odds, 20_000, np.random.default_rng(1))
    expected = 2 ** log_likelihoods(odds, paths)
    assert np.bincount(path_of) / 20_000 == pytest.approx(expected, abs=0.012)
    assert expected.sum() > 0.99


def test_a_model_that_explains_the_journeys_is_near_them_and_the_flower_is_far() -> None:
    log = logged(300, 0.5, seed=9)
    found = discover(log).earth_mover.set_index("model")
    assert (found["n_journeys"] == 300).all()
    assert found.loc["flower", "distance"] > found.loc["flower", "floor_high"]
    assert found.loc["flower", "p_value"] == pytest.approx(1 / 21)
    assert found.loc["flow", "distance"] < found.loc["flower", "distance"] / 2
    assert found.loc["discovered", "distance"] < found.loc["flower", "distance"] / 2


def test_a_model_with_the_right_odds_is_within_the_floor() -> None:
    # What comes next hangs on the last activity alone, as the flow model has it.
    draw = np.random.default_rng(2)
    stories = []
    for at in range(300):
        middle = ["site"] * int(draw.geometric(0.5))
        stories.append(f"c{at}: " + " > ".join(["ad", *middle, "won" if draw.random() < 0.4 else "lost"]))
    log = told(*stories)
    found = find_earth_mover(log, EITHER).set_index("model")
    assert found.loc["flow", "distance"] <= found.loc["flow", "floor_high"]
    assert found.loc["flow", "p_value"] > 0.05
    assert found.loc["discovered", "p_value"] == pytest.approx(1 / 21), "it knows no journey that is lost"


@pytest.mark.parametrize(
    "net",
    [
        Net(3, (Transition("ad", (0,), (1,)),), (0,), (2,)),  # the end cannot be reached
        Net(2, (Transition("ad", (0,), (0, 1)),), (0,), (1,)),  # tokens without end
    ],
)
def test_a_model_without_end_has_no_distance(net) -> None:
    row = find_earth_mover(logged(20, 0.5, seed=1), net).set_index("model").loc["discovered"]
    assert np.isnan(row["distance"])
    assert row["remark"]
    assert row["n_journeys"] == 0


def test_one_journey_of_one_touchpoint_is_what_its_model_makes_up() -> None:
    found = discover(told("Ann: ad")).earth_mover
    assert found.loc[0, "distance"] == 0
    assert found.loc[0, "p_value"] == 1


def test_journeys_too_long_to_be_measured_are_said() -> None:
    found = discover(told("Ann: " + " > ".join(["ad"] * 600))).earth_mover
    assert found["distance"].isna().all()
    assert (found["remark"] != "").all()
