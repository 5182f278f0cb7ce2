"""Reading designs: whatever they are written or drawn in, one record comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from mining._alignments import AlignmentLimit, StateGraph, explore
from mining._errors import DesignError, MappingError, nearest
from mining.design.declared import read_rules
from mining.design.design import Design
from mining.design.drawn import Drawn
from mining.design.grammar import build_stages, is_ignored, read_case, read_ignored, read_others, read_top
from mining.design.grids import is_happy_path, read_grid, read_happy_path
from mining.design.net_files import read_drawn
from mining.design.records import Stage, Step
from mining.design.trees import is_tree, read_tree
from mining.discovery.reduced import reduced_net
from mining.sources.mappings.strict_yaml import read_yaml

__all__ = ["drawn_design", "read_design"]

_DRAWN: Final = {".bpmn", ".pnml", ".ptml", ".xml"}


def read_design(
    source: str | Path | Mapping[str, Any],
    *,
    others: Literal["added", "ignored"] | None = None,
    pool: str | None = None,
    with_lanes: bool = False,
) -> Design:
    """Read a designed journey.

    Every value of the file is read as the text that stands there; keys that stand twice, unknown keys, steps named
    twice and spans without a unit are refused.

    Parameters
    ----------
    source : path, mapping or path in one line
        A YAML file, or its content as a dict; a table (``.csv``, ``.xlsx``) with one row per step, or with stages
        across and lanes down, as journey-map tools export it; or a happy path in one line: steps after one another,
        ``[...]`` may be left out, ``*`` may happen again, ``|`` stands between alternatives; or a diagram
        (``.bpmn``, ``.pnml``, ``.ptml``, ``.xml``): tasks are steps, lanes their owners; or a process tree in text:
        ``->( 'Ad', X( 'Call', tau ) )``. A YAML file with ``rules:`` in place of stages declares what must hold.
    others : str, optional
        How activities that the design does not name are taken: ``added`` (unplanned) or ``ignored``, for designs that
        name milestones alone. By default as the design says, else added; rules ignore what they do not name.
    pool : str, optional
        Of a BPMN diagram with several pools, which one to read.
    with_lanes : bool
        Name the tasks of a BPMN diagram 'Lane: task', so that tasks of one name in several lanes stay apart.

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        Saying what is wrong and what could be meant.

    Examples
    --------
    >>> design = read_design({"stages": [{"stage": "Purchase", "steps": ["Offer", {"step": "Won", "within": "5D"}]}]})
    >>> design
    <Design 'Designed journey' by customer: 1 stages, 2 steps>
    >>> read_design("Offer > [Reminder] > Won | Lost").activities
    ('Offer', 'Reminder', 'Won', 'Lost')
    >>> design.frame[["stage", "step", "within_hours", "after"]]
          stage   step  within_hours  after
    0  Purchase  Offer           NaN    NaN
    1  Purchase    Won         120.0  Offer
    """
    design = _read(source, pool, with_lanes)
    return design if others is None else replace(design, others_ignored=is_ignored(others))


def _read(source: str | Path | Mapping[str, Any], pool: str | None, with_lanes: bool) -> Design:
    drawn = _drawn(source, pool, with_lanes)
    if drawn is not None:
        return drawn_design(drawn)
    top = read_top(source if isinstance(source, Mapping) else _told(source))
    name = top.get("name") or "Designed journey"
    if not isinstance(name, str):
        raise DesignError(f"The design says {name!r} for 'name'. Write one word or sentence.")
    if top.get("rules") is not None:
        return _declared(top, name)
    stages = build_stages(top)
    return Design(name, stages, case=read_case(top), ignore=read_ignored(top, stages), others_ignored=read_others(top))


def _drawn(source: object, pool: str | None, with_lanes: bool) -> Drawn | None:
    if isinstance(source, str) and is_tree(source):
        return read_tree(source)
    if isinstance(source, str | Path) and Path(source).suffix.lower() in _DRAWN and Path(source).is_file():
        return read_drawn(Path(source), pool=pool, with_lanes=with_lanes)
    return None


def _declared(top: Mapping[str, Any], name: str) -> Design:
    if top.get("stages") is not None:
        raise DesignError("The design has both stages and rules. Keep one of them: they are read one way each.")
    design = drawn_design(read_rules(top["rules"], name))
    ignored = read_ignored(top, design.stages)
    return replace(design, case=read_case(top), ignore=ignored, others_ignored=read_others(top))


def drawn_design(drawn: Drawn) -> Design:
    """Make a design of a net: one stage, its steps in the order in which they can first happen.

    Parameters
    ----------
    drawn : Drawn
        What was read.

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        Where the net cannot end, can grow without end, has no label, or has one that can never happen.
    """
    net = reduced_net(drawn.net)  # the same language with fewer silent moves, and so with fewer states
    try:
        graph = explore(net)
    except AlignmentLimit as error:
        raise DesignError(f"The design '{drawn.name}' cannot be used: {error}") from error
    never = sorted(set(drawn.net.labels) - set(graph.labels))
    if never:
        told = ", ".join(f"'{label}'" for label in never[:5])
        raise DesignError(f"The design '{drawn.name}' has steps that can never happen: {told}. Connect them.")
    if not graph.labels:
        raise DesignError(f"The design '{drawn.name}' has no named step.")
    stuck = (graph.distance[:, graph.final] >= graph.far).sum()
    if stuck and not drawn.has_inclusive:
        raise DesignError(f"The design '{drawn.name}' has {_ends(stuck)}: from there it cannot end.")
    steps = sorted((_first_place(graph, label), label) for label in graph.labels)
    made = [
        Step(label, optional=_can_be_left(graph, label), repeatable=_can_come_again(graph, label)) for _, label in steps
    ]
    made = [step._replace(owner=drawn.lanes.get(step.name)) for step in made]
    return Design(name=drawn.name, stages=(Stage(drawn.name, tuple(made)),), drawn=net)


def _first_place(graph: StateGraph, label: str) -> int:
    return min(int(graph.distance[0, edge.source]) for edge in graph.edges if edge.label == label)


def _can_come_again(graph: StateGraph, label: str) -> bool:
    sources = [edge.source for edge in graph.edges if edge.label == label]
    targets = [edge.target for edge in graph.edges if edge.label == label]
    return bool((graph.distance[np.ix_(targets, sources)] < graph.far).any())


def _can_be_left(graph: StateGraph, label: str) -> bool:
    onward: dict[int, set[int]] = {}
    for edge in graph.edges:
        if edge.label != label:
            onward.setdefault(edge.source, set()).add(edge.target)
    seen, waiting = {0}, [0]
    while waiting:
        for state in onward.get(waiting.pop(), set()) - seen:
            seen.add(state)
            waiting.append(state)
    return graph.final in seen


def _told(source: str | Path) -> object:
    if isinstance(source, str) and is_happy_path(source):
        return read_happy_path(source)
    path = Path(source)
    if path.suffix.lower() in {".csv", ".xlsx"} and path.is_file():
        return read_grid(path)
    return _document(path)


def _document(path: Path) -> object:
    if not path.is_file():
        beside = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
        raise DesignError(f"There is no file '{path}' to read a design from.{nearest(path.name, beside)}")
    try:
        return read_yaml(path.read_text("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise DesignError(f"'{path.name}' is not written in UTF-8. Save it as UTF-8.") from error
    except MappingError as error:
        raise DesignError(str(error)) from error


def _ends(n: int) -> str:
    return f"{n:,} dead {'end' if n == 1 else 'ends'}"
