"""Alignments are exact, say their moves, and give up clearly."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mining._alignments import AlignmentLimit, Net, Transition, align, precision

LABELS = ("a", "b", "c", "d")


class Builder:
    """A net grown from a process tree, block by block."""

    def __init__(self) -> None:
        self.places = 0
        self.transitions: list[Transition] = []

    def place(self) -> int:
        self.places += 1
        return self.places - 1

    def add(self, tree: object, start: int, end: int) -> None:
        if not isinstance(tree, tuple):
            self.transitions.append(Transition(tree, (start,), (end,)))
            return
        kind, children = tree
        if kind == "choice":
            for child in children:
                self.add(child, start, end)
        elif kind == "sequence":
            for number, child in enumerate(children):
                then = end if number == len(children) - 1 else self.place()
                self.add(child, start, then)
                start = then
        elif kind == "both":
            ends = [(self.place(), self.place()) for _ in children]
            self.transitions.append(Transition(None, (start,), tuple(one for one, _ in ends)))
            for child, (one, other) in zip(children, ends, strict=True):
                self.add(child, one, other)
            self.transitions.append(Transition(None, tuple(other for _, other in ends), (end,)))
        else:
            inner, outer = self.place(), self.place()
            self.transitions += [Transition(None, (start,), (inner,)), Transition(None, (outer,), (end,))]
            self.add(children[0], inner, outer)
            self.add(children[1], outer, inner)


def net_of(tree: object) -> Net:
    builder = Builder()
    start, end = builder.place(), builder.place()
    builder.add(tree, start, end)
    return Net(builder.places, tuple(builder.transitions), (start,), (end,))


trees = st.recursive(
    st.sampled_from([*LABELS, None]),
    lambda below: st.tuples(
        st.sampled_from(["choice", "sequence", "both", "loop"]), st.lists(below, min_size=2, max_size=3)
    ),
    max_leaves=7,
)
variants_of = st.lists(st.lists(st.sampled_from([*LABELS, "x"]), max_size=7).map(tuple), min_size=1, max_size=5)


def in_pm4py(net: Net) -> tuple[object, object, object]:
    from pm4py.objects.petri_net.obj import Marking, PetriNet
    from pm4py.objects.petri_net.utils import petri_utils

    there = PetriNet("net")
    places = [PetriNet.Place(f"p{number}") for number in range(net.n_places)]
    for place in places:
        there.places.add(place)
    for number, step in enumerate(net.transitions):
        transition = PetriNet.Transition(f"t{number}", step.label)
        there.transitions.add(transition)
        for place, weight in Counter(step.before).items():
            petri_utils.add_arc_from_to(places[place], transition, there, weight)
        for place, weight in Counter(step.after).items():
            petri_utils.add_arc_from_to(transition, places[place], there, weight)
    return there, Marking(Counter(places[p] for p in net.initial)), Marking(Counter(places[p] for p in net.final))


def cost_by_pm4py(variant: tuple[str, ...], there: tuple[object, object, object]) -> int:
    from pm4py.algo.conformance.alignments.petri_net.algorithm import apply_trace
    from pm4py.objects.log.obj import Event, Trace

    trace = Trace([Event({"concept:name": word}) for word in variant])
    return int(apply_trace(trace, *there)["cost"] // 10_000)


def cheapest_beginning(variant: tuple[str, ...], net: Net) -> int:
    """By trying: the cheapest way from the start over (marking, position) to any marking that can still end."""
    import heapq

    from mining._alignments.states import explore

    graph = explore(net)
    best = {(0, 0): 0}
    queue = [(0, 0, 0)]
    while queue:
        cost, state, at = heapq.heappop(queue)
        if cost > best[state, at]:
            continue
        if at == len(variant) and graph.distance[state, graph.final] < graph.far:
            return cost
        moves = [(cost + 1, state, at + 1)] if at < len(variant) else []
        for edge in graph.leaving[state]:
            moves.append((cost + (edge.label is not None), edge.target, at))
            if at < len(variant) and edge.label == variant[at]:
                moves.append((cost, edge.target, at + 1))
        for then in moves:
            if then[0] < best.get(then[1:], 10**9):
                best[then[1:]] = then[0]
                heapq.heappush(queue, then)
    raise AssertionError


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of pm4py's use of numpy
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees, variants_of)
def test_costs_equal_the_exact_search_of_pm4py(tree: object, variants: list[tuple[str, ...]]) -> None:
    net = net_of(tree)
    there = in_pm4py(net)
    assert align(net, variants).cost.tolist() == [cost_by_pm4py(variant, there) for variant in variants]


def language(net: Net, longest: int) -> set[tuple[str, ...]]:
    """By firing: every word of a net up to a length."""
    start = tuple(Counter(net.initial)[place] for place in range(net.n_places))
    final = tuple(Counter(net.final)[place] for place in range(net.n_places))
    seen, waiting = {(start, ())}, [(start, ())]
    while waiting:
        marking, word = waiting.pop()
        for step in net.transitions:
            needs, gives = Counter(step.before), Counter(step.after)
            if any(marking[place] < n for place, n in needs.items()):
                continue
            then = tuple(n - needs[place] + gives[place] for place, n in enumerate(marking))
            said = word if step.label is None else (*word, step.label)
            if len(said) <= longest and (then, said) not in seen:
                seen.add((then, said))
                waiting.append((then, said))
    return {word for marking, word in seen if marking == final}


def changes(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Count the fewest touchpoints to leave out and put in that turn one path into another."""
    row = list(range(len(other) + 1))
    for at, word in enumerate(one, start=1):
        before, row = row, [at]
        for place, letter in enumerate(other, start=1):
            same = [before[place - 1]] if letter == word else []
            row.append(min([before[place] + 1, row[-1] + 1, *same]))
    return row[-1]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees, st.lists(st.lists(st.sampled_from([*LABELS, "x"]), max_size=3).map(tuple), min_size=1, max_size=5))
def test_the_cost_is_the_distance_to_the_nearest_word_of_the_language(
    tree: object, variants: list[tuple[str, ...]]
) -> None:
    net = net_of(tree)
    costs = align(net, variants).cost.tolist()
    longest = 7
    words = language(net, longest)
    for variant, cost in zip(variants, costs, strict=True):
        assert (cost == 0) == (variant in words)
        if len(variant) + cost <= longest:  # then no longer word can be as near
            assert cost == min(changes(variant, word) for word in words)
    assert not align(net, sorted(words)[:50]).cost.any()


@settings(max_examples=150, deadline=None)
@given(trees, variants_of)
def test_moves_replay_on_variant_and_model_at_the_stated_cost(tree: object, variants: list[tuple[str, ...]]) -> None:
    net = net_of(tree)
    found = align(net, variants)
    runs = []
    for at, variant in enumerate(variants):
        for moves, cost in ((found.moves(at), found.cost[at]), (found.prefix_moves(at), found.prefix_cost[at])):
            assert tuple(move.activity for move in moves if move.kind != "model") == variant
            assert sum(move.kind != "sync" for move in moves) == cost
        runs.append(tuple(move.activity for move in found.moves(at) if move.kind != "log"))
        begun = tuple(move.activity for move in found.prefix_moves(at) if move.kind != "log")
        assert align(net, [begun]).prefix_cost[0] == 0
    assert not align(net, runs).cost.any()
    assert found.prefix_cost.tolist() == [cheapest_beginning(variant, net) for variant in variants]


@settings(max_examples=40, deadline=None)
@given(trees, variants_of, st.randoms(use_true_random=False))
def test_order_and_company_of_variants_do_not_matter(tree: object, variants: list[tuple[str, ...]], chance) -> None:
    net = net_of(tree)
    found = align(net, variants)
    order = list(range(len(variants)))
    chance.shuffle(order)
    again = align(net, [variants[at] for at in order])
    for new, old in enumerate(order):
        assert again.moves(new) == found.moves(old) == align(net, [variants[old]]).moves(0)
        assert again.prefix_moves(new) == found.prefix_moves(old)


def chain(*labels: str) -> Net:
    steps = tuple(Transition(label, (at,), (at + 1,)) for at, label in enumerate(labels))
    return Net(len(labels) + 1, steps, (0,), (len(labels),))


def test_touchpoints_match_as_early_as_they_can() -> None:
    found = align(chain("a", "b"), [("a", "a", "b", "b")])
    assert [move.kind for move in found.moves(0)] == ["sync", "log", "sync", "log"]


def test_of_equally_cheap_alignments_the_one_that_matches_more_is_given() -> None:
    help_ = ("choice", [None, ("sequence", ["b", "c"])])
    found = align(net_of(("sequence", ["a", help_])), [("a", "b")])
    assert [tuple(move) for move in found.moves(0)] == [("sync", "a"), ("sync", "b"), ("model", "c")]


def test_a_running_journey_that_jumped_ahead_skipped_a_step() -> None:
    found = align(chain("a", "b", "c", "d"), [("a", "c")])
    assert [tuple(move) for move in found.prefix_moves(0)] == [("sync", "a"), ("model", "b"), ("sync", "c")]


def test_fitness_is_weighed_by_journeys_and_missing_without_any() -> None:
    found = align(chain("a", "b"), [("a", "b"), ("x",)])
    assert found.shortest == 2
    assert found.fitness([1, 0]) == 1.0
    assert found.fitness([0, 1]) == 0.0
    assert found.fitness([3, 1]) == pytest.approx(1 - 3 / 15)
    assert np.isnan(found.fitness([0, 0]))


def test_batches_give_what_one_piece_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    variants = [("a", "x", "b"), ("b",), (), ("a", "b"), ("b", "a")]
    whole = align(chain("a", "b"), variants)
    monkeypatch.setattr(sys.modules[align.__module__], "_BATCH", 1)
    pieces = align(chain("a", "b"), variants)
    assert [pieces.moves(at) for at in range(5)] == [whole.moves(at) for at in range(5)]


def test_long_journeys_get_wider_costs() -> None:
    variant = ("x",) * 20_000 + ("a",)
    assert align(chain("a"), [variant]).cost.tolist() == [20_000]


def test_nets_without_bound_are_told_apart_from_large_ones() -> None:
    growing = Net(2, (Transition("a", (0,), (0, 1)), Transition("b", (0,), (1,))), (0,), (1,))
    with pytest.raises(AlignmentLimit, match="gathers tokens without bound"):
        align(growing, [("a",)])
    many = net_of(("both", list("abcdefgh")))
    with pytest.raises(AlignmentLimit, match="more than 100 states"):
        align(many, [("a",)], state_limit=100)


def test_a_model_that_cannot_end_is_refused() -> None:
    with pytest.raises(AlignmentLimit, match="never reach its end"):
        align(Net(3, (Transition("a", (0,), (1,)),), (0,), (2,)), [("a",)])


def test_two_tokens_in_one_place_are_still_bounded() -> None:
    net = Net(3, (Transition("a", (0,), (1, 1)), Transition("b", (1,), (2,))), (0,), (2, 2))
    assert align(net, [("a", "b", "b"), ("a", "b")]).cost.tolist() == [0, 1]


def test_precision_of_a_trace_model_is_one_and_of_a_flower_small() -> None:
    variants = [("a", "b"), ("b", "a")]
    assert precision(chain("a", "b"), [("a", "b")], [3]) == 1.0
    flower = Net(1, tuple(Transition(label, (0,), (0,)) for label in LABELS), (0,), (0,))
    assert precision(flower, variants, [1, 1]) == pytest.approx(1 - (2 * 2 + 1 * 3 + 1 * 3) / 16)
    assert np.isnan(precision(flower, [()], [3]))
    assert np.isnan(precision(flower, variants, [0, 0]))


def test_thousands_of_variants_take_well_under_a_second() -> None:
    labels = [f"step {chr(97 + at)}" for at in range(26)]
    chance = np.random.default_rng(7)
    variants = []
    for _ in range(2_000):
        path = [label for label in labels if chance.random() > 0.15]
        for _ in range(chance.integers(4)):
            path.insert(int(chance.integers(len(path) + 1)), str(chance.choice(labels)))
        variants.append(tuple(path))
    before = time.process_time()
    align(chain(*labels), variants)
    assert time.process_time() - before < 2


@pytest.mark.filterwarnings("ignore")  # pm4py's
@pytest.mark.skipif("MINING_DATA" not in os.environ, reason="real logs are not part of the project")
def test_an_inductive_model_of_a_real_log_gets_the_costs_of_pm4py() -> None:
    import pandas as pd
    import pm4py

    rows = pd.read_csv(Path(os.environ["MINING_DATA"], "running_example", "running-example.csv"))
    rows["time:timestamp"] = pd.to_datetime(rows["time:timestamp"], utc=True)
    log = pm4py.format_dataframe(rows)
    there = pm4py.discover_petri_net_inductive(log)
    number = {place: at for at, place in enumerate(sorted(there[0].places, key=lambda place: place.name))}
    net = Net(
        len(number),
        tuple(
            Transition(
                step.label,
                tuple(number[arc.source] for arc in step.in_arcs),
                tuple(number[arc.target] for arc in step.out_arcs),
            )
            for step in sorted(there[0].transitions, key=lambda step: step.name)
        ),
        tuple(number[place] for place in there[1]),
        tuple(number[place] for place in there[2]),
    )
    variants = sorted(pm4py.get_variants(log))
    bent = [variant[1:] + variant[:1] for variant in variants]
    found = align(net, variants + bent)
    assert found.cost.tolist() == [cost_by_pm4py(variant, there) for variant in variants + bent]
