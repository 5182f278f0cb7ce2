"""From many objects per touchpoint to one case: what flattening repeats and what it leaves out is counted."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from mining._errors import FieldError
from mining._fields import CASES
from mining.sources.touchpoints import Flattened, Touchpoints

__all__ = ["flattened", "undoubted"]


def undoubted(touchpoints: Touchpoints) -> Touchpoints:
    """Leave out what may be no act of anybody, unless there is nothing else."""
    doubtful = (touchpoints.frame["is_bulk"] | touchpoints.frame["is_low_trust"]).to_numpy()
    if not doubtful.any() or doubtful.all():
        return touchpoints
    return replace(touchpoints, frame=touchpoints.frame.loc[~doubtful].reset_index(drop=True))


def flattened(touchpoints: Touchpoints, case: str) -> Flattened:
    """Give one row per touchpoint and case; say how many rows repeat a touchpoint (convergence)."""
    beyond = touchpoints.relations.further
    beyond = beyond.loc[(beyond["object_type"] == case).to_numpy()]
    if case not in CASES:
        return _other(touchpoints, case, beyond)
    if case == "customer" and not len(beyond):
        n_again = int(touchpoints.frame["touchpoint_id"].str.contains("@", na=False).sum())
        return Flattened(touchpoints, case, replicated=n_again)
    once = _once(touchpoints, case)
    if not len(beyond):
        return Flattened(once, case)
    again = once.frame.merge(beyond[["touchpoint_id", "object_id"]], on="touchpoint_id", validate="one_to_many")
    again[case] = again.pop("object_id").astype("str")
    turn = again.groupby("touchpoint_id", sort=False).cumcount() + 2
    again["touchpoint_id"] = again["touchpoint_id"] + "@" + turn.astype("str")
    frame = pd.concat([once.frame, again], ignore_index=True).sort_values("seq", kind="stable", ignore_index=True)
    return Flattened(replace(once, frame=frame), case, replicated=len(again))


def _other(touchpoints: Touchpoints, case: str, related: pd.DataFrame) -> Flattened:
    """Flatten under a type of object that has no field of its own: its ids stand in `record`."""
    if not len(related):
        known = sorted({*CASES, *touchpoints.relations.further["object_type"]})
        raise FieldError.unknown("case notion", case, known)
    once = _once(touchpoints, "record").frame.drop(columns="record")
    frame = once.merge(related[["touchpoint_id", "object_id"]], on="touchpoint_id", how="left")
    frame = frame.rename(columns={"object_id": "record"})[touchpoints.frame.columns]
    turn = frame.groupby("touchpoint_id", sort=False).cumcount()
    again = (turn > 0).to_numpy()
    frame.loc[again, "touchpoint_id"] = frame["touchpoint_id"] + "@" + (turn + 1).astype("str")
    return Flattened(replace(touchpoints, frame=frame), "record", replicated=int(again.sum()))


def _once(touchpoints: Touchpoints, case: str) -> Touchpoints:
    """Leave out the further rows of touchpoints with several customers: for another case they are one event."""
    frame = touchpoints.frame
    if not frame["touchpoint_id"].str.contains("@", na=False).any() or case not in frame:
        return touchpoints
    told = pd.DataFrame({"id": frame["touchpoint_id"].str.replace(r"@\d+$", "", regex=True), "case": frame[case]})
    again = told.duplicated().to_numpy()
    return replace(touchpoints, frame=frame.loc[~again].reset_index(drop=True))
