"""Logs are told, not typed: ``told("Ann: ad > site > won", "Bob: ad > site")``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mining._fields import FIELDS
from mining.journeys import Journeys
from mining.sources.touchpoints import Touchpoints

OUTCOMES = {"won": "won", "lost": "lost", "solved": "solved"}


def told_touchpoints(
    *stories: str,
    every: str = "1h",
    start: str = "2025-01-01",
    channels: Mapping[str, str] | None = None,
    teams: Mapping[str, str] | None = None,
    departments: Mapping[str, str] | None = None,
    actors: Mapping[str, str] | None = None,
    waits: Mapping[tuple[str, str], str] | None = None,
    attributes: Mapping[str, Sequence[object]] | None = None,
) -> Touchpoints:
    """Touchpoints of stories ``"customer: activity > activity"``; a customer told twice has the second story later."""
    channels, teams, departments = channels or {}, teams or {}, departments or {}
    actors, waits = actors or {}, waits or {}
    rows, clock = [], {}
    for story in stories:
        customer, path = (part.strip() for part in story.split(":", 1))
        before = None
        for activity in (step.strip() for step in path.split(">")):
            now = clock.get(customer, pd.Timestamp(start, tz="UTC") - pd.Timedelta(every))
            now += pd.Timedelta(waits.get((before or "", activity), every))
            clock[customer], before = now, activity
            rows.append(
                {
                    "customer": customer,
                    "activity": activity,
                    "timestamp": now,
                    "channel": channels.get(activity, "web"),
                    "team": teams.get(activity),
                    "department": departments.get(activity, "sales"),
                    "actor_kind": actors.get(activity, "customer"),
                    "outcome": OUTCOMES.get(activity),
                }
            )
    frame = pd.DataFrame(rows)
    objects = pd.DataFrame(dict(attributes or {}), index=pd.Index(list(clock), dtype="str"))
    return Touchpoints(frame=canonical(frame), objects={"customer": objects}, quality=None)  # type: ignore[arg-type]


def canonical(frame: pd.DataFrame) -> pd.DataFrame:
    """Fill a frame up to the canonical fields and types."""
    n = len(frame)
    filled = {}
    for field in FIELDS:
        given = frame.get(field.name)
        if field.kind == "time":
            values = pd.Series(pd.NaT, index=range(n)) if given is None else given
            filled[field.name] = pd.to_datetime(values, utc=True).astype("datetime64[us, UTC]")
        elif field.kind == "flag":
            filled[field.name] = pd.Series(False, index=range(n)) if given is None else given.astype(bool)
        elif field.name in {"seq", "source_row"}:
            filled[field.name] = pd.Series(range(n), dtype="int64") if given is None else given.astype("int64")
        elif field.kind == "number":
            filled[field.name] = pd.Series(float("nan"), index=range(n)) if given is None else given.astype(float)
        elif given is None:
            filled[field.name] = pd.Series(_default(field.name, n), dtype="str")
        else:
            filled[field.name] = given.astype("str")
    return pd.DataFrame(filled)


def _default(name: str, n: int) -> list[str | None]:
    if name == "touchpoint_id":
        return [f"told:{row}" for row in range(n)]
    always = {"touchpoint_kind": "interaction", "source": "told", "timestamp_quality": "exact", "direction": "inbound"}
    return [always.get(name)] * n


def told(*stories: str, gap: str | None = None, case: str = "customer", **manner: object) -> Journeys:
    """Journeys of stories; see `told_touchpoints`."""
    return told_touchpoints(*stories, **manner).by(case, gap=gap)  # type: ignore[arg-type]


def happened(touchpoints: Touchpoints) -> list[str]:
    """What happened, in order."""
    return touchpoints.frame.sort_values(["timestamp", "seq"])["activity"].tolist()


def asides(touchpoints: Touchpoints) -> dict[tuple[str, str], int]:
    """How many records of each table were set aside by each rule."""
    frame = touchpoints.quality.frame
    lines = zip(frame["table"], frame["rule"], frame["rows_aside"], strict=True)
    return {(table.strip(), rule): int(n) for table, rule, n in lines if rule}


def rules(touchpoints: Touchpoints) -> dict[str, int]:
    """How many records were set aside by each rule."""
    frame = touchpoints.quality.frame
    return {rule: int(n) for rule, n in zip(frame["rule"], frame["rows_aside"], strict=True) if rule}
