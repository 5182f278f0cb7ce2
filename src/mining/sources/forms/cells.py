"""Spell cells out as strings without mangling ids, whether they come in frames, in Arrow or one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from mining.sources.table import unique_headers

__all__ = ["as_strings", "spelt_arrow", "spelt_cell", "spelt_cells"]

# Whole numbers beyond this are printed digit by digit although nobody wrote these digits.
_EXACT: Final = 2**53


def as_strings(frame: pd.DataFrame) -> pd.DataFrame:
    """Spell every cell out without mangling ids: ``7.0`` in a column with gaps is ``7``, times are ISO, gaps empty."""
    spelt = {name: _spelt(frame.iloc[:, place]) for place, name in enumerate(unique_headers([str(c) for c in frame]))}
    return pd.DataFrame(spelt, index=pd.RangeIndex(len(frame)), dtype="str")


def spelt_cell(value: object) -> str:
    """Spell one cell out.

    Examples
    --------
    >>> [spelt_cell(value) for value in (7.0, None, True, 0.5, "007")]
    ['7', '', 'true', '0.5', '007']
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else str(int(value)) if value.is_integer() else repr(float(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return _bytes(value) if isinstance(value, bytes) else str(value)


def spelt_cells(cells: Sequence[object]) -> Any:
    """Spell a column of mixed cells out: a date among times is a midnight, not a day without a time."""
    kinds = set(map(type, cells))
    if kinds == {str}:
        return np.array(cells, dtype=object)
    if kinds == {float}:
        return _floats(np.array(cells, dtype=np.float64))
    if len(kinds) == 1 and kinds <= {datetime, date}:
        return np.array([cell.isoformat() for cell in cells], dtype=object)  # type: ignore[attr-defined]
    if datetime in kinds and date in kinds:
        cells = [datetime.combine(cell, time()) if type(cell) is date else cell for cell in cells]
    return np.array([cell if type(cell) is str else spelt_cell(cell) for cell in cells], dtype=object)


def spelt_arrow(column: Any) -> Any:
    """Spell an Arrow column out; None for a nested one, whose records another place takes apart."""
    import pyarrow as pa

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = column.cast(kind.storage_type)
        kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_nested(kind):
        return None
    if pa.types.is_timestamp(kind):
        return _spelt(column.cast(pa.timestamp("us", kind.tz), safe=False).to_pandas())
    if pa.types.is_floating(kind):
        return _floats(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return np.array([spelt_cell(cell) for cell in column.to_pylist()], dtype=object)
    if pa.types.is_duration(kind):
        return _spelt(column.to_pandas())
    # Whole numbers with gaps must not pass through floats: they are spelt in Arrow, before pandas sees them.
    return column.cast(pa.large_string()).fill_null("").to_numpy(zero_copy_only=False)


def _spelt(column: pd.Series) -> Any:
    missing = column.isna().to_numpy()
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("").to_numpy(dtype=object)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _iso(column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), missing, "Z")
    if np.issubdtype(getattr(column.dtype, "type", object), np.datetime64):
        return _iso(column.to_numpy(), missing, "")
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _spelt(column.astype(column.cat.categories.dtype))
    return np.array([spelt_cell(value) for value in column.array], dtype=object)


def _iso(values: Any, missing: Any, zone: str) -> Any:
    text = np.datetime_as_string(values.astype("datetime64[us]"), unit="us").astype(object) + zone
    text[missing] = ""
    return text


def _floats(values: Any) -> Any:
    """Spell floats out, whole ones as whole numbers; only few distinct ones are spelt one by one."""
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < _EXACT)
    spelt = np.empty(len(values), dtype=object)
    spelt[whole] = values[whole].astype(np.int64).astype(str).astype(object)
    spelt[~whole] = [spelt_cell(value) for value in values[~whole].tolist()]
    return spelt


def _bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()
