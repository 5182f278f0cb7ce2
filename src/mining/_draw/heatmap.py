"""Heat maps: a matrix as shaded cells, the number in each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mining._draw.canvas import Margins, Sheet, plotting, sheet, to_picture
from mining._draw.heading import MARGIN, empty_picture
from mining._draw.picture import Picture
from mining._draw.text import clean, cut, wrap
from mining._draw.wording import NOTHING, SIZE, plain, widest

__all__ = ["draw_heatmap"]


def draw_heatmap(frame: pd.DataFrame, *, title: str = "", unit: str = "", note: str = "") -> Picture:
    """Draw a matrix as shaded cells, each with its number.

    Parameters
    ----------
    frame : DataFrame
        Numbers; the index names the rows, the columns name the columns. Missing cells stay empty, with a dash.
    title, note : str
        What the picture shows, and what a reader must know to read it.
    unit : str
        Unit of the numbers; ``"%"`` writes shares between 0 and 1 as percentages.

    Returns
    -------
    Picture
        Darker is more; the number is always written as well.
    """
    if frame.empty:
        return empty_picture(title, note, NOTHING)
    rows = [wrap(cut(clean(name)), 190.0, SIZE, lines=2) for name in frame.index]
    heads = [wrap(cut(clean(name)), 96.0, SIZE, lines=3) for name in frame.columns]
    margins = Margins(widest(rows) + MARGIN + 12, MARGIN, 16.0 * max(map(len, heads)) + 16, 16.0)
    numbers = frame.to_numpy(dtype=float)
    width = margins.left + margins.right + max(104.0 * frame.shape[1], 320.0)
    with plotting():
        drawn = sheet(width, 42.0 * len(frame) + margins.top + margins.bottom, margins)
        _heat(drawn, numbers, unit)
        drawn.axes.set_xticks(np.arange(frame.shape[1]) + 0.5, ["\n".join(lines) for lines in heads], rotation=0)
        drawn.axes.set_yticks(np.arange(len(frame)) + 0.5, ["\n".join(lines) for lines in rows], rotation=0)
        text = f"{len(frame)} rows and {frame.shape[1]} columns{_extremes(numbers, rows, heads, unit)}."
        return to_picture(drawn, title, note, text)


def _heat(drawn: Sheet, numbers: np.ndarray, unit: str) -> None:
    import seaborn as sns
    from matplotlib.colors import LinearSegmentedColormap

    written = np.array([[plain(number, share=unit == "%") for number in row] for row in numbers], dtype=object)
    known = numbers[~np.isnan(numbers)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    shades = LinearSegmentedColormap.from_list("mining", ["#e9effc", "#578dff", "#0d2a99"])
    sns.heatmap(
        numbers, ax=drawn.axes, annot=written, fmt="", cmap=shades, cbar=False, linewidths=0,
        vmin=min(0.0, low), vmax=high if high > low else low + 1.0, annot_kws={"size": SIZE},
    )  # fmt: skip
    for row, column in zip(*np.nonzero(np.isnan(numbers)), strict=True):
        drawn.axes.text(column + 0.5, row + 0.5, "–", ha="center", va="center", alpha=0.6)
    drawn.axes.tick_params(length=0, pad=8, top=False, labeltop=True, bottom=False, labelbottom=False)


def _extremes(numbers: np.ndarray, rows: list[list[str]], heads: list[list[str]], unit: str) -> str:
    if np.isnan(numbers).all():
        return ""
    row, column = np.unravel_index(np.nanargmax(numbers), numbers.shape)
    most = plain(float(numbers[row, column]), share=unit == "%")
    return f", most at {' '.join(rows[row])}, {' '.join(heads[column])}: {most}"
