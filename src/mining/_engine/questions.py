"""The questions as SQL that DuckDB and Spark both understand, word for word: constant text, one text for both.

A word in braces is a relation, which each back end puts in under a name of its own. `keyed` has one row per touchpoint
that names its case, activity and time; journeys are numbered by (case_key, part), activities by their place in the
sorted vocabulary, and times are microseconds, so that nothing here hangs on a dialect's dates or collations. Lists are
the one thing the two do not say alike: the text of `VARIANTS` takes the paths from the back end.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ACTIVITIES", "ASIDE", "DURATIONS", "ENDS", "FOLLOWS", "LINKED", "LINKED_BY_GAP", "NEVER", "OPEN_ENDS", "PORTRAITS",
    "SIZE", "STEPS", "STEPS_BY_QUANTILE", "VARIANTS", "WIDE", "WIDE_BY_GAP",
]  # fmt: skip

NEVER: Final = 2**62  # microseconds: a silence that no journey outlasts

ASIDE: Final = """
    SELECT count(*) AS n_rows,
        coalesce(sum(CASE WHEN case_id IS NULL THEN 1 ELSE 0 END), 0) AS no_case,
        coalesce(sum(CASE WHEN case_id IS NOT NULL AND start_us IS NULL THEN 1 ELSE 0 END), 0) AS no_time,
        coalesce(sum(CASE WHEN case_id IS NOT NULL AND start_us IS NOT NULL AND activity IS NULL THEN 1 ELSE 0 END), 0)
            AS no_activity
    FROM {named}
"""
ACTIVITIES: Final = """
    SELECT activity, CAST(row_number() OVER (ORDER BY activity) - 1 AS INTEGER) AS activity_code
    FROM (
        SELECT DISTINCT activity FROM {named}
        WHERE activity IS NOT NULL AND case_id IS NOT NULL AND start_us IS NOT NULL
    ) AS used
    ORDER BY activity
"""

# Whoever has the same case, time, seq, activity and end is the same to every question on the narrow log, so that this
# order is total; the wide log, which shows more, orders by more.
_TIMED: Final = """
    WITH timed AS (
        SELECT case_key, activity_code, start_us, end_us, gap_us, is_final,
            CAST(row_number() OVER ordered AS INTEGER) AS place, lag(start_us) OVER ordered AS before_us,
            lead(start_us) OVER ordered AS next_us, lead(activity_code) OVER ordered AS next_code
        FROM (
            SELECT case_key, activity_code, start_us, end_us, gap_us, seq,
                coalesce(outcome IN ('won', 'lost', 'solved', 'disqualified'), FALSE) AS is_final
            FROM {keyed} AS keyed
        ) AS marked
        WINDOW ordered AS (PARTITION BY case_key ORDER BY start_us, seq, activity_code, end_us)
    )
"""
_CARRIED: Final = "customer, channel, department, team, actor, actor_kind, touchpoint_kind"
_TIMED_WIDE: Final = f"""
    WITH timed AS (
        SELECT case_key, activity_code, start_us, end_us, gap_us, {_CARRIED},
            CAST(row_number() OVER ordered AS INTEGER) AS place, lag(start_us) OVER ordered AS before_us,
            lead(start_us) OVER ordered AS next_us, lead(activity_code) OVER ordered AS next_code
        FROM {{keyed}} AS keyed
        WINDOW ordered AS (
            PARTITION BY case_key ORDER BY start_us, seq, activity_code, end_us, touchpoint_kind NULLS FIRST,
                channel NULLS FIRST, department NULLS FIRST, actor_kind NULLS FIRST, actor NULLS FIRST,
                team NULLS FIRST, customer NULLS FIRST
        )
    )
"""
_WHOLE: Final = """
    1 AS part, place, activity_code, next_code, start_us, end_us,
    CASE WHEN next_us > end_us THEN next_us - end_us ELSE 0 END AS wait_us, before_us IS NULL AS opens
"""
_CUT: Final = """
    CAST(1 + sum(CASE WHEN start_us - before_us > gap_us THEN 1 ELSE 0 END) OVER (PARTITION BY case_key ORDER BY place)
        AS INTEGER) AS part,
    place, activity_code, CASE WHEN next_us - start_us <= gap_us THEN next_code END AS next_code, start_us, end_us,
    CASE WHEN next_us > end_us THEN next_us - end_us ELSE 0 END AS wait_us,
    before_us IS NULL OR start_us - before_us > gap_us AS opens
"""
LINKED: Final = f"{_TIMED} SELECT case_key, is_final, {_WHOLE} FROM timed"
LINKED_BY_GAP: Final = f"{_TIMED} SELECT case_key, is_final, {_CUT} FROM timed"
WIDE: Final = f"{_TIMED_WIDE} SELECT case_key, {_CARRIED}, {_WHOLE} FROM timed"
WIDE_BY_GAP: Final = f"{_TIMED_WIDE} SELECT case_key, {_CARRIED}, {_CUT} FROM timed"

SIZE: Final = """
    SELECT count(*) AS n_touchpoints, coalesce(sum(CASE WHEN opens THEN 1 ELSE 0 END), 0) AS n_journeys FROM {linked}
"""
ENDS: Final = """
    WITH visited AS (
        SELECT case_key, part, activity_code, count(*) AS n, sum(CASE WHEN opens THEN 1 ELSE 0 END) AS n_starts,
            sum(CASE WHEN next_code IS NULL THEN 1 ELSE 0 END) AS n_ends
        FROM {linked} GROUP BY case_key, part, activity_code
    )
    SELECT activity_code, CAST(sum(n) AS BIGINT) AS n_touchpoints, count(*) AS n_journeys,
        CAST(sum(n_starts) AS BIGINT) AS n_starts, CAST(sum(n_ends) AS BIGINT) AS n_ends
    FROM visited GROUP BY activity_code ORDER BY activity_code
"""
# Journeys that may still be running: nothing final in them, and alive within 60 days of the end of observation.
OPEN_ENDS: Final = """
    WITH lasting AS (
        SELECT max(CASE WHEN is_final THEN 1 ELSE 0 END) AS finals, max(start_us) AS last_us,
            max(CASE WHEN next_code IS NULL THEN activity_code END) AS last_code
        FROM {linked} GROUP BY case_key, part
    )
    SELECT last_code, count(*) AS n_unfinished
    FROM lasting CROSS JOIN (SELECT max(start_us) - 5184000000000 AS limit_us FROM {named}) AS observed
    WHERE finals = 0 AND last_us >= limit_us
    GROUP BY last_code ORDER BY last_code
"""

# Counts alone need no linked log: one pass over four columns, and nothing is kept. Here ends decide nothing.
FOLLOWS: Final = """
    WITH followed AS (
        SELECT activity_code,
            CASE WHEN (lead(start_us) OVER ordered) - start_us <= gap_us THEN lead(activity_code) OVER ordered END
                AS next_code
        FROM {spelled} AS spelled
        WINDOW ordered AS (PARTITION BY case_key ORDER BY start_us, seq, activity_code)
    )
    SELECT activity_code, next_code, count(*) AS n_steps
    FROM followed WHERE next_code IS NOT NULL GROUP BY activity_code, next_code ORDER BY activity_code, next_code
"""

_TAKEN: Final = """
    WITH taken AS (
        SELECT case_key, part, activity_code, next_code, count(*) AS n
        FROM {linked} WHERE next_code IS NOT NULL GROUP BY case_key, part, activity_code, next_code
    ), counted AS (
        SELECT activity_code, next_code, CAST(sum(n) AS BIGINT) AS n_steps, count(*) AS n_journeys
        FROM taken GROUP BY activity_code, next_code
    )
"""
# Sums of whole microseconds are exact, and so the same however the work is divided.
_MEAN: Final = "CAST(sum(CAST(wait_us AS DECIMAL(18, 0))) AS DOUBLE) / count(*) AS mean_us"
_BESIDE: Final = """
    SELECT counted.activity_code, counted.next_code, n_steps, n_journeys, mean_us, median_us, most_us
    FROM counted JOIN waited
        ON counted.activity_code = waited.activity_code AND counted.next_code = waited.next_code
    ORDER BY counted.activity_code, counted.next_code
"""
# Exact quantiles by rank: many warehouses have no other, and no step's waits need to fit into memory.
STEPS: Final = f"""
    {_TAKEN}, ranked AS (
        SELECT activity_code, next_code, wait_us,
            row_number() OVER (PARTITION BY activity_code, next_code ORDER BY wait_us) - 1 AS standing,
            count(*) OVER (PARTITION BY activity_code, next_code) - 1 AS farthest
        FROM {{linked}} WHERE next_code IS NOT NULL
    ), placed AS (
        SELECT activity_code, next_code, wait_us, standing, farthest * 0.5e0 AS middle, farthest * 0.9e0 AS high
        FROM ranked
    ), bounded AS (
        SELECT activity_code, next_code, {_MEAN}, max(middle) - floor(max(middle)) AS past_middle,
            max(high) - floor(max(high)) AS past_high,
            max(CASE WHEN standing = floor(middle) THEN wait_us END) AS middle_from,
            max(CASE WHEN standing = ceil(middle) THEN wait_us END) AS middle_to,
            max(CASE WHEN standing = floor(high) THEN wait_us END) AS high_from,
            max(CASE WHEN standing = ceil(high) THEN wait_us END) AS high_to
        FROM placed GROUP BY activity_code, next_code
    ), waited AS (
        SELECT activity_code, next_code, mean_us, middle_from + (middle_to - middle_from) * past_middle AS median_us,
            high_from + (high_to - high_from) * past_high AS most_us
        FROM bounded
    )
    {_BESIDE}
"""
# The same answer where the engine has exact quantiles of its own and the waits of all steps fit into memory.
STEPS_BY_QUANTILE: Final = f"""
    {_TAKEN}, waited AS (
        SELECT activity_code, next_code, {_MEAN}, percentile_cont(0.5) WITHIN GROUP (ORDER BY wait_us) AS median_us,
            percentile_cont(0.9) WITHIN GROUP (ORDER BY wait_us) AS most_us
        FROM {{linked}} WHERE next_code IS NOT NULL GROUP BY activity_code, next_code
    )
    {_BESIDE}
"""
VARIANTS: Final = """
    SELECT path, count(*) AS n_journeys FROM {paths} GROUP BY path ORDER BY n_journeys DESC, path
"""
DURATIONS: Final = """
    SELECT case_key, part, min(start_us) AS started, max(end_us) AS ended
    FROM {linked} GROUP BY case_key, part ORDER BY case_key, part
"""
PORTRAITS: Final = """
    WITH contacts AS (
        SELECT case_key, part, channel, lag(channel) OVER (PARTITION BY case_key, part ORDER BY place) AS before
        FROM {wide} WHERE touchpoint_kind = 'interaction' AND channel IS NOT NULL
    ), switched AS (
        SELECT case_key, part, sum(CASE WHEN channel <> before THEN 1 ELSE 0 END) AS n_switches
        FROM contacts GROUP BY case_key, part
    ), teams AS (
        SELECT case_key, part, team, lag(team) OVER (PARTITION BY case_key, part ORDER BY place) AS before
        FROM {wide} WHERE team IS NOT NULL
    ), handed AS (
        SELECT case_key, part, sum(CASE WHEN team <> before THEN 1 ELSE 0 END) AS n_handoffs
        FROM teams GROUP BY case_key, part
    ), described AS (
        SELECT case_key, part, max(CASE WHEN opens THEN customer END) AS customer, count(*) AS n_touchpoints,
            count(DISTINCT activity_code) AS n_activities,
            count(DISTINCT CASE WHEN touchpoint_kind = 'interaction' THEN channel END) AS n_channels,
            count(DISTINCT CASE WHEN actor_kind IS DISTINCT FROM 'customer' THEN actor END) AS n_actors,
            count(DISTINCT team) AS n_teams, count(DISTINCT department) AS n_departments,
            min(start_us) AS started, max(end_us) AS ended,
            max(CASE WHEN opens THEN activity_code END) AS first_code,
            max(CASE WHEN next_code IS NULL THEN activity_code END) AS last_code,
            max(CASE WHEN opens THEN channel END) AS first_channel,
            max(CASE WHEN next_code IS NULL THEN channel END) AS last_channel
        FROM {wide} GROUP BY case_key, part
    )
    SELECT described.case_key, described.part, customer, n_touchpoints, n_activities, n_channels, n_actors, n_teams,
        n_departments, CAST(coalesce(n_switches, 0) AS BIGINT) AS channel_switches,
        CAST(coalesce(n_handoffs, 0) AS BIGINT) AS handoffs, started, ended, first_code, last_code, first_channel,
        last_channel
    FROM described
    LEFT JOIN switched ON described.case_key = switched.case_key AND described.part = switched.part
    LEFT JOIN handed ON described.case_key = handed.case_key AND described.part = handed.part
    ORDER BY described.case_key, described.part
"""
