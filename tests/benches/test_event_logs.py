"""Event logs in and out beside pm4py: seconds and peaks of memory, each in a process of its own."""

import sys
import time

import numpy as np
import pandas as pd
import pytest

from mining._pm4py import write_xes
from mining.sources.ocel import read_store, write_store
from mining.sources.store import Store
from tests.memory import measured

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is asked of Unix"),
]

SIZE = 1_000_000
KEYS = {
    "journey_id": "case:concept:name",
    "activity": "concept:name",
    "timestamp": "time:timestamp",
    "actor": "org:resource",
    "team": "org:group",
    "amount": "cost:total",
}
LIBRARIES = """
import pandas as pd, pandera.pandas, mining, pm4py
from pm4py.objects.log.importer.xes.variants import iterparse
from mining._pm4py import read_xes, write_xes
mining.read_xes
"""
PATH = "path = pathlib.Path(sys.argv[1])\n"
OURS_READ = PATH + "frame = read_xes(path)"
OURS_JOURNEYS = PATH + "journeys = mining.read_xes(path)"
PEER_READ = "frame = pm4py.read_xes(sys.argv[1], variant='lxml')"
# What is written is there before the clock runs: the frame is read where the libraries are loaded.
FRAME = """
frame = pd.read_parquet(sys.argv[2]).convert_dtypes(dtype_backend="numpy_nullable").astype({"amount": "float64"})
texts = {name: "str" for name in frame.columns if name not in ("timestamp", "amount")}
frame = frame.astype(texts)
"""
OURS_WRITE = PATH + "write_xes(frame, path)"
PEER_FRAME = """
frame = frame.rename(columns={names})
frame = pm4py.format_dataframe(
    frame, case_id="case:concept:name", activity_key="concept:name", timestamp_key="time:timestamp"
)
"""
PEER_WRITE = "pm4py.write_xes(frame, sys.argv[1])"


def attributed_log(n, seed=11):
    """Events of journeys of ten, six attributes each."""
    random = np.random.default_rng(seed)
    activity, agent = np.minimum(random.geometric(0.09, n) - 1, 39), random.integers(0, 300, n)

    def worded(word, codes):
        return pd.Series(np.array([f"{word} {code:02d}" for code in range(codes.max() + 1)], dtype=object)[codes])

    return pd.DataFrame(
        {
            "journey_id": worded("case", np.sort(random.integers(0, n // 10, n))),
            "activity": worded("activity", activity),
            "timestamp": pd.Timestamp("2025-01-01", tz="UTC")
            + pd.to_timedelta(np.sort(random.integers(0, 400 * 86_400_000, n)), unit="ms").as_unit("us"),
            "actor": worded("agent", agent),
            "team": worded("team", agent % 12),
            "channel": worded("channel", activity % 5),
            "amount": np.round(random.gamma(2, 50, n), 2),
        }
    ).astype(dict.fromkeys(("journey_id", "activity", "actor", "team", "channel"), "str"))


def line(name, ours, theirs):
    (mine, my_peak), (others, their_peak) = ours, theirs
    return (
        f"  {name:44} ours {mine:7.2f} s {my_peak:6,.0f} MB   pm4py {others:7.2f} s {their_peak:6,.0f} MB"
        f"   speed {others / mine:5.1f}x, memory {my_peak / their_peak:4.2f}"
    )


def test_event_logs_in_and_out_beside_pm4py(tmp_path, tell):
    frame, path, table = attributed_log(SIZE), tmp_path / "log.xes", tmp_path / "log.parquet"
    write_xes(frame, path)
    frame.to_parquet(table)
    tell(f"\nXES of {SIZE:,} events ({path.stat().st_size / 1e6:,.0f} MB): seconds, peak beyond the libraries")
    theirs = measured(PEER_READ, LIBRARIES, path)
    tell(line("read, every value kept as it is written", measured(OURS_READ, LIBRARIES, path), theirs))
    tell(line("read into journeys, with the quality report", measured(OURS_JOURNEYS, LIBRARIES, path), theirs))
    peer = LIBRARIES + FRAME + PEER_FRAME.format(names=KEYS)
    written = tmp_path / "again.xes"
    tell(
        line(
            "write, the whole file or none",
            measured(OURS_WRITE, LIBRARIES + FRAME, written, table),
            measured(PEER_WRITE, peer, tmp_path / "peer.xes", table),
        )
    )
    assert written.read_bytes() == path.read_bytes()


def object_log(n, seed=3):
    """Make a store of `n` events, a quarter as many objects, and three relations to an event."""
    random = np.random.default_rng(seed)
    kinds = np.array(["customer", "deal", "ticket", "item"])[np.arange(n // 4) % 4]
    names = np.array([f"{kind} {place}" for place, kind in enumerate(kinds)])
    events = pd.DataFrame(
        {
            "event_id": [f"event {place}" for place in range(n)],
            "activity": [f"activity {code:02d}" for code in random.integers(0, 30, n)],
            "timestamp": pd.Timestamp("2025-01-01", tz="UTC")
            + pd.to_timedelta(np.sort(random.integers(0, 400 * 86_400_000, n)), unit="ms").as_unit("us"),
            "channel": np.array(["email", "phone", "web"])[random.integers(0, 3, n)],
            "amount": np.round(random.gamma(2, 50, n), 2),
        }
    ).astype({"event_id": "str", "activity": "str", "channel": "str"})
    objects = pd.DataFrame({"object_id": names, "object_type": kinds}, dtype="str")
    sizes = pd.DataFrame({"size": random.integers(0, 99, len(names))}, index=pd.Index(names, dtype="str"))
    taking, taken = random.integers(0, n, 3 * n), random.integers(0, len(names), 3 * n)
    related = pd.DataFrame(
        {"event_id": events["event_id"].to_numpy()[taking], "object_id": names[taken], "qualifier": kinds[taken]},
        dtype="str",
    ).drop_duplicates(ignore_index=True)
    pairs = pd.DataFrame(
        {"source_id": names, "target_id": random.permutation(names), "qualifier": "part of"}, dtype="str"
    )
    changes = pd.DataFrame(
        {"object_id": names, "field": "stage", "timestamp": events["timestamp"][: len(names)], "value": "open"}
    ).astype({"object_id": "str", "field": "str", "value": "str"})
    attributes = {str(kind): sizes[kinds == kind] for kind in np.unique(kinds)}
    return Store(events, objects, attributes, related, pairs, changes)


def seconds(work):
    start = time.perf_counter()
    given = work()
    return time.perf_counter() - start, given


@pytest.mark.parametrize("suffix", ["json", "xml", "sqlite"])
def test_object_centric_logs_in_and_out_beside_pm4py(tmp_path, tell, suffix):
    import pm4py

    store = object_log(200_000)
    ours, peer = tmp_path / f"ours.{suffix}", tmp_path / f"peer.{suffix}"
    written, _ = seconds(lambda: write_store(store, ours))
    read, again = seconds(lambda: read_store(ours))
    their_read, theirs = seconds(lambda: getattr(pm4py, f"read_ocel2_{suffix}")(str(ours)))
    their_write, _ = seconds(lambda: getattr(pm4py, f"write_ocel2_{suffix}")(theirs, str(peer)))
    tell(f"\nOCEL 2.0 as {suffix}: {store.summary}")
    for name, mine, others in (("write", written, their_write), ("read, held to be whole", read, their_read)):
        tell(f"  {name:44} ours {mine:7.2f} s   pm4py {others:7.2f} s   speed {others / mine:5.1f}x")
    assert len(again.event_objects) == len(store.event_objects) == len(theirs.relations)
