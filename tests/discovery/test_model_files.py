"""A model that was saved is the same model for whoever reads the file."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mining._alignments import Net, Transition, align
from mining._errors import MiningError
from mining._pm4py import Tree
from mining.discovery import discover
from mining.discovery.exports import save_tree
from mining.discovery.shapes import net_of
from tests.telling import told

PATHS = [path for length in range(5) for path in product("abc", repeat=length)]

trees = st.recursive(
    st.one_of(st.sampled_from("abc").map(lambda label: Tree("step", label)), st.just(Tree("silent"))),
    lambda part: st.builds(
        lambda operator, parts: Tree(operator, "", tuple(parts)),
        st.sampled_from(["sequence", "choice", "parallel", "loop"]),
        st.lists(part, min_size=2, max_size=4),
    ),
    max_leaves=6,
)


def record(net: Any, begin: Any, end: Any) -> Net:
    """Take pm4py's net as records."""
    number = {place: at for at, place in enumerate(net.places)}
    moves = [
        Transition(
            move.label,
            tuple(number[arc.source] for arc in move.in_arcs),
            tuple(number[arc.target] for arc in move.out_arcs),
        )
        for move in net.transitions
    ]
    marked = ([number[place] for place, n in marking.items() for _ in range(n)] for marking in (begin, end))
    return Net(len(number), tuple(moves), *map(tuple, marked))


def read_by_them(path: Path) -> Net:
    import pm4py

    if path.suffix == ".pnml":
        return record(*pm4py.read_pnml(str(path)))
    if path.suffix == ".bpmn":
        return record(*pm4py.convert_to_petri_net(pm4py.read_bpmn(str(path))))
    return record(*pm4py.convert_to_petri_net(pm4py.read_ptml(str(path))))


def language(net: Net, paths: list[tuple[str, ...]]) -> list[bool]:
    return (align(net, paths).cost == 0).tolist()


@pytest.mark.parametrize("suffix", ["pnml", "bpmn", "ptml"])
@settings(max_examples=40)
@given(tree=trees)
def test_pm4py_reads_the_same_language(tmp_path_factory: pytest.TempPathFactory, suffix: str, tree: Tree) -> None:
    path = save_tree(tree, tmp_path_factory.mktemp("models") / f"model.{suffix}")
    assert language(read_by_them(path), PATHS) == language(net_of(tree), PATHS)


@pytest.mark.parametrize("suffix", ["pnml", "bpmn", "ptml"])
def test_any_label_comes_back(tmp_path: Path, suffix: str) -> None:
    labels = ["<ad> & \"site\" 'x'", "שיחה", "تماس", "tau", "p0", "a, b", " around "]
    tree = Tree("sequence", "", tuple(Tree("step", label) for label in labels))
    assert language(read_by_them(save_tree(tree, tmp_path / f"model.{suffix}")), [tuple(labels)]) == [True]


def test_a_discovered_model_is_saved_and_the_same_bytes_come_each_time(tmp_path: Path) -> None:
    model = discover(told(*(f"{at}: ad > site > site > won" for at in range(3)), "Bob: ad > call > won")).model
    for suffix in ("pnml", "bpmn", "ptml"):
        first = model.save(tmp_path / f"one.{suffix}")
        again = model.save(str(tmp_path / "made" / f"two.{suffix.upper()}"))
        assert first.read_bytes() == again.read_bytes()
        paths = [("ad", "site", "site", "won"), ("ad", "call", "won"), ("ad", "won"), ("site",), ()]
        assert language(read_by_them(first), paths) == language(model.net, paths)


def test_every_element_of_the_diagram_has_its_own_place(tmp_path: Path) -> None:
    tree = Tree("parallel", "", (Tree("loop", "", (Tree("step", "a"), Tree("silent"))), Tree("step", "b")))
    text = save_tree(tree, tmp_path / "model.bpmn").read_text(encoding="utf-8")
    bounds = [line.strip() for line in text.splitlines() if "dc:Bounds" in line]
    assert len(bounds) == len(set(bounds)) == 8


@pytest.mark.parametrize("name", ["model.xml", "model", "model.pnml.gz"])
def test_another_ending_is_refused_with_those_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(MiningError, match=r"\.pnml .* \.bpmn .* \.ptml"):
        save_tree(Tree("step", "ad"), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_xml_cannot_hold_is_refused_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = save_tree(Tree("step", "ad"), tmp_path / "model.pnml")
    before = path.read_bytes()
    with pytest.raises(MiningError, match="rename the activity"):
        save_tree(Tree("step", "a\x00d"), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.pnml"]
