"""Draft the times of a row: when it happened, ended, was written down, was due; the others are left as comments."""

from __future__ import annotations

from mining.sources.guessing.columns import ColumnGuess
from mining.sources.guessing.draft import Draft
from mining.sources.guessing.fields import Line, evidence
from mining.sources.guessing.tables import TableGuess
from mining.sources.times.clocks import NO_TIME

__all__ = ["draft_times"]

_MOSTLY = 0.95


def draft_times(guess: TableGuess, draft: Draft) -> None:
    """Write the times of a table whose rows are touchpoints or changes."""
    clocks = [column for column, _ in guess.clocks()]
    best = clocks[0]
    rows_own = [column for column in clocks[1:] if not guess.is_of_case(column)]
    draft.line(guess, Line("timestamp", best.header, best))
    ended = next((c for c in rows_own if c.role == "ended" and _follows(best, c)), None)
    created = next((c for c in rows_own if c.role == "created"), None)
    planned = guess.best("planned")
    for name, column in (("end_timestamp", ended), ("recorded_at", created), ("planned_at", planned)):
        if column is not None:
            is_own = not guess.is_of_case(column)
            note = "" if is_own else "the same for all rows of a case"
            draft.line(guess, Line(name, column.header, column, note, live=is_own))
    for other in clocks[1:]:
        if other not in {ended, created} and other is not best:
            draft.page.put(3, "timestamp", other.header, f"the runner-up; {evidence(other)}", live=False)


def _follows(early: ColumnGuess, late: ColumnGuess) -> bool:
    one, two = early.facts.micros, late.facts.micros
    both = (one != NO_TIME) & (two != NO_TIME)
    return bool(both.any()) and float((one[both] <= two[both]).mean()) >= _MOSTLY
