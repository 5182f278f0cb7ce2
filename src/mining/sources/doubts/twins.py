"""One contact told by two systems: the telephone system and the CRM both log the call."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mining.sources.columns import Columns
from mining.sources.table import Coded, Ints
from mining.sources.times.clocks import NO_TIME

__all__ = ["find_twins", "skewed"]

_SECOND = 1_000_000
# How far two clocks may differ about one contact. Mails are many, so only near ones are one.
_TOLERANCE = {"phone": 120, "meeting": 900, "video": 900, "sms": 60, "whatsapp": 60, "email": 60, "chat": 120}
_HALF_HOUR = 1_800
_FAR = 27  # half hours: as far apart as clocks of two zones may be
_PAIRS, _SHARE = 20, 0.3


def find_twins(columns: Columns) -> tuple[Ints, Ints]:
    """Find contacts of one customer by one channel that two sources tell at about the same time.

    Directions must not contradict each other, and where both tell a length it must be about the same. A contact has at
    most one twin.

    Returns
    -------
    kept, twin : ndarray of int64
        Rows of the source that was named first, and of the same contact in the other.
    """
    rows = _contacts(columns)
    if len(rows) < 2:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    one, two = rows[:-1], rows[1:]
    alike = _same_place(columns, one, two) & _agree(columns, one, two)
    alike &= columns.times["timestamp"][two] - columns.times["timestamp"][one] <= _patience(columns, one)
    chosen = alike & (_place_in_run(alike) % 2 == 0)
    one, two = one[chosen], two[chosen]
    first = _order(columns)[one] <= _order(columns)[two]
    return np.where(first, one, two), np.where(first, two, one)


def skewed(columns: Columns) -> list[tuple[str, str, float, int]]:
    """Find pairs of sources whose clocks seem to run whole or half hours apart.

    Contacts of one customer by one channel are compared between two sources; where many lie the same number of half
    hours apart, and few at the same time, one of the time zones is probably wrong.

    Returns
    -------
    list of (source, other source, hours the other is ahead, pairs of contacts that say so)
    """
    rows = _contacts(columns)
    found: list[tuple[str, str, float, int]] = []
    if len(rows) < _PAIRS:
        return found
    source = columns.text["source"]
    for step in (1, 2):
        one, two = rows[:-step], rows[step:]
        gap = (columns.times["timestamp"][two] - columns.times["timestamp"][one]) / _SECOND
        near = _same_place(columns, one, two) & (gap <= _FAR * _HALF_HOUR)
        if near.any():
            found += _peaks(source, (one[near], two[near]), gap[near])
    return list({pair[:2]: pair for pair in reversed(found)}.values())


def _peaks(source: Coded, pairs: tuple[Ints, Ints], gap: npt.NDArray[np.float64]) -> list[tuple[str, str, float, int]]:
    one, two = pairs
    steps = np.round(gap / _HALF_HOUR).astype(np.int64)
    exact = np.abs(gap - steps * _HALF_HOUR) <= 120
    ends = np.column_stack([source.codes[one], source.codes[two]])
    out = []
    for first, second in np.unique(ends, axis=0):
        here = (ends == (first, second)).all(axis=1)
        counts = np.bincount(steps[here & exact], minlength=_FAR + 1)
        peak = int(np.argmax(counts[1:])) + 1
        if counts[peak] >= _PAIRS and counts[peak] > 3 * counts[0] and counts[peak] >= _SHARE * here.sum():
            out.append((str(source.words[first]), str(source.words[second]), peak / 2, int(counts[peak])))
    return out


def _contacts(columns: Columns) -> Ints:
    """List the rows that may have a twin, by customer, channel and time."""
    size = len(columns.seq)
    channel = columns.text.get("channel", Coded.empty(size))
    customer = columns.text.get("customer", Coded.empty(size))
    kind = columns.text.get("touchpoint_kind", Coded.empty(size))
    may = columns.keep & channel.isin(_TOLERANCE) & customer.known & kind.isin(["interaction", ""])
    coarse = columns.text["timestamp_precision"].isin(["day", "hour"])
    may &= ~coarse & ~columns.flags["is_automated"] & ~columns.flags["is_low_trust"]
    rows = np.flatnonzero(may)
    keys = (columns.seq[rows], columns.times["timestamp"][rows], channel.codes[rows], customer.codes[rows])
    return rows[np.lexsort(keys)]


def _same_place(columns: Columns, one: Ints, two: Ints) -> npt.NDArray[np.bool_]:
    same = columns.text["source"].codes[one] != columns.text["source"].codes[two]
    for name in ("customer", "channel"):
        same &= columns.text[name].codes[one] == columns.text[name].codes[two]
    return np.asarray(same)


def _agree(columns: Columns, one: Ints, two: Ints) -> npt.NDArray[np.bool_]:
    direction = columns.text.get("direction", Coded.empty(len(columns.seq)))
    told = direction.isin(["inbound", "outbound"])
    agree = (direction.codes[one] == direction.codes[two]) | ~told[one] | ~told[two]
    ends, starts = columns.times["end_timestamp"], columns.times["timestamp"]
    both = (ends[one] != NO_TIME) & (ends[two] != NO_TIME)
    lengths = np.where(both, ends[one] - starts[one], 0), np.where(both, ends[two] - starts[two], 0)
    unlike = np.abs(lengths[0] - lengths[1]) > np.maximum(60 * _SECOND, 0.2 * np.maximum(*lengths))
    return np.asarray(agree & ~(both & unlike))


def _patience(columns: Columns, rows: Ints) -> Ints:
    channel = columns.text["channel"]
    seconds = np.array([*(_TOLERANCE.get(str(word), 0) for word in channel.words), 0], dtype=np.int64)
    return seconds[channel.codes[rows]] * _SECOND


def _place_in_run(marks: npt.NDArray[np.bool_]) -> Ints:
    """Count the marks of each unbroken run from 0, so that every second of them can be passed over."""
    places = np.arange(len(marks), dtype=np.int64)
    starts = np.maximum.accumulate(np.where(marks & ~np.append(False, marks[:-1]), places, 0))
    return places - starts


def _order(columns: Columns) -> Ints:
    """Rank sources as the user gave them: their touchpoints come in that order."""
    return columns.seq
