"""What a process map is drawn from: checked nodes and paths, and the part of them worth drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import pandas as pd

from mining._draw.ink import EMPHASES
from mining._draw.text import clean, count, cut, percent
from mining._draw.wording import require
from mining._errors import MiningError

__all__ = ["Node", "Path", "Selection", "read_nodes", "read_paths", "strongest"]

_KINDS: Final = ("start", "activity", "end")


class Node(NamedTuple):
    """An activity, or a start or end of journeys."""

    name: str
    label: str
    n: float | None
    share: float | None
    lane: str
    kind: str


class Path(NamedTuple):
    """Steps from one node to another."""

    source: str
    target: str
    n: float
    label: str
    emphasis: str
    group: str = ""


class Selection(NamedTuple):
    """What is drawn of a flow, and in words how much of it that is."""

    nodes: list[Node]
    paths: list[Path]
    coverage: str


def read_nodes(frame: pd.DataFrame) -> list[Node]:
    """Check a frame of nodes and read it, filling in what may be left out."""
    require(frame, ("name",), "column of nodes")
    columns = _columns(frame, Node._fields)
    nodes = [
        Node(str(name), clean(label) or clean(name), _number(n), _number(share), clean(lane), clean(kind) or "activity")
        for name, label, n, share, lane, kind in zip(*columns, strict=True)
    ]
    seen: set[str] = set()
    for node in nodes:
        if node.name in seen:
            raise MiningError.refused(f"The node '{cut(node.name)}' stands twice.", "Give each node one row.")
        if node.kind not in _KINDS:
            raise MiningError.unknown("kind of node", node.kind, _KINDS)
        seen.add(node.name)
    return nodes


def read_paths(frame: pd.DataFrame, nodes: Iterable[Node]) -> list[Path]:
    """Check a frame of paths between these nodes and read it, filling in what may be left out."""
    require(frame, ("source", "target", "n"), "column of edges")
    names = {node.name for node in nodes}
    paths = [
        Path(str(source), str(target), _number(n) or 0.0, clean(label), clean(emphasis) or "none", clean(group))
        for source, target, n, label, emphasis, group in zip(*_columns(frame, Path._fields), strict=True)
    ]
    for path in paths:
        for name in (path.source, path.target):
            if name not in names:
                raise MiningError.unknown("node", name, names)
        if path.emphasis not in EMPHASES:
            raise MiningError.unknown("emphasis", path.emphasis, EMPHASES)
    return paths


def _columns(frame: pd.DataFrame, names: Sequence[str]) -> list[list[object]]:
    return [list(frame[name]) if name in frame.columns else [None] * len(frame) for name in names]


def _number(value: object) -> float | None:
    text = clean(value)
    return float(text) if text else None


def strongest(nodes: Sequence[Node], paths: Sequence[Path], *, max_nodes: int = 40, max_edges: int = 60) -> Selection:
    """Keep the busiest nodes, the strongest paths that join them, then the strongest of the rest.

    A maximum spanning forest comes first, so no node that had a path to a node drawn loses its last one; then the
    paths of a design that nobody took (they are few, and the reason to look); then by number of steps. Ties go by
    name, so equal flows are drawn equally. Paths to a node that is not drawn are left out and counted.

    References
    ----------
    J. B. Kruskal, On the shortest spanning subtree of a graph, 1956.
    """
    kept = _busiest(nodes, max_nodes)
    names = {node.name for node in kept}
    inside = sorted(
        (path for path in paths if path.source in names and path.target in names),
        key=lambda path: (-path.n, path.source, path.target, path.group),
    )
    joins = _joining(inside)
    ranks = [0 if join else 1 if path.emphasis == "skipped" else 2 for join, path in zip(joins, inside, strict=True)]
    order = sorted(range(len(inside)), key=ranks.__getitem__)
    drawn = [inside[index] for index in sorted(order[: max(max_edges, sum(joins))])]
    return Selection(kept, drawn, _coverage((len(kept), len(nodes)), paths, drawn))


def _busiest(nodes: Sequence[Node], limit: int) -> list[Node]:
    order = sorted(
        range(len(nodes)), key=lambda index: (nodes[index].kind == "activity", -(nodes[index].n or 0.0), index)
    )
    return [nodes[index] for index in sorted(order[:limit])]


def _joining(paths: Iterable[Path]) -> list[bool]:
    """Tell for each path, strongest first, whether it joins two parts that no stronger path joined."""
    leader: dict[str, str] = {}

    def part(name: str) -> str:
        while (above := leader.setdefault(name, name)) != name:
            leader[name] = leader[above]
            name = leader[name]
        return name

    joins = []
    for path in paths:
        first, second = part(path.source), part(path.target)
        joins.append(first != second)
        leader[first] = second
    return joins


def _coverage(activities: tuple[int, int], paths: Sequence[Path], drawn: Sequence[Path]) -> str:
    total, shown = sum(path.n for path in paths), sum(path.n for path in drawn)
    if activities[0] == activities[1] and len(drawn) == len(paths):
        return f"Shows all {count(total)} steps." if total else ""
    parts = [f"{count(len(drawn))} of {count(len(paths))} paths"]
    if activities[0] < activities[1]:
        parts.insert(0, f"{count(activities[0])} of {count(activities[1])} nodes")
    share = percent(shown / total) if total else "0 %"
    return f"Shows {share} of {count(total)} steps: the strongest {' and '.join(parts)}."
