"""Stages as a proposal: looked through, renamed, moved about, and kept as a design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL, wilson
from mining.design.design import Design
from mining.design.records import Stage, Step

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Stages"]

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Stages:
    """Stages that were learned from a log, to be looked through and edited; see `learn_stages`.

    Attributes
    ----------
    stages : dict of str to list of str
        Each stage, in order, with its activities, in the order in which they come. `map_journey` and `measure_stays`
        take it as ``stages=``.
    tried : DataFrame
        One row per number of stages: n_stages, score (see `learn_stages`; on cases it was not learned from), n_forward
        and n_backward (journeys that begin before and end behind the weakest cut between two stages, and the other
        way), worth (what the score of all cases would lose at the least were two neighbours one stage; missing for one
        stage), forward_share (0 to 1, of both) with low and high (Wilson, 95 %), is_chosen. Empty for one activity.
    case : str
        What tells journeys apart.
    """

    stages: dict[str, list[str]]
    tried: pd.DataFrame
    case: str
    _activities: pd.DataFrame
    _follows: pd.DataFrame

    def __repr__(self) -> str:
        ways = self.steps.set_index("direction")["share"]
        told = ", ".join(f"{share:.0%} {way}" for way, share in ways.items()) if ways.notna().all() else "no steps"
        return f"<Stages: {len(self.stages)} of {len(self._activities):,} activities; {told} (inferred)>"

    @property
    def frame(self) -> pd.DataFrame:
        """Lay the stages out as a table.

        Returns
        -------
        DataFrame
            One row per activity, stages in order and activities in the order in which they come: stage, activity,
            n_touchpoints, n_journeys, median_place (0 to 1, of its touchpoints in their journeys) with low and high
            (95 %, by customers), n_steps (from it to another activity), stay_share (of them, to one of its own stage)
            with stay_low and stay_high (Wilson, 95 %). Counts of activities of fewer than five journeys are 0 and their
            figures missing.
        """
        stage_of = self._stage_of()
        frame = self._activities.assign(stage=self._activities["activity"].map(stage_of))
        order = pd.Series({word: at for at, word in enumerate(stage_of)}, dtype="int64")
        frame = frame.iloc[np.argsort(frame["activity"].map(order).to_numpy(), kind="stable")].reset_index(drop=True)
        stays = self._follows["activity"].map(stage_of) == self._follows["next_activity"].map(stage_of)
        each = self._follows.assign(n_stays=self._follows["n_steps"].where(stays, 0)).groupby("activity")
        counted = each[["n_steps", "n_stays"]].sum().reindex(frame["activity"]).fillna(0)
        n, k = counted["n_steps"].to_numpy(np.int64), counted["n_stays"].to_numpy(np.int64)
        low, high = wilson(k, n)
        figures = ["median_place", "low", "high", "stay_share", "stay_low", "stay_high"]
        frame = frame.assign(n_steps=n, stay_share=k / np.where(n > 0, n, np.nan), stay_low=low, stay_high=high)
        few = frame["n_journeys"] < SMALLEST_CELL
        frame.loc[few, ["n_touchpoints", "n_journeys", "n_steps"]] = 0
        frame.loc[few, figures] = np.nan
        return frame[["stage", *(name for name in frame.columns if name != "stage")]].astype({"stage": "str"})

    @property
    def steps(self) -> pd.DataFrame:
        """Say how steps go: within a stage, forward to a later one, or backward.

        Returns
        -------
        DataFrame
            One row each: direction, n_steps (from one activity to another), of_steps, share (0 to 1; missing where
            there are none) with low and high (Wilson, 95 %).
        """
        here, there = self._ends()
        n = self._follows["n_steps"].to_numpy(np.int64)
        ways = {"within": here == there, "forward": here < there, "backward": here > there}
        counts, total = np.array([n[way].sum() for way in ways.values()], np.int64), int(n.sum())
        low, high = wilson(counts, total)
        share = counts / total if total else np.full(3, np.nan)
        return pd.DataFrame(
            {"direction": list(ways), "n_steps": counts, "of_steps": total, "share": share, "low": low, "high": high}
        ).astype({"direction": "str"})

    def rename(self, names: Mapping[str, str]) -> Stages:
        """Give stages names of your own.

        Parameters
        ----------
        names : mapping of str to str
            From the name a stage has to its new one; two stages that get one name become one, at the place of the
            first.

        Returns
        -------
        Stages

        Raises
        ------
        MiningError
            For a stage that there is not.
        """
        for name in names:
            if name not in self.stages:
                raise MiningError.unknown("stage", name, self.stages)
        renamed: dict[str, list[str]] = {}
        for stage, words in self.stages.items():
            renamed.setdefault(names.get(stage, stage), []).extend(words)
        return replace(self, stages=renamed)

    def move(self, activity: str, stage: str) -> Stages:
        """Put an activity in another stage, as its last; a stage that is left without any is gone.

        Parameters
        ----------
        activity : str
            Which.
        stage : str
            Where it belongs.

        Returns
        -------
        Stages

        Raises
        ------
        MiningError
            For an activity or a stage that there is not.
        """
        if activity not in self._stage_of():
            raise MiningError.unknown("activity", activity, self._stage_of())
        if stage not in self.stages:
            raise MiningError.unknown("stage", stage, self.stages)
        left = {name: [word for word in words if word != activity] for name, words in self.stages.items()}
        left[stage].append(activity)
        return replace(self, stages={name: words for name, words in left.items() if words})

    def to_design(self, name: str = "Learned stages") -> Design:
        """Make a design of the stages, to be tightened by hand: each step optional, in any order and number.

        Parameters
        ----------
        name : str
            What to call it.

        Returns
        -------
        Design
        """
        # A stage that may be done again allows any order; side by side, all steps would have to be kept track of.
        made = (
            Stage(stage, tuple(Step(word, optional=True) for word in words), repeatable=True)
            for stage, words in self.stages.items()
        )
        return Design(name, tuple(made), case=self.case)

    def save(self, path: Path | str) -> Path:
        """Write the stages as the skeleton of a design, which `read_design` reads: edit the file and map with it.

        Parameters
        ----------
        path : path
            Ends in ``.yml`` or ``.yaml``, or any other ending that `Design.save` takes.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        DesignError
            For another ending.
        """
        return self.to_design().save(path)

    def plot(self) -> Picture:
        """Draw where steps go from each stage."""
        from mining._draw import draw_heatmap

        names, (here, there) = list(self.stages), self._ends()
        counts = np.zeros((len(names), len(names)))
        np.add.at(counts, (here, there), self._follows["n_steps"].to_numpy(float))
        total = counts.sum(axis=1, keepdims=True)
        shares = np.where(total >= SMALLEST_CELL, counts / np.maximum(total, 1), np.nan)
        heads = [f"{name} (n = {int(n):,})" for name, n in zip(names, total[:, 0], strict=True)]
        return draw_heatmap(
            pd.DataFrame(shares, heads, names),
            title="Where steps go between stages",
            unit="%",
            note="From stage (row) to stage (column), share of the row's steps; repeats at once are left out.",
        )

    def _stage_of(self) -> dict[str, str]:
        return {word: stage for stage, words in self.stages.items() for word in words}

    def _ends(self) -> tuple[Integers, Integers]:
        number = {word: at for at, words in enumerate(self.stages.values()) for word in words}
        return _numbered(self._follows["activity"], number), _numbered(self._follows["next_activity"], number)

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=40)


def _numbered(words: pd.Series[str], number: Mapping[str, int]) -> Integers:
    return np.asarray([number[word] for word in words], np.int64)
