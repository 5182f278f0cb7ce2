"""What journeys are made of: a linked log, the touchpoints it was made from, and what was not linked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._errors import FieldError, MiningError
from mining.sources.touchpoints import Touchpoints

__all__ = ["LinkedTouchpoints"]


@dataclass(frozen=True, eq=False)
class LinkedTouchpoints:
    """Touchpoints under one case notion, in order.

    Attributes
    ----------
    log : CodedLog
        Integer codes sorted by (journey, timestamp, seq).
    touchpoints : Touchpoints
        Everything that was read, narrowed or not: objects' attributes and the quality report.
    case : str
        What tells journeys apart.
    unlinked : int
        Touchpoints that belong to no such case and are in no journey.
    replicated : int
        Rows that repeat a touchpoint because it belongs to several such cases (a call about two deals).
    left_out : int
        Rows left out as doubtful: imports, bulk updates, mail opens.
    joined : int
        Touchpoints that name no such case and joined one by looking back.
    gap : Timedelta or None
        The silence that ends a journey.
    told : str
        What was decided about where journeys end, where the library decided it.
    seen_from, seen_until : Timestamp or None
        The period that journeys were cut to, where they were.
    """

    log: CodedLog
    touchpoints: Touchpoints
    case: str
    unlinked: int = 0
    replicated: int = 0
    left_out: int = 0
    joined: int = 0
    gap: pd.Timedelta | None = None
    told: str = ""
    seen_from: pd.Timestamp | None = None
    seen_until: pd.Timestamp | None = None

    def __len__(self) -> int:
        return self.log.n_journeys

    def __repr__(self) -> str:
        return (
            f"<Journeys by {self.case}: {len(self):,} journeys of {self.n_customers:,} customers, "
            f"{self.log.n_touchpoints:,} touchpoints, {len(self.activities)} activities{self._told_flattening()}>"
        )

    def _told_flattening(self) -> str:
        told = f"; {self.replicated:,} rows repeat a touchpoint of several {self.case}s" if self.replicated else ""
        told += f"; {self.joined:,} touchpoints joined by looking back" if self.joined else ""
        told += f"; {self.left_out:,} doubtful rows left out" if self.left_out else ""
        return told + (f"; {self.told}" if self.told else "")

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>"

    @property
    def n_customers(self) -> int:
        """Distinct customers known in these journeys (journeys, where no customer is known)."""
        codes = self.log.narrow["customer"]
        held = np.zeros(len(self.log.words["customer"]) + 1, bool)
        held[codes] = True  # the last is for those whose customer is not known
        return int(held[:-1].sum()) or len(self)

    @property
    def case_field(self) -> str:
        """The field that tells cases apart: the customer, where nobody names sessions."""
        return self.case if len(self.log.words[self.case]) else "customer"

    @property
    def activities(self) -> list[str]:
        """Activities in use, sorted."""
        return [str(word) for word in self.log.words["activity"][np.unique(self.log.codes["activity"])]]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per touchpoint, in order: journey_id and the canonical fields."""
        log = self.log
        rows = self.touchpoints.frame.iloc[log.rows].reset_index(drop=True)
        rows.insert(0, "journey_id", pd.Series(log.journey_ids[log.journey_of], dtype="str"))
        rows["activity"] = log.spelled("activity")  # it may bear another name by now
        if log.end_time is not log.time:
            lasting = log.end_time > log.time
            ends = pd.Series(log.end_time.view("datetime64[us]")).dt.tz_localize("UTC")
            rows["end_timestamp"] = rows["end_timestamp"].where(~lasting, ends)
        return rows

    @property
    def observed_until(self) -> pd.Timestamp:
        """End of observation: of the whole export, not of these journeys; of the period, where they were cut to one."""
        latest = self.touchpoints.observed_until
        return latest if self.seen_until is None else min(latest, self.seen_until)

    @property
    def certainty(self) -> pd.Series[float]:
        """How probable it is that each journey is one and whole: 1 where nothing was estimated; by journey_id."""
        known = self.log.certainty
        told = np.ones(len(self)) if known is None else known
        return pd.Series(told, index=self.log.journey_index, name="certainty")

    def attribute(self, name: str) -> pd.Series[str]:
        """Look an attribute of the CRM's objects up for every journey.

        Parameters
        ----------
        name : str
            An attribute of the case's own objects, else of the customers', else of any other object the journey's
            first touchpoint names.

        Returns
        -------
        Series
            Indexed by journey_id; missing where the CRM says nothing.

        Raises
        ------
        FieldError
            Where no object has such an attribute.
        """
        kinds = sorted(self.touchpoints.objects, key=lambda kind: (kind != self.case, kind != "customer", kind))
        for kind in kinds:
            objects = self.touchpoints.objects[kind]
            if name in objects.columns and kind in self.log.codes:
                ids = _first_known(self.log, kind)
                found = objects[name].reindex(ids)
                return pd.Series(found.to_numpy(), index=pd.Index(self.log.journey_ids, name="journey_id"), name=name)
        known = [column for kind in kinds for column in self.touchpoints.objects[kind].columns]
        raise FieldError.unknown("attribute", name, known)

    def keep(self, mask: npt.ArrayLike) -> Self:
        """Keep the journeys marked in a boolean array.

        Parameters
        ----------
        mask : array-like of bool
            One entry per journey, in order.

        Returns
        -------
        Journeys
            Possibly none.

        Raises
        ------
        MiningError
            For a mask of another length.
        """
        marked = np.asarray(mask, bool)
        if marked.shape != (len(self),):
            raise MiningError.refused(f"A mask of {marked.shape} entries", f"does not fit {len(self)} journeys.")
        return self._of(self.log.keep(marked))

    def _of(self, log: CodedLog) -> Self:
        return replace(self, log=log, replicated=0, left_out=0, joined=0)


def _first_known(log: CodedLog, field: str) -> npt.NDArray[np.object_]:
    known = np.flatnonzero(log.codes[field] >= 0)
    journeys, at = np.unique(log.journey_of[known], return_index=True)
    ids = np.full(log.n_journeys, None, dtype=object)
    ids[journeys] = log.decoded(field, known[at])
    return ids
