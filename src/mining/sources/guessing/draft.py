"""The page that is being written, and what became of every column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mining.sources.guessing.columns import ColumnGuess
from mining.sources.guessing.fields import Line
from mining.sources.guessing.joins import Join
from mining.sources.guessing.lexicon import lexicon
from mining.sources.guessing.tables import TableGuess
from mining.sources.guessing.wording import Page

__all__ = ["Draft", "noun_title", "row_title"]


@dataclass
class Draft:
    """The page being written, and what became of every column.

    Attributes
    ----------
    page : Page
        The YAML.
    used : dict
        (table, header) to the field it fills.
    joins : sequence of Join
        Where ids lead.
    """

    page: Page
    joins: Sequence[Join] = ()
    used: dict[tuple[str, str], str] = field(default_factory=dict)

    def use(self, guess: TableGuess, column: ColumnGuess | None, what: str) -> None:
        """Remember what a column is used for."""
        if column is not None:
            said = self.used.get((guess.name, column.header))
            self.used[guess.name, column.header] = what if said in {None, what} else f"{said}, {what}"

    def line(self, guess: TableGuess, line: Line, depth: int = 3) -> None:
        """Write a field of a reader."""
        if line.node == "":
            self.page.say(depth, f"{line.field}: {line.note}")
            return
        self.page.put(depth, line.field, line.node, line.comment, live=line.live)
        if line.live:
            self.use(guess, line.column, line.field)


def noun_title(guess: TableGuess) -> str:
    """Call what a row is about: by our word for it, else by the header of its id, else by the table's name."""
    if guess.noun and guess.noun != "event":
        return guess.noun.capitalize()
    return row_title(guess)


def row_title(guess: TableGuess) -> str:
    """Call a row by the header of its id, else by the table's name."""
    words = guess.own.rest.split() if guess.own is not None else []
    words = words or [word for word in lexicon().words(guess.name) if not word.isdigit()]
    return " ".join(words).capitalize() or "Event"
