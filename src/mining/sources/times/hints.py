"""What decides the order of day and month when no value of the column does: the rest of the table, and the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from mining.sources.table import Coded
from mining.sources.times.clocks import NO_TIME
from mining.sources.times.eras import DAY_FIRST, kinds_of, shown
from mining.sources.times.moments import DAY, wall_times
from mining.sources.times.stamps import PRECISIONS, Stamps, read_stamps

__all__ = ["Neighbours"]

Ints = npt.NDArray[np.int64]
_LOOK = 50  # words that show whether a column holds dates
_ROWS = 30  # dates that may be read in two ways and have another time beside them
_SURE, _UNSURE = 0.99, 0.90
_DAYS = 12  # different days in a row, before their order says anything
_SORTED, _UNSORTED = 0.01, 0.20  # share of pairs of rows that are the wrong way round
_SAMPLE = 2_000


class Neighbours:
    """The other columns of a table, asked only when a column does not decide itself.

    The language of headers is no evidence here: it says who reads the export, not which program wrote its dates.

    Parameters
    ----------
    others : callable
        Gives the other columns.
    calendar : str or None
        Calendar that the mapping says.
    """

    def __init__(self, others: Callable[[], Iterable[Coded]], calendar: str | None) -> None:
        self._ask, self._calendar = others, calendar
        self._read: list[tuple[Coded, Stamps]] | None = None

    def same_writing(self, stamps: Stamps, word: int) -> tuple[bool, str] | None:
        """Look for proof in columns that are written alike: sign between the numbers, digits of the year, clock."""
        found: set[int] = set()
        for _, other in self._columns():
            alike = other.open & (other.mark == stamps.mark[word]) & (other.width == stamps.width[word])
            # A date beside a date and time is usual; a 12-hour clock beside a 24-hour one is another program's.
            alike &= (other.half == stamps.half[word]) | _no_clock(other) | bool(_no_clock(stamps)[word])
            found |= set(shown(kinds_of(other.year, other.first, other.second)[alike]))
        if len(found) != 1:
            return None
        day = found == {DAY_FIRST}
        return day, f"another column of the table is {'day' if day else 'month'} first"

    def order_of_times(self, rows: Ints, day: Ints, month: Ints) -> tuple[bool, str] | None:
        """Compare both readings with the certain times beside them: created is never after closed, one way only.

        Parameters
        ----------
        rows : ndarray of int64
            Rows of the table.
        day, month : ndarray of int64
            Their times, read day first and month first.
        """
        votes = set()
        for column, stamps in self._columns():
            if len(column) <= rows.max():
                continue
            times = np.append(_certain(stamps, self._calendar), NO_TIME)[column.codes[rows]]
            both = (times != NO_TIME) & (day != NO_TIME) & (month != NO_TIME) & (day != month)
            if both.sum() < _ROWS:
                continue
            one, two = _agreement(day[both], times[both]), _agreement(month[both], times[both])
            if max(one, two) >= _SURE and min(one, two) <= _UNSURE:
                votes.add((one > two, f"{max(one, two):.0%} of {int(both.sum()):,} rows", f"{min(one, two):.0%}"))
        if len({vote[0] for vote in votes}) != 1:
            return None
        first, share, other = max(votes)
        right, wrong = ("day", "month") if first else ("month", "day")
        kept = f"{right} first it keeps its order with another time of the table in {share}, {wrong} first in {other}"
        return first, kept

    def order_of_rows(self, words: npt.NDArray[np.object_], day: Ints, month: Ints) -> tuple[bool, str] | None:
        """Look whether the rows are sorted by time in one reading and in disorder in the other.

        A file that is sorted by the text of its dates looks sorted month first, whatever the order is, so it proves
        nothing.
        """
        known = (day != NO_TIME) & (month != NO_TIME)
        places = np.flatnonzero(known)
        places = places[np.unique(np.linspace(0, len(places) - 1, _SAMPLE).astype(np.int64))] if len(places) else places
        one, two = day[places] // DAY, month[places] // DAY
        if len(np.unique(one)) < _DAYS:
            return None
        texts = np.unique(words[places].astype(str), return_inverse=True)[1]
        if _disorder(texts.astype(np.int64)) <= 2 * _SORTED:
            return None
        mess = _disorder(one), _disorder(two)
        if min(mess) > _SORTED or max(mess) < _UNSORTED:
            return None
        right, wrong = ("day", "month") if mess[0] < mess[1] else ("month", "day")
        return mess[0] < mess[1], (
            f"the rows are in the order of time read {right} first ({min(mess):.1%} of pairs are not), "
            f"in disorder read {wrong} first ({max(mess):.0%})"
        )

    def _columns(self) -> list[tuple[Coded, Stamps]]:
        if self._read is None:
            dated = [column for column in self._ask() if len(column.words) and _holds_dates(column)]
            self._read = [(column, read_stamps(column.words)) for column in dated]
        return self._read


def _no_clock(stamps: Stamps) -> npt.NDArray[np.bool_]:
    return np.asarray(stamps.precision == PRECISIONS.index("day"))


def _holds_dates(column: Coded) -> bool:
    sample = read_stamps(column.words[:: max(1, len(column.words) // _LOOK)])
    dated = (sample.label >= 0) & ~sample.labelled("number", "rounded number", "YYYYMMDD", "aabbYYYY")
    return bool(dated.mean() >= 0.5)


def _certain(stamps: Stamps, calendar: str | None) -> Ints:
    """Read a column whose order is not open, or that proves its order."""
    kinds = shown(kinds_of(stamps.year, stamps.first, stamps.second)[stamps.open])
    order = -1 if len(kinds) != 1 else int(kinds == [DAY_FIRST])
    return wall_times(stamps, np.full(len(stamps.label), order, dtype=np.int8), calendar).micros


def _agreement(times: Ints, others: Ints) -> float:
    # Clocks of different zones may be a day apart.
    return float(max((times <= others + DAY).mean(), (times >= others - DAY).mean()))


def _disorder(values: Ints) -> float:
    """Share of pairs, ties left out, that are the wrong way round, in whichever direction is the better."""
    later = np.triu(np.ones((len(values), len(values)), dtype=bool), 1)
    rising = int(((values[:, None] < values[None, :]) & later).sum())
    falling = int(((values[:, None] > values[None, :]) & later).sum())
    return min(rising, falling) / max(rising + falling, 1)
