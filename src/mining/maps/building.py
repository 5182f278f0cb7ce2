"""Draw the journey map up: every lane asked of every group of journeys, small cells masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.journeys.groups import group_of, is_period
from mining.maps.behind import Records
from mining.maps.differences import COLUMNS, differences_of
from mining.maps.journey_map import JourneyMap
from mining.maps.lanes import LANES as _LANES
from mining.maps.lanes import table_of
from mining.maps.notes import Notes, read_notes
from mining.maps.phrases import MASKED
from mining.maps.scene import Scene, scene_of
from mining.maps.windows import comparable, exposure_of, watched_of
from mining.personas import IdealByGroup, IdealCustomers
from mining.timing.stages import stage_touchpoints

if TYPE_CHECKING:
    from mining.design import Design

__all__ = ["DEFAULT_LANES", "LANES", "map_journey"]

LANES: Final = tuple(_LANES)
DEFAULT_LANES: Final = ("customers do", "channels", "waits", "outcome")
_SHARES: Final = frozenset({"share of customers", "share of contacts", "share of journeys", "share kept"})
_COLUMNS: Final = ["persona", "stage", "lane", "item", "value", "unit", "n", "low", "high", "mark"]


def map_journey(
    journeys: Journeys,
    design: Design | None = None,
    *,
    by: Any = None,
    stages: Mapping[str, Sequence[str]] | None = None,
    lanes: Sequence[str] = DEFAULT_LANES,
    notes: Path | str | Notes | None = None,
    ideal: IdealCustomers | IdealByGroup | None = None,
) -> JourneyMap:
    """Draw the journey map out of what happened.

    Every cell is computed from the touchpoints of the stage and says whether it was measured, inferred or typed by a
    person. Stages come from `stages`, else from the design, else from the log's own field, else they are learned from
    what follows what (`mining.timing.learn_stages`), which is a proposal. Shares and medians come with 95 % intervals
    by customers; journeys that may still be running are left out of `outcome`. Cells that rest on, or show, fewer than
    five are masked.

    Parameters
    ----------
    journeys : Journeys
        What to map.
    design : Design, optional
        Its stages, owners and promises.
    by : str, Series or personas, optional
        One map for each: a field, an attribute, a Series per journey or customer, or fitted personas; or ``"month"``,
        ``"quarter"``, ``"year"``: the period in which journeys begin (UTC), earliest first.
    stages : mapping of str to sequence of str, optional
        Stages of your own in order, each with its activities.
    lanes : sequence of str
        Rows of the map, in order: customers do, we do, channels, waits, people met, outcome, feeling, sla, objections
        (reasons of those lost or complaining), systems (which of them knows), opportunities (candidates), owner.
    notes : path or mapping, optional
        Lanes of your own, shown as typed below the others: lane to stage to text, as YAML, or as a CSV table with the
        columns lane, stage and text.
    ideal : IdealCustomers or IdealByGroup, optional
        Who buys, said on top of the map: of everybody, or of each group (`find_ideal_each` with the same `by`).

    Returns
    -------
    JourneyMap
        ``.frame``: persona ("all" where none are asked for), stage, lane, item, value, unit (share of customers, share
        of contacts, hours, people per journey, per journey, share of journeys, score 0 to 1, share kept, owner, share
        of touchpoints, text), n (what the value is a share, median or mean of; 0 where masked), low, high (95 %, NaN
        where there is none), mark (measured, inferred or typed). A masked line's item is ``"fewer than 5"``, its value
        NaN. ``.differences``: with several groups, what was tested between each and all others, and what differs; that
        bears ▲ or ▼ on the map. ``.exposure``, for periods (else None): persona, n_journeys, n_before
        (began before observation did), n_running (may still be running), these three missing below five; watched_days
        (median, from a journey's beginning to the end of observation); is_compared: not where more than 5 % may still
        run, or where half were watched for less long than 95 % of journeys last: of a young period only the quick are
        known. Compared is each customer's first journey, where it was watched so long and from its beginning.
        ``.behind(...)`` lists the touchpoints that a line was counted from.

    Raises
    ------
    MiningError
        For an unknown lane, stages that hold nothing of the log, or notes on a stage that there is not.

    References
    ----------
    Wilson, E. B. (1927), shares; Woodruff, R. S. (1952), medians; Kaplan, E. L., Meier, P. (1958), promises.

    Examples
    --------
    `journeys` and `design` are those of the example company (`mining.examples`).

    >>> mining.map_journey(journeys, design, lanes=["customers do", "feeling"])
    <JourneyMap of 552 journeys: 6 stages (typed) by 2 lanes>
    """
    for lane in lanes:
        if lane not in _LANES:
            raise MiningError.unknown("lane", lane, _LANES)
    staged = stage_touchpoints(journeys, design, stages)
    names, group = group_of(journeys, by)
    typed = read_notes(notes, staged.names, tuple(_LANES))
    nothing = {"value": np.nan, "unit": "text", "n": 0, "low": np.nan, "high": np.nan, "mark": "typed"}
    rows: list[dict[str, Any]] = []
    everybody = Scene(journeys, staged, design)
    customers = {}
    for number, name in enumerate(names):
        scene = scene_of(journeys, staged, design, group == number)
        customers[name] = scene.journeys.n_customers
        rows += [{"persona": name, **row} for lane in lanes for row in table_of(scene, lane)]
        rows += [{"persona": name, **row, **nothing} for row in typed]
    frame = pd.DataFrame(rows, columns=_COLUMNS).astype({"item": "str", "unit": "str", "mark": "str"})
    watched = watched_of(journeys) if is_period(journeys, by) else None
    exposure = None if watched is None else exposure_of(names, group, watched)
    if len(names) < 2:
        apart = pd.DataFrame(columns=COLUMNS)
    elif exposure is None or watched is None:
        apart = differences_of(everybody, group, names, by)
    elif exposure["is_compared"].sum() < 2:
        apart = pd.DataFrame(columns=COLUMNS)
    else:
        apart = differences_of(*comparable(everybody, group, exposure, watched), names, by)
    return JourneyMap(
        frame=_masked(frame),
        personas=tuple(names),
        stages=staged.names,
        lanes=(*lanes, *dict.fromkeys(row["lane"] for row in typed)),
        stage_mark=staged.mark,
        n_journeys=int((group >= 0).sum()),
        n_customers=customers,
        differences=apart,
        exposure=exposure,
        records=Records.of(everybody, group),
        ideal=_ideals(ideal, names),
    )


def _ideals(ideal: IdealCustomers | IdealByGroup | None, names: Sequence[str]) -> dict[str, str]:
    if ideal is None:
        return {}
    parts = ideal.parts if isinstance(ideal, IdealByGroup) else {"all": ideal}
    return {name: parts[name].headline for name in names if name in parts}


def _masked(frame: pd.DataFrame) -> pd.DataFrame:
    n = frame["n"]
    people = n * frame["value"]
    few = (n > 0) & (n < SMALLEST_CELL)
    few |= frame["unit"].isin(_SHARES) & (people > 0) & (people.round() < SMALLEST_CELL)
    few &= frame["mark"] != "typed"
    frame = frame.copy()
    # An owner that few touchpoints point to is nobody's secret, but it is no evidence either.
    frame.loc[few, "item"] = MASKED
    frame.loc[few, ["value", "low", "high"]] = np.nan
    frame.loc[few, "n"] = 0
    kept = ~(few & frame.duplicated(["persona", "stage", "lane", "item"]))
    return frame[kept].reset_index(drop=True)
