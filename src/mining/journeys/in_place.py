"""Journeys in place: a log that is too large or lives elsewhere is asked where it lies, and only answers come here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from mining._durations import duration
from mining._errors import FieldError, MiningError
from mining._fields import CASES

if TYPE_CHECKING:
    from types import TracebackType

    from mining._engine.duck_sources import DuckSource
    from mining._engine.in_place import LogInPlace
    from mining._engine.spark import SparkSource

__all__ = ["JourneysInPlace", "TouchpointsInPlace", "connect_log"]


@dataclass(frozen=True, eq=False)
class JourneysInPlace:
    """Journeys that stay where their touchpoints are: the same questions as `Journeys`, answered there.

    Made by `TouchpointsInPlace.by`. Close it, or use it in a ``with`` block, to let go of what was linked.

    Attributes
    ----------
    log : LogInPlace
        The linked log, in DuckDB or in Spark.
    case : str
        What tells journeys apart.
    where : str
        The file, table or frame it was linked from.
    """

    log: LogInPlace
    case: str
    where: str

    def __len__(self) -> int:
        return self.log.size[1]

    def __repr__(self) -> str:
        lacking = ", ".join(f"{n:,} without {field}" for field, n in self.aside.items() if n)
        told = f"; {self.unlinked:,} rows are in none ({lacking})" if lacking else ""
        return (
            f"<JourneysInPlace by {self.case} of {self.where}: {len(self):,} journeys, "
            f"{self.n_touchpoints:,} touchpoints, {len(self.activities)} activities{told}>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>"

    @property
    def n_touchpoints(self) -> int:
        """How many touchpoints are in journeys."""
        return self.log.size[0]

    @property
    def activities(self) -> list[str]:
        """Activities in use, sorted."""
        return [str(word) for word in self.log.activities]

    @cached_property
    def aside(self) -> dict[str, int]:
        """Rows in no journey, by the first thing they lack: their case, a time, an activity."""
        counts = self.log.aside
        return {self.case: counts["no_case"], "timestamp": counts["no_time"], "activity": counts["no_activity"]}

    @property
    def unlinked(self) -> int:
        """Rows in no journey; with `n_touchpoints` they are all the rows there are."""
        return sum(self.aside.values())

    def steps(self) -> pd.DataFrame:
        """Measure which activity directly follows which.

        Returns
        -------
        DataFrame
            activity, next_activity, n_steps, n_journeys, wait_mean_hours, wait_median_hours, wait_p90_hours, as of
            `Journeys.steps`; quantiles are exact.
        """
        return self.log.steps()

    def follows(self) -> pd.DataFrame:
        """Count which activity directly follows which, and nothing else: one pass, before anything is linked.

        Returns
        -------
        DataFrame
            activity, next_activity, n_steps.
        """
        return self.log.follows()

    def ends(self) -> pd.DataFrame:
        """Count how often each activity happens, starts a journey and ends one.

        Returns
        -------
        DataFrame
            activity, n_touchpoints, n_journeys, n_starts, n_ends.
        """
        return self.log.ends()

    @cached_property
    def _variants(self) -> pd.DataFrame:
        return self.log.variants()

    def variants(self) -> pd.DataFrame:
        """Find the distinct paths; which journey takes which stays where the journeys are.

        Returns
        -------
        DataFrame
            variant (tuple of activities), n_journeys; most frequent first.
        """
        return self._variants

    def open_ends(self) -> pd.Series[int]:
        """Count the journeys that may still be running, by their last activity.

        Returns
        -------
        Series
            Indexed by activity: journeys without anything final (won, lost, solved, disqualified) whose last touchpoint
            lies within 60 days of the latest of all rows.
        """
        return self.log.open_ends()

    def durations(self) -> pd.DataFrame:
        """Tell when each journey started and ended, one row per journey.

        Returns
        -------
        DataFrame
            Indexed by journey_id: started, ended (UTC), duration_days.
        """
        return self.log.durations()

    def portraits(self) -> pd.DataFrame:
        """Describe each journey by one row.

        Returns
        -------
        DataFrame
            Indexed by journey_id, columns as of `Journeys.portraits`. Where no touchpoint_kind is known every
            touchpoint counts as a contact.
        """
        return self.log.portraits()

    def close(self) -> None:
        """Let go of what was linked; connections and sessions of yours stay open."""
        self.log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True, eq=False)
class TouchpointsInPlace:
    """A table of touchpoints that is not read into memory. Made by `connect_log`.

    Attributes
    ----------
    source : DuckSource or SparkSource
        Where they lie, with the column of each field.
    """

    source: DuckSource | SparkSource

    def __repr__(self) -> str:
        renamed = [name if name == column else f"{name} ({column})" for name, column in self.source.columns.items()]
        return f"<TouchpointsInPlace in {self.source.name}: {', '.join(renamed)}>"

    @property
    def cases(self) -> list[str]:
        """Case notions that there is a column for."""
        return [name for name in CASES if name in self.source.columns]

    def by(self, case: str, gap: str | pd.Timedelta | None = None) -> JourneysInPlace:
        """Link the touchpoints under a case notion, where they lie.

        Journeys are ordered by time, then by `seq`, then by activity, end and the other fields in the order they have
        in the library, missing ones first: never by the order in which rows happen to be read.

        Parameters
        ----------
        case : str
            One of `cases`.
        gap : str or Timedelta, optional
            A silence longer than this ends a journey.

        Returns
        -------
        JourneysInPlace
            At least one.

        Raises
        ------
        FieldError
            For a case notion that does not exist or has no column here.
        MiningError
            Where no row names such a case, a time and an activity.
        """
        if case not in self.cases:
            raise FieldError.unknown("case notion" if case not in CASES else "column for the case", case, self.cases)
        silence = duration(gap) if gap is not None else None
        linked = JourneysInPlace(_link(self.source, case, silence), case, self.source.name)
        if linked.unlinked == linked.log.aside["n_rows"]:
            lacking = ", ".join(f"{n:,} without {field}" for field, n in linked.aside.items() if n)
            linked.close()
            raise MiningError.empty(
                f"The log by {case}",
                f"no row names its {case}, a time and an activity: {lacking or 'there are no rows'}.",
            )
        return linked

    def close(self) -> None:
        """Let go of rows that could be read only once; connections and sessions of yours stay open."""
        self.source.close()


def connect_log(
    source: Any, *, table: str | None = None, columns: Mapping[str, str] | None = None, memory_limit: str = "4GB"
) -> TouchpointsInPlace:
    """Connect to touchpoints that are too many for memory, or that live in a database, a warehouse or Spark.

    Nothing is read but the names and types of the columns. Questions are then asked where the touchpoints lie, and give
    the same answers as journeys in memory.

    Parameters
    ----------
    source : str, Path, DuckDB connection or relation, DataFrame, Arrow stream or Spark DataFrame
        Parquet or CSV files (one, or a pattern such as ``"log/*.parquet"``); a DuckDB database; an open DuckDB
        connection, or a relation of one, so that all that DuckDB's extensions attach can be read (PostgreSQL, MySQL,
        SQLite, ...); a frame of pandas or Polars, or an Arrow stream such as ADBC drivers give
        (``cursor.fetch_record_batch()``); or a DataFrame of Spark.
    table : str, optional
        The table, where `source` is a database or a connection.
    columns : mapping of str to str, optional
        Our field to the column there, as ``{"customer": "ContactId", "timestamp": "occurred_at"}``. A field that is not
        named is read from the column of its own name, if there is one. Needed are activity, timestamp and the field
        that journeys are to be told apart by. `seq` orders equal times; where there is none they are ordered by what
        the rows say. Times without a zone are UTC.
    memory_limit : str
        What DuckDB may take before it spills to disk; Spark has settings of its own.

    Returns
    -------
    TouchpointsInPlace
        Link them with its `by`.

    Raises
    ------
    FieldError
        For a field that touchpoints do not have.
    ColumnError
        For a column that is not there.
    ExportError
        For a file that is missing or cannot be read.
    MiningError
        For anything else that is no table of touchpoints.
    """
    from mining._engine.duck_sources import DuckSource, is_readable
    from mining._engine.spark import SparkSource, is_spark

    if is_spark(source):
        return TouchpointsInPlace(SparkSource(source, columns=columns))
    if not is_readable(source):
        raise MiningError.refused(
            f"A {type(source).__name__}",
            "is no log to connect to: give a path, a DuckDB connection or relation, an Arrow stream or a Spark frame.",
        )
    origin = str(source) if isinstance(source, Path) else source
    return TouchpointsInPlace(DuckSource(origin, table=table, columns=columns, memory_limit=memory_limit))


def _link(source: DuckSource | SparkSource, case: str, gap: pd.Timedelta | None) -> LogInPlace:
    from mining._engine.duck_sources import DuckSource
    from mining._engine.duckdb import DuckLog
    from mining._engine.spark import SparkLog

    return DuckLog(source, case, gap) if isinstance(source, DuckSource) else SparkLog(source, case, gap)
