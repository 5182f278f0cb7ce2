"""What a journey map holds: its lines, in our words or others, and the touchpoints behind each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from mining._errors import MiningError
from mining.maps.behind import Records, listed, refused
from mining.maps.differences import COLUMNS
from mining.maps.grounds import GROUNDS
from mining.maps.phrases import MASKED

__all__ = ["ToldMap", "counted_lines"]

_OURS: Final = {
    *GROUNDS, "between touchpoints", "to the next stage", "hand-offs", "go on", "end here", "no data", "satisfaction",
    MASKED,
}  # fmt: skip
_SPOKEN_LANES: Final = ("waits", "people met", "outcome", "feeling")  # their items are words of ours, not the data's


@dataclass(frozen=True, eq=False, repr=False)
class ToldMap:
    """The lines of a journey map; see `map_journey`."""

    frame: pd.DataFrame
    personas: tuple[str, ...]
    stages: tuple[str, ...]
    lanes: tuple[str, ...]
    stage_mark: str
    n_journeys: int
    n_customers: dict[str, int]
    silent: tuple[str, ...] = ()
    differences: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    exposure: pd.DataFrame | None = None
    records: Records | None = None
    ideal: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        # What is kept or copied is the map; the log it was drawn from stays where it is.
        return {**self.__dict__, "records": None}

    def __repr__(self) -> str:
        whose = "" if self.personas == ("all",) else f" for each of {len(self.personas)} personas"
        return (
            f"<JourneyMap of {self.n_journeys:,} journeys: {len(self.stages)} stages ({self.stage_mark}) by "
            f"{len(self.lanes)} lanes{whose}>"
        )

    def renamed(self, words: Mapping[str, str]) -> Self:
        """Say the lanes, and what is ours in and around their cells, in other words; names from the data stay.

        Parameters
        ----------
        words : mapping of str to str
            From our word to another; what is not in it stays.

        Returns
        -------
        JourneyMap
            The same numbers.
        """
        ours = self.frame["lane"].isin(_SPOKEN_LANES) | (self.frame["item"] == MASKED)
        item = self.frame["item"].where(~ours, self.frame["item"].replace(dict(words)))
        frame = self.frame.assign(item=item, lane=self.frame["lane"].replace(dict(words)))
        lanes, silent = (tuple(words.get(lane, lane) for lane in given) for given in (self.lanes, self.silent))
        return replace(self, frame=frame, lanes=lanes, silent=silent, words={**self.words, **words})

    def without_silent_lanes(self) -> Self:
        """Leave out the lanes that have nothing to say of any stage; which ones, the map says below its title.

        Returns
        -------
        JourneyMap
        """
        told = self.frame[(self.frame["n"] > 0) | (self.frame["unit"] == "text") | (self.frame["item"] == MASKED)]
        kept = tuple(lane for lane in self.lanes if lane in set(told["lane"]))
        silent = tuple(lane for lane in self.lanes if lane not in kept)
        frame = self.frame[self.frame["lane"].isin(kept)].reset_index(drop=True)
        return replace(self, frame=frame, lanes=kept, silent=(*self.silent, *silent))

    def behind(self, stage: str, lane: str, item: str | None = None, persona: str | None = None) -> pd.DataFrame:
        """List the touchpoints that a cell was counted from, each line's own, without saying whose they are.

        Parameters
        ----------
        stage, lane : str
            Which cell.
        item : str, optional
            Which of its lines; all of them, where not given.
        persona : str, optional
            On whose map, by default the first.

        Returns
        -------
        DataFrame
            One row per line and touchpoint, journey by journey in time: item; unit (number of what the line counts: a
            customer, journey, wait, contact or touchpoint; there are as many as its n); value (what was measured of
            that unit: 1 or 0 where the line is a share, else hours, people, hand-offs or the score; NaN where it is
            not known or not measured); journey, customer (pseudonyms: the ids that `journeys` have, where these are
            pseudonyms); month; activity, channel, team, actor_kind (what fewer than five of the customers have is
            masked); wait_hours (until the journey's next touchpoint, NaN at its end); source, source_table,
            source_file, source_row (from 1; of a log opened as columns its own row). A wait stands at the touchpoint
            it follows, a promise at the touchpoint it runs from.

        Raises
        ------
        MiningError
            For a cell or line that the map has not, one of fewer than five customers, one that people wrote, and on a
            map that was kept without its journeys.

        Examples
        --------
        `journeys` and `design` are those of the example company (`mining.examples`).

        >>> grid = mining.map_journey(journeys, design)
        >>> waits = grid.behind("Purchase", "waits", "to the next stage")
        >>> len(waits), f"{waits['value'].median() / 24:.1f} days"
        (322, '3.0 days')
        """
        number = self.personas.index(self._chosen(persona))
        told = self._told(stage, lane, item, persona)
        if self.records is None:
            raise MiningError.refused("This map was kept without its journeys:", "draw it again with `map_journey`.")
        at = self.stages.index(stage)
        return listed(
            self.records.scene(number), str(told["ours"].iloc[0]), at, {str(ours): at for ours in told["our_item"]}
        )

    def _told(self, stage: str, lane: str, item: str | None, persona: str | None) -> pd.DataFrame:
        """Find the lines of a cell that say something."""
        if stage not in self.stages:
            raise MiningError.unknown("stage", stage, self.stages)
        lane = self.words.get(lane, lane)
        if lane not in self.lanes:
            raise MiningError.unknown("lane", lane, self.lanes)
        own = self._own(self._chosen(persona))
        cell = own[(own["stage"] == stage) & (own["lane"] == lane)]
        if len(cell) and (cell["unit"] == "text").all():
            raise MiningError.refused(f"The lane '{lane}' was written by people:", "no touchpoint is behind it.")
        told = counted_lines(cell)
        is_masked = (cell["our_item"] == MASKED).any()
        if item is not None:
            item = self.words.get(item, item) if item not in set(told["item"]) else item
            if item not in set(told["item"]) and not (is_masked and item == self.words.get(MASKED, MASKED)):
                raise MiningError.unknown("line", item, told["item"])
            told = told[told["item"] == item]
        if told.empty:
            raise refused() if is_masked else MiningError.empty(f"'{lane}' of '{stage}'", "nothing is recorded there.")
        return told

    def _own(self, persona: str) -> pd.DataFrame:
        """Find the lines of one group, with the lane and item in our own words."""
        own = self.frame[self.frame["persona"] == persona]
        back = {spoken: ours for ours, spoken in self.words.items() if ours in _OURS}
        ours = own["lane"].map(lambda lane: back.get(lane, lane))
        is_ours = ours.isin(_SPOKEN_LANES) | (own["item"] == self.words.get(MASKED, MASKED))
        items = own["item"].where(~is_ours, own["item"].map(lambda item: back.get(item, item)))
        return own.assign(ours=ours, our_item=items)

    def _chosen(self, persona: str | None) -> str:
        chosen = self.personas[0] if persona is None else persona
        if chosen not in self.personas:
            raise MiningError.unknown("persona", chosen, self.personas)
        return chosen

    def _found(self, persona: str) -> dict[tuple[str, str], str]:
        """Mark what was tested and differs: stage and item to a sign."""
        told = self.differences[self.differences["is_found"].astype(bool) & (self.differences["persona"] == persona)]
        signs = np.where(told["difference"] > 0, "▲", "▼")
        return dict(zip(zip(told["stage"], told["item"], strict=True), map(str, signs), strict=True))


def counted_lines(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the lines that something was counted for."""
    return rows[(rows["n"] > 0) & (rows["unit"] != "text")]
