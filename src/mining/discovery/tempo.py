"""The temporal profile: how long after each activity each other one comes, and which journeys are far from that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog, paths
from mining._errors import MiningError
from mining.discovery.orders import count_later
from mining.discovery.places import find_places
from mining.discovery.spoken import listing
from mining.journeys import Journeys

__all__ = ["TemporalProfile", "find_tempo"]

_MOST: Final = 200  # activities: of more only the commonest, and that is said
_HOUR: Final = 3_600_000_000
_Integers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class TemporalProfile:
    """How long after each activity each other one comes.

    Attributes
    ----------
    frame : DataFrame
        One row per ordered pair of activities that occurs: activity, later_activity, mean_hours, std_hours (of all
        pairs of touchpoints of a journey, the one sooner or later after the other, from time to time; the sample's,
        0 for a single pair), n_pairs, n_journeys.
    n_journeys : int
        Of how many journeys.
    left_out : int
        Activities too rare to be looked at, because there are more than two hundred.
    """

    frame: pd.DataFrame
    n_journeys: int
    left_out: int = 0

    def __repr__(self) -> str:
        beyond = f"; {listing(self.left_out, 'rare activity', 'rare activities')} not looked at"
        return (
            f"<TemporalProfile: {listing(len(self.frame), 'pair')} of activities in "
            f"{listing(self.n_journeys, 'journey')}{beyond if self.left_out else ''}>"
        )

    def unusual(self, journeys: Journeys, *, deviations: float = 3.0, min_journeys: int = 20) -> pd.DataFrame:
        """List the journeys in which something came far sooner or later after something else than it does on average.

        Parameters
        ----------
        journeys : Journeys
            Those that the profile was found with, or others.
        deviations : float
            How many standard deviations from the mean are far. Waits are lopsided: far is rare for too early, and a
            long tail is in the nature of too late.
        min_journeys : int
            Pairs of activities in fewer journeys of the profile tell no average.

        Returns
        -------
        DataFrame
            One row per journey and pair of activities, the farthest first: journey_id, activity, later_activity, hours
            (the nearest or farthest two touchpoints), mean_hours, deviations (below 0 too soon), n_journeys (of the
            profile). Nothing is said of pairs that always take the same time.

        Raises
        ------
        MiningError
            For a number of deviations that is not above 0.

        References
        ----------
        Stertz, F., Mangler, J., Rinderle-Ma, S. (2020). Temporal conformance checking at runtime based on time-infused
        process models.
        """
        if not deviations > 0:
            raise MiningError.refused(f"{deviations} standard deviations", "are no distance: give more than 0.")
        log, words = journeys.log, [str(word) for word in journeys.log.words["activity"]]
        told = self.frame[(self.frame["n_journeys"] >= min_journeys) & (self.frame["std_hours"] > 0)]
        code = {word: place for place, word in enumerate(words)}
        told = told.assign(one=told["activity"].map(code), other=told["later_activity"].map(code)).dropna()
        parts = [pd.DataFrame({"journey": [], "row": [], "hours": [], "deviations": []})]
        for one in told["one"].unique().astype(np.int64):
            rows = told[told["one"] == one]
            row_of = np.full(len(words), -1)
            row_of[rows["other"].to_numpy(np.int64)] = rows.index.to_numpy(np.int64)
            parts += _far(log, int(one), row_of, self.frame, deviations=deviations)
        far = pd.concat(parts, ignore_index=True).astype({"journey": "int64", "row": "int64"})
        far = far.iloc[np.lexsort((-far["deviations"].abs(), far["row"], far["journey"]))]
        far = far.drop_duplicates(["journey", "row"])
        said = self.frame.loc[far["row"], ["activity", "later_activity", "mean_hours", "n_journeys"]]
        frame = said.reset_index(drop=True).assign(
            journey_id=log.journey_index[far["journey"].to_numpy()].to_numpy(),
            hours=far["hours"].to_numpy(), deviations=far["deviations"].to_numpy(),
        )  # fmt: skip
        order = ["journey_id", "activity", "later_activity", "hours", "mean_hours", "deviations", "n_journeys"]
        by = np.lexsort((frame["later_activity"], frame["activity"], frame["journey_id"], -frame["deviations"].abs()))
        return frame[order].iloc[by].reset_index(drop=True)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        common = self.frame.sort_values(["n_journeys", "activity", "later_activity"], ascending=[False, True, True])
        return html_table(common, caption=escape(repr(self)[1:-1]), rows=10)


def find_tempo(journeys: Journeys) -> TemporalProfile:
    """Measure how long after each activity each other one comes, over all pairs of touchpoints of a journey.

    Sums run along each journey once per activity: the work grows with touchpoints, not with pairs of them.

    Parameters
    ----------
    journeys : Journeys
        What to measure in. What unfinished journeys have not reached yet is not in it, so that long waits are somewhat
        too few.

    Returns
    -------
    TemporalProfile

    References
    ----------
    Stertz, F., Mangler, J., Rinderle-Ma, S. (2020). Temporal conformance checking at runtime based on time-infused
    process models.
    """
    log = journeys.log
    words = np.array([str(word) for word in log.words["activity"]], dtype=object)
    at = find_places(paths(log), len(words), _MOST)
    n_journeys = count_later(at)
    column = np.full(len(words), -1)
    column[at.kept] = np.arange(len(at.kept))
    parts = [pd.DataFrame(columns=["activity", "later_activity", "mean_hours", "std_hours", "n_pairs", "n_journeys"])]
    for place, code in enumerate(at.kept):
        some = _after(log, int(code))
        if some is None:
            continue
        pairs, total, squares, other = some.sums()
        other = column[other]
        known = (other >= 0) & (pairs > 0)
        n, mean, spread = _moments((pairs[known], total[known], squares[known]), other[known], len(at.kept))
        here = np.flatnonzero(n)
        parts.append(
            pd.DataFrame(
                {"activity": words[code], "later_activity": words[at.kept[here]], "mean_hours": mean[here],
                 "std_hours": spread[here], "n_pairs": n[here], "n_journeys": n_journeys[place, here]}
            )
        )  # fmt: skip
    kinds = {"activity": "str", "later_activity": "str", "n_pairs": "int64", "n_journeys": "int64"}
    kinds |= {"mean_hours": "float64", "std_hours": "float64"}
    return TemporalProfile(pd.concat(parts, ignore_index=True).astype(kinds), len(journeys), at.left_out)


@dataclass(frozen=True, eq=False)
class _After:
    """The touchpoints of journeys from the first of an activity on.

    rows : their places in the log, journey by journey; is_it : whether each is of the activity; start : the first row
    of each journey among them; of : which of the journeys each belongs to; hours : since that first one.
    """

    activity: _Integers
    rows: _Integers
    is_it: npt.NDArray[np.bool_]
    start: _Integers
    of: _Integers
    hours: _Floats

    def sums(self) -> tuple[_Floats, _Floats, _Floats, _Integers]:
        """Give, per touchpoint, how many of the activity came before, the sum of hours since each, of their squares."""
        told = pd.DataFrame(
            {"n": self.is_it.astype(float), "t": self.is_it * self.hours, "tt": self.is_it * self.hours**2}
        )
        # Summed journey by journey: one sum along the whole log would lose the small behind the large.
        before = told.groupby(self.of, sort=False).cumsum().to_numpy() - told.to_numpy()
        n, once, twice = before.T
        total = n * self.hours - once
        return n, total, n * self.hours**2 - 2 * self.hours * once + twice, self.activity


def _after(log: CodedLog, code: int) -> _After | None:
    activity = log.narrow["activity"]
    at = np.flatnonzero(activity == code)
    journey = np.searchsorted(log.offsets, at, side="right") - 1
    new = np.diff(journey, prepend=-1) > 0
    begin, stop = at[new], log.offsets[journey[new] + 1]
    size = stop - begin
    if not len(size):
        return None
    start = np.cumsum(size) - size
    of = np.repeat(np.arange(len(size)), size)
    rows = np.arange(int(size.sum())) - start[of] + begin[of]
    hours = (log.time[rows] - log.time[begin][of]) / _HOUR
    return _After(activity[rows].astype(np.int64), rows, activity[rows] == code, start, of, hours)


def _moments(sums: tuple[_Floats, _Floats, _Floats], other: _Integers, size: int) -> tuple[_Integers, _Floats, _Floats]:
    n, once, twice = (np.bincount(other, values, minlength=size) for values in sums)
    mean = once / np.maximum(n, 1)
    spread = np.sqrt(np.maximum(twice - n * mean**2, 0.0) / np.maximum(n - 1, 1))
    # What is left of a difference of two large sums is no spread.
    spread[spread <= 1e-7 * np.maximum(mean, 1e-9)] = 0.0
    return n.astype(np.int64), mean, np.where(n > 1, spread, 0.0)


def _far(
    log: CodedLog, one: int, row_of: _Integers, profile: pd.DataFrame, *, deviations: float
) -> Iterator[pd.DataFrame]:
    """Find the nearest and the farthest of the later touchpoints, which are beyond all others where any is."""
    some = _after(log, one)
    if some is None:
        return
    row = row_of[some.activity]
    place = np.arange(len(some.rows))
    latest = np.maximum.accumulate(np.where(some.is_it, place, -1))
    before = np.append(-1, latest[:-1])
    known = (row >= 0) & (place > some.start[some.of])
    place, row = place[known], row[known]
    mean, spread = (profile[name].to_numpy()[row] for name in ("mean_hours", "std_hours"))
    for since in (some.start[some.of[place]], before[place]):
        hours = some.hours[place] - some.hours[since]
        away = (hours - mean) / spread
        far = np.abs(away) > deviations
        journey = np.searchsorted(log.offsets, some.rows[place[far]], side="right") - 1
        yield pd.DataFrame({"journey": journey, "row": row[far], "hours": hours[far], "deviations": away[far]})
