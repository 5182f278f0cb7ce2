"""Journey games: at which step most is won or lost, and how sure the order of the steps is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.maps.absorbing import Moves, chances, gains_of, moves_of

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Gains", "find_gains"]

_DRAWS: Final = 200
_SEED: Final = 7
_ENDS: Final = "lost here"
_FEW: Final = f"fewer than {SMALLEST_CELL}"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gains:
    """Steps in the order in which mending them pays; see `find_gains`."""

    frame: pd.DataFrame
    success: str
    level: str
    share: float
    low: float
    high: float
    n_journeys: int
    n_unfinished: int
    n_hidden: int

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        few = f"; {self.n_hidden} with fewer than {SMALLEST_CELL} customers not shown" if self.n_hidden else ""
        return (
            f"<Gains of {len(self.frame)} steps in {self.n_journeys:,} journeys: {100 * self.share:.1f} % "
            f"({100 * self.low:.1f}-{100 * self.high:.1f}) come to '{self.success}'; {self.n_unfinished:,} may still "
            f"run and count as neither{few}>"
        )

    def plot(self) -> Picture:
        """Draw the gain of each step with its interval."""
        from mining._draw import draw_bars

        return draw_bars(
            self.frame.assign(n=self.frame["n_customers"]),
            "step",
            "gain",
            low="gain_low",
            high="gain_high",
            title="Which step to mend first",
            unit="customers",
            note="Customers times change in the chance of success, 95 % interval; n: customers who pass the step.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        shown = ["rank", "step", "n_customers", "success", "gain", "rank_low", "rank_high", "worse_next"]
        return html_table(self.frame[shown], formats={"gain": "{:,.2f}"}, caption=repr(self)[1:-1], rows=20)


def find_gains(journeys: Journeys, *, success: str = "won", level: str = "activity") -> Gains:
    """Find the steps at which most is won or lost.

    Journeys are a game between customer and company: from each step customers move on at random, in the proportions
    that were seen, until they succeed or the journey ends. The chance of success follows for each step. A step's gain
    is the sum, over what comes next, of customers times the change in their chance. Chances balance: half of the gain
    is what is lost on the worse branches, so that bringing these up to the step's own chance wins half of it.

    Where nothing sets the ways on from a step apart, its gain is small but not nought: it is a sum of sizes. What tells
    are the intervals, of the gain and of the rank. A step that is done again counts each time.

    Parameters
    ----------
    journeys : Journeys
        Where to look. Those that may still be running (`Journeys.unfinished`) count as far as they were seen and are
        neither successes nor failures.
    success : str
        The outcome to be reached, or an activity; a journey is followed until it first happens.
    level : str
        What a step is: activity, channel, stage, team or another field; a touchpoint without it is passed over.

    Returns
    -------
    Gains
        ``.frame``, most gain first: rank, step, n_customers, n_passes (times), success (chance from here on, 0..1),
        gain (customers) with gain_low and gain_high, rank_low and rank_high (95 % of 200 draws of customers with
        replacement), worse_next (the way on where most is lost; "lost here" where journeys end; "fewer than 5"
        masked), n_worse (times; 0 where masked or none). Steps of fewer than five customers are counted in
        ``.n_hidden``. ``.share``, ``.low``, ``.high``: chance of success at the start.

    Raises
    ------
    MiningError
        For an outcome or level that is not there, and where no journey has ended.

    References
    ----------
    Kobialka, P., Pferscher, A., Bergersen, G. R., Johnsen, E. B., Tapia Tarifa, S. L. (2024). Stochastic games for user
    journeys. Formal Methods: the gain. Kemeny, J. G., Snell, J. L. (1960). Finite Markov Chains. Efron, B. (1979).
    Bootstrap methods.

    Examples
    --------
    `journeys` are those of the example company (`mining.examples`).

    >>> from mining.maps import find_gains
    >>> find_gains(journeys).frame[["rank", "step", "n_customers", "rank_low", "rank_high"]].head(3)
       rank              step  n_customers  rank_low  rank_high
    0     1  Deal: Quote sent          333         1          1
    1     2    Form submitted          359         2          4
    2     3              Demo          342         2          4
    """
    log = journeys.log
    if len(journeys) == 0:
        raise MiningError.empty("The list of steps", "there are no journeys.")
    hit = log.holds("outcome", success) | log.holds("activity", success)
    if not hit.any():
        raise MiningError.unknown("outcome", success, [*log.words["outcome"], *log.words["activity"]])
    moves = moves_of(journeys, hit, level)
    n = np.asarray(moves.made.sum(axis=0), float).ravel()
    chance = chances(moves, n)
    shown = np.flatnonzero((moves.passed[: moves.won] >= SMALLEST_CELL) & ~np.isnan(chance[: moves.won]))
    hidden = int((moves.passed[: moves.won] > 0).sum()) - len(shown)
    starts, gains = _drawn(moves, shown)
    low, high = np.nanquantile(starts, [0.025, 0.975])
    frame = _framed(moves, n, chance, shown, drawn=gains)
    return Gains(frame, success, level, float(chance[moves.begin]), float(low), float(high), len(journeys),
                 moves.n_unfinished, hidden)  # fmt: skip


def _drawn(moves: Moves, shown: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Draw customers with replacement, again and again: chance at the start, and gains of the steps shown."""
    random = np.random.default_rng(_SEED)
    n_customers = moves.made.shape[0]
    made = moves.made.T.tocsr()
    starts, gains = np.empty(_DRAWS), np.empty((_DRAWS, len(shown)))
    for draw in range(_DRAWS):
        weight = np.bincount(random.integers(0, n_customers, n_customers), minlength=n_customers)
        n = np.asarray(made @ weight, float)
        chance = chances(moves, n)
        starts[draw], gains[draw] = chance[moves.begin], gains_of(moves, n, chance)[shown]
    return starts, gains


def _framed(moves: Moves, n: Floats, chance: Floats, shown: npt.NDArray[np.int64], *, drawn: Floats) -> pd.DataFrame:
    gain = gains_of(moves, n, chance)[shown].round(9)  # what a solver leaves behind is no gain
    passes = np.bincount(moves.to, weights=n, minlength=moves.begin + 1).astype(np.int64)
    ranks = rankdata(-drawn.round(9), axis=1, method="min")
    worse, n_worse = _worse(moves, n, chance)
    bounds = dict(zip(("gain_low", "gain_high"), np.quantile(drawn, [0.025, 0.975], axis=0).round(9), strict=True))
    places = zip(("rank_low", "rank_high"), np.quantile(ranks, [0.025, 0.975], axis=0, method="nearest"), strict=True)
    frame = pd.DataFrame(
        {
            "step": moves.words[shown].astype(str),
            "n_customers": moves.passed[shown],
            "n_passes": passes[shown],
            "success": chance[shown],
            "gain": gain,
            **bounds,
            **{name: place.astype(np.int64) for name, place in places},
            "worse_next": worse[shown].astype(str),
            "n_worse": n_worse[shown],
        }
    ).astype({"step": "str", "worse_next": "str"})
    frame = frame.sort_values(["gain", "step"], ascending=[False, True], ignore_index=True)
    frame.insert(0, "rank", frame["gain"].rank(method="min", ascending=False).astype("int64"))
    return frame


def _worse(moves: Moves, n: Floats, chance: Floats) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Name, per state, the way on where most is lost, and how often it is gone."""
    words = np.array([*moves.words, "", _ENDS, ""], dtype=object)
    loss = n * np.nan_to_num(chance[moves.start] - chance[moves.to])
    name = np.full(moves.begin + 1, "", dtype=object)
    times = np.zeros(moves.begin + 1, np.int64)
    order = np.argsort(loss, kind="stable")
    order = order[loss[order] > 1e-9]
    # Of several ways on the one with the greatest loss is written last and stays.
    name[moves.start[order]], times[moves.start[order]] = words[moves.to[order]], n[order]
    few = (times > 0) & (times < SMALLEST_CELL)
    name[few], times[few] = _FEW, 0
    return name, times
