"""What the website and the app wrote down, by visitor; a visitor gets a name once the form is sent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mining.examples.plan import World
from mining.examples.sheets import Dirt

__all__ = ["visitors_of", "web_events"]

_EVENTS = {
    "Ad clicked": ("ad_click", "/landing", "cpc"),
    "Social post clicked": ("social_click", "/landing", "social"),
    "Page viewed": ("page_view", "/product", "organic"),
    "Pricing viewed": ("pricing_view", "/pricing", "organic"),
    "Chat started": ("chat_start", "/chat", "direct"),
    "Chat sent to phone": ("chat_redirected", "/chat", "direct"),
    "App used": ("app_login", "/app", "direct"),
}


def _seen(world: World) -> pd.DataFrame:
    """Pick what happened on the web, with the device and whether the visitor was known by then."""
    plan = world.plan
    rows = plan[plan["activity"].isin(_EVENTS)].copy()
    second = world.random(51).random(len(rows)) < 0.35
    two = world.people["devices"].to_numpy()[rows["customer"]] == 2
    rows["device"] = np.where(second & two, 2, 1)
    formed = plan[plan["activity"] == "Form submitted"].groupby("customer")["at"].min()
    rows["known"] = rows["at"] > rows["customer"].map(formed).fillna(np.iinfo(np.int64).max)
    # A newsletter's link names the visitor too: every device is named once at least.
    named = rows.groupby(["customer", "device"])["known"].transform("any")
    final = ~rows.duplicated(["customer", "device"], keep="last")
    rows["known"] |= final & ~named
    letter = rows["device"].map({1: "a", 2: "b"})
    rows["visitor"] = "v" + rows["customer"].astype(str).str.zfill(5) + letter
    return rows


def visitors_of(world: World) -> pd.DataFrame:
    """List the visitor ids of every customer that was on the web."""
    return _seen(world)[["customer", "visitor"]].drop_duplicates().sort_values(["customer", "visitor"])


def web_events(world: World, dirt: Dirt) -> tuple[pd.DataFrame, list[str]]:
    """Write the web's table down, and the lines that are not rows of it."""
    rows = _seen(world).sort_values(["at", "customer"], kind="stable", ignore_index=True)
    spelling = rows["activity"].map(_EVENTS)
    table = pd.DataFrame(
        {
            "event_id": "",
            "visitor_id": rows["visitor"],
            "user_email": np.where(rows["known"], world.people["email"].to_numpy()[rows["customer"]], ""),
            "session_id": [f"s{who}-{day}" for who, day in zip(rows["customer"], rows["at"] // 86_400, strict=True)],
            "event_time": (rows["at"] * 1000).astype(str),
            "event_name": spelling.str[0],
            "page": spelling.str[1],
            "medium": spelling.str[2],
            "device": np.where(rows["device"] == 1, "desktop", "mobile"),
        }
    )
    table = dirt.mistimed("web_events", table, "event_time", 0.002)
    table["event_id"] = [f"w{number:07d}" for number in range(len(table))]
    table = dirt.repeated("web_events", table, np.arange(len(table)) < len(rows))
    ragged = [f"w{len(table) + place:07d},v{place:05d}a,,s{place}" for place in range(3)]
    dirt.note("web_events", "ragged row", len(ragged))
    return table, ragged
