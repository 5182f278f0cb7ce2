"""Relations between activities and journeys that stand for others, beside pm4py where it has the like."""

import numpy as np
import pytest

from mining.discovery.orders import count_orders
from mining.discovery.representatives import find_representatives
from mining.discovery.skeleton import find_skeleton
from mining.discovery.tempo import find_tempo
from mining.examples.logs import touchpoints, write_parquet
from mining.sources.clean import open_log
from tests.benches.test_discovery import line, seconds, theirs_of
from tests.telling import told

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module", params=[100_000, 500_000])
def journeys(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("logs") / "log.parquet"
    write_parquet(touchpoints(request.param), path)
    return open_log(path).by("record")


def test_relations_beside_pm4py(journeys, tell):
    import pm4py

    peer = theirs_of(journeys)
    tell(f"\n{journeys.log.n_touchpoints:,} touchpoints of {len(journeys):,} journeys")
    mine, found = seconds(lambda: find_tempo(journeys))
    others, expected = seconds(lambda: pm4py.discover_temporal_profile(peer))
    tell(line("temporal profile", mine, others))
    assert len(found.frame) == len(expected)
    np.testing.assert_allclose(
        [expected[pair][0] for pair in zip(found.frame["activity"], found.frame["later_activity"], strict=True)],
        found.frame["mean_hours"] * 3600, rtol=1e-6, atol=1e-2,
    )  # fmt: skip
    mine, _ = seconds(lambda: find_skeleton(journeys))
    others, _ = seconds(lambda: pm4py.discover_log_skeleton(peer))
    tell(line("log skeleton (theirs counts repeats)", mine, others))
    mine, orders = seconds(lambda: count_orders(journeys))
    others, later = seconds(lambda: pm4py.discover_eventually_follows_graph(peer))
    tell(line("what comes sooner or later after what", mine, others))
    assert len(orders) == len(later)


@pytest.mark.parametrize("distinct", [1_000, 10_000, 100_000])
def test_representatives_of_many_distinct_paths(distinct, tell):
    random = np.random.default_rng(0)
    known = [f"step {at}" for at in range(30)]
    scripts = [random.choice(known, 18) for _ in range(6)]
    lines = []
    for number in range(distinct):
        script = scripts[random.integers(6)]
        path = [step for step in script if random.random() > 0.15]
        lines.append(f"j{number}: {' > '.join([*path, str(random.choice(known)), str(random.choice(known))])}")
    journeys = told(*lines)
    n = len(journeys.variants()[0])
    took, found = seconds(lambda: find_representatives(journeys, 6), repeats=1)
    tell(f"  {f'6 representatives of {n:,} distinct paths':52} ours {took:8.3f}   {found.sentence}")
    assert found.frame["n_journeys"].sum() == distinct
