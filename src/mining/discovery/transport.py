"""How far apart two logs are: earth movers between their paths, beside what two halves of one process would show."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._progress import follow
from mining.discovery.dealing import LONGEST, Sides
from mining.discovery.edits import shares_edited
from mining.discovery.hauling import cheapest_transport
from mining.discovery.spoken import listing
from mining.journeys import Journeys
from mining.journeys.in_place import JourneysInPlace

__all__ = ["LanguageDistance", "against_floor", "earth_movers", "language_distance"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MEASURES: Final = ("earth movers", "energy")
_TIED: Final = 1e-12  # what sums in another order may differ by


@dataclass(frozen=True, eq=False, repr=False)
class LanguageDistance:
    """How far apart the paths of two logs are.

    Attributes
    ----------
    frame : DataFrame
        One row per measure ("earth movers", the share of a path that must be rewritten on average to turn the one
        log's paths into the other's, 0..1; "energy", which tells smaller differences and has no unit): measure,
        distance, floor_mean, floor_low, floor_high (the same between two sides of as many customers each, dealt out at
        random from both logs together: mean and the middle 95 %), p_value (share of such deals, this one among them,
        that are as far apart), n_repeats (deals). A distance within the floor tells nothing.
    n_journeys, of_journeys : tuple of int
        How many of each log were measured, and of how many.

    References
    ----------
    Leemans, S. J. J., Syring, A. F., van der Aalst, W. M. P. (2019). Earth movers' stochastic conformance checking.
    Leemans, S. J. J., van der Aalst, W. M. P., Brockhoff, T., Polyvyanyy, A. (2021). Stochastic process mining: earth
    movers' stochastic conformance.
    Szekely, G. J., Rizzo, M. L. (2013). Energy statistics: a class of statistics based on distances.
    Phipson, B., Smyth, G. K. (2010). Permutation p-values should never be zero.
    """

    frame: pd.DataFrame
    n_journeys: tuple[int, int]
    of_journeys: tuple[int, int]

    def __repr__(self) -> str:
        one, other = self.n_journeys
        return f"<LanguageDistance: {self.distance:.3f} between {one:,} and {other:,} journeys>"

    @property
    def distance(self) -> float:
        """Earth movers' distance, 0..1."""
        return float(self.frame["distance"].iloc[0])

    @property
    def left_out(self) -> float:
        """Share of the journeys of both that were not measured: of paths too long, or of more than can be."""
        return 1 - sum(self.n_journeys) / sum(self.of_journeys)

    @property
    def sentence(self) -> str:
        """What the distance tells."""
        row = self.frame.iloc[0]
        told = (
            f"On average {row['distance']:.1%} of a path must be rewritten to turn the one log's into the other's; "
            f"between two halves of one process of this size it is {row['floor_low']:.1%} to {row['floor_high']:.1%}."
        )
        if row["distance"] <= row["floor_high"]:
            told = f"{told} So this tells of no difference."
        if not self.left_out:
            return told
        return f"{told} Measured on {sum(self.n_journeys):,} of {listing(sum(self.of_journeys), 'journey')}."

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.sentence)}</p>{self.frame.round(4).to_html(index=False, border=0)}"


def language_distance(one: Journeys, other: Journeys, *, repeats: int = 20, random_state: int = 0) -> LanguageDistance:
    """Measure how far apart two logs are: what must be done to the one's paths to have the other's, as often.

    Paths are as far apart as the share of the longer one that must be rewritten. Two samples of one process are apart
    too, the more the smaller they are: that floor is measured beside. Customers are dealt out whole; one who is in both
    logs stays in both. Exact; of more than 2,000 distinct paths, or 40,000 touchpoints in them, the journeys of
    customers drawn at random are measured, and paths of more than 500 touchpoints never: `left_out` tells.

    Parameters
    ----------
    one, other : Journeys
        Each with at least one journey. They should not share journeys.
    repeats : int
        How often to deal out; the smallest p-value is one over one more.
    random_state : int
        Of the draws.

    Returns
    -------
    LanguageDistance

    Raises
    ------
    MiningError
        Without journeys or short enough ones on a side, for journeys in place, or without repeats.
    """
    if repeats < 1:
        raise MiningError.refused(f"{repeats} repeats", "tell of no floor: deal out once at least.")
    logs = (one, other)
    if any(isinstance(log, JourneysInPlace) for log in logs):
        raise MiningError.refused(
            "The distance of journeys in place", "cannot be measured there: measure it on samples in memory."
        )
    draw = np.random.default_rng(random_state)
    sides = Sides.of(*logs).affordable(draw)
    n = np.bincount(sides.side, minlength=2)
    if not n.all():
        raise MiningError.empty(
            "A distance", f"a log has no journeys that can be measured, of {LONGEST} touchpoints or fewer."
        )
    found = against_floor(sides, repeats, draw)
    return LanguageDistance(found, (int(n[0]), int(n[1])), (len(one), len(other)))


def against_floor(sides: Sides, repeats: int, draw: np.random.Generator) -> pd.DataFrame:
    """Measure the distances between two sides, and those between sides dealt out at random; see `LanguageDistance`."""
    apart = shares_edited(sides.paths)
    seen = _distances(apart, sides.counts(sides.side))
    floor = np.array([_distances(apart, sides.counts(sides.mixed(draw))) for _ in follow(range(repeats), "deals")])
    low, high = np.quantile(floor, [0.025, 0.975], axis=0)
    p_value = (1 + (floor >= seen - _TIED).sum(axis=0)) / (1 + repeats)
    frame = pd.DataFrame({"measure": pd.Series(MEASURES, dtype="str"), "distance": seen})
    frame = frame.assign(floor_mean=floor.mean(axis=0), floor_low=low, floor_high=high, p_value=p_value)
    return frame.assign(n_repeats=repeats)


def earth_movers(apart: Floats, counts: Integers) -> float:
    """Measure the earth movers' distance of two languages: counts of each path (2 x paths), not all nought."""
    n = counts.sum(axis=1)
    scale = int(np.gcd(n[0], n[1]))
    given, taken = counts[0] * (n[1] // scale), counts[1] * (n[0] // scale)
    one, other = np.flatnonzero(given), np.flatnonzero(taken)
    # What both have cannot be left where it is: the share rewritten is no metric, and a chain over it may be cheaper.
    return cheapest_transport(apart[np.ix_(one, other)], given[one], taken[other])


def _distances(apart: Floats, counts: Integers) -> Floats:
    share = counts / counts.sum(axis=1, keepdims=True)
    surplus = share[0] - share[1]
    # Not by the matrix product, whose last bits depend on how many threads it has.
    energy = -float(((apart * surplus).sum(axis=1) * surplus).sum())
    return np.array([earth_movers(apart, counts), energy])
