"""What the page says around the numbers, in English, Hebrew and Persian."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["Words", "spoken"]


@dataclass(frozen=True)
class Words:
    """The words of one language."""

    language: str
    direction: str
    digits: str
    contents: str
    sections: dict[str, str]
    exhibits: dict[str, str]
    map: dict[str, str]
    sentences: dict[str, str]
    columns: dict[str, str]

    def say(self, sentence: str, **values: object) -> str:
        """Fill a sentence; our numbers take the language's digits, words from the data stay as they are."""
        shown = {name: self.number(value) for name, value in values.items()}
        return self.sentences[sentence].format(**shown)

    def number(self, value: object) -> str:
        """Write a number the way the language does; anything else unchanged."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _isolated(str(value)) if self.direction == "rtl" else str(value)
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
        return text.translate(str.maketrans("0123456789", self.digits))

    def share(self, value: Any) -> str:
        """Write a share as a percentage; a dash where it is undefined."""
        if value != value:  # noqa: PLR0124 - NaN
            return "–"
        text = f"{100 * value:.1f} %".translate(str.maketrans("0123456789", self.digits))
        if self.direction == "ltr":
            return text
        return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"

    def column(self, name: str) -> str:
        """Head a table's column."""
        return self.columns.get(name, name.replace("_", " "))


def _isolated(text: str) -> str:
    """Keep the words of another script together inside a sentence that runs from right to left."""
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


@cache
def spoken(language: str) -> Words:
    """Load a language's words.

    Parameters
    ----------
    language : str
        ``en``, ``he`` or ``fa``.

    Returns
    -------
    Words
        English stands in where a translation lacks a sentence.
    """
    given = _read(language)
    english = _read("en")
    merged = {
        key: {**english[key], **given.get(key, {})} for key in ("sections", "exhibits", "map", "sentences", "columns")
    }
    return Words(language, given["direction"], given["digits"], given["contents"], **merged)


def _read(language: str) -> dict[str, Any]:
    text = files("mining.report").joinpath("languages", f"{language}.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    return found
