"""The main job, end to end, on real logs: each study in data/studies becomes a page without a fault."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mining.cli import app

STUDIES = sorted((Path(__file__).resolve().parent.parent / "data" / "studies").glob("*.yml"))
REAL = [path for path in STUDIES if "MINING_DATA" in path.read_text(encoding="utf-8")]
# What a reader must find on the page of each: counts from the notes that come with the logs.
SAYS = {
    "bpic2016_complaints": ["of 226 customers", "N.A.: no respect/not taken seriously"],
    "fivetran_hubspot_zendesk": ["of 20 customers", "Nothing is recorded of:"],
    "leadforge_small": ["120,444 touchpoints of 5,000 customers", "No effect"],
    "receipt_wabo": ["8,577 touchpoints", "1,434 journeys"],
    "bpic2012": ["164,509 touchpoints", "13,087 journeys", "235,882 of 262,200 rows"],
    "callcenter": ["7,548 touchpoints of 3,232 customers", "3,885 journeys", "perhaps an account shared by many"],
    "fivetran_hubspot": ["7 customers", "a field that is not followed"],
    "fivetran_zendesk": ["39 journeys", "deleted"],
    "helpdesk": ["21,348 touchpoints of 397 customers", "4,580 journeys"],
    "olist_funnel": ["8,842 touchpoints of 8,000 customers", "MQL created"],
    "servicenow_uci": ["24,918 journeys", "of 141,712 rows", "nothing that is watched changed"],
}


def test_every_real_study_is_looked_at():
    assert {path.stem for path in REAL} == set(SAYS)


@pytest.mark.parametrize("study", REAL, ids=lambda path: path.stem)
def test_a_real_export_becomes_a_page(study, real_data, tmp_path):
    folder = re.search(r"\$\{MINING_DATA\}/(\w+)", study.read_text(encoding="utf-8"))
    real_data(folder[1])
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["report", str(study), "--output", str(page)])
    assert result.exit_code == 0, result.output
    text = page.read_text(encoding="utf-8")
    assert [words for words in SAYS[study.stem] if words not in text] == []
    assert len(text) < 5_000_000
