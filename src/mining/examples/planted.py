"""Counts the truth from the plan: nothing here is taken from the settings of the generator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mining.examples.company import END, SLAS
from mining.examples.hubspot import merged_at
from mining.examples.plan import World
from mining.examples.service import PING_PONG
from mining.examples.sheets import Dirt, iso
from mining.examples.truth import Truth
from mining.examples.web import visitors_of

__all__ = ["truth_of"]

_CHANNEL = {
    "Ad clicked": "ads", "Social post clicked": "social", "Page viewed": "web", "Pricing viewed": "web",
    "Chat started": "chat", "Chat sent to phone": "chat", "App used": "app", "Form submitted": "web_form",
    "Newsletter sent": "email", "Newsletter clicked": "email", "Email written": "email", "Email received": "email",
    "Needs call": "phone", "Discount call": "phone", "Onboarding call": "phone", "Renewal call": "phone",
    "Call made": "phone", "Service call received": "phone", "Service call made": "phone", "Demo": "meeting",
}  # fmt: skip
_INTERNAL = ("Deal assigned", "Ticket routed", "Ticket assigned", "Internal note")
_LONG_WAIT_HOURS = 120
_LEAST_TURNS = 3


def _share(part: float, whole: float) -> float:
    return round(float(part) / float(whole), 4) if whole else 0.0


def _contacts(world: World, customers: pd.Series) -> np.ndarray:
    return world.people["contact"].to_numpy()[customers]


def _personas(world: World) -> pd.DataFrame:
    people = world.people
    kept = people[["contact", "persona_name", "industry", "country", "company_size", "lead_source"]]
    return kept.set_axis(["customer", "persona", *kept.columns[2:]], axis="columns")


def _traits(world: World) -> dict[str, Any]:
    plan = world.plan
    channel = plan["activity"].map(_CHANNEL).where(plan["mark"] != "meeting", "meeting")
    persona = world.people["persona_name"].to_numpy()[plan["customer"]]
    used = pd.crosstab(persona, channel.to_numpy(), normalize="index").round(4)
    traits = {}
    for name, group in world.people.groupby("persona_name", sort=True):
        modes = {column: group[column].mode().iloc[0] for column in ("industry", "country", "lead_source")}
        size = float(group["company_size"].median())
        traits[str(name)] = {
            "n_customers": len(group),
            **modes,
            "company_size": size,
            "channels": used.loc[name].to_dict(),
        }
    return traits


def _journeys(world: World) -> pd.DataFrame:
    journeys = world.journeys
    internal = world.plan["activity"].isin(_INTERNAL).groupby(world.plan["journey"]).sum()
    return pd.DataFrame(
        {
            "customer": _contacts(world, journeys["customer"]),
            "journey": journeys["number"],
            "first": iso(journeys["first"]),
            "last": iso(journeys["last"]),
            "n_touchpoints": journeys["n_touchpoints"],
            "n_internal": internal.to_numpy(),
            "unfinished": journeys["unfinished"],
        }
    )


def _identities(world: World) -> pd.DataFrame:
    people = world.people
    merged = people.loc[merged_at(world).index]
    asking = people.loc[sorted(world.plan.loc[world.plan["ticket"] >= 0, "customer"].unique())]
    visitors = visitors_of(world)
    named = (
        ("hubspot", "id", people["contact"], people["contact"]),
        ("hubspot", "merged_id", merged["merged"], merged["contact"]),
        ("hubspot", "email", people["email"], people["contact"]),
        ("hubspot", "phone", "+" + people["phone"], people["contact"]),
        ("zendesk", "id", asking["requester"], asking["contact"]),
        ("zendesk", "email", asking["email"], asking["contact"]),
        ("web", "visitor", visitors["visitor"], _contacts(world, visitors["customer"])),
    )
    frames = [
        pd.DataFrame({"system": system, "kind": kind, "key": list(map(str, keys)), "customer": list(customers)})
        for system, kind, keys, customers in named
    ]
    return pd.concat(frames, ignore_index=True)


def _firsts(plan: pd.DataFrame) -> pd.DataFrame:
    """Give the first time of every activity in every journey, NaN where it did not happen."""
    return plan.pivot_table(index="journey", columns="activity", values="at", aggfunc="min").reindex(
        columns=sorted({*plan["activity"].unique(), "Discount call", "Needs call", "Demo", "Deal: Quote sent"})
    )


def _deviations(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find which journeys left the design and how, and how often each way was taken."""
    plan = world.plan
    first = _firsts(plan)
    demo, quote = first["Demo"], first["Deal: Quote sent"]
    demos = (plan["activity"] == "Demo").groupby(plan["journey"]).sum()
    met = ((plan["activity"] == "Onboarding call") & (plan["mark"] == "meeting")).groupby(plan["journey"]).any()
    found = {
        "needs call skipped": (demo.notna() & first["Needs call"].isna(), demo.notna()),
        "quote before demo": (quote < demo, quote.notna() & demo.notna()),
        "deal before demo": (first["Deal created"] < demo, first["Deal created"].notna() & demo.notna()),
        "second demo": (demos > 1, demo.notna()),
        "discount call added": (first["Discount call"].notna(), quote.notna()),
        "onboarding call by meeting": (met, first["Onboarding call"].notna()),
    }
    rows, rates = [], []
    for name, (has, possible) in found.items():
        journeys = world.journeys.iloc[np.flatnonzero(has)]
        rows.append(
            pd.DataFrame(
                {"customer": _contacts(world, journeys["customer"]), "journey": journeys["number"], "deviation": name}
            )
        )
        rates.append((name, int(has.sum()), int(possible.sum()), _share(has.sum(), possible.sum())))
    deviations = pd.concat(rows).sort_values(["customer", "journey", "deviation"], ignore_index=True)
    return deviations, pd.DataFrame(rates, columns=["deviation", "n_journeys", "n_possible", "share"])


def _losses(lost: pd.Series) -> dict[str, Any]:
    return {"n": len(lost), "n_lost": int(lost.sum()), "share_lost": _share(lost.sum(), len(lost))}


def _waiting(world: World) -> dict[str, Any]:
    """Compare losses after long and short waits for the quote, over journeys that were decided."""
    plan = world.plan
    first = _firsts(plan)
    demo = plan[plan["activity"] == "Demo"].groupby("journey")["at"].max().reindex(first.index)
    wait = (first["Deal: Quote sent"] - demo) / 3600
    lost = first["Deal: Lost"].notna() if "Deal: Lost" in first else first["Demo"].isna() & False
    decided = (wait > 0) & (lost | first["Deal: Won"].notna())
    wait, lost = wait[decided], lost[decided]
    long = wait > _LONG_WAIT_HOURS
    third = wait.rank(method="first") > 2 * len(wait) / 3
    return {
        "step": "Deal: Quote sent", "after": "Demo", "longer_than_hours": _LONG_WAIT_HOURS,
        "long": _losses(lost[long]), "short": _losses(lost[~long]),
        "longest_third": _losses(lost[third]), "other_two_thirds": _losses(lost[~third]),
    }  # fmt: skip


def _pingpong(world: World) -> dict[str, Any]:
    tickets = world.plan[world.plan["ticket"] >= 0]
    turns = (tickets["activity"] == "Ticket handed over").groupby(tickets["ticket"]).sum()
    bounced = turns.index[turns >= _LEAST_TURNS]
    rated = tickets[tickets["activity"] == "Rated"]
    among = rated["ticket"].isin(bounced)
    bad = rated["mark"] == "bad"
    return {
        "teams": list(PING_PONG), "n_tickets": len(turns), "n_pingpong": len(bounced),
        "share": _share(len(bounced), len(turns)), "tickets": [int(ticket) for ticket in bounced],
        "share_bad": _share(bad[among].sum(), among.sum()),
        "share_bad_of_others": _share(bad[~among].sum(), (~among).sum()),
    }  # fmt: skip


def _slas(world: World) -> pd.DataFrame:
    """Hold every promise against what happened: the first time after the last time of what it follows."""
    plan = world.plan
    tickets = plan[plan["ticket"] >= 0].assign(journey=plan["ticket"])
    rows = []
    for step, after, hours in SLAS:
        log = tickets if after == "Ticket opened" else plan
        done = log[log["activity"] == step].groupby("journey")["at"].min()
        asked = log[log["activity"] == after].groupby("journey")["at"].max().reindex(done.index)
        wait = ((done - asked) / 3600)[done > asked]
        missed = int((wait > hours).sum())
        rows.append((step, after, hours, len(wait), missed, _share(missed, len(wait))))
    return pd.DataFrame(rows, columns=["step", "after", "within_hours", "n", "n_missed", "share_missed"])


def _redirected(world: World) -> dict[str, Any]:
    plan = world.plan
    chats = int((plan["activity"] == "Chat started").sum())
    sent = plan[plan["activity"] == "Chat sent to phone"]
    customers = sorted(_contacts(world, sent["customer"].drop_duplicates()).tolist())
    return {"channel_from": "chat", "channel_to": "phone", "n_chats": chats, "n_redirected": len(sent),
            "share": _share(len(sent), chats), "customers": customers}  # fmt: skip


def truth_of(world: World, dirts: Iterable[Dirt]) -> Truth:
    """Count everything that was planted in a world and in its files."""
    deviations, rates = _deviations(world)
    dirty = [(file, rule, rows) for dirt in dirts for (file, rule), rows in sorted(dirt.counts.items())]
    about = {"customers": len(world.people), "seed": world.seed, "null": world.null,
             "observed_until": str(iso(np.array([END]))[0])}  # fmt: skip
    return Truth(
        about=about,
        personas=_personas(world),
        traits=_traits(world),
        journeys=_journeys(world),
        identities=_identities(world),
        deviations=deviations,
        rates=rates,
        waiting=_waiting(world),
        pingpong=_pingpong(world),
        slas=_slas(world),
        redirected=_redirected(world),
        dirty=pd.DataFrame(dirty, columns=["file", "rule", "n_rows"]),
    )
