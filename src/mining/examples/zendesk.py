"""What the service desk wrote down: tickets, history, comments and ratings, spelt as the Fivetran connector does."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mining.examples.company import GROUPS, agent
from mining.examples.plan import World
from mining.examples.sheets import Dirt, iso
from mining.examples.spelling import spelt_numbers

__all__ = ["zendesk_tables"]

_AGENT = 370_000_000
_GROUP = {name: 60_001 + place for place, name in enumerate(GROUPS)}
_STATUS = {"Ticket: open": "open", "Ticket: solved": "solved"}


def _requester(world: World, rows: pd.DataFrame) -> np.ndarray:
    return world.people["requester"].to_numpy()[rows["customer"]]


def _tickets(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    opened = rows[rows["activity"] == "Ticket opened"].sort_values("ticket")
    key = opened["ticket"]
    groups = rows[rows["activity"] == "Ticket handed over"].drop_duplicates("ticket", keep="last")
    group = key.map(groups.set_index("ticket")["mark"]).fillna("Support tier one").map(_GROUP)
    acted = rows[(rows["actor"] > 0) & (rows["activity"] != "Ticket handed over")]
    assignee = key.map(acted.drop_duplicates("ticket", keep="last").set_index("ticket")["actor"])
    solved = key.isin(rows.loc[rows["activity"] == "Ticket: solved", "ticket"])
    priority = np.array(["low", "normal", "high"], dtype=object)
    return pd.DataFrame(
        {
            "id": key,
            "created_at": iso(opened["at"]),
            "requester_id": _requester(world, opened),
            "organization_id": world.people["account"].to_numpy()[opened["customer"]],
            "group_id": group,
            "assignee_id": (assignee + _AGENT).astype("Int64"),
            "via_channel": opened["mark"],
            "status": np.where(solved, "solved", "open"),
            "priority": priority[world.random(41).integers(0, 3, len(key))],
            "type": "question",
            "merged": "false",
            "_fivetran_deleted": "false",
        }
    )


def _field_history(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    names = {"Ticket: open": "status", "Ticket: solved": "status", "Ticket handed over": "group_id",
             "Ticket routed": "group_id",
             "Ticket assigned": "assignee_id"}  # fmt: skip
    rows = rows[rows["activity"].isin(names)]
    value = rows["activity"].map(_STATUS)
    is_group = rows["activity"].isin(["Ticket handed over", "Ticket routed"])
    value = value.where(~is_group, rows["mark"].map(_GROUP).astype("Int64").astype(str))
    value = value.where(rows["activity"] != "Ticket assigned", (rows["actor"] + _AGENT).astype(str))
    history = pd.DataFrame(
        {"ticket_id": rows["ticket"], "field_name": rows["activity"].map(names), "value": value,
         "updated": iso(rows["at"]), "user_id": (rows["actor"] + _AGENT).where(rows["actor"] > 0).astype("Int64")}
    )  # fmt: skip
    urgent = history[history["field_name"] == "status"].drop_duplicates("ticket_id")
    urgent = urgent[world.random(42).random(len(urgent)) < 0.2].assign(field_name="priority", value="high")
    return pd.concat([history, urgent]).sort_values(["updated", "ticket_id"], kind="stable", ignore_index=True)


def _comments(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    said = rows[rows["activity"].isin(["Support reply", "Customer reply", "Internal note"])]
    said = said.sort_values(["at", "ticket"], kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "id": np.arange(len(said)) + 80_000_001,
            "ticket_id": said["ticket"],
            "created": iso(said["at"]),
            "public": np.where(said["activity"] == "Internal note", "false", "true"),
            "user_id": np.where(said["activity"] == "Customer reply", _requester(world, said), said["actor"] + _AGENT),
        }
    )


def _users(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    asking = world.people.loc[sorted(rows["customer"].unique())]
    random = world.random(43)
    case = random.integers(0, 4, len(asking))
    spelt = [
        (email, email.upper(), f" {email} ", email.capitalize())[way]
        for email, way in zip(asking["email"], case, strict=True)
    ]
    phone = np.array(spelt_numbers(asking["phone"], asking["country"], random), dtype=object)
    users = pd.DataFrame(
        {"id": asking["requester"], "email": spelt, "phone": np.where(random.random(len(asking)) < 0.5, phone, ""),
         "role": "end-user", "organization_id": asking["account"].astype(str)}
    )  # fmt: skip
    numbers = [number for members in GROUPS.values() for number in members]
    agents = pd.DataFrame(
        {"id": np.array(numbers) + _AGENT, "email": [f"{agent(number)}@acme.example" for number in numbers],
         "phone": "", "role": "agent", "organization_id": ""}
    )  # fmt: skip
    return pd.concat([users, agents], ignore_index=True)


def _ratings(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    rated = rows[rows["activity"] == "Rated"].sort_values(["at", "ticket"])
    return pd.DataFrame(
        {"id": np.arange(len(rated)) + 90_000_001, "ticket_id": rated["ticket"],
         "requester_id": _requester(world, rated), "score": rated["mark"], "updated_at": iso(rated["at"])}
    )  # fmt: skip


def zendesk_tables(world: World, dirt: Dirt) -> dict[str, pd.DataFrame]:
    """Write the tickets of the plan down as the service desk does."""
    rows = world.plan[world.plan["ticket"] >= 0]
    comments = _comments(world, rows)
    stray = dirt.mistimed("ticket_comment", comments, "created")
    stray["id"] = np.arange(len(stray)) + 80_000_001
    return {
        "ticket": _tickets(world, rows),
        "ticket_field_history": _field_history(world, rows),
        "ticket_comment": dirt.repeated("ticket_comment", stray, np.arange(len(stray)) < len(comments)),
        "user": _users(world, rows),
        "group": pd.DataFrame({"id": list(_GROUP.values()), "name": list(_GROUP)}),
        "satisfaction_ratings": _ratings(world, rows),
    }
