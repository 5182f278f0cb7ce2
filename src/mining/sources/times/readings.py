"""Every distinct text of a column in the reading that was decided for it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mining._errors import MappingError
from mining.sources.table import Coded
from mining.sources.times.clocks import NO_TIME
from mining.sources.times.hints import Neighbours
from mining.sources.times.moments import DAY, Moments, Numbers, number_times, wall_times
from mining.sources.times.orders import Order, find_order
from mining.sources.times.short_years import settle_short_years
from mining.sources.times.stamps import NAMES, NO_OFFSET, OPEN, Stamps, read_stamps
from mining.sources.times.zones import offset_of

__all__ = ["DateRules", "Readings", "read_column"]

Ints = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
_HALF_CONVERTED = 8  # dates of either kind, before their days are no accident


@dataclass(frozen=True)
class DateRules:
    """What a mapping says about a column of dates; None leaves it to the data.

    Attributes
    ----------
    timezone : str or None
        IANA zone of values without an offset.
    dayfirst : bool or None
        How to read 05/03/2024, where the column does not prove it.
    calendar : str or None
        ``gregorian`` or ``jalali``; None decides by the year.
    unit : str or None
        Unit of plain numbers: ``s``, ``ms``, ``us`` or ``serial`` (spreadsheet days); None decides by magnitude.
    """

    timezone: str | None = None
    dayfirst: bool | None = None
    calendar: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Readings:
    """Distinct texts, each in one reading, and what was made of them.

    Attributes
    ----------
    codes : ndarray of int64
        Reading of every row; -1 for a row without a text.
    stamps : Stamps
        Parts of the texts.
    dayfirst : ndarray of int8
        1, 0 or -1 (unread) where the order of day and month was open.
    wall, numbers : Moments, Numbers
        Times of the dates, and of the plain numbers.
    offset : ndarray of int64
        Minutes east of UTC; `NO_OFFSET` where the text does not say.
    order : Order
        How the order was decided.
    proof : list of str
        Sentences for people.
    """

    codes: Ints
    stamps: Stamps
    dayfirst: npt.NDArray[np.int8]
    wall: Moments
    numbers: Numbers
    offset: Ints
    order: Order
    proof: list[str]

    @cached_property
    def micros(self) -> Ints:
        """Times on the clock that each text itself shows."""
        return np.where(self.numbers.micros != NO_TIME, self.numbers.micros, self.wall.micros)

    @cached_property
    def zoned(self) -> Truths:
        """Texts that say their zone."""
        return np.asarray(self.numbers.zoned | (self.offset != NO_OFFSET))

    @cached_property
    def counts(self) -> Ints:
        """Rows per text."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.offset))

    def formats(self) -> dict[str, Truths]:
        """Name the spellings, each with its texts."""
        found = dict(self.numbers.units)
        dated = self.wall.micros != NO_TIME
        for place in np.unique(self.stamps.label[dated]):
            for jalali in (False, True):
                rows = dated & (self.stamps.label == place) & (self.wall.jalali == jalali)
                for way in np.unique(self.dayfirst[rows]) if NAMES[place] in OPEN else (None,):
                    some = rows if way is None else rows & (self.dayfirst == way)
                    if some.any():
                        found[_named(NAMES[place], way) + (" jalali" if jalali else "")] = some
        return found


def _named(label: str, way: int | None) -> str:
    if way is None:
        return label
    named = {"a/b/Y": ("M/D/Y", "D/M/Y"), "aabbYYYY": ("MMDDYYYY", "DDMMYYYY")}
    return named[label][int(way)]


def read_column(column: Coded, rules: DateRules, name: str, *, neighbours: Neighbours, today: dt.date) -> Readings:
    """Read the distinct texts of a column, all of which rows bear.

    Raises
    ------
    MappingError
        When something about the whole column has to be said in the mapping.
    """
    words, calendar = column.words, rules.calendar
    stamps, proof = settle_short_years(
        read_stamps(words), words, calendar=calendar, dayfirst=rules.dayfirst, name=name, today=today
    )
    order = find_order(column, stamps, rules.dayfirst, neighbours, name=name, calendar=calendar)
    codes, places, dayfirst = _by_reading(column, stamps, order)
    if (dayfirst != dayfirst[:1]).any():
        stamps = stamps.take(places)
    wall, numbers = wall_times(stamps, dayfirst, calendar), number_times(stamps, rules.unit)
    if rules.dayfirst is None:
        _refuse_half_converted(stamps, wall, numbers, words=words[places], name=name)
    offset = stamps.offset.copy()
    for place, (word, example) in enumerate(stamps.zones):
        offset[stamps.zone == place] = offset_of(word, rules.timezone, name=name, example=str(words[example]))
    # Letters that name no zone are no part of a date.
    wall = wall._replace(micros=np.where((stamps.zone >= 0) & (offset == NO_OFFSET), NO_TIME, wall.micros))
    told = [*proof, *order.proof, *_remarks(stamps, numbers)]
    return Readings(codes, stamps, dayfirst, wall, numbers, offset, order, told)


def _by_reading(column: Coded, stamps: Stamps, order: Order) -> tuple[Ints, Ints, npt.NDArray[np.int8]]:
    """Give a text that is read in two ways in different stretches a code for each."""
    size, known = len(column.words), column.known
    if not len(order.rows) or (order.rows == order.rows[0]).all():
        return column.codes, np.arange(size), np.full(size, order.rows[0] if size else 1, dtype=np.int8)
    ways = np.where(stamps.open[column.codes[known]], order.rows[known] + 1, 0)
    pairs, readings = np.unique(column.codes[known] * 3 + ways, return_inverse=True)
    codes = np.full(len(known), -1, dtype=np.int64)
    codes[known] = readings
    return codes, pairs // 3, (pairs % 3 - 1).astype(np.int8)


def _refuse_half_converted(
    stamps: Stamps, wall: Moments, numbers: Numbers, *, words: npt.NDArray[np.object_], name: str
) -> None:
    """Refuse a column in which a spreadsheet took the dates that it could for another order than they had."""
    text = np.flatnonzero(stamps.open & (wall.micros != NO_TIME))
    if len(text) < _HALF_CONVERTED or not (np.maximum(stamps.first, stamps.second)[text] > 12).all():
        return
    serial = numbers.units.get("spreadsheet serial", np.zeros(len(words), dtype=bool))
    moments = np.where(serial, numbers.micros, np.where(stamps.labelled("Y-M-D") & ~wall.jalali, wall.micros, NO_TIME))
    dates = np.unique(moments[moments != NO_TIME] // DAY).astype("datetime64[D]")
    within = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    if len(dates) >= _HALF_CONVERTED and (within <= 12).all():
        raise MappingError.refused(
            f"Column '{name}' was half converted by a spreadsheet: the dates left as text, such as '{words[text[0]]}', "
            f"all have a day above 12, and the {len(dates):,} days it made dates of, such as {dates[0]}, are all 1 to "
            "12, so it swapped their day and month.",
            "Export again without opening the file in a spreadsheet; `dayfirst` in the mapping reads it as it stands.",
        )


def _remarks(stamps: Stamps, numbers: Numbers) -> list[str]:
    said = []
    if "spreadsheet serial" in numbers.units:
        said.append("spreadsheet days are counted from 1900; those of a workbook that counts from 1904 are 1,462 more")
    if stamps.labelled("rounded number").any():
        said.append("numbers such as 1.7E+12 were rounded by a spreadsheet and are no times any more")
    return said
