"""How journeys differ from a design: the answer of `compare`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from mining._engine import CodedLog
from mining.design.design import Design
from mining.design.tables import verdict_table

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Deviations"]


@dataclass(frozen=True, eq=False, repr=False)
class Deviations:
    """What customers do beside what was designed.

    Made by `mining.design.compare`.

    Attributes
    ----------
    frame : DataFrame
        One row per stage, step and deviation that occurs, in the order of the design: stage, step, deviation,
        n_journeys, n_customers, of_journeys, share (0..1), share_low, share_high (Wilson, 95 %). The deviation is

        - `as designed`: the step happened in its place and nothing below was found about it;
        - `skipped`: a required step is missing, and the journey went past it;
        - `not reached`: a required step is missing because the journey stopped for good before it;
        - `out of order`: the step happened, but not in its place;
        - `repeated`: it happened again where the design does not have it again;
        - `wrong channel`: it happened in its place in a channel that is not among the allowed;
        - `late`: it came later than promised, or is overdue in a journey that may still be running;
        - `added`: an activity the design does not have; `stage` says how far the journey had come.

        `of_journeys` counts the journeys in which the step was due or happened; for `wrong channel` those in which the
        channel could be judged; for `late` those with a wait that ended, or is overdue; for `added` all.
    journeys : DataFrame
        One row per journey, index journey_id: verdict, unfinished, cost (moves that only the journey or only the design
        makes, of the cheapest alignment; of an unfinished journey as a beginning), and how many steps, touchpoints or
        waits were as designed (n_as_designed) or deviate (n_skipped, n_not_reached, n_out_of_order, n_repeated,
        n_wrong_channel, n_late, n_added).
    drop_off : DataFrame
        One row per stage: stage, n_entered (journeys with any of its activities), n_onward (of these, with an activity
        of a later stage), n_running (not onward, may still go on), n_stopped (not onward, for good), of_journeys
        (n_entered without n_running), share_stopped, share_low, share_high, may_stop (all later stages are optional).
    design : Design
        What was compared with.
    log : CodedLog
        The journeys without what the design ignores.
    case : str
        What tells the journeys apart.
    n_customers : int
        Distinct customers in all journeys.
    """

    frame: pd.DataFrame
    journeys: pd.DataFrame
    drop_off: pd.DataFrame
    design: Design
    log: CodedLog = field(repr=False)
    case: str = "customer"
    n_customers: int = 0

    @property
    def n_journeys(self) -> int:
        """How many journeys were compared."""
        return len(self.journeys)

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Count the verdicts.

        Returns
        -------
        DataFrame
            verdict, n_journeys, of_journeys, share, share_low, share_high (Wilson, 95 %). `deviating`: something was
            done otherwise than designed; `left early`: all of it as designed, but it stopped for good before the end;
            `still running`: as designed so far, and the design goes on; `conforming`: the rest.
        """
        return verdict_table(self.journeys)

    @property
    def names(self) -> list[str]:
        """Names of the deviations found, as `step: deviation`, most journeys first."""
        found = self.frame[self.frame["deviation"] != "as designed"]
        named = found.assign(name=found["step"] + ": " + found["deviation"])
        total = named.groupby("name")["n_journeys"].sum().reset_index()
        return list(total.sort_values(["n_journeys", "name"], ascending=[False, True])["name"])

    def __repr__(self) -> str:
        told = ", ".join(
            f"{n:,} {verdict}" for verdict, n in zip(self.verdicts["verdict"], self.verdicts["n_journeys"], strict=True)
        )
        return f"<Deviations of {self.n_journeys:,} journeys by {self.case} from '{self.design.name}': {told}>"

    def _repr_html_(self) -> str:
        from mining.design.pictures import deviations_table

        return deviations_table(self)

    def plot(self) -> Picture:
        """Draw the design with the paths really taken: planned, unplanned, and planned but never taken."""
        from mining.design.pictures import draw_deviations

        return draw_deviations(self)

    def plot_rates(self) -> Picture:
        """Draw the share of journeys with each deviation and its interval, leaving out those of under 5 journeys."""
        from mining.design.pictures import draw_rates

        return draw_rates(self)
