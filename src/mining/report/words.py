"""What the page says around the numbers, in English, Hebrew and Persian."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pandas as pd
import yaml

from mining._draw.table import Writing, plainly

__all__ = ["Words", "spoken"]

_PARTS: Final = ("sections", "exhibits", "map", "sentences", "columns", "values", "table")


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
    values: dict[str, str]
    table: dict[str, str]

    def say(self, sentence: str, **values: object) -> str:
        """Fill a sentence; our numbers take the language's digits, words from the data stay as they are."""
        shown = {name: self.number(value) for name, value in values.items()}
        return self.ours(self.sentences[sentence].format(**shown))

    def ours(self, text: str) -> str:
        """Mark a text as one of this language's, even where it begins with a number or with a name from the data."""
        return f"\N{RIGHT-TO-LEFT MARK}{text}" if self.direction == "rtl" else text

    def number(self, value: object) -> str:
        """Write a number the way the language does; anything else unchanged."""
        if isinstance(value, pd.Timestamp):
            return self.date(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _isolated(str(value)) if self.direction == "rtl" else str(value)
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
        return text.translate(self._own_digits)

    def share(self, value: Any) -> str:
        """Write a share as a percentage; a dash where it is undefined."""
        if value != value:  # noqa: PLR0124 - NaN
            return "–"
        text = f"{100 * value:.1f} %".translate(self._own_digits)
        if self.direction == "ltr":
            return text
        return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"

    def column(self, name: str) -> str:
        """Head a table's column."""
        return self.columns.get(name, name.replace("_", " "))

    def value(self, word: object) -> object:
        """Say a word of ours that stands in a table; anything else unchanged."""
        return self.values.get(word, word) if isinstance(word, str) else word

    def date(self, moment: pd.Timestamp) -> str:
        """Write a day in the language's calendar: Persian dates are Jalali."""
        if self.language != "fa":
            return f"{moment:%Y-%m-%d}"
        # persiantools is needed for nothing else here.
        from persiantools.jdatetime import JalaliDate

        return str(JalaliDate(moment.date()).strftime("%Y/%m/%d")).translate(self._own_digits)

    @property
    def writing(self) -> Writing:
        """How tables write numbers, days and what is left out."""
        return Writing(
            self._written, lambda left: self.table["more"].format(n=self.number(left)), self.table["nothing"]
        )

    @property
    def _own_digits(self) -> dict[int, int]:
        return str.maketrans("0123456789", self.digits)

    def _written(self, value: object) -> str:
        if isinstance(value, pd.Timestamp):
            return f"{self.date(value)} {value:%H:%M}".translate(self._own_digits)
        if isinstance(value, bool | np.bool_):
            return self.table["yes" if value else "no"]
        # Digits inside names are the data's own.
        is_number = isinstance(value, int | float | np.integer | np.floating)
        return plainly(value).translate(self._own_digits) if is_number else plainly(value)


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
    merged = {key: {**english[key], **given.get(key, {})} for key in _PARTS}
    return Words(language, given["direction"], given["digits"], given["contents"], **merged)


def _read(language: str) -> dict[str, Any]:
    text = files("mining.report").joinpath("languages", f"{language}.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    return found
