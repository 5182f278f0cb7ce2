"""Groups of customers beside each other: what they reach, how long it takes and what they do, or no difference."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._progress import follow
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.journeys.groups import customer_of, group_of
from mining.personas.group_measures import Measured, measure_customers

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["GroupComparison", "compare_groups"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_SHUFFLES: Final = 999
_DRAWS: Final = 300
_LEVEL: Final = 0.05
_REST: Final = "all others"
_UNSURE: Final = 0.05
_BARS: Final = 20


@dataclass(frozen=True, eq=False, repr=False)
class GroupComparison:
    """How far groups of customers differ; see `compare_groups`.

    Attributes
    ----------
    frame : DataFrame
        One row per measure and group, surest first: measure, unit (share, days, per customer), group, against (the
        other group, or all others), n, n_against (customers), value, value_against (share, mean, or of days Kaplan and
        Meier's median; missing where half is not reached), difference (value - value_against) with low and high (95 %,
        bootstrap over customers), effect (standardised: difference of the means tested by their spread; of days
        positive is longer), p (permutation), p_adjusted (maximum statistic over all rows), is_found (p_adjusted
        below .05). Both p are missing where the measure helped to make the groups, or does not vary.
    groups : DataFrame
        group, n_customers, n_mixed (customers who have journeys of other groups too; only those of the first group they
        were in are looked at). Groups of fewer than five customers are left out.
    """

    frame: pd.DataFrame
    groups: pd.DataFrame

    @property
    def sentence(self) -> str:
        """What differs, in words; that nothing does is an answer."""
        found = self.frame[self.frame["is_found"]]
        if found.empty:
            return f"No difference between {len(self.groups)} groups is larger than chance makes."
        row = found.iloc[0]
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return (
            f"Found: {row['measure']}, {row['group']} {row['value']:.3g} against {row['value_against']:.3g} "
            f"({row['against']}){more}."
        )

    def __repr__(self) -> str:
        n, found = int(self.groups["n_customers"].sum()), int(self.frame["is_found"].sum())
        return (
            f"<GroupComparison: {len(self.groups)} groups of {n:,} customers, {found} of {len(self.frame)} differences "
            "larger than chance>"
        )

    def plot(self) -> Picture:
        """Draw the standardised differences, largest first."""
        from mining._draw import draw_bars

        size = -self.frame["effect"].abs().fillna(0.0).round(9)
        bars = self.frame.assign(name=self.frame["group"] + ": " + self.frame["measure"]).iloc[
            np.argsort(size, kind="stable")[:_BARS]
        ]
        note = "Difference by spread; found where it is larger than chance makes among all that was looked at."
        return draw_bars(bars, "name", "effect", title="How groups differ", note=note)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return f"<p>{escape(self.sentence)}</p>{html_table(self.frame, caption=repr(self)[1:-1], rows=10)}"


def compare_groups(
    journeys: Journeys,
    by: Any,
    *,
    outcome: str = "won",
    within: str | None = None,
    matched: bool | None = None,
    random_state: int = 0,
) -> GroupComparison:
    """Compare groups of customers on what they reach, how long their journeys take, and what they do how often.

    Customers are the unit, however many touchpoints they have: their groups are shuffled, and what differs no more than
    the largest difference of shuffled groups is no finding. Of two groups the second is compared with the first; of
    more, each with all others. Journeys that may still run count neither as reached nor as not, and their days are
    censored.

    Personas differ by what they were made of, and testing that would go in circles: of fitted personas only an outcome
    that they were kept from seeing is tested, and everything else described.

    Parameters
    ----------
    journeys : Journeys
        What to compare.
    by : str, Series or personas
        A field (channel), an attribute (segment), a Series per journey or customer (period), or fitted personas.
    outcome : str, default "won"
        Outcome, or activity, whose share of customers is compared.
    within : str, optional
        A silence after which a journey without a final outcome is over; by default estimated (`Journeys.unfinished`).
    matched : bool, optional
        Whether customers are shuffled only among those who could be watched about as long (tenths of the time from
        their first touchpoint to the end of observation), so that nobody seems to buy less for having come late. By
        default for personas only: of two periods it would leave nothing to compare.
    matched : bool, optional
        Whether customers are shuffled only among those who could be watched about as long (tenths of the time from
        their first touchpoint to the end of observation), so that nobody seems to buy less for having come late. By
        default for personas only: of two periods it would leave nothing to compare.
    random_state : int, default 0
        Seed of shuffles and bootstrap.

    Returns
    -------
    GroupComparison
        ``.frame``, ``.groups``, ``.sentence``.

    Raises
    ------
    MiningError
        For fewer than two groups of five customers.
    FieldError
        For an outcome or a field that there is not.

    References
    ----------
    Westfall, P. H., Young, S. S. (1993). Resampling-based multiple testing (maximum statistic).
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations.
    Peto, R., Peto, J. (1972). Asymptotically efficient rank invariant test procedures (log-rank scores).
    """
    names, group, groups = _assigned(journeys, by)
    # Customers of no group, or of a small one, have no journeys left after this.
    kept = journeys.keep(group >= 0)
    _, first, customer = np.unique(customer_of(kept.log), return_index=True, return_inverse=True)
    label = group[group >= 0][first]
    measured = measure_customers(kept, customer.astype(np.int64), outcome=outcome, within=within)
    unseen = getattr(by, "outcomes", None) if hasattr(by, "persona_of") else None
    is_matched = unseen is not None if matched is None else matched
    alike = _tenths(measured.exposed) if is_matched else np.zeros(len(label), np.int64)
    scores = _centred(measured.scores, alike)
    random = np.random.default_rng(random_state)
    sides = [1] if len(names) == 2 else list(range(len(names)))
    contrast = (label[:, None] == np.array(sides)[None, :]).astype(float)
    # What made the groups cannot speak for them.
    is_tested = np.full(scores.shape[1], unseen is None)
    is_tested[0] |= outcome in (unseen or ())
    p, p_adjusted = _tested(np.where(is_tested, scores, 0.0), contrast, random, alike)
    parts = [
        _compared(measured, scores, label == side, random).assign(
            group=names[side], against=names[1 - side] if len(names) == 2 else _REST,
            p=p[place], p_adjusted=p_adjusted[place],
        )
        for place, side in enumerate(sides)
    ]  # fmt: skip
    return GroupComparison(_ordered(pd.concat(parts, ignore_index=True)), groups)


def _assigned(journeys: Journeys, by: Any) -> tuple[list[str], Integers, pd.DataFrame]:
    """Put each customer in the group of its first journey; journeys of other groups are left out (-1)."""
    names, group = group_of(journeys, by)
    customer, start = customer_of(journeys.log), journeys.log.time[journeys.log.first]
    order = np.lexsort((start, customer))
    order = order[group[order] >= 0]
    owners, at = np.unique(customer[order], return_index=True)
    chosen = np.full(int(customer.max(initial=-1)) + 1, -1, np.int64)
    chosen[owners] = group[order[at]]
    mine = chosen[customer]
    is_mixed = np.zeros(len(chosen), bool)
    is_mixed[customer[(group >= 0) & (group != mine)]] = True
    size = np.bincount(chosen[chosen >= 0], minlength=len(names))
    large = np.flatnonzero(size >= SMALLEST_CELL)
    if len(large) < 2:
        raise MiningError.refused(
            f"{len(large)} groups of five customers and more", "cannot be compared: give two or more."
        )
    renumbered = np.full(len(names) + 1, -1, np.int64)
    renumbered[large] = np.arange(len(large))
    mixed = np.bincount(chosen[is_mixed & (chosen >= 0)], minlength=len(names))
    frame = pd.DataFrame({"group": [names[k] for k in large], "n_customers": size[large], "n_mixed": mixed[large]})
    return [names[k] for k in large], renumbered[np.where(group == mine, mine, -1)], frame


def _tenths(exposed: Floats) -> Integers:
    cuts = np.unique(np.quantile(exposed, np.linspace(0.1, 0.9, 9)))
    return np.searchsorted(cuts, exposed, side="left").astype(np.int64)


def _centred(scores: Floats, alike: Integers) -> Floats:
    """Take away the mean of those who are shuffled with each other: what differs between them is not the groups'."""
    size = np.bincount(alike)
    means = [np.bincount(alike, weights=column) / np.maximum(size, 1) for column in scores.T]
    return np.asarray(scores - np.column_stack(means)[alike], float)


def _tested(scores: Floats, contrast: Floats, random: np.random.Generator, alike: Integers) -> tuple[Floats, Floats]:
    """Shuffle the groups among those alike; returns p alone and p corrected by the largest statistic."""
    variance = np.zeros((contrast.shape[1], scores.shape[1]))
    for stratum in np.unique(alike):
        here = alike == stratum
        n, inside = int(here.sum()), contrast[here].sum(axis=0)
        variance += np.outer(inside * (n - inside) / max(n * (n - 1), 1), (scores[here] ** 2).sum(axis=0))
    scale = np.where(variance > 1e-24, np.sqrt(variance), np.inf)
    seen = np.abs(contrast.T @ scores) / scale
    alone, largest = np.ones(seen.shape), np.ones(seen.shape)
    ordered = np.argsort(alike, kind="stable")
    drawn = np.empty_like(contrast)
    for _ in follow(range(_SHUFFLES), "shuffles"):
        drawn[ordered] = contrast[np.lexsort((random.random(len(alike)), alike))]
        shuffled = np.abs(drawn.T @ scores) / scale
        alone += shuffled >= seen - 1e-9
        largest += shuffled.max() >= seen - 1e-9
    p, p_adjusted = alone / (_SHUFFLES + 1), largest / (_SHUFFLES + 1)
    return np.where(np.isinf(scale), np.nan, p), np.where(np.isinf(scale), np.nan, p_adjusted)


def _compared(
    measured: Measured, scores: Floats, inside: npt.NDArray[np.bool_], random: np.random.Generator
) -> pd.DataFrame:
    here, there = np.flatnonzero(inside), np.flatnonzero(~inside)
    one, other = measured.summed(here), measured.summed(there)
    draws = np.array([
        measured.summed(here[random.integers(0, len(here), len(here))])
        - measured.summed(there[random.integers(0, len(there), len(there))])
        for _ in range(_DRAWS)
    ])  # fmt: skip
    unsure = np.isnan(draws).mean(axis=0) > _UNSURE
    low, high = np.quantile(np.where(np.isnan(draws), np.nanmean(np.append(draws, 0.0)), draws), [0.025, 0.975], axis=0)
    spread = np.sqrt((scores[here].var(axis=0) * len(here) + scores[there].var(axis=0) * len(there)) / len(scores))
    apart = scores[here].mean(axis=0) - scores[there].mean(axis=0)
    return pd.DataFrame(
        {
            "measure": [name for name, _ in measured.names],
            "unit": [unit for _, unit in measured.names],
            "n": len(here),
            "n_against": len(there),
            "value": one,
            "value_against": other,
            "difference": one - other,
            "low": np.where(unsure, np.nan, low),
            "high": np.where(unsure, np.nan, high),
            "effect": np.where(spread > 1e-12, apart / np.where(spread > 1e-12, spread, 1.0), np.nan),
        }
    )


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    frame["is_found"] = frame["p_adjusted"] < _LEVEL
    size = -frame["effect"].abs().fillna(0.0).round(9)
    order = np.lexsort((frame["group"], frame["measure"], size, frame["p_adjusted"].fillna(2.0)))
    columns = [
        "measure", "unit", "group", "against", "n", "n_against", "value", "value_against", "difference", "low", "high",
        "effect", "p", "p_adjusted", "is_found",
    ]  # fmt: skip
    return frame[columns].iloc[order].reset_index(drop=True)
