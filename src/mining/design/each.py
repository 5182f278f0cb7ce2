"""Comparison with the design group by group, and where the groups differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.design.compare import compare
from mining.design.design import Design
from mining.design.deviations import Deviations
from mining.journeys import Journeys
from mining.journeys.by_group import ByGroup
from mining.journeys.groups import grouped

__all__ = ["DeviationsByGroup", "compare_each"]


@dataclass(frozen=True, eq=False, repr=False)
class DeviationsByGroup(ByGroup[Deviations]):
    """Each group beside the design; see `compare_each`.

    Attributes
    ----------
    parts : mapping of str to Deviations
        By group.
    left_out : tuple of str
        Groups of fewer than five customers, or with none of the design's activities.
    """

    left_out: tuple[str, ...] = ()

    @property
    def verdicts(self) -> pd.DataFrame:
        """Verdicts of every group: group, verdict, n_journeys, of_journeys, share with share_low and share_high."""
        return pd.concat([part.verdicts.assign(group=group) for group, part in self.parts.items()], ignore_index=True)[
            ["group", "verdict", "n_journeys", "of_journeys", "share", "share_low", "share_high"]
        ]

    @property
    def frame(self) -> pd.DataFrame:
        """Deviations of every group: group, then the columns of `Deviations.frame`."""
        parts = [part.frame.assign(group=group) for group, part in self.parts.items()]
        frame = pd.concat(parts, ignore_index=True)
        return frame[["group", *(name for name in frame.columns if name != "group")]]

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.verdicts, caption=repr(self)[1:-1], rows=4 * len(self.parts))


def compare_each(journeys: Journeys, design: Design, by: Any) -> DeviationsByGroup:
    """Compare the journeys of each group with the design.

    Where the design means steps for a persona of the group's name alone, the group is compared with the design of that
    persona (`Design.of`). Whether groups differ by more than chance is asked by `Deviations.behind` of all journeys.

    Parameters
    ----------
    journeys : Journeys
        All of them.
    design : Design
        The designed journey.
    by : str, Series or personas
        A field, an attribute, a Series per journey or customer, or fitted personas.

    Returns
    -------
    DeviationsByGroup

    Raises
    ------
    MiningError
        Where no group has five customers and an activity of the design.
    """
    parts, few = {}, []
    for group, own in grouped(journeys, by):
        known = set(own.activities) & set(design.activities)
        if own.n_customers < SMALLEST_CELL or not known:
            few.append(group)
            continue
        parts[group] = compare(own, design.of(group) if group in design.personas else design)
    if not parts:
        raise MiningError.empty(
            "A comparison by groups", f"no group has {SMALLEST_CELL} customers and a designed step."
        )
    return DeviationsByGroup(parts, tuple(few))
