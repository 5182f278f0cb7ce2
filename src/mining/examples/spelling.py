"""One telephone number, many spellings."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["spelt_numbers"]


def _grouped(digits: str) -> str:
    return f"{digits[:2]}-{digits[2:5]}-{digits[5:]}"


def spelt_numbers(phones: pd.Series, countries: pd.Series, random: np.random.Generator) -> list[str]:
    """Spell numbers (digits with dialling code) as people type them; only Israelis leave the dialling code out."""
    styles = random.integers(0, 6, len(phones))
    spelt = []
    for phone, country, style in zip(phones, countries, styles, strict=True):
        cut = 2 if country != "Israel" else 3
        code, rest = phone[:cut], phone[cut:]
        local = country == "Israel"
        ways = (
            f"+{phone}",
            f"+{code}-{_grouped(rest)}",
            f"00{phone}",
            f"0{_grouped(rest)}" if local else f"+{code} {rest[:3]} {rest[3:]}",
            f"0{rest}" if local else f"00{code} {rest}",
            f"+{code} ({rest[:2]}) {rest[2:]}",
        )
        spelt.append(ways[style])
    return spelt
