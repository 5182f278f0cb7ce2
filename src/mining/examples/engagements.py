"""Calls, meetings and letters as the CRM's engagements, with their links to contacts, deals and companies."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mining.examples.company import DAY, END, OWNER
from mining.examples.plan import World
from mining.examples.sheets import Dirt, iso

__all__ = ["engagement_tables"]

_TEAM_OF = np.repeat(["", "700", "701", "702"], [1, 12, 6, 8]).astype(object)
_CALLS = ("Needs call", "Onboarding call", "Renewal call", "Discount call", "Call made")
_DISPOSITION = {
    "connected": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
    "no_answer": "73a0d17f-1163-4015-bdd5-ec830791da20",
}


def _engaged(world: World, contact: np.ndarray, deals: pd.DataFrame) -> pd.DataFrame:
    """Pick what the CRM keeps as an engagement, with the records it is linked to."""
    plan = world.plan
    kinds = dict.fromkeys(_CALLS, "CALL") | {"Demo": "MEETING", "Email written": "EMAIL", "Email received": "EMAIL"}
    rows = plan[plan["activity"].isin(kinds)].copy()
    rows["kind"] = rows["activity"].map(kinds).where(rows["mark"] != "meeting", "MEETING")
    rows["contact"] = contact[rows.index].astype(str)
    opened = deals.set_index("journey")
    deal = opened["deal"].reindex(rows["journey"]).to_numpy()
    since = opened["at"].reindex(rows["journey"]).to_numpy()
    known = rows["at"].to_numpy() >= since
    rows["deal"] = np.where(known, np.where(known, deal, 0).astype(np.int64).astype(str), "")
    rows["company"] = world.people["account"].to_numpy()[rows["customer"]].astype(str)
    rows["stamp"] = iso(rows["at"])
    late = world.random(21).exponential(1500, len(rows)).astype(np.int64)
    rows["logged"] = iso(np.minimum(rows["at"] + late, END))
    return rows.sort_values(["at", "journey"], kind="stable", ignore_index=True)


def _dirtied(file: str, rows: pd.DataFrame, dirt: Dirt, gone: pd.Series) -> pd.DataFrame:
    """Append rows without a time, without a person, and of deleted persons."""
    rows = dirt.mistimed(file, rows.assign(rule=""), "stamp")
    rows["rule"] = np.where(rows["stamp"].str.len() > 4, "", "time")
    orphans = dirt.some(rows[rows["rule"] == ""], 0.008).assign(contact="", deal="", company="", rule="orphan")
    dirt.note(file, "orphan", len(orphans))
    parts = [rows, orphans]
    if file == "engagement_call":
        erased = rows[rows["activity"] == "Needs call"].head(len(gone)).assign(deal="", company="", rule="gone")
        erased = erased.assign(contact=gone.astype(str).to_numpy()[: len(erased)])
        dirt.note(file, "deleted contact", len(erased))
        parts.append(erased)
    return pd.concat(parts, ignore_index=True)


def _planned(rows: pd.DataFrame, dirt: Dirt) -> pd.DataFrame:
    """Append demos that are arranged for the time after the export."""
    ahead = dirt.some(rows, 0.02)
    ahead["at"] = END + dirt.random.integers(2 * DAY, 40 * DAY, len(ahead))
    ahead["stamp"] = iso(ahead["at"])
    ahead["logged"] = iso(END - dirt.random.integers(0, 5 * DAY, len(ahead)))
    dirt.note("engagement_meeting", "planned", len(ahead))
    return pd.concat([rows.assign(state="COMPLETED"), ahead.assign(state="SCHEDULED")], ignore_index=True)


def _owner(rows: pd.DataFrame) -> np.ndarray:
    """Name the owner; letters that the customer wrote have none."""
    return np.where(rows["actor"] > 0, (rows["actor"] + OWNER).astype(str), "")


def _call_table(rows: pd.DataFrame, world: World) -> pd.DataFrame:
    seconds = np.maximum(world.random(22).lognormal(6.2, 0.7, len(rows)), 20)
    answered = rows["mark"] == "connected"
    return pd.DataFrame(
        {
            "engagement_id": rows["engagement"],
            "property_hs_timestamp": rows["stamp"],
            "property_hs_createdate": rows["logged"],
            "property_hs_call_direction": "OUTBOUND",
            "property_hs_call_duration": np.where(answered, np.round(seconds) * 1000, 0).astype(np.int64),
            "property_hs_call_disposition": rows["mark"].map(_DISPOSITION),
            "property_hs_activity_type": rows["activity"].where(rows["activity"] != "Call made", ""),
            "property_hubspot_owner_id": _owner(rows),
            "property_hubspot_team_id": _TEAM_OF[rows["actor"]],
            "type": "CALL",
        }
    )


def _meeting_table(rows: pd.DataFrame, world: World) -> pd.DataFrame:
    minutes = world.random(23).choice([30, 45, 60], len(rows))
    return pd.DataFrame(
        {
            "engagement_id": rows["engagement"],
            "property_hs_meeting_start_time": rows["stamp"],
            "property_hs_meeting_end_time": np.where(
                rows["stamp"].str.len() > 4, iso(rows["at"] + minutes * 60), rows["stamp"]
            ),
            "property_hs_meeting_outcome": rows["state"],
            "property_hs_createdate": rows["logged"],
            "property_hs_activity_type": rows["activity"],
            "property_hubspot_owner_id": _owner(rows),
        }
    )


def _email_table(rows: pd.DataFrame) -> pd.DataFrame:
    inbound = rows["activity"] == "Email received"
    return pd.DataFrame(
        {
            "engagement_id": rows["engagement"],
            "property_hs_timestamp": rows["stamp"],
            "property_hs_email_direction": np.where(inbound, "INCOMING_EMAIL", "EMAIL"),
            "property_hubspot_owner_id": _owner(rows),
        }
    )


def _repeated_calls(rows: pd.DataFrame, world: World, dirt: Dirt) -> pd.DataFrame:
    table = _call_table(rows, world)
    return dirt.repeated("engagement_call", table, np.arange(len(rows)) < (rows["rule"] == "").sum())


def _links(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {
        f"engagement_{kind}": rows.loc[rows[kind] != "", ["engagement", kind]].set_axis(
            ["engagement_id", f"{kind}_id"], axis="columns"
        )
        for kind in ("contact", "deal", "company")
    }


def engagement_tables(
    world: World, dirt: Dirt, contact: np.ndarray, *, deals: pd.DataFrame, gone: pd.Series
) -> dict[str, pd.DataFrame]:
    """Write calls, meetings and letters down, each with its links; ids run over all of them."""
    rows = _engaged(world, contact, deals)
    kinds = {}
    first = 30_000_001
    for kind in ("CALL", "MEETING", "EMAIL"):
        file = f"engagement_{kind.lower()}"
        some = _dirtied(file, rows[rows["kind"] == kind], dirt, gone)
        some = _planned(some, dirt) if kind == "MEETING" else some
        kinds[file] = some.assign(engagement=np.arange(len(some)) + first)
        first += len(some)
    tables = {
        "engagement_call": _repeated_calls(kinds["engagement_call"], world, dirt),
        "engagement_meeting": _meeting_table(kinds["engagement_meeting"], world),
        "engagement_email": _email_table(kinds["engagement_email"]),
    }
    return tables | _links(pd.concat(kinds.values(), ignore_index=True))
