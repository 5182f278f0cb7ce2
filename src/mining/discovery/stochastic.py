"""How many bits a model needs to tell a journey: whether it makes likely what is frequent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._alignments import AlignmentLimit, Net, Transition, align
from mining._statistics import wilson
from mining.discovery.likelihood import Odds, learnt_odds, log_likelihoods
from mining.discovery.model import find_model, within_budget
from mining.discovery.quality import flower_net
from mining.discovery.samples import Sample, affordable, sides
from mining.journeys import Journeys

__all__ = ["find_stochastic", "flow_net", "odds_of", "relevance"]

Floats = npt.NDArray[np.float64]
_STATES: Final = 600
_MOST: Final = 20_000
_LONGEST: Final = 500
_WORK: Final = 1_000_000_000


def find_stochastic(journeys: Journeys, noise_threshold: float) -> pd.DataFrame:
    """Measure the entropic relevance of models: the bits that a journey takes to tell with the model's odds.

    Every choice of a model gets odds, learnt from the journeys of four customers in five (aligned with the model); a
    journey then has a likelihood. A journey that the model does not allow is told step by step, which is dear. Fewer
    bits are better; no model tells the journeys it has learnt from in fewer bits than the trace model, which knows them
    by heart and has nothing to say of others. A good model tells journeys held out in fewer bits than the trace model.

    Parameters
    ----------
    journeys : Journeys
        What to measure on. Only the commonest paths are used, up to a total length.
    noise_threshold : float
        Of the model to discover.

    Returns
    -------
    DataFrame
        model (discovered; flow, in which what comes next hangs on the last activity alone; flower, in which it hangs on
        nothing; trace); relevance and held_out_relevance (bits per journey, of those learnt from and of those held out;
        NaN where out of reach), covered (share of journeys held out that the model allows), covered_low, covered_high
        (Wilson, 95 %), n_journeys (learnt from), n_held_out, of_journeys (those on paths too long or too rare to be
        measured in time are on neither side), remark.

    References
    ----------
    Alkhammash, H., Polyvyanyy, A., Moffat, A., Garcia-Banuelos, L. (2022). Entropic relevance: a mechanism for
    measuring stochastic process models discovered from event data.
    Baum, L. E., Petrie, T., Soules, G., Weiss, N. (1970). A maximization technique occurring in the statistical
    analysis of probabilistic functions of Markov chains.
    """
    variants, variant_of = journeys.variants()
    used = within_budget(variants["variant"], _LONGEST, _MOST)
    training, held_out = (
        Sample.of(variants, np.where(used, np.bincount(variant_of[side], minlength=len(variants)), 0))
        for side in sides(journeys)
    )
    if not training.paths:
        training, held_out = held_out, training
    n_labels = len({label for path in (*training.paths, *held_out.paths) for label in path})
    nets = {
        "discovered": find_model(training.frame, noise_threshold).net if training.paths else Net(1, (), (0,), (0,)),
        "flow": flow_net(training.paths),
        "flower": flower_net(training.paths),
    }
    rows = [_row(name, net, (training, held_out), n_labels) for name, net in nets.items()]
    rows.append(_trace_row(training, held_out, n_labels))
    frame = pd.DataFrame(rows, columns=["model", "relevance", "held_out_relevance", "n_covered", "remark"])
    n_covered = frame.pop("n_covered").to_numpy(float)
    low, high = wilson(np.nan_to_num(n_covered), np.where(np.isnan(n_covered), 0, held_out.n))
    share = n_covered / held_out.n if held_out.n else np.full(len(frame), np.nan)
    for at, (name, values) in enumerate({"covered": share, "covered_low": low, "covered_high": high}.items()):
        frame.insert(3 + at, name, values)
    frame.insert(6, "n_journeys", training.n)
    frame.insert(7, "n_held_out", held_out.n)
    frame.insert(8, "of_journeys", len(journeys))
    return frame.astype({"model": "str", "remark": "str"})


def relevance(likelihoods: Floats, sample: Sample, n_labels: int) -> float:
    """Count the bits per journey: those that tell whether the model allows it, and those that tell which it is.

    Parameters
    ----------
    likelihoods : ndarray of float, variants
        Logarithms (base 2) of the likelihood of each variant; minus infinity where it is not allowed.
    sample : Sample
        The variants and their counts.
    n_labels : int
        Size of the alphabet. What is not allowed costs the logarithm of one more (for the end) per step and the end.

    Returns
    -------
    float
        Bits, 0 or more; NaN without journeys.
    """
    if not sample.n:
        return float("nan")
    lengths = np.array([len(path) for path in sample.paths], float)
    bits = np.where(np.isfinite(likelihoods), -likelihoods, (1 + lengths) * np.log2(1 + n_labels))
    allowed = float(sample.counts[np.isfinite(likelihoods)].sum() / sample.n)
    told = -sum(part * np.log2(part) for part in (allowed, 1 - allowed) if part > 0)
    return float(told + (bits * sample.counts).sum() / sample.n)


def flow_net(paths: Iterable[Sequence[str]]) -> Net:
    """Build the model in which what comes next hangs on the last activity alone, of the successions seen."""
    given = [tuple(path) for path in paths]
    number = {label: 2 + at for at, label in enumerate(sorted({label for path in given for label in path}))}
    pairs = {(0, path[0]) for path in given if path}
    pairs |= {(number[one], other) for path in given for one, other in pairwise(path)}
    lasts = {number[path[-1]] if path else 0 for path in given}
    moves = [Transition(label, (place,), (number[label],)) for place, label in sorted(pairs)]
    moves += [Transition(None, (place,), (1,)) for place in sorted(lasts)]
    return Net(2 + len(number), tuple(moves), (0,), (1,))


def _row(name: str, net: Net, samples: tuple[Sample, Sample], n_labels: int) -> tuple[str, float, float, float, str]:
    training, held_out = samples
    nan = float("nan")
    try:
        odds = odds_of(net, training)
    except AlignmentLimit:
        return name, nan, nan, nan, f"More than {_STATES} states, or no way to the end."
    if odds is None:
        return name, nan, nan, nan, "Too large, or too many journeys, to be measured in seconds."
    seen, unseen = (log_likelihoods(odds, sample.paths) for sample in samples)
    covered = float(held_out.counts[np.isfinite(unseen)].sum())
    return name, relevance(seen, training, n_labels), relevance(unseen, held_out, n_labels), covered, ""


def odds_of(net: Net, training: Sample) -> Odds | None:
    """Learn a model's odds from journeys aligned with it; None where that would take more than seconds.

    Raises
    ------
    AlignmentLimit
        For a model of too many states, or one that cannot end.
    """
    room = affordable(net, _WORK, state_limit=_STATES)
    if not training.paths or (room and training.length > room):
        return None
    found = align(net, training.paths, state_limit=_STATES)
    runs: dict[tuple[str, ...], int] = {}
    for at, n in enumerate(training.counts.tolist()):
        run = tuple(move.activity for move in found.moves(at) if move.kind != "log")
        runs[run] = runs.get(run, 0) + n
    return learnt_odds(found.graph, sorted(runs), np.array([runs[run] for run in sorted(runs)], float))


def _trace_row(training: Sample, held_out: Sample, n_labels: int) -> tuple[str, float, float, float, str]:
    share = dict(zip(training.paths, training.counts / max(training.n, 1), strict=True))
    seen, unseen = (
        np.array([np.log2(share[path]) if path in share else -np.inf for path in sample.paths], float)
        for sample in (training, held_out)
    )
    covered = float(held_out.counts[np.isfinite(unseen)].sum())
    return "trace", relevance(seen, training, n_labels), relevance(unseen, held_out, n_labels), covered, ""
