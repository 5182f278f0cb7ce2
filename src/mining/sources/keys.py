"""Exact keys of a person, normalised so that two spellings of one address or number are one key."""

from __future__ import annotations

import re
from collections.abc import Callable

import phonenumbers

from mining.sources.fold import tidy

__all__ = ["KEYS", "is_blocked", "normal_email", "normal_phone", "normaliser"]

_EMAIL = re.compile(r"[^@\s<>\"']+@[^@\s<>\"']+")
# A column that was hashed before export is still an exact key.
_HASH = re.compile(r"[A-Za-z0-9+/=_-]{16,}")
_SHARED = re.compile(
    r"^(info|office|contact|sales|support|service|hello|mail|admin|administrator|no-?reply|do-?not-?reply|webmaster|"
    r"postmaster|billing|accounts?|anonymous|unknown|none|test)@"
)


def normal_email(text: str, region: str | None = None) -> str | None:  # noqa: ARG001  keys share one signature
    """Normalise an e-mail address; None for what is none.

    Examples
    --------
    >>> normal_email(" Dana <Dana@Mail.Example> ")
    'dana@mail.example'
    """
    found = _EMAIL.search(tidy(text))
    if found:
        return found.group().casefold().removeprefix("mailto:").strip(".,;")
    return text if _HASH.fullmatch(text) else None


def normal_phone(text: str, region: str | None = None) -> str | None:
    """Normalise a telephone number to E.164; None for what is none.

    Parameters
    ----------
    text : str
        A number in any spelling.
    region : str, optional
        Two-letter country of numbers without a dialling code.

    Examples
    --------
    >>> normal_phone("058-123-4567", "IL")
    '+972581234567'
    """
    digits = re.sub(r"^00", "+", tidy(text))
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def normal_visitor(text: str, region: str | None = None) -> str | None:  # noqa: ARG001
    """Take a visitor's id as it is."""
    return text or None


KEYS: dict[str, Callable[[str, str | None], str | None]] = {
    "email": normal_email,
    "phone": normal_phone,
    "visitor": normal_visitor,
}


def normaliser(kind: str, region: str | None) -> Callable[[str], str | None]:
    """Give the function that normalises keys of a kind."""
    normal = KEYS[kind]
    return lambda text: normal(text, region)


def is_blocked(key: str, extra: frozenset[str]) -> bool:
    """Say whether a key belongs to an office rather than a person."""
    return bool(_SHARED.match(key)) or key in extra
