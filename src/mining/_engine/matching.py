"""Match the canonical fields with the columns of a table that lies elsewhere: renaming at the door, and only there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mining._engine.in_place import CARRIED
from mining._errors import ColumnError, FieldError, MiningError
from mining._fields import CASES, FIELDS

__all__ = ["match_columns", "refuse_order", "refuse_time"]

_NEEDED: Final = ("activity", "timestamp")
_USED: Final = tuple(dict.fromkeys((*_NEEDED, "end_timestamp", "seq", "outcome", *CARRIED, *CASES)))


def match_columns(columns: Mapping[str, str] | None, has: Sequence[str], where: str) -> dict[str, str]:
    """Find the column of each canonical field that the questions look at.

    Parameters
    ----------
    columns : mapping of str to str, optional
        Canonical field to column; a field that is not named is read from the column of its own name, if there is one.
    has : sequence of str
        The columns there are.
    where : str
        What to call the table in a message.

    Raises
    ------
    FieldError
        For a field that touchpoints do not have.
    ColumnError
        For a column that is not there.
    """
    given = dict(columns or {})
    known = [field.name for field in FIELDS]
    for field, column in given.items():
        if field not in known:
            raise FieldError.unknown("field", field, known)
        if column not in has:
            raise ColumnError.column(column, field, where, has)
    for field in _NEEDED:
        if field not in given and field not in has:
            raise ColumnError.column(field, field, where, has)
    return {field: given.get(field, field) for field in _USED if field in given or field in has}


def refuse_time(column: str, kind: str) -> MiningError:
    """Build the error for a time that is none."""
    return MiningError.refused(
        f"The column '{column}' ({kind})", "holds no times: cast it to a timestamp there, and name that column."
    )


def refuse_order(column: str, kind: str) -> MiningError:
    """Build the error for an order inside equal times that is no whole number."""
    return MiningError.refused(
        f"The column '{column}' ({kind})", "gives no order as seq: name a column of whole numbers, or none."
    )
