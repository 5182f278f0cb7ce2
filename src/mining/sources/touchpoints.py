"""Touchpoints: what reading exports gives, in fixed fields."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from mining._fields import CASES, FIELDS, FLAGS, TIMES, VOCABULARIES

if TYPE_CHECKING:
    from mining.journeys.journeys import Journeys
    from mining.sources.quality import Quality

__all__ = ["Touchpoints", "check"]


@dataclass(frozen=True, eq=False)
class Touchpoints:
    """Every meeting of customer and company that an export tells of.

    Attributes
    ----------
    frame : DataFrame
        One row per touchpoint and customer it touched, columns as in ``mining._fields.FIELDS``; times are UTC, words of
        a closed vocabulary categorical. Ordered by `seq`. A touchpoint with several customers has a row for each; the
        second and later rows have ``@2``, ``@3``, ... at the end of `touchpoint_id`.
    objects : dict of DataFrame
        Object type (customer, account, deal, ticket, ...) to its attributes, indexed by object id.
    quality : Quality
        What was used, what was set aside and why.
    """

    frame: pd.DataFrame
    objects: dict[str, pd.DataFrame]
    quality: Quality

    def __len__(self) -> int:
        return len(self.frame)

    def by(self, case: str, gap: str | pd.Timedelta | None = None) -> Journeys:
        """Put the touchpoints under a case notion: one journey per customer, deal, ticket, ...

        Parameters
        ----------
        case : str
            customer, account, deal, ticket, lead, conversation, session, campaign or record.
        gap : str or Timedelta, optional
            A silence longer than this ends a journey.

        Returns
        -------
        Journeys
        """
        from mining.journeys.link import link

        return link(self if case == "customer" else self._once(case), case, gap)

    def _once(self, case: str) -> Touchpoints:
        """Leave out the further rows of touchpoints with several customers: for another case they are one event."""
        if not self.frame["touchpoint_id"].str.contains("@", na=False).any() or case not in self.frame:
            return self
        told = pd.DataFrame(
            {"id": self.frame["touchpoint_id"].str.replace(r"@\d+$", "", regex=True), "case": self.frame[case]}
        )
        again = told.duplicated().to_numpy()
        return replace(self, frame=self.frame.loc[~again].reset_index(drop=True))

    def __repr__(self) -> str:
        return f"Touchpoints: {self._told()}"

    def _told(self) -> str:
        if not len(self.frame):
            return "none"
        first, last = self.frame["timestamp"].min(), self.frame["timestamp"].max()
        cases = [f"{self.frame[name].nunique():,} {name}s" for name in CASES if self.frame[name].notna().any()]
        sources = ", ".join(self.frame["source"].unique())
        return f"{len(self.frame):,} of {', '.join(cases)}, {first:%Y-%m-%d} to {last:%Y-%m-%d}, from {sources}"

    def _repr_html_(self) -> str:
        shown = ["timestamp", "activity", "channel", "direction", "actor_kind", *CASES, "source"]
        shown = [name for name in shown if self.frame[name].notna().any()]
        table = self.frame[shown].head(10).to_html(index=False, border=0)
        return f"<p><b>Touchpoints</b> {html.escape(self._told())}</p>{table}"


def check(frame: pd.DataFrame) -> pd.DataFrame:
    """Hold a frame against the canonical schema; what does not fit is our fault, not the user's."""
    import pandera.pandas as pa

    types: dict[str, object] = dict.fromkeys(TIMES, pd.DatetimeTZDtype("us", "UTC"))
    types |= dict.fromkeys(FLAGS, "bool") | {
        "seq": "int64",
        "source_row": "int64",
        "amount": "float64",
        "score": "float64",
    }
    columns = {}
    for field in FIELDS:
        needed = field.name in {"touchpoint_id", "activity", "timestamp", "source", "seq", "source_row", *FLAGS}
        kind = pd.CategoricalDtype(list(VOCABULARIES[field.name])) if field.name in VOCABULARIES else "str"
        checks = [pa.Check.in_range(0, 1)] if field.name == "score" else []
        columns[field.name] = pa.Column(types.get(field.name, kind), checks, nullable=not needed)
    unique = ["touchpoint_id", "customer"]
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=unique).validate(frame, lazy=True)
