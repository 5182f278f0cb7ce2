"""Colours and type of every picture, in one place."""

from __future__ import annotations

from typing import Final

__all__ = ["EMPHASES", "FONT", "LIGHT", "PALETTE", "STYLE", "scoped"]

FONT: Final = "'DejaVu Sans',Verdana,'Segoe UI','Noto Sans',sans-serif"

# Petroff's eight keep the largest distance for colour-blind readers (M. A. Petroff, Accessible color sequences for
# data visualization, 2021). His set in our order: those that stand out on white and on black come first.
PALETTE: Final = ("#578dff", "#ff5e02", "#c849a9", "#adad7d", "#86c8dd", "#656364", "#c91f16", "#1845fb")

LIGHT: Final[dict[str, str]] = {
    "paper": "#ffffff",
    "ink": "#1b2430",
    "blue": "#3f6dff",
    "orange": "#dd5500",
}
_DARK: Final = {"paper": "#12181f", "ink": "#e8edf3"}

# The theme comes from the page where it says so (a report, JupyterLab, VS Code) and else from the reader's system.
_THEME: Final = {
    "paper": ("mining-paper", "jp-layout-color0", "vscode-editor-background"),
    "ink": ("mining-ink", "jp-content-font-color1", "vscode-editor-foreground"),
}


def _themed(values: dict[str, str]) -> str:
    rules = []
    for name, value in values.items():
        chain = value
        for source in reversed(_THEME.get(name, ())):
            chain = f"var(--{source},{chain})"
        rules.append(f"--{name}:{chain}")
    return ".mining-picture{" + ";".join(rules) + "}"


def scoped(rules: dict[str, str]) -> str:
    """Write rules of a style sheet that reach the inside of our pictures and nothing else on the page."""
    return "".join(f".mining-picture {selector}{{{body}}}" for selector, body in rules.items())


# A style element inside an SVG reaches the whole page: every selector is kept under the picture's own class.
STYLE: Final = (
    _themed(LIGHT)
    + "@media (prefers-color-scheme:dark){"
    + _themed(_DARK)
    + "}"
    + scoped(
        {
            "text": f"font-family:{FONT};fill:var(--ink);unicode-bidi:plaintext",
            ".paper": "fill:var(--paper)",
            ".title": "font-size:19px;font-weight:600",
            ".note": "font-size:12px;fill-opacity:.72",
            ".lane": "fill:var(--ink);fill-opacity:.045",
        }
    )
)

# emphasis: (colour variable, dash pattern, what the legend calls it); a dash or a word beside each colour
EMPHASES: Final[dict[str, tuple[str, str, str]]] = {
    "none": ("ink", "", ""),
    "planned": ("blue", "", "as designed"),
    "unplanned": ("orange", "9 5", "not in the design"),
    "skipped": ("ink", "2 6", "designed, not taken"),
}
