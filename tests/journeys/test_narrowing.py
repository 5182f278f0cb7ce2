"""Laws of narrowing: row order decides nothing, narrowings commute, counterparts share out, counts add up."""

import itertools

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from mining import MiningError
from mining.journeys import Journeys
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical, told

START = pd.Timestamp("2025-01-01", tz="UTC")
NOON = "2025-01-01 00:12"
ROWS = st.lists(
    st.tuples(st.sampled_from("pqrs"), st.sampled_from("abcd"), st.integers(0, 25), st.integers(0, 4)),
    min_size=1,
    max_size=40,
)


def journeys_of(rows: list[tuple[str, str, int, int]], chance: int | None = None, gap: str | None = "8min") -> Journeys:
    frame = canonical(
        pd.DataFrame(
            {
                "customer": [who for who, _, _, _ in rows],
                "activity": [what for _, what, _, _ in rows],
                "timestamp": [START + pd.Timedelta(minutes=at) for _, _, at, _ in rows],
                "end_timestamp": [START + pd.Timedelta(minutes=at + lasting) for _, _, at, lasting in rows],
            }
        )
    )
    if chance is not None:
        frame = frame.sample(frac=1, random_state=chance).reset_index(drop=True)
    return Touchpoints(frame, {}, None).by("customer", gap=gap)  # type: ignore[arg-type]


def known(journeys: Journeys, *words: str) -> str:
    """Name the first of the words that occurs, so that no example asks for what is not there."""
    return next((word for word in words if word in journeys.activities), journeys.activities[0])


NARROWINGS = {
    "reaching": lambda j: j.reaching(known(j, "a")),
    "avoiding": lambda j: j.avoiding(known(j, "b")),
    "containing": lambda j: j.containing(known(j, "a"), ..., [known(j, "b"), known(j, "c")]),
    "in a row": lambda j: j.containing(known(j, "b"), known(j, "c")),
    "starting": lambda j: j.starting_with(known(j, "c")),
    "ending": lambda j: j.ending_with(known(j, "d")),
    "of": lambda j: j.of(activity=["a", "d"]),
    "sample": lambda j: j.sample(share=0.5),
    **{rule: lambda j, rule=rule: j.between("2025-01-01 00:05", NOON, rule) for rule in
       ("by_start", "by_end", "leave_out", "keep", "cut")},
}  # fmt: skip
RESHAPINGS = {
    "without repeats": lambda j: j.without_repeats(),
    "without quick repeats": lambda j: j.without_repeats("2min"),
    "without": lambda j: j.without(known(j, "b")),
    "renaming": lambda j: j.renaming({known(j, "a"): "z"}),
    "merging": lambda j: j.merging([known(j, "a"), known(j, "b")], into="ab"),
}


def told_of(journeys: Journeys) -> pd.DataFrame:
    columns = ["journey_id", "activity", "timestamp", "end_timestamp", "touchpoint_id"]
    return journeys.frame[columns]


# The same with words that need not occur after the other narrowing.
BY_NAME = NARROWINGS | {
    "reaching": lambda j: j.of(activity="a"),
    "avoiding": lambda j: j.keep(~j.log.any_in_journey(j.log.holds("activity", "b"))),
    "containing": lambda j: j.containing("a", ..., ["b", "c"]),
    "in a row": lambda j: j.containing("b", "c"),
    "starting": lambda j: j.starting_with("c"),
    "ending": lambda j: j.ending_with("d"),
}


@given(rows=ROWS, chance=st.integers(0, 9), name=st.sampled_from([*NARROWINGS, *RESHAPINGS]))
@settings(max_examples=250)
def test_the_order_of_rows_decides_nothing(rows, chance, name):
    narrow = (NARROWINGS | RESHAPINGS)[name]
    one, other = narrow(journeys_of(rows)), narrow(journeys_of(rows, chance))
    pd.testing.assert_frame_equal(told_of(one), told_of(other))


@given(rows=ROWS, first=st.sampled_from([*NARROWINGS]), second=st.sampled_from([*NARROWINGS]))
@settings(max_examples=250)
def test_narrowings_of_whole_journeys_commute(rows, first, second):
    # What keeps whole journeys asks each journey alone, so the order of asking cannot matter. Cutting to a period
    # changes journeys; it commutes with what does not look at their touchpoints.
    if "cut" in {first, second} and not {first, second} <= {"cut", "sample"}:
        return
    journeys = journeys_of([*rows, *(("all", word, 40 + place, 0) for place, word in enumerate("abcd"))])
    one, other = BY_NAME[first], BY_NAME[second]
    pd.testing.assert_frame_equal(told_of(other(one(journeys))), told_of(one(other(journeys))))


@given(rows=ROWS)
def test_counterparts_share_the_journeys_out(rows):
    journeys = journeys_of(rows)
    word = journeys.activities[0]
    assert len(journeys.reaching(word)) + len(journeys.avoiding(word)) == len(journeys)
    for rule in ("by_start", "by_end"):
        assert len(journeys.since(NOON, rule)) + len(journeys.until(NOON, rule)) == len(journeys)
    cut = journeys.since(NOON, "cut").log.n_touchpoints + journeys.until(NOON, "cut").log.n_touchpoints
    assert cut == journeys.log.n_touchpoints
    outside, over = len(journeys.until(NOON, "leave_out")), len(journeys.until(NOON, "keep"))
    assert outside <= len(journeys.until(NOON)) <= over
    halves = [journeys.sample(share=0.5), journeys.sample(share=1.0)]
    assert set(halves[0].log.journey_ids) <= set(halves[1].log.journey_ids) == set(journeys.log.journey_ids)


@given(rows=ROWS)
def test_a_period_is_what_since_and_until_leave(rows):
    journeys = journeys_of(rows)
    for rule in ("by_start", "by_end", "leave_out", "keep", "cut"):
        both = journeys.since("2025-01-01 00:05", rule).until(NOON, rule)
        pd.testing.assert_frame_equal(told_of(both), told_of(journeys.between("2025-01-01 00:05", NOON, rule)))


@given(rows=ROWS)
def test_a_pattern_is_found_wherever_a_plain_search_finds_it(rows):
    journeys = journeys_of([*rows, ("all", "a", 50, 0), ("all", "b", 51, 0)])
    told = ["".join(path) for path in journeys.frame.groupby("journey_id", sort=True)["activity"].agg("".join)]
    expected = pd.Series(told).str.contains("ab.*[ab]a").to_numpy()
    found = set(journeys.containing("a", "b", ..., ["a", "b"], "a").log.journey_ids)
    ids = sorted(set(journeys.log.journey_ids))
    assert found == {name for name, there in zip(ids, expected, strict=True) if there}


@given(rows=ROWS)
def test_collapsed_repeats_keep_journeys_and_their_length_in_time(rows):
    journeys = journeys_of(rows)
    short = journeys.without_repeats()
    pd.testing.assert_frame_equal(short.durations(), journeys.durations())
    paths = [tuple(word for word, _ in itertools.groupby(path)) for path in paths_of(journeys)]
    assert paths_of(short) == paths
    assert short.without_repeats().log.n_touchpoints == short.log.n_touchpoints


def paths_of(journeys: Journeys) -> list[tuple[str, ...]]:
    frame, variant_of = journeys.variants()
    return [frame["variant"][row] for row in variant_of]


@given(rows=ROWS)
def test_merged_activities_are_one_everywhere(rows):
    journeys = journeys_of(rows)
    merged = journeys.merging(journeys.activities, into="any")
    assert merged.activities == ["any"]
    assert merged.ends()["n_touchpoints"].sum() == len(rows)
    assert set(merged.frame["activity"]) == {"any"}
    assert merged.log.n_touchpoints == journeys.log.n_touchpoints
    assert all(set(path) == {"any"} for path in paths_of(merged))


def test_what_is_collapsed_lasts_until_the_last_repeat_ends():
    journeys = told("Ann: ad > ad > site", every="10min").without_repeats()
    assert journeys.frame["end_timestamp"].iloc[0] == pd.Timestamp("2025-01-01 00:10", tz="UTC")
    assert journeys.steps()["wait_mean_hours"].tolist() == pytest.approx([1 / 6])


def test_observation_of_cut_journeys_ends_with_the_period():
    journeys = told("Ann: a > b > c", "Bob: a", every="20D")
    cut = journeys.until("2025-01-25", "cut")
    assert cut.observed_until == pd.Timestamp("2025-01-25", tz="UTC")
    assert cut.unfinished("10D").tolist() == [True, False]
    assert journeys.until("2025-01-25").observed_until == journeys.observed_until


def test_touchpoints_left_out_may_leave_no_journey():
    journeys = told("Ann: ad > site", "Bob: ad")
    assert journeys.without("ad").log.journey_ids.tolist() == ["Ann"]
    assert len(journeys.without("ad", "site")) == 0
    assert len(journeys.without("ad", "site").variants()[0]) == 0


def test_a_share_of_journeys_is_about_that_share():
    journeys = told(*(f"c{number:04d}: ad" for number in range(2_000)))
    kept = journeys.sample(share=0.25)
    assert abs(len(kept) - 500) < 4 * np.sqrt(2_000 * 0.25 * 0.75)
    assert set(journeys.sample(share=0.1).log.journey_ids) < set(kept.log.journey_ids)


@pytest.mark.parametrize(
    ("question", "hint"),
    [
        (lambda j: j.containing(), "at least one"),
        (lambda j: j.containing(...), "at least one"),
        (lambda j: j.containing("sit"), "Did you mean 'site'"),
        (lambda j: j.since("2025-01-01", "cutt"), "Did you mean 'cut'"),
        (lambda j: j.sample(), "either a number"),
        (lambda j: j.sample(2, share=0.5), "either a number"),
        (lambda j: j.sample(share=1.5), "above 0 and up to 1"),
        (lambda j: j.renaming({"sit": "page"}), "Did you mean 'site'"),
        (lambda j: j.without_repeats("3"), "says no unit"),
    ],
)
def test_a_narrowing_that_makes_no_sense_says_what_would(question, hint):
    with pytest.raises(MiningError, match=hint):
        question(told("Ann: ad > site"))
