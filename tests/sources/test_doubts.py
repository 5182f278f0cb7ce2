"""What a skeptic asks of an export: imports, trials, own people, one call in two systems, clocks that disagree."""

import numpy as np
import pandas as pd
import pytest

from mining.sources import read_crm
from mining.sources.doubts.imperfections import find_imperfections
from mining.sources.mappings.grammar import build_mapping
from mining.sources.people.trials import own_staff, trial_records

CRM = """
system: crm
timezone: UTC
region: IL
own_domains: [shop.example]
objects:
  customer: {table: people, id: id, keys: {email: mail, phone: phone}}
readers:
  - name: call
    kind: activity
    table: calls
    always: {activity: Call logged, channel: phone}
    fields: {touchpoint_id: id, timestamp: at, customer: who, direction: direction, modified_at: changed,
             end_timestamp: {column: seconds, unit: s, after: timestamp}}
  - name: stage
    kind: activity
    table: stages
    always: {touchpoint_kind: state}
    fields: {touchpoint_id: id, activity: stage, timestamp: at, customer: who, actor: by}
"""
PBX = """
system: pbx
timezone: UTC
region: IL
readers:
  - name: call
    kind: activity
    table: pbx_calls
    always: {activity: Call answered, channel: phone}
    fields: {touchpoint_id: id, timestamp: at, customer: {column: number, key: phone}, direction: direction,
             end_timestamp: {column: seconds, unit: s, after: timestamp}}
"""


def people(n: int, **more: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [f"p{row}" for row in range(n)],
            "mail": [f"c{row:04d}@mail.example" for row in range(n)],
            "phone": [f"+97258555{row:04d}" for row in range(n)],
            **more,
        }
    )


def calls(whom: list[str], at: list[str], **more: list[str]) -> pd.DataFrame:
    size = len(whom)
    plain = {"direction": ["inbound"] * size, "seconds": ["60"] * size, "changed": [""] * size}
    ids = {"id": [str(row) for row in range(size)], "at": at, "who": whom}
    return pd.DataFrame(ids | plain | more)


def read(tables: dict[str, pd.DataFrame], *mappings: str):
    return read_crm(tables, [build_mapping(text) for text in mappings])


def aside(touchpoints) -> dict[str, int]:
    return touchpoints.quality.frame.groupby("rule")["rows_aside"].sum().drop("", errors="ignore").to_dict()


def pbx(calls_of_crm: pd.DataFrame, **changed: object) -> pd.DataFrame:
    numbers = "+97258555" + calls_of_crm["who"].str.removeprefix("p").str.zfill(4)
    return calls_of_crm.assign(number=numbers, **changed).drop(columns=["who", "changed"])


def test_a_call_in_the_telephone_system_and_in_the_crm_is_told_once_and_both_are_named() -> None:
    logged = calls(["p1", "p2"], ["2025-01-01 10:00:40", "2025-01-01 12:00:00"])
    there = pbx(logged, at=["2025-01-01 10:00:00", "2025-01-01 13:00:00"])
    touchpoints = read({"people": people(3), "calls": logged, "pbx_calls": there}, CRM, PBX)
    assert aside(touchpoints) == {"told by another source": 1}
    kept = touchpoints.frame.loc[touchpoints.frame["twin"].notna()]
    assert kept[["touchpoint_id", "twin"]].to_numpy().tolist() == [["crm:calls:0", "pbx:pbx_calls:0"]]
    assert touchpoints.quality.balanced
    assert len(touchpoints) == 3


def test_the_source_named_first_tells_the_call() -> None:
    logged = calls(["p1"], ["2025-01-01 10:00:40"])
    touchpoints = read({"people": people(3), "calls": logged, "pbx_calls": pbx(logged)}, PBX, CRM)
    assert touchpoints.frame["activity"].tolist() == ["Call answered"]


@pytest.mark.parametrize(
    "changed",
    [{"direction": ["outbound"]}, {"seconds": ["900"]}, {"at": ["2025-01-01 10:04:00"]}, {"number": ["+972585559999"]}],
)
def test_calls_that_contradict_each_other_are_two(changed) -> None:
    logged = calls(["p1"], ["2025-01-01 10:00:40"])
    there = pbx(logged)
    for name, value in changed.items():
        there[name] = value
    assert len(read({"people": people(3), "calls": logged, "pbx_calls": there}, CRM, PBX)) == 2


def test_two_calls_of_one_system_within_a_minute_stay_two() -> None:
    logged = calls(["p1", "p1"], ["2025-01-01 10:00:00", "2025-01-01 10:00:30"])
    assert len(read({"people": people(3), "calls": logged}, CRM)) == 2


def test_a_clock_that_runs_two_hours_ahead_is_told() -> None:
    rng = np.random.default_rng(5)
    at = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 10**7, 60)), unit="s")
    logged = calls([f"p{row}" for row in range(60)], at.strftime("%Y-%m-%d %H:%M:%S").tolist())
    there = pbx(logged, at=(at + pd.Timedelta("2h")).strftime("%Y-%m-%d %H:%M:%S").tolist())
    tables = {"people": people(60), "calls": logged}
    notes = " ".join(read({**tables, "pbx_calls": there}, CRM, PBX).quality.notes)
    assert "come 2 hours after those in 'crm' (60 pairs)" in notes
    right = " ".join(read({**tables, "pbx_calls": pbx(logged)}, CRM, PBX).quality.notes)
    assert "hours after" not in right


def stages(size: int, at: str = "2025-03-01 02:00:00") -> pd.DataFrame:
    rows = range(size)
    told = {"id": [f"s{row}" for row in rows], "stage": "Lead", "at": at, "who": [f"p{row}" for row in rows], "by": "7"}
    return pd.DataFrame(told)


def test_twenty_states_written_in_one_second_are_bulk_and_nineteen_are_not() -> None:
    for size, marked in ((20, 20), (19, 0)):
        touchpoints = read({"people": people(30), "stages": stages(size)}, CRM)
        assert int(touchpoints.frame["is_bulk"].sum()) == marked


def test_a_day_without_an_hour_is_no_bulk_update() -> None:
    touchpoints = read({"people": people(30), "stages": stages(25, at="2025-03-01")}, CRM)
    assert not touchpoints.frame["is_bulk"].any()


def test_what_was_written_in_bulk_is_never_a_first_touch_unless_asked_for() -> None:
    tables = {"people": people(30), "stages": stages(25), "calls": calls(["p1"], ["2025-03-05 10:00:00"])}
    touchpoints = read(tables, CRM)
    journeys = touchpoints.by("customer")
    assert journeys.frame["activity"].tolist() == ["Call logged"]
    assert journeys.left_out == 25
    assert "25 doubtful rows left out" in repr(journeys)
    assert len(touchpoints.by("customer", doubtful=True)) == 25
    assert touchpoints.quality.marks.set_index("mark").loc["bulk", "n"] == 25


def test_where_everything_is_doubtful_nothing_is_left_out() -> None:
    journeys = read({"people": people(30), "stages": stages(25)}, CRM).by("customer")
    assert len(journeys) == 25
    assert journeys.left_out == 0


TRIALS = (
    "test@mail.example Test.1@mail.example a@test.com a+test@mail.example x@example.com בדיקה@mail.example asdf@x.co"
)


@pytest.mark.parametrize("mail", TRIALS.split())
def test_an_address_that_tries_the_system_out_is_a_test_record(mail) -> None:
    assert trial_records([("crm:1", f"\0email:{mail.casefold()}")]) == {"crm:1"}


@pytest.mark.parametrize(
    "mail", ["contestant@mail.example", "a.tester-smith@latest.com", "greatest@mail.example", "a@attest.org"]
)
def test_a_name_that_only_holds_the_word_is_none(mail) -> None:
    assert trial_records([("crm:1", f"\0email:{mail}"), ("crm:2", "\0phone:+972585550100")]) == set()


def test_trials_and_own_people_are_set_aside_and_told() -> None:
    crowd = people(6)
    crowd.loc[0, "mail"], crowd.loc[1, "mail"] = "test@mail.example", "agent-07@shop.example"
    log = calls([f"p{row}" for row in range(6)], [f"2025-01-0{row + 1} 10:00:00" for row in range(6)])
    touchpoints = read({"people": crowd, "calls": log}, CRM)
    assert aside(touchpoints) == {"own staff": 1, "test record": 1}
    assert len(touchpoints) == 4


def test_an_export_of_nothing_but_trials_is_read_and_remarked() -> None:
    crowd = people(4).assign(mail=[f"c{row}@example.com" for row in range(4)])
    touchpoints = read({"people": crowd, "calls": calls(["p1", "p2"], ["2025-01-01 10:00", "2025-01-02 11:00"])}, CRM)
    assert len(touchpoints) == 2
    assert "4 of 4 customers look like 'test record'; so many are kept" in touchpoints.quality.notes


def test_staff_are_known_by_the_whole_domain() -> None:
    keys = [("crm:1", "\0email:a@shop.example"), ("crm:2", "\0email:a@workshop.example"), ("crm:3", "\0phone:+1")]
    assert own_staff(keys, ["@Shop.example"]) == {"crm:1"}
    assert own_staff(keys, []) == set()


def test_of_an_id_told_twice_the_one_written_last_counts() -> None:
    log = calls(["p1", "p1"], ["2025-01-01 10:00:00", "2025-01-01 11:00:00"], id=["a", "a"])
    log["changed"] = ["2025-01-05 00:00:00", "2025-01-04 00:00:00"]
    for order in ([0, 1], [1, 0]):
        touchpoints = read({"people": people(2), "calls": log.iloc[order]}, CRM)
        assert f"{touchpoints.frame['timestamp'].iloc[0]:%H:%M}" == "10:00"
        assert aside(touchpoints) == {"duplicate": 1}
        assert any("the one written last counts" in note for note in touchpoints.quality.notes)


def patterns(touchpoints) -> pd.DataFrame:
    return touchpoints.quality.patterns.set_index("pattern")


def test_every_pattern_has_a_row_and_a_clean_log_shows_none_that_its_making_did_not_plant() -> None:
    log = calls([f"p{row}" for row in range(9)], [f"2025-01-0{row + 1} 10:1{row}:2{row}" for row in range(9)])
    told = patterns(read({"people": people(9), "calls": log}, CRM))
    assert len(told) == 11
    assert told["n"].tolist() == [0] * 11


def test_spellings_of_one_label_and_numbers_inside_labels_are_found() -> None:
    names = ["Call customer", "call  customer", "Call custommer", "Ticket 4711", "Ticket 4712", "Deal won", "Deal lost"]
    frame = read(
        {"people": people(9), "stages": stages(7).assign(stage=names, at=[f"2025-01-0{n}" for n in range(1, 8)])}, CRM
    ).frame
    clocks = pd.DataFrame(columns=["format", "zone", "table", "column"])
    ledger = pd.DataFrame(columns=["rule", "rows_aside", "rows_in", "source", "table", "file"])
    told = find_imperfections(frame, clocks, ledger).set_index("pattern")
    assert told.loc["distorted label", "n"] == 3
    assert told.loc["polluted label", ["n", "example"]].tolist() == [2, "Ticket #"]


def test_a_form_that_writes_four_things_at_once_is_found() -> None:
    rows = stages(4).assign(who="p1", stage=["Name", "Size", "Budget", "Source"], at="2025-01-01 10:00:01")
    told = patterns(read({"people": people(9), "stages": rows}, CRM))
    assert told.loc["form-based event capture", ["n", "of"]].tolist() == [4, 4]
    two = patterns(read({"people": people(9), "stages": rows.iloc[:2]}, CRM))
    assert two.loc["collateral events", "n"] == 2
    assert two.loc["form-based event capture", "n"] == 0


def test_contacts_without_a_case_are_the_elusive_ones() -> None:
    log = calls(["p1", ""], ["2025-01-01 10:00:00", "2025-01-02 10:00:00"])
    assert patterns(read({"people": people(2), "calls": log}, CRM)).loc["elusive case", ["n", "example"]].tolist() == [
        1,
        "calls",
    ]


def test_values_and_columns_that_the_mapping_does_not_know_are_listed_with_the_nearest_word() -> None:
    log = calls(["p1"], ["2025-01-01 10:00:00"], direction=["inbund"], colour=["red"])
    text = CRM.replace("direction: direction,", "direction: {column: direction, values: {inbound: inbound}},", 1)
    told = read({"people": people(2), "calls": log}, text).quality.unmapped
    values = told.loc[told["kind"] == "value"]
    assert values[["table", "field", "name", "n", "suggestion"]].to_numpy().tolist() == [
        ["calls", "direction", "inbund", 1, "Did you mean 'inbound'?"]
    ]
    assert told.loc[told["kind"] == "columns", "name"].tolist() == ["colour"]


def test_local_times_of_a_page_export_take_the_zone_that_the_user_names_and_say_so_where_none_is_named() -> None:
    text = CRM.replace("timezone: UTC", "timezone: UTC\nzones: {calls: account}")
    tables = {"people": people(2), "calls": calls(["p1"], ["2025-07-01 10:00:00"])}
    named = read_crm(tables, mapping=build_mapping(text), timezone="Asia/Jerusalem").frame
    assert f"{named['timestamp'].iloc[0]:%H:%M}" == "07:00"
    assert named["timestamp_quality"].tolist() == ["exact"]
    open_ = read_crm(tables, mapping=build_mapping(text))
    assert open_.frame["timestamp_quality"].tolist() == ["zone_assumed"]
    assert open_.quality.clocks["zone"].tolist() == ["UTC assumed"]
    assert open_.quality.marks["mark"].tolist() == ["zone assumed"]


def test_people_glued_by_a_doubtful_number_can_be_taken_apart_again() -> None:
    crowd = people(3).assign(phone=["+972585550001", "+972585550001", "+972585550003"])
    log = calls(["p0", "p1", "p2"], [f"2025-01-0{n} 10:00:00" for n in (1, 2, 3)])
    touchpoints = read({"people": crowd, "calls": log}, CRM)
    assert len(touchpoints.by("customer")) == 2
    assert touchpoints.people.review[["id", "other_id", "kind", "glued"]].to_numpy().tolist() == [
        ["crm:p0", "crm:p1", "phone", True]
    ]
    assert len(touchpoints.without_doubtful().by("customer")) == 3


def test_what_a_skeptic_is_told_of_late_writing() -> None:
    text = CRM.replace("direction: direction,", "direction: direction, recorded_at: noted,", 1)
    noted = ["2025-01-01 10:05:00", "2025-01-09 10:00:00"]
    log = calls(["p1", "p2"], ["2025-01-01 10:00:00", "2025-01-02 10:00:00"], noted=noted)
    touchpoints = read({"people": people(3), "calls": log}, text)
    assert touchpoints.quality.marks.set_index("mark").loc["written down late", ["n", "share"]].tolist() == [1, 0.5]
    assert f"{touchpoints.frame['timestamp'].iloc[1]:%Y-%m-%d}" == "2025-01-02"


def test_ids_that_no_table_describes_are_remarked() -> None:
    touchpoints = read(
        {"people": people(2), "calls": calls(["p1", "p9"], ["2025-01-01 10:00", "2025-01-02 10:01"])}, CRM
    )
    assert "1 customer ids in touchpoints that no customer table holds" in touchpoints.quality.notes
    assert touchpoints.objects["customer"].loc["crm:p9", "n_ids"] == 0


def test_a_table_that_begins_late_says_whom_it_misses() -> None:
    log = calls([f"p{row}" for row in range(5)], [f"2025-01-0{row + 1} 10:00:00" for row in range(5)])
    late = stages(2).assign(at=["2025-01-03 12:00:00", "2025-01-08 12:00:00"])
    begun = read({"people": people(6), "calls": log, "stages": late}, CRM).quality.censoring.set_index("table")
    assert begun["n_touchpoints"].to_dict() == {"calls": 5, "stages": 2}
    assert begun["n_before"].to_dict() == {"calls": 0, "stages": 3}


def test_an_export_of_made_up_people_keeps_its_ids_and_any_other_hides_them(monkeypatch) -> None:
    monkeypatch.setattr("mining.sources.read.DEFAULT", "pseudonyms")
    log = calls(["p1"], ["2025-01-01 10:00:00"])
    assert read({"people": people(3), "calls": log}, CRM).frame["customer"].tolist() == ["crm:p1"]
    real = people(3)
    real.loc[2, "mail"] = "c0003@mail.invalid"
    hidden = read({"people": real, "calls": log}, CRM).frame["customer"].tolist()
    assert hidden != ["crm:p1"]
    assert hidden[0].startswith("crm:")


def test_the_same_rows_in_two_files_are_told_once(tmp_path) -> None:
    text = CRM.replace("readers:", "files: {calls: ['calls*']}\nreaders:", 1)
    people(4).to_csv(tmp_path / "people.csv", index=False)
    log = calls(["p1", "p2", "p3"], [f"2025-01-0{n} 10:00:00" for n in (1, 2, 3)])
    log.iloc[:2].to_csv(tmp_path / "calls.csv", index=False)
    log.iloc[1:].to_csv(tmp_path / "calls (1).csv", index=False)
    touchpoints = read_crm(tmp_path, [build_mapping(text)])
    assert sorted(touchpoints.frame["touchpoint_id"]) == ["crm:calls:0", "crm:calls:1", "crm:calls:2"]
    assert aside(touchpoints) == {"duplicate": 1}
