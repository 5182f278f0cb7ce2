"""Put all batches into one canonical frame: people resolved, rules applied, order fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from mining._fields import CASES
from mining.sources.canonical import canonical, kept_rows
from mining.sources.columns import Columns, stack
from mining.sources.doubts.ledger import Ledger
from mining.sources.doubts.rules import judge, used
from mining.sources.mappings.emit import Batch
from mining.sources.mappings.objects import Described, describe, gather
from mining.sources.mappings.source import Source
from mining.sources.people.glued import People
from mining.sources.people.identity import merge_ids
from mining.sources.people.resolving import fill_account, placed, resolve_people
from mining.sources.people.trials import is_fiction
from mining.sources.relations import Relations, relate

__all__ = ["Assembled", "assemble"]


@dataclass
class Assembled:
    """Canonical frame, objects, and what became of them."""

    frame: pd.DataFrame
    objects: dict[str, pd.DataFrame]
    as_of: pd.Timestamp | None
    relations: Relations = field(default_factory=Relations)
    people: People = field(default_factory=People)
    facts: dict[str, object] = field(default_factory=dict)


def assemble(
    sources: Sequence[Source], batches: Sequence[Batch], ledger: Ledger, *, identity: str = "exact"
) -> Assembled:
    """Resolve who is who, set aside what breaks a rule, and build the canonical frame.

    Parameters
    ----------
    sources : sequence of Source
        In the order given by the user.
    batches : sequence of Batch
        Touchpoints of every pass.
    ledger : Ledger
        Gets every verdict.
    identity : str
        ``exact``, ``likely`` or ``none``: by what ids become one person.
    """
    kinds = [
        kind
        for kind in CASES
        if any(kind in batch.text for batch in batches)
        or any(rule.kind == kind for source in sources for rule in source.mapping.objects)
    ]
    described = {kind: describe(kind, sources) for kind in kinds}
    merges = _merges(sources)
    for source in sources:
        source.forget()
    columns = stack(batches)
    del batches  # what is stacked is there twice
    final: dict[str, Mapping[str, str]] = {kind: merge_ids(merges.get(kind, ())) for kind in kinds}
    fiction = _fiction(columns, described)
    known, strict, likeness = resolve_people(columns, described, final, sources, identity=identity)
    doubtful = "customer" in columns.text and (bool(known.doubtful) or strict.canonical != known.canonical)
    sure = columns.text["customer"].renamed(strict.canonical.get) if doubtful else None
    for kind in kinds:
        if kind in columns.text:
            columns.text[kind] = placed(columns.text[kind], final[kind], ledger, described.get(kind))
    fill_account(columns, described, final)
    own_domains = [domain for source in sources for domain in source.mapping.own_domains]
    as_of = judge(columns, described, final, ledger, own_domains=own_domains)
    frame = canonical(columns)
    used(columns, ledger)
    objects = {
        kind: gather(described[kind], final[kind], frame[kind].dropna().unique() if kind in frame else ())
        for kind in kinds
        if len(described[kind].frame)
    }
    people = People(known.glued_by, known.blocked, known.review, likeness)
    if sure is not None:
        apart = gather(described["customer"], strict.canonical, ())
        people = replace(people, customers=sure.take(kept_rows(columns)).text(), apart=apart)
    facts: dict[str, object] = {"fiction": fiction, "n_replicas": int((columns.turn[columns.keep] > 0).sum())}
    return Assembled(frame, objects, as_of, relate(columns, described, final, (sources, merges)), people, facts)


def _merges(sources: Sequence[Source]) -> dict[str, list[tuple[str, str]]]:
    """Collect, per type of object, which id became part of which."""
    merges: dict[str, list[tuple[str, str]]] = {}
    for source in sources:
        for kind, old, kept in source.merges():
            merges.setdefault(kind, []).append((f"{source.name}:{old}", f"{source.name}:{kept}"))
    return merges


def _fiction(columns: Columns, described: Mapping[str, Described]) -> bool:
    named = columns.text["customer"].words if "customer" in columns.text else ()
    people = described.get("customer", Described("customer"))
    return is_fiction([*(key for _, key in people.keys), *map(str, named)])
