"""What we say when we cannot go on: what is wrong, the nearest right thing, what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Self

__all__ = [
    "ColumnError",
    "DesignError",
    "ExportError",
    "FieldError",
    "MappingError",
    "MemoryBudgetError",
    "MiningError",
    "nearest",
]

_LISTED = 12


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, or nothing when none is close.

    Parameters
    ----------
    word : str
        What was asked for.
    known : iterable of str
        What there is.

    Returns
    -------
    str
        ``" Did you mean 'Deal Stage'?"`` or an empty string.

    Examples
    --------
    >>> nearest("Deal stag", ["Deal Stage", "Amount"])
    " Did you mean 'Deal Stage'?"
    """
    folded = {str(name).casefold(): str(name) for name in known}
    close = difflib.get_close_matches(str(word).casefold(), folded, n=1, cutoff=0.6)
    return f" Did you mean '{folded[close[0]]}'?" if close else ""


def listed(names: Iterable[str]) -> str:
    """Join names for a message, cut after a dozen with the number left out."""
    known = [str(name) for name in names]
    shown = ", ".join(known[:_LISTED]) or "nothing"
    return shown if len(known) <= _LISTED else f"{shown}, and {len(known) - _LISTED} more"


class MiningError(ValueError):
    """Anything this library refuses to do; the message ends in what to do instead."""

    @classmethod
    def unknown(cls, what: str, word: str, known: Iterable[str]) -> Self:
        """Build the error for a word that is not among the known ones."""
        names = sorted({str(name) for name in known})
        return cls(f"There is no {what} '{word}'.{nearest(word, names)} There is: {listed(names)}.")

    @classmethod
    def empty(cls, what: str, because: str) -> Self:
        """Build the error for a result that would have no rows."""
        return cls(f"{what} is empty: {because}")

    @classmethod
    def refused(cls, what: str, instead: str) -> Self:
        """Build the error for a value that cannot be used, with what to give instead."""
        return cls(f"{what} {instead}")


class ExportError(MiningError):
    """A file that cannot be read as a CRM export."""

    @classmethod
    def missing(cls, path: Path | str) -> Self:
        """Build the error for a file or folder that is not there."""
        path = Path(path)
        try:
            beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        except OSError:
            beside = []
        return cls(
            f"There is no file or folder '{path}'.{nearest(path.name, beside)} Beside it: {listed(sorted(beside))}."
        )

    @classmethod
    def unreadable(cls, path: Path | str, why: str) -> Self:
        """Build the error for a file whose bytes make no sense as what it claims to be."""
        return cls(f"'{Path(path).name}' cannot be read: {why}")


class MemoryBudgetError(ExportError):
    """An export that this machine's memory does not hold."""

    @classmethod
    def of(cls, what: str) -> Self:
        """Build the error for what did not fit."""
        return cls(
            f"{what} does not fit into memory: read fewer files at a time, or only the period you need; "
            "Parquet takes least."
        )


class MappingError(MiningError):
    """A mapping that does not fit the export, or is not a mapping."""


class ColumnError(MappingError):
    """A column that a mapping names and the export lacks."""

    @classmethod
    def column(cls, column: str, field: str, table: str, has: Iterable[str]) -> Self:
        """Build the error for the column, with the nearest that there is."""
        has = list(has)
        hint = nearest(column, has)
        return cls(f"Table '{table}' has no column '{column}' to read {field} from.{hint} It has: {listed(has)}.")


class DesignError(MiningError):
    """A designed journey that says something it cannot mean."""


class FieldError(MiningError):
    """A field that touchpoints do not have, or do not have here."""
