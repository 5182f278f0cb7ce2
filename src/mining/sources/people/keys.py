"""Exact keys of a person, normalised so that two spellings of one address or number are one key.

What is no key matters as much: a withheld number, the hash of an empty cell or a shared desk would glue strangers.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable

import phonenumbers

from mining._errors import ExportError, MappingError
from mining.sources.fold import fold, tidy

__all__ = ["IDS", "KEYS", "is_blocked", "looks_rounded", "loose_email", "normal_id", "normaliser"]

_EMAIL = re.compile(r"[^@\s<>\"'(),:;]+@[^@\s<>\"'(),:;]+")
# A column that was hashed before export is still an exact key: MD5 to SHA-512, as hexadecimal digits or base 64.
_HASH = re.compile(
    r"(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}"
    r"|[\w+/-]{22}(?:==)?|[\w+/-]{27}=?|[\w+/-]{38}(?:==)?|[\w+/-]{43}=?|[\w+/-]{64}|[\w+/-]{86}(?:==)?)",
    re.ASCII,
)
_VARIED = 8  # a hash has more distinct letters than xxxxxxxx and its like


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that stand where a key should, in the languages our exports come in; compared folded, letters only.
_NOBODY = _words("""
    anonymous anonym anonyme anonimo anonymized anonymised unknown unbekannt inconnu desconocido nieznany restricted
    private privat prive privado unavailable withheld blocked hidden masked nocallerid callerid none null nil nan na
    undefined notset empty missing invalid guest gast user visitor deleted redacted removed erased gdpr test xxx no
    אנונימי חסוי מספרחסוי פרטי לאידוע איןמספר נמחק ناشناس نامشخص خصوصی مخفی ندارد حذفشده مهمان
""")

# Local parts of addresses that belong to an office or a machine. Compared without punctuation, digits at the end
# and what follows a plus sign.
_ROLES = _words("""
    info information infos office contact contactus contacts sales presales support service services servicedesk
    customerservice customercare customersupport customers clientservices care help helpdesk hello hi mail email post
    inbox admin admins administrator administration webmaster hostmaster postmaster hostadmin root system abuse
    security privacy legal compliance billing invoice invoices invoicing accounts accounting accountspayable
    accountsreceivable payable payments finance bookkeeping orders order purchasing procurement shop store reception
    frontdesk secretary secretariat secretary management marketing press media news newsletter subscribe unsubscribe
    jobs careers hr recruiting recruitment team staff feedback enquiries inquiries enquiry inquiry reservations
    booking bookings events partners noreply donotreply dontreply noresponse mailerdaemon bounce bounces notification
    notifications alert alerts robot bot automation nobody noemail nomail noaddress anonymous unknown none null test
    demo example user guest
    kontakt kontakti kontor buero buro verkauf vertrieb kundenservice kundendienst rechnung rechnungen buchhaltung
    bewerbung bestellung empfang sekretariat presse verwaltung zentrale hallo datenschutz
    bonjour accueil commercial commerciale serviceclient serviceclients facturation comptabilite secretaire ventes
    hola contacto ventas atencion atencionalcliente clientes administracion facturacion pedidos recepcion consultas
    contato vendas atendimento comercial faturamento financeiro segreteria amministrazione ordini acquisti
    biuro sklep obchod podpora fakturace objednavky faktury faktura kundtjanst salg kundeservice myynti
    bilgi iletisim satis destek muhasebe siparis pochta zakaz prodazha buhgalteria
    misrad mazkirut sherut sherutlakohot mechirot mehirot mkirot tmicha kabala hanhala
    daftar forush foroosh foroush poshtibani ravabet ravabetomumi etelaat hesabdari
    מידע משרד מזכירות שירות שירותלקוחות מכירות תמיכה לקוחות הנהלה קבלה פניות
    اطلاعات دفتر فروش پشتیبانی خدمات حسابداری منشی
""")

# What telephone systems send for a withheld number: the words ANONYMOUS, RESTRICTED, UNAVAILABLE, UNKNOWN, BLOCKED
# and PRIVATE, typed on a keypad.
_WITHHELD = frozenset({"266696687", "7378742833", "86282452253", "8656696", "2562533", "7748283"})
_COUNTED = ("0123456789" * 2, "9876543210" * 2)
_SCHEME = re.compile(r"^(?:tel|sips?|whatsapp|sms|rcs|messenger):", re.IGNORECASE)
_EXTENSION = re.compile(
    r"(?:שלוחה|שלו['\"]?|داخلی|داخلي|فرعی|poste|durchwahl|interno|dahili)\.?\s*(?=\d)", re.IGNORECASE
)
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,3}")


def _hashes(words: Iterable[str]) -> frozenset[str]:
    """Hash what an empty or meaningless cell holds: such a hash is borne by strangers."""
    found = set()
    for word in words:
        for kind in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
            made = hashlib.new(kind, word.encode(), usedforsecurity=False).digest()
            plain, address = base64.b64encode(made).decode(), base64.urlsafe_b64encode(made).decode()
            found |= {made.hex(), plain, plain.rstrip("="), address, address.rstrip("=")}
    return frozenset(found)


_EMPTY_HASHES = _hashes(("", " ", "null", "NULL", "None", "none", "nan", "NaN", "unknown", "anonymous", "undefined"))


def _is_nobody(text: str) -> bool:
    bare = "".join(mark for mark in fold(text) if mark.isalnum())
    return bare in _NOBODY or not bare.strip("0") or text == "-1"


def _hash_of(text: str) -> str | None:
    # A long word without a digit or padding may be a name; two people may bear it.
    marked = text.endswith("=") or any(mark.isdigit() for mark in text)
    if not _HASH.fullmatch(text) or len(set(text)) < _VARIED or not marked:
        return None
    # Hexadecimal digits mean the same in either case; base 64 does not.
    word = text.lower() if re.fullmatch(r"[0-9a-fA-F]+", text) else text
    return None if word in _EMPTY_HASHES else word


def normal_email(text: str, region: str | None = None) -> str | None:  # noqa: ARG001  keys share one signature
    """Normalise an e-mail address; None for what is none.

    Case and a display name are left out. Dots and ``+tags`` stay: only the owner of a domain knows what they mean, and
    tags are often there to keep accounts apart. `loose_email` finds addresses that differ by them alone.

    Examples
    --------
    >>> normal_email(" Dana <Dana@Mail.Example> ")
    'dana@mail.example'
    >>> normal_email("Dana+shop@mail.example")
    'dana+shop@mail.example'
    >>> normal_email("anonymous") is None
    True
    """
    clean = tidy(text)
    found = _EMAIL.search(clean)
    if found:
        return found.group().casefold().strip(".")
    return _hash_of(clean)


def loose_email(key: str) -> str:
    """Give the mailbox that an address probably leads to: without its ``+tag``, and without Gmail's dots.

    Examples
    --------
    >>> loose_email("c.0123+shop@gmail.com")
    'c0123@gmail.com'
    """
    local, at, domain = key.partition("@")
    local = local.partition("+")[0] or local
    if domain in {"gmail.com", "googlemail.com"}:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}{at}{domain}"


def normal_phone(text: str, region: str | None = None) -> str | None:
    """Normalise a telephone number to E.164; None for what is none.

    An extension stays part of the key, as ``+12025550123;ext=12``: two desks behind one switchboard are two people.
    Withheld numbers (also as telephone systems spell them, ``+266696687``), numbers without an area code, and counted
    or repeated digits are no keys.

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
    >>> normal_phone("+266696687") is None
    True
    """
    clean = _SCHEME.sub("", tidy(text)).partition("@")[0]
    if re.sub(r"\D", "", clean) in _WITHHELD:
        return None
    # A data frame made the column numbers; a spreadsheet rounded it, which loses digits.
    spelled = re.sub(r"^00", "+", _EXTENSION.sub("ext. ", re.sub(r"(?<=\d)\.0+$", "", clean)))
    if _ROUNDED.fullmatch(spelled):
        return None
    try:
        number = phonenumbers.parse(spelled, region)
    except phonenumbers.NumberParseException:
        return _hash_of(clean)
    return _dialled(number)


def _dialled(number: phonenumbers.PhoneNumber) -> str | None:
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    national = phonenumbers.national_significant_number(number)
    if not possible or len(set(national)) == 1 or any(national in digits for digits in _COUNTED):
        return None
    key = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return f"{key};ext={number.extension}" if number.extension else key


def normal_visitor(text: str, region: str | None = None) -> str | None:  # noqa: ARG001
    """Take a visitor's id as it is, unless it is a word or a row of zeros that stands for none.

    Examples
    --------
    >>> normal_visitor("(not set)") is None
    True
    """
    return None if _is_nobody(text) else text


KEYS: dict[str, Callable[[str, str | None], str | None]] = {
    "email": normal_email,
    "phone": normal_phone,
    "visitor": normal_visitor,
}


def normaliser(kind: str, region: str | None) -> Callable[[str], str | None]:
    """Give the function that normalises keys of a kind."""
    normal = KEYS[kind]
    return lambda text: normal(text, region)


def is_blocked(key: str, extra: frozenset[str] = frozenset()) -> bool:
    """Say whether a key belongs to an office or a machine rather than a person.

    Examples
    --------
    >>> is_blocked("no-reply@mail.example"), is_blocked("dana@mail.example")
    (True, False)
    """
    local, at, _ = key.partition("@")
    if key in extra or not at:
        return key in extra
    bare = "".join(mark for mark in fold(local.partition("+")[0]) if mark.isalnum())
    bare = re.sub(r"(?<=\D)\d{1,2}$", "", bare)  # info2@, but not user1987@
    return bare in _ROLES or bare.startswith(("noreply", "donotreply"))


_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT = re.compile(r"[0-9A-Za-z]{15}", re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}[0-9a-f-]*")  # whole, or what a system cuts off it
_DECIMALS = re.compile(r"(-?\d+)\.0*", re.ASCII)
_EXACT = 15  # digits that a spreadsheet keeps


def normal_id(kind: str) -> Callable[[str], str]:
    """Give the function that spells an id of a kind of system in one way.

    Parameters
    ----------
    kind : str
        ``salesforce`` (15 characters become 18), ``guid`` (no braces, small letters), ``zoho`` (without ``zcrm_``) or
        ``digits`` (without decimals). Whatever does not look like an id of the kind stays as it is.

    Returns
    -------
    callable
        From an id to its one spelling. It raises ExportError for an id that a spreadsheet rounded, such as
        ``1.23457E+17``: its digits are gone, and records that differ would become one.

    Raises
    ------
    MappingError
        When there is no such kind.

    Examples
    --------
    >>> normal_id("salesforce")("0015000000Gv7qJ")
    '0015000000Gv7qJAAR'
    >>> normal_id("guid")("{6F9619FF-8B86-D011-B42D-00C04FC964FF}")
    '6f9619ff-8b86-d011-b42d-00c04fc964ff'
    >>> normal_id("digits")("12345.0")
    '12345'
    """
    if kind not in IDS:
        raise MappingError.unknown("kind of id", kind, IDS)
    spell = IDS[kind]

    def normal(word: str) -> str:
        clean = tidy(word)
        if _ROUNDED.fullmatch(clean):
            raise ExportError.refused(
                f"The id '{word}' was rounded by a spreadsheet: its last digits are lost, and other ids look the same.",
                "Export the table again as CSV and read that file unopened, or make the id column text before saving.",
            )
        return spell(clean)

    return normal


def looks_rounded(words: Iterable[str]) -> bool:
    """Say whether long ids end in zeros from the sixteenth digit on, as a spreadsheet leaves them.

    A spreadsheet keeps fifteen digits. That three or more distinct longer ids all end so is no accident.

    Examples
    --------
    >>> looks_rounded(["123456789012345000", "123456789012346000", "123456789012347000"])
    True
    """
    long = {word for word in words if word.isascii() and word.isdigit() and len(word) > _EXACT}
    return len(long) >= 3 and all(not word[_EXACT:].strip("0") for word in long)


def _salesforce(word: str) -> str:
    """Append the three letters that say which letters of a 15-character id are capitals."""
    if not _SHORT.fullmatch(word):
        return word
    parts = (word[start : start + 5] for start in (0, 5, 10))
    return word + "".join(
        _CHECKSUM[sum(letter.isupper() << place for place, letter in enumerate(part))] for part in parts
    )


def _guid(word: str) -> str:
    bare = word.strip("{}()")
    return bare.lower() if bare != word or _GUID.fullmatch(bare.lower()) else word


def _zoho(word: str) -> str:
    return re.sub(r"^zcrm_", "", word, flags=re.IGNORECASE)


def _digits(word: str) -> str:
    found = _DECIMALS.fullmatch(word)
    return found.group(1) if found else word


IDS: dict[str, Callable[[str], str]] = {"salesforce": _salesforce, "guid": _guid, "zoho": _zoho, "digits": _digits}
