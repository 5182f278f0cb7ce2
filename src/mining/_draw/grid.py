"""The journey map: stages across, lanes down, a few short lines in each cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from mining._draw.picture import Fragment
from mining._draw.text import clean, count, escaped
from mining._errors import MiningError

__all__ = [
    "EDGE", "LIMIT", "MARKS", "SOFT", "GridCell", "GridFold", "GridLine", "cell_html", "check_cells", "draw_grid",
    "framed",
]  # fmt: skip

# mark: (sign, what the legend calls it)
MARKS: Final[dict[str, tuple[str, str]]] = {
    "measured": ("●", "measured in the records"),
    "inferred": ("◐", "inferred from the records"),
    "typed": ("✎", "written by people"),
}
LIMIT: Final = 240
# severity from: (blocks out of four, the word for it); the stripes of the shading get denser with it
_SEVERITIES: Final = (
    (0.75, "▮▮▮▮", "severe", 3), (0.5, "▮▮▮▯", "strong", 5), (0.25, "▮▮▯▯", "some", 8), (0.0, "▮▯▯▯", "slight", 12),
)  # fmt: skip

_INK: Final = "var(--mining-ink,var(--jp-content-font-color1,currentColor))"
_LINE: Final = "color-mix(in srgb,currentColor 20%,transparent)"
EDGE: Final = f"border:1px solid {_LINE};padding:.6em .75em;vertical-align:top;text-align:start"
SOFT: Final = "background:color-mix(in srgb,currentColor 6%,transparent)"


class GridLine(NamedTuple):
    """A short line of a cell: its text, how many it rests on, and where it comes from.

    ``mark`` is measured, inferred, typed or empty.
    """

    text: str
    n: float | None = None
    mark: str = ""


class GridFold(NamedTuple):
    """What a cell unfolds: the word to open it by, and lines, each with what leads it in and whether it is code."""

    name: str
    lines: Sequence[tuple[str, str, bool]]


class GridCell(NamedTuple):
    """The lines of a cell, how bad things are there (0 fine to 1 worst, None: nobody looked), and what it unfolds."""

    lines: Sequence[GridLine] = ()
    severity: float | None = None
    fold: GridFold | None = None


def draw_grid(
    columns: Sequence[str],
    rows: Sequence[str],
    cells: Mapping[tuple[str, str], GridCell],
    *,
    title: str = "Journey map",
    note: str = "",
    links: Mapping[str, tuple[str, str]] | None = None,
    words: Mapping[str, str] | None = None,
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
    links : mapping of str to (str, str), optional
        Row to a place on the same page (``#waits``) and its name.
    words : mapping of str to str, optional
        What the legend says, in another language.

    Returns
    -------
    Fragment
        One HTML element; equal data gives equal text.

    Raises
    ------
    MiningError
        When a cell stands in an unknown row or column, a mark is unknown, or a link leads off the page.

    Examples
    --------
    >>> cell = GridCell([GridLine("waits for an answer", 42, "measured")], severity=0.8)
    >>> draw_grid(["Buy"], ["Pain"], {("Pain", "Buy"): cell}, title="One stage")
    Fragment('One stage')
    """
    check_cells(columns, rows, cells)
    heads = "".join(
        f'<th scope="col" dir="auto" style="{EDGE};{SOFT};min-width:9em">{escaped(column, LIMIT)}</th>'
        for column in columns
    )
    said, linked = words or {}, links or {}
    body = "".join(
        _row(row, [cells.get((row, column), GridCell()) for column in columns], said, linked) for row in rows
    )
    empty = "" if columns and rows else f'<p style="opacity:.75">{"There are no stages to show."}</p>'
    return framed(heads, f"<tbody>{body}</tbody>", empty, cells.values(), title=title, note=note, words=said)


def framed(
    heads: str, body: str, rest: str, cells: Iterable[GridCell], *, title: str, note: str, words: Mapping[str, str]
) -> Fragment:
    """Put a table of cells together: its caption, heads and bodies, what follows it, and the legend of its marks."""
    html = (
        f'<div class="mining-grid" style="overflow-x:auto;color:{_INK}" tabindex="0">'
        '<table style="border-collapse:collapse;font-size:.93em;line-height:1.45">'
        f'<caption dir="auto" style="caption-side:top;text-align:start;padding:.3em 0 .8em">'
        f'<strong style="font-size:1.2em">{escaped(title)}</strong>{_paragraph(note)}</caption>'
        f'<thead><tr><td style="border:0"></td>{heads}</tr></thead>{body}</table>'
        f"{rest}{_legend(cells, words)}</div>"
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


def _row(row: str, cells: Sequence[GridCell], words: Mapping[str, str], links: Mapping[str, tuple[str, str]]) -> str:
    link = _link(*links[row]) if row in links else ""
    head = f'<th scope="row" dir="auto" style="{EDGE};{SOFT};white-space:nowrap">{escaped(row, LIMIT)}{link}</th>'
    return f"<tr>{head}{''.join(cell_html(cell, words) for cell in cells)}</tr>"


def _link(address: str, name: str) -> str:
    if not address.startswith("#"):
        raise MiningError.refused(f"The link '{address}' leads off the page:", "give a place on it, like '#waits'.")
    style = "font-weight:400;font-size:.85em;display:inline-block;padding:.4em 0;white-space:normal;max-width:11em"
    return f'<br><a href="{escaped(address)}" style="{style}">{escaped(name)}</a>'


def cell_html(cell: GridCell, words: Mapping[str, str], owner: str = "") -> str:
    """Write one cell, one without anything as a dash; `owner` is an attribute that says whose it is."""
    if not cell.lines and cell.severity is None:
        return f'<td{owner} style="{EDGE};opacity:.6">–</td>'
    shade, said = _severity(cell.severity)
    lines = "".join(_line(line, words) for line in cell.lines)
    listed = f'<ul style="list-style:none;margin:0;padding:0">{lines}</ul>' if lines else ""
    return f'<td dir="auto"{owner} style="{EDGE}{shade}">{said}{listed}{_fold(cell.fold)}</td>'


def _fold(fold: GridFold | None) -> str:
    if fold is None:
        return ""
    lines = "".join(_said(*line) for line in fold.lines)
    opener = f'<summary style="cursor:pointer;padding:.35em 0">{escaped(fold.name)}</summary>'
    listed = f'<ul style="margin:0;padding-inline-start:1.1em;min-width:13em">{lines}</ul>'
    return f'<details style="font-size:.85em">{opener}{listed}</details>'


def _said(name: str, line: str, is_code: bool) -> str:
    lead = f"<strong>{escaped(name)}:</strong> " if name else ""
    text = escaped(line, LIMIT)
    if is_code:
        text = f'<code dir="ltr" style="overflow-wrap:anywhere">{text}</code>'
    return f'<li dir="auto">{lead}{text}</li>'


def _line(line: GridLine, words: Mapping[str, str]) -> str:
    sign, meaning = MARKS.get(line.mark, ("", ""))
    meaning = escaped(words.get(meaning, meaning))
    mark = (
        f'<span role="img" aria-label="{meaning}" title="{meaning}" style="opacity:.8">{sign}</span> ' if sign else ""
    )
    people = count(line.n)
    tail = f' <span style="opacity:.75;white-space:nowrap">(n = {people})</span>' if people else ""
    return f'<li dir="auto" style="margin:.15em 0">{mark}{escaped(line.text, LIMIT)}{tail}</li>'


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


def _legend(cells: Iterable[GridCell], words: Mapping[str, str]) -> str:
    used = {line.mark for cell in cells for line in cell.lines}
    items = " · ".join(
        f"{sign} {words.get(meaning, meaning)}" for mark, (sign, meaning) in MARKS.items() if mark in used
    )
    return f'<p style="font-size:.85em;opacity:.8;margin:.6em 0">{escaped(items)}</p>' if items else ""
