"""Process maps: what is drawn, what is left out and said, and where things stand."""

import random
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mining._draw import draw_flow
from mining._draw.graph import Node, Path, read_nodes, read_paths, strongest
from mining._draw.layout import Arrow, Box, lay_out
from mining._draw.strokes import arrow_head, label_places, number, rounded, shortened
from mining._errors import MiningError

SVG = "{http://www.w3.org/2000/svg}"


def flow(size: int = 25, paths: int = 80, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    draw = random.Random(seed)
    names = [f"step {chr(97 + index)}" for index in range(size)]
    nodes = pd.DataFrame({"name": names, "n": [draw.randrange(1, 999) for _ in names]})
    nodes["share"] = nodes["n"] / 999
    nodes["lane"] = [("marketing", "sales", "service", "support")[min(3, index * 4 // size)] for index in range(size)]
    nodes["kind"] = ["start", *["activity"] * (size - 2), "end"]
    ends = {(index, index + 1) for index in range(size - 1)} | {(3, 3), (4, 3)}
    while len(ends) < paths:
        ends.add((draw.randrange(size), draw.randrange(size)))
    edges = pd.DataFrame(
        [(names[a], names[b], draw.randrange(1, 500)) for a, b in sorted(ends)], columns=["source", "target", "n"]
    )
    return nodes, edges


def words(svg: str, of: str) -> list[str]:
    return [
        "".join(element.itertext()) for element in ET.fromstring(svg).iter(SVG + "text") if element.get("class") == of
    ]


def test_equal_data_gives_equal_bytes_whatever_the_order_of_the_paths() -> None:
    nodes, edges = flow()
    first = draw_flow(nodes, edges, title="Map").svg
    assert draw_flow(nodes, edges, title="Map").svg == first
    assert draw_flow(nodes, edges.sample(frac=1, random_state=1), title="Map").svg == first


def test_the_callers_frames_stay_as_they_were() -> None:
    nodes, edges = flow()
    before = nodes.copy(), edges.copy()
    draw_flow(nodes, edges)
    pd.testing.assert_frame_equal(nodes, before[0])
    pd.testing.assert_frame_equal(edges, before[1])


def test_too_many_paths_are_filtered_and_the_picture_says_so() -> None:
    nodes, edges = flow(paths=120)
    kept = edges.sort_values("n", ascending=False).head(60)
    picture = draw_flow(nodes, edges)
    (note,) = words(picture.svg, "note")
    assert "60 of 120 paths" in note
    assert f"of {edges['n'].sum():,} steps" in note
    assert kept["n"].sum() / edges["n"].sum() < 1


def test_a_map_that_shows_everything_says_that() -> None:
    nodes, edges = flow(size=6, paths=8)
    assert words(draw_flow(nodes, edges).svg, "note") == [f"Shows all {edges['n'].sum():,} steps."]


def test_the_busiest_nodes_are_kept_with_starts_and_ends() -> None:
    nodes = [Node(f"n{index}", "", index, None, "", "activity") for index in range(90)]
    nodes[0] = nodes[0]._replace(kind="start")
    paths = [Path(f"n{index}", f"n{index + 1}", 1, "", "none") for index in range(89)]
    chosen = strongest(nodes, paths, max_nodes=40)
    assert len(chosen.nodes) == 40
    assert chosen.nodes[0].kind == "start"
    assert {node.n for node in chosen.nodes[1:]} == set(range(51, 90))
    assert "40 of 90 nodes" in chosen.coverage


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 11), st.integers(0, 50)), max_size=60, unique_by=lambda t: t[:2]
    ),
    st.integers(1, 30),
)
def test_filtering_never_parts_what_was_joined(ends: list[tuple[int, int, int]], most: int) -> None:
    nodes = [Node(str(index), str(index), 1, None, "", "activity") for index in range(12)]
    paths = [Path(str(a), str(b), n, "", "none") for a, b, n in ends]
    chosen = strongest(nodes, paths, max_edges=most)
    assert components(chosen.paths) == components(paths)
    assert len(chosen.paths) <= max(most, 11)


def components(paths: list[Path]) -> set[frozenset[str]]:
    groups = [{str(index)} for index in range(12)]
    for path in paths:
        joined = [group for group in groups if path.source in group or path.target in group]
        groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return {frozenset(group) for group in groups}


def test_paths_of_the_design_that_nobody_took_are_not_filtered_away() -> None:
    nodes, edges = flow(paths=120)
    edges.loc[edges.index[7], ["n", "emphasis"]] = [0, "skipped"]
    chosen = strongest(known := read_nodes(nodes), read_paths(edges, known))
    assert [path.n for path in chosen.paths if path.emphasis == "skipped"] == [0]
    assert "designed, not taken" in words(draw_flow(nodes, edges).svg, "key")


def test_lanes_stand_in_the_order_given_and_hold_their_own_boxes() -> None:
    boxes = [Box(150, 60, lane) for lane in (2, 0, 1, 1, 2, 0)]
    arrows = [Arrow(a, b, 1, 2) for a, b in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (2, 2))]
    for across in (False, True):
        placed = lay_out(boxes, arrows, across=across)
        starts = [placed.lanes[lane][1 if across else 0] for lane in (0, 1, 2)]
        assert starts == sorted(starts)
        for box, (x, y) in zip(boxes, placed.centres, strict=True):
            left, top, right, bottom = placed.lanes[box.lane or 0]
            assert left <= x - box.width / 2
            assert x + box.width / 2 <= right
            assert top <= y - box.height / 2
            assert y + box.height / 2 <= bottom


def test_boxes_never_cover_each_other() -> None:
    for lanes in (True, False):
        boxes = [Box(150, 60, index % 3 if lanes else None) for index in range(24)]
        arrows = [Arrow(index, (index * 7 + 3) % 18, 1, 2) for index in range(18)]
        placed = lay_out(boxes, arrows)
        for index, (x, y) in enumerate(placed.centres):
            for other_x, other_y in placed.centres[:index]:
                assert abs(x - other_x) >= 150 or abs(y - other_y) >= 60


def test_a_node_without_a_lane_stands_with_its_strongest_neighbour() -> None:
    nodes = pd.DataFrame({"name": ["a", "b", "c"], "lane": ["x", "y", None]})
    edges = pd.DataFrame({"source": ["a", "b"], "target": ["c", "c"], "n": [1, 9]})
    svg = draw_flow(nodes, edges).svg
    assert sorted(words(svg, "lane-name")) == ["x", "y"]


def test_everything_drawn_lies_inside_the_picture() -> None:
    nodes, edges = flow()
    edges["label"] = "a rather long waiting time"
    picture = draw_flow(nodes, edges)
    root = ET.fromstring(picture.svg)
    shift = root.find(f"{SVG}g").get("transform").removeprefix("translate(").removesuffix(")").split()
    for rect in root.find(f"{SVG}g").iter(f"{SVG}rect"):
        x, y = (float(rect.get(side)) + float(by) for side, by in zip(("x", "y"), shift, strict=True))
        assert x >= 0
        assert y >= 0
        assert x + float(rect.get("width")) <= picture.width
        assert y + float(rect.get("height")) <= picture.height


@pytest.mark.parametrize("size", [0, 1])
def test_nothing_and_one_node_are_drawn_too(size: int) -> None:
    nodes = pd.DataFrame({"name": ["only"][:size]})
    picture = draw_flow(nodes, pd.DataFrame(columns=["source", "target", "n"]), title="Little")
    root = ET.fromstring(picture.svg)
    assert root.find(f"{SVG}title").text == "Little"
    assert ("There are no touchpoints to draw." in picture.svg) == (size == 0)


def test_loops_cycles_and_lonely_nodes_are_drawn() -> None:
    nodes = pd.DataFrame({"name": list("abcdefgh")})
    edges = pd.DataFrame({"source": ["a", "a", "b"], "target": ["a", "b", "a"], "n": [1, 2, 3]})
    root = ET.fromstring(draw_flow(nodes, edges).svg)
    assert len(words(ET.tostring(root, encoding="unicode"), "name")) == 8
    assert len([group for group in root.iter(f"{SVG}g") if group.get("class") == "path"]) == 3 + 1  # and the legend


def test_the_picture_tells_itself_in_words_and_by_role() -> None:
    nodes, edges = flow(size=5, paths=6)
    root = ET.fromstring(draw_flow(nodes, edges, title="Map").svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Map"
    assert root[0].tag == f"{SVG}title"
    assert "Strongest paths:" in root.find(f"{SVG}desc").text


@pytest.mark.parametrize(
    ("nodes", "edges", "told"),
    [
        ({"nam": ["a"]}, {}, "no column of nodes 'name'"),
        ({"name": ["a", "a"]}, {}, "stands twice"),
        ({"name": ["a"], "kind": ["begin"]}, {}, "no kind of node 'begin'"),
        ({"name": ["site"]}, {"source": ["sit"], "target": ["site"], "n": [1]}, "Did you mean 'site'"),
        ({"name": ["a"]}, {"source": ["a"], "target": ["a"]}, "no column of edges 'n'"),
        (
            {"name": ["a"]},
            {"source": ["a"], "target": ["a"], "n": [1], "emphasis": ["planed"]},
            "Did you mean 'planned'",
        ),
    ],
)
def test_a_wrong_frame_is_refused_with_what_is_wrong(
    nodes: dict[str, list[str]], edges: dict[str, list[str]], told: str
) -> None:
    with pytest.raises(MiningError, match=told):
        draw_flow(pd.DataFrame(nodes), pd.DataFrame(edges or {"source": [], "target": [], "n": []}))


def test_strokes_are_round_end_in_their_head_and_never_say_minus_zero() -> None:
    assert rounded([(0, 0), (0, 40), (40, 40)]) == "M0 0L0 26Q0 40 14 40L40 40"
    assert shortened([(0, 0), (0, 10)], 4) == [(0, 0), (0, 6)]
    assert arrow_head([(0, 0), (0, 10)], 4, 6) == "M0 10L3 6L-3 6Z"
    assert [number(value) for value in (-0.01, 1.0, 1.26, -2.5)] == ["0", "1", "1.3", "-2.5"]


def test_a_label_keeps_off_boxes_and_other_labels() -> None:
    routes = [[(0.0, 0.0), (0.0, 100.0)], [(4.0, 0.0), (4.0, 100.0)]]
    first, second = label_places(routes, [(40.0, 16.0)] * 2, [(-50.0, 40.0, 50.0, 60.0)])
    for _, y in (first, second):
        assert y + 8 <= 40 or y - 8 >= 60
    assert abs(first[1] - second[1]) >= 16 or abs(first[0] - second[0]) >= 40
