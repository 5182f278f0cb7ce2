"""From many objects per touchpoint to one case: what flattening repeats and what it leaves out is counted."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from mining.sources.touchpoints import Touchpoints

__all__ = ["flattened", "undoubted"]


def undoubted(touchpoints: Touchpoints) -> Touchpoints:
    """Leave out what may be no act of anybody, unless there is nothing else."""
    doubtful = (touchpoints.frame["is_bulk"] | touchpoints.frame["is_low_trust"]).to_numpy()
    if not doubtful.any() or doubtful.all():
        return touchpoints
    return replace(touchpoints, frame=touchpoints.frame.loc[~doubtful].reset_index(drop=True))


def flattened(touchpoints: Touchpoints, case: str) -> tuple[Touchpoints, int]:
    """Give one row per touchpoint and case; say how many rows repeat a touchpoint (convergence)."""
    if case == "customer":
        return touchpoints, int(touchpoints.frame["touchpoint_id"].str.contains("@", na=False).sum())
    once = _once(touchpoints, case)
    beyond = touchpoints.relations.further
    beyond = beyond.loc[(beyond["object_type"] == case).to_numpy()]
    if case not in once.frame or not len(beyond):
        return once, 0
    again = once.frame.merge(beyond[["touchpoint_id", "object_id"]], on="touchpoint_id", validate="one_to_many")
    again[case] = again.pop("object_id").astype("str")
    turn = again.groupby("touchpoint_id", sort=False).cumcount() + 2
    again["touchpoint_id"] = again["touchpoint_id"] + "@" + turn.astype("str")
    frame = pd.concat([once.frame, again], ignore_index=True).sort_values("seq", kind="stable", ignore_index=True)
    return replace(once, frame=frame), len(again)


def _once(touchpoints: Touchpoints, case: str) -> Touchpoints:
    """Leave out the further rows of touchpoints with several customers: for another case they are one event."""
    frame = touchpoints.frame
    if not frame["touchpoint_id"].str.contains("@", na=False).any() or case not in frame:
        return touchpoints
    told = pd.DataFrame({"id": frame["touchpoint_id"].str.replace(r"@\d+$", "", regex=True), "case": frame[case]})
    again = told.duplicated().to_numpy()
    return replace(touchpoints, frame=frame.loc[~again].reset_index(drop=True))
