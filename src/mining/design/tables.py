"""The tables of a comparison: deviations, journeys with their verdicts, and where journeys stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._statistics import wilson
from mining.design.checks import holds_any
from mining.design.design import Design
from mining.design.findings import DEVIATIONS, Kind, Subject
from mining.journeys import Journeys

__all__ = ["VERDICTS", "Found", "deviation_table", "drop_off_table", "journey_table", "verdict_table"]

Integers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

VERDICTS: Final = ("conforming", "left early", "deviating", "still running")


@dataclass(frozen=True, eq=False)
class Found:
    """Everything found, as long columns: in which journey, about which subject, of which kind, how often."""

    journey: Integers
    subject: Integers
    kind: Integers
    times: Integers
    subjects: tuple[Subject, ...]
    n_due: Integers  # per subject: journeys in which it was due or happened
    n_channel_judged: Integers  # per step
    n_actor_judged: Integers  # per step
    n_wait_judged: Integers  # per step
    instead: pd.DataFrame  # step (its number), deviation, instead (the word that was met), n_journeys

    def without_flawed(self) -> Found:
        """Keep `as designed` only for steps about which nothing else was found in the same journey."""
        place = self.journey * len(self.subjects) + self.subject
        designed = self.kind == Kind.AS_DESIGNED
        return self._marked(~(designed & np.isin(place, place[~designed])))

    def _marked(self, mask: Marks) -> Found:
        return replace(
            self,
            journey=self.journey[mask],
            subject=self.subject[mask],
            kind=self.kind[mask],
            times=self.times[mask],
        )


def deviation_table(journeys: Journeys, design: Design, found: Found) -> pd.DataFrame:
    """Count journeys and customers per stage, step and deviation; see `Deviations.frame`."""
    n_kinds = len(DEVIATIONS)
    key = found.subject * n_kinds + found.kind
    keys, n_journeys = np.unique(key, return_counts=True)
    subject, kind = keys // n_kinds, keys % n_kinds
    of = found.n_due[subject]
    of[kind == Kind.ADDED] = len(journeys)
    judged_of = {
        Kind.WRONG_CHANNEL: found.n_channel_judged,
        Kind.WRONG_ACTOR: found.n_actor_judged,
        Kind.LATE: found.n_wait_judged,
    }
    for number, judged in judged_of.items():
        of[kind == number] = judged[subject[kind == number]]
    low, high = wilson(n_journeys, of)
    stage = np.array([each.stage for each in found.subjects], np.int64)[subject]
    frame = pd.DataFrame(
        {
            "stage": np.array([each.name for each in design.stages], object)[stage],
            "step": np.array([each.step for each in found.subjects], object)[subject],
            "deviation": np.array(DEVIATIONS, object)[kind],
            "n_journeys": n_journeys,
            "n_customers": _customers(journeys, found.journey, np.searchsorted(keys, key), len(keys)),
            "of_journeys": of,
            "share": n_journeys / of,
            "share_low": low,
            "share_high": high,
        }
    ).astype(dict.fromkeys(("stage", "step", "deviation"), "str"))
    # Steps in the order of the design, each with its deviations; what was added follows its stage, most frequent first.
    added = kind == Kind.ADDED
    order = np.lexsort((frame["step"], kind, np.where(added, -n_journeys, subject), added, stage))
    return frame.iloc[order].reset_index(drop=True)


def _customers(journeys: Journeys, journey: Integers, row: Integers, n_rows: int) -> Integers:
    log = journeys.log
    known = np.flatnonzero(log.codes["customer"] >= 0)
    customer = np.full(log.n_journeys, -1, np.int64)
    named, at = np.unique(log.journey_of[known], return_index=True)
    customer[named] = log.codes["customer"][known[at]]
    if len(known) == 0:  # where no customer is known, each journey stands for one, as in `Journeys.n_customers`
        customer = np.arange(log.n_journeys)
    who = customer[journey]
    breadth = int(customer.max(initial=0)) + 1
    pairs = np.unique(row[who >= 0] * breadth + who[who >= 0])
    return np.bincount(pairs // breadth, minlength=n_rows).astype(np.int64)


def journey_table(journeys: Journeys, found: Found, cost: Integers, ends: tuple[Marks, Marks]) -> pd.DataFrame:
    """Give each journey its verdict and its counts; see `Deviations.journeys`."""
    unfinished, can_end = ends
    n = len(journeys)
    counts = {
        kind: np.bincount(
            found.journey[found.kind == kind], weights=found.times[found.kind == kind], minlength=n
        ).astype(np.int64)
        for kind in Kind
    }
    as_designed_so_far = {Kind.AS_DESIGNED, Kind.NOT_REACHED}
    deviates = np.sum([counts[kind] for kind in Kind if kind not in as_designed_so_far], axis=0) > 0
    left = counts[Kind.NOT_REACHED] > 0
    verdict = np.select([deviates, left, unfinished & ~can_end], [2, 1, 3], 0)
    named = {f"n_{DEVIATIONS[kind].replace(' ', '_')}": counts[kind] for kind in Kind}
    frame = pd.DataFrame(
        {"verdict": np.array(VERDICTS, object)[verdict], "unfinished": unfinished, "cost": cost, **named},
        index=pd.Index(journeys.log.journey_ids, name="journey_id"),
    )
    return frame.astype({"verdict": "str"})


def verdict_table(table: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts; see `Deviations.verdicts`."""
    n = table["verdict"].value_counts().reindex(VERDICTS, fill_value=0).to_numpy(np.int64)
    low, high = wilson(n, len(table))
    return pd.DataFrame(
        {
            "verdict": pd.Series(VERDICTS, dtype="str"),
            "n_journeys": n,
            "of_journeys": len(table),
            "share": n / len(table),
            "share_low": low,
            "share_high": high,
        }
    )


def drop_off_table(log: CodedLog, design: Design, unfinished: Marks) -> pd.DataFrame:
    """Count, per stage, who comes in, goes on, may still go on, and stops; see `Deviations.drop_off`."""
    inside = np.stack(
        [
            log.any_in_journey(holds_any(log, [word for step in stage.steps for word in step.activities]))
            for stage in design.stages
        ]
    )
    # Whether any later stage is entered: a cumulative "or" from the last stage backwards, shifted by one.
    later = np.zeros_like(inside)
    later[:-1] = np.logical_or.accumulate(inside[::-1])[::-1][1:]
    stopped, running = inside & ~later & ~unfinished, inside & ~later & unfinished
    n_stopped, decided = stopped.sum(axis=1), (inside & ~running).sum(axis=1)
    low, high = wilson(n_stopped, decided)
    optional = [stage.optional or all(step.optional for step in stage.steps) for stage in design.stages]
    return pd.DataFrame(
        {
            "stage": pd.Series([stage.name for stage in design.stages], dtype="str"),
            "n_entered": inside.sum(axis=1),
            "n_onward": (inside & later).sum(axis=1),
            "n_running": running.sum(axis=1),
            "n_stopped": n_stopped,
            "of_journeys": decided,
            "share_stopped": n_stopped / np.where(decided > 0, decided, np.nan),
            "share_low": low,
            "share_high": high,
            "may_stop": [all(optional[at + 1 :]) for at in range(len(optional))],
        }
    )
