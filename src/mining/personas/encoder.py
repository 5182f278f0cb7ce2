"""Each perspective as columns of numbers of equal weight, learnt once and drawn again for other customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, Self

import numpy as np
import pandas as pd

from mining.personas.levels import Floats
from mining.personas.path import Path
from mining.personas.perspectives import Attributes, Channels, Measured, People
from mining.personas.seen import Seen

__all__ = ["BLOCKS", "Block", "Drawn", "Encoder"]

Drawn = Mapping[str, Floats]
BLOCKS: Final = ("path", "channels", "tempo", "people", "attributes")


class Block(Protocol):
    """One perspective."""

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:
        """Columns of numbers, one row per customer."""
        ...


@dataclass(frozen=True, eq=False)
class Encoder:
    """All perspectives that say anything, by name."""

    blocks: Mapping[str, Block]

    @classmethod
    def learn(cls, seen: Seen, table: pd.DataFrame, features: Collection[str]) -> Self:
        """Learn the blocks asked for; a block in which all customers are equal is left out."""
        blocks: dict[str, Block] = {}
        for name in BLOCKS:
            if name not in features or (name == "attributes" and table.empty):
                continue
            block = _learn(name, seen, table)
            if block.draw(seen, table).any():
                blocks[name] = block
        return cls(blocks)

    def draw(self, seen: Seen, table: pd.DataFrame) -> Drawn:
        """Columns of every block for some customers."""
        return {name: block.draw(seen, table) for name, block in self.blocks.items()}

    def points(self, seen: Seen, table: pd.DataFrame) -> Floats:
        """All columns side by side."""
        return np.column_stack([np.zeros((seen.n_customers, 0)), *self.draw(seen, table).values()])


def _learn(name: str, seen: Seen, table: pd.DataFrame) -> Block:
    if name == "path":
        return Path.learn(seen)
    if name == "channels":
        return Channels.learn(seen)
    if name == "attributes":
        return Attributes.learn(table)
    if name == "people":
        return People.learn(seen)
    return Measured.learn(seen, name)
