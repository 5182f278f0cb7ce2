"""Dates with a two-digit year: whether it leads, as in 24/03/05, and of which calendar it is."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import numpy.typing as npt

from mining._errors import MappingError
from mining.sources.times.stamps import Stamps, relabelled

__all__ = ["settle_short_years"]

Truths = npt.NDArray[np.bool_]
_ARABIC_LETTERS = re.compile(r"[\u0600-\u06ff]")
_MORE = 3  # times as many values as the other number takes


def settle_short_years(
    stamps: Stamps,
    words: npt.NDArray[np.object_],
    *,
    calendar: str | None,
    dayfirst: bool | None,
    name: str,
    today: dt.date,
) -> tuple[Stamps, list[str]]:
    """Decide for all dates with a two-digit year, by the sign between their numbers, whether the year leads.

    Parameters
    ----------
    stamps : Stamps
        Parts of the texts that rows bear.
    words : ndarray of object
        The texts.
    calendar, dayfirst : str, bool or None
        What the mapping says. Jalali dates lead with the year where nothing tells otherwise, others end in it.
    name : str
        Column, for messages.
    today : date
        Years after the next one are no years.

    Returns
    -------
    stamps, proof
        Stamps in which dates that lead with the year are labelled ``y/M/D``; sentences for people.

    Raises
    ------
    MappingError
        When the year may be of two calendars, or stand first or last.
    """
    short = stamps.open & (stamps.width == 2)
    proof: list[str] = []
    if not short.any():
        return stamps, proof
    _one_calendar(words[short], calendar, name)
    leading = np.zeros(len(words), dtype=bool)
    for mark in np.unique(stamps.mark[short]):
        rows = short & (stamps.mark == mark)
        leads, why = _leads(stamps, rows, dayfirst, calendar, short_today=today.year % 100)
        if leads is None:
            raise MappingError(_undecided(stamps, words, rows, name))
        leading |= rows & leads
        proof += [why] if why else []
    return relabelled(stamps, leading, "y/M/D"), proof


def _leads(
    stamps: Stamps, rows: Truths, dayfirst: bool | None, calendar: str | None, *, short_today: int
) -> tuple[bool | None, str]:
    first, second, third = stamps.first[rows], stamps.second[rows], stamps.year[rows]
    starts, ends = bool((first > 31).any()), bool((third > 31).any())
    if starts != ends:
        return starts, f"a number above 31 can only be the year, and it stands {'first' if starts else 'last'}"
    # Nobody leaves the nought of a two-digit year out, and no month is above 12.
    bare = ((stamps.padding[rows] & 3) == 1) & (first < 10)
    if starts or bare.any() or (second > 12).any() or dayfirst is not None:
        return False, ""
    values = len(np.unique(first)), len(np.unique(third))
    if calendar == "jalali":
        ends = values[0] >= _MORE * values[1]
        return not ends, f"two-digit Jalali years are taken to stand {'last' if ends else 'first'}"
    late = bool((first > short_today + 1).any()), bool((third > short_today + 1).any())
    return _spread(*values, late=late)


def _spread(starting: int, ending: int, late: tuple[bool, bool]) -> tuple[bool | None, str]:
    """Weigh how many values both numbers take, and whether they are years that have come."""
    if late == (True, False) or starting >= _MORE * ending:
        return False, ""
    many = ending >= max(_MORE * starting, _MORE)
    if many and late[1]:
        return True, f"the first number takes {starting} values and the last {ending}, so the year stands first"
    if many or late == (False, True):
        return None, ""
    return False, "two-digit years are taken to stand last"


def _one_calendar(words: npt.NDArray[np.object_], calendar: str | None, name: str) -> None:
    if calendar is not None or not (_ARABIC_LETTERS.search(name) or _ARABIC_LETTERS.search("".join(words[:200]))):
        return
    raise MappingError.refused(
        f"Column '{name}' has two-digit years in a file of Persian or Arabic writing: '{words[0]}' may be Jalali or "
        "Gregorian.",
        "Say which in the mapping: `calendar: jalali` or `calendar: gregorian`.",
    )


def _undecided(stamps: Stamps, words: npt.NDArray[np.object_], rows: Truths, name: str) -> str:
    word = int(np.flatnonzero(rows)[0])
    first, second, third = (int(part[word]) for part in (stamps.first, stamps.second, stamps.year))
    column = name.rpartition(".")[2]
    return (
        f"Column '{name}' does not say whether its year stands first or last: '{words[word]}' is "
        f"20{first:02d}-{second:02d}-{third:02d} or 20{third:02d}-{second:02d}-{first:02d}. Say which in the mapping: "
        f"`dayfirst: true` (or false) where the year is last, `template: 20{{{column}}}` where it is first."
    )
