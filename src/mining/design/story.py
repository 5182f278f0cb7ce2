"""One journey beside the design: what was planned, what happened, and where the two part."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mining._alignments import align
from mining._errors import FieldError

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design.deviations import Deviations

__all__ = ["Story", "tell_story"]

_CALLED = {"sync": "as designed", "log": "not as designed", "model": "did not happen"}
_HOUR = 3_600_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Story:
    """One journey, touchpoint by touchpoint, beside the design.

    Attributes
    ----------
    frame : DataFrame
        One row per move, in order: place (from 1), activity, stage (of the design; missing where it has none), told,
        timestamp (UTC, missing for what did not happen), channel, wait_hours (since the touchpoint before). Told is
        `as designed`; `not as designed` (it happened, and not there in the design); or `did not happen`.
    journey_id : str
        Which journey.
    verdict : str
        Its verdict.
    """

    frame: pd.DataFrame
    journey_id: str
    verdict: str

    def __repr__(self) -> str:
        told = self.frame["told"].value_counts()
        counts = ", ".join(f"{told[name]} {name}" for name in _CALLED.values() if name in told)
        return f"<Story of one journey ({self.verdict}): {counts}>"

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=escape(repr(self)[1:-1]), rows=60)

    def plot(self) -> Picture:
        """Draw the journey: planned and taken, not planned, and planned but not taken, from left to right."""
        from mining._draw import draw_flow

        names = [f"{place:04d}" for place in self.frame["place"]]
        lanes = np.where(self.frame["told"] == _CALLED["log"], "Not in its place in the design", "As designed")
        lanes = np.where(self.frame["told"] == _CALLED["model"], "Designed, and did not happen", lanes)
        nodes = pd.DataFrame({"name": names, "label": self.frame["activity"], "lane": lanes, "kind": "activity"})
        happened = [name for name, told in zip(names, self.frame["told"], strict=True) if told != _CALLED["model"]]
        rows = [(one, two, 1, "unplanned") for one, two in pairwise(happened)]
        planned = [name for name, told in zip(names, self.frame["told"], strict=True) if told != _CALLED["log"]]
        found = {(one, two): (one, two, 0, "skipped") for one, two in pairwise(planned)}
        for one, two, n, emphasis in rows:
            found[one, two] = (one, two, n, "planned" if (one, two) in found else emphasis)
        edges = pd.DataFrame(sorted(found.values()), columns=["source", "target", "n", "emphasis"])
        note = f"Verdict: {self.verdict}. {repr(self)[1:-1]}."
        return draw_flow(nodes, edges, title="One journey, planned and taken", note=note, across=True, max_edges=200)


def tell_story(gaps: Deviations, journey_id: str) -> Story:
    """Align one journey with the design; see `Deviations.story`."""
    if journey_id not in gaps.journeys.index:
        raise FieldError.unknown("journey", journey_id, gaps.journeys.index[:50])
    row = gaps.journeys.loc[journey_id]
    log, design = gaps.log, gaps.design
    at = np.flatnonzero(log.journey_index == journey_id)
    span = range(int(log.offsets[at[0]]), int(log.offsets[at[0] + 1])) if len(at) else range(0)
    path = tuple(str(word) for word in log.decoded("activity", np.array(span, np.int64)))
    alignments = align(design.net, [path])
    moves = alignments.prefix_moves(0) if row["unfinished"] else alignments.moves(0)
    positions = iter(span)
    told, before = [], None
    for place, move in enumerate(moves, 1):
        position = None if move.kind == "model" else next(positions)
        wait = np.nan
        if position is not None:
            wait = np.nan if before is None else max(log.time[position] - log.end_time[before], 0) / _HOUR
            before = position
        told.append((place, move.activity, design.stage_of.get(move.activity), _CALLED[move.kind], position, wait))
    frame = pd.DataFrame(told, columns=["place", "activity", "stage", "told", "position", "wait_hours"])
    known = frame["position"].notna()
    positions_known = frame.loc[known, "position"].to_numpy(np.int64)
    moments = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us, UTC]")
    moments[known] = pd.to_datetime(log.time[positions_known], unit="us", utc=True)
    channel = pd.Series(None, index=frame.index, dtype="str")
    channel[known] = log.decoded("channel", positions_known)
    frame = frame.assign(timestamp=moments, channel=channel).astype({"stage": "str"})
    columns = ["place", "activity", "stage", "told", "timestamp", "channel", "wait_hours"]
    return Story(frame[columns], journey_id, str(row["verdict"]))
