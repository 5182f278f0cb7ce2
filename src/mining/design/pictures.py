"""How designs and deviations are shown: process maps with stages as lanes, bars, tables."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._alignments import explore
from mining._draw import Picture, draw_bars, draw_flow, html_table
from mining._statistics import SMALLEST_CELL
from mining.design.compiled import planned_pairs
from mining.design.design import Design
from mining.design.records import Stage

if TYPE_CHECKING:
    from mining._engine import CodedLog
    from mining.design.deviations import Deviations

__all__ = ["design_table", "deviations_table", "draw_design", "draw_deviations", "draw_rates"]

_ADDED_SHOWN: Final = 5
_RATES_SHOWN: Final = 20
_BESIDE: Final = "Not in the design"
_NONE: Final = "–"
_START: Final = "start"
_END: Final = "end"

Pair = tuple[str, str]


def draw_design(design: Design) -> Picture:
    """Draw a design, stages as lanes; that a stage may be left out or begin again stands in its name."""
    lanes = {stage.name: _lane(stage) for stage in design.stages}
    nodes = _nodes(design, [])
    edges = [(source, target, 0, "planned") for source, target in sorted(_onward(design))]
    return draw_flow(
        nodes.assign(lane=nodes["lane"].map(lanes)),
        pd.DataFrame(edges, columns=["source", "target", "n", "emphasis"]),
        lanes=list(lanes.values()),
        title=design.name,
        note=f"As designed: {len(design.steps)} steps in {len(design.stages)} stages.",
    )


def _lane(stage: Stage) -> str:
    marks = {"optional": stage.optional, "repeatable": stage.repeatable, "in any order": stage.order == "any"}
    told = ", ".join(word for word, holds in marks.items() if holds)
    return f"{stage.name} ({told})" if told else stage.name


def _onward(design: Design) -> set[Pair]:
    # Ways back to the start of a repeatable stage would only tangle the picture; a step's own loop says something.
    place = {_numbers(design)[step.name]: at for at, step in enumerate(design.steps)}
    free = {_numbers(design)[step.name] for stage in design.stages if stage.order == "any" for step in stage.steps}
    return {
        (source, target)
        for source, target in _planned(design)
        if place.get(source, -1) <= place.get(target, len(place)) or {source, target} <= free
    }


def draw_deviations(deviations: Deviations) -> Picture:
    """Draw the design with the paths really taken."""
    design = deviations.design
    taken = _taken(deviations)
    planned = _planned(design)
    found = {pair: ("planned" if pair in planned else "unplanned", n) for pair, n in taken.pairs.items()}
    rare = [pair for pair, (emphasis, n) in found.items() if emphasis == "unplanned" and n < SMALLEST_CELL]
    found = {pair: told for pair, told in found.items() if pair not in set(rare)}
    found |= {pair: ("skipped", 0) for pair in planned if pair not in taken.pairs}
    edges = [(source, target, n, emphasis) for (source, target), (emphasis, n) in sorted(found.items())]
    lanes = [stage.name for stage in design.stages] + ([_BESIDE] if taken.added else [])
    nodes = _nodes(design, taken.added)
    inner = nodes["kind"] == "activity"
    nodes.loc[inner, "n"] = taken.n_journeys
    nodes["share"] = nodes["n"] / deviations.n_journeys
    note = f"{deviations.n_journeys:,} journeys; steps between touchpoints that the design speaks of."
    note += f" Most frequent of the others: {len(taken.added)} shown." if taken.added else ""
    note += f" Unplanned paths of under {SMALLEST_CELL} steps: {len(rare)} left out." if rare else ""
    return draw_flow(
        nodes,
        pd.DataFrame(edges, columns=["source", "target", "n", "emphasis"]),
        lanes=lanes,
        title=f"{design.name}: designed and taken",
        note=note,
    )


def draw_rates(deviations: Deviations) -> Picture:
    """Draw the share of journeys with each deviation."""
    frame = deviations.frame
    shown = frame[(frame["deviation"] != "as designed") & (frame["n_journeys"] >= SMALLEST_CELL)]
    shown = shown.sort_values(["share", "n_journeys"], ascending=False, kind="stable").head(_RATES_SHOWN)
    added = shown["deviation"] == "added"
    labels = shown["step"] + ": " + shown["deviation"].where(~added, "added in " + shown["stage"])
    bars = pd.DataFrame(
        {
            "label": labels,
            "share": shown["share"],
            "low": shown["share_low"],
            "high": shown["share_high"],
            "n": shown["of_journeys"],
        }
    )
    return draw_bars(
        bars,
        "label",
        "share",
        low="low",
        high="high",
        unit="%",
        title=f"Deviations from {deviations.design.name}",
        note="Share of the journeys in which each could be found (n), with 95 % intervals; under 5 journeys left out.",
    )


def design_table(design: Design) -> str:
    """Write a design as a table."""
    caption = f"{design.name}: {len(design.steps)} steps in {len(design.stages)} stages, by {design.case}."
    columns = ["stage", "step", "instead", "owner", "channels", "optional", "repeatable", "within_hours", "after"]
    return html_table(design.frame[columns], caption=caption, rows=len(design.steps))


def deviations_table(deviations: Deviations) -> str:
    """Write the verdicts in a sentence and the most frequent deviations as a table, small cells masked."""
    frame = deviations.frame[deviations.frame["deviation"] != "as designed"]
    frame = frame.sort_values("n_journeys", ascending=False, kind="stable")
    small = frame["n_journeys"] < SMALLEST_CELL
    span = [f"{low:.0%} to {high:.0%}" for low, high in zip(frame["share_low"], frame["share_high"], strict=True)]
    shown = frame[["stage", "step", "deviation"]].assign(
        n_journeys=[
            f"under {SMALLEST_CELL}" if few else f"{n:,}" for n, few in zip(frame["n_journeys"], small, strict=True)
        ],
        of_journeys=frame["of_journeys"],
        share=[_NONE if few else f"{share:.1%}" for share, few in zip(frame["share"], small, strict=True)],
        interval=[_NONE if few else words for words, few in zip(span, small, strict=True)],
    )
    return f"<p>{escape(_sentence(deviations))}</p>" + html_table(shown, caption="Deviations, most frequent first")


def _sentence(deviations: Deviations) -> str:
    parts = [
        f"{verdict} {_masked(n)} ({share:.0%})" if n >= SMALLEST_CELL else f"{verdict} {_masked(n)}"
        for verdict, n, share in zip(
            *(deviations.verdicts[name] for name in ("verdict", "n_journeys", "share")), strict=True
        )
    ]
    told = f"{deviations.n_journeys:,} journeys beside '{deviations.design.name}': {', '.join(parts)}."
    if deviations.case != deviations.design.case:
        told += f" The design speaks of journeys by {deviations.design.case}; these are by {deviations.case}."
    return told


def _masked(n: int) -> str:
    return f"{n:,}" if n == 0 or n >= SMALLEST_CELL else f"under {SMALLEST_CELL}"


def _planned(design: Design) -> set[Pair]:
    number = _numbers(design)
    return {
        (_START if source is None else number[source], _END if target is None else number[target])
        for source, target in planned_pairs(explore(design.net))
        if source is not None or target is not None
    }


def _numbers(design: Design) -> dict[str, str]:
    step = {step.name: f"step {at:04d}" for at, step in enumerate(design.steps)}
    return {activity: step[name] for activity, name in design.step_of.items()}


def _nodes(design: Design, added: list[str]) -> pd.DataFrame:
    number = _numbers(design)
    first, last = design.stages[0].name, design.stages[-1].name
    rows = [(_START, "Start", None, first, "start")]
    rows += [
        (number[step.name], " / ".join(step.activities), None, design.stage_of[step.name], "activity")
        for step in design.steps
    ]
    rows += [(f"also {at:04d}", activity, None, _BESIDE, "activity") for at, activity in enumerate(added)]
    rows.append((_END, "End", None, last, "end"))
    return pd.DataFrame(rows, columns=["name", "label", "n", "lane", "kind"]).astype({"n": "float64"})


class _Taken(NamedTuple):
    """What journeys do between the touchpoints that are drawn."""

    pairs: dict[Pair, int]
    n_journeys: list[int]  # of each step, then of each added activity
    added: list[str]


def _taken(deviations: Deviations) -> _Taken:
    design, log = deviations.design, deviations.log
    added = _most_added(deviations)
    names = sorted(set(_numbers(design).values())) + [f"also {at:04d}" for at in range(len(added))]
    place = {name: at for at, name in enumerate(names)}
    node_of = {activity: place[name] for activity, name in _numbers(design).items()}
    node_of |= {activity: place[f"also {at:04d}"] for at, activity in enumerate(added)}
    recoded = np.array([*(node_of.get(str(word), -1) for word in log.words["activity"]), -1], np.int64)
    log = log.take(np.flatnonzero(recoded[log.codes["activity"]] >= 0))
    node = recoded[log.codes["activity"]]
    seen = np.unique(log.journey_of * len(names) + node) % len(names)
    return _Taken(
        pairs=_pairs(log, node, names, deviations.journeys["unfinished"]),
        n_journeys=np.bincount(seen, minlength=len(names)).tolist(),
        added=added,
    )


def _most_added(deviations: Deviations) -> list[str]:
    frame = deviations.frame
    found = frame[frame["deviation"] == "added"].groupby("step")["n_journeys"].sum().reset_index()
    return list(found.sort_values(["n_journeys", "step"], ascending=[False, True])["step"].head(_ADDED_SHOWN))


def _pairs(
    log: CodedLog, node: npt.NDArray[np.int64], names: list[str], unfinished: pd.Series[bool]
) -> dict[Pair, int]:
    start, end = len(names), len(names) + 1
    inside = np.ones(max(log.n_touchpoints - 1, 0), bool)
    inside[log.last[:-1]] = False
    at = np.flatnonzero(inside)
    done = ~unfinished.reindex(log.journey_ids).to_numpy(bool)
    source = np.concatenate([node[at], np.full(log.n_journeys, start), node[log.last[done]]])
    target = np.concatenate([node[at + 1], node[log.first], np.full(int(done.sum()), end)])
    keys, n = np.unique(source * (end + 1) + target, return_counts=True)
    called = [*names, _START, _END]
    return {(called[key // (end + 1)], called[key % (end + 1)]): int(k) for key, k in zip(keys, n, strict=True)}
