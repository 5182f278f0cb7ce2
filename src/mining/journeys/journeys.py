"""Journeys: the noun every question is asked of."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._durations import duration
from mining._engine import durations, ends, portraits, steps, variants
from mining.journeys.narrowing import NarrowedJourneys, microseconds
from mining.journeys.xes import write_xes

__all__ = ["FINAL_OUTCOMES", "Journeys"]

FINAL_OUTCOMES: Final = ("won", "lost", "solved", "disqualified")
_ENOUGH: Final = 50  # journeys from which it can be estimated who still runs
_SILENCE: Final = "60D"


class Journeys(NarrowedJourneys):
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
    joined : int
        Touchpoints that name no such case and joined one by looking back.
    gap : Timedelta or None
        The silence that ends a journey.
    told : str
        What was decided about where journeys end, where the library decided it.
    seen_from, seen_until : Timestamp or None
        The period that journeys were cut to, where they were.
    """

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

    def unfinished(self, within: str | pd.Timedelta | None = None) -> npt.NDArray[np.bool_]:
        """Mark journeys that may still be running when observation ends. They are censored, not failed.

        A journey counts as unfinished where nothing in it is final (won, lost, solved, disqualified) and more is
        probably to come, judged by how long silences of its kind last (`censoring`). Fewer than fifty journeys tell too
        little of that: there the last touchpoint of an unfinished one lies within 60 days of the end of observation.

        Parameters
        ----------
        within : str or Timedelta, optional
            Instead of either: how long a silence may last before a journey counts as over.

        Returns
        -------
        ndarray of bool
            One entry per journey, in order.
        """
        if within is None and len(self) >= _ENOUGH:
            return self.censoring()["is_right_censored"].to_numpy(bool)
        final = np.zeros(self.log.n_touchpoints, bool)
        for outcome in FINAL_OUTCOMES:
            final |= self.log.holds("outcome", outcome)
        limit = microseconds(self.observed_until - duration(within or _SILENCE))
        return np.asarray(~self.log.any_in_journey(final) & (self.log.time[self.log.last] >= limit))

    def censoring(self) -> pd.DataFrame:
        """Tell of each journey what lies outside observation: whether it began before, and whether it still runs.

        Returns
        -------
        DataFrame
            Indexed by journey_id: observed_from and observed_until (UTC; of the sources that the journey was seen in),
            outcome (the last final one, if any), silent_days (since its last touchpoint), began_before and
            still_running (probabilities), is_left_censored and is_right_censored (one half or more; with a final
            outcome a journey is not right-censored).

        References
        ----------
        Boag, J. W. (1949). Maximum likelihood estimates of the proportion of patients cured by cancer therapy.
        Farewell, V. T. (1982). The use of mixture models for the analysis of survival data with long-term survivors.
        """
        from mining.journeys.censoring import censoring

        return censoring(self)

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
