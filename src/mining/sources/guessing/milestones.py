"""Draft the reader of records with a date per milestone."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from mining.sources.fold import tidy
from mining.sources.guessing.columns import ColumnGuess
from mining.sources.guessing.draft import Draft, noun_title
from mining.sources.guessing.fields import Line, evidence, told_fields, translated
from mining.sources.guessing.lexicon import lexicon
from mining.sources.guessing.tables import MILESTONE_CLOCKS, TableGuess
from mining.sources.guessing.wording import STATE, Node, flow
from mining.sources.times.clocks import NO_TIME

__all__ = ["draft_milestones"]

_QUOTES = str.maketrans("“”„״‘’′׳", "\"\"\"\"''''")
_QUOTED = re.compile(r'^(?P<before>[^"]+")(?P<stage>[^"]+)(?P<after>"[^"]*)$')
_IN_PIPELINE = re.compile(r"^(?P<stage>.+) \((?P<pipeline>[^()]+)\)$")
_TWINS = 0.95


def draft_milestones(guess: TableGuess, draft: Draft) -> None:
    """Write the reader of a table of records with milestones."""
    page = draft.page
    page.put(2, "always", STATE)
    page.put(2, "fields")
    named = guess.own or guess.record
    if named is not None:
        note = "" if guess.own else "several rows per record: the milestones of the first are kept"
        draft.line(guess, Line("touchpoint_id", named.header, named, note))
    for line in told_fields(guess, draft.joins, what_happened=False):
        draft.line(guess, line)
    dates = guess.all(*MILESTONE_CLOCKS, least=0.3)
    grouped = _quoted(dates)
    if grouped:
        page.put(2, "matching")
        for pattern, columns in grouped.items():
            page.item(3, f"- {_matching(pattern, guess)}", f"{len(columns)} columns are called alike")
            for column in columns:
                draft.use(guess, column, "milestone")
    single = [date for date in dates if not any(date in columns for columns in grouped.values())]
    page.put(2, "milestones") if single else None
    told = [column for columns in grouped.values() for column in columns]
    for column in single:
        _milestone(guess, column, draft, is_twin=_is_twin(column, told))
    if single and all(_is_twin(column, told) for column in single):
        page.lines = [line for line in page.lines if line.strip() != "milestones:"]
    _undated(guess, dates, draft)
    _not_followed(guess, draft)


def _undated(guess: TableGuess, dates: Sequence[ColumnGuess], draft: Draft) -> None:
    """Say which ends are known but have no date."""
    closing = _closing(guess)
    if closing is None or any(date.role in {"closed", "done"} for date in dates):
        return
    status, ends = closing
    told = ", ".join(f"{flow(word)} ({status.facts.words[word]:,} rows)" for word in ends)
    draft.page.say(3, f"no date of closing, so these ends of {status.header} are no touchpoints: {told}")


def _matching(pattern: str, guess: TableGuess) -> str:
    return flow({"pattern": pattern, "activity": f"{noun_title(guess)}: {{stage}}"})


def _milestone(guess: TableGuess, column: ColumnGuess, draft: Draft, *, is_twin: bool) -> None:
    page = draft.page
    name = _named(guess, column)
    closing = _closing(guess) if column.role in {"closed", "done"} and name.endswith(("closed", "done")) else None
    if is_twin:
        page.put(3, column.header, name, f"the same as one of the dates above; {evidence(column)}", live=False)
        return
    draft.use(guess, column, "milestone")
    if closing is None:
        node: Node = name
        won = lexicon().means(name.rpartition(": ")[2], "outcome") if column.role == "closed" else None
        if won:
            node = {"always": {"activity": name, "outcome": won}}
        page.put(3, column.header, node, evidence(column))
        return
    status, ends = closing
    named = {word: f"{noun_title(guess)}: {word}" for word in ends}
    page.put(3, column.header, None, evidence(column))
    only: Node = [{"column": status.header, "values": list(ends)}]
    page.put(4, "only", only, "where it is still open, this is a date that is hoped for")
    page.put(4, "fields")
    page.put(5, "activity", {"column": status.header, "values": dict(named)})
    page.put(5, "outcome", {"column": status.header, "values": dict(ends)})
    draft.use(guess, status, "activity and outcome of closing")


def _closing(guess: TableGuess) -> tuple[ColumnGuess, dict[str, str]] | None:
    """Find the column whose words tell the won from the lost."""
    for column in guess.all("status", "stage", "outcome"):
        known, _ = translated(column, "outcome")
        ends = {word: ours for word, ours in known.items() if ours in {"won", "lost", "solved", "cancelled"}}
        if ends:
            return column, ends
    return None


def _named(guess: TableGuess, column: ColumnGuess) -> str:
    """Name a milestone by its header."""
    title = noun_title(guess)
    words = column.rest.split()
    own = set(lexicon().words(guess.noun)) | {guess.noun} | set(title.casefold().split())
    if guess.own is not None:
        own |= set(guess.own.rest.split())
    rest = [word for word in words if word not in own and guess.noun not in _things(word)]
    won = lexicon().means(" ".join(rest), "outcome") if rest else None
    if column.role == "closed" and won in {"won", "lost", "solved", "cancelled"}:
        return f"{title}: {' '.join(rest).capitalize()}"
    if column.role == "created" or not rest:
        return f"{title} created"
    if column.role in {"closed", "done"} and (len(rest) == 1 or not " ".join(rest).isascii()):
        return f"{title} closed"
    return f"{title}: {' '.join(rest).capitalize()}"


def _things(word: str) -> set[str]:
    """List what a word may name."""
    return {name for section, name in lexicon().phrases.get((word,), ()) if section == "things"}


def _quoted(dates: Sequence[ColumnGuess]) -> dict[str, list[ColumnGuess]]:
    """Group the date columns whose headers differ only in what stands in quotes, under the pattern of all of them."""
    groups: dict[tuple[str, str], list[tuple[str, ColumnGuess]]] = {}
    for date in dates:
        match = _QUOTED.match(tidy(date.header).translate(_QUOTES))
        if match:
            groups.setdefault((match["before"], match["after"]), []).append((match["stage"], date))
    found = {}
    for (before, after), columns in groups.items():
        if len(columns) > 1:
            in_pipeline = all(_IN_PIPELINE.match(stage) for stage, _ in columns)
            inside = r"(?P<stage>.+) \((?P<pipeline>[^()]+)\)" if in_pipeline else "(?P<stage>.+)"
            pattern = f"^{_escaped(before)}{inside}{_escaped(after)}$"
            found[pattern] = [column for _, column in columns]
    return found


def _escaped(text: str) -> str:
    return re.escape(text).replace("\\ ", " ").replace("\\-", "-")


def _is_twin(column: ColumnGuess, others: Sequence[ColumnGuess]) -> bool:
    """Say whether a date only repeats one of the others, row by row."""
    known = column.facts.micros != NO_TIME
    same = np.zeros(len(known), dtype=bool)
    for other in others:
        same |= known & (other.facts.micros == column.facts.micros)
    return bool(known.any()) and column.role == "closed" and float(same[known].mean()) >= _TWINS


def _not_followed(guess: TableGuess, draft: Draft) -> None:
    for column in guess.all("planned", "latest", "modified", "ended", least=0.3):
        why = {"planned": "a plan, not a milestone", "ended": "an end"}.get(column.role, "keeps only the last of many")
        draft.page.say(3, f"not a milestone: {column.header} ({why})")
