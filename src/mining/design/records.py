"""What a design is made of: stages, and their steps."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import pandas as pd

__all__ = ["TEAM", "Stage", "Step"]

TEAM: Final = "team "  # before the name of a team that is to act


class Step(NamedTuple):
    """Something that is meant to happen to the customer."""

    name: str
    instead: tuple[str, ...] = ()  # activities that do just as well
    channels: tuple[str, ...] = ()  # empty: any
    actor: str | None = None  # a kind of actor (employee), a department (service), or a team (team Billing)
    optional: bool = False
    repeatable: bool = False
    within: pd.Timedelta | None = None
    after: str | None = None  # the step from which `within` counts
    owner: str | None = None  # where it is not the stage's
    personas: tuple[str, ...] = ()  # for whom it is meant; empty: for everybody

    @property
    def activities(self) -> tuple[str, ...]:
        """The step's own activity and those that do instead."""
        return (self.name, *self.instead)


class Stage(NamedTuple):
    """A part of the journey that one owner answers for."""

    name: str
    steps: tuple[Step, ...]
    owner: str | None = None
    optional: bool = False
    repeatable: bool = False
    order: Literal["given", "any"] = "given"
    personas: tuple[str, ...] = ()

    def owner_of(self, step: Step) -> str | None:
        """Tell who owns a step of this stage: its own owner, else the stage's."""
        return step.owner or self.owner
