"""The scene: one group of journeys with the stages of its touchpoints, which everything on the map looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.timing.stages import Staged

if TYPE_CHECKING:
    from mining.design import Design

__all__ = ["Flags", "Floats", "Integers", "Scene", "scene_of"]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scene:
    """One group of journeys with the stages of its touchpoints: what every lane looks at."""

    journeys: Journeys
    staged: Staged
    design: Design | None

    @cached_property
    def customer(self) -> Integers:
        """Customer of each touchpoint."""
        return customer_of(self.journeys.log)[self.journeys.log.journey_of]

    @cached_property
    def is_customers(self) -> Flags:
        """Whether the customer acted: his own kind of actor, else an inbound contact of nobody named."""
        log = self.journeys.log
        known = log.codes["actor_kind"] >= 0
        return np.asarray(log.holds("actor_kind", "customer") | (~known & log.holds("direction", "inbound")))

    @cached_property
    def is_contact(self) -> Flags:
        """Whether a touchpoint is a meeting of customer and company in a known channel."""
        log = self.journeys.log
        return np.asarray(log.holds("touchpoint_kind", "interaction") & (log.codes["channel"] >= 0))

    @property
    def n_stages(self) -> int:
        """How many stages."""
        return len(self.staged.names)

    @cached_property
    def visits(self) -> pd.DataFrame:
        """One row per journey and stage that it touches: journey, stage, customer, first, last (positions)."""
        at = np.flatnonzero(self.staged.of >= 0)
        rows = pd.DataFrame(
            {
                "journey": self.journeys.log.journey_of[at],
                "stage": self.staged.of[at],
                "customer": self.customer[at],
                "at": at,
            }
        )
        found = rows.groupby(["journey", "stage"], as_index=False).agg(
            customer=("customer", "first"), first=("at", "min"), last=("at", "max")
        )
        return pd.DataFrame(found)


def scene_of(journeys: Journeys, staged: Staged, design: Design | None, chosen: Flags) -> Scene:
    """Narrow to the journeys chosen; stages stay what they are among all."""
    if chosen.all():
        return Scene(journeys, staged, design)
    of = staged.of[np.repeat(chosen, journeys.log.lengths)]
    return Scene(journeys.keep(chosen), Staged(staged.names, of, staged.mark), design)
