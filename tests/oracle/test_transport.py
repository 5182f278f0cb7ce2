"""Distances between logs equal pm4py's, which solves the whole programme at once; so does generalisation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mining.discovery import discover
from mining.discovery.transport import language_distance
from mining.journeys import Journeys
from tests.discovery.test_transport import logged
from tests.oracle.test_flow_and_variants import LOGS, ours
from tests.telling import told

# pm4py says what it thinks of other packages while it works; that is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore")


def language(journeys: Journeys) -> dict[tuple[str, ...], float]:
    frame = journeys.variants()[0]
    return dict(zip(frame["variant"], frame["n_journeys"] / len(journeys), strict=True))


def theirs(one: Journeys, other: Journeys) -> float:
    import pm4py

    return float(pm4py.compute_emd(language(one), language(other)))


@pytest.mark.parametrize("seed", range(4))
def test_small_logs_are_as_far_apart(seed: int) -> None:
    one, other = logged(12 + 5 * seed, 0.3, seed=seed), logged(30 - 5 * seed, 0.7, seed=9 + seed)
    assert language_distance(one, other, repeats=1).distance == pytest.approx(theirs(one, other), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("receipt_wabo", 717, 500), ("receipt_wabo", 600, 600), ("sepsis", 60, 53), ("helpdesk", 601, 500)],
)
def test_real_logs_are_as_far_apart(name: str, first: int, second: int, real_data: Callable[[str], Path]) -> None:
    log = ours(real_data(name) / LOGS[name])
    rank = np.random.default_rng(1).permutation(len(log))
    one, other = log.keep(rank < first), log.keep((rank >= first) & (rank < first + second))
    assert language_distance(one, other, repeats=1).distance == pytest.approx(theirs(one, other), abs=1e-9)


def test_steps_of_a_fitting_model_generalise_as_theirs_do(tmp_path: Path) -> None:
    import pm4py

    journeys = told(
        *[f"a{i}: ad > call > won" for i in range(9)],
        *[f"b{i}: mail > call > won" for i in range(4)],
        *[f"c{i}: mail > call > lost" for i in range(16)],
    )
    found = discover(journeys)
    net = pm4py.read_pnml(str(found.model.save(tmp_path / "model.pnml")))
    assert all(transition.label for transition in net[0].transitions), "they count silent steps too"
    expected = pm4py.generalization_tbr(theirs_of(journeys), *net)
    assert found.quality.set_index("model").loc["discovered", "generalisation"] == pytest.approx(expected, abs=1e-9)


def theirs_of(journeys: Journeys) -> pd.DataFrame:
    log = journeys.log
    frame = pd.DataFrame(
        {
            "case:concept:name": log.journey_ids[log.journey_of],
            "concept:name": log.words["activity"][log.codes["activity"]],
            "time:timestamp": pd.to_datetime(log.time, unit="us", utc=True).as_unit("ns"),
        }
    )
    return frame.astype({"case:concept:name": object, "concept:name": object})
