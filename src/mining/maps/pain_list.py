"""Evidence as a list: one line per place, with its stage, its figures and its owner; and what was not found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from mining.maps.evidence import Evidence
from mining.maps.lanes import owners_of
from mining.maps.scene import Scene
from mining.maps.sentences import spell

__all__ = ["absent", "listed", "merged", "touchpoints_at"]

_COLUMNS: Final = [
    "rank", "kind", "stage", "where", "evidence", "n_customers", "share", "low", "high", "comparison", "compared_with",
    "excess", "owner", "owner_mark", "mark", "severity",
]  # fmt: skip
_LOSING: Final = "long wait that goes with losses"
_TESTED: Final = ["kind", "where", "n", "share", "comparison", "excess", "p_adjusted", "absent_because"]


def merged(found: list[Evidence]) -> list[Evidence]:
    """Make one of several kinds of evidence at the same place, losses before missed promises; worst place first."""
    places: dict[tuple[str, ...], Evidence] = {}
    for each in sorted(found, key=lambda each: (each.kind != _LOSING, each.kind, each.where)):
        # Steps are one place whether waiting loses customers there or a promise is missed.
        place = ("steps", *each.pair) if each.activity and any(each.pair) else (each.kind, each.where)
        first = places.get(place)
        places[place] = each if first is None else first._replace(said=first.said + each.said)
    return sorted(places.values(), key=lambda each: (-each.severity, each.kind, each.where))


def listed(found: list[Evidence], scene: Scene) -> pd.DataFrame:
    """List what was found, each with its place, its figures and whose it is to mend."""
    rows = []
    for rank, each in enumerate(found, start=1):
        stage = each.stage or _stage_of(each, scene)
        owner, owner_mark = _owner(each, stage, scene)
        rows.append(
            {
                "rank": rank,
                "kind": each.kind,
                "stage": stage,
                "where": each.where,
                "evidence": spell(each.said),
                "n_customers": each.n_customers,
                "share": each.share,
                "low": each.low,
                "high": each.high,
                "comparison": each.comparison,
                "compared_with": each.compared_with,
                "excess": each.excess,
                "owner": owner,
                "owner_mark": owner_mark,
                "mark": "inferred" if scene.staged.mark == "inferred" and each.stage else "measured",
                "severity": each.severity,
            }
        )
    texts = ["kind", "stage", "where", "evidence", "compared_with", "owner", "owner_mark", "mark"]
    return pd.DataFrame(rows, columns=_COLUMNS).astype(dict.fromkeys(texts, "str"))


def absent(evidence: Iterable[Evidence]) -> pd.DataFrame:
    """List what was looked at and is no pain, with the reason."""
    rows = [
        (each.kind, each.where, each.among, each.share, each.comparison, each.excess, each.p, each.absent_because)
        for each in evidence
        if each.absent_because
    ]
    texts = ["kind", "where", "absent_because"]
    frame = pd.DataFrame(rows, columns=_TESTED).astype(dict.fromkeys(texts, "str"))
    return frame.sort_values(["kind", "excess", "where"], ascending=[True, False, True], ignore_index=True)


def touchpoints_at(each: Evidence, scene: Scene) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Mark the touchpoints where a pain is felt."""
    log = scene.journeys.log
    if each.activity:
        return log.holds("activity", each.activity)
    if each.kind == "sent to another channel":
        return np.asarray(log.holds("channel", each.pair[0]) & scene.is_contact)
    if each.actor:
        return log.holds("team", each.actor)
    return np.zeros(log.n_touchpoints, bool)


def _stage_of(each: Evidence, scene: Scene) -> str:
    numbers = scene.staged.of[touchpoints_at(each, scene)]
    numbers = numbers[numbers >= 0]
    return scene.staged.names[int(np.bincount(numbers).argmax())] if len(numbers) else ""


def _owner(each: Evidence, stage: str, scene: Scene) -> tuple[str, str]:
    """Name who must mend it: the design's owner of a step or stage, else whoever acts most there."""
    typed = owners_of(scene.design)
    if (each.activity or each.stage) and stage in typed:
        return typed[stage], "typed"
    if each.actor:
        return each.actor, "inferred"
    log = scene.journeys.log
    here = touchpoints_at(each, scene)
    for field in ("team", "department"):
        codes = log.codes[field][here]
        known = codes[codes >= 0]
        # A team that few of the touchpoints name speaks for those few only.
        if 2 * len(known) >= len(codes) > 0:
            return str(log.words[field][int(np.bincount(known).argmax())]), "inferred"
    return typed.get(stage, ""), "typed" if stage in typed else ""
