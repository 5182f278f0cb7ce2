"""Ids that one system spells in several ways."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["ID_KINDS", "normal_id"]

_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def normal_id(kind: str) -> Callable[[str], str]:
    """Give the function that spells an id of a kind of system in one way.

    Examples
    --------
    >>> normal_id("salesforce")("0031I00000AbCdE")
    '0031I00000AbCdEQAV'
    """
    return ID_KINDS[kind]


def _salesforce(word: str) -> str:
    """Lengthen an id of a report (15 characters, case matters) to that of the API (18)."""
    if len(word) != 15 or not word.isascii() or not word.isalnum():
        return word
    ends = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, letter in enumerate(word[start : start + 5]) if letter.isupper())
        ends += _CHECKSUM[bits]
    return word + ends


def _guid(word: str) -> str:
    return word.strip("{}").lower()


def _zoho(word: str) -> str:
    return word.removeprefix("zcrm_")


def _digits(word: str) -> str:
    """Take back the decimals that a spreadsheet or a data frame gave to a whole number."""
    whole, dot, rest = word.partition(".")
    return whole if dot and whole.isdigit() and not rest.strip("0") else word


ID_KINDS: dict[str, Callable[[str], str]] = {
    "salesforce": _salesforce,
    "guid": _guid,
    "zoho": _zoho,
    "digits": _digits,
}
