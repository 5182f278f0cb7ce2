"""Reading beside its peers, on the same file in one run: rows per second and the peak of memory, a process each."""

import sys
import time

import numpy as np
import pandas as pd
import pytest

from mining.sources.table import Coded
from mining.sources.times.dates import DateRules, read_dates
from tests.memory import measured

pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is asked of Unix"),
]

MAPPING = """
system: phone
timezone: UTC
readers:
  - name: call
    kind: activity
    table: calls
    fields: {touchpoint_id: id, activity: activity, timestamp: timestamp, customer: customer, channel: channel}
"""
PANDAS = {
    "csv": "frame = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False)",
    "xlsx": "frame = pd.read_excel(sys.argv[1], dtype=str, keep_default_na=False, engine='calamine')",
}
PM4PY = "import pm4py\n"
FORMATTED = """
frame["timestamp"] = pd.to_datetime(frame["timestamp"])
pm4py.format_dataframe(frame, case_id="customer", activity_key="activity", timestamp_key="timestamp")
"""


def export(n, n_columns, seed=3):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": [f"{row:08d}" for row in range(n)],
            "customer": [f"C{number:06d}" for number in random.integers(0, n // 10, n)],
            "activity": [f"activity {code:02d}" for code in np.minimum(random.geometric(0.2, n), 30)],
            "timestamp": (np.datetime64("2024-01-01T00:00:00") + np.sort(random.integers(0, 3 * 10**7, n))).astype(str),
            "channel": np.array(["phone", "email", "web", "chat"], dtype=object)[random.integers(0, 4, n)],
            "note": [f"asked about order {number}, wants a call" for number in random.integers(0, 10**6, n)],
        }
    )
    for place in range(n_columns - len(frame.columns)):
        frame[f"field {place}"] = [f"{number}" for number in random.integers(0, 1_000, n)]
    return frame


def beside(kind, n):
    """List what is done, who does it too, and how the one and the other do it."""
    libraries = "import pandas as pd, mining, mining.sources.forms.formats, pyarrow.csv, python_calamine"
    table = "from mining.sources.forms.files import open_export\n[table] = open_export(sys.argv[1]).files[0].read()"
    touchpoints = "touchpoints = mining.read_crm(sys.argv[1], mapping=sys.argv[2])"
    peer = PANDAS[kind] + FORMATTED
    return [
        ("strings", f"{table}\nassert len(table.rows) == {n}", "pandas", PANDAS[kind], libraries),
        ("touchpoints", f"{touchpoints}\nassert len(touchpoints) == {n}", "pandas + pm4py", peer, PM4PY + libraries),
    ]


def told_beside(kind, n, path, mapping):
    for what, ours, peer, theirs, libraries in beside(kind, n):
        (seconds, peak), (other, other_peak) = (measured(work, libraries, path, mapping) for work in (ours, theirs))
        print(  # noqa: T201
            f"  {what:11} ours {n / seconds:9,.0f} rows/s {peak:6,.0f} MB   {peer:14} {n / other:9,.0f} rows/s "
            f"{other_peak:6,.0f} MB   ratio: speed {other / seconds:.2f}, memory {peak / other_peak:.2f}"
        )


@pytest.mark.parametrize(("kind", "n", "n_columns"), [("csv", 1_000_000, 8), ("xlsx", 100_000, 10)])
def test_reading_beside_pandas_and_pm4py(kind, n, n_columns, *, tmp_path, capsys):
    frame = export(n, n_columns)
    path, mapping = tmp_path / f"calls.{kind}", tmp_path / "phone.yml"
    mapping.write_text(MAPPING)
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_excel(path, index=False, engine="openpyxl")
    size = path.stat().st_size / 2**20
    with capsys.disabled():
        print(f"\n{kind}, {n:,} rows x {n_columns}, {size:.0f} MB, once, a process each")  # noqa: T201
        told_beside(kind, n, path, mapping)
    assert size > 1


@pytest.mark.parametrize("spelling", ["%Y-%m-%dT%H:%M:%SZ", "%d/%m/%Y %H:%M:%S"])
def test_dates_of_a_million_different_texts(spelling):
    """Beside pandas, which is told the format and proves nothing."""
    moments = pd.date_range("2020-01-01", periods=1_000_000, freq="97s")
    words = np.array(moments.strftime(spelling), dtype=object)
    started = time.process_time()
    clock = read_dates(Coded(np.arange(len(words)), words), DateRules(timezone="UTC"))
    ours = time.process_time() - started
    started = time.process_time()
    theirs = pd.to_datetime(pd.Series(words), format=spelling, utc=True)
    peer = time.process_time() - started
    assert (clock.micros == theirs.astype("int64").to_numpy() // (1000 if theirs.dt.unit == "ns" else 1)).all()
    print(f"\n{spelling}: ours {ours:.2f} s   pandas {peer:.2f} s   ratio: speed {peer / ours:.2f}")  # noqa: T201
