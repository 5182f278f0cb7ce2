"""What the content of a column tells, from a sample: dates, addresses, numbers, ids, few words, free text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from mining._errors import MappingError
from mining.sources.fold import fold, tidy
from mining.sources.guessing.lexicon import lexicon
from mining.sources.table import Coded, Ints, RawTable
from mining.sources.times.clocks import NO_TIME
from mining.sources.times.dates import DateRules, proof_of_order, read_dates
from mining.sources.times.stamps import read_epochs, read_parts

__all__ = ["SAMPLE", "Facts", "find_facts", "sampled"]

SAMPLE = 20_000
_SHAPES = 2_000  # distinct words whose spelling is looked at
_MOST = 0.9
_FEW, _OFTEN = 60, 3.0  # a vocabulary: at most so many words, each so often on average
_BANDS = 12
_DATELIKE = re.compile(r"\d[-/.]\d{1,2}[-/.]\d|\d[\s-][^\W\d_]{3,9}\.?,?[\s-]\d|[^\W\d_]{3,9}\.?\s\d{1,2},?\s\d{4}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,22}(?:\s*(?:x|ext\.?)\s*\d{1,6})?")
_NUMBER = re.compile(r"[-+]?[$€£₪¥]?\s?[-+]?\d[\d,.\u066c]*\s?[%$€£₪¥]?")
_URL = re.compile(r"(?:https?://|www\.|/)\S+", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f-]{16,40}|[A-Za-z0-9+/]{15,64}={0,2}")
_PLACED = re.compile(r"[^\s,;]{1,64}")


@dataclass(frozen=True, eq=False)
class Facts:
    """What a column holds; counts are of the rows sampled.

    Attributes
    ----------
    header : str
        Its header.
    rows, filled, distinct : int
        Rows sampled; those that have a value; different values.
    kind : str
        date, email, phone, truth, number, url, id, few (a small vocabulary), words, text or empty.
    formats : dict
        For dates: spelling to the number of different values spelt so.
    order : str
        For dates like 05/03/2024, of the whole column: ``day`` or ``month`` first, ``open`` or ``mixed``; else empty.
    example : str
        A value that can be read both ways, where the order is open.
    naive : bool
        Whether the times name no zone.
    precision : str
        Finest unit that the times show.
    shape : str
        What ids look like: digits as 9, letters as A or a.
    words : dict
        Values with counts, only where they are few.
    placeholders : dict
        Words that stand for no value, with counts.
    coded : Coded
        The sample itself, placeholders missing. It stays in this room.
    micros : ndarray of int64
        Times of the sample in UTC.
    """

    header: str
    rows: int
    filled: int
    distinct: int
    kind: str
    coded: Coded
    formats: dict[str, int] = field(default_factory=dict)
    order: str = ""
    example: str = ""
    naive: bool = False
    precision: str = ""
    shape: str = ""
    words: dict[str, int] = field(default_factory=dict)
    placeholders: dict[str, int] = field(default_factory=dict)
    micros: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def share(self) -> float:
        """Share of rows that have a value."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether every row sampled has a value of its own."""
        return self.filled == self.rows == self.distinct and self.rows > 0

    @property
    def repeats(self) -> float:
        """Rows per value."""
        return self.filled / self.distinct if self.distinct else 0.0


def sampled(table: RawTable) -> Ints:
    """Choose the rows to look at: all, or the first half of the sample and the rest spread over the file.

    The first rows lie together, so that records of several rows are seen whole.
    """
    size = len(table.rows)
    if size <= SAMPLE:
        return np.arange(size, dtype=np.int64)
    spread = np.linspace(SAMPLE // 2, size - 1, SAMPLE // 2).astype(np.int64)
    return np.union1d(np.arange(SAMPLE // 2, dtype=np.int64), spread)


def find_facts(table: RawTable, time_sense: Callable[[str], str]) -> list[Facts]:
    """Find what each column of a table holds.

    Parameters
    ----------
    table : RawTable
        The strings.
    time_sense : callable
        Says whether a header speaks of a ``date``, a ``clock`` or neither; only then bare numbers are read as dates.

    Returns
    -------
    list of Facts
        In the order of the columns.
    """
    rows = sampled(table)
    found = [_look(table.frame[header].iloc[rows], header, sense=time_sense(header)) for header in table.frame.columns]
    orders = {facts.header: _order(table.frame[facts.header]) for facts in found if "a/b/Y" in facts.formats}
    # One column of a table is proof for the others, as when the table is read.
    proven = {order for order, _ in orders.values() if order in {"day", "month"}}
    told = proven.pop() if len(proven) == 1 else ""
    return [_timed(facts, *_settled(orders.get(facts.header, ("", "")), told)) for facts in found]


def _settled(order: tuple[str, str], told: str) -> tuple[str, str]:
    return (told, "") if order[0] == "open" and told else order


def _look(values: pd.Series, header: str, *, sense: str) -> Facts:
    spelt = Coded.of(values)
    placeholders = {word: n for word, n in spelt.counts().items() if fold(word) in lexicon().whole["missing"]}
    coded = Coded.of(values, frozenset({"", *placeholders})) if placeholders else spelt
    words = [str(word) for word in coded.words]
    filled, distinct = int(coded.known.sum()), len(words)
    facts = Facts(header, len(coded), filled, distinct, "empty", coded, placeholders=placeholders)
    if not distinct:
        return facts
    texts = words[:: max(1, distinct // _SHAPES)]
    formats = _formats(texts, sense=sense)
    if sum(formats.values()) >= (0.5 if sense else _MOST) * len(texts):
        return replace(facts, kind="date", formats=formats)
    kind = _kind(texts, facts)
    shape = _shape(texts) if kind in {"id", "number"} else ""
    few = coded.counts() if kind in {"few", "truth"} or (kind == "number" and distinct <= _FEW) else {}
    return replace(facts, kind=kind, shape=shape, words=few)


def _formats(texts: Sequence[str], *, sense: str) -> dict[str, int]:
    first = [tidy(text) for text in texts[:50]]
    if sum(bool(_DATELIKE.search(text)) or (bool(sense) and text[:5].isdigit()) for text in first) < 0.3 * len(first):
        return {}  # the patterns of dates are many and slow to set up
    array = pa.array([tidy(text) for text in texts], type=pa.string())
    found = {label: int(parts.matched.sum()) for label, parts in read_parts(array).items()}
    if not sense:
        for label in ("YYYYMMDD", "aabbYYYY", "YYYYMMDDhhmm", "YYYYMMDDhh"):
            found.pop(label, None)  # digits alone are more often an id
        return found
    numbers, matched = read_epochs(array)
    sizes = np.abs(numbers[matched])
    # From 2001 in seconds, milliseconds or microseconds, or a day in a spreadsheet.
    epochs = sum((sizes >= 10**digits) & (sizes < 5 * 10**digits) for digits in (9, 12, 15))
    serial = (sizes >= 20_000) & (sizes <= 60_000)
    counts = {"epoch": int(np.sum(epochs)), "spreadsheet serial": int(serial.sum()) * (sense == "date")}
    return found | {label: n for label, n in counts.items() if n}


def _kind(texts: Sequence[str], facts: Facts) -> str:
    if _most(texts, _EMAIL):
        return "email"
    truths = lexicon().whole["truth"]
    if facts.distinct <= 2 and all(fold(text) in truths for text in texts):
        return "truth"
    if _most(texts, _PHONE) and _dials(texts):
        return "phone"
    if _most(texts, _NUMBER):
        return "number"
    if _most(texts, _URL):
        return "url"
    return _worded(texts, facts)


def _worded(texts: Sequence[str], facts: Facts) -> str:
    digits = np.mean([sum(letter.isdigit() for letter in text) >= 2 for text in texts])
    if facts.distinct <= _BANDS and facts.repeats >= _BANDS:
        return "few"  # bands such as 18-29
    if _most(texts, _HASH) or (_most(texts, _PLACED) and digits >= 0.8):
        return "id"
    long = float(np.mean([len(text) for text in texts]))
    if facts.distinct <= _FEW and facts.repeats >= min(_OFTEN, facts.filled / 2) and long < 60:
        return "few"
    blanks = float(np.mean([text.count(" ") for text in texts]))
    if long > 40 or blanks > 4 or any("\n" in text for text in texts[:200]):
        return "text"
    return "words"


def _dials(texts: Sequence[str]) -> bool:
    """Say whether numbers are written as one dials them: a plus, a leading nought or signs between the digits."""
    signs = [text.lstrip()[:1] in {"+", "0", "("} or bool(re.search(r"\d[\s\-)]+\d", text)) for text in texts]
    digits = [7 <= sum(letter.isdigit() for letter in text) <= 15 for text in texts]
    return float(np.mean(signs)) >= 0.8 and float(np.mean(digits)) >= _MOST


def _most(texts: Sequence[str], pattern: re.Pattern[str]) -> bool:
    return sum(bool(pattern.fullmatch(text.strip())) for text in texts) >= _MOST * len(texts)


def _shape(texts: Sequence[str]) -> str:
    """Tell the most frequent shape of ids without a letter of them."""
    shapes = pd.Series(list(texts)).str.replace(r"\d", "9", regex=True)
    shapes = shapes.str.replace(r"[^\W\d_a-z]", "A", regex=True).str.replace(r"[a-z]", "a", regex=True)
    top = shapes.value_counts().index[0]
    return str(top) if len(str(top)) <= 20 else f"{len(str(top))} signs"


def _order(column: pd.Series) -> tuple[str, str]:
    """Look for the proof of day and month in the whole column: (order, a value that can be read both ways)."""
    words = Coded.of(column).words
    parts = read_parts(pa.array([tidy(str(word)) for word in words], type=pa.string())).get("a/b/Y")
    if parts is None:
        return "", ""
    first, second = parts.first[parts.matched], parts.second[parts.matched]
    decided = proof_of_order(first, second)
    if decided is not None:
        return ("day" if decided else "month"), ""
    if (first > 12).any():
        return "mixed", ""
    open_ = np.flatnonzero(parts.matched & (parts.first != parts.second))
    return ("open", str(words[open_[0]]).split()[0].rstrip(",")) if len(open_) else ("day", "")


def _timed(facts: Facts, order: str, example: str) -> Facts:
    """Read the times of a date column's sample."""
    if facts.kind != "date":
        return facts
    try:
        clock = read_dates(facts.coded, DateRules(dayfirst=order != "month"), facts.header)
    except (MappingError, OverflowError, ValueError):
        return replace(facts, kind="words", formats={})
    known = clock.micros != NO_TIME
    if not known.any():
        return replace(facts, kind="words", formats={})
    naive = bool((clock.assumed & known).any())
    return replace(
        facts, order=order, example=example, naive=naive, precision=str(clock.facts["precision"]), micros=clock.micros
    )
