"""The page for a million touchpoints: what each question takes, and how much memory all of it needs."""

import resource
import time

import pytest

from mining.examples.logs import touchpoints, write_parquet
from mining.report import Config, Study, write_report
from mining.sources.clean import open_log

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

QUESTIONS = (
    "discovery", "grid", "pains", "plan", "gains", "processes", "candidates", "waits", "people", "channels",
    "engagement", "leads", "personas", "cards", "grids", "ideal",
)  # fmt: skip
PARTS = ("flow", "variants", "model", "quality")


@pytest.mark.parametrize("n", [100_000, 1_000_000])
def test_a_report_of_many_touchpoints(n, tell, tmp_path):
    write_parquet(touchpoints(n), tmp_path / "log.parquet")
    study = Study(Config(exports=tmp_path / "log.parquet", case="record", title="Many touchpoints"))
    began = time.perf_counter()
    study.__dict__["touchpoints"] = open_log(tmp_path / "log.parquet")
    taken = {"reading": time.perf_counter() - began}
    start = time.perf_counter()
    size = len(study.journeys)
    taken["journeys"] = time.perf_counter() - start
    for question in QUESTIONS:
        start = time.perf_counter()
        answer = getattr(study, question)
        for part in PARTS if question == "discovery" else ():
            getattr(answer, part)
        taken[question] = time.perf_counter() - start
    start = time.perf_counter()
    page = write_report(tmp_path / "page.html", study)
    taken["page"] = time.perf_counter() - start
    whole = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    tell(
        f"\n{n:,} touchpoints, {size:,} journeys: {whole:.1f} s, {memory:.1f} GiB at most, "
        f"page {page.stat().st_size / 2**20:.1f} MiB"
    )
    for name, seconds in sorted(taken.items(), key=lambda item: -item[1]):
        tell(f"  {name:14} {seconds:8.2f} s")
    assert page.stat().st_size < 5 * 2**20
