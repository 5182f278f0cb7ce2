"""Three steps of the inductive miner cost most of its time for nothing; while we mine, equal ones stand in for them.

pm4py counts successions by a call of `Counter.update` per pair and a pass over the log per activity; looking for what
is parallel, it seeks every pair of activities in a list, again from the start after every merge; and it goes through
the log once per parallel part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from threading import RLock
from typing import Any, Final

__all__ = ["quickened"]

_LOCK: Final = RLock()


@contextmanager
def quickened() -> Iterator[None]:
    """Let pm4py's inductive miner use our steps until we are done."""
    from pm4py.algo.discovery.inductive.cuts.concurrency import ConcurrencyCut, ConcurrencyCutUVCL
    from pm4py.util.compression import util

    with _LOCK:
        slow = util.discover_dfg_uvcl, vars(ConcurrencyCut)["holds"], vars(ConcurrencyCutUVCL)["project"]
        util.discover_dfg_uvcl = _successions
        ConcurrencyCut.holds, ConcurrencyCutUVCL.project = classmethod(_parallel), classmethod(_parted)
        try:
            yield
        finally:
            util.discover_dfg_uvcl, ConcurrencyCut.holds, ConcurrencyCutUVCL.project = slow


def _successions(log: Mapping[tuple[str, ...], int]) -> Any:
    """Count direct successions, starts and ends of variants."""
    from pm4py.objects.dfg.obj import DFG

    found = DFG()
    steps, starts, ends = found.graph, found.start_activities, found.end_activities
    for variant, n in log.items():
        if variant:
            starts[variant[0]] += n
            ends[variant[-1]] += n
            for step in pairwise(variant):
                steps[step] += n
    return found


def _parallel(_cut: type, log: Any, parameters: object = None) -> list[set[str]] | None:  # noqa: ARG001
    """Part the activities so that any two of different parts follow each other in both orders, if they can be parted.

    Every part has an activity that starts and one that ends; one that lacks them joins the part before it in the order
    of their sizes, or the next where there is none before.
    """
    starts, ends = set(log.dfg.start_activities), set(log.dfg.end_activities)
    kept: list[set[str]] = []
    waiting: set[str] = set()
    for part in sorted(_inseparable(log.dfg), key=len):
        whole = waiting | part
        waiting = set()
        if whole & starts and whole & ends:
            kept.append(whole)
        elif kept:
            kept[-1] |= whole
        else:
            waiting = whole
    return kept if len(kept) > 1 else None


def _parted(_cut: type, log: Any, parts: Sequence[set[str]], parameters: object = None) -> list[Any]:  # noqa: ARG001
    """Take every variant apart into what it has of each part."""
    from pm4py.algo.discovery.inductive.dtypes.im_ds import IMDataStructureUVCL

    part_of = {name: place for place, part in enumerate(parts) for name in part}
    logs: list[Counter[tuple[str, ...]]] = [Counter() for _ in parts]
    for variant, n in log.data_structure.items():
        taken: list[list[str]] = [[] for _ in parts]
        for name in variant:
            taken[part_of[name]].append(name)
        for counts, path in zip(logs, taken, strict=True):
            counts[tuple(path)] += n
    return [IMDataStructureUVCL(counts) for counts in logs]


def _inseparable(successions: Any) -> Sequence[set[str]]:
    """Put together what does not follow each other in both orders, parts in the order of their first activity."""
    steps = set(successions.graph)
    left = sorted(
        {name for step in steps for name in step} | {*successions.start_activities, *successions.end_activities}
    )
    parts = []
    while left:
        part, reached = {left[0]}, [left[0]]
        left = left[1:]
        while reached:
            one = reached.pop()
            apart = [other for other in left if (one, other) not in steps or (other, one) not in steps]
            part.update(apart)
            reached += apart
            left = [other for other in left if other not in part]
        parts.append(part)
    return parts
