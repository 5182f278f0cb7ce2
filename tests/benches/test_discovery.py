"""Models discovered from counts beside pm4py on the log: the same model, and our time, theirs and the ratio."""

import time

import numpy as np
import pandas as pd
import pytest

from mining import open_log
from mining._pm4py import discover_heuristics, discover_tree, discover_tree_of_steps
from mining.discovery.dependencies import count_returns
from mining.discovery.edits import shares_edited
from mining.discovery.transport import earth_movers
from mining.examples.logs import touchpoints, write_parquet
from tests.oracle.test_flow_and_variants import canonical_text, record

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]


def seconds(work, repeats=3):
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        given = work()
        taken.append(time.perf_counter() - start)
        if sum(taken) > 4:
            break
    return float(np.median(taken)), given


def line(name, mine, others):
    return f"  {name:52} ours {mine:8.3f}   pm4py on the log {others:8.3f}   ratio {others / mine:6.1f}x"


def theirs_of(journeys):
    import pm4py

    rows = journeys.log
    frame = pd.DataFrame(
        {
            "case:concept:name": rows.journey_ids[rows.journey_of],
            "concept:name": rows.words["activity"][rows.codes["activity"]],
            "time:timestamp": pd.to_datetime(rows.time, unit="us", utc=True).as_unit("ns"),
        }
    ).astype({"case:concept:name": object, "concept:name": object})
    return pm4py.format_dataframe(
        frame, case_id="case:concept:name", activity_key="concept:name", timestamp_key="time:timestamp"
    ).astype({"case:concept:name": object, "concept:name": object})


@pytest.fixture(scope="module", params=[100_000, 500_000, 1_000_000])
def journeys(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("logs") / "log.parquet"
    write_parquet(touchpoints(request.param), path)
    return open_log(path).by("record")


def of_successions(peer):
    from pm4py.algo.discovery.inductive.algorithm import Variants, apply

    return apply(peer, variant=Variants.IMd)


def test_models_from_counts_beside_pm4py(journeys, tell):
    import pm4py

    peer = theirs_of(journeys)
    steps, ends, returns = journeys.steps(), journeys.ends(), count_returns(journeys)
    tell(f"\n{journeys.log.n_touchpoints:,} touchpoints: models from counts that are there")
    mine, tree = seconds(lambda: discover_tree_of_steps(steps, ends))
    others, expected = seconds(lambda: of_successions(peer))
    tell(line("process tree of steps (IMd)", mine, others))
    assert canonical_text(tree) == canonical_text(record(expected))
    mine, net = seconds(lambda: discover_heuristics(steps, ends, returns))
    others, found = seconds(lambda: pm4py.discover_heuristics_net(peer))
    tell(line("heuristics net of steps", mine, others))
    assert len(net.dependencies) == sum(len(node.output_connections) for node in found.nodes.values())


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_trees_from_variants_beside_pm4py(journeys, tell, noise):
    import pm4py

    peer = theirs_of(journeys)
    mine, tree = seconds(lambda: discover_tree(fresh(journeys).variants()[0], noise), 1)
    others, expected = seconds(lambda: pm4py.discover_process_tree_inductive(peer, noise_threshold=noise), 1)
    name = f"process tree of variants, noise {noise}, counting included"
    tell(f"\n{journeys.log.n_touchpoints:,} touchpoints in {len(journeys.variants()[0]):,} variants")
    tell(line(name, mine, others))
    assert canonical_text(tree) == canonical_text(record(expected))


def fresh(journeys):
    """Give the same journeys, with nothing counted yet."""
    return journeys.keep(np.ones(len(journeys), bool))


@pytest.mark.parametrize(("n", "m"), [(200, 200), (300, 299)])
def test_earth_movers_beside_pm4py(tell, n, m):
    import pm4py

    draw = np.random.default_rng(1)
    one, other = walks(n, draw), walks(m, draw)
    mine, found = seconds(lambda: measured(one, other))
    others, expected = seconds(
        lambda: pm4py.compute_emd(*(dict.fromkeys(log, 1 / len(log)) for log in (one, other))), 1
    )
    tell(f"\nlogs of {n} and {m} distinct paths, the edits of all pairs included")
    tell(line("earth movers' distance", mine, others).replace("on the log", "compute_emd"))
    assert found == pytest.approx(expected, abs=1e-9)
    assert others > 100 * mine


def walks(n, draw):
    """Make paths up that are all distinct."""
    paths = set()
    while len(paths) < n:
        paths.add(tuple(draw.choice(list("abcdefgh"), draw.integers(5, 16)).tolist()))
    return sorted(paths)


def measured(one, other):
    paths = sorted({*one, *other})
    counts = np.array([[path in log for path in paths] for log in (set(one), set(other))], np.int64)
    return earth_movers(shares_edited(paths), counts)
