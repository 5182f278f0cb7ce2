"""A linked log that is stored and opened again answers as it did."""

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings

import mining
from mining import Journeys, MiningError, find_boundaries
from tests.telling import told, told_touchpoints

stories = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.lists(st.sampled_from(["ad", "site", "קנייה"]), min_size=1, max_size=5)),
    min_size=1,
    max_size=8,
).map(lambda ones: [f"{who}: {' > '.join(path)}" for who, path in ones])


def same(one, other):
    for measure in ("steps", "ends", "portraits"):
        pd.testing.assert_frame_equal(getattr(one, measure)(), getattr(other, measure)())
    pd.testing.assert_frame_equal(one.variants()[0], other.variants()[0])
    assert one.observed_until == other.observed_until
    assert repr(one) == repr(other)


@given(stories, st.sampled_from([None, "90min"]))
@settings(max_examples=25)
def test_what_is_opened_again_answers_as_before(tmp_path_factory, ones, gap):
    journeys = told(*ones, gap=gap, teams={"site": "Front"}, waits={("ad", "site"): "2h"})
    back = Journeys.open(journeys.to_parquet(tmp_path_factory.mktemp("store") / "log.parquet"))
    same(back, journeys)
    texts = back.frame.select_dtypes(["str", "category"]).columns
    kinds = dict.fromkeys(texts, "str")
    pd.testing.assert_frame_equal(back.frame.astype(kinds), journeys.frame.astype(kinds))


def test_attributes_and_narrowed_journeys_survive(tmp_path):
    journeys = told("Ann: ad > site", "Bob: ad > won", attributes={"industry": ["retail", "travel"]})
    back = Journeys.open(journeys.reaching("won").to_parquet(tmp_path / "log.parquet"))
    assert back.of(industry="travel").log.journey_ids.tolist() == ["Bob"]
    assert back.of(industry="retail").log.n_journeys == 0
    assert back.observed_until == journeys.observed_until


def test_what_was_decided_about_where_journeys_end_is_kept(tmp_path):
    touchpoints = told_touchpoints("Ann: ad > site > won", "Bob: ad", every="20D")
    sessions = touchpoints.by("session").until("2025-02-01", "cut")
    back = Journeys.open(sessions.to_parquet(tmp_path / "log.parquet"))
    assert (back.gap, back.told, back.case, back.seen_until) == (
        sessions.gap, sessions.told, "session", sessions.seen_until
    )  # fmt: skip
    assert back.observed_until == sessions.observed_until
    drawn = next(find_boundaries(touchpoints).draws(1))
    again = Journeys.open(drawn.to_parquet(tmp_path / "drawn.parquet"))
    pd.testing.assert_series_equal(again.certainty, drawn.certainty)
    renamed = touchpoints.by("customer").renaming({"ad": "advert"}).without_repeats()
    assert "advert" in Journeys.open(renamed.to_parquet(tmp_path / "renamed.parquet")).activities


def test_a_clean_log_is_stored_without_a_frame(tmp_path):
    rows = "record,activity,timestamp\nj1,ad,2025-01-01\nj1,site,2025-01-02\nj2,ad,2025-01-01\n"
    (tmp_path / "log.csv").write_text(rows)
    journeys = mining.open_log(tmp_path / "log.csv").by("record")
    back = Journeys.open(journeys.to_parquet(tmp_path / "log.parquet"))
    assert "frame" not in vars(journeys.touchpoints)
    same(back, journeys)
    assert back.frame["activity"].tolist() == ["ad", "site", "ad"]


def test_the_file_is_a_table_that_others_can_read(tmp_path):
    told("Ann: ad > site").to_parquet(tmp_path / "log.parquet")
    assert pd.read_parquet(tmp_path / "log.parquet")["activity"].tolist() == ["ad", "site"]


@pytest.mark.parametrize("content", [b"", b"no parquet"])
def test_what_holds_no_journeys_is_refused(tmp_path, content):
    path = tmp_path / "log.parquet"
    path.write_bytes(content)
    with pytest.raises(MiningError, match=r"'log\.parquet' cannot be read"):
        Journeys.open(path)
    pd.DataFrame({"activity": ["ad"]}).to_parquet(path)
    with pytest.raises(MiningError, match=r"holds no journeys\. `mining\.open_log`"):
        Journeys.open(path)
    with pytest.raises(MiningError, match="There is no file"):
        Journeys.open(tmp_path / "gone.parquet")
