"""Linking and narrowing: nothing is lost, narrowing commutes, questions about what is not there say so."""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from mining import MiningError
from mining._durations import duration
from tests.telling import told, told_touchpoints

STORY = ("Ann: ad > site > won", "Bob: ad > site", "Cy: site > call > lost", "Di: call")


def ids(journeys):
    return journeys.log.journey_ids.tolist()


def test_narrowing_keeps_whole_journeys():
    journeys = told(*STORY)
    assert ids(journeys.reaching("site")) == ["Ann", "Bob", "Cy"]
    assert ids(journeys.avoiding("ad")) == ["Cy", "Di"]
    assert ids(journeys.starting_with("site")) == ["Cy"]
    assert ids(journeys.ending_with("site")) == ["Bob"]
    assert ids(journeys.of(activity="call", outcome="lost")) == ["Cy"]


def test_narrowing_by_attribute_looks_in_the_crm_objects():
    journeys = told(*STORY, attributes={"industry": ["retail", "travel", "retail", None]})
    assert ids(journeys.of(industry="retail")) == ["Ann", "Cy"]
    assert ids(journeys.of(industry=["travel", "retail"], activity="ad")) == ["Ann", "Bob"]


@given(st.permutations(["reach", "avoid", "since", "of"]))
@settings(max_examples=24, deadline=None)
def test_narrowing_commutes(order):
    narrow = {
        "reach": lambda journeys: journeys.reaching("site"),
        "avoid": lambda journeys: journeys.avoiding("lost"),
        "since": lambda journeys: journeys.since("2025-01-01"),
        "of": lambda journeys: journeys.of(activity="ad"),
    }
    journeys = told(*STORY)
    for name in order:
        journeys = narrow[name](journeys)
    assert ids(journeys) == ["Ann", "Bob"]


def test_a_straddling_journey_belongs_to_the_period_it_starts_in():
    journeys = told("Ann: a > b", start="2025-01-01", every="20D")
    assert len(journeys.until("2025-01-10")) == 1
    assert len(journeys.since("2025-01-10")) == 0
    assert len(journeys.between("2024-12-01", "2025-02-01")) == 1


def test_touchpoints_without_the_case_are_counted_not_lost():
    touchpoints = told_touchpoints("Ann: ad > site", "Bob: ad")
    frame = touchpoints.frame.assign(deal=pd.Series(["d1", "d1", None], dtype="str"))
    journeys = type(touchpoints)(frame=frame, objects=touchpoints.objects, quality=touchpoints.quality).by("deal")
    assert journeys.log.n_touchpoints + journeys.unlinked == len(frame)
    assert journeys.unlinked == 1


def test_a_sample_depends_on_ids_not_on_row_order():
    journeys = told(*STORY)
    assert len(journeys.sample(2)) == 2
    assert ids(journeys.sample(2)) == ids(told(*reversed(STORY)).sample(2))
    assert ids(journeys.sample(3, random_state=1)) != ids(journeys.sample(3, random_state=4)) or len(journeys) == 3


def test_unfinished_journeys_are_recent_and_without_a_final_outcome():
    journeys = told("Ann: ad > won", "Bob: ad", "Cy: ad > site", waits={("ad", "site"): "400D"})
    assert dict(zip(ids(journeys), journeys.unfinished("30D").tolist(), strict=True)) == {
        "Ann": False, "Bob": False, "Cy": True,
    }  # fmt: skip


def test_the_frame_holds_every_linked_touchpoint_in_order():
    frame = told(*STORY).frame
    assert frame.groupby("journey_id")["timestamp"].is_monotonic_increasing.all()
    assert len(frame) == 9


@pytest.mark.parametrize("span", ["90", 90, "-3D", "soon", "0D"])
def test_a_span_without_a_unit_is_refused(span):
    with pytest.raises(MiningError, match="write '48h'"):
        duration(span)


@pytest.mark.parametrize(
    ("question", "hint"),
    [
        (lambda: told(*STORY).reaching("sit"), "Did you mean 'site'"),
        (lambda: told_touchpoints(*STORY).by("custmer"), "Did you mean 'customer'"),
        (lambda: told_touchpoints(*STORY).by("ticket"), "They do name: customer"),
        (lambda: told(*STORY).of(shoe_size="44"), "no attribute 'shoe_size'"),
        (lambda: told(*STORY).keep(np.array([True])), "does not fit 4 journeys"),
        (lambda: told(*STORY).sample(0), "ask for one or more"),
    ],
)
def test_a_question_about_what_is_not_there_names_the_nearest_thing(question, hint):
    with pytest.raises(MiningError, match=hint):
        question()
