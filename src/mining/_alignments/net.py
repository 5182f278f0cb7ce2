"""A Petri net as plain records: what crosses the pm4py door and what alignments are computed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Net", "Transition"]


class Transition(NamedTuple):
    """A step of a model: consumes one token from each place of `before`, puts one into each of `after`."""

    label: str | None  # None is silent: it costs nothing and leaves no touchpoint
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True)
class Net:
    """An ordinary Petri net with one initial and one final marking.

    Attributes
    ----------
    n_places : int
        Places are 0 .. n_places - 1.
    transitions : tuple of Transition
        In a stable order.
    initial, final : tuple of int
        The places that hold one token each at the start and at the end.
    """

    n_places: int
    transitions: tuple[Transition, ...]
    initial: tuple[int, ...]
    final: tuple[int, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of visible transitions, sorted, each once."""
        return tuple(sorted({step.label for step in self.transitions if step.label is not None}))
