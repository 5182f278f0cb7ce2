"""What goes with deviations: whose journeys deviate more, tested by customers, corrected, and held against others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from mining._errors import MiningError
from mining._progress import follow
from mining._statistics import SMALLEST_CELL, false_discovery_rate
from mining.journeys import Journeys
from mining.journeys.groups import customer_of, group_of, period_of

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design.deviations import Deviations

__all__ = ["Behind", "find_behind"]

_ALPHA: Final = 0.05
_DRAWS: Final = 999
_MOST_DRAWS: Final = 9_999
_MOST_GROUPS: Final = 12
_WORK: Final = 200_000_000  # numbers that may be drawn over before the number of draws is cut down
Marks = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Behind:
    """Which groups of journeys deviate more, and where no difference was found. What goes together is no cause.

    Attributes
    ----------
    frame : DataFrame
        One row per factor and deviation that was tested, found ones first: factor, group (the one that stands out
        most), stage, step, deviation, n_journeys (of the group, with the deviation), of_journeys (of the group, in
        which the step was due), share, n_rest, of_rest, share_rest, difference (share - share_rest), low, high (95 %,
        customers as units, widened for the choice of the group), p_value (customers permuted), q_value (Benjamini and
        Hochberg over all rows), is_found (q_value below .05), reversed_by (factors within whose groups the difference
        has the other sign; empty where there is none).
    n_draws : int
        How often groups were dealt out by chance.
    """

    frame: pd.DataFrame
    n_draws: int

    @property
    def found(self) -> pd.DataFrame:
        """The rows whose difference is more than chance."""
        return self.frame[self.frame["is_found"]].reset_index(drop=True)

    @property
    def absent(self) -> pd.DataFrame:
        """What was tested and not found."""
        return self.frame[~self.frame["is_found"]].reset_index(drop=True)

    @property
    def sentence(self) -> str:
        """What was tested, and how much of it was found."""
        factors = ", ".join(dict.fromkeys(self.frame["factor"]))
        return (
            f"{len(self.frame):,} differences were tested ({factors}), each by {self.n_draws:,} permutations of "
            f"customers; {len(self.found):,} are more than chance once all are taken into account."
        )

    def __repr__(self) -> str:
        return f"<Behind deviations: {self.sentence}>"

    def _repr_html_(self) -> str:
        shown = self.found.head(10).round(3).to_html(index=False, border=0)
        return f"<p>{escape(self.sentence)} What goes together is no cause.</p>{shown}"

    def plot(self) -> Picture:
        """Draw the differences that were found, with their intervals."""
        from mining import _draw

        told = self.found
        names = told["step"] + ": " + told["deviation"] + " (" + told["factor"] + " " + told["group"] + ")"
        bars = told.assign(name=names, n=told["of_journeys"])
        title = "Who deviates more"
        return _draw.draw_bars(
            bars, "name", "difference", low="low", high="high", unit="%", title=title, note=self.sentence
        )


@dataclass(frozen=True, eq=False)
class _Cases:
    """Per journey and deviation: whether it was due and whether it happened; and whose journey it is."""

    due: Marks  # journeys x deviations
    happened: Marks
    customer: Integers
    rows: pd.DataFrame  # stage, step, deviation


def find_behind(
    gaps: Deviations, by: str | Sequence[str] | Mapping[str, Any] | None = None, *, random_state: int = 0
) -> Behind:
    """Test which groups of journeys deviate more than the rest.

    Parameters
    ----------
    gaps : Deviations
        What `compare` found.
    by : str, sequence of str, or mapping, optional
        Factors: fields or attributes of journeys, or names with a Series or personas each. Without it: the quarter a
        journey starts in, and every attribute of customers, accounts and deals with two to twelve values.
    random_state : int
        Another number deals groups out in another way.

    Returns
    -------
    Behind
        Deviations of under five journeys are not tested.

    Raises
    ------
    MiningError
        Where no factor parts the journeys into two groups or more.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate.
    Winkler, A. M. et al. (2014). Permutation inference for the general linear model. Customers as exchangeable blocks.
    """
    factors = _factors(gaps.compared, by)
    if not factors:
        raise MiningError.empty("The search", "no field or attribute parts these journeys into two groups or more.")
    cases = _cases(gaps)
    n_tests = max(cases.due.shape[1] * len(factors), 1)
    random = np.random.default_rng(random_state)
    n_customers = int(cases.customer.max(initial=0)) + 1
    wanted = min(max(_DRAWS, 20 * n_tests), _MOST_DRAWS)
    n_draws = max(min(wanted, _WORK // max(n_customers * max(cases.due.shape[1], 1), 1)), 199)
    parts = [
        _tested(cases, name, factor, random=random, n_draws=n_draws)
        for name, factor in follow(factors.items(), "factors", len(factors))
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame["q_value"] = false_discovery_rate(frame["p_value"])
    frame["is_found"] = frame["q_value"] < _ALPHA
    frame["reversed_by"] = _reversals(cases, factors, frame)
    order = ["is_found", "q_value", "difference", "factor", "stage", "step", "deviation"]
    frame = frame.sort_values(order, ascending=[False, True, False, True, True, True, True], kind="stable")
    return Behind(frame.drop(columns="row").reset_index(drop=True), n_draws)


_Factor = tuple[list[str], Integers]


def _factors(journeys: Journeys, by: str | Sequence[str] | Mapping[str, Any] | None) -> dict[str, _Factor]:
    if isinstance(by, Mapping):
        asked: dict[str, Any] = dict(by)
    elif by is not None:
        asked = {name: name for name in ([by] if isinstance(by, str) else by)}
    else:
        quarters = period_of(journeys.log, "quarter").set_axis(journeys.log.journey_index)
        asked = {"quarter": quarters} | {name: name for name in _attributes(journeys)}
    found = {name: group_of(journeys, given) for name, given in asked.items()}
    most = np.inf if by is not None else _MOST_GROUPS
    return {name: (words, group) for name, (words, group) in found.items() if 2 <= len(words) <= most}


def _attributes(journeys: Journeys) -> list[str]:
    objects = journeys.touchpoints.objects
    kinds = ("customer", "account", "deal")
    names = dict.fromkeys(str(name) for kind in kinds for name in objects.get(kind, pd.DataFrame()) if name != "n_ids")
    held = {name: journeys.attribute(name).astype("str").nunique() for name in names}
    return [name for name, n in held.items() if 2 <= n <= _MOST_GROUPS]


def _cases(gaps: Deviations) -> _Cases:
    rows = gaps.frame[(gaps.frame["deviation"] != "as designed") & (gaps.frame["n_journeys"] >= SMALLEST_CELL)]
    due, happened = gaps.happened(rows)
    told = rows[["stage", "step", "deviation"]].reset_index(drop=True)
    return _Cases(due, happened, customer_of(gaps.compared.log), told)


def _tested(cases: _Cases, name: str, factor: _Factor, *, random: np.random.Generator, n_draws: int) -> pd.DataFrame:
    words, group = factor
    inside = group >= 0
    due, happened = cases.due[inside], cases.happened[inside]
    customer = np.unique(cases.customer[inside], return_inverse=True)[1]
    member = np.eye(len(words))[group[inside]]
    share = happened.sum(axis=0) / np.maximum(due.sum(axis=0), 1)
    residual = np.where(due, happened - share, 0.0)
    statistic = _spread(member.T @ residual, member.T @ due)
    more = np.ones(due.shape[1])
    for drawn in _deals(member, residual, due, customer, random=random, n_draws=n_draws):
        more += drawn >= statistic - 1e-9
    return _rows(cases, name, words, (member, due, happened, customer)).assign(p_value=more / (n_draws + 1))


def _spread(total: Shares, n: Shares) -> Shares:
    """How far groups lie from the share of all: sum over groups of squared residual sums by size."""
    return np.asarray((total**2 / np.maximum(n, 1)).sum(axis=0), float)


def _deals(
    member: Shares, residual: Shares, due: Marks, customer: Integers, *, random: np.random.Generator, n_draws: int
) -> Any:
    """Deal groups out to customers by chance, again and again, and yield the spread that comes of it.

    Where all journeys of a customer are in one group, customers swap groups. Where they are not (periods, channels),
    what a customer deviates from the share of all changes its sign as a whole instead.
    """
    n = int(customer.max(initial=-1)) + 1
    first = np.unique(customer, return_index=True)[1]
    if (member == member[first][customer]).all():
        by_customer = np.zeros((n, residual.shape[1]))
        np.add.at(by_customer, customer, residual)
        times = np.zeros((n, residual.shape[1]))
        np.add.at(times, customer, due.astype(float))
        own = member[first].T
        for _ in range(n_draws):
            dealt = random.permutation(n)
            yield _spread(own @ by_customer[dealt], own @ times[dealt])
        return
    sizes = member.T @ due
    cell = np.zeros((len(member.T), n, residual.shape[1]))
    np.add.at(cell, (member.argmax(axis=1), customer), residual)
    for _ in range(n_draws):
        yield _spread(np.tensordot(random.choice([-1.0, 1.0], n), cell, (0, 1)), sizes)


def _rows(cases: _Cases, name: str, words: list[str], parts: tuple[Shares, Marks, Marks, Integers]) -> pd.DataFrame:
    """Lay out, for each deviation, the group that stands out most against the rest."""
    member, due, happened, customer = parts
    z = norm.ppf(1 - _ALPHA / (2 * (len(words) if len(words) > 2 else 1)))
    found = [_difference(member[:, place] > 0, due, happened, customer) for place in range(len(words))]
    n_due, n_happened = member.T @ due, member.T @ happened
    # Judged as if all groups were alike: a small group that happens to show nothing has no spread of its own.
    expected = n_due * (happened.sum(axis=0) / np.maximum(due.sum(axis=0), 1))
    room = n_due * (1 - n_due / np.maximum(due.sum(axis=0), 1))
    strength = np.abs(n_happened - expected) / np.sqrt(np.where(room > 0, room, np.inf))
    best = strength.argmax(axis=0)
    column = np.arange(due.shape[1])
    difference, error = (np.array([each[part] for each in found])[best, column] for part in (0, 1))
    of, n = n_due[best, column], n_happened[best, column]
    of_rest, n_rest = due.sum(axis=0) - of, happened.sum(axis=0) - n
    return pd.DataFrame(
        {
            "factor": name,
            "group": np.array(words, dtype=object)[best],
            "row": column,
            "stage": cases.rows["stage"],
            "step": cases.rows["step"],
            "deviation": cases.rows["deviation"],
            "n_journeys": n.astype(np.int64),
            "of_journeys": of.astype(np.int64),
            "share": n / np.where(of > 0, of, np.nan),
            "n_rest": n_rest.astype(np.int64),
            "of_rest": of_rest.astype(np.int64),
            "share_rest": n_rest / np.where(of_rest > 0, of_rest, np.nan),
            "difference": difference,
            "low": np.maximum(difference - z * error, -1),
            "high": np.minimum(difference + z * error, 1),
        }
    ).astype({"factor": "str", "group": "str"})


def _difference(inside: Marks, due: Marks, happened: Marks, customer: Integers) -> tuple[Shares, Shares]:
    """Compare a group's shares with the rest's; the error is that of sums over customers (linearised)."""
    n_customers = int(customer.max(initial=-1)) + 1
    influence = np.zeros((n_customers, due.shape[1]))
    shares, least = [], np.zeros(due.shape[1])
    for marks, sign in ((inside, 1.0), (~inside, -1.0)):
        there = due & marks[:, None]
        n = np.maximum(there.sum(axis=0), 1)
        share = (happened & there).sum(axis=0) / n
        np.add.at(influence, customer, sign * np.where(there, happened - share, 0.0) / n)
        shares.append(np.where(there.any(axis=0), share, np.nan))
        # A share of nought or all shows no spread: as if two more of four had been otherwise (Agresti, Coull).
        softened = (share * n + 2) / (n + 4)
        least += np.where((share == 0) | (share == 1), softened * (1 - softened) / (n + 4), 0.0)
    total = shares[0] - shares[1]
    several = n_customers / max(n_customers - 1, 1)
    error = np.sqrt((influence**2).sum(axis=0) * several + least)
    return np.nan_to_num(total), error


def _reversals(cases: _Cases, factors: dict[str, _Factor], frame: pd.DataFrame) -> list[str]:
    """Name the other factors within whose groups a found difference turns round (Simpson's paradox)."""
    told = []
    for row in frame.to_dict("records"):
        words, group = factors[str(row["factor"])]
        turned = []
        for name, other in factors.items() if row["is_found"] else ():
            if name == row["factor"]:
                continue
            within = _within(cases, int(row["row"]), group == words.index(str(row["group"])), other)
            if within * float(row["difference"]) < 0:
                turned.append(name)
        told.append(", ".join(turned))
    return told


def _within(cases: _Cases, column: int, inside: Marks, other: _Factor) -> float:
    """Average the difference over strata, each weighted by what it can tell (Mantel and Haenszel's weights)."""
    due, happened = cases.due[:, column], cases.happened[:, column]
    stratum, n = other[1], len(other[0])
    counts = []
    for marks in (inside, ~inside):
        there = due & marks & (stratum >= 0)
        counts.append((np.bincount(stratum[there], minlength=n), np.bincount(stratum[there & happened], minlength=n)))
    (n_in, hit_in), (n_out, hit_out) = counts
    weight = n_in * n_out / np.maximum(n_in + n_out, 1)
    difference = hit_in / np.maximum(n_in, 1) - hit_out / np.maximum(n_out, 1)
    return float((weight * difference).sum() / max(weight.sum(), 1e-12))
