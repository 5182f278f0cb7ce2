"""Tables that lead from one id to others, many to many, as one sorted list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mining.sources.table import Coded, Ints, Words

__all__ = ["Leads", "lead", "members", "natural"]


@dataclass(frozen=True)
class Leads:
    """From-words, each with its targets in a row: ``targets[starts[i] : starts[i] + counts[i]]``."""

    place: dict[str, int]
    starts: Ints
    counts: Ints
    targets: Words

    def expand(self, column: Coded) -> tuple[Ints, Ints, Words]:
        """Give every row its targets.

        Returns
        -------
        rows : ndarray of int64
            Place in `column`, once per target and once where there is none.
        turns : ndarray of int64
            0 for a row's first target, 1 for its second, ...
        targets : ndarray of object
            The target, None where there is none.
        """
        words = np.array([*(self.place.get(word, -1) for word in column.words), -1], dtype=np.int64)
        found = words[column.codes]
        counts = np.where(found >= 0, np.append(self.counts, 0)[found], 1)
        rows = np.repeat(np.arange(len(found), dtype=np.int64), counts)
        turns = np.arange(len(rows), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
        begin = np.append(self.starts, 0)[found][rows]
        targets = np.array([*self.targets, None], dtype=object)[np.where(found[rows] >= 0, begin + turns, -1)]
        return rows, turns, targets


def lead(pairs: Iterable[tuple[Coded, Coded]], split: str = "") -> Leads:
    """Collect (from, to) columns into one list; targets are in natural order, whatever the order of the rows."""
    together: set[tuple[str, str]] = set()
    for source, target in pairs:
        known = source.known & target.known
        codes = np.unique(np.column_stack([source.codes[known], target.codes[known]]), axis=0)
        for one, two in codes:
            for part in members(str(target.words[two]), split):
                if part.strip():
                    together.add((str(source.words[one]), part.strip()))
    ordered = sorted(together, key=lambda pair: (natural(pair[0]), natural(pair[1])))
    starts: dict[str, int] = {}
    for row, (source_word, _) in enumerate(ordered):
        starts.setdefault(source_word, row)
    begin = np.array(list(starts.values()), dtype=np.int64)
    return Leads(
        {word: place for place, word in enumerate(starts)},
        begin,
        np.diff(np.append(begin, len(ordered))),
        np.array([target for _, target in ordered], dtype=object),
    )


def members(cell: str, split: str = "") -> list[str]:
    """Take apart a cell that holds several ids, between separators or as a list in JSON.

    Examples
    --------
    >>> members("12;15", ";"), members('["12", "15"]', ";"), members("12;15")
    (['12', '15'], ['12', '15'], ['12;15'])
    """
    if not split:
        return [cell]
    # Connectors write a list as JSON where the export's own pages write separators.
    listed = cell.strip("[] ").replace('"', "").replace(",", split) if cell.startswith("[") else cell
    return [part.strip() for part in listed.split(split)]


def natural(word: str) -> tuple[int, str]:
    """Order ids as people do: 9 before 10."""
    return len(word), word
