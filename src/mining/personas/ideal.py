"""The ideal customer: what the won are like beside the lost and those still open, or that it cannot be told."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.journeys.groups import group_of
from mining.personas.bands import Bands
from mining.personas.ideal_model import IdealModel, learn_model
from mining.personas.known import known_before, plain_table, telling
from mining.personas.lifts import AVOID, IDEAL, absent_of, lifts
from mining.personas.prospects import LOST, OPEN, WON, Prospects, prospects_in, prospects_of
from mining.personas.sales import sales_of
from mining.personas.winners import journeys_of_won, nobody_described

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.personas.focus import Focus
    from mining.personas.qualification import Qualification

__all__ = ["IdealCustomers", "find_ideal_customers"]

_FEWEST: Final = 20
_SPOKEN: Final = 3
_VALUES: Final = 5


@dataclass(frozen=True, eq=False, repr=False)
class IdealCustomers:
    """What the won are like; see `find_ideal_customers`.

    Attributes
    ----------
    frame : DataFrame
        One row per value of an attribute (numbers in bands of a quarter of the customers), surest first: attribute,
        value, n, n_won, n_lost, n_open (customers), win_rate (won of those compared, 0 to 1) with low and high (95 %,
        Wilson on the effective number where companies have several customers), lift (by the win rate of all others
        whose value is known) with lift_low and lift_high (95 %), won_share, lost_share, open_share (who has the value,
        of those of whom it is known, 0 to 1), p_adjusted (Benjamini-Hochberg over all rows), verdict (ideal, avoid,
        not told apart, too few). What would tell of fewer than five customers is missing.
    absent : DataFrame
        Attributes that were tested and not found: attribute, n_values, n, p_adjusted (smallest), lift_low, lift_high
        (what the data cannot rule out).
    set_aside : DataFrame
        Attributes that were not looked at: attribute, reason.
    model : IdealModel
        Foretells who buys, with its score on customers held out.
    journeys_of_won : DataFrame
        How the won became customers; see `mining.personas.winners.journeys_of_won`.
    against : str
        Whom the won are compared with.
    prospects : Prospects
        The customers and their fates.
    sales : ndarray of float
        The largest sum that each customer's sales name, in the currency used most; NaN where none is told.
    looked_at : tuple of Bands and ndarray of float
        What was looked at, and which customer has it; see `Bands.draw`.
    """

    frame: pd.DataFrame
    absent: pd.DataFrame
    set_aside: pd.DataFrame
    model: IdealModel
    journeys_of_won: pd.DataFrame
    against: str
    prospects: Prospects
    sales: npt.NDArray[np.float64]
    looked_at: tuple[Bands, npt.NDArray[np.float64]]

    @property
    def mean_sale(self) -> float:
        """Mean money of a sale, in the currency used most; NaN where fewer than five are told."""
        told = self.sales[~np.isnan(self.sales)]
        return float(told.mean()) if len(told) >= SMALLEST_CELL else float("nan")

    @property
    def sentence(self) -> str:
        """What was found, in words; that nothing was is an answer."""
        counts = {fate: int((self.prospects.fate == fate).sum()) for fate in (WON, LOST, OPEN)}
        who = f"{counts[WON]:,} customers were won, {counts[LOST]:,} lost and {counts[OPEN]:,} are open."
        auc, low, high = self.model.auc
        held = f"AUC {auc:.2f}, 95 % interval {low:.2f} to {high:.2f}, on customers held out"
        if np.isnan(auc):
            return f"{who} They are too few to say how well this foretells. {self._found()}"
        if self.model.is_told:
            return f"{who} What is known of them foretells who is won ({held}). {self._found()}"
        if low == high:
            held = "no attribute earned a weight, so all have the same score"
        if self.frame["verdict"].isin([IDEAL, AVOID]).any():
            return f"{who} Taken together, what is known of them does not foretell who is won ({held}). {self._found()}"
        return f"{who} No effect: what is known of them does not foretell who is won ({held}). {self._found()}"

    @property
    def headline(self) -> str:
        """What the won have oftener than others, at most three values, surest first; empty where nothing is told."""
        rows = self.frame[(self.frame["verdict"] == IDEAL) & self.frame["lift"].notna()].head(_SPOKEN)
        return "; ".join(
            f"{str(row['attribute']).replace('_', ' ')}: {row['value']} "
            f"(×{row['lift']:.1f}, {row['lift_low']:.1f}-{row['lift_high']:.1f})"
            for row in rows.to_dict("records")
        )

    def _found(self) -> str:
        shown = self.frame[self.frame["verdict"].isin([IDEAL, AVOID])].head(_SPOKEN)
        if shown.empty:
            return "No attribute taken alone tells the won apart."
        told = [_spoken(row) for row in shown.to_dict("records")]
        return f"Won, against others, with {'; '.join(told)}."

    def __repr__(self) -> str:
        n = self.frame["verdict"].value_counts()
        return (
            f"<IdealCustomers: {int((self.prospects.fate == WON).sum()):,} won against {self.against}, "
            f"{int(n.get(IDEAL, 0))} ideal values, {int(n.get(AVOID, 0))} to avoid, of {len(self.frame):,}>"
        )

    def score(self, journeys: Journeys | pd.DataFrame, cost: float | None = None) -> Qualification:
        """Score every open prospect of some journeys by the same attributes.

        Parameters
        ----------
        journeys : Journeys or DataFrame
            Of customers old or new; those already won or lost are left out. Of a table all rows are open.
        cost : float, optional
            Money that approaching a customer costs, to tell what is left of its expected value.

        Returns
        -------
        Qualification
            See `mining.personas.qualification.Qualification`.
        """
        from mining.personas.qualification import qualify

        return qualify(self, journeys, cost)

    def focus(self, cost: float | pd.Series, *, sale: float | None = None, by: pd.Series | None = None) -> Focus:
        """Tell whom approaching pays: cost beside sales, by score on customers held out, and by group.

        Approaching a customer pays where its chance of a sale times what a sale brings is more than it costs. Whether
        those above this break-even really brought more than they cost is looked up on customers whom the scores have
        not seen; whether groups did, on all that are compared. Won customers count with their own sum.

        Parameters
        ----------
        cost : float or Series
            Money that approaching one customer costs; a Series is indexed by customer.
        sale : float, optional
            Money that a sale brings. By default what the export names: the mean sum of the won, in the currency used
            most.
        by : Series, optional
            Groups of your own beside the values of attributes, indexed by customer, as ``personas.labels_``.

        Returns
        -------
        Focus
            ``.frame``, ``.choices``, ``.groups``, ``.break_even``, ``.sentence``, ``.plot()``.

        Raises
        ------
        MiningError
            Where no sums are told and `sale` is not given, and for costs that are missing, negative or all nought.

        References
        ----------
        Elkan, C. (2001). The foundations of cost-sensitive learning.
        """
        from mining.personas.focus import find_focus

        return find_focus(self, cost, sale=sale, by=by)

    def plot(self) -> Picture:
        """Draw the lifts of the values that go with buying."""
        from mining._draw import draw_bars

        told = self.frame[self.frame["verdict"].isin([IDEAL, AVOID]) & self.frame["lift"].notna()]
        bars = told.assign(name=told["attribute"] + ": " + told["value"]).sort_values("lift", ascending=False)
        note = "Win rate by the win rate of all others, with 95 % interval; 1 is no difference."
        return draw_bars(bars, "name", "lift", low="lift_low", high="lift_high", title="Who is won", note=note)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return f"<p>{escape(self.sentence)}</p>{html_table(self.frame, caption=repr(self)[1:-1], rows=10)}"


def _spoken(row: dict[Hashable, Any]) -> str:
    value = f"{row['attribute']} {row['value']}"
    if pd.isna(row["lift"]):
        more = "more" if row["verdict"] == IDEAL else "less"
        return f"{value}: {more} often (by how much would tell of single customers)"
    return f"{value}: {row['lift']:.2f} times as often ({row['lift_low']:.2f} to {row['lift_high']:.2f})"


def find_ideal_customers(
    journeys: Journeys | pd.DataFrame,
    *,
    won: pd.Series | None = None,
    by: Any = None,
    attributes: Sequence[str] | None = None,
    since: str | pd.Timestamp | None = None,
    until: str | pd.Timestamp | None = None,
    random_state: int = 0,
) -> IdealCustomers:
    """Find which attributes the won have, beside the lost and those still open, and how well they foretell a sale.

    Who never bought and was never lost is open: it is counted beside, and never as lost. Where an export tells of
    hardly any losses, the won are compared with those open for longer than nine of ten sales took. Attributes of the
    customer, and of the company, lead and deal named before the outcome, are looked at; those whose names speak of the
    outcome, or that are filled in with it, are set aside and listed. Customers of one company count as alike in every
    interval.

    Parameters
    ----------
    journeys : Journeys or DataFrame
        Under any case notion; a journey that names no customer stands for one. Or a table with one row per customer,
        where no more is known than that.
    won : Series, optional
        For a table: True, False, or missing where it is open.
    by : str, Series or personas, optional
        Groups whose won are described apart in ``.journeys_of_won``; by default everybody and the ideal values.
    attributes : sequence of str, optional
        Attributes to look at, which overrules all doubts about them. By default all that raise none.
    since, until : str or Timestamp, optional
        Only journeys that start in this period.
    random_state : int, default 0
        Seed of the folds in which customers are held out.

    Returns
    -------
    IdealCustomers
        ``.frame``, ``.absent``, ``.set_aside``, ``.model``, ``.journeys_of_won``, ``.sentence``.

    Raises
    ------
    MiningError
        For fewer than twenty customers to compare, or fewer than five on either side; for a table without answers, or
        with groups or a period, which it does not have.
    FieldError
        For an attribute that customers do not have.

    References
    ----------
    Katz, D. et al. (1978), intervals of a ratio; Benjamini, Y., Hochberg, Y. (1995), false discovery rate;
    DeLong, E. R. et al. (1988) and Obuchowski, N. A. (1997), AUC of clustered data.
    """
    if isinstance(journeys, pd.DataFrame):
        if won is None or not (by is None and since is None and until is None):
            raise MiningError.refused(
                "A table of customers",
                "needs won=, which says of each row whether it was won, and knows no by or period.",
            )
        prospects = prospects_in(journeys, won)
        return _found(prospects, plain_table(journeys), attributes, random_state)[0]
    asked = journeys if since is None else journeys.since(since)
    asked = asked if until is None else asked.until(until)
    if len(asked) == 0:
        raise MiningError.empty("The period", "no journey starts in it. Ask for a longer one.")
    prospects = prospects_of(asked)
    found, bands, table = _found(prospects, known_before(asked, prospects), attributes, random_state)
    groups = _groups(asked, prospects, by) if by is not None else _ideal_groups(found.frame, bands, table)
    return replace(found, journeys_of_won=journeys_of_won(asked, prospects, groups), sales=sales_of(asked, prospects))


def _found(
    prospects: Prospects, known: pd.DataFrame, attributes: Sequence[str] | None, random_state: int
) -> tuple[IdealCustomers, Bands, pd.DataFrame]:
    against, compared, won = prospects.against()
    _require(prospects, compared, won)
    table, aside = telling(known, prospects, attributes)
    bands = Bands.learn(table[compared])
    marked = bands.draw(table)
    frame = lifts(bands, marked, prospects)
    model = learn_model(table, prospects, seed=random_state)
    found = IdealCustomers(
        frame=frame, absent=absent_of(frame, bands, marked), set_aside=aside, model=model,
        journeys_of_won=nobody_described(), against=against, prospects=prospects,
        sales=np.full(len(prospects), np.nan), looked_at=(bands, marked),
    )  # fmt: skip
    return found, bands, table


def _require(prospects: Prospects, compared: npt.NDArray[np.bool_], won: npt.NDArray[np.bool_]) -> None:
    n_won, n_others = int((compared & won).sum()), int((compared & ~won).sum())
    if n_won + n_others < _FEWEST or min(n_won, n_others) < SMALLEST_CELL:
        n_open = int((prospects.fate == OPEN).sum())
        raise MiningError.refused(
            f"{n_won} won customers against {n_others} others ({n_open} are open)",
            f"tell nothing of who is won: {_FEWEST} are needed, with {SMALLEST_CELL} on either side.",
        )


def _groups(journeys: Journeys, prospects: Prospects, by: Any) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    names, group = group_of(journeys, by)
    found = []
    for number, name in enumerate(names):
        member = np.zeros(len(prospects), bool)
        member[prospects.owner[group == number]] = True
        found.append((name, member))
    return found


def _ideal_groups(frame: pd.DataFrame, bands: Bands, table: pd.DataFrame) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    marked, found = bands.draw(table), [("all", np.ones(len(table), bool))]
    for row in frame[frame["verdict"] == IDEAL].head(_VALUES).itertuples():
        column = bands.labels.index((str(row.attribute), str(row.value)))
        found.append((f"{row.attribute}: {row.value}", marked[:, column] == 1))
    return found
