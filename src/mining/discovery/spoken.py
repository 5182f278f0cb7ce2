"""Numbers as people say them."""

from __future__ import annotations

import math

__all__ = ["listing", "spoken_hours", "spoken_share"]


def spoken_hours(hours: float) -> str:
    """Say a span of hours in the unit that suits it.

    Examples
    --------
    >>> [spoken_hours(hours) for hours in (0.001, 0.2, 5.25, 72, 1000)]
    ['< 1 min', '12 min', '5.2 h', '3 d', '42 d']
    """
    if math.isnan(hours):
        return ""
    if hours < 1 / 60:
        return "< 1 min"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    if hours < 48:
        return f"{_short(hours)} h"
    return f"{_short(hours / 24)} d"


def spoken_share(share: float) -> str:
    """Say a share as a percentage.

    Examples
    --------
    >>> spoken_share(0.123), spoken_share(float("nan"))
    ('12 %', 'unknown')
    """
    return "unknown" if math.isnan(share) else f"{100 * share:.0f} %"


def listing(n: int, one: str, many: str = "") -> str:
    """Say how many of something there are.

    Examples
    --------
    >>> listing(1, "journey"), listing(1200, "journey"), listing(2, "way", "ways")
    ('1 journey', '1,200 journeys', '2 ways')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:.0f}"
