"""What order alone does not tell: the channel of a step, who did it, and how long it was waited for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._fields import VOCABULARIES
from mining.design.records import TEAM, Step

__all__ = [
    "Judged",
    "Waits",
    "holds_any",
    "joined",
    "judge_actors",
    "judge_channels",
    "judge_waits",
    "measure_promised",
]

Integers = npt.NDArray[np.int64]
_UNJUDGED = ("unknown",)


class Judged(NamedTuple):
    """Each time a step could be judged: in which journey, which step, whether it went wrong, and the word that was met.

    Waits have no word (-1).
    """

    journey: Integers
    step: Integers
    wrong: npt.NDArray[np.bool_]
    word: Integers


class Waits(NamedTuple):
    """The waits for one step: one per time its clock started."""

    journey: Integers
    micros: Integers  # until the step, or until the end of observation
    answered: npt.NDArray[np.bool_]


def judge_channels(log: CodedLog, matched: Integers, steps: Sequence[Step]) -> Judged:
    """Judge the channel of each touchpoint that matches a step which prescribes channels; unknown ones are left out."""
    return _judged_words(log, matched, "channel", [step.channels for step in steps])


def judge_actors(log: CodedLog, matched: Integers, steps: Sequence[Step]) -> dict[str, Judged]:
    """Judge who acted, where a step prescribes a kind of actor, a department or a team and the log tells it.

    Returns
    -------
    dict of str to Judged
        By the field that was looked at: actor_kind, department, team.
    """
    wanted = [
        (None if step.actor is None else _field_of(step.actor), (step.actor or "").removeprefix(TEAM)) for step in steps
    ]
    return {
        field: _judged_words(log, matched, field, [(word,) if of == field else () for of, word in wanted])
        for field in ("actor_kind", "department", "team")
    }


def _field_of(actor: str) -> str:
    return "team" if actor.startswith(TEAM) else "actor_kind" if actor in VOCABULARIES["actor_kind"] else "department"


def joined(parts: Iterable[Judged]) -> Judged:
    """Put judgements of several kinds one after the other; their words are of different vocabularies, and get lost."""
    held = list(parts)
    journey, step, wrong = (np.concatenate([part[place] for part in held]) for place in range(3))
    return Judged(journey, step, wrong, np.full(len(journey), -1))


def _judged_words(log: CodedLog, matched: Integers, field: str, wanted: Sequence[tuple[str, ...]]) -> Judged:
    words = [str(word) for word in log.words[field]]
    allowed = np.array([[word in given for word in words] for given in wanted], bool).reshape(len(wanted), -1)
    known = np.array([word not in _UNJUDGED for word in words] + [False], bool)
    prescribed = np.array([bool(given) for given in wanted] + [False], bool)
    at = np.flatnonzero(prescribed[matched] & known[log.codes[field]])
    met = log.codes[field][at]
    return Judged(log.journey_of[at], matched[at], ~allowed[matched[at], met], met.astype(np.int64))


def measure_promised(log: CodedLog, step: Step, start: Step, until: int) -> Waits:
    """Measure the waits from one step to another.

    The clock starts with the first touchpoint of `start` that is not yet answered (when it ends, where that is known)
    and stops at the next touchpoint of `step`.

    Parameters
    ----------
    log : CodedLog
        The linked log.
    step, start : Step
        What is waited for, and since what.
    until : int
        End of observation, in microseconds since 1970.

    Returns
    -------
    Waits
        In the order of the log.
    """
    starts, stops = holds_any(log, start.activities), holds_any(log, step.activities)
    at = np.flatnonzero(starts | stops)
    journey, is_start = log.journey_of[at], starts[at]
    goes_on = np.zeros(len(at), bool)
    goes_on[1:] = is_start[:-1] & (journey[1:] == journey[:-1])
    begun = np.flatnonzero(is_start & ~goes_on)
    ended = np.append(np.flatnonzero(~is_start & goes_on), len(at))
    end = ended[np.searchsorted(ended, begun)]
    # Between one start and the next in the same journey there is always a stop, so that only the journey is compared.
    answered = np.append(journey, -1)[end] == journey[begun]
    stop = np.append(log.time[at], until)[np.where(answered, end, len(at))]
    return Waits(journey[begun], np.maximum(stop - log.end_time[at[begun]], 0), answered)


def judge_waits(log: CodedLog, steps: Sequence[Step], until: int, awaited: npt.NDArray[np.bool_]) -> Judged:
    """Judge each wait that is promised to end in time.

    A wait that goes on when observation ends is known to be late where it is too long already, and is left out (it is
    censored) where it is not; where the step is no longer awaited it was never going to be met, which is no lateness.

    Parameters
    ----------
    log : CodedLog
        The linked log.
    steps : sequence of Step
        All steps.
    until : int
        End of observation, in microseconds since 1970.
    awaited : ndarray of bool, journeys x steps
        Whether the step may still come.
    """
    named = {step.name: step for step in steps}
    parts = [
        _judged(measure_promised(log, step, named[step.after], until), step, at, awaited[:, at])
        for at, step in enumerate(steps)
        if step.after is not None
    ]
    none = np.zeros(0, np.int64)
    empty = Judged(none, none, np.zeros(0, bool), none)
    return Judged(*(np.concatenate(column) for column in zip(empty, *parts, strict=True)))


def _judged(waits: Waits, step: Step, number: int, awaited: npt.NDArray[np.bool_]) -> Judged:
    late = waits.micros > (step.within or pd.Timedelta(0)) // pd.Timedelta(microseconds=1)
    judged = waits.answered | (awaited[waits.journey] & late)
    journey = waits.journey[judged]
    return Judged(journey, np.full(len(journey), number, np.int64), late[judged], np.full(len(journey), -1))


def holds_any(log: CodedLog, activities: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Tell, per touchpoint, whether its activity is one of these."""
    marked = np.isin(log.words["activity"].astype(str), list(activities))
    return np.asarray(np.append(marked, False)[log.codes["activity"]])
