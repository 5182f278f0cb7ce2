"""The list of hazards is a promise: every one names tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINES = [
    line for line in (ROOT / "docs" / "hazards.md").read_text("utf-8").splitlines() if re.match(r"\| [HT]\d+ ", line)
]


def known_tests() -> set[str]:
    trees = (ast.parse(path.read_text("utf-8")) for path in (ROOT / "tests").rglob("test_*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_hazard_is_there() -> None:
    numbers = [re.match(r"\| ([HT]\d+) ", line).group(1) for line in LINES]
    assert numbers[:32] == [f"H{number}" for number in range(1, 33)]
    assert set(numbers[32:]) == {f"T{number}" for number in range(1, 19)}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split()[1])
def test_every_hazard_is_held_by_known_tests(line: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", line))
    assert named
    assert named <= known_tests()
