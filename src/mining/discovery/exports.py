"""Models as files that other tools open: a Petri net as PNML, a diagram as BPMN 2.0, a process tree as PTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from mining._alignments import Net
from mining._errors import MiningError
from mining._files import whole_file
from mining._pm4py import Tree
from mining.discovery.placing import lay_out
from mining.discovery.shapes import bpmn_of, net_of

__all__ = ["save_net", "save_tree", "to_bpmn", "to_pnml", "to_ptml", "write_xml"]

_PNML: Final = "http://www.pnml.org/version-2009/grammar/"
_BPMN: Final = {
    "xmlns": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "xmlns:bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "xmlns:dc": "http://www.omg.org/spec/DD/20100524/DC",
    "xmlns:di": "http://www.omg.org/spec/DD/20100524/DI",
}
_TAGS: Final = {
    "start": "startEvent",
    "end": "endEvent",
    "task": "task",
    "exclusive": "exclusiveGateway",
    "parallel": "parallelGateway",
}
_PTML: Final = {
    "step": "manualTask",
    "silent": "automaticTask",
    "sequence": "sequence",
    "choice": "xor",
    "parallel": "and",
    "loop": "xorLoop",
}
# What no XML file can hold, not even by its number.
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def save_tree(tree: Tree, path: Path | str) -> Path:
    """Write a process tree as a file, whole or not at all.

    Parameters
    ----------
    tree : Tree
        The model.
    path : Path or str
        Ends in ``.pnml`` (a Petri net with its final marking), ``.bpmn`` (BPMN 2.0 with a plain layout) or ``.ptml`` (a
        process tree).

    Returns
    -------
    Path
        The file written. The same tree gives the same bytes.

    Raises
    ------
    MiningError
        For another ending, or for an activity with a character that XML cannot hold.
    """
    path = Path(path)
    writers: dict[str, Callable[[Tree], ET.Element]] = {
        ".pnml": lambda one: to_pnml(net_of(one)),
        ".bpmn": to_bpmn,
        ".ptml": to_ptml,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise MiningError.refused(
            f"A model cannot be written as '{path.name}':",
            "end its name in .pnml (Petri net), .bpmn (diagram) or .ptml (process tree).",
        )
    return write_xml(path, writer(tree), _labels(tree))


def save_net(net: Net, path: Path | str) -> Path:
    """Write a net that is no process tree as PNML, whole or not at all; see `save_tree`."""
    path = Path(path)
    if path.suffix.lower() != ".pnml":
        raise MiningError.refused(f"A net cannot be written as '{path.name}':", "end its name in .pnml.")
    return write_xml(path, to_pnml(net), net.labels)


def to_pnml(net: Net) -> ET.Element:
    """Write a net as PNML; silent transitions are marked as ProM and pm4py mark them.

    References
    ----------
    ISO/IEC 15909-2:2011. Systems and software engineering: high-level Petri nets, part 2: transfer format.
    """
    root = ET.Element("pnml", {"xmlns": f"{_PNML}pnml"})
    drawn = ET.SubElement(root, "net", {"id": "model", "type": f"{_PNML}ptnet"})
    page = ET.SubElement(drawn, "page", {"id": "page"})
    for place in range(net.n_places):
        element = ET.SubElement(page, "place", {"id": f"p{place}"})
        if place in net.initial:
            _text(ET.SubElement(element, "initialMarking"), str(net.initial.count(place)))
    number = count()
    for at, step in enumerate(net.transitions):
        element = ET.SubElement(page, "transition", {"id": f"t{at}"})
        _text(ET.SubElement(element, "name"), f"t{at}" if step.label is None else step.label)
        if step.label is None:
            told = {"tool": "ProM", "version": "6.4", "activity": "$invisible$", "localNodeID": f"t{at}"}
            ET.SubElement(element, "toolspecific", told)
        ends = [(f"p{place}", f"t{at}") for place in step.before] + [(f"t{at}", f"p{place}") for place in step.after]
        for source, target in ends:
            ET.SubElement(page, "arc", {"id": f"a{next(number)}", "source": source, "target": target})
    marking = ET.SubElement(ET.SubElement(drawn, "finalmarkings"), "marking")
    for place in sorted(set(net.final)):
        _text(ET.SubElement(marking, "place", {"idref": f"p{place}"}), str(net.final.count(place)))
    return root


def to_ptml(tree: Tree) -> ET.Element:
    """Write a process tree as PTML; loops get the third part, an exit, that ProM wants."""
    root = ET.Element("ptml")
    drawn = ET.SubElement(root, "processTree", {"id": "model", "name": "model", "root": "n0"})
    nodes: list[tuple[str, str]] = []
    links: list[tuple[str, str]] = []

    def add(part: Tree) -> str:
        name = f"n{len(nodes)}"
        nodes.append((_PTML[part.operator], part.label))
        links.extend((name, add(below)) for below in _written(part))
        return name

    add(tree)
    for at, (tag, label) in enumerate(nodes):
        ET.SubElement(drawn, tag, {"id": f"n{at}", "name": label})
    # Children are read in the order of their links.
    for at, (source, target) in enumerate(links):
        ET.SubElement(drawn, "parentsNode", {"id": f"l{at}", "sourceId": source, "targetId": target})
    return root


def to_bpmn(tree: Tree) -> ET.Element:
    """Write a process tree as BPMN 2.0, with places for its elements, from left to right.

    References
    ----------
    Object Management Group (2013). Business Process Model and Notation 2.0.2.
    """
    nodes, flows = bpmn_of(tree, spelled=True)
    root = ET.Element("definitions", {**_BPMN, "id": "definitions", "targetNamespace": "urn:mining:model"})
    process = ET.SubElement(root, "process", {"id": "model", "isExecutable": "false"})
    joins = set(flows.loc[flows["target"].duplicated(), "target"])
    for name, kind, label in zip(nodes["name"], nodes["kind"], nodes["label"], strict=True):
        told = {"id": name, "name": label} if label else {"id": name}
        if kind in {"exclusive", "parallel"}:
            told["gatewayDirection"] = "Converging" if name in joins else "Diverging"
        element = ET.SubElement(process, _TAGS[kind], told)
        for tag, here in (("incoming", "target"), ("outgoing", "source")):
            for at in flows.index[flows[here] == name]:
                ET.SubElement(element, tag).text = f"f{at}"
    for at, source, target in flows[["source", "target"]].itertuples():
        ET.SubElement(process, "sequenceFlow", {"id": f"f{at}", "sourceRef": source, "targetRef": target})
    lay_out(root, nodes, flows)
    return root


def _written(tree: Tree) -> tuple[Tree, ...]:
    if tree.operator != "loop":
        return tree.parts
    first, *others = tree.parts
    return first, others[0] if len(others) == 1 else Tree("choice", "", tuple(others)), Tree("silent")


def _labels(tree: Tree) -> Iterator[str]:
    if tree.operator == "step":
        yield tree.label
    for part in tree.parts:
        yield from _labels(part)


def write_xml(path: Path, root: ET.Element, labels: Iterable[str]) -> Path:
    """Write XML whole or not at all; a label with a character that no XML file can hold is refused."""
    for label in labels:
        if _UNWRITABLE.search(label):
            raise MiningError.refused(
                f"The activity {label!r}", "has a character that no XML file can hold: rename the activity first."
            )
    with whole_file(path) as file:
        file.write(_bytes(root))
    return path


def _text(element: ET.Element, text: str) -> None:
    ET.SubElement(element, "text").text = text


def _bytes(root: ET.Element) -> bytes:
    ET.indent(root)
    # Readers of XML turn a carriage return into a line feed, unless it is written by its number.
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content.replace(b"\r", b"&#13;") + b"\n"
