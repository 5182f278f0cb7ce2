"""People: through how many hands customers go, and which teams pass them to and fro."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._statistics import false_discovery_rate, median_interval, wilson
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.timing.clustering import matter_of
from mining.timing.losses import exact_p

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["People", "measure_people"]

_MET: Final = {"n_actors": "people met", "n_teams": "teams met", "n_departments": "departments met",
               "handoffs": "hand-offs between teams"}  # fmt: skip
_TESTED: Final = 20
_DRAWN: Final = 12

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class People:
    """Hand-offs, ping-pong and people met; see `measure_people`."""

    frame: pd.DataFrame
    returns: pd.DataFrame
    met: pd.DataFrame
    n_journeys: int

    def __repr__(self) -> str:
        n = int(self.frame["n_handoffs"].sum())
        return f"<People: {n:,} hand-offs between {len(self.frame)} pairs of teams in {self.n_journeys:,} journeys>"

    def plot(self) -> Picture:
        """Draw the hand-offs from team to team, of the dozen teams that hand over most."""
        from mining._draw import draw_heatmap

        both = self.frame.melt(id_vars="n_handoffs", value_vars=["team", "next_team"], value_name="name")
        busiest = both.groupby("name")["n_handoffs"].sum().sort_values(ascending=False, kind="stable").index
        shown = self.frame[self.frame[["team", "next_team"]].isin(busiest[:_DRAWN]).all(axis=1)]
        matrix = shown.pivot_table(index="team", columns="next_team", values="n_handoffs", fill_value=0)
        left = f" The {_DRAWN} busiest of {len(busiest):,} teams." if len(busiest) > _DRAWN else ""
        return draw_heatmap(matrix, title="Hand-offs", note=f"From team (row) to team (column).{left}")

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=10)


def measure_people(journeys: Journeys) -> People:
    """Measure hand-offs between teams, ping-pong between two of them, and how many people a journey meets.

    A hand-off is a touchpoint of another team than the last team known in the journey; touchpoints without a team are
    passed over. Ping-pong is a matter (ticket, deal or lead; in logs that name none, the journey) that goes from a team
    to another and back: customers whose matter did so, of all customers with a matter that both teams had. The state
    that a matter begins in says nothing there: exports write today's owner into it.
    Each pair of teams is compared with all other pairs together; where there is no other pair, nothing is tested.

    Parameters
    ----------
    journeys : Journeys
        What to measure.

    Returns
    -------
    People
        ``.frame``, most first: team, next_team, n_handoffs, n_journeys, n_customers. ``.returns``, most returned first:
        team (the one that mostly starts), other_team, n_customers (a matter with both teams), n_returned, share (0..1)
        with low and high (Wilson, 95 %), other_share (the same in all other pairs), p, p_adjusted (Fisher's exact
        test, Benjamini-Hochberg; NaN below twenty customers). ``.met``: measure, median, low, high, most (per journey).

    References
    ----------
    Wilson, E. B. (1927); Fisher, R. A. (1935); Benjamini, Y., Hochberg, Y. (1995).

    Examples
    --------
    `journeys` are those of the example company (`mining.examples`).

    >>> mining.measure_people(journeys)
    <People: 1,646 hand-offs between 18 pairs of teams in 552 journeys>
    """
    log = journeys.log
    return People(_handoffs(log), _returns(log), _met(journeys), len(journeys))


def team_runs(log: CodedLog, room: Integers, counted: npt.NDArray[np.bool_] | None = None) -> tuple[Integers, Integers]:
    """Find where a team takes over, in order of room and position, among the touchpoints counted (all by default).

    Returns
    -------
    at, room : ndarray of int
        Position of each touchpoint whose team is not the team before in its room, and that room.
    """
    known = np.flatnonzero((log.codes["team"] >= 0) & (True if counted is None else counted))
    order = known[np.lexsort((known, room[known]))]
    team, where = log.codes["team"][order], room[order]
    is_new = np.append(True, (team[1:] != team[:-1]) | (where[1:] != where[:-1]))[: len(order)]
    return order[is_new], where[is_new]


def _handoffs(log: CodedLog) -> pd.DataFrame:
    at, room = team_runs(log, log.journey_of)
    same = room[1:] == room[:-1]
    journey = room[1:][same]
    frame = pd.DataFrame(
        {
            "team": log.decoded("team", at[:-1][same]),
            "next_team": log.decoded("team", at[1:][same]),
            "journey": journey,
            "customer": customer_of(log)[journey],
        }
    ).astype({"team": "str", "next_team": "str"})
    summed = frame.groupby(["team", "next_team"], as_index=False).agg(
        n_handoffs=("journey", "size"), n_journeys=("journey", "nunique"), n_customers=("customer", "nunique")
    )
    return summed.sort_values(["n_handoffs", "team", "next_team"], ascending=[False, True, True], ignore_index=True)


def _is_evidence(log: CodedLog, matter: Integers, is_named: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Leave out the state a record begins in: exports write today's owner there, not the one it had then."""
    begins = np.zeros(log.n_touchpoints, bool)
    begins[np.unique(matter, return_index=True)[1]] = True
    # Where matters are named at all, a touchpoint without one says nothing about who had which.
    counted = is_named if is_named.any() else np.ones(log.n_touchpoints, bool)
    return np.asarray(counted & ~(begins & log.holds("touchpoint_kind", "state")))


def returned(log: CodedLog) -> pd.DataFrame:
    """List, per matter and pair of teams that had it, whether it went to and fro and who had it first.

    Returns
    -------
    DataFrame
        matter, journey, customer, one, two (team codes, one < two), is_returned, starts_with_one.
    """
    matter, is_named = matter_of(log)
    at, room = team_runs(log, matter, _is_evidence(log, matter, is_named))
    team = log.codes["team"][at].astype(np.int64)
    held = pd.DataFrame({"matter": room, "team": team, "at": at}).drop_duplicates(["matter", "team"])
    both = held.merge(held, on="matter", suffixes=("", "_two"))
    both = both[both["team"] < both["team_two"]]
    back = np.flatnonzero((team[2:] == team[:-2]) & (room[2:] == room[:-2]))
    bounced = pd.DataFrame(
        {
            "matter": room[back],
            "team": np.minimum(team[back], team[back + 1]),
            "team_two": np.maximum(team[back], team[back + 1]),
        }
    ).drop_duplicates()
    both = both.merge(bounced.assign(is_returned=True), on=["matter", "team", "team_two"], how="left")
    journey = log.journey_of[both["at"].to_numpy()]
    return pd.DataFrame(
        {
            "matter": both["matter"],
            "journey": journey,
            "customer": customer_of(log)[journey],
            "one": both["team"],
            "two": both["team_two"],
            "is_returned": both["is_returned"].notna(),
            "starts_with_one": both["at"] < both["at_two"],
        }
    )


def _returns(log: CodedLog) -> pd.DataFrame:
    rows = returned(log)
    begun = rows[rows["is_returned"]].groupby(["one", "two"])["starts_with_one"].mean()
    by_customer = rows.groupby(["one", "two", "customer"])["is_returned"].any()
    pairs = by_customer.groupby(["one", "two"]).agg(["size", "sum"])
    n, k = pairs["size"].to_numpy(np.int64), pairs["sum"].to_numpy(np.int64)
    low, high = wilson(k, n)
    rest_n, rest_k = n.sum() - n, k.sum() - k
    p = np.where((n >= _TESTED) & (rest_n >= _TESTED), exact_p(k, n, rest_k, rest_n), np.nan)
    one = log.words["team"][pairs.index.get_level_values("one").to_numpy(np.int64)]
    two = log.words["team"][pairs.index.get_level_values("two").to_numpy(np.int64)]
    first = begun.reindex(pairs.index).fillna(1.0).to_numpy(float) >= 0.5
    with np.errstate(invalid="ignore"):
        frame = pd.DataFrame(
            {
                "team": np.where(first, one, two).astype(str),
                "other_team": np.where(first, two, one).astype(str),
                "n_customers": n,
                "n_returned": k,
                "share": k / n,
                "low": low,
                "high": high,
                "other_share": rest_k / rest_n,
                "p": p,
                "p_adjusted": false_discovery_rate(p),
            }
        )
    return frame.sort_values(["n_returned", "team", "other_team"], ascending=[False, True, True], ignore_index=True)


def _met(journeys: Journeys) -> pd.DataFrame:
    portraits = journeys.portraits()
    rows = []
    for column, measure in _MET.items():
        median, low, high = median_interval(portraits[column])
        most = int(portraits[column].max())
        rows.append({"measure": measure, "median": median, "low": low, "high": high, "most": most})
    return pd.DataFrame(rows)
