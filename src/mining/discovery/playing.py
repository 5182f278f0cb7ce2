"""Journeys that a model makes up, and how far they are from those that were seen."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._alignments import AlignmentLimit, Net
from mining.discovery.dealing import LONGEST, Sides
from mining.discovery.likelihood import Odds
from mining.discovery.model import within_budget
from mining.discovery.quality import flower_net
from mining.discovery.samples import Sample
from mining.discovery.stochastic import flow_net, odds_of
from mining.discovery.transport import against_floor
from mining.journeys import Journeys

__all__ = ["find_earth_mover", "play"]

Integers = npt.NDArray[np.int64]
_JOURNEYS: Final = 1_000
_MOST: Final = 20_000
_REPEATS: Final = 20
_MOVES: Final = 10_000  # silent ones too


def find_earth_mover(journeys: Journeys, net: Net, *, random_state: int = 0) -> pd.DataFrame:
    """Measure how far journeys that a model makes up are from those that were seen (earth movers' conformance).

    The choices of a model get odds, learnt from the journeys aligned with it; it then makes up as many journeys as are
    measured. Both are samples, and two samples of one process are apart too: that floor stands beside. The same
    journeys teach and judge, which flatters a model with many choices; `stochastic` tells of journeys held out.

    Parameters
    ----------
    journeys : Journeys
        What to measure on: those of customers drawn at random, a thousand at most, of up to 500 touchpoints.
    net : Net
        The discovered model.
    random_state : int
        Of the draws.

    Returns
    -------
    DataFrame
        model (discovered; flow, in which what comes next hangs on the last activity alone; flower, in which it hangs on
        nothing); distance (earth movers', 0..1: the share of a path to be rewritten; conformance is one less it),
        floor_mean, floor_low, floor_high (of sides dealt out at random, each customer's journeys on one and as many
        made up on the other: mean and the middle 95 %), p_value (share of such deals, this one among them, as far
        apart), n_repeats; n_journeys (seen, and as many made up), of_journeys, n_endless (made up journeys too long to
        be measured), remark. NaN where out of reach.

    References
    ----------
    Leemans, S. J. J., van der Aalst, W. M. P., Brockhoff, T., Polyvyanyy, A. (2021). Stochastic process mining: earth
    movers' stochastic conformance.
    """
    variants, _ = journeys.variants()
    training = Sample.of(
        variants, np.where(within_budget(variants["variant"], LONGEST, _MOST), variants["n_journeys"], 0)
    )
    draw = np.random.default_rng(random_state)
    seen = Sides.of(journeys).affordable(draw, _JOURNEYS)
    nets = {"discovered": net, "flow": flow_net(training.paths), "flower": flower_net(training.paths)}
    rows = [{"model": name, **_row(one, training, seen, random_state)} for name, one in nets.items()]
    names = ["model", "distance", "floor_mean", "floor_low", "floor_high", "p_value", "n_repeats"]
    frame = pd.DataFrame(rows, columns=[*names, "n_endless", "remark"])
    frame.insert(7, "n_journeys", np.where(frame["distance"].notna(), len(seen.path), 0))
    frame.insert(8, "of_journeys", len(journeys))
    kinds = {"model": "str", "remark": "str", "n_repeats": "int64", "n_endless": "int64"}
    return frame.astype(dict.fromkeys(names[1:6], "float64") | kinds)


def play(odds: Odds, n: int, draw: np.random.Generator) -> tuple[list[tuple[str, ...]], Integers]:
    """Let a model make up journeys by its odds.

    Parameters
    ----------
    odds : Odds
        The model.
    n : int
        How many journeys.
    draw : Generator
        Where chance comes from.

    Returns
    -------
    paths : list of tuple of str
        The distinct ones, in order; none that had not come to its end within ten thousand moves.
    path_of : ndarray of int, journeys
        Which of them each takes; -1 for one without end.
    """
    order = np.argsort(odds.source, kind="stable")
    source, target, label = odds.source[order], odds.target[order], odds.label[order]
    # The odds of a state's moves, added up, lie between its number and the next; what is left is its stopping.
    total = np.cumsum(odds.weight[order])
    first = np.searchsorted(source, np.arange(odds.graph.n_states))
    before = np.append(0, total)[first]
    bound = source + np.minimum(total - before[source], 1)
    last = np.searchsorted(source, np.arange(odds.graph.n_states), side="right") - 1
    state, live = np.zeros(n, np.int64), np.arange(n)
    steps: list[tuple[Integers, Integers]] = []
    for _ in range(_MOVES):
        if not len(live):
            break
        here = state[live]
        move = np.searchsorted(bound, here + draw.random(len(live)), side="right")
        goes = move <= last[here]
        # Only the final state stops: elsewhere the odds sum to one, but for the last bit.
        move, goes = np.where(goes, move, last[here]), goes | (here != odds.graph.final)
        live, move = live[goes], move[goes]
        state[live] = target[move]
        steps.append((live[label[move] >= 0], label[move][label[move] >= 0]))
    return _spelled(odds.graph.labels, steps, n, live)


def _spelled(
    labels: tuple[str, ...], steps: list[tuple[Integers, Integers]], n: int, endless: Integers
) -> tuple[list[tuple[str, ...]], Integers]:
    run, label = (np.concatenate([step[at] for step in steps] or [np.zeros(0, np.int64)]) for at in (0, 1))
    order = np.argsort(run, kind="stable")
    words = np.array(labels, dtype=object)[label[order]].tolist()
    ends = np.cumsum(np.bincount(run, minlength=n)).tolist()
    told = [tuple(words[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
    for at in endless.tolist():
        told[at] = ()
    distinct = sorted(set(told))
    number = {path: at for at, path in enumerate(distinct)}
    path_of = np.array([number[path] for path in told], np.int64)
    path_of[endless] = -1
    return distinct, path_of


def _row(net: Net, training: Sample, seen: Sides, random_state: int) -> dict[str, object]:
    unknown = {"n_repeats": 0, "n_endless": 0}
    if not len(seen.path):
        return unknown | {"remark": f"No customer's journeys are few and short enough (up to {LONGEST} touchpoints)."}
    try:
        odds = odds_of(net, training)
    except AlignmentLimit:
        return unknown | {"remark": "Too many states, or no way to the end."}
    if odds is None:
        return unknown | {"remark": "Too large, or too many journeys, to be measured in seconds."}
    draw = np.random.default_rng(random_state)
    paths, path_of = play(odds, len(seen.path), draw)
    short = np.array([len(path) <= LONGEST for path in paths], bool)
    ended = (path_of >= 0) & short[path_of]
    if not ended.any():
        return unknown | {"n_endless": len(ended), "remark": "All that the model makes up is too long."}
    both = _together(seen, paths, path_of, ended)
    row = against_floor(both, _REPEATS, draw).drop(columns="measure").iloc[0]
    return {**{str(name): value for name, value in row.items()}, "n_endless": int((~ended).sum()), "remark": ""}


def _together(seen: Sides, paths: list[tuple[str, ...]], path_of: Integers, ended: npt.NDArray[np.bool_]) -> Sides:
    """Put seen and made up journeys side by side: each customer may change sides with as many journeys made up."""
    number = {path: at for at, path in enumerate(seen.paths)}
    place = np.array([number.setdefault(path, len(number)) for path in paths], np.int64)
    made = np.flatnonzero(ended)
    return Sides(
        tuple(number),
        np.concatenate([seen.path, place[path_of[made]]]),
        np.repeat([0, 1], [len(seen.path), len(made)]),
        np.concatenate([seen.owner, seen.owner[made]]),
    )
