"""Designs made of designs: with other names, or for one persona alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mining._alignments import Net
from mining._errors import DesignError
from mining.design.records import Stage, Step

if TYPE_CHECKING:
    from mining.design.design import Design

__all__ = ["narrowed", "relabelled"]

_SILENT: Final[tuple[None]] = (None,)


def relabelled(design: Design, names: Mapping[str, Sequence[str]]) -> Design:
    """Give words other names; one with several becomes a step with alternatives, one with none is taken out.

    See `Design.relabel`.
    """
    if all(not names.get(word, [word]) for word in design.activities):
        raise DesignError(f"Nothing is left of the design '{design.name}'. Match some of its words with activities.")
    if design.drawn is not None:
        return _redrawn(design, names)
    stages = tuple(
        stage._replace(steps=tuple(_renamed(step, names) for step in stage.steps if _is_recorded(step, names)))
        for stage in design.stages
    )
    stages = tuple(stage for stage in stages if stage.steps)
    left = {step.name for stage in stages for step in stage.steps}
    stages = tuple(stage._replace(steps=tuple(_promised(step, left) for step in stage.steps)) for stage in stages)
    words = [word for stage in stages for step in stage.steps for word in step.activities]
    twice = next((word for at, word in enumerate(words) if word in words[:at]), None)
    if twice is not None:
        raise DesignError(f"Two steps would both be '{twice}'. A step is named once: match only one of them with it.")
    return replace(design, stages=stages, ignore=tuple(word for word in design.ignore if word not in words))


def _is_recorded(step: Step, names: Mapping[str, Sequence[str]]) -> bool:
    return any(names.get(word, [word]) for word in step.activities)


def _renamed(step: Step, names: Mapping[str, Sequence[str]]) -> Step:
    words = list(dict.fromkeys(new for word in step.activities for new in names.get(word, [word])))
    after = None if step.after is None else next(iter(names.get(step.after, [step.after])), None)
    within = step.within if after is not None else None
    return step._replace(name=words[0], instead=tuple(words[1:]), after=after, within=within)


def _redrawn(design: Design, names: Mapping[str, Sequence[str]]) -> Design:
    from mining.design.drawn import Drawn
    from mining.design.reading import drawn_design

    net = design.net
    steps = [
        step._replace(label=new)
        for step in net.transitions
        for new in (step.label is not None and names.get(step.label, [step.label])) or _SILENT
    ]
    owned: dict[str, list[str]] = {}
    for stage in design.stages:
        for step in stage.steps:
            for word in names.get(step.name, [step.name]):
                owned.setdefault(word, []).extend([step.owner] if step.owner else [])
    owners = {word: ", ".join(dict.fromkeys(who)) for word, who in owned.items() if who}
    made = drawn_design(
        Drawn(design.name, Net(net.n_places, tuple(steps), net.initial, net.final), owners, has_inclusive=True)
    )
    return replace(made, case=design.case, ignore=design.ignore, others_ignored=design.others_ignored)


def narrowed(design: Design, persona: str) -> Design:
    """Leave out what is meant for other personas; see `Design.of`."""
    stages = tuple(_for(stage, persona) for stage in design.stages if _is_for(stage, persona))
    stages = tuple(stage for stage in stages if stage.steps)
    kept = {step.name for stage in stages for step in stage.steps}
    stages = tuple(stage._replace(steps=tuple(_promised(step, kept) for step in stage.steps)) for stage in stages)
    left = {word for stage in stages for step in stage.steps for word in step.activities}
    if not stages:
        raise DesignError(f"The design '{design.name}' has no step for '{persona}'.")
    # What is meant for others is unplanned here, not unspoken of.
    if left != set(design.activities) and design.others_ignored:
        raise DesignError("A design that ignores all other activities cannot be narrowed to a persona.")
    return replace(design, name=f"{design.name}: {persona}", stages=stages)


def _is_for(part: Stage | Step, persona: str) -> bool:
    return not part.personas or persona in part.personas


def _for(stage: Stage, persona: str) -> Stage:
    steps = tuple(step._replace(personas=()) for step in stage.steps if _is_for(step, persona))
    return stage._replace(steps=steps, personas=())


def _promised(step: Step, kept: set[str]) -> Step:
    return step if step.after is None or step.after in kept else step._replace(within=None, after=None)
