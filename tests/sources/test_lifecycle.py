"""Starts and completions of the same work are one touchpoint that lasts, and every row is accounted for."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining import read_crm
from mining._errors import MappingError, MiningError
from mining.journeys.xes import read_xes
from mining.sources.mappings.grammar import build_mapping

DAY = pd.Timestamp("2024-03-01T08:00:00Z")
MAPPING = """
system: desk
timezone: UTC
readers:
  - name: work
    kind: activity
    table: log
    lifecycle: {column: state, of: [case, what]}
    fields: {activity: what, timestamp: when, actor: who, amount: sum, ticket: case}
"""


def read(rows, mapping=MAPPING):
    """Read rows of (case, what, state, hours after eight) and further cells."""
    table = pd.DataFrame(
        [
            {"case": case, "what": what, "state": state, "when": (DAY + pd.Timedelta(hours=hours)).isoformat(), **more}
            for case, what, state, hours, *rest in rows
            for more in (rest[0] if rest else {},)
        ]
    ).fillna("")
    for column in ("who", "sum"):
        table[column] = table.get(column, "")
    return read_crm({"log": table.astype("str")}, mapping=build_mapping(mapping), identifiers="keep")


def told(touchpoints):
    """Spell the touchpoints: case, what, start and end in hours after eight."""
    frame = touchpoints.frame.sort_values(["ticket", "timestamp", "seq"])
    hours = [((frame[name] - DAY) / pd.Timedelta("1h")) for name in ("timestamp", "end_timestamp")]
    cases = frame["ticket"].str.removeprefix("desk:")
    return [
        (case, what, start, None if pd.isna(end) else end)
        for case, what, start, end in zip(cases, frame["activity"], *hours, strict=True)
    ]


def aside(touchpoints):
    frame = touchpoints.quality.frame
    assert (frame.groupby("table")["rows_in"].first() == frame.groupby("table")["rows_used"].first() + frame.groupby(
        "table")["rows_aside"].sum()).all()  # fmt: skip
    return dict(frame.loc[frame["rows_aside"] > 0, ["rule", "rows_aside"]].itertuples(index=False))


def test_a_start_and_its_completion_are_one_touchpoint() -> None:
    touchpoints = read(
        [
            ("1", "call", "SCHEDULE", 0),
            ("1", "call", "START", 1),
            ("1", "call", "COMPLETE", 3),
            ("1", "won", "COMPLETE", 4),
        ]
    )
    assert told(touchpoints) == [("1", "call", 1, 3), ("1", "won", 4, None)]
    assert aside(touchpoints) == {"a state of work that is neither its start nor its end": 1}
    assert touchpoints.quality.frame["rows_used"].max() == 3
    assert any("put together" in note for note in touchpoints.quality.notes)


def test_the_first_start_ends_first_and_cases_and_activities_are_kept_apart() -> None:
    rows = [
        ("1", "call", "start", 0), ("1", "call", "start", 1), ("2", "call", "start", 1), ("1", "mail", "start", 2),
        ("1", "call", "complete", 3), ("1", "call", "complete", 5), ("2", "call", "complete", 9),
    ]  # fmt: skip
    assert told(read(rows)) == [("1", "call", 0, 3), ("1", "call", 1, 5), ("1", "mail", 2, None), ("2", "call", 1, 9)]


def test_an_end_that_nothing_started_is_a_moment_and_an_abort_of_nothing_is_none() -> None:
    rows = [
        ("1", "call", "complete", 0), ("1", "call", "start", 1), ("1", "call", "ate_abort", 2),
        ("1", "call", "pi_abort", 3), ("1", "call", "complete", 4),
    ]  # fmt: skip
    touchpoints = read(rows)
    assert told(touchpoints) == [("1", "call", 0, None), ("1", "call", 1, 2), ("1", "call", 4, None)]
    assert aside(touchpoints) == {"a state of work that is neither its start nor its end": 1}


def test_what_the_start_leaves_open_the_end_tells() -> None:
    start, end = {"who": "", "sum": ""}, {"who": "agent-7", "sum": "40"}
    frame = read([("1", "call", "start", 0, start), ("1", "call", "complete", 2, end)]).frame
    assert frame["actor"].tolist() == ["agent-7"]
    assert frame["amount"].tolist() == [40]


def test_an_end_shares_the_fate_of_its_start() -> None:
    touchpoints = read(
        [("1", "call", "start", 0), ("1", "call", "complete", 2), ("", "call", "start", 3), ("", "call", "complete", 4)]
    )
    assert told(touchpoints) == [("1", "call", 0, 2)]
    assert sum(aside(touchpoints).values()) == 2


@pytest.mark.parametrize(
    "states", [("complete", "complete", "complete"), ("In Progress", "Awaiting Assignment", "Closed")]
)
def test_states_that_are_not_of_the_standard_or_only_one_leave_rows_as_they_are(states) -> None:
    rows = [("1", "case", state, at) for at, state in enumerate(states)]
    assert told(read(rows)) == [("1", "case", at, None) for at in range(3)]


def test_a_table_without_the_column_is_read_row_by_row() -> None:
    mapping = MAPPING.replace("column: state", "column: phase")
    assert len(read([("1", "call", "start", 0), ("1", "call", "complete", 2)], mapping).frame) == 2


EVENTS = st.lists(
    st.tuples(
        st.sampled_from("12"), st.sampled_from(["call", "mail"]),
        st.sampled_from(["start", "complete", "suspend", "ate_abort"]),
    ),
    min_size=1,
    max_size=14,
).filter(lambda events: {"start", "complete"} & {state for *_, state in events})  # fmt: skip


def queued(events):
    """Pair by hand, with a queue of what is running per case and activity."""
    found, running = [], {}
    for at, (case, what, state) in enumerate(events):
        waiting = running.setdefault((case, what), [])
        if state == "start":
            waiting.append(len(found))
            found.append([case, what, at, None])
        elif state in {"complete", "ate_abort"} and waiting:
            found[waiting.pop(0)][3] = at
        elif state == "complete":
            found.append([case, what, at, None])
    return sorted(map(tuple, found), key=lambda each: (each[0], each[2]))


@given(EVENTS, st.randoms(use_true_random=False))
def test_pairs_are_those_of_a_queue_whatever_the_order_of_rows(events, random) -> None:
    rows = [(case, what, state, at) for at, (case, what, state) in enumerate(events)]
    random.shuffle(rows)
    if len({state for *_, state, _ in rows}) < 2:
        return
    touchpoints = read(rows)
    assert told(touchpoints) == queued(events)
    aside(touchpoints)


@pytest.mark.parametrize(
    ("given", "said"),
    [("{column: state}", "`of` is missing"), ("{of: [case]}", "'column' is missing"), ("{column: state, by: x}", "by")],
)
def test_a_lifecycle_that_says_too_little_is_refused(given, said) -> None:
    with pytest.raises(MappingError, match=said):
        build_mapping(MAPPING.replace("{column: state, of: [case, what]}", given))


XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0"><trace><string key="concept:name" value="1"/>
{}
</trace></log>"""
EVENT = """<event><string key="concept:name" value="call"/><string key="lifecycle:transition" value="{}"/>
<string key="org:resource" value="ann"/><date key="time:timestamp" value="2024-03-01T{}:00:00+00:00"/></event>"""


def test_an_event_log_is_paired_unless_told_to_keep_its_events(tmp_path) -> None:
    path = tmp_path / "log.xes"
    path.write_text(XES.format(EVENT.format("start", "08") + EVENT.format("complete", "10")), "utf-8")
    (paired,), kept = read_xes(path).portraits()["duration_days"], read_xes(path, lifecycle="keep")
    assert paired == pytest.approx(2 / 24)
    assert (read_xes(path).log.n_touchpoints, kept.log.n_touchpoints) == (1, 2)
    with pytest.raises(MiningError, match="pair"):
        read_xes(path, lifecycle="both")
