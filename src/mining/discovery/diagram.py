"""A process tree made ready to draw: words on its gateways, and its rare activities hidden where it is too large."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from mining._pm4py import Tree
from mining.discovery.shapes import bpmn_of

__all__ = ["diagram_of", "without"]

# Beyond so many elements a map can no longer be read, nor is it drawn whole.
_MOST_ELEMENTS: Final = 40
_SILENT: Final = Tree("silent")
_GATEWAYS: Final = {
    ("exclusive", "split"): "× one of these",
    ("exclusive", "option"): "× or skip",
    ("exclusive", "join"): "×",
    ("exclusive", "repeat"): "× again, or on",
    ("parallel", "split"): "+ all of these",
    ("parallel", "join"): "+ all done",
}


def diagram_of(
    tree: Tree, counts: Mapping[str, int], n_journeys: int, min_journeys: int
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Turn a process tree into the nodes and edges of a map, as large as can be read.

    Parameters
    ----------
    tree : Tree
        The model.
    counts : mapping of str to int
        Journeys that do each activity.
    n_journeys : int
        Journeys in all.
    min_journeys : int
        Activities of fewer journeys are hidden, then the rarest until what is left can be read.

    Returns
    -------
    nodes, edges : DataFrame
        As `draw_flow` takes them.
    remark : str
        What was hidden, or nothing.
    """
    ranked = sorted((label for label in counts if counts[label] >= min_journeys), key=lambda one: (-counts[one], one))
    elements, flows = bpmn_of(without(tree, set(counts) - set(ranked)))
    while len(elements) > _MOST_ELEMENTS and ranked:
        ranked.pop()
        elements, flows = bpmn_of(without(tree, set(counts) - set(ranked)))
    hidden = len(counts) - len(ranked)
    remark = f"Shows the {len(ranked)} most frequent of {len(counts)} activities." if hidden else ""
    people = elements["label"].map({label: float(n) for label, n in counts.items()}).astype(float)
    nodes = pd.DataFrame(
        {
            "name": elements["name"],
            "label": [_caption(*row) for row in elements[["kind", "role", "label"]].itertuples(index=False)],
            "n": people,
            "share": people / n_journeys,
            "kind": elements["kind"].map({"start": "start", "task": "activity"}).fillna("end"),
        }
    )
    back = elements.loc[elements["role"] == "loop", ["name", "name"]].set_axis(["source", "target"], axis="columns")
    return nodes, pd.concat([flows, back], ignore_index=True).assign(n=0), remark


def without(tree: Tree, hidden: set[str]) -> Tree:
    """Hide activities: the model of what remains visible, without parts in which nothing can be seen."""
    if not tree.parts:
        return _SILENT if tree.label in hidden else tree
    parts = tuple(without(part, hidden) for part in tree.parts)
    if tree.operator == "loop":
        again = tuple(dict.fromkeys(parts[1:]))
        return _SILENT if {parts[0], *again} == {_SILENT} else Tree("loop", "", (parts[0], *again))
    flat = tuple(inner for part in parts for inner in (part.parts if part.operator == tree.operator else (part,)))
    is_choice = tree.operator == "choice"
    left = tuple(dict.fromkeys(flat)) if is_choice else tuple(part for part in flat if part != _SILENT)
    return Tree(tree.operator, "", left) if len(left) > 1 else (*left, _SILENT)[0]


def _caption(kind: str, role: str, label: str) -> str:
    own = {"start": "Start", "end": "End", "task": label}  # a label may be empty
    return own[kind] if kind in own else _GATEWAYS[kind, role]
