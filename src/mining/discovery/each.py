"""Discovery group by group: a model per persona, segment, channel or period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.discovery.discovery import Discovery, discover
from mining.journeys import Journeys
from mining.journeys.by_group import ByGroup
from mining.journeys.groups import grouped

__all__ = ["Discoveries", "discover_each"]


@dataclass(frozen=True, eq=False, repr=False)
class Discoveries(ByGroup[Discovery]):
    """What customers of each group really do; see `discover_each`.

    Attributes
    ----------
    parts : mapping of str to Discovery
        By group, in the order of their names.
    left_out : tuple of str
        Groups of fewer than five customers.
    """

    left_out: tuple[str, ...] = ()

    @property
    def frame(self) -> pd.DataFrame:
        """Lay the groups side by side.

        Returns
        -------
        DataFrame
            One row per group: group, n_journeys, n_customers, n_activities, n_variants, commonest (path),
            commonest_share (0..1, of the group's journeys), fitness and precision of the group's own model (0..1,
            missing where out of reach), median_touchpoints, median_days.
        """
        return pd.DataFrame([_row(group, found) for group, found in self.parts.items()])

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=len(self.parts))


def _row(group: str, found: Discovery) -> dict[str, Any]:
    journeys = found.journeys
    portraits, variants = journeys.portraits(), found.variants.frame
    model = found.quality[found.quality["model"] == "discovered"]
    return {
        "group": group,
        "n_journeys": found.n_journeys,
        "n_customers": journeys.n_customers if isinstance(journeys, Journeys) else 0,
        "n_activities": len(found.flow.nodes),
        "n_variants": len(variants),
        "commonest": str(variants["variant"].iloc[0]),
        "commonest_share": float(variants["share"].iloc[0]),
        "fitness": float(model["fitness"].iloc[0]),
        "precision": float(model["precision"].iloc[0]),
        "median_touchpoints": float(portraits["n_touchpoints"].median()),
        "median_days": float(portraits["duration_days"].median()),
    }


def discover_each(journeys: Journeys, by: Any, *, noise_threshold: float | None = None) -> Discoveries:
    """Discover what the customers of each group really do, each with a model of its own.

    Parameters
    ----------
    journeys : Journeys
        All of them.
    by : str, Series or personas
        A field, an attribute, a Series per journey or customer, or fitted personas.
    noise_threshold : float, optional
        As for `mining.discover`.

    Returns
    -------
    Discoveries

    Raises
    ------
    MiningError
        Where no group has five customers.
    """
    parts, few = {}, []
    for group, own in grouped(journeys, by):
        if own.n_customers < SMALLEST_CELL:
            few.append(group)
        else:
            parts[group] = discover(own, noise_threshold=noise_threshold)
    if not parts:
        raise MiningError.empty("A discovery by groups", f"no group has {SMALLEST_CELL} customers.")
    return Discoveries(parts, tuple(few))
