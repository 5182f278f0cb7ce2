"""The ideal customer group by group: whether those of one persona, segment or period are won for other reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mining._errors import MiningError
from mining.journeys import Journeys
from mining.journeys.by_group import ByGroup
from mining.journeys.groups import grouped
from mining.personas.ideal import IdealCustomers, find_ideal_customers
from mining.personas.lifts import AVOID, IDEAL
from mining.personas.prospects import LOST, OPEN, WON

__all__ = ["IdealByGroup", "find_ideal_each"]


@dataclass(frozen=True, eq=False, repr=False)
class IdealByGroup(ByGroup[IdealCustomers]):
    """The ideal customer of each group; see `find_ideal_each`.

    Attributes
    ----------
    parts : mapping of str to IdealCustomers
        By group.
    left_out : DataFrame
        group, reason: groups of which nothing can be told.
    """

    left_out: pd.DataFrame

    @property
    def frame(self) -> pd.DataFrame:
        """Lay the groups side by side.

        Returns
        -------
        DataFrame
            One row per group: group, n_won, n_lost, n_open, auc with low and high (95 %, held out), is_told, ideal and
            avoid (values, surest first, at most three). Every group is corrected for what was looked at in it, not for
            the number of groups: whether groups differ is asked by `compare_groups`.
        """
        return pd.DataFrame([_row(group, found) for group, found in self.parts.items()])

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=len(self.parts))


def find_ideal_each(journeys: Journeys, by: Any, *, random_state: int = 0) -> IdealByGroup:
    """Find the ideal customer of each group by itself.

    Parameters
    ----------
    journeys : Journeys
        All of them.
    by : str, Series or personas
        A field, an attribute, a Series per journey or customer, or fitted personas.
    random_state : int, default 0
        As for `find_ideal_customers`.

    Returns
    -------
    IdealByGroup

    Raises
    ------
    MiningError
        Where nothing can be told of any group.
    """
    parts, few = {}, []
    for group, own in grouped(journeys, by):
        try:
            parts[group] = find_ideal_customers(own, random_state=random_state)
        except MiningError as reason:
            few.append((group, str(reason)))
    if not parts:
        raise MiningError.empty(
            "The ideal customer by groups", f"nothing can be told of any. {few[0][1] if few else ''}"
        )
    return IdealByGroup(parts, pd.DataFrame(few, columns=["group", "reason"]).astype("str"))


def _row(group: str, found: IdealCustomers) -> dict[str, Any]:
    auc, low, high = found.model.auc
    counts = {
        name: int((found.prospects.fate == fate).sum())
        for name, fate in (("n_won", WON), ("n_lost", LOST), ("n_open", OPEN))
    }
    told = {"auc": auc, "low": low, "high": high, "is_told": found.model.is_told}
    return {"group": group, **counts, **told, "ideal": _values(found, IDEAL), "avoid": _values(found, AVOID)}


def _values(found: IdealCustomers, verdict: str) -> str:
    rows = found.frame[(found.frame["verdict"] == verdict) & found.frame["lift"].notna()].head(3)
    return "; ".join(f"{row.attribute}: {row.value}" for row in rows.itertuples())
