"""The way to matplotlib, loaded only when something is drawn: a sheet to draw on, and its way into a picture.

Figures are made and rendered as objects. No window, no current figure and no setting outlives a drawing.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mining._draw.heading import heading
from mining._draw.ink import FONT, LIGHT, scoped
from mining._draw.picture import Picture, Raster, compose
from mining._draw.wording import SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FINE", "INK", "Margins", "Sheet", "plotting", "sheet", "to_picture", "to_raster"]

INK: Final = LIGHT["ink"]
FINE: Final[dict[str, Any]] = {"color": INK, "alpha": 0.12, "linewidth": 0.8}

_SETTINGS: Final[dict[str, object]] = {
    "svg.hashsalt": "mining",
    "svg.fonttype": "none",  # small files, text that can be searched; the reader's own font engine shapes the scripts
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
    "font.family": ["DejaVu Sans"],  # ships with matplotlib and covers Hebrew and Persian
    "font.size": SIZE,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "savefig.facecolor": "none",
}


class Margins(NamedTuple):
    """Room around the plot, in pixels."""

    left: float
    right: float
    top: float
    bottom: float


class Sheet(NamedTuple):
    """A figure with one plot on it, one unit to the pixel."""

    figure: Figure
    axes: Axes
    width: float
    height: float


@contextmanager
def plotting() -> Iterator[None]:
    """Draw with our own settings, whatever the user's are, and leave his as they were."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def sheet(width: float, height: float, margins: Margins) -> Sheet:
    """Make an empty sheet; call it inside ``plotting``."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    inner = (
        margins.left / width,
        margins.bottom / height,
        (width - margins.left - margins.right) / width,
        (height - margins.top - margins.bottom) / height,
    )
    axes = figure.add_axes(inner)
    axes.tick_params(length=0, pad=8)
    return Sheet(figure, axes, width, height)


def to_picture(drawn: Sheet, title: str, note: str, text: str) -> Picture:
    """Render a sheet as SVG and put it under its title; call it inside ``plotting``."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    FigureCanvasSVG(drawn.figure).print_svg(stream, metadata=nothing)
    head, used = heading(title, note, drawn.width)
    body = f'{head}<g class="chart" transform="translate(0 {used:g})">{_inside(stream.getvalue())}</g>'
    style = scoped({".chart": "stroke-linejoin:round;stroke-linecap:butt"})
    return compose(body, (drawn.width, used + drawn.height), title, f"{text} {note}".strip(), style=style)


def to_raster(drawn: Sheet, title: str, text: str) -> Raster:
    """Render a sheet as PNG on white, twice as fine as it is shown; call it inside ``plotting``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn.figure.set_dpi(144)
    stream = io.BytesIO()
    drawn.figure.set_facecolor("#ffffff")
    FigureCanvasAgg(drawn.figure).print_png(stream, metadata={"Software": None})
    return Raster(stream.getvalue(), title, text, round(drawn.width), round(drawn.height))


def _inside(svg: str) -> str:
    """Take the drawing out of matplotlib's file: no page-wide rules, no idle ids, ids of its own, theme colours."""
    inner = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    inner = re.sub(r"<style[^>]*>.*?</style>|<!--.*?-->|<metadata>.*?</metadata>", "", inner, flags=re.DOTALL)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', inner))
    # Two pictures on one page must not share ids: they bear a digest of what is drawn.
    own = "m" + hashlib.sha256(inner.encode()).hexdigest()[:8]
    # Only tags are touched: text has its angle brackets escaped, so it never looks like one.
    inner = re.sub(r"<[^>]+>", lambda tag: _tag(tag[0], used, own), inner)
    return re.sub(r">\s*\n\s*<", "><", inner).strip().replace("<defs></defs>", "").replace("<defs/>", "")


def _tag(tag: str, used: set[str], own: str) -> str:
    tag = re.sub(r"\s+", " ", tag).replace("xlink:href", "href").replace(' "', '"')
    tag = re.sub(r' id="([^"]*)"', lambda name: f' id="{own}{name[1]}"' if name[1] in used else "", tag)
    tag = re.sub(r'(url\(#|href="#)', rf"\g<1>{own}", tag)
    tag = re.sub(r' transform="rotate\(-?0 [^"]*"', "", tag)
    tag = tag.replace("font-family: 'DejaVu Sans'", f"font-family: {FONT}").replace("'DejaVu Sans';", f"{FONT};")
    return tag.replace(INK, "var(--ink)")
