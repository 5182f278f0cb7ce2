"""What was planted in the example company is found, end to end; in its null twin it is not there."""

from functools import cached_property

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from mining import Study, map_journey
from mining.examples import write_design, write_exports
from mining.report import Config

SOURCES = ("hubspot", "zendesk", "acme-web", "acme-phone")


class World:
    """One company: what was planted, and the study of its exports."""

    def __init__(self, folder, *, null):
        self.truth = write_exports(folder / "acme", customers=360, seed=7, null=null)
        self.study = Study(
            Config(exports=folder / "acme", sources=SOURCES, gap="90D", design=write_design(folder / "design.yaml"))
        )

    @cached_property
    def pains(self):
        frame = self.study.pains.frame
        return dict(zip(frame["kind"], frame["where"], strict=True))

    def deviation(self, step, kind):
        frame = self.study.deviations.frame
        rows = frame[(frame["step"] == step) & (frame["deviation"] == kind)]
        return int(rows["n_journeys"].sum())

    def planted(self, name):
        rates = self.truth.rates.set_index("deviation")["n_journeys"]
        return int(rates.get(name, 0))


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    return World(tmp_path_factory.mktemp("acme"), null=False)


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    return World(tmp_path_factory.mktemp("twin"), null=True)


def test_every_row_of_every_table_is_used_or_set_aside(acme, twin):
    for world in (acme, twin):
        assert world.study.touchpoints.quality.balanced


def test_dirty_rows_are_set_aside_by_the_rule_they_break(acme):
    ledger = acme.study.touchpoints.quality.frame.groupby("rule")["rows_aside"].sum()
    planted = acme.truth.dirty.groupby("rule")["n_rows"].sum()
    for ours, theirs in {
        "no timestamp": "missing timestamp",
        "unreadable timestamp": "unparseable timestamp",
        "ragged": "ragged row",
        "footer": "footer line",
        "bot": "bot email event",
        "planned": "planned",
    }.items():
        assert ledger[ours] == planted[theirs], ours
    assert acme.study.touchpoints.frame["is_low_trust"].sum() == planted["mail open"]
    assert ledger["nobody it belongs to"] == planted["orphan"] + planted["anonymous call"]


def test_the_same_customer_under_several_identities_is_one(acme):
    found = set(acme.study.journeys.portraits()["customer"])
    assert found == {f"hubspot:{customer}" for customer in acme.truth.personas["customer"]}


def test_journeys_end_and_begin_where_they_were_planted(acme, twin):
    for world in (acme, twin):
        portraits, planted = world.study.journeys.portraits(), world.truth.journeys
        found = set(zip(portraits["customer"], portraits["started"].dt.strftime("%Y-%m-%d"), strict=True))
        true = set(zip("hubspot:" + planted["customer"].astype("str"), planted["first"].str[:10], strict=True))
        assert len(found & true) / len(found | true) > 0.98


def test_named_deviations_are_counted_to_the_journey(acme, twin):
    for world in (acme, twin):
        assert world.deviation("Needs call", "skipped") == world.planted("needs call skipped")
        assert world.deviation("Discount call", "added") == world.planted("discount call added")
        assert world.deviation("Demo", "repeated") == world.planted("second demo")
        assert world.deviation("Onboarding call", "wrong channel") == world.planted("onboarding call by meeting")
        assert world.deviation("Demo", "out of order") == world.planted("deal before demo")
    assert acme.planted("needs call skipped") > 50
    assert twin.planted("needs call skipped") == 0


def test_the_stage_where_waiting_loses_customers_is_found(acme, twin):
    kind = "long wait that goes with losses"
    truth = acme.truth.waiting
    assert acme.pains[kind] == f"{truth['after']} > {truth['step']}"
    assert kind not in twin.pains


def test_the_ping_pong_between_teams_is_found(acme, twin):
    assert set(acme.pains["ping-pong"].split(" <> ")) == set(acme.truth.pingpong["teams"])
    assert "ping-pong" not in twin.pains


def test_the_missed_promise_is_found(acme, twin):
    worst = acme.truth.missed_sla
    assert acme.pains["SLA missed"] == f"{worst['after']} > {worst['step']}"
    row = acme.study.slas.frame.set_index("step").loc[worst["step"]]
    assert row["n_missed"] == worst["n_missed"]
    assert "SLA missed" not in twin.pains
    assert (twin.study.slas.frame["kept_share"] > 0.9).all()


def test_the_channel_where_customers_start_and_are_sent_on_is_found(acme, twin):
    truth = acme.truth.redirected
    assert acme.pains["sent to another channel"] == f"{truth['channel_from']} > {truth['channel_to']}"
    assert "sent to another channel" not in twin.pains


def test_the_null_twin_hurts_nowhere(twin):
    assert twin.study.pains.frame.empty
    assert len(twin.study.pains.tested) > 20


def test_personas_are_found_where_there_are_any(acme, twin):
    truth = acme.truth.personas.assign(customer=lambda frame: "hubspot:" + frame["customer"].astype("str"))
    labels = acme.study.personas.labels_.reindex(truth["customer"])
    assert acme.study.personas.n_personas_ == truth["persona"].nunique()
    assert adjusted_rand_score(truth["persona"], labels) >= 0.85
    assert twin.study.personas.n_personas_ == 1


def test_personas_have_the_attributes_that_were_planted(acme):
    frame = acme.study.personas.profile
    assert np.isfinite(frame["lift"].dropna()).all()
    assert {"feature", "persona", "lift", "low", "high", "n"} <= set(frame.columns)


def test_the_map_of_each_persona_counts_its_own_journeys(acme):
    journeys, personas = acme.study.journeys, acme.study.personas
    frame = map_journey(journeys, acme.study.design, by=personas).frame
    assert set(frame["persona"]) == set(personas.frame["name"])
    first = frame[(frame["item"] == "Page viewed") & (frame["stage"] == "Awareness")]
    sizes = personas.frame.set_index("name")["n_customers"]
    assert (first.set_index("persona")["n"] == sizes.reindex(first["persona"])).all()
