"""Narrowing: some of the journeys, or less of each. Every method returns journeys; none asks a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import EllipsisType
from typing import Any, Final, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._durations import duration
from mining._errors import FieldError, MiningError
from mining.journeys.linked import LinkedTouchpoints
from mining.journeys.patterns import holding

__all__ = ["NarrowedJourneys", "Straddling", "microseconds"]

Straddling = Literal["by_start", "by_end", "leave_out", "keep", "cut"]
_MICROSECOND: Final = pd.Timedelta(microseconds=1)


class NarrowedJourneys(LinkedTouchpoints):
    """Journeys that can be narrowed."""

    def reaching(self, activity: str) -> Self:
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

    def avoiding(self, activity: str) -> Self:
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

    def containing(self, *pattern: str | Iterable[str] | EllipsisType) -> Self:
        """Keep journeys in which activities follow one another in a pattern.

        Parameters
        ----------
        *pattern : str, iterable of str, or ...
            Activities that follow one another directly; several in one place are alternatives, and ``...`` stands for
            any touchpoints between, or none.

        Returns
        -------
        Journeys
            Possibly none.

        Raises
        ------
        MiningError
            For a pattern without any activity, or one that does not occur in the log.

        Examples
        --------
        `journeys` are those of the example company (`mining.examples`).

        >>> journeys.containing("Demo", "Deal: Quote sent", ..., ["Deal: Won", "Deal: Lost"])
        <Journeys by customer: 93 journeys of 79 customers, 2,322 touchpoints, 38 activities>
        """
        places = [None if place is ... else self._any_of(place) for place in pattern]
        if not any(place is not None for place in places):
            raise MiningError.refused("A pattern of no activities", "is none: name at least one.")
        return self.keep(holding(self.log, places))

    def starting_with(self, activity: str) -> Self:
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

    def ending_with(self, activity: str) -> Self:
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

    def since(self, moment: str | pd.Timestamp, straddling: Straddling = "by_start") -> Self:
        """Keep journeys from a moment on; `straddling` says what becomes of those that began before and go on after.

        Parameters
        ----------
        moment : str or Timestamp
            UTC where no zone is said.
        straddling : str
            As for `between`.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self._in(pd.Timestamp(moment), None, straddling)

    def until(self, moment: str | pd.Timestamp, straddling: Straddling = "by_start") -> Self:
        """Keep journeys before a moment; `straddling` says what becomes of those that began before and go on after.

        Parameters
        ----------
        moment : str or Timestamp
            UTC where no zone is said. What happens at the moment itself is after it.
        straddling : str
            As for `between`.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self._in(None, pd.Timestamp(moment), straddling)

    def between(self, start: str | pd.Timestamp, end: str | pd.Timestamp, straddling: Straddling = "by_start") -> Self:
        """Keep journeys from `start` on and before `end`.

        Parameters
        ----------
        start, end : str or Timestamp
            UTC where no zone is said.
        straddling : {'by_start', 'by_end', 'leave_out', 'keep', 'cut'}
            A journey belongs to the period that it starts in, or that it ends in; or one that reaches beyond the period
            is left out, or kept whole, or cut to its touchpoints inside. Cut journeys are known to be cut: observation
            then ends with the period, for `unfinished` and `censoring` too.

        Returns
        -------
        Journeys
            Possibly none.

        Raises
        ------
        FieldError
            For a rule that there is not.
        """
        return self._in(pd.Timestamp(start), pd.Timestamp(end), straddling)

    def of(self, **wanted: str | Iterable[str]) -> Self:
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

    def sample(self, n: int | None = None, *, share: float | None = None, random_state: int = 0) -> Self:
        """Keep journeys chosen by a hash of their ids: the same ones whatever the row order.

        Parameters
        ----------
        n : int, optional
            How many; all, where there are fewer.
        share : float, optional
            Instead, which share of them, about. A journey that is chosen stays so when others come or go.
        random_state : int
            Another number chooses others.

        Returns
        -------
        Journeys
            Possibly none, where a share is asked for.

        Raises
        ------
        MiningError
            For less than one, a share that is none, or both or neither of the two.
        """
        if (n is None) == (share is None):
            raise MiningError.refused("A sample", "takes either a number of journeys or a share of them.")
        salted = pd.Series(self.log.journey_ids, dtype="str") + f"|{random_state}"
        chance = pd.util.hash_array(salted.to_numpy(object))
        if n is None:
            if share is None or not 0 < share <= 1:
                raise MiningError.refused(f"The share {share}", "is none: give one above 0 and up to 1.")
            return self.keep(chance / 2.0**64 < share)
        if n < 1:
            raise MiningError.refused(f"A sample of {n} journeys", "is none: ask for one or more.")
        mask = np.zeros(len(self), bool)
        mask[np.argsort(chance, kind="stable")[:n]] = True
        return self.keep(mask)

    def certain(self, at_least: float = 0.9) -> Self:
        """Keep journeys whose ends are sure enough, where they were estimated (`find_boundaries`).

        Parameters
        ----------
        at_least : float
            Smallest `certainty`, 0 to 1.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self.keep(self.certainty.to_numpy() >= at_least)

    def without_repeats(self, within: str | pd.Timedelta | None = None) -> Self:
        """Make one touchpoint of each run of the same activity: the first, which lasts until the last of them ends.

        Parameters
        ----------
        within : str or Timedelta, optional
            Only where the next follows within this time of the one before.

        Returns
        -------
        Journeys
            As many, none longer.
        """
        limit = None if within is None else duration(within) // _MICROSECOND
        return self._of(self.log.collapse(limit))

    def without(self, *activities: str) -> Self:
        """Leave out the touchpoints of some activities; journeys of nothing else disappear.

        Parameters
        ----------
        *activities : str
            Of `activities`.

        Returns
        -------
        Journeys
            Possibly none.
        """
        return self._of(self.log.take(np.flatnonzero(~self._any_of(activities))))

    def renaming(self, names: Mapping[str, str]) -> Self:
        """Give activities other names; `activity_raw` keeps what the export called them.

        Parameters
        ----------
        names : mapping of str to str
            Old name to new. Activities that come to bear the same name become one.

        Returns
        -------
        Journeys
            As many, as long.

        Raises
        ------
        FieldError
            For an activity that does not occur.
        """
        self._any_of(names)
        return replace(self, log=self.log.rename({old: str(new) for old, new in names.items()}))

    def merging(self, activities: Iterable[str], into: str) -> Self:
        """Take several activities for one.

        Parameters
        ----------
        activities : iterable of str
            Of `activities`.
        into : str
            The name of the one.

        Returns
        -------
        Journeys
            As many, as long; `without_repeats` makes one touchpoint of runs.
        """
        given = [activities] if isinstance(activities, str) else activities
        return self.renaming(dict.fromkeys(given, into))

    def _in(self, start: pd.Timestamp | None, end: pd.Timestamp | None, straddling: Straddling) -> Self:
        if straddling not in get_args(Straddling):
            raise FieldError.unknown("rule for straddling journeys", straddling, get_args(Straddling))
        time, first, last = self.log.time, self.log.first, self.log.last
        since, before = _bounds(start, end)
        starts, ends = time[first], time[last]
        if straddling == "cut":
            inside = np.flatnonzero((time >= since) & (time < before))
            return replace(self._of(self.log.take(inside)), **self._seen(start, end))
        kept = {
            "by_start": (starts >= since) & (starts < before),
            "by_end": (ends >= since) & (ends < before),
            "leave_out": (starts >= since) & (ends < before),
            "keep": (ends >= since) & (starts < before),
        }
        return self.keep(kept[straddling])

    def _seen(self, start: pd.Timestamp | None, end: pd.Timestamp | None) -> dict[str, Any]:
        froms = [moment for moment in (self.seen_from, start and _utc(start)) if moment is not None]
        untils = [moment for moment in (self.seen_until, end and _utc(end)) if moment is not None]
        return {"seen_from": max(froms, default=None), "seen_until": min(untils, default=None)}

    def _is(self, activity: str) -> npt.NDArray[np.bool_]:
        if activity not in set(self.log.words["activity"]):
            raise FieldError.unknown("activity", activity, self.activities)
        return self.log.holds("activity", activity)

    def _any_of(self, activities: str | Iterable[str]) -> npt.NDArray[np.bool_]:
        given = [activities] if isinstance(activities, str) else list(activities)
        masks = [self._is(activity) for activity in given]
        return np.logical_or.reduce(masks) if masks else np.zeros(self.log.n_touchpoints, bool)


def microseconds(moment: pd.Timestamp) -> int:
    """Tell a moment in microseconds since 1970; UTC where no zone is said."""
    return int(_utc(moment).value // 1_000)  # `value` is in nanoseconds whatever the unit


def _utc(moment: pd.Timestamp) -> pd.Timestamp:
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")


def _bounds(start: pd.Timestamp | None, end: pd.Timestamp | None) -> tuple[int, int]:
    limits = np.iinfo(np.int64)
    return (
        int(limits.min) if start is None else microseconds(start),
        int(limits.max) if end is None else microseconds(end),
    )
