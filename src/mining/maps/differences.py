"""Where the maps of several groups differ by more than chance: tested customer by customer, corrected for all cells."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._statistics import SMALLEST_CELL, false_discovery_rate, share_difference, wilson
from mining.maps.scene import Scene
from mining.timing.losses import exact_p, fates

__all__ = ["COLUMNS", "differences_of"]

Integers = npt.NDArray[np.int64]
_LEVEL: Final = 0.05
COLUMNS: Final = [
    "stage", "lane", "item", "persona", "share", "share_others", "difference", "low", "high", "n", "n_others",
    "p_adjusted", "is_found",
]  # fmt: skip


def differences_of(scene: Scene, group: Integers, names: list[str], by: Any) -> pd.DataFrame:
    """Compare the shares of each group's customers, stage by stage, with those of all other groups.

    A customer is in the group of its first journey. Personas are tested on nothing that made them: of them only whether
    customers go on to a later stage.

    Parameters
    ----------
    scene : Scene
        Everybody's journeys, staged.
    group : ndarray of int
        Of each journey; -1 for none.
    names : list of str
        Of the groups.
    by : object
        What made the groups.

    Returns
    -------
    DataFrame
        stage, lane (customers do, we do, outcome), item, persona, share and share_others (of customers in the stage),
        difference with low and high (95 %, Newcombe), n, n_others, p_adjusted (Fisher's exact test;
        Benjamini-Hochberg over all rows), is_found (below .05). Cells of fewer than five customers are left out.

    References
    ----------
    Fisher, R. A. (1935); Benjamini, Y., Hochberg, Y. (1995); Newcombe, R. G. (1998), method 10.
    """
    of = _group_of_customers(scene, group)
    told = _going_on(scene)
    if not hasattr(by, "persona_of"):
        told = pd.concat([told, _done(scene)], ignore_index=True)
    told = told.assign(group=of[told["customer"].to_numpy(np.int64)])
    told = told[told["group"] >= 0]
    keys = ["stage", "lane", "item"]
    counted = told.groupby([*keys, "group"], sort=True)["holds"].agg(["sum", "size"]).reset_index()
    whole = counted.groupby(keys)[["sum", "size"]].transform("sum")
    k, n = counted["sum"].to_numpy(np.int64), counted["size"].to_numpy(np.int64)
    k_other, n_other = whole["sum"].to_numpy(np.int64) - k, whole["size"].to_numpy(np.int64) - n
    # Where few have it, or few have it not, on both sides together, there is nothing to tell apart.
    enough = (np.minimum(n, n_other) >= SMALLEST_CELL) & (k + k_other >= SMALLEST_CELL)
    enough &= n + n_other - k - k_other >= SMALLEST_CELL
    counted, k, n, k_other, n_other = (part[enough] for part in (counted, k, n, k_other, n_other))
    frame = pd.DataFrame(
        {
            "stage": [scene.staged.names[at] for at in counted["stage"]],
            "lane": counted["lane"].to_numpy(),
            "item": counted["item"].to_numpy(),
            "persona": [names[at] for at in counted["group"]],
            **_compared(k, n, k_other, n_other),
        }
    )
    frame["p_adjusted"] = false_discovery_rate(exact_p(k, n, k_other, n_other)) if len(frame) else np.zeros(0)
    frame["is_found"] = frame["p_adjusted"] < _LEVEL
    order = np.lexsort(
        (frame["persona"], frame["item"], frame["stage"], -frame["difference"].abs(), frame["p_adjusted"])
    )
    frame = frame[COLUMNS].astype(dict.fromkeys(("stage", "lane", "item", "persona"), "str"))
    return frame.iloc[order].reset_index(drop=True)


def _compared(k: Integers, n: Integers, k_other: Integers, n_other: Integers) -> dict[str, Any]:
    share, other = k / np.maximum(n, 1), k_other / np.maximum(n_other, 1)
    (low, high), (low_other, high_other) = wilson(k, n), wilson(k_other, n_other)
    difference, lower, upper = share_difference((share, low, high), (other, low_other, high_other))
    return {
        "share": share,
        "share_others": other,
        "difference": difference,
        "low": lower,
        "high": upper,
        "n": n,
        "n_others": n_other,
    }


def _group_of_customers(scene: Scene, group: Integers) -> Integers:
    """Put each customer into the group of its first journey that is in any."""
    log = scene.journeys.log
    first = log.first
    owner = scene.customer[first]
    order = np.lexsort((log.time[first], owner))
    order = order[group[order] >= 0]
    found = np.full(int(scene.customer.max(initial=-1)) + 1, -1, np.int64)
    owners, at = np.unique(owner[order], return_index=True)
    found[owners] = group[order[at]]
    return found


def _going_on(scene: Scene) -> pd.DataFrame:
    """Tell, per stage and customer, whether any of its journeys goes on to a later one; what may still is left out."""
    visits = scene.visits
    furthest = visits.groupby("journey")["stage"].transform("max")
    goes_on = furthest > visits["stage"]
    finished = fates(scene.journeys).is_finished[visits["journey"].to_numpy()]
    known = (goes_on | finished) & (visits["stage"] < scene.n_stages - 1)
    told = visits[known].assign(holds=goes_on[known]).groupby(["stage", "customer"])["holds"].any().reset_index()
    return pd.DataFrame(told).assign(lane="outcome", item="go on")


def _done(scene: Scene) -> pd.DataFrame:
    """Tell, per stage, activity and customer in the stage, whether it is among what happened to the customer there."""
    log = scene.journeys.log
    at = np.flatnonzero(scene.staged.of >= 0)
    rows = pd.DataFrame(
        {
            "stage": scene.staged.of[at], "activity": log.codes["activity"][at].astype(np.int64),
            "customer": scene.customer[at], "is_theirs": scene.is_customers[at],
        }
    )  # fmt: skip
    had = rows.drop_duplicates(["stage", "activity", "customer"])
    there = rows.drop_duplicates(["stage", "customer"])[["stage", "customer"]]
    kinds = rows.groupby(["stage", "activity"], as_index=False)["is_theirs"].mean()
    whole = there.merge(kinds, on="stage")
    marked = whole.merge(had[["stage", "activity", "customer"]].assign(holds=True), how="left")
    words = np.asarray(log.words["activity"], object)
    return pd.DataFrame(
        {
            "stage": marked["stage"], "customer": marked["customer"], "holds": marked["holds"].notna(),
            "lane": np.where(marked["is_theirs"] >= 0.5, "customers do", "we do"),
            "item": words[marked["activity"].to_numpy(np.int64)],
        }
    )  # fmt: skip
