"""Check the words of a designed journey and build its records; each thing wrong has its own message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from mining._durations import duration
from mining._errors import DesignError, MiningError, nearest
from mining._fields import CASES, VOCABULARIES
from mining.design.records import TEAM, Stage, Step

__all__ = ["build_stages", "is_ignored", "read_case", "read_ignored", "read_others", "read_top"]

_TOP = ("name", "case", "stages", "rules", "ignore", "others")
_STAGE = ("stage", "owner", "optional", "repeatable", "order", "personas", "steps")
_STEP = ("step", "instead", "channels", "actor", "owner", "optional", "repeatable", "within", "after", "personas")
_OTHERS = ("added", "ignored")


def read_top(document: object) -> Mapping[str, Any]:
    """Check that a document is a design and knows no other words."""
    return _pairs(document, "The design", _TOP)


def read_case(top: Mapping[str, Any]) -> str:
    """Read the case notion, customer where none is said."""
    return _one_of(_word(top, "case", "The design") or "customer", CASES, "case notion")


def read_others(top: Mapping[str, Any]) -> bool:
    """Tell whether activities that the design does not speak of are ignored: rules ignore them, stages do not."""
    word = _word(top, "others", "The design") or ("added" if top.get("stages") else "ignored")
    return is_ignored(word)


def is_ignored(word: str) -> bool:
    """Read `added` or `ignored`."""
    return _one_of(word, _OTHERS, "way to take other activities") == "ignored"


def read_ignored(top: Mapping[str, Any], stages: Sequence[Stage]) -> tuple[str, ...]:
    """Read the activities that the design does not speak of."""
    ignored = _words(top.get("ignore"), "ignore")
    both = sorted(set(ignored) & {word for stage in stages for step in stage.steps for word in step.activities})
    if both:
        raise DesignError(f"'{both[0]}' is a step and is ignored. Keep it in one of the two places.")
    return ignored


def build_stages(top: Mapping[str, Any]) -> tuple[Stage, ...]:
    """Build all stages and check what only shows when they stand together."""
    given = top.get("stages")
    if not isinstance(given, list | tuple) or not given:
        raise DesignError("The design has no stages. Write `stages:` with at least one `- stage:` that has `steps:`.")
    stages = _with_starts([_stage(entry, place) for place, entry in enumerate(given, start=1)])
    _unique([stage.name for stage in stages], "stage")
    _unique([word for stage in stages for step in stage.steps for word in step.activities], "step")
    return stages


def _stage(entry: object, place: int) -> Stage:
    pairs = _pairs(entry, f"Stage {place}", _STAGE)
    name = _named(pairs, "stage", f"Stage {place}")
    at = f"Stage '{name}'"
    steps = pairs.get("steps")
    if not isinstance(steps, list | tuple) or not steps:
        raise DesignError(f"{at} has no steps. Give it at least one `- step:` or take it out.")
    return Stage(
        name=name,
        steps=tuple(_step(step, f"{at}, step {number}") for number, step in enumerate(steps, start=1)),
        owner=_word(pairs, "owner", at) or None,
        optional=_truth(pairs, "optional", at),
        repeatable=_truth(pairs, "repeatable", at),
        order=_order(pairs, at),
        personas=_words(pairs.get("personas"), f"{at}, personas"),
    )


def _order(pairs: Mapping[str, Any], at: str) -> Literal["given", "any"]:
    word = _word(pairs, "order", at) or "given"
    if word not in {"given", "any"}:
        raise DesignError(f"{at} has the order '{word}'.{nearest(word, ['given', 'any'])} Write given or any.")
    return "any" if word == "any" else "given"


def _step(entry: object, place: str) -> Step:
    pairs = _pairs({"step": entry} if isinstance(entry, str) else entry, place, _STEP)
    name = _named(pairs, "step", place)
    at = f"Step '{name}'"
    channels = _words(pairs.get("channels"), f"{at}, channels")
    actor = _word(pairs, "actor", at) or None
    within = _span(pairs, at)
    after = _word(pairs, "after", at) or None
    if after is not None and within is None:
        raise DesignError(f"{at} says `after` but not `within` which time. Add `within: 48h` or take `after` out.")
    return Step(
        name=name,
        instead=_words(pairs.get("instead"), f"{at}, instead"),
        channels=tuple(_one_of(channel, VOCABULARIES["channel"], "channel") for channel in channels),
        actor=None if actor is None else _actor(actor),
        optional=_truth(pairs, "optional", at),
        repeatable=_truth(pairs, "repeatable", at),
        within=within,
        after=after,
        owner=_word(pairs, "owner", at) or None,
        personas=_words(pairs.get("personas"), f"{at}, personas"),
    )


def _with_starts(stages: list[Stage]) -> tuple[Stage, ...]:
    names = [step.name for stage in stages for step in stage.steps]
    before: str | None = None
    done = []
    for stage in stages:
        steps = []
        for step in stage.steps:
            steps.append(step if step.within is None else _started(step, stage, names, before))
            before = step.name
        done.append(stage._replace(steps=tuple(steps)))
    return tuple(done)


def _started(step: Step, stage: Stage, names: list[str], before: str | None) -> Step:
    at = f"Step '{step.name}'"
    if step.after is None and stage.order == "any":
        raise DesignError(f"{at} stands in a stage of any order: say `after` which step its `within` counts from.")
    after = step.after or before
    if after is None:
        raise DesignError(f"{at} has a `within` but no step before it to count from. Say `after`, or take it out.")
    if after not in names:
        raise DesignError(f"{at} counts `after` '{after}', which is no step.{nearest(after, names)}")
    if after == step.name:
        raise DesignError(f"{at} counts `after` itself. Name an earlier step.")
    return step._replace(after=after)


def _pairs(node: object, at: str, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(node, Mapping):
        raise DesignError(f"{at} is {node!r}, not `key: value` pairs. It may say: {', '.join(known)}.")
    for key in node:
        if key not in known:
            raise DesignError(f"{at} says '{key}'.{nearest(str(key), known)} It may say: {', '.join(known)}.")
    return node


def _named(pairs: Mapping[str, Any], key: str, at: str) -> str:
    name = _word(pairs, key, at)
    if not name:
        raise DesignError(f"{at} has no name. Write `{key}: ...`.")
    return name


def _word(pairs: Mapping[str, Any], key: str, at: str) -> str:
    value = pairs.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DesignError(f"{at} says {value!r} for '{key}'. Write one word or sentence.")
    return value.strip()


def _words(value: object, at: str) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(word, str) and word.strip() for word in listed):
        raise DesignError(f"{at} is {value!r}. Write a list of words.")
    return tuple(word.strip() for word in listed)


def _truth(pairs: Mapping[str, Any], key: str, at: str) -> bool:
    value = pairs.get(key, False)
    if isinstance(value, bool):
        return value
    if value not in {"true", "false"}:
        raise DesignError(f"{at} says {value!r} for '{key}'. Write true or false.")
    return bool(value == "true")


def _span(pairs: Mapping[str, Any], at: str) -> pd.Timedelta | None:
    value = pairs.get("within")
    if value is None:
        return None
    try:
        return duration(value)
    except MiningError as error:
        raise DesignError(f"{at}, within: {error}") from error


def _actor(word: str) -> str:
    """Take a kind of actor, a department, or a team by its name."""
    if word.startswith(TEAM) and word[len(TEAM) :].strip():
        return TEAM + word[len(TEAM) :].strip()
    return _one_of(word, (*VOCABULARIES["actor_kind"], *VOCABULARIES["department"]), "actor")


def _one_of(word: str, known: Sequence[str], what: str) -> str:
    if word not in known:
        raise DesignError.unknown(what, word, known)
    return word


def _unique(names: Sequence[str], what: str) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise DesignError(f"The {what} '{name}' stands twice in the design. Each is named once.")
