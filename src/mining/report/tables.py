"""Tables and lists on the page, headed and written in its language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
from markupsafe import Markup, escape

from mining._draw import html_table
from mining.report.exhibits import Exhibit
from mining.report.words import Words

__all__ = ["MANY", "listed", "table"]

MANY: Final = 60
_FEW, _ROWS = 6, 15
# Columns whose words are ours and not the data's.
_OURS: Final = {
    "absent_because", "by", "calendar", "cost", "deviation",
    "encoding_proof", "kind", "lane", "mark", "meaning", "measure",
    "model", "owner_mark", "pattern", "perspective", "reason", "remark", "rule", "side", "stability_words",
    "verdict", "what",
}  # fmt: skip


def table(frame: pd.DataFrame, words: Words, title: str = "", *, folded: bool = False, rows: int = _ROWS) -> Exhibit:
    """Show a table with its heads, numbers, days and our own words in the page's language."""
    heads = {str(name): words.column(str(name)) for name in frame.columns}
    spoken = frame.assign(**{name: frame[name].map(words.value) for name in _OURS & set(frame.columns)})
    formats = dict.fromkeys(_shares(frame), words.share)
    html = html_table(spoken, formats=formats, rows=rows, writing=words.writing, heads=heads)
    # What the columns are in every language, so that the page's own script finds them.
    fields = escape("|".join(map(str, frame.columns)))
    html = html.replace("<table ", f'<table data-fields="{fields}" ', 1)
    return Exhibit(Markup(html), title, folded)  # noqa: S704 - html_table escapes


def listed(sentences: Sequence[str], title: str) -> Exhibit:
    """Show sentences as a list, folded where there are many."""
    items = Markup("").join(Markup('<li dir="auto">{}</li>').format(sentence) for sentence in sentences)
    return Exhibit(Markup("<ul>{}</ul>").format(items), title, folded=len(sentences) > _FEW)


def _shares(frame: pd.DataFrame) -> list[str]:
    """Name the columns that hold shares: by their names, and the bounds that stand beside one."""
    named = [name for name in map(str, frame.columns) if "share" in name.split("_")]
    bounds = [name for name in ("low", "high", "difference", "excess") if named and name in frame.columns]
    return [name for name in (*named, *bounds) if pd.api.types.is_float_dtype(frame[name])]
