"""Process maps: activities as boxes, paths as arrows as wide as they are busy, lanes behind them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mining._draw.graph import Selection, read_nodes, read_paths, strongest
from mining._draw.heading import MARGIN, empty_picture, heading
from mining._draw.layout import Arrow, Box, lay_out
from mining._draw.marks import (
    STYLE,
    Card,
    cards_drawn,
    cards_of,
    label_size,
    labels_drawn,
    lane_bands,
    legend,
    paths_drawn,
    place_labels,
    thickness,
)
from mining._draw.picture import Picture, compose
from mining._draw.strokes import Rect, around, number
from mining._draw.text import clean, count

__all__ = ["draw_flow"]


def draw_flow(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    lanes: Sequence[str] | None = None,
    title: str = "Process map",
    note: str = "",
    max_edges: int = 60,
    across: bool = False,
) -> Picture:
    """Draw a process map.

    The picture says how much of the flow it shows when it cannot show all of it. Every number stands beside what it
    counts; colour never says anything alone.

    Parameters
    ----------
    nodes : DataFrame
        One row per activity: ``name`` (unique); and, where known, ``label``, ``n`` (journeys or touchpoints),
        ``share`` (0 to 1), ``lane``, ``kind`` (start, activity or end).
    edges : DataFrame
        One row per path: ``source``, ``target`` (names of nodes), ``n`` (steps); and, where known, ``label`` (such as
        a median wait), ``emphasis`` (none, planned, unplanned or skipped) and ``group`` (what the path is one of, such
        as a type of object: each group has its colour and its dashes, and its name in the legend).
    lanes : sequence of str, optional
        Lanes in the order to draw them; by default in order of first appearance in ``nodes``. A node without a lane
        stands in the lane of its strongest neighbour.
    title, note : str
        What the picture shows, and what a reader must know to read it.
    max_edges : int
        Most paths drawn. Those that hold the map together are drawn even when they are more.
    across : bool
        Flow from left to right with lanes as rows, instead of downwards with lanes as columns.

    Returns
    -------
    Picture
        Equal data gives equal bytes.

    Raises
    ------
    MiningError
        When a column is missing, names repeat, a path names an unknown node or an emphasis is unknown.

    Examples
    --------
    >>> nodes = pd.DataFrame({"name": ["ad", "call", "won"], "n": [40, 30, 12], "share": [1.0, 0.75, 0.3]})
    >>> edges = pd.DataFrame({"source": ["ad", "call"], "target": ["call", "won"], "n": [30, 12]})
    >>> draw_flow(nodes, edges, title="From ad to deal")
    Picture('From ad to deal', ...)
    """
    known = read_nodes(nodes)
    chosen = strongest(known, read_paths(edges, known), max_edges=max_edges)
    if not chosen.nodes:
        return empty_picture(title, note, "There are no touchpoints to draw.")
    order = _lane_order(chosen, lanes)
    cards = cards_of(chosen.nodes)
    return _drawn(chosen, cards, order, (title, note), across=across)


def _lane_order(chosen: Selection, lanes: Sequence[str] | None) -> list[str]:
    present = dict.fromkeys(node.lane for node in chosen.nodes if node.lane)
    given = [clean(lane) for lane in lanes or ()]
    return [lane for lane in dict.fromkeys([*given, *present]) if lane in present]


def _lane_of(chosen: Selection, order: Sequence[str]) -> list[int | None]:
    if not order:
        return [None] * len(chosen.nodes)
    lane = {node.name: node.lane for node in chosen.nodes}
    busiest_first = sorted(chosen.paths, key=lambda path: (-path.n, path.source, path.target))
    for _ in range(2):  # the second pass reaches a node whose neighbour had no lane of its own either
        for path in busiest_first:
            lane[path.source] = lane[path.source] or lane[path.target]
            lane[path.target] = lane[path.target] or lane[path.source]
    return [order.index(lane[node.name] or order[0]) for node in chosen.nodes]


def _arrows(chosen: Selection) -> list[Arrow]:
    index = {node.name: place for place, node in enumerate(chosen.nodes)}
    most = max((path.n for path in chosen.paths), default=0.0) or 1.0
    return [
        Arrow(index[path.source], index[path.target], 1 + 20 * path.n / most, thickness(path.n, most), label_size(path))
        for path in chosen.paths
    ]


def _drawn(
    chosen: Selection, cards: Sequence[Card], order: Sequence[str], words: tuple[str, str], *, across: bool
) -> Picture:
    boxes = [Box(each.width, each.height, lane) for each, lane in zip(cards, _lane_of(chosen, order), strict=True)]
    placed = lay_out(boxes, _arrows(chosen), across=across)
    labels = place_labels(chosen, cards, placed)
    left, top, right, bottom = _extent(placed.extent, [around(label.place, label.size) for label in labels])
    lane_head = 30.0 if placed.lanes and not across else 0.0
    foot, foot_width = legend(chosen, MARGIN)
    width = max(right - left + 2 * MARGIN, 480.0, foot_width + MARGIN)
    note = " ".join(part for part in (words[1], chosen.coverage) if part)
    head, used = heading(words[0], note, width)
    shift = (width - (right - left)) / 2 - left, used + lane_head - top
    drawing = "".join(
        (
            lane_bands(placed, order, head=lane_head, across=across),
            paths_drawn(chosen, placed),
            cards_drawn(chosen, cards, placed),
            labels_drawn(labels),
        )
    )
    end = used + lane_head + bottom - top + 16.0
    body = (
        f'{head}<g transform="translate({number(shift[0])} {number(shift[1])})">{drawing}</g>'
        f'<g transform="translate(0 {number(end)})">{foot}</g>'
    )
    return compose(body, (width, end + 44.0), words[0], _in_words(chosen, note), style=STYLE)


def _extent(extent: Rect, labels: Sequence[Rect]) -> Rect:
    left, top, right, bottom = zip(extent, *labels, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _in_words(chosen: Selection, note: str) -> str:
    label = {node.name: node.label for node in chosen.nodes}
    busiest = sorted(chosen.paths, key=lambda path: (-path.n, path.source, path.target))[:5]
    told = "; ".join(f"{label[path.source]} to {label[path.target]}, {count(path.n)} steps" for path in busiest)
    start = f"Process map of {len(chosen.nodes)} nodes and {len(chosen.paths)} paths. {note}"
    return f"{start} Strongest paths: {told}." if told else start
