"""What the telephone exchange wrote down: local time, many spellings of a number, and a footer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mining.examples.company import agent
from mining.examples.plan import World
from mining.examples.sheets import Dirt
from mining.examples.spelling import spelt_numbers

__all__ = ["ZONE", "call_rows", "local", "save_calls"]

ZONE = "Asia/Jerusalem"
_MISSED = 0.06


def local(times: pd.Series, form: str) -> np.ndarray:
    """Spell seconds since 1970 in the exchange's own time."""
    stamps = pd.DatetimeIndex(pd.to_datetime(times.to_numpy(), unit="s", utc=True)).tz_convert(ZONE)
    return np.asarray(stamps.strftime(form), dtype=object)


def call_rows(world: World) -> pd.DataFrame:
    """Pick the calls that the exchange saw, with their end, result and wait."""
    plan = world.plan
    rows = plan[plan["activity"].isin(["Service call received", "Service call made"])].copy()
    rows = rows.sort_values(["at", "customer"], kind="stable", ignore_index=True)
    random = world.random(61)
    drawn = random.random(len(rows))
    rows["result"] = np.select([drawn < _MISSED, drawn < 2 * _MISSED], ["abandoned", "voicemail"], "answered")
    rows["waiting"] = np.round(random.exponential(45, len(rows))).astype(np.int64)
    talk = np.where(rows["result"] == "answered", random.lognormal(5.4, 0.7, len(rows)), 20)
    rows["end"] = rows["at"] + rows["waiting"] + np.round(talk).astype(np.int64)
    people = world.people.iloc[rows["customer"]]
    rows["number_spelt"] = spelt_numbers(people["phone"], people["country"], random)
    return rows


def _call_table(world: World, dirt: Dirt) -> pd.DataFrame:
    rows = call_rows(world)
    table = pd.DataFrame(
        {
            "Call ID": "",
            "Started": local(rows["at"], "%d.%m.%Y %H:%M:%S"),
            "Ended": local(rows["end"], "%d.%m.%Y %H:%M:%S"),
            "Direction": np.where(rows["activity"] == "Service call made", "Out", "In"),
            "Number": rows["number_spelt"],
            "Agent": [agent(number) for number in rows["actor"]],
            "Queue": rows["mark"],
            "Result": rows["result"],
            "Waiting seconds": rows["waiting"].astype(str),
        }
    )
    hidden = dirt.some(table, 0.03).assign(Number="anonymous")
    dirt.note("calls", "anonymous call", len(hidden))
    table = pd.concat([dirt.mistimed("calls", table, "Started"), hidden], ignore_index=True)
    table["Call ID"] = [f"P{number:06d}" for number in range(len(table))]
    return dirt.repeated("calls", table, np.arange(len(table)) < len(rows))


def save_calls(path: Path, world: World, dirt: Dirt) -> None:
    """Write the exchange's file: semicolons, CRLF, a byte order mark and two lines of footer."""
    table = _call_table(world, dirt)
    footer = [f"Total calls;{len(table)};;;;;;;", "Confidential - for use inside Acme only"]
    dirt.note("calls", "footer line", len(footer))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = table.to_csv(index=False, sep=";", lineterminator="\r\n") + "".join(f"{line}\r\n" for line in footer)
    path.write_bytes(text.encode("utf-8-sig"))
