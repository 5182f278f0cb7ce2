"""Designed journeys: what the company means to happen."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from mining._alignments import AlignmentLimit, Net, StateGraph, explore
from mining._engine import ends
from mining._errors import DesignError, MappingError, nearest
from mining.design.compiled import compile_net
from mining.design.grammar import build_stages, read_case, read_ignored, read_top
from mining.design.grids import is_happy_path, read_grid, read_happy_path
from mining.design.net_files import Drawn, read_drawn
from mining.design.records import Stage, Step
from mining.journeys import Journeys
from mining.sources.mappings.strict_yaml import read_yaml

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Design", "read_design"]

_DRAWN: Final = {".bpmn", ".pnml", ".xml"}


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
        The net of a design that was drawn as one (BPMN, PNML); what may follow what is then its, and not the stages'.
    """

    name: str
    stages: tuple[Stage, ...]
    case: str = "customer"
    ignore: tuple[str, ...] = ()
    drawn: Net | None = None

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
            nothing is promised), after (the step it counts from).
        """
        rows = [
            {
                "stage": stage.name,
                "step": step.name,
                "owner": stage.owner,
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
            }
            for stage in self.stages
            for step in stage.steps
        ]
        texts = ("stage", "step", "owner", "instead", "channels", "actor", "order", "after")
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
        seen = ends(journeys.log).set_index("activity")[["n_touchpoints", "n_journeys"]]
        roles = dict.fromkeys(self.activities, "instead") | {step.name: "step" for step in self.steps}
        roles |= dict.fromkeys(self.ignore, "ignored")
        strangers = seen[~seen.index.isin(list(roles))].sort_values("n_touchpoints", ascending=False, kind="stable")
        unused = [word for word in roles if word not in seen.index]
        words = [*roles, *map(str, strangers.index)]
        near = {word: _closest(word, list(strangers.index)) for word in unused}
        near |= {str(word): _closest(str(word), unused) for word in strangers.index}
        frame = pd.DataFrame(
            {
                "activity": words,
                "role": [roles.get(word, "not in the design") for word in words],
                "stage": [self.stage_of.get(word) for word in words],
                "step": [self.step_of.get(word) for word in words],
                "n_touchpoints": seen["n_touchpoints"].reindex(words, fill_value=0).to_numpy(),
                "n_journeys": seen["n_journeys"].reindex(words, fill_value=0).to_numpy(),
                "nearest": [near.get(word) for word in words],
            }
        )
        return frame.astype(dict.fromkeys(("activity", "role", "stage", "step", "nearest"), "str"))


def read_design(source: str | Path | Mapping[str, Any]) -> Design:
    """Read a designed journey.

    Every value of the file is read as the text that stands there; keys that stand twice, unknown keys, steps named
    twice and spans without a unit are refused.

    Parameters
    ----------
    source : path, mapping or path in one line
        A YAML file, or its content as a dict; a table (``.csv``, ``.xlsx``) with one row per step, or with stages
        across and lanes down, as journey-map tools export it; or a happy path in one line: steps after one another,
        ``[...]`` may be left out, ``*`` may happen again, ``|`` stands between alternatives; or a diagram
        (``.bpmn``, ``.pnml``, ``.xml``): tasks are steps, lanes their owners.

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        Saying what is wrong and what could be meant.

    Examples
    --------
    >>> design = read_design({"stages": [{"stage": "Purchase", "steps": ["Offer", {"step": "Won", "within": "5D"}]}]})
    >>> design
    <Design 'Designed journey' by customer: 1 stages, 2 steps>
    >>> read_design("Offer > [Reminder] > Won | Lost").activities
    ('Offer', 'Reminder', 'Won', 'Lost')
    >>> design.frame[["stage", "step", "within_hours", "after"]]
          stage   step  within_hours  after
    0  Purchase  Offer           NaN    NaN
    1  Purchase    Won         120.0  Offer
    """
    if isinstance(source, str | Path) and Path(source).suffix.lower() in _DRAWN and Path(source).is_file():
        return drawn_design(read_drawn(Path(source)))
    top = read_top(source if isinstance(source, Mapping) else _told(source))
    stages = build_stages(top)
    name = top.get("name") or "Designed journey"
    if not isinstance(name, str):
        raise DesignError(f"The design says {name!r} for 'name'. Write one word or sentence.")
    return Design(name=name, stages=stages, case=read_case(top), ignore=read_ignored(top, stages))


def drawn_design(drawn: Drawn) -> Design:
    """Make a design of a net: one stage, its steps in the order in which they can first happen.

    Parameters
    ----------
    drawn : Drawn
        What was read.

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        Where the net cannot end, can grow without end, or has no label.
    """
    try:
        graph = explore(drawn.net)
    except AlignmentLimit as error:
        raise DesignError(f"The design '{drawn.name}' cannot be used: {error}") from error
    if not graph.labels:
        raise DesignError(f"The design '{drawn.name}' has no named step.")
    stuck = (graph.distance[:, graph.final] >= graph.far).sum()
    if stuck and not drawn.has_inclusive:
        raise DesignError(f"The design '{drawn.name}' has {stuck} dead ends: from there it cannot end.")
    steps = sorted((_first_place(graph, label), label) for label in graph.labels)
    made = [
        Step(label, optional=_can_be_left(graph, label), repeatable=_can_come_again(graph, label)) for _, label in steps
    ]
    owners = {drawn.lanes.get(step.name, "") for step in made}
    owner = owners.pop() if len(owners) == 1 else ""
    return Design(name=drawn.name, stages=(Stage(drawn.name, tuple(made), owner=owner or None),), drawn=drawn.net)


def _first_place(graph: StateGraph, label: str) -> int:
    return min(int(graph.distance[0, edge.source]) for edge in graph.edges if edge.label == label)


def _can_come_again(graph: StateGraph, label: str) -> bool:
    sources = [edge.source for edge in graph.edges if edge.label == label]
    targets = [edge.target for edge in graph.edges if edge.label == label]
    return bool((graph.distance[np.ix_(targets, sources)] < graph.far).any())


def _can_be_left(graph: StateGraph, label: str) -> bool:
    onward: dict[int, set[int]] = {}
    for edge in graph.edges:
        if edge.label != label:
            onward.setdefault(edge.source, set()).add(edge.target)
    seen, waiting = {0}, [0]
    while waiting:
        for state in onward.get(waiting.pop(), set()) - seen:
            seen.add(state)
            waiting.append(state)
    return graph.final in seen


def _told(source: str | Path) -> object:
    if isinstance(source, str) and is_happy_path(source):
        return read_happy_path(source)
    path = Path(source)
    if path.suffix.lower() in {".csv", ".xlsx"} and path.is_file():
        return read_grid(path)
    return _document(path)


def _document(path: Path) -> object:
    if not path.is_file():
        beside = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
        raise DesignError(f"There is no file '{path}' to read a design from.{nearest(path.name, beside)}")
    try:
        return read_yaml(path.read_text("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise DesignError(f"'{path.name}' is not written in UTF-8. Save it as UTF-8.") from error
    except MappingError as error:
        raise DesignError(str(error)) from error


def _closest(word: str, known: list[str]) -> str | None:
    folded = {name.casefold(): name for name in reversed(known)}
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None
