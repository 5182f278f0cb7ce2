"""Exact alignments beside the searches of pm4py and r4pm: equal costs on every variant, and how many times faster."""

import resource
import sys
import time

import numpy as np
import pandas as pd
import pytest

from mining import discover, read_design, read_xes
from mining._alignments import align, precision_of
from mining._engine import variants
from mining._pm4py import discover_tree
from mining.discovery.shapes import net_of
from tests.alignments.test_align import cost_by_pm4py, in_pm4py

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

STAGES = {
    "Awareness": ["ad", "post*", "[page]*"],
    "Consideration": ["form", "[brochure]", "pricing", "call", "[mail]*", "demo"],
    "Purchase": ["deal", "qualified", "quote", "[discount]", "signed"],
    "Delivery": ["kick-off", "training", "[visit]", "go-live"],
    "Service": ["ticket", "reply*", "solved", "[rating]"],
    "Renewal": ["review", "offer", "renewed", "invoice", "paid"],
}


def designed():
    """Design a journey of twenty-seven steps, some optional or repeatable, the last two stages optional."""
    stages = []
    for stage, steps in STAGES.items():
        told = [
            {"step": step.strip("[]*"), "optional": step.startswith("["), "repeatable": step.endswith("*")}
            for step in steps
        ]
        later = stage in {"Service", "Renewal"}
        stages.append({"stage": stage, "steps": told, "optional": later, "repeatable": stage == "Service"})
    return read_design({"stages": stages})


def walked(design, n, seed=1):
    """Make up distinct noisy walks through a design: steps left out, added, swapped and repeated."""
    draw, steps = np.random.default_rng(seed), list(design.activities)
    found = {}
    while len(found) < n:
        path = [step for step in steps if draw.random() > 0.12]
        for _ in range(draw.poisson(1.5)):
            at = int(draw.integers(len(path)))
            kind = draw.random()
            if kind < 0.4:
                path.insert(at, steps[draw.integers(len(steps))])
            elif kind < 0.7 and at:
                path[at - 1], path[at] = path[at], path[at - 1]
            else:
                path.insert(at, path[at])
        found[tuple(path)] = None
    return list(found)


def timed(work):
    start = time.perf_counter()
    given = work()
    return time.perf_counter() - start, given


def by_r_four_pm(net, paths, folder):
    """Align with r4pm: costs by path, and the seconds of the alignment alone."""
    r4pm = pytest.importorskip("r4pm")
    from r4pm.bindings.conformance.case_centric import alignments
    from r4pm.petri_net import from_pm4py

    rows = [
        f'<trace><string key="concept:name" value="{at}"/>'
        + "".join(f'<event><string key="concept:name" value="{step}"/></event>' for step in path)
        + "</trace>"
        for at, path in enumerate(paths)
    ]
    (folder / "log.xes").write_text(f'<log xes.version="1.0">{"".join(rows)}</log>', encoding="utf-8")
    projection = r4pm.import_item("EventLogActivityProjection", str(folder / "log.xes"))
    there = from_pm4py(*in_pm4py(net))
    options = {"cost_fn": {"log_move_cost": 1, "model_move_cost": 1, "silent_move_cost": 0, "sync_move_cost": 0}}
    taken, found = timed(lambda: alignments.align_variants(there, projection, options))
    costs = {tuple(each["activities"]): cost_in(each["result"]) for each in found}
    return taken, costs


def cost_in(result):
    return result["cost"] if "cost" in result else next(iter(result.values()))["cost"]


def test_a_designed_journey_beside_pm4py_and_r_four_pm(tell, tmp_path):
    design, net = designed(), designed().net
    paths = walked(design, 2_500)
    taken = [timed(lambda: align(net, paths)) for _ in range(5)]
    mine, found = float(np.median([seconds for seconds, _ in taken])), taken[0][1]
    there = in_pm4py(net)
    theirs, expected = timed(lambda: [cost_by_pm4py(path, there) for path in paths])
    silent = sum(step.label is None for step in net.transitions)
    tell(f"\na designed journey of {len(net.labels)} labels ({len(net.transitions)} transitions, {silent} silent)")
    tell(f"  {len(paths):,} variants   ours {mine:.3f} s   A* of pm4py {theirs:.1f} s   ratio {theirs / mine:.0f}x")
    assert found.cost.tolist() == expected
    compiled, costs = by_r_four_pm(net, paths, tmp_path)
    tell(f"  {len(paths):,} variants   ours {mine:.3f} s   r4pm {compiled:.2f} s   ratio {compiled / mine:.1f}x")
    assert [costs[path] for path in paths] == expected


def test_a_mined_net_beside_pm4py(tell):
    design = designed()
    paths = walked(design, 400, seed=2)
    frame = pd.DataFrame({"variant": paths, "n_journeys": 1})
    net = net_of(discover_tree(frame, 0.2))
    asked = walked(design, 60, seed=3)
    taken = [timed(lambda: align(net, asked)) for _ in range(3)]
    mine, found = float(np.median([seconds for seconds, _ in taken])), taken[0][1]
    there = in_pm4py(net)
    theirs, expected = timed(lambda: [cost_by_pm4py(path, there) for path in asked])
    tell(f"\nan inductive net (noise 0.2) of {len(net.transitions)} transitions and {found.graph.n_states:,} states")
    tell(f"  {len(asked):,} variants   ours {mine:.3f} s   A* of pm4py {theirs:.1f} s   ratio {theirs / mine:.0f}x")
    assert found.cost.tolist() == expected


def test_growth_with_the_number_of_variants(tell):
    design, net = designed(), designed().net
    align(net, walked(design, 50))
    tell("\ngrowth with the number of variants, the same design")
    for n in (1_000, 10_000, 100_000):
        paths = walked(design, n)
        taken, _ = timed(lambda: align(net, paths))  # noqa: B023
        tell(f"  {n:7,} variants   {taken:7.3f} s   {1e6 * taken / n:6.1f} microseconds each")


def test_all_of_a_bank_against_its_inductive_net(real_data, tell):
    journeys = read_xes(real_data("bpic2012") / "BPI_Challenge_2012.xes.gz", lifecycle="keep")
    found = variants(journeys.log)[0]
    mining, model = timed(lambda: discover(journeys, noise_threshold=0.2).model)
    taken, aligned = timed(lambda: align(model.net, list(found["variant"])))
    weight = found["n_journeys"].to_numpy()
    fitness = aligned.fitness(weight)
    precise, share = timed(lambda: precision_of(aligned, weight))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform != "darwin" else 2**30)
    tell(
        f"\nbpic2012 whole: {journeys.log.n_touchpoints:,} touchpoints, {len(found):,} variants, "
        f"{aligned.graph.n_states:,} states"
    )
    tell(f"  alignments {taken:.1f} s, precision {precise:.1f} s, mining {mining:.1f} s, peak of all {peak:.2f} GB")
    tell(f"  fitness {fitness:.3f}, precision {share:.3f}")
    assert fitness > 0.5
    assert taken < 60
    assert peak < 4
