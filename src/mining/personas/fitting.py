"""How personas are found: how many there are, in which space they lie, what groups them, and how stable they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.personas.encoder import BLOCKS, Encoder
from mining.personas.engines import ENGINES, Grouped, grouped_by, most_repeatable
from mining.personas.evidence import Evidence, judge, views_of, weights_of
from mining.personas.grouping import started
from mining.personas.seen import Seen
from mining.personas.stability import stability

__all__ = ["Found", "Sample", "Wish", "find_personas"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_SAMPLE: Final = 600
_ECHOED: Final = 3_000


@dataclass(frozen=True)
class Wish:
    """What was asked for: perspectives, how many personas (or how many at most), by which engine, from which seed."""

    features: tuple[str, ...]
    number: int | None
    most: int
    engine: str
    seed: int

    def checked(self) -> Wish:
        """Put the perspectives in order, and refuse what makes no sense.

        Raises
        ------
        MiningError
            For an unknown perspective or engine, attributes alone, and fewer than one persona.
        """
        for name in self.features:
            if name not in BLOCKS:
                raise MiningError.unknown("perspective", str(name), BLOCKS)
        if not set(self.features) - {"attributes"}:
            raise MiningError.refused(
                "Attributes alone", "make segments, not personas: add path, channels, tempo or people to `features`."
            )
        if self.most < 1 or (self.number is not None and self.number < 1):
            raise MiningError.refused("Fewer than one persona", "cannot be found: ask for one or more.")
        if self.engine not in {*ENGINES, "auto"}:
            raise MiningError.unknown("engine", self.engine, [*ENGINES, "auto"])
        ordered = tuple(name for name in BLOCKS if name in self.features)
        return Wish(ordered, self.number, self.most, self.engine, self.seed)


class Sample(NamedTuple):
    """The customers that the evidence rests on: where they stand, what is seen of them, and their attributes."""

    points: Floats
    seen: Seen
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Found:
    """Personas as they were found.

    Attributes
    ----------
    encoder : Encoder
        Makes customers columns of numbers.
    weights : ndarray of float
        How much each column counts.
    evidence : Evidence
        What their number rests on.
    engine : str
        What grouped them.
    grouped : Grouped
        Whom it put where.
    sample : Sample
        The customers that the evidence rests on.
    stability : ndarray of float
        Mean bootstrap Jaccard of each persona; NaN for one alone.
    """

    encoder: Encoder
    weights: Floats
    evidence: Evidence
    engine: str
    grouped: Grouped
    sample: Sample
    stability: Floats

    def points(self, seen: Seen, table: pd.DataFrame) -> Floats:
        """Place customers where these personas were found."""
        return np.asarray(self.encoder.points(seen, table) * np.sqrt(self.weights), float)


def find_personas(seen: Seen, table: pd.DataFrame, wish: Wish) -> Found:
    """Find the personas of customers.

    Parameters
    ----------
    seen : Seen
        What is seen of the customers.
    table : DataFrame
        Their attributes.
    wish : Wish
        What was asked for, checked.

    Returns
    -------
    Found

    Raises
    ------
    MiningError
        For more personas than there could be of five customers each.
    """
    sample = _sampled(seen, wish.seed, _SAMPLE)
    evidence = _judged(seen, table, wish)
    encoder = Encoder.learn(seen, table, wish.features)
    drawn, points = encoder.draw(seen, table), encoder.points(seen, table)
    weights = np.ones(points.shape[1])
    if evidence.number > 1:
        weights = weights_of(points, started(views_of(drawn)[evidence.perspective], evidence.number), evidence.number)
    scaled = points * np.sqrt(weights)
    some = Sample(scaled[sample], seen.only(sample), table.iloc[sample])
    engine = _engine(some, evidence.number, wish)
    grouped = grouped_by(engine, scaled, evidence.number, of=(seen, table))
    stable = np.full(1, np.nan)
    if grouped.number > 1:
        again = _regrouped(some, engine, evidence.number)
        stable = stability(again, grouped.labels[sample], grouped.number, np.random.default_rng(wish.seed))
    return Found(encoder, weights, evidence, engine, grouped, some, stable)


def _judged(seen: Seen, table: pd.DataFrame, wish: Wish) -> Evidence:
    most = wish.most if wish.number is None else wish.number
    if wish.number is not None and most * SMALLEST_CELL > seen.n_customers:
        raise MiningError.refused(
            f"{most} personas of {seen.n_customers} customers", "would be smaller than five each: ask for fewer."
        )
    numbers = [number for number in range(2, most + 1) if number * SMALLEST_CELL <= seen.n_customers]
    some, more = (_sampled(seen, wish.seed, size) for size in (_SAMPLE, _ECHOED))
    found = judge(
        seen.only(some),
        table.iloc[some],
        wish.features,
        numbers if wish.number is None else numbers[-1:],
        seed=wish.seed,
        echoed=(seen.only(more), table.iloc[more]) if len(more) > len(some) else None,
    )
    return found if wish.number is None else found.asked_for(wish.number)


def _sampled(seen: Seen, seed: int, most: int) -> Integers:
    """Draw customers by their ids, so that the order of rows decides nothing and the fewer are among the more."""
    salted = pd.Series(seen.customers, dtype="str") + f"|{seed}"
    rank = np.argsort(pd.util.hash_array(salted.to_numpy(object)), kind="stable")
    return np.sort(rank[:most]).astype(np.int64)


def _engine(sample: Sample, number: int, wish: Wish) -> str:
    if wish.engine != "auto" or number == 1:
        return "centres" if wish.engine == "auto" else wish.engine
    return most_repeatable(sample.points, number, of=(sample.seen, sample.table), seed=wish.seed)


def _regrouped(sample: Sample, engine: str, number: int) -> Callable[[Integers], Integers]:
    points, seen, table = sample

    def again(rows: Integers) -> Integers:
        if engine != "chains":
            return grouped_by(engine, points[rows], number, of=(seen, table)).labels
        some = np.unique(rows)  # chains read the customers themselves, each once
        made = grouped_by(engine, points[some], number, of=(seen.only(some), table.iloc[some])).labels
        return made[np.searchsorted(some, rows)]

    return again
