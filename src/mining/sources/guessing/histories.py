"""Draft the readers of histories: versions of records, and changes of fields."""

from __future__ import annotations

from collections.abc import Iterator

from mining.sources.guessing.columns import ColumnGuess
from mining.sources.guessing.draft import Draft, noun_title
from mining.sources.guessing.fields import Line, evidence, told_fields
from mining.sources.guessing.lexicon import lexicon
from mining.sources.guessing.tables import TableGuess, changed_field, new_value
from mining.sources.guessing.times import draft_times
from mining.sources.guessing.wording import STATE, Node, sayable

__all__ = ["draft_change", "draft_versions", "watched"]

_WATCHED = ("stage", "status", "pipeline", "team", "actor")


def draft_versions(guess: TableGuess, draft: Draft) -> None:
    """Write the reader of a table of versions."""
    page = draft.page
    clock = guess.best("valid_from") or guess.best("modified")
    record, order = guess.record, guess.best("version")
    if record is None or clock is None:
        return
    page.put(2, "record", record.header, evidence(record))
    if order is not None:
        page.put(2, "order", order.header, evidence(order))
        draft.use(guess, order, "order")
    page.put(2, "always", STATE)
    page.put(2, "fields")
    draft.line(guess, Line("timestamp", clock.header, clock))
    for line in told_fields(guess, draft.joins, what_happened=False):
        if line.field not in {"team", "actor"}:
            draft.line(guess, line)
    page.put(2, "watch")
    for column in watched(guess):
        page.put(3, column.header, _watch(guess, column), evidence(column))
        draft.use(guess, column, "watched")


def watched(guess: TableGuess) -> list[ColumnGuess]:
    """List the columns of a record whose changes are worth following."""
    return [column for column in guess.all(*_WATCHED) if not guess.is_steady(column)]


def _watch(guess: TableGuess, column: ColumnGuess) -> Node:
    title = noun_title(guess)
    if column.role in {"team", "actor"}:
        handed: Node = {"activity": f"{title} handed over", "touchpoint_kind": "handoff"}
        return {"always": handed, "fields": {column.role: column.header}}
    said: dict[str, Node] = {"activity": {"column": column.header, "template": f"{title}: {{}}"}}
    if column.role in {"stage", "pipeline"}:
        said[column.role] = column.header
    return {"first": "true", "fields": said}


def draft_change(guess: TableGuess, draft: Draft) -> None:
    """Write the reader of a history of fields."""
    page = draft.page
    name, new, record = changed_field(guess), new_value(guess), guess.record
    if name is None or new is None or record is None:
        return
    page.put(2, "column", name.header, evidence(name))
    page.put(2, "record", record.header, evidence(record))
    page.put(2, "always", STATE)
    page.put(2, "fields")
    draft.use(guess, name, "changed field")
    draft.use(guess, new, "new value")
    draft_times(guess, draft)
    for line in told_fields(guess, draft.joins, what_happened=False):
        if line.field not in {"team", "amount", "currency"}:
            draft.line(guess, line)
    page.put(2, "changes")
    for word, node, n, live in _followed(guess, name, new):
        page.put(3, word, node, f"{n:,} rows", live=live)


def _followed(guess: TableGuess, name: ColumnGuess, new: ColumnGuess) -> Iterator[tuple[str, Node, int, bool]]:
    """Yield the fields of a history: stages, states and owners are followed, the others left as comments."""
    words = sorted(name.facts.words.items(), key=lambda item: (-item[1], item[0]))
    meant = [(word, n, _role_of(word)) for word, n in words if sayable(word)]
    any_known = any(role in _WATCHED for _, _, role in meant)
    for place, (word, n, role) in enumerate(meant):
        title = noun_title(guess)
        if role in {"team", "actor"}:
            always: Node = {"activity": f"{title} handed over", "touchpoint_kind": "handoff"}
            opening: Node = {"always": {"activity": f"{title} assigned", "touchpoint_kind": "internal"}}
            yield word, {"always": always, "fields": {role: new.header}, "opening": opening}, n, True
        elif role in _WATCHED:
            stage: dict[str, Node] = {"activity": {"column": new.header, "template": f"{title}: {{}}"}}
            yield word, {"fields": stage | ({role: new.header} if role != "status" else {})}, n, True
        else:
            live = not any_known and place == 0
            yield word, {"always": {"activity": f"{' '.join(lexicon().words(word)).capitalize()} changed"}}, n, live


def _role_of(word: str) -> str:
    _, meanings = lexicon().meanings(word)
    found = [meaning.word for meaning in meanings if meaning.word in _WATCHED]
    return found[-1] if found else ""
