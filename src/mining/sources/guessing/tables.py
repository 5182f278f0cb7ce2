"""What a table is: rows that happened, records with milestones, changes of fields, versions of records, or objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from mining.sources.guessing.columns import ENTITIES, ColumnGuess, guess_column, time_sense
from mining.sources.guessing.evidence import find_facts
from mining.sources.guessing.lexicon import is_rtl, lexicon
from mining.sources.table import RawTable
from mining.sources.times.clocks import NO_TIME

__all__ = ["MILESTONE_CLOCKS", "READS", "TableGuess", "changed_field", "guess_table", "new_value"]

READS = ("activity", "change", "milestones", "versions")  # kinds of table that a reader is made for
MILESTONE_CLOCKS = ("dated", "closed", "created", "occurred", "done")
_LISTS = {"product": "products", "actor": "people", "team": "teams"}
_UNSURE = 0.4
_ONE_RECORD = 0.98  # share of versions in which something that stays must be the same
# Best clock of what happened first; a guess by `modified` is one for want of anything better.
_CLOCKS = {"occurred": 1.0, "done": 0.9, "dated": 0.85, "created": 0.6, "closed": 0.5, "ended": 0.45, "modified": 0.2}


@dataclass(eq=False)
class TableGuess:
    """A table and what it seems to be.

    Attributes
    ----------
    table : RawTable
        The strings.
    columns : list of ColumnGuess
        In the order of the table.
    noun : str
        What a row or record is about: an object type, ``event`` or nothing known.
    own : ColumnGuess or None
        The column whose values name the rows.
    record : ColumnGuess or None
        The column that names the record, where one has several rows.
    kind : str
        ``activity``, ``change``, ``milestones``, ``versions``, ``objects`` (no time worth telling) or ``none``.
    why : list of str
        Evidence for the kind.
    """

    table: RawTable
    columns: list[ColumnGuess]
    noun: str = ""
    own: ColumnGuess | None = None
    record: ColumnGuess | None = None
    kind: str = "none"
    why: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.table.name

    def best(self, *roles: str, least: float = _UNSURE) -> ColumnGuess | None:
        """Find the column that most surely has one of the roles as its best guess."""
        found = self.all(*roles, least=least)
        return max(found, key=lambda column: column.confidence * (0.5 + 0.5 * column.facts.share)) if found else None

    def all(self, *roles: str, least: float = _UNSURE) -> list[ColumnGuess]:
        """List the columns whose best guess is one of the roles."""
        return [column for column in self.columns if column.role in roles and column.confidence >= least]

    def clocks(self) -> list[tuple[ColumnGuess, float]]:
        """List the columns that may say when a row happened, best first."""
        found = [(column, self._clock(column)) for column in self.columns if column.role in _CLOCKS]
        return sorted(found, key=lambda pair: -pair[1])

    def is_of_case(self, column: ColumnGuess) -> bool:
        """Say whether a column tells of the case that a row belongs to, not of the row."""
        known = self.record is not None and (self.own is None or self.record.role in {"record", *column.things})
        return known and self.is_steady(column)

    def _clock(self, column: ColumnGuess) -> float:
        steady = self.is_of_case(column)
        share = (0.5 + 0.5 * column.facts.share) * (0.9 if column.facts.precision == "day" else 1.0)
        return _CLOCKS[column.role] * column.confidence * share * (0.3 if steady else 1.0)

    def is_steady(self, column: ColumnGuess) -> bool:
        """Say whether a column is the same in every row of a record that has several."""
        if self.record is None or self.record.facts.repeats < 1.05:
            return False
        pairs = pd.DataFrame({"record": self.record.facts.coded.codes, "word": column.facts.coded.codes})
        pairs = pairs[(pairs["record"] >= 0) & pairs.groupby("record")["word"].transform("size").gt(1)]
        spread = pairs.groupby("record")["word"].agg(["min", "max"])
        varied = spread["min"] != spread["max"]
        return bool(len(varied)) and float(varied.mean()) <= 1 - _ONE_RECORD


def guess_table(table: RawTable) -> TableGuess:
    """Guess what a table is, from its headers, its content and its grain.

    Parameters
    ----------
    table : RawTable
        The strings.

    Returns
    -------
    TableGuess
    """
    columns = [guess_column(facts) for facts in find_facts(table, time_sense)]
    guess = TableGuess(table, columns)
    guess.own = _own(guess)
    guess.noun = _noun(guess)
    guess.record = _record(guess)
    if guess.own is None and guess.record is not None and guess.noun in {"", guess.record.role}:
        guess.noun = guess.noun or ("event" if guess.best("activity") else "")
    guess.kind = _kind(guess)
    return guess


def _own(guess: TableGuess) -> ColumnGuess | None:
    """Find the column that names the rows: unique over the whole file."""
    scored = []
    for place, column in enumerate(guess.columns):
        # An unknown reference must bear the table's name to be believed.
        reference = 0.6 if column.role == "reference" and _shares_word(column, guess.name) else 0.3
        score = max(column.score("own"), column.score("user", *ENTITIES) * 0.9, column.score("reference") * reference)
        score += 0.5 if _shares_word(column, guess.name) else 0.0
        if score >= 0.25 and column.role in {"own", "reference", "user", *ENTITIES} and _names_rows(guess, column):
            scored.append((score - place * 0.02, column))
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def _names_rows(guess: TableGuess, column: ColumnGuess) -> bool:
    """Say whether every row has a value of its own; an export of events may hold some of them twice."""
    facts = column.facts
    if facts.is_unique:
        return bool(guess.table.frame[column.header].is_unique)
    again = column.role == "own" and "event" in column.things
    return again and facts.filled == facts.rows and facts.distinct >= 0.97 * facts.rows > 0


def _shares_word(column: ColumnGuess, name: str) -> bool:
    return bool(set(lexicon().words(column.header)) & set(lexicon().words(name)) - {"id"})


def _noun(guess: TableGuess) -> str:
    own = guess.own
    if own is not None and own.role in ENTITIES:
        return own.role
    if own is not None and own.things and own.things[0] != "record":
        return "customer" if own.things[0] == "user" else own.things[0]
    _, meanings = lexicon().meanings(guess.name)
    things = [meaning.word for meaning in meanings if meaning.section == "things" or meaning.word == "activity"]
    things = [{"activity": "event", "user": "customer"}.get(word, word) for word in things]
    if not things:
        return ""
    return things[0] if is_rtl(guess.name) else things[-1]


def _record(guess: TableGuess) -> ColumnGuess | None:
    """Find the record that has several rows: the table's own noun first, then a case, then any object."""
    repeated = [
        column
        for column in guess.columns
        if column.role in {*ENTITIES, "own", "user", "visitor"}
        and column.facts.repeats >= 1.05
        and column.confidence >= _UNSURE
    ]
    order = [guess.noun, "own", "record", "ticket", "deal", "lead", "conversation", "session", "customer", "user"]
    ranks = {role: -place for place, role in reversed(list(enumerate(order)))}
    return max(repeated, key=lambda column: (ranks.get(column.role, -99), column.confidence), default=None)


def _kind(guess: TableGuess) -> str:
    tests = (_is_change, _is_validity, _is_dateless, _is_snapshots, _is_event, _is_milestones, _is_versions)
    found = next((kind for test in tests if (kind := test(guess))), "")
    if not found:
        guess.why.append(f"a row has one time; {_grain(guess)}")
    return found or "activity"


def _is_change(guess: TableGuess) -> str:
    name, new = changed_field(guess), new_value(guess)
    if name is None or new is None or not guess.clocks() or guess.record is None:
        return ""
    guess.why.append(f"'{name.header}' names what changed and '{new.header}' what it became")
    return "change"


def changed_field(guess: TableGuess) -> ColumnGuess | None:
    """Find the column that names the field that changed; beside a `value` it may be called just `name`."""
    plain = [c for c in guess.columns if lexicon().words(c.header) == ["name"] and c.facts.kind == "few"]
    return guess.best("changed_field") or (plain[0] if plain else None)


def new_value(guess: TableGuess) -> ColumnGuess | None:
    """Find the column that says what a field became."""
    plain = [column for column in guess.columns if lexicon().words(column.header) == ["value"]]
    return guess.best("new_value") or (plain[0] if plain else None)


def _is_validity(guess: TableGuess) -> str:
    start, end = guess.best("valid_from"), guess.best("valid_to")
    if start is None or (guess.record or guess.own) is None or (end is None and guess.record is None):
        return ""
    told = f"'{start.header}' to '{end.header}'" if end else f"'{start.header}'"
    guess.why.append(f"each row is a version of a record, valid from {told}")
    named = guess.own or guess.best("own")
    if guess.record is None or (named is not None and guess.record.role != guess.noun):
        guess.record = named or guess.record  # a file of few versions may show each record once
    return "versions"


def _is_dateless(guess: TableGuess) -> str:
    if guess.noun in {"product", "actor", "team"} and guess.best("activity") is None:
        guess.why.append(f"a list of {_LISTS[guess.noun]}, not of what happened")
        return "none"
    if (
        guess.record is None
        and guess.own is None
        and not guess.all(*ENTITIES, "user", "visitor", "email", "phone", "own")
    ):
        guess.why.append("no column names a customer, a deal or a case")
        return "none"
    if guess.clocks():
        return ""
    guess.why.append("no column says when anything happened")
    return "objects" if guess.own is not None and guess.noun in ENTITIES else "none"


def _is_snapshots(guess: TableGuess) -> str:
    """Recognise versions by their clocks: all that tells them apart is when the record was last changed."""
    modified, record = guess.best("modified"), guess.record
    if modified is None or record is None or guess.own is not None or record.facts.repeats < 1.2:
        return ""
    others = [column for column, _ in guess.clocks() if column.role != "modified"]
    if guess.is_steady(modified) or not others or not all(guess.is_steady(column) for column in others):
        return ""
    return _is_versions(guess, any_noun=True)


def _is_event(guess: TableGuess) -> str:
    activity = guess.best("activity")
    is_entity = guess.noun in ENTITIES and guess.noun not in {"session", "conversation"}
    if guess.noun in {"event", "session", "conversation"} or (activity is not None and not is_entity):
        told = f"'{activity.header}' says what happened" if activity else f"a row is one {guess.noun}"
        guess.why.append(f"{told}; {_grain(guess)}")
        return "activity"
    if activity is not None and guess.own is None and guess.record is not None:
        guess.why.append(f"'{activity.header}' says what happened; {_grain(guess)}")
        return "activity"
    return ""


def _grain(guess: TableGuess) -> str:
    if guess.own is not None and guess.noun == guess.own.role:
        return f"'{guess.own.header}' is different in every row"
    if guess.record is not None:
        return f"'{guess.record.header}' has {guess.record.facts.repeats:.1f} rows per value"
    return f"'{guess.own.header}' is different in every row" if guess.own else "no column names the rows"


def _is_milestones(guess: TableGuess) -> str:
    """Recognise records with a date for each thing that happened to them, which two rows of a record must share."""
    dates = guess.all(*MILESTONE_CLOCKS, least=0.3)
    repeated = guess.own is None and guess.record is not None
    if guess.noun not in ENTITIES and (guess.own is None or len(dates) < 2):
        return ""
    if repeated and not all(guess.is_steady(date) for date in dates):
        return ""
    if not _told(guess, dates):
        guess.why.append("of what is known of each, only when it was created")
        return "objects"
    if len(dates) < 2:
        return ""
    share = _in_column_order(dates)
    told = "" if np.isnan(share) else f", {share:.0%} of them not before the one to the left"
    guess.why.append(f"{len(dates)} date columns{told}; {_grain(guess)}")
    return "milestones"


def _told(guess: TableGuess, dates: Sequence[ColumnGuess]) -> bool:
    """Say whether dates tell more of people and companies than when somebody typed them in."""
    return guess.noun not in {"customer", "account", "campaign"} or any(date.role != "created" for date in dates)


def _in_column_order(dates: Sequence[ColumnGuess]) -> float:
    """Share of dates that are not before the date to their left in the same row; NaN where none can be compared."""
    pairs = [(early.facts.micros, late.facts.micros) for early, late in pairwise(dates)]
    both = [(early != NO_TIME) & (late != NO_TIME) for early, late in pairs]
    held = sum(int((early <= late)[rows].sum()) for (early, late), rows in zip(pairs, both, strict=True))
    compared = sum(int(rows.sum()) for rows in both)
    return held / compared if compared else float("nan")


def _is_versions(guess: TableGuess, *, any_noun: bool = False) -> str:
    clock = guess.best("modified") or guess.best("version")
    if guess.record is None or guess.own is not None or clock is None:
        return ""
    if not any_noun and guess.noun not in {"", *ENTITIES}:
        return ""
    changing = [c for c in guess.all("stage", "status", "team", "actor", "pipeline") if not guess.is_steady(c)]
    named = [thing for column in changing for thing in column.things if thing in ENTITIES]
    if any_noun and named:
        guess.noun = named[0]
    if not changing or guess.record.facts.repeats < 1.2 or guess.best("modified") is None:
        return ""
    guess.why.append(
        f"'{guess.record.header}' has {guess.record.facts.repeats:.1f} rows per value, told apart by '{clock.header}'"
    )
    return "versions"
