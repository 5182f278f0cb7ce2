"""The same person under many ids: exact keys and merges glued by union-find, and a guard against gluing strangers.

Merges and e-mail addresses glue first. Telephone numbers and visitor ids are shared by families, desks and browsers, so
they glue what is left, and let go where gluing would contradict itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from mining.sources.mappings.emit import KEYED
from mining.sources.mappings.links import natural
from mining.sources.people.gluing import Bearers, Test, contradicted, crowded, cut, doubted, joined, pairs_of, parted
from mining.sources.people.keys import is_blocked, loose_email
from mining.sources.table import Ints

__all__ = ["LARGEST", "MOST_IDS", "Identity", "Verdicts", "merge_ids", "resolve"]

MOST_IDS = 20  # ids that may share one key
LARGEST = 50  # ids that gluing may make one person of
_KINDS = ("email", "phone", "visitor")  # in the order in which they are trusted
_Doubt = tuple[int, int, str, str, bool]  # two ids, kind of key, why, whether it glues all the same
_REVIEW = {"id": "str", "other_id": "str", "kind": "str", "why": "str", "glued": "bool"}
_ALIKE = "addresses that differ by a +tag or by dots alone"
_WHY = {
    "size": f"in a chain of more than {LARGEST} ids",
    "contradiction": "other e-mail addresses and other telephone numbers in one system",
    "apart": "unlike in what else is known of them",
    "doubt": "other e-mail addresses in one system",
}


@dataclass(frozen=True, eq=False)
class Identity:
    """Final ids, what was glued by what, and what is doubtful about it.

    Attributes
    ----------
    canonical : dict
        Id or key reference to final id.
    n_glued : int
        Ids that became part of another.
    blocked : dict
        Kind of key to the number of keys that glue nobody: an office's, or too widely shared.
    glued_by : dict
        ``merge``, ``email``, ``phone``, ``visitor``, ``likeness``: ids that became part of another by it, beyond what
        those before it glued. They add up to `n_glued`.
    doubtful : dict
        Final id without the doubtful links to the final id with them, where the two differ.
    review : DataFrame
        Pairs to look at, without personal data: `id` and `other_id` as the export has them, `kind` of the key between
        them, `why` they are doubtful, and whether they were `glued` all the same.
    """

    canonical: Mapping[str, str]
    n_glued: int
    blocked: Mapping[str, int]
    glued_by: Mapping[str, int] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)
    review: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(_REVIEW)).astype(_REVIEW))
    beyond_doubt: Identity | None = None

    def without_doubtful(self) -> Identity:
        """Take back the doubtful links: the ids they glued are people of their own again."""
        return self.beyond_doubt or self


@dataclass(frozen=True)
class Verdicts:
    """What is known of pairs of ids beyond their keys.

    Attributes
    ----------
    alike : tuple of (id, id)
        One person: they glue as merges do.
    apart : tuple of (id, id)
        Two people: no shared number or visitor id makes them one.
    """

    alike: tuple[tuple[str, str], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()


def merge_ids(merges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Follow merges to the id that survived: transitive, and safe where they run in a circle.

    Examples
    --------
    >>> merge_ids([("a:1", "a:2"), ("a:2", "a:3")])["a:1"]
    'a:3'
    """
    pairs = [(old, kept) for old, kept in merges if old != kept]
    gone = {old for old, _ in pairs}
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    place = {name: number for number, name in enumerate(names)}
    labels = joined(len(names), pairs_of((place[old], place[kept]) for old, kept in pairs))
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(name)
    final = {}
    for members in groups.values():
        # In a circle every id is gone; the smallest then stands for all.
        kept = min(members, key=lambda name: (name in gone, natural(name)))
        final.update(dict.fromkeys(members, kept))
    return final


def resolve(
    ids: Sequence[str],
    keys: Iterable[tuple[str, str]],
    merges: Mapping[str, str],
    first_seen: Sequence[str],
    *,
    sources: Sequence[str],
    glue: bool = True,
    blocklist: frozenset[str] = frozenset(),
    verdicts: Verdicts | None = None,
) -> Identity:
    """Decide which ids and keys are one person.

    Two ids are one person when they share a normalised e-mail, telephone number or visitor id, directly or through
    others, or when the CRM merged them. A key of more than 20 ids, or of an office (info@...), glues nothing. Nor does
    a number or visitor id that makes one person of two who have, in one system, other addresses *and* other numbers,
    or of more than 50 ids: the most widely shared of such keys let go first. The answer does not depend on the order
    in which anything is given.

    Parameters
    ----------
    ids : sequence of str
        Ids that objects or touchpoints bear, as ``source:id``.
    keys : iterable of (id, key)
        Keys of the objects.
    merges : dict
        Old id to the id that was kept.
    first_seen : sequence of str
        References by key, in the order of their first touchpoint; those that nobody owns are numbered so.
    sources : sequence of str
        Systems, the one whose ids win first.
    glue : bool
        Whether to glue across ids; if not, a key still leads to the first object that bears it.
    blocklist : frozenset of str
        Further keys that glue nothing.
    verdicts : Verdicts, optional
        What likeness says of pairs.

    Returns
    -------
    Identity
    """
    keys = list(keys)
    told_of = {*merges, *merges.values(), *(name for name, _ in keys)}
    told_of |= set(_named(verdicts)).intersection(ids)
    # Whoever shares nothing with anybody needs no graph; in a large export that is nearly everybody.
    alone = {name: name for name in ids if name not in told_of}
    ranked = _ranked(told_of, merges, sources)
    pairs = sorted({(ranked[merges.get(name, name)], key) for name, key in keys})
    owners = Counter(key for _, key in pairs)
    shut = {key for key, n in owners.items() if n > MOST_IDS or is_blocked(key.partition(":")[2], blocklist)}
    borne = [pair for pair in pairs if pair[1] not in shut]
    if not glue:
        borne = list({key: (name, key) for name, key in reversed(borne)}.values())
    web = _Web.of(ranked, borne, merges, first_seen, verdicts=verdicts or Verdicts())
    blocked = Counter(key[len(KEYED) :].partition(":")[0] for key in shut)
    if not glue:
        return _beside(_known(web, set(), blocked), alone)
    let_go = web.let_go()
    refused = {key for key, why in let_go.items() if why != "doubt"}
    told, sure = _known(web, refused, blocked), _known(web, set(let_go), blocked)
    review = _review(web, [*_doubtful(web, let_go, refused), *_alike(web, refused)])
    moved = {sure.canonical[node]: told.canonical[node] for node in sure.canonical}
    return replace(
        _beside(told, alone),
        doubtful={one: other for one, other in moved.items() if one != other},
        review=review,
        beyond_doubt=replace(_beside(sure, alone), review=review.assign(glued=False)),
    )


def _named(verdicts: Verdicts | None) -> Iterator[str]:
    for pair in (*verdicts.alike, *verdicts.apart) if verdicts else ():
        yield from pair


def _beside(known: Identity, alone: Mapping[str, str]) -> Identity:
    return replace(known, canonical={**known.canonical, **alone})


def _ranked(ids: Iterable[str], merges: Mapping[str, str], sources: Sequence[str]) -> dict[str, int]:
    """Order the ids: the one of a person that ranks first is the person's."""
    place = {source: number for number, source in enumerate(sources)}

    def order(name: str) -> tuple[int, bool, tuple[int, str]]:
        return place.get(name.partition(":")[0], len(place)), merges.get(name, name) != name, natural(name)

    return {name: number for number, name in enumerate(sorted(set(ids), key=order))}


@dataclass(frozen=True)
class _Web:
    """Ids (the first nodes, in rank) and keys as a graph of places."""

    nodes: list[str]
    sources: Ints  # of every id
    merged: Ints  # (id, id)
    borne: Ints  # (id, key), in rank
    kinds: Ints  # of every pair in `borne`: its place in _KINDS
    alike: Ints  # (id, id)
    apart: Ints  # (id, id)
    numbered: Mapping[str, str]

    @classmethod
    def of(
        cls,
        ranked: Mapping[str, int],
        borne: Sequence[tuple[int, str]],
        merges: Mapping[str, str],
        first_seen: Sequence[str],
        *,
        verdicts: Verdicts,
    ) -> Self:
        """Put the places of ids and keys into arrays."""
        keys = dict.fromkeys([*(key for _, key in borne), *first_seen])
        place = {key: number for number, key in enumerate(keys, start=len(ranked))}
        kind_of = {key: _KINDS.index(key[len(KEYED) :].partition(":")[0]) for key in keys}

        def places(pairs: Iterable[tuple[str, str]]) -> Ints:
            return pairs_of((ranked[one], ranked[two]) for one, two in pairs if one in ranked and two in ranked)

        systems = pd.factorize(np.array([name.partition(":")[0] for name in ranked], dtype=object))[0]
        return cls(
            [*ranked, *keys],
            systems.astype(np.int64),
            pairs_of((ranked[old], ranked[kept]) for old, kept in merges.items()),
            pairs_of((name, place[key]) for name, key in borne),
            np.array([kind_of[key] for _, key in borne], dtype=np.int64),
            places(verdicts.alike),
            places(verdicts.apart),
            _numbers(first_seen),
        )

    @property
    def n_ids(self) -> int:
        """How many nodes are ids."""
        return len(self.sources)

    def of_kind(self, *kinds: str) -> Ints:
        """Pick the edges to keys of some kinds."""
        return self.borne[np.isin(self.kinds, [_KINDS.index(kind) for kind in kinds])]

    def people(self, without: Iterable[int] = (), kinds: Sequence[str] = (*_KINDS, "likeness")) -> Ints:
        """Give every node its person's first id, or the number of ids where nobody owns it."""
        edges = self.of_kind(*(kind for kind in kinds if kind in _KINDS))
        likely = self.alike if "likeness" in kinds else self.alike[:0]
        labels = joined(len(self.nodes), self.merged, likely, edges[~np.isin(edges[:, 1], list(without))])
        best = np.full(len(self.nodes), self.n_ids, dtype=np.int64)
        np.minimum.at(best, labels[: self.n_ids], np.arange(self.n_ids))
        found: Ints = best[labels]
        return found

    def let_go(self) -> dict[int, str]:
        """Find the keys that must not glue, or only with doubt, each with the reason."""
        size, mail, rest = len(self.nodes), self.of_kind("email"), self.of_kind("phone", "visitor")
        crowds: dict[str, Test] = {"size": crowded(self.n_ids, LARGEST)}
        firm = np.concatenate([self.merged, self.alike])
        chained = cut(size, firm, mail, tests=crowds)
        solid = np.concatenate([firm, mail[~np.isin(mail[:, 1], list(chained))]])
        blocks = joined(size, solid)
        bearers = Bearers.of(blocks, self.sources, mail, self.of_kind("phone"))
        contradictions = {"contradiction": contradicted(bearers, LARGEST), "apart": parted(blocks, self.apart)} | crowds
        refused = cut(size, solid, rest, tests=contradictions)
        return chained | cut(size, solid, rest, tests={"doubt": doubted(bearers)}, so_far=refused)


def _known(web: _Web, without: set[int], blocked: Mapping[str, int]) -> Identity:
    """Name every id and reference when some keys let go, and count what each kind glues beyond those before it."""
    people = web.people(without)
    final = {}
    for node, person in zip(web.nodes, people.tolist(), strict=True):
        name = web.nodes[person] if person < web.n_ids else web.numbered.get(node)
        if name:
            final[node] = name
    order = (*_KINDS, "likeness")
    left = [len(np.unique(web.people(without, order[:n])[: web.n_ids])) for n in range(len(order) + 1)]
    steps = zip(("merge", *order), [web.n_ids, *left], left, strict=False)
    glued_by = {kind: before - after for kind, before, after in steps}
    return Identity(final, sum(glued_by.values()), blocked, glued_by)


def _doubtful(web: _Web, let_go: Mapping[int, str], refused: set[int]) -> Iterator[_Doubt]:
    """Yield the pairs of people between whom a key let go, or glued with doubt."""
    certain, canonical = web.people(let_go), web.people(refused)
    bearers: dict[tuple[int, int], dict[int, int]] = {}
    rows = np.flatnonzero(np.isin(web.borne[:, 1], list(let_go)))
    for (name, key), kind in zip(web.borne[rows].tolist(), web.kinds[rows].tolist(), strict=True):
        # What something else glues beyond doubt needs no look.
        bearers.setdefault((key, kind), {}).setdefault(int(certain[name]), name)
    for (key, kind), names in bearers.items():
        first, *others = names.values()
        for other in others:
            glued = bool(canonical[first] == canonical[other])
            if glued == (let_go[key] == "doubt"):
                yield first, other, _KINDS[kind], _WHY[let_go[key]], glued


def _alike(web: _Web, refused: set[int]) -> Iterator[_Doubt]:
    """Yield pairs whose addresses are probably one mailbox."""
    canonical = web.people(refused)
    boxes: dict[str, dict[int, int]] = {}
    for name, key in web.of_kind("email").tolist():
        box = loose_email(web.nodes[key].partition(":")[2])
        boxes.setdefault(box, {}).setdefault(int(canonical[name]), name)
    for people in boxes.values():
        first, *others = people.values()
        yield from ((first, other, "email", _ALIKE, False) for other in others)


def _review(web: _Web, doubts: Iterable[_Doubt]) -> pd.DataFrame:
    rows = sorted(set(doubts), key=lambda doubt: (not doubt[4], *doubt[:4]))
    told = [(web.nodes[one], web.nodes[other], *rest) for one, other, *rest in rows]
    return pd.DataFrame(told, columns=list(_REVIEW)).astype(_REVIEW)


def _numbers(first_seen: Sequence[str]) -> dict[str, str]:
    """Give numbers to the references that nobody owns by first appearance: the key itself must not be seen."""
    names: dict[str, str] = {}
    count: Counter[str] = Counter()
    for reference in first_seen:
        kind, _, value = reference[len(KEYED) :].partition(":")
        if reference not in names:
            count[kind] += 1
            names[reference] = f"visitor:{value}" if kind == "visitor" else f"{kind}#{count[kind]:06d}"
    return names
