"""Find boundaries: where a customer's touchpoints are more than one journey."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining.journeys.boundary_evidence import BoundaryEvidence, boundary_evidence
from mining.journeys.boundary_model import boundary_probability
from mining.journeys.gap import spoken, typical_gap
from mining.journeys.journeys import Journeys
from mining.sources.touchpoints import Touchpoints

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Boundaries", "boundaries_of", "find_boundaries"]

_MICROSECOND: Final = pd.Timedelta(microseconds=1)
_HOUR: Final = 3_600_000_000
_BANDS: Final = {
    "up to 1 minute": 1 / 60, "1 to 5 minutes": 5 / 60, "5 to 30 minutes": 0.5, "30 minutes to 2 hours": 2.0,
    "2 to 8 hours": 8.0, "8 to 24 hours": 24.0, "1 to 3 days": 72.0, "3 to 7 days": 168.0, "1 to 4 weeks": 672.0,
    "4 to 12 weeks": 2016.0, "more than 12 weeks": np.inf,
}  # fmt: skip


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
        For each silence, 0 to 1, if there are boundaries at all.
    evidence : BoundaryEvidence
        Whether there are.
    """

    journeys: Journeys
    places: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float64]
    evidence: BoundaryEvidence

    def __repr__(self) -> str:
        certain = int((np.abs(self.probability - 0.5) > 0.4).sum())
        return (
            f"<Boundaries in {len(self.probability):,} silences of {len(self.journeys):,} {self.journeys.case}s: "
            f"{self.probability.sum():,.0f} expected, {certain:,} silences told with nine in ten or more; "
            f"{self.evidence}>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.by_silence.round(3).to_html(index=False, border=0)}"

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

    @cached_property
    def by_silence(self) -> pd.DataFrame:
        """One row per length of silence: silence, n, n_boundaries (expected), probability (mean)."""
        hours = _silences(self.journeys, self.places) / _HOUR
        band = np.searchsorted(list(_BANDS.values()), hours)
        n = np.bincount(band, minlength=len(_BANDS))
        expected = np.bincount(band, self.probability, minlength=len(_BANDS))
        told = pd.DataFrame({"silence": list(_BANDS), "n": n, "n_boundaries": expected})
        return told.assign(probability=expected / np.maximum(n, 1)).loc[n > 0].reset_index(drop=True)

    @cached_property
    def gap(self) -> pd.Timedelta | None:
        """The silence that parts short ones from long ones; None where they do not fall into two kinds."""
        return typical_gap(self._between_starts.astype(float))

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """What hangs on where journeys are cut: one row per way of cutting.

        cut (by half the gap, the gap, twice the gap; by what was learned; not at all), gap_hours, n_journeys,
        n_variants, touchpoints_mean, single_share (journeys of one touchpoint), duration_median_days.
        """
        ways: dict[str, tuple[float, Journeys]] = {"not at all": (np.nan, self.journeys)}
        if self.gap is not None:
            for name, times in (("half the gap", 0.5), ("the gap", 1.0), ("twice the gap", 2.0)):
                span = self.gap * times
                ways[name] = (span / pd.Timedelta(hours=1), self._longer_than(span))
        ways["learned"] = (np.nan, self.cut())
        return pd.DataFrame([_headline(name, hours, journeys) for name, (hours, journeys) in ways.items()])

    def cut(self, at_least: float = 0.5) -> Journeys:
        """Cut the cases into journeys at every silence that is probable enough to be a boundary.

        Parameters
        ----------
        at_least : float
            From 0 (every silence) to 1.

        Returns
        -------
        Journeys
            Ids are the cases', with ``/1``, ``/2``, ... behind. `Journeys.certainty` tells how probable it is that each
            is one journey and whole: that both its ends are boundaries, and no silence inside is.

        Raises
        ------
        MiningError
            For a probability that is none.
        """
        if not 0 <= at_least <= 1:
            raise MiningError.refused(f"The probability {at_least}", "is none: give one from 0 to 1.")
        told = f"cut where a boundary was learned to be probable ({at_least:.0%} or more)"
        return self._cut_at(self.probability >= at_least, told)

    def cut_if_evident(self) -> Journeys:
        """Cut as `cut` does, where there is evidence of boundaries; nowhere, where there is none.

        Returns
        -------
        Journeys
            They say which.
        """
        return self.cut() if self.evidence.are_there else replace(self.journeys, told=f"not cut: {self.evidence}")

    def cut_by_gap(self) -> Journeys:
        """Cut at every silence longer than `gap`; nowhere, where there is no such gap.

        Returns
        -------
        Journeys
            As `Touchpoints.by` gives with that gap.
        """
        if self.gap is None:
            uncut = "not cut: silences do not fall into short and long ones"
            return replace(self.journeys, told=uncut)
        return self._longer_than(self.gap)

    def draws(self, n: int = 20, random_state: int = 0) -> Iterator[Journeys]:
        """Cut again and again, each silence being a boundary as often as is probable.

        Whatever is asked of the journeys can be asked of each draw: how far the answers lie apart is what not knowing
        the boundaries does to them (multiple imputation).

        Parameters
        ----------
        n : int
            How many draws.
        random_state : int
            Another number draws others.

        Yields
        ------
        Journeys

        References
        ----------
        Rubin, D. B. (1987). Multiple Imputation for Nonresponse in Surveys.
        """
        random = np.random.default_rng(random_state)
        for _ in range(n):
            yield self._cut_at(random.random(len(self.probability)) < self.probability, "cut at drawn boundaries")

    def plot(self) -> Picture:
        """Draw how probable a boundary is by how long the silence lasts.

        Returns
        -------
        Picture
            One bar per row of `by_silence`.
        """
        from mining import _draw

        gap = (
            "Silences do not fall into short and long ones"
            if self.gap is None
            else f"Silences of more than {spoken(self.gap)} part from the rest"
        )
        note = f"{gap}. Learned from activities: {self.evidence}."
        return _draw.draw_bars(
            self.by_silence, "silence", "probability", unit="%", title="Does a journey end in this silence?", note=note
        )

    @property
    def _between_starts(self) -> npt.NDArray[np.int64]:
        time = self.journeys.log.time  # as `Touchpoints.by` measures: from start to start
        return time[self.places] - time[self.places - 1]

    def _longer_than(self, span: pd.Timedelta) -> Journeys:
        places = self.places[self._between_starts > span // _MICROSECOND]
        told = f"cut by silences of more than {spoken(span)}, which part the short from the long ones"
        return replace(self.journeys, log=self.journeys.log.split(places), gap=span, told=told)

    def _cut_at(self, marked: npt.NDArray[np.bool_], told: str) -> Journeys:
        log = self.journeys.log
        places = self.places[marked]
        odds = np.ones(log.n_touchpoints)  # of the silence before each touchpoint being what it is taken for
        odds[self.places] = np.where(marked, self.probability, 1 - self.probability)
        starts = np.union1d(log.first, places)
        whole = np.exp(np.add.reduceat(np.log(np.maximum(odds, 1e-300)), starts))
        ends = np.append(odds, 1.0)[np.append(starts[1:], log.n_touchpoints)]
        return replace(self.journeys, log=log.split(places, whole * ends), told=told)


def find_boundaries(touchpoints: Touchpoints, case: str = "customer") -> Boundaries:
    """Learn where one journey ends and the next begins, without being told any.

    Looks at the activities around every silence of a case and at its length. Nothing is tuned by hand; what there is to
    learn from is the order of activities and the silences themselves. Probabilities hold if there are boundaries at
    all. `evidence` says whether that can be told, and errs towards no: where usual waits differ much from one pair of
    activities to the other, boundaries hide among them. Where journeys have scales of their own (clicks of a visit,
    visits of a week), the boundaries found may be those of the smaller one.

    Parameters
    ----------
    touchpoints : Touchpoints
        What was read.
    case : str
        Whose touchpoints are one stream.

    Returns
    -------
    Boundaries
        A probability per silence, the gap that parts short from long silences, and how much hangs on either; `cut`
        makes journeys of them.
    """
    return boundaries_of(touchpoints.by(case))


def boundaries_of(journeys: Journeys) -> Boundaries:
    """Learn where journeys of one case each should be cut.

    Parameters
    ----------
    journeys : Journeys
        One per case.

    Returns
    -------
    Boundaries
    """
    log = journeys.log
    inside = np.ones(log.n_touchpoints, bool)
    inside[log.first] = False
    places = np.flatnonzero(inside)
    activity = log.codes["activity"].astype(np.int64)
    silence = _silences(journeys, places).astype(float)
    asked = (activity[places - 1], activity[places], silence, len(log.words["activity"]))
    return Boundaries(journeys, places, boundary_probability(*asked), boundary_evidence(*asked))


def _silences(journeys: Journeys, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    log = journeys.log
    return np.asarray(np.maximum(log.time[places] - log.end_time[places - 1], 0), np.int64)


def _headline(name: str, hours: float, journeys: Journeys) -> dict[str, object]:
    lengths = journeys.log.lengths
    return {
        "cut": name,
        "gap_hours": hours,
        "n_journeys": len(journeys),
        "n_variants": len(journeys.variants()[0]),
        "touchpoints_mean": float(lengths.mean()) if len(lengths) else np.nan,
        "single_share": float((lengths == 1).mean()) if len(lengths) else np.nan,
        "duration_median_days": float(journeys.durations()["duration_days"].median()),
    }
