"""Whether the shares of personas change over time, or only seem to."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL, wilson
from mining.journeys import Journeys
from mining.journeys.groups import PERIODS, customer_of, period_of

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.personas.personas import Personas

__all__ = ["Shift", "shift_of"]

_SHUFFLES: Final = 999


@dataclass(frozen=True, eq=False, repr=False)
class Shift:
    """Shares of personas among new customers, period by period; see `Personas.shift`.

    Attributes
    ----------
    frame : DataFrame
        One row per period and persona: period, persona, name, n_customers, of_customers (whose first journey began in
        the period), share with low and high (Wilson, 95 %). Cells of fewer than five customers are missing.
    p_value : float
        How often periods dealt out to customers by chance differ as much (chi-square, 999 shuffles).
    """

    frame: pd.DataFrame
    p_value: float

    @property
    def sentence(self) -> str:
        """Whether the shares changed, in words."""
        changed = "changed" if self.p_value < 0.05 else "did not change by more than chance"
        return f"Shares of personas {changed} over {self.frame['period'].nunique()} periods (p = {self.p_value:.3f})."

    def __repr__(self) -> str:
        return f"<Shift: {self.sentence}>"

    def plot(self) -> Picture:
        """Draw the share of each persona, period by period."""
        from mining import _draw

        bars = self.frame.dropna(subset=["share"])
        bars = bars.assign(label=bars["period"] + ": " + bars["name"], n=bars["of_customers"])
        return _draw.draw_bars(bars, "label", "share", low="low", high="high", unit="%", title="Shares over time")

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=escape(self.sentence), rows=20)


def shift_of(personas: Personas, journeys: Journeys, every: str, seed: int) -> Shift:
    """Count personas by the period in which their customers began; see `Personas.shift`."""
    if every not in PERIODS:
        raise MiningError.unknown("period", every, list(PERIODS))
    log = journeys.log
    customer = customer_of(log)
    persona = personas.persona_of(journeys)
    codes = persona.cat.codes.to_numpy(np.int64)
    table = pd.DataFrame(
        {
            "customer": customer,
            "persona": codes,
            "time": log.time[log.first],
            "period": period_of(log, every).to_numpy(),
        }
    )
    first = table[table["persona"] >= 0].sort_values(["time", "customer"], kind="stable").drop_duplicates("customer")
    if first.empty:
        raise MiningError.empty("Shares over time", "no customer of these journeys is in a persona.")
    period, names = pd.factorize(first["period"], sort=True)
    own = first["persona"].to_numpy(np.int64)
    counted = _counted(period, own, (len(names), personas.n_personas_))
    rows = [(name, at) for name in names for at in range(personas.n_personas_)]
    n, of = counted.ravel(), np.repeat(counted.sum(axis=1), personas.n_personas_)
    low, high = wilson(n, of)
    frame = pd.DataFrame(rows, columns=["period", "persona"])
    frame["name"] = pd.Series(list(personas.frame["name"]), dtype="str").iloc[frame["persona"]].to_numpy()
    frame = frame.assign(n_customers=n.astype(float), of_customers=of, share=n / of, low=low, high=high)
    few = (n > 0) & (n < SMALLEST_CELL) | (of < SMALLEST_CELL)
    for name in ("n_customers", "share", "low", "high"):
        frame[name] = frame[name].mask(few)
    return Shift(frame.astype({"period": "str", "name": "str"}), _chance(period, own, counted, seed))


def _counted(
    period: npt.NDArray[np.int64], own: npt.NDArray[np.int64], shape: tuple[int, int]
) -> npt.NDArray[np.int64]:
    return np.bincount(period * shape[1] + own, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


def _chance(
    period: npt.NDArray[np.int64], own: npt.NDArray[np.int64], counted: npt.NDArray[np.int64], seed: int
) -> float:
    expected = counted.sum(axis=1, keepdims=True) * counted.sum(axis=0, keepdims=True) / counted.sum()
    random = np.random.default_rng(seed)

    def apart(found: npt.NDArray[np.int64]) -> float:
        return float(((found - expected) ** 2 / np.maximum(expected, 1e-12)).sum())

    seen = apart(counted)
    as_far = sum(
        apart(_counted(period, random.permutation(own), (counted.shape[0], counted.shape[1]))) >= seen - 1e-9
        for _ in range(_SHUFFLES)
    )
    return (as_far + 1) / (_SHUFFLES + 1)
