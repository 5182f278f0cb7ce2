"""Models that foretell who buys: a few simple ones, of which the one that does best on held-out customers is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from mining.personas.attributes import is_measured
from mining.personas.bands import Bands
from mining.personas.prospects import OPEN, Prospects

__all__ = ["Fitted", "Split", "choose", "fit", "folds", "plain_scores", "split"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_KINDS: Final = ("sparse logistic regression", "ridge logistic regression")
# From the plainest on: of equals the first is taken.
CANDIDATES: Final[tuple[tuple[str, float], ...]] = (
    (_KINDS[0], 0.03), (_KINDS[0], 0.1), (_KINDS[0], 0.4), (_KINDS[0], 2.0), (_KINDS[1], 0.01), (_KINDS[1], 0.1),
)  # fmt: skip
_OUTER: Final = 5
_INNER: Final = 3
_LEAST: Final = 20
_DAY: Final = 86_400_000_000
_FAINT: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model that was fitted: what its columns mean, how they are centred, and what it makes of them.

    An attribute that is not known lies in the middle, so that it neither raises nor lowers a score.
    """

    kind: str
    bands: Bands
    centre: Floats
    rate: float
    estimator: Any

    def columns(self, table: pd.DataFrame) -> Floats:
        """Draw customers as columns around the middle."""
        return np.nan_to_num(self.bands.draw(table) - self.centre, nan=0.0)

    def scores(self, columns: Floats) -> Floats:
        """Give the probability of being won."""
        if self.estimator is None or columns.shape[1] == 0:
            return np.full(len(columns), self.rate)
        return np.asarray(self.estimator.predict_proba(columns)[:, 1], float)

    def log_odds(self, columns: Floats) -> Floats:
        """Give the logarithm of the odds of being won."""
        told = np.clip(self.scores(columns), _FAINT, 1 - _FAINT)
        return np.asarray(np.log(told / (1 - told)), float)

    def pulls(self, columns: Floats) -> tuple[list[str], Floats]:
        """Tell, per customer and attribute, what knowing it adds to the log-odds; 0 where it changes nothing."""
        names = [*self.bands.cuts, *self.bands.words]
        whole, pull = self.log_odds(columns), np.zeros((len(columns), len(names)))
        for place, name in enumerate(names):
            pull[:, place] = whole - self.log_odds(np.where(self.bands.attribute_of == name, 0.0, columns))
        return names, pull


@dataclass(frozen=True, eq=False)
class Split:
    """How customers are held out: the ones to learn from and the ones to foretell, round by round."""

    words: str
    rounds: list[tuple[Integers, Integers]]


def fit(candidate: tuple[str, float], table: pd.DataFrame, won: Flags, seed: int) -> Fitted:
    """Fit one candidate; with one side only, or no columns, there is but the rate."""
    return _fitted(candidate, _drawn(table), won, seed)


def _drawn(table: pd.DataFrame) -> tuple[Bands, Floats, Floats]:
    """Learn what the columns mean and where their middle lies, and draw them."""
    bands = Bands.learn(table)
    marked = bands.draw(table)
    centre = np.nansum(marked, axis=0) / np.maximum((~np.isnan(marked)).sum(axis=0), 1)
    return bands, centre, np.nan_to_num(marked - centre, nan=0.0)


def _fitted(candidate: tuple[str, float], drawn: tuple[Bands, Floats, Floats], won: Flags, seed: int) -> Fitted:
    (kind, strength), (bands, centre, columns) = candidate, drawn
    if won.all() or not won.any() or not bands.labels:
        return Fitted(kind, bands, centre, float(won.mean()), None)
    estimator = _estimator(kind, strength, seed).fit(columns, won)
    return Fitted(kind, bands, centre, float(won.mean()), estimator)


def choose(table: pd.DataFrame, won: Flags, company: Integers, seed: int) -> tuple[str, float]:
    """Choose the candidate with the least logarithmic loss on customers held out, whole companies at a time."""
    losses = np.zeros(len(CANDIDATES))
    for learn, held in folds(won, company, _INNER, seed):
        drawn = _drawn(table.iloc[learn])
        for place, candidate in enumerate(CANDIDATES):
            fitted = _fitted(candidate, drawn, won[learn], seed)
            losses[place] += _loss(fitted, fitted.columns(table.iloc[held]), won[held])
    return CANDIDATES[int(np.argmin(losses.round(6)))]


def folds(won: Flags, company: Integers, number: int, seed: int) -> list[tuple[Integers, Integers]]:
    """Part customers into folds of about the same win rate, whole companies at a time."""
    number = min(number, int(won.sum()), int((~won).sum()))
    names, of = np.unique(company, return_inverse=True)
    # A handful of companies cannot be parted; then customers are.
    if len(names) < 2 * number:
        names, of = np.arange(len(won)), np.arange(len(won))
    # Dealt out in the order of their sales and sizes, so that every fold gets as many of each.
    drawn = np.random.default_rng(seed).random(len(names))
    order = np.lexsort((drawn, np.bincount(of), np.bincount(of, weights=won)))
    fold = np.empty(len(names), np.int64)
    fold[order] = np.arange(len(names)) % number
    return [(np.flatnonzero(fold[of] != k), np.flatnonzero(fold[of] == k)) for k in range(number)]


def split(prospects: Prospects, compared: Flags, won: Flags, seed: int) -> Split:
    """Hold the latest customers out, learning from what was settled before they came; else parts of all, in turn."""
    at = np.flatnonzero(compared)
    start = prospects.started[at]
    known = prospects.settled[at]
    if (prospects.fate[at] == OPEN).any():
        # Who did not buy is known for it when the time is over; who did must wait as long, or buyers would be too many.
        known = start + prospects.horizon
    best: tuple[int, Integers, Integers] = (0, at, at)
    if len(np.unique(start // _DAY)) > 2 * _OUTER:
        for cut in np.unique(np.quantile(start, np.linspace(0.4, 0.9, 26), method="lower")):
            learn, held = np.flatnonzero(known < cut), np.flatnonzero(start >= cut)
            least = min(_sides(won[at][learn]), 2 * _sides(won[at][held]))
            best = max(best, (least, learn, held), key=lambda found: found[0])
    if best[0] >= 2 * _LEAST:
        return Split("the latest customers, learned from what was settled before they came", [(best[1], best[2])])
    return Split("a fifth of the customers at a time", folds(won[at], prospects.company[at], _OUTER, seed))


def plain_scores(table: pd.DataFrame, won: Flags, held: pd.DataFrame) -> Floats:
    """Foretell by a plain logistic regression on all columns, numbers as they are: what anybody would do first."""
    bands = Bands.learn(table)
    numbers = [name for name in table.columns if is_measured(table[name])]
    # Brought near one first: the square of a vast number is no number.
    largest = table[numbers].abs().max().replace(0.0, 1.0).fillna(1.0)
    near = table[numbers] / largest
    middle, spread = near.mean(), near.std().replace(0.0, 1.0).fillna(1.0)
    is_word = ~np.isin(bands.attribute_of.astype(str), numbers)

    def drawn(some: pd.DataFrame) -> Floats:
        scaled = ((some[numbers] / largest - middle) / spread).fillna(0.0).to_numpy(float)
        return np.hstack([scaled, np.nan_to_num(bands.draw(some)[:, is_word])])

    if won.all() or not won.any() or not bands.labels:
        return np.full(len(held), won.mean())
    return np.asarray(LogisticRegression(max_iter=2000).fit(drawn(table), won).predict_proba(drawn(held))[:, 1], float)


def _estimator(kind: str, strength: float, seed: int) -> Any:
    if kind == _KINDS[0]:
        return LogisticRegression(
            C=strength, l1_ratio=1.0, solver="liblinear", intercept_scaling=10.0, max_iter=500, random_state=seed
        )
    return LogisticRegression(C=strength, max_iter=2000)


def _loss(fitted: Fitted, columns: Floats, won: Flags) -> float:
    told = np.clip(fitted.scores(columns), _FAINT, 1 - _FAINT)
    return float(-np.log(np.where(won, told, 1 - told)).sum())


def _sides(won: Flags) -> int:
    return int(min(won.sum(), (~won).sum()))
