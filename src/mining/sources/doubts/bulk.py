"""Rows written by an import or a bulk update: a second in which one hand wrote what no hand can."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mining.sources.columns import Columns
from mining.sources.groups import group_of
from mining.sources.table import Coded, Ints

__all__ = ["MANY", "mark_bulk"]

MANY = 20
_SECOND = 1_000_000
_WRITTEN = ("state", "handoff", "internal", "system")
_FINE = ("us", "ms", "s")


def mark_bulk(columns: Columns) -> int:
    """Mark records that were written with at least nineteen others of their kind in one second.

    Only what is written into the CRM (states, hand-overs, internal notes) can be a bulk update; contacts with customers
    may well go out to thousands in a second. A clock that shows no seconds proves nothing.

    Returns
    -------
    int
        Touchpoints marked that the source had not marked itself.
    """
    size = len(columns.seq)
    kind = columns.text.get("touchpoint_kind", Coded.empty(size)).isin(_WRITTEN)
    fine = columns.text["timestamp_precision"].isin(_FINE)
    rows = np.flatnonzero(columns.keep & kind & fine)
    if not len(rows):
        return 0
    crowd = _crowded(columns, rows)
    fresh = rows[crowd & ~columns.flags["is_bulk"][rows]]
    columns.flags["is_bulk"][fresh] = True
    return len(fresh)


def _crowded(columns: Columns, rows: Ints) -> npt.NDArray[np.bool_]:
    """Say which rows share table, activity, actor and second with enough others about other cases."""
    actor = columns.text.get("actor", Coded.empty(len(columns.seq))).codes[rows]
    second = columns.times["timestamp"][rows] // _SECOND
    group = group_of(columns.page[rows], columns.text["activity"].codes[rows], actor, second)
    # One record may be written for several customers: it counts once.
    breadth = int(columns.position.max(initial=0)) + 1
    cases = np.unique(group * breadth + columns.position[rows]) // breadth
    return np.asarray(np.bincount(cases, minlength=int(group.max()) + 1)[group] >= MANY)
