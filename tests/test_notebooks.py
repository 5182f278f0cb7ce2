"""What every stored notebook must be, so that comparing its outputs means something and reading it is a pleasure."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CELLS, LINES = 25, 12

# What differs from run to run or from machine to machine, and so makes a stored output a lie.
UNSTABLE = re.compile(
    r"\b0x[0-9a-f]{6,}|/(?:home|root|tmp|Users|work)/|[A-Z]:\\Users|\d+%\|"  # addresses, folders, progress bars
)


def faults(notebook: dict) -> Iterator[str]:
    """Yield all that is wrong with a notebook, each with the number of its cell."""
    code = [(number, cell) for number, cell in enumerate(notebook["cells"], 1) if cell["cell_type"] == "code"]
    yield from _whole(notebook, code)
    for number, cell in code:
        yield from (f"cell {number}: {fault}" for fault in [*_written(source(cell)), *_shown(cell)])


def source(cell: dict) -> str:
    return "".join(cell["source"])


def _whole(notebook: dict, code: list[tuple[int, dict]]) -> Iterator[str]:
    first = notebook["cells"][0]
    if first["cell_type"] != "markdown" or not re.match(r"# .*\?\s*$", source(first), re.MULTILINE):
        yield "its title is no question"
    if [cell["execution_count"] for _, cell in code] != list(range(1, len(code) + 1)):
        yield "its cells were not run once each, in order: python run.py notebooks"
    if not 0 < len(code) <= CELLS:
        yield f"it has {len(code)} code cells"
    if not any("parameters" in cell["metadata"].get("tags", []) for _, cell in code[:2]):
        yield "no cell at the top bears the tag 'parameters'"
    if code and "assert " not in source(code[-1][1]):
        yield "its last code cell holds none of the numbers"
    before = {number + 1 for number, cell in enumerate(notebook["cells"], 1) if cell["cell_type"] == "markdown"}
    yield from (f"cell {number}: no prose before it" for number, _ in code if number not in before)


def _written(text: str) -> Iterator[str]:
    if len(text.strip().splitlines()) > LINES:
        yield f"more than {LINES} lines"
    if any(line.rstrip().endswith(";") for line in text.splitlines()):
        yield "a trailing semicolon"
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        yield "not plain Python"
        return
    if any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in nodes):
        yield "a definition: logic lives in the library"
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    if any(name.split(".")[0] == "pm4py" for name in imported):
        yield "pm4py comes in only through the library"


def _shown(cell: dict) -> Iterator[str]:
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            yield "it ended in an error"
        if output.get("name") == "stderr":
            yield "it wrote to stderr"
        texts = [
            output.get("text", ""),
            *(text for kind, text in output.get("data", {}).items() if kind != "image/png"),
        ]
        found = UNSTABLE.search("\n".join("".join(text) if isinstance(text, list) else str(text) for text in texts))
        if found:
            yield f"its output changes from run to run: {found[0]}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_notebooks_have_no_faults(path):
    assert list(faults(json.loads(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_numbered_in_the_order_of_the_work(path):
    assert re.match(rf"{NOTEBOOKS.index(path) + 1:02d}-[a-z0-9-]+$", path.stem)


# --- the guards themselves


def prose(text: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(text: str, count: int | None, *outputs: dict, tags: tuple[str, ...] = ()) -> dict:
    return {
        "cell_type": "code", "metadata": {"tags": list(tags)}, "source": text, "execution_count": count,
        "outputs": list(outputs),
    }  # fmt: skip


def right() -> list[dict]:
    return [
        prose("# Where do they leave?"), code("config = 'acme.yml'", 1, tags=("parameters",)),
        prose("Look."), code("journeys = 1", 2),
        prose("Hold."), code("assert journeys == 1", 3),
    ]  # fmt: skip


def test_a_right_notebook_has_no_faults():
    assert list(faults({"cells": right()})) == []


@pytest.mark.parametrize(
    ("place", "cell", "fault"),
    [
        (0, prose("# Leaving"), "its title is no question"),
        (1, code("config = 1", 1), "no cell at the top bears the tag 'parameters'"),
        (2, code("journeys = 2", 2), "cell 3: no prose before it"),
        (3, code("journeys = 1", None), "its cells were not run once each, in order: python run.py notebooks"),
        (3, code("journeys = 1", 7), "its cells were not run once each, in order: python run.py notebooks"),
        (3, code("journeys = 1;", 2), "cell 4: a trailing semicolon"),
        (3, code("import pm4py", 2), "cell 4: pm4py comes in only through the library"),
        (3, code("from pm4py.vis import view", 2), "cell 4: pm4py comes in only through the library"),
        (3, code("def ask(): ...", 2), "cell 4: a definition: logic lives in the library"),
        (3, code("%pip install mining", 2), "cell 4: not plain Python"),
        (3, code("a = 1\n" * 13, 2), "cell 4: more than 12 lines"),
        (3, code("1", 2, {"output_type": "stream", "name": "stderr", "text": "careful"}), "cell 4: it wrote to stderr"),
        (3, code("1", 2, {"output_type": "error", "ename": "E", "evalue": "e"}), "cell 4: it ended in an error"),
        (
            3, code("1", 2, {"output_type": "execute_result", "data": {"text/plain": ["<object at 0x7f0011aa22bb>"]}}),
            "cell 4: its output changes from run to run: 0x7f0011aa22bb",
        ),
        (5, code("journeys", 3), "its last code cell holds none of the numbers"),
    ],
)  # fmt: skip
def test_each_fault_is_noticed(place, cell, fault):
    cells = right()
    cells[place] = cell
    assert fault in list(faults({"cells": cells}))


def test_a_notebook_that_goes_on_for_ever_is_noticed():
    cells = right()[:2] + [cell for count in range(2, 28) for cell in (prose("More."), code("assert True", count))]
    assert list(faults({"cells": cells})) == ["it has 27 code cells"]


@pytest.mark.skipif(not NOTEBOOKS, reason="there are no notebooks")
def test_a_notebook_runs_on_another_export(tmp_path):
    given = {"exports": "../data/exports/acme-ui", "sources": ["hubspot"], "case": "deal", "gap": None}
    (tmp_path / "mine.yml").write_text(json.dumps(given), encoding="utf-8")
    out = tmp_path / "out.ipynb"
    papermill = [sys.executable, "-m", "papermill", "--no-progress-bar", "-f", str(tmp_path / "mine.yml")]
    run = subprocess.run(
        [*papermill, str(NOTEBOOKS[0]), str(out)], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "Journeys by deal" in out.read_text(encoding="utf-8")
