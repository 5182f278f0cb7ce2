"""Case notions: whose journey a touchpoint is in, where one ends, and what was decided on the way is said."""

import numpy as np
import pandas as pd
import pytest

from mining import MiningError
from mining.journeys import Journeys
from mining.sources.relations import Relations
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical, told, told_touchpoints


def crm(*rows: tuple[object, ...], related: pd.DataFrame | None = None) -> Touchpoints:
    """Tell touchpoints as (day, activity, customer, account, deal)."""
    frame = pd.DataFrame(rows, columns=["day", "activity", "customer", "account", "deal"])
    frame["timestamp"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(frame.pop("day"), unit="D")
    relations = Relations() if related is None else Relations(objects=related)
    return Touchpoints(canonical(frame), {}, None, relations)  # type: ignore[arg-type]


HISTORY = (
    (0, "ad", "Ann", None, None),
    (40, "site", "Ann", None, None),
    (41, "call", "Bob", "Acme", None),
    (45, "deal created", None, "Acme", "d1"),
    (46, "demo", "Ann", None, "d1"),
    (50, "mail", "Bob", "Acme", None),
    (60, "won", None, "Acme", "d1"),
    (61, "thanks", "Ann", None, None),
    (48, "ad", "Cy", None, None),
)


def paths(journeys: Journeys) -> dict[str, list[str]]:
    return journeys.frame.groupby("journey_id")["activity"].agg(list).to_dict()


def test_a_deal_looks_back_through_its_contacts_and_account():
    touchpoints = crm(*HISTORY)
    assert paths(touchpoints.by("deal")) == {"d1": ["deal created", "demo", "won"]}
    found = touchpoints.by("deal", look_back="10D")
    assert paths(found) == {"d1": ["site", "call", "deal created", "demo", "mail", "won"]}
    assert (found.joined, found.replicated, found.unlinked) == (3, 0, 3)
    assert "3 touchpoints joined by looking back" in repr(found)
    assert paths(touchpoints.by("deal", look_back="60D"))["d1"][0] == "ad"


def test_what_the_crm_says_belongs_to_a_deal_looks_back_too():
    related = pd.DataFrame(
        [("deal", "d1", "customer", "Cy", "deal_contact")],
        columns=["source_type", "source_id", "target_type", "target_id", "qualifier"],
        dtype="str",
    )
    found = crm(*HISTORY, related=related).by("deal", look_back="10D")
    assert "Cy" in set(found.frame["customer"].dropna())


def test_a_touchpoint_before_two_deals_is_in_both_and_said_to_be():
    touchpoints = crm(
        (0, "ad", "Ann", None, None),
        (1, "asked", "Ann", None, "d1"),
        (2, "asked", "Ann", None, "d2"),
        (3, "won", "Ann", None, "d1"),
        (3, "lost", "Ann", None, "d2"),
    )
    found = touchpoints.by("deal", look_back="5D")
    assert paths(found) == {"d1": ["ad", "asked", "won"], "d2": ["ad", "asked", "lost"]}
    assert (found.joined, found.replicated) == (1, 1)
    assert "1 rows repeat a touchpoint of several deals" in repr(found)
    assert found.frame["touchpoint_id"].is_unique
    assert found.log.n_touchpoints + found.unlinked == len(touchpoints) + found.replicated


def test_looking_back_does_not_depend_on_the_order_of_rows():
    touchpoints = crm(*HISTORY)
    for chance in range(5):
        frame = touchpoints.frame.sample(frac=1, random_state=chance).reset_index(drop=True)
        other = Touchpoints(frame, {}, None).by("deal", look_back="10D")
        pd.testing.assert_frame_equal(other.frame, touchpoints.by("deal", look_back="10D").frame)


def test_looking_back_agrees_with_a_plain_search():
    random = np.random.default_rng(3)
    rows = [
        (
            int(random.integers(0, 60)),
            "x",
            f"c{random.integers(0, 5)}",
            None,
            f"d{random.integers(0, 4)}" if random.random() < 0.3 else None,
        )
        for _ in range(150)
    ]
    touchpoints = crm(*rows)
    frame = touchpoints.frame
    expected = {(row.touchpoint_id, row.deal) for row in frame.dropna(subset=["deal"]).itertuples()}
    for deal, own in frame.dropna(subset=["deal"]).groupby("deal"):
        low, high, people = own["timestamp"].min() - pd.Timedelta("7D"), own["timestamp"].max(), set(own["customer"])
        for row in frame.loc[frame["deal"].isna()].itertuples():
            if row.customer in people and low <= row.timestamp <= high:
                expected.add((row.touchpoint_id, deal))
    found = touchpoints.by("deal", look_back="7D").frame
    told_pairs = set(zip(found["touchpoint_id"].str.replace(r"@\d+$", "", regex=True), found["deal"], strict=True))
    assert told_pairs == expected


def test_sessions_that_nobody_names_end_after_half_an_hour_and_say_so():
    journeys = told_touchpoints("Ann: site > site > ask", waits={("site", "ask"): "31min"}, every="29min").by("session")
    assert paths(journeys) == {"Ann/1": ["site", "site"], "Ann/2": ["ask"]}
    assert "no touchpoint names its session" in repr(journeys)
    assert journeys.gap == pd.Timedelta("30min")
    assert len(told_touchpoints("Ann: site > ask", every="2h").by("session", gap="3h")) == 1


def test_sessions_with_names_keep_them():
    touchpoints = told_touchpoints("Ann: site > site > ask")
    named = touchpoints.frame.assign(session=pd.Series(["s1", "s1", "s2"], dtype="str"))
    journeys = Touchpoints(named, {}, None).by("session")
    assert journeys.log.journey_ids.tolist() == ["s1", "s2"]
    assert journeys.told == ""


def test_journeys_from_first_touch_to_won_stand_beside_those_that_were_not_won():
    touchpoints = told_touchpoints("Ann: ad > won > ad > lost", "Bob: ad > site", "Cy: won")
    journeys = touchpoints.by("customer", closed_by="won")
    assert paths(journeys) == {
        "Ann/1": ["ad", "won"], "Ann/2": ["ad", "lost"], "Bob/1": ["ad", "site"], "Cy/1": ["won"],
    }  # fmt: skip
    assert len(touchpoints.by("customer", closed_by=["won", "lost"])) == 4
    assert len(touchpoints.by("customer", closed_by="site")) == 3  # an activity does as well


def test_two_deals_won_at_one_moment_close_one_journey():
    journeys = told("Ann: ad > won > won > thanks", waits={("won", "won"): "0h"}).touchpoints.by(
        "customer", closed_by="won"
    )
    assert paths(journeys) == {"Ann/1": ["ad", "won", "won"], "Ann/2": ["thanks"]}


def test_a_silence_and_an_outcome_may_both_end_journeys():
    touchpoints = told_touchpoints("Ann: ad > won > ad > site", waits={("ad", "site"): "9D"})
    journeys = touchpoints.by("customer", gap="5D", closed_by="won")
    assert paths(journeys) == {"Ann/1": ["ad", "won"], "Ann/2": ["ad"], "Ann/3": ["site"]}


@pytest.mark.parametrize(
    ("manner", "hint"),
    [
        ({"closed_by": "wonn"}, "Did you mean 'won'"),
        ({"look_back": "30"}, "says no unit"),
        ({"gap": "atuo"}, "says no unit"),
    ],
)
def test_a_manner_of_linking_that_makes_no_sense_says_what_would(manner, hint):
    with pytest.raises(MiningError, match=hint):
        told_touchpoints("Ann: ad > won").by("customer", **manner)
