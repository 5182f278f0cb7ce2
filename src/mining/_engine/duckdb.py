"""The questions asked of DuckDB: files larger than memory, databases, and whatever its extensions can read.

Columns are renamed by DuckDB's own expressions and every statement is constant text: nothing is ever pasted into it.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import cached_property
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import questions
from mining._engine.duck_sources import DuckSource
from mining._engine.in_place import LogInPlace
from mining._errors import MiningError

__all__ = ["DuckLog"]

_NAMES: Final = {
    "named": "mining_named", "activities": "mining_activities", "keyed": "mining_keyed", "linked": "mining_linked",
    "wide": "mining_wide", "paths": "mining_paths", "spelled": "mining_spelled",
}  # fmt: skip
_SPILL: Final = "SET temp_directory = $folder"
_ACTIVITIES: Final = f"CREATE TEMP TABLE mining_activities AS {questions.ACTIVITIES}"
# Cases become numbers in the order of their ids: what is sorted by them, and kept, is a fraction as wide.
_CASES: Final = """
    CREATE TEMP TABLE mining_cases AS
    SELECT case_id, CAST(row_number() OVER (ORDER BY case_id) - 1 AS INTEGER) AS case_key
    FROM (
        SELECT DISTINCT case_id FROM mining_named
        WHERE case_id IS NOT NULL AND start_us IS NOT NULL AND activity IS NOT NULL
    ) AS used
"""
_SPELLED_KEYS: Final = """
    CREATE TEMP VIEW mining_spelled AS
    SELECT case_id AS case_key, activity_code, start_us, end_us, seq, gap_us
    FROM mining_named JOIN mining_activities USING (activity)
    WHERE case_id IS NOT NULL AND start_us IS NOT NULL
"""
_KEYED: Final = """
    CREATE TEMP VIEW mining_keyed AS
    SELECT case_key, activity_code, named.*
    FROM mining_named AS named JOIN mining_activities USING (activity) JOIN mining_cases USING (case_id)
    WHERE start_us IS NOT NULL
"""
_KEYED_WIDE: Final = """
    CREATE TEMP VIEW mining_keyed_wide AS
    SELECT case_key, activity_code, named.*
    FROM mining_named_wide AS named JOIN mining_activities USING (activity) JOIN mining_cases USING (case_id)
    WHERE start_us IS NOT NULL
"""
_PATHS: Final = """
    CREATE TEMP VIEW mining_paths AS
    SELECT list(activity_code ORDER BY place) AS path FROM mining_linked GROUP BY case_key, part
"""
_LINKED: Final = f"CREATE TEMP TABLE mining_linked AS {questions.LINKED}"
_LINKED_BY_GAP: Final = f"CREATE TEMP TABLE mining_linked AS {questions.LINKED_BY_GAP}"
_WIDE: Final = f"CREATE TEMP TABLE mining_wide AS {questions.WIDE}"
_WIDE_BY_GAP: Final = f"CREATE TEMP TABLE mining_wide AS {questions.WIDE_BY_GAP}"
_FORGET_WIDE: Final = "DROP TABLE mining_wide"
_SPELLED: Final = "SELECT case_id FROM mining_cases ORDER BY case_key"


class DuckLog(LogInPlace):
    """Touchpoints linked inside DuckDB, in a connection of their own.

    The first question that needs it reads four or five columns once and keeps a table of numbers; portraits read the
    other columns when they are asked for. What does not fit under the memory limit is spilled to a folder that `close`
    removes.

    Parameters
    ----------
    source : DuckSource
        Where the touchpoints lie.
    case : str
        Case notion.
    gap : Timedelta, optional
        A longer silence starts a new journey.
    """

    steps_question = questions.STEPS_BY_QUANTILE

    def __init__(self, source: DuckSource, case: str, gap: pd.Timedelta | None = None) -> None:
        self.has_parts = gap is not None
        self._source, self._case, self._is_linked = source, case, False
        self._gap_us = questions.NEVER if gap is None else gap // pd.Timedelta(microseconds=1)
        self._folder = tempfile.mkdtemp(prefix="mining-")
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._connection = source.connect()
        try:
            self._run(_SPILL, folder=self._folder)
            source.read(self._connection, "mining_named", self._gap_us, case, wide=False)
            self._run(_ACTIVITIES)
            self._run(_SPELLED_KEYS)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection that was opened, and remove what it spilled."""
        self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, question: str) -> pd.DataFrame:
        """Put a question to DuckDB."""
        if "{linked}" in question or "{paths}" in question:
            self._link()
        found: pd.DataFrame = self._run(question).df()
        return found

    def steps(self) -> pd.DataFrame:
        """Measure steps; where the waits of all steps do not fit into memory, by ranks, which DuckDB can spill."""
        try:
            return super().steps()
        except MiningError:
            self.steps_question = questions.STEPS
            return super().steps()

    def portraits(self) -> pd.DataFrame:
        """Describe journeys, reading the columns that nothing else reads."""
        self._link()
        self._source.read(self._connection, "mining_named_wide", self._gap_us, self._case, wide=True)
        self._run(_KEYED_WIDE)
        self._run(_WIDE_BY_GAP if self.has_parts else _WIDE, keyed="mining_keyed_wide")
        found = super().portraits()
        self._run(_FORGET_WIDE)
        return found

    def spelled_cases(self, keys: pd.Series[Any]) -> pd.Series[str]:
        """Spell case keys out."""
        return pd.Series(self._cases[keys.to_numpy(np.int64)], dtype="str")

    def _link(self) -> None:
        if not self._is_linked:
            for statement in (_CASES, _KEYED, _LINKED_BY_GAP if self.has_parts else _LINKED, _PATHS):
                self._run(statement)
            self._is_linked = True

    @cached_property
    def _cases(self) -> npt.NDArray[np.object_]:
        return self.ask(_SPELLED)["case_id"].to_numpy(object)

    def _run(self, statement: str, **names: str) -> duckdb.DuckDBPyConnection:
        values = {"folder": names.pop("folder")} if "folder" in names else {}
        try:
            return self._connection.execute(statement.format(**{**_NAMES, **names}), values)
        except duckdb.OutOfMemoryException as error:
            raise MiningError.refused(
                "The memory limit", "is too low for this question: raise memory_limit, or ask of a narrower log."
            ) from error
