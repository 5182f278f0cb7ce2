"""Draft the reader of a table whose rows are touchpoints, and hand the other kinds on."""

from __future__ import annotations

from collections.abc import Callable

from mining.sources.fold import fold
from mining.sources.guessing.columns import ENTITIES, ColumnGuess
from mining.sources.guessing.draft import Draft, noun_title, row_title
from mining.sources.guessing.fields import Line, told_fields, translated
from mining.sources.guessing.histories import draft_change, draft_versions
from mining.sources.guessing.lexicon import lexicon
from mining.sources.guessing.milestones import draft_milestones
from mining.sources.guessing.tables import TableGuess
from mining.sources.guessing.times import draft_times
from mining.sources.guessing.wording import Node, flow
from mining.sources.mappings.readers.pairs import tells_work

__all__ = ["draft_reader"]


def draft_reader(guess: TableGuess, draft: Draft) -> None:
    """Write the reader of one table.

    Parameters
    ----------
    guess : TableGuess
        The table; its kind says which reader.
    draft : Draft
        Where to write.
    """
    page = draft.page
    page.skip()
    page.say(1, f"{guess.name}: {guess.kind}, because {'; '.join(guess.why)}.")
    page.item(1, f"- name: {flow(guess.name)}")
    page.put(2, "kind", guess.kind)
    page.put(2, "table", guess.name)
    _WRITERS[guess.kind](guess, draft)


def _activity(guess: TableGuess, draft: Draft) -> None:
    activity = _what(guess)
    lines = list(told_fields(guess, draft.joins, what_happened=True))
    always = _always(guess, {line.field for line in lines if line.live}, told=activity is not None)
    if always:
        draft.page.put(2, "always", always, "by the table's name" if activity else "a row says no more of it")
    _aside(guess, draft)
    _lifecycle(guess, activity, draft)
    draft.page.put(2, "fields")
    if guess.own is not None:
        draft.line(guess, Line("touchpoint_id", guess.own.header, guess.own))
    _what_happened(guess, activity, draft)
    draft_times(guess, draft)
    for line in lines:
        draft.line(guess, line)


def _always(guess: TableGuess, fields: set[str], *, told: bool) -> dict[str, Node]:
    """Say what holds for all rows: what happened where no column tells, and the channel that the table is called by."""
    always: dict[str, Node] = {} if told else {"activity": _constant(guess)}
    channel = lexicon().means(guess.name, "channel") or lexicon().means(row_title(guess), "channel")
    if channel and "channel" not in fields:
        always["channel"] = channel
    outcome = None if told else lexicon().means(_constant(guess), "outcome")
    if outcome and "outcome" not in fields:
        always["outcome"] = outcome
    return always


def _what_happened(guess: TableGuess, activity: ColumnGuess | None, draft: Draft) -> None:
    if activity is not None:
        draft.line(guess, Line("activity", activity.header, activity))
        for other in (column for column in guess.all("activity") if column is not activity):
            draft.line(guess, Line("activity", other.header, other, "another", live=False))
        return
    for topic in _topics(guess):
        node: Node = {"column": topic.header, "template": f"{_constant(guess)}: {{}}"}
        draft.line(guess, Line("activity", node, topic, "to tell more of each", live=False))


def _what(guess: TableGuess) -> ColumnGuess | None:
    """Find the column that says what happened: a small vocabulary, of more than one word if there is a choice."""
    found = guess.all("activity")
    usable = [column for column in found if column.facts.kind in {"few", "words", "id"} and column.facts.share > 0.5]
    return max(usable, key=lambda column: (column.facts.distinct > 1, column.confidence), default=None)


def _topics(guess: TableGuess) -> list[ColumnGuess]:
    """List a few columns that may tell one row's kind from another's, where none says what happened."""
    found = [column for column in guess.all("category") if 1 < column.facts.distinct <= 30]
    return [column for column in found if column.facts.share > 0.9 and column.facts.kind == "few"][:3]


def _aside(guess: TableGuess, draft: Draft) -> None:
    """Set rows aside that are plans or deleted."""
    rules: list[Node] = []
    for column in guess.all("status"):
        planned, _ = translated(column, "planned")
        if planned:
            rules.append({"column": column.header, "values": list(planned), "rule": "planned"})
            draft.use(guess, column, "aside")
    for column in guess.all("deleted"):
        words = [word for word in column.facts.words if fold(word) in {"true", "1", "yes"}]
        if words:
            rules.append({"column": column.header, "values": list(words), "rule": "deleted"})
            draft.use(guess, column, "aside")
    if rules:
        draft.page.put(2, "aside", rules, "a plan is not a touchpoint")


def _lifecycle(guess: TableGuess, activity: ColumnGuess | None, draft: Draft) -> None:
    """Put rows that start and rows that end the same work together."""
    column = guess.best("lifecycle")
    if column is None or activity is None or guess.record is None or not tells_work(column.facts.words):
        return
    node: Node = {"column": column.header, "of": [guess.record.header, activity.header]}
    draft.page.put(2, "lifecycle", node, "the start and the end of work are one touchpoint")
    draft.use(guess, column, "lifecycle")


def _constant(guess: TableGuess) -> str:
    """Say what happened where no column does: by the name of its date, else by what a row is about."""
    column = guess.clocks()[0][0]
    rest = [word for word in column.rest.split() if word not in {"min", "max", "ts", "ds"}]
    told = column.role in {"dated", "closed", "occurred"} and rest not in ([], ["start"])
    if told and guess.noun not in {"event", "session"}:
        return " ".join(rest).capitalize()
    if column.role == "created" and guess.noun in ENTITIES and guess.own is not None:
        return f"{noun_title(guess)} created"
    return row_title(guess)


_WRITERS: dict[str, Callable[[TableGuess, Draft], None]] = {
    "activity": _activity,
    "milestones": draft_milestones,
    "versions": draft_versions,
    "change": draft_change,
}
