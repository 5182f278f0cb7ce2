"""Key processes: the few that carry nearly all that customers go through, in the order in which they serve a goal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL, wilson
from mining.journeys import Journeys
from mining.journeys.groups import group_of
from mining.maps.aims import AIMS, WEIGHTS
from mining.maps.lanes import owners_of
from mining.maps.passes import measured, named, passes_of
from mining.maps.scene import Scene
from mining.timing import check_slas
from mining.timing.stages import stage_touchpoints

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design import Design

__all__ = ["KeyProcesses", "find_key_processes"]

_COVERED: Final = 0.99
_FEWEST: Final = 10
_MOST: Final = 50
_PARTS: Final = ("goal", "time", "promise")
_COLUMNS: Final = [
    "rank", "stage", "step", "n_customers", "n_times", "n_known", "missed_share", "missed_low", "missed_high",
    "time_share", "within_hours", "n_due", "kept_share", "kept_low", "kept_high", "weight_goal", "weight_time",
    "weight_promise", "impact", "load", "load_low", "load_high", "covered", "owner", "owner_mark", "mark", "segments",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class KeyProcesses:
    """The processes that carry a goal, most first; see `find_key_processes`."""

    frame: pd.DataFrame
    coverage: pd.DataFrame
    segments: pd.DataFrame
    goal: str
    n_journeys: int
    n_hidden: int

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        share = float(self.frame["covered"].iloc[-1]) if len(self.frame) else 0.0
        return (
            f"<KeyProcesses for {self.goal}: {len(self.frame)} of {len(self.coverage)} processes carry "
            f"{100 * share:.1f} % of customers times impact in {self.n_journeys:,} journeys>"
        )

    def plot(self) -> Picture:
        """Draw how much of customers times impact the first, the first two, ... processes carry."""
        from mining._draw import draw_curve

        start = pd.DataFrame({"n_processes": [0], "covered": [0.0]})
        curve = pd.concat([start, self.coverage[["n_processes", "covered"]]], ignore_index=True)
        return draw_curve(
            curve,
            "n_processes",
            "covered",
            title=f"Few processes carry {self.goal}",
            note=f"Share of customers times impact that the first processes carry; {len(self.frame)} are key.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        shown = ["rank", "stage", "step", "n_customers", "missed_share", "kept_share", "load", "covered", "owner"]
        return html_table(self.frame[shown], formats={"load": "{:,.1f}"}, caption=repr(self)[1:-1], rows=20)


def find_key_processes(
    journeys: Journeys,
    design: Design | None = None,
    *,
    goal: str = "acquisition",
    by: Any = None,
    weights: Mapping[str, float] | None = None,
) -> KeyProcesses:
    """Find the processes that carry a goal, so that attention goes to them first.

    A process is all that leads to one step within one stage: from the touchpoint before (of whatever kind) to the step.
    A touchpoint that says that something was lost ends none.
    Its *load* is customers times impact, and impact is ``weight_goal * missed_share + weight_time * time_share +
    weight_promise * (1 - kept_share)``; what is not known counts as nought. Key are the most loaded ones that together
    carry 99 % of all load: at least ten (where there are as many), at most fifty. What they carry stands in `covered`.

    A goal says which touchpoints count, and who missed it; who may still come to it is left out:

    - *acquisition*: until a customer's first win; missed by those never won;
    - *satisfaction*: all; missed where the next rating of the journey is below one half; who did not rate is left out;
    - *retention*: after the first win; missed by those whose last journey was lost;
    - *cross-sell*: after the first win; missed by those not won once more.

    That customers who pass a process miss the goal more often does not say that the process is the cause.

    Parameters
    ----------
    journeys : Journeys
        Where to look.
    design : Design, optional
        Its stages, steps, owners and promises; else stages as on the journey map, and activities.
    goal : str
        acquisition, satisfaction, retention or cross-sell.
    by : str, Series or personas, optional
        Segments to tell apart; by default the channel that a journey's first contact came by.
    weights : mapping of str to float, optional
        Weights of your own of goal, time and promise, 0 or more; those not given are 0. By default 0.6, 0.2 and 0.2,
        for satisfaction 0.4, 0.3 and 0.3: a judgement, not a measurement.

    Returns
    -------
    KeyProcesses
        ``.frame``, most loaded first: rank, stage, step, n_customers, n_times, n_known (customers of whom it is known
        whether they missed the goal), missed_share (0..1) with missed_low and missed_high (Wilson, 95 %), time_share
        (of its customers' waiting, 0..1), within_hours, n_due, kept_share (promise kept) with kept_low and kept_high
        (NaN without a promise), weight_goal, weight_time, weight_promise, impact (0..1 for weights that add up to 1),
        load (customers) with load_low and load_high (by the interval of missed_share), covered (of all load, by it and
        those before, 0..1), owner, owner_mark (typed by the design; inferred: the team, or else the department, that
        acts most), mark (of the stages), segments (the two largest, in words). ``.coverage``: n_processes, stage, step,
        load, covered, is_key, of all processes. ``.segments``: stage, step, segment, n_customers, share (of the
        process's customers) with low and high; fewer than five masked, as are whole processes of fewer (counted in
        ``.n_hidden``).

    Raises
    ------
    MiningError
        For an unknown goal, weights that are none, and where the goal hangs on no touchpoint.

    References
    ----------
    Juran, J. M. (1951). Quality Control Handbook, the vital few; Wilson, E. B. (1927), intervals.

    Examples
    --------
    `journeys` and `design` are those of the example company (`mining.examples`).

    >>> from mining.maps import find_key_processes
    >>> find_key_processes(journeys, design, goal="satisfaction")
    <KeyProcesses for satisfaction: 39 of 45 processes carry 99.1 % of customers times impact in 552 journeys>
    """
    if goal not in AIMS:
        raise MiningError.unknown("goal", goal, AIMS)
    weight = _weights(WEIGHTS[goal] if weights is None else weights)
    scene = Scene(journeys, stage_touchpoints(journeys, design), design) if len(journeys) else None
    passes = passes_of(scene, goal) if scene is not None else None
    if scene is None or passes is None or passes.empty:
        raise MiningError.empty(
            "The list of processes",
            f"no touchpoint is one that {goal} hangs on; map an outcome 'won', or ask for another.",
        )
    processes = measured(passes, goal)
    enough = processes[processes["n_customers"] >= SMALLEST_CELL].reset_index(drop=True)
    loaded = _loaded(named(enough, scene), scene, weight)
    n_key = _how_many(loaded["load"].to_numpy(float))
    key = loaded.head(n_key)
    segments = _segments(passes, key, journeys, by)
    frame = _owned(key, passes, scene).merge(_said(segments), on=["stage", "step"], how="left")
    coverage = loaded.assign(n_processes=loaded["rank"], is_key=loaded["rank"] <= n_key)
    return KeyProcesses(
        frame=frame.assign(mark=scene.staged.mark, segments=frame["segments"].fillna(""))[_COLUMNS],
        coverage=coverage[["n_processes", "stage", "step", "load", "covered", "is_key"]],
        segments=segments,
        goal=goal,
        n_journeys=len(journeys),
        n_hidden=len(processes) - len(enough),
    )


def _weights(given: Mapping[str, float]) -> dict[str, float]:
    for name, value in given.items():
        if name not in _PARTS:
            raise MiningError.unknown("weight", name, _PARTS)
        if not 0 <= value < np.inf:
            raise MiningError.refused(f"The weight {value} of '{name}' cannot be used:", "give 0 or more.")
    if not sum(given.values()) > 0:
        raise MiningError.refused("Weights that are all 0 put nothing in order:", "give one of them more.")
    return {name: float(given.get(name, 0.0)) for name in _PARTS}


def _promises(scene: Scene) -> pd.DataFrame:
    names = {"low": "kept_low", "high": "kept_high"}
    columns = ["stage", "step", "within_hours", "n_due", "kept_share", "kept_low", "kept_high"]
    if scene.design is None or scene.design.frame["within_hours"].isna().all():
        empty = pd.DataFrame({name: pd.Series(dtype=float) for name in columns})
        return empty.astype({"stage": "str", "step": "str"})
    checked = check_slas(scene.journeys, scene.design).frame.rename(columns=names)[columns]
    return checked.astype({"stage": "str", "step": "str"}).drop_duplicates(["stage", "step"])


def _loaded(found: pd.DataFrame, scene: Scene, weight: Mapping[str, float]) -> pd.DataFrame:
    n, k = found["n_known"].to_numpy(np.int64), found["n_missed"].to_numpy(np.int64)
    low, high = wilson(k, n)
    share = np.where(n >= SMALLEST_CELL, k / np.maximum(n, 1), np.nan)
    bounds = (np.where(np.isnan(share), np.nan, bound) for bound in (low, high))
    found = found.assign(missed_share=share, **dict(zip(("missed_low", "missed_high"), bounds, strict=True)))
    found = found.merge(_promises(scene), on=["stage", "step"], how="left")
    found = found.assign(**{f"weight_{name}": weight[name] for name in _PARTS})
    rest = weight["time"] * found["time_share"] + weight["promise"] * (1 - found["kept_share"]).fillna(0.0)
    for name, part in (("load", "missed_share"), ("load_low", "missed_low"), ("load_high", "missed_high")):
        found[name] = found["n_customers"] * (weight["goal"] * found[part].fillna(0.0) + rest)
    found["impact"] = found["load"] / found["n_customers"]
    found = found.sort_values(["load", "stage", "step"], ascending=[False, True, True], ignore_index=True)
    total = float(found["load"].sum())
    found["covered"] = found["load"].cumsum() / total if total > 0 else 1.0
    return found.assign(rank=np.arange(1, len(found) + 1), n_due=found["n_due"].fillna(0).astype("int64"))


def _how_many(load: npt.NDArray[np.float64]) -> int:
    needed = int(np.searchsorted(np.cumsum(load), _COVERED * load.sum() - 1e-9)) + 1
    return min(max(needed, _FEWEST), _MOST, len(load))


def _segments(passes: pd.DataFrame, key: pd.DataFrame, journeys: Journeys, by: Any) -> pd.DataFrame:
    log = journeys.log
    if by is None and not (log.codes["channel"] >= 0).any():
        names, group = group_of(journeys, None)
    else:
        names, group = group_of(journeys, "channel" if by is None else by)
    rows = passes[["stage", "step", "customer"]].assign(group=group[log.journey_of[passes["at"].to_numpy()]])
    rows = rows[rows["group"] >= 0].drop_duplicates()
    counted = rows.groupby(["stage", "step", "group"], as_index=False).agg(n_customers=("customer", "size"))
    codes = key[["stage_code", "step_code", "stage", "step", "n_customers"]].rename(columns={"n_customers": "n"})
    counted = counted.rename(columns={"stage": "stage_code", "step": "step_code"}).merge(
        codes, on=["stage_code", "step_code"]
    )
    counted = counted[counted["n_customers"] >= SMALLEST_CELL]
    low, high = wilson(counted["n_customers"], counted["n"])
    counted = counted.assign(
        segment=pd.Series(np.asarray(names, dtype=object)[counted["group"]], index=counted.index, dtype="str"),
        share=counted["n_customers"] / counted["n"],
        low=low,
        high=high,
    )
    order = ["stage", "step", "n_customers", "segment"]
    counted = counted.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
    return counted[["stage", "step", "segment", "n_customers", "share", "low", "high"]]


def _said(segments: pd.DataFrame) -> pd.DataFrame:
    top = segments.groupby(["stage", "step"]).head(2)
    said = top["segment"] + " " + (100 * top["share"]).round().astype("int64").astype("str") + " %"
    joined = said.groupby([top["stage"], top["step"]]).agg(", ".join).rename("segments")
    return joined.astype("str").reset_index()


def _owned(key: pd.DataFrame, passes: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    """Name the owner: the design's, else the team that acts most there, else the department."""
    typed = owners_of(scene.design)
    acts = [_most_active(passes, scene, field) for field in ("team", "department")]
    owners = []
    for stage, *place in key[["stage", "stage_code", "step_code"]].itertuples(index=False, name=None):
        inferred = next((names[tuple(place)] for names in acts if tuple(place) in names), "")
        owners.append((typed[stage], "typed") if stage in typed else (inferred, "inferred" if inferred else ""))
    told = pd.DataFrame(owners, columns=["owner", "owner_mark"], index=key.index).astype("str")
    return pd.concat([key, told], axis=1)


def _most_active(passes: pd.DataFrame, scene: Scene, field: str) -> dict[tuple[int, ...], str]:
    """Name who acts most at each process of which half of the touchpoints or more name anybody."""
    log = scene.journeys.log
    codes = log.codes[field][passes["at"].to_numpy()]
    rows = passes[["stage", "step"]].assign(code=codes, is_known=codes >= 0)
    share = rows.groupby(["stage", "step"])["is_known"].mean()
    counted = rows[rows["is_known"]].groupby(["stage", "step", "code"]).size().rename("n").reset_index()
    counted = counted.sort_values(["n", "code"], ascending=[False, True]).drop_duplicates(["stage", "step"])
    enough = [share[(stage, step)] >= 0.5 for stage, step in counted[["stage", "step"]].to_numpy(np.int64)]
    places = counted.loc[enough, ["stage", "step", "code"]].to_numpy(np.int64).tolist()
    return {(stage, step): str(log.words[field][code]) for stage, step, code in places}
