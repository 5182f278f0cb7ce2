"""An event log written is the event log read."""

from datetime import datetime
from unicodedata import normalize

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mining
from mining import MiningError
from mining._pm4py import read_xes
from mining.sources.forms.formats import as_strings, read_table
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical, told

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


def test_the_table_of_a_log_is_what_spelling_its_cells_out_would_give(journeys, tmp_path):
    path = tmp_path / "log.xes"
    path.write_bytes(journeys.to_xes(path).read_bytes().replace(b'key="channel"', b'key=" the  channel"'))
    (table,) = read_table(path.read_bytes(), "log", "log.xes", ".xes")
    pd.testing.assert_frame_equal(table.frame, as_strings(read_xes(path)))
    assert "the channel" in table.frame


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(MiningError, match="no file or folder"):
        mining.read_xes(tmp_path / "no.xes")


LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"))
NAMES = st.text(LETTERS, min_size=1, max_size=8).map(lambda text: normalize("NFC", " ".join(text.split())) or "x")
MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2030, 1, 1))  # noqa: DTZ001  made UTC below
AMOUNTS = st.one_of(st.none(), st.floats(-1e9, 1e9))


@given(st.lists(st.tuples(NAMES, MOMENTS, st.one_of(st.none(), NAMES), AMOUNTS, st.booleans()), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_any_journeys_survive_as_an_event_log(tmp_path_factory, told) -> None:
    names, times, teams, amounts, flags = zip(*told, strict=True)
    frame = pd.DataFrame(
        {
            "customer": [f"c{place % 2}" for place in range(len(told))],
            "activity": list(names),
            "timestamp": pd.to_datetime(list(times), utc=True),
            "team": list(teams),
            "amount": [np.nan if amount is None else amount for amount in amounts],
            "is_automated": list(flags),
            "channel": "email",
        }
    )
    journeys = Touchpoints(canonical(frame), {}, None).by("customer")  # type: ignore[arg-type]
    path = journeys.to_xes(tmp_path_factory.mktemp("log") / "log.xes")
    ours, back = journeys.frame, mining.read_xes(path).frame
    assert back["record"].str.removeprefix("xes:").tolist() == ours["journey_id"].tolist()
    for name in ("activity", "timestamp", "team", "amount", "is_automated", "channel"):
        expected = ours[name].astype("object").where(ours[name].notna(), None).tolist()
        assert back[name].astype("object").where(back[name].notna(), None).tolist() == expected
