"""A handful of real journeys that stand for all: those from which the others differ least."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import Paths, paths
from mining._errors import MiningError
from mining._progress import follow
from mining._statistics import wilson
from mining.discovery.edits import as_words, shares_edited_between
from mining.discovery.spoken import listing, spoken_share
from mining.journeys import Journeys

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Representatives", "find_representatives"]

_Integers = npt.NDArray[np.int64]
_Shares = npt.NDArray[np.float32]
_OFTEN: Final = 256  # commonest paths that may be chosen
_DRAWN: Final = 256  # further paths that may be chosen, spread over all journeys
_NEAR: Final = 0.25
_ROUNDS: Final = 20
_CELLS: Final = 1 << 20
_TINY: Final = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class Representatives:
    """Real journeys that stand for the others.

    Attributes
    ----------
    frame : DataFrame
        One row per representative, the one for most first: rank (from 1), path (``a > b > c``), journey_id (of a
        journey that went just so), n_touchpoints, n_same (journeys of just this path), n_journeys (to which it is the
        nearest), share (0 to 1) with share_low and share_high (Wilson, 95 %), apart (mean share of touchpoints that
        must be put in, left out or replaced to turn one of these into it, 0 to 1), n_near (of these, journeys that
        differ in at most a quarter).
    paths : tuple of tuple of str
        The same paths as activities.
    nearest : Series of int64
        Rank of the representative of each journey, by journey_id.
    apart : float
        Mean share of touchpoints that differ from the nearest representative.
    apart_commonest : float
        The same for as many of the commonest paths: what choosing brings.
    """

    frame: pd.DataFrame
    paths: tuple[tuple[str, ...], ...]
    nearest: pd.Series[int]
    apart: float
    apart_commonest: float

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def n_journeys(self) -> int:
        """How many journeys they stand for."""
        return len(self.nearest)

    @property
    def sentence(self) -> str:
        """How well they stand for the others, in words."""
        n_near = int(self.frame["n_near"].sum())
        return (
            f"{listing(len(self), 'journey')} {'stands' if len(self) == 1 else 'stand'} for {self.n_journeys:,}: "
            f"{spoken_share(self.apart)} of touchpoints differ from the nearest on average "
            f"({spoken_share(self.apart_commonest)} where the commonest stand for them); "
            f"{spoken_share(n_near / self.n_journeys)} of journeys differ in at most a quarter."
        )

    def __repr__(self) -> str:
        return f"<Representatives: {listing(len(self), 'journey')} for {self.n_journeys:,}>"

    def plot(self) -> Picture:
        """Draw how many journeys each stands for."""
        from mining._draw import draw_bars

        rows = self.frame.assign(name=[f"{row.rank}. {row.path}" for row in self.frame.itertuples()])
        return draw_bars(
            rows.rename(columns={"n_journeys": "n"}), "name", "share", low="share_low", high="share_high", unit="%",
            title="Journeys that stand for the others", note=self.sentence,
        )  # fmt: skip

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        shares = dict.fromkeys(["share", "share_low", "share_high", "apart"], "{:.0%}")
        return html_table(self.frame, formats=shares, caption=escape(self.sentence))


def find_representatives(journeys: Journeys, number: int = 5) -> Representatives:
    """Choose real journeys so that the others differ from the nearest of them as little as possible.

    Two paths differ by the share of touchpoints that must be put in, left out or replaced to turn one into the other.
    Every distinct path counts with its journeys. Chosen one by one and then exchanged as long as that helps, from among
    the commonest paths and some drawn evenly from all, up to some five hundred: the work grows with distinct paths, not
    with pairs of them, and each run chooses the same.

    Parameters
    ----------
    journeys : Journeys
        At least one.
    number : int
        How many; fewer where there are fewer distinct paths.

    Returns
    -------
    Representatives

    Raises
    ------
    MiningError
        Without journeys, or for a number below 1.

    References
    ----------
    Kaufman, L., Rousseeuw, P. J. (1990). Finding groups in data: partitioning around medoids.
    Schubert, E., Rousseeuw, P. J. (2021). Fast and eager k-medoids clustering.
    Nemhauser, G. L., Wolsey, L. A., Fisher, M. L. (1978). Greedy choice reaches at least 63 % of the best there is.
    """
    if number < 1:
        raise MiningError.refused(f"{number} representatives", "stand for nobody: ask for 1 or more.")
    if not len(journeys):
        raise MiningError.empty("A choice of representatives", "there are no journeys. Narrow them less.")
    found = paths(journeys.log)
    weight = found.n_journeys.astype(float)
    offered = _offered(weight)
    apart = _apart(found, offered)
    number = min(number, len(offered))
    chosen = _exchanged(apart, weight, _chosen(apart, weight, number))
    return _described(journeys, found, offered, apart=apart, chosen=chosen)


def _offered(weight: npt.NDArray[np.float64]) -> _Integers:
    """Offer the commonest paths, and others as often as their journeys weigh."""
    middle = (np.arange(_DRAWN) + 0.5) / _DRAWN * weight.sum()
    drawn = np.searchsorted(np.cumsum(weight), middle, side="left")
    return np.unique(np.append(np.arange(min(_OFTEN, len(weight))), drawn))


def _apart(found: Paths, offered: _Integers) -> _Shares:
    """Measure, for each distinct path, how far each of those offered is."""
    words = as_words(found.activity, np.diff(found.offsets))
    marks = [words[at] for at in offered]
    apart = np.empty((len(words), len(marks)), np.float32)
    step = max(_CELLS // len(marks), 1)
    for start in follow(range(0, len(words), step), "blocks of paths"):
        apart[start : start + step] = shares_edited_between(words[start : start + step], marks)
    return apart


def _chosen(apart: _Shares, weight: npt.NDArray[np.float64], number: int) -> list[int]:
    chosen: list[int] = []
    least = np.ones(len(apart), np.float32)
    for _ in range(number):
        cost = weight @ np.minimum(apart, least[:, None])
        cost[chosen] = np.inf
        chosen.append(int(np.argmin(cost.round(6))))
        least = np.minimum(least, apart[:, chosen[-1]])
    return chosen


def _exchanged(apart: _Shares, weight: npt.NDArray[np.float64], chosen: list[int]) -> list[int]:
    """Exchange one for another as long as all together come nearer."""
    cost = float(weight @ apart[:, chosen].min(axis=1))
    for _ in range(_ROUNDS):
        best = (cost - _TINY * max(cost, 1.0), -1, -1)
        for place in range(len(chosen)):
            others = [*chosen[:place], *chosen[place + 1 :]]
            least = apart[:, others].min(axis=1) if others else np.ones(len(apart), np.float32)
            costs = weight @ np.minimum(apart, least[:, None])
            costs[others] = np.inf
            at = int(np.argmin(costs.round(6)))
            best = min(best, (float(costs[at]), place, at))
        if best[1] < 0:
            break
        cost, chosen[best[1]] = best[0], best[2]
    return chosen


def _described(
    journeys: Journeys, found: Paths, offered: _Integers, *, apart: _Shares, chosen: list[int]
) -> Representatives:
    weight = found.n_journeys
    mine = apart[:, chosen].argmin(axis=1)
    # The commoner one first where two stand for as many.
    order = np.lexsort((np.array(chosen), -np.bincount(mine, weight, minlength=len(chosen))))
    mine, picked = np.argsort(order)[mine], offered[np.array(chosen)[order]]
    least = apart[:, np.array(chosen)[order]].min(axis=1)
    n = np.bincount(mine, weight, minlength=len(picked)).astype(np.int64)
    low, high = wilson(n, int(weight.sum()))
    words = [str(word) for word in journeys.log.words["activity"]]
    told = tuple(
        tuple(words[code] for code in found.activity[found.offsets[at] : found.offsets[at + 1]]) for at in picked
    )
    ids = journeys.log.journey_index
    first = pd.Series(np.arange(len(found.variant_of))).groupby(found.variant_of).first()
    frame = pd.DataFrame(
        {
            "rank": np.arange(1, len(picked) + 1),
            "path": pd.Series([" > ".join(path) for path in told], dtype="str"),
            "journey_id": ids[first.to_numpy()[picked]].to_numpy(),
            "n_touchpoints": np.diff(found.offsets)[picked],
            "n_same": weight[picked],
            "n_journeys": n,
            "share": n / weight.sum(),
            "share_low": low,
            "share_high": high,
            "apart": np.bincount(mine, weight * least, minlength=len(picked)) / np.maximum(n, 1),
            "n_near": np.bincount(mine, weight * (least <= _NEAR), minlength=len(picked)).astype(np.int64),
        }
    )
    common = apart[:, np.flatnonzero(offered < len(picked))].min(axis=1)
    means = [float(weight @ values / weight.sum()) for values in (least, common)]
    nearest = pd.Series(mine[found.variant_of] + 1, index=ids, name="representative")
    return Representatives(frame, told, nearest, *means)
