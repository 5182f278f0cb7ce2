"""Lanes: which part of the company, or of the journey, an activity belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._errors import FieldError, MiningError

__all__ = ["LANE_FIELDS", "Lanes", "choose_lanes"]

LANE_FIELDS: Final = ("stage", "department", "channel", "team", "actor_kind")
# Words that say only that nobody knows.
_EMPTY: Final = frozenset({"", "unknown", "none"})


@dataclass(frozen=True)
class Lanes:
    """The lane of each activity.

    Attributes
    ----------
    by : str
        The field that gave the lanes, or ``given``.
    of : mapping of str to str
        Activity to lane, empty where it has none.
    order : tuple of str
        Lanes as journeys reach them: by the average place of their touchpoints in the journey.
    """

    by: str
    of: Mapping[str, str]
    order: tuple[str, ...]


def choose_lanes(log: CodedLog, lanes: str | Mapping[str, str] | None = None) -> Lanes:
    """Give every activity the word of a field that its touchpoints bear most often.

    Parameters
    ----------
    log : CodedLog
        The linked log.
    lanes : str or mapping, optional
        One of `LANE_FIELDS`, or activity to lane. By default the stage where most touchpoints have one, else the
        department.

    Raises
    ------
    FieldError
        For a field that cannot make lanes.
    MiningError
        For a mapping that names an activity which never happens.
    """
    activities = [str(word) for word in log.words["activity"]]
    used = np.unique(log.codes["activity"])
    if isinstance(lanes, Mapping):
        for activity in lanes:
            if activity not in activities:
                raise MiningError.unknown("activity", str(activity), activities)
        words = np.array([str(lanes.get(activity, "")) for activity in activities], dtype=object)
        return _ordered(log, "given", words, used)
    field = lanes if lanes is not None else _default(log)
    if field not in LANE_FIELDS:
        raise FieldError.unknown("field for lanes", field, LANE_FIELDS)
    return _ordered(log, field, _commonest(log, field), used)


def _default(log: CodedLog) -> str:
    return "stage" if 2 * int((log.codes["stage"] >= 0).sum()) > log.n_touchpoints else "department"


def _commonest(log: CodedLog, field: str) -> npt.NDArray[np.object_]:
    """Find the most frequent known word of a field for each activity; of equally frequent ones the first by name."""
    words = log.words[field]
    known = np.array([str(word) not in _EMPTY for word in words] + [False])[log.codes[field]]
    breadth = max(len(words), 1)
    key = log.codes["activity"][known].astype(np.int64) * breadth + log.codes[field][known]
    pairs, count = np.unique(key, return_counts=True)
    order = np.lexsort((pairs, -count))
    activity, at = np.unique(pairs[order] // breadth, return_index=True)
    found = np.full(len(log.words["activity"]), "", dtype=object)
    found[activity] = words[pairs[order][at] % breadth]
    return found


def _ordered(log: CodedLog, by: str, words: npt.NDArray[np.object_], used: npt.NDArray[np.int32]) -> Lanes:
    length = np.repeat(log.lengths, log.lengths)
    place = (np.arange(log.n_touchpoints) - np.repeat(log.first, log.lengths)) / np.maximum(length - 1, 1)
    mean = pd.Series(place).groupby(words[log.codes["activity"]]).mean()
    order = sorted((name for name in mean.index if name), key=lambda name: (round(float(mean[name]), 9), str(name)))
    of = {str(log.words["activity"][code]): str(words[code]) for code in used}
    return Lanes(by, of, tuple(str(name) for name in order))
