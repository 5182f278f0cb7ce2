"""What the README tells a newcomer to do works as written."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def python_blocks(text):
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_the_fifteen_lines_run_and_write_the_report(tmp_path, monkeypatch):
    (block,) = python_blocks(README)
    assert len([line for line in block.splitlines() if line.strip()]) <= 15
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    assert "Where it hurts" in (tmp_path / "acme.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name
)
def test_links_lead_to_files_that_exist(page):
    text = page.read_text(encoding="utf-8")
    links = [*re.findall(r"\]\((?!https?:)([^)#]+)\)", text), *re.findall(r'(?:src|href)="(?!https?:)([^"#]+)"', text)]
    assert links or page.name != "README.md"
    assert [link for link in links if not (page.parent / link).exists()] == []
