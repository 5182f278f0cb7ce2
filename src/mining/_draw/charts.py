"""Charts: bars with intervals and step curves, their labels where the eye is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from mining._draw.canvas import FINE, INK, Margins, Sheet, plotting, sheet, to_picture
from mining._draw.heading import MARGIN, empty_picture
from mining._draw.ink import PALETTE
from mining._draw.picture import Picture
from mining._draw.text import clean, count, cut, wrap
from mining._draw.wording import NOTHING, SIZE, plain, require, spoken, widest, width

__all__ = ["draw_bars", "draw_curve"]

_WIDTH: Final = 760.0
_MOST_BARS: Final = 40


def draw_bars(
    frame: pd.DataFrame,
    label: str,
    value: str,
    *,
    low: str | None = None,
    high: str | None = None,
    title: str = "",
    unit: str = "",
    note: str = "",
) -> Picture:
    """Draw one horizontal bar per row, from the top, with its interval, its value and its n.

    Parameters
    ----------
    frame : DataFrame
        What to draw, in the order to draw it. A column ``n`` is written beside the value.
    label, value : str
        Columns with the names and the lengths of the bars.
    low, high : str, optional
        Columns with the ends of the intervals.
    title, note : str
        What the picture shows, and what a reader must know to read it.
    unit : str
        Unit of the values; ``"%"`` writes shares between 0 and 1 as percentages.

    Returns
    -------
    Picture
        At most forty bars; the note says when there were more.
    """
    require(frame, [label, value, low, high])
    if frame.empty:
        return empty_picture(title, note, NOTHING)
    shown = frame.head(_MOST_BARS)
    if len(frame) > len(shown):
        note = f"{note} Shows the first {len(shown)} of {len(frame)}.".strip()
    names = [wrap(cut(clean(name)), 210.0, SIZE, lines=2) for name in shown[label]]
    values = shown[value].to_numpy(dtype=float)
    ends = _ends(shown, values, low, high)
    told = [_told(number, people, unit) for number, people in zip(values, _people(shown), strict=True)]
    margins = Margins(widest(names) + MARGIN + 12, max(map(width, told)) + MARGIN + 16, 4.0, 20.0)
    with plotting():
        drawn = sheet(_WIDTH, 34.0 * len(shown) + margins.top + margins.bottom, margins)
        _bars(drawn, values, ends, names=["\n".join(lines) for lines in names], told=told)
        text = "; ".join(f"{' '.join(lines)}: {words}" for lines, words in zip(names, told, strict=True))
        return to_picture(drawn, title, note, text)


def _bars(drawn: Sheet, values: np.ndarray, ends: np.ndarray, *, names: Sequence[str], told: Sequence[str]) -> None:
    axes, places = drawn.axes, np.arange(len(values))
    axes.barh(places, np.nan_to_num(values), height=0.56, color=PALETTE[0])
    lows, highs = ends
    axes.hlines(places, lows, highs, color=INK, linewidth=1.4, alpha=0.75)
    for tips in (lows, highs):
        axes.vlines(tips, places - 0.13, places + 0.13, color=INK, linewidth=1.4, alpha=0.75)
    reach = np.nanmax(np.concatenate([np.nan_to_num(values), np.nan_to_num(highs), [0.0]]))
    axes.set_xlim(min(0.0, float(np.nanmin(np.nan_to_num(np.concatenate([values, lows]))))), float(reach) or 1.0)
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set_yticks(places, names)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    right = np.maximum(np.nan_to_num(values), np.nan_to_num(highs))
    for place, edge, words in zip(places, right, told, strict=True):
        axes.annotate(words, (max(edge, 0.0), place), (8, 0), textcoords="offset points", va="center_baseline")


def draw_curve(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    low: str | None = None,
    high: str | None = None,
    group: str | None = None,
    title: str = "",
    note: str = "",
) -> Picture:
    """Draw step curves, such as the share that is still waiting after so many days.

    Parameters
    ----------
    frame : DataFrame
        Points of the curves. They are joined in order of ``x``; a column ``n`` is written beside a curve's name
        (its largest value).
    x, y : str
        Columns; the names of the columns name the axes. Values of ``y`` between 0 and 1 are written as percentages.
    low, high : str, optional
        Columns with the ends of the intervals, drawn as bands.
    group : str, optional
        Column that tells the curves apart.
    title, note : str
        What the picture shows, and what a reader must know to read it.

    Returns
    -------
    Picture
        Curves differ in colour and in dashes, and each has its name at its end.
    """
    require(frame, [x, y, low, high, group])
    if frame.empty:
        return empty_picture(title, note, NOTHING)
    curves = _curves(frame.sort_values(x, kind="stable"), group)
    margins = Margins(78.0, max((width(name) for name, _ in curves), default=0.0) + MARGIN + 14, 10.0, 58.0)
    with plotting():
        drawn = sheet(_WIDTH, 380.0, margins)
        ends = [_curve(drawn, place, part, (x, y, low, high)) for place, (_, part) in enumerate(curves)]
        _finish_axes(drawn, frame, x, y)
        _name_ends(drawn, [name for name, _ in curves], ends)
        text = "; ".join(
            f"{name or 'The curve'} ends at {plain(end[1], share=_is_share(frame[y]))} after {end[0]:,.3g} {spoken(x)}"
            for (name, _), end in zip(curves, ends, strict=True)
        )
        return to_picture(drawn, title, note, text)


_DASHES: Final = ("solid", (0, (7, 2.5)), (0, (2, 2)), (0, (7, 2, 2, 2)))


def _curves(frame: pd.DataFrame, group: str | None) -> list[tuple[str, pd.DataFrame]]:
    if group is None:
        return [("", frame)]
    curves = []
    for name, part in frame.groupby(group, sort=True, observed=True):
        people = count(part["n"].max()) if "n" in part.columns else ""
        curves.append((cut(clean(name), 28) + (f" (n = {people})" if people else ""), part))
    return curves


def _curve(
    drawn: Sheet, place: int, part: pd.DataFrame, columns: tuple[str, str, str | None, str | None]
) -> tuple[float, float]:
    x, y, low, high = columns
    colour, dash = PALETTE[place % len(PALETTE)], _DASHES[place % len(_DASHES)]
    across = part[x].to_numpy(dtype=float)
    up = part[y].to_numpy(dtype=float)
    drawn.axes.step(across, up, where="post", color=colour, linewidth=2.2, linestyle=dash)
    if low is not None and high is not None:
        band = part[low].to_numpy(dtype=float), part[high].to_numpy(dtype=float)
        drawn.axes.fill_between(across, *band, step="post", color=colour, alpha=0.16, linewidth=0)
    return float(across[-1]), float(up[-1])


def _finish_axes(drawn: Sheet, frame: pd.DataFrame, x: str, y: str) -> None:
    axes = drawn.axes
    axes.set_xlim(min(0.0, float(frame[x].min())), float(frame[x].max()) or 1.0)
    if _is_share(frame[y]):
        axes.set_ylim(0.0, 1.02)
        axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel(spoken(x), labelpad=8)
    axes.set_ylabel(spoken(y), labelpad=8)
    axes.grid(axis="y", **FINE)
    axes.spines["left"].set_visible(False)


def _name_ends(drawn: Sheet, names: Sequence[str], ends: Sequence[tuple[float, float]]) -> None:
    """Write each curve's name at its end, moved apart where ends are close."""
    order = sorted(range(len(ends)), key=lambda index: (ends[index][1], names[index]))
    lowest = -1e9
    for index in order:
        _, wanted = drawn.axes.transData.transform(ends[index])
        lowest = max(float(wanted), lowest + 16.0)
        right = drawn.axes.transAxes.transform((1.0, 0.0))[0]
        drawn.axes.annotate(
            names[index],
            (float(right) + 8, lowest),
            xycoords="figure pixels",
            va="center_baseline",
            annotation_clip=False,
        )


def _ends(frame: pd.DataFrame, values: np.ndarray, low: str | None, high: str | None) -> np.ndarray:
    if low is None or high is None:
        return np.full((2, len(values)), np.nan)
    return np.stack([frame[low].to_numpy(dtype=float), frame[high].to_numpy(dtype=float)])


def _people(frame: pd.DataFrame) -> list[str]:
    return [count(people) for people in frame["n"]] if "n" in frame.columns else [""] * len(frame)


def _told(number: float, people: str, unit: str) -> str:
    value = plain(number, share=unit == "%")
    worded = value if unit in {"", "%"} or np.isnan(number) else f"{value} {cut(clean(unit), 16)}"
    return f"{worded}  (n = {people})" if people else worded


def _is_share(values: pd.Series) -> bool:
    return bool(values.min() >= 0 and values.max() <= 1)
