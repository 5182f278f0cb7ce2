"""Journeys: the noun every question is asked of, and the methods that narrow it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._durations import duration
from mining._engine import CodedLog, durations, ends, portraits, steps, variants
from mining._errors import FieldError, MiningError
from mining.journeys.xes import write_xes
from mining.sources.touchpoints import Touchpoints

__all__ = ["FINAL_OUTCOMES", "Journeys"]

FINAL_OUTCOMES = ("won", "lost", "solved", "disqualified")


@dataclass(frozen=True, eq=False)
class Journeys:
    """Customers' touchpoints under one case notion, in order.

    Made by `Touchpoints.by`. Methods narrow and return `Journeys`; questions are functions that take them.

    Attributes
    ----------
    log : CodedLog
        Integer codes sorted by (journey, timestamp, seq).
    touchpoints : Touchpoints
        Everything that was read, narrowed or not: objects' attributes and the quality report.
    case : str
        What tells journeys apart.
    unlinked : int
        Touchpoints that belong to no such case and are in no journey.
    replicated : int
        Rows that repeat a touchpoint because it belongs to several such cases (a call about two deals).
    left_out : int
        Rows left out as doubtful: imports, bulk updates, mail opens.
    """

    log: CodedLog
    touchpoints: Touchpoints
    case: str
    unlinked: int = 0
    replicated: int = 0
    left_out: int = 0

    def __len__(self) -> int:
        return self.log.n_journeys

    def __repr__(self) -> str:
        return (
            f"<Journeys by {self.case}: {len(self):,} journeys of {self.n_customers:,} customers, "
            f"{self.log.n_touchpoints:,} touchpoints, {len(self.activities)} activities{self._told_flattening()}>"
        )

    def _told_flattening(self) -> str:
        told = f"; {self.replicated:,} rows repeat a touchpoint of several {self.case}s" if self.replicated else ""
        return told + (f"; {self.left_out:,} doubtful rows left out" if self.left_out else "")

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>"

    @property
    def n_customers(self) -> int:
        """Distinct customers known in these journeys (journeys, where no customer is known)."""
        codes = self.log.narrow["customer"]
        held = np.zeros(len(self.log.words["customer"]) + 1, bool)
        held[codes] = True  # the last is for those whose customer is not known
        return int(held[:-1].sum()) or len(self)

    @property
    def activities(self) -> list[str]:
        """Activities in use, sorted."""
        return [str(word) for word in self.log.words["activity"][np.unique(self.log.codes["activity"])]]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per touchpoint, in order: journey_id and the canonical fields."""
        rows = self.touchpoints.frame.iloc[self.log.rows].reset_index(drop=True)
        rows.insert(0, "journey_id", pd.Series(self.log.journey_ids[self.log.journey_of], dtype="str"))
        return rows

    @property
    def observed_until(self) -> pd.Timestamp:
        """End of observation: the latest touchpoint of the whole export, not of these journeys."""
        return self.touchpoints.observed_until

    @cached_property
    def _steps(self) -> pd.DataFrame:
        return steps(self.log)

    def steps(self) -> pd.DataFrame:
        """Measure which activity directly follows which.

        Returns
        -------
        DataFrame
            activity, next_activity, n_steps, n_journeys, wait_mean_hours, wait_median_hours, wait_p90_hours; the wait
            runs from the end of the one (its time, where no end is known) to the start of the other.
        """
        return self._steps.copy()

    def ends(self) -> pd.DataFrame:
        """Count how often each activity happens, starts a journey and ends one.

        Returns
        -------
        DataFrame
            activity, n_touchpoints, n_journeys, n_starts, n_ends.
        """
        return ends(self.log)

    @cached_property
    def _variants(self) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
        return variants(self.log)

    def variants(self) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
        """Find the distinct paths and which journey takes which.

        Returns
        -------
        frame : DataFrame
            variant (tuple of activities), n_journeys; most frequent first.
        variant_of : ndarray of int64
            For each journey, in order, the row of `frame`.
        """
        return self._variants

    @cached_property
    def _portraits(self) -> pd.DataFrame:
        return portraits(self.log)

    def portraits(self) -> pd.DataFrame:
        """Describe each journey by one row.

        Returns
        -------
        DataFrame
            Indexed by journey_id: customer, n_touchpoints, n_activities, n_channels, n_actors, n_teams, n_departments,
            channel_switches, handoffs, started, ended, duration_days, first_activity, last_activity, first_channel,
            last_channel.
        """
        return self._portraits

    def attribute(self, name: str) -> pd.Series[str]:
        """Look an attribute of the CRM's objects up for every journey.

        Parameters
        ----------
        name : str
            An attribute of the case's own objects, else of the customers', else of any other object the journey's
            first touchpoint names.

        Returns
        -------
        Series
            Indexed by journey_id; missing where the CRM says nothing.

        Raises
        ------
        FieldError
            Where no object has such an attribute.
        """
        kinds = sorted(self.touchpoints.objects, key=lambda kind: (kind != self.case, kind != "customer", kind))
        for kind in kinds:
            objects = self.touchpoints.objects[kind]
            if name in objects.columns and kind in self.log.codes:
                ids = _first_known(self.log, kind)
                found = objects[name].reindex(ids)
                return pd.Series(found.to_numpy(), index=pd.Index(self.log.journey_ids, name="journey_id"), name=name)
        known = [column for kind in kinds for column in self.touchpoints.objects[kind].columns]
        raise FieldError.unknown("attribute", name, known)

    def keep(self, mask: npt.ArrayLike) -> Journeys:
        """Keep the journeys marked in a boolean array.

        Parameters
        ----------
        mask : array-like of bool
            One entry per journey, in order.

        Returns
        -------
        Journeys
            Possibly none.

        Raises
        ------
        MiningError
            For a mask of another length.
        """
        marked = np.asarray(mask, bool)
        if marked.shape != (len(self),):
            raise MiningError.refused(f"A mask of {marked.shape} entries", f"does not fit {len(self)} journeys.")
        return replace(self, log=self.log.keep(marked), replicated=0, left_out=0)

    def reaching(self, activity: str) -> Journeys:
        """Keep journeys in which an activity happens.

        Parameters
        ----------
        activity : str
            One of `activities`.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self.keep(self.log.any_in_journey(self._is(activity)))

    def avoiding(self, activity: str) -> Journeys:
        """Keep journeys in which an activity never happens.

        Parameters
        ----------
        activity : str
            One of `activities`.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self.keep(~self.log.any_in_journey(self._is(activity)))

    def starting_with(self, activity: str) -> Journeys:
        """Keep journeys whose first touchpoint is an activity.

        Parameters
        ----------
        activity : str
            One of `activities`.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self.keep(self._is(activity)[self.log.first])

    def ending_with(self, activity: str) -> Journeys:
        """Keep journeys whose last touchpoint is an activity.

        Parameters
        ----------
        activity : str
            One of `activities`.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self.keep(self._is(activity)[self.log.last])

    def since(self, moment: str | pd.Timestamp) -> Journeys:
        """Keep journeys that start at or after a moment (one that straddles it is left out whole).

        Parameters
        ----------
        moment : str or Timestamp
            UTC where no zone is said.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self.keep(self.log.time[self.log.first] >= _microseconds(moment))

    def until(self, moment: str | pd.Timestamp) -> Journeys:
        """Keep journeys that start before a moment (one that straddles it is kept whole).

        Parameters
        ----------
        moment : str or Timestamp
            UTC where no zone is said.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self.keep(self.log.time[self.log.first] < _microseconds(moment))

    def between(self, start: str | pd.Timestamp, end: str | pd.Timestamp) -> Journeys:
        """Keep journeys that start at or after `start` and before `end`.

        Parameters
        ----------
        start, end : str or Timestamp
            UTC where no zone is said.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self.since(start).until(end)

    def of(self, **wanted: str | Iterable[str]) -> Journeys:
        """Keep journeys by a field of any of their touchpoints or by an attribute of their objects.

        Parameters
        ----------
        **wanted : str or iterable of str
            ``channel="phone"``, ``industry=["retail", "travel"]``: all must hold.

        Returns
        -------
        Journeys
            Possibly none.

        Examples
        --------
        `journeys` are those of the example company (`mining.examples`).

        >>> journeys.of(activity="Chat started", industry=["Retail", "Media"])
        <Journeys by customer: 109 journeys of 76 customers, 2,356 touchpoints, 38 activities>
        """
        kept = self
        for name, given in wanted.items():
            words = {given} if isinstance(given, str) else {str(word) for word in given}
            if name in kept.log.codes:
                marked = np.isin(kept.log.words[name].astype(str), list(words))
                mask = kept.log.any_in_journey(np.append(marked, False)[kept.log.codes[name]])
            else:
                mask = kept.attribute(name).astype("str").isin(words).to_numpy()
            kept = kept.keep(mask)
        return kept

    def sample(self, n: int, random_state: int = 0) -> Journeys:
        """Keep `n` journeys chosen by a hash of their ids: the same ones whatever the row order.

        Parameters
        ----------
        n : int
            How many; all, where there are fewer.
        random_state : int
            Another number chooses others.

        Returns
        -------
        Journeys
            At most `n`.

        Raises
        ------
        MiningError
            For less than one.
        """
        if n < 1:
            raise MiningError.refused(f"A sample of {n} journeys", "is none: ask for one or more.")
        salted = pd.Series(self.log.journey_ids, dtype="str") + f"|{random_state}"
        rank = np.argsort(pd.util.hash_array(salted.to_numpy(object)), kind="stable")
        mask = np.zeros(len(self), bool)
        mask[rank[:n]] = True
        return self.keep(mask)

    def unfinished(self, within: str | pd.Timedelta = "60D") -> npt.NDArray[np.bool_]:
        """Mark journeys that may still be running when observation ends.

        A journey counts as unfinished where nothing in it is final (won, lost, solved, disqualified) and its last
        touchpoint lies within `within` of the end of observation. Such journeys are censored, not failed.

        Parameters
        ----------
        within : str or Timedelta
            How long a silence may last before a journey counts as over.

        Returns
        -------
        ndarray of bool
            One entry per journey, in order.
        """
        final = np.zeros(self.log.n_touchpoints, bool)
        for outcome in FINAL_OUTCOMES:
            final |= self.log.holds("outcome", outcome)
        limit = _microseconds(self.observed_until - duration(within))
        return np.asarray(~self.log.any_in_journey(final) & (self.log.time[self.log.last] >= limit))

    def to_xes(self, path: Path | str) -> Path:
        """Write the journeys as an XES event log, the whole file or none.

        Parameters
        ----------
        path : Path or str
            The file; a name that ends in ``.gz`` is packed.

        Returns
        -------
        Path
            The file written.
        """
        return write_xes(self, Path(path))

    def to_parquet(self, path: Path | str) -> Path:
        """Keep the journeys as one Parquet file, the whole file or none; `open` opens it without linking again.

        Parameters
        ----------
        path : Path or str
            The file; by custom it ends in ``.parquet``. Other programs read it as a table of touchpoints in order.

        Returns
        -------
        Path
            The file written.
        """
        from mining.journeys.store import write_journeys

        return write_journeys(self, path)

    @classmethod
    def open(cls, path: Path | str) -> Journeys:
        """Open journeys that `to_parquet` kept; columns are read when they are asked for.

        Parameters
        ----------
        path : Path or str
            The file.

        Returns
        -------
        Journeys
            The same as were kept, objects' attributes included; of the quality report the number of rows is left.

        Raises
        ------
        ExportError
            For a file that is missing or holds no journeys.
        """
        from mining.journeys.store import open_journeys

        return open_journeys(path)

    def durations(self) -> pd.DataFrame:
        """Measure how long each journey takes.

        Returns
        -------
        DataFrame
            Indexed by journey_id: started, ended (UTC), duration_days.
        """
        return durations(self.log)

    def _is(self, activity: str) -> npt.NDArray[np.bool_]:
        if activity not in set(self.log.words["activity"]):
            raise FieldError.unknown("activity", activity, self.activities)
        return self.log.holds("activity", activity)


def _first_known(log: CodedLog, field: str) -> npt.NDArray[np.object_]:
    known = np.flatnonzero(log.codes[field] >= 0)
    journeys, at = np.unique(log.journey_of[known], return_index=True)
    ids = np.full(log.n_journeys, None, dtype=object)
    ids[journeys] = log.decoded(field, known[at])
    return ids


def _microseconds(moment: str | pd.Timestamp) -> int:
    stamp = pd.Timestamp(moment)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return int(stamp.value // 1_000)  # `value` is in nanoseconds whatever the unit
