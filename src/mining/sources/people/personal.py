"""Personal data in what is kept: found by its form and its check digits, then withheld or masked, and counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mining.sources.fold import fold
from mining.sources.people.traces import KINDS, WITHHELD, Trace, blotted, find, masked, once, plain

__all__ = ["WITHHELD", "are_own", "discreet", "quotable", "scan", "titles", "uniqueness", "withheld"]

MOST_HITS: Final = 0.05
# Columns of touchpoints that show words of the export. The rest are ids, closed vocabularies or where it came from.
_SHOWN: Final = ("activity", "activity_raw", "team", "reason", "stage", "pipeline", "currency", "campaign")
# Perhaps a subject line, or what somebody wrote; an activity only where it is more than one word.
_TOLD: Final = {"activity": r"[^\W\d_]\s+\w", "activity_raw": r"[^\W\d_]{2}", "reason": r"[^\W\d_]{2}"}
_IDS: Final = frozenset({"account", "n_ids"})
# A word that says whose or what, not of which kind: of no use to a count, and it tells people apart.
_NAMING: Final = re.compile(
    r"(?:(?:first|last|full|middle|given|family|contact|customer|client|company|account|deal|owner|lead|person|user|"
    r"display|legal|trading) )?names?|surname|nickname|address(?: ?line ?\d)?|street(?: address)?|notes?|descriptions?|"
    r"comments?|subject|body|message|website|domain|url|username|login|"
    r"שם(?: (?:פרטי|משפחה|מלא|לקוח|הלקוח|איש קשר|חברה|החברה|עסקה|העסקה))?|כתובת|הערה|הערות|תיאור|"
    r"نام(?: (?:خانوادگی|کامل|مشتری|شرکت|معامله|شخص))?|نشانی|آدرس|توضیحات|یادداشت"
)
_FEWEST: Final = 20
_SAMPLE: Final = 20_000
_WORDY: Final = re.compile(r"[^\W\d_]{2}")
_OWN_WORD: Final = 0.8
_LONG_ID: Final = re.compile(
    r"#\s?\d{3,}\b|\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|(?<![\w.,-])\d{7,}(?![\w.,-])"
)
_NO_ID: Final = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|\d+000")
_IN_REMARKS: Final = re.compile(r"\d{5,}")
_ALIKE: Final = 3


def scan(words: Iterable[str], name: str = "") -> dict[str, int]:
    """Count the words that hold personal data, by kind.

    Looks for e-mail addresses, telephone numbers (international, and as written in Israel, Iran and North America),
    Israeli identity numbers (check digit), IBANs (length and check digits), payment cards (issuer and Luhn) and IP
    addresses, in any script's digits. Bare digits count only where most long numbers among the words bear them out, or
    where the column's name says what they are: an id or an amount is no telephone number. Names of people have no form
    that could be found so.

    Parameters
    ----------
    words : iterable of str
        Distinct words.
    name : str
        What the column is called.

    Returns
    -------
    dict of str to int
        Kind (email, phone, israeli id, iban, card, ip address) to the number of words that hold it; kinds not found are
        left out.

    References
    ----------
    ISO/IEC 7812-1 (Luhn's check digit), ISO 13616 and ISO/IEC 7064 (IBAN, mod 97-10).

    Examples
    --------
    >>> scan(["Call with c0123@mail.example", "Stage 2", "2024 Q1", "1.2.10"])
    {'email': 1}
    """
    found = find([str(word) for word in words], name)
    counts = Counter(kind for hits in found.values() for kind in {hit.kind for hit in hits})
    return {kind: counts[kind] for kind in KINDS if counts[kind]}


def withheld(
    frame: pd.DataFrame, objects: Mapping[str, pd.DataFrame]
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], list[str]]:
    """Keep personal data out of what is shown: columns of attributes withheld, single cells masked, labels cleaned.

    An attribute is withheld as a whole where more than 5 % of its values hold personal data, or where it names each
    object rather than describing it (a name, an address, a note: most values are borne by one object alone). Fewer hits
    are written as ``(withheld)``, as they are in names of activities, stages and teams, in reasons and in campaigns:
    ``Call with c0123@mail.example #4431`` becomes ``Call with (withheld)``. Ids are not looked at, they are pseudonyms.

    Parameters
    ----------
    frame : DataFrame
        Canonical touchpoints.
    objects : dict of DataFrame
        Object type to attributes, indexed by object id.

    Returns
    -------
    frame : DataFrame
        With cells masked.
    objects : dict of DataFrame
        With columns left out and cells masked.
    remarks : list of str
        What was done: column, kind and count, never a value.
    """
    remarks: list[str] = []
    columns = {}
    for name in _SHOWN:
        if name in frame:
            own = _own(frame, name)
            if own.any():
                remarks.append(f"{name} of {own.sum():,} touchpoints is withheld: nearly each has words of its own")
            # A touchpoint without an activity is none.
            told = frame[name].mask(own, WITHHELD if name == "activity" else None)
            columns[name] = _cleaned(told, name, remarks)
    tables = {kind: _described(kind, table, remarks) for kind, table in objects.items()}
    return frame.assign(**columns), tables, remarks


def quotable(counts: Mapping[str, int], most: int = 3) -> str:
    """Quote the most frequent words of an export in a remark, without personal data.

    Where nearly every row has a word of its own these are no labels but somebody's names or texts, perhaps because a
    mapping names the wrong column: then only their number is told.

    Parameters
    ----------
    counts : dict of str to int
        Word to the number of rows that bear it.
    most : int
        How many to quote.

    Returns
    -------
    str

    Examples
    --------
    >>> quotable({"Postponed": 12, "c0123@mail.example": 2})
    "'Postponed' (12), '(withheld)' (2)"
    """
    if are_own(counts):
        return f"{len(counts):,} words (withheld: nearly every row has its own)"
    shown = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    told = ", ".join(f"'{discreet(word)}' ({n:,})" for word, n in shown)
    return told if len(counts) <= most else f"{told} and {len(counts) - most:,} more"


def discreet(word: str) -> str:
    """Shorten a word of an export for a remark, without personal data and the ids of records.

    Examples
    --------
    >>> discreet("Call c0123@mail.example"), discreet("50100003"), discreet("Stage 2")
    ('Call (withheld)', '(withheld)', 'Stage 2')
    """
    return _IN_REMARKS.sub(WITHHELD, masked([word], "").get(word, plain(word)))[:40]


def titles(headers: Iterable[str]) -> list[str]:
    """List the names of columns for a message; where a file's first line is somebody's record, none of it.

    Examples
    --------
    >>> titles(["Name", "Phone"]), titles(["Ann", "058-555-1234"])
    (['Name', 'Phone'], ['(withheld: the first line holds personal data, not names of columns)'])
    """
    names = [str(header) for header in headers]
    return [f"{WITHHELD[:-1]}: the first line holds personal data, not names of columns)"] if scan(names) else names


def are_own(counts: Mapping[str, int]) -> bool:
    """Say whether nearly every row has a word of its own, so that the words are no labels."""
    return len(counts) > _FEWEST / 4 and len(counts) > _OWN_WORD * sum(counts.values())


def uniqueness(customers: npt.ArrayLike, variants: npt.ArrayLike, starts: npt.ArrayLike) -> pd.DataFrame:
    """Measure how many customers somebody who knows a little of a journey could pick out, pseudonyms or not.

    A customer counts as unique where one of their journeys is like no other customer's in what is known of it.

    Parameters
    ----------
    customers, variants : array-like of int
        Code of customer and of path, per journey.
    starts : array-like of datetime64
        When each journey starts, UTC.

    Returns
    -------
    DataFrame
        `known` (path, path and month, path and day), `n_unique`, `n_customers`, `share_unique` (0 to 1; NaN without any
        customer).

    References
    ----------
    Nuñez von Voigt, S. et al. (2020). Quantifying the re-identification risk of event logs for process mining.

    Examples
    --------
    >>> days = np.array(["2024-01-01", "2024-01-09", "2024-01-09"], dtype="datetime64[us]")
    >>> uniqueness([0, 1, 2], [7, 7, 7], days)["n_unique"].tolist()
    [0, 0, 1]
    """
    people, paths = np.asarray(customers), np.asarray(variants)
    times = pd.DatetimeIndex(starts).tz_localize(None).to_numpy("datetime64[us]")  # type: ignore[arg-type]
    n_customers = len(np.unique(people))
    known = {
        "path": np.zeros(len(times), dtype=np.int64),
        "path and month": times.astype("datetime64[M]").astype(np.int64),
        "path and day": times.astype("datetime64[D]").astype(np.int64),
    }
    unique = [_alone(people, paths, dates) for dates in known.values()]
    share = np.array(unique) / n_customers if n_customers else np.full(len(known), np.nan)
    columns = {"known": list(known), "n_unique": unique, "n_customers": n_customers, "share_unique": share}
    return pd.DataFrame(columns)


def _alone(people: npt.NDArray[Any], paths: npt.NDArray[Any], dates: npt.NDArray[np.int64]) -> int:
    rows = pd.DataFrame({"path": paths, "date": dates, "customer": people}).drop_duplicates()
    alone = ~rows.duplicated(["path", "date"], keep=False)
    return int(rows.loc[alone, "customer"].nunique())


def _unnumbered(words: Sequence[str], masked: dict[str, str]) -> dict[str, str]:
    """Tell labels without the numbers of records in them, where several differ in nothing else."""
    found, alike = {}, Counter[str]()
    for word in words:
        text = masked.get(word, plain(word))
        bare = _LONG_ID.sub(lambda hit: hit.group() if _NO_ID.fullmatch(hit.group()) else WITHHELD, text)
        if bare != text and any(mark.isalpha() for mark in bare.replace(WITHHELD, "")):
            found[word] = once(bare)
            alike[found[word]] += 1
    return {word: bare for word, bare in found.items() if word in masked or alike[bare] >= _ALIKE}


def _own(frame: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    """Find the touchpoints of tables where nearly every row has a word of its own: somebody wrote those."""
    if name not in _TOLD:
        return np.zeros(len(frame), dtype=bool)
    table = pd.Series(0, index=frame.index)
    for column in ("source", "source_table"):
        if column in frame:
            codes, words = pd.factorize(frame[column])
            table = table * (len(words) + 1) + codes
    known = frame[name].notna()
    alone = known & ~pd.DataFrame({"table": table, "word": frame[name]}).duplicated(keep=False)
    alone &= frame[name].str.contains(_TOLD[name], na=False)
    n, n_alone = (mask.groupby(table).transform("sum") for mask in (known, alone))
    return np.asarray(known & (n >= _FEWEST) & (n_alone >= _OWN_WORD * n))


def _cleaned(column: pd.Series[Any], name: str, remarks: list[str]) -> pd.Series[Any]:
    """Mask a column of touchpoints."""
    counts = _counts(column)
    # What stands before an id's colon is its source.
    heads = {word: word.partition(":")[0] + ":" if name == "campaign" and ":" in word else "" for word in counts}
    bare = {word: word.removeprefix(heads[word]) for word in counts}
    found = find(list(dict.fromkeys(bare.values())), "")
    new = {word: blotted(plain(word), hits) for word, hits in found.items()}
    if found:
        told = _told(found, {word: counts[whole] for whole, word in bare.items()})
        remarks.append(f"{name} held personal data ({told}), written as {WITHHELD}")
    if name.startswith("activity"):
        labels = _unnumbered(list(bare.values()), new)
        if labels.keys() - new.keys():
            n, names = len(labels), len(set(labels.values()))
            remarks.append(f"{name}: {n:,} names that differ only in the number of a record became {names:,}")
        new |= labels
    return _renamed(column, {whole: heads[whole] + new[word] for whole, word in bare.items() if word in new})


def _described(kind: str, table: pd.DataFrame, remarks: list[str]) -> pd.DataFrame:
    """Withhold or mask the attributes of one type of object."""
    if kind == "campaign":
        # Campaigns keep their names for ids, so these are words too.
        named = _cleaned(table.index.to_series(), kind, [])
        table = table.set_axis(pd.Index(named, name=table.index.name)).loc[~named.duplicated().to_numpy()]
    kept = {}
    for name in table.columns:
        column = table[name]
        kept[name] = column if name in _IDS else _attribute(kind, column, remarks)
    return pd.DataFrame({name: column for name, column in kept.items() if column is not None}, index=table.index)


def _attribute(kind: str, column: pd.Series[Any], remarks: list[str]) -> pd.Series[Any] | None:
    """Mask an attribute; None where it is withheld."""
    counts, name = _counts(column), str(column.name)
    if not counts:
        return column
    # Where words are very many, a share of them tells whether the column is to be withheld.
    words = list(counts)[:: len(counts) // _SAMPLE + 1]
    found = find(words, name)
    hit, n = sum(counts[word] for word in found), sum(counts[word] for word in words)
    if hit > MOST_HITS * n:
        of = f"{n:,} values" if len(words) == len(counts) else f"{n:,} values looked at"
        remarks.append(f"{kind} attribute '{name}' is withheld: {hit:,} of {of} hold {_told(found, counts)}")
        return None
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    n = sum(counts.values())
    if kind != "campaign" and _names_objects(name, counts):
        remarks.append(
            f"{kind} attribute '{name}' is withheld: it names each {kind} ({len(counts):,} words, {n:,} values)"
        )
        return None
    found = find(list(counts), name) if len(words) < len(counts) else found
    if found:
        remarks.append(f"{kind} attribute '{name}' held personal data ({_told(found, counts)}), written as {WITHHELD}")
    return _renamed(column, {word: blotted(plain(word), hits) for word, hits in found.items()})


def _counts(column: pd.Series[Any]) -> dict[str, int]:
    """Count the words of a column; whole numbers are words too, truth values and fractions are not."""
    known = column.dropna()
    if pd.api.types.is_bool_dtype(known.dtype):
        return {}
    if pd.api.types.is_float_dtype(known.dtype):
        if not (known % 1 == 0).all() or not known.abs().lt(1e15).all():
            return {}
        known = known.astype("int64")
    return {str(word): int(n) for word, n in known.value_counts().items()}


def _names_objects(name: str, counts: Mapping[str, int]) -> bool:
    n = sum(counts.values())
    is_called_so = _NAMING.fullmatch(fold(name).replace("_", " ")) is not None
    return (is_called_so and (n < _FEWEST or len(counts) > n / 2)) or _is_own(counts)


def _is_own(counts: Mapping[str, int]) -> bool:
    """Say whether words are borne by one row alone, nearly all of them: names or texts, not kinds."""
    n = sum(counts.values())
    alone = sum(1 for word, times in counts.items() if times == 1 and _WORDY.search(word))
    return n >= _FEWEST and alone >= _OWN_WORD * n


def _told(found: Mapping[str, Sequence[Trace]], counts: Mapping[str, int]) -> str:
    kinds = Counter[str]()
    for word, hits in found.items():
        for kind in {hit.kind for hit in hits}:
            kinds[kind] += counts[word]
    return ", ".join(f"{kind} {kinds[kind]:,}" for kind in KINDS if kinds[kind])


def _renamed(column: pd.Series[Any], new: Mapping[str, str]) -> pd.Series[Any]:
    if not new:
        return column
    codes, words = pd.factorize(column, use_na_sentinel=True)
    renamed = pa.array([new.get(word, word) for word in words], type=pa.large_string())
    cells = pd.array(renamed.take(pa.array(codes, mask=codes < 0)), dtype="str")
    return pd.Series(cells, index=column.index, name=column.name)
