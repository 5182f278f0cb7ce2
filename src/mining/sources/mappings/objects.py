"""What the export says of its objects: ids, keys, attributes and which are deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mining.sources.mappings.emit import KEYED
from mining.sources.mappings.links import natural
from mining.sources.mappings.mapping import ObjectRule
from mining.sources.mappings.source import Source
from mining.sources.mappings.values import numbers_of
from mining.sources.mappings.view import View
from mining.sources.people.keys import normaliser
from mining.sources.table import Ints, Words

__all__ = ["Described", "describe", "gather"]

_OF_CASE = "case:"  # before the keys of an event log's traces
_KEPT = ("account", "n_ids")  # columns of ours
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})")
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")


@dataclass
class Described:
    """Objects of one type, over all sources, under the ids the sources gave them."""

    kind: str
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)  # index id; attributes; account
    keys: list[tuple[str, str]] = field(default_factory=list)  # (id, key)
    deleted: set[str] = field(default_factory=set)
    alike: list[pd.DataFrame] = field(default_factory=list)  # index id; what likeness compares


def describe(kind: str, sources: Iterable[Source]) -> Described:
    """Collect the objects of one type from every source, in source order.

    Of several rows about one object the first value of each attribute counts, or the last where the mapping says by
    which column the rows are ordered.
    """
    out, frames = Described(kind), []
    for source in sources:
        for rule, page, view in source.described(kind):
            frame = _rows(source, rule, page, view, out=out)
            if len(frame):
                frames.append(frame)
    if frames:
        together = pd.concat(frames)
        out.frame = together.groupby(level=0, sort=False).first()
    return out


def _rows(source: Source, rule: ObjectRule, page: int, view: View, *, out: Described) -> pd.DataFrame:
    ids = view.one_spelling(view.read(rule.id))
    rows = ids.known.copy()
    for condition in rule.only:
        rows &= view.holds(condition)
    view.attention = rows
    source.ledger.unidentified(page, np.flatnonzero(~ids.known))
    source.ledger.describe(page, np.flatnonzero(ids.known))
    places = np.flatnonzero(rows)
    if rule.order:
        rank = np.nan_to_num(numbers_of(view.text(rule.order))[places])
        places = places[np.lexsort((places, rank))[::-1]]
    names = [f"{source.name}:{word}" for word in ids.take(places).text()]
    out.keys += _keys(source, rule, view, places)
    gone = (view.deleted | view.marked(rule.deleted))[places]
    if gone.any():
        out.deleted |= {name for name, is_gone in zip(names, gone, strict=True) if is_gone}
    columns = {name: view.read(reading).take(places).text() for name, reading in rule.attributes.items()}
    if rule.steady:
        columns |= dict(_steady(source, view, ids.take(places).codes, places))
    if rule.account:
        account = view.ids(rule.account).renamed(lambda word: f"{source.name}:{word}")
        columns["account"] = account.take(places).text()
    for name, reading in rule.attributes.items():
        view.remark((reading,), f"attribute {name}")
    if rule.alike:
        compared = {name: view.text(column).take(places).text() for name, column in rule.alike.items()}
        out.alike.append(pd.DataFrame(compared, index=pd.Index(names, dtype="str"), dtype=object))
    return pd.DataFrame(columns, index=pd.Index(names, dtype="str"), dtype=object)


def _steady(source: Source, view: View, owner: Ints, places: Ints) -> Iterator[tuple[str, Words]]:
    """Yield columns that nothing else reads and that say one thing per object, what the file says of the case first."""
    taken = {view.find(column) for column in source.mapping.columns}
    n = int(owner.max(initial=-1)) + 1
    headers = sorted(map(str, view.table.frame.columns), key=lambda header: not header.startswith(_OF_CASE))
    found: set[str] = set()
    for header in headers:
        name = header.removeprefix(_OF_CASE)
        if header in taken or name in found or name in _KEPT:
            continue
        values = view.text(header).take(places)
        known = values.known
        least, most = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
        np.minimum.at(least, owner[known], values.codes[known])
        np.maximum.at(most, owner[known], values.codes[known])
        if known.any() and ((least == most) | (most < 0)).all():
            found.add(name)
            yield name, values.text()


def _keys(source: Source, rule: ObjectRule, view: View, places: Ints) -> Iterator[tuple[str, str]]:
    """Yield (id, key) of the rows, each pair once."""
    ids = view.one_spelling(view.read(rule.id)).take(places)
    for kind, column in rule.keys.items():
        keys = view.text(column).take(places).renamed(normaliser(kind, source.region))
        rows = np.flatnonzero(keys.known & ids.known)
        pairs = np.unique(np.column_stack([ids.codes[rows], keys.codes[rows]]), axis=0)
        for one, two in pairs:
            yield f"{source.name}:{ids.words[one]}", f"{KEYED}{kind}:{keys.words[two]}"


def gather(described: Described, canonical: Mapping[str, str], used: Iterable[str]) -> pd.DataFrame:
    """Put the objects under their final ids; every id that a touchpoint names has a row.

    Returns
    -------
    DataFrame
        Index object id; one column per attribute (numbers and truth values where every value is one), and `n_ids`,
        the number of ids of the export that became this object.
    """
    frame = described.frame
    target = pd.Index([canonical.get(name, name) for name in frame.index], dtype="str", name=described.kind)
    merged = frame.set_axis(target, axis=0).groupby(level=0, sort=False).first()
    merged["n_ids"] = pd.Series(1, index=target).groupby(level=0, sort=False).sum()
    alive = set(target) - {canonical.get(name, name) for name in described.deleted}
    names = sorted(alive | set(used), key=lambda name: (name.partition(":")[0], natural(name)))
    merged = merged.reindex(pd.Index(names, dtype="str", name=described.kind))
    merged["n_ids"] = merged["n_ids"].fillna(0).astype("int64")
    for name in merged.columns.drop("n_ids"):
        merged[name] = _typed(merged[name])
    return merged


def _typed(column: pd.Series) -> pd.Series:
    """Make numbers of a column only where every value is plainly one; ids with leading zeros stay text."""
    known = column.dropna()
    words = known.unique()
    if not len(words):
        return column.astype("str")
    if set(words) <= {"true", "false"} and len(known) == len(column):
        return column == "true"
    if all(_WHOLE.fullmatch(word) for word in words) and len(known) == len(column):
        return column.astype("int64")
    if all(_DECIMAL.fullmatch(word) for word in words):
        return column.astype("float64")
    return column.astype("str")
