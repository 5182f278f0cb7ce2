"""The journey map as a picture for slides: the same grid as the table, laid out once and for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from mining._draw.grid import MARKS, GridCell, GridLine, check_cells
from mining._draw.heading import MARGIN, heading
from mining._draw.picture import Picture, compose
from mining._draw.text import clean, count, escaped, wrap

__all__ = ["draw_sheet"]

_HEAD, _COLUMN, _PAD = 128.0, 184.0, 9.0
_SIZE, _LEADING, _GAP, _MOST = 12.0, 16.0, 3.0, 4
_TIED: Final = "\N{NO-BREAK SPACE}"
_STYLE: Final = (
    ".mining-picture .cell{fill:none;stroke:var(--ink);stroke-opacity:.25}"
    ".mining-picture .band{fill:var(--ink);fill-opacity:.06}"
    ".mining-picture .line-of-cell{font-size:12px}"
    ".mining-picture .head{font-size:12px;font-weight:600}"
    ".mining-picture .key{font-size:11px}"
)


class _Block(NamedTuple):
    """The wrapped lines of a cell and its height."""

    lines: list[str]
    height: float


def draw_sheet(
    columns: Sequence[str],
    rows: Sequence[str],
    cells: Mapping[tuple[str, str], GridCell],
    *,
    title: str = "Journey map",
    note: str = "",
) -> Picture:
    """Draw a journey map as one picture.

    Parameters
    ----------
    columns, rows : sequence of str
        Stages and lanes, in order.
    cells : mapping
        From (row, column) to a cell; a cell that is missing or has no lines is shown as a dash.
    title, note : str
        What the map shows, and what a reader must know to read it.

    Returns
    -------
    Picture
        As wide as its stages; texts are broken, and cut after four lines each.

    Raises
    ------
    MiningError
        When a cell stands in an unknown row or column, or a mark is unknown.
    """
    check_cells(columns, rows, cells)
    width = 2 * MARGIN + _HEAD + _COLUMN * max(len(columns), 1)
    above, top = heading(title, note, width)
    heads = [_wrapped(column, _COLUMN, bold=True) for column in columns]
    parts = [above, *_row("", heads, top, is_head=True)]
    y = top + _tallest(heads)
    for row in rows:
        blocks = [_block(cells.get((row, column), GridCell())) for column in columns]
        name = _wrapped(row, _HEAD, bold=True)
        parts += _row(row, blocks, y, height=max(_tallest(blocks), name.height), is_head=False)
        y += max(_tallest(blocks), name.height)
    used = {line.mark for cell in cells.values() for line in cell.lines}
    legend = " · ".join(f"{sign} {meaning}" for mark, (sign, meaning) in MARKS.items() if mark in used)
    parts.append(f'<text class="key" x="{MARGIN}" y="{y + 22}">{escaped(legend)}</text>')
    said = "; ".join(
        f"{row}, {column}: {', '.join(clean(line.text) for line in cells[row, column].lines)}"
        for row in rows
        for column in columns
        if (row, column) in cells
    )
    return compose("".join(parts), (width, y + 40), title, f"{note} {said}", style=_STYLE)


def _row(name: str, blocks: Sequence[_Block], y: float, *, height: float = 0.0, is_head: bool) -> list[str]:
    height = height or _tallest(blocks)
    parts = [f'<rect class="band" x="{MARGIN}" y="{y}" width="{_HEAD}" height="{height}"/>'] if not is_head else []
    parts += _texts(_wrapped(name, _HEAD, bold=True).lines, MARGIN + _PAD, y, "head")
    for place, block in enumerate(blocks):
        x = MARGIN + _HEAD + place * _COLUMN
        box = f'x="{x}" y="{y}" width="{_COLUMN}" height="{height}"'
        parts.append(f'<rect class="{"band" if is_head else "cell"}" {box}/>')
        parts += _texts(block.lines, x + _PAD, y, "head" if is_head else "line-of-cell")
    return parts


def _texts(lines: Sequence[str], x: float, y: float, kind: str) -> list[str]:
    return [
        f'<text class="{kind}" x="{x:g}" y="{y + _PAD + 11 + place * _LEADING:g}">{escaped(line)}</text>'
        for place, line in enumerate(lines)
        if line
    ]


def _wrapped(text: str, width: float, *, bold: bool = False) -> _Block:
    lines = wrap(clean(text), width - 2.4 * _PAD, _SIZE, lines=_MOST, bold=bold) if clean(text) else []
    return _Block(lines, 2 * _PAD + max(len(lines), 1) * _LEADING)


def _block(cell: GridCell) -> _Block:
    if not cell.lines:
        return _Block(["–"], 2 * _PAD + _LEADING)
    lines = [line for given in cell.lines for line in _wrapped(_said(given), _COLUMN).lines]
    return _Block(lines, 2 * _PAD + len(lines) * _LEADING + _GAP)


def _said(line: GridLine) -> str:
    sign = MARKS.get(line.mark, ("", ""))[0]
    people = count(line.n)
    parts = (sign, line.text.replace(" %", f"{_TIED}%"), f"(n{_TIED}={_TIED}{people})" if people else "")
    return " ".join(part for part in parts if part)


def _tallest(blocks: Sequence[_Block]) -> float:
    return max((block.height for block in blocks), default=2 * _PAD + _LEADING)
