"""The flow of objects and the arcs of their net equal pm4py's, which reads the same log from our file."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mining.discovery import find_object_flow, find_object_net
from mining.sources import read_crm
from mining.sources.touchpoints import Touchpoints
from tests.objects import told_objects

# pm4py says what it thinks of other packages while it works; that is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore")

MAPPINGS = Path("data/mappings")
Found = tuple[Touchpoints, Any, Any]


def shop() -> Touchpoints:
    return told_objects(
        "order: deal o1, item a b, customer Ann",
        "order: deal o2, item c, customer Bob",
        "pick: item a",
        "pay: deal o1 o2, customer Ann Bob",
        "pick: item b",
        "pick: item c",
        "send: item a b c, parcel p",
        "look:",
        "return: item b, customer Ann",
        "send: item b, parcel q",
    )


def crowd(n: int = 600) -> Touchpoints:
    """Touchpoints about any number of objects of four types, of which many meet again."""
    draw = random.Random(11)
    kinds = {"customer": 40, "deal": 90, "item": 200, "parcel": 30}
    stories = []
    for _ in range(n):
        about = {
            kind: [f"{kind}-{draw.randrange(size)}" for _ in range(draw.choice((0, 1, 1, 3)))]
            for kind, size in kinds.items()
        }
        stories.append((draw.choice(("ask", "order", "pick", "send", "bill")), about))
    return told_objects(*stories)


@pytest.fixture(scope="module", params=["shop", "crowd", "acme", "callcenter"])
def both(
    request: pytest.FixtureRequest, real_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Found:
    import pm4py

    made = {"shop": shop, "crowd": crowd, "acme": lambda: read_crm("data/exports/acme", sources=["hubspot", "zendesk"])}
    name = request.param
    ours = made[name]() if name in made else read_crm(real_data(name), MAPPINGS / f"{name}.yml")
    theirs = pm4py.read_ocel2_json(str(ours.to_ocel(tmp_path_factory.mktemp(name) / "log.json")))
    return ours, theirs, pm4py.discover_ocdfg(theirs)


def counted(frame: pd.DataFrame, keys: list[str], column: str) -> dict[str, dict[Any, int]]:
    """Spell a column as pm4py does: per type a dict, without what never happens."""
    found: dict[str, dict[Any, int]] = {}
    for kind, *key, n in frame[["object_type", *keys, column]].itertuples(index=False, name=None):
        if n:
            found.setdefault(kind, {})[tuple(key) if len(key) > 1 else key[0]] = n
    return found


def sizes(told: dict[str, dict[Any, Any]]) -> dict[str, dict[Any, int]]:
    return {kind: {key: len(members) for key, members in part.items()} for kind, part in told.items()}


def test_steps_are_counted_alike_by_objects_and_by_touchpoints(both: Found) -> None:
    ours, _, graph = both
    flow = find_object_flow(ours, doubtful=True)
    for column, key in {"n_steps": "total_objects", "n_pairs": "event_couples", "n_objects": "unique_objects"}.items():
        assert counted(flow.frame, ["activity", "next_activity"], column) == sizes(graph["edges"][key]), column


def test_activities_starts_and_ends_are_counted_alike(both: Found) -> None:
    ours, _, graph = both
    flow = find_object_flow(ours, doubtful=True)
    columns = {
        "n_touchpoints": graph["activities_ot"]["events"],
        "n_objects": graph["activities_ot"]["unique_objects"],
        "n_starts": graph["start_activities"]["unique_objects"],
        "n_ends": graph["end_activities"]["unique_objects"],
    }
    for column, expected in columns.items():
        assert counted(flow.activities, ["activity"], column) == sizes(expected), column


def test_waits_are_the_same_where_touchpoints_take_no_time(both: Found) -> None:
    ours, _, graph = both
    instant = ours.frame.assign(end_timestamp=ours.frame["end_timestamp"].mask(ours.frame["timestamp"].notna()))
    frame = find_object_flow(replace(ours, frame=instant), doubtful=True).frame
    waits = graph["edges_performance"]["total_objects"]
    keys = frame[["object_type", "activity", "next_activity"]].itertuples(index=False, name=None)
    expected = [np.median(waits[kind][one, other]) / 3600 for kind, one, other in keys]
    np.testing.assert_allclose(frame["wait_median_hours"], expected, atol=1e-9)


def test_a_touchpoint_is_about_as_many_objects(both: Found) -> None:
    import pm4py

    ours, theirs, _ = both
    flow = find_object_flow(ours, doubtful=True).activities
    count = pd.DataFrame.from_dict(pm4py.ocel.ocel_objects_ot_count(theirs), orient="index")
    activity = theirs.events.set_index("ocel:eid")["ocel:activity"].reindex(count.index)
    for kind, part in flow.groupby("object_type", sort=True):
        some = count[kind] > 0
        held = count.loc[some, kind].groupby(activity[some]).agg(["min", "mean", "max"])
        found = part.set_index("activity").loc[held.index, ["objects_min", "objects_mean", "objects_max"]]
        np.testing.assert_allclose(found, held)


def test_the_net_has_the_same_activities_and_the_same_variable_arcs(both: Found) -> None:
    import pm4py

    ours, theirs, _ = both
    net = find_object_net(ours, 0.2, doubtful=True)
    other = pm4py.discover_oc_petri_net(theirs, inductive_miner_variant="imf", noise_threshold=0.2)
    double = {
        (kind, name): held for kind, part in other["double_arcs_on_activity"].items() for name, held in part.items()
    }
    assert {(part.object_type, part.activity): part.arc == "variable" for part in net.frame.itertuples()} == double
    for kind, (plain, _, _) in other["petri_nets"].items():
        expected = {move.label for move in plain.transitions if move.label is not None}
        held = set(net.frame.loc[(net.frame["object_type"] == kind) & net.frame["in_net"], "activity"])
        assert set(net.nets[kind].labels) == held == expected, kind
