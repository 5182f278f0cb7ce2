"""Ids and keys as a graph: its connected groups, and which keys must let go so that no group contradicts itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mining.sources.table import Ints

__all__ = ["Bearers", "Test", "contradicted", "crowded", "cut", "doubted", "joined", "pairs_of", "parted"]

# From the group of every node to the groups that must not be, each with the blocks that must come apart; none: any.
Test = Callable[[Ints], Mapping[int, Iterable[int]]]


def pairs_of(pairs: Iterable[tuple[int, int]]) -> Ints:
    """Put pairs of places into two columns."""
    return np.array(list(pairs), dtype=np.int64).reshape(-1, 2)


def joined(size: int, *edges: Ints) -> Ints:
    """Give every node the number of its connected group.

    Examples
    --------
    >>> joined(3, pairs_of([(0, 2)])).tolist()
    [0, 1, 0]
    """
    if not size:
        return np.empty(0, dtype=np.int64)
    ends = np.concatenate([pairs_of(()), *edges])
    graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(size, size))
    labels: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def cut(
    size: int, solid: Ints, loose: Ints, *, tests: Mapping[str, Test], so_far: Mapping[int, str] | None = None
) -> dict[int, str]:
    """Let keys go until no group fails a test: of those between what must come apart, the most widely shared first.

    Keys that are shared equally widely go together, so that no order of the data decides which.

    Parameters
    ----------
    size : int
        Number of nodes.
    solid, loose : ndarray of (id, key)
        Edges that stay, and those whose keys may go.
    tests : dict
        Reason to the test that finds the groups it speaks against.
    so_far : dict, optional
        Keys that went before, with the reason.

    Returns
    -------
    dict
        Keys that let go, those before included, with the reason.
    """
    dropped = dict(so_far or {})
    loose = loose[~np.isin(loose[:, 1], list(dropped))]
    # How widely a key is shared counts people, not ids: what is solid is one.
    blocks = joined(size, solid)
    while len(loose):
        labels = joined(size, solid, loose)
        failing: dict[int, str] = {}
        apart: set[int] = set()
        for reason, test in tests.items():
            for label, those in test(labels).items():
                failing.setdefault(label, reason)
                apart |= set(those) or set(blocks[labels == label].tolist())
        inside = loose[np.isin(labels[loose[:, 1]], list(failing))]
        borne = np.unique(np.column_stack([inside[:, 1], blocks[inside[:, 0]]]), axis=0)
        widest = _widest(_between(borne, apart), labels)
        if not widest:
            break
        dropped.update({key: failing[int(labels[key])] for key in widest})
        loose = loose[~np.isin(loose[:, 1], list(widest))]
    return dropped


def _between(borne: Ints, apart: set[int]) -> Ints:
    """Keep the (key, block) pairs that lie between blocks that must come apart: what only hangs on is pruned."""
    stays = np.isin(borne[:, 1], list(apart))
    while True:
        _, key, keys_blocks = np.unique(borne[:, 0], return_inverse=True, return_counts=True)
        _, block, blocks_keys = np.unique(borne[:, 1], return_inverse=True, return_counts=True)
        kept = (keys_blocks[key] > 1) & ((blocks_keys[block] > 1) | stays)
        if kept.all():
            return borne
        borne, stays = borne[kept], stays[kept]


def _widest(borne: Ints, labels: Ints) -> set[int]:
    """Find the keys that join the most blocks of their group."""
    keys, counts = np.unique(borne[:, 0], return_counts=True)
    most = np.zeros(len(labels), dtype=np.int64)
    np.maximum.at(most, labels[keys], counts)
    return set(keys[counts == most[labels[keys]]].tolist())


def crowded(n_ids: int, largest: int) -> Test:
    """Say which groups hold too many ids to be one person; the ids are the first nodes."""

    def test(labels: Ints) -> dict[int, Iterable[int]]:
        counts = np.bincount(labels[:n_ids], minlength=1)
        return dict.fromkeys(np.flatnonzero(counts > largest).tolist(), ())

    return test


@dataclass(frozen=True)
class Bearers:
    """Blocks of ids that bear an e-mail address in a source, and the telephone numbers of every block."""

    block: Ints
    source: Ints
    node: Ints
    phones: Mapping[int, frozenset[int]]

    @classmethod
    def of(cls, blocks: Ints, sources: Ints, mail: Ints, phones: Ints) -> Self:
        """Collect who bears what, from the block of every node and the source of every id."""
        bearing = np.unique(mail[:, 0])
        numbers: dict[int, set[int]] = {}
        for block, key in zip(blocks[phones[:, 0]].tolist(), phones[:, 1].tolist(), strict=True):
            numbers.setdefault(block, set()).add(key)
        told = {block: frozenset(keys) for block, keys in numbers.items()}
        return cls(blocks[bearing], sources[bearing], bearing, told)

    def together(self, labels: Ints) -> Iterator[tuple[int, list[int]]]:
        """Yield the groups in which one source has several blocks with addresses, and those blocks."""
        rows = np.unique(np.column_stack([labels[self.node], self.source, self.block]), axis=0)
        _, start, count = np.unique(rows[:, :2], axis=0, return_index=True, return_counts=True)
        for first, size in zip(start[count > 1].tolist(), count[count > 1].tolist(), strict=True):
            yield int(rows[first, 0]), rows[first : first + size, 2].tolist()


def doubted(bearers: Bearers) -> Test:
    """Say which groups hold people with other addresses in one source, and who they are."""
    return lambda labels: _gathered(bearers.together(labels))


def contradicted(bearers: Bearers, largest: int) -> Test:
    """Say which groups hold people with other addresses and other numbers in one source, and who they are.

    Groups of more than `largest` such people are left to `crowded`: their pairs are too many to look at.
    """

    def differ(one: int, two: int) -> bool:
        first, second = bearers.phones.get(one, frozenset()), bearers.phones.get(two, frozenset())
        return bool(first - second) and bool(second - first)

    def test(labels: Ints) -> dict[int, set[int]]:
        few = ((label, blocks) for label, blocks in bearers.together(labels) if len(blocks) <= largest)
        pairs = ((label, pair) for label, blocks in few for pair in combinations(blocks, 2))
        return _gathered((label, pair) for label, pair in pairs if differ(*pair))

    return test


def parted(blocks: Ints, apart: Ints) -> Test:
    """Say which groups hold a pair that is known to be two people; what is solid cannot be parted."""
    pairs = blocks[apart]
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    # Any node speaks for its block: all of a block are in one group.
    node_of = dict(zip(blocks.tolist(), range(len(blocks)), strict=True))
    nodes = pairs_of((node_of[one], node_of[two]) for one, two in pairs.tolist())

    def test(labels: Ints) -> dict[int, set[int]]:
        together = labels[nodes[:, 0]] == labels[nodes[:, 1]]
        return _gathered(zip(labels[nodes[together, 0]].tolist(), pairs[together].tolist(), strict=True))

    return test


def _gathered(found: Iterable[tuple[int, Iterable[int]]]) -> dict[int, set[int]]:
    told: dict[int, set[int]] = {}
    for label, blocks in found:
        told.setdefault(label, set()).update(blocks)
    return told
