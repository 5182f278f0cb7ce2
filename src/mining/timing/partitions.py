"""Partitions: activities in their order, cut into stages, and how many stages the log bears out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array
from scipy.sparse.linalg import spsolve

from mining._engine import CodedLog
from mining._statistics import wilson
from mining.timing.successions import Places, Successions, beside, count_successions, place_activities

__all__ = ["MOST_STAGES", "Partition", "Tried", "learn_partition"]

MOST_STAGES: Final = 7
_FORWARD, _BACKWARD = 0.5, -0.5  # what a step to a later and to an earlier stage counts, beside 1 for one that stays
_MOST: Final = 500  # activities looked at pair by pair; rarer ones join the stage they happen in
_GAIN: Final = 0.003  # what each cut between two stages must be worth
_FORWARD_SHARE: Final = 0.6  # of the journeys that pass a cut, at the least of the interval
_PULL: Final = 1e-3  # of an activity's mean place on its order, beside its steps: decides where those say nothing
_SWEEPS: Final = 10
_LEAST: Final = 1e-9  # below it a difference is one of rounding

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Tried(NamedTuple):
    """One number of stages, as journeys judge it that it was not learned from."""

    n_stages: int
    score: float
    n_forward: int  # journeys that begin before and end behind the cut between two stages where fewest do so
    n_backward: int  # those that begin behind and end before it
    worth: float  # what the score would lose at the least, were two neighbouring stages one


@dataclass(frozen=True, eq=False)
class Partition:
    """Activities in stages.

    Attributes
    ----------
    of_activity : ndarray of int64
        Per activity of the vocabulary its stage, from 0; -1 for those that never happen.
    n_stages : int
        How many.
    tried : tuple of Tried
        What was tried.
    places : Places
        How common the activities are and where they come.
    """

    of_activity: Integers
    n_stages: int
    tried: tuple[Tried, ...]
    places: Places


def learn_partition(log: CodedLog, n_stages: int | None = None) -> Partition:
    """Part the activities of a log into stages that follow each other.

    Parameters
    ----------
    log : CodedLog
        The linked log.
    n_stages : int, optional
        How many; by default as many as cases bear out that they were not learned from.

    Returns
    -------
    Partition
    """
    places = place_activities(log)
    used = np.flatnonzero(places.n_touchpoints)
    kept = np.sort(used[np.argsort(-places.n_touchpoints[used], kind="stable")[:_MOST]])
    of_activity = np.full(len(places.mean), -1, np.int64)
    if len(used) <= 1:
        of_activity[used] = 0
        return Partition(of_activity, len(used), (), places)
    halves, most = count_successions(log, kept), max(MOST_STAGES, n_stages or 0)
    mean = places.mean[kept]
    learned = [_partitions(half, mean, most) for half in halves]
    both = halves[0].plus(halves[1])
    whole = _partitions(both, mean, most)
    tried = tuple(
        _tried(halves, pair, _worth(_excess(both), stage)) for *pair, stage in zip(*learned, whole, strict=True)
    )
    number = min(n_stages, len(kept)) if n_stages is not None else _chosen(tried)
    of_activity[kept] = whole[number - 1]
    if len(kept) < len(used):
        _join_rare(log, of_activity, np.setdiff1d(used, kept), places)
    return Partition(of_activity, number, tried, places)


def _partitions(counted: Successions, mean: Floats, most: int) -> list[Integers]:
    """Find the best partition into one, two, three and more stages."""
    excess = _excess(counted)
    order = np.lexsort((np.arange(len(mean)), _potential(counted.steps, mean).round(9)))
    return [_bettered(excess, cut) for cut in _cuts(excess, order, min(most, len(mean)))]


def _excess(counted: Successions) -> Floats:
    """Say how much oftener activities follow each other than in shuffled journeys, as shares of all steps."""
    return np.asarray((counted.steps - counted.shuffled) / max(counted.steps.sum(), 1), float)


def _potential(steps: Floats, mean: Floats) -> Floats:
    """Put activities on a line so that steps go one forward where all go one way, and none where both are as common."""
    both = steps + steps.T
    pull = _PULL * max(both.sum() / len(both), 1)
    laplacian = np.diag(both.sum(axis=1) + pull) - both
    flow = steps.sum(axis=0) - steps.sum(axis=1)
    # One thread, few numbers: the dense solver's threads wait for each other a hundred times as long.
    return np.asarray(spsolve(csc_array(laplacian), flow + pull * (mean - 0.5)), float)


def _cuts(excess: Floats, order: Integers, most: int) -> list[Integers]:
    """Cut an order of activities into runs, best for every number of them, by dynamic programming."""
    ordered = excess[np.ix_(order, order)]
    # A step inside a run counts 1 in place of what it would count between two.
    worth = np.triu(ordered, 1) * (1 - _FORWARD) + np.tril(ordered, -1) * (1 - _BACKWARD)
    n = len(order)
    sums = np.zeros((n + 1, n + 1))
    sums[1:, 1:] = worth.cumsum(axis=0).cumsum(axis=1)
    corner = np.diag(sums)
    run = corner[None, :] + corner[:, None] - sums - sums.T  # from (row) up to before (column)
    run[np.tril_indices(n + 1)] = -np.inf
    best, starts, found = np.where(np.arange(n + 1) == 0, 0.0, -np.inf), [], []
    for _ in range(most):
        total = best[:, None] + run
        starts.append(total.argmax(axis=0))
        best = total.max(axis=0)
        stage, end = np.zeros(n, np.int64), n
        for number in range(len(starts) - 1, -1, -1):
            begin = int(starts[number][end])
            stage[order[begin:end]] = number
            end = begin
        found.append(stage)
    return found


def _weights(n: int) -> Floats:
    """Say what a step from one stage (row) to another (column) counts."""
    return np.eye(n) + _FORWARD * np.triu(np.ones((n, n)), 1) + _BACKWARD * np.tril(np.ones((n, n)), -1)


def _bettered(excess: Floats, stage: Integers) -> Integers:
    """Move single activities to the stage that fits them better, as long as there is one."""
    n = int(stage.max()) + 1
    weights, stage, rows = _weights(n), stage.copy(), np.arange(len(stage))
    inside = np.bincount(stage, minlength=n)
    onward, inward = excess @ np.eye(n)[stage], excess.T @ np.eye(n)[stage]  # of each activity to and from each stage
    for _ in range(_SWEEPS):
        fit = onward @ weights.T + inward @ weights
        moved = False
        for one in rows[fit.max(axis=1) > fit[rows, stage] + _LEAST].tolist():
            own, old = weights @ onward[one] + weights.T @ inward[one], stage[one]
            new = int(own.argmax())
            if own[new] > own[old] + _LEAST and inside[old] > 1:
                for flow, sums in ((excess[:, one], onward), (excess[one], inward)):
                    sums[:, old] -= flow
                    sums[:, new] += flow
                inside[[old, new]] += (-1, 1)
                stage[one], moved = new, True
        if not moved:
            break
    return stage


def _worth(excess: Floats, stage: Integers) -> float:
    """Say what the score would lose at the least, were two neighbouring stages one."""
    member = np.eye(int(stage.max()) + 1)[stage]
    between = member.T @ excess @ member
    lost = (_FORWARD - 1) * np.diag(between, 1) + (_BACKWARD - 1) * np.diag(between, -1)
    return float(lost.min(initial=np.inf))


def _tried(halves: tuple[Successions, Successions], learned: list[Integers], worth: float) -> Tried:
    """Judge what was learned from each half by the other."""
    n = int(learned[0].max()) + 1
    if n == 1:
        return Tried(1, 0.0, 0, 0, worth)
    score, up, down = 0.0, np.zeros(n - 1), np.zeros(n - 1)
    for stage, other in zip(learned, halves[::-1], strict=True):
        member = np.eye(n)[stage]
        score += float((_weights(n) * (member.T @ _excess(other) @ member)).sum() * other.steps.sum())
        spans = member.T @ other.spans @ member
        up += [spans[: cut + 1, cut + 1 :].sum() for cut in range(n - 1)]
        down += [spans[cut + 1 :, : cut + 1].sum() for cut in range(n - 1)]
    score /= max(sum(half.steps.sum() for half in halves), 1)
    weakest = int(np.nan_to_num(wilson(up, up + down)[0]).argmin())
    return Tried(n, score, int(up[weakest]), int(down[weakest]), worth)


def _chosen(tried: tuple[Tried, ...]) -> int:
    """Choose the best number of stages among those each cut of which is worth it and is passed forward."""
    passed = [one for one in tried if one.n_stages == 1 or (one.worth >= _GAIN and _is_forward(one))]
    return max(passed, key=lambda one: (one.score, -one.n_stages)).n_stages


def _is_forward(one: Tried) -> bool:
    total = one.n_forward + one.n_backward
    return total > 0 and bool(wilson(one.n_forward, total)[0] > _FORWARD_SHARE)


def _join_rare(log: CodedLog, of_activity: Integers, rare: Integers, places: Places) -> None:
    """Put each rare activity where most touchpoints beside it are, else with those that come at the same place."""
    codes, n = log.codes["activity"], int(of_activity.max()) + 1
    numbers = np.append(of_activity, -1)[codes]
    votes = np.zeros((len(of_activity), n), np.int64)
    for stage in beside(log, numbers):
        told = (stage >= 0) & (numbers < 0) & (codes >= 0)
        votes += np.bincount(codes[told] * n + stage[told], minlength=votes.size).reshape(votes.shape)
    known = of_activity >= 0
    weight = places.n_touchpoints[known].astype(float)
    total = np.bincount(of_activity[known], weights=weight * places.mean[known], minlength=n)
    middle = total / np.bincount(of_activity[known], weights=weight, minlength=n)
    nearest = np.abs(places.mean[rare, None] - middle).argmin(axis=1)
    of_activity[rare] = np.where(votes[rare].any(axis=1), votes[rare].argmax(axis=1), nearest)
