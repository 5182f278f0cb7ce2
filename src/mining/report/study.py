"""A study: every question asked of one export, each answered once, the unanswerable ones said so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from mining._errors import MiningError
from mining.design import Design, Deviations, compare, read_design
from mining.discovery import Discovery, discover
from mining.journeys import Journeys
from mining.journeys.groups import group_of, is_period
from mining.maps import (
    LANES,
    Candidates,
    Engagement,
    Gains,
    JourneyMap,
    KeyProcesses,
    Leads,
    PainPoints,
    Voices,
    WorkPlan,
    find_candidates,
    find_gains,
    find_key_processes,
    find_pain_points,
    follow_leads,
    hear_customers,
    map_journey,
    measure_engagement,
)
from mining.personas import Cards, IdealByGroup, IdealCustomers, Personas, find_ideal_customers, find_ideal_each
from mining.report.config import Config
from mining.sources import Touchpoints, read_crm
from mining.timing import (
    Channels,
    People,
    Slas,
    Waits,
    check_slas,
    measure_channels,
    measure_people,
    measure_waits,
)

if TYPE_CHECKING:
    from mining.report.runs import Changes

__all__ = ["Study"]

T = TypeVar("T")
# What customers and the company can do otherwise than before; who owns what is the same in every period.
_OVER_TIME: Final = ("customers do", "we do", "channels", "waits", "people met", "outcome", "feeling", "sla")
_MOST_PERIODS: Final = 6
_WORTH: Final = 0.1  # of all journeys: a period with fewer says little beside the others


class Study:
    """The questions of this library asked of one export, in the order of the work.

    Each answer is computed when first wanted. A question that this export cannot answer (no design, too few customers)
    is `None` there and stands in `unanswered` with the reason; what cannot be read at all raises.

    Parameters
    ----------
    config : Config
        What to read and how.

    Attributes
    ----------
    unanswered : dict of str to str
        Question to reason, filled as the questions are asked.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.unanswered: dict[str, str] = {}

    @cached_property
    def touchpoints(self) -> Touchpoints:
        """What was read."""
        config = self.config
        return read_crm(
            config.exports,
            sources=list(config.sources) or None,
            identity=config.identity or "exact",  # type: ignore[arg-type]  # checked by Config
            identifiers=config.identifiers,  # type: ignore[arg-type]
            region=config.region,
            timezone=config.timezone,
        )

    @cached_property
    def journeys(self) -> Journeys:
        """The journeys under the configured case notion."""
        return self.touchpoints.by(self.config.case, gap=self.config.gap)

    @cached_property
    def design(self) -> Design | None:
        """The designed journey, where one was given."""
        return read_design(self.config.design) if self.config.design else None

    @cached_property
    def discovery(self) -> Discovery:
        """Flow, variants and model."""
        return discover(self.journeys)

    @cached_property
    def deviations(self) -> Deviations | None:
        """Designed against discovered."""
        design = self.design
        return self._asked("deviations", lambda: compare(self.journeys, design)) if design else None

    @cached_property
    def slas(self) -> Slas | None:
        """Promised times, kept and missed."""
        design = self.design
        return self._asked("slas", lambda: check_slas(self.journeys, design)) if design else None

    @cached_property
    def waits(self) -> Waits | None:
        """Where customers wait, and where waiting goes with losing them."""
        return self._asked("waits", lambda: measure_waits(self.journeys))

    @cached_property
    def people(self) -> People | None:
        """Hand-offs and the number of people met."""
        return self._asked("people", lambda: measure_people(self.journeys))

    @cached_property
    def channels(self) -> Channels | None:
        """Channel to channel."""
        return self._asked("channels", lambda: measure_channels(self.journeys))

    @cached_property
    def personas(self) -> Personas | None:
        """Groups of customers alike."""
        return self._asked("personas", lambda: Personas(random_state=0).fit(self.journeys))

    @cached_property
    def grid(self) -> JourneyMap | None:
        """The journey map."""
        who = self.ideal
        return self._asked(
            "map", lambda: map_journey(self.journeys, self.design, lanes=LANES, ideal=who).without_silent_lanes()
        )

    @cached_property
    def grids(self) -> JourneyMap | None:
        """A journey map for each persona, where there is more than one."""
        personas = self.personas
        if personas is None or personas.n_personas_ == 1:
            return None
        who = self.ideal_each
        return self._asked(
            "maps",
            lambda: map_journey(self.journeys, self.design, lanes=LANES, by=personas, ideal=who).without_silent_lanes(),
        )

    @cached_property
    def windows(self) -> JourneyMap | None:
        """A journey map for each period in which journeys begin, where there are a few periods."""
        every = _few_periods(self.journeys)
        if every is None:
            return None
        return self._asked(
            "windows",
            lambda: map_journey(self.journeys, self.design, lanes=_OVER_TIME, by=every).without_silent_lanes(),
        )

    @cached_property
    def pains(self) -> PainPoints | None:
        """Where it hurts, ranked."""
        return self._asked("pains", lambda: find_pain_points(self.journeys, self.design, slas=self.slas))

    @cached_property
    def cards(self) -> Cards | None:
        """A card for each persona, where there is more than one."""
        personas = self.personas
        if personas is None or personas.n_personas_ == 1:
            return None
        return self._asked("cards", lambda: personas.cards(self.journeys))

    @cached_property
    def ideal(self) -> IdealCustomers | None:
        """What the won are like."""
        return self._asked("ideal", lambda: find_ideal_customers(self.journeys))

    @cached_property
    def ideal_each(self) -> IdealByGroup | None:
        """What the won of each persona are like, where there is more than one and something is told of any."""
        personas = self.personas
        if self.ideal is None or personas is None or personas.n_personas_ == 1:
            return None
        return self._asked("ideal_each", lambda: find_ideal_each(self.journeys, personas))

    @cached_property
    def gains(self) -> Gains | None:
        """At which step most is won or lost."""
        return self._asked("gains", lambda: find_gains(self.journeys))

    @cached_property
    def processes(self) -> KeyProcesses | None:
        """The processes that carry what matters."""
        return self._asked("processes", lambda: find_key_processes(self.journeys, self.design))

    @cached_property
    def plan(self) -> WorkPlan | None:
        """The pain points as work, where there are any."""
        pains = self.pains
        if pains is None or pains.frame.empty:
            return None
        return self._asked("plan", lambda: pains.plan(personas=self.personas))

    @cached_property
    def candidates(self) -> Candidates | None:
        """What could be looked at for automation and improvement."""
        return self._asked("candidates", lambda: find_candidates(self.journeys, self.design))

    @cached_property
    def voices(self) -> Voices | None:
        """How customers score, and why they were lost or complain."""
        return self._asked("voices", lambda: hear_customers(self.journeys, self.design))

    @cached_property
    def engagement(self) -> Engagement | None:
        """Transactions beside other contacts, stage by stage."""
        return self._asked("engagement", lambda: measure_engagement(self.journeys, self.design))

    @cached_property
    def leads(self) -> Leads | None:
        """Leads by source, followed to won, lost and lasting."""
        return self._asked("leads", lambda: follow_leads(self.journeys))

    @cached_property
    def since(self) -> Changes | None:
        """What has changed since the run that the configuration names, if it names one."""
        from mining.report.runs import changes_since

        earlier = self.config.compare
        return None if earlier is None else self._asked("changes", lambda: changes_since(self, earlier))

    def results(self) -> Iterator[tuple[str, object]]:
        """Answer every question in the order of the page, skipping the unanswered.

        Yields
        ------
        section : str
            Name of the section.
        result : object
            The result.
        """
        if self.since is not None:
            yield "changes", self.since
        yield "quality", self.touchpoints
        for section, attribute in (
            ("map", "grid"),
            ("maps", "grids"),
            ("windows", "windows"),
            ("pains", "pains"),
            ("plan", "plan"),
            ("gains", "gains"),
            ("processes", "processes"),
            ("candidates", "candidates"),
            ("flow", "discovery"),
            ("deviations", "deviations"),
            ("slas", "slas"),
            ("waits", "waits"),
            ("people", "people"),
            ("channels", "channels"),
            ("voices", "voices"),
            ("engagement", "engagement"),
            ("leads", "leads"),
            ("personas", "personas"),
            ("cards", "cards"),
            ("ideal", "ideal"),
            ("ideal_each", "ideal_each"),
        ):
            result = getattr(self, attribute)
            if result is not None:
                yield section, result

    def _asked(self, question: str, answer: Callable[[], T]) -> T | None:
        try:
            return answer()
        except MiningError as error:
            self.unanswered[question] = str(error)
            return None


def _few_periods(journeys: Journeys) -> str | None:
    """Choose how long periods are: few enough to be read side by side, two of them or more worth it."""
    for every in ("quarter", "year", "month"):
        if is_period(journeys, every):
            n = np.bincount(group_of(journeys, every)[1])
            if len(n) <= _MOST_PERIODS and (n >= _WORTH * len(journeys)).sum() >= 2:
                return every
    return None
