"""The journey map: stages across, lanes down, a few short lines in each cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from mining._draw.picture import Fragment
from mining._draw.text import clean, count, escaped
from mining._errors import MiningError

__all__ = ["MARKS", "GridCell", "GridLine", "check_cells", "draw_grid"]

# mark: (sign, what the legend calls it)
MARKS: Final[dict[str, tuple[str, str]]] = {
    "measured": ("●", "measured in the records"),
    "inferred": ("◐", "inferred from the records"),
    "typed": ("✎", "written by people"),
}
_LIMIT: Final = 240
# severity from: (blocks out of four, the word for it); the stripes of the shading get denser with it
_SEVERITIES: Final = (
    (0.75, "▮▮▮▮", "severe", 3), (0.5, "▮▮▮▯", "strong", 5), (0.25, "▮▮▯▯", "some", 8), (0.0, "▮▯▯▯", "slight", 12),
)  # fmt: skip

_INK: Final = "var(--mining-ink,var(--jp-content-font-color1,currentColor))"
_LINE: Final = "color-mix(in srgb,currentColor 20%,transparent)"
_EDGE: Final = f"border:1px solid {_LINE};padding:.6em .75em;vertical-align:top;text-align:start"
_SOFT: Final = "background:color-mix(in srgb,currentColor 6%,transparent)"


class GridLine(NamedTuple):
    """A short line of a cell: its text, how many it rests on, and where it comes from.

    ``mark`` is measured, inferred, typed or empty.
    """

    text: str
    n: float | None = None
    mark: str = ""


class GridCell(NamedTuple):
    """The lines of a cell and how bad things are there: 0 (fine) to 1 (worst), or None when nobody looked."""

    lines: Sequence[GridLine] = ()
    severity: float | None = None


def draw_grid(
    columns: Sequence[str],
    rows: Sequence[str],
    cells: Mapping[tuple[str, str], GridCell],
    *,
    title: str = "Journey map",
    note: str = "",
) -> Fragment:
    """Write a journey map as an HTML table.

    A table and not a drawing, because the text in it wraps, can be selected, translated and read aloud cell by cell
    with its stage and lane. Severity is said by a word, by blocks and by the density of stripes, never by colour alone.

    Parameters
    ----------
    columns : sequence of str
        Stages, in order.
    rows : sequence of str
        Lanes, in order.
    cells : mapping
        From (row, column) to a cell. A cell that is missing or has no lines is shown as a dash.
    title, note : str
        What the map shows, and what a reader must know to read it.

    Returns
    -------
    Fragment
        One HTML element; equal data gives equal text.

    Raises
    ------
    MiningError
        When a cell stands in an unknown row or column, or a mark is unknown.

    Examples
    --------
    >>> cell = GridCell([GridLine("waits for an answer", 42, "measured")], severity=0.8)
    >>> draw_grid(["Buy"], ["Pain"], {("Pain", "Buy"): cell}, title="One stage")
    Fragment('One stage')
    """
    check_cells(columns, rows, cells)
    heads = "".join(
        f'<th scope="col" dir="auto" style="{_EDGE};{_SOFT};min-width:9em">{escaped(column, _LIMIT)}</th>'
        for column in columns
    )
    body = "".join(_row(row, columns, cells) for row in rows)
    empty = "" if columns and rows else f'<p style="opacity:.75">{"There are no stages to show."}</p>'
    html = (
        f'<div class="mining-grid" style="overflow-x:auto;color:{_INK}" tabindex="0">'
        '<table style="border-collapse:collapse;font-size:.93em;line-height:1.45">'
        f'<caption dir="auto" style="caption-side:top;text-align:start;padding:.3em 0 .8em">'
        f'<strong style="font-size:1.2em">{escaped(title)}</strong>{_paragraph(note)}</caption>'
        f'<thead><tr><td style="border:0"></td>{heads}</tr></thead><tbody>{body}</tbody></table>'
        f"{empty}{_legend(cells.values())}</div>"
    )
    return Fragment(html, title)


def check_cells(columns: Sequence[str], rows: Sequence[str], cells: Mapping[tuple[str, str], GridCell]) -> None:
    """Refuse cells in unknown places, and unknown marks."""
    for (row, column), cell in cells.items():
        if row not in rows:
            raise MiningError.unknown("row", row, rows)
        if column not in columns:
            raise MiningError.unknown("column", column, columns)
        for line in cell.lines:
            if line.mark and line.mark not in MARKS:
                raise MiningError.unknown("mark", line.mark, MARKS)


def _paragraph(text: str) -> str:
    return f'<br><span style="font-weight:400">{escaped(text)}</span>' if clean(text) else ""


def _row(row: str, columns: Sequence[str], cells: Mapping[tuple[str, str], GridCell]) -> str:
    head = f'<th scope="row" dir="auto" style="{_EDGE};{_SOFT};white-space:nowrap">{escaped(row, _LIMIT)}</th>'
    return f"<tr>{head}{''.join(_cell(cells.get((row, column), GridCell())) for column in columns)}</tr>"


def _cell(cell: GridCell) -> str:
    if not cell.lines and cell.severity is None:
        return f'<td style="{_EDGE};opacity:.6">–</td>'
    shade, said = _severity(cell.severity)
    lines = "".join(map(_line, cell.lines))
    listed = f'<ul style="list-style:none;margin:0;padding:0">{lines}</ul>' if lines else ""
    return f'<td dir="auto" style="{_EDGE}{shade}">{said}{listed}</td>'


def _line(line: GridLine) -> str:
    sign, meaning = MARKS.get(line.mark, ("", ""))
    mark = (
        f'<span role="img" aria-label="{meaning}" title="{meaning}" style="opacity:.8">{sign}</span> ' if sign else ""
    )
    people = count(line.n)
    tail = f' <span style="opacity:.75;white-space:nowrap">(n = {people})</span>' if people else ""
    return f'<li dir="auto" style="margin:.15em 0">{mark}{escaped(line.text, _LIMIT)}{tail}</li>'


def _severity(value: float | None) -> tuple[str, str]:
    """Find the shading of a cell and the words that say the same; nothing at all is severity 0."""
    text = clean(value)
    if not text or float(text) <= 0:
        return "", ""
    share = min(float(text), 1.0)
    blocks, word, gap = next(level[1:] for level in _SEVERITIES if share >= level[0])
    stripe = f"color-mix(in srgb,#dd5500 {round(10 + 20 * share)}%,transparent)"
    shade = f";background:repeating-linear-gradient(135deg,{stripe} 0 2px,transparent 2px {gap}px)"
    return (
        shade,
        f'<div style="font-size:.85em;white-space:nowrap"><span aria-hidden="true">{blocks}</span> {word}</div>',
    )


def _legend(cells: Iterable[GridCell]) -> str:
    used = {line.mark for cell in cells for line in cell.lines}
    items = " · ".join(f"{sign} {meaning}" for mark, (sign, meaning) in MARKS.items() if mark in used)
    return f'<p style="font-size:.85em;opacity:.8;margin:.6em 0">{items}</p>' if items else ""
