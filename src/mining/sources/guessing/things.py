"""Draft the objects of a mapping with their attributes, and the links from one table to another."""

from __future__ import annotations

from collections.abc import Sequence

from mining.sources.guessing.columns import ENTITIES
from mining.sources.guessing.draft import Draft
from mining.sources.guessing.fields import content, evidence, link_name, linked, objects_of
from mining.sources.guessing.joins import Join
from mining.sources.guessing.tables import TableGuess
from mining.sources.guessing.wording import flow

__all__ = ["draft_links", "draft_objects"]

_ATTRIBUTES = 40
_TELLING = (
    "category", "flag", "number", "count", "score", "origin", "channel", "status", "stage", "pipeline", "outcome",
    "amount", "cost", "currency", "reason", "duration", "product", "direction", "activity", "team",
)  # fmt: skip


def draft_objects(guesses: Sequence[TableGuess], draft: Draft) -> None:
    """Write what is known of customers, companies, deals, ..."""
    found: dict[str, list[TableGuess]] = {}
    for guess in guesses:
        named = guess.own or guess.record
        if guess.noun in ENTITIES and named is not None and named.role in {guess.noun, "own"} and guess.kind != "none":
            found.setdefault(guess.noun, []).append(guess)
    if not found:
        return
    draft.page.skip()
    draft.page.put(0, "objects")
    for noun, tables in found.items():
        draft.page.put(1, noun)
        for guess in tables:
            _object(noun, guess, tables[0], draft)


def _object(noun: str, guess: TableGuess, first: TableGuess, draft: Draft) -> None:
    page = draft.page
    named = guess.own or guess.record
    assert named is not None  # noqa: S101  only such tables come here
    if guess is not first:
        other = first.own or first.record
        shared = set(named.facts.coded.words) & set(other.facts.coded.words if other else ())
        page.say(2, f"{guess.name} and {first.name} share {len(shared):,} of {named.facts.distinct:,} ids")
    page.item(2, f"- table: {flow(guess.name)}")
    page.put(3, "id", named.header, evidence(named))
    draft.use(guess, named, f"{noun} id")
    keys = [(kind, guess.best(kind)) for kind in ("email", "phone")] if noun == "customer" else []
    held = {kind: column for kind, column in keys if column is not None}
    if held:
        page.put(
            3, "keys", {kind: column.header for kind, column in held.items()}, "to find the same person; never shown"
        )
        for kind, column in held.items():
            draft.use(guess, column, f"key: {kind}")
    account = guess.best("account")
    if account is not None and noun != "account":
        page.put(3, "account", account.header, evidence(account))
        draft.use(guess, account, "account")
    _attributes(guess, draft)
    order = guess.best("version") if guess.kind == "versions" else None
    if order is not None:
        page.put(3, "order", order.header, "the last version counts")
    deleted = guess.best("deleted")
    if deleted is not None:
        share = deleted.facts.coded.isin(("true", "1", "yes")).mean()
        page.put(3, "deleted", deleted.header, f"true in {share:.0%} of rows", live=bool(share < 0.5))
        draft.use(guess, deleted, "deleted") if share < 0.5 else None


def _attributes(guess: TableGuess, draft: Draft) -> None:
    telling = [c for c in guess.all(*_TELLING, least=0.3) if c.facts.kind in {"few", "truth", "number"}]
    telling = [c for c in telling if c.facts.distinct > 1 and c not in {guess.own, guess.record}]
    if not telling:
        return
    draft.page.put(3, "attributes")
    for column in telling[:_ATTRIBUTES]:
        draft.page.put(4, column.header, column.header, content(column.facts))
        draft.use(guess, column, "attribute")
    for column in telling[_ATTRIBUTES:]:
        draft.page.put(4, column.header, column.header, live=False)


def draft_links(readers: Sequence[TableGuess], draft: Draft) -> None:
    """Write the links that some reader asks for, and tell of the other meetings."""
    page = draft.page
    if draft.joins:
        page.skip()
        for join in draft.joins:
            page.say(0, f"{join}.")
    links = {link_name(join): join for guess in readers for join in draft.joins if _is_wanted(join, guess, draft)}
    if links:
        page.put(0, "links")
    for name, join in links.items():
        target = join.parent.best("customer")
        if target is not None:
            parts = ("name", name), ("table", join.parent.name), ("of", join.key.header), ("customer", target.header)
            page.item(1, f"- {flow(dict(parts))}")
            draft.use(join.parent, target, "link")


def _is_wanted(join: Join, guess: TableGuess, draft: Draft) -> bool:
    """Say whether the reader of a table finds its customers by a meeting of tables."""
    if join.child is not guess:
        return False
    nodes = [line.node for line in objects_of(guess, draft.joins)]
    return any(isinstance(node, dict) and node == linked(join) for node in nodes)
