"""Read a column of dates as a column: one decision with its proof, never row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mining._errors import MappingError
from mining.sources.calendars import gregorian_days, jalali_days
from mining.sources.clocks import NO_TIME, to_utc
from mining.sources.fold import tidy
from mining.sources.stamps import EPOCH_UNITS, NO_OFFSET, PRECISIONS, Parts, read_epochs, read_parts
from mining.sources.table import Coded

__all__ = ["Clock", "DateRules", "proof_of_order", "read_dates"]

Ints = npt.NDArray[np.int64]
_DAY = 86_400_000_000
_UNITS_OF = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "day": _DAY}
_SERIAL_ZERO = -25_569  # day 0 of a spreadsheet, in days since 1970
_FEW = 8


@dataclass(frozen=True)
class DateRules:
    """What a mapping says about a column of dates; None leaves it to the data.

    Attributes
    ----------
    timezone : str or None
        IANA zone of values without an offset.
    dayfirst : bool or None
        How to read 05/03/2024.
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
class Clock:
    """A column of times in UTC and how they were read.

    Attributes
    ----------
    micros : ndarray of int64
        Microseconds since 1970 in UTC; `NO_TIME` where there is none.
    failed : ndarray of bool
        Rows that hold a text which is no date.
    precision : ndarray of int64
        Place in ``("us", "ms", "s", "min", "day")`` of every row.
    repaired, assumed : ndarray of bool
        Rows moved out of, or placed within, a change of the clock; rows whose zone is an assumption.
    facts : dict
        Formats with counts, calendar, zone and proof, for people.
    """

    micros: Ints
    failed: npt.NDArray[np.bool_]
    precision: Ints
    repaired: npt.NDArray[np.bool_]
    assumed: npt.NDArray[np.bool_]
    facts: dict[str, object] = field(default_factory=dict)


@dataclass
class _Distinct:
    """Distinct texts on their way to times."""

    micros: Ints
    precision: Ints
    zoned: npt.NDArray[np.bool_]
    formats: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    proof: list[str] = field(default_factory=list)


def read_dates(
    column: Coded, rules: DateRules, name: str = "column", *, others: Callable[[], Iterable[Coded]] = tuple
) -> Clock:
    """Read a whole column of dates.

    Distinct texts are read once. Whether 05/03 is a day in March or in May is decided for the column: by a value above
    12, else by such a value in another column of the same table, else not at all.

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

    Returns
    -------
    Clock
        Times in UTC and how they were read.

    Raises
    ------
    MappingError
        When nothing proves the order of day and month.
    """
    texts = pa.array([tidy(word) for word in column.words], type=pa.string())
    size = len(texts)
    state = _Distinct(
        np.full(size, NO_TIME, dtype=np.int64), np.zeros(size, dtype=np.int64), np.zeros(size, dtype=bool)
    )
    for label, parts in read_parts(texts).items():
        _place(
            state,
            label,
            parts,
            rules,
            dayfirst=lambda parts: _dayfirst(parts, texts, rules, name=name, others=others, proof=state.proof),
        )
    _place_numbers(state, texts, rules)
    return _finish(column, state, rules)


def proof_of_order(first: Ints, second: Ints) -> bool | None:
    """Say whether values above 12 prove the day first (True), the month first (False) or nothing.

    Examples
    --------
    >>> import numpy as np
    >>> proof_of_order(np.array([13, 5]), np.array([1, 3]))
    True
    """
    day_first, month_first = bool((first > 12).any()), bool((second > 12).any())
    return None if day_first == month_first else day_first


def _dayfirst(
    parts: Parts,
    texts: pa.Array,
    rules: DateRules,
    *,
    name: str,
    others: Callable[[], Iterable[Coded]],
    proof: list[str],
) -> bool:
    if rules.dayfirst is not None:
        proof.append(f"dayfirst: {str(rules.dayfirst).lower()} in the mapping")
        return rules.dayfirst
    first, second = parts.first[parts.matched], parts.second[parts.matched]
    decided = proof_of_order(first, second)
    if decided is not None:
        evidence = np.flatnonzero(parts.matched & ((parts.first if decided else parts.second) > 12))[0]
        proof.append(f"'{texts[int(evidence)]}' can only be {'day' if decided else 'month'} first")
        return decided
    if (first > 12).any():
        raise MappingError(_mixed(texts, parts, name))
    for other in others():
        found = read_parts(pa.array([tidy(word) for word in other.words], type=pa.string())).get("a/b/Y")
        decided = None if found is None else proof_of_order(found.first[found.matched], found.second[found.matched])
        if decided is not None:
            proof.append(f"another column of the table is {'day' if decided else 'month'} first")
            return decided
    if (first == second).all():
        return True
    raise MappingError(_undecided(texts, parts, name))


def _undecided(texts: pa.Array, parts: Parts, name: str) -> str:
    place = int(np.flatnonzero(parts.matched)[0])
    one, two = (f"{parts.year[place]}-{a:02d}-{b:02d}" for a, b in _both(parts, place))
    return (
        f"Column '{name}' does not say whether the day or the month comes first: '{texts[place]}' is {one} or {two}, "
        f"and no value in the table is above 12. Say which in the mapping: `dayfirst: true` reads {one}, "
        f"`dayfirst: false` reads {two}."
    )


def _both(parts: Parts, place: int) -> tuple[tuple[int, int], tuple[int, int]]:
    first, second = int(parts.first[place]), int(parts.second[place])
    return (second, first), (first, second)


def _mixed(texts: pa.Array, parts: Parts, name: str) -> str:
    day = int(np.flatnonzero(parts.matched & (parts.first > 12))[0])
    month = int(np.flatnonzero(parts.matched & (parts.second > 12))[0])
    return (
        f"Column '{name}' holds two orders: '{texts[day]}' has the day first, '{texts[month]}' the month. Split the "
        f"export, or say `dayfirst: true` (or false) in the mapping; what does not fit is then set aside."
    )


def _place(state: _Distinct, label: str, parts: Parts, rules: DateRules, *, dayfirst: Callable[[Parts], bool]) -> None:
    month, day = parts.first, parts.second
    if label == "a/b/Y":
        day_leads = dayfirst(parts)
        month, day = (parts.second, parts.first) if day_leads else (parts.first, parts.second)
        label = "D/M/Y" if day_leads else "M/D/Y"
    jalali = (parts.year >= 1300) & (parts.year <= 1499)
    if rules.calendar is not None:
        jalali = np.full(len(month), rules.calendar == "jalali")
    for calendar, rows in (("", parts.matched & ~jalali), (" jalali", parts.matched & jalali)):
        if not rows.any():
            continue
        count = jalali_days if calendar else gregorian_days
        days, valid = count(parts.year[rows], month[rows], day[rows])
        clock = parts.clock[rows]
        named = parts.offset[rows] != NO_OFFSET
        shift = np.where(named, parts.offset[rows], 0) * 60_000_000
        state.micros[rows] = np.where(valid & (clock >= 0), days * _DAY + clock - shift, NO_TIME)
        state.zoned[rows] = named
        state.precision[rows] = parts.precision[rows]
        state.formats[label + calendar] = rows


def _place_numbers(state: _Distinct, texts: pa.Array, rules: DateRules) -> None:
    numbers, matched = read_epochs(texts)
    matched &= ~np.logical_or.reduce([*state.formats.values(), np.zeros(len(matched), dtype=bool)])
    if not matched.any():
        return
    size = np.abs(numbers)
    for unit, scale in EPOCH_UNITS.items():
        low = 10**9 * 1_000_000 // scale / 10  # 1973 in this unit
        rows = matched & ((rules.unit == unit) if rules.unit else (size >= low) & (size < low * 1_000))
        if rows.any():
            state.micros[rows] = np.round(numbers[rows] * scale).astype(np.int64)
            state.precision[rows] = PRECISIONS.index(unit)
            state.zoned[rows] = True
            state.formats[f"epoch {unit}"] = rows
            matched = matched & ~rows
    serial = matched & (size >= 20_000) & (size <= 60_000) & (rules.unit in {None, "serial"})
    if serial.any():
        state.micros[serial] = np.round((numbers[serial] + _SERIAL_ZERO) * 86_400).astype(np.int64) * 1_000_000
        state.precision[serial] = PRECISIONS.index("s")
        state.formats["spreadsheet serial"] = serial


def _finish(column: Coded, state: _Distinct, rules: DateRules) -> Clock:
    local = to_utc(np.where(state.zoned, NO_TIME, state.micros), rules.timezone or "UTC")
    micros = np.where(state.zoned, state.micros, local.micros)
    precision = np.maximum(state.precision, _coarseness(state.micros))
    failed = micros == NO_TIME
    naive = ~state.zoned & ~failed
    repaired = local.in_gap | local.repeated
    counts = np.bincount(column.codes[column.known], minlength=len(column.words))
    facts: dict[str, object] = {
        "format": {label: int(counts[rows & ~failed].sum()) for label, rows in state.formats.items()},
        "calendar": "jalali" if any("jalali" in label for label in state.formats) else "gregorian",
        "zone": _zone(naive, state.zoned & ~failed, rules.timezone),
        "proof": "; ".join(dict.fromkeys(state.proof)),
        "skipped_hour": int(counts[local.in_gap].sum()),
        "repeated_hour": int(counts[local.repeated].sum()),
        "before_1990": int(counts[~failed & (micros < 631_152_000_000_000)].sum()),
    }
    spread = column.codes
    return Clock(
        np.append(micros, NO_TIME)[spread],
        np.append(failed, False)[spread],
        np.append(precision, 0)[spread],
        np.append(repaired, False)[spread],
        np.append(naive & (rules.timezone is None), False)[spread],
        {**facts, "precision": PRECISIONS[int(precision[~failed].min())] if (~failed).any() else ""},
    )


def _coarseness(micros: Ints) -> int:
    """Find the unit that all times share: clocks that only ever show :00 seconds have none."""
    known = micros[micros != NO_TIME]
    for place in range(len(PRECISIONS) - 1, 0, -1):
        # Few round values prove nothing about a clock.
        enough = len(known) >= _FEW or PRECISIONS[place] == "s" or PRECISIONS[place] == "ms"
        if enough and len(known) and not (known % _UNITS_OF[PRECISIONS[place]]).any():
            return place
    return 0


def _zone(naive: npt.NDArray[np.bool_], zoned: npt.NDArray[np.bool_], timezone: str | None) -> str:
    said = "in the values" if zoned.any() else ""
    told = (timezone or "UTC assumed") if naive.any() else ""
    return " and ".join(filter(None, (said, told)))
