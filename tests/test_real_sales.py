"""Who buys, asked of real sales and of a funnel whose attributes say nothing: what is told, and what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import mining
from mining.personas import Personas, find_audience, find_ideal_customers

MAPPINGS = Path(__file__).resolve().parents[1] / "data" / "mappings"
# What X Education fills in while or after the lead decides, and numbers of records.
LATER = [
    "Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity", "Lead Number",
    "Asymmetrique Activity Index", "Asymmetrique Profile Index", "Asymmetrique Activity Score",
    "Asymmetrique Profile Score",
]  # fmt: skip


def _aucs(ideal) -> list[float]:
    return ideal.model.scores["auc"].round(2).tolist()[:2]


def test_who_stays_with_a_telephone_company_is_foretold_and_calibrated(real_data) -> None:
    table = pd.read_csv(real_data("telco_churn") / "Telco-Customer-Churn.csv", index_col="customerID")
    table["TotalCharges"] = pd.to_numeric(table["TotalCharges"], errors="coerce")
    ideal = find_ideal_customers(table.drop(columns="Churn"), won=table["Churn"] == "No")
    assert _aucs(ideal) == pytest.approx([0.85, 0.85], abs=0.011)
    assert set(ideal.absent["attribute"]) == {"PhoneService", "gender"}
    tenths = ideal.model.calibration
    assert (tenths["predicted"] - tenths["observed"]).abs().max() < 0.03
    avoided = ideal.frame[ideal.frame["verdict"] == "avoid"].head(2)
    assert set(avoided["value"]) == {"up to 9", "Month-to-month"}


def test_leads_of_an_education_company_and_what_is_filled_in_later(real_data) -> None:
    table = pd.read_csv(real_data("x_education_leads") / "Leads.csv", index_col="Prospect ID").replace("Select", None)
    won = table["Converted"] == 1
    everything = find_ideal_customers(table.drop(columns=["Converted", "Lead Number"]), won=won)
    assert (
        everything.set_aside.set_index("attribute").loc["Tags", "reason"].startswith("tells the outcome all by itself")
    )
    known = table.drop(columns=["Converted", *LATER])
    ideal = find_ideal_customers(known, won=won)
    # The plain one also learns from what is missing, which here is filled in by those who talk to the lead.
    assert _aucs(ideal) == pytest.approx([0.815, 0.865], abs=0.011)
    words = known.select_dtypes(exclude="number").columns
    as_value = find_ideal_customers(known.assign(**{name: known[name].fillna("not told") for name in words}), won=won)
    assert _aucs(as_value) == pytest.approx([0.86, 0.865], abs=0.011)


def test_sales_of_a_crm_are_told_apart_by_nothing_that_is_known_of_the_companies(real_data) -> None:
    journeys = mining.read_crm(real_data("maven_crm_sales"), mapping=MAPPINGS / "maven_crm_sales.yml").by("deal")
    ideal = find_ideal_customers(journeys)
    assert not ideal.model.is_told
    assert "No effect" in ideal.sentence
    assert not ideal.frame["verdict"].isin(["ideal", "avoid"]).any()


def test_a_funnel_whose_attributes_say_nothing_is_told_so(real_data) -> None:
    journeys = mining.read_crm(real_data("leadforge_small") / "tables", mapping=MAPPINGS / "leadforge.yml").by(
        "customer"
    )
    ideal = find_ideal_customers(journeys)
    assert (ideal.prospects.fate == 1).sum() == 1_106
    assert not ideal.model.is_told
    assert not ideal.frame["verdict"].isin(["ideal", "avoid"]).any()
    assert len(find_audience(journeys, at="Opportunity opened")) > 0


def test_leads_of_a_marketplace_and_the_profile_that_people_gave_them(real_data) -> None:
    journeys = mining.read_crm(real_data("olist_funnel"), mapping=MAPPINGS / "olist_funnel.yml").by("customer")
    ideal = find_ideal_customers(journeys)
    assert {"lead_behaviour_profile", "lead_type"} <= set(ideal.set_aside["attribute"])
    assert 0.57 < ideal.model.auc[0] < 0.63
    profile = journeys.touchpoints.objects["customer"]["lead_behaviour_profile"].dropna()
    profile = profile[profile.isin(profile.value_counts().head(4).index)]
    personas = Personas(n_personas=4, random_state=0, attributes=["origin"]).fit(journeys)
    labels = personas.labels_.reindex(profile.index)
    agreed = adjusted_rand_score(profile, labels)
    random = np.random.default_rng(0)
    by_chance = [adjusted_rand_score(profile, random.permutation(labels)) for _ in range(200)]
    # More than chance, and next to nothing: all that is known of a lead is where it came from.
    assert 0.01 < agreed < 0.02
    assert np.mean(np.array(by_chance) >= agreed) < 0.05
    assert Personas(random_state=0).fit(journeys).n_personas_ == 1
