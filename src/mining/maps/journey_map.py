"""The journey map: stages across, lanes down, every cell with its n, its interval and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mining._errors import MiningError
from mining._files import write_table, write_whole
from mining.maps.drawn_map import DrawnMap
from mining.maps.phrases import MASKED

if TYPE_CHECKING:
    from mining._draw import GridLine

__all__ = ["JourneyMap"]


@dataclass(frozen=True, eq=False, repr=False)
class JourneyMap(DrawnMap):
    """A journey map for everybody or one for each group of journeys; see `map_journey`."""

    def save(self, path: Path | str, persona: str | None = None) -> Path:
        """Write the map of one persona (by default the first), whole or not at all.

        Parameters
        ----------
        path : Path or str
            Ends in ``.svg`` or ``.png`` (a picture; PNG needs resvg-py), ``.html`` (a page of its own), or ``.csv`` or
            ``.xlsx``: stages across and lanes down, as journey-map tools keep them. Where the map has the lanes
            *customers do* and *we do*, `read_design` reads such a table back: their activities as steps, with the
            channels and the owner of each stage.
        persona : str, optional
            Whose.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        MiningError
            For another ending, or a persona that is not on the map.
        """
        path = Path(path)
        if path.suffix.lower() in (".svg", ".png"):
            return self.picture(persona).save(path)
        if path.suffix.lower() == ".html":
            shown = self.plot(persona)
            page = (
                '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
                f"content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>{escape(shown.title)}</title>"
                f'</head><body style="font-family:system-ui,sans-serif;margin:2em">{shown.html}</body></html>'
            )
            return write_whole(path, page.encode())
        if path.suffix.lower() not in (".csv", ".xlsx"):
            raise MiningError.refused(
                f"A journey map cannot be written as '{path.name}':",
                "end its name in .svg, .png, .html, .csv or .xlsx.",
            )
        return write_table(path, self.grid(persona))

    def grid(self, persona: str | None = None) -> pd.DataFrame:
        """Lay the map of one persona out as a table: one row per lane, one column per stage, a line per entry.

        Parameters
        ----------
        persona : str, optional
            Whose, by default the first.

        Returns
        -------
        DataFrame
            lane, then the stages. The first rows (steps, channels, owner) bear names alone, so that the table can be
            read as a design; then come the lanes in words, each entry with its interval, n and mark.

        Raises
        ------
        MiningError
            For a persona that is not on the map.
        """
        cells, _, _ = self._drawn(persona)
        own = self.frame[(self.frame["persona"] == self._chosen(persona)) & (self.frame["item"] != MASKED)]
        named = {"steps": ("customers do", "we do"), "channels": ("channels",), "owner": ("owner",)}
        rows = []
        for name, lanes in named.items():
            told = own[own["lane"].isin(lanes) & (own["n"] > 0)]
            if name == "steps":
                # A design names each step once: what happens in several stages is a step of the one where most do it.
                most = (told["value"] * told["n"]).groupby(told["item"]).transform("max")
                told = told[told["value"] * told["n"] >= most].drop_duplicates("item")
            if len(told):
                items = {stage: group["item"].drop_duplicates() for stage, group in told.groupby("stage")}
                rows.append([name, *("\n".join(items.get(stage, ())) for stage in self.stages)])
        for lane in self.lanes:
            said = [cells[lane, stage].lines if (lane, stage) in cells else () for stage in self.stages]
            rows.append([f"{lane} (in words)", *("\n".join(map(_written, lines)) for lines in said)])
        return pd.DataFrame(rows, columns=["lane", *self.stages]).astype("str")


def _written(line: GridLine) -> str:
    people = f" (n = {line.n:,.0f})" if line.n else ""
    return f"{line.text}{people}{f', {line.mark}' if line.mark else ''}"
