"""Discover: what customers really do, as a map, as paths, as a model and with the model's quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from mining._alignments import AlignmentLimit, align
from mining._errors import MiningError
from mining.discovery.choice import Candidates, find_candidates
from mining.discovery.flow import Flow, busiest_step, find_flow
from mining.discovery.model import Model, find_model
from mining.discovery.orders import count_orders, count_rework
from mining.discovery.playing import find_earth_mover
from mining.discovery.quality import find_quality
from mining.discovery.representatives import Representatives, find_representatives
from mining.discovery.rules import Rules, find_rules
from mining.discovery.skeleton import Skeleton, find_skeleton
from mining.discovery.spoken import listing, spoken_hours
from mining.discovery.stochastic import find_stochastic
from mining.discovery.tempo import TemporalProfile, find_tempo
from mining.discovery.variants import Variants, counted_paths, find_variants
from mining.journeys import Journeys
from mining.journeys.in_place import JourneysInPlace

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Discovery", "discover"]

_THRESHOLDS: Final = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, eq=False, repr=False)
class Discovery:
    """What customers really do. Each part is computed when it is first asked for.

    Attributes
    ----------
    journeys : Journeys or JourneysInPlace
        What was looked at.
    noise_threshold : float, "auto" or None
        How rare a succession must be, as a share of the most frequent one, to be left out of the model; None takes the
        lowest of 0.2, 0.4, 0.6 and 0.8 that gives a model small enough to be measured exactly, "auto" the best of
        `candidates`.
    lanes : str, mapping or None
        What the map's lanes stand for, as asked.
    """

    journeys: Journeys | JourneysInPlace
    noise_threshold: float | Literal["auto"] | None = None
    lanes: str | Mapping[str, str] | None = None

    def __repr__(self) -> str:
        return (
            f"<Discovery of {self.n_journeys:,} journeys: {len(self.flow.nodes)} activities, "
            f"{len(self.flow.frame)} steps, {len(self.variants):,} distinct paths>"
        )

    @property
    def n_journeys(self) -> int:
        """How many journeys."""
        return len(self.journeys)

    @cached_property
    def flow(self) -> Flow:
        """Activities, steps and waits."""
        return find_flow(self.journeys, self.lanes)

    @cached_property
    def variants(self) -> Variants:
        """Distinct paths, most frequent first."""
        return find_variants(self.journeys)

    @cached_property
    def _mined(self) -> tuple[float, Model]:
        paths = counted_paths(self.journeys)
        asked = self.candidates.noise_threshold if self.noise_threshold == "auto" else self.noise_threshold
        if asked is not None:
            return asked, find_model(paths, asked)
        for threshold in _THRESHOLDS:
            model = find_model(paths, threshold)
            if _is_measurable(model):
                return threshold, model
        return _THRESHOLDS[0], find_model(paths, _THRESHOLDS[0])

    @property
    def model(self) -> Model:
        """The process model behind the paths."""
        return self._mined[1]

    @cached_property
    def candidates(self) -> Candidates:
        """Models of several miners and thresholds, measured alike on journeys held out, and which one to believe."""
        return find_candidates(self._in_memory("Candidate models"))

    @cached_property
    def quality(self) -> pd.DataFrame:
        """How good the model is, beside the flower and the trace model: see `mining.discovery.quality.find_quality`."""
        journeys = self._in_memory("The quality of a model")
        threshold, model = self._mined
        return find_quality(journeys, threshold, model.net)

    @cached_property
    def stochastic(self) -> pd.DataFrame:
        """How many bits the model needs to tell a journey: see `mining.discovery.stochastic.find_stochastic`."""
        journeys = self._in_memory("How likely a model makes journeys")
        return find_stochastic(journeys, self._mined[0])

    @cached_property
    def earth_mover(self) -> pd.DataFrame:
        """How far what the model makes up is from what was seen: see `mining.discovery.playing.find_earth_mover`."""
        return find_earth_mover(self._in_memory("What a model makes up beside the paths"), self.model.net)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """What comes sooner or later after what: see `mining.discovery.orders.count_orders`."""
        return count_orders(self._in_memory("What comes later"))

    @cached_property
    def rework(self) -> pd.DataFrame:
        """What is done again, at once or there and back: see `mining.discovery.orders.count_rework`."""
        return count_rework(self._in_memory("What is done again"))

    @cached_property
    def rules(self) -> Rules:
        """Rules that nearly all journeys keep: see `mining.discovery.rules.find_rules`."""
        return find_rules(self._in_memory("Rules"))

    @cached_property
    def representatives(self) -> Representatives:
        """Five real journeys that stand for all: see `mining.discovery.representatives.find_representatives`."""
        return find_representatives(self._in_memory("Journeys that stand for the others"))

    @cached_property
    def skeleton(self) -> Skeleton:
        """What holds between every two activities: see `mining.discovery.skeleton.find_skeleton`."""
        return find_skeleton(self._in_memory("The log skeleton"))

    @cached_property
    def temporal_profile(self) -> TemporalProfile:
        """How long after each activity each other one comes: see `mining.discovery.tempo.find_tempo`."""
        return find_tempo(self._in_memory("A temporal profile"))

    def _in_memory(self, what: str) -> Journeys:
        if isinstance(self.journeys, JourneysInPlace):
            raise MiningError.refused(
                f"{what} of journeys in place",
                "cannot be measured there, for customers are held out one by one: measure it on a sample in memory.",
            )
        return self.journeys

    @property
    def frame(self) -> pd.DataFrame:
        """The steps of the flow."""
        return self.flow.frame

    @property
    def sentences(self) -> list[str]:
        """What stands out, in words."""
        portraits = self.journeys.portraits()
        length = float(portraits["n_touchpoints"].median())
        lasting = 24 * float(portraits["duration_days"].median())
        open_ends = int(self.flow.nodes["n_unfinished"].sum())
        sentences = [
            self.variants.sentence,
            f"Half of them have {length:g} touchpoints or fewer and take {spoken_hours(lasting)} or less.",
            busiest_step(self.flow),
            f"{listing(open_ends, 'journey')} may still be running." if open_ends else "",
        ]
        return [sentence for sentence in sentences if sentence]

    def plot(self) -> Picture:
        """Draw the flow."""
        return self.flow.plot()

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences)
        return f"<div>{self.flow._repr_html_()}<ul>{said}</ul></div>"


def _is_measurable(model: Model) -> bool:
    try:
        align(model.net, [()])
    except AlignmentLimit:
        return False
    return True


def discover(
    journeys: Journeys | JourneysInPlace,
    *,
    noise_threshold: float | Literal["auto"] | None = None,
    lanes: str | Mapping[str, str] | None = None,
) -> Discovery:
    """Discover what customers really do: the map, the paths, the process model and how good it is.

    Order within a journey is by time, then by the source's own order. Journeys that may still be running are counted as
    they stand; the flow tells them apart where they end. The flow and the paths rest on all journeys, the model leaves
    rare successions out.

    Parameters
    ----------
    journeys : Journeys or JourneysInPlace
        At least one. Of journeys in place, flow, variants and model are found from what their engine counts; their
        lanes are given or none, and the model's quality is not measured.
    noise_threshold : float or "auto", optional
        From 0 (the model keeps everything) to below 1: in the parts of the process that cannot be taken apart as they
        are, successions rarer than this share of the most frequent one after the same activity are left out. By default
        the lowest of 0.2, 0.4, 0.6 and 0.8 that gives a model small enough to be measured exactly; "auto" takes the
        one that explains journeys held out best without allowing too much, as `Discovery.candidates` tells.
    lanes : str or mapping, optional
        What the lanes of the map stand for: stage, department, channel, team, actor_kind, or activity to lane. By
        default the stage where most touchpoints have one, else the department.

    Returns
    -------
    Discovery
        With `flow`, `variants`, `model`, `quality`, `candidates`, `stochastic` and `earth_mover`.

    Raises
    ------
    MiningError
        Without journeys, for a threshold out of range or for lanes that do not exist.

    References
    ----------
    van der Aalst, W. M. P. (2016). Process Mining: Data Science in Action.

    Examples
    --------
    `journeys` are those of the example company (`mining.examples`).

    >>> mining.discover(journeys)
    <Discovery of 552 journeys: 38 activities, 102 steps, 537 distinct paths>
    """
    if not len(journeys):
        raise MiningError.empty("A discovery", "there are no journeys. Narrow them less.")
    if isinstance(noise_threshold, str):
        if noise_threshold != "auto":
            raise MiningError.unknown("noise threshold", noise_threshold, ["auto"])
    elif noise_threshold is not None and not 0 <= noise_threshold < 1:
        raise MiningError.refused(
            f"A noise threshold of {noise_threshold}", 'makes no sense: give 0 up to below 1, or "auto".'
        )
    found = Discovery(journeys, noise_threshold, lanes)
    _ = found.flow  # a wrong lane is told now, not when the map is drawn
    return found
