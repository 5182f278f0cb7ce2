"""The tables of an export: how they get dirty, how times are spelt, and how they reach the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mining.examples.story import Flags, Times

__all__ = ["Dirt", "iso", "save"]


def iso(times: Times | pd.Series) -> np.ndarray:
    """Spell seconds since 1970 as ``YYYY-MM-DD HH:MM:SS``, UTC."""
    if not len(times):
        return np.array([], dtype=object)
    text = np.datetime_as_string(np.asarray(times, dtype=np.int64).astype("datetime64[s]"))
    return np.asarray(np.char.replace(text, "T", " ")).astype(object)


def save(path: Path, table: pd.DataFrame, *, last_lines: Sequence[str] = ()) -> None:
    """Write a table as UTF-8 with commas, with some raw lines at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = table.to_csv(index=False, lineterminator="\n")
    path.write_bytes((text + "".join(f"{line}\n" for line in last_lines)).encode())


@dataclass
class Dirt:
    """Makes rows dirty and counts what it did, by file and rule."""

    random: np.random.Generator
    folder: str
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note(self, file: str, rule: str, rows: int) -> None:
        """Count rows that break a rule."""
        if rows:
            self.counts[f"{self.folder}/{file}.csv", rule] += rows

    def some(self, table: pd.DataFrame, share: float) -> pd.DataFrame:
        """Draw a few rows, two at least where there are two."""
        wanted = min(max(2, round(share * len(table))), len(table))
        if table.empty:
            return table.copy()
        return table.iloc[np.sort(self.random.choice(len(table), wanted, replace=False))].copy()

    def repeated(self, file: str, table: pd.DataFrame, clean: Flags | None = None) -> pd.DataFrame:
        """Append exact copies of a few rows that are not dirty already."""
        copies = self.some(table if clean is None else table[clean], 0.006)
        self.note(file, "exact duplicate", len(copies))
        return pd.concat([table, copies], ignore_index=True)

    def mistimed(self, file: str, table: pd.DataFrame, column: str, share: float = 0.004) -> pd.DataFrame:
        """Append rows like others whose time is missing, or not a time; the key is left to the caller."""
        missing = self.some(table, share).assign(**{column: ""})
        senseless = self.some(table, share).assign(**{column: "soon"})
        self.note(file, "missing timestamp", len(missing))
        self.note(file, "unparseable timestamp", len(senseless))
        return pd.concat([table, missing, senseless], ignore_index=True)
