"""Local time to UTC on whole columns, with daylight-saving gaps and repeated hours counted."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MappingError

__all__ = ["NO_TIME", "Local", "check_zone", "to_utc"]

Ints = npt.NDArray[np.int64]
NO_TIME = np.iinfo(np.int64).min


class Local(NamedTuple):
    """Times in UTC, and where the local clock did not name one moment."""

    micros: Ints
    in_gap: npt.NDArray[np.bool_]
    repeated: npt.NDArray[np.bool_]


def check_zone(name: str) -> str:
    """Return the IANA name of a zone, or refuse it."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise MappingError.unknown("time zone", name, available_timezones()) from error
    return name


def to_utc(micros: Ints, zone: str) -> Local:
    """Turn local wall-clock microseconds into UTC.

    A time that the clock skipped is shifted forward to the first that exists; of a repeated hour the second pass
    (standard time) is taken. Both are marked.
    """
    none = micros == NO_TIME
    nothing = np.zeros(len(micros), dtype=bool)
    if zone in {"UTC", "Etc/UTC"}:
        return Local(micros, nothing, nothing)
    naive = pd.DatetimeIndex(micros.astype("datetime64[us]"))
    standard = np.zeros(len(micros), dtype=bool)
    placed = naive.tz_localize(zone, ambiguous=standard, nonexistent="shift_forward")
    gap = np.asarray(naive.tz_localize(zone, ambiguous=standard, nonexistent="NaT").isna()) & ~none
    twice = np.asarray(naive.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").isna()) & ~none
    return Local(np.where(none, NO_TIME, placed.asi8), gap, twice)
