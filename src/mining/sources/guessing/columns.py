"""What a column may mean: its header's words weighed with its content, best guess and runner-up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mining.sources.fold import fold
from mining.sources.guessing.evidence import Facts
from mining.sources.guessing.lexicon import Meaning, is_rtl, lexicon

__all__ = ["CLOCKS", "ENTITIES", "ColumnGuess", "guess_column", "time_sense"]

ENTITIES = ("customer", "account", "deal", "ticket", "lead", "campaign", "session", "conversation", "record")
# Of several clocks that a header names, the one that says most: `expected close date` is a plan.
CLOCKS = (
    "planned", "latest", "synced", "valid_from", "valid_to", "modified", "ended", "closed", "occurred", "done",
    "created", "dated",
)  # fmt: skip
_NAMES = {"id", "number", "words", "few"}
_WORDS = {"few", "words", "number", "id"}
_FITS: dict[str, set[str]] = {
    role: set(kinds)
    for roles, kinds in (
        (CLOCKS, {"date"}),
        ((*ENTITIES, "user", "visitor", "own", "reference"), _NAMES),
        (("actor", "team"), _NAMES | {"email"}),
        (("activity", "channel", "origin", "direction", "stage", "pipeline", "reason", "status"), _WORDS),
        (("outcome",), _WORDS | {"truth"}),
        (("amount", "cost", "score", "count", "duration", "number", "version"), {"number", "truth"}),
        (("currency", "changed_field"), {"few", "words"}),
        (("old_value", "new_value"), _WORDS | {"truth", "date", "text"}),
        (("email",), {"email", "id"}),
        (("phone",), {"phone", "number"}),
        (("deleted",), {"truth", "few"}),
        (("name", "text"), {"words", "few", "text", "id"}),
        (("url",), {"url", "text", "words", "few"}),
    )
    for role in roles
}
_BY_CONTENT = {
    "date": ("dated", 0.35), "email": ("email", 0.9), "phone": ("phone", 0.7), "truth": ("flag", 0.5),
    "number": ("number", 0.4), "url": ("url", 0.9), "id": ("reference", 0.4), "few": ("category", 0.4),
    "words": ("words", 0.3), "text": ("text", 0.9), "empty": ("empty", 1.0),
}  # fmt: skip
_UNFIT, _SECOND = 0.2, 0.4


@dataclass(frozen=True, eq=False)
class ColumnGuess:
    """A column with what it may mean.

    Attributes
    ----------
    facts : Facts
        Its content.
    ranked : tuple of (role, confidence)
        Best first. A confidence orders guesses; it is no probability.
    why : str
        What the header says.
    things : tuple of str
        Whom or what the header names, what counts first.
    rest : str
        The header's words beside its date and its clock: what a milestone is called.
    """

    facts: Facts
    ranked: tuple[tuple[str, float], ...]
    why: str
    things: tuple[str, ...] = ()
    rest: str = ""

    @property
    def header(self) -> str:
        """Header of the column."""
        return self.facts.header

    @property
    def role(self) -> str:
        """Best guess."""
        return self.ranked[0][0]

    @property
    def confidence(self) -> float:
        """How sure the best guess is, 0 to 1."""
        return self.ranked[0][1]

    def score(self, *roles: str) -> float:
        """How sure it is that the column has one of the roles."""
        return max((score for role, score in self.ranked if role in roles), default=0.0)


def time_sense(header: str) -> str:
    """Say whether a header speaks of a ``date``, names a ``clock`` at least, or neither."""
    exact = lexicon().exact.get(fold(header), "")
    _, meanings = lexicon().meanings(header)
    if exact in CLOCKS or any(meaning.word == "date" for meaning in meanings):
        return "date"
    return "clock" if any(meaning.section == "clocks" for meaning in meanings) else ""


def guess_column(facts: Facts) -> ColumnGuess:
    """Weigh a column's header with its content.

    Parameters
    ----------
    facts : Facts
        What the column holds.

    Returns
    -------
    ColumnGuess
    """
    words, meanings = lexicon().meanings(facts.header)
    ranked = _ranked(meanings, facts.header)
    by_header, why = _by_header(words, ranked, facts)
    role, prior = _BY_CONTENT[facts.kind]
    scores = {role: prior}
    for name, strength in by_header.items():
        fits = facts.kind in _FITS.get(name, {facts.kind})
        header = strength * (1.0 if fits else _UNFIT)
        scores[name] = 1 - (1 - header) * (1 - (prior if name == role else 0.2 if fits else 0.0))
    if facts.kind == "empty":
        scores["empty"] = 2.0  # nothing can be said of a column of nothing
    order = sorted(scores.items(), key=lambda item: -item[1])
    things = tuple(meaning.word for meaning in ranked if meaning.section == "things")
    found = tuple((name, round(min(score, 0.99), 2)) for name, score in order)
    return ColumnGuess(facts, found, why, things, _rest(words, meanings))


def _ranked(meanings: Iterable[Meaning], header: str) -> list[Meaning]:
    """Put first what counts most: what stands last, in Hebrew and Persian what stands first; longer runs before."""
    if is_rtl(header):
        return sorted(meanings, key=lambda meaning: (meaning.start, meaning.start - meaning.end))
    return sorted(meanings, key=lambda meaning: (-meaning.end, meaning.start))


def _by_header(words: Sequence[str], ranked: Sequence[Meaning], facts: Facts) -> tuple[dict[str, float], str]:
    exact = lexicon().exact.get(fold(facts.header))
    if exact:
        return {exact: 1.0}, f"the header is a known one of {exact}"
    telling = [place for place, word in enumerate(words) if word not in lexicon().fillers]
    covered = {place for meaning in ranked for place in range(meaning.start, meaning.end)}
    share = len(covered & set(telling)) / len(telling) if telling else 0.0
    best = _best(words, ranked, facts)
    scores = {role: weight * (0.4 + 0.6 * share) for role, weight in best.items()}
    for meaning in ranked:
        if meaning.section in {"roles", "things"}:
            role = "own" if meaning.word == "event" else meaning.word
            scores.setdefault(role, _SECOND * (0.4 + 0.6 * share))
    told = ", ".join(f"'{' '.join(words[m.start : m.end])}'" for m in dict.fromkeys(ranked))
    return scores, f"the header says {told}" if told else "the header says nothing we know"


def _best(words: Sequence[str], ranked: Sequence[Meaning], facts: Facts) -> dict[str, float]:
    clocks = [meaning.word for meaning in ranked if meaning.section == "clocks"]
    heads = [meaning for meaning in ranked if meaning.section == "heads"]
    if facts.kind == "date" and (clocks or any(head.word == "date" for head in heads)):
        return _time_role(words, ranked, clocks)
    return _word_role(words, ranked, [head for head in heads if head.word != "date"], facts.kind)


def _time_role(words: Sequence[str], ranked: Sequence[Meaning], clocks: Sequence[str]) -> dict[str, float]:
    if clocks:
        first, *others = sorted(set(clocks), key=CLOCKS.index)
        return {first: 1.0, **dict.fromkeys(others, 0.5)}
    things = {meaning.word for meaning in ranked if meaning.section == "things"}
    rest = [word for word in words if word not in lexicon().fillers]
    bare = len(rest) == sum(m.end - m.start for m in ranked if m.word == "date" and m.section == "heads")
    if bare or (things and things <= {"event", "session", "conversation"}):
        return {"occurred": 0.8, "dated": 0.6}
    return {"dated": 0.8, "occurred": 0.4}


def _word_role(
    words: Sequence[str], ranked: Sequence[Meaning], heads: Sequence[Meaning], kind: str
) -> dict[str, float]:
    things = [meaning for meaning in ranked if meaning.section == "things"]
    roles = [meaning for meaning in ranked if meaning.section == "roles"]
    if roles and roles[0].word in {"email", "phone"} and any(m.word in {"actor", "editor", "team"} for m in things):
        return {"actor": 0.7}
    if any(meaning.word == "latest" for meaning in ranked):
        return {"category": 0.7}  # `last activity` tells how things stand, not what happened
    decisive = next((m for m in ranked if m in roles or (m in heads and m.word != "id")), None)
    named = any(head.word == "id" for head in heads)
    if decisive is not None and decisive in heads:
        unknown = len(words) > len({place for m in ranked for place in range(m.start, m.end)})
        return _headed(decisive.word, things[0].word if things else "", [m.word for m in roles], is_plain=not unknown)
    if roles:
        is_own = named and roles[0].word == "activity"
        return {"own": 0.95} if is_own else {roles[0].word: 0.85 if heads else 1.0}
    if things:
        return _thing_or_part(words, ranked, things[0], named=named, kind=kind)
    # A bare `number` or `key` names the rows or their record; `property id` names something else.
    is_bare = len(ranked) == len(heads) == len(words)
    return {} if not named else {"own": 0.8, "reference": 0.5} if is_bare else {"reference": 0.7, "own": 0.5}


def _thing_or_part(
    words: Sequence[str], ranked: Sequence[Meaning], thing: Meaning, *, named: bool, kind: str
) -> dict[str, float]:
    if kind == "number" and not named:
        return {"number": 0.6}  # `employees` with numbers is how many
    return _thing_role(thing, named=named) if _leads(words, thing, ranked) else {"category": 0.6}


def _leads(words: Sequence[str], thing: Meaning, ranked: Sequence[Meaning]) -> bool:
    """Say whether a header is about the thing it names, and not about some property of it: `lead quality`."""
    if is_rtl(" ".join(words)):
        return True
    known = {place for meaning in ranked for place in range(meaning.start, meaning.end)}
    after = [words[place] for place in range(thing.end, len(words)) if place not in known]
    return all(word in lexicon().fillers or word.isdigit() for word in after)


def _headed(head: str, thing: str, roles: Sequence[str], *, is_plain: bool) -> dict[str, float]:
    if head == "name":
        kept = {"actor", "team", "account", "campaign", "product"}
        named = {"event": "activity"}.get(thing, thing if thing in kept else "name")
        return {roles[0]: 0.8} if roles else {named: 0.75, "name": 0.5}
    if head == "type":
        what_happened = is_plain and not roles and thing in {"", "event", "session", "conversation"}
        return {"activity": 0.75} if what_happened else {"category": 0.7}
    return {head: 0.9}


def _thing_role(thing: Meaning, *, named: bool) -> dict[str, float]:
    if thing.word == "event":
        return {"own": 0.95} if named else {"activity": 0.6, "own": 0.3}
    if thing.word == "product":
        return {"category": 0.7}
    return {thing.word: 1.0 if named else 0.8}


def _rest(words: Sequence[str], meanings: Iterable[Meaning]) -> str:
    dates = {place for m in meanings if m.word in {"date", "id"} for place in range(m.start, m.end)}
    kept = [word for place, word in enumerate(words) if place not in dates and word not in lexicon().fillers]
    return " ".join(kept)
