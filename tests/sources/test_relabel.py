"""The same touchpoints under other customers."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.sources import read_crm
from mining.sources.mappings.grammar import build_mapping
from mining.sources.people.relabel import relabel
from mining.sources.touchpoints import Touchpoints, check

CRM = """
system: crm
timezone: UTC
objects:
  customer:
    table: people
    id: id
    account: company
    keys: {email: mail, phone: phone}
    attributes: {city: city, age: age, vip: vip}
  account: {table: firms, id: id, attributes: {size: size}}
links:
  - {table: calls_people, of: call, customer: person}
readers:
  - name: call
    kind: activity
    table: calls
    always: {activity: Call}
    fields: {touchpoint_id: id, timestamp: at, customer: {link: calls_people, by: id}}
"""
PEOPLE = pd.DataFrame(
    {
        "id": ["1", "2", "3", "4"],
        "mail": ["a@x.example", "a@x.example", "c@x.example", "d@x.example"],
        "phone": "",
        "city": ["", "Haifa", "Eilat", ""],
        "age": ["30", "31", "40", "50"],
        "vip": ["true", "false", "false", "true"],
        "company": ["", "7", "8", ""],
    }
)
TABLES = {
    "people": PEOPLE,
    "firms": pd.DataFrame({"id": ["7", "8"], "size": ["10", "20"]}),
    "calls": pd.DataFrame({"id": list("abcd"), "at": [f"2024-01-0{day} 10:00:00" for day in range(1, 5)]}),
    "calls_people": pd.DataFrame(
        {"call": ["a", "b", "b", "c", "c", "c", "d"], "person": ["1", "1", "2", "2", "3", "4", "3"]}
    ),
}


@pytest.fixture(scope="module")
def apart() -> Touchpoints:
    return read_crm(TABLES, mapping=build_mapping(CRM), identity="none")


@pytest.fixture(scope="module")
def together() -> Touchpoints:
    return read_crm(TABLES, mapping=build_mapping(CRM))


def test_gluing_afterwards_is_reading_with_them_glued(apart: Touchpoints, together: Touchpoints) -> None:
    assert len(together) == len(apart) - 1  # call b had both of them
    frame, objects = relabel(apart.frame, apart.objects, {"crm:2": "crm:1"})
    pd.testing.assert_frame_equal(check(frame), together.frame)
    assert objects.keys() == together.objects.keys()
    for kind, told in objects.items():
        pd.testing.assert_frame_equal(told, together.objects[kind])


def test_taking_apart_is_reading_with_them_apart(apart: Touchpoints, together: Touchpoints) -> None:
    # A touchpoint of both has but one row left, and it stays with the first of them.
    kept = apart.frame.loc[apart.frame["touchpoint_id"] != "crm:calls:b@2"].reset_index(drop=True)
    frame, objects = relabel(together.frame, apart.objects, kept["customer"])
    pd.testing.assert_frame_equal(
        check(frame).drop(columns="account"), kept.assign(seq=frame["seq"]).drop(columns="account")
    )
    pd.testing.assert_frame_equal(objects["customer"], apart.objects["customer"])


def test_changing_nothing_changes_nothing(apart: Touchpoints, together: Touchpoints) -> None:
    for touchpoints in (apart, together):
        for customers in ({}, touchpoints.frame["customer"]):
            frame, objects = relabel(touchpoints.frame, touchpoints.objects, customers)
            pd.testing.assert_frame_equal(frame, touchpoints.frame)
            pd.testing.assert_frame_equal(objects["customer"], touchpoints.objects["customer"])


def test_what_was_given_is_left_as_it_was(apart: Touchpoints) -> None:
    before, people = apart.frame.copy(), apart.objects["customer"].copy()
    relabel(apart.frame, apart.objects, {"crm:2": "crm:1"})
    pd.testing.assert_frame_equal(apart.frame, before)
    pd.testing.assert_frame_equal(apart.objects["customer"], people)


@given(st.permutations(["crm:1", "crm:2", "crm:3", "crm:4"]), st.integers(0, 3))
def test_no_touchpoint_is_lost_and_no_customer_has_one_twice(
    apart: Touchpoints, order: list[str], n_glued: int
) -> None:
    names = dict.fromkeys(order[:n_glued], order[3])
    frame, objects = relabel(apart.frame, apart.objects, names)
    check(frame)

    def plain(ids: pd.Series) -> pd.Series:
        return ids.str.replace(r"@\d+$", "", regex=True)

    assert set(plain(frame["touchpoint_id"])) == set(plain(apart.frame["touchpoint_id"]))
    assert not pd.DataFrame({"id": plain(frame["touchpoint_id"]), "who": frame["customer"]}).duplicated().any()
    assert not frame["customer"].isin(list(names)).any()
    assert objects["customer"]["n_ids"].sum() == apart.objects["customer"]["n_ids"].sum()
    assert not objects["customer"].index.isin(list(names)).any()
