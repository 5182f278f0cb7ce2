"""The ledger: every record of every table is used, or set aside by the rule it broke."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.sources.table import Ints, RawTable

__all__ = ["Ledger"]

_UNREAD = "no reader takes it"
_EXAMPLES = 3


@dataclass
class _Page:
    source: str
    table: RawTable
    rules: list[str] = field(default_factory=list)
    verdict: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # -1 open, else place in `rules`
    used: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))
    told: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))
    blank: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))
    has_reader: bool = False
    ties: list[tuple[Ints, Ints]] = field(default_factory=list)  # rows, and the rows whose fate they share


class Ledger:
    """Keeps a verdict per record while an export is read."""

    def __init__(self) -> None:
        self._pages: list[_Page] = []
        self.notes: Counter[str] = Counter()

    def open(self, source: str, table: RawTable) -> int:
        """Enter a table and return its number."""
        size = len(table.rows)
        nothing = np.zeros(size, dtype=bool)
        page = _Page(source, table, [], np.full(size, -1, dtype=np.int64), nothing, nothing.copy(), nothing.copy())
        self._pages.append(page)
        return len(self._pages) - 1

    def aside(self, page: int, positions: Ints, rule: str) -> None:
        """Set rows aside; the first rule a row breaks is the one that is told."""
        entry = self._pages[page]
        if rule not in entry.rules:
            entry.rules.append(rule)
        fresh = positions[entry.verdict[positions] < 0]
        entry.verdict[fresh] = entry.rules.index(rule)

    def use(self, page: int, positions: Ints) -> None:
        """Mark rows that ended up in a touchpoint."""
        self._pages[page].used[positions] = True

    def tie(self, page: int, positions: Ints, leads: Ints) -> None:
        """Let rows share the fate of others, with which they make up one touchpoint each."""
        self._pages[page].ties.append((positions, leads))

    def unidentified(self, page: int, positions: Ints) -> None:
        """Remember rows that name no object; a reader of the same table may have a better reason."""
        self._pages[page].blank[positions] = True

    def describe(self, page: int, positions: Ints) -> None:
        """Mark rows that described an object, a link or a label; that is a use where the table has no touchpoints."""
        self._pages[page].told[positions] = True

    def expect(self, page: int) -> None:
        """Say that the rows of a table ought to be touchpoints."""
        self._pages[page].has_reader = True

    def note(self, text: str, times: int = 1) -> None:
        """Remember something the user should know, with a count."""
        self.notes[text] += times

    def frame(self) -> pd.DataFrame:
        """Tell, per table and rule, how many records came in, were used and were set aside.

        Returns
        -------
        DataFrame
            `source`, `table`, `file`, `rows_in`, `rows_used`, `rule` (empty where nothing was set aside), `rows_aside`,
            `example_rows` (record numbers, at most three). Per table, `rows_in` = `rows_used` + sum of `rows_aside`.
        """
        lines = [line for page in self._pages for line in _lines(page)]
        columns = ["source", "table", "file", "rows_in", "rows_used", "rule", "rows_aside", "example_rows"]
        return pd.DataFrame(lines, columns=columns)

    def tables(self) -> list[tuple[str, RawTable]]:
        """List the tables in the order they were read."""
        return [(page.source, page.table) for page in self._pages]


def _lines(page: _Page) -> list[tuple[object, ...]]:
    table = page.table
    used = (page.used if page.has_reader else page.told).copy()
    verdict, blank = page.verdict.copy(), page.blank.copy()
    for rows, leads in page.ties:
        used[rows], verdict[rows], blank[rows] = used[leads], verdict[leads], blank[leads]
    aside: dict[str, list[int]] = {rule: list(rows) for rule, rows in table.aside}
    open_ = verdict < 0
    masks = [("no id", open_ & blank), (_UNREAD, open_ & ~blank)]
    masks += [(rule, verdict == place) for place, rule in enumerate(page.rules)]
    for rule, mask in masks:
        broke = table.rows[~used & mask]
        if len(broke):
            aside.setdefault(rule, []).extend(broke.tolist())
    head = (page.source, table.name, table.file, table.records, int(used.sum()))
    told: list[tuple[object, ...]] = [
        (*head, rule, len(rows), ", ".join(str(row) for row in sorted(rows)[:_EXAMPLES] if row))
        for rule, rows in sorted(aside.items())
    ]
    return told or [(*head, "", 0, "")]
