"""The page of known systems is what the mappings say."""

from pathlib import Path

from mining.sources.catalogue import known_systems, mapping_of
from mining.sources.catalogue_page import catalogue_page

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"


def test_the_page_is_not_stale() -> None:
    told = "the page is stale: run python -m mining.sources.catalogue_page"
    assert PAGE.read_text("utf-8") == catalogue_page(), told


def test_every_system_tells_its_tables_and_what_it_lacks() -> None:
    page = catalogue_page()
    sections = {part.partition('"')[0]: part for part in page.split('<a id="')[1:]}
    assert set(sections) == {mapping_of(name).system for name in known_systems()} - {"phone", "web"}
    hubspot = sections["hubspot"]
    assert "engagement_call" in hubspot
    assert "Record ID" in hubspot
    for table, text in mapping_of("hubspot").lacks.items():
        assert f"- `{table}`: {' '.join(text.split())}" in hubspot
    assert "account's zone" in sections["phone-system"]
    assert "Dates are Jalali" in sections["didar"]


def test_no_cell_breaks_its_table() -> None:
    rows = [line for line in catalogue_page().splitlines() if line.startswith("| ")]
    # A bar within a cell is escaped.
    columns = {line.replace("\\|", "").count("|") for line in rows}
    assert columns == {4, 5}
