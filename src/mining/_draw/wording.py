"""How charts write numbers, names of columns and labels, and how much room those take."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from mining._draw.text import clean, cut, measure, percent
from mining._errors import MiningError

__all__ = ["NOTHING", "SIZE", "plain", "require", "spoken", "widest", "width"]

SIZE = 12.0
NOTHING = "There is nothing to draw."


def plain(number: float, *, share: bool = False) -> str:
    """Write a number with three digits that matter, or as a percentage; a missing one as a dash."""
    if math.isnan(number):
        return "–"
    if share:
        return percent(number)
    return f"{number:,.0f}" if float(number).is_integer() or abs(number) >= 100 else f"{number:,.3g}"


def spoken(column: str) -> str:
    """Turn the name of a column into the name of an axis."""
    return cut(clean(column).replace("_", " "))


def width(text: str) -> float:
    """Estimate the width of a label of a chart, in pixels."""
    return measure(text, SIZE)


def widest(texts: Sequence[Sequence[str]]) -> float:
    """Find the width of the widest line of labels already broken into lines."""
    return max((width(line) for lines in texts for line in lines), default=0.0)


def require(frame: pd.DataFrame, columns: Sequence[str | None], what: str = "column to draw") -> None:
    """Refuse a frame that lacks one of these columns, naming those it has."""
    for column in columns:
        if column is not None and column not in frame.columns:
            raise MiningError.unknown(what, column, map(str, frame.columns))
