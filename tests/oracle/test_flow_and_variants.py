"""On real logs our answers equal pm4py's, which reads and counts for itself."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mining._pm4py import Tree, discover_tree, discover_tree_of_steps, read_xes, write_xes
from mining.discovery import discover
from mining.discovery.dependencies import find_dependencies
from mining.discovery.quality import simplicity
from mining.discovery.shapes import net_of
from mining.journeys import Journeys
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical

# pm4py says what it thinks of other packages while it works; that is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore")

LOGS = {
    "bpic2012": "BPI_Challenge_2012.xes.gz",
    "bpic2013": "bpi_challenge_2013_incidents.xes.gz",
    "helpdesk": "helpdesk.xes.gz",
    "receipt_wabo": "receipt.xes.gz",
    "sepsis": "SEPSIS.xes.gz",
}


@pytest.fixture(params=sorted(LOGS))
def path(request: pytest.FixtureRequest, real_data: Callable[[str], Path]) -> Path:
    return real_data(request.param) / LOGS[request.param]


@pytest.fixture
def helpdesk(real_data: Callable[[str], Path]) -> Path:
    return real_data("helpdesk") / LOGS["helpdesk"]


@cache
def read_by_them(path: Path) -> pd.DataFrame:
    import pm4py

    return pm4py.read_xes(str(path), variant="lxml")


@cache
def theirs(path: Path) -> pd.DataFrame:
    """Their log in our order: by time, and what has one time as the file has it. pm4py leaves that to its callers."""
    # pm4py answers wrongly, without a word, for frames that are not in order.
    frame = read_by_them(path).sort_values(["case:concept:name", "time:timestamp"], kind="stable", ignore_index=True)
    # Its performance is wrong, without a word too, for times that are not in nanoseconds.
    frame["time:timestamp"] = frame["time:timestamp"].dt.as_unit("ns")
    return frame.astype({"case:concept:name": object, "concept:name": object})


@cache
def ours(path: Path) -> Journeys:
    frame = read_xes(path)
    told = {
        "record": frame["case:concept:name"],
        "activity": frame["concept:name"],
        "timestamp": pd.to_datetime(frame["time:timestamp"], utc=True, format="ISO8601"),
    }
    return Touchpoints(frame=canonical(pd.DataFrame(told)), objects={}, quality=None).by("record")  # type: ignore[arg-type]


def test_both_read_the_same_events(path: Path) -> None:
    expected, found = read_by_them(path), read_xes(path)
    assert len(found) == len(expected)
    assert set(found.columns) == set(expected.columns)
    for column in expected.columns:
        assert found[column].isna().equals(expected[column].isna()), column
        there = expected[column].dropna()
        assert understood(found[column].dropna(), there).equals(there), column


def understood(texts: pd.Series, there: pd.Series) -> pd.Series:
    """Read texts as what pm4py read them as."""
    if isinstance(there.dtype, pd.DatetimeTZDtype):
        return pd.to_datetime(texts, utc=True, format="ISO8601").astype(there.dtype)
    if set(map(type, there)) <= {bool}:
        return (texts == "true").astype(there.dtype)
    return texts.astype(there.dtype)


def test_steps_starts_and_ends_are_the_same(path: Path) -> None:
    import pm4py

    dfg, starts, ends = pm4py.discover_dfg(theirs(path))
    flow = discover(ours(path)).flow
    found = {(step.activity, step.next_activity): step.n_steps for step in flow.frame.itertuples()}
    assert found == dict(dfg)
    nodes = flow.nodes.set_index("activity")
    assert nodes.loc[nodes["n_starts"] > 0, "n_starts"].to_dict() == dict(starts)
    assert nodes.loc[nodes["n_ends"] > 0, "n_ends"].to_dict() == dict(ends)


def test_waits_are_the_same(path: Path) -> None:
    from pm4py.algo.discovery.dfg.adapters.pandas.df_statistics import get_dfg_graph

    frame = theirs(path)
    flow = discover(ours(path)).flow.frame.set_index(["activity", "next_activity"])
    for measure in ("mean", "median"):
        expected = get_dfg_graph(frame, measure="performance", perf_aggregation_key=measure)
        found = flow[f"wait_{measure}_hours"]
        assert len(found) == len(expected)
        np.testing.assert_allclose(
            [found[step] for step in expected], np.array(list(expected.values())) / 3600, rtol=1e-9
        )


def test_variants_are_the_same(path: Path) -> None:
    import pm4py

    expected = pm4py.get_variants(theirs(path))
    found = discover(ours(path)).variants
    counted = dict(zip(found.paths, found.frame["n_journeys"].tolist(), strict=True))
    assert counted == {variant: n if isinstance(n, int) else len(n) for variant, n in expected.items()}


def test_durations_are_the_same(path: Path) -> None:
    from pm4py.statistics.traces.generic.pandas.case_statistics import get_cases_description

    expected = {case: told["caseDuration"] / 86_400 for case, told in get_cases_description(theirs(path)).items()}
    found = ours(path).portraits()["duration_days"].to_dict()
    assert found.keys() == expected.keys()
    np.testing.assert_allclose([found[case] for case in expected], list(expected.values()), rtol=1e-9, atol=1e-9)


def test_what_has_one_time_stays_in_the_order_of_the_file(path: Path) -> None:
    frame = read_by_them(path).astype({"case:concept:name": object, "concept:name": object})
    ties = frame.duplicated(["case:concept:name", "time:timestamp"], keep=False)
    told = frame[ties].groupby(["case:concept:name", "time:timestamp"], sort=True)["concept:name"].agg(list)
    rows = ours(path).frame
    held = rows[rows.duplicated(["journey_id", "timestamp"], keep=False)]
    found = held.groupby(["journey_id", "timestamp"], sort=True)["activity"].agg(list)
    assert found.tolist() == told.tolist()


@pytest.mark.parametrize(
    ("name", "noise"), [("helpdesk", 0.0), ("helpdesk", 0.2), ("receipt_wabo", 0.0), ("sepsis", 0.2)]
)
def test_the_process_tree_of_the_variants_is_theirs_of_the_log(
    real_data: Callable[[str], Path], name: str, noise: float
) -> None:
    import pm4py

    log = real_data(name) / LOGS[name]
    expected = pm4py.discover_process_tree_inductive(theirs(log), noise_threshold=noise)
    found = discover_tree(ours(log).variants()[0], noise)
    assert canonical_text(found) == canonical_text(record(expected))


def test_the_process_tree_of_the_steps_is_theirs_of_the_steps_of_the_log(path: Path) -> None:
    from pm4py.algo.discovery.dfg.adapters.pandas.df_statistics import get_dfg_graph
    from pm4py.algo.discovery.inductive.algorithm import Variants, apply
    from pm4py.objects.dfg.obj import DFG
    from pm4py.statistics.end_activities.pandas.get import get_end_activities
    from pm4py.statistics.start_activities.pandas.get import get_start_activities

    frame = theirs(path)
    starts, ends = get_start_activities(frame), get_end_activities(frame)
    expected = apply(DFG(get_dfg_graph(frame), starts, ends), variant=Variants.IMd)
    journeys = ours(path)
    found = discover_tree_of_steps(journeys.steps(), journeys.ends())
    assert canonical_text(found) == canonical_text(record(expected))


def test_the_heuristics_net_is_the_same(path: Path) -> None:
    import pm4py

    expected = pm4py.discover_heuristics_net(theirs(path))
    arcs, mixed = set(), set()
    for name, node in expected.nodes.items():
        for other, edges in node.output_connections.items():
            arcs |= {(name, other.node_name, edge.dependency_value, edge.dfg_value) for edge in edges}
        for side, measures in (("after", node.and_measures_out), ("before", node.and_measures_in)):
            for one, others in measures.items():
                mixed |= {(name, side, *sorted((one, other)), value) for other, value in others.items()}
    found = find_dependencies(ours(path))
    assert set(found.frame.itertuples(index=False, name=None)) == arcs
    assert set(found.together.itertuples(index=False, name=None)) == mixed


def record(tree: Any) -> Tree:
    names = {"->": "sequence", "X": "choice", "+": "parallel", "*": "loop"}
    if tree.operator is None:
        return Tree("step", tree.label) if tree.label else Tree("silent")
    return Tree(names[str(tree.operator)], "", tuple(map(record, tree.children)))  # type: ignore[arg-type]


def canonical_text(tree: Tree) -> str:
    """Spell a tree with the parts whose order says nothing in alphabetical order."""
    parts = [canonical_text(part) for part in tree.parts]
    if tree.operator in {"choice", "parallel"}:
        parts.sort()
    return f"{tree.operator}:{tree.label}({','.join(parts)})"


def test_fitness_and_simplicity_are_the_same(helpdesk: Path) -> None:
    import pm4py
    from pm4py.objects.petri_net.obj import Marking, PetriNet
    from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to

    found = discover(ours(helpdesk))
    plain = found.model.net
    net, places = PetriNet("ours"), [PetriNet.Place(f"p{place}") for place in range(plain.n_places)]
    net.places.update(places)
    for number, move in enumerate(plain.transitions):
        transition = PetriNet.Transition(f"t{number}", move.label)
        net.transitions.add(transition)
        for place in move.before:
            add_arc_from_to(places[place], transition, net)
        for place in move.after:
            add_arc_from_to(transition, places[place], net)
    begin, end = Marking({places[0]: 1}), Marking({places[1]: 1})
    assert pm4py.check_soundness(net, begin, end)[0] is True
    assert simplicity(plain) == pytest.approx(pm4py.simplicity_petri_net(net, begin, end))
    fitness = pm4py.fitness_alignments(theirs(helpdesk), net, begin, end, multi_processing=False)
    row = found.quality.set_index("model").loc["discovered"]
    assert row["fitness"] == pytest.approx(fitness["log_fitness"], abs=0.02)  # theirs averages over journeys
    assert row["fitness"] == pytest.approx(weighed(theirs(helpdesk), net, begin, end), abs=1e-12)


def weighed(frame: pd.DataFrame, net: Any, begin: Any, end: Any) -> float:
    """Work the fitness out from pm4py's own costs, each counted as one per deviation."""
    import pm4py

    one_each = frame.groupby("case:concept:name")["concept:name"].agg(tuple)
    counts = Counter(one_each)
    first = {variant: case for case, variant in one_each.items()}
    sample = frame[frame["case:concept:name"].isin(first.values())]
    cost = {}
    cases = sorted(first.values())
    for case, found in zip(cases, pm4py.conformance_diagnostics_alignments(sample, net, begin, end), strict=True):
        cost[one_each[case]] = found["cost"] // 10_000
        shortest = found["bwc"] // 10_000 - len(one_each[case])
    worst = sum(n * (len(variant) + shortest) for variant, n in counts.items())
    return 1 - sum(n * cost[variant] for variant, n in counts.items()) / worst


def test_a_log_that_was_written_again_says_the_same(helpdesk: Path, tmp_path: Path) -> None:
    journeys = ours(helpdesk)
    write_xes(journeys.frame, tmp_path / "again.xes.gz")
    again = read_xes(tmp_path / "again.xes.gz")
    for field, key in {"journey_id": "case:concept:name", "activity": "concept:name"}.items():
        assert again[key].tolist() == journeys.frame[field].tolist()
    moments = pd.to_datetime(again["time:timestamp"], utc=True, format="ISO8601")
    assert (moments == journeys.frame["timestamp"]).all()


def test_shuffled_rows_give_the_same_answers(helpdesk: Path) -> None:
    touchpoints = ours(helpdesk).touchpoints
    shuffled = touchpoints.frame.sample(frac=1, random_state=7).reset_index(drop=True)
    journeys = Touchpoints(frame=shuffled, objects={}, quality=None).by("record")  # type: ignore[arg-type]
    assert fingerprint(journeys) == fingerprint(ours(helpdesk))


def fingerprint(journeys: Journeys) -> str:
    found = discover(journeys)
    parts = [found.flow.frame.to_csv(), found.variants.frame.to_csv(), found.model.text, repr(net_of(found.model.tree))]
    return hashlib.sha256("".join(parts).encode()).hexdigest()
