"""Which column fills which field of a reader, with the evidence; words of closed vocabularies are translated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mining._fields import VOCABULARIES
from mining.sources.guessing.columns import ENTITIES, ColumnGuess
from mining.sources.guessing.evidence import Facts
from mining.sources.guessing.joins import Join
from mining.sources.guessing.lexicon import lexicon
from mining.sources.guessing.tables import TableGuess
from mining.sources.guessing.wording import Node, flow, sayable

__all__ = ["Line", "content", "evidence", "link_name", "linked", "objects_of", "told_fields", "translated"]

_SHOWN = 30  # words listed in a comment
_JOINED = 0.5  # the least share of values found for a join to be used


@dataclass(frozen=True)
class Line:
    """A field and how to read it.

    Attributes
    ----------
    field : str
        Name of our field.
    node : Node
        How to read it, as in a mapping.
    column : ColumnGuess or None
        Where from.
    note : str
        Evidence beside that of the column.
    live : bool
        Whether it is part of the mapping, or a comment to uncomment.
    """

    field: str
    node: Node
    column: ColumnGuess | None = None
    note: str = ""
    live: bool = True

    @property
    def comment(self) -> str:
        """Evidence, for people."""
        told = evidence(self.column) if self.column else ""
        return "; ".join(filter(None, (self.note, told)))


def evidence(column: ColumnGuess) -> str:
    """Tell why a column is thought to be what it is, without a value of it."""
    return f"{column.confidence:.2f}: {column.why}; {content(column.facts)}"


def content(facts: Facts) -> str:
    """Tell what a column holds, without a value of it."""
    filled = f"{facts.filled:,} of {facts.rows:,} filled" if facts.filled < facts.rows else f"all {facts.rows:,} filled"
    told = {
        "date": f"dates ({', '.join(facts.formats)}), to the {facts.precision}{', no zone' if facts.naive else ''}",
        "few": f"{facts.distinct} different words, {facts.repeats:.0f} rows each",
        "id": f"ids like {facts.shape}, {facts.repeats:.1f} rows each",
        "number": f"numbers like {facts.shape}, {facts.distinct:,} different",
        "truth": "yes or no",
        "text": "free text",
        "empty": "empty",
        "words": f"{facts.distinct:,} different texts",
        "email": f"{facts.distinct:,} e-mail addresses",
        "phone": f"{facts.distinct:,} telephone numbers",
        "url": f"{facts.distinct:,} addresses of pages",
    }[facts.kind]
    return f"{told}; {filled}" if facts.filled else told


def translated(column: ColumnGuess, vocabulary: str) -> tuple[dict[str, str], dict[str, int]]:
    """Translate the words of a column into a vocabulary: (word to ours, words that are not known with counts)."""
    known: dict[str, str] = {}
    unknown: dict[str, int] = {}
    for word, n in sorted(column.facts.words.items(), key=lambda item: (-item[1], item[0])):
        ours = lexicon().means(word, vocabulary) if sayable(word) else None
        if ours is None:
            unknown[word] = n
        else:
            known[word] = ours
    return known, unknown


def told_fields(guess: TableGuess, joins: Sequence[Join], *, what_happened: bool) -> Iterator[Line]:
    """Yield the fields that a reader of a table can fill beside the activity and its times.

    Parameters
    ----------
    guess : TableGuess
        The table.
    joins : sequence of Join
        Where its ids lead.
    what_happened : bool
        Whether a row is a touchpoint; if not, how things stand (stage, outcome) is true of the last of many only.
    """
    yield from objects_of(guess, joins)
    for field in ("actor", "team"):
        yield from _plain(guess, field)
    if what_happened:
        for field in ("channel", "direction", "outcome"):
            yield from _closed(guess, field)
        for field in ("stage", "pipeline", "reason"):
            yield from _plain(guess, field)
    for field in ("amount", "currency"):
        yield from _plain(guess, field)


def _plain(guess: TableGuess, field: str) -> Iterator[Line]:
    best = guess.best(field)
    if best is not None:
        yield Line(field, best.header, best)
        for other in (column for column in guess.all(field) if column is not best):
            yield Line(field, other.header, other, "another", live=False)


def _closed(guess: TableGuess, field: str) -> Iterator[Line]:
    """Yield a field with a vocabulary of its own: by its column, else by the words of the activity or the origin."""
    column = guess.best(field)
    if column is not None and column.facts.words:
        yield from _translation(column, field)
        return
    others = [guess.best("activity"), guess.best("origin") if field == "channel" else None]
    for other in (other for other in others if other is not None and field != "outcome"):
        known, _ = translated(other, field)
        rows = sum(other.facts.words[word] for word in known)
        if known and rows >= 0.3 * other.facts.filled:
            node: Node = {"column": other.header, "values": dict(known), "otherwise": "missing"}
            yield Line(field, node, None, f"told by the words of '{other.header}'")
            return


def _translation(column: ColumnGuess, field: str) -> Iterator[Line]:
    """Yield the reading of a closed vocabulary, and what it leaves unread with the nearest word of ours."""
    known, unknown = translated(column, field)
    if not known:
        blank = {word: "unknown" if "unknown" in VOCABULARIES[field] else "other" for word in unknown if sayable(word)}
        node: Node = {"column": column.header, "values": dict(list(blank.items())[:_SHOWN])}
        yield Line(field, node, column, "none of its words is known: say what they mean", live=False)
        return
    yield Line(field, {"column": column.header, "values": dict(known)}, column)
    shown = [(word, n) for word, n in unknown.items() if sayable(word)]
    for word, n in shown[:_SHOWN]:
        guess = lexicon().nearest(word, field)
        hint = f"nearest {guess}" if guess else f"one of {', '.join(VOCABULARIES[field][:6])}, ..."
        yield Line(field, "", None, f"not read: {flow(word)} ({n:,} rows); {hint}", live=False)
    if len(unknown) > len(shown[:_SHOWN]):
        yield Line(field, "", None, f"not read: {len(unknown) - len(shown[:_SHOWN]):,} more words", live=False)


def objects_of(guess: TableGuess, joins: Sequence[Join]) -> Iterator[Line]:
    """Yield whom and what a row is about: customers by id before e-mail before telephone, then companies, deals, ..."""
    found: dict[str, Line] = {}
    for kind in ENTITIES:
        column = _object(guess, kind)
        if column is not None:
            found[kind] = Line(kind, column.header, column)
    customer = _customer(guess, found, joins)
    if customer is not None:
        found["customer"] = customer
    named = guess.record or guess.own
    if not found and named is not None:
        found["record"] = Line("record", named.header, named, "the only thing that names a case")
    yield from found.values()


def _object(guess: TableGuess, kind: str) -> ColumnGuess | None:
    if guess.noun == kind:
        return guess.own if guess.kind != "versions" and guess.own is not None else (guess.record or guess.own)
    if guess.record is not None and guess.record.role == kind and kind == "record":
        return guess.record
    ids = [column for column in guess.all(kind) if column is not guess.own]
    return max(ids, key=lambda column: (column.confidence, column.facts.share), default=None)


def _customer(guess: TableGuess, found: Mapping[str, Line], joins: Sequence[Join]) -> Line | None:
    """Read a customer by id, else by a key, else through the record that knows its customer."""
    keys = [(kind, guess.best(kind)) for kind in ("email", "phone", "visitor")]
    readings: list[Node] = [{"column": column.header, "key": kind} for kind, column in keys if column is not None]
    first = next((column for _, column in keys if column is not None), None)
    said = found.get("customer")
    if said is not None:
        if guess.noun == "customer" or not readings:
            return said
        return Line("customer", [said.node, *readings], said.column, "its id, else a key")
    if readings:
        return Line("customer", readings[0] if len(readings) == 1 else readings, first, "no id, so by key")
    for join in joins:
        target = join.parent.best("customer")
        if join.child is guess and join.key is join.parent.own and target is not None and join.share >= _JOINED:
            return Line("customer", linked(join), None, f"by way of {join.parent.name}: {join}")
    user = guess.best("user")
    return Line("customer", user.header, user, "a user: of the company's customers, or its staff?") if user else None


def linked(join: Join) -> Node:
    """Read a customer by way of another table."""
    return {"link": link_name(join), "by": join.column.header}


def link_name(join: Join) -> str:
    """Name the link from a table's rows to their customers."""
    return f"{join.parent.name} customer"
