"""Columns whose activities bear other names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mining._engine.columns import Codes, Columns, narrowest

__all__ = ["RenamedColumns"]


class RenamedColumns:
    """The same columns, activities under other names; activities that come to bear the same name become one.

    Parameters
    ----------
    columns : Columns
        What there was.
    names : mapping of str to str
        Old name to new; what is not named keeps its own.
    """

    def __init__(self, columns: Columns, names: Mapping[str, str]) -> None:
        self._columns, self._names = columns, dict(names)
        self._known: tuple[Codes, npt.NDArray[np.object_]] | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that can be asked for as codes."""
        return self._columns.fields

    @property
    def measures(self) -> tuple[str, ...]:
        """Fields that are numbers."""
        return self._columns.measures

    def coded(self, field: str) -> tuple[Codes, npt.NDArray[np.object_]]:
        """Give a field's codes, -1 where missing, and its words, sorted."""
        if field != "activity":
            return self._columns.coded(field)
        if self._known is None:
            codes, words = self._columns.coded(field)
            told = [self._names.get(str(word), str(word)) for word in words]
            spelled = sorted(set(told))
            place = {word: code for code, word in enumerate(spelled)}
            renamed: Codes = np.array([*(place[word] for word in told), -1], narrowest(len(spelled)))
            found: Codes = renamed[codes]
            self._known = found, np.array(spelled, dtype=object)
        return self._known

    def measured(self, field: str) -> npt.NDArray[np.float64]:
        """Give a field's numbers, NaN where missing."""
        return self._columns.measured(field)
