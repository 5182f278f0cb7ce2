"""Whole readings: the four kinds of reader, the ledger, identity and errors."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mining._errors import ExportError, MappingError, MiningError
from mining._fields import FIELDS
from mining.sources import read_crm
from mining.sources.flatten import flattened
from mining.sources.mappings.grammar import build_mapping
from mining.sources.people.identity import merge_ids, resolve
from tests.telling import rules

VISITS = build_mapping("""
system: shop
timezone: UTC
readers:
  - name: visit
    kind: activity
    table: visits
    always: {channel: web}
    aside: [{column: state, values: [planned], rule: planned}]
    fields:
      touchpoint_id: id
      activity: [what, {column: page, values: {/pricing: Pricing viewed}}]
      timestamp: when
      end_timestamp: {column: seconds, unit: s, after: timestamp}
      direction: {column: way, values: {IN: inbound, OUT: outbound}}
      customer: who
""")
CHANGES = build_mapping("""
system: crm
timezone: UTC
objects:
  deal: {table: deals, id: id, attributes: {amount: amount}, deleted: gone}
links:
  - {table: people, of: deal, customer: person}
labels:
  stage: {table: stages, id: id, label: name}
readers:
  - name: history
    kind: change
    table: history
    column: field
    always: {channel: crm}
    fields: {timestamp: at, deal: deal, customer: {link: people, by: deal}}
    changes:
      stage: {fields: {activity: {column: value, label: stage, template: "Deal: {}"}}}
      owner: {always: {activity: Handed over, touchpoint_kind: handoff}, fields: {actor: value}}
""")
MILESTONES = build_mapping("""
system: ui
timezone: UTC
readers:
  - name: deal
    kind: milestones
    table: deals
    fields: {touchpoint_id: Record ID, deal: Record ID, customer: Contact}
    milestones: {Create Date: Deal created}
    matching:
      - {pattern: '^Date entered "(?P<stage>.+?)(?: [(](?P<pipeline>[^()]*)[)])?"$', activity: "Deal: {stage}"}
""")
VERSIONS = build_mapping("""
system: desk
timezone: UTC
objects:
  ticket: {table: log, id: number, order: version, attributes: {sla: sla}}
readers:
  - name: ticket
    kind: versions
    table: log
    record: number
    order: version
    aside: [{column: state, values: ["-100"], rule: impossible state}]
    fields: {timestamp: at, ticket: number}
    watch:
      state: {first: "true", fields: {activity: state}}
      group: {always: {activity: Group changed}}
""")


def _visits(rows: list[tuple[str, ...]]) -> pd.DataFrame:
    names = ["id", "what", "page", "when", "seconds", "way", "who", "state"]
    return pd.DataFrame(rows, columns=names, dtype="str")


def test_an_activity_row_is_a_touchpoint() -> None:
    rows = [
        ("1", "Visit", "", "2024-01-01 10:00:00", "90", "IN", "ann", ""),
        ("2", "", "/pricing", "2024-01-02 10:00:00", "", "OUT", "ann", ""),
        ("3", "", "/about", "2024-01-02 10:00:00", "", "", "ann", ""),
        ("4", "Visit", "", "2024-01-03 10:00:00", "", "", "ann", "planned"),
        ("5", "Visit", "", "", "", "", "ann", ""),
        ("6", "Visit", "", "soon", "", "", "ann", ""),
        ("7", "Visit", "", "2024-01-03 10:00:00", "", "", "", ""),
        ("1", "Visit", "", "2024-01-01 10:00:00", "90", "IN", "ann", ""),
    ]
    touchpoints = read_crm(_visits(rows), mapping=VISITS)
    frame = touchpoints.frame
    assert list(frame.columns) == [field.name for field in FIELDS]
    assert frame["activity"].tolist() == ["Visit", "Pricing viewed"]
    assert frame["touchpoint_id"].tolist() == ["shop:visits:1", "shop:visits:2"]
    assert frame["customer"].tolist() == ["shop:ann", "shop:ann"]
    assert frame["direction"].tolist() == ["inbound", "outbound"]
    assert (frame["end_timestamp"] - frame["timestamp"]).iloc[0] == pd.Timedelta("90s")
    assert frame["timestamp_quality"].tolist() == ["exact", "exact"]
    assert rules(touchpoints) == {
        "no activity": 1,
        "planned": 1,
        "no timestamp": 1,
        "unreadable timestamp": 1,
        "nobody it belongs to": 1,
        "duplicate": 1,
    }
    assert touchpoints.quality.balanced
    assert "Visit" in touchpoints._repr_html_()
    assert "unreadable timestamp" in touchpoints.quality._repr_html_()


def _history() -> dict[str, pd.DataFrame]:
    rows = [
        ("d1", "stage", "s1", "2024-01-01 10:00:00"),
        ("d1", "stage", "s2", "2024-01-02 10:00:00"),
        ("d1", "owner", "agent-07", "2024-01-03 10:00:00"),
        ("d1", "amount", "12", "2024-01-04 10:00:00"),
        ("d2", "stage", "s1", "2024-01-05 10:00:00"),
        ("d3", "stage", "s9", "2024-01-05 10:00:00"),
    ]
    return {
        "history": pd.DataFrame(rows, columns=["deal", "field", "value", "at"]),
        "deals": pd.DataFrame({"id": ["d1", "d2", "d3"], "amount": ["5", "7", "8"], "gone": ["", "true", ""]}),
        "people": pd.DataFrame({"deal": ["d1", "d1"], "person": ["p10", "p9"]}),
        "stages": pd.DataFrame({"id": ["s1", "s2"], "name": ["New", "Won"]}),
    }


def test_a_history_of_changes_gives_the_fields_that_are_followed() -> None:
    touchpoints = read_crm(_history(), mapping=CHANGES)
    frame = touchpoints.frame
    one = frame[frame["customer"].fillna("") == "crm:p9"]
    assert one["activity"].tolist() == ["Deal: New", "Deal: Won", "Handed over"]
    assert one["actor"].tolist()[2] == "agent-07"
    assert one["touchpoint_kind"].tolist()[2] == "handoff"
    assert rules(touchpoints) == {"a field that is not followed": 1, "its deal is deleted": 1}
    assert touchpoints.objects["deal"]["amount"].to_dict() == {"crm:d1": 5, "crm:d3": 8}
    assert frame["activity"].tolist()[-1] == "Deal: s9"


OPENED = """
system: crm
timezone: UTC
readers:
  - name: history
    kind: change
    table: history
    column: field
    {record}
    fields: {{timestamp: at, deal: deal}}
    changes:
      owner:
        always: {{activity: Handed over, touchpoint_kind: handoff}}
        fields: {{actor: value}}
        opening: {{always: {{activity: Assigned, touchpoint_kind: internal}}}}
"""


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_first_owner_of_a_record_is_no_hand_over(seed) -> None:
    rows = [("d1", "x", 1), ("d1", "y", 2), ("d1", "x", 3), ("d2", "z", 9)]
    table = pd.DataFrame(
        {
            "deal": [deal for deal, *_ in rows],
            "field": "owner",
            "value": [owner for _, owner, _ in rows],
            "at": [f"2024-01-0{day} 10:00:00" for *_, day in rows],
        }
    ).sample(frac=1, random_state=seed)
    frame = read_crm({"history": table}, mapping=build_mapping(OPENED.format(record="record: deal"))).frame
    told = frame.sort_values("timestamp")[["activity", "actor", "touchpoint_kind"]].to_numpy().tolist()
    assert told == [
        ["Assigned", "x", "internal"],
        ["Handed over", "y", "handoff"],
        ["Handed over", "x", "handoff"],
        ["Assigned", "z", "internal"],
    ]


def test_an_opening_needs_to_know_whose() -> None:
    with pytest.raises(MappingError, match="`opening` needs `record`"):
        build_mapping(OPENED.format(record=""))


def test_a_touchpoint_with_two_customers_has_two_rows_and_is_one_event() -> None:
    touchpoints = read_crm(_history(), mapping=CHANGES)
    frame = touchpoints.frame
    assert frame["customer"].tolist()[:2] == ["crm:p9", "crm:p10"]
    assert frame["touchpoint_id"].str.endswith("@2").sum() == 3
    assert len(flattened(touchpoints, "deal").touchpoints) == len(frame) - 3
    assert any("further customers" in note for note in touchpoints.quality.notes)


def test_every_filled_milestone_is_a_touchpoint() -> None:
    table = pd.DataFrame(
        {
            "Record ID": ["1", "2"],
            "Contact": ["a", "b"],
            "Create Date": ["2024-01-01 10:00", ""],
            "Date entered “Quote sent (Sales)”": ["2024-01-02 10:00", ""],
            'Date entered "Won"': ["", ""],
        }
    )
    touchpoints = read_crm({"deals": table}, mapping=MILESTONES)
    assert touchpoints.frame["activity"].tolist() == ["Deal created", "Deal: Quote sent"]
    assert touchpoints.frame["pipeline"].tolist()[1] == "Sales"
    assert rules(touchpoints) == {"no milestone is reached": 1}


def test_versions_tell_what_changed() -> None:
    rows = [
        ("t1", "3", "Active", "b", "yes", "2024-01-02 10:00:00"),
        ("t1", "1", "New", "a", "no", "2024-01-01 10:00:00"),
        ("t1", "2", "New", "a", "no", "2024-01-01 10:00:00"),
        ("t1", "4", "-100", "c", "no", "2024-01-03 10:00:00"),
        ("t2", "1", "New", "a", "no", "2024-01-01 10:00:00"),
    ]
    table = pd.DataFrame(rows, columns=["number", "version", "state", "group", "sla", "at"])
    touchpoints = read_crm({"log": table}, mapping=VERSIONS)
    frame = touchpoints.frame
    assert sorted(frame.loc[frame["ticket"] == "desk:t1", "activity"]) == ["Active", "Group changed", "New"]
    assert frame.loc[frame["ticket"] == "desk:t2", "activity"].tolist() == ["New"]
    assert rules(touchpoints) == {"nothing that is watched changed": 1, "impossible state": 1}


CELLS = st.tuples(
    st.sampled_from(["1", "2", "3", "4", "5", ""]),
    st.sampled_from(["Visit", "Call", ""]),
    st.sampled_from(["/pricing", "/about", ""]),
    st.sampled_from(["2024-01-01 10:00:00", "2024-01-02 11:00:00", "2024-02-30", "", "soon"]),
    st.sampled_from(["5", "x", ""]),
    st.sampled_from(["IN", "OUT", "?", ""]),
    st.sampled_from(["ann", "bob", "007", "7", ""]),
    st.sampled_from(["planned", ""]),
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(st.lists(CELLS, max_size=25), st.randoms(use_true_random=False))
def test_every_record_is_used_or_set_aside_whatever_the_order(rows, random) -> None:
    told = [("0", "Visit", "", "2024-01-01 09:00:00", "", "IN", "eve", ""), *rows]
    numbered = [(f"{place}-{row[0]}", *row[1:]) for place, row in enumerate(told)]
    shuffled = numbered.copy()
    random.shuffle(shuffled)
    one, two = (read_crm(_visits(order), mapping=VISITS) for order in (numbered, shuffled))
    assert one.quality.balanced
    assert two.quality.balanced
    assert int(one.quality.frame["rows_in"].iloc[0]) == len(told)
    plain = [field.name for field in FIELDS if field.name not in {"seq", "source_row"}]
    first, second = (t.frame.sort_values("touchpoint_id").reset_index(drop=True)[plain] for t in (one, two))
    pd.testing.assert_frame_equal(first, second)
    assert rules(one) == rules(two)


def test_merges_are_followed_to_the_end_and_circles_end() -> None:
    found = merge_ids([("a:1", "a:2"), ("a:2", "a:3"), ("a:8", "a:9"), ("a:9", "a:8")])
    assert found == {"a:1": "a:3", "a:2": "a:3", "a:3": "a:3", "a:8": "a:8", "a:9": "a:8"}


def test_people_are_glued_by_exact_keys_across_systems() -> None:
    keys = [("web:v", "\0email:x@y"), ("crm:9", "\0email:x@y"), ("crm:10", "\0phone:+1"), ("desk:4", "\0phone:+1")]
    ids = ["web:v", "crm:9", "crm:10", "desk:4"]
    found = resolve(ids, keys, {}, ["\0email:x@y", "\0phone:+9", "\0phone:+1"], sources=["crm", "desk", "web"])
    assert found.canonical["web:v"] == found.canonical["\0email:x@y"] == "crm:9"
    assert found.canonical["desk:4"] == "crm:10"
    assert found.canonical["\0phone:+9"] == "phone#000001"
    assert found.n_glued == 2
    apart = resolve(ids, keys, {}, ["\0email:x@y"], sources=["crm", "desk", "web"], glue=False)
    assert apart.canonical["web:v"] == "web:v"
    assert apart.canonical["\0email:x@y"] == "crm:9"


def test_a_key_that_many_bear_glues_nobody() -> None:
    ids = [f"crm:{place}" for place in range(21)]
    shared = resolve(ids, [(name, "\0phone:+1") for name in ids], {}, [], sources=["crm"])
    assert shared.n_glued == 0
    assert shared.blocked == {"phone": 1}
    office = resolve(ids, [(name, "\0email:info@x") for name in ids[:2]], {}, [], sources=["crm"])
    assert office.n_glued == 0


def test_keys_themselves_are_never_seen() -> None:
    mapping = build_mapping("""
system: phone
timezone: UTC
region: IL
readers:
  - name: call
    kind: activity
    table: calls
    always: {activity: Call}
    fields: {timestamp: at, customer: {column: number, key: phone}}
""")
    numbers = ["058-123-4567", "+972 58 123 4567", "anonymous", "00972581234568"]
    table = pd.DataFrame({"at": [f"2024-01-0{day} 10:00:00" for day in range(1, 5)], "number": numbers})
    touchpoints = read_crm(table, mapping=mapping)
    assert touchpoints.frame["customer"].tolist() == ["phone#000001", "phone#000001", "phone#000002"]
    told = touchpoints.frame.to_csv() + touchpoints.quality._repr_html_() + " ".join(touchpoints.quality.notes)
    assert "123456" not in told


def test_a_column_that_is_needed_and_not_there_is_named() -> None:
    table = pd.DataFrame({"what": ["Visit"], "whem": ["2024-01-01"], "who": ["ann"]})
    with pytest.raises(MappingError, match=r"no column 'when' to read timestamp from\. Did you mean 'whem'"):
        read_crm(table, mapping=VISITS)


def test_a_column_that_is_not_needed_is_remarked() -> None:
    table = pd.DataFrame({"what": ["Visit"], "when": ["2024-01-01"], "who": ["ann"]})
    notes = read_crm(table, mapping=VISITS).quality.notes
    assert any("'way' (" in note for note in notes)


def test_a_folder_of_nothing_known_says_what_there_is(tmp_path) -> None:
    (tmp_path / "deals.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ExportError, match=r"no export of a known system.*deals\.csv.*Known:"):
        read_crm(tmp_path)
    with pytest.raises(ExportError, match="holds no table of 'zendesk'"):
        read_crm(tmp_path, "zendesk")


def test_an_export_of_nothing_usable_says_why() -> None:
    rows = [("1", "Visit", "", "", "", "", "ann", "")]
    with pytest.raises(MiningError, match=r"no timestamp \(1\)"):
        read_crm(_visits(rows), mapping=VISITS)


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(MiningError, match="Two sources"):
        read_crm(_visits([("1", "Visit", "", "2024-01-01", "", "", "ann", "")]), [VISITS, VISITS])


def test_ids_are_never_mangled() -> None:
    people = ["007", "7", "9007199254740993", "12345678901234567890", "NA"]
    rows = [(str(n), "Visit", "", "2024-01-01 10:00", "", "", who, "") for n, who in enumerate(people)]
    frame = read_crm(_visits(rows), mapping=VISITS).frame
    assert frame["customer"].tolist() == [f"shop:{who}" for who in people]
    assert np.array_equal(frame["source_row"], [1, 2, 3, 4, 5])


def test_what_is_dated_after_the_export_is_set_aside() -> None:
    mapping = build_mapping("""
system: crm
timezone: UTC
readers:
  - name: meeting
    kind: activity
    table: meetings
    always: {activity: Meeting}
    fields: {timestamp: start, recorded_at: written, customer: who}
""")
    table = pd.DataFrame(
        {
            "start": ["2024-01-01 10:00:00", "2024-06-01 10:00:00"],
            "written": ["2024-01-02 10:00:00", "2024-01-03 10:00:00"],
            "who": ["ann", "bob"],
        }
    )
    touchpoints = read_crm(table, mapping=mapping)
    assert touchpoints.frame["customer"].tolist() == ["crm:ann"]
    assert rules(touchpoints) == {"future": 1}
    assert touchpoints.quality.as_of == pd.Timestamp("2024-01-03 10:00", tz="UTC")


def test_remarks_withhold_addresses() -> None:
    rows = [("1", "Visit", "", "2024-01-01 10:00", "", "ann@mail.example", "ann", "")]
    notes = " ".join(read_crm(_visits(rows), mapping=VISITS).quality.notes)
    assert "withheld" in notes
    assert "@" not in notes


def test_a_customer_who_is_hardly_one_person_is_remarked() -> None:
    usual = [(f"v{at}", f"c{at % 120}", f"2024-01-{at % 28 + 1:02d} 10:00:00") for at in range(240)]
    crowd = [(f"w{at}", "switchboard", f"2024-02-{at % 28 + 1:02d} 10:00:00") for at in range(60)]
    frames = [pd.DataFrame(rows, columns=["id", "who", "when"]).assign(what="Visit") for rows in (usual, usual + crowd)]
    calm, crowded = (read_crm({"visits": frame}, mapping=VISITS).quality.notes for frame in frames)
    assert not [note for note in calm if "not a person" in note]
    assert [note for note in crowded if "customer shop:switchboard has 60 touchpoints, 20.0% of all" in note]
