"""Lines of a process map: corners made round, heads made of plain triangles, labels put where there is room."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from itertools import pairwise

from mining._draw.layout import Point

__all__ = ["Rect", "around", "arrow_head", "label_places", "number", "rounded", "shortened"]

Rect = tuple[float, float, float, float]

_SPOTS = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9)
# What it costs a label to cover a box or a label, to cover another line, to stand beside its own line.
_NEVER, _SELDOM, _BESIDE = 1000.0, 40.0, 60.0
_HEAD = 30.0  # a label keeps this square around the tip of its arrow free


def number(value: float) -> str:
    """Write a coordinate with one decimal at most, so that equal drawings are equal bytes."""
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0", "0") if abs(value) < 0.05 else f"{value:.1f}".removesuffix(".0")
    )


def _toward(start: Point, end: Point, distance: float) -> Point:
    length = math.dist(start, end)
    if not length:
        return start
    share = distance / length
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def shortened(route: Sequence[Point], distance: float) -> list[Point]:
    """Take some length off the end of a route, so that the line stops where the arrow head begins."""
    *before, last, end = route
    keep = max(0.0, math.dist(last, end) - distance)
    return [*before, last, _toward(last, end, keep)]


def rounded(route: Sequence[Point], radius: float = 14.0) -> str:
    """Write a route as SVG path data whose corners are round."""
    parts = [f"M{_pair(route[0])}"]
    for before, corner, after in zip(route, route[1:], route[2:], strict=False):
        bend = min(radius, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        parts.append(f"L{_pair(_toward(corner, before, bend))}Q{_pair(corner)} {_pair(_toward(corner, after, bend))}")
    parts.append(f"L{_pair(route[-1])}")
    return "".join(parts)


def _pair(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def arrow_head(route: Sequence[Point], length: float, width: float) -> str:
    """Write the triangle at the end of a route as SVG path data."""
    end, before = route[-1], route[-2]
    back = _toward(end, before, length)
    span = math.dist(end, before) or 1.0
    across = ((end[1] - before[1]) / span * width / 2, (before[0] - end[0]) / span * width / 2)
    left = (back[0] + across[0], back[1] + across[1])
    right = (back[0] - across[0], back[1] - across[1])
    return f"M{_pair(end)}L{_pair(left)}L{_pair(right)}Z"


def label_places(
    routes: Sequence[Sequence[Point]],
    sizes: Sequence[tuple[float, float]],
    boxes: Sequence[Rect],
    ends: Sequence[Hashable] = (),
) -> list[Point]:
    """Find a centre for each route's label: on its own line, off every box and label, off other lines if it can be.

    The routes come in order of importance: the first ones choose first. Routes with the same ends run side by side, so
    that a label on the one would cover the other's: there labels stand on the outer sides.
    """
    lines = [_segments(route) for route in routes]
    taken: list[Rect] = list(boxes)
    places = []
    for index, (route, size) in enumerate(zip(routes, sizes, strict=True)):
        others = [segment for other, line in enumerate(lines) if other != index for segment in line]
        others.append(around(route[-1], (_HEAD, _HEAD)))
        twins = [lines[other] for other in range(len(ends)) if other != index and ends[other] == ends[index]]
        blocked = [*taken, *(segment for line in twins for segment in line)]
        place = min(_candidates(route, size), key=lambda spot: _cost(spot, size, blocked, others))[1]
        taken.append(around(place, size))
        places.append(place)
    return places


def _segments(route: Sequence[Point]) -> list[Rect]:
    return [(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])) for a, b in pairwise(route)]


def _candidates(route: Sequence[Point], size: tuple[float, float]) -> list[tuple[float, Point]]:
    pairs = list(pairwise(route))
    longest = max((math.dist(*pair) for pair in pairs), default=0.0)
    found = []
    for start, end in pairs:
        length = math.dist(start, end)
        for spot in _SPOTS:
            reluctance = (longest - length) / 5 + 12 * abs(spot - 0.5)
            x, y = _toward(start, end, spot * length)
            beside = (size[0] / 2 + 6.0, 0.0) if abs(end[1] - start[1]) > abs(end[0] - start[0]) else (0.0, 14.0)
            found.append((reluctance, (x, y)))
            found += [(reluctance + _BESIDE, (x + side * beside[0], y + side * beside[1])) for side in (1, -1)]
    return found


def _cost(
    spot: tuple[float, Point], size: tuple[float, float], taken: Sequence[Rect], lines: Sequence[Rect]
) -> tuple[float, Point]:
    reluctance, place = spot
    area = around(place, size)
    blocked = sum(_overlap(area, other) for other in taken)
    crossed = sum(_overlap(area, line) for line in lines)
    return _NEVER * blocked + _SELDOM * crossed + reluctance, place


def around(place: Point, size: tuple[float, float]) -> Rect:
    """Find the rectangle of this size around a place."""
    return place[0] - size[0] / 2, place[1] - size[1] / 2, place[0] + size[0] / 2, place[1] + size[1] / 2


def _overlap(first: Rect, second: Rect) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]
