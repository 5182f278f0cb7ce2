"""A journey map as it is drawn: one group's as a grid or a picture, several side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.maps.folds import folds_of
from mining.maps.phrases import MASKED, PHRASES, line_said, said
from mining.maps.told_map import ToldMap, counted_lines

if TYPE_CHECKING:
    from mining._draw import Fragment, GridCell, GridLine, Picture

__all__ = ["DrawnMap"]

_SHOWN: Final = 4


@dataclass(frozen=True, eq=False, repr=False)
class DrawnMap(ToldMap):
    """A journey map that can be looked at; see `map_journey`."""

    def plot(self, persona: str | None = None, *, figures: Mapping[str, tuple[str, str]] | None = None) -> Fragment:
        """Draw the map of one persona (by default the first) as a grid that can be read, copied and read aloud.

        Each cell unfolds what it rests on, summed up; no script is needed for it.

        Parameters
        ----------
        persona : str, optional
            Whose.
        figures : mapping of str to (str, str), optional
            Lane to the address (``#waits``) and the name of what holds its figures, on the page that the map is for.

        Returns
        -------
        Fragment

        Raises
        ------
        MiningError
            For a persona that is not on the map.
        """
        from mining._draw import draw_grid

        chosen = self._chosen(persona)
        cells, title, note = self._drawn(chosen)
        cells = self._folded(cells, chosen)
        links = {self.words.get(lane, lane): link for lane, link in (figures or {}).items()}
        return draw_grid(self.stages, self.lanes, cells, title=title, note=note, links=links, words=self.words)

    def picture(self, persona: str | None = None) -> Picture:
        """Draw the same map as one picture, for slides: ``.picture().save("map.svg")``.

        Raises
        ------
        MiningError
            For a persona that is not on the map.
        """
        from mining._draw import draw_sheet

        cells, title, note = self._drawn(persona)
        return draw_sheet(self.stages, self.lanes, cells, title=title, note=note)

    def plot_side_by_side(self, stage: str | None = None) -> Fragment:
        """Draw the maps of all groups beside each other: a column for each, the lanes of every stage below.

        Each cell unfolds what it rests on, as those of `plot` do.

        Parameters
        ----------
        stage : str, optional
            One stage alone.

        Returns
        -------
        Fragment

        Raises
        ------
        MiningError
            For a stage that is not on the map.
        """
        from mining._draw import draw_beside

        cells, title, note = self._beside(stage)
        stages = self.stages if stage is None else (stage,)
        heads = {persona: self._head(persona) for persona in self.personas}
        kind = "persona" if self.exposure is None else "period"
        return draw_beside(heads, stages, self.lanes, cells, kind=kind, title=title, note=note, words=self.words)

    def picture_side_by_side(self, stage: str | None = None) -> Picture:
        """Draw the same as one picture, for slides.

        Parameters
        ----------
        stage : str, optional
            One stage alone.

        Returns
        -------
        Picture

        Raises
        ------
        MiningError
            For a stage that is not on the map.
        """
        from mining._draw import draw_sheet

        cells, title, note = self._beside(stage)
        spoken = {
            (f"{of}: {lane}" if stage is None else lane, whose): cell for (of, lane, whose), cell in cells.items()
        }
        rows = list(dict.fromkeys(row for row, _ in spoken))
        return draw_sheet(self.personas, rows, spoken, title=title, note=note)

    def _drawn(self, persona: str | None, stage: str | None = None) -> tuple[dict[tuple[str, str], GridCell], str, str]:
        from mining._draw import GridCell

        chosen = self._chosen(persona)
        own = self.frame[self.frame["persona"] == chosen]
        own = own if stage is None else own[own["stage"] == stage]
        found = self._found(chosen)
        cells = {
            (str(lane), str(stage)): GridCell(_lines(rows, found))
            for (lane, stage), rows in own.groupby(["lane", "stage"])
        }
        whose = said(self.words, PHRASES["everybody"]) if chosen == "all" else chosen
        mark = said(self.words, self.stage_mark)
        notes = [said(self.words, PHRASES["note"], n=self._n_said(self.n_customers[chosen]), mark=mark)]
        if chosen in self.ideal:
            values = self.ideal[chosen]
            notes += [said(self.words, PHRASES["ideal" if values else "no ideal"], values=values)]
        notes += [self._signs] if found else []
        notes += [said(self.words, PHRASES["silent"], lanes=", ".join(self.silent))] if self.silent else []
        return cells, said(self.words, PHRASES["title"], whose=whose), " ".join(notes)

    def _folded(
        self, cells: dict[tuple[str, str], GridCell], persona: str, stage: str | None = None
    ) -> dict[tuple[str, str], GridCell]:
        """Give each cell what it unfolds."""
        told = counted_lines(self._own(persona))
        named = None if self.personas == ("all",) else persona
        folds = folds_of(told, self.records, self.personas.index(persona), persona=named, words=self.words, stage=stage)
        return {place: cell._replace(fold=folds.get(place)) for place, cell in cells.items()}

    def _beside(self, stage: str | None) -> tuple[dict[tuple[str, str, str], GridCell], str, str]:
        if stage is not None and stage not in self.stages:
            raise MiningError.unknown("stage", stage, self.stages)
        drawn = {persona: self._folded(self._drawn(persona, stage)[0], persona, stage) for persona in self.personas}
        cells = {
            (of, lane, persona): drawn[persona][lane, of]
            for of in (self.stages if stage is None else (stage,))
            for lane in self.lanes
            for persona in self.personas
            if (lane, of) in drawn[persona]
        }
        title = said(self.words, PHRASES["beside"])
        signs = any(self._found(persona) for persona in self.personas)
        note = self._signs if signs else ""
        return cells, title if stage is None else f"{title}: {stage}", note

    @property
    def _signs(self) -> str:
        return said(self.words, PHRASES["signs" if self.exposure is None else "signs over time"])

    def _head(self, persona: str) -> str:
        """Say of a group how many it is, and of a period how long it was watched."""
        told = said(self.words, PHRASES["group"], n=self._n_said(self.n_customers[persona]))
        if self.exposure is None:
            return told
        row = self.exposure.set_index("persona").loc[persona].to_dict()
        running = said(self.words, MASKED) if np.isnan(row["n_running"]) else f"{row['n_running']:,.0f}"
        window = said(
            self.words,
            PHRASES["window"],
            n=said(self.words, MASKED) if np.isnan(row["n_journeys"]) else f"{row['n_journeys']:,.0f}",
            running=running,
            days=f"{row['watched_days']:,.0f}",
        )
        late = "" if row["is_compared"] else f"; {said(self.words, PHRASES['untested'])}"
        return f"{told}; {window}{late}"

    def _n_said(self, n: int) -> str:
        return f"{n:,}" if n >= SMALLEST_CELL else said(self.words, MASKED)

    def _repr_html_(self) -> str:
        return "".join(self.plot(persona)._repr_html_() for persona in self.personas)


def _lines(rows: pd.DataFrame, found: Mapping[tuple[str, str], str]) -> list[GridLine]:
    from mining._draw import GridLine

    ordered = rows.sort_values("value", ascending=False, kind="stable") if rows["lane"].iloc[0] == "channels" else rows
    return [
        GridLine(
            " ".join(filter(None, [line_said(row), found.get((row["stage"], row["item"]), "")])),
            row["n"] or None,
            row["mark"] if row["n"] or row["unit"] == "text" else "",
        )
        for row in ordered.head(_SHOWN).to_dict("records")
    ]
