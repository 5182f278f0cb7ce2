"""Logs that stay where they are: DuckDB under a limit of memory, from a million touchpoints to fifty, and Spark."""

import json
import shutil
import time

import numpy as np
import pytest

from mining.examples import logs
from mining.journeys.in_place import connect_log
from tests.memory import measured

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

SIZES = (1_000_000, 10_000_000, 50_000_000)
IMPORTS = "import json; from mining.journeys.in_place import connect_log"
CLOCKED = """
journeys = connect_log(sys.argv[1], memory_limit="4GB").by("record")
taken = {}
for question in sys.argv[2:]:
    start = time.perf_counter()
    answer = len(journeys) if question == "link" else getattr(journeys, question)()
    taken[question] = time.perf_counter() - start
journeys.close()
print(json.dumps(taken), file=open(sys.argv[1] + ".json", "w"))
"""
QUESTIONS = ("follows", "link", "steps", "ends", "durations", "variants")


def asked(path, *questions):
    """Seconds per question, and the peak of the whole process in megabytes, answers included."""
    _, megabytes = measured(CLOCKED, IMPORTS, path, *questions)
    return json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8")), megabytes


def test_questions_beyond_memory(tmp_path, tell):
    room = shutil.disk_usage(tmp_path).free
    tell("\nDuckDB straight from Parquet, memory_limit 4GB: seconds, each size in a process of its own")
    seconds = {}
    for n in SIZES:
        if room < 200 * n:  # what linking spills, and the file
            tell(f"  {n:>10,} left out: {room / 2**30:.0f} GiB of disk are too few")
            continue
        path = logs.write_log(tmp_path / "log.parquet", n)
        _, flow_peak = asked(path, "follows")
        seconds[n], peak = asked(path, *QUESTIONS)
        told = "   ".join(f"{name} {taken:7.2f}" for name, taken in seconds[n].items())
        tell(f"  {n:>10,} {told}   peak {peak:,.0f} MB, of the counts alone {flow_peak:,.0f} MB")
    for name in QUESTIONS if len(seconds) > 1 else ():
        sizes, taken = zip(*((n, clock[name]) for n, clock in seconds.items()), strict=True)
        exponent = np.polyfit(np.log(sizes), np.log(taken), 1)[0]
        far = taken[-1] * (1e9 / sizes[-1]) ** exponent
        tell(f"  growth of {name:10} n^{exponent:.2f}; 1e9 touchpoints by that {far:,.0f} s")


def test_spark_beside_duckdb(tmp_path, tell, spark):
    for name in ("codegen.factoryMode", "codegen.wholeStage", "adaptive.enabled"):  # as users have it
        spark.conf.unset(f"spark.sql.{name}")
    path = logs.write_log(tmp_path / "log.parquet", 1_000_000)
    tell("\nSpark on this machine beside DuckDB, 1,000,000 touchpoints: seconds")
    with connect_log(path).by("record") as here, connect_log(spark.read.parquet(str(path))).by("record") as there:
        for question in ("__len__", "steps", "ends", "durations", "variants"):
            taken = []
            for journeys in (here, there):
                start = time.perf_counter()
                getattr(journeys, question)()
                taken.append(time.perf_counter() - start)
            duck, other = taken
            tell(f"  {question.strip('_'):10} DuckDB {duck:7.2f}   Spark {other:7.2f} ({other / duck:.0f}x)")
