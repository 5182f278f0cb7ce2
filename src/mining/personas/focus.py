"""Where spending pays: what approaching prospects costs beside what they bring, on customers held out."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL, false_discovery_rate

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.personas.ideal import IdealCustomers

__all__ = ["Focus", "find_focus"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_LEVEL: Final = 0.05
_TENTHS: Final = 10
_PAYS: Final = "pays"
_COSTS: Final = "does not pay"
_NOT_TOLD: Final = "not told"
_BRINGS: Final = ["net", "low", "high"]
_HIDDEN: Final = ["n_won", "sales", *_BRINGS]


@dataclass(frozen=True, eq=False, repr=False)
class Focus:
    """Whom it pays to approach; see `IdealCustomers.focus`.

    Attributes
    ----------
    frame : DataFrame
        Held-out customers from the most promising on, one row per tenth more of them: share (approached, 0 to 1; ties
        go together), n, n_won, won_share (of all that were won), cost, sales, and net, low, high: what approaching
        them brings after its cost, per customer of the whole list, with 95 % interval.
    choices : DataFrame
        The same for three ways: choice (everybody, those above the break-even, and "left out": those below it), n,
        n_won, cost, sales, net, low, high.
    groups : DataFrame
        One row per value of an attribute that was looked at, and per group asked for: attribute, value, n, n_won, cost,
        sales, net, low, high (per customer of the group), p_adjusted (Benjamini-Hochberg over all rows; that it brings
        neither gain nor loss), verdict (pays, does not pay, not told). Numbers that would tell of fewer than five
        customers are missing.
    break_even : float
        Chance of a sale above which approaching pays: mean cost by mean sale.
    cost, sale : float
        Their means.
    is_told : bool
        Whether the scores rank held-out customers better than chance; else there is nobody to choose.
    """

    frame: pd.DataFrame
    choices: pd.DataFrame
    groups: pd.DataFrame
    break_even: float
    cost: float
    sale: float
    is_told: bool

    @property
    def sentence(self) -> str:
        """Whether to approach everybody, some or nobody, in words."""
        everybody, chosen, left = self.choices.to_dict("records")
        start = f"At {self.cost:,.2f} a customer and {self.sale:,.2f} a sale, approaching pays from a chance of "
        start += f"{100 * self.break_even:.1f} % on."
        if not self.is_told:
            return f"{start} Who is won is not foretold, so there is nobody to choose: {_brought(everybody)}."
        if chosen["n"] == 0:
            return f"{start} None of {everybody['n']:,} customers held out has it: {_brought(everybody)}."
        who = f"{chosen['n']:,} of {everybody['n']:,} customers held out have it"
        if left["n"] == 0:
            return f"{start} All customers held out have it: {_brought(everybody)}."
        if left["high"] < 0:
            more = f"to leave out the others saves {-left['net']:,.2f} ({-left['high']:,.2f} to {-left['low']:,.2f})"
        elif left["low"] > 0:
            more = f"yet the others brought {left['net']:,.2f} ({left['low']:,.2f} to {left['high']:,.2f}) as well"
        else:
            more = "whether leaving out the others saves anything cannot be told"
        return f"{start} {who}: {_brought(chosen, 'they')}, and {more}, per customer of the list."

    def __repr__(self) -> str:
        n = self.choices["n"].astype("int64")
        return f"<Focus: {n.iloc[1]:,} of {n.iloc[0]:,} held-out customers above a chance of {self.break_even:.3f}>"

    def plot(self) -> Picture:
        """Draw what approaching more and more customers brings."""
        from mining._draw import draw_bars

        bars = self.frame.assign(who=[f"best {100 * share:.0f} %" for share in self.frame["share"]])
        note = "After cost, per customer of the whole list, with 95 % interval; customers held out."
        return draw_bars(bars, "who", "net", low="low", high="high", title="What approaching brings", note=note)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        groups = html_table(self.groups, caption="Groups", rows=10)
        return f"<p>{escape(self.sentence)}</p>{html_table(self.choices, caption='Whom to approach')}{groups}"


def _brought(row: dict[Any, Any], who: str = "everybody") -> str:
    if np.isnan(row["net"]):
        return f"what {who} brought would tell of fewer than {SMALLEST_CELL}"
    return f"{who} brought {row['net']:,.2f} ({row['low']:,.2f} to {row['high']:,.2f}) after cost"


def find_focus(
    ideal: IdealCustomers, cost: float | pd.Series, *, sale: float | None = None, by: pd.Series | None = None
) -> Focus:
    """Weigh cost against sales; see `IdealCustomers.focus`."""
    prospects = ideal.prospects
    costs = _costs(cost, prospects.ids)
    _, compared, won = prospects.against()
    rows = np.flatnonzero(compared)
    sales, mean = _sales(ideal.sales[rows], won[rows], sale)
    break_even = float(costs[rows].mean()) / mean

    held = ideal.model.foretold
    at = np.searchsorted(rows, held["prospect"].to_numpy(np.int64))
    scores = held["score"].to_numpy(float) if ideal.model.is_told else np.full(len(held), held["won"].mean())
    told = _Customers(won[rows][at], costs[rows][at], sales[at], prospects.company[rows][at])
    above = scores >= break_even
    sides = [("everybody", np.ones(len(at), bool)), ("above the break-even", above), ("left out", ~above)]
    choices = pd.DataFrame([{"choice": name} | told.brings(marked) for name, marked in sides])
    if choices["net"].isna().any():  # or everybody without those above would give back who is hidden
        choices.loc[1:, _HIDDEN] = np.nan
    everyone = _Customers(won[rows], costs[rows], sales, prospects.company[rows])
    return Focus(
        frame=_by_tenths(told, scores),
        choices=choices,
        groups=_groups(everyone, _asked_for(ideal, by, rows)),
        break_even=break_even,
        cost=float(costs[rows].mean()),
        sale=mean,
        is_told=ideal.model.is_told,
    )


@dataclass(frozen=True, eq=False)
class _Customers:
    """What each customer cost and brought, and whose company it is."""

    won: Flags
    cost: Floats
    sales: Floats
    company: npt.NDArray[np.int64]

    def brings(self, marked: Flags, of: Flags | None = None) -> dict[str, float]:
        """Sum up those marked; net is per customer of `of`, by default of all."""
        base = np.ones(len(marked), bool) if of is None else of
        n, n_won = int(marked.sum()), int(self.won[marked].sum())
        told = {"n": n, "n_won": float(n_won), "cost": float(self.cost[marked].sum())}
        told["sales"] = float(self.sales[marked].sum())
        net = ((self.sales - self.cost) * marked)[base]
        mean, low, high, _ = _mean(net, self.company[base])
        told |= {"net": mean, "low": low, "high": high}
        if _is_few(n, n_won):
            told |= dict.fromkeys(_HIDDEN, np.nan)
        return told


def _is_few(n: int, n_won: int) -> bool:
    return 0 < n_won < SMALLEST_CELL or 0 < n - n_won < SMALLEST_CELL


def _mean(values: Floats, company: npt.NDArray[np.int64]) -> tuple[float, float, float, float]:
    """Give a mean, its 95 % interval with companies as units, and the p of its being nought.

    References
    ----------
    Liang, K.-Y., Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models (the sandwich).
    """
    if len(values) == 0:
        return (float("nan"),) * 4
    mean = float(values.mean())
    summed = pd.Series(values - mean).groupby(company).sum().to_numpy(float)
    units = len(summed)
    if units < 2:
        return mean, float("nan"), float("nan"), float("nan")
    error = float(np.sqrt((summed**2).sum() * units / (units - 1)) / len(values))
    half = float(student.ppf(1 - _LEVEL / 2, units - 1)) * error
    p = float(2 * student.sf(abs(mean) / error, units - 1)) if error > 0 else float(mean == 0)
    return mean, mean - half, mean + half, p


def _by_tenths(told: _Customers, scores: Floats) -> pd.DataFrame:
    ordered, n = np.sort(scores)[::-1], len(scores)
    cuts = ordered[np.ceil(n * np.arange(1, _TENTHS + 1) / _TENTHS).astype(np.int64) - 1]
    kept: list[Flags] = [np.zeros(n, bool)]
    for cut in dict.fromkeys(cuts):
        # What a row adds to the one before is as telling as a row: rows that would add too few go with the next one.
        added = (scores >= cut) & ~kept[-1]
        while len(kept) > 1 and cut == cuts[-1] and _is_few(int(added.sum()), int(told.won[added].sum())):
            kept.pop()
            added = (scores >= cut) & ~kept[-1]
        if cut == cuts[-1] or not _is_few(int(added.sum()), int(told.won[added].sum())):
            kept.append(scores >= cut)
    rows = [{"share": float(marked.mean()), **told.brings(marked)} for marked in kept[1:]]
    frame = pd.DataFrame(rows)
    frame.insert(3, "won_share", frame["n_won"] / max(int(told.won.sum()), 1))
    return frame


def _groups(everyone: _Customers, wanted: list[tuple[tuple[str, str], Flags]]) -> pd.DataFrame:
    worth, rows = everyone.sales - everyone.cost, []
    for (attribute, value), marked in wanted:
        found = everyone.brings(marked, of=marked)
        p = np.nan if np.isnan(found["net"]) else _mean(worth[marked], everyone.company[marked])[3]
        rows.append({"attribute": attribute, "value": value, **found, "p": p})
    columns = ["attribute", "value", "n", "n_won", "cost", "sales", *_BRINGS, "p"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["p_adjusted"] = false_discovery_rate(frame["p"])
    is_told = frame["p_adjusted"].to_numpy(float) < _LEVEL
    pays, costs = is_told & (frame["net"].to_numpy(float) > 0), is_told & (frame["net"].to_numpy(float) < 0)
    frame["verdict"] = np.select([pays, costs], [_PAYS, _COSTS], _NOT_TOLD)
    order = np.lexsort((frame["value"], frame["attribute"], -frame["net"].fillna(-np.inf)))
    return frame.drop(columns="p").iloc[order].reset_index(drop=True)


def _asked_for(
    ideal: IdealCustomers, by: pd.Series | None, rows: npt.NDArray[np.int64]
) -> list[tuple[tuple[str, str], Flags]]:
    bands, marked = ideal.looked_at
    wanted = [((name, value), marked[rows, place] == 1) for place, (name, value) in enumerate(bands.labels)]
    if by is None:
        return wanted
    of = by.reindex(pd.Index(ideal.prospects.ids[rows].astype(str), dtype="str"))
    if of.isna().all():
        raise MiningError.refused("Groups of none of these customers", "say nothing: `by` is indexed by customer.")
    name = str(by.name or "group")
    return [*(((name, str(word)), (of == word).to_numpy(bool)) for word in sorted(of.dropna().unique())), *wanted]


def _costs(cost: float | pd.Series, ids: npt.NDArray[np.object_]) -> Floats:
    """Spell out what approaching each customer costs."""
    if isinstance(cost, pd.Series):
        told = pd.to_numeric(cost, errors="coerce").reindex(pd.Index(ids.astype(str), dtype="str")).to_numpy(float)
        if np.isnan(told).any():
            raise MiningError.refused(
                f"Costs of {int((~np.isnan(told)).sum()):,} of {len(ids):,} customers",
                "leave out the others: fill them.",
            )
    else:
        told = np.full(len(ids), float(cost))
    if not np.isfinite(told).all() or (told < 0).any() or not told.any():
        raise MiningError.refused("A cost that is no positive amount", "cannot be weighed: give money per customer.")
    return told


def _sales(own: Floats, won: Flags, sale: float | None) -> tuple[Floats, float]:
    """Give what each customer bought for (the mean sale where no sum is told), and the mean sale."""
    named = won & ~np.isnan(own)
    if sale is None and named.sum() < SMALLEST_CELL:
        raise MiningError.refused(
            f"Sums of {int(named.sum())} sales", f"are no price: {SMALLEST_CELL} are needed, or give `sale=`."
        )
    if sale is not None and not (np.isfinite(sale) and sale > 0):
        raise MiningError.refused(f"A sale of {sale}", "brings nothing: give the money that a sale brings.")
    mean = float(own[named].mean()) if sale is None else float(sale)
    told = np.full(len(own), mean) if sale is not None else np.where(named, own, mean)
    return np.where(won, told, 0.0), mean
