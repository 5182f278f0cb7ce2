"""Object-centric logs are told too: ``told_objects("order: deal d1, item i1 i2", "send: item i1 i2")``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mining._fields import CASES
from mining.sources.relations import Relations
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical

Told = str | tuple[str, Mapping[str, Sequence[str]]]


def told_objects(*stories: Told, every: str = "1h", start: str = "2025-01-01") -> Touchpoints:
    """Touchpoints of stories ``"activity: type id id, type id"``, one after the other, or of such pairs."""
    rows, beyond = [], []
    for at, story in enumerate(stories):
        activity, about = story if isinstance(story, tuple) else _read(story)
        moment = pd.Timestamp(start, tz="UTC") + at * pd.Timedelta(every)
        row = {"touchpoint_id": f"told:{at}", "activity": activity, "timestamp": moment}
        pairs = [(kind, one) for kind, ids in about.items() for one in ids]
        for kind, one in pairs:
            if kind in CASES and kind not in row:
                row[kind] = one
            else:
                beyond.append((f"told:{at}", kind, one))
        rows.append(row)
    names = ["touchpoint_id", "object_type", "object_id"]
    further = pd.DataFrame(beyond, columns=names, dtype="str").drop_duplicates(ignore_index=True)
    return Touchpoints(canonical(pd.DataFrame(rows)), {}, None, Relations(further))  # type: ignore[arg-type]


def _read(story: str) -> tuple[str, dict[str, list[str]]]:
    activity, _, rest = story.partition(":")
    about: dict[str, list[str]] = {}
    for part in filter(None, (part.split() for part in rest.split(","))):
        about.setdefault(part[0], []).extend(part[1:])
    return activity.strip(), about
