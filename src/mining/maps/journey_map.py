"""The journey map: stages across, lanes down, every cell with its n, its interval and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from mining._errors import MiningError
from mining._files import write_table, write_whole
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.journeys.groups import group_of
from mining.maps.differences import COLUMNS, differences_of
from mining.maps.lanes import LANES as _LANES
from mining.maps.lanes import Scene, table_of
from mining.maps.notes import Notes, read_notes
from mining.timing.stages import Staged, stage_touchpoints

if TYPE_CHECKING:
    from mining._draw import Fragment, GridCell, GridLine, Picture
    from mining.design import Design

__all__ = ["DEFAULT_LANES", "LANES", "JourneyMap", "map_journey"]

LANES: Final = tuple(_LANES)
DEFAULT_LANES: Final = ("customers do", "channels", "waits", "outcome")
MASKED: Final = f"fewer than {SMALLEST_CELL}"
_SHOWN: Final = 4
_COLUMNS: Final = ["persona", "stage", "lane", "item", "value", "unit", "n", "low", "high", "mark"]


_SPOKEN_LANES: Final = ("waits", "people met", "outcome", "feeling")  # their items are words of ours, not the data's


@dataclass(frozen=True, eq=False)
class JourneyMap:
    """A journey map for everybody or one per persona; see `map_journey`."""

    frame: pd.DataFrame
    personas: tuple[str, ...]
    stages: tuple[str, ...]
    lanes: tuple[str, ...]
    stage_mark: str
    n_journeys: int
    n_customers: dict[str, int]
    silent: tuple[str, ...] = ()
    differences: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))

    def __repr__(self) -> str:
        whose = "" if self.personas == ("all",) else f" for each of {len(self.personas)} personas"
        return (
            f"<JourneyMap of {self.n_journeys:,} journeys: {len(self.stages)} stages ({self.stage_mark}) by "
            f"{len(self.lanes)} lanes{whose}>"
        )

    def renamed(self, words: Mapping[str, str]) -> JourneyMap:
        """Say the lanes, and what is ours in their cells, in other words; names from the data stay as they are.

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
        return replace(self, frame=frame, lanes=lanes, silent=silent)

    def without_silent_lanes(self) -> JourneyMap:
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

    def plot(self, persona: str | None = None) -> Fragment:
        """Draw the map of one persona (by default the first) as a grid that can be read, copied and read aloud.

        Raises
        ------
        MiningError
            For a persona that is not on the map.
        """
        from mining._draw import draw_grid

        cells, title, note = self._drawn(persona)
        return draw_grid(self.stages, self.lanes, cells, title=title, note=note)

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

    def _drawn(self, persona: str | None) -> tuple[dict[tuple[str, str], GridCell], str, str]:
        from mining._draw import GridCell

        chosen = self._chosen(persona)
        own = self.frame[self.frame["persona"] == chosen]
        found = self._found(chosen)
        cells = {
            (str(lane), str(stage)): GridCell(_lines(rows, found))
            for (lane, stage), rows in own.groupby(["lane", "stage"])
        }
        whose = "all customers" if chosen == "all" else chosen
        note = f"{self.n_customers[chosen]:,} customers; stages are {self.stage_mark}."
        note += " ▲ ▼: more or fewer than in all other groups, tested." if found else ""
        note += f" Nothing is recorded of: {', '.join(self.silent)}." if self.silent else ""
        return cells, f"Journey map: {whose}", note

    def _repr_html_(self) -> str:
        return "".join(self.plot(persona)._repr_html_() for persona in self.personas)


def map_journey(
    journeys: Journeys,
    design: Design | None = None,
    *,
    by: Any = None,
    stages: Mapping[str, Sequence[str]] | None = None,
    lanes: Sequence[str] = DEFAULT_LANES,
    notes: Path | str | Notes | None = None,
) -> JourneyMap:
    """Draw the journey map out of what happened.

    Every cell is computed from the touchpoints of the stage and says whether it was measured, inferred or typed by a
    person. Stages come from `stages`, else from the design, else from the log's own field, else they are learned
    from what follows what (`mining.timing.learn_stages`), which is a proposal. Shares and medians come with 95 %
    intervals by customers; journeys that may still be running are left out of `outcome`. Cells that rest on, or show,
    fewer than five are masked.

    Parameters
    ----------
    journeys : Journeys
        What to map.
    design : Design, optional
        Its stages, owners and promises.
    by : str, Series or personas, optional
        One map for each: a field, an attribute, a Series per journey or customer, or fitted personas.
    stages : mapping of str to sequence of str, optional
        Stages of your own in order, each with its activities.
    lanes : sequence of str
        Rows of the map, in order: customers do, we do, channels, waits, people met, outcome, feeling, sla, objections
        (reasons of those lost or complaining), systems (which of them knows), opportunities (candidates), owner.
    notes : path or mapping, optional
        Lanes of your own, shown as typed below the others: lane to stage to text, as YAML, or as a CSV table with the
        columns lane, stage and text.

    Returns
    -------
    JourneyMap
        ``.frame``: persona ("all" where none are asked for), stage, lane, item, value, unit (share of customers, share
        of contacts, hours, people per journey, per journey, share of journeys, score 0 to 1, share kept, owner, share
        of touchpoints, text), n (what the value is a share, median or mean of; 0 where masked), low, high (95 %, NaN
        where there is none), mark (measured, inferred or typed). A masked line's item is ``"fewer than 5"``, its value
        NaN. ``.differences``: with several groups, what was tested between each and all others, and what differs; that
        bears ▲ or ▼ on the map.

    Raises
    ------
    MiningError
        For an unknown lane, stages that hold nothing of the log, or notes on a stage that there is not.

    References
    ----------
    Wilson, E. B. (1927), shares; Woodruff, R. S. (1952), medians; Kaplan, E. L., Meier, P. (1958), promises.

    Examples
    --------
    `journeys` and `design` are those of the example company (`mining.examples`).

    >>> mining.map_journey(journeys, design, lanes=["customers do", "feeling"])
    <JourneyMap of 552 journeys: 6 stages (typed) by 2 lanes>
    """
    for lane in lanes:
        if lane not in _LANES:
            raise MiningError.unknown("lane", lane, _LANES)
    staged = stage_touchpoints(journeys, design, stages)
    names, group = group_of(journeys, by)
    typed = read_notes(notes, staged.names, tuple(_LANES))
    nothing = {"value": np.nan, "unit": "text", "n": 0, "low": np.nan, "high": np.nan, "mark": "typed"}
    rows: list[dict[str, Any]] = []
    customers = {}
    for number, name in enumerate(names):
        scene = _scene(journeys, staged, design, group == number)
        customers[name] = scene.journeys.n_customers
        rows += [{"persona": name, **row} for lane in lanes for row in table_of(scene, lane)]
        rows += [{"persona": name, **row, **nothing} for row in typed]
    frame = pd.DataFrame(rows, columns=_COLUMNS).astype({"item": "str", "unit": "str", "mark": "str"})
    shown = frozenset({"share of customers", "share of contacts", "share of journeys", "share kept"})
    everybody = Scene(journeys, staged, design)
    apart = differences_of(everybody, list(names), group, by) if len(names) > 1 else pd.DataFrame(columns=COLUMNS)
    return JourneyMap(
        frame=_masked(frame, shown),
        personas=tuple(names),
        stages=staged.names,
        lanes=(*lanes, *dict.fromkeys(row["lane"] for row in typed)),
        stage_mark=staged.mark,
        n_journeys=int((group >= 0).sum()),
        n_customers=customers,
        differences=apart,
    )


def _scene(journeys: Journeys, staged: Staged, design: Design | None, chosen: Any) -> Scene:
    if chosen.all():
        return Scene(journeys, staged, design)
    of = staged.of[np.repeat(chosen, journeys.log.lengths)]
    return Scene(journeys.keep(chosen), Staged(staged.names, of, staged.mark), design)


def _masked(frame: pd.DataFrame, shares: frozenset[str]) -> pd.DataFrame:
    n = frame["n"]
    people = n * frame["value"]
    few = (n > 0) & (n < SMALLEST_CELL)
    few |= frame["unit"].isin(shares) & (people > 0) & (people.round() < SMALLEST_CELL)
    few &= frame["mark"] != "typed"
    frame = frame.copy()
    # An owner that few touchpoints point to is nobody's secret, but it is no evidence either.
    frame.loc[few, "item"] = MASKED
    frame.loc[few, ["value", "low", "high"]] = np.nan
    frame.loc[few, "n"] = 0
    kept = ~(few & frame.duplicated(["persona", "stage", "lane", "item"]))
    return frame[kept].reset_index(drop=True)


def _lines(rows: pd.DataFrame, found: Mapping[tuple[str, str], str]) -> list[GridLine]:
    from mining._draw import GridLine

    ordered = rows.sort_values("value", ascending=False, kind="stable") if rows["lane"].iloc[0] == "channels" else rows
    return [
        GridLine(
            " ".join(filter(None, [_said(row), found.get((row["stage"], row["item"]), "")])),
            row["n"] or None,
            row["mark"] if row["n"] or row["unit"] == "text" else "",
        )
        for row in ordered.head(_SHOWN).to_dict("records")
    ]


def _written(line: GridLine) -> str:
    people = f" (n = {line.n:,.0f})" if line.n else ""
    return f"{line.text}{people}{f', {line.mark}' if line.mark else ''}"


def _said(row: dict[Any, Any]) -> str:
    value, low, high = row["value"], row["low"], row["high"]
    if np.isnan(value):
        return str(row["item"])
    bounded = not (np.isnan(low) or np.isnan(high))
    if str(row["unit"]).startswith("share"):
        span = f" ({100 * low:.0f}-{100 * high:.0f})" if bounded else ""
        return f"{row['item']} {100 * value:.0f} %{span}"
    if row["unit"] == "hours":
        span = f" ({span_said(low)} to {span_said(high)})" if bounded else ""
        return f"{row['item']} {span_said(value)}{span}"
    span = f" ({low:.2g} to {high:.2g})" if bounded else ""
    return f"{row['item']} {value:.2g}{span}"


def span_said(hours: float) -> str:
    """Say a span in the unit people would use.

    Examples
    --------
    >>> span_said(0.5), span_said(30), span_said(100)
    ('30 min', '30 h', '4.2 days')
    """
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.1f} days"
