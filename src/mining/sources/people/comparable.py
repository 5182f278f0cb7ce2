"""Records made comparable: names folded, keys normalised, and what pairs are found by."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from mining.sources.fold import fold
from mining.sources.mappings.links import natural
from mining.sources.people.keys import is_blocked, normaliser

__all__ = ["COMPARED", "comparable"]

COMPARED = ("first", "last", "email", "phone", "company", "country")
_CROWD = 100  # records that may share a block: more would compare everybody with everybody
_FILLED = 0.05  # share of records that a column must speak of
_Rename = Callable[[str], str | None]
# What companies are called besides their name.
_LEGAL = re.compile(
    r"\b(?:ltd|limited|inc|incorporated|llc|plc|corp|corporation|co|company|gmbh|ag|kg|sarl|sas|sa|bv|nv|ab|oy|spa|srl|pty)\b"
    r"|בע\"?מ|חברת|شرکت"
)


def comparable(people: pd.DataFrame, region: str | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Fold and normalise the columns, leave out those that say nothing, and add what pairs are found by.

    Parameters
    ----------
    people : DataFrame
        Index: unique ids; the columns of `COMPARED`, as many as there are.
    region : str, optional
        Country (two letters) of telephone numbers without a dialling code.

    Returns
    -------
    records : DataFrame
        `id`, the columns that say something, `whole` (the name's parts in one order), `box` (the address before its
        @) and blocks ``block_...``, in the order of the ids.
    notes : tuple of str
        What could not be compared.
    """
    made = pd.DataFrame({"id": people.index.astype("str")})
    for name in COMPARED:
        made[name] = _each(people.get(name), len(people), _NORMAL[name](region))
    made = _parted(made)
    made["whole"] = _joined(made["first"], made["last"])
    made["box"] = _each(made["email"], len(made), lambda word: _long(word.partition("@")[0]))
    blocks = {
        "block_email": made["email"],
        "block_phone": made["phone"],
        "block_box": made["box"],
        "block_whole": made["whole"],
        "block_first": _each(made["whole"], len(made), lambda word: _cut(word, kept=0)),
        "block_last": _each(made["whole"], len(made), lambda word: _cut(word, kept=-1)),
    }
    notes = []
    for name, column in blocks.items():
        crowd = column.map(column.value_counts()) > _CROWD
        made[name] = column.mask(crowd, None)
        if crowd.any():
            notes.append(
                f"{int(crowd.sum()):,} records share their {_SAID[name]} with over {_CROWD}: not compared by it"
            )
    empty = [name for name in ("whole", *COMPARED) if made[name].notna().mean() < _FILLED]
    gone = [*empty, *(name for name in blocks if made[name].isna().all())]
    kept = [name for name in made if name not in gone or name in {"first", "last"}]
    # Sampling sees the rows in order: it must be the ids', not the file's.
    order = sorted(range(len(made)), key=lambda row: natural(made["id"].iloc[row]))
    return made[kept].iloc[order].reset_index(drop=True), tuple(notes)


_SAID = {
    "block_email": "e-mail address",
    "block_phone": "telephone number",
    "block_box": "mailbox name",
    "block_whole": "name",
    "block_first": "part of the name",
    "block_last": "part of the name",
}


def _each(column: pd.Series | None, size: int, rename: _Rename) -> pd.Series:
    """Rename every distinct word once."""
    if column is None:
        return pd.Series([None] * size, dtype="str")
    words = {word: rename(str(word)) or None for word in column.dropna().unique()}
    return column.map(words).astype("str").reset_index(drop=True)


def _email(region: str | None) -> _Rename:
    normal = normaliser("email", region)
    return lambda word: None if is_blocked(normal(word) or "", frozenset()) else normal(word)


def _name(_: str | None) -> _Rename:
    return lambda word: " ".join("".join(mark if mark.isalnum() else " " for mark in fold(word)).split())


_NORMAL: dict[str, Callable[[str | None], _Rename]] = {
    "first": _name,
    "last": _name,
    "email": _email,
    "phone": lambda region: normaliser("phone", region),
    "company": lambda _: lambda word: " ".join(_LEGAL.sub(" ", fold(word)).replace(".", " ").replace(",", " ").split()),
    "country": lambda _: fold,
}


def _parted(made: pd.DataFrame) -> pd.DataFrame:
    """Take the last word of a whole name as the last name."""
    is_whole = made["last"].isna() & made["first"].str.contains(" ", na=False)
    first = made["first"].mask(is_whole, made["first"].str.replace(r" \S+$", "", regex=True))
    last = made["last"].mask(is_whole, made["first"].str.replace(r"^.* ", "", regex=True))
    return made.assign(first=first, last=last)


def _joined(first: pd.Series, last: pd.Series) -> pd.Series:
    """Put the parts of a name into one order, so that swapped parts make no difference."""
    told = [
        " ".join(sorted(f"{one} {two}".split())) if one and two else None
        for one, two in zip(first.where(first.notna(), None), last.where(last.notna(), None), strict=True)
    ]
    return pd.Series(told, dtype="str")


def _long(box: str) -> str | None:
    return box if len(box) > 4 else None


def _cut(name: str, kept: int) -> str | None:
    """Give one part of a name whole and the beginning of the others."""
    parts = name.split()
    if len(parts) < 2:
        return None
    return " ".join([parts.pop(kept), *(part[:2] for part in parts)])
