"""Candidates: work that a machine, or nobody, might do instead; to be looked at by a person, not findings of loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.maps.evidence import SMALLEST_EFFECT, SMALLEST_N, TOLERATED
from mining.maps.pain_kinds import against_the_rest
from mining.maps.scene import Scene
from mining.timing.clustering import matter_of
from mining.timing.stages import stage_touchpoints
from mining.timing.steps_taken import HOUR, following

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design import Design

__all__ = ["Candidates", "find_candidates", "looked_at"]

_ALPHA: Final = 0.05
_DAY: Final = 24.0
_SOON: Final = 7 * 24.0
_UNUSUAL: Final = 3.0
_NO_QUESTIONS: Final = ("clicked", "opened", "unsubscribed", "rated_good", "rated_bad")
_MACHINES: Final = ("automation", "bot", "integration", "system")
_COLUMNS: Final = [
    "rank", "kind", "where", "stage", "n_customers", "n_touched", "n_times", "share", "low", "high", "others",
    "p_adjusted", "hours", "mark",
]  # fmt: skip

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates for automation and improvement, most customers first; see `find_candidates`."""

    frame: pd.DataFrame
    tested: pd.DataFrame
    n_journeys: int

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return (
            f"<Candidates: {len(self.frame)} to be looked at in {self.n_journeys:,} journeys; {len(self.tested)} more "
            f"places do not stand out>"
        )

    def plot(self) -> Picture:
        """Draw the share of customers whom each candidate touches."""
        from mining._draw import draw_bars

        return draw_bars(
            self.frame.assign(label=self.frame["kind"] + ": " + self.frame["where"], n=self.frame["n_customers"]),
            "label",
            "share",
            low="low",
            high="high",
            title="Candidates for automation and improvement",
            unit="%",
            note="Share of the place's customers, 95 % interval. Candidates are to be looked at, not proven.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        shown = ["kind", "where", "n_customers", "n_times", "share", "others", "hours", "mark"]
        return html_table(self.frame[shown], formats={"hours": "{:,.0f}"}, caption=repr(self)[1:-1], rows=20)


def find_candidates(journeys: Journeys, design: Design | None = None) -> Candidates:
    """Find work that might be automated, bundled or left out.

    Three patterns are looked for, and each place is compared with all other places of its kind. It is a candidate where
    it stands out (Fisher's exact test, adjusted within the kind, below 0.05; at least ten percentage points above the
    others and above the 10 % that are tolerated; twenty customers; where nothing is left to compare with, its interval
    must lie above 10 %). Whether it is worth a change is for somebody who
    knows the work to say:

    - *manual step repeated*: a step that employees do again in the same matter (ticket, deal, lead; else the journey)
      although the customer did nothing in between; customers with a repeat, of those with the step;
    - *wait without work*: a step of the company that comes more than a day after the touchpoint before and after more
      than three times its usual (median) wait, nothing recorded in between; customers who waited so, of those with the
      step; what machines do is left out, it was meant to come then;
    - *question answered twice*: a customer's inbound contact that comes again in the same matter within a week of the
      company's next step, and is followed by another one; customers who came again, of those answered. Clicks, opens
      and ratings are no questions.

    Parameters
    ----------
    journeys : Journeys
        Where to look. A manual step needs employees named as such (`actor_kind`).
    design : Design, optional
        Names the stages.

    Returns
    -------
    Candidates
        ``.frame``, most customers beyond the others first: rank, kind, where (activity), stage (where it happens most),
        n_customers (with the step), n_touched (of them, with the pattern), n_times (how often), share (0..1) with low
        and high (Wilson, 95 %), others (share elsewhere), p_adjusted, hours (of all customers together;
        repeats: from the one to the next; waits: beyond the usual one; questions: from the answer until they came
        again), mark
        (candidate). ``.tested``: the same columns for places that do not stand out; fewer than five customers masked.

    Raises
    ------
    MiningError
        Where there are no journeys.

    References
    ----------
    Fisher, R. A. (1935), exact tests; Benjamini, Y., Hochberg, Y. (1995), false discovery rate; Wilson, E. B. (1927),
    intervals.

    Examples
    --------
    `journeys` and `design` are those of the example company (`mining.examples`).

    >>> from mining.maps import find_candidates
    >>> find_candidates(journeys, design).frame[["kind", "where"]]
                          kind                  where
    0        wait without work       Deal: Quote sent
    1  question answered twice  Service call received
    2        wait without work          Support reply
    3     manual step repeated     Ticket handed over
    4     manual step repeated          Internal note
    5  question answered twice         Email received
    """
    if len(journeys) == 0:
        raise MiningError.empty("The list of candidates", "there are no journeys.")
    scene = Scene(journeys, stage_touchpoints(journeys, design), design)
    parts = [_compared(kind, rows(scene), scene) for kind, rows in _KINDS.items()]
    frame = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    frame = frame[frame["n_customers"] >= SMALLEST_CELL]
    usual = np.fmax(frame["others"].to_numpy(float), TOLERATED)
    tested = frame["p_adjusted"].notna()
    stands_out = (frame["p_adjusted"] < _ALPHA).where(tested, frame["low"] > usual)
    stands_out &= frame["share"] - usual >= SMALLEST_EFFECT
    stands_out &= (frame["n_customers"] >= SMALLEST_N) & (frame["low"] > TOLERATED)
    return Candidates(_ranked(frame[stands_out]), _ranked(frame[~stands_out]), len(journeys))


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    beyond = (frame["share"] - frame["others"].fillna(frame["share"])) * frame["n_customers"]
    frame = frame.assign(beyond=beyond).sort_values(
        ["beyond", "kind", "where"], ascending=[False, True, True], ignore_index=True
    )
    return frame.assign(rank=np.arange(1, len(frame) + 1))[_COLUMNS]


def _compared(kind: str, rows: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    """Compare activities: rows have one entry per journey and activity (customer, hit, n_times, hours)."""
    words = scene.journeys.log.words["activity"]
    each = rows.groupby(["activity", "customer"], as_index=False).agg(
        hit=("hit", "any"), n_times=("n_times", "sum"), hours=("hours", "sum")
    )
    found = against_the_rest(each.assign(family=0), ["family"], "activity")
    sums = each.groupby("activity")[["n_times", "hours"]].sum().reindex(found["activity"]).reset_index(drop=True)
    activity = found["activity"].to_numpy(np.int64)
    return pd.DataFrame(
        {
            "kind": pd.Series([kind] * len(found), dtype="str"),
            "where": pd.Series(words[activity].astype(str), dtype="str"),
            "stage": pd.Series(_stages(activity, scene), dtype="str"),
            "n_customers": found["n"],
            "n_touched": found["k"],
            "n_times": sums["n_times"].astype("int64"),
            "share": found["share"],
            "low": found["low"],
            "high": found["high"],
            "others": found["other"],
            "p_adjusted": found["p_adjusted"],
            "hours": sums["hours"],
            "mark": pd.Series(["candidate"] * len(found), dtype="str"),
        }
    )


def _stages(activity: Integers, scene: Scene) -> list[str]:
    log, n_stages = scene.journeys.log, scene.n_stages
    known = scene.staged.of >= 0
    key = log.codes["activity"][known].astype(np.int64) * n_stages + scene.staged.of[known]
    counted = np.bincount(key, minlength=len(log.words["activity"]) * n_stages).reshape(-1, n_stages)
    return [scene.staged.names[int(row.argmax())] if row.any() else "" for row in counted[activity]]


def looked_at(scene: Scene, kind: str, where: str) -> pd.DataFrame:
    """List the touchpoints that a candidate was judged by: at (position), customer, hit (it shows the pattern)."""
    rows, words = _KINDS[kind](scene), scene.journeys.log.words["activity"].astype(str)
    return pd.DataFrame(rows[words[rows["activity"].to_numpy(np.int64)] == where])


def _repeats(scene: Scene) -> pd.DataFrame:
    log = scene.journeys.log
    chosen = np.flatnonzero(log.holds("actor_kind", "employee"))
    # What is done again because the customer came again is no repeat.
    rows = _of(scene, chosen).assign(time=log.end_time[chosen], came=np.cumsum(scene.is_customers)[chosen])
    rows = rows.sort_values(["matter", "activity", "at"], ignore_index=True)
    before = rows.groupby(["matter", "activity", "came"])["time"].shift()
    again = before.notna().to_numpy()
    hours = np.where(again, (rows["time"] - before.fillna(0)) / HOUR, 0.0)
    return rows.assign(hit=again, n_times=again.astype(np.int64), hours=hours)


def _idle(scene: Scene) -> pd.DataFrame:
    log = scene.journeys.log
    # What a machine does after a while was meant to come then.
    ours = _company(scene) & ~np.logical_or.reduce([log.holds("actor_kind", kind) for kind in _MACHINES])
    ours[log.first] = False
    chosen = np.flatnonzero(ours)
    hours = np.maximum(log.time[chosen] - log.end_time[chosen - 1], 0) / HOUR
    rows = _of(scene, chosen).assign(hours=hours)
    usual = rows.groupby("activity")["hours"].transform("median").to_numpy(float)
    is_long = (hours > _DAY) & (hours > _UNUSUAL * usual)
    return rows.assign(hit=is_long, n_times=is_long.astype(np.int64), hours=np.where(is_long, hours - usual, 0.0))


def _asked_twice(scene: Scene) -> pd.DataFrame:
    log = scene.journeys.log
    asks = log.holds("direction", "inbound") & scene.is_customers & scene.is_contact
    for outcome in _NO_QUESTIONS:
        asks &= ~log.holds("outcome", outcome)
    at, then = following(log, asks, _company(scene))
    rows = _of(scene, at).assign(asked=log.time[at], answered=log.end_time[then], then=then)
    # Several questions before one answer are one question.
    rows = rows.drop_duplicates(["matter", "activity", "then"], ignore_index=True)
    rows = rows.sort_values(["matter", "activity", "then"], ignore_index=True)
    before = rows.groupby(["matter", "activity"])["answered"].shift()
    hours = (rows["asked"] - before) / HOUR
    again = (hours <= _SOON).to_numpy()
    return rows.assign(hit=again, n_times=again.astype(np.int64), hours=np.where(again, hours, 0.0))


def _company(scene: Scene) -> Flags:
    """Mark what the company did: neither the customer's own, nor inbound, nor of nobody known."""
    log = scene.journeys.log
    known = (log.codes["actor_kind"] >= 0) | log.holds("direction", "outbound") | log.holds("direction", "internal")
    return np.asarray(known & ~scene.is_customers & ~log.holds("direction", "inbound"))


def _of(scene: Scene, at: Integers) -> pd.DataFrame:
    log = scene.journeys.log
    return pd.DataFrame(
        {
            "at": at,
            "matter": matter_of(log)[0][at],
            "activity": log.codes["activity"][at].astype(np.int64),
            "customer": scene.customer[at],
        }
    )


_KINDS: Final[dict[str, Callable[[Scene], pd.DataFrame]]] = {
    "manual step repeated": _repeats,
    "wait without work": _idle,
    "question answered twice": _asked_twice,
}
