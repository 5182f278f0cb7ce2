"""What touches what: touchpoints counted once, and the objects that each is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from mining.sources.touchpoints import Touchpoints

__all__ = ["distinct_touchpoints", "related_objects"]


def distinct_touchpoints(touchpoints: Touchpoints) -> pd.DataFrame:
    """Give one row per touchpoint: without the further rows of those with several customers.

    Returns
    -------
    DataFrame
        touchpoint_id, activity, timestamp, end_timestamp, seq.
    """
    frame = touchpoints.frame[["touchpoint_id", "activity", "timestamp", "end_timestamp", "seq"]]
    event = _event(touchpoints)
    return frame.assign(touchpoint_id=event).drop_duplicates("touchpoint_id", ignore_index=True)


def _event(touchpoints: Touchpoints) -> pd.Series[str]:
    names = touchpoints.frame["touchpoint_id"]
    further = names.str.contains(r"@\d+$", na=False).to_numpy(bool, copy=True)
    # An id of another log may end like those of our further rows, and is then known as it is.
    further[further] = ~_among(names[further], touchpoints.store.events["event_id"])
    return names.where(~further, names.str.replace(r"@\d+$", "", regex=True))


def _among(words: pd.Series[str], known: pd.Series[str]) -> npt.NDArray[np.bool_]:
    return np.asarray(pd.Index(known.unique()).get_indexer(pd.Index(words)) >= 0)


def related_objects(touchpoints: Touchpoints, events: pd.Index[str]) -> pd.DataFrame:
    """List which touchpoint is about which object, once each, whatever the part that the object plays in it.

    Parameters
    ----------
    touchpoints : Touchpoints
        What happened, and to which objects.
    events : Index of str
        Ids of the touchpoints to look at.

    Returns
    -------
    DataFrame
        row (place in `events`), object_type, object_id.
    """
    store = touchpoints.store
    pairs, listed = store.event_objects, pd.Index(store.objects["object_id"])
    names = store.objects["object_type"].astype("str").array
    kinds = pd.Series(names.take(listed.get_indexer(pd.Index(pairs["object_id"])), allow_fill=True), index=pairs.index)
    found = pd.DataFrame(
        {
            "row": events.get_indexer(pd.Index(pairs["event_id"])),
            "object_type": kinds,
            "object_id": pairs["object_id"],
        }
    )
    return found[found["row"] >= 0].drop_duplicates(ignore_index=True)
