"""What was made of people: which ids became one, by what, and how to take the doubtful ones back."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from mining.sources.table import Words

__all__ = ["People"]


@dataclass(frozen=True, eq=False)
class People:
    """Which ids of the export are one person.

    Attributes
    ----------
    glued_by : dict
        ``merge``, ``email``, ``phone``, ``visitor``, ``likeness``: ids that became part of another by it.
    blocked : dict
        Kind of key to the number of keys that glue nobody: an office's, or too widely shared.
    review : DataFrame
        Pairs to look at, without personal data: `id`, `other_id`, `kind` of the key between them, `why` they are
        doubtful, and whether they were `glued` all the same.
    likeness : DataFrame
        With ``identity="likely"``, pairs that may be one person: `id`, `other_id`, `probability` (0 to 1), `evidence`.
    customers : ndarray or None
        The customer of every row of the frame without the doubtful links; None where there are none.
    apart : DataFrame or None
        Attributes of those customers.
    """

    glued_by: Mapping[str, int] = field(default_factory=dict)
    blocked: Mapping[str, int] = field(default_factory=dict)
    review: pd.DataFrame = field(default_factory=pd.DataFrame)
    likeness: pd.DataFrame = field(default_factory=pd.DataFrame)
    customers: Words | None = None
    apart: pd.DataFrame | None = None

    @property
    def summary(self) -> str:
        """One sentence on what became one."""
        told = ", ".join(f"{n:,} by {kind}" for kind, n in self.glued_by.items() if n) or "none"
        pairs = len(self.review) + len(self.likeness)
        doubts = f"; {pairs:,} pairs to look at" if pairs else ""
        return f"ids that became part of another person: {told}{doubts}"

    def __repr__(self) -> str:
        return f"<People: {self.summary}>"

    def _repr_html_(self) -> str:
        shown = self.review.head(10).to_html(index=False, border=0) if len(self.review) else ""
        return f"<p>{html.escape(self.summary)}</p>{shown}"
