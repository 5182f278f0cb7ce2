"""The forms of personal data: addresses, numbers with check digits, and how sure one can be of each."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import phonenumbers

from mining.sources.fold import fold

__all__ = ["KINDS", "WITHHELD", "Trace", "blotted", "find", "masked", "once", "plain", "traces"]

WITHHELD: Final = "(withheld)"
KINDS: Final = ("email", "phone", "israeli id", "iban", "card", "ip address")


class Trace(NamedTuple):
    """Where a text holds personal data; doubtful where an id or an amount could look the same."""

    kind: str
    start: int
    end: int
    doubtful: bool = False


_DIGITS: Final = {first + value: str(value) for first in (0x0660, 0x06F0, 0xFF10) for value in range(10)}
_UNSEEN: Final = dict.fromkeys([0x200B, 0x200E, 0x200F, 0x061C, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_PLAIN: Final = {**_DIGITS, **_UNSEEN, 0xFF20: "@", 0xFF0B: "+", 0x00A0: " ", 0x2011: "-", 0x2013: "-"}
# Every quantifier is bounded: a cell may be as long as a book, and each of these is looked for at every place.
_ANY: Final = re.compile(r"@|%40|\d(?:\W{0,3}\d){6}|\d\.\d{1,3}\.\d|[0-9a-fA-F]:[0-9a-fA-F]{0,4}:")
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?UTC|Z|[+-]\d\d:?\d\d)?)?")
_REPEATED: Final = re.compile(rf"{re.escape(WITHHELD)}(?:[\s,;:/|&+-]*{re.escape(WITHHELD)})+")
_ALONE, _CLOSED = r"(?<![\w+.,-])", r"(?![\w-]|[.,]\d)"
_EMAIL: Final = re.compile(r"[^\s@<>()\[\]{},;:\"'|/\\=]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_INTERNATIONAL: Final = re.compile(r"(?<![\w+])\+ ?\(?[1-9](?:[\s().-]{0,3}\d){6,14}(?!\d)")
_LOCAL: Final = re.compile(
    _ALONE + r"(?:\(0\d{1,3}\) ?\d{3}[ -]?\d{3,4}|0\d{1,2}-\d{7}|0\d{1,3}[ -]\d{3}[ -]\d{3,4}|0\d{1,2}\.\d{3}\.\d{4}"
    r"|09\d\d[ -]\d{7}|05\d \d{7}|(?:1[ -])?(?:\([2-9]\d\d\) ?|[2-9]\d\d-)[2-9]\d\d-\d{4})" + _CLOSED
)
_BARE: Final = re.compile(_ALONE + r"(?:05\d{8}|09\d{9}|9725\d{8}|989\d{9}|00[1-9]\d{7,12})" + _CLOSED)
_ANY_PHONE: Final = re.compile(r"(?<!\w)\+?\(?\d(?:[\s()./-]{0,3}\d){6,14}(?!\w)")
_IDENTITY: Final = re.compile(_ALONE + r"(?:\d{9}|\d{8}-\d|\d-\d{7}-\d)" + _CLOSED)
_IBAN: Final = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", re.ASCII)
_CARD: Final = re.compile(_ALONE + r"(?:\d{14,16}|(?:\d{4}[ -]){3}\d{4}|\d{4}[ -]\d{6}[ -]\d{4,5})" + _CLOSED)
_ISSUER: Final = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d)\d{12}"
)
_FOUR: Final = re.compile(r"(?<![\w.])(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})(?![\w-]|\.\d)")
_SIX: Final = re.compile(r"(?<![\w:])[0-9a-fA-F]{1,4}:[0-9a-fA-F:]{4,36}(?![\w:])")
_NUMBER: Final = re.compile(_ALONE + r"\d{9,16}" + _CLOSED)
_LETTER: Final = re.compile(r"[^\W\d_]")
# A number inside a sentence: nobody writes a bare id there that looks like personal data by chance.
_TALK: Final = "talk"
_NEAR: Final = 30
_SPANS: Final = {"phone": range(9, 16), "israeli id": range(9, 10), "card": range(14, 17)}
_VERSION: Final = re.compile(r"(?:\bv|version|ver\.?|build|release|firmware|גרסה|نسخه)[ :]{0,2}$", re.IGNORECASE)
_HINTS: Final = {
    "phone": re.compile(
        r"phone|mobile|\bcell|\btel\b|\bfax\b|whatsapp|msisdn|טלפון|נייד|סלולר|פקס|تلفن|موبایل|همراه|فکس"
    ),
    "israeli id": re.compile(
        r"teudat|israeli id|national id|\bid (?:no|number|card)\b|תעודת זהות|\bת[.\"']{0,2}ז\b|מספר זהות"
    ),
}
# How long an IBAN is, by country.
_LENGTHS: Final = {
    entry[:2]: int(entry[2:])
    for entry in re.findall(
        r"\w{4}",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 "
        "EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IR26 "
        "IS26 IT27 JO30 KW30 KZ20 LB28 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 "
        "NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SE24 SI19 SK24 SM27 TN24 TR26 UA29 VA22 XK20",
    )
}


def plain(text: str) -> str:
    """Write the digits of any script as ASCII and leave out what is not seen, so that forms can be compared."""
    return text if text.isascii() else text.translate(_PLAIN)


def _hints(name: str) -> frozenset[str]:
    """Say what a column holds by its own name."""
    called = fold(name).replace("_", " ")
    return frozenset(kind for kind, hint in _HINTS.items() if hint.search(called))


def traces(text: str, hinted: frozenset[str] = frozenset()) -> list[Trace]:
    """Find personal data in a text, leftmost first and without overlaps.

    Parameters
    ----------
    text : str
        As `plain` gives it.
    hinted : frozenset of str
        Kinds that the column's name speaks of: that takes the doubt away.

    Returns
    -------
    list of Trace

    Examples
    --------
    >>> traces("Call +1-202-555-0123")
    [Trace(kind='phone', start=5, end=20, doubtful=False)]
    """
    if (not hinted and text.isdecimal() and not 9 <= len(text) <= 16) or not _ANY.search(text):
        return []
    if _STAMP.fullmatch(text):
        return []
    if _LETTER.search(text):
        hinted |= {_TALK}
    found: list[Trace] = []
    taken = bytearray(len(text))
    for look in _LOOKS:
        for trace in look(text, hinted):
            if not any(taken[trace.start : trace.end]):
                taken[trace.start : trace.end] = b"\1" * (trace.end - trace.start)
                found.append(trace)
    return sorted(found, key=lambda trace: trace.start)


def find(words: Sequence[str], name: str) -> dict[str, list[Trace]]:
    """Find what each word holds; doubtful hits stay only where the words together bear them out."""
    found: dict[str, list[Trace]] = {}
    sure, doubted = Counter[str](), Counter[str]()
    hinted = _hints(name)
    for word in words:
        hits = traces(plain(word), hinted)
        if hits:
            found[word] = hits
            sure.update({hit.kind for hit in hits if not hit.doubtful})
            doubted.update({hit.kind for hit in hits if hit.doubtful})
    close = Counter(kind for word in words for kind in _rivals(plain(word))) if doubted else doubted
    believed = {kind for kind, n in doubted.items() if _borne_out(kind, n, sure[kind], close[kind])}
    kept = {word: [hit for hit in hits if not hit.doubtful or hit.kind in believed] for word, hits in found.items()}
    return {word: hits for word, hits in kept.items() if hits}


def _borne_out(kind: str, doubted: int, sure: int, close: int) -> bool:
    if kind == "ip address":
        return sure >= doubted
    if kind == "israeli id":
        # One number of nine digits in ten has the right check digit by chance: five of six are no chance.
        return doubted >= 5 and doubted >= 0.8 * close
    return doubted >= 0.5 * close


def masked(words: Sequence[str], name: str) -> dict[str, str]:
    """Write the words that hold personal data without it."""
    return {word: blotted(plain(word), hits) for word, hits in find(words, name).items()}


def blotted(text: str, hits: Sequence[Trace]) -> str:
    """Write a text without what was found in it."""
    ends = [0, *(hit.end for hit in hits)]
    starts = [*(hit.start for hit in hits), len(text)]
    kept = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    return once(WITHHELD.join(kept))


def once(text: str) -> str:
    """Say of a row of things withheld that it is, and not of each."""
    return _REPEATED.sub(WITHHELD, text)


def _rivals(text: str) -> set[str]:
    """Say which kinds of doubtful number a text holds something as long as, whether it is one or not."""
    return {kind for number in _NUMBER.findall(text) for kind, span in _SPANS.items() if len(number) in span}


def _emails(text: str, hinted: frozenset[str]) -> Iterator[Trace]:  # noqa: ARG001  all looks share one signature
    for found in _EMAIL.finditer(text):
        if found.group().rpartition(".")[2].isalpha() and len(found.group().rpartition(".")[2]) > 1:
            yield Trace("email", found.start(), found.end())


def _ibans(text: str, hinted: frozenset[str]) -> Iterator[Trace]:  # noqa: ARG001
    for found in _IBAN.finditer(text):
        places = [place for place in range(found.start(), found.end()) if text[place].isalnum()]
        length = _LENGTHS.get(found.group()[:2], 0)
        if 0 < length <= len(places):
            number = "".join(text[place] for place in places[:length])
            if int("".join(str(int(mark, 36)) for mark in number[4:] + number[:4])) % 97 == 1:
                yield Trace("iban", found.start(), places[length - 1] + 1)


def _cards(text: str, hinted: frozenset[str]) -> Iterator[Trace]:
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found.group())
        if _ISSUER.fullmatch(digits) and _checked(digits):
            yield Trace("card", found.start(), found.end(), found.group().isdecimal() and _TALK not in hinted)


def _addresses(text: str, hinted: frozenset[str]) -> Iterator[Trace]:  # noqa: ARG001
    for found in _FOUR.finditer(text):
        octets = [int(octet) for octet in found.group().split(".")]
        if max(octets) < 256 and not _VERSION.search(_before(text, found)):
            # 1.2.10.4 is a version as well as an address.
            yield Trace("ip address", found.start(), found.end(), max(octets) < 100)
    for found in _SIX.finditer(text):
        try:
            ipaddress.IPv6Address(found.group())
        except ValueError:
            continue
        yield Trace("ip address", found.start(), found.end())


def _phones(text: str, hinted: frozenset[str]) -> Iterator[Trace]:
    if "phone" in hinted:
        yield from (Trace("phone", found.start(), found.end()) for found in _ANY_PHONE.finditer(text))
    for found in _INTERNATIONAL.finditer(text):
        if _reachable(found.group(), phonenumbers.is_possible_number):
            yield Trace("phone", found.start(), found.end())
    yield from (Trace("phone", found.start(), found.end()) for found in _LOCAL.finditer(text))
    for found in _BARE.finditer(text):
        digits = found.group()
        if not digits.startswith("00") or _reachable(f"+{digits[2:]}", phonenumbers.is_valid_number):
            yield Trace("phone", found.start(), found.end(), _TALK not in hinted)


def _identities(text: str, hinted: frozenset[str]) -> Iterator[Trace]:
    for found in _IDENTITY.finditer(text):
        if _checked(found.group().replace("-", "")):
            said = "israeli id" in hinted or _HINTS["israeli id"].search(fold(_before(text, found)))
            yield Trace("israeli id", found.start(), found.end(), not said)


_LOOKS: Final[tuple[Callable[[str, frozenset[str]], Iterator[Trace]], ...]] = (
    _emails, _ibans, _cards, _addresses, _phones, _identities,
)  # fmt: skip


def _before(text: str, found: re.Match[str]) -> str:
    return text[max(0, found.start() - _NEAR) : found.start()]


def _reachable(text: str, holds: Callable[[phonenumbers.PhoneNumber], bool]) -> bool:
    try:
        return bool(holds(phonenumbers.parse(text)))
    except phonenumbers.NumberParseException:
        return False


def _checked(digits: str) -> bool:
    """Check the last digit by Luhn's rule; the Israeli identity number follows it as well."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return len(set(digits)) > 1 and sum(value - 9 * (value > 9) for value in doubled) % 10 == 0
