"""Touchpoints: what reading exports gives, in fixed fields."""

from __future__ import annotations

import html
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mining._durations import duration
from mining._engine import CodedLog, link_codes
from mining._fields import CASES, FIELDS, FLAGS, TIMES, VOCABULARIES
from mining.sources.people.glued import People
from mining.sources.relations import Relations

if TYPE_CHECKING:
    from mining.journeys.journeys import Journeys
    from mining.sources.doubts.quality import Quality
    from mining.sources.store import Store

__all__ = ["Flattened", "Touchpoints", "check"]


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
    relations : Relations
        Objects that a touchpoint is about beyond one of each type, and how objects belong together.
    people : People
        Which ids became one person, by what, and which of that is doubtful.
    """

    frame: pd.DataFrame
    objects: dict[str, pd.DataFrame]
    quality: Quality
    relations: Relations = field(default_factory=Relations)
    people: People = field(default_factory=People)

    def __len__(self) -> int:
        return len(self.frame)

    def by(
        self,
        case: str,
        gap: str | pd.Timedelta | None = None,
        *,
        closed_by: str | Iterable[str] | None = None,
        look_back: str | pd.Timedelta | None = None,
        doubtful: bool = False,
    ) -> Journeys:
        """Put the touchpoints under a case notion: one journey per customer, deal, ticket, ...

        A touchpoint about several deals is in the journey of each; `Journeys.replicated` counts those.

        Parameters
        ----------
        case : str
            customer, account, deal, ticket, lead, conversation, session, campaign or record; or another type of
            object that `store` knows. Where no touchpoint names its session, sessions are what a customer does without
            a silence of more than thirty minutes.
        gap : str or Timedelta, optional
            A silence longer than this ends a journey. ``"auto"`` reads it off the data, where silences fall into short
            and long ones; ``"learned"`` cuts where `find_boundaries` finds it probable, if there is evidence of
            boundaries. The journeys say what was decided.
        closed_by : str or iterable of str, optional
            Outcomes or activities that end a journey: ``by("customer", closed_by="won")`` gives the journeys from first
            touch to won, and beside them those that were not won. What comes later is the customer's next journey.
        look_back : str or Timedelta, optional
            Touchpoints that name no deal (ticket, ...) belong to one of a customer or account of theirs, where they
            happen at most so long before it is first named, and not after it is last named.
        doubtful : bool
            Whether to keep what may be no act of anybody: rows written by an import or bulk update, and mail opens
            that a machine may have caused. They are left out otherwise, and counted in `Journeys.left_out`.

        Returns
        -------
        Journeys

        Raises
        ------
        FieldError
            For a case notion, an outcome or an activity that there is not.
        MiningError
            For a span without a unit, or where no touchpoint belongs to such a case.
        """
        from mining.journeys.link import link

        return link(self.flattened(case, look_back, doubtful=doubtful), gap, closed_by=closed_by)

    def flattened(self, case: str, look_back: str | pd.Timedelta | None = None, *, doubtful: bool = False) -> Flattened:
        """Give one row per touchpoint and case.

        Parameters
        ----------
        case : str
            Case notion, or a type of object that `store` knows.
        look_back : str or Timedelta, optional
            How long before a case is first named a touchpoint of its customers or accounts belongs to it.
        doubtful : bool
            Whether to keep what may be no act of anybody.

        Returns
        -------
        Flattened
            The touchpoints, and what became of them.
        """
        from mining.sources.flatten import flattened, undoubted
        from mining.sources.look_back import looked_back

        sure = self if doubtful else undoubted(self)
        flat = replace(flattened(sure, case), left_out=len(self) - len(sure))
        return flat if look_back is None else looked_back(sure, flat, duration(look_back))

    def linked(self, case: str, gap: pd.Timedelta | None = None) -> CodedLog:
        """Sort and code the touchpoints under a case notion, rows without a case left out.

        Parameters
        ----------
        case : str
            One of `mining._fields.CASES`.
        gap : Timedelta, optional
            A silence longer than this ends a journey.

        Returns
        -------
        CodedLog
        """
        return link_codes(self.frame, case, gap)

    def n_naming(self, case: str) -> int:
        """Count the touchpoints that name a case.

        Parameters
        ----------
        case : str
            One of `mining._fields.CASES`.

        Returns
        -------
        int
            How many.
        """
        return int(self.frame[case].notna().sum())

    def without_doubtful(self) -> Touchpoints:
        """Take back what is doubtful about who is who, to see whether the results hang on it.

        People glued by a doubtful link (`people.review`) are people of their own again; nothing is read again. Where
        nothing is doubtful these same touchpoints are returned.
        """
        if self.people.customers is None:
            return self
        from mining.sources.people.relabel import relabel

        customers = pd.Series(self.people.customers, index=self.frame.index, dtype="str")
        objects = self.objects if self.people.apart is None else {**self.objects, "customer": self.people.apart}
        frame, told = relabel(self.frame, objects, customers)
        return replace(self, frame=frame, objects=told, people=replace(self.people, customers=None, apart=None))

    @property
    def observed_until(self) -> pd.Timestamp:
        """End of observation: the latest touchpoint."""
        return pd.Timestamp(self.frame["timestamp"].max())

    @cached_property
    def store(self) -> Store:
        """The object-centric truth: events, objects and all their relations, as OCEL 2.0 has them."""
        from mining.sources.store import build_store

        return build_store(self)

    def to_ocel(self, path: Path | str) -> Path:
        """Write everything as an object-centric event log (OCEL 2.0), the whole file or none.

        Parameters
        ----------
        path : Path or str
            Ends in ``.json``, ``.xml`` or ``.sqlite``.

        Returns
        -------
        Path
            The file written.
        """
        from mining.sources.ocel import write_store

        return write_store(self.store, path)

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


@dataclass(frozen=True)
class Flattened:
    """Touchpoints with one row per touchpoint and case.

    Attributes
    ----------
    touchpoints : Touchpoints
        The rows.
    case : str
        The field that names the case.
    replicated : int
        Rows that repeat a touchpoint because it belongs to several cases.
    left_out : int
        Rows left out as doubtful.
    joined : int
        Rows that name no case and joined one by looking back.
    """

    touchpoints: Touchpoints
    case: str
    replicated: int = 0
    left_out: int = 0
    joined: int = 0


def check(frame: pd.DataFrame) -> pd.DataFrame:
    """Hold a frame against the canonical schema; what does not fit is our fault, not the user's."""
    with warnings.catch_warnings():
        # Where Spark can be found pandera imports it, when it is imported itself or when it first validates; and Spark
        # warns of pandas 3, which nothing here gives it.
        warnings.simplefilter("ignore", FutureWarning)
        return _validated(frame)


def _validated(frame: pd.DataFrame) -> pd.DataFrame:
    import pandera.pandas as pa

    types: dict[str, object] = dict.fromkeys(TIMES, pd.DatetimeTZDtype("us", "UTC"))
    types |= dict.fromkeys(FLAGS, "bool") | {
        "seq": "int64",
        "source_row": "int64",
        "amount": "float64",
        "score": "float64",
    }
    columns = {}
    for spec in FIELDS:
        needed = spec.name in {"touchpoint_id", "activity", "timestamp", "source", "seq", "source_row", *FLAGS}
        kind = pd.CategoricalDtype(list(VOCABULARIES[spec.name])) if spec.name in VOCABULARIES else "str"
        checks = [pa.Check.in_range(0, 1)] if spec.name == "score" else []
        columns[spec.name] = pa.Column(types.get(spec.name, kind), checks, nullable=not needed)
    unique = ["touchpoint_id", "customer"]
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=unique).validate(frame, lazy=True)
