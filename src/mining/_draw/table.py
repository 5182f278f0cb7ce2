"""Tables as accessible HTML text, every value escaped."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from mining._draw.text import clean, escaped

__all__ = ["Writing", "html_table", "plainly"]

_LINE = "border-bottom:1px solid color-mix(in srgb,currentColor 22%,transparent)"
_CELL = f"padding:.32em .8em;{_LINE};vertical-align:top"
_NUMBER = ";text-align:end;font-variant-numeric:tabular-nums"
_LIMIT = 120


def html_table(
    frame: pd.DataFrame,
    *,
    formats: Mapping[str, str | Callable[[object], str]] | None = None,
    caption: str = "",
    rows: int = 10,
    writing: Writing | None = None,
    heads: Mapping[str, str] | None = None,
) -> str:
    """Write the first rows of a frame as an HTML table.

    Numbers stand at the end of their cells, text at its own start whatever its script. Missing values are shown as a
    dash, not as an empty cell. When there are more rows than shown, the last line says how many.

    Parameters
    ----------
    frame : DataFrame
        What to show, in the order to show it. The index is left out.
    formats : mapping, optional
        For a column, a format such as ``"{:,.1f}"``, or a function from a value to text. By default whole numbers get
        thousands separated, others three significant digits at least, times are written to the minute.
    caption : str
        What the table shows.
    rows : int
        Most rows shown.
    writing : Writing, optional
        How numbers, times and the last line are written; by default in English.
    heads : mapping of str to str, optional
        What stands over columns in place of their names; two may say the same.

    Returns
    -------
    str
        One ``<table>`` element.

    Examples
    --------
    >>> text = html_table(pd.DataFrame({"step": ["<b>call</b>"], "n": [1234]}), caption="Steps")
    >>> "&lt;b&gt;call&lt;/b&gt;" in text, "1,234" in text
    (True, True)
    """
    numeric = [pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype) for dtype in frame.dtypes]
    said = [(heads or {}).get(str(name), name) for name in frame.columns]
    over = "".join(_head(name, number=number) for name, number in zip(said, numeric, strict=True))
    shown = frame.head(rows)
    writing = writing or Writing()
    columns = [
        _column(shown.iloc[:, place], (formats or {}).get(str(name), writing.write), number=numeric[place])
        for place, name in enumerate(frame.columns)
    ]
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in zip(*columns, strict=True))
    title = f'<caption dir="auto" style="{_CAPTION}">{escaped(caption)}</caption>' if caption else ""
    style = "border-collapse:collapse;font-size:.93em;line-height:1.45"
    return (
        f'<table class="mining-table" style="{style}">{title}<thead><tr>{over}</tr></thead>'
        f"<tbody>{body}{_rest(frame, rows, writing)}</tbody></table>"
    )


_CAPTION = "caption-side:top;text-align:start;font-weight:600;padding:.3em .8em .5em"


def _head(name: Hashable, *, number: bool) -> str:
    aligned = "text-align:end" if number else "text-align:start"
    return f'<th scope="col" dir="auto" style="{_CELL};font-weight:600;{aligned}">{escaped(name, _LIMIT)}</th>'


def _column(values: pd.Series, how: str | Callable[[object], str], *, number: bool) -> list[str]:
    style = _CELL + (_NUMBER if number else ";text-align:start")
    return [f'<td dir="auto" style="{style}">{escaped(_written(value, how), _LIMIT)}</td>' for value in values]


def _written(value: object, how: str | Callable[[object], str]) -> str:
    if not clean(value):
        return "–"
    return how(value) if callable(how) else how.format(value)


def plainly(value: object) -> str:
    """Write a value: whole numbers in thousands, others to three digits, times to the minute, the rest as it is."""
    if isinstance(value, bool) or pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    if pd.api.types.is_integer(value):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.3g}" if abs(value) < 100 else f"{value:,.1f}"
    if isinstance(value, tuple | list):
        return " → ".join(map(clean, value))
    return str(value)


def _more(left: int) -> str:
    return f"{left:,} more row{'s' if left > 1 else ''}"


@dataclass(frozen=True)
class Writing:
    """How a table writes values, and its last line: how many rows more there are, or that there is nothing."""

    write: Callable[[object], str] = plainly
    more: Callable[[int], str] = _more
    nothing: str = "Nothing to show"


def _rest(frame: pd.DataFrame, rows: int, writing: Writing) -> str:
    left = len(frame) - rows
    if len(frame) and left <= 0:
        return ""
    told = escaped(writing.more(left) if len(frame) else writing.nothing)
    return f'<tr><td colspan="{max(1, frame.shape[1])}" style="{_CELL};opacity:.75">{told}</td></tr>'
