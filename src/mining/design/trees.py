"""Process trees as people write them: ``->( 'Ad', X( 'Call', tau ), *( 'Mail', tau ) )``, or as PTML files."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from mining._errors import DesignError
from mining._pm4py import Tree
from mining.design.drawn import Drawn, each, tag_of
from mining.discovery.shapes import net_of

__all__ = ["is_tree", "read_tree", "read_tree_file"]

_DEEPEST: Final = 60
_MOST_PARTS: Final = 6  # in any order, or any choice, of so many parts: every one is a way of its own
_SIGNS: Final = {
    "->": "sequence", "→": "sequence", "seq": "sequence",
    "X": "choice", "×": "choice", "xor": "choice",
    "+": "parallel", "∧": "parallel", "and": "parallel",
    "*": "loop", "⟲": "loop", "↺": "loop", "loop": "loop",
    "O": "some", "∨": "some", "or": "some",
    "<>": "either order",
}  # fmt: skip
_SILENT: Final = {"tau", "τ", "𝜏"}
_BEGIN: Final = re.compile(
    r"\s*(" + "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)) + r")\s*\("
)
_WORD: Final = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s'"(),][^'"(),]*))""")
_TAGS: Final = {
    "sequence": "sequence", "xor": "choice", "and": "parallel", "xorloop": "loop", "or": "some",
    "interleaved": "either order", "manualtask": "step", "automatictask": "silent",
}  # fmt: skip


def is_tree(text: str) -> bool:
    """Tell whether a text is a process tree and not a path or the name of a file."""
    return _BEGIN.match(text) is not None and text.rstrip().endswith(")")


def read_tree(text: str) -> Drawn:
    """Read a process tree as it is written.

    Parameters
    ----------
    text : str
        ``->`` one after the other, ``X`` one of them, ``+`` all in any order, ``*`` the first, then any number of times
        one of the others and the first again, ``O`` some of them, ``<>`` all of them one by one in any order;
        activities in quotation marks, ``tau`` for nothing.

    Raises
    ------
    DesignError
        Saying at which character it goes wrong.
    """
    tree, at = _parsed(text, 0, 0)
    if text[at:].strip():
        raise DesignError(f"The process tree has '{text[at:].strip()[:30]}' after its last bracket. Take it out.")
    return Drawn("Process tree", net_of(tree), {})


def _parsed(text: str, at: int, depth: int) -> tuple[Tree, int]:
    if depth > _DEEPEST:
        raise DesignError(f"The process tree is more than {_DEEPEST} levels deep. Write it flatter.")
    begin = _BEGIN.match(text, at)
    if begin is None:
        return _leaf(text, at)
    parts: list[Tree] = []
    at = begin.end()
    while True:
        part, at = _parsed(text, at, depth + 1)
        parts.append(part)
        rest = text[at:].lstrip()
        at = len(text) - len(rest)
        if rest[:1] not in {",", ")"}:
            raise DesignError(f"The process tree wants ',' or ')' at character {at + 1}, not '{rest[:20]}'.")
        at += 1
        if rest[0] == ")":
            return _made(_SIGNS[begin.group(1)], tuple(parts)), at


def _leaf(text: str, at: int) -> tuple[Tree, int]:
    word = _WORD.match(text, at)
    if word is None:
        raise DesignError(
            f"The process tree wants an activity at character {at + 1}, not '{text[at : at + 20].strip()}'. "
            "Write activities in quotation marks: ->( 'Ad', X( 'Call', tau ) )."
        )
    quoted = word.group(1) if word.group(1) is not None else word.group(2)
    if quoted is None:
        bare = word.group(3).strip()
        return (Tree("silent") if bare in _SILENT else Tree("step", bare)), word.end()
    return Tree("step", re.sub(r"\\(.)", r"\1", quoted)), word.end()


def _made(operator: str, parts: tuple[Tree, ...]) -> Tree:
    """Build a part of a tree; what no other miner here makes is spelled out."""
    if operator == "loop" and len(parts) == 1:
        parts = (*parts, Tree("silent"))
    if len(parts) == 1 and operator != "loop":
        return parts[0]
    if operator in {"some", "either order"} and len(parts) > _MOST_PARTS:
        raise DesignError(f"The process tree has a '{operator}' of {len(parts)} parts: at most {_MOST_PARTS} are read.")
    if operator == "some":
        every = [some for size in range(1, len(parts) + 1) for some in combinations(parts, size)]
        return Tree("choice", "", tuple(some[0] if len(some) == 1 else Tree("parallel", "", some) for some in every))
    if operator == "either order":
        return _one_by_one(parts)
    if operator in {"sequence", "choice", "parallel", "loop"}:
        return Tree(operator, "", parts)  # type: ignore[arg-type]
    raise DesignError.unknown("operator of a process tree", operator, sorted(set(_SIGNS.values())))


def _one_by_one(parts: tuple[Tree, ...]) -> Tree:
    """Build a tree in which parts come one after the other, whichever first."""
    if len(parts) == 1:
        return parts[0]
    ways = []
    for at, part in enumerate(parts):
        rest = _one_by_one((*parts[:at], *parts[at + 1 :]))
        ways.append(Tree("sequence", "", (part, rest)))
    return Tree("choice", "", tuple(ways))


def read_tree_file(root: ET.Element, path: Path) -> Drawn:
    """Read a process tree from PTML.

    Raises
    ------
    DesignError
        For a tree without a root, with a part that is its own, or with an operator that is not known.
    """
    trees = list(each(root, "processTree"))
    if len(trees) != 1 or not trees[0].get("root"):
        raise DesignError(f"'{path.name}' holds {len(trees)} process trees with a root: one is wanted.")
    nodes = {str(node.get("id")): node for node in trees[0] if tag_of(node) != "parentsNode"}
    below: dict[str, list[str]] = {}
    for link in each(trees[0], "parentsNode"):
        below.setdefault(str(link.get("sourceId")), []).append(str(link.get("targetId")))
    tree = _built(str(trees[0].get("root")), (nodes, below), path.name, ())
    return Drawn(path.stem, net_of(tree), {})


def _built(at: str, of: tuple[dict[str, ET.Element], dict[str, list[str]]], file: str, above: tuple[str, ...]) -> Tree:
    nodes, below = of
    if at in above or at not in nodes or len(above) > _DEEPEST:
        raise DesignError(f"'{file}' is no tree: '{at}' is missing, too deep, or a part of itself.")
    operator = _TAGS.get(tag_of(nodes[at]).casefold(), tag_of(nodes[at]))
    name = str(nodes[at].get("name") or "")
    if operator in {"step", "silent"}:
        return Tree("silent") if operator == "silent" or name in _SILENT or not name else Tree("step", name)
    parts = tuple(_built(each, of, file, (*above, at)) for each in below.get(at, ()))
    if not parts:
        raise DesignError(f"'{file}' has an operator without parts ('{at}').")
    if operator == "loop" and len(parts) == 3 and parts[2].operator == "silent":
        parts = parts[:2]  # the exit that ProM writes
    return _made(operator, parts)
