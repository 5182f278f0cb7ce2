"""The reverse look: what the design has that hardly anybody does, and what many do that the design lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mining._statistics import wilson
from mining.design.findings import Kind
from mining.journeys.groups import customer_of

if TYPE_CHECKING:
    from mining.design.deviations import Deviations

__all__ = ["lack_table"]


def lack_table(gaps: Deviations) -> pd.DataFrame:
    """Count, by customers, who does what is designed and who does what is not.

    Returns
    -------
    DataFrame
        side (`design`: a designed step; `journeys`: an activity that the design lacks), stage (of an activity that the
        design lacks: how far most had come), activity, n_customers (that ever do it), of_customers, share, share_low,
        share_high (Wilson, 95 %). Designed steps come first, the least done before the others; then what the design
        lacks, the most done first.
    """
    log = gaps.compared.log
    customer = customer_of(log)
    of = len(np.unique(customer))
    rows = [
        ("design", stage.name, step.name, _doing(gaps, step.activities))
        for stage in gaps.design.stages
        for step in stage.steps
    ]
    found = gaps.found
    added = found.kind == Kind.ADDED
    by_activity: dict[str, dict[str, int]] = {}
    for subject, times in zip(*np.unique(found.subject[added], return_counts=True), strict=True):
        each = found.subjects[int(subject)]
        by_activity.setdefault(each.step, {})[gaps.design.stages[each.stage].name] = int(times)
    for activity, stages in by_activity.items():
        stage = max(stages.items(), key=lambda pair: (pair[1], pair[0]))[0]
        rows.append(("journeys", stage, activity, _doing(gaps, (activity,))))
    frame = pd.DataFrame(rows, columns=["side", "stage", "activity", "n_customers"]).assign(of_customers=of)
    frame["share"] = frame["n_customers"] / of
    frame["share_low"], frame["share_high"] = wilson(frame["n_customers"], frame["of_customers"])
    sign = np.where(frame["side"] == "design", 1, -1)
    order = np.lexsort((frame["activity"], sign * frame["n_customers"], frame["side"]))
    return frame.iloc[order].reset_index(drop=True).astype(dict.fromkeys(("side", "stage", "activity"), "str"))


def _doing(gaps: Deviations, activities: tuple[str, ...]) -> int:
    log = gaps.compared.log
    does = np.zeros(log.n_touchpoints, bool)
    for activity in activities:
        does |= log.holds("activity", activity)
    return len(np.unique(customer_of(log)[log.any_in_journey(does)]))
