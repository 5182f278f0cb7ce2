"""Find boundaries: where a customer's touchpoints are more than one journey."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from html import escape

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining.journeys.boundary_model import boundary_probability
from mining.journeys.journeys import Journeys
from mining.sources.touchpoints import Touchpoints

__all__ = ["Boundaries", "find_boundaries"]

_HOUR = 3_600_000_000


@dataclass(frozen=True, eq=False)
class Boundaries:
    """How probable it is, silence by silence, that one journey ends before it and the next begins after it.

    Attributes
    ----------
    journeys : Journeys
        One per case, uncut.
    places : ndarray of int64
        For each silence the touchpoint that it comes before.
    probability : ndarray of float64
        For each silence, 0 to 1.
    """

    journeys: Journeys
    places: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float64]

    def __repr__(self) -> str:
        certain = int((np.abs(self.probability - 0.5) > 0.4).sum())
        return (
            f"<Boundaries in {len(self.probability):,} silences of {len(self.journeys):,} {self.journeys.case}s: "
            f"{self.probability.sum():,.0f} expected, {certain:,} silences told with nine in ten or more>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.frame.head(10).to_html(index=False, border=0)}"

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per silence: case, activity, next_activity, silent_from (UTC), silence_hours, probability."""
        log = self.journeys.log
        before = self.places - 1
        return pd.DataFrame(
            {
                "case": log.journey_ids[log.journey_of[before]],
                "activity": log.decoded("activity", before),
                "next_activity": log.decoded("activity", self.places),
                "silent_from": pd.to_datetime(log.end_time[before], unit="us", utc=True).as_unit("us"),
                "silence_hours": _silences(self.journeys, self.places) / _HOUR,
                "probability": self.probability,
            }
        )

    def cut(self, at_least: float = 0.5) -> Journeys:
        """Cut the cases into journeys at every silence that is probable enough to be a boundary.

        Parameters
        ----------
        at_least : float
            From 0 (every silence) to 1.

        Returns
        -------
        Journeys
            Ids are the cases', with ``/1``, ``/2``, ... behind.

        Raises
        ------
        MiningError
            For a probability that is none.
        """
        if not 0 <= at_least <= 1:
            raise MiningError.refused(f"The probability {at_least}", "is none: give one from 0 to 1.")
        log = self.journeys.log
        starts = np.union1d(log.first, self.places[self.probability >= at_least]).astype(np.int64)
        owner = log.journey_of[starts]
        part = np.arange(1, len(starts) + 1) - np.searchsorted(owner, owner)
        cut = replace(log, offsets=np.append(starts, log.n_touchpoints), case=log.case[owner], part=part)
        return replace(self.journeys, log=cut)


def find_boundaries(touchpoints: Touchpoints, case: str = "customer") -> Boundaries:
    """Learn where one journey ends and the next begins, without being told any.

    Looks at the activities around every silence of a case and at its length. Nothing is tuned by hand; what there is to
    learn from is the order of activities and the silences themselves. It cannot yet tell that there is nothing to find:
    where every case is one journey it may take the longest usual wait for a boundary, with certainty; where activities
    come in no order about half of all silences come out above one half. Compare with what you know before you cut.

    Parameters
    ----------
    touchpoints : Touchpoints
        What was read.
    case : str
        Whose touchpoints are one stream.

    Returns
    -------
    Boundaries
        A probability per silence; `cut` makes journeys of them.
    """
    journeys = touchpoints.by(case)
    log = journeys.log
    inside = np.ones(log.n_touchpoints, bool)
    inside[log.first] = False
    places = np.flatnonzero(inside)
    activity = log.codes["activity"].astype(np.int64)
    silence = _silences(journeys, places).astype(float)
    found = boundary_probability(activity[places - 1], activity[places], silence, len(log.words["activity"]))
    return Boundaries(journeys, places, found)


def _silences(journeys: Journeys, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    log = journeys.log
    return np.asarray(np.maximum(log.time[places] - log.end_time[places - 1], 0), np.int64)
