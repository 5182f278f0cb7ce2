"""Lifelines: what every object went through, whatever its type, from one sort of all relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog, link_columns
from mining._errors import FieldError, MiningError, listed
from mining.discovery.related import distinct_touchpoints, related_objects
from mining.sources.flatten import undoubted

if TYPE_CHECKING:
    from mining.sources.touchpoints import Touchpoints

__all__ = ["Lifelines", "find_lifelines"]

_MICROSECOND: Final = pd.Timedelta(microseconds=1)
_EPOCH: Final = pd.Timestamp(0, tz="UTC")
_NOTHING: Final = "no touchpoint is about an object. Map the columns with ids of customers, deals or tickets."
_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lifelines:
    """The touchpoints of every object in order, each type of object for itself.

    Attributes
    ----------
    logs : dict of CodedLog
        Object type to its linked log, one journey per object; sorted by type. All of them code activities alike.
    touchpoint : ndarray of int64
        For each row of the logs, the number of its touchpoint: rows of several objects share one.
    activity : ndarray of int32
        For each touchpoint its activity, coded as in the logs; also of touchpoints about no object.
    words : ndarray of object
        Activities, sorted.
    n_untouched : dict of int
        Object type to how many of its objects no touchpoint is about.
    n_unrelated : int
        Touchpoints about no object.
    left_out : int
        Touchpoints left out as doubtful.
    """

    logs: dict[str, CodedLog]
    touchpoint: _Integers
    activity: npt.NDArray[np.int32]
    words: npt.NDArray[np.object_]
    n_untouched: dict[str, int]
    n_unrelated: int
    left_out: int

    @cached_property
    def of_touchpoints(self) -> _Integers:
        """How many touchpoints there are of each activity, whatever they are about."""
        return np.bincount(self.activity, minlength=len(self.words))

    def touched(self, kind: str) -> pd.DataFrame:
        """Count how many objects of a type the touchpoints of each activity are about.

        Returns
        -------
        DataFrame
            activity, n_touchpoints (about at least one), of_touchpoints, n_single (about exactly one), objects_min,
            objects_mean, objects_max (of those about at least one), n_repeated (objects that several are about).
        """
        log = self.logs[kind]
        number, count = np.unique(self.touchpoint[log.rows], return_counts=True)
        rows = pd.DataFrame({"code": self.activity[number], "n": count, "single": count == 1})
        frame = rows.groupby("code", sort=True).agg(
            n_touchpoints=("n", "size"),
            n_single=("single", "sum"),
            objects_min=("n", "min"),
            objects_mean=("n", "mean"),
            objects_max=("n", "max"),
        )
        code = frame.index.to_numpy(np.int64)
        frame.insert(0, "activity", pd.Series(self.words[code], index=frame.index, dtype="str"))
        frame.insert(2, "of_touchpoints", self.of_touchpoints[code])
        frame["n_repeated"] = self._repeated(log)[code]
        return frame.reset_index(drop=True)

    def pairs(self, kind: str) -> _Integers:
        """Count, for each step in the order of `mining._engine.steps`, the pairs of touchpoints that it stands for."""
        log, size = self.logs[kind], len(self.words)
        number = self.touchpoint[log.rows]
        inside = np.ones(max(log.n_touchpoints - 1, 0), bool)
        inside[log.last[:-1]] = False
        pair = np.unique(number[:-1][inside] * len(self.activity) + number[1:][inside])
        one, other = np.divmod(pair, len(self.activity))
        step = self.activity[one].astype(np.int64) * size + self.activity[other]
        return np.asarray(np.unique(step, return_counts=True)[1], np.int64)

    def _repeated(self, log: CodedLog) -> _Integers:
        size = len(self.words)
        key, times = np.unique(log.journey_of * size + log.narrow["activity"], return_counts=True)
        return np.bincount(key[times > 1] % size, minlength=size)


def find_lifelines(
    touchpoints: Touchpoints, object_types: Iterable[str] | None = None, *, doubtful: bool = False
) -> Lifelines:
    """Put the touchpoints of every object in order, by time and then by `seq`, for all types in one sort.

    Parameters
    ----------
    touchpoints : Touchpoints
        What happened, and to which objects.
    object_types : iterable of str, optional
        The types to look at; all, where not given.
    doubtful : bool
        Whether to keep what may be no act of anybody.

    Returns
    -------
    Lifelines

    Raises
    ------
    FieldError
        For a type of object that no touchpoint is about.
    MiningError
        Where no touchpoint is about any object, or no type is asked for.
    """
    kept = touchpoints if doubtful else undoubted(touchpoints)
    if not len(kept):
        raise MiningError.empty("The flow of objects", _NOTHING)
    rows = distinct_touchpoints(kept)
    related = related_objects(kept, pd.Index(rows["touchpoint_id"]))
    if not len(related):
        raise MiningError.empty("The flow of objects", _NOTHING)
    chosen = _chosen(object_types, related["object_type"])
    activity, words = pd.factorize(rows["activity"].astype("str"), sort=True)
    codes = activity.astype(np.int32)
    logs, touchpoint = _linked(rows, related, codes, np.asarray(words, dtype=object))
    return Lifelines(
        logs={kind: logs[kind] for kind in chosen},
        touchpoint=touchpoint,
        activity=codes,
        words=np.asarray(words, dtype=object),
        n_untouched=_untouched(kept, logs),
        n_unrelated=len(rows) - len(np.unique(touchpoint)),
        left_out=len(touchpoints) - len(kept),
    )


class _Coded:
    """Columns that are coded already."""

    measures = ()

    def __init__(self, known: Mapping[str, tuple[npt.NDArray[np.int32], npt.NDArray[np.object_]]]) -> None:
        self._known = known
        self.fields = tuple(known)

    def coded(self, field: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.object_]]:
        """Give a field's codes and its words."""
        return self._known[field]

    def measured(self, field: str) -> npt.NDArray[np.float64]:
        """Give the numbers of a field; there are none."""
        raise KeyError(field)


def _chosen(asked: Iterable[str] | None, kinds: pd.Series[str]) -> list[str]:
    known = sorted(kinds.unique())
    chosen = known if asked is None else sorted(set(asked))
    if not chosen:
        raise MiningError.refused(
            "No type of object is asked for:", f"give some of {listed(known)}, or nothing for all."
        )
    for kind in chosen:
        if kind not in known:
            raise FieldError.unknown("object type", kind, known)
    return chosen


def _linked(
    rows: pd.DataFrame, related: pd.DataFrame, activity: npt.NDArray[np.int32], words: npt.NDArray[np.object_]
) -> tuple[dict[str, CodedLog], _Integers]:
    place = related["row"].to_numpy(np.int64)
    kind, kinds = pd.factorize(related["object_type"].astype("str"), sort=True)
    name, names = pd.factorize(related["object_id"].astype("str"), sort=True)
    objects, lifeline = np.unique(kind.astype(np.int64) * len(names) + name, return_inverse=True)
    ids = np.asarray(names, dtype=object)[objects % len(names)]
    time = _micros(rows["timestamp"])
    until = np.maximum(_micros(rows["end_timestamp"].fillna(rows["timestamp"])), time)
    columns = _Coded({"record": (lifeline.astype(np.int32), ids), "activity": (activity[place], words)})
    seq = rows["seq"].to_numpy(np.int64)[place]
    log = link_columns(columns, "record", time=time[place], ends=until[place], seq=seq)
    of_row = kind[log.rows]
    logs = {str(word): log.take(np.flatnonzero(of_row == code)) for code, word in enumerate(kinds)}
    return logs, place


def _micros(moments: pd.Series[pd.Timestamp]) -> _Integers:
    return np.asarray((moments - _EPOCH) // _MICROSECOND, np.int64)


def _untouched(touchpoints: Touchpoints, logs: Mapping[str, CodedLog]) -> dict[str, int]:
    known = touchpoints.store.objects["object_type"].value_counts()
    return {kind: max(int(known.get(kind, 0)) - log.n_journeys, 0) for kind, log in logs.items()}
