"""The marks of a process map as SVG text: lanes, cards, paths, labels and legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from mining._draw.graph import Node, Path, Selection
from mining._draw.ink import EMPHASES, PALETTE, scoped
from mining._draw.layout import Placed, Point
from mining._draw.strokes import around, arrow_head, label_places, number, rounded, shortened
from mining._draw.text import count, cut, escaped, measure, percent, wrap

__all__ = [
    "STYLE", "Card", "cards_drawn", "cards_of", "label_size", "labels_drawn", "lane_bands", "legend",
    "paths_drawn", "place_labels", "thickness",
]  # fmt: skip

_NAME, _SMALL, _LABEL = 13.0, 11.0, 11.0
_DASHES: Final = ("", "9 4", "3 4", "12 4 3 4")

STYLE: Final = scoped(
    {
        ".lane-name": "font-size:12px;font-weight:600;fill-opacity:.75",
        ".box": "fill:var(--paper);stroke:var(--ink);stroke-width:1.25;stroke-opacity:.5",
        ".end": "stroke-width:3.5;stroke-opacity:.85",
        ".start": "fill:var(--ink);stroke:none",
        ".name": f"font-size:{_NAME:g}px;font-weight:600;text-anchor:middle",
        ".small": f"font-size:{_SMALL:g}px;fill-opacity:.75;text-anchor:middle",
        ".inverse": "fill:var(--paper);fill-opacity:1",
        ".share": "fill:var(--blue)",
        ".rest": "fill:var(--ink);fill-opacity:.12",
        ".path": "opacity:.5",
        ".marked": "opacity:1",
        ".line": "fill:none",
        ".chip": "fill:var(--paper);fill-opacity:.94",
        ".label": f"font-size:{_LABEL:g}px;text-anchor:middle",
        ".key": f"font-size:{_SMALL:g}px;fill-opacity:.8",
        ".strong": "font-weight:600",
    }
)


class Card(NamedTuple):
    """A node made ready to draw: its lines of text and its size."""

    lines: list[str]
    small: str
    width: float
    height: float


def cards_of(nodes: Sequence[Node]) -> list[Card]:
    """Break labels into lines and find the size of each box; all activities are equally wide."""
    cards = [_card_of(node) for node in nodes]
    widest = max((each.width for node, each in zip(nodes, cards, strict=True) if node.kind == "activity"), default=0.0)
    return [
        each._replace(width=widest) if node.kind == "activity" else each
        for node, each in zip(nodes, cards, strict=True)
    ]


def _card_of(node: Node) -> Card:
    lines = wrap(cut(node.label), 146.0, _NAME, lines=3, bold=True)
    people = f"n = {count(node.n)}" if node.n is not None else ""
    small = " · ".join(part for part in (people, percent(node.share)) if part)
    widest = max(measure(small, _SMALL), *(measure(line, _NAME, bold=True) for line in lines))
    least = 132.0 if node.kind == "activity" else 92.0
    height = 20.0 + 17.0 * len(lines) + (16.0 if small else 0.0) + (8.0 if _has_bar(node) else 0.0)
    return Card(lines, small, round(max(least, widest + 28.0)), round(height))


def _has_bar(node: Node) -> bool:
    return node.share is not None and node.kind == "activity"


def thickness(n: float, most: float) -> float:
    """Find the width of a line for ``n`` steps, in proportion, with a floor that stays visible."""
    return 1.4 + 6.6 * n / most


def label_size(path: Path) -> Point | None:
    """Find the room that a path's label takes, or None when it has none."""
    text = " · ".join(part for part in _label_parts(path) if part)
    return (measure(text, _LABEL, bold=True) + 8.0, 17.0) if text else None


def _label_parts(path: Path) -> tuple[str, str]:
    return (count(path.n) if path.n else ""), cut(path.label, 24)


def lane_bands(placed: Placed, order: Sequence[str], *, head: float, across: bool) -> str:
    """Write the bands behind the map, each with its name."""
    parts = []
    for lane, (left, top, right, bottom) in sorted(placed.lanes.items()):
        inset = (0.0, 3.0) if across else (3.0, 0.0)
        x, y = left + inset[0], top - head + inset[1]
        width, height = right - left - 2 * inset[0], bottom - top + head - 2 * inset[1]
        name = wrap(order[lane], width - 32.0, 12.0, lines=1, bold=True)[0]
        parts.append(
            f'<g><title>{escaped(order[lane])}</title><rect class="lane" x="{number(x)}" y="{number(y)}" '
            f'width="{number(width)}" height="{number(height)}" rx="14"/>'
            f'<text class="lane-name" x="{number(x + 16)}" y="{number(y + 22)}">{escaped(name)}</text></g>'
        )
    return "".join(parts)


def paths_drawn(chosen: Selection, placed: Placed) -> str:
    """Write the paths, the busiest last, so that thin ones never cut them."""
    called = {node.name: node.label for node in chosen.nodes}
    most = max((path.n for path in chosen.paths), default=0.0) or 1.0
    order = sorted(range(len(chosen.paths)), key=lambda index: (chosen.paths[index].n, index))
    looks = _looks(chosen)
    return "".join(
        _path(path, placed.routes[index], (thickness(path.n, most), looks[_key(path)]), called)
        for index in order
        for path in (chosen.paths[index],)
    )


class Look(NamedTuple):
    """How a line is drawn and what the legend calls it."""

    colour: str
    dash: str
    meaning: str
    style: str


def _key(path: Path) -> tuple[str, str]:
    return ("", path.group) if path.group else (path.emphasis, "")


def _looks(chosen: Selection) -> dict[tuple[str, str], Look]:
    """Find how each emphasis and each group is drawn."""
    looks = {}
    for emphasis, (colour, dash, meaning) in EMPHASES.items():
        style = "path marked" if emphasis in {"planned", "unplanned"} else "path"
        round_dots = ";stroke-linecap:round" if emphasis == "skipped" else ""
        looks[emphasis, ""] = Look(f"var(--{colour})", f"{dash}{round_dots}", meaning, style)
    for place, group in enumerate(sorted({path.group for path in chosen.paths if path.group})):
        # Where there are more groups than colours, a colour comes again with other dashes.
        dash = _DASHES[(place + place // len(PALETTE)) % len(_DASHES)]
        looks["", group] = Look(PALETTE[place % len(PALETTE)], dash, cut(group, 40), "path marked")
    return looks


def _path(path: Path, route: list[Point], drawn: tuple[float, Look], called: dict[str, str]) -> str:
    width, look = drawn
    told = f"{called[path.source]} → {called[path.target]}: {count(path.n)} steps"
    told = ", ".join(part for part in (told, path.label, look.meaning) if part)
    return f'<g class="{look.style}"><title>{escaped(told)}</title>{_arrow(route, look, width)}</g>'


def _arrow(route: list[Point], look: Look, width: float) -> str:
    head = min(6.5 + 1.5 * width, 0.85 * math.dist(route[-2], route[-1]))
    dashed = f";stroke-dasharray:{look.dash}" if look.dash else ""
    return (
        f'<path class="line" style="stroke:{look.colour};stroke-width:{number(width)}{dashed}" '
        f'd="{rounded(shortened(route, head - 1.0))}"/>'
        f'<path style="fill:{look.colour}" d="{arrow_head(route, head, 6.0 + 1.6 * width)}"/>'
    )


def cards_drawn(chosen: Selection, cards: Sequence[Card], placed: Placed) -> str:
    """Write the boxes with their names, numbers and share bars."""
    return "".join(
        _card(node, each, centre) for node, each, centre in zip(chosen.nodes, cards, placed.centres, strict=True)
    )


def _card(node: Node, each: Card, centre: Point) -> str:
    x, y = centre[0] - each.width / 2, centre[1] - each.height / 2
    radius = 10.0 if node.kind == "activity" else each.height / 2
    style = "box" if node.kind == "activity" else f"box {node.kind}"
    inverse = " inverse" if node.kind == "start" else ""
    told = " · ".join(part for part in (node.label, each.small, node.lane) if part)
    parts = [
        f"<g><title>{escaped(told)}</title>",
        f'<rect class="{style}" {_area(x, y, each.width, each.height)} rx="{number(radius)}"/>',
    ]
    baseline = y + 24.0
    for line in each.lines:
        parts.append(_middle(f"name{inverse}", centre[0], baseline, line))
        baseline += 17.0
    if each.small:
        parts.append(_middle(f"small{inverse}", centre[0], baseline, each.small))
    if _has_bar(node):
        parts.append(_bar(x + 16.0, y + each.height - 11.0, each.width - 32.0, node.share or 0.0))
    return "".join([*parts, "</g>"])


def _area(x: float, y: float, width: float, height: float) -> str:
    return f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'


def _middle(style: str, x: float, y: float, text: str) -> str:
    return f'<text class="{style}" x="{number(x)}" y="{number(y)}">{escaped(text)}</text>'


def _bar(x: float, y: float, width: float, share: float) -> str:
    part = width * min(max(share, 0.0), 1.0)
    where = f'x="{number(x)}" y="{number(y)}" height="3" rx="1.5"'
    return f'<rect class="rest" {where} width="{number(width)}"/><rect class="share" {where} width="{number(part)}"/>'


class Label(NamedTuple):
    """A path's label and where it stands."""

    path: Path
    place: Point
    size: Point


def place_labels(chosen: Selection, cards: Sequence[Card], placed: Placed) -> list[Label]:
    """Put the paths' labels on their lines, each where it covers least; the busiest choose first."""
    named = [index for index, path in enumerate(chosen.paths) if label_size(path)]
    order = sorted(named, key=lambda index: (-chosen.paths[index].n, index))
    boxes = [around(centre, (each.width, each.height)) for each, centre in zip(cards, placed.centres, strict=True)]
    sizes = [label_size(chosen.paths[index]) or (0.0, 0.0) for index in order]
    ends = [_ends(chosen.paths[index]) or index for index in order]
    places = label_places([placed.routes[index] for index in order], sizes, boxes, ends)
    return [Label(chosen.paths[index], place, size) for index, place, size in zip(order, places, sizes, strict=True)]


def _ends(path: Path) -> tuple[str, str] | None:
    """Tell between which nodes paths of several groups run side by side."""
    return (path.source, path.target) if path.group else None


def labels_drawn(labels: Sequence[Label]) -> str:
    """Write the labels, each on a chip that hides the line behind it."""
    return "".join(_label(*label) for label in labels)


def _label(path: Path, place: Point, size: Point) -> str:
    people, wait = _label_parts(path)
    strong = f'<tspan class="strong">{escaped(people)}</tspan>' if people else ""
    text = " · ".join(part for part in (strong, escaped(wait)) if part)
    x, y = place[0] - size[0] / 2, place[1] - size[1] / 2
    return (
        f'<g><rect class="chip" x="{number(x)}" y="{number(y)}" width="{number(size[0])}" height="{number(size[1])}" '
        f'rx="6"/><text class="label" x="{number(place[0])}" y="{number(place[1] + 4)}">{text}</text></g>'
    )


def legend(chosen: Selection, margin: float) -> tuple[str, float]:
    """Write what the lines mean, as far as they occur; give back the SVG and the width it uses."""
    looks = _looks(chosen)
    used = {_key(path) for path in chosen.paths}
    items = [looks[name] for name in looks if name in used and looks[name].meaning]
    if chosen.paths:
        items.append(looks["none", ""]._replace(meaning="the wider a line, the more steps"))
    parts, x = [], margin
    for look in items:
        arrow = _arrow([(x, 8.0), (x + 38.0, 8.0)], look, 2.5)
        parts.append(f'<g class="{look.style}">{arrow}</g>')
        parts.append(f'<text class="key" x="{number(x + 46)}" y="12">{escaped(look.meaning)}</text>')
        x += 46.0 + measure(look.meaning, _SMALL) + 26.0
    return "".join(parts), x
