"""What drawing gives back: a picture (SVG text), a raster (PNG bytes) or a fragment (HTML text), all frozen."""

from __future__ import annotations

import base64
import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mining._draw.ink import LIGHT, STYLE
from mining._draw.text import escaped
from mining._errors import MiningError
from mining._files import write_whole

__all__ = ["Fragment", "Picture", "Raster", "compose"]


@dataclass(frozen=True, repr=False)
class Picture:
    """A drawing as one self-contained SVG element.

    It shows itself in a notebook as HTML with the SVG inline: one format keeps stored output small, text can be read
    by machines and follows the light or dark theme of the page, which it cannot do as an image. Equal data gives
    equal bytes. There are no scripts, no links and no fonts to load in it.

    Parameters
    ----------
    svg : str
        One ``<svg>`` element, ready to stand in an HTML page.
    title : str
        What the picture shows.
    width, height : int
        Natural size in pixels.
    """

    svg: str
    title: str
    width: int
    height: int

    def __repr__(self) -> str:
        return f"Picture({self.title!r}, {self.width} x {self.height})"

    def _repr_html_(self) -> str:
        # Wide maps scroll instead of shrinking until nobody can read them; a scrolling area must be reachable by key.
        return f'<div class="mining-frame" style="overflow-x:auto" tabindex="0">{self.svg}</div>'

    def save(self, path: str | Path) -> Path:
        """Write the picture as ``.svg`` or ``.png``, whole or not at all.

        Parameters
        ----------
        path : str or Path
            Where to; the suffix decides the format. PNG needs the package resvg-py.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        MiningError
            When the suffix is neither, or PNG is asked for and resvg-py is not installed.
        """
        target = Path(path)
        makers = {".svg": self._as_file, ".png": self._as_png}
        make = makers.get(target.suffix.lower())
        if make is None:
            raise MiningError.refused(f"A picture cannot be saved as '{target.name}'.", "End the name in .svg or .png.")
        return write_whole(target, make())

    def _as_file(self) -> bytes:
        return f'<?xml version="1.0" encoding="utf-8"?>\n{self.svg}\n'.encode()

    def _as_png(self) -> bytes:
        try:
            resvg = importlib.import_module("resvg_py")
        except ImportError as missing:
            message = "Saving as PNG needs a package that is not installed."
            raise MiningError.refused(message, "Run `pip install resvg-py`, or save as .svg.") from missing
        return bytes(resvg.svg_to_bytes(svg_string=_plain(self.svg), zoom=2))


@dataclass(frozen=True, repr=False)
class Raster:
    """A drawing as PNG bytes, for clouds of points whose last digits differ between machines.

    Stored notebook output holds it as an image, which is shown but not compared.

    Parameters
    ----------
    png : bytes
        The image.
    title : str
        What it shows.
    text : str
        The same in words, for readers who cannot see it.
    width, height : int
        Size in pixels as shown (the image itself is twice as fine).
    """

    png: bytes = field(repr=False)
    title: str
    text: str
    width: int
    height: int

    def __repr__(self) -> str:
        return f"Raster({self.title!r}, {self.width} x {self.height})"

    def _repr_png_(self) -> tuple[bytes, dict[str, object]]:
        return self.png, {"width": self.width, "height": self.height, "alt": self.text}

    @property
    def html(self) -> str:
        """The image as an ``<img>`` element that carries its own bytes, for a page that stands alone."""
        data = base64.b64encode(self.png).decode("ascii")
        size = f'width="{self.width}" height="{self.height}" style="max-width:100%;height:auto"'
        return f'<img alt="{escaped(self.text)}" {size} src="data:image/png;base64,{data}">'

    def save(self, path: str | Path) -> Path:
        """Write the image as ``.png``, whole or not at all, and return where it is."""
        target = Path(path)
        if target.suffix.lower() != ".png":
            raise MiningError.refused(f"A cloud of points cannot be saved as '{target.name}'.", "End the name in .png.")
        return write_whole(target, self.png)


@dataclass(frozen=True, repr=False)
class Fragment:
    """A piece of HTML, every text in it escaped, that can stand in a notebook or in a page.

    Parameters
    ----------
    html : str
        One HTML element.
    title : str
        What it shows.
    """

    html: str
    title: str = ""

    def __repr__(self) -> str:
        return f"Fragment({self.title!r})"

    def _repr_html_(self) -> str:
        return self.html


def compose(body: str, size: tuple[float, float], title: str, text: str, *, style: str = "") -> Picture:
    """Put a drawing's elements into an accessible, theme-aware ``<svg>`` element.

    Parameters
    ----------
    body : str
        SVG elements, already escaped.
    size : tuple of float
        Width and height in pixels.
    title, text : str
        The name of the picture and the same in words; both are escaped here.
    style : str, optional
        Further rules for the style sheet.
    """
    width, height = (max(1, round(side)) for side in size)
    name = escaped(title) or "Picture"
    shape = f"width:100%;max-width:{width}px;min-width:{min(width, max(320, round(0.62 * width)))}px;height:auto"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mining-picture" role="img" aria-label="{name}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" style="{shape}">'
        f"<title>{name}</title><desc>{escaped(text)}</desc><style>{STYLE}{style}</style>"
        f'<rect class="paper" width="{width}" height="{height}"/>{body}</svg>'
    )
    return Picture(svg, title, width, height)


def _plain(svg: str, values: Mapping[str, str] = LIGHT) -> str:
    """Write out the theme's variables, which image converters do not know, and drop the page's sizing."""
    svg = re.sub(r"@media[^{]*\{[^{}]*\{[^{}]*\}\}", "", svg)
    svg = re.sub(r"var\(--([a-z]+)\)", lambda found: values.get(found[1], "#000000"), svg)
    return re.sub(r' style="width:100%[^"]*"', "", svg, count=1)
