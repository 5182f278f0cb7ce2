"""Models are sound, say what they rest on, and are judged beside models that are bad on purpose."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining._alignments import AlignmentLimit, Net, Transition, align
from mining._pm4py import Tree, search_costs
from mining.discovery import discover
from mining.discovery.diagram import diagram_of, without
from mining.discovery.model import find_model, is_sound, within_budget
from mining.discovery.quality import find_quality, flower_net, simplicity, trace_net
from mining.discovery.shapes import bpmn_of, net_of
from tests.telling import told

JOURNEYS = told(
    *[f"a{i}: ad > site > call > won" for i in range(20)],
    *[f"b{i}: ad > call > site > lost" for i in range(15)],
    *[f"c{i}: ad > site > site > call > won" for i in range(10)],
)


def step(label: str) -> Tree:
    return Tree("step", label)


def node(operator, *parts: Tree) -> Tree:
    return Tree(operator, "", parts)


SILENT = Tree("silent")
REPEATED = node("loop", step("c"), step("d"))


def accepts(tree: Tree, path: str) -> bool:
    return int(align(net_of(tree), [tuple(path)]).cost[0]) == 0


@pytest.mark.parametrize(
    ("tree", "yes", "no"),
    [
        (node("sequence", step("a"), step("b")), ["ab"], ["", "a", "ba", "abb"]),
        (node("choice", step("a"), SILENT), ["a", ""], ["aa"]),
        (node("parallel", step("a"), step("b")), ["ab", "ba"], ["a", "aab"]),
        (node("loop", step("a"), SILENT), ["a", "aaa"], [""]),
        (node("loop", step("a"), step("b"), step("c")), ["a", "aba", "abaca"], ["ab", "aa", "abca"]),
        (node("loop", SILENT, step("a")), ["", "a", "aaa"], ["b"]),
        # a loop must not run back into its neighbours
        (node("sequence", node("loop", step("a"), step("b")), node("loop", step("c"), step("d"))),
         ["ac", "abacdc"], ["acba", "acb", "abdc", "acda"]),
        (node("choice", node("loop", step("a"), step("b")), step("c")), ["a", "aba", "c"], ["abc", "cba", "ac"]),
        (node("loop", node("choice", node("loop", step("a"), step("b")), step("c")), step("d")),
         ["a", "c", "abadc", "cdaba"], ["cba", "abc"]),
        (node("parallel", node("loop", step("a"), SILENT), node("sequence", step("b"), REPEATED)),
         ["abac", "bac", "bcdca", "aabcaa"], ["", "bc", "abcd"]),
        (node("loop", node("loop", step("a"), step("b")), step("c")), ["a", "abaca", "acaba"], ["abca", "ab"]),
        (node("sequence", node("loop", node("loop", step("a"), step("b")), step("c")), step("d")),
         ["ad", "abacad"], ["acd"]),
    ],
)  # fmt: skip
def test_the_net_allows_what_the_tree_says_and_no_more(tree: Tree, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not accepts(tree, path)] == []
    assert [path for path in no if accepts(tree, path)] == []
    assert is_sound(net_of(tree)) is True


trees = st.recursive(
    st.one_of(st.sampled_from("abcdef").map(step), st.just(SILENT)),
    lambda part: st.builds(
        lambda operator, parts: Tree(operator, "", tuple(parts)),
        st.sampled_from(["sequence", "choice", "parallel", "loop"]),
        st.lists(part, min_size=2, max_size=3),
    ),
    max_leaves=7,
)


@given(trees)
def test_every_tree_makes_a_sound_net_and_a_connected_diagram(tree: Tree) -> None:
    net = net_of(tree)
    assert is_sound(net) is True
    assert not any(1 in move.before or 0 in move.after for move in net.transitions)
    nodes, flows = bpmn_of(tree)
    assert set(flows["target"]) == set(nodes["name"][1:])
    assert set(flows["source"]) == set(nodes["name"]) - {nodes["name"].iloc[-1]}
    assert sorted(nodes.loc[nodes["kind"] == "task", "label"]) == sorted(net_labels(tree))


def net_labels(tree: Tree) -> list[str]:
    own = [tree.label] if tree.operator == "step" else []
    return own + [label for part in tree.parts for label in net_labels(part)]


def test_the_model_finds_the_planted_process() -> None:
    model = discover(JOURNEYS).model
    assert model.text == "->( 'ad', +( 'call', *( 'site', tau ) ), X( 'lost', 'won' ) )"
    assert model.sound
    assert (model.n_journeys, model.of_journeys) == (45, 45)


def test_tasks_carry_their_journeys() -> None:
    frame = discover(JOURNEYS).model.frame
    tasks = frame[frame["kind"] == "task"].set_index("label")
    assert tasks["n_journeys"].to_dict() == {"ad": 45, "call": 45, "site": 45, "lost": 15, "won": 30}
    assert tasks.loc["won", "share"] == pytest.approx(2 / 3)
    assert frame.loc[frame["kind"] != "task", "n_journeys"].isna().all()


def test_the_picture_says_what_gateways_do() -> None:
    svg = discover(JOURNEYS).model.plot().svg
    for text in ("Start", "End", "one of these", "all of these", "Discovered from 45 journeys"):
        assert text in svg


def test_a_task_done_again_and_again_is_one_element_with_a_path_back() -> None:
    tree = node("sequence", node("loop", step("a"), SILENT), step("b"))
    assert bpmn_of(tree)[0]["role"].tolist() == ["", "loop", "", ""]
    drawn = diagram_of(tree, {"a": 9, "b": 9}, 9, 1)[1]
    assert ("n1", "n1") in set(zip(drawn["source"], drawn["target"], strict=True))


def test_an_activity_without_letters_is_drawn() -> None:
    assert discover(told(*[f"c{i}: ad >  > won" for i in range(9)])).model.plot().svg


def test_a_large_diagram_hides_its_rarest_activities_and_says_so() -> None:
    labels = [f"step {place:02d}" for place in range(30)]
    tree = node("sequence", *[node("choice", step(label), SILENT) for label in labels])
    counts = {label: 100 - place for place, label in enumerate(labels)}
    nodes, _, remark = diagram_of(tree, counts, 100, 5)
    assert nodes.loc[nodes["kind"] == "activity", "label"].tolist() == labels[:12]
    assert remark == "Shows the 12 most frequent of 30 activities."


def test_rare_activities_are_not_drawn() -> None:
    found = discover(told(*[f"c{i}: ad > won" for i in range(50)], "d: ad > secret > won"), noise_threshold=0.0)
    assert "secret" in found.model.text
    assert "secret" not in found.model.plot().svg
    assert "secret" in found.model.plot(min_journeys=1).svg


@given(trees, st.sets(st.sampled_from("abcdef")))
def test_hiding_activities_leaves_the_rest_as_it_was(tree: Tree, hidden: set[str]) -> None:
    less = without(tree, hidden)
    assert set(net_labels(less)) == set(net_labels(tree)) - hidden
    whole = net_of(tree)
    moves = [move._replace(label=None) if move.label in hidden else move for move in whole.transitions]
    paths = [path for length in range(4) for path in product("abc", repeat=length)]
    expected = align(replace(whole, transitions=tuple(moves)), paths).cost
    assert align(net_of(less), paths).cost.tolist() == expected.tolist()


def test_quality_stands_between_flower_and_trace_model() -> None:
    quality = discover(JOURNEYS).quality.set_index("model")
    assert quality["fitness"].tolist() == [1.0, 1.0, 1.0]
    assert quality.loc["flower", "precision"] < quality.loc["discovered", "precision"] < 1
    assert quality.loc["trace", "precision"] == 1
    assert quality.loc["trace", "held_out_fitness"] <= quality.loc["discovered", "held_out_fitness"] == 1
    assert quality.loc["trace", "generalisation"] < quality.loc["discovered", "generalisation"] < 1
    assert (quality["n_journeys"] == 45).all()
    assert quality["n_held_out"].between(1, 20).all()


def test_the_trace_model_fits_what_was_seen_and_nothing_else() -> None:
    net = trace_net([("a", "b"), ("a", "c"), ("a",), ("a", "b")])
    assert align(net, [("a", "b"), ("a", "c"), ("a",), ("b",), ("a", "b", "c")]).cost.tolist() == [0, 0, 0, 1, 1]
    assert net.n_places == 5


def test_generalisation_counts_how_often_each_step_is_taken() -> None:
    found = discover(told(*[f"a{i}: ad > won" for i in range(9)], *[f"b{i}: call > won" for i in range(16)]))
    quality = found.quality.set_index("model")["generalisation"]
    assert quality["discovered"] == pytest.approx(1 - (1 / 3 + 1 / 4 + 1 / 5) / 3)
    assert quality["flower"] == pytest.approx(quality["discovered"])
    assert quality["trace"] == pytest.approx(1 - (1 / 3 + 1 / 3 + 1 / 4 + 1 / 4) / 4)


def test_steps_taken_once_generalise_to_nothing() -> None:
    assert discover(told("Ann: ad > won")).quality["generalisation"].tolist() == [0, 0, 0]


def test_the_flower_model_fits_everything() -> None:
    assert align(flower_net([("a", "b")]), [("b", "b", "a"), ()]).cost.tolist() == [0, 0]


def test_simplicity_falls_as_arcs_gather() -> None:
    chain = Net(3, (Transition("a", (0,), (1,)), Transition("b", (1,), (2,))), (0,), (2,))
    assert simplicity(chain) == 1
    assert simplicity(flower_net([tuple("abcdefgh")])) < 0.5
    assert math.isnan(simplicity(Net(0, (), (), ())))


@pytest.mark.parametrize(
    "net",
    [
        Net(3, (Transition("ad", (0,), (1,)), Transition("site", (0,), (2,))), (0,), (2,)),  # "ad" leads nowhere
        Net(3, (Transition("ad", (0,), (1,)),), (0,), (2,)),  # the end cannot be reached
        Net(2, (Transition("ad", (0,), (0, 1)),), (0,), (1,)),  # tokens without end
    ],
)
def test_a_model_that_gets_stuck_is_not_judged(net: Net) -> None:
    assert not is_sound(net)
    row = find_quality(JOURNEYS, 0.2, net).set_index("model").loc["discovered"]
    assert math.isnan(row["fitness"])
    assert math.isnan(row["precision"])
    assert math.isnan(row["generalisation"])
    assert row["remark"]
    assert row["n_journeys"] == 0


def test_a_model_with_a_step_that_never_happens_is_not_sound() -> None:
    assert is_sound(Net(3, (Transition("a", (0,), (1,)), Transition("b", (2,), (1,))), (0,), (1,))) is False


def test_too_many_states_are_said_and_never_computed() -> None:
    net = net_of(node("parallel", *[node("loop", step(f"{i}"), SILENT) for i in range(20)]))
    assert is_sound(net) is None
    row = find_quality(JOURNEYS, 0.2, net).set_index("model").loc["discovered"]
    assert "Too many states" in row["remark"]
    assert math.isnan(row["precision"])


def test_fitness_of_a_model_too_large_for_tables_is_searched() -> None:
    def split(n: int) -> Net:
        return net_of(node("parallel", *[node("choice", step(f"{i}"), SILENT) for i in range(n)]))

    journeys = told("a: 0 > 3 > 1", "b: 5 > 5 > 2", "c: 7 > 0")
    small, large = (find_quality(journeys, 0.2, split(n)).set_index("model").loc["discovered"] for n in (8, 16))
    assert small["remark"] == ""
    # The steps that are more are silent ways around for these journeys, so that both models fit them alike.
    assert large["fitness"] == pytest.approx(small["fitness"])
    assert large["n_journeys"] == 3
    assert "3 of 3 paths, searched" in large["remark"]
    assert math.isnan(large["precision"])


def test_searching_stops_when_time_is_up() -> None:
    net = net_of(node("parallel", *[step(f"{i}") for i in range(12)]))
    assert search_costs(net, [(), ("1", "2")], seconds=30) == [12, 10]
    assert search_costs(net, [(), ("1", "2")], seconds=0) == [None, None]


def test_paths_too_long_are_set_aside_and_counted() -> None:
    found = discover(told("long: " + " > ".join("ab" * 1500), "x: a > b", "y: a > b"))
    assert (found.model.n_journeys, found.model.of_journeys) == (2, 3)
    assert "2 of 3 journeys" in found.model.sentence
    assert found.quality["n_journeys"].tolist() == [2, 2, 2]
    assert found.quality["of_journeys"].tolist() == [3, 3, 3]


def test_a_log_of_endless_journeys_is_mined_from_successions_alone() -> None:
    found = discover(told("long: " + " > ".join("abc" * 2000)))
    assert math.isnan(found.model.noise_threshold)
    assert "direct successions alone" in found.model.sentence
    assert found.quality[["fitness", "precision", "generalisation"]].isna().all(axis=None)
    assert found.quality["n_journeys"].tolist() == [0, 0, 0]


def test_the_budget_keeps_the_commonest_short_paths() -> None:
    lengths = pd.Series([tuple("a" * n) for n in (3, 50, 4, 5)], dtype=object)
    assert within_budget(lengths, longest=10, most=8).tolist() == [True, False, True, False]


def test_one_journey_of_one_touchpoint_has_a_model() -> None:
    found = discover(told("Ann: ad"))
    assert found.model.text == "'ad'"
    assert found.quality.set_index("model").loc["discovered", "fitness"] == 1.0
    assert math.isnan(found.quality.set_index("model").loc["discovered", "held_out_fitness"])


def test_noise_is_left_out_of_the_model_but_not_of_the_flow() -> None:
    journeys = told(*[f"c{i}: ad > call > visit > won" for i in range(60)], "d: ad > visit > won > call")
    found = discover(journeys)
    assert found.model.text == "->( 'ad', 'call', 'visit', 'won' )"
    assert ("won", "call") in set(zip(found.flow.frame["activity"], found.flow.frame["next_activity"], strict=True))
    assert "+" in find_model(journeys.variants()[0], 0.0).text
    assert found.quality.set_index("model").loc["discovered", "fitness"] < 1


SCRIPT = """
import hashlib, json
from tests.telling import told
from mining.discovery import discover
stories = [f"a{i}: ad > site > call > won" for i in range(9)] + [f"b{i}: site > ad > call" for i in range(7)]
stories += [f"c{i}: call > call > lost > ad" for i in range(6)]
found = discover(told(*stories, departments={"ad": "marketing"}))
parts = [found.flow.frame.to_csv(), found.flow.nodes.to_csv(), found.variants.frame.to_csv(), found.model.text,
         repr(found.model.net), found.model.frame.to_csv(), found.model.flows.to_csv(), found.quality.to_csv(),
         found._repr_html_(), found.model._repr_html_(), found.variants._repr_html_(), repr(found)]
print([hashlib.sha256(part.encode()).hexdigest()[:12] for part in parts])
"""


def test_nothing_depends_on_the_hash_seed() -> None:
    root = Path(__file__).resolve().parents[2]
    answers = set()
    for seed in range(4):
        environment = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(root)}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment, cwd=root
        )
        assert not done.stderr
        answers.add(done.stdout)
    assert len(answers) == 1


def test_a_model_too_large_to_measure_is_mined_with_more_noise_left_out(monkeypatch):
    tried = []

    def too_large(net, variants):
        tried.append(net)
        if len(tried) == 1:
            raise AlignmentLimit.refused("The model", "is too large.")
        return align(net, variants)

    monkeypatch.setattr("mining.discovery.discovery.align", too_large)
    found = discover(told("Ann: ad > site > won", "Bob: ad > won"))
    assert found.model.noise_threshold == 0.4
    assert len(tried) == 2
    assert found.quality["fitness"].notna().all()
