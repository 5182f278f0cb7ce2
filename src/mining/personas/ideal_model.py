"""The model behind the ideal customer: its weights, and how far it can be trusted on customers it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._progress import follow
from mining.personas.bands import Bands
from mining.personas.foretelling import Fitted, choose, fit, plain_scores, split
from mining.personas.held_out import HeldOut, area, brier, calibration
from mining.personas.prospects import Prospects

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["CHANCE", "IdealModel", "learn_model"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
CHANCE: Final = 0.5
_NOUGHT: Final = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class IdealModel:
    """Foretells who buys from what is known before; see `find_ideal_customers`.

    Attributes
    ----------
    kind : str
        What did best inside the customers learned from.
    weights : DataFrame
        attribute, value, weight (what holding the value adds to the log-odds, against not knowing it), odds_ratio;
        largest first, noughts left out.
    scores : DataFrame
        One row per model, the chosen one first, then a plain logistic regression on all columns, then the base rate:
        model, auc, low, high (95 %), brier, n, n_won; all on the held-out customers.
    calibration : DataFrame
        decile, predicted, observed, low, high (Wilson, 95 %), n: held-out customers by tenths of their score.
    held_out : str
        How customers were held out.
    fitted : Fitted
        The model on all compared customers.
    foretold : DataFrame
        score and won of each held-out customer, and prospect: its row in `IdealCustomers.prospects`.
    """

    kind: str
    weights: pd.DataFrame
    scores: pd.DataFrame
    calibration: pd.DataFrame
    held_out: str
    fitted: Fitted
    foretold: pd.DataFrame

    @property
    def auc(self) -> tuple[float, float, float]:
        """Give the chosen model's AUC on customers held out, with its 95 % interval."""
        auc, low, high = self.scores[["auc", "low", "high"]].to_numpy(float)[0]
        return float(auc), float(low), float(high)

    @property
    def is_told(self) -> bool:
        """Whether the model ranks held-out customers better than chance: its interval lies above one half."""
        return bool(self.scores["low"].iloc[0] > CHANCE)

    def __repr__(self) -> str:
        auc, low, high = self.auc
        return f"<IdealModel: {self.kind}, AUC {auc:.2f} ({low:.2f} to {high:.2f}) on {self.held_out}>"

    def plot(self) -> Picture:
        """Draw the weights."""
        from mining._draw import draw_bars

        bars = self.weights.assign(name=self.weights["attribute"] + ": " + self.weights["value"])
        note = "Added to the log-odds of buying, against not knowing it."
        return draw_bars(bars, "name", "weight", title="What the score is made of", note=note)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.scores, caption=repr(self)[1:-1]) + html_table(self.weights, caption="Weights")


def learn_model(table: pd.DataFrame, prospects: Prospects, *, seed: int) -> IdealModel:
    """Choose, fit and judge a model; what judges it was neither fitted nor chosen with.

    Parameters
    ----------
    table : DataFrame
        Attributes of the customers.
    prospects : Prospects
        The same customers.
    seed : int
        Seed of the folds.

    Returns
    -------
    IdealModel
        Fitted on all compared customers, judged on those held out.

    References
    ----------
    Varma, S., Simon, R. (2006). Bias in error estimation when using cross-validation for model selection.
    """
    _, compared, won = prospects.against()
    parted = split(prospects, compared, won, seed)
    here, y, company = table[compared].reset_index(drop=True), won[compared], prospects.company[compared]
    told: dict[str, list[Floats]] = {"chosen": [], "plain": [], "rate": []}
    for learn, held in follow(parted.rounds, "folds"):
        candidate = choose(here.iloc[learn], y[learn], company[learn], seed)
        fitted = fit(candidate, here.iloc[learn], y[learn], seed)
        told["chosen"].append(fitted.scores(fitted.columns(here.iloc[held])))
        told["plain"].append(plain_scores(here.iloc[learn], y[learn], here.iloc[held]))
        told["rate"].append(np.full(len(held), y[learn].mean()))
    at = np.concatenate([held for _, held in parted.rounds])
    fold = np.repeat(np.arange(len(parted.rounds)), [len(held) for _, held in parted.rounds])
    out = HeldOut(fold, y[at], np.unique(company[at], return_inverse=True)[1].astype(np.int64))
    whole = fit(choose(here, y, company, seed), here, y, seed)
    scores = {name: np.concatenate(parts) for name, parts in told.items()}
    return IdealModel(
        kind=whole.kind,
        weights=_weights(whole),
        scores=_judged({whole.kind: scores["chosen"], "plain logistic regression on all columns": scores["plain"],
                        "base rate": scores["rate"]}, out),
        calibration=calibration(scores["chosen"], out),
        held_out=parted.words,
        fitted=whole,
        foretold=pd.DataFrame({"score": scores["chosen"], "won": out.won, "prospect": np.flatnonzero(compared)[at]}),
    )  # fmt: skip


def _judged(scores: dict[str, Floats], held: HeldOut) -> pd.DataFrame:
    n_won = int(held.won.sum())
    rows = [(name, *area(told, held), brier(told, held), len(told), n_won) for name, told in scores.items()]
    return pd.DataFrame(rows, columns=["model", "auc", "low", "high", "brier", "n", "n_won"])


def _weights(fitted: Fitted) -> pd.DataFrame:
    bands: Bands = fitted.bands
    each = np.eye(len(bands.labels))
    alike = bands.attribute_of[:, None] == bands.attribute_of[None, :]
    columns = np.where(alike, each - fitted.centre, 0.0)
    weight = fitted.log_odds(columns) - fitted.log_odds(np.zeros_like(columns))
    frame = pd.DataFrame(bands.labels, columns=["attribute", "value"]).astype("str")
    frame = frame.assign(weight=weight, odds_ratio=np.exp(weight))
    frame = frame[np.abs(weight) > _NOUGHT]
    order = np.lexsort((frame["value"], frame["attribute"], -frame["weight"].abs().round(12)))
    return frame.iloc[order].reset_index(drop=True)
