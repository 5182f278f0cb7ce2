"""Waits that go with losses, each told once: a wait that only mirrors a stronger one is not listed beside it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from mining._statistics import wilson
from mining.journeys import Journeys
from mining.maps.evidence import Evidence, percents
from mining.maps.phrases import span_said
from mining.timing import Waits
from mining.timing.losses import fates, first_waits
from mining.timing.steps_taken import steps_taken

if TYPE_CHECKING:
    from mining.design import Design

__all__ = ["designed_pairs", "waits_that_lose"]

_OWN_EVIDENCE: Final = 0.01  # stricter than 0.05: the same customers have already spoken once
_TENTHS: Final = 10


def designed_pairs(journeys: Journeys, design: Design | None) -> list[tuple[str, str]]:
    """List the pairs of steps whose wait the design speaks of: what a step comes after, and the step before it."""
    if design is None:
        return []
    steps = design.frame
    names = steps["step"].tolist()
    pairs = [*pairwise(map(str, names))]
    pairs += [(str(row["after"]), str(row["step"])) for row in steps.dropna(subset=["after"]).to_dict("records")]
    known = set(journeys.activities)
    return [pair for pair in dict.fromkeys(pairs) if set(pair) <= known and pair[0] != pair[1]]


def waits_that_lose(journeys: Journeys, waits: Waits, promised: AbstractSet[tuple[str, str]]) -> Iterator[Evidence]:
    """Find steps whose longer waits go with more losses, apart from those that mirror a stronger one.

    Of two waits found, the weaker one (fewer customers lost beyond the comparison; a wait that the design promises
    comes first) is tested again among customers whose other wait was about as long (tenths of it; Cochran, Mantel and
    Haenszel): what then has no clear evidence of its own (p < 0.01) is explained.

    References
    ----------
    Mantel, N., Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies of disease.
    """
    tested = waits.loss[waits.loss["p_adjusted"].notna()]
    evidence = [_evidence(row) for row in tested.to_dict("records")]
    found = sorted(
        (each for each in evidence if not each.absent_because),
        key=lambda each: (each.pair not in promised, -each.severity, each.where),
    )
    mirrors = _mirrors(journeys, waits, [each.pair for each in found])
    yield from (each._replace(explained=mirrors.get(each.pair, "")) for each in evidence)


def _evidence(row: dict[Any, Any]) -> Evidence:
    n, n_long = int(row["n"]), int(row["n_long"])
    share, other, split = (float(row[name]) for name in ("lost_share_long", "lost_share_short", "split_hours"))
    low, high = (float(bound) for bound in wilson(share * n_long, n_long))
    first, second = str(row["activity"]), str(row["next_activity"])
    said = (
        f"Of {n_long:,} customers who waited longer than {span_said(split)} from {first} to {second}, "
        f"{percents(share, low, high)} were lost, against {percents(other)} of {n - n_long:,} who waited less; going "
        f"together does not say what causes what."
    )
    return Evidence(
        "long wait that goes with losses", f"{first} > {second}", said, n_long, n, share, low, high, other,
        "customers who waited less", p=float(row["p_adjusted"]), activity=second, pair=(first, second),
    )  # fmt: skip


def _mirrors(journeys: Journeys, waits: Waits, ranked: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    if len(ranked) < 2:
        return {}
    between = waits.frame.loc[~waits.frame["is_direct"], ["activity", "next_activity"]].drop_duplicates()
    taken = steps_taken(journeys.log, between.itertuples(index=False, name=None))
    number = {pair: at for at, pair in enumerate(zip(taken.activity, taken.next_activity, strict=True))}
    rows = first_waits(journeys, taken, fates(journeys))
    own = {pair: rows[rows["pair"] == number[pair]] for pair in ranked}
    kept: list[tuple[str, str]] = []
    mirrors: dict[tuple[str, str], str] = {}
    for pair in ranked:
        image = next((other for other in kept if _vanishes(own[pair], own[other])), None)
        if image is None:
            kept.append(pair)
        else:
            mirrors[pair] = f"goes with {image[0]} > {image[1]}"
    return mirrors


def _vanishes(rows: pd.DataFrame, stronger: pd.DataFrame) -> bool:
    """Tell whether losses after long waits are no more than those that go with the stronger wait."""
    hours = rows["customer"].map(stronger.set_index("customer")["hours"]).to_numpy(float)
    known = ~np.isnan(hours)
    if not known.any():
        return False
    stratum = np.full(len(rows), _TENTHS)
    stratum[known] = np.searchsorted(np.quantile(hours[known], np.arange(1, _TENTHS) / _TENTHS), hours[known])
    is_long, is_lost = rows["is_long"].to_numpy(), rows["is_lost"].to_numpy()
    n, n_long, k, both = (
        np.bincount(stratum, weights=mask, minlength=_TENTHS + 1)
        for mask in (np.ones(len(rows)), is_long, is_lost, is_long & is_lost)
    )
    expected = n_long * k / np.maximum(n, 1)
    variance = float((expected * (n - n_long) * (n - k) / (np.maximum(n, 1) * np.maximum(n - 1, 1))).sum())
    distance = float((both - expected).sum()) / np.sqrt(max(variance, 1e-12))
    return distance <= 0 or float(2 * norm.sf(distance)) >= _OWN_EVIDENCE
