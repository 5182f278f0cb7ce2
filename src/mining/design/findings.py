"""What an alignment says about a path: which steps went as designed, and how the others did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from mining._alignments import Move
from mining.design.design import Design

__all__ = ["DEVIATIONS", "Kind", "PathFindings", "Subject", "Subjects", "explain"]

DEVIATIONS: Final = (
    "as designed",
    "skipped",
    "not reached",
    "out of order",
    "repeated",
    "wrong channel",
    "wrong actor",
    "late",
    "added",
)


class Kind(IntEnum):
    """Numbers of the deviations, in the order of `DEVIATIONS`."""

    AS_DESIGNED = 0
    SKIPPED = 1
    NOT_REACHED = 2
    OUT_OF_ORDER = 3
    REPEATED = 4
    WRONG_CHANNEL = 5
    WRONG_ACTOR = 6
    LATE = 7
    ADDED = 8


class Subject(NamedTuple):
    """What a finding is about: a step of the design, or an activity that was added in a stage."""

    stage: int
    step: str


class Subjects:
    """Numbers for subjects: the steps of the design first, then what was added, as it comes up."""

    def __init__(self, design: Design) -> None:
        self.known: list[Subject] = [
            Subject(at, step.name) for at, stage in enumerate(design.stages) for step in stage.steps
        ]
        self.n_steps = len(self.known)
        number = {subject.step: at for at, subject in enumerate(self.known)}
        self.step_of: dict[str, int] = {word: number[step] for word, step in design.step_of.items()}
        self._added: dict[Subject, int] = {}

    def added(self, stage: int, activity: str) -> int:
        """Give the number of an activity that happens in a stage without being designed."""
        subject = Subject(stage, activity)
        if subject not in self._added:
            self._added[subject] = len(self.known)
            self.known.append(subject)
        return self._added[subject]


class PathFindings(NamedTuple):
    """What holds for every journey on a path."""

    found: Counter[tuple[int, int]]  # (subject, kind): how often
    steps: tuple[int, ...]  # per touchpoint the step that it matches, -1 for none

    def counted(self) -> Iterator[tuple[int, int, int]]:
        """Give subject, kind and how often, in a stable order."""
        return ((subject, kind, n) for (subject, kind), n in sorted(self.found.items()))


def explain(moves: Sequence[Move], subjects: Subjects) -> PathFindings:
    """Name what an alignment shows.

    A step that only the model makes was skipped where a later touchpoint matches the design, and not reached where
    none does. A touchpoint of a step that does not match there is out of order where the step is missing in its place
    (or was not asked for at all), and a repetition where the step has been met. Other touchpoints were added.
    """
    step_of = [subjects.step_of.get(move.activity, -1) for move in moves]
    met, missed, astray = (_counted(moves, step_of, kind) for kind in ("sync", "model", "log"))
    last = max((at for at, move in enumerate(moves) if move.kind == "sync"), default=-1)
    moved = {step: min(missed[step], astray[step]) for step in missed}
    found: Counter[tuple[int, int]] = Counter((step, Kind.AS_DESIGNED) for step in met)
    stage = 0
    for at, (move, step) in enumerate(zip(moves, step_of, strict=True)):
        if move.kind == "sync":
            stage = subjects.known[step].stage
        elif move.kind == "log" and step < 0:
            found[subjects.added(stage, move.activity), Kind.ADDED] += 1
        elif move.kind == "model" and moved[step] > 0:
            moved[step] -= 1
        elif move.kind == "model":
            found[step, Kind.SKIPPED if at < last else Kind.NOT_REACHED] += 1
    for step, n in astray.items():
        displaced = min(n, missed[step]) or (0 if met[step] else 1)
        found.update({(step, Kind.OUT_OF_ORDER): displaced, (step, Kind.REPEATED): n - displaced})
    matched = (step if move.kind == "sync" else -1 for move, step in _touchpoints(moves, step_of))
    return PathFindings(+found, tuple(matched))


def _counted(moves: Sequence[Move], step_of: Sequence[int], kind: str) -> Counter[int]:
    return Counter(step for move, step in zip(moves, step_of, strict=True) if move.kind == kind and step >= 0)


def _touchpoints(moves: Sequence[Move], step_of: Sequence[int]) -> Iterable[tuple[Move, int]]:
    return ((move, step) for move, step in zip(moves, step_of, strict=True) if move.kind != "model")
