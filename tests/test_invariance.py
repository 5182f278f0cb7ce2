"""The order of rows in the files decides nothing, whatever is asked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mining.design import compare, read_design
from mining.discovery import discover
from mining.maps import find_pain_points, map_journey
from mining.sources import Touchpoints, read_crm
from mining.sources.forms.files import open_export
from mining.timing import check_slas, measure_channels, measure_people, measure_waits

ROOT = Path(__file__).parents[1]
SYSTEMS = {"hubspot": "hubspot", "zendesk": "zendesk", "web": "acme-web", "phone": "acme-phone"}


def tables() -> dict[str, pd.DataFrame]:
    """Read the example's records, without the lines that are none."""
    files = [file for folder in SYSTEMS for file in open_export(ROOT / "data" / "exports" / "acme" / folder).files]
    return {table.name: table.frame for file in files for table in file.read()}


def asked(touchpoints: Touchpoints) -> dict[str, str]:
    journeys = touchpoints.by("customer", gap="90D")
    design = read_design(ROOT / "data" / "designs" / "acme.yaml")
    results = {
        "flow": discover(journeys).flow.frame,
        "variants": discover(journeys).variants.frame,
        "deviations": compare(journeys, design).frame,
        "slas": check_slas(journeys, design).frame,
        "waits": measure_waits(journeys).frame,
        "people": measure_people(journeys).frame,
        "channels": measure_channels(journeys).frame,
        "map": map_journey(journeys, design).frame,
        "pains": find_pain_points(journeys, design).frame,
        "frame": touchpoints.frame.drop(columns=["seq", "source_row"]).sort_values(["touchpoint_id", "customer"]),
    }
    return {name: frame.to_csv(index=False, float_format="%.9g") for name, frame in results.items()}


@pytest.fixture(scope="module")
def whole() -> dict[str, pd.DataFrame]:
    return tables()


def test_no_answer_depends_on_the_order_of_rows(whole: dict[str, pd.DataFrame]) -> None:
    systems = [system for folder, system in SYSTEMS.items()]
    shuffled = {name: table.sample(frac=1, random_state=3) for name, table in whole.items()}
    one, two = (asked(read_crm(each, systems)) for each in (whole, shuffled))
    assert {name for name in one if one[name] != two[name]} == set()
