"""Which open prospects to turn to first: the ideal customer's score for each, with its reasons in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._files import write_table
from mining._statistics import SMALLEST_CELL, wilson
from mining.journeys import Journeys
from mining.personas.ideal import IdealCustomers
from mining.personas.known import known_before, plain_table
from mining.personas.prospects import OPEN, Prospects, prospects_in, prospects_of

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Qualification", "qualify"]

Floats = npt.NDArray[np.float64]
_LETTERS: Final = ("A", "B", "C", "D")
_REASONS: Final = 3
_WEIGHTY: Final = 0.05  # of log-odds: about one point of a share of one half


@dataclass(frozen=True, eq=False, repr=False)
class Qualification:
    """Open prospects by their score; see `IdealCustomers.score`.

    Attributes
    ----------
    frame : DataFrame
        One row per open prospect, most promising first: customer, score (probability of being won as far as known
        attributes tell, 0 to 1), band (A to D by `bands`; missing where the model tells no more than chance),
        raised_by, lowered_by (at most three attributes with their values, weightiest first), n_support (compared
        customers that the least supported of these reasons rests on; missing where they are fewer than five or no
        reason is given); where money is told, value (its own sum, else the mean sale), is_own_value, and
        expected_value (score times value), which then orders the rows; and where a cost is given, net_value
        (expected_value less it).
    bands : DataFrame
        band, from_score, to_score (a score belongs to the highest band whose from_score it reaches), n, win_rate, low,
        high (Wilson, 95 %) of held-out customers in that band.
    n_decided : int
        Customers left out, since they are won or lost already.
    is_told : bool
        Whether the model foretells better than chance; else every score is the base rate.
    """

    frame: pd.DataFrame
    bands: pd.DataFrame
    n_decided: int
    is_told: bool

    @property
    def sentence(self) -> str:
        """What the scores are worth, in words."""
        if not self.is_told:
            return (
                f"{len(self.frame):,} open prospects have the same score: what is known of customers does not foretell "
                "who is won."
            )
        cuts = ", ".join(f"{row.band} from {row.from_score:.2f}" for row in self.bands.itertuples())
        return f"{len(self.frame):,} open prospects are scored; bands: {cuts}."

    def __repr__(self) -> str:
        n = self.frame["band"].value_counts()
        told = ", ".join(f"{letter} {int(n.get(letter, 0)):,}" for letter in _LETTERS) if self.is_told else "no bands"
        return f"<Qualification: {len(self.frame):,} open prospects ({told}), {self.n_decided:,} decided left out>"

    def save(self, path: Path | str) -> Path:
        """Write the prospects as a table that no spreadsheet runs anything of, the whole file or none.

        Parameters
        ----------
        path : Path or str
            The file, ending in ``.csv``, ``.xlsx`` or ``.parquet``.

        Returns
        -------
        Path
            The file written.
        """
        return write_table(path, self.frame)

    def plot(self) -> Picture:
        """Draw how often held-out customers of each band were won."""
        from mining._draw import draw_bars

        title, note = "Won by band", "Customers held out, with 95 % interval."
        return draw_bars(self.bands, "band", "win_rate", low="low", high="high", unit="%", title=title, note=note)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=self.sentence, rows=10) + html_table(self.bands, caption="Bands")


def qualify(ideal: IdealCustomers, journeys: Journeys | pd.DataFrame, cost: float | None = None) -> Qualification:
    """Score open prospects; see `IdealCustomers.score`.

    Raises
    ------
    MiningError
        Where no prospect is open, or cost is to be weighed against sales of which no sum is told.
    """
    prospects, known = _asked(journeys)
    is_open = np.flatnonzero(prospects.fate == OPEN)
    if len(is_open) == 0:
        raise MiningError.empty("The list of open prospects", "all customers are won or lost already.")
    fitted, bands = ideal.model.fitted, _bands(ideal)
    names = [*fitted.bands.cuts, *fitted.bands.words]
    table = _fitting(known.iloc[is_open].reset_index(drop=True), names, set(fitted.bands.cuts))
    columns = fitted.columns(table)
    told = ideal.model.is_told
    scores = fitted.scores(columns) if told else np.full(len(is_open), fitted.rate)
    frame = pd.DataFrame({"customer": prospects.ids[is_open].astype(str), "score": scores})
    reached = (scores[:, None] >= bands["from_score"].to_numpy(float)[None, :]).argmax(axis=1)
    frame["band"] = pd.Series(bands["band"].to_numpy()[reached] if told else [None] * len(frame), dtype="str")
    frame = frame.join(_reasons(ideal, fitted.bands.draw(table), columns if told else np.zeros_like(columns)))
    if isinstance(journeys, Journeys):
        frame = frame.join(_valued(journeys, prospects, scores, amount=ideal.mean_sale))
    if cost is not None:
        if "expected_value" not in frame:
            raise MiningError.refused("A cost", "cannot be weighed: the export tells no sums of sales.")
        frame["net_value"] = frame["expected_value"] - cost
    first = frame["expected_value"] if "expected_value" in frame else frame["score"]
    order = np.lexsort((frame["customer"], -frame["score"].round(9), -first.round(9)))
    return Qualification(frame.iloc[order].reset_index(drop=True), bands, len(prospects) - len(is_open), told)


def _asked(journeys: Journeys | pd.DataFrame) -> tuple[Prospects, pd.DataFrame]:
    if isinstance(journeys, pd.DataFrame):
        return prospects_in(journeys, pd.Series(None, index=journeys.index, dtype="object")), plain_table(journeys)
    prospects = prospects_of(journeys)
    return prospects, known_before(journeys, prospects)


def _fitting(known: pd.DataFrame, names: list[str], numbers: set[str]) -> pd.DataFrame:
    """Give the columns that the model asks for; what an export does not tell, or tells otherwise, is not known."""
    columns = {}
    for name in names:
        given = known.get(name, pd.Series(np.nan, index=known.index))
        columns[name] = pd.to_numeric(given, errors="coerce").astype(float) if name in numbers else given.astype("str")
    return pd.DataFrame(columns, index=known.index)


def _bands(ideal: IdealCustomers) -> pd.DataFrame:
    """Cut where quarters of the held-out customers end, and say how often each was won."""
    scores, won = ideal.model.foretold["score"].to_numpy(float), ideal.model.foretold["won"].to_numpy(bool)
    cuts = np.append(np.quantile(scores, [0.75, 0.5, 0.25]), 0.0)
    band = (scores[:, None] >= cuts[None, :]).argmax(axis=1)
    n, k = np.bincount(band, minlength=4), np.bincount(band[won], minlength=4)
    low, high = wilson(k, n)
    rate = np.where(n > 0, k / np.maximum(n, 1), np.nan)
    frame = pd.DataFrame(
        {"band": list(_LETTERS), "from_score": cuts, "to_score": np.append(1.0, cuts[:-1]), "n": n, "win_rate": rate,
         "low": low, "high": high}
    )  # fmt: skip
    few = ((k > 0) & (k < SMALLEST_CELL)) | ((n - k > 0) & (n - k < SMALLEST_CELL))
    frame.loc[few, ["win_rate", "low", "high"]] = np.nan
    return frame


def _reasons(ideal: IdealCustomers, marked: Floats, columns: Floats) -> pd.DataFrame:
    """Name what weighs most on either side, once per distinct customer profile."""
    fitted = ideal.model.fitted
    support = ideal.frame.set_index(["attribute", "value"])[["n_won", "n_lost", "n_open"]].sum(axis=1, min_count=1)
    if columns.shape[1] == 0:
        return pd.DataFrame({"raised_by": "", "lowered_by": "", "n_support": np.nan}, index=range(len(columns)))
    profiles, at = np.unique(np.hstack([np.nan_to_num(marked, nan=-1.0), columns]), axis=0, return_inverse=True)
    held, drawn = np.hsplit(profiles, 2)
    names, pulls = fitted.pulls(drawn)
    rows = []
    for profile, pull in zip(held, pulls, strict=True):
        values = {name: value for (name, value), mark in zip(fitted.bands.labels, profile, strict=True) if mark == 1}
        sides = [_weightiest(names, sign * pull, values) for sign in (1.0, -1.0)]
        rests = [float(support.get(reason, np.nan)) for side in sides for reason in side]
        least = min(rests, default=np.nan)
        spoken = ["; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in side) for side in sides]
        rows.append((*spoken, least if least >= SMALLEST_CELL else np.nan))
    told = pd.DataFrame(rows, columns=["raised_by", "lowered_by", "n_support"])
    return told.iloc[at.ravel()].reset_index(drop=True)


def _weightiest(names: list[str], pull: Floats, values: dict[str, str]) -> list[tuple[str, str]]:
    order = np.argsort(-pull.round(9), kind="stable")[:_REASONS]
    return [(names[place], values[names[place]]) for place in order
            if pull[place] >= _WEIGHTY and names[place] in values]  # fmt: skip


def _valued(journeys: Journeys, prospects: Prospects, scores: Floats, *, amount: float) -> pd.DataFrame:
    """Multiply scores by the prospect's own latest sum, or the mean sale where it has none."""
    if np.isnan(amount):
        return pd.DataFrame(index=range(len(scores)))
    log = journeys.log
    named = np.flatnonzero(np.nan_to_num(log.numbers["amount"]) > 0)
    named = named[np.argsort(log.time[named], kind="stable")]
    own = np.full(len(prospects), np.nan)
    own[prospects.owner[log.journey_of[named]]] = log.numbers["amount"][named]
    own = own[prospects.fate == OPEN]
    value = np.where(np.isnan(own), amount, own)
    return pd.DataFrame({"value": value, "is_own_value": ~np.isnan(own), "expected_value": scores * value})
