"""Every question beside its peer, in one run: `python run.py bench` prints our time, theirs and the ratio."""

import time

import numpy as np
import pandas as pd
import pytest

from mining import read_crm, read_design
from mining._alignments import align
from mining._engine import ends, link_codes, portraits, steps, variants
from mining._pm4py import read_xes, write_xes
from mining.examples import write_bundled
from tests.alignments.test_align import cost_by_pm4py, in_pm4py
from tests.telling import canonical

pytestmark = pytest.mark.bench


def seconds(work, repeats=3):
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def touchpoint_log(n, seed=11):
    """A log of `n` touchpoints in journeys of about eleven, forty activities, sorted by time as an export is."""
    random = np.random.default_rng(seed)
    customer = random.integers(0, n // 11, n)
    activity = np.minimum(random.geometric(0.09, n) - 1, 39)
    return canonical(
        pd.DataFrame(
            {
                "customer": pd.Series(customer).astype("str"),
                "activity": pd.Series(activity).map(lambda code: f"activity {code:02d}"),
                "channel": pd.Series(activity % 5).map(lambda code: f"channel {code}"),
                "timestamp": pd.Timestamp("2025-01-01", tz="UTC")
                + pd.to_timedelta(np.sort(random.integers(0, 400 * 86_400, n)), unit="s"),
            }
        )
    )


def formatted(frame):
    import pm4py

    theirs = pd.DataFrame(
        {
            "case:concept:name": frame["customer"].astype(object),
            "concept:name": frame["activity"].astype(object),
            "time:timestamp": frame["timestamp"].dt.as_unit("ns"),
        }
    )
    return pm4py.format_dataframe(
        theirs, case_id="case:concept:name", activity_key="concept:name", timestamp_key="time:timestamp"
    ).astype({"case:concept:name": object, "concept:name": object})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n", [100_000, 1_000_000])
def test_questions_beside_pm4py(n, capsys):
    import pm4py
    from pm4py.statistics.variants.pandas import get as pm4py_variants

    frame = touchpoint_log(n)
    log, peer = link_codes(frame, "customer"), formatted(frame)
    rows = [
        ("link (pm4py: format_dataframe)", lambda: link_codes(frame, "customer"), lambda: formatted(frame)),
        ("flow, starts and ends", lambda: (steps(log), ends(log)), lambda: pm4py.discover_dfg(peer)),
        ("waits (pm4py has no p90)", lambda: steps(log), lambda: pm4py.discover_performance_dfg(peer)),
        ("exact variants", lambda: variants(log), lambda: pm4py_variants.get_variants_set(peer)),
        ("one row per journey", lambda: portraits(log), lambda: pm4py.extract_features_dataframe(peer)),
    ]
    with capsys.disabled():
        told_beside(f"{n:,} touchpoints, {log.n_journeys:,} journeys: seconds, median of three", rows)
    assert steps(log)["n_steps"].sum() == n - log.n_journeys


def told_beside(title, rows, repeats=3):
    print(f"\n{title}")  # noqa: T201
    for name, ours, theirs in rows:
        mine, others = seconds(ours, repeats), seconds(theirs, repeats)
        print(f"  {name:38} ours {mine:8.3f}   pm4py {others:8.3f}   ratio {others / mine:6.1f}x")  # noqa: T201


@pytest.mark.filterwarnings("ignore")
def test_event_logs_in_and_out_beside_pm4py(tmp_path, capsys):
    import pm4py

    n = 200_000
    frame = touchpoint_log(n).rename(columns={"customer": "journey_id"})[["journey_id", "activity", "timestamp"]]
    peer, path = formatted(frame.rename(columns={"journey_id": "customer"})), tmp_path / "log.xes"
    rows = [
        ("write XES", lambda: write_xes(frame, path), lambda: pm4py.write_xes(peer, str(tmp_path / "peer.xes"))),
        ("read XES, every value checked as text", lambda: read_xes(path), lambda: pm4py.read_xes(str(path))),
    ]
    with capsys.disabled():
        told_beside(f"{n:,} events: seconds, once", rows, repeats=1)
    assert len(read_xes(path)) == n


@pytest.mark.filterwarnings("ignore")
def test_exact_alignments_beside_the_exact_search_of_pm4py(tmp_path, capsys):
    write_bundled(tmp_path)
    sources = ["hubspot", "zendesk", "acme-web", "acme-phone"]
    journeys = read_crm(tmp_path / "exports" / "acme", sources=sources).by("customer", gap="90D")
    design = read_design(tmp_path / "designs" / "acme.yaml")
    ignored = set(design.ignore)
    paths = journeys.variants()[0]["variant"]
    spoken = sorted({tuple(step for step in path if step not in ignored) for path in paths})
    shorter = sorted(spoken, key=len)[:60]
    there = in_pm4py(design.net)
    rows = [
        (
            f"{len(shorter)} shortest paths of {len(spoken)}",
            lambda: align(design.net, shorter),
            lambda: [cost_by_pm4py(path, there) for path in shorter],
        )
    ]
    with capsys.disabled():
        told_beside(
            f"exact alignments, a design of {len(design.activities)} activities: seconds, once", rows, repeats=1
        )
        print(f"  all {len(spoken)} paths: ours {seconds(lambda: align(design.net, spoken)):.3f}")  # noqa: T201
    assert align(design.net, shorter).cost.tolist() == [cost_by_pm4py(path, there) for path in shorter]
