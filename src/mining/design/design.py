"""Designed journeys: what the company means to happen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mining._alignments import Net
from mining._errors import DesignError
from mining.design.compiled import compile_net
from mining.design.matching import check_table, match_table, read_matches
from mining.design.narrowing import narrowed, relabelled
from mining.design.records import Stage, Step
from mining.design.writing import save_design
from mining.journeys import Journeys

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Design"]


@dataclass(frozen=True)
class Design:
    """A designed journey: stages in order, each with the steps that are meant to happen in it.

    Made by `read_design`.

    Attributes
    ----------
    name : str
        What to call it.
    stages : tuple of Stage
        In order.
    case : str
        What tells the journeys it speaks of apart.
    ignore : tuple of str
        Activities it does not speak of: they are neither planned nor unplanned.
    drawn : Net or None
        The net of a design that was drawn (BPMN, PNML, process tree) or declared by rules; what may follow what is then
        its, and not the stages'.
    others_ignored : bool
        Whether all activities that it does not name are ignored, and not only those of `ignore`.
    """

    name: str
    stages: tuple[Stage, ...]
    case: str = "customer"
    ignore: tuple[str, ...] = ()
    drawn: Net | None = None
    others_ignored: bool = False

    def __repr__(self) -> str:
        return f"<Design '{self.name}' by {self.case}: {len(self.stages)} stages, {len(self.steps)} steps>"

    def _repr_html_(self) -> str:
        from mining.design.pictures import design_table

        return design_table(self)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in the order of the design."""
        return tuple(step for stage in self.stages for step in stage.steps)

    @cached_property
    def activities(self) -> tuple[str, ...]:
        """Every activity the design speaks of, steps and what may happen instead of them, in its order."""
        return tuple(word for step in self.steps for word in step.activities)

    @cached_property
    def stage_of(self) -> dict[str, str]:
        """The stage of each activity."""
        return {word: stage.name for stage in self.stages for step in stage.steps for word in step.activities}

    @cached_property
    def step_of(self) -> dict[str, str]:
        """The step of each activity: its own, or the one it may happen instead of."""
        return {word: step.name for step in self.steps for word in step.activities}

    @cached_property
    def personas(self) -> tuple[str, ...]:
        """The personas that a stage or step is meant for alone, in the order of the design."""
        told = [(*stage.personas, *(word for step in stage.steps for word in step.personas)) for stage in self.stages]
        return tuple(dict.fromkeys(word for words in told for word in words))

    def ignored(self, activities: Iterable[str]) -> list[str]:
        """Give those of some activities that the design passes over.

        Parameters
        ----------
        activities : iterable of str
            Of some journeys.

        Returns
        -------
        list of str
            Those it ignores by name, and all it does not name where it ignores all others.
        """
        named = set(self.activities)
        return [word for word in activities if word in self.ignore or (self.others_ignored and word not in named)]

    @cached_property
    def net(self) -> Net:
        """The design as a Petri net: as it was drawn, else stages one after the other, alternatives as a choice."""
        return compile_net(self.stages) if self.drawn is None else self.drawn

    @property
    def frame(self) -> pd.DataFrame:
        """Lay the design out as a table.

        Returns
        -------
        DataFrame
            One row per step: stage, step, owner, instead and channels (comma-separated, empty for none or any), actor,
            optional, repeatable, stage_optional, stage_repeatable, order (given or any), within_hours (missing where
            nothing is promised), after (the step it counts from), personas (comma-separated, empty for everybody).
        """
        rows = [
            {
                "stage": stage.name,
                "step": step.name,
                "owner": stage.owner_of(step),
                "instead": ", ".join(step.instead),
                "channels": ", ".join(step.channels),
                "actor": step.actor,
                "optional": step.optional,
                "repeatable": step.repeatable,
                "stage_optional": stage.optional,
                "stage_repeatable": stage.repeatable,
                "order": stage.order,
                "within_hours": float("nan") if step.within is None else step.within / pd.Timedelta(hours=1),
                "after": step.after,
                "personas": ", ".join(step.personas or stage.personas),
            }
            for stage in self.stages
            for step in stage.steps
        ]
        texts = ("stage", "step", "owner", "instead", "channels", "actor", "order", "after", "personas")
        return pd.DataFrame(rows).astype(dict.fromkeys(texts, "str"))

    def plot(self) -> Picture:
        """Draw the design, stages as lanes."""
        from mining.design.pictures import draw_design

        return draw_design(self)

    def check(self, journeys: Journeys) -> pd.DataFrame:
        """Lay the design's words beside those of the journeys; nothing is guessed, what is near is only suggested.

        Parameters
        ----------
        journeys : Journeys
            What it will be compared with.

        Returns
        -------
        DataFrame
            activity, role (step, instead, ignored or not in the design), stage, step, n_touchpoints, n_journeys (0 for
            words that no journey uses), nearest (for a word without counterpart: the closest one on the other side that
            has none either). The design's words come first, in its order, then the others, most frequent first.
        """
        return check_table(self, journeys)

    def match(self, journeys: Journeys) -> pd.DataFrame:
        """Suggest, for each word of the design, the activity of the journeys that may mean the same.

        Nothing is taken over: look the table through, change or empty what is wrong in its column ``activity``, and
        hand it to `relabel`. Words are likened by what they say: "submit request" and "Request SUBMITTED by EMPLOYEE"
        share two words. Each activity is suggested once.

        Parameters
        ----------
        journeys : Journeys
            What the design will be compared with.

        Returns
        -------
        DataFrame
            One row per word of the design, in its order: label, stage, match (same, suggested or none), activity
            (missing for none), score (0 to 1; 1 where the word is the same), n_journeys (that have the activity),
            others (the next nearest, between bars).

        References
        ----------
        Dijkman, R., Dumas, M., van Dongen, B., Kaarik, R., Mendling, J. (2011). Similarity of business process models:
        metrics and evaluation.
        """
        return match_table(self, journeys)

    def relabel(self, matches: Mapping[str, str | Sequence[str] | None] | pd.DataFrame) -> Design:
        """Give words of the design the names that the journeys have for them.

        Parameters
        ----------
        matches : mapping or DataFrame
            Label to activity, or to several that do equally well; or a table with columns label and activity, as
            `match` makes it. Labels that it leaves out keep their name. None takes a word out that nothing records,
            such as a *Start* drawn as a task: what lay on both sides of it then follows at once.

        Returns
        -------
        Design

        Raises
        ------
        DesignError
            For a label that the design has not, where two steps would bear one name, or nothing is left.
        """
        return relabelled(self, read_matches(self, matches))

    def of(self, persona: str) -> Design:
        """Narrow the design to what is meant for one persona: steps and stages for others are left out.

        Parameters
        ----------
        persona : str
            As the design names it.

        Returns
        -------
        Design
            In which nothing is meant for some personas only.

        Raises
        ------
        DesignError
            For a persona that the design does not name.
        """
        if persona not in self.personas:
            raise DesignError.unknown("persona of the design", persona, list(self.personas))
        return narrowed(self, persona)

    def save(self, path: Path | str) -> Path:
        """Write the design as a file that `read_design` reads again, whole or not at all.

        Parameters
        ----------
        path : path
            Ends in ``.yaml``; ``.csv`` (stages and steps alone: no case notion, nothing ignored); ``.bpmn`` (what may
            follow what, with owners as lanes); or ``.pnml`` (what may follow what). A design that was drawn or
            declared is written as ``.pnml``.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        DesignError
            For another ending, or one that cannot hold this design.
        """
        return save_design(self, path)
