"""Records that somebody made to try the system out, and the company's own people among the customers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mining.sources.mappings.emit import KEYED

__all__ = ["is_fiction", "own_staff", "trial_records"]

# RFC 2606 keeps these domains for examples; the words are what people type into a form to try it.
_TEST = re.compile(
    r"^(test|tester|testing|testone|demo|dummy|fake|asdf|qwerty|אבג|בדיקה|טסט|تست|آزمایش)(?=[\W_\d])[^@]*@|"
    r"^[^@]*\+test[^@]*@|@(test|demo)\.[a-z]{2,}$|@(.+\.)?example\.(com|org|net)$|^[^@]+@localhost$"
)


def trial_records(keys: Iterable[tuple[str, str]]) -> set[str]:
    """Name the objects whose e-mail address says that they are no customers."""
    head = f"{KEYED}email:"
    return {name for name, key in keys if key.startswith(head) and _TEST.search(key.removeprefix(head))}


def is_fiction(keys: Iterable[str]) -> bool:
    """Say whether all these people are made up: every e-mail address is of the reserved domain ``.example``."""
    head = f"{KEYED}email:"
    addresses = [key for key in keys if key.startswith(head)]
    return bool(addresses) and all(address.endswith(".example") for address in addresses)


def own_staff(keys: Iterable[tuple[str, str]], domains: Sequence[str]) -> set[str]:
    """Name the objects whose e-mail address is of one of the company's own domains."""
    ends = tuple(f"@{domain.casefold().removeprefix('@')}" for domain in domains)
    return {name for name, key in keys if ends and key.startswith(f"{KEYED}email:") and key.endswith(ends)}
