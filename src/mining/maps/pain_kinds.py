"""The kinds of pain that are looked for: each turns a measure into evidence, found or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from mining._engine import CodedLog
from mining._statistics import false_discovery_rate, wilson
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.maps.evidence import SMALLEST_N, TOLERATED, Evidence
from mining.maps.scene import Scene
from mining.maps.sentences import Hours, Sentence, Share, write
from mining.timing import Channels, People, Slas
from mining.timing.clustering import matter_of
from mining.timing.losses import exact_p, fates
from mining.timing.people import returned

if TYPE_CHECKING:
    from mining.design import Design, Deviations

__all__ = [
    "CAME_BY", "against_the_rest", "channel_changes", "deviations_from_design", "drop_offs", "leavings", "low_scores",
    "missed_slas", "ping_pong", "rated_last",
]  # fmt: skip

CAME_BY: Final = "customers who came by "
_NAN: Final = float("nan")
_GENERALLY: Final = f"{100 * TOLERATED:.0f} % tolerated"
_DEVIATING: Final = ("skipped", "added", "out of order", "wrong channel", "wrong actor")


def missed_slas(slas: Slas) -> Iterator[Evidence]:
    """Find promises missed more often than tolerated."""
    for row in slas.frame.to_dict("records"):
        missed, low, high = (1 - float(row[name]) for name in ("kept_share", "high", "low"))
        said = write(
            "SLA missed", step=str(row["step"]), limit=Hours(float(row["within_hours"])), after=str(row["after"]),
            share=Share(missed, low, high), n_due=int(row["n_due"]), n=int(row["n_customers"]),
        )  # fmt: skip
        yield Evidence(
            "SLA missed", f"{row['after']} > {row['step']}", said, int(row["n_customers"]), int(row["n_due"]),
            missed, low, high, TOLERATED, _GENERALLY, activity=str(row["step"]),
            pair=(str(row["after"]), str(row["step"])),
        )  # fmt: skip


def ping_pong(people: People) -> Iterator[Evidence]:
    """Find pairs of teams that send a matter to and fro more often than other pairs do."""
    for row in people.returns.to_dict("records"):
        alone = np.isnan(row["p_adjusted"])
        other = TOLERATED if alone else float(row["other_share"])
        against = _GENERALLY if alone else "all other pairs of teams"
        share, low, high = float(row["share"]), float(row["low"]), float(row["high"])
        n = int(row["n_customers"])
        said = write(
            "ping-pong", team=str(row["team"]), other_team=str(row["other_team"]), share=Share(share, low, high), n=n,
            other=Share(other), against=against,
        )  # fmt: skip
        yield Evidence(
            "ping-pong", f"{row['team']} <> {row['other_team']}", said, n, n, share, low, high, other, against,
            p=float(row["p_adjusted"]), actor=str(row["team"]), pair=(str(row["team"]), str(row["other_team"])),
        )  # fmt: skip


def channel_changes(channels: Channels) -> Iterator[Evidence]:
    """Find channels whose customers must come again in another one."""
    for row in channels.redirections.to_dict("records"):
        share, low, high = float(row["share"]), float(row["low"]), float(row["high"])
        expected, n = float(row["expected"]), int(row["n_customers"])
        other = str(row["compared_with"])
        said = write(
            "sent to another channel", share=Share(share, low, high), n=n, channel=str(row["channel"]),
            next_channel=str(row["next_channel"]), third=other, other=Share(expected),
        )  # fmt: skip
        yield Evidence(
            "sent to another channel", f"{row['channel']} > {row['next_channel']}", said, n, n, share, low, high,
            expected, f"{CAME_BY}{other}", p=_or_one(row["p_adjusted"]),
            pair=(str(row["channel"]), str(row["next_channel"])),
        )  # fmt: skip


def drop_offs(scene: Scene, design: Design | None) -> Iterator[Evidence]:
    """Find stages that customers of one first channel leave more often than other customers of the same stage."""
    log, rows = scene.journeys.log, leavings(scene, design)
    found = against_the_rest(rows, ["stage"], "channel")
    for row in found.to_dict("records"):
        name, channel = scene.staged.names[int(row["stage"])], log.words["channel"][int(row["channel"])]
        share, low, high = float(row["share"]), float(row["low"]), float(row["high"])
        other, n = float(row["other"]), int(row["n"])
        said = write(
            "drop-off", share=Share(share, low, high), n=n, channel=str(channel), stage=name, other=Share(other)
        )
        yield Evidence(
            "drop-off", f"{name}, come by {channel}", said, n, n, share, low, high, other,
            "customers who came another way", p=_or_one(row["p_adjusted"]), stage=name,
        )  # fmt: skip


def leavings(scene: Scene, design: Design | None) -> pd.DataFrame:
    """List, per customer and stage, the channel (code) the journey began in and whether it ended at the stage."""
    log, visits = scene.journeys.log, scene.visits
    journey, stage = visits["journey"].to_numpy(), visits["stage"].to_numpy()
    furthest = visits.groupby("journey")["stage"].transform("max").to_numpy()
    # Where all that follows is optional, ending is no loss.
    may_end = _goal(scene, design)
    goes_on = furthest > stage
    counted = (goes_on | fates(scene.journeys).is_finished[journey]) & (stage < may_end)
    rows = pd.DataFrame(
        {
            "stage": stage,
            "channel": log.codes["channel"][log.first[journey]],
            "customer": visits["customer"].to_numpy(),
            "hit": ~goes_on,
        }
    )[counted & (log.codes["channel"][log.first[journey]] >= 0)]
    return pd.DataFrame(rows.drop_duplicates(["stage", "customer"]))


def low_scores(scene: Scene, without: Sequence[tuple[str, str]]) -> Iterator[Evidence]:
    """Find teams and channels that leave customers less satisfied, but for matters known to go to and fro."""
    log = scene.journeys.log
    for field, others in (("team", "other teams"), ("channel", "other channels")):
        rows = rated_last(scene, without, field)
        for row in against_the_rest(rows, ["family"], "place").to_dict("records"):
            place = str(log.words[field][int(row["place"])])
            share, low, high = float(row["share"]), float(row["low"]), float(row["high"])
            other, n = float(row["other"]), int(row["n"])
            said = write(
                "low scores", share=Share(share, low, high), n=n, place=place, other=Share(other), others=others
            )
            yield Evidence(
                "low scores", f"{field} {place}", said, n, n, share, low, high, other, others,
                p=_or_one(row["p_adjusted"]), actor=place if field == "team" else "",
            )  # fmt: skip


def rated_last(scene: Scene, without: Sequence[tuple[str, str]], field: str) -> pd.DataFrame:
    """List, per customer who rated, the last team or channel (code) known before, and whether the rating was bad."""
    log = scene.journeys.log
    score = log.numbers.get("score")
    if score is None or np.isnan(score).all():
        return pd.DataFrame({"place": [], "customer": [], "hit": [], "family": []}).astype("int64")
    at = np.flatnonzero(~np.isnan(score))
    matter, _ = matter_of(log)
    bounced = [_to_and_fro(log, pair) for pair in without]
    at = at[~np.isin(matter[at], np.concatenate([np.zeros(0, np.int64), *bounced]))]
    last = _last_known(log.codes[field], matter)
    rows = pd.DataFrame({"place": last[at], "customer": scene.customer[at], "hit": score[at] < 0.5, "family": 0})
    return pd.DataFrame(rows[rows["place"] >= 0].drop_duplicates("customer"))


def deviations_from_design(deviations: Deviations) -> Iterator[Evidence]:
    """Find what journeys do otherwise than designed, more often than tolerated."""
    frame = deviations.frame
    for row in frame[frame["deviation"].isin(_DEVIATING)].to_dict("records"):
        share, low, high = (float(row[name]) for name in ("share", "share_low", "share_high"))
        n = int(row["of_journeys"])
        touched = int(row["n_customers"])
        kind = f"deviation: {row['deviation']}"
        said = write(kind, step=str(row["step"]), share=Share(share, low, high), n=n, touched=touched)
        yield Evidence(
            kind, f"{row['stage']}: {row['step']}", said,
            round(touched / share) if share > 0 else 0, n, share, low, high, TOLERATED, _GENERALLY,
            stage=str(row["stage"]), activity=str(row["step"]),
        )  # fmt: skip


def ratings_after(journeys: Journeys, pair: tuple[str, str]) -> tuple[Sentence, ...]:
    """Say how customers rate matters that went to and fro between two teams, where that differs from other matters."""
    log = journeys.log
    score = log.numbers.get("score")
    if score is None:
        return ()
    matters = _to_and_fro(log, pair)
    at = np.flatnonzero(~np.isnan(score))
    rows = pd.DataFrame(
        {
            "customer": customer_of(log)[log.journey_of[at]],
            "after": np.isin(matter_of(log)[0][at], matters),
            "bad": score[at] < 0.5,
        }
    ).drop_duplicates("customer")
    n, k = int(rows["after"].sum()), int((rows["after"] & rows["bad"]).sum())
    rest_n, rest_k = len(rows) - n, int(rows["bad"].sum()) - k
    if min(n, rest_n) < SMALLEST_N or k / n <= rest_k / rest_n or float(exact_p(k, n, rest_k, rest_n)) >= 0.05:
        return ()
    return write("ratings after ping-pong", n=n, share=Share(k / n), other=Share(rest_k / rest_n))


def _to_and_fro(log: CodedLog, pair: tuple[str, str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """List the matters that went to and fro between two teams."""
    rows = returned(log)
    one, two = sorted(np.flatnonzero(np.isin(log.words["team"].astype(str), pair)))
    chosen = (rows["one"] == one) & (rows["two"] == two) & rows["is_returned"]
    return rows.loc[chosen, "matter"].to_numpy(np.int64)


def against_the_rest(rows: pd.DataFrame, family: list[str], place: str) -> pd.DataFrame:
    """Compare each place with all other places of its family: share hit, by exact tests.

    Returns
    -------
    DataFrame
        The family's columns, the place, n, k (hit), share, low, high, other (share hit in the others), p_adjusted.
    """
    counted = rows.groupby([*family, place])["hit"].agg(n="size", k="sum").reset_index()
    whole = counted.groupby(family)[["n", "k"]].transform("sum")
    n, k = counted["n"].to_numpy(np.int64), counted["k"].to_numpy(np.int64)
    rest_n, rest_k = whole["n"].to_numpy(np.int64) - n, whole["k"].to_numpy(np.int64) - k
    testable = (n >= SMALLEST_N) & (rest_n >= SMALLEST_N)
    p = np.where(testable, exact_p(k, n, rest_k, rest_n), np.nan)
    low, high = wilson(k, n)
    other = np.where(rest_n > 0, rest_k / np.maximum(rest_n, 1), np.nan)
    return counted.assign(share=k / n, low=low, high=high, other=other, p_adjusted=false_discovery_rate(p))


def _last_known(codes: np.ndarray, matter: np.ndarray) -> np.ndarray:
    """Carry the last known code forward within each matter, touchpoint by touchpoint."""
    order = np.lexsort((np.arange(len(codes)), matter))
    known = np.maximum.accumulate(np.where(codes[order] >= 0, np.arange(len(codes)), -1))
    same = (known >= 0) & (matter[order][np.maximum(known, 0)] == matter[order])
    carried = np.full(len(codes), -1, np.int64)
    carried[order] = np.where(same, codes[order][np.maximum(known, 0)], -1)
    return carried


def _goal(scene: Scene, design: Design | None) -> int:
    names = scene.staged.names
    if design is None or "stage_optional" not in design.frame:
        return len(names) - 1
    needed = set(design.frame.loc[~design.frame["stage_optional"].astype(bool), "stage"])
    return max((at for at, name in enumerate(names) if name in needed), default=len(names) - 1)


def _or_one(p: float) -> float:
    """Count what could not be tested as not significant: the interval alone must not decide here."""
    return 1.0 if np.isnan(p) else float(p)
