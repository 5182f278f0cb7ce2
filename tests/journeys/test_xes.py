"""An event log written is the event log read."""

import pandas as pd
import pytest

import mining
from mining import MiningError
from tests.telling import told

KEPT = [
    "activity",
    "timestamp",
    "end_timestamp",
    "channel",
    "team",
    "department",
    "actor_kind",
    "outcome",
    "touchpoint_kind",
]


@pytest.fixture
def journeys():
    return told(
        "Ann: ad > chat > won",
        "Bob: קנייה & 'x\" > <chat & call",
        "Ann: site",
        channels={"ad": "ads", "chat": "chat"},
        teams={"chat": "Front"},
        actors={"chat": "employee"},
    )


@pytest.mark.parametrize("name", ["log.xes", "log.xes.gz"])
def test_what_journeys_hold_comes_back(journeys, tmp_path, name):
    back = mining.read_xes(journeys.to_xes(tmp_path / name))
    assert back.log.journey_ids.tolist() == [f"xes:{journey}" for journey in journeys.log.journey_ids]
    pd.testing.assert_frame_equal(back.frame[KEPT].astype("str"), journeys.frame[KEPT].astype("str"), check_dtype=False)
    assert back.n_customers == journeys.n_customers
    assert back.touchpoints.quality.balanced


def test_variants_survive_the_round_trip(journeys, tmp_path):
    back = mining.read_xes(journeys.to_xes(tmp_path / "log.xes"))
    pd.testing.assert_frame_equal(back.variants()[0], journeys.variants()[0])


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(MiningError, match="no file or folder"):
        mining.read_xes(tmp_path / "no.xes")
