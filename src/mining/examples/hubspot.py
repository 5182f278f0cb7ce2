"""What the CRM wrote down: contacts, deals and their history, in the spelling of the Fivetran connector."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mining.examples.company import DAY, END, OWNER, PIPELINE, STAGES, TEAMS, agent
from mining.examples.engagements import engagement_tables
from mining.examples.marketing import marketing_tables
from mining.examples.plan import World
from mining.examples.sheets import Dirt, iso
from mining.examples.spelling import spelt_numbers

__all__ = ["hubspot_tables", "known_as", "merged_at"]

_DELETED_CONTACT = 880_001
_STAGE_OF = {
    "Deal: Qualified": "Qualified",
    "Deal: Quote sent": "Quote sent",
    "Deal: Won": "Won",
    "Deal: Lost": "Lost",
    "Deal: Renewed": "Renewed",
}


def merged_at(world: World) -> pd.Series:
    """Tell when the CRM merged the second contact of some customers, by customer."""
    span = world.journeys.groupby("customer").agg(first=("first", "min"), last=("last", "max"))
    share = world.random(11).uniform(0.4, 1.0, len(span))
    when = span["first"] + np.round((span["last"] - span["first"]) * share).astype(np.int64) + DAY
    twins = world.people.index[world.people["merged"] > 0]
    return when.clip(upper=END).reindex(twins).dropna().astype(np.int64)


def known_as(world: World) -> np.ndarray:
    """Give the contact id that each row of the plan was written under: the merged one for some, before the merge."""
    customer = world.plan["customer"].to_numpy()
    kept = world.people["contact"].to_numpy()[customer]
    twin = world.people["merged"].to_numpy()[customer]
    until = merged_at(world).reindex(customer).fillna(0).to_numpy()
    before = (world.plan["at"].to_numpy() < until) & (world.random(12).random(len(customer)) < 0.6)
    return np.asarray(np.where(before, twin, kept))


def _created(world: World) -> pd.Series:
    first = world.journeys.groupby("customer")["first"].min()
    return first.reindex(world.people.index).fillna(END)


def _contacts(world: World, dirt: Dirt) -> pd.DataFrame:
    people = world.people
    merged = merged_at(world)
    twins = pd.Series("", index=people.index)
    twins[merged.index] = people["merged"][merged.index].astype(str) + ":" + (merged * 1000).astype(str)
    contacts = pd.DataFrame(
        {
            "id": people["contact"],
            "property_email": people["email"],
            "property_phone": spelt_numbers(people["phone"], people["country"], world.random(13)),
            "property_createdate": iso(_created(world)),
            "property_industry": people["industry"],
            "property_country": people["country"],
            "property_company_size": people["company_size"],
            "property_lead_source": people["lead_source"],
            "property_associatedcompanyid": people["account"],
            "property_hs_calculated_merged_vids": twins,
            "_fivetran_deleted": "false",
        }
    )
    gone = dirt.some(contacts, 0.015).assign(_fivetran_deleted="true", property_hs_calculated_merged_vids="")
    number = np.arange(len(gone))
    gone["id"] = number + _DELETED_CONTACT
    gone["property_email"] = [f"gone{place:03d}@mail.example" for place in number]
    gone["property_phone"] = ""
    dirt.note("contact", "deleted contact", len(gone))
    return pd.concat([contacts, gone], ignore_index=True)


def _companies(world: World, dirt: Dirt) -> pd.DataFrame:
    accounts = world.people.drop_duplicates("account").sort_values("account")
    names = [f"Company {number}" for number in accounts["account"]]
    names[0] = '=HYPERLINK("http://x","y")'
    dirt.note("company", "formula cell", 1)
    return pd.DataFrame(
        {"id": accounts["account"], "property_name": names, "property_industry": accounts["industry"],
         "is_deleted": "false"}
    )  # fmt: skip


def _deals(world: World, contact: np.ndarray) -> pd.DataFrame:
    """Build one row per deal: at most one in a journey, from the touchpoint that created it."""
    plan = world.plan
    deals = plan.loc[plan["activity"] == "Deal created", ["journey", "customer", "at", "actor"]].copy()
    deals["contact"] = contact[deals.index]
    deals = deals.sort_values(["at", "journey"], ignore_index=True)
    deals["deal"] = np.arange(len(deals)) + 9_000_001
    sized = world.people["company_size"].to_numpy()[deals["customer"]]
    noise = world.random(14).normal(0, 0.35, len(deals))
    deals["amount"] = np.round(900 * np.sqrt(sized) * np.exp(noise), -1).astype(np.int64)
    return deals


def _history(world: World, deals: pd.DataFrame) -> pd.DataFrame:
    plan = world.plan
    rows = plan[plan["activity"].isin([*_STAGE_OF, "Deal assigned", "Deal handed over"])]
    deal = deals.set_index("journey")["deal"]
    handed = rows["activity"].isin(["Deal assigned", "Deal handed over"])
    stage = rows["activity"].map(_STAGE_OF).map({label: stage for label, (stage, *_) in STAGES.items()})
    owner = (rows["actor"] + OWNER).astype(str)
    history = pd.DataFrame(
        {
            "deal_id": deal.reindex(rows["journey"]).to_numpy(dtype=np.int64),
            "name": np.where(handed, "hubspot_owner_id", "dealstage"),
            "value": stage.where(~handed, owner),
            "timestamp": iso(rows["at"]),
            "source": "CRM_UI",
            "source_id": [f"userId:{number + OWNER}" for number in rows["actor"]],
        }
    )
    amounts = pd.DataFrame(
        {"deal_id": deals["deal"], "name": "amount", "value": deals["amount"].astype(str),
         "timestamp": iso(deals["at"]), "source": "CRM_UI", "source_id": ""}
    )  # fmt: skip
    return pd.concat([history, amounts]).sort_values(["timestamp", "deal_id", "name"], kind="stable", ignore_index=True)


def _deal_table(deals: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    staged = history[history["name"] == "dealstage"]
    latest = staged.drop_duplicates("deal_id", keep="last").set_index("deal_id")
    owners = history[history["name"] == "hubspot_owner_id"].drop_duplicates("deal_id", keep="last")
    closed = {stage for stage, _, is_closed in STAGES.values() if is_closed}
    closing = staged[staged["value"].isin(closed)].drop_duplicates("deal_id").set_index("deal_id")["timestamp"]
    key = deals["deal"]
    owner = key.map(owners.set_index("deal_id")["value"]).fillna((deals["actor"] + OWNER).astype(str))
    return pd.DataFrame(
        {
            "deal_id": key,
            "deal_pipeline_id": PIPELINE,
            "deal_pipeline_stage_id": key.map(latest["value"]).fillna(STAGES["New"][0]),
            "owner_id": owner,
            "property_amount": deals["amount"],
            "property_createdate": iso(deals["at"]),
            "property_closedate": key.map(closing).fillna(""),
            "is_deleted": "false",
        }
    )


def _staff() -> dict[str, pd.DataFrame]:
    numbers = [(team, number) for team, members in TEAMS.items() for number in members]
    team_id = {team: 700 + place for place, team in enumerate(TEAMS)}
    owners = pd.DataFrame(
        {"owner_id": [number + OWNER for _, number in numbers],
         "email": [f"{agent(number)}@acme.example" for _, number in numbers], "type": "PERSON"}
    )  # fmt: skip
    links = pd.DataFrame(
        {"owner_id": owners["owner_id"], "team_id": [team_id[team] for team, _ in numbers], "is_team_primary": "true"}
    )
    teams = pd.DataFrame({"id": list(team_id.values()), "name": list(team_id)})
    return {"owner": owners, "team": teams, "owner_team": links}


def _stages() -> pd.DataFrame:
    rows = [
        (stage, label, PIPELINE, order, str(won).lower(), str(closed).lower())
        for order, (label, (stage, won, closed)) in enumerate(STAGES.items())
    ]
    return pd.DataFrame(rows, columns=["stage_id", "label", "pipeline_id", "display_order", "closed_won", "is_closed"])


def _merges(world: World) -> pd.DataFrame:
    merged = merged_at(world)
    people = world.people.loc[merged.index]
    return pd.DataFrame(
        {"canonical_vid": people["contact"], "vid_to_merge": people["merged"], "timestamp": iso(merged)}
    )


def hubspot_tables(world: World, dirt: Dirt) -> dict[str, pd.DataFrame]:
    """Write the plan down as the CRM does: one table per kind of record, linked by ids."""
    contact = known_as(world)
    deals = _deals(world, contact)
    history = _history(world, deals)
    contacts = _contacts(world, dirt)
    gone = contacts.loc[contacts["_fivetran_deleted"] == "true", "id"]
    tables = {
        "contact": contacts,
        "company": _companies(world, dirt),
        "contact_merge_audit": _merges(world),
        "deal": _deal_table(deals, history),
        "deal_contact": pd.DataFrame({"deal_id": deals["deal"], "contact_id": deals["contact"]}),
        "deal_company": pd.DataFrame(
            {"deal_id": deals["deal"], "company_id": world.people["account"].to_numpy()[deals["customer"]]}
        ),
        "deal_pipeline_stage": _stages(),
        "deal_property_history": dirt.repeated("deal_property_history", history),
    }
    tables |= engagement_tables(world, dirt, contact, deals=deals, gone=gone)
    tables |= marketing_tables(world, dirt, contact, gone)
    return tables | _staff()
