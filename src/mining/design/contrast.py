"""Two comparisons beside each other: before and after, one segment and another, one design and another."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from mining._statistics import false_discovery_rate
from mining.journeys.groups import customer_of

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design.deviations import Deviations

__all__ = ["Contrast", "contrast"]

_Z: Final = 1.959963984540054
_KEYS: Final = ["stage", "step", "deviation"]


@dataclass(frozen=True, eq=False, repr=False)
class Contrast:
    """How far deviations differ between two comparisons.

    Attributes
    ----------
    frame : DataFrame
        One row per stage, step and deviation of either, largest difference first: n_first, of_first, share_first and
        the same of the second, difference (second - first), low, high (95 %, customers as units), p_value, q_value
        (corrected for all rows), is_found (q_value below .05).
    names : tuple of str
        What the two are called.
    """

    frame: pd.DataFrame
    names: tuple[str, str]

    def __repr__(self) -> str:
        return (
            f"<Contrast of '{self.names[0]}' and '{self.names[1]}': {int(self.frame['is_found'].sum())} of "
            f"{len(self.frame)} deviations differ by more than chance>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.frame.head(10).round(3).to_html(index=False, border=0)}"

    def plot(self) -> Picture:
        """Draw the differences with their intervals."""
        from mining import _draw

        bars = self.frame.assign(name=self.frame["step"] + ": " + self.frame["deviation"], n=self.frame["of_second"])
        title = f"From '{self.names[0]}' to '{self.names[1]}'"
        return _draw.draw_bars(bars, "name", "difference", low="low", high="high", unit="%", title=title)


def contrast(first: Deviations, second: Deviations, names: tuple[str, str]) -> Contrast:
    """Compare two comparisons, deviation by deviation; see `Deviations.against`.

    References
    ----------
    Rao, J. N. K., Scott, A. J. (1992). A simple method for the analysis of clustered binary data.
    """
    rows = pd.concat([gaps.frame.loc[gaps.frame["deviation"] != "as designed", _KEYS] for gaps in (first, second)])
    rows = rows.drop_duplicates().reset_index(drop=True)
    parts = [_shares(gaps, rows) for gaps in (first, second)]
    (n_one, of_one, error_one), (n_two, of_two, error_two) = parts
    one, two = (n / np.where(of > 0, of, np.nan) for n, of, _ in parts)
    error = np.hypot(error_one, error_two)
    difference = two - one
    p_value = np.where(error > 0, 2 * norm.sf(np.abs(difference) / np.where(error > 0, error, 1)), np.nan)
    frame = rows.assign(
        n_first=n_one, of_first=of_one, share_first=one, n_second=n_two, of_second=of_two, share_second=two,
        difference=difference, low=np.maximum(difference - _Z * error, -1), high=np.minimum(difference + _Z * error, 1),
        p_value=p_value,
    )  # fmt: skip
    frame["q_value"] = false_discovery_rate(frame["p_value"])
    frame["is_found"] = frame["q_value"] < 0.05
    size = frame["difference"].abs().fillna(-1)
    order = np.lexsort((frame["deviation"], frame["step"], frame["stage"], -size))
    return Contrast(frame.iloc[order].reset_index(drop=True), names)


def _shares(
    gaps: Deviations, rows: pd.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Count each deviation, where it could be, and the error of its share with customers as units."""
    known = gaps.frame.set_index(_KEYS).index
    there = np.array([tuple(row) in known for row in rows[_KEYS].itertuples(index=False)], bool)
    subjects = {(gaps.design.stages[each.stage].name, each.step) for each in gaps.found.subjects}
    askable = np.array(
        [(stage, step) in subjects for stage, step in zip(rows["stage"], rows["step"], strict=True)], bool
    )
    n, of, error = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64), np.zeros(len(rows))
    of[(rows["deviation"] == "added").to_numpy() & ~there] = gaps.n_journeys
    if askable.any():
        due, happened = gaps.happened(rows[askable])
        n[askable], of[askable] = happened.sum(axis=0), due.sum(axis=0)
        share = n[askable] / np.maximum(of[askable], 1)
        customer = customer_of(gaps.compared.log)
        total = np.zeros((int(customer.max(initial=-1)) + 1, int(askable.sum())))
        np.add.at(total, customer, np.where(due, happened - share, 0.0))
        several = len(total) / max(len(total) - 1, 1)
        # A share of nought or all has no spread of its own: as if one more of four had been otherwise (Agresti, Coull).
        raw = np.sqrt((total**2).sum(axis=0) * several) / np.maximum(of[askable], 1)
        softened = (n[askable] + 2) / (of[askable] + 4)
        least = np.sqrt(softened * (1 - softened) / (of[askable] + 4))
        error[askable] = np.where((n[askable] == 0) | (n[askable] == of[askable]), least, raw)
    return n, of, error
