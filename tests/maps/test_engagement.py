"""Engagement and leads: counted by hand, followed to their end, and masked where few."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mining._errors import MiningError
from mining.design import read_design
from mining.maps import Leads, follow_leads, measure_engagement
from mining.sources import read_crm
from tests.telling import told
from tests.timing.planting import logged, told_of

ROOT = Path(__file__).parents[2]
DESIGN = read_design(
    {"stages": [{"stage": "Sales", "steps": ["ad", "mail", "won"]}, {"stage": "Use", "steps": ["help", "order"]}]}
)


def times(n: int, story: str, name: str) -> list[str]:
    return [f"{name}{number}: {story}" for number in range(n)]


CHANNELS = {"ad": "ads", "mail": "email"}
LEADS = [
    *times(8, "ad > won", "a"), *times(12, "ad > lost", "b"), *times(15, "mail > won", "c"),
    *times(5, "mail > lost", "d"),
]  # fmt: skip


def source(leads: Leads, name: str) -> pd.Series:
    return leads.frame.set_index("source").loc[name]


def test_leads_are_followed_to_their_end() -> None:
    leads = follow_leads(told(*LEADS, channels=CHANNELS))
    assert leads.frame[["source", "n_leads", "n_won", "n_lost", "n_open"]].to_numpy().tolist() == [
        ["ads", 20, 8, 12, 0], ["email", 20, 15, 5, 0],
    ]  # fmt: skip
    row = source(leads, "email")
    assert row[["won_share", "lost_share", "open_share", "decided_share"]].tolist() == [0.75, 0.25, 0.0, 0.75]
    assert row["won_low"] == pytest.approx(0.5313, abs=1e-4)
    assert row["won_high"] == pytest.approx(0.8881, abs=1e-4)
    assert source(leads, "ads")["won_high"] < 0.75


def test_leads_that_still_run_are_open_and_not_lost() -> None:
    leads = follow_leads(told(*LEADS, *times(10, "ad > mail", "open"), channels=CHANNELS))
    row = source(leads, "ads")
    assert row[["n_won", "n_lost", "n_open"]].tolist() == [8, 12, 10]
    assert row["won_share"] == pytest.approx(8 / 30)
    assert row["decided_share"] == pytest.approx(8 / 20)


def lasting(n: int, stay: int) -> pd.DataFrame:
    who, stays, late = np.arange(n), np.arange(stay), np.arange(9000, 9006)
    return pd.concat(
        [
            told_of(who, "ad", np.zeros(n), channel="ads"),
            told_of(who, "won", np.ones(n), outcome="won"),
            told_of(stays, "order", np.full(stay, 24.0 * 100)),
            told_of(late, "ad", np.full(6, 24.0 * 100 - 30), channel="email"),
            told_of(late, "won", np.full(6, 24.0 * 100), outcome="won"),
        ],
        ignore_index=True,
    )


def test_who_lasts_is_asked_of_those_won_long_enough_ago() -> None:
    leads = follow_leads(logged(lasting(20, 8)))
    row = source(leads, "ads")
    assert row[["n_watched", "n_lasting", "lasting_share"]].tolist() == [20, 8, 0.4]
    assert source(leads, "email")[["n_won", "n_watched"]].fillna(-1).tolist() == [6, -1]  # won too late to tell
    longer = source(follow_leads(logged(lasting(20, 8)), lasting="200D"), "ads")
    assert np.isnan(longer["lasting_share"])


def test_few_are_masked_so_that_nothing_gives_them_away() -> None:
    leads = follow_leads(told(*LEADS, *times(2, "ad > mail", "open"), channels=CHANNELS))
    row = source(leads, "ads")
    assert row["n_leads"] == 22
    assert row["n_won"] + 0 != row["n_leads"] - 2
    masked = row[["n_won", "n_lost", "n_open"]].isna()
    assert masked["n_open"]
    assert masked.sum() >= 2
    assert row[["open_share", "decided_share"]].isna().all()
    few = follow_leads(told(*LEADS, *times(2, "call > won", "p"), channels={**CHANNELS, "call": "phone"}))
    assert few.n_hidden == 2
    assert set(few.frame["source"]) == {"ads", "email"}
    assert few.frame["n_won"].tolist() == [8, 15]  # no column is so small that the others had to go
    assert "not shown" in repr(few)
    both = [*times(3, "call > won", "p"), *times(4, "post > lost", "q")]
    more = follow_leads(told(*LEADS, *both, channels={**CHANNELS, "call": "phone", "post": "post"}))
    assert source(more, "fewer than 5 each")["n_leads"] == 7


def test_a_source_may_be_an_attribute_or_a_series() -> None:
    origins = ["fair"] * 20 + ["web"] * 20
    named = told(*LEADS, channels=CHANNELS, attributes={"origin": origins})
    assert source(follow_leads(named, source="origin"), "fair")["n_won"] == 8
    ids = [story.split(":")[0] for story in LEADS]
    given = follow_leads(named, source=pd.Series(origins[:30], index=ids[:30]))
    assert source(given, "not known")["n_leads"] == 10
    assert given.source == "as given"
    with pytest.raises(MiningError, match="There is no attribute 'orign'"):
        follow_leads(named, source="orign")


def test_the_first_touch_is_that_of_the_first_journey() -> None:
    stories = [*times(6, "ad > lost", "a"), *times(6, "mail > won", "a"), *LEADS]
    leads = follow_leads(told(*stories, channels=CHANNELS))
    assert leads.n_leads == 40
    assert source(leads, "ads")["n_won"] == 8 + 6 - 6  # the six were among those won already


def test_transactions_and_other_contacts_are_counted_apart() -> None:
    who = np.arange(20)
    theirs = {"touchpoint_kind": "interaction", "channel": "web"}
    frame = pd.concat(
        [
            told_of(who, "ad", np.zeros(20), **theirs),
            told_of(who[:10], "won", np.ones(10), outcome="won", touchpoint_kind="state"),
            told_of(who[:10], "help", np.full(10, 2.0), **theirs),
            told_of(who[:6], "order", np.full(6, 3.0), amount=10.0, **theirs),
            told_of(who[:6], "order", np.full(6, 4.0), amount=10.0, **theirs),
            told_of(who[:8], "order", np.full(8, 5.0), amount=0.0, **theirs),
        ],
        ignore_index=True,
    )
    lanes = measure_engagement(logged(frame), DESIGN).frame.set_index(["stage", "lane"])
    kept = ["n_customers", "n_engaged", "share", "n_touchpoints"]
    assert lanes.loc[("Sales", "transactions"), kept].tolist() == [20, 10, 0.5, 10]
    assert lanes.loc[("Sales", "contacts"), kept].tolist() == [20, 20, 1.0, 20]
    assert lanes.loc[("Use", "transactions"), kept].tolist() == [10, 6, 0.6, 12]
    assert lanes.loc[("Use", "contacts"), kept].tolist() == [10, 10, 1.0, 18]
    assert lanes.loc[("Use", "transactions"), "per_customer"] == 2.0
    assert (lanes["low"] <= lanes["share"]).all()


def test_what_a_deal_may_be_worth_is_no_transaction() -> None:
    frame = told_of(np.arange(9), "mail", np.zeros(9), amount=500.0, touchpoint_kind="state")
    lanes = measure_engagement(logged(frame), DESIGN).frame.set_index(["stage", "lane"])
    assert lanes.loc[("Sales", "transactions"), "n_engaged"] == 0


def test_lanes_of_few_are_masked() -> None:
    stories = [*times(3, "ad > won", "a"), *times(9, "ad > lost", "b")]
    lanes = measure_engagement(told(*stories), DESIGN).frame.set_index(["stage", "lane"])
    assert lanes.loc[("Sales", "transactions"), ["n_engaged", "share", "low", "n_touchpoints"]].isna().all()


def test_the_example_company_sells_where_its_design_says() -> None:
    journeys = read_crm(ROOT / "data/exports/acme").by("customer", gap="90D")
    frame = measure_engagement(journeys, read_design(ROOT / "data/designs/acme.yaml")).frame
    sells = set(frame.loc[(frame["lane"] == "transactions") & (frame["n_engaged"] > 0), "stage"])
    assert sells == {"Purchase", "Retention"}
    leads = follow_leads(journeys)
    assert leads.frame["n_leads"].sum() == leads.n_leads == journeys.n_customers
    assert set(leads.frame["source"]) == {"ads", "phone", "social", "web"}


def test_the_order_of_rows_never_matters() -> None:
    one, two = (follow_leads(told(*stories, channels=CHANNELS)).frame for stories in (LEADS, LEADS[::-1]))
    pd.testing.assert_frame_equal(one, two)


def test_it_can_be_looked_at() -> None:
    journeys = told(*LEADS, channels=CHANNELS)
    for result in (follow_leads(journeys), measure_engagement(journeys, DESIGN), measure_engagement(journeys)):
        assert "<table" in result._repr_html_()
        assert "svg" in result.plot()._repr_html_()
        assert repr(result).startswith("<")


def test_unfit_logs_get_a_clear_answer() -> None:
    with pytest.raises(MiningError, match="nothing was won or lost"):
        follow_leads(told("a: ad > mail", "b: ad > solved"))
    nobody = told("a: ad").keep(np.zeros(1, bool))
    for question in (follow_leads, measure_engagement):
        with pytest.raises(MiningError, match="no journeys"):
            question(nobody)
