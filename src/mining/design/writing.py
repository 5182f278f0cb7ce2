"""Designs as files: YAML to edit, a table for those who keep journeys in sheets, BPMN and PNML for other tools."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pandas as pd
import yaml

from mining._errors import DesignError
from mining._files import write_table, write_whole
from mining._pm4py import Tree
from mining.design.records import Stage, Step
from mining.discovery.exports import save_net, to_bpmn, write_xml

if TYPE_CHECKING:
    from mining.design.design import Design

__all__ = ["save_design", "tree_of"]

_ENDINGS = ".yaml, .yml, .csv, .bpmn or .pnml"


def save_design(design: Design, path: Path | str) -> Path:
    """Write a design as a file; see `Design.save`."""
    path = Path(path)
    ending = path.suffix.lower()
    if ending == ".pnml":
        return save_net(design.net, path)
    if ending not in {".yaml", ".yml", ".csv", ".bpmn"}:
        raise DesignError(f"A design cannot be written as '{path.name}'. End its name in {_ENDINGS}.")
    if design.drawn is not None:
        raise DesignError(
            f"'{design.name}' was drawn or declared: what may follow what in it cannot be told in stages. Save it as "
            ".pnml."
        )
    if ending == ".bpmn":
        tree = tree_of(design.stages)
        return write_xml(path, _with_lanes(to_bpmn(tree), design), design.activities)
    if ending == ".csv":
        return write_table(path, _plain(design))
    text = yaml.safe_dump(_document(design), allow_unicode=True, sort_keys=False, default_flow_style=False, width=110)
    return write_whole(path, text.encode())


def _plain(design: Design) -> pd.DataFrame:
    rows = [(stage, step) for stage in design.stages for step in stage.steps]
    frame = design.frame.assign(
        instead=["\n".join(step.instead) for _, step in rows],
        channels=["\n".join(step.channels) for _, step in rows],
        personas=["\n".join(step.personas) for _, step in rows],
        stage_personas=["\n".join(stage.personas) for stage, _ in rows],
    )
    marks = frame.select_dtypes("bool").columns
    return frame.assign(**{name: frame[name].map({True: "yes", False: ""}).astype("str") for name in marks})


def _document(design: Design) -> dict[str, Any]:
    document: dict[str, Any] = {"name": design.name, "case": design.case}
    document["stages"] = [_stage(stage) for stage in design.stages]
    return document | _kept(ignore=list(design.ignore), others="ignored" if design.others_ignored else "")


def _stage(stage: Stage) -> dict[str, Any]:
    marks = _kept(
        owner=stage.owner, optional=_mark(stage.optional), repeatable=_mark(stage.repeatable),
        order=stage.order if stage.order != "given" else "", personas=list(stage.personas),
    )  # fmt: skip
    return {"stage": stage.name, **marks, "steps": [_step(step) for step in stage.steps]}


def _step(step: Step) -> dict[str, Any]:
    return {"step": step.name} | _kept(
        instead=list(step.instead), channels=list(step.channels), actor=step.actor, owner=step.owner,
        optional=_mark(step.optional), repeatable=_mark(step.repeatable), within=_span(step.within),
        after=step.after if step.within is not None else None, personas=list(step.personas),
    )  # fmt: skip


def _kept(**told: Any) -> dict[str, Any]:
    return {key: value for key, value in told.items() if value}


def _mark(holds: bool) -> str:
    return "true" if holds else ""


def _span(within: pd.Timedelta | None) -> str:
    return "" if within is None else f"{within / pd.Timedelta(minutes=1):.15g}min"


def tree_of(stages: Iterable[Stage]) -> Tree:
    """Turn stages into a process tree with the same language as their net."""
    return _sequence([_tree_of_stage(stage) for stage in stages])


def _tree_of_stage(stage: Stage) -> Tree:
    steps = [_tree_of_step(step) for step in stage.steps]
    inside = Tree("parallel", "", tuple(steps)) if stage.order == "any" and len(steps) > 1 else _sequence(steps)
    return _marked(inside, stage.optional or bool(stage.personas), stage.repeatable)


def _tree_of_step(step: Step) -> Tree:
    words = [Tree("step", word) for word in step.activities]
    once = words[0] if len(words) == 1 else Tree("choice", "", tuple(words))
    return _marked(once, step.optional or bool(step.personas), step.repeatable)


def _marked(tree: Tree, optional: bool, repeatable: bool) -> Tree:
    tree = Tree("loop", "", (tree, Tree("silent"))) if repeatable else tree
    return Tree("choice", "", (tree, Tree("silent"))) if optional else tree


def _sequence(parts: list[Tree]) -> Tree:
    return parts[0] if len(parts) == 1 else Tree("sequence", "", tuple(parts))


def _with_lanes(root: ET.Element, design: Design) -> ET.Element:
    owner = {word: stage.owner_of(step) for stage in design.stages for step in stage.steps for word in step.activities}
    process = next(node for node in root if node.tag == "process")
    process.set("name", design.name)
    lanes: dict[str, list[str]] = {}
    for task in process.iter("task"):
        who = owner.get(str(task.get("name")))
        if who:
            lanes.setdefault(who, []).append(str(task.get("id")))
    if lanes:
        drawn = ET.Element("laneSet", {"id": "lanes"})
        for at, (who, tasks) in enumerate(lanes.items()):
            lane = ET.SubElement(drawn, "lane", {"id": f"lane{at}", "name": who})
            for task_id in tasks:
                ET.SubElement(lane, "flowNodeRef").text = task_id
        process.insert(0, drawn)
    return root
