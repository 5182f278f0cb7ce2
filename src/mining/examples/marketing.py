"""Newsletters and forms as the CRM's marketing hub keeps them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mining.examples.company import END
from mining.examples.plan import World
from mining.examples.sheets import Dirt, iso

__all__ = ["marketing_tables"]

_TITLES = np.array(["Ask for a demo", "Contact us", "Price list"], dtype=object)
_FORMULA = '=HYPERLINK("http://x","y")'
_SCRIPT = "<script>alert(1)</script>"


def _newsletters(world: World, dirt: Dirt) -> pd.DataFrame:
    plan = world.plan
    rows = plan[plan["activity"].isin(["Newsletter sent", "Newsletter clicked"])]
    events = pd.DataFrame({"at": rows["at"], "customer": rows["customer"]})
    events["type"] = np.where(rows["activity"] == "Newsletter sent", "SENT", "CLICK")
    events["filtered_event"] = "false"
    sent = events[events["type"] == "SENT"]
    opened = dirt.some(sent, 0.6).assign(type="OPEN")
    opened["at"] += dirt.random.integers(60, 4 * 3600, len(opened))
    opened = opened[opened["at"] <= END]
    dirt.note("email_event", "mail open", len(opened))
    bots = dirt.some(sent, 0.08).assign(type="CLICK", filtered_event="true")
    bots["at"] += 3
    bots = bots[bots["at"] <= END]
    dirt.note("email_event", "bot email event", len(bots))
    return pd.concat([events, opened, bots]).sort_values(["at", "customer", "type"], kind="stable", ignore_index=True)


def _email_events(world: World, dirt: Dirt) -> pd.DataFrame:
    events = _newsletters(world, dirt)
    table = pd.DataFrame(
        {
            "id": [f"e{number:07d}" for number in range(len(events))],
            "created": iso(events["at"]),
            "type": events["type"],
            "recipient": world.people["email"].to_numpy()[events["customer"]],
            "email_campaign_id": 4_000 + (events["at"] // (30 * 86_400)) % 100,
            "filtered_event": events["filtered_event"],
        }
    )
    clean = (table["type"] != "OPEN") & (table["filtered_event"] == "false")
    return dirt.repeated("email_event", table, clean.to_numpy())


def _forms(world: World, dirt: Dirt, contact: np.ndarray, gone: pd.Series) -> pd.DataFrame:
    plan = world.plan
    rows = plan.loc[plan["activity"] == "Form submitted", ["at"]].copy()
    rows["contact_id"] = contact[rows.index]
    rows = rows.sort_values(["at", "contact_id"], ignore_index=True)
    kind = world.random(31).integers(0, len(_TITLES), len(rows))
    table = pd.DataFrame(
        {
            "timestamp": iso(rows["at"]),
            "form_id": kind + 801,
            "contact_id": rows["contact_id"],
            "page_url": np.where(kind == 2, "https://acme.example/pricing", "https://acme.example/contact"),
            "title": _TITLES[kind],
        }
    )
    table = dirt.mistimed("contact_form_submission", table, "timestamp")
    odd = dirt.some(table.head(len(rows)), 0.006).index
    table.loc[odd, "title"] = np.where(np.arange(len(odd)) % 2 == 0, _FORMULA, _SCRIPT)
    dirt.note("contact_form_submission", "formula cell", int((table["title"] == _FORMULA).sum()))
    dirt.note("contact_form_submission", "script label", int((table["title"] == _SCRIPT).sum()))
    erased = table.head(len(gone)).assign(contact_id=gone.to_numpy()[: len(table)], title=_TITLES[0])
    dirt.note("contact_form_submission", "deleted contact", len(erased))
    return pd.concat([table, erased], ignore_index=True)


def marketing_tables(world: World, dirt: Dirt, contact: np.ndarray, gone: pd.Series) -> dict[str, pd.DataFrame]:
    """Write newsletters and forms down; opens and clicks of machines are among them, as they are in life."""
    return {"email_event": _email_events(world, dirt), "contact_form_submission": _forms(world, dirt, contact, gone)}
