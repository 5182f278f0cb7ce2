"""A repaired design: the few changes after which most journeys conform, each tried out before it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from mining._alignments import Net, Transition
from mining._errors import DesignError
from mining.design.findings import DEVIATIONS, Kind
from mining.design.records import Stage, Step

if TYPE_CHECKING:
    from mining.design.design import Design
    from mining.design.deviations import Deviations

__all__ = ["Repairs", "find_repairs"]

_TRIED: Final = 4  # changes that look best are tried out by comparing anew, of which the best is taken


@dataclass(frozen=True, eq=False, repr=False)
class Repairs:
    """Changes to a design, in the order of their gain.

    Attributes
    ----------
    frame : DataFrame
        One row per change, each on top of those before: change, stage, step, n_conforming (journeys that deviate from
        nothing then), of_journeys, share, gain (further journeys that conform).
    design : Design
        The design with all of them.
    n_before : int
        Journeys that deviate from nothing in the design as it is.
    """

    frame: pd.DataFrame
    design: Design
    n_before: int

    def __repr__(self) -> str:
        after = int(self.frame["n_conforming"].iloc[-1]) if len(self.frame) else self.n_before
        changes = f"{len(self.frame)} changes; {self.n_before:,} journeys deviate from nothing"
        return f"<Repairs: {changes}, with them {after:,}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.frame.round(3).to_html(index=False, border=0)}"


class _Change(NamedTuple):
    """What could be allowed, and the findings it would settle."""

    text: str
    stage: str
    step: str
    settles: tuple[tuple[int, int], ...]  # (subject, kind)
    make: Callable[[Design], Design]


def find_repairs(gaps: Deviations, n: int) -> Repairs:
    """Find changes greedily: what settles most journeys by itself is tried out, and what helps most is taken.

    Whether a step may be left out, may come again, may happen in another channel or be done by another, or in any order
    within its stage; and whether an activity is taken into the design where it mostly happens. A change is only told
    with the gain that comparing anew shows. Promised times are not touched.

    Parameters
    ----------
    gaps : Deviations
        What `compare` found.
    n : int
        How many changes at most.

    Returns
    -------
    Repairs
        Fewer where nothing more helps.

    References
    ----------
    Fahland, D., van der Aalst, W. M. P. (2015). Model repair: aligning process models to reality.
    """
    current, rows = gaps, []
    before = _conforming(gaps)
    now = before
    for _ in range(n):
        best: tuple[int, _Change, Deviations] | None = None
        for change in _promising(current)[:_TRIED]:
            tried = _tried(current, change)
            if tried is not None and _conforming(tried) > (best[0] if best else now):
                best = _conforming(tried), change, tried
        if best is None:
            break
        reached, change, current = best
        rows.append(
            (change.text, change.stage, change.step, reached, gaps.n_journeys, reached / gaps.n_journeys, reached - now)
        )
        now = reached
    names = ["change", "stage", "step", "n_conforming", "of_journeys", "share", "gain"]
    return Repairs(pd.DataFrame(rows, columns=names), current.design, before)


def _conforming(gaps: Deviations) -> int:
    return int((gaps.journeys["verdict"] != "deviating").sum())


def _tried(gaps: Deviations, change: _Change) -> Deviations | None:
    from mining.design.compare import compare

    try:
        return compare(gaps.compared, change.make(gaps.design))
    except DesignError:  # too many states to be aligned exactly: not a change to advise
        return None


def _promising(gaps: Deviations) -> list[_Change]:
    """Order the possible changes by the journeys that each settles alone, then by all it takes part in."""
    found = gaps.found
    bad = ~np.isin(found.kind, [Kind.AS_DESIGNED, Kind.NOT_REACHED])
    n_kinds = len(DEVIATIONS)
    key = found.subject[bad] * n_kinds + found.kind[bad]
    pairs = np.unique(found.journey[bad] * (len(found.subjects) * n_kinds) + key)
    journey, key = np.divmod(pairs, len(found.subjects) * n_kinds)
    faults = np.bincount(journey, minlength=gaps.n_journeys)
    scored = []
    for change in _changes(gaps, set(np.unique(key).tolist())):
        settled = np.isin(key, [subject * n_kinds + kind for subject, kind in change.settles])
        own = np.bincount(journey[settled], minlength=gaps.n_journeys)
        alone = int(((own == faults) & (faults > 0)).sum())
        part = float((own[own > 0] / faults[own > 0]).sum())
        scored.append((-alone, -part, change.text, change.step, change))
    return [change for *_, change in sorted(scored, key=lambda each: each[:4])]


def _changes(gaps: Deviations, there: set[int]) -> list[_Change]:
    design, n_kinds, found = gaps.design, len(DEVIATIONS), []
    for subject, each in enumerate(gaps.found.subjects):
        stage = design.stages[each.stage]
        for kind in (Kind.SKIPPED, Kind.REPEATED, Kind.OUT_OF_ORDER, Kind.WRONG_CHANNEL, Kind.WRONG_ACTOR, Kind.ADDED):
            if subject * n_kinds + kind not in there:
                continue
            built = _change(gaps, stage, each.step, kind)
            if built is not None:
                text, make = built
                same = tuple(
                    (other, int(kind)) for other, one in enumerate(gaps.found.subjects)
                    if (one.stage == each.stage if kind == Kind.OUT_OF_ORDER else other == subject)
                )  # fmt: skip
                found.append(_Change(text, stage.name, each.step, same, make))
    seen: set[tuple[str, str, str]] = set()
    unique = []
    for change in found:
        name = (change.text, change.stage, "" if change.text == _ANY_ORDER else change.step)
        if name not in seen:
            seen.add(name)
            unique.append(change)
    return unique


_ANY_ORDER: Final = "allow any order within the stage"
_ALLOWED: Final[dict[Kind, tuple[str, dict[str, Any]]]] = {
    Kind.SKIPPED: ("make the step optional", {"optional": True}),
    Kind.REPEATED: ("let the step be repeated", {"repeatable": True}),
    Kind.WRONG_CHANNEL: ("allow every channel", {"channels": ()}),
    Kind.WRONG_ACTOR: ("let anybody do it", {"actor": None}),
}


def _change(gaps: Deviations, stage: Stage, step: str, kind: Kind) -> tuple[str, Callable[[Design], Design]] | None:
    if kind in _ALLOWED:
        text, changed = _ALLOWED[kind]
        return text, _with_step(stage.name, step, **changed)
    if kind == Kind.ADDED:
        if step in gaps.design.activities:
            return None
        new = Step(step, optional=True, repeatable=True)
        return "take the activity in, optional and repeatable, in any order", _taking_in(stage.name, new)
    return None if stage.order == "any" else (_ANY_ORDER, _with_stage(stage.name, order="any"))


def _with_stage(name: str, **changed: Any) -> Callable[[Design], Design]:
    def make(design: Design) -> Design:
        stages = tuple(stage._replace(**changed) if stage.name == name else stage for stage in design.stages)
        return replace(design, stages=stages)

    return make


def _with_step(stage_name: str, name: str, **changed: Any) -> Callable[[Design], Design]:
    def make(design: Design) -> Design:
        stages = []
        for stage in design.stages:
            steps = tuple(
                step._replace(**changed) if stage.name == stage_name and step.name == name else step
                for step in stage.steps
            )
            stages.append(stage._replace(steps=steps))
        return replace(design, stages=tuple(stages), drawn=_redrawn(design.drawn, name, changed))

    return make


def _redrawn(net: Net | None, label: str, changed: dict[str, Any]) -> Net | None:
    """Change a net that was drawn in the same way: a way around a step, or back to it."""
    if net is None:
        return None
    own = [step for step in net.transitions if step.label == label]
    more = [Transition(None, step.before, step.after) for step in own if "optional" in changed]
    more += [Transition(label, step.after, step.after) for step in own if "repeatable" in changed]
    return replace(net, transitions=(*net.transitions, *more))


def _taking_in(stage_name: str, new: Step) -> Callable[[Design], Design]:
    def make(design: Design) -> Design:
        stages = tuple(
            stage._replace(steps=(*stage.steps, new), order="any") if stage.name == stage_name else stage
            for stage in design.stages
        )
        return replace(design, stages=stages)

    return make
