"""Where boxes and arrows of a process map go: the only module that knows graphlay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["Arrow", "Box", "Placed", "Point", "lay_out"]

Point = tuple[float, float]

# Between boxes of one lane and layer; what a lane is wider (as a row: higher) than its boxes, for arrows to pass.
_GAP, _GUTTER, _ROW_GUTTER = 40.0, 84.0, 70.0


class Box(NamedTuple):
    """A node to place: its size, its lane (an index, or None when there are no lanes)."""

    width: float
    height: float
    lane: int | None = None


class Arrow(NamedTuple):
    """An edge to route between two boxes, by index, with the room its label needs."""

    source: int
    target: int
    weight: float
    thickness: float
    label: tuple[float, float] | None = None


class Placed(NamedTuple):
    """Centres of the boxes, corners of the arrows, the rectangle of each lane and of all of it."""

    centres: list[Point]
    routes: list[list[Point]]
    lanes: dict[int, tuple[float, float, float, float]]
    extent: tuple[float, float, float, float]


def lay_out(boxes: Sequence[Box], arrows: Sequence[Arrow], *, across: bool = False) -> Placed:
    """Place boxes in layers along the flow and route the arrows between them.

    Lanes stand in the order of their indices and hold their own boxes only.

    Parameters
    ----------
    boxes, arrows : sequence
        What to place, in the order that breaks ties.
    across : bool
        Flow from left to right with lanes as rows, instead of downwards with lanes as columns.
    """
    first = _run("layout", boxes, arrows, across=across)
    lanes = {box.lane for box in boxes if box.lane is not None}
    if not lanes:
        return _placed(first, {})
    # Left alone, the engine sorts lanes as it likes and makes them wide. Its layers are kept; the place across the
    # flow is ours, each box in the middle of its own lane; then the engine routes the arrows over that.
    bands, centres = _in_lanes(boxes, _rows(boxes, arrows, first["nodes"], across=across), across=across)
    return _placed(_run("reroute", boxes, arrows, centres, across=across), bands, across=across)


def _run(
    how: str, boxes: Sequence[Box], arrows: Sequence[Arrow], centres: Sequence[Point] | None = None, *, across: bool
) -> dict[str, Any]:
    import graphlay

    nodes = [_node(index, box) for index, box in enumerate(boxes)]
    for node, (x, y) in zip(nodes, centres or (), strict=False):
        node["position"] = {"x": x, "y": y}
    request = {"nodes": nodes, "edges": [_edge(arrow) for arrow in arrows]}
    run = graphlay.reroute if how == "reroute" else graphlay.layout
    raw: dict[str, Any] = run(request, preset="process_map", options=_options(arrows, across=across)).raw
    return raw


class _Row(NamedTuple):
    """Where the engine put a box along the flow; boxes without arrows fill rows of their own, after the rest."""

    rank: int
    order: int
    along: float
    apart: float


def _rows(
    boxes: Sequence[Box], arrows: Sequence[Arrow], nodes: Sequence[dict[str, Any]], *, across: bool
) -> list[_Row]:
    joined = {end for arrow in arrows for end in (arrow.source, arrow.target)}
    along = [float(node["center"]["x" if across else "y"]) for node in nodes]
    deepest = max(box.width if across else box.height for box in boxes)
    end = max((along[index] + deepest + _GAP for index in joined), default=0.0)
    return [
        _Row(node["rank"], node["order"], along[index], 0.0)
        if index in joined
        else _Row(node["rank"], node["order"], end + along[index], end + along[index])
        for index, node in enumerate(nodes)
    ]


def _in_lanes(
    boxes: Sequence[Box], rows: Sequence[_Row], *, across: bool
) -> tuple[dict[int, tuple[float, float]], list[Point]]:
    """Give each lane a span across the flow and each box a place in it, in the order the engine found."""
    sizes = [box.height if across else box.width for box in boxes]
    cells: dict[tuple[int, int, float], list[int]] = {}
    for index in sorted(range(len(boxes)), key=lambda index: (rows[index].order, index)):
        cells.setdefault((boxes[index].lane or 0, rows[index].rank, rows[index].apart), []).append(index)
    spans = {cell: sum(sizes[index] + _GAP for index in inside) - _GAP for cell, inside in cells.items()}
    bands, start = {}, 0.0
    for lane in sorted({cell[0] for cell in cells}):
        width = max(span for cell, span in spans.items() if cell[0] == lane) + (_ROW_GUTTER if across else _GUTTER)
        bands[lane] = (start, start + width)
        start += width
    athwart = [0.0] * len(boxes)
    for cell, inside in cells.items():
        edge = (sum(bands[cell[0]]) - spans[cell]) / 2
        for index in inside:
            athwart[index] = edge + sizes[index] / 2
            edge += sizes[index] + _GAP
    along = [row.along for row in rows]
    return bands, list(zip(along, athwart, strict=True) if across else zip(athwart, along, strict=True))


def _node(index: int, box: Box) -> dict[str, Any]:
    node: dict[str, Any] = {"size": {"width": box.width, "height": box.height}, "shape": "box", "key": str(index)}
    return node if box.lane is None else node | {"group": box.lane}


def _edge(arrow: Arrow) -> dict[str, Any]:
    edge: dict[str, Any] = {
        "source": arrow.source,
        "target": arrow.target,
        "weight": arrow.weight,
        "thickness": arrow.thickness,
    }
    if arrow.label is not None:
        edge["label_size"] = {"width": arrow.label[0], "height": arrow.label[1]}
    return edge


def _options(arrows: Sequence[Arrow], *, across: bool) -> dict[str, Any]:
    widest = max((arrow.label[0] for arrow in arrows if arrow.label), default=0.0)
    return {
        "direction": "leftright" if across else "topbottom",
        "spacing": {
            "layer_gap": max(64.0, widest + 24.0) if across else 56.0,
            "node_gap": 40.0,
            "port_gap": 22.0,
            "edge_label_margin": 14.0,
            "stub": 24.0,
            "isolated_max_columns": 5,
        },
        "routing": {"style": "orthogonal", "lane_gap": 12.0},
        "order": {"group_lanes": "strict"},
        "labels": {"reservation": "when_needed", "clearance": 6.0},
        "self_loops": {"size": 20.0},
    }


def _placed(raw: dict[str, Any], bands: dict[int, tuple[float, float]], *, across: bool = False) -> Placed:
    left, top, right, bottom = _corners(raw["bounds"])
    if bands:
        low, high = min(band[0] for band in bands.values()), max(band[1] for band in bands.values())
        left, right = (left - 20, right + 20) if across else (min(left, low), max(right, high))
        top, bottom = (min(top, low), max(bottom, high)) if across else (top - 20, bottom + 20)
    return Placed(
        [_point(node["center"]) for node in raw["nodes"]],
        [[_point(point) for point in edge["points"]] for edge in raw["edges"]],
        {lane: (left, low, right, high) if across else (low, top, high, bottom) for lane, (low, high) in bands.items()},
        (left, top, right, bottom),
    )


def _point(point: dict[str, float]) -> Point:
    return point["x"], point["y"]


def _corners(rect: dict[str, dict[str, float]]) -> tuple[float, float, float, float]:
    return *_point(rect["min"]), *_point(rect["max"])
