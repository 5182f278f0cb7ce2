"""What all drawn designs have in common: the record they become, and reading XML without its namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from mining._alignments import Net

__all__ = ["Drawn", "each", "tag_of", "text_of"]


class Drawn(NamedTuple):
    """A drawn design: its name, its net, the lane of each label where there are lanes."""

    name: str
    net: Net
    lanes: dict[str, str]
    has_inclusive: bool = False  # a join that waits for what was chosen is told apart only by runs that end


def tag_of(node: ET.Element) -> str:
    """Give the name of an element, whatever its namespace."""
    return str(node.tag).rpartition("}")[2]


def each(node: ET.Element, *tags: str) -> Iterator[ET.Element]:
    """Go through all elements of these names inside another, at any depth."""
    return (found for found in node.iter() if tag_of(found) in tags)


def text_of(node: ET.Element, tag: str) -> str:
    """Give the text inside the first child of a name, blanks folded; empty where there is none."""
    for child in node:
        if tag_of(child) == tag:
            return " ".join("".join(child.itertext()).split())
    return ""
