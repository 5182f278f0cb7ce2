"""What touches what: the object-centric truth beside the flat frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.sources.columns import Columns
from mining.sources.mappings.objects import Described
from mining.sources.mappings.source import Source
from mining.sources.table import Coded

__all__ = ["Relations", "relate"]

_FURTHER = ("touchpoint_id", "object_type", "object_id")
_OBJECTS = ("source_type", "source_id", "target_type", "target_id", "qualifier")


def _nothing(names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in names})


@dataclass(frozen=True, eq=False)
class Relations:
    """Relations that the flat frame has no column for.

    Attributes
    ----------
    further : DataFrame
        Objects that a touchpoint is about beyond the first of their type: `touchpoint_id`, `object_type`, `object_id`.
        (Further customers have rows of their own in the frame.)
    objects : DataFrame
        Which object belongs to which: `source_type`, `source_id`, `target_type`, `target_id`, `qualifier`.
    """

    further: pd.DataFrame = field(default_factory=lambda: _nothing(_FURTHER))
    objects: pd.DataFrame = field(default_factory=lambda: _nothing(_OBJECTS))


def relate(
    columns: Columns,
    described: Mapping[str, Described],
    final: Mapping[str, Mapping[str, str]],
    told: tuple[Sequence[Source], Mapping[str, Sequence[tuple[str, str]]]],
) -> Relations:
    """Collect the relations of touchpoints to further objects, and of objects to each other, under final ids."""
    parts = [_beyond(columns, kind, final.get(kind, {})) for kind in columns.further]
    further = pd.concat(parts, ignore_index=True) if parts else _nothing(_FURTHER)
    sources, merges = told
    pairs = list(dict.fromkeys([*_linked(sources, final), *_belonging(described, final), *_merged(merges, final)]))
    objects = pd.DataFrame(pairs, columns=list(_OBJECTS)).astype("str") if pairs else _nothing(_OBJECTS)
    return Relations(further, objects)


def _beyond(columns: Columns, kind: str, final: Mapping[str, str]) -> pd.DataFrame:
    rows, targets = columns.further[kind]
    named = targets.renamed(lambda word: final.get(word, word) or None)
    kept = np.flatnonzero(columns.keep[rows] & named.known)
    ids = columns.text["touchpoint_id"].take(rows[kept])
    told = {"touchpoint_id": ids.text(), "object_type": kind, "object_id": named.take(kept).text()}
    own = columns.text.get(kind, Coded.empty(len(columns.keep))).take(rows[kept]).text()
    frame = pd.DataFrame(told, dtype="str")
    # Two ids of one link table may be one object by now.
    unlike: npt.NDArray[np.bool_] = frame["object_id"].to_numpy(dtype=object) != own
    return frame.loc[unlike].drop_duplicates()


def _linked(
    sources: Sequence[Source], final: Mapping[str, Mapping[str, str]]
) -> Iterable[tuple[str, str, str, str, str]]:
    for source in sources:
        for link in source.mapping.links.values():
            leads = source.links.get(link.name)
            target = next(iter(link.targets))
            if not link.kind or leads is None:
                continue
            owners = [word for word, place in leads.place.items() for _ in range(int(leads.counts[place]))]
            for one, two in zip(owners, leads.targets, strict=True):
                ends = (_name(final, link.kind, source.name, one), _name(final, target, source.name, two))
                yield link.kind, ends[0], target, ends[1], link.name


def _belonging(
    described: Mapping[str, Described], final: Mapping[str, Mapping[str, str]]
) -> Iterable[tuple[str, str, str, str, str]]:
    for kind, objects in described.items():
        if "account" in objects.frame:
            accounts = objects.frame["account"].dropna()
            for name, account in accounts.items():
                company = final.get("account", {}).get(account, account)
                yield kind, final[kind].get(str(name), str(name)), "account", company, "works_at"


def _merged(
    merges: Mapping[str, Sequence[tuple[str, str]]], final: Mapping[str, Mapping[str, str]]
) -> Iterable[tuple[str, str, str, str, str]]:
    for kind, pairs in merges.items():
        for old, kept in pairs:
            if old != kept:
                yield kind, old, kind, final.get(kind, {}).get(old, kept), "merged_into"


def _name(final: Mapping[str, Mapping[str, str]], kind: str, source: str, word: str) -> str:
    whole = f"{source}:{word}"
    return final.get(kind, {}).get(whole, whole)
