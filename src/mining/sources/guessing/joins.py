"""How the tables of an export hang together: ids of one that are found in another, with the share measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mining.sources.fold import fold
from mining.sources.guessing.columns import ENTITIES, ColumnGuess
from mining.sources.guessing.tables import TableGuess
from mining.sources.table import Coded

__all__ = ["Join", "find_joins"]

_JOINING = {*ENTITIES, "user", "reference", "actor", "team", "category", "stage", "own", "activity", "channel"}


@dataclass(frozen=True, eq=False)
class Join:
    """Values of a column that are found among those that name another table's rows.

    Attributes
    ----------
    child, parent : TableGuess
        The table with the values, and the one they lead to.
    column, key : ColumnGuess
        The column with the values, and the one that names the other table's rows.
    share : float
        Share of the different values sampled that are found, 0 to 1.
    missing : int
        Different values sampled that are not.
    """

    child: TableGuess
    column: ColumnGuess
    parent: TableGuess
    key: ColumnGuess
    share: float
    missing: int

    def __str__(self) -> str:
        where = f"{self.parent.name}.{self.key.header}"
        lost = f" ({self.missing:,} are not)" if self.missing else ""
        return f"{self.share:.0%} of the values of {self.child.name}.{self.column.header} are in {where}{lost}"


def find_joins(guesses: Sequence[TableGuess]) -> list[Join]:
    """Measure where the tables of an export meet.

    Parameters
    ----------
    guesses : sequence of TableGuess
        Tables of one export.

    Returns
    -------
    list of Join
        Only those in which some value is found; in the order of the tables.
    """
    return [join for child in guesses for parent in guesses if parent is not child for join in _meeting(child, parent)]


def _meeting(child: TableGuess, parent: TableGuess) -> Iterator[Join]:
    for column in child.columns:
        key = _key(column, parent) if column.role in _JOINING else None
        if key is None:
            continue
        there = set(Coded.of(parent.table.frame[key.header]).words)
        words = column.facts.coded.words
        found = sum(word in there for word in words)
        # That some companies have deals is no news; that a deal's company is known is.
        if found and (column is not child.own or found >= len(words) / 2):
            yield Join(child, column, parent, key, found / len(words), len(words) - found)


def _key(column: ColumnGuess, parent: TableGuess) -> ColumnGuess | None:
    """Find the column of another table that the values may name: its key, or a column so called and unique there."""
    own = parent.own
    role = "customer" if column.role == "user" else column.role
    if own is not None and role in ENTITIES and role == parent.noun:
        return own
    same = [other for other in parent.columns if fold(other.header) == fold(column.header)]
    if same and same[0].facts.is_unique and column.role != "own" and parent.table.frame[same[0].header].is_unique:
        return same[0]
    return None
