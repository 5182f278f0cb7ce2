"""The questions asked of Apache Spark: touchpoints that are already there, or that fit on no single machine.

Columns are renamed by Spark's own column expressions and every statement is constant text, the same as DuckDB's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from mining._engine import questions
from mining._engine.in_place import CARRIED, LogInPlace
from mining._engine.matching import match_columns, refuse_order, refuse_time

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["SparkLog", "SparkSource", "is_spark"]

_WHOLE: Final = ("tinyint", "smallint", "int", "bigint")
# Activities are few, and sent to where the touchpoints are; cases are many, and stay as they are spelt.
_KEYED: Final = """
    SELECT /*+ BROADCAST(words) */ named.*, words.activity_code
    FROM {named} AS named JOIN {activities} AS words ON named.activity = words.activity
    WHERE named.case_key IS NOT NULL AND named.start_us IS NOT NULL
"""
_PATHS: Final = """
    SELECT transform(array_sort(collect_list(struct(place, activity_code))), step -> step.activity_code) AS path
    FROM {linked} GROUP BY case_key, part
"""


def is_spark(origin: object) -> bool:
    """Tell whether it is a DataFrame of Spark, without importing Spark."""
    return type(origin).__module__.startswith("pyspark.sql.") and hasattr(origin, "sparkSession")


class SparkSource:
    """A Spark DataFrame of touchpoints.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        Whatever Spark can read.
    columns : mapping of str to str, optional
        Canonical field to column there.
    """

    name = "a Spark DataFrame"

    def __init__(self, frame: DataFrame, *, columns: Mapping[str, str] | None = None) -> None:
        self.columns = match_columns(columns, frame.columns, self.name)
        kinds = dict(frame.dtypes)
        # By place, because a name with a dot or a backtick would have to be quoted.
        self._places = {field: f"column_{frame.columns.index(name)}" for field, name in self.columns.items()}
        self._kinds = {field: kinds[name] for field, name in self.columns.items()}
        self._frame = frame.toDF(*(f"column_{place}" for place in range(len(frame.columns))))
        self._check_kinds()

    def read(self, case: str, gap_us: int) -> DataFrame:
        """Rename the columns and turn times into microseconds; Spark reads only what a question uses."""
        from pyspark.sql import functions

        named = [*self._keys(case), functions.lit(gap_us).cast("bigint").alias("gap_us")]
        return self._frame.select(*named, *(self._text(field) for field in CARRIED))

    def close(self) -> None:
        """Leave the session as it is: it is the user's."""

    def _check_kinds(self) -> None:
        for field in ("timestamp", "end_timestamp"):
            if field in self._kinds and self._kinds[field] not in ("timestamp", "timestamp_ntz", "date"):
                raise refuse_time(self.columns[field], self._kinds[field])
        if "seq" in self._kinds and self._kinds["seq"] not in _WHOLE:
            raise refuse_order(self.columns["seq"], self._kinds["seq"])

    def _keys(self, case: str) -> Iterator[Column]:
        from pyspark.sql import functions

        start, end = self._time("timestamp"), self._time("end_timestamp")
        order = functions.col(self._places["seq"]).cast("bigint") if "seq" in self._places else functions.lit(0)
        spelled = functions.col(self._places[case]).cast("string")
        yield spelled.alias("case_id")
        yield spelled.alias("case_key")
        yield functions.col(self._places["activity"]).cast("string").alias("activity")
        yield start.alias("start_us")
        yield functions.greatest(start, functions.coalesce(end, start)).alias("end_us")
        yield functions.coalesce(order, functions.lit(0)).cast("bigint").alias("seq")
        yield self._text("outcome")

    def _time(self, field: str) -> Column:
        from pyspark.sql import functions

        if field not in self._places:
            return functions.lit(None).cast("bigint")
        given, kind = functions.col(self._places[field]), self._kinds[field]
        if kind == "timestamp":
            return functions.unix_micros(given)
        # Without a zone it is UTC: said in the text, because a cast would take the session's zone.
        clock = functions.lit("T00:00:00Z" if kind == "date" else "Z")
        return functions.unix_micros(functions.concat(given.cast("string"), clock).cast("timestamp"))

    def _text(self, field: str) -> Column:
        from pyspark.sql import functions

        if field in self._places:
            return functions.col(self._places[field]).cast("string").alias(field)
        known = "interaction" if field == "touchpoint_kind" else None
        return functions.lit(known).cast("string").alias(field)


class SparkLog(LogInPlace):
    """Touchpoints linked inside Spark, and kept there until `close`.

    Parameters
    ----------
    source : SparkSource
        Where the touchpoints lie.
    case : str
        Case notion.
    gap : Timedelta, optional
        A longer silence starts a new journey.
    """

    def __init__(self, source: SparkSource, case: str, gap: pd.Timedelta | None = None) -> None:
        self.has_parts = gap is not None
        gap_us = questions.NEVER if gap is None else gap // pd.Timedelta(microseconds=1)
        named = source.read(case, gap_us)
        self._session = named.sparkSession
        self._relations: dict[str, DataFrame] = {"named": named}
        self._relate("activities", questions.ACTIVITIES)
        self._relate("keyed", _KEYED)
        self._relations["spelled"] = self._relations["keyed"]
        self._relate("linked", questions.LINKED_BY_GAP if self.has_parts else questions.LINKED)
        self._linked = self._relations["linked"].persist()
        self._relate("wide", questions.WIDE_BY_GAP if self.has_parts else questions.WIDE)
        self._relate("paths", _PATHS)

    def close(self) -> None:
        """Let Spark forget what was linked; its session is the user's and stays."""
        self._linked.unpersist()

    def ask(self, question: str) -> pd.DataFrame:
        """Put a question to Spark; through Arrow, which the types of a frame survive."""
        found: pd.DataFrame = self._session.sql(question, **self._used(question)).toArrow().to_pandas()
        return found

    def portraits(self) -> pd.DataFrame:
        """Describe journeys; what only portraits look at is linked once, and forgotten."""
        wide = self._relations["wide"].persist()
        try:
            return super().portraits()
        finally:
            wide.unpersist()

    def spelled_cases(self, keys: pd.Series[Any]) -> pd.Series[str]:
        """Spell case keys out: they are the ids."""
        return keys.astype("str")

    def _relate(self, name: str, statement: str) -> None:
        self._relations[name] = self._session.sql(statement, **self._used(statement))

    def _used(self, statement: str) -> dict[str, Any]:
        return {name: frame for name, frame in self._relations.items() if f"{{{name}}}" in statement}
