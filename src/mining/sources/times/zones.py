"""Letters that name a zone, and what they can mean."""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

from mining._errors import MappingError

__all__ = ["NO_OFFSET", "is_universal", "offset_of"]

NO_OFFSET = -(10**6)
# Letters with one meaning in computing: those of RFC 5322 but CST, and the unambiguous ones of the time zone database.
_HOURS = {
    "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "IDT": 3, "SAST": 2,
    "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
    "IRST": 3.5, "IRDT": 4.5, "PKT": 5, "WIB": 7, "HKT": 8, "JST": 9, "KST": 9,
    "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
_DOUBTFUL = {
    "IST": "Asia/Jerusalem, Asia/Kolkata or Europe/Dublin",
    "CST": "America/Chicago, Asia/Shanghai or America/Havana",
    "BST": "Europe/London or Asia/Dhaka",
    "AST": "America/Halifax or Asia/Riyadh",
    "GST": "Asia/Dubai or Atlantic/South_Georgia",
    "SST": "Asia/Singapore or Pacific/Pago_Pago",
    "ADT": "America/Halifax or Asia/Baghdad",
    "ECT": "America/Guayaquil or Europe/Paris",
    "AMT": "America/Manaus or Asia/Yerevan",
    "WST": "Australia/Perth or Pacific/Apia",
}


def is_universal(word: str) -> bool:
    """Say whether a word means UTC."""
    return word in {"Z", "UTC", "GMT", "UT"}


@cache
def _said_in(timezone: str) -> dict[str, int]:
    """List the letters that a zone itself goes by, with their minutes east of UTC."""
    zone, found = ZoneInfo(timezone), {}
    for year in range(1990, 2036):
        for month in (1, 7):
            moment = dt.datetime(year, month, 1, tzinfo=zone)
            found[str(moment.tzname()).upper()] = int((moment.utcoffset() or dt.timedelta()).total_seconds() // 60)
    return found


def offset_of(word: str, timezone: str | None, *, name: str = "column", example: str = "") -> int:
    """Say how many minutes east of UTC the letters of a zone mean.

    Letters that the zone of the mapping goes by mean that zone; letters with several meanings are otherwise refused.

    Parameters
    ----------
    word : str
        Letters, such as EST.
    timezone : str or None
        IANA zone of the mapping.
    name, example : str
        Column and a value of it, for the message.

    Returns
    -------
    int
        Minutes; `NO_OFFSET` when the letters name no zone.

    Raises
    ------
    MappingError
        When the letters have several meanings.

    Examples
    --------
    >>> offset_of("EST", None), offset_of("IST", "Asia/Jerusalem")
    (-300, 120)
    """
    own = _said_in(timezone) if timezone else {}
    if word in own:
        return own[word]
    if word in _HOURS:
        return int(_HOURS[word] * 60)
    if word in _DOUBTFUL:
        first = _DOUBTFUL[word].partition(",")[0].partition(" or")[0]
        raise MappingError.refused(
            f"Column '{name}' names a zone that has several meanings: '{word}' in '{example}' is {_DOUBTFUL[word]}.",
            f"Say which in the mapping: `timezone: {first}`, for example.",
        )
    return NO_OFFSET
