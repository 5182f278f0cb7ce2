"""Columns of touchpoints as integer codes with vocabularies, coded when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._fields import FIELDS

__all__ = ["CODED", "MEASURED", "Asked", "Codes", "Columns", "FrameColumns", "narrowest"]

_KINDS: Final = {field.name: field.kind for field in FIELDS}
_PROVENANCE: Final = {"touchpoint_id", "activity_raw", "source_file", "currency", "timestamp_precision"}
CODED: Final = tuple(
    name for name, kind in _KINDS.items() if kind in {"text", "word", "object"} and name not in _PROVENANCE
)
MEASURED: Final = ("amount", "score")

Codes = npt.NDArray[np.signedinteger[Any]]
Value_co = TypeVar("Value_co", covariant=True)


def narrowest(n_words: int) -> type[np.int8 | np.int16 | np.int32]:
    """Choose the smallest signed integers that hold the codes of so many words, and -1 for none."""
    if n_words <= 2**7 - 1:
        return np.int8
    return np.int16 if n_words <= 2**15 - 1 else np.int32


class Columns(Protocol):
    """What holds touchpoints' fields, in whatever order it has them."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that can be asked for as codes."""

    @property
    def measures(self) -> tuple[str, ...]:
        """Fields that are numbers."""

    def coded(self, field: str) -> tuple[Codes, npt.NDArray[np.object_]]:
        """Give a field's codes, -1 where missing, and its words, sorted."""

    def measured(self, field: str) -> npt.NDArray[np.float64]:
        """Give a field's numbers, NaN where missing."""


class FrameColumns:
    """The columns of a frame of canonical touchpoints.

    Parameters
    ----------
    frame : DataFrame
        Canonical fields; it is not copied and must not be changed.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._known: dict[str, tuple[Codes, npt.NDArray[np.object_]]] = {}

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that can be asked for as codes."""
        return tuple(field for field in CODED if field in self._frame)

    @property
    def measures(self) -> tuple[str, ...]:
        """Fields that are numbers."""
        return tuple(field for field in MEASURED if field in self._frame)

    def coded(self, field: str) -> tuple[Codes, npt.NDArray[np.object_]]:
        """Give a field's codes, -1 where missing, and its words, sorted."""
        if field not in self._known:
            self._known[field] = _coded(self._frame[field])
        return self._known[field]

    def measured(self, field: str) -> npt.NDArray[np.float64]:
        """Give a field's numbers, NaN where missing."""
        return self._frame[field].to_numpy(float)


def _coded(column: pd.Series[str]) -> tuple[Codes, npt.NDArray[np.object_]]:
    if column.isna().all():
        return np.full(len(column), -1, np.int8), np.zeros(0, dtype=object)
    codes, words = pd.factorize(column.astype("str"), sort=True)
    return codes.astype(narrowest(len(words))), np.asarray(words, dtype=object)


class Asked(Mapping[str, Value_co]):
    """A mapping whose values are made when they are first asked for.

    Parameters
    ----------
    fields : tuple of str
        Its keys.
    make : callable
        Makes the value of a key.
    """

    def __init__(self, fields: tuple[str, ...], make: Callable[[str], Value_co]) -> None:
        self._fields, self._make = fields, make
        self._made: dict[str, Value_co] = {}

    def __getitem__(self, field: str) -> Value_co:
        if field not in self._made:
            if field not in self._fields:
                raise KeyError(field)
            self._made[field] = self._make(field)
        return self._made[field]

    def __contains__(self, field: object) -> bool:
        return field in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)
