"""The work plan: what, whose, how much, how sure, kept without danger and compared with an earlier one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mining._errors import MiningError
from mining._files import write_table
from mining.design import read_design
from mining.examples import write_exports
from mining.maps import PainPoints, WorkPlan, find_pain_points
from mining.maps.kept import read_kept
from mining.maps.touched import _touched
from mining.sources import read_crm
from tests.maps.test_pain_points import company, pains_of
from tests.telling import told
from tests.timing.planting import logged

ROOT = Path(__file__).parents[2]
EVERYTHING = {"wait": 0.4, "late": 0.4, "bounce": 0.6, "redirect": 0.6, "bad": 0.5}


@pytest.fixture(scope="module")
def pains() -> PainPoints:
    return pains_of(company(500, 1, **EVERYTHING))


@pytest.fixture(scope="module")
def plan(pains: PainPoints) -> WorkPlan:
    return pains.plan(worth="1,200 EUR")


def piece(plan: WorkPlan, what: str) -> pd.Series:
    return plan.frame.set_index("what").loc[what]


def test_every_pain_is_work_with_an_owner_a_gain_and_a_measure(pains: PainPoints, plan: WorkPlan) -> None:
    assert plan.frame["where"].tolist() == pains.frame["where"].tolist()
    assert plan.frame[["owner", "owner_mark"]].equals(pains.frame[["owner", "owner_mark"]])
    assert plan.frame["owner"].ne("").all()
    np.testing.assert_allclose(plan.frame["gain_customers"], pains.frame["severity"])
    assert (plan.frame["gain_low"] <= plan.frame["gain_customers"]).all()
    assert (plan.frame["gain_customers"] <= plan.frame["gain_high"]).all()
    assert plan.frame["baseline"].equals(pains.frame["share"])
    assert plan.frame["target"].equals(pains.frame["comparison"])
    assert all(where in metric for where, metric in zip(plan.frame["where"], plan.frame["metric"], strict=True))


def test_days_are_told_of_waits_alone(plan: WorkPlan) -> None:
    waits = plan.frame["what"].isin(["long wait that goes with losses", "SLA missed"])
    assert plan.frame.loc[waits, "gain_days"].gt(0).all()
    assert (plan.frame.loc[waits, "days_low"] <= plan.frame.loc[waits, "gain_days"]).all()
    assert (plan.frame.loc[waits, "gain_days"] <= plan.frame.loc[waits, "days_high"]).all()
    assert plan.frame.loc[~waits, ["gain_days", "days_low", "days_high"]].isna().all(axis=None)


def test_days_beyond_a_promise_are_those_worked_out_by_hand() -> None:
    stories = [f"c{number}: asked > answered" for number in range(40)]
    design = read_design({"stages": [{"stage": "Help", "steps": ["asked", {"step": "answered", "within": "24h"}]}]})
    late = find_pain_points(told(*stories, waits={("asked", "answered"): "48h"}), design)
    assert late.plan().frame[["what", "gain_days"]].to_numpy().tolist() == [["SLA missed", 40.0]]


def test_money_is_told_only_where_customers_are_lost_and_their_worth_is_known(
    pains: PainPoints, plan: WorkPlan
) -> None:
    lost = plan.frame["what"] == "long wait that goes with losses"
    np.testing.assert_allclose(plan.frame.loc[lost, "gain_money"], 1200 * plan.frame.loc[lost, "gain_customers"])
    assert plan.frame.loc[lost, "currency"].tolist() == ["EUR"]
    assert plan.frame.loc[~lost, "gain_money"].isna().all()
    assert pains.plan().frame["gain_money"].isna().all()
    for wrong in ("1200", "EUR 1200", "-5 EUR", "much money"):
        with pytest.raises(MiningError, match="number and its currency"):
            pains.plan(worth=wrong)


def test_places_are_named_where_they_are_known(pains: PainPoints) -> None:
    assert pains.found is not None
    customers = pains.found.scene.journeys.portraits()["customer"].astype("str")
    by = pd.Series(np.where(customers.str[-1].isin(list("0123456")), "many", "few"), index=customers)
    frame = pains.plan(personas=by).frame.set_index("what")
    assert frame["persona"].eq("many").all()
    assert frame["persona_share"].between(0.5, 0.9).all()
    assert frame.loc["sent to another channel", ["channel", "channel_share"]].tolist() == ["chat", 1.0]
    assert frame["product"].eq("").all()


def test_a_worse_pain_keeps_its_rank_and_equals_change_places() -> None:
    sure = pains_of(company(600, 1, wait=0.55, bounce=0.35)).stability
    assert sure["severity"].iloc[0] > 2 * sure["severity"].iloc[1]
    assert sure[["rank_low", "rank_high"]].iloc[0].tolist() == [1, 1]
    assert sure["first_share"].iloc[0] == 1.0
    acme = find_pain_points(
        read_crm(ROOT / "data/exports/acme").by("customer", gap="90D"), read_design(ROOT / "data/designs/acme.yaml")
    ).stability
    assert acme["rank_high"].iloc[0] > 1
    assert acme["first_share"].sum() == pytest.approx(1.0, abs=0.02)


def test_the_interval_is_as_wide_as_the_findings_vary() -> None:
    found = [pains_of(company(500, seed, wait=0.5)).stability.iloc[0] for seed in range(20, 32)]
    spread = np.std([row["severity"] for row in found], ddof=1)
    stated = np.mean([(row["severity_high"] - row["severity_low"]) / (2 * 1.96) for row in found])
    assert 0.5 < stated / spread < 2.0


def test_the_same_customers_give_the_same_draws() -> None:
    one, two = (pains_of(company(300, 2, wait=0.5, late=0.4)).stability for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_customers_one_by_one_add_up_to_what_was_found(pains: PainPoints) -> None:
    assert pains.found is not None
    for each in pains.found.pains:
        table = _touched(each, pains.found)
        assert table is not None
        total = table.sum()
        assert total["is_there"] == each.n_customers
        assert total["hit"] / total["n"] == pytest.approx(each.share, abs=0.02)
        if total["other"]:
            assert total["other_hit"] / total["other"] == pytest.approx(each.comparison)


def test_deviations_are_work_too() -> None:
    row = {"stage": "Sales", "step": "Demo", "deviation": "skipped", "n_journeys": 100, "n_customers": 90}
    row |= {"of_journeys": 250, "share": 0.4, "share_low": 0.34, "share_high": 0.46}
    plan = pains_of(company(300, 6), deviations=SimpleNamespace(frame=pd.DataFrame([row]))).plan()
    work = piece(plan, "deviation: skipped")
    assert work["metric"] == "share of journeys that deviate, Sales: Demo"
    assert work["gain_low"] < work["gain_customers"] < work["gain_high"]
    assert work["n"] == 250


def test_words_that_look_like_formulas_are_the_same_pain_after_keeping(tmp_path: Path) -> None:
    frame = company(500, 2, wait=0.5)
    frame["activity"] = frame["activity"].replace({"Demo": "=Demo {where}", "Quote": "+NA"})
    plan = find_pain_points(logged(frame)).plan()
    assert "=Demo {where} > +NA" in plan.frame["metric"].iloc[0]
    for ending in ("csv", "xlsx"):
        assert plan.compared_with(plan.save(tmp_path / f"p.{ending}")).frame["standing"].eq("still listed").all()


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_a_kept_plan_compares_with_itself_as_nothing_told_apart(plan: WorkPlan, tmp_path: Path, ending: str) -> None:
    kept = plan.save(tmp_path / f"plan.{ending}")
    assert read_kept(kept)["where"].tolist() == plan.frame["where"].tolist()
    changed = plan.compared_with(kept).frame
    assert changed["verdict"].eq("not told apart").all()
    assert changed["standing"].eq("still listed").all()
    np.testing.assert_allclose(changed["difference"], 0, atol=1e-12)


def test_what_got_better_or_worse_is_told_and_what_did_not_is_not() -> None:
    before = pains_of(company(600, 11, wait=0.5, late=0.6, bounce=0.6)).plan()
    after = pains_of(company(600, 12, wait=0.5, late=0.25, bounce=0.6)).plan()
    frame = after.compared_with(before).frame.set_index("what")
    assert frame.loc["SLA missed", "verdict"] == "better"
    assert frame.loc["SLA missed", "high"] < 0
    assert frame.loc["long wait that goes with losses", "verdict"] == "not told apart"
    back = before.compared_with(after).frame.set_index("what")
    assert back.loc["SLA missed", "verdict"] == "worse"
    assert back.loc["SLA missed", "difference"] == pytest.approx(-frame.loc["SLA missed", "difference"])


def test_a_pain_that_is_gone_is_looked_up_among_what_was_tested() -> None:
    before = pains_of(company(600, 13, late=0.5)).plan()
    after = pains_of(company(600, 14, late=0.02)).plan()
    row = after.compared_with(before).frame.iloc[0]
    assert row[["what", "verdict", "standing"]].tolist() == ["SLA missed", "better", "no longer listed"]
    assert row["now"] < 0.1
    new = before.compared_with(after).frame.iloc[0]
    assert new[["verdict", "standing"]].tolist() == ["worse", "new"]


def test_two_draws_of_the_same_company_are_seldom_told_apart() -> None:
    plans = [pains_of(company(400, seed, wait=0.5, late=0.5)).plan() for seed in range(40, 52)]
    verdicts = [
        word
        for one, two in zip(plans[::2], plans[1::2], strict=True)
        for word in two.compared_with(one).frame["verdict"]
    ]
    assert sum(word != "not told apart" for word in verdicts) <= 1


HOSTILE = "=cmd|' /C calc'!A0 <b>&\u202e\x07"


def test_no_cell_of_a_kept_table_is_run_as_a_formula(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {HOSTILE: [HOSTILE, "+1", "@sum", "plain"], "n": [1.5, np.nan, 3.0, np.inf], "k": [1, 2, 3, 4]}
    )
    sheet = openpyxl.load_workbook(write_table(tmp_path / "kept.xlsx", frame)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert len(cells) == 7
    assert sheet["B2"].value == 1.5
    assert sheet["B3"].value is None
    assert not any(char in str(cell.value) for cell in cells for char in "\u202e\x07")
    text = write_table(tmp_path / "kept.csv", frame).read_text(encoding="utf-8-sig")
    assert all(line.lstrip('"')[:1] not in "=+-@" for line in text.splitlines())


def test_the_same_plan_is_the_same_file(plan: WorkPlan, tmp_path: Path) -> None:
    one, two = (plan.save(tmp_path / name).read_bytes() for name in ("one.xlsx", "two.xlsx"))
    assert one == two


def test_what_is_no_plan_is_refused(plan: WorkPlan, tmp_path: Path) -> None:
    with pytest.raises(MiningError, match=r"end its name in \.csv, \.parquet, \.xlsx"):
        plan.save(tmp_path / "plan.doc")
    with pytest.raises(MiningError, match="There is no file"):
        plan.compared_with(tmp_path / "gone.csv")
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(MiningError, match="holds no plan"):
        plan.compared_with(other)
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 not a book")
    with pytest.raises(MiningError, match="not a whole zip"):
        plan.compared_with(tmp_path / "broken.xlsx")


def test_the_twin_without_structure_asks_for_no_work(tmp_path: Path) -> None:
    write_exports(tmp_path / "acme", customers=360, seed=7, null=True)
    journeys = read_crm(tmp_path / "acme").by("customer", gap="90D")
    pains = find_pain_points(journeys, read_design(ROOT / "data/designs/acme.yaml"))
    plan = pains.plan(worth="1 EUR")
    assert len(plan) == len(pains.stability) == 0
    assert len(plan.compared_with(plan)) == 0
    kept = plan.save(tmp_path / "plan.csv")
    assert len(plan.compared_with(kept)) == 0
    assert plan.plot() is not None


def test_pain_points_without_their_journeys_say_so(pains: PainPoints) -> None:
    bare = PainPoints(pains.frame, pains.tested, pains.n_journeys)
    with pytest.raises(MiningError, match="find_pain_points"):
        bare.plan()


def test_it_can_be_looked_at(plan: WorkPlan) -> None:
    assert "Head of sales" in plan._repr_html_()
    assert "svg" in plan.plot()._repr_html_()
    changed = plan.compared_with(plan)
    assert "not told apart" in changed._repr_html_()
    assert "svg" in changed.plot()._repr_html_()
    assert repr(plan) == f"<WorkPlan: {len(plan)} pieces of work for 4 owners, out of 501 journeys>"


@pytest.mark.parametrize("language", ["he", "fa"])
def test_how_work_is_measured_is_said_in_the_language_of_the_page(plan, language) -> None:
    said = plan.metrics(language)
    assert plan.metrics() == plan.frame["metric"].tolist()
    for where, each in zip(plan.frame["where"], said, strict=True):
        assert f"\N{FIRST STRONG ISOLATE}{where}\N{POP DIRECTIONAL ISOLATE}" in each
    assert all("share of" not in each for each in said)
    with pytest.raises(MiningError, match="'xx'"):
        plan.metrics("xx")
