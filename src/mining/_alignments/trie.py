"""Variants as a tree of prefixes: what several share is aligned once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

__all__ = ["Level", "Trie"]

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Level:
    """All prefixes of one length: the node one shorter, the label that leads here, and each variant's node."""

    parent: Integers  # node of the level above
    label: Integers  # number of the label; n_labels for one that the model does not know
    node_of: Integers  # for each variant its node here, -1 where it is shorter


@dataclass(frozen=True, eq=False)
class Trie:
    """Variants of one batch, as levels of prefixes; level 0 holds the empty prefix."""

    levels: tuple[Level, ...]
    length: Integers
    n_labels: int

    @classmethod
    def of(cls, variants: Sequence[tuple[str, ...]], labels: Sequence[str]) -> Self:
        """Build the tree of variants in terms of a model's labels."""
        number = {label: at for at, label in enumerate(labels)}
        length = np.array([len(variant) for variant in variants], np.int64)
        flat = np.array([number.get(word, len(labels)) for variant in variants for word in variant], np.int64)
        start = np.cumsum(length) - length
        node = np.zeros(len(variants), np.int64)
        levels = [Level(np.zeros(1, np.int64), np.full(1, -1, np.int64), node)]
        for depth in range(int(length.max(initial=0))):
            live = np.flatnonzero(length > depth)
            key = node[live] * (len(labels) + 1) + flat[start[live] + depth]
            distinct, here = np.unique(key, return_inverse=True)
            node = np.full(len(variants), -1, np.int64)
            node[live] = here
            levels.append(Level(distinct // (len(labels) + 1), distinct % (len(labels) + 1), node))
        return cls(tuple(levels), length, len(labels))
