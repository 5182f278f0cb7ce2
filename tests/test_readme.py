"""What the README tells a newcomer to do works as written."""

import re
import shutil
from pathlib import Path

import pytest

import mining

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ["hubspot", "zendesk", "acme-web", "acme-phone"]
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


def test_the_first_picture_is_what_the_map_of_the_example_looks_like():
    first = re.search(r'src="([^"]+)"', README)[1]
    touchpoints = mining.read_crm(ROOT / "data" / "exports" / "acme", sources=SOURCES)
    design = mining.read_design(ROOT / "data" / "designs" / "acme.yaml")
    lanes = ["customers do", "channels", "waits", "outcome", "sla", "opportunities", "owner"]
    drawn = mining.map_journey(touchpoints.by("customer", gap="90D"), design, lanes=lanes).picture()
    assert drawn.svg in (ROOT / first).read_text(encoding="utf-8")
