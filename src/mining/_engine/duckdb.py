"""The same three measures pushed down as SQL, for logs that live in files or databases rather than in memory.

Field names are fixed (law 1), so every statement is constant text: nothing is ever pasted into it.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import duckdb
import pandas as pd

from mining._errors import FieldError
from mining._fields import CASES

__all__ = ["DuckLog"]

_LINKED: Final = """
    CREATE OR REPLACE TEMP TABLE linked AS
    WITH chosen AS (
        SELECT CASE $case
            WHEN 'customer' THEN customer WHEN 'account' THEN account WHEN 'deal' THEN deal WHEN 'ticket' THEN ticket
            WHEN 'lead' THEN lead WHEN 'campaign' THEN campaign WHEN 'conversation' THEN conversation
            WHEN 'session' THEN session WHEN 'record' THEN record END AS case_id, *
        FROM touchpoints
    ), timed AS (
        SELECT *, lag(timestamp) OVER (PARTITION BY case_id ORDER BY timestamp, seq) AS before
        FROM chosen WHERE case_id IS NOT NULL
    ), cut AS (
        SELECT *, sum(CASE WHEN epoch_us(timestamp) - epoch_us(before) > $gap_us THEN 1 ELSE 0 END)
            OVER (PARTITION BY case_id ORDER BY timestamp, seq) + 1 AS part
        FROM timed
    )
    SELECT case_id, part, seq, activity, touchpoint_kind, channel, department, actor_kind, actor, team, customer,
        CASE WHEN $gap_us = $never THEN case_id ELSE case_id || '/' || CAST(part AS BIGINT) END AS journey_id,
        epoch_us(timestamp) AS start_us,
        greatest(epoch_us(timestamp), coalesce(epoch_us(end_timestamp), epoch_us(timestamp))) AS end_us
    FROM cut
"""
_NEVER: Final = 2**62
_STEPS: Final = """
    WITH followed AS (
        SELECT journey_id, activity, lead(activity) OVER ordered AS next_activity,
            greatest(lead(start_us) OVER ordered - end_us, 0) / 3.6e9 AS wait_hours
        FROM linked WINDOW ordered AS (PARTITION BY journey_id ORDER BY start_us, seq)
    )
    SELECT activity, next_activity, count(*) AS n_steps, count(DISTINCT journey_id) AS n_journeys,
        avg(wait_hours) AS wait_mean_hours, quantile_cont(wait_hours, 0.5) AS wait_median_hours,
        quantile_cont(wait_hours, 0.9) AS wait_p90_hours
    FROM followed WHERE next_activity IS NOT NULL GROUP BY activity, next_activity ORDER BY activity, next_activity
"""
_VARIANTS: Final = """
    WITH paths AS (SELECT journey_id, list(activity ORDER BY start_us, seq) AS variant FROM linked GROUP BY journey_id)
    SELECT variant, count(*) AS n_journeys FROM paths GROUP BY variant ORDER BY n_journeys DESC, variant
"""
_PORTRAITS: Final = """
    WITH contacts AS (
        SELECT journey_id, channel IS DISTINCT FROM lag(channel) OVER ordered AND lag(channel) OVER ordered IS NOT NULL
            AS switched
        FROM linked WHERE touchpoint_kind = 'interaction' AND channel IS NOT NULL
        WINDOW ordered AS (PARTITION BY journey_id ORDER BY start_us, seq)
    ), handed AS (
        SELECT journey_id, team IS DISTINCT FROM lag(team) OVER ordered AND lag(team) OVER ordered IS NOT NULL AS handed
        FROM linked WHERE team IS NOT NULL WINDOW ordered AS (PARTITION BY journey_id ORDER BY start_us, seq)
    ), switches AS (SELECT journey_id, count(*) FILTER (switched) AS n FROM contacts GROUP BY journey_id),
    handoffs AS (SELECT journey_id, count(*) FILTER (handed) AS n FROM handed GROUP BY journey_id)
    SELECT linked.journey_id,
        arg_min(customer, (start_us, seq)) AS customer,
        count(*) AS n_touchpoints,
        count(DISTINCT activity) AS n_activities,
        count(DISTINCT channel) FILTER (touchpoint_kind = 'interaction') AS n_channels,
        count(DISTINCT actor) FILTER (actor_kind IS DISTINCT FROM 'customer') AS n_actors,
        count(DISTINCT team) AS n_teams,
        count(DISTINCT department) AS n_departments,
        coalesce(any_value(switches.n), 0) AS channel_switches,
        coalesce(any_value(handoffs.n), 0) AS handoffs,
        (max(end_us) - min(start_us)) / 8.64e10 AS duration_days
    FROM linked LEFT JOIN switches USING (journey_id) LEFT JOIN handoffs USING (journey_id)
    GROUP BY linked.journey_id, case_id, part ORDER BY case_id, part
"""


class DuckLog:
    """A log in DuckDB: canonical touchpoints in a frame or a Parquet file, measured without leaving the database.

    Parameters
    ----------
    touchpoints : DataFrame or Path
        The canonical fields; a path is scanned, never loaded whole.
    case : str
        Case notion.
    gap : Timedelta, optional
        A longer silence starts a new journey.
    memory_limit : str
        What DuckDB may take before it spills to disk.
    """

    def __init__(
        self,
        touchpoints: pd.DataFrame | Path,
        case: str,
        gap: pd.Timedelta | None = None,
        *,
        memory_limit: str = "4GB",
    ) -> None:
        if case not in CASES:
            raise FieldError.unknown("case notion", case, CASES)
        self._connection = duckdb.connect(config={"memory_limit": memory_limit, "autoinstall_known_extensions": False})
        relation = (
            self._connection.read_parquet(str(touchpoints))
            if isinstance(touchpoints, Path)
            else self._connection.from_df(touchpoints)
        )
        relation.create_view("touchpoints")
        gap_us = _NEVER if gap is None else gap // pd.Timedelta(microseconds=1)
        self._connection.execute(_LINKED, {"case": case, "gap_us": gap_us, "never": _NEVER})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def steps(self) -> pd.DataFrame:
        """Measure steps: the frame of `mining._engine.steps`."""
        return self._asked(_STEPS)

    def variants(self) -> pd.DataFrame:
        """Count variants: the frame of `mining._engine.variants`."""
        found = self._asked(_VARIANTS)
        found["variant"] = pd.Series([tuple(path) for path in found["variant"]], dtype=object)
        return found

    def portraits(self) -> pd.DataFrame:
        """Describe journeys: the numbers of `mining._engine.portraits`, indexed by journey_id."""
        return self._asked(_PORTRAITS).set_index("journey_id")

    def _asked(self, question: str) -> pd.DataFrame:
        found: pd.DataFrame = self._connection.execute(question).df()
        return found
