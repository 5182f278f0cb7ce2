"""Journey maps beside each other: a column for each group, the lanes of every stage below one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mining._draw.grid import EDGE, LIMIT, SOFT, GridCell, cell_html, framed
from mining._draw.picture import Fragment
from mining._draw.text import clean, escaped

__all__ = ["draw_beside"]

# The name of the lane stays in sight while the groups are scrolled.
_STAYS: Final = "position:sticky;inset-inline-start:0;background:var(--paper,Canvas)"


def draw_beside(
    heads: Mapping[str, str],
    blocks: Sequence[str],
    rows: Sequence[str],
    cells: Mapping[tuple[str, str, str], GridCell],
    *,
    kind: str = "persona",
    title: str = "Journey maps side by side",
    note: str = "",
    words: Mapping[str, str] | None = None,
) -> Fragment:
    """Write the maps of several groups as one HTML table, so that a line is read across the groups.

    Parameters
    ----------
    heads : mapping of str to str
        Groups in order, each with what to say below its name.
    blocks, rows : sequence of str
        Stages and lanes, in order; a lane in which nothing is counted for any group is left out of a stage.
    cells : mapping
        From (block, row, group) to a cell; what is missing is shown as a dash.
    kind : str
        What the groups are, in a word: a page may hide the cells whose ``data-`` attribute of this name is not meant.
    title, note : str
        What the maps show, and what a reader must know to read them.
    words : mapping of str to str, optional
        What the legend says, in another language.

    Returns
    -------
    Fragment
        One HTML element; equal data gives equal text.
    """
    said = words or {}
    owners = {name: f' data-{kind}="{escaped(name)}"' for name in heads}
    tops = "".join(_top(name, told, owners[name]) for name, told in heads.items())
    bodies = "".join(_block(block, rows, owners, cells, words=said) for block in blocks)
    return framed(tops, bodies, "", cells.values(), title=title, note=note, words=said)


def _top(name: str, told: str, owner: str) -> str:
    below = f'<br><span style="font-weight:400;font-size:.85em">{escaped(told, LIMIT)}</span>' if clean(told) else ""
    return f'<th scope="col" dir="auto"{owner} style="{EDGE};{SOFT};min-width:11em">{escaped(name, LIMIT)}{below}</th>'


def _block(
    block: str,
    rows: Sequence[str],
    owners: Mapping[str, str],
    cells: Mapping[tuple[str, str, str], GridCell],
    *,
    words: Mapping[str, str],
) -> str:
    lines = []
    for row in rows:
        own = [cells.get((block, row, column), GridCell()) for column in owners]
        if any(line.n or line.mark for cell in own for line in cell.lines):
            head = f'<th scope="row" dir="auto" style="{EDGE};{_STAYS};font-weight:400">{escaped(row, LIMIT)}</th>'
            lines.append(f"<tr>{head}{_cells(own, list(owners.values()), words)}</tr>")
    head = (
        f'<tr><th scope="rowgroup" colspan="{len(owners) + 1}" dir="auto" style="{EDGE};{SOFT}">'
        f'<span style="position:sticky;inset-inline-start:.75em">{escaped(block, LIMIT)}</span></th></tr>'
    )
    return f"<tbody>{head}{''.join(lines)}</tbody>" if lines else ""


def _cells(cells: Sequence[GridCell], owners: Sequence[str], words: Mapping[str, str]) -> str:
    return "".join(cell_html(cell, words, owner) for cell, owner in zip(cells, owners, strict=True))
