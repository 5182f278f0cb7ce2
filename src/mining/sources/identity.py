"""The same person under many ids: exact keys and merges glued by union-find; what a shared key may glue is capped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mining.sources.emit import KEYED
from mining.sources.keys import is_blocked
from mining.sources.links import natural

__all__ = ["MOST_IDS", "Identity", "merge_ids", "resolve"]

MOST_IDS = 20


@dataclass(frozen=True)
class Identity:
    """Final ids, and what was glued.

    Attributes
    ----------
    canonical : dict
        Id or key reference to final id.
    n_glued : int
        Ids that became part of another.
    blocked : dict
        Kind of key to the number of keys that were too widely shared to glue.
    """

    canonical: Mapping[str, str]
    n_glued: int
    blocked: Mapping[str, int]


def merge_ids(merges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Follow merges to the id that survived: transitive, and safe where they run in a circle.

    Examples
    --------
    >>> merge_ids([("a:1", "a:2"), ("a:2", "a:3")])["a:1"]
    'a:3'
    """
    pairs = [(old, kept) for old, kept in merges if old != kept]
    gone = {old for old, _ in pairs}
    groups = _groups(list(dict.fromkeys(word for pair in pairs for word in pair)), pairs)
    final = {}
    for members in groups:
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
) -> Identity:
    """Decide which ids and keys are one person.

    Two ids are one person when they share a normalised e-mail, telephone number or visitor id, directly or through
    others, or when the CRM merged them. A key of more than 20 ids, or of an office (info@...), glues nothing.

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

    Returns
    -------
    Identity
    """
    pairs = sorted(set(keys), key=lambda pair: (sources.index(pair[0].partition(":")[0]), natural(pair[0]), pair[1]))
    pairs = [(merges.get(name, name), key) for name, key in pairs]
    owners = Counter(key for _, key in dict.fromkeys(pairs))
    shut = {key for key, n in owners.items() if n > MOST_IDS or is_blocked(key.partition(":")[2], blocklist)}
    edges = [(name, key) for name, key in pairs if key not in shut]
    if not glue:
        edges = list({key: (name, key) for name, key in reversed(edges)}.values())
    nodes = list(dict.fromkeys([*ids, *merges.values(), *(w for edge in edges for w in edge), *first_seen]))
    edges += [(old, kept) for old, kept in merges.items()]
    nodes = list(dict.fromkeys([*nodes, *merges]))
    order = {source: place for place, source in enumerate(sources)}
    numbered = _numbers(first_seen)
    final: dict[str, str] = {}
    glued = 0
    for members in _groups(nodes, edges):
        own = [name for name in members if not name.startswith(KEYED)]
        best = min(
            own,
            key=lambda name: (order[name.partition(":")[0]], name in merges and merges[name] != name, natural(name)),
            default="",
        )
        final.update(dict.fromkeys(members, best or numbered.get(members[0], "")))
        glued += max(0, len(own) - 1)
    return Identity(final, glued, Counter(key[1:].partition(":")[0] for key in shut))


def _numbers(first_seen: Sequence[str]) -> dict[str, str]:
    """Give numbers to the references that nobody owns by first appearance: the key itself must not be seen."""
    names: dict[str, str] = {}
    count: Counter[str] = Counter()
    for reference in first_seen:
        kind, _, value = reference[1:].partition(":")
        if reference not in names:
            count[kind] += 1
            names[reference] = f"visitor:{value}" if kind == "visitor" else f"{kind}#{count[kind]:06d}"
    return names


def _groups(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Split nodes into connected groups, in the order of their first members."""
    place = {node: number for number, node in enumerate(nodes)}
    ends = np.array([(place[one], place[two]) for one, two in edges], dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(len(nodes), len(nodes)))
    count, labels = connected_components(graph, directed=False) if len(nodes) else (0, np.empty(0, dtype=np.int64))
    order = np.argsort(labels, kind="stable")
    if not count:
        return []
    cuts = np.cumsum(np.bincount(labels, minlength=count))[:-1]
    return [[nodes[place] for place in group] for group in np.split(order, cuts)]
