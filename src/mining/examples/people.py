"""The customers: what they look like, and under which names each system knows them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mining.examples.company import COUNTRIES, INDUSTRIES, LEAD_SOURCES, NULL_PERSONAS, PERSONAS

__all__ = ["customers_of"]

_TYPICAL = 0.72  # share of customers that carry their persona's own value of an attribute
_CORPORATE = 3
_MERGED = 0.08
_TWO_DEVICES = 0.25


def _shares(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Deal persona numbers in their exact shares, in random order."""
    edges = np.cumsum([persona.share for persona in PERSONAS])
    places = (np.arange(count) + 0.5) / count
    return random.permutation(np.searchsorted(edges, places, side="right").clip(max=len(PERSONAS) - 1))


def _accounts(looks: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Give every customer an account; corporate buyers come in groups of two to four."""
    account = np.arange(len(looks))
    corporate = np.flatnonzero(looks == _CORPORATE)
    sizes = random.integers(2, 5, len(corporate))
    group = np.repeat(np.arange(len(sizes)), sizes)[: len(corporate)]
    first = corporate[np.searchsorted(group, group)] if len(corporate) else corporate
    account[corporate] = first
    return account


def _noisy(typical: Sequence[str], every: tuple[str, ...], random: np.random.Generator) -> NDArray[np.object_]:
    """Keep most typical values and replace the rest by any value."""
    words = np.array(every, dtype=object)
    anything = words[random.integers(0, len(words), len(typical))]
    return np.where(random.random(len(typical)) < _TYPICAL, np.array(typical, dtype=object), anything)


def _phones(country: NDArray[np.object_]) -> list[str]:
    """Give every customer a number, in digits with the dialling code; a stride over a prime keeps them apart."""
    numbers = (np.arange(len(country), dtype=np.int64) * 7_368_787 + 41_234_567) % 19_999_999
    spelt = []
    for place, number in zip(country, numbers, strict=True):
        _, code, prefix, digits = COUNTRIES[place]
        rest = f"{number:08d}"[:digits]
        # Of the Israeli mobile prefixes, 53 and 56 are in use throughout.
        rest = "36"[int(rest[0])] + rest[1:] if code == "972" else rest
        spelt.append(f"{code}{prefix}{rest}")
    return spelt


def customers_of(customers: int, random: np.random.Generator, *, null: bool = False) -> pd.DataFrame:
    """Make the customers, one row each; in the null twin looks say nothing about behaviour."""
    looks = _shares(customers, random)
    account = _accounts(looks, random)
    people = pd.DataFrame({"persona": np.zeros(customers, dtype=np.int64) if null else looks})
    number = np.arange(customers)
    people["contact"] = number + 20_001
    people["merged"] = np.where(random.random(customers) < _MERGED, number + 700_001, 0)
    people["requester"] = number + 360_000_001
    people["account"] = account + 5_000_001
    people["email"] = [f"c{place:04d}@mail.example" for place in number]
    people["industry"] = _noisy([PERSONAS[look].industry for look in looks], INDUSTRIES, random)[account]
    size = np.array([PERSONAS[look].company_size for look in looks]) * np.exp(random.normal(0, 0.7, customers))
    people["company_size"] = np.maximum(np.round(size), 1).astype(np.int64)[account]
    people["lead_source"] = _noisy([PERSONAS[look].lead_source for look in looks], LEAD_SOURCES, random)
    shares = np.array([share for share, *_ in COUNTRIES.values()])
    people["country"] = np.array(list(COUNTRIES), dtype=object)[random.choice(len(shares), customers, p=shares)]
    people["phone"] = _phones(people["country"].to_numpy(dtype=object))
    people["devices"] = np.where(random.random(customers) < _TWO_DEVICES, 2, 1)
    names = NULL_PERSONAS if null else PERSONAS
    people["persona_name"] = [names[persona].name for persona in people["persona"]]
    return people
