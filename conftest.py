"""What the examples in docstrings stand on: the journeys and the design of the example company."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from _pytest.doctest import DoctestItem

import mining
from mining.examples import write_bundled


@pytest.fixture(scope="session")
def example_company(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Read the example company once."""
    folder = tmp_path_factory.mktemp("example")
    write_bundled(folder)
    touchpoints = mining.read_crm(folder / "exports" / "acme", sources=["hubspot", "zendesk", "acme-web", "acme-phone"])
    return {
        "mining": mining,
        "touchpoints": touchpoints,
        "journeys": touchpoints.by("customer", gap="90D"),
        "design": mining.read_design(folder / "designs" / "acme.yaml"),
    }


@pytest.fixture(autouse=True)
def _example_names(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """Give the example to docstrings that speak of journeys."""
    node = request.node
    if isinstance(node, DoctestItem) and "journeys" in "".join(example.source for example in node.dtest.examples):
        doctest_namespace.update(request.getfixturevalue("example_company"))
        pd.set_option("display.width", 120, "display.max_columns", 20)
