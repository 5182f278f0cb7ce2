"""Every question beside its peers, in one run: `python run.py bench` prints our time, theirs and the ratio."""

import json
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from mining import open_log, read_crm, read_design
from mining._alignments import align
from mining._engine import (
    durations,
    ends,
    follows,
    link_columns,
    paths,
    portraits,
    steps,
    terminals,
    variants,
    waits,
)
from mining.examples import logs, write_bundled
from tests.alignments.test_align import cost_by_pm4py, in_pm4py
from tests.benches import kernels
from tests.memory import measured

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

SIZES = [100_000, 1_000_000, 10_000_000]
PATIENCE = 4.0  # seconds after which a peer is not asked again


def seconds(work, repeats=3):
    taken = []
    while len(taken) < repeats and sum(taken) < PATIENCE:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def row(name, ours, **peers):
    """Time ours before and after the peers, so that a machine that slows down slows both.

    A peer is work to time, or the seconds that it took elsewhere, or None where it is not there.
    """
    mine = [seconds(ours)]
    there = {peer: work for peer, work in peers.items() if work is not None}
    theirs = {peer: seconds(work) if callable(work) else work for peer, work in there.items()}
    mine.append(seconds(ours))
    own = float(np.mean(mine))
    told = "   ".join(f"{peer} {other:8.3f} ({other / own:6.1f}x)" for peer, other in theirs.items())
    return f"  {name:34} ours {own:8.4f}   {told}"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")

    @cache
    def written(n):
        table = logs.touchpoints(n)
        logs.write_csv(table, folder / f"{n}.csv")
        logs.write_parquet(table, folder / f"{n}.parquet")
        return folder / f"{n}.csv"

    return written


def formatted(frame):
    """Make the frame that pm4py wants of a frame with record, activity and timestamp."""
    import pm4py

    theirs = pd.DataFrame(
        {
            "case:concept:name": frame["record"].astype(object),
            "concept:name": frame["activity"].astype(object),
            "time:timestamp": pd.to_datetime(frame["timestamp"], utc=True).dt.as_unit("ns"),
        }
    )
    for name in {"channel", "actor"} & set(frame.columns):
        theirs[name] = frame[name].astype(object)
    return pm4py.format_dataframe(
        theirs, case_id="case:concept:name", activity_key="concept:name", timestamp_key="time:timestamp"
    ).astype({"case:concept:name": object, "concept:name": object})


def on_polars(peer):
    """Give pm4py's other frame of the same rows, where Polars is installed."""
    try:
        import polars as pl
    except ImportError:
        return None
    columns = {name: peer[name].to_numpy() for name in ("case:concept:name", "concept:name")}
    columns["time:timestamp"] = peer["time:timestamp"].dt.tz_convert(None).to_numpy("datetime64[us]")
    return pl.DataFrame(columns).lazy()


STREAM = """
import json, sys, time
import pandas as pd
try:
    from retentioneering import Eventstream
except ImportError:
    sys.exit(print("{}"))
frame = pd.read_parquet(sys.argv[1])
roles = {"path_cols": ["path"], "event_col": "event", "timestamp_col": "timestamp"}
stream = Eventstream(frame, schema=roles)
taken = {}
for weight in ("count", "time_median"):
    start = time.perf_counter()
    stream.transition_graph_data(edge_weight=weight)
    taken[weight] = time.perf_counter() - start
print(json.dumps(taken))
"""


def by_retentioneering(peer, folder):
    """Time retentioneering where it is installed: in a process of its own, told to send nothing anywhere."""
    path = folder / "stream.parquet"
    named = {"case:concept:name": "path", "concept:name": "event", "time:timestamp": "timestamp"}
    peer[list(named)].rename(columns=named).astype({"path": "str", "event": "str"}).to_parquet(path)
    quiet = os.environ | {"RETENTIONEERING_NO_TRACK": "1"}
    ran = subprocess.run([sys.executable, "-c", STREAM, path], capture_output=True, text=True, env=quiet, check=False)
    return json.loads(ran.stdout.splitlines()[-1]) if ran.returncode == 0 and ran.stdout else {}


def by_pandas(frame, gap="30min"):
    """Number the sessions as one does by hand."""
    ordered = frame.sort_values(["customer", "timestamp"])
    fresh = (ordered["customer"] != ordered["customer"].shift()) | (ordered["timestamp"].diff() > pd.Timedelta(gap))
    return fresh.cumsum()


def questions(log, *, peer, frame, columns, folder):
    """List what is asked and who else answers it."""
    import pm4py
    from pm4py.statistics.variants.pandas import get as pm4py_variants

    activity, time_of = log.narrow["activity"], columns.moments("timestamp")
    breadth = len(log.words["activity"])
    kernel = kernels.njit is not None
    if kernel:  # compile before the clock runs
        kernels.waits(log.offsets, activity, log.time, breadth)
        kernels.variants(log.offsets, activity)
    lazy, stream = on_polars(peer), by_retentioneering(peer, folder)
    yield row(
        "flow, starts and ends",
        lambda: (follows(log), terminals(log)),
        pm4py=lambda: pm4py.discover_dfg(peer),
        pm4py_on_polars=(lambda: pm4py.discover_dfg(lazy)) if lazy is not None else None,
        retentioneering=stream.get("count"),
        kernel=(lambda: kernels.flow(log.offsets, activity, breadth)) if kernel else None,
    )
    yield row(
        "waits: mean, median, p90 (exact)",
        lambda: waits(log),
        pm4py_without_p90=lambda: pm4py.discover_performance_dfg(peer),
        retentioneering_median=stream.get("time_median"),
        kernel=(lambda: kernels.waits(log.offsets, activity, log.time, breadth)) if kernel else None,
    )
    yield row(
        "variants with counts",
        lambda: paths(log),
        pm4py=lambda: pm4py_variants.get_variants_set(peer),
        kernel=(lambda: kernels.variants(log.offsets, activity)) if kernel else None,
    )
    yield row("variants spelt out", lambda: variants(log), pm4py=lambda: pm4py.get_variants(peer))
    yield row("durations", lambda: durations(log), pm4py=lambda: pm4py.get_all_case_durations(peer))
    if frame is not None:
        columns.coded("customer")  # as categories are in the frame: reading them is a question of its own
        yield row(
            "sessions of 30 minutes",
            lambda: link_columns(columns, "customer", time=time_of, gap=pd.Timedelta("30min")),
            pandas=lambda: by_pandas(frame),
        )
    yield row("one row per journey", lambda: portraits(log), pm4py=lambda: pm4py.extract_features_dataframe(peer))
    yield row(
        "whole chain on an open log",
        lambda: (steps(log), ends(log), variants(log), portraits(log)),
        pm4py=lambda: (
            pm4py.discover_dfg(peer),
            pm4py.discover_performance_dfg(peer),
            pm4py_variants.get_variants_set(peer),
            pm4py.get_all_case_durations(peer),
            pm4py.extract_features_dataframe(peer),
        ),
    )


@pytest.mark.parametrize("n", SIZES)
def test_questions_beside_pm4py_and_the_kernel(n, files, tell, tmp_path):
    touchpoints = open_log(files(n).with_suffix(".parquet"))
    log = touchpoints.by("record").log
    frame = pq.read_table(files(n).with_suffix(".parquet")).to_pandas()
    peer = formatted(frame)
    tell(f"\n{log.n_touchpoints:,} touchpoints, {log.n_journeys:,} journeys, the log open")
    for line in questions(log, peer=peer, frame=frame, columns=touchpoints.columns, folder=tmp_path):
        tell(line)
    assert follows(log)["n_steps"].sum() == log.n_touchpoints - log.n_journeys


def test_questions_of_a_million_real_events(tell, tmp_path):
    place = os.environ.get("MINING_DATA")
    if not place:
        pytest.skip("needs the public event logs: MINING_DATA, the folder they lie in, is not set")
    table = pq.read_table(Path(place) / "real_concat_1M_dev" / "events.parquet")
    names = dict(zip(("record", "activity", "timestamp"), real_columns(table.column_names), strict=True))
    touchpoints = open_log(Path(place) / "real_concat_1M_dev" / "events.parquet", columns=names)
    log = touchpoints.by("record").log
    frame = table.select(list(names.values())).to_pandas().set_axis(list(names), axis=1)
    peer = formatted(frame)
    tell(f"\n{log.n_touchpoints:,} real events of {log.n_journeys:,} cases (eleven public logs stacked), the log open")
    for line in questions(log, peer=peer, frame=None, columns=touchpoints.columns, folder=tmp_path):
        tell(line)
    assert log.n_touchpoints > 1_000_000


def real_columns(has):
    return [next(name for name in has if word in name.lower()) for word in ("case", "activity", "time")]


OURS = """
touchpoints = mining.open_log(sys.argv[1])
journeys = touchpoints.by("record")
for field in ("activity", "customer", "channel", "actor", "department"):
    journeys.log.narrow[field]
"""
BARE = "table = pyarrow.csv.read_csv(sys.argv[1])"
PM4PY = """
frame = pd.read_csv(sys.argv[1])
frame = pm4py.format_dataframe(frame, case_id="record", activity_key="activity", timestamp_key="timestamp")
"""
ASKED = "journeys.steps(), journeys.ends(), journeys.variants(), journeys.portraits()"
PEER_ASKED = """
frame = frame.astype({"case:concept:name": object, "concept:name": object})
pm4py.discover_dfg(frame), pm4py.discover_performance_dfg(frame), pm4py.get_variants(frame)
pm4py.get_all_case_durations(frame), pm4py.extract_features_dataframe(frame)
"""
LIBRARIES = "import pandas as pd, mining, mining.sources.clean, mining.journeys, pyarrow.csv, pm4py"


@pytest.mark.parametrize("n", SIZES)
def test_a_clean_file_becomes_journeys(n, files, tell):
    path = files(n)
    size = path.stat().st_size / 1e6
    tell(f"\nclean CSV of {n:,} rows ({size:,.0f} MB), a process each: seconds and peak of memory beyond the libraries")
    ours, peak = measured(OURS, LIBRARIES, path)
    for name, work in (("pm4py: read, format, sort", PM4PY), ("pyarrow: read alone", BARE)):
        other, other_peak = measured(work, LIBRARIES, path)
        tell(
            f"  CSV -> journeys    ours {ours:7.2f} s {peak:7,.0f} MB   {name:26} {other:7.2f} s {other_peak:7,.0f} MB"
            f"   speed {other / ours:5.2f}x, memory {peak / other_peak:4.2f}"
        )
    ours, peak = measured(OURS + ASKED, LIBRARIES, path)
    other, other_peak = measured(PM4PY + PEER_ASKED, LIBRARIES, path)
    tell(
        f"  whole chain        ours {ours:7.2f} s {peak:7,.0f} MB   {'pm4py':26} {other:7.2f} s {other_peak:7,.0f} MB"
        f"   speed {other / ours:5.2f}x, memory {peak / other_peak:4.2f}"
    )
    assert ours > 0


def test_growth_from_a_million_to_ten_million(files, tell):
    smaller, larger = (open_log(files(n).with_suffix(".parquet")) for n in SIZES[1:])
    one, other = smaller.by("record").log, larger.by("record").log
    tell("\ngrowth from 1e6 to 1e7 touchpoints: exponent of time (1 is linear)")
    growth = np.log(other.n_touchpoints / one.n_touchpoints)
    asked = {
        "link": lambda log: (smaller if log is one else larger).by("record"),
        "flow, starts and ends": lambda log: (follows(log), terminals(log)),
        "waits": waits,
        "variants with counts": paths,
        "durations": durations,
        "one row per journey": portraits,
    }
    for name, ask in asked.items():
        exponent = np.log(seconds(lambda: ask(other), 5) / seconds(lambda: ask(one), 5)) / growth  # noqa: B023
        tell(f"  {name:34} {exponent:5.2f}")
    assert growth > 2


def test_exact_alignments_beside_the_exact_search_of_pm4py(tmp_path, tell):
    write_bundled(tmp_path)
    sources = ["hubspot", "zendesk", "acme-web", "acme-phone"]
    journeys = read_crm(tmp_path / "exports" / "acme", sources=sources).by("customer", gap="90D")
    design = read_design(tmp_path / "designs" / "acme.yaml")
    ignored = set(design.ignore)
    spoken = sorted({tuple(step for step in path if step not in ignored) for path in journeys.variants()[0]["variant"]})
    shorter = sorted(spoken, key=len)[:60]
    there = in_pm4py(design.net)
    tell(f"\nexact alignments, a design of {len(design.activities)} activities")
    tell(
        row(
            f"{len(shorter)} shortest paths of {len(spoken)}",
            lambda: align(design.net, shorter),
            pm4py=lambda: [cost_by_pm4py(path, there) for path in shorter],
        )
    )
    assert align(design.net, shorter).cost.tolist() == [cost_by_pm4py(path, there) for path in shorter]
