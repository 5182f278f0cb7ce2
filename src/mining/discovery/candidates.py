"""Candidate models: what several miners make of the same variants, each measured in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import pandas as pd

from mining._alignments import AlignmentLimit, Net, align, precision_of
from mining._errors import MiningError
from mining._pm4py import discover_partial_orders, discover_splits, discover_tree
from mining.discovery.bindings import find_heuristics
from mining.discovery.quality import NEVER_SOUND, simplicity
from mining.discovery.reduced import reduced_net
from mining.discovery.samples import Sample, affordable, generalisation
from mining.discovery.shapes import net_of

__all__ = ["TREES", "Candidate", "Measures", "find_candidate_models", "measure"]

TREES: Final = ("inductive", "inductive of successions")  # what is a process tree, and so a diagram and a file
_STATES: Final = 2_000
# Touchpoints x states x moves of a label: a few seconds for each model.
_WORK: Final = 1_000_000_000
_NAN: Final = float("nan")


class Candidate(NamedTuple):
    """A model, the miner and the threshold that made it; no net where the miner gave none."""

    miner: str
    threshold: float
    net: Net | None
    remark: str


class Measures(NamedTuple):
    """The figures of one candidate; NaN where they are out of reach."""

    fitness: float
    fitness_in_sample: float
    precision: float
    generalisation: float
    simplicity: float
    is_sound: bool | None
    remark: str


def find_candidate_models(variants: pd.DataFrame) -> Iterator[Candidate]:
    """Let each miner discover its models from variants (variant, n_journeys), the commonest first."""
    for threshold in (0.0, 0.1, 0.2, 0.4, 0.6, 0.8):
        yield _mined("inductive", threshold, lambda at: net_of(discover_tree(variants, at)))
    yield _mined(TREES[1], _NAN, lambda _: net_of(discover_tree(variants, successions_only=True)))
    for threshold in (0.0, 0.2):
        yield _mined("partial orders", threshold, lambda at: discover_partial_orders(variants, at))
    for threshold in (0.2, 0.4, 0.8):
        yield _mined("split", threshold, lambda at: discover_splits(variants, at))
    for threshold in (0.5, 0.9):
        yield _mined("heuristics", threshold, lambda at: find_heuristics(variants, at))


def measure(candidate: Candidate, training: Sample, held_out: Sample) -> Measures:
    """Measure a candidate on the journeys it was discovered from and on those held out.

    A model that is not sound is not measured: it may look precise because it gets stuck. Nor is one with more than
    2,000 states, or one that takes more than seconds to align.
    """
    if candidate.net is None:
        return Measures(_NAN, _NAN, _NAN, _NAN, _NAN, None, candidate.remark)
    plain = simplicity(candidate.net)
    try:
        found = align(candidate.net, [()], state_limit=_STATES)
    except AlignmentLimit as limit:
        never = str(limit) in NEVER_SOUND
        remark = (
            "Not sound: it can go on for ever or never end." if never else f"More than {_STATES:,} states to explore."
        )
        return Measures(_NAN, _NAN, _NAN, _NAN, plain, False if never else None, remark)
    graph = found.graph
    if (graph.distance[:, graph.final] >= graph.far).any() or graph.labels != candidate.net.labels:
        remark = "Not sound: it can get stuck, or has activities that can never happen."
        return Measures(_NAN, _NAN, _NAN, _NAN, plain, False, remark)
    room = affordable(candidate.net, _WORK, state_limit=_STATES)
    if max(training.length, held_out.length) > room:
        remark = "Sound, but too large to be aligned with all journeys in seconds."
        return Measures(_NAN, _NAN, _NAN, _NAN, plain, True, remark)
    seen = align(candidate.net, training.paths, state_limit=_STATES)
    unseen = align(candidate.net, held_out.paths, state_limit=_STATES).fitness(held_out.counts)
    fits, precise = seen.fitness(training.counts), precision_of(seen, training.counts)
    return Measures(unseen, fits, precise, generalisation(seen, training.counts), plain, True, "")


def _mined(miner: str, threshold: float, mine: Callable[[float], Net | None]) -> Candidate:
    try:
        net = mine(threshold)
    except MiningError as error:
        return Candidate(miner, threshold, None, str(error))
    if net is None:
        return Candidate(miner, threshold, None, "No net stands for this model.")
    return Candidate(miner, threshold, net if miner in TREES else reduced_net(net), "")
