"""Model quality: does it fit, does it say more than it should, is it simple, does it hold for journeys it never saw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from mining._alignments import AlignmentLimit, Net, Transition, align, precision_of
from mining._alignments.trie import Trie
from mining._pm4py import search_costs
from mining.discovery.model import MOST_TOUCHPOINTS, find_model, within_budget
from mining.discovery.samples import Sample, affordable, generalisation, sides
from mining.journeys import Journeys

__all__ = ["NEVER_SOUND", "find_quality", "flower_net", "simplicity", "trace_net"]

# The trace model has a state per beginning that was seen: beyond these it would cost more than it tells.
_BASELINE_STATES: Final = 1_500
NEVER_SOUND: Final = (str(AlignmentLimit.unbounded()), str(AlignmentLimit.endless()))
_MEASURES: Final = ("fitness", "precision", "generalisation", "simplicity", "held_out_fitness")
_SEARCH: Final = 8.0  # seconds
_LARGE: Final = "Too many states to be aligned exactly: raise the noise threshold or narrow the journeys."
_ENDLESS: Final = "The model can go on for ever or never end: it is not sound, and nothing else about it counts."
_STUCK: Final = "The model can get stuck: it is not sound, and nothing else about it counts."
_DEAD: Final = "The model has steps that can never happen: it is not sound, and nothing else about it counts."


def find_quality(journeys: Journeys, noise_threshold: float, net: Net) -> pd.DataFrame:
    """Measure a model, with the two models that mark the ends of each scale beside it.

    The flower model allows everything: whatever it fits says nothing. The trace model allows exactly the paths seen:
    it fits them all and foresees none. A good model stands well above the flower in precision and above the trace model
    in generalisation and held-out fitness.

    Parameters
    ----------
    journeys : Journeys
        What the model was discovered from.
    noise_threshold : float
        As it was discovered.
    net : Net
        The discovered model.

    Returns
    -------
    DataFrame
        model (discovered, flower, trace); fitness, precision, generalisation, simplicity, held_out_fitness (0..1, NaN
        where undefined or out of reach); n_journeys (measured on), of_journeys, n_held_out; remark. Of a model with too
        many states for exact tables, fitness alone is told, searched path by path (A*), the commonest first, for eight
        seconds at most. Generalisation is
        one minus the mean, over the steps of the model, of one over the square root of how often the journeys, aligned
        with it, take them: low where steps rest on few journeys. Silent steps do not count, for nobody sees which were
        taken. Held-out fitness is that of one customer in five against a model discovered from the others.

    References
    ----------
    Adriansyah, A. (2014). Aligning observed and modeled behavior.
    van Dongen, B. F. (2018). Efficiently computing alignments: using the extended marking equation.
    Munoz-Gama, J., Carmona, J. (2010). A fresh look at precision in process conformance.
    Buijs, J. C. A. M., van Dongen, B. F., van der Aalst, W. M. P. (2014). Quality dimensions in process discovery.
    """
    frame, variant_of = journeys.variants()
    mined = within_budget(frame["variant"])
    # Where the model cannot be aligned at all, its row says so and the others rest on everything.
    used = mined & within_budget(frame["variant"], most=affordable(net) or MOST_TOUCHPOINTS)
    seen = Sample.of(frame, np.where(used, frame["n_journeys"], 0))
    training, held_out = (
        Sample.of(frame, np.where(allowed, np.bincount(variant_of[side], minlength=len(frame)), 0))
        for allowed, side in zip((mined, used), sides(journeys), strict=True)
    )
    held_model = find_model(training.frame, noise_threshold).net if training.paths else None
    rows = [
        _row("discovered", net, seen, (held_model, held_out)),
        _row("flower", flower_net(seen.paths), seen, (flower_net(training.paths), held_out)),
        _trace_row(seen, training, held_out),
    ]
    quality = pd.DataFrame(rows)
    quality = quality.assign(of_journeys=len(journeys), n_held_out=held_out.n)
    names = ["model", *_MEASURES, "n_journeys", "of_journeys", "n_held_out", "remark"]
    return quality[names].astype({"model": "str", "remark": "str"})


def flower_net(variants: Iterable[tuple[str, ...]]) -> Net:
    """Build the model that allows every activity at any time."""
    labels = sorted({label for variant in variants for label in variant})
    return Net(1, tuple(Transition(label, (0,), (0,)) for label in labels), (0,), (0,))


def trace_net(variants: Iterable[tuple[str, ...]]) -> Net:
    """Build the model that allows exactly these variants; what begins alike shares its beginning."""
    place: dict[tuple[int, str], int] = {}  # place 0 is the start and 1 the end
    steps: list[Transition] = []
    ends: list[Transition] = []
    for variant in sorted(set(variants)):
        here = 0
        for label in variant:
            onward = place.setdefault((here, label), len(place) + 2)
            if onward == len(steps) + 2:
                steps.append(Transition(label, (here,), (onward,)))
            here = onward
        ends.append(Transition(None, (here,), (1,)))
    return Net(len(place) + 2, (*steps, *ends), (0,), (1,))


def simplicity(net: Net) -> float:
    """Measure how few arcs meet in a node of the net: 1 where a place or transition has two on average, then falling.

    References
    ----------
    Sanchez-Gonzalez, L., Garcia, F., Mendling, J., Ruiz, F., Piattini, M. (2010). Prediction of business process model
    quality based on structural metrics.
    Vazquez-Barreiros, B., Mucientes, M., Lama, M. (2015). ProDiGen: mining complete, precise and minimal structure
    process models with a genetic algorithm.

    Examples
    --------
    >>> simplicity(flower_net([("ad", "call", "won")]))
    0.5
    """
    nodes = net.n_places + len(net.transitions)
    arcs = sum(len(step.before) + len(step.after) for step in net.transitions)
    return 1 / (1 + max(2 * arcs / nodes - 2, 0)) if nodes else float("nan")


def _row(model: str, net: Net, seen: Sample, held: tuple[Net | None, Sample]) -> dict[str, object]:
    measured, remark = _measured(net, seen)
    n = seen.n if not np.isnan(measured[0]) else 0
    if remark == _LARGE:
        fitness, n, remark = _searched(net, seen)
        measured = (fitness, *measured[1:])
    judged = None if remark in {_ENDLESS, _STUCK, _DEAD} else held[0]
    held_out = _fitness(judged, held[1]) if judged is not None else float("nan")
    return _told(model, (*measured, simplicity(net), held_out), remark) | {"n_journeys": n}


def _trace_row(seen: Sample, training: Sample, held_out: Sample) -> dict[str, object]:
    # It allows what was seen and nothing else: fitness and precision need no alignment.
    perfect = 1.0 if seen.n else float("nan")
    net = trace_net(training.paths)
    small = net.n_places <= _BASELINE_STATES
    held = _fitness(net, held_out) if small and training.paths else float("nan")
    remark = "" if small else "too many different paths to hold any out"
    values = (perfect, perfect, _trace_generalisation(seen), simplicity(trace_net(seen.paths)), held)
    return _told("trace", values, remark) | {"n_journeys": seen.n}


def _trace_generalisation(seen: Sample) -> float:
    """Measure the generalisation of the trace model, whose every step is a beginning that was seen."""
    trie = Trie.of(seen.paths, sorted({label for path in seen.paths for label in path}))
    often = [
        np.bincount(level.node_of[level.node_of >= 0], seen.counts[level.node_of >= 0]) for level in trie.levels[1:]
    ]
    return float(1 - (1 / np.sqrt(np.concatenate(often))).mean()) if often else float("nan")


def _told(model: str, values: tuple[float, ...], remark: str) -> dict[str, object]:
    return {"model": model, **dict(zip(_MEASURES, values, strict=True)), "remark": remark}


def _measured(net: Net, seen: Sample) -> tuple[tuple[float, float, float], str]:
    unknown = (float("nan"),) * 3
    try:
        found = align(net, seen.paths)
    except AlignmentLimit as limit:
        return unknown, _ENDLESS if str(limit) in NEVER_SOUND else _LARGE
    if not seen.n:
        return unknown, "Every path is too long to be aligned with this model in reasonable time."
    # A model that can get stuck may look precise because it allows nothing more (trust in it is what is measured), and
    # so may one whose steps can never happen.
    if (found.graph.distance[:, found.graph.final] >= found.graph.far).any():
        return unknown, _STUCK
    if found.graph.labels != net.labels:
        return unknown, _DEAD
    counts = seen.counts
    return (found.fitness(counts), precision_of(found, counts), generalisation(found, counts)), ""


def _searched(net: Net, seen: Sample) -> tuple[float, int, str]:
    """Search for alignments of the commonest paths, as far as time allows, where a table of states does not fit."""
    order = np.argsort(-seen.counts, kind="stable")
    paths, counts = [seen.paths[at] for at in order], seen.counts[order]
    shortest, *costs = search_costs(net, [(), *paths], seconds=_SEARCH)
    told = [(cost, len(path), int(n)) for cost, path, n in zip(costs, paths, counts, strict=True) if cost is not None]
    if shortest is None or not told:
        return float("nan"), 0, _LARGE
    worst = sum(n * (length + shortest) for _, length, n in told)
    fitness = 1 - sum(n * cost for cost, _, n in told) / worst if worst else float("nan")
    remark = f"{_LARGE} Fitness is that of {len(told):,} of {len(paths):,} paths, searched within {_SEARCH:g} s."
    return fitness, sum(n for _, _, n in told), remark


def _fitness(net: Net, sample: Sample) -> float:
    # The model of the others may be larger than the model at hand, whose size decided how much is held out.
    if not sample.n or sample.length > affordable(net):
        return float("nan")
    return align(net, sample.paths).fitness(sample.counts)
