"""The question how the journeys that customers take differ from the one we designed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._alignments import Alignments, align
from mining._engine import CodedLog, variants
from mining._errors import MiningError
from mining.design.checks import Judged, holds_any, joined, judge_actors, judge_channels, judge_waits
from mining.design.design import Design
from mining.design.deviations import Deviations
from mining.design.findings import Kind, PathFindings, Subjects, explain
from mining.design.tables import Found, deviation_table, drop_off_table, journey_table
from mining.journeys import Journeys

__all__ = ["compare"]

Integers = npt.NDArray[np.int64]


def compare(
    journeys: Journeys,
    design: Design,
    *,
    unfinished_within: str | pd.Timedelta | None = None,
    at_once: str | pd.Timedelta | None = None,
) -> Deviations:
    """Compare journeys with a design.

    Touchpoints of activities that the design ignores are passed over. Every distinct path is aligned with the design
    at the least cost (exactly); what the alignment shows is then named: steps skipped, not reached, out of order,
    repeated, and activities added. Channels are checked on touchpoints that match a step, promised times on all of
    them. Journeys that may still be running are aligned as beginnings: steps they have not come to are not held against
    them. A journey that stopped for good before a step did not reach it; one that went past it skipped it.

    Parameters
    ----------
    journeys : Journeys
        Journeys, at best under the design's case notion.
    design : Design
        The designed journey.
    unfinished_within : str or Timedelta, optional
        A journey without final outcome whose last touchpoint lies so close to the end of observation may still be
        running. Without it that is estimated (`Journeys.unfinished`).
    at_once : str or Timedelta, optional
        Touchpoints that follow each other within this span (``"2s"``) happened at once: nobody can say which came
        first, and the order of the design is taken. Systems write several records of one act in any order. Without it
        the order is that of the log.

    Returns
    -------
    Deviations
        Tables of deviations, verdicts and drop-off, each share with its denominator and interval.

    Raises
    ------
    MiningError
        Where there are no journeys, none of the design's activities occurs in them, or the design has too many states
        to be aligned exactly.

    References
    ----------
    Adriansyah, A. (2014). Aligning observed and modeled behavior.
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    """
    if len(journeys) == 0:
        raise MiningError.empty("The comparison", "there are no journeys.")
    if not set(design.activities) & set(journeys.activities):
        raise MiningError.empty(
            "The comparison",
            "no journey has any of the design's activities. `design.check(journeys)` shows both sides. The design has: "
            f"{', '.join(design.activities[:12])}.",
        )
    unfinished = journeys.unfinished(unfinished_within)
    log = journeys.log if at_once is None else _in_order_of(journeys.log, design, pd.Timedelta(at_once))
    walked = _walk(log, design, unfinished)
    found = _found(journeys, design, walked, unfinished)
    table = journey_table(journeys, found, walked.cost, (unfinished, walked.can_end))
    return Deviations(
        frame=deviation_table(journeys, design, found),
        journeys=table,
        drop_off=drop_off_table(journeys.log, design, unfinished),
        design=design,
        log=walked.log,
        compared=journeys,
        found=found,
        case=journeys.case,
        n_customers=journeys.n_customers,
    )


class _Walked(NamedTuple):
    """Journeys without what the design ignores, and what holds for the path of each."""

    log: CodedLog
    rank: Integers  # of each journey that is left in `log`, its place among all
    position: Integers  # of each path, where its touchpoints start in `matched`
    matched: Integers
    path_of: Integers  # of each journey, its path (a sequence, as a whole or as a beginning)
    findings: tuple[Integers, Integers, Integers, Integers]  # path, subject, kind, how often
    subjects: Subjects
    cost: Integers  # of each journey
    can_end: npt.NDArray[np.bool_]  # whether each journey, ending where it is, went as designed

    @property
    def matched_step(self) -> Integers:
        """The step that each touchpoint of `log` matches, -1 for none."""
        log = self.log
        inside = np.arange(log.n_touchpoints) - np.repeat(log.first, log.lengths)
        start = np.repeat(self.position[self.path_of[self.rank]], log.lengths)
        return np.asarray(self.matched[start + inside], np.int64)


def _walk(log: CodedLog, design: Design, unfinished: npt.NDArray[np.bool_]) -> _Walked:
    ignored = holds_any(log, design.ignored(map(str, log.words["activity"])))
    rank = np.unique(log.journey_of[~ignored])
    spoken = log.take(np.flatnonzero(~ignored))
    frame, variant_of = variants(spoken)
    paths = [*frame["variant"], ()]  # the empty one is that of journeys of which the design ignores everything
    variant = np.full(log.n_journeys, len(paths) - 1, np.int64)
    variant[rank] = variant_of
    alignments = align(design.net, paths)
    shapes, path_of = np.unique(variant * 2 + unfinished, return_inverse=True)
    subjects = Subjects(design)
    explained = [_explained(alignments, int(shape), subjects) for shape in shapes]
    lengths = np.array([len(each.steps) for each in explained], np.int64)
    rows = [(at, *counted) for at, each in enumerate(explained) for counted in each.counted()]
    path, subject, kind, times = np.array(rows, np.int64).reshape(-1, 4).T
    return _Walked(
        log=spoken,
        rank=rank,
        position=np.cumsum(lengths) - lengths,
        matched=np.array([step for each in explained for step in each.steps], np.int64),
        path_of=path_of,
        findings=(path, subject, kind, times),
        subjects=subjects,
        cost=np.where(unfinished, alignments.prefix_cost[variant], alignments.cost[variant]),
        can_end=alignments.cost[variant] == 0,
    )


def _in_order_of(log: CodedLog, design: Design, span: pd.Timedelta) -> CodedLog:
    """Let what happens at once come in the order of the design; what it does not have comes last."""
    number = {step.name: place for place, step in enumerate(design.steps)}
    words = [number.get(design.step_of.get(str(word), ""), len(number)) for word in log.words["activity"]]
    later = np.diff(log.time, prepend=0) > span // pd.Timedelta(microseconds=1)
    later[log.first] = True
    step = np.array([*words, len(number)])[log.codes["activity"]]
    return log.take(np.lexsort((np.arange(log.n_touchpoints), step, np.cumsum(later))))


def _explained(alignments: Alignments, shape: int, subjects: Subjects) -> PathFindings:
    variant, unfinished = divmod(shape, 2)
    return explain(alignments.prefix_moves(variant) if unfinished else alignments.moves(variant), subjects)


def _found(journeys: Journeys, design: Design, walked: _Walked, unfinished: npt.NDArray[np.bool_]) -> Found:
    journey, subject, kind, times = _per_journey(walked)
    channels = judge_channels(walked.log, walked.matched_step, design.steps)
    acted = judge_actors(walked.log, walked.matched_step, design.steps)
    actors = joined(acted.values())
    passed = np.zeros((len(journeys), len(design.steps)), bool)
    gone = np.isin(kind, [Kind.SKIPPED, Kind.OUT_OF_ORDER])
    passed[journey[gone], subject[gone]] = True
    awaited = unfinished[:, None] & ~passed
    until = int(journeys.observed_until.value // 1_000)  # `value` is in nanoseconds whatever the unit
    waits = judge_waits(walked.log, design.steps, until, awaited[walked.rank])
    parts = [(journey, subject, kind, times)]
    for judged, number in ((channels, Kind.WRONG_CHANNEL), (actors, Kind.WRONG_ACTOR), (waits, Kind.LATE)):
        parts.append(_wrong(judged, int(number), walked.rank, len(design.steps)))
    columns = tuple(np.concatenate(column) for column in zip(*parts, strict=True))
    return Found(
        journey=columns[0],
        subject=columns[1],
        kind=columns[2],
        times=columns[3],
        subjects=tuple(walked.subjects.known),
        n_due=_distinct(journey, subject, len(walked.subjects.known)),
        n_channel_judged=_distinct(channels.journey, channels.step, len(design.steps)),
        n_actor_judged=_distinct(actors.journey, actors.step, len(design.steps)),
        n_wait_judged=_distinct(waits.journey, waits.step, len(design.steps)),
        instead=pd.concat(
            [_instead(walked.log, judged, field) for field, judged in {"channel": channels, **acted}.items()]
        ),
    ).without_flawed()


def _per_journey(walked: _Walked) -> tuple[Integers, Integers, Integers, Integers]:
    path, subject, kind, times = walked.findings
    start, stop = (np.searchsorted(path, walked.path_of, side=side) for side in ("left", "right"))
    n = stop - start
    inside = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    at = np.repeat(start, n) + inside
    return np.repeat(np.arange(len(walked.path_of)), n), subject[at], kind[at], times[at]


def _wrong(judged: Judged, kind: int, rank: Integers, n_steps: int) -> tuple[Integers, Integers, Integers, Integers]:
    key = rank[judged.journey[judged.wrong]] * n_steps + judged.step[judged.wrong]
    distinct, times = np.unique(key, return_counts=True)
    return distinct // n_steps, distinct % n_steps, np.full(len(distinct), kind, np.int64), times.astype(np.int64)


def _instead(log: CodedLog, judged: Judged, field: str) -> pd.DataFrame:
    """Count, per step, the journeys in which it was another channel or actor, word by word."""
    wrong = pd.DataFrame({"journey": judged.journey, "step": judged.step, "word": judged.word})[judged.wrong]
    counted = wrong.drop_duplicates().groupby(["step", "word"], as_index=False).size()
    words = log.words[field][counted["word"].to_numpy(np.int64)] if len(counted) else []
    kind = "wrong channel" if field == "channel" else "wrong actor"
    return pd.DataFrame({"step": counted["step"], "deviation": kind, "instead": words, "n_journeys": counted["size"]})


def _distinct(journey: Integers, number: Integers, breadth: int) -> Integers:
    pairs = np.unique(journey * breadth + number)
    return np.bincount(pairs % breadth, minlength=breadth).astype(np.int64)
