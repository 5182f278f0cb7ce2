"""Where the elements of a BPMN file stand: from left to right, in columns, as diagram tools want to be told."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

import pandas as pd

__all__ = ["lay_out"]

_SIZES: Final = {"task": (120, 60), "start": (36, 36), "end": (36, 36)}
_GATEWAY: Final = (50, 50)
_STEP: Final = (180, 100)  # from one column to the next, from one row to the next


def lay_out(root: ET.Element, nodes: pd.DataFrame, flows: pd.DataFrame) -> None:
    """Add a diagram of the elements and flows to a BPMN file.

    Parameters
    ----------
    root : Element
        The file's root, with the process in it.
    nodes, flows : DataFrame
        As `mining.discovery.shapes.bpmn_of` gives them; flows are called f0, f1, ...
    """
    diagram = ET.SubElement(root, "bpmndi:BPMNDiagram", {"id": "diagram"})
    plane = ET.SubElement(diagram, "bpmndi:BPMNPlane", {"id": "plane", "bpmnElement": "model"})
    middle = _middles(list(nodes["name"]), list(zip(flows["source"], flows["target"], strict=True)))
    half: dict[str, float] = {}
    for name, kind in zip(nodes["name"], nodes["kind"], strict=True):
        width, height = _SIZES.get(kind, _GATEWAY)
        half[name] = width / 2
        shape = ET.SubElement(plane, "bpmndi:BPMNShape", {"id": f"{name}_shape", "bpmnElement": name})
        x, y = middle[name]
        bounds = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
        ET.SubElement(shape, "dc:Bounds", {side: f"{value:g}" for side, value in bounds.items()})
    for at, source, target in flows[["source", "target"]].itertuples():
        edge = ET.SubElement(plane, "bpmndi:BPMNEdge", {"id": f"f{at}_edge", "bpmnElement": f"f{at}"})
        ahead = 1 if middle[source][0] < middle[target][0] else -1
        for name, side in ((source, ahead), (target, -ahead)):
            told = {"x": f"{middle[name][0] + side * half[name]:g}", "y": f"{middle[name][1]:g}"}
            ET.SubElement(edge, "di:waypoint", told)


def _middles(names: list[str], flows: list[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Put each element one column behind the last that leads to it; elements are numbered as they are drawn."""
    number = {name: at for at, name in enumerate(names)}
    column = [0] * len(names)
    for source, target in sorted(((number[one], number[other]) for one, other in flows)):
        if source < target:  # the others lead back
            column[target] = max(column[target], column[source] + 1)
    filled: dict[int, int] = {}
    middles = {}
    for name, at in zip(names, column, strict=True):
        row = filled[at] = filled.get(at, -1) + 1
        middles[name] = (100 + at * _STEP[0], 100 + row * _STEP[1])
    return middles
