"""The quality report: rows in, used, set aside and why; files, clocks, ties and remarks."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Quality"]


@dataclass(frozen=True, eq=False)
class Quality:
    """What reading did to an export, so that nothing is dropped in silence.

    Attributes
    ----------
    frame : DataFrame
        Per source, table and rule: `rows_in`, `rows_used`, `rule`, `rows_aside`, `example_rows` (record numbers in the
        file, at most three). Per table `rows_in` = `rows_used` + sum of `rows_aside`.
    files : DataFrame
        Per table: `encoding` and its proof, `delimiter`, `rows`, `notes`.
    clocks : DataFrame
        Per time column: `format` with counts, `calendar`, `precision`, `zone`, `proof` of the order of day and month,
        and counts of rows: `unreadable`, `undecided` (order not provable), in a `skipped_hour` or `repeated_hour`,
        `before_1990`, in the `future`, `rounded` by a spreadsheet, `sentinels` (1900-01-01 and the like stand for no
        time), `zone_words` (EST and the like); `segments` where one column was written in several ways.
    ties : float
        Share of touchpoints, 0 to 1, whose customer (or record) has another at the same time: `seq` orders them.
    as_of : Timestamp or None
        The latest moment the export knows of.
    notes : tuple of str
        Remarks, most frequent first.
    censoring : DataFrame
        Per table with touchpoints: `n_touchpoints`, `first` and `last` time, and `n_before`, the customers already
        known from other tables before this one begins. What they did here until then is not in the export.
    marks : DataFrame
        What is true of some touchpoints and ought to be known: `mark`, `n`, `share` (0 to 1), `meaning`.
    patterns : DataFrame
        The eleven imperfection patterns of event logs: `pattern`, `n` `of` how many, `share`, `example`, `cost`.
    lacks : DataFrame
        What a `source`'s `table` does not say, and what that `costs`.
    unmapped : DataFrame
        What the mapping has no use for: per `source` and `table` the `kind` (columns or value), the `field`, `name`,
        `n` (rows) and a `suggestion`.
    """

    frame: pd.DataFrame
    files: pd.DataFrame
    clocks: pd.DataFrame
    ties: float
    as_of: pd.Timestamp | None
    notes: tuple[str, ...] = ()
    censoring: pd.DataFrame = field(default_factory=pd.DataFrame)
    marks: pd.DataFrame = field(default_factory=pd.DataFrame)
    patterns: pd.DataFrame = field(default_factory=pd.DataFrame)
    lacks: pd.DataFrame = field(default_factory=pd.DataFrame)
    unmapped: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def tables(self) -> tuple[tuple[str, pd.DataFrame], ...]:
        """The tables that have anything to say, in the order of reading, each under its title."""
        found = self.patterns.loc[self.patterns["n"] > 0] if len(self.patterns) else self.patterns
        titled = (
            ("Records", self.frame),
            ("Files", self.files),
            ("Clocks", self.clocks),
            ("Marks", self.marks),
            ("What begins when", self.censoring),
            ("What the sources do not say", self.lacks),
            ("Imperfection patterns found", found),
            ("Not mapped", self.unmapped),
        )
        return tuple((title, table) for title, table in titled if len(table))

    @property
    def balanced(self) -> bool:
        """Whether every record of every table is used or set aside."""
        tables = self.frame.groupby(["source", "table", "file"], sort=False)
        together = tables.agg(rows_in=("rows_in", "first"), used=("rows_used", "first"), aside=("rows_aside", "sum"))
        return bool((together["rows_in"] == together["used"] + together["aside"]).all())

    @property
    def summary(self) -> str:
        """One sentence on what was read."""
        tables = self.frame.drop_duplicates(["source", "table", "file"])
        rows, used = int(tables["rows_in"].sum()), int(tables["rows_used"].sum())
        until = f" Known until {self.as_of:%Y-%m-%d %H:%M} UTC." if self.as_of is not None else ""
        return (
            f"{rows:,} records in {len(tables)} tables: {used:,} used, {rows - used:,} set aside by rule. "
            f"{self.ties:.1%} of touchpoints share their time with another of the same customer or case.{until}"
        )

    def __repr__(self) -> str:
        return f"Quality: {self.summary}"

    def _repr_html_(self) -> str:
        parts = [f"<p>{html.escape(self.summary)}</p>"]
        with pd.option_context("display.max_colwidth", None):  # what a source does not say takes a sentence
            told = [(title, table.to_html(index=False, border=0, max_rows=60)) for title, table in self.tables]
        parts += [f"<h4>{title}</h4>{table}" for title, table in told]
        if self.notes:
            parts.append(f"<h4>Remarks</h4><ul>{_items(self.notes)}</ul>")
        return "".join(parts)


def _items(notes: Sequence[str]) -> str:
    return "".join(f"<li>{html.escape(note)}</li>" for note in notes)
