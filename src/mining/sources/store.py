"""The object-centric truth: events, objects and all relations between them, as OCEL 2.0 has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from mining._fields import CASES

if TYPE_CHECKING:
    from mining.sources.touchpoints import Touchpoints

__all__ = ["Store", "build_store"]

_CHANGES = {"stage": ("stage", ("state",)), "team": ("team", ("handoff", "internal")), "owner": ("actor", ("handoff",))}


@dataclass(frozen=True, eq=False)
class Store:
    """Events, objects and their relations, none of them flattened away.

    Attributes
    ----------
    events : DataFrame
        One row per event: `event_id`, then the canonical fields that are no object and say anything, without replicas.
    objects : DataFrame
        `object_id`, `object_type`: every object that an event, a relation or an object table names. An id that objects
        of several types bear is told apart by its type in front (``deal:hubspot:1``), here and everywhere in the store.
    attributes : dict of DataFrame
        Object type to its attributes, indexed by object id.
    event_objects : DataFrame
        `event_id`, `object_id`, `qualifier` (the object's part in it).
    object_objects : DataFrame
        `source_id`, `target_id`, `qualifier`.
    object_changes : DataFrame
        `object_id`, `field` (stage, team or owner), `timestamp`, `value`: what touchpoints say an object became.

    References
    ----------
    Berti, A. et al., "OCEL (Object-Centric Event Log) 2.0 Specification", arXiv 2403.01975, 2024.
    """

    events: pd.DataFrame
    objects: pd.DataFrame
    attributes: dict[str, pd.DataFrame]
    event_objects: pd.DataFrame
    object_objects: pd.DataFrame
    object_changes: pd.DataFrame

    @property
    def summary(self) -> str:
        """One sentence on what it holds, and on what flattening would repeat or mix."""
        kinds = self.objects["object_type"].value_counts()
        told = ", ".join(f"{n:,} {kind}s" for kind, n in kinds.items())
        return f"{len(self.events):,} events, {told}, {len(self.event_objects):,} relations of events to objects"

    def flattening(self) -> pd.DataFrame:
        """Say what flattening under each object type would do to the events.

        Returns
        -------
        DataFrame
            `object_type`, `n_objects`, `n_events` (events with such an object), `n_missing` (events without),
            `n_converging` (events with several: they would be repeated), `n_replicas` (how many rows too many).
        """
        typed = self.event_objects.merge(self.objects, on="object_id")
        size = typed.groupby(["object_type", "event_id"], sort=True).size().reset_index(name="n")
        lines = []
        for kind, n in self.objects["object_type"].value_counts().sort_index().items():
            counts = size.loc[(size["object_type"] == kind).to_numpy(), "n"]
            several = counts[counts > 1]
            missing = len(self.events) - len(counts)
            lines.append((kind, int(n), len(counts), missing, len(several), int(several.sum() - len(several))))
        names = ["object_type", "n_objects", "n_events", "n_missing", "n_converging", "n_replicas"]
        return pd.DataFrame(lines, columns=names)

    def __repr__(self) -> str:
        return f"<Store: {self.summary}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.summary}</p>{self.flattening().to_html(index=False, border=0)}"


def build_store(touchpoints: Touchpoints) -> Store:
    """Undo the flattening of a canonical frame: replicas become one event with several objects."""
    frame = touchpoints.frame
    event = frame["touchpoint_id"].str.replace(r"@\d+$", "", regex=True)
    events = frame.drop(columns=list(CASES)).assign(touchpoint_id=event).drop_duplicates("touchpoint_id")
    events = events.rename(columns={"touchpoint_id": "event_id"}).dropna(axis=1, how="all").reset_index(drop=True)
    parts = [_named(event, frame[kind], kind) for kind in CASES if frame[kind].notna().any()]
    beyond = touchpoints.relations.further
    parts.append(
        pd.DataFrame(
            {"event_id": beyond["touchpoint_id"], "object_id": beyond["object_id"], "qualifier": beyond["object_type"]}
        )
    )
    event_objects = pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)
    objects = _objects(touchpoints, event_objects)
    twice = pd.Index(objects.loc[objects["object_id"].duplicated(), "object_id"].unique())
    related = touchpoints.relations.objects
    ends = {
        f"{end}_id": _told_apart(related[f"{end}_id"], related[f"{end}_type"], twice) for end in ("source", "target")
    }
    about, kind = _about(frame)
    apart = objects.assign(object_id=_told_apart(objects["object_id"], objects["object_type"], twice))
    return Store(
        events,
        apart.sort_values(["object_type", "object_id"], ignore_index=True),
        {
            kind: table.set_axis(_told_apart(table.index.to_series(), kind, twice), axis="index")
            for kind, table in touchpoints.objects.items()
            if len(table)
        },
        event_objects.assign(object_id=_told_apart(event_objects["object_id"], event_objects["qualifier"], twice)),
        related.assign(**ends)[["source_id", "target_id", "qualifier"]].drop_duplicates(ignore_index=True),
        _changes(frame, _told_apart(about, kind, twice)),
    )


def _told_apart(ids: pd.Series, kinds: pd.Series | str, twice: pd.Index[str]) -> pd.Series:
    """Put the type in front of the ids that objects of several types bear."""
    if not len(twice):
        return ids
    shared = ids.isin(twice)
    return ids.where(~shared, kinds + ":" + ids.astype("str"))


def _named(event: pd.Series, column: pd.Series, kind: str) -> pd.DataFrame:
    known = column.notna().to_numpy()
    return pd.DataFrame({"event_id": event[known], "object_id": column[known], "qualifier": kind})


def _objects(touchpoints: Touchpoints, event_objects: pd.DataFrame) -> pd.DataFrame:
    related = touchpoints.relations.objects
    parts = [event_objects[["object_id", "qualifier"]].set_axis(["object_id", "object_type"], axis=1)]
    ends = [related[[f"{end}_id", f"{end}_type"]] for end in ("source", "target")]
    parts += [end.set_axis(["object_id", "object_type"], axis=1) for end in ends]
    tables = touchpoints.objects.items()
    parts += [pd.DataFrame({"object_id": table.index, "object_type": kind}) for kind, table in tables]
    together = pd.concat(parts, ignore_index=True).astype("str")
    return together.drop_duplicates(ignore_index=True)


def _about(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Say which object each touchpoint is most about, and of which type it is."""
    about, kinds = pd.Series(pd.NA, index=frame.index, dtype="str"), pd.Series("", index=frame.index, dtype="str")
    for kind in ("ticket", "deal", "lead", "record", "account", "customer"):
        kinds = kinds.where(about.notna() | frame[kind].isna(), kind)
        about = about.fillna(frame[kind])
    return about, kinds


def _changes(frame: pd.DataFrame, about: pd.Series) -> pd.DataFrame:
    """Read off the touchpoints what the object they are most about became."""
    parts = []
    for name, (column, kinds) in _CHANGES.items():
        told = (frame[column].notna() & about.notna() & frame["touchpoint_kind"].isin(kinds)).to_numpy()
        parts.append(
            pd.DataFrame(
                {
                    "object_id": about[told],
                    "field": name,
                    "timestamp": frame.loc[told, "timestamp"],
                    "value": frame.loc[told, column],
                }
            )
        )
    return pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)
