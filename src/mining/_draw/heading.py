"""What stands over every picture: its title and its note; and the picture of nothing."""

from __future__ import annotations

from mining._draw.picture import Picture, compose
from mining._draw.strokes import number
from mining._draw.text import clean, escaped, is_right_to_left, wrap

__all__ = ["MARGIN", "empty_picture", "heading"]

MARGIN = 28.0


def heading(title: str, note: str, width: float) -> tuple[str, float]:
    """Write the title and the note; give back their SVG and the height they use."""
    room, used = width - 2 * MARGIN, 42.0
    name = wrap(clean(title), room, 19.0, lines=1, bold=True)[0]
    parts = [_line("title", name, used, width)]
    for line in wrap(clean(note), room, 12.0, lines=4) if clean(note) else []:
        used += 20.0
        parts.append(_line("note", line, used, width))
    return "".join(parts), used + 24.0


def _line(style: str, text: str, y: float, width: float) -> str:
    x, anchor = (width - MARGIN, ' text-anchor="end"') if is_right_to_left(text) else (MARGIN, "")
    return f'<text class="{style}" x="{number(x)}" y="{number(y)}"{anchor}>{escaped(text)}</text>'


def empty_picture(title: str, note: str, told: str) -> Picture:
    """Draw a picture that says why there is nothing in it."""
    head, used = heading(title, note, 520.0)
    body = (
        f'{head}<rect class="lane" x="{MARGIN:g}" y="{number(used)}" width="{520 - 2 * MARGIN:g}" height="88" rx="14"/>'
        f'<text class="note" x="260" y="{number(used + 48)}" text-anchor="middle">{escaped(told)}</text>'
    )
    return compose(body, (520.0, used + 88 + MARGIN), title, told)
