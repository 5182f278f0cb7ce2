"""Who is who: the customers, accounts and other objects that touchpoints are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from mining.sources.columns import Columns
from mining.sources.doubts.ledger import Ledger
from mining.sources.mappings.emit import KEYED
from mining.sources.mappings.objects import Described
from mining.sources.mappings.source import Source
from mining.sources.people.identity import Identity, resolve
from mining.sources.people.likeness import Likeness, link_alike
from mining.sources.table import Coded

__all__ = ["Resolved", "fill_account", "placed", "resolve_people"]


class Resolved(NamedTuple):
    """Who is who, who that would be without anything doubtful, and pairs of people who are alike."""

    known: Identity
    strict: Identity
    likeness: pd.DataFrame


def resolve_people(
    columns: Columns,
    described: Mapping[str, Described],
    final: dict[str, Mapping[str, str]],
    sources: Sequence[Source],
    *,
    identity: str,
) -> Resolved:
    """Decide which ids and keys are one person, in the order in which they were first seen."""
    people = described.get("customer", Described("customer"))
    column = columns.text.get("customer", Coded.empty(len(columns.seq)))
    order = np.lexsort((columns.seq, columns.times["timestamp"]))
    seen = column.take(order).codes
    seen = seen[seen >= 0]
    codes = seen[np.sort(np.unique(seen, return_index=True)[1])]
    words = [str(word) for word in column.words[codes]]
    merges = final.get("customer", {})
    alike = _alike(people) if identity == "likely" else None
    decide = partial(
        resolve,
        [*people.frame.index, *(word for word in words if not word.startswith(KEYED))],
        people.keys,
        merges,
        [word for word in words if word.startswith(KEYED)],
        sources=[source.name for source in sources],
        glue=identity != "none",
        blocklist=frozenset(word for source in sources for word in source.mapping.blocklist),
    )
    known = decide(verdicts=alike.verdicts if alike else None)
    final["customer"] = known.canonical
    # Whoever is only alike is doubtful, like whoever only shares a doubtful number.
    strict = decide().without_doubtful() if alike else known.without_doubtful()
    return Resolved(known, strict, alike.review if alike else pd.DataFrame())


def _alike(people: Described) -> Likeness:
    """Compare the people of all sources by what their mappings let be compared."""
    told = pd.concat(people.alike) if people.alike else pd.DataFrame()
    told = told.groupby(level=0, sort=False).first()
    for kind in ("email", "phone"):
        head = f"{KEYED}{kind}:"
        keys = [(name, key.removeprefix(head)) for name, key in people.keys if key.startswith(head)]
        found = pd.DataFrame(keys, columns=["id", kind]).drop_duplicates("id").set_index("id")[kind]
        told = told.reindex(told.index.union(found.index, sort=False))
        told[kind] = found
    return link_alike(told)


def placed(column: Coded, final: Mapping[str, str], ledger: Ledger, described: Described | None) -> Coded:
    """Put objects under their final ids, and note those that no table of the export describes."""
    if described is not None and len(described.frame):
        there = set(described.frame.index)
        strangers = [
            w for w in column.counts() if w not in there and final.get(w, w) not in there and not w.startswith(KEYED)
        ]
        if strangers:
            ledger.note(f"{len(strangers)} {described.kind} ids in touchpoints that no {described.kind} table holds")
    return column.renamed(lambda word: final.get(word, word) or None)


def fill_account(columns: Columns, described: Mapping[str, Described], final: Mapping[str, Mapping[str, str]]) -> None:
    """Give touchpoints without an account the one their customer belongs to."""
    people = described.get("customer")
    if people is None or "account" not in people.frame or "customer" not in columns.text:
        return
    accounts = final.get("account", {})
    belongs: dict[str, str] = {}
    for name, account in people.frame["account"].dropna().items():
        belongs.setdefault(final["customer"].get(str(name), str(name)), accounts.get(account, account))
    own = columns.text["customer"].renamed(belongs.get)
    columns.text["account"] = columns.text.get("account", Coded.empty(len(own))).or_else(own)
