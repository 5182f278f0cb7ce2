"""Every question beside its peer, in one run: `python run.py bench` prints our time, theirs and the ratio."""

import time

import numpy as np
import pandas as pd
import pytest

from mining._engine import ends, link_codes, portraits, steps, variants
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
        print(f"\n{n:,} touchpoints, {log.n_journeys:,} journeys: seconds, median of three")  # noqa: T201
        for name, ours, theirs in rows:
            mine, others = seconds(ours), seconds(theirs)
            print(f"  {name:34} ours {mine:8.3f}   pm4py {others:8.3f}   ratio {others / mine:6.1f}x")  # noqa: T201
    assert steps(log)["n_steps"].sum() == n - log.n_journeys
