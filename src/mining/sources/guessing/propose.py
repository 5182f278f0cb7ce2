"""Propose a mapping for an export that nobody described yet: a guess with its evidence, to be edited."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from mining._errors import ExportError
from mining.sources.forms.files import Folder, Location, open_export
from mining.sources.guessing.columns import ENTITIES, ColumnGuess
from mining.sources.guessing.draft import Draft
from mining.sources.guessing.fields import content
from mining.sources.guessing.head import draft_head
from mining.sources.guessing.histories import watched
from mining.sources.guessing.joins import find_joins
from mining.sources.guessing.known import known_as
from mining.sources.guessing.readers import draft_reader
from mining.sources.guessing.tables import READS, TableGuess, guess_table
from mining.sources.guessing.things import draft_links, draft_objects
from mining.sources.guessing.wording import Page
from mining.sources.mappings.grammar import build_mapping
from mining.sources.mappings.mapping import Mapping

__all__ = ["Proposal", "propose_mapping"]

_LONG = 80  # letters of a header in a comment
_NOT_READ = {
    "text": "free text", "name": "names", "email": "an address", "phone": "a telephone number",
    "url": "addresses of pages", "address": "an address", "secret": "secret", "birth": "of birth",
    "editor": "who wrote it down", "words": "many texts",
    "technical": "technical", "synced": "when it was copied", "empty": "empty", "latest": "keeps only the last of many",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Proposal:
    """A mapping guessed from an export, with the evidence for every column.

    Attributes
    ----------
    yaml : str
        Text of the mapping, evidence as comments. No value of a column with personal data is in it.
    frame : DataFrame
        A row per column: `table`, `column`, `role` (what it seems to be), `field` (what it fills, or why it is not
        read), `confidence` (0 to 1; it orders guesses and is no probability), `evidence`, `runner_up`.
    mapping : Mapping or None
        The mapping, ready to read with; None where no table says when anything happened.
    known : tuple of str
        Systems of the catalogue that the files look like: their mapping is to be preferred.
    """

    yaml: str
    frame: pd.DataFrame
    mapping: Mapping | None
    known: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What was guessed, in a sentence or two."""
        looks = (
            f"It looks like {', '.join(self.known)}: read it with sources={list(self.known)}. " if self.known else ""
        )
        if self.mapping is None:
            return f"{looks}No journey can be made of it: no table says when anything happened and to whom."
        told = "; ".join(f"{reader.tables[0]} ({reader.kind})" for reader in self.mapping.readers)
        read = int((~self.frame["field"].str.startswith("not read")).sum())
        return f"{looks}Touchpoints from {told}; {read} of {len(self.frame)} columns are read."

    def __repr__(self) -> str:
        return f"Proposal: {self.summary}"

    def _repr_html_(self) -> str:
        table = self.frame.to_html(index=False, border=0, max_rows=60)
        return f"<p>{html.escape(repr(self))}</p><pre>{html.escape(self.yaml)}</pre>{table}"


def propose_mapping(location: Location) -> Proposal:
    """Propose a mapping for an export of a system that is not in the catalogue.

    Every column is judged by its header (words in English, Hebrew and Persian, a few in German, French and Spanish),
    its content (dates, addresses, ids, small vocabularies, free text) and its place in the table (what is one row?).
    At most 20,000 rows of a table are looked at, but whole columns for the order of day and month. What is not sure is
    written as a comment with the runner-up, and what cannot be known from the data (the time zone, say) is asked for.

    Parameters
    ----------
    location : path, list of paths, DataFrame or dict of DataFrames
        The export, as for `read_crm`.

    Returns
    -------
    Proposal
        YAML text with the evidence, a frame of the guesses, and the mapping to read with.

    Raises
    ------
    ExportError
        When a file cannot be read, or there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({
    ...     "Call ID": ["c1", "c2", "c3"],
    ...     "Started": ["2024-01-02 10:00", "2024-01-02 11:30", "2024-01-03 09:15"],
    ...     "Customer ID": ["7", "8", "7"],
    ...     "Direction": ["In", "Out", "In"],
    ... })
    >>> propose_mapping({"calls": calls}).mapping.readers[0].kind
    'activity'
    """
    folder = open_export(location)
    guesses = [guess_table(table) for file in folder.files for table in file.read() if len(table.rows)]
    if not guesses:
        raise ExportError.refused(
            f"'{folder.name}'", "has no table with rows. Give the folder or the files themselves."
        )
    draft = Draft(Page(), find_joins(guesses))
    known = known_as(folder, guesses)
    readers = _write(folder, guesses, known, draft)
    text = draft.page.text
    return Proposal(text, _frame(guesses, draft), build_mapping(text, "the proposal") if readers else None, known)


def _write(folder: Folder, guesses: Sequence[TableGuess], known: Sequence[str], draft: Draft) -> Sequence[TableGuess]:
    """Write the whole mapping; give the tables that have readers."""
    page = draft.page
    for guess in guesses:
        if guess.kind == "versions" and not watched(guess):
            guess.kind = "objects" if guess.noun in ENTITIES else "none"
            guess.why.append("none of its columns is a stage, a state or an owner")
    readers = [guess for guess in guesses if guess.kind in READS]
    draft_head(folder, guesses, known, page)
    draft_objects(guesses, draft)
    draft_links(readers, draft)
    if readers:
        page.skip()
        page.put(0, "readers")
        for guess in readers:
            draft_reader(guess, draft)
    _left(guesses, draft)
    return readers


def _left(guesses: Sequence[TableGuess], draft: Draft) -> None:
    """Say of every table and column that is not read why not."""
    page = draft.page
    page.skip()
    for guess in guesses:
        if guess.kind not in READS:
            page.say(0, f"{guess.name}: no reader, because {'; '.join(guess.why)}.")
        left = [(column, _why_not(column)) for column in guess.columns if (guess.name, column.header) not in draft.used]
        for column, why in left:
            if column.role != "empty":
                page.say(0, f"not read: {guess.name}.{column.header[:_LONG]} ({why})")
        empty = sum(column.role == "empty" for column, _ in left)
        if empty:
            page.say(0, f"not read: {empty:,} empty columns of {guess.name}")


def _why_not(column: ColumnGuess) -> str:
    if column.role in _NOT_READ:
        return _NOT_READ[column.role]
    return "free text" if column.facts.kind == "text" else f"perhaps {column.role}, {content(column.facts)}"


def _frame(guesses: Sequence[TableGuess], draft: Draft) -> pd.DataFrame:
    lines = [line for guess in guesses for line in _lines(guess, draft)]
    names = ["table", "column", "role", "field", "confidence", "evidence", "runner_up"]
    return pd.DataFrame(lines, columns=names)


def _lines(guess: TableGuess, draft: Draft) -> Iterator[tuple[object, ...]]:
    for column in guess.columns:
        used = draft.used.get((guess.name, column.header), f"not read: {_why_not(column)}")
        second = column.ranked[1] if len(column.ranked) > 1 else None
        runner_up = f"{second[0]} ({second[1]:.2f})" if second else ""
        told = f"{column.why}; {content(column.facts)}"
        yield guess.name, column.header, column.role, used, column.confidence, told, runner_up
