"""Nothing runs away, nothing hangs on chance, and no bad model looks good."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from mining._alignments import AlignmentLimit, Net, Transition, align, precision
from mining._errors import MiningError
from mining.design import compare, read_design
from mining.discovery import discover
from mining.discovery.exports import save_net
from mining.discovery.model import is_sound
from mining.discovery.playing import find_earth_mover
from mining.discovery.quality import find_quality
from mining.journeys import Journeys
from tests.telling import told

ROOT = Path(__file__).resolve().parents[1]
ORDINARY = [*[f"c{i}: ad > site > call > won" for i in range(20)], *[f"d{i}: ad > call > site" for i in range(10)]]
ENDLESS = 100_000


@pytest.fixture(scope="module", params=["of seven activities", "of as many activities"])
def runaway(request: pytest.FixtureRequest) -> Journeys:
    """One journey of a hundred thousand touchpoints beside thirty ordinary ones."""
    draw = np.random.default_rng(0)
    few = draw.choice(["ad", "site", "call", "mail", "won", "chat", "demo"], ENDLESS).tolist()
    long = few if request.param == "of seven activities" else [f"u{at}" for at in range(ENDLESS)]
    return told("endless: " + " > ".join(long), *ORDINARY, every="1min")


def test_an_endless_journey_is_measured_or_told_to_be_left_out(runaway: Journeys) -> None:
    start = time.perf_counter()
    found = discover(runaway)
    # counted whole
    assert found.flow.nodes["n_touchpoints"].sum() == ENDLESS + 110
    assert found.variants.frame["n_touchpoints"].max() == ENDLESS
    assert found.flow.plot().svg
    assert found._repr_html_()
    # left out, and said
    assert (found.model.n_journeys, found.model.of_journeys) == (30, 31)
    assert "30 of 31 journeys" in found.model.sentence
    for frame, n in ((found.quality, 30), (found.earth_mover, 30)):
        assert (frame["n_journeys"] == n).all()
        assert (frame["of_journeys"] == 31).all()
    learnt = found.stochastic
    assert (learnt["n_journeys"] + learnt["n_held_out"] == 30).all()
    assert (learnt["of_journeys"] == 31).all()
    # of activities without number the commonest are looked at, and that is said
    n_activities = len(found.flow.nodes)
    assert found.rules.left_out == max(n_activities - 200, 0)
    assert (found.orders["n_left_out"] == max(n_activities - 500, 0)).all()
    again = found.rework
    assert (again["n_again"] + again["of_journeys"]).sum() == ENDLESS + 110
    assert time.perf_counter() - start < 60


def test_an_endless_journey_is_compared_with_a_design(runaway: Journeys) -> None:
    stages = [{"stage": "Before", "steps": ["ad", "site", "call"]}, {"stage": "After", "steps": ["mail", "won"]}]
    start = time.perf_counter()
    found = compare(runaway, read_design({"name": "Five", "stages": stages}))
    assert found.n_journeys == 31
    assert len(found.frame)
    assert found._repr_html_()
    assert time.perf_counter() - start < 60


ARTEFACTS = """
import hashlib, sys
from pathlib import Path
from tempfile import TemporaryDirectory
import numpy as np
from tests.telling import told
from mining.discovery import discover
from mining.discovery.transport import language_distance
draw = np.random.default_rng(5)
stories = []
for at in range(120):
    middle = draw.choice(["site", "call", "mail", "demo <b", "שיחה"], draw.integers(1, 5))
    stories.append(f"c{at}: " + " > ".join(["ad", *middle, "won" if draw.random() < 0.4 else "lost"]))
log = told(*stories, departments={"ad": "marketing"})
found = discover(log)
far = language_distance(told(*stories[:60]), told(*stories[60:]))
parts = {
    "flow.csv": found.flow.frame.to_csv(), "flow.svg": found.flow.plot().svg, "model.svg": found.model.plot().svg,
    "quality.csv": found.quality.to_csv(), "earth_mover.csv": found.earth_mover.to_csv(),
    "stochastic.csv": found.stochastic.to_csv(), "orders.csv": found.orders.to_csv(),
    "rules.csv": found.rules.frame.to_csv(), "distance.csv": far.frame.to_csv(),
}
with TemporaryDirectory() as folder:
    for kind in ("pnml", "bpmn", "ptml"):
        parts[kind] = found.model.save(Path(folder) / f"model.{kind}").read_text("utf-8")
for name, text in parts.items():
    print(name, hashlib.sha256(text.encode()).hexdigest()[:16])
"""


def written(runs: list[tuple[int, int]]) -> set[str]:
    """Make the artefacts with other hash seeds and other numbers of threads, and print what they are."""
    with ThreadPoolExecutor(2) as pool:
        return set(pool.map(lambda run: run_with(*run), runs))


def run_with(seed: int, threads: int) -> str:
    of_threads = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], str(threads))
    environment = os.environ | of_threads | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", ARTEFACTS],
        capture_output=True, text=True, timeout=120, env=environment, cwd=ROOT, check=False,
    )  # fmt: skip
    assert not done.stderr
    return done.stdout


def test_artefacts_are_the_same_bytes_whatever_the_hash_seed_and_the_threads() -> None:
    answers = written(list(product(range(4), (1, 2))))
    assert len(answers) == 1, "\n".join(sorted(answers))
    assert answers.pop().count("\n") == 12


def step(label: str | None, before: tuple[int, ...], after: tuple[int, ...]) -> Transition:
    return Transition(label, before, after)


# Nets that are no good, and what a reader of them as a design is told.
BAD = {
    "its end is out of reach": (Net(3, (step("ad", (0,), (1,)),), (0,), (2,)), "never reach its end"),
    "a token stays behind": (Net(3, (step("ad", (0,), (1, 2)),), (0,), (1,)), "never reach its end"),
    "tokens without end": (
        Net(2, (step("ad", (0,), (0, 1)), step("site", (0,), (1,))), (0,), (1,)),
        "endlessly many states",
    ),
    "a way leads nowhere": (Net(3, (step("ad", (0,), (1,)), step("site", (0,), (2,))), (0,), (2,)), "cannot end"),
    "a circle without a way out": (
        Net(3, (step("won", (0,), (2,)), step("ad", (0,), (1,)), step("site", (1,), (1,))), (0,), (2,)),
        "cannot end",
    ),
    "a step that never happens": (
        Net(4, (step("ad", (0,), (1,)), step("site", (2,), (1,))), (0,), (1,)),
        "can never happen: 'site'",
    ),
}
EMPTY = {
    "no place": (Net(0, (), (), ()), "where it begins"),
    "one place": (Net(1, (), (0,), (0,)), "no named step"),
    "a silent step": (Net(2, (step(None, (0,), (1,)),), (0,), (1,)), "no named step"),
}
SEEN = told(*ORDINARY)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_model_has_no_figures_that_look_good(name: str) -> None:
    net = BAD[name][0]
    assert not is_sound(net)
    row = find_quality(SEEN, 0.2, net).set_index("model").loc["discovered"]
    assert row[["fitness", "precision", "generalisation", "held_out_fitness"]].isna().all()
    assert "not sound" in row["remark"]
    assert row["n_journeys"] == 0


@pytest.mark.parametrize("name", ["its end is out of reach", "a token stays behind", "tokens without end"])
def test_what_cannot_be_aligned_is_refused_by_name(name: str) -> None:
    net, hint = BAD[name]
    with pytest.raises(AlignmentLimit, match=hint):
        align(net, [("ad",)])
    with pytest.raises(AlignmentLimit, match=hint):
        precision(net, [("ad",)], [1])
    assert np.isnan(find_earth_mover(SEEN, net)["distance"][0])


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_model_fits_nothing_and_is_not_precise(name: str) -> None:
    row = find_quality(SEEN, 0.2, EMPTY[name][0]).set_index("model").loc["discovered"]
    assert row["fitness"] == 0
    assert row[["precision", "generalisation"]].isna().all()


@pytest.mark.parametrize("name", [*BAD, *EMPTY])
def test_a_bad_net_taken_for_a_design_gets_one_clear_message(name: str, tmp_path: Path) -> None:
    net, hint = (BAD | EMPTY)[name]
    with pytest.raises(MiningError, match=hint) as told_of:
        read_design(save_net(net, tmp_path / "net.pnml"))
    assert "net" in str(told_of.value)
    assert "\n" not in str(told_of.value)


def test_without_journeys_nothing_is_measured() -> None:
    none = SEEN.keep(np.zeros(len(SEEN), bool))
    with pytest.raises(MiningError, match="no journeys"):
        discover(none)
    quality = find_quality(none, 0.2, Net(2, (step("ad", (0,), (1,)),), (0,), (1,)))
    assert quality[["fitness", "precision", "generalisation", "held_out_fitness"]].isna().all(axis=None)
    assert (quality["n_journeys"] == 0).all()
