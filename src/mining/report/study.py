"""A study: every question asked of one export, each answered once, the unanswerable ones said so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeVar

from mining._errors import MiningError
from mining.design import Design, Deviations, compare, read_design
from mining.discovery import Discovery, discover
from mining.journeys import Journeys
from mining.maps import LANES, JourneyMap, PainPoints, find_pain_points, map_journey
from mining.personas import Personas
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

__all__ = ["Study"]

T = TypeVar("T")


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
        return self._asked("map", lambda: map_journey(self.journeys, self.design, lanes=LANES))

    @cached_property
    def pains(self) -> PainPoints | None:
        """Where it hurts, ranked."""
        return self._asked("pains", lambda: find_pain_points(self.journeys, self.design, slas=self.slas))

    def results(self) -> Iterator[tuple[str, object]]:
        """Answer every question in the order of the page, skipping the unanswered.

        Yields
        ------
        section : str
            Name of the section.
        result : object
            The result.
        """
        yield "quality", self.touchpoints
        for section, attribute in (
            ("map", "grid"),
            ("pains", "pains"),
            ("flow", "discovery"),
            ("deviations", "deviations"),
            ("slas", "slas"),
            ("waits", "waits"),
            ("people", "people"),
            ("channels", "channels"),
            ("personas", "personas"),
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
