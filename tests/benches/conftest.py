"""What every benchmark stands on: lines that are printed as they come and kept, where that is asked for."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

RECORD = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Made by `python run.py bench --store`; a file of tests by itself, `bench tests/benches/test_questions.py --store`,
renews its own part. Each line is one run, with the peer beside it in the same process unless it says otherwise.
Seconds are the median of the repeats; clocks are noisy, so read the ratios (peer / ours: above 1 means that we are
faster). A peer that is not installed is left out: `python run.py exec pip install numba polars retentioneering`
adds the one-pass kernel (the practical limit on this machine), pm4py on Polars and retentioneering.

"""
_LINES = pytest.StashKey[dict[str, list[str]]]()
_PARTS = re.compile(r"^## (\w+)\n+(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store", action="store_true", help="write what is measured to docs/benchmarks.md")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_LINES] = {}


@pytest.fixture
def tell(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line at once, whatever pytest captures, and remember it."""

    def said(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)  # noqa: T201
        request.config.stash[_LINES].setdefault(request.path.stem.removeprefix("test_"), []).append(line)

    return said


def pytest_sessionfinish(session: pytest.Session) -> None:
    measured = session.config.stash.get(_LINES, {})
    if session.config.getoption("--store", default=False) and measured:
        before = RECORD.read_text(encoding="utf-8") if RECORD.exists() else ""
        parts = dict(_PARTS.findall(before))
        for name, lines in measured.items():
            parts[name] = f"{machine()}\n\n```text\n" + "\n".join(lines).strip() + "\n```\n\n"
        text = "".join(f"## {name}\n\n{part}" for name, part in sorted(parts.items()))
        RECORD.write_text(HEAD + text.rstrip() + "\n", encoding="utf-8")


def machine() -> str:
    packages = ("pm4py", "pandas", "numpy", "pyarrow", "duckdb")
    cores, memory = _hardware()
    said = ", ".join(f"{name} {version(name)}" for name in packages)
    system = f"{platform.system()} {platform.machine()}, {cores}, {memory}"
    return f"Machine: {system}. Python {sys.version.split()[0]}, {said}."


def _hardware() -> tuple[str, str]:
    import os

    model, memory = "", "memory not known"
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
        kilobytes = int(Path("/proc/meminfo").read_text(encoding="utf-8").split()[1])
        memory = f"{kilobytes / 2**20:.0f} GiB"
    return f"{os.cpu_count()} cores {model}".strip(), memory
