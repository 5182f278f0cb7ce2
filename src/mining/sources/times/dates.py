"""Read a column of dates as a column: one decision with its proof, never row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mining.sources.table import Coded
from mining.sources.times.clocks import NO_TIME, Local, first_passes, to_utc
from mining.sources.times.eras import DAY_FIRST, kinds_of, shown
from mining.sources.times.hints import Neighbours
from mining.sources.times.moments import DAY
from mining.sources.times.readings import DateRules, Readings, read_column
from mining.sources.times.sentinels import sentinels
from mining.sources.times.stamps import NO_OFFSET, PRECISIONS

__all__ = ["Clock", "DateRules", "proof_of_order", "read_dates"]

Ints = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
_UNITS_OF = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "hour": 3_600_000_000, "day": DAY}
_FEW = 8
_EARLY = 631_152_000_000_000  # 1990


@dataclass(frozen=True)
class Clock:
    """A column of times in UTC and how they were read.

    Attributes
    ----------
    micros : ndarray of int64
        Microseconds since 1970 in UTC; `NO_TIME` where there is none.
    failed : ndarray of bool
        Rows that hold a text which is no date, or one that nothing decides.
    precision : ndarray of int64
        Place in ``("us", "ms", "s", "min", "hour", "day")`` of every row.
    repaired, assumed : ndarray of bool
        Rows moved out of, or placed within, a change of the clock; rows whose zone is an assumption.
    facts : dict
        How the column was read, in plain values: `format` (spelling to rows), `calendar`, `zone`, `proof`, `precision`;
        `segments` where stretches of rows have different orders (``order``, ``first_row``, ``last_row``, ``rows``,
        ``example``); `sentinels` (dates that stand for none, to rows: they have no time and are not failures);
        `zone_words` (letters that name a zone, to rows); counts of rows `aware` and `naive`, in a `skipped_hour` or
        `repeated_hour` (`repeated_hour_placed` by the order of the rows), `before_1990`, in the `future` (after the
        next year), `undecided` between two orders, and `rounded` to ``1.7E+12`` by a spreadsheet.
    """

    micros: Ints
    failed: Truths
    precision: Ints
    repaired: Truths
    assumed: Truths
    facts: dict[str, object] = field(default_factory=dict)


def read_dates(
    column: Coded,
    rules: DateRules,
    name: str = "column",
    *,
    others: Callable[[], Iterable[Coded]] = tuple,
    today: dt.date | None = None,
) -> Clock:
    """Read a whole column of dates.

    Distinct texts are read once. Whether 05/03 is a day in March or in May is decided for the column, or for each of
    the stretches of rows that an export was put together from: by a value above 12, else by the mapping, by the other
    columns of the table or by the order of the rows, else not at all. A text that is no date, or a date that no
    calendar has, fails; it is never moved to a neighbour.

    Parameters
    ----------
    column : Coded
        Texts.
    rules : DateRules
        What the mapping says.
    name : str
        Name of the column, for messages.
    others : callable
        Gives the other columns of the table; asked only when the column itself proves nothing.
    today : date or None
        Times after the next year are counted as `future`; None takes the day of reading.

    Returns
    -------
    Clock
        Times in UTC and how they were read.

    Raises
    ------
    MappingError
        When nothing proves the order of day and month, dates of both orders are mixed, a spreadsheet swapped day and
        month of a part of them, or letters for a zone have several meanings.

    Examples
    --------
    >>> clock = read_dates(Coded.of(["05/03/2024", "13/03/2024"]), DateRules(timezone="UTC"))
    >>> clock.micros.astype("datetime64[us]").astype("datetime64[D]").astype(str).tolist()
    ['2024-03-05', '2024-03-13']
    >>> clock.facts["proof"]
    "'13/03/2024' can only be day first"
    """
    day = today or dt.datetime.now(dt.UTC).date()
    neighbours = Neighbours(others, rules.calendar)
    read = read_column(_borne(column), rules, name, neighbours=neighbours, today=day)
    local = to_utc(np.where(read.zoned, NO_TIME, read.micros), rules.timezone or "UTC")
    shift = np.where(read.offset != NO_OFFSET, read.offset, 0) * 60_000_000
    known = read.micros != NO_TIME
    micros = np.where(known & read.zoned, np.where(known, read.micros, 0) - shift, local.micros)
    none = sentinels(read.stamps, read.micros, micros)
    standing = np.logical_or.reduce([*none.values(), np.zeros(len(micros), dtype=bool)])
    micros = np.where(standing, NO_TIME, micros)
    return _spread(read, local, micros, none=none, timezone=rules.timezone, today=day)


def _borne(column: Coded) -> Coded:
    """Leave out words that no row bears: they prove nothing."""
    counts = np.bincount(column.codes[column.known], minlength=len(column.words))
    return column if counts.all() else column.compact()


def proof_of_order(first: Ints, second: Ints) -> bool | None:
    """Say whether values above 12 prove the day first (True), the month first (False) or nothing.

    Examples
    --------
    >>> import numpy as np
    >>> proof_of_order(np.array([13, 5]), np.array([1, 3]))
    True
    """
    kinds = shown(kinds_of(np.full(len(first), 2000), first, second))
    return None if len(kinds) != 1 else kinds == [DAY_FIRST]


def _spread(
    read: Readings, local: Local, micros: Ints, *, none: dict[str, Truths], timezone: str | None, today: dt.date
) -> Clock:
    standing = np.logical_or.reduce([*none.values(), np.zeros(len(micros), dtype=bool)])
    failed = (micros == NO_TIME) & ~standing
    there = micros != NO_TIME
    naive = ~read.zoned & there
    precision = np.maximum(
        np.where(read.numbers.micros != NO_TIME, read.numbers.precision, read.stamps.precision),
        _coarseness(read.micros[there]),
    )
    codes = read.codes
    times, placed = _passes(read, local, np.append(micros, NO_TIME)[codes], timezone)
    facts = _facts(read, local, micros, none=none, timezone=timezone)
    facts["future"] = int((read.counts[there & (micros >= _start_of(today.year + 2))]).sum())
    facts["repeated_hour_placed"] = placed
    return Clock(
        times,
        np.append(failed, False)[codes],
        np.append(precision, 0)[codes],
        np.append(there & (local.in_gap | local.repeated), False)[codes],
        np.append(naive & (timezone is None), False)[codes],
        {**facts, "precision": PRECISIONS[int(precision[there].min())] if there.any() else ""},
    )


def _start_of(year: int) -> int:
    return int(np.datetime64(f"{year}-01-01", "us").astype(np.int64))


def _passes(read: Readings, local: Local, times: Ints, timezone: str | None) -> tuple[Ints, int]:
    """Put rows of a repeated hour into its first pass where the order of the rows shows it."""
    if not local.repeated.any() or timezone is None:
        return times, 0
    wall = np.append(np.where(read.zoned, NO_TIME, read.micros), NO_TIME)[read.codes]
    twice = np.append(local.repeated, False)[read.codes]
    rows = np.flatnonzero(first_passes(wall, twice))
    times[rows] = to_utc(wall[rows], timezone, first=True).micros
    return times, len(rows)


def _facts(
    read: Readings, local: Local, micros: Ints, *, none: dict[str, Truths], timezone: str | None
) -> dict[str, object]:
    counts, there = read.counts, micros != NO_TIME
    naive, zoned = ~read.zoned & there, read.zoned & there
    words = {word: there & (read.stamps.zone == place) for place, (word, _) in enumerate(read.stamps.zones)}
    jalali = read.wall.jalali & there
    calendars = [("gregorian", there & ~jalali), ("jalali", jalali)]
    return {
        "format": {label: n for label, rows in read.formats().items() if (n := int(counts[rows & there].sum()))},
        "calendar": " and ".join(told for told, rows in calendars if rows.any()) or "gregorian",
        "zone": _zone(naive, zoned, timezone),
        "proof": "; ".join(dict.fromkeys(read.proof)),
        "segments": read.order.segments,
        "sentinels": {day: int(counts[rows].sum()) for day, rows in none.items()},
        "zone_words": {word: int(counts[rows].sum()) for word, rows in words.items() if rows.any()},
        "aware": int(counts[zoned].sum()),
        "naive": int(counts[naive].sum()),
        "skipped_hour": int(counts[local.in_gap & there].sum()),
        "repeated_hour": int(counts[local.repeated & there].sum()),
        "before_1990": int(counts[there & (micros < _EARLY)].sum()),
        "undecided": read.order.undecided,
        "rounded": int(counts[read.stamps.labelled("rounded number")].sum()),
    }


def _coarseness(micros: Ints) -> int:
    """Find the unit that all times share: clocks that only ever show :00 seconds have none."""
    for place in range(len(PRECISIONS) - 1, 0, -1):
        # Few round values prove nothing about a clock.
        enough = len(micros) >= _FEW or PRECISIONS[place] in {"s", "ms"}
        if enough and len(micros) and not (micros % _UNITS_OF[PRECISIONS[place]]).any():
            return place
    return 0


def _zone(naive: Truths, zoned: Truths, timezone: str | None) -> str:
    said = "in the values" if zoned.any() else ""
    told = (timezone or "UTC assumed") if naive.any() else ""
    return " and ".join(filter(None, (said, told)))
