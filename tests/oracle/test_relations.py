"""Relations between activities equal pm4py's: what comes later, log skeleton, declared rules, temporal profile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mining import discover
from mining._engine import paths
from mining.discovery.places import find_places
from mining.discovery.rules import _counted
from mining.discovery.skeleton import find_skeleton
from mining.journeys import Journeys
from tests.oracle.test_flow_and_variants import LOGS, ours, theirs
from tests.telling import told

# pm4py says what it thinks of other packages while it works; that is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore")

_DECLARED = ("response", "precedence")
SMALL = ("helpdesk", "receipt_wabo", "sepsis")
_COLUMNS = {"journey_id": "case:concept:name", "activity": "concept:name", "timestamp": "time:timestamp"}


@pytest.fixture(params=SMALL)
def path(request: pytest.FixtureRequest, real_data: Callable[[str], Path]) -> Path:
    return real_data(request.param) / LOGS[request.param]


def without_repeats(seed: int) -> Journeys:
    random = np.random.default_rng(seed)
    lines = []
    for number in range(40):
        path = [word for word in "abcdefg" if random.random() < 0.7] or ["a"]
        at = random.integers(len(path))
        path[at:] = random.permutation(path[at:]).tolist()
        lines.append(f"j{number}: {' > '.join(path)}")
    return told(*lines)


def framed(journeys: Journeys) -> pd.DataFrame:
    """Give journeys as pm4py wants them."""
    log = journeys.log
    frame = pd.DataFrame(
        {"journey_id": log.journey_ids[log.journey_of], "activity": log.decoded("activity"),
         "timestamp": pd.to_datetime(log.time, unit="us", utc=True).as_unit("ns")}
    )  # fmt: skip
    return frame.rename(columns=_COLUMNS).astype({"case:concept:name": "object", "concept:name": "object"})


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_the_skeleton_of_journeys_without_repeats(seed: int, noise: float) -> None:
    """Where activities repeat, pm4py counts them and not the journeys, so that its relations are other ones."""
    import pm4py

    journeys = without_repeats(seed)
    expected = pm4py.discover_log_skeleton(framed(journeys), noise_threshold=noise)
    found = find_skeleton(journeys, noise=noise).frame
    for relation in ("equivalence", "always_after", "always_before", "never_together", "directly_follows"):
        rows = found[found["relation"] == relation]
        assert set(zip(rows["activity"], rows["other_activity"], strict=True)) == expected[relation], relation
    times = find_skeleton(journeys, noise=noise).frequencies
    told_times = {name: set(rows["n_times"]) for name, rows in times.groupby("activity")}
    assert told_times == {name: set(counts) for name, counts in expected["activ_freq"].items()}


@pytest.mark.parametrize("seed", range(5))
def test_declared_rules_of_journeys_without_repeats(seed: int) -> None:
    import pm4py

    journeys = without_repeats(seed)
    expected = pm4py.discover_declare(
        framed(journeys), min_support_ratio=0.0, min_confidence_ratio=0.0, allowed_templates=set(_DECLARED)
    )
    found = paths(journeys.log)
    words = journeys.log.words["activity"]
    rows = list(_counted(find_places(found, len(words), 200), np.diff(found.offsets)))
    kept = {(rule, words[one], words[other]): n for rule, one, other, n, _ in rows if other >= 0}
    for rule in _DECLARED:
        assert len(expected[rule]) > 20
        for (one, other), numbers in expected[rule].items():
            assert kept[rule, one, other] == numbers["confidence"], (rule, one, other)


def test_what_comes_later_in_real_logs(path: Path) -> None:
    import pm4py

    expected = pm4py.discover_eventually_follows_graph(theirs(path))
    found = discover(ours(path)).orders
    pairs = set(zip(found["activity"], found["later_activity"], strict=True))
    assert pairs == set(expected)


def test_the_temporal_profile_of_real_logs(path: Path) -> None:
    import pm4py

    frame = theirs(path)
    keys = pm4py.discover_temporal_profile(frame)
    found = discover(ours(path)).temporal_profile.frame
    assert set(zip(found["activity"], found["later_activity"], strict=True)) == set(keys)
    expected = np.array(
        [keys[one, other] for one, other in zip(found["activity"], found["later_activity"], strict=True)]
    )
    np.testing.assert_allclose(found["mean_hours"] * 3600, expected[:, 0], rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(found["std_hours"] * 3600, expected[:, 1], rtol=1e-4, atol=1.0)
