"""Results group by group: one of a kind for each group, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from mining._errors import MiningError

__all__ = ["ByGroup"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class ByGroup(Generic[T]):
    """One result per group.

    Attributes
    ----------
    parts : mapping of str
        Results by group, in the order of the groups' names.
    """

    parts: Mapping[str, T]

    def __getitem__(self, group: str) -> T:
        """Give the result of one group."""
        if group not in self.parts:
            raise MiningError.unknown("group", group, list(self.parts))
        return self.parts[group]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.parts)} groups: {', '.join(self.parts)}>"
