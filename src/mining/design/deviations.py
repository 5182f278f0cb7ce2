"""How journeys differ from a design: the answer of `compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import CodedLog
from mining._statistics import SMALLEST_CELL
from mining.design.design import Design
from mining.design.findings import DEVIATIONS, Kind
from mining.design.tables import Found, verdict_table
from mining.journeys import Journeys

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design.behind import Behind
    from mining.design.contrast import Contrast
    from mining.design.repair import Repairs
    from mining.design.story import Story

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
        - `wrong actor`: it happened in its place, but another kind of actor, department or team did it;
        - `late`: it came later than promised, or is overdue in a journey that may still be running;
        - `added`: an activity the design does not have; `stage` says how far the journey had come.

        `of_journeys` counts the journeys in which the step was due or happened; for `wrong channel` and `wrong actor`
        those in which that could be judged; for `late` those with a wait that ended, or is overdue; for `added` all.
    journeys : DataFrame
        One row per journey, index journey_id: verdict, unfinished, cost (moves that only the journey or only the design
        makes, of the cheapest alignment; of an unfinished journey as a beginning), and how many steps, touchpoints or
        waits were as designed (n_as_designed) or deviate (n_skipped, n_not_reached, n_out_of_order, n_repeated,
        n_wrong_channel, n_wrong_actor, n_late, n_added).
    drop_off : DataFrame
        One row per stage: stage, n_entered (journeys with any of its activities), n_onward (of these, with an activity
        of a later stage), n_running (not onward, may still go on), n_stopped (not onward, for good), of_journeys
        (n_entered without n_running), share_stopped, share_low, share_high, may_stop (all later stages are optional).
    design : Design
        What was compared with.
    log : CodedLog
        The journeys without what the design ignores.
    compared : Journeys
        The journeys.
    found : Found
        Everything found, journey by journey, as numbers.
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
    compared: Journeys = field(repr=False)
    found: Found = field(repr=False)
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

    @cached_property
    def instead(self) -> pd.DataFrame:
        """Tell in which channel wrong channels were, and who wrong actors were.

        Returns
        -------
        DataFrame
            step, deviation (wrong channel, wrong actor), instead (channel, or kind of actor), n_journeys, of_journeys
            (those with the step in a wrong channel, or by a wrong actor; a journey can have several), share (0..1).
        """
        told = self.found.instead
        step = np.array([step.name for step in self.design.steps], object)[told["step"].to_numpy(np.int64)]
        frame = told.assign(step=step, instead=told["instead"].astype("str"), deviation=told["deviation"].astype("str"))
        n = self.frame.set_index(["step", "deviation"])["n_journeys"]
        frame["of_journeys"] = n.reindex(pd.MultiIndex.from_frame(frame[["step", "deviation"]])).to_numpy(np.int64)
        frame["share"] = frame["n_journeys"] / frame["of_journeys"]
        order = np.lexsort((frame["instead"], -frame["n_journeys"], told["step"], frame["deviation"]))
        return frame.astype({"step": "str"}).iloc[order].reset_index(drop=True)

    @property
    def names(self) -> list[str]:
        """Names of the deviations found, as `step: deviation`, most journeys first."""
        found = self.frame[self.frame["deviation"] != "as designed"]
        named = found.assign(name=found["step"] + ": " + found["deviation"])
        total = named.groupby("name")["n_journeys"].sum().reset_index()
        return list(total.sort_values(["n_journeys", "name"], ascending=[False, True])["name"])

    def happened(self, rows: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Tell for each journey and some rows of `frame` whether the step was due, and whether the deviation happened.

        Parameters
        ----------
        rows : DataFrame
            Of `frame`.

        Returns
        -------
        due, happened : ndarray of bool
            Journeys x rows. What was added could have been in any journey.
        """
        found, n_subjects = self.found, len(self.found.subjects)
        number = {(self.design.stages[each.stage].name, each.step): at for at, each in enumerate(found.subjects)}
        due_at = np.zeros((self.n_journeys, n_subjects), bool)
        due_at[found.journey, found.subject] = True
        due, happened = np.zeros((2, self.n_journeys, len(rows)), bool)
        for place, (stage, step, deviation) in enumerate(
            zip(rows["stage"], rows["step"], rows["deviation"], strict=True)
        ):
            subject, kind = number[stage, step], DEVIATIONS.index(deviation)
            due[:, place] = True if kind == Kind.ADDED else due_at[:, subject]
            happened[found.journey[(found.subject == subject) & (found.kind == kind)], place] = True
        return due | happened, happened

    def __repr__(self) -> str:
        told = ", ".join(
            f"{n:,} {verdict}" for verdict, n in zip(self.verdicts["verdict"], self.verdicts["n_journeys"], strict=True)
        )
        return f"<Deviations of {self.n_journeys:,} journeys by {self.case} from '{self.design.name}': {told}>"

    def _repr_html_(self) -> str:
        from mining.design.pictures import deviations_table

        return deviations_table(self)

    def behind(self, by: str | Sequence[str] | Mapping[str, Any] | None = None, *, random_state: int = 0) -> Behind:
        """Test which groups of journeys deviate more than the rest; see `mining.design.behind.find_behind`.

        Parameters
        ----------
        by : str, sequence of str, or mapping, optional
            Factors: fields or attributes of journeys, or names with a Series or personas each. Without it: the quarter
            a journey starts in, and every attribute of customers, accounts and deals with two to twelve values.
        random_state : int
            Another number deals groups out in another way.

        Returns
        -------
        Behind
            Each difference with n, interval, p-value of permuted customers and its correction for all that was tested.
        """
        from mining.design.behind import find_behind

        return find_behind(self, by, random_state=random_state)

    def against(self, other: Deviations, names: tuple[str, str] = ("first", "second")) -> Contrast:
        """Set this comparison beside another: before and after, two segments, or two designs.

        Parameters
        ----------
        other : Deviations
            The other one.
        names : tuple of str
            What to call the two.

        Returns
        -------
        Contrast
            Each deviation's shares in both, their difference with interval, tested and corrected.
        """
        from mining.design.contrast import contrast

        return contrast(self, other, names)

    @cached_property
    def costs(self) -> pd.DataFrame:
        """What deviations go with: days, and money where touchpoints name it; see `mining.design.costs`."""
        from mining.design.costs import cost_table

        return cost_table(self)

    @cached_property
    def lacks(self) -> pd.DataFrame:
        """What one side has and the other lacks; see `mining.design.lacks`."""
        from mining.design.lacks import lack_table

        return lack_table(self)

    def story(self, journey_id: str) -> Story:
        """Tell one journey beside the design, touchpoint by touchpoint.

        Parameters
        ----------
        journey_id : str
            Of the index of `journeys`.

        Returns
        -------
        Story
            What was as designed, what was not, and what did not happen; `plot` draws it.

        Raises
        ------
        FieldError
            For a journey that was not compared.
        """
        from mining.design.story import tell_story

        return tell_story(self, journey_id)

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Steps (rows, in the order of the design) by deviations (columns): shares, missing for few journeys."""
        told = self.frame[self.frame["n_journeys"] >= SMALLEST_CELL]
        shares = told.pivot_table(index="step", columns="deviation", values="share", aggfunc="max", observed=True)
        order = list(dict.fromkeys(told["step"]))
        return shares.reindex(index=order, columns=[name for name in DEVIATIONS if name in shares.columns])

    def plot_matrix(self) -> Picture:
        """Draw `matrix`: what goes how at each step."""
        from mining import _draw

        note = f"Share of the journeys in which it could be; cells of under {SMALLEST_CELL} journeys are empty."
        return _draw.draw_heatmap(self.matrix, title="Deviations by step", unit="%", note=note)

    def repair(self, n: int = 5) -> Repairs:
        """Find the few changes to the design after which most journeys conform.

        Parameters
        ----------
        n : int
            How many changes at most.

        Returns
        -------
        Repairs
            The changes in order, each with its gain, and the design that has them all.
        """
        from mining.design.repair import find_repairs

        return find_repairs(self, n)

    def plot(self) -> Picture:
        """Draw the design with the paths really taken: planned, unplanned, and planned but never taken."""
        from mining.design.pictures import draw_deviations

        return draw_deviations(self)

    def plot_rates(self) -> Picture:
        """Draw the share of journeys with each deviation and its interval, leaving out those of under 5 journeys."""
        from mining.design.pictures import draw_rates

        return draw_rates(self)
