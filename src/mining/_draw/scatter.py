"""Clouds of points, groups told apart by colour, by shape and by name."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from mining._draw.canvas import FINE, Margins, Sheet, plotting, sheet, to_raster
from mining._draw.heading import MARGIN
from mining._draw.ink import PALETTE
from mining._draw.picture import Raster
from mining._draw.text import clean, count, cut
from mining._draw.wording import NOTHING, require, spoken

__all__ = ["draw_scatter"]

_WIDTH: Final = 760.0


def draw_scatter(
    frame: pd.DataFrame, x: str, y: str, group: str | None = None, *, title: str = "", note: str = ""
) -> Raster:
    """Draw a cloud of points as an image, groups told apart by colour, by shape and by name.

    Parameters
    ----------
    frame : DataFrame
        One row per point.
    x, y : str
        Columns; their names name the axes.
    group : str, optional
        Column that tells the groups apart; each group's name stands at its middle (the median).
    title, note : str
        What the picture shows, and what a reader must know to read it.

    Returns
    -------
    Raster
        An image; its ``text`` says the same in words.
    """
    require(frame, [x, y, group])
    clouds = _clouds(frame.dropna(subset=[x, y]), x, y, group)
    with plotting():
        top = 52.0 + (20.0 if clean(note) else 0.0)
        drawn = sheet(_WIDTH, 520.0, Margins(78.0, MARGIN, top, 58.0))
        for place, cloud in enumerate(clouds):
            _cloud(drawn, place, cloud)
        for place, cloud in enumerate(clouds):
            _name_cloud(drawn, place, cloud)
        drawn.axes.set_xlabel(spoken(x), labelpad=8)
        drawn.axes.set_ylabel(spoken(y), labelpad=8)
        drawn.axes.grid(**FINE)
        drawn.figure.text(MARGIN / _WIDTH, 1 - 30 / 520, cut(clean(title), 70), size=17, weight="bold")
        drawn.figure.text(MARGIN / _WIDTH, 1 - 52 / 520, cut(clean(note), 110), alpha=0.72)
        told = "; ".join(f"{cloud.name or 'all'}: {count(len(cloud.points))} points" for cloud in clouds)
        return to_raster(drawn, title, f"{title}. {told}".strip(". ") or NOTHING)


class _Cloud(NamedTuple):
    name: str
    points: np.ndarray


_SHAPES: Final = ("o", "s", "^", "D", "v", "P", "X", "*")


def _clouds(frame: pd.DataFrame, x: str, y: str, group: str | None) -> list[_Cloud]:
    if frame.empty:
        return []
    if group is None:
        return [_Cloud("", frame[[x, y]].to_numpy(dtype=float))]
    parts = frame.groupby(group, sort=True, observed=True)
    return [_Cloud(cut(clean(name), 40), part[[x, y]].to_numpy(dtype=float)) for name, part in parts]


def _cloud(drawn: Sheet, place: int, cloud: _Cloud) -> None:
    drawn.axes.scatter(
        cloud.points[:, 0],
        cloud.points[:, 1], s=26, alpha=0.6, linewidths=0, color=PALETTE[place % len(PALETTE)],
        marker=_SHAPES[place % len(_SHAPES)],
    )  # fmt: skip


def _name_cloud(drawn: Sheet, place: int, cloud: _Cloud) -> None:
    if not cloud.name:
        return
    frame = {
        "boxstyle": "round,pad=0.4",
        "facecolor": "#ffffff",
        "edgecolor": PALETTE[place % len(PALETTE)],
        "alpha": 0.9,
    }
    middle = np.median(cloud.points, axis=0)
    words = f"{cloud.name} (n = {count(len(cloud.points))})"
    drawn.axes.annotate(words, tuple(middle), ha="center", va="center", weight="bold", bbox=frame)
