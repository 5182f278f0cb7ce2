"""The object-centric truth: nothing that touches two deals is told as if it touched one."""

import pandas as pd
import pytest

from mining.sources import read_crm
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical

MAPPING = """
system: shop
timezone: UTC
objects:
  customer: {table: people, id: id, account: firm, attributes: {country: country}}
links:
  - {table: call_deal, of: call, deal: deal}
  - {table: deal_people, of: deal, object: deal, customer: person}
merges: [{object: customer, table: merged, old: old, kept: kept}]
readers:
  - name: call
    kind: activity
    table: calls
    always: {activity: Call, channel: phone}
    fields: {touchpoint_id: id, timestamp: at, customer: who, deal: {link: call_deal, by: id}}
  - name: deal
    kind: change
    table: history
    column: field
    record: deal
    fields:
      touchpoint_id: {template: "{deal}-{at}"}
      timestamp: at
      deal: deal
      customer: {link: deal_people, by: deal}
    changes:
      stage:
        always: {touchpoint_kind: state}
        fields: {activity: {column: value, template: "Deal: {}"}, stage: value}
"""


@pytest.fixture
def touchpoints(tmp_path):
    path = tmp_path / "shop.yml"
    path.write_text(MAPPING)
    tables = {
        "calls": pd.DataFrame({"id": ["c1", "c2"], "at": ["2025-01-01 10:00", "2025-01-02"], "who": ["p1", "p9"]}),
        "call_deal": pd.DataFrame({"call": ["c1", "c1", "c1"], "deal": ["d1", "d2", "d3"]}),
        "people": pd.DataFrame({"id": ["p1", "p2"], "firm": ["f1", "f1"], "country": ["IL", "IR"]}),
        "deal_people": pd.DataFrame({"deal": ["d1", "d1"], "person": ["p1", "p2"]}),
        "merged": pd.DataFrame({"old": ["p9"], "kept": ["p1"]}),
        "history": pd.DataFrame(
            {"deal": ["d1"], "field": ["stage"], "value": ["Demo"], "at": ["2025-01-03 09:00"]},
        ),
    }
    return read_crm(tables, path)


def test_a_call_about_three_deals_is_one_event_with_three_deals(touchpoints) -> None:
    store = touchpoints.store
    deals = store.event_objects.loc[store.event_objects["qualifier"] == "deal"]
    assert deals.loc[deals["event_id"] == "shop:calls:c1", "object_id"].tolist() == ["shop:d1", "shop:d2", "shop:d3"]
    assert len(store.events) == 3


def test_by_deal_the_call_is_in_three_journeys_and_that_is_told(touchpoints) -> None:
    journeys = touchpoints.by("deal")
    assert len(journeys) == 3
    assert journeys.replicated == 2
    assert "2 rows repeat a touchpoint of several deals" in repr(journeys)
    assert sorted(journeys.frame["touchpoint_id"]) == [
        "shop:calls:c1",
        "shop:calls:c1@2",
        "shop:calls:c1@3",
        "shop:history:d1-2025-01-03 09:00:stage",
    ]


def test_by_customer_both_people_of_a_deal_have_its_stage(touchpoints) -> None:
    journeys = touchpoints.by("customer")
    assert journeys.replicated == 1
    assert journeys.frame.groupby("customer")["activity"].agg(list).to_dict() == {
        "shop:p1": ["Call", "Call", "Deal: Demo"],
        "shop:p2": ["Deal: Demo"],
    }


def test_objects_know_their_company_their_deal_and_what_they_were_merged_into(touchpoints) -> None:
    told = set(touchpoints.store.object_objects.itertuples(index=False, name=None))
    assert told == {
        ("shop:d1", "shop:p1", "deal_people"),
        ("shop:d1", "shop:p2", "deal_people"),
        ("shop:p1", "shop:f1", "works_at"),
        ("shop:p2", "shop:f1", "works_at"),
        ("shop:p9", "shop:p1", "merged_into"),
    }


def test_flattening_is_told_per_type_of_object(touchpoints) -> None:
    told = touchpoints.store.flattening().set_index("object_type")
    assert told.loc["deal"].tolist() == [3, 2, 1, 1, 2]
    assert told.loc["customer", "n_converging"] == 1
    assert told.loc["account", "n_objects"] == 1


def test_changes_of_an_object_are_kept_with_their_time(touchpoints) -> None:
    changes = touchpoints.store.object_changes
    assert changes[["object_id", "field", "value"]].to_numpy().tolist() == [["shop:d1", "stage", "Demo"]]
    assert f"{changes['timestamp'].iloc[0]:%Y-%m-%d %H:%M}" == "2025-01-03 09:00"


def test_objects_that_bear_one_id_are_told_apart_by_their_type():
    frame = pd.DataFrame(
        {
            "customer": ["crm:1", "crm:1", "crm:2"],
            "deal": [None, "crm:1", "crm:3"],
            "activity": ["ad", "won", "lost"],
            "timestamp": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"], utc=True),
        }
    )
    tables = {"deal": pd.DataFrame({"size": [9.0]}, index=pd.Index(["crm:1"], dtype="str"))}
    store = Touchpoints(frame=canonical(frame), objects=tables, quality=None).store  # type: ignore[arg-type]
    assert dict(zip(store.objects["object_id"], store.objects["object_type"], strict=True)) == {
        "customer:crm:1": "customer", "crm:2": "customer", "deal:crm:1": "deal", "crm:3": "deal"
    }  # fmt: skip
    assert store.attributes["deal"].loc["deal:crm:1", "size"] == 9
    assert sorted(store.event_objects["object_id"]) == [
        "crm:2", "crm:3", "customer:crm:1", "customer:crm:1", "deal:crm:1"
    ]  # fmt: skip
    flat = store.flattening().set_index("object_type")
    assert flat["n_objects"].to_dict() == {"customer": 2, "deal": 2}
    assert flat["n_converging"].to_dict() == {"customer": 0, "deal": 0}
