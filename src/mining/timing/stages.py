"""Stages: which part of the way each touchpoint belongs to, and how we know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from mining._engine import CodedLog
from mining._errors import MiningError
from mining.journeys import Journeys
from mining.timing.learned_stages import name_stages, partition_of
from mining.timing.successions import beside

if TYPE_CHECKING:
    from mining.design import Design

__all__ = ["Staged", "stage_touchpoints"]

_KNOWN_ENOUGH: Final = 0.5

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Staged:
    """The stages in their order and, per touchpoint, the number of its stage (-1: none).

    `mark` says how the stages themselves came about: typed (a design or the caller), measured (the log's own field) or
    inferred (learned from what follows what, `learn_stages`: a proposal, that nobody has looked through).
    """

    names: tuple[str, ...]
    of: Integers
    mark: str


def stage_touchpoints(
    journeys: Journeys, design: Design | None = None, stages: Mapping[str, Sequence[str]] | None = None
) -> Staged:
    """Put every touchpoint in a stage.

    Stages come from `stages` (stage to activities), else from the design, else from the log's own field `stage` where
    half of the journeys have one, else they are learned from what follows what (`learn_stages`): one stage, where
    activities come in no order. A touchpoint that names no stage belongs to the last stage named before it in its
    journey, or before all of them to the first one that follows.

    Parameters
    ----------
    journeys : Journeys
        Whose touchpoints.
    design : Design, optional
        Its stages and the activities in them.
    stages : mapping of str to sequence of str, optional
        Stages of your own, in order.

    Returns
    -------
    Staged
        Names, numbers and mark.

    Raises
    ------
    MiningError
        Where the given stages hold no activity of the log.
    """
    log = journeys.log
    if stages is not None or design is not None:
        given = {word: stage for stage, words in (stages or {}).items() for word in words}
        stage_of = given if design is None or stages is not None else dict(design.stage_of)
        names = tuple(dict.fromkeys(stages if stages is not None else stage_of.values()))
        numbers = _by_activity(log, stage_of, names)
        if not (numbers >= 0).any():
            raise MiningError.empty(
                "Every stage", "no activity of the log belongs to one; see `design.check(journeys)`."
            )
        return Staged(names, _filled(log, numbers), "typed")
    own = log.codes.get("stage")
    if own is not None and log.n_journeys and log.any_in_journey(own >= 0).mean() >= _KNOWN_ENOUGH:
        return _by_field(log, own)
    found = partition_of(log)
    return Staged(name_stages(log, found), found.of_activity[log.narrow["activity"]], "inferred")


def _by_activity(log: CodedLog, stage_of: Mapping[str, str], names: tuple[str, ...]) -> Integers:
    number = {name: at for at, name in enumerate(names)}
    of_word = np.array([number.get(stage_of.get(str(word), ""), -1) for word in log.words["activity"]] + [-1])
    return np.asarray(of_word[log.codes["activity"]], np.int64)


def _by_field(log: CodedLog, own: npt.NDArray[np.int32]) -> Staged:
    known = own >= 0
    mean = _mean_per_word(_relative_place(log)[known], own[known], len(log.words["stage"]))
    used = np.unique(own[known])
    order = used[np.argsort(mean[used], kind="stable")]
    rank = np.full(len(log.words["stage"]) + 1, -1, np.int64)
    rank[order] = np.arange(len(order))
    return Staged(tuple(map(str, log.words["stage"][order])), _filled(log, rank[own]), "measured")


def _filled(log: CodedLog, numbers: Integers) -> Integers:
    """Carry stages forward through each journey, then the first one back to its beginning."""
    before, after = beside(log, numbers)
    return np.where(before >= 0, before, after)


def _relative_place(log: CodedLog) -> npt.NDArray[np.float64]:
    lengths = np.repeat(log.lengths, log.lengths)
    place = np.arange(log.n_touchpoints) - np.repeat(log.first, log.lengths)
    return np.asarray(place / np.maximum(lengths - 1, 1), float)


def _mean_per_word(
    values: npt.NDArray[np.float64], codes: npt.NDArray[np.int32], breadth: int
) -> npt.NDArray[np.float64]:
    n = np.bincount(codes, minlength=breadth)
    return np.asarray(np.bincount(codes, weights=values, minlength=breadth) / np.maximum(n, 1), float)
