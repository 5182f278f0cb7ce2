"""Object-centric logs become touchpoints: events in the fixed fields, objects in the parts they play for us."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mining._errors import FieldError, MiningError
from mining._fields import CASES, FIELDS, FLAGS, TIMES, VOCABULARIES
from mining.sources.doubts.imperfections import find_imperfections
from mining.sources.doubts.quality import Quality
from mining.sources.fold import fold
from mining.sources.ocel.files import read_store
from mining.sources.relations import Relations
from mining.sources.store import Store
from mining.sources.touchpoints import Touchpoints, check

__all__ = ["read_ocel"]

# What logs call the objects that journeys are about.
_PARTS = {
    "customer": ("customer", "client", "person", "contact", "user", "patient", "applicant", "citizen"),
    "account": ("account", "company", "organization", "organisation"),
    "deal": ("deal", "opportunity", "order", "sales order", "quotation", "loan", "application"),
    "ticket": ("ticket", "case", "incident", "issue", "complaint"),
    "lead": ("lead", "prospect"),
    "campaign": ("campaign",),
    "conversation": ("conversation", "thread"),
    "session": ("session", "visit"),
}
_DEFAULTS = {
    "touchpoint_kind": "interaction",
    "channel": "unknown",
    "direction": "unknown",
    "department": "unknown",
    "actor_kind": "unknown",
    "timestamp_precision": "us",
    "timestamp_quality": "exact",
}


def read_ocel(path: Path | str, parts: Mapping[str, str] | None = None) -> Touchpoints:
    """Read an object-centric event log (OCEL 2.0: JSON, XML or SQLite) into touchpoints.

    Nothing of the log is lost: `Touchpoints.store` holds it whole, its ids as they are (`read_crm` puts pseudonyms in
    their place, and keeps only what the frame and its relations have room for). The flat frame shows its events in our
    fields; an attribute that bears the name of a field and fits it becomes that field.

    Parameters
    ----------
    path : Path or str
        The log.
    parts : dict, optional
        Object type of the log to the part it plays here: customer, account, deal, ticket, lead, campaign, conversation,
        session or record. Without it types are known by their names (``Customers`` are customers). Other types stay in
        the store, and `Touchpoints.by` takes them by their own name.

    Returns
    -------
    Touchpoints
        Ordered by time, then as the log lists them.

    Raises
    ------
    ExportError
        For a file that is missing, damaged or no such log.
    FieldError
        For a part that there is not, or a type that the log has not.
    """
    store = read_store(path)
    if not len(store.events):
        raise MiningError.empty(f"'{Path(path).name}'", "it has no events.")
    played = _parts(store, parts)
    typed = store.event_objects.merge(store.objects, on="object_id", how="left", validate="many_to_one")
    typed["part"] = typed["object_type"].map(played)
    once = typed.drop_duplicates(["event_id", "object_id"])
    flat = _flat(store, once, Path(path).name)
    further = _further(once, flat)
    objects = {part: _described(store, kinds) for part, kinds in _kinds_of(played).items()}
    related = store.object_objects.merge(
        store.objects.set_axis(["source_id", "source_type"], axis=1), on="source_id", how="left"
    ).merge(store.objects.set_axis(["target_id", "target_type"], axis=1), on="target_id", how="left")
    names = ["source_type", "source_id", "target_type", "target_id", "qualifier"]
    touchpoints = Touchpoints(check(flat), objects, _quality(flat, Path(path).name), Relations(further, related[names]))
    # What was read is kept as it was, not built again from what the flat frame has room for.
    object.__setattr__(touchpoints, "store", store)
    return touchpoints


def _parts(store: Store, parts: Mapping[str, str] | None) -> dict[str, str]:
    types = list(store.objects["object_type"].unique())
    if parts is not None:
        for kind, part in parts.items():
            if kind not in types:
                raise FieldError.unknown("object type", kind, types)
            if part not in CASES:
                raise FieldError.unknown("part", part, CASES)
        return dict(parts)
    words = {word: part for part, called in _PARTS.items() for word in (part, *called)}
    return {kind: words[_singular(kind)] for kind in types if _singular(kind) in words}


def _singular(kind: str) -> str:
    word = fold(kind).replace("_", " ")
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def _kinds_of(played: Mapping[str, str]) -> dict[str, list[str]]:
    return {part: [kind for kind, other in played.items() if other == part] for part in dict.fromkeys(played.values())}


def _described(store: Store, kinds: list[str]) -> pd.DataFrame:
    names = store.objects.loc[store.objects["object_type"].isin(kinds).to_numpy(), "object_id"]
    tables = [store.attributes[kind] for kind in kinds if kind in store.attributes]
    described = pd.concat(tables) if tables else pd.DataFrame()
    return described.reindex(pd.Index(names, dtype="str"))


def _flat(store: Store, typed: pd.DataFrame, file: str) -> pd.DataFrame:
    order = np.lexsort((np.arange(len(store.events)), store.events["timestamp"].astype("int64").to_numpy()))
    events = store.events.iloc[order].reset_index(drop=True)
    size = len(events)
    first = typed.loc[typed["part"].notna().to_numpy()].drop_duplicates(["event_id", "part"])
    made: dict[str, object] = {}
    for spec in FIELDS:
        name = spec.name
        given = events.get(name)
        if name in CASES:
            one = first.loc[(first["part"] == name).to_numpy()].set_index("event_id")["object_id"]
            made[name] = events["event_id"].map(one).astype("str")
        elif name in TIMES:
            empty = pd.Series(pd.NaT, index=range(size), dtype="datetime64[us, UTC]")
            made[name] = given if given is not None and isinstance(given.dtype, pd.DatetimeTZDtype) else empty
        elif name in FLAGS:
            made[name] = given if given is not None and given.dtype == bool else np.zeros(size, dtype=bool)
        elif spec.kind == "number":
            numeric = given is not None and pd.api.types.is_numeric_dtype(given.dtype)
            made[name] = given.astype("float64") if numeric and given is not None else np.full(size, np.nan)
        elif name in VOCABULARIES:
            made[name] = _word(given, name, size)
        else:
            made[name] = pd.Series([None] * size, dtype="str") if given is None else given.astype("str")
    made |= {"touchpoint_id": events["event_id"], "seq": np.arange(size, dtype=np.int64)}
    made["activity_raw"] = events["activity"]
    stated = {"source": "ocel", "source_table": "event", "source_file": file}
    made |= {name: pd.Series([word] * size, dtype="str") for name, word in stated.items() if name not in events}
    made["source_row"] = order.astype(np.int64) + 1
    score = pd.Series(made["score"])
    made["score"] = score.where(score.between(0, 1))
    return pd.DataFrame(made)[[spec.name for spec in FIELDS]]


def _word(given: pd.Series | None, name: str, size: int) -> pd.Categorical:
    words = list(VOCABULARIES[name])
    told = pd.Series([None] * size, dtype="object") if given is None else given.astype("object")
    known = told.where(told.isin(words), None).fillna(_DEFAULTS.get(name, np.nan))
    return pd.Categorical(known, categories=words)


def _further(typed: pd.DataFrame, flat: pd.DataFrame) -> pd.DataFrame:
    """List what the flat frame has no place for: further objects of a part, and objects that play none."""
    kinds = typed["part"].fillna(typed["object_type"])
    beyond = typed["part"].isna() | typed.duplicated(["event_id", "part"])
    found = pd.DataFrame(
        {"touchpoint_id": typed["event_id"], "object_type": kinds, "object_id": typed["object_id"]}
    ).loc[beyond.to_numpy()]
    return found.loc[found["touchpoint_id"].isin(flat["touchpoint_id"]).to_numpy()].reset_index(drop=True)


def _quality(flat: pd.DataFrame, file: str) -> Quality:
    ledger = pd.DataFrame(
        [("ocel", "event", file, len(flat), len(flat), "", 0, "")],
        columns=["source", "table", "file", "rows_in", "rows_used", "rule", "rows_aside", "example_rows"],
    )
    clocks = pd.DataFrame(columns=["source", "table", "column", "format", "zone"])
    patterns = find_imperfections(flat, clocks, ledger)
    return Quality(ledger, pd.DataFrame(), clocks, float("nan"), flat["timestamp"].max(), patterns=patterns)
