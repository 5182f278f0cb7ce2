"""Questions a head of service would ask of real logs: the figures that docs/real-data.md names."""

from pathlib import Path

import pandas as pd
import pytest

import mining
from mining._statistics import wilson
from mining.timing import (
    learn_stages,
    measure_journeys,
    measure_people,
    measure_responses,
    measure_stays,
    measure_waits,
    measure_work,
    read_calendar,
)

DATA = Path(__file__).resolve().parents[1] / "data"


def _read(path: Path, mapping: str) -> mining.Touchpoints:
    return mining.read_crm(path, DATA / "mappings" / f"{mapping}.yml")


def _row(frame: pd.DataFrame, **cells: str) -> pd.Series:
    """Find the one row whose cells say this."""
    found = frame[(frame[list(cells)] == pd.Series(cells)).all(axis=1)]
    assert len(found) == 1, cells
    return found.iloc[0]


def _percent(part: int, whole: int) -> list[float]:
    return [round(100 * float(share), 1) for share in (part / whole, *wilson(part, whole))]


def test_who_acts_at_the_bank_depends_on_whose_word_is_taken(real_data) -> None:
    log = real_data("bpic2012") / "BPI_Challenge_2012.xes.gz"
    design = mining.read_design(DATA / "designs" / "loan_application.yaml")
    published = _read(log, "bpic2012_actors")
    assert published.frame["actor_kind"].value_counts().head(3).tolist() == [95_243, 69_266, 0]
    gaps = mining.compare(published.by("deal"), design)
    wrong = gaps.frame[gaps.frame["deviation"] == "wrong actor"]
    assert wrong[["step", "n_journeys", "of_journeys"]].to_numpy().tolist() == [["O_ACCEPTED", 2_243, 2_243]]
    assert _row(gaps.verdicts, verdict="left early")["n_journeys"] == 8_714
    assert gaps.instead[["instead", "n_journeys"]].to_numpy().tolist() == [["employee", 2_243]]
    assert _row(gaps.frame, step="A_FINALIZED", deviation="out of order")["n_journeys"] == 2_080
    # The system writes several records of one act in any order.
    together = mining.compare(published.by("deal"), design, at_once="2s")
    assert together.frame[together.frame["deviation"] == "out of order"]["n_journeys"].sum() == 5
    assert _row(together.verdicts, verdict="left early")["n_journeys"] == 9_700
    typed_in = mining.compare(_read(log, "bpic2012").by("deal"), design).frame
    automatic = _row(typed_in, step="A_PREACCEPTED", deviation="wrong actor")
    assert (automatic["n_journeys"], automatic["of_journeys"]) == (4_852, 7_367)
    sent_back = mining.check_slas(published.by("deal"), design).frame.iloc[0]
    assert (sent_back["n_due"], sent_back["n_kept"], sent_back["n_missed"]) == (6_897, 3_490, 3_267)


def test_declarations_skip_the_budget_owner_of_the_drawing(real_data) -> None:
    folder = real_data("bpic2020")
    journeys = mining.read_xes(folder / "BPI_2020_DomesticDeclarations.xes.gz")
    drawn = mining.read_design(folder / "declaration_documents.bpmn", with_lanes=True, others="ignored")
    table = drawn.match(journeys).set_index("label")
    assert table["match"].value_counts().to_dict() == {"suggested": 4, "none": 4}
    table.loc["Travel Administration: prove request", "activity"] = "Declaration APPROVED by ADMINISTRATION"
    table.loc["Travel Administration: prepare payment", "activity"] = "Payment Handled"
    gaps = mining.compare(journeys, drawn.relabel(table.reset_index().dropna(subset="activity")))
    assert _row(gaps.verdicts, verdict="conforming")["n_journeys"] == 2_517
    skipped = _row(gaps.frame, step="Declaration APPROVED by BUDGET OWNER", deviation="skipped")
    assert (skipped["n_journeys"], skipped["of_journeys"]) == (7_272, 10_079)
    paid = _row(measure_waits(journeys).frame, activity="Request Payment", next_activity="Payment Handled")
    assert paid["wait_median_hours"] == pytest.approx(77.8, abs=0.05)


def test_a_log_made_by_its_diagram_conforms_and_another_does_not(real_data) -> None:
    folder = real_data("loanapp_simod")
    shares = []
    for name, log in (("LoanApp_simplified", "LoanApp_simplified_train"), ("PurchasingExample", "PurchasingExample")):
        journeys = _read(folder / f"{log}.csv.gz", "loanapp_simod").by("ticket")
        gaps = mining.compare(journeys, mining.read_design(folder / f"{name}.bpmn"))
        shares.append(_row(gaps.verdicts, verdict="conforming")[["n_journeys", "of_journeys"]].tolist())
    assert shares == [[1_000, 1_000], [0, 608]]
    skipped = _row(gaps.frame, step="Analyze Purchase Requisition", deviation="skipped")
    assert (skipped["n_journeys"], skipped["of_journeys"]) == (237, 608)


def test_permits_by_post_take_longer_and_the_mined_model_finds_nobody_at_fault(real_data) -> None:
    folder = real_data("receipt_wabo")
    journeys = _read(folder / "receipt.csv", "receipt_wabo").by("ticket")
    office = read_calendar("Mon-Fri 09:00-17:00", zone="Europe/Amsterdam")
    medians = [
        round(_row(facts.by("came_by"), group=channel, measure="duration_hours")["median"], 1)
        for facts in (measure_journeys(journeys), measure_journeys(journeys, calendar=office))
        for channel in ("Internet", "Post")
    ]
    assert medians == [0.5, 97.4, 0.5, 21.4]
    gaps = mining.compare(journeys, mining.read_design(folder / "receipt.bpmn"))
    assert _row(gaps.verdicts, verdict="conforming")["n_journeys"] == 1_434
    assert gaps.behind("came_by").found.empty
    dates = {
        name: pd.to_datetime(journeys.attribute(name), utc=True, format="ISO8601") for name in ("deadline", "real_end")
    }
    ended = pd.DataFrame(dates).dropna()
    assert (int((ended["real_end"] > ended["deadline"]).sum()), len(ended)) == (377, 1_329)


def test_tickets_spend_their_time_resolved_and_not_in_work(real_data) -> None:
    journeys = _read(real_data("helpdesk") / "helpdesk.xes.gz", "helpdesk").by("ticket")
    stages = {
        "Taking on": ["Assign seriousness"],
        "Working": ["Take in charge ticket"],
        "Waiting": ["Wait"],
        "Resolved": ["Resolve ticket"],
        "Closed": ["Closed"],
    }
    stays = measure_stays(journeys, stages=stages).frame.set_index("stage")
    assert stays["share_of_time"].round(3).to_dict() == pytest.approx(
        {"Taking on": 0.099, "Working": 0.105, "Waiting": 0.076, "Resolved": 0.720, "Closed": 0.0}, abs=1e-3
    )
    step = ("Take in charge ticket", "Resolve ticket")
    waits = measure_waits(journeys, by="seriousness", between=[step]).frame
    of_step = waits[(waits["activity"] == step[0]) & (waits["next_activity"] == step[1])].set_index("group")
    assert of_step["wait_median_hours"].round(1).to_dict() == {
        "Value 1": 25.5, "Value 2": 5.8, "Value 3": 0.1, "Value 4": 0.9,
    }  # fmt: skip


def test_incidents_that_change_hands_miss_their_promise(real_data) -> None:
    journeys = _read(real_data("servicenow_uci") / "incident_event_log.zip", "servicenow_uci").by("ticket")
    missed = journeys.attribute("made_sla").astype(str) == "False"
    assert _percent(int(missed.sum()), len(missed)) == [36.6, 36.0, 37.2]
    times = journeys.attribute("reassignment_count").astype(str)
    assert [_percent(int(missed[times == n].sum()), int((times == n).sum())) for n in ("0", "1")] == [
        [21.6, 20.9, 22.3],
        [42.9, 41.7, 44.2],
    ]
    priority = journeys.attribute("priority").astype(str)
    assert missed.groupby(priority).sum().to_dict() == {
        "1 - Critical": 265, "2 - High": 406, "3 - Moderate": 8_321, "4 - Low": 123,
    }  # fmt: skip


def test_incidents_at_the_carmaker_come_back_between_two_teams(real_data) -> None:
    touchpoints = _read(real_data("bpic2013") / "bpi_challenge_2013_incidents.xes.gz", "bpic2013")
    journeys = touchpoints.by("ticket")
    worst = measure_people(journeys).returns.iloc[0]
    assert worst[["team", "other_team", "n_customers", "n_returned"]].tolist() == ["D4", "N26 2nd", 53, 50]
    frame = touchpoints.frame
    behind = frame["team"].str.contains("2nd|3rd").groupby(frame["ticket"]).any()
    assert _percent(int(behind.sum()), len(behind)) == [39.8, 38.7, 40.9]
    impact = journeys.attribute("impact").astype(str)
    assert behind.groupby(impact.reindex(behind.index)).sum().to_dict() == {
        "High": 217, "Low": 999, "Major": 3, "Medium": 1_789,
    }  # fmt: skip
    closing = _row(measure_waits(journeys).frame, activity="Completed: Resolved", next_activity="Completed: Closed")
    assert closing["wait_median_hours"] == pytest.approx(176.7, abs=0.05)


def test_mails_to_the_call_centre_wait_two_days_inside_their_own_length(real_data) -> None:
    journeys = _read(real_data("callcenter") / "CallcenterExample.csv", "callcenter").by("ticket")
    lasts = _row(measure_work(journeys).frame, about="Inbound Email")
    assert (lasts["n_timed"], lasts["median_minutes"]) == (423, 2_527)
    answer = measure_responses(journeys, asking=["Inbound Email"]).frame.iloc[0]
    assert (answer["n_asked"], answer["n_answered"]) == (487, 477)
    assert answer["median_hours"] == pytest.approx(40.8, abs=0.05)
    handed = measure_journeys(journeys).frame["handoffs"] > 0
    product = journeys.attribute("product").astype(str).reindex(handed.index)
    assert handed.groupby(product).sum().to_dict() == {"MacBook Pro": 173, "iPhone": 60}


def test_stages_of_travel_and_loans_are_learned(real_data) -> None:
    travel = learn_stages(mining.read_xes(real_data("bpic2020") / "BPI_2020_InternationalDeclarations.xes.gz"))
    assert len(travel.stages) == 5
    kind = travel.frame["activity"].str.extract("^(Permit|Declaration)|(Payment)").bfill(axis=1)[0]
    of_kind = {word: set(travel.frame["stage"][kind == word]) for word in ("Permit", "Declaration", "Payment")}
    assert not of_kind["Declaration"] & (of_kind["Permit"] | of_kind["Payment"])
    both = travel.frame[travel.frame["stage"].isin(of_kind["Payment"]) & (kind == "Permit")]
    assert both[["activity", "n_touchpoints"]].to_numpy().tolist() == [["Permit REJECTED by MISSING", 43]]
    assert travel.steps["share"].round(2).tolist() == [0.59, 0.38, 0.03]
    assert travel.steps["of_steps"].tolist() == [65_674] * 3
    loans = learn_stages(_read(real_data("bpic2012") / "BPI_Challenge_2012.xes.gz", "bpic2012").by("deal"))
    assert len(loans.stages) == 6
    offers = loans.frame[loans.frame["activity"].str.startswith("O_")].groupby("stage")["n_touchpoints"].sum()
    assert (offers.max(), offers.sum()) == (14_060, 31_244)
    assert loans.steps["share"].round(2).tolist() == [0.6, 0.36, 0.04]


def test_where_real_logs_tell_no_order_there_is_one_stage(real_data) -> None:
    complaints = _read(real_data("bpic2016_complaints"), "bpic2016_complaints").by("customer")
    assert len(learn_stages(complaints).stages) == 1
    leads = learn_stages(_read(real_data("olist_funnel"), "olist_funnel").by("lead"))
    assert list(leads.stages) == ["MQL created", "Won"]
