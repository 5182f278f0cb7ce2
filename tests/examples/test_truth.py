"""The truth is what was planted, can be found again, and is absent from the null twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import phonenumbers
import pytest
import yaml
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from mining._errors import ExportError
from mining.examples import Truth, write_design, write_exports
from mining.examples.company import SLAS
from mining.examples.plan import World, happened
from mining.examples.planted import truth_of
from mining.examples.spelling import spelt_numbers

DAY = 86_400


@pytest.fixture(scope="module")
def world() -> World:
    return happened(1200, 11)


@pytest.fixture(scope="module")
def truth(world: World) -> Truth:
    return truth_of(world, [])


@pytest.fixture(scope="module")
def twin() -> Truth:
    return truth_of(happened(1200, 11, null=True), [])


def test_a_missing_truth_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"acme-truth\.json"):
        Truth.read(tmp_path / "acme-truth.json")


def test_journeys_lie_apart_and_have_no_long_gaps_inside(world: World) -> None:
    journeys = world.journeys
    apart = journeys["first"] - journeys.groupby("customer")["last"].shift()
    inside = world.plan.groupby("journey")["at"].diff()
    assert apart.min() > 100 * DAY
    assert inside.max() <= 45 * DAY
    assert inside.min() > 0
    assert set(journeys["number"]) == {1, 2, 3}
    assert 0.01 < journeys["unfinished"].mean() < 0.15


def test_deviations_have_their_rates(truth: Truth) -> None:
    share = truth.rates.set_index("deviation")["share"]
    expected = {"needs call skipped": 0.25, "quote before demo": 0.12, "second demo": 0.10,
                "discount call added": 0.15, "onboarding call by meeting": 0.10}  # fmt: skip
    for name, rate in expected.items():
        assert share[name] == pytest.approx(rate, abs=0.04), name
    counted = truth.deviations["deviation"].value_counts()
    assert counted.to_dict() == truth.rates.set_index("deviation")["n_journeys"].to_dict()
    known = pd.MultiIndex.from_frame(truth.journeys[["customer", "journey"]])
    assert pd.MultiIndex.from_frame(truth.deviations[["customer", "journey"]]).isin(known).all()


def test_long_waits_for_the_quote_lose_customers(truth: Truth) -> None:
    long, short = truth.waiting["long"], truth.waiting["short"]
    assert long["n"] / (long["n"] + short["n"]) == pytest.approx(1 / 3, abs=0.06)
    assert long["share_lost"] == pytest.approx(0.65, abs=0.07)
    assert short["share_lost"] == pytest.approx(0.20, abs=0.05)


def test_tickets_bounce_and_bounced_ones_are_rated_badly(world: World, truth: Truth) -> None:
    assert truth.pingpong["share"] == pytest.approx(0.30, abs=0.05)
    assert truth.pingpong["share_bad"] > truth.pingpong["share_bad_of_others"] + 0.3
    turns = world.plan[world.plan["activity"] == "Ticket handed over"].groupby("ticket").size()
    assert turns.drop(truth.pingpong["tickets"]).max() == 1


def test_only_the_planted_promises_are_broken(truth: Truth) -> None:
    missed = truth.slas.set_index("step")["share_missed"]
    assert truth.missed_sla["step"] == "Support reply"
    assert missed["Support reply"] == pytest.approx(0.40, abs=0.05)
    assert missed["Deal: Quote sent"] == pytest.approx(1 / 3, abs=0.06)
    assert missed[["Needs call", "Onboarding call"]].max() < 0.05


def test_chats_are_sent_to_the_phone(truth: Truth) -> None:
    assert truth.redirected["share"] == pytest.approx(0.60, abs=0.08)
    assert (truth.redirected["channel_from"], truth.redirected["channel_to"]) == ("chat", "phone")


def test_the_null_twin_has_none_of_it(twin: Truth) -> None:
    assert twin.personas["persona"].unique().tolist() == ["anyone"]
    assert twin.journeys["journey"].eq(1).all()
    assert twin.deviations.empty
    assert twin.rates["n_journeys"].eq(0).all()
    assert twin.slas["share_missed"].max() < 0.05
    assert twin.redirected["n_redirected"] == 0 < twin.redirected["n_chats"]
    assert twin.pingpong["n_pingpong"] == 0 < twin.pingpong["n_tickets"]
    waiting = twin.waiting
    assert waiting["longest_third"]["share_lost"] == pytest.approx(waiting["other_two_thirds"]["share_lost"], abs=0.08)


def test_the_null_twin_has_the_same_files_and_dirt(tmp_path: Path) -> None:
    truths = [write_exports(tmp_path / name / "acme", customers=200, null=name == "null") for name in ("real", "null")]
    listed = [
        sorted(str(path.relative_to(tmp_path / name)) for path in (tmp_path / name).rglob("*"))
        for name in ("real", "null")
    ]
    assert listed[0] == listed[1]
    rules = [set(map(tuple, truth.dirty[["file", "rule"]].to_numpy())) for truth in truths]
    assert rules[0] == rules[1]
    assert all((truth.identities["kind"] == "merged_id").sum() > 5 for truth in truths)


def test_attributes_go_with_personas_but_not_in_the_twin(truth: Truth) -> None:
    assert {name: trait["industry"] for name, trait in truth.traits.items()} == {
        "researcher": "Media", "caller": "Logistics", "social": "Retail", "corporate": "Manufacturing",
    }  # fmt: skip
    sizes = truth.personas.groupby("persona")["company_size"].median()
    assert sizes["corporate"] > 5 * sizes["caller"] > 5 * sizes["researcher"]
    own = pd.crosstab(truth.personas["persona"], truth.personas["lead_source"], normalize="index").max(axis=1)
    assert own.between(0.6, 0.95).all()
    null = happened(1200, 11, null=True)
    calls = (null.plan["activity"] == "Service call received").groupby(null.plan["customer"]).sum()
    by_industry = calls.groupby(null.people["industry"].to_numpy()).mean()
    assert np.ptp(by_industry) < 0.35 * by_industry.mean()


def test_personas_can_be_told_apart_by_what_happens_before_the_outcome(world: World) -> None:
    plan = world.plan
    outcome = plan[plan["activity"].isin(["Deal: Won", "Deal: Lost"])].groupby("journey")["at"].min()
    plan = plan[plan["at"] < plan["journey"].map(outcome).fillna(plan["at"].max() + 1)]
    counts = pd.crosstab(plan["customer"], plan["activity"])
    shares = np.sqrt(counts.div(counts.sum(axis="columns"), axis="index"))
    found = KMeans(4, n_init=10, random_state=0).fit_predict(shares)
    assert adjusted_rand_score(world.people.loc[shares.index, "persona"], found) > 0.85


def test_corporate_buyers_share_accounts(world: World) -> None:
    people = world.people.groupby("account").size()
    corporate = world.people.loc[world.people["persona_name"] == "corporate", "account"]
    assert people.loc[corporate.unique()].mean() > 2
    assert people.drop(corporate.unique()).max() == 1


def test_identities_point_to_one_customer_each(truth: Truth) -> None:
    named = truth.identities
    assert not named.duplicated(["system", "kind", "key"]).any()
    assert named["customer"].isin(truth.personas["customer"]).all()
    merged = (named["kind"] == "merged_id").sum() / len(truth.personas)
    assert merged == pytest.approx(0.08, abs=0.03)
    assert named[named["kind"] == "visitor"].groupby("customer").size().max() == 2


def test_numbers_are_real_in_every_spelling(world: World) -> None:
    people = world.people.head(300)
    for spelt, phone in zip(
        spelt_numbers(people["phone"], people["country"], world.random(99)), people["phone"], strict=True
    ):
        number = phonenumbers.parse(spelt, "IL")
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == f"+{phone}"


def test_the_design_promises_what_the_truth_measures(tmp_path: Path) -> None:
    design = yaml.safe_load(write_design(tmp_path / "acme.yaml").read_text(encoding="utf-8"))
    steps = [step for stage in design["stages"] for step in stage["steps"]]
    promised = {(step["step"], step["after"], pd.Timedelta(step["within"])) for step in steps if "within" in step}
    assert promised == {(step, after, pd.Timedelta(hours=hours)) for step, after, hours in SLAS}


def test_every_planned_activity_is_designed_or_ignored_or_planted(world: World, tmp_path: Path) -> None:
    design = yaml.safe_load(write_design(tmp_path / "acme.yaml").read_text(encoding="utf-8"))
    designed = {
        name
        for stage in design["stages"]
        for step in stage["steps"]
        for name in (step["step"], *step.get("instead", []))
    }
    assert set(world.plan["activity"]) - designed - set(design["ignore"]) == {"Discount call"}


def _loss_by(world: World, of: pd.Series) -> pd.Series:
    ends = world.plan[world.plan["activity"].isin(["Deal: Won", "Deal: Lost"])]
    return (ends["activity"] == "Deal: Lost").groupby(of.reindex(ends["customer"]).to_numpy()).mean()


def test_who_is_won_depends_on_who_it_is_only_where_that_is_asked(world: World, tmp_path: Path) -> None:
    fitting = happened(1200, 11, ideal=True)
    pd.testing.assert_frame_equal(fitting.people, world.people)
    referred, small = world.people["lead_source"] == "Referral", world.people["company_size"] <= 20
    for of, apart in ((referred, -0.15), (small, 0.1)):
        plain, pulled = _loss_by(world, of), _loss_by(fitting, of)
        assert abs(plain[True] - plain[False]) < 0.12
        assert (pulled[True] - pulled[False]) / apart > 1
    assert "ideal" not in write_exports(tmp_path / "one", customers=20).about
    assert write_exports(tmp_path / "two", customers=20, ideal=True).about["ideal"]["lead_source"] == "Referral"
