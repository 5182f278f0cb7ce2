"""The flow of objects and their net: what meets where is found, what does not is not, and nothing is flattened away."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mining._draw import draw_flow
from mining._errors import FieldError, MiningError
from mining.discovery import find_object_flow, find_object_net
from mining.sources import read_crm
from mining.sources.ocel import read_ocel
from mining.sources.touchpoints import Touchpoints
from tests.objects import told_objects
from tests.telling import canonical, told_touchpoints

SVG = "{http://www.w3.org/2000/svg}"


def shop(n: int = 8) -> Touchpoints:
    """Orders of two items each, of which the parcels hold all items of two orders."""
    lines = []
    for one in range(n):
        items = f"item i{one}a i{one}b"
        lines += [
            f"order: deal o{one}, {items}",
            f"pay: deal o{one}",
            f"pick: item i{one}a",
            f"pick: item i{one}b",
        ]
        if one % 2:
            pair = f"i{one - 1}a i{one - 1}b i{one}a i{one}b"
            lines.append(f"send: parcel p{one}, item {pair}")
    return told_objects(*lines)


def row(frame: pd.DataFrame, *key: str) -> pd.Series:
    names = ["object_type", "activity", "next_activity"][: len(key)]
    return frame.set_index(names).loc[key if len(key) > 1 else key[0]]


def test_each_type_goes_its_own_way() -> None:
    flow = find_object_flow(shop())
    steps = set(flow.frame[["object_type", "activity", "next_activity"]].itertuples(index=False, name=None))
    assert steps == {("deal", "order", "pay"), ("item", "order", "pick"), ("item", "pick", "send")}
    assert flow.types["object_type"].tolist() == ["deal", "item", "parcel"]
    assert flow.types["n_objects"].tolist() == [8, 16, 4]
    assert flow.types["n_touchpoints"].tolist() == [16, 28, 4]
    assert flow.types["n_steps"].tolist() == [8, 32, 0]
    assert (flow.n_touchpoints, flow.n_unrelated, flow.left_out) == (36, 0, 0)
    assert repr(flow) == "<ObjectFlow of 3 object types: 4 activities, 3 steps>"


def test_objects_that_go_the_same_way_together_are_one_pair_of_touchpoints() -> None:
    flow = find_object_flow(told_objects("order: item a b c", "send: item a b c", "send: item d", "bill: item d"))
    together = row(flow.frame, "item", "order", "send")
    assert (together["n_steps"], together["n_objects"], together["n_pairs"]) == (3, 3, 1)
    assert together["share"] == 0.75
    assert together["share_low"] < 0.75 < together["share_high"]


def test_waits_are_medians_over_objects() -> None:
    flow = find_object_flow(told_objects("a: item x y", "b: item x", "b: item y", every="2h"))
    assert row(flow.frame, "item", "a", "b")["wait_median_hours"] == 3.0


def test_touchpoints_that_bring_objects_together_are_found_and_others_are_not() -> None:
    flow = find_object_flow(shop())
    send, pick, parcel = (
        row(flow.activities, *key) for key in (("item", "send"), ("item", "pick"), ("parcel", "send"))
    )
    assert (send["objects_min"], send["objects_mean"], send["objects_max"], send["n_single"]) == (4, 4.0, 4, 0)
    assert (pick["objects_min"], pick["objects_mean"], pick["objects_max"], pick["n_single"]) == (1, 1.0, 1, 16)
    assert parcel["objects_max"] == 1
    assert "send is about 4.0 objects of the type item on average, up to 4." in flow.sentence
    alone = find_object_flow(told_touchpoints("Ann: ad > won", "Bob: ad"))
    assert "on average" not in alone.sentence
    assert (alone.activities["objects_max"] == 1).all()


def test_what_an_object_goes_through_again_is_counted() -> None:
    flow = find_object_flow(told_objects("pick: item a", "pick: item a", "pick: item b", "note: deal d"))
    pick = row(flow.activities, "item", "pick")
    assert (pick["n_repeated"], pick["n_objects"], pick["n_starts"], pick["n_ends"]) == (1, 2, 2, 2)


def test_touchpoints_about_no_object_are_counted_and_lower_the_share() -> None:
    touchpoints = told_objects("call: deal d", "call:", "call:", "mail:")
    flow = find_object_flow(touchpoints)
    call = row(flow.activities, "deal", "call")
    assert (call["n_touchpoints"], call["of_touchpoints"], flow.n_unrelated) == (1, 3, 3)
    assert find_object_net(touchpoints).frame["arc"].tolist() == ["variable"]


def test_the_steps_of_a_type_are_those_of_its_journeys() -> None:
    touchpoints = read_crm("data/exports/acme")
    flow = find_object_flow(touchpoints)
    assert flow.left_out == 437
    for kind, part in flow.frame.groupby("object_type", sort=True):
        journeys = touchpoints.by(str(kind))
        columns = ["activity", "next_activity", "n_steps", "n_objects", "wait_median_hours"]
        expected = journeys.steps().rename(columns={"n_journeys": "n_objects"})[columns]
        found = part[columns].sort_values(columns[:2], ignore_index=True)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
        ends = journeys.ends().set_index("activity")
        told = flow.activities[flow.activities["object_type"] == kind].set_index("activity")
        assert told["n_starts"].sort_index().to_dict() == ends["n_starts"].to_dict()
        assert told["n_ends"].sort_index().to_dict() == ends["n_ends"].to_dict()


OBJECTS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.lists(st.sampled_from(["deal x", "deal y", "item x", "item z"]), max_size=4)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(OBJECTS, st.randoms(use_true_random=False))
def test_counts_add_up_and_the_order_of_rows_never_matters(stories, draw) -> None:
    touchpoints = told_objects(*(f"{name}: {', '.join(['deal q', *sorted(set(about))])}" for name, about in stories))
    flow = find_object_flow(touchpoints)
    for kind in flow.types.itertuples():
        log, steps = (part[part["object_type"] == kind.object_type] for part in (flow.activities, flow.frame))
        assert log["n_starts"].sum() == log["n_ends"].sum() == kind.n_objects
        assert steps["n_steps"].sum() == kind.n_steps
        assert (steps["n_pairs"] <= steps["n_steps"]).all()
        assert (log["n_single"] <= log["n_touchpoints"]).all()
    order = list(range(len(touchpoints)))
    draw.shuffle(order)
    frame = touchpoints.frame.iloc[order].reset_index(drop=True)
    again = find_object_flow(Touchpoints(frame, {}, None, touchpoints.relations))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(again.frame, flow.frame)
    pd.testing.assert_frame_equal(again.activities, flow.activities)


def test_objects_of_two_types_with_one_id_stay_two() -> None:
    flow = find_object_flow(told_objects("ad: customer 1", "offer: deal 1", "won: deal 1, customer 1"))
    steps = set(flow.frame[["object_type", "activity", "next_activity"]].itertuples(index=False, name=None))
    assert steps == {("customer", "ad", "won"), ("deal", "offer", "won")}


def test_a_touchpoint_with_several_customers_is_one() -> None:
    rows = [("e1", "mail", "Ann"), ("e1@2", "mail", "Bob"), ("e2", "won", "Ann")]
    frame = pd.DataFrame(rows, columns=["touchpoint_id", "activity", "customer"])
    frame["timestamp"] = pd.date_range("2025-01-01", periods=3, freq="h", tz="UTC")
    flow = find_object_flow(Touchpoints(canonical(frame), {}, None))  # type: ignore[arg-type]
    mail = row(flow.activities, "customer", "mail")
    assert (flow.n_touchpoints, mail["n_touchpoints"], mail["objects_max"]) == (2, 1, 2)


def test_an_object_centric_log_keeps_its_own_types(tmp_path) -> None:
    relations = [{"objectId": name, "qualifier": ""} for name in ("o1", "q1", "i1")]
    events = [
        {"id": f"e{at}", "type": name, "time": f"2025-01-0{at + 1}T10:00:00Z", "relationships": relations}
        for at, name in enumerate(("place", "pay"))
    ]
    kinds = {"o1": "Orders", "q1": "Quotation", "i1": "item", "i2": "item"}
    objects = [{"id": name, "type": kind} for name, kind in kinds.items()]
    log = {"objectTypes": [], "eventTypes": [], "objects": objects, "events": events}
    (tmp_path / "log.json").write_text(json.dumps(log), encoding="utf-8")
    flow = find_object_flow(read_ocel(tmp_path / "log.json"))
    assert flow.types[["object_type", "n_objects", "n_untouched"]].to_numpy().tolist() == [
        ["Orders", 1, 0],
        ["Quotation", 1, 0],
        ["item", 1, 1],
    ]


def test_ids_of_another_log_may_end_like_those_of_further_rows(tmp_path) -> None:
    events = [
        {"id": f"e{end}", "type": "call", "time": "2025-01-01T10:00:00Z", "relationships": [{"objectId": "d"}]}
        for end in ("", "@2", "@3")
    ]
    log = {"objectTypes": [], "eventTypes": [], "objects": [{"id": "d", "type": "deal"}], "events": events}
    (tmp_path / "log.json").write_text(json.dumps(log), encoding="utf-8")
    flow = find_object_flow(read_ocel(tmp_path / "log.json"))
    assert (flow.n_touchpoints, row(flow.frame, "deal", "call", "call")["n_steps"]) == (3, 2)


def test_the_net_joins_the_types_at_the_activities_that_they_share() -> None:
    net = find_object_net(shop())
    assert list(net.nets) == ["deal", "item", "parcel"]
    assert {kind: found.labels for kind, found in net.nets.items()} == {
        "deal": ("order", "pay"),
        "item": ("order", "pick", "send"),
        "parcel": ("send",),
    }
    assert net.shared == ["order", "send"]
    assert all(model.sound for model in net.models.values())
    visible = net.arcs.dropna(subset="activity")
    assert visible.groupby("activity")["transition"].nunique().eq(1).all()
    assert visible.groupby("activity")["object_type"].nunique().to_dict() == {
        "order": 2,
        "pay": 1,
        "pick": 1,
        "send": 2,
    }
    assert net.arcs.groupby("object_type")["marking"].agg(set).map({"start", "end"}.issubset).all()


def test_an_arc_is_variable_where_touchpoints_take_several_objects_and_only_there() -> None:
    net = find_object_net(shop())
    arcs = {(part.object_type, part.activity): part.arc for part in net.frame.itertuples()}
    assert {key for key, arc in arcs.items() if arc == "variable"} == {("item", "order"), ("item", "send")}
    assert set(net.arcs.loc[net.arcs["arc"] == "variable", "activity"]) == {"order", "send"}
    assert set(net.arcs.loc[net.arcs["arc"] == "variable", "object_type"]) == {"item"}
    assert set(find_object_net(shop(), single_threshold=0.0).frame["arc"]) == {"single"}
    assert repr(net) == "<ObjectNet of 3 object types, 2 shared activities, 2 variable arcs>"


def test_types_can_be_chosen() -> None:
    assert find_object_flow(shop(), ["parcel", "deal", "deal"]).types["object_type"].tolist() == ["deal", "parcel"]
    assert list(find_object_net(shop(), object_types=iter(["item"])).nets) == ["item"]
    with pytest.raises(FieldError, match=r"no object type 'items'\. Did you mean 'item'"):
        find_object_flow(shop(), ["items"])


@pytest.mark.parametrize("touchpoints", [told_objects("call:", "mail:"), told_objects("call: deal d", "mail:")])
def test_without_any_object_it_is_said_what_lacks(touchpoints: Touchpoints) -> None:
    bare = Touchpoints(touchpoints.frame.assign(deal=pd.Series([None] * 2, dtype="str")), {}, None)  # type: ignore[arg-type]
    for find in (find_object_flow, find_object_net):
        with pytest.raises(MiningError, match=r"no touchpoint is about an object\. Map the columns"):
            find(bare)
        with pytest.raises(MiningError, match="no touchpoint is about an object"):
            find(Touchpoints(touchpoints.frame.iloc[:0], {}, None))  # type: ignore[arg-type]


def test_no_type_at_all_is_refused() -> None:
    with pytest.raises(MiningError, match="give some of deal, item, parcel"):
        find_object_flow(shop(), [])


def test_thresholds_that_are_none_are_refused() -> None:
    with pytest.raises(MiningError, match="noise threshold of 1"):
        find_object_net(shop(), 1.0)
    with pytest.raises(MiningError, match="noise threshold of nan"):
        find_object_net(shop(), float("nan"))
    with pytest.raises(MiningError, match=r"The share 1\.5 is none"):
        find_object_net(shop(), single_threshold=1.5)


def test_one_object_and_one_activity_are_enough() -> None:
    lonely = told_objects("call: deal d")
    flow, net = find_object_flow(lonely), find_object_net(lonely)
    assert len(flow.frame) == 0
    assert flow.activities["n_starts"].tolist() == [1]
    assert net.nets["deal"].labels == ("call",)
    assert "deal" in flow.plot(min_objects=1).svg
    assert "call" in net.plot(min_objects=1).svg
    assert "no touchpoints to draw" in flow.plot().svg


HOSTILE = ("none", "planned", "<script>alert(1)</script>", "a:b", "\u202egnp", "לקוח", "x" * 300, "NA", "s:none")


def test_hostile_names_of_types_and_activities_stay_what_they_are() -> None:
    about = {kind: [f"{kind} {at}" for at in range(6)] for kind in HOSTILE}
    lines = [
        (name, {kind: [ids[at]] for kind, ids in about.items()}) for at in range(6) for name in ("none", "<b>", "a:b")
    ]
    touchpoints = told_objects(*lines)
    flow, net = find_object_flow(touchpoints), find_object_net(touchpoints)
    assert flow.types["object_type"].tolist() == sorted(HOSTILE)
    assert (flow.types["n_steps"] == 12).all()
    for picture in (flow.plot(), net.plot()):
        ET.fromstring(picture.svg)
        assert "<script" not in picture.svg
    page = flow._repr_html_() + net._repr_html_()
    assert "<script" not in page
    assert "<b>'" not in page


def test_every_type_has_its_colour_its_dashes_and_its_name() -> None:
    drawn = find_object_flow(shop()).plot(min_objects=1)
    assert drawn.svg == find_object_flow(shop()).plot(min_objects=1).svg
    root = ET.fromstring(drawn.svg)
    keys = ["".join(text.itertext()) for text in root.iter(f"{SVG}text") if text.get("class") == "key"]
    assert keys[:3] == ["deal", "item", "parcel"]
    styles = {
        path.get("style").split(";stroke-width")[0] for path in root.iter(f"{SVG}path") if path.get("class") == "line"
    }
    assert {"stroke:#578dff", "stroke:#ff5e02", "stroke:#c849a9"} <= styles
    labels = ["".join(text.itertext()) for text in root.iter(f"{SVG}text") if text.get("class") == "label"]
    assert {"8 · deal 1 h", "16 · item 2.5 h"} <= set(labels)


def test_what_few_objects_do_is_left_out_of_the_picture_and_said() -> None:
    flow = find_object_flow(told_objects(*(f"ad: deal {at}" for at in range(9)), "rare: deal 1"))
    assert "1 step of fewer than 5 objects are left out." not in flow.plot(min_objects=1).svg
    assert "fewer than 5 objects" in flow.plot().svg
    assert "rare" not in flow.plot().svg


def test_a_net_too_large_to_be_read_says_what_it_hides() -> None:
    names = [f"{word} {at}" for word in ("call", "mail") for at in range(30)]
    lines = [f"{name}: deal d{who}" for who in range(9) for name in names[: 10 + 5 * who]]
    svg = find_object_net(told_objects(*lines)).plot().svg
    assert "Of the type deal:" in svg
    assert "of 50 activities." in svg


def test_paths_side_by_side_have_their_labels_beside_them() -> None:
    nodes = pd.DataFrame({"name": ["ad", "won"], "label": ["ad", "won"], "n": [9, 9]})
    edges = pd.DataFrame(
        {
            "source": "ad",
            "target": "won",
            "n": [5, 4],
            "label": ["deal 4 hours", "customer 4 h"],
            "group": ["deal", "who"],
        }
    )
    root = ET.fromstring(draw_flow(nodes, edges).svg)
    chips = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "chip"]
    spans = sorted((float(chip.get("x")), float(chip.get("x")) + float(chip.get("width"))) for chip in chips)
    assert spans[0][1] <= spans[1][0]
    assert draw_flow(nodes, edges).svg == draw_flow(nodes, edges.iloc[::-1]).svg


def test_more_types_than_colours_still_look_unlike() -> None:
    kinds = [f"type {at:02d}" for at in range(20)]
    nodes = pd.DataFrame({"name": ["a", "b"], "label": ["a", "b"], "n": [1, 1]})
    edges = pd.DataFrame({"source": "a", "target": "b", "n": 1, "group": kinds})
    svg = draw_flow(nodes, edges).svg
    root = ET.fromstring(svg)
    lines = [path.get("style") for path in root.iter(f"{SVG}path") if path.get("class") == "line"]
    assert len(set(lines[:20])) == 20
