"""Who works at the fictional company, what it sells through, and which kinds of customer it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

__all__ = [
    "BEGIN",
    "COUNTRIES",
    "DAY",
    "END",
    "GROUPS",
    "HOUR",
    "INDUSTRIES",
    "LEAD_SOURCES",
    "NULL_PERSONAS",
    "OWNER",
    "PERSONAS",
    "PIPELINE",
    "SERVICE_DESK",
    "SLAS",
    "STAGES",
    "TEAMS",
    "Persona",
    "agent",
]

DAY: Final = 86_400
HOUR: Final = 3_600
# Thirty months; nothing that happened after END was exported.
BEGIN: Final = int(np.datetime64("2024-01-01T00:00:00", "s").astype(np.int64))
END: Final = int(np.datetime64("2026-06-30T20:00:00", "s").astype(np.int64))

TEAMS: Final = {"Inside sales": range(1, 13), "Field sales": range(13, 19), "Customer success": range(19, 27)}
GROUPS: Final = {"Support tier one": range(27, 33), "Support tier two": range(33, 37), "Billing": range(37, 41)}
SERVICE_DESK: Final = range(41, 47)
OWNER: Final = 50_100_000  # the CRM's owner id of agent number zero

PIPELINE: Final = "sales"
# label -> (stage id, won, closed)
STAGES: Final = {
    "New": ("stage-10", False, False),
    "Qualified": ("stage-20", False, False),
    "Quote sent": ("stage-30", False, False),
    "Won": ("stage-40", True, True),
    "Lost": ("stage-50", False, True),
    "Renewed": ("stage-60", True, True),
}

INDUSTRIES: Final = ("Retail", "Logistics", "Media", "Manufacturing", "Health")
LEAD_SOURCES: Final = ("Paid search", "Phone enquiry", "Social media", "Trade fair", "Referral")
# country -> (share, dialling code, mobile prefix, digits after the prefix)
COUNTRIES: Final = {
    "Israel": (0.62, "972", "5", 8),
    "Iran": (0.14, "98", "91", 8),
    "Germany": (0.14, "49", "151", 8),
    "United Kingdom": (0.10, "44", "74", 8),
}

# What the design promises: step, after, hours.
SLAS: Final = (
    ("Needs call", "Form submitted", 48),
    ("Deal: Quote sent", "Demo", 120),
    ("Onboarding call", "Deal: Won", 168),
    ("Support reply", "Ticket opened", 24),
)


@dataclass(frozen=True)
class Persona:
    """How one kind of customer behaves and what it looks like; chances from 0 to 1, counts as means per journey."""

    name: str
    share: float
    ad: float
    social: float
    pages: float
    pricing: float
    newsletters: float
    calls_first: float
    chats: float
    service_calls: float
    emails: float
    needs_skipped: float
    second_demo: float
    deal_first: float
    handed_over: float
    tempo: float
    app_uses: float
    industry: str
    company_size: int
    lead_source: str


PERSONAS: Final = (
    Persona(
        "researcher", 0.40, ad=0.82, social=0.04, pages=5.0, pricing=2.4, newsletters=3.0, calls_first=0.02, chats=0.06,
        service_calls=0.08, emails=0.3, needs_skipped=0.33, second_demo=0.04, deal_first=0.03, handed_over=0.05,
        tempo=1.2, app_uses=3.5, industry="Media", company_size=12, lead_source="Paid search",
    ),
    Persona(
        "caller", 0.28, ad=0.25, social=0.04, pages=0.4, pricing=0.2, newsletters=0.15, calls_first=0.92, chats=0.04,
        service_calls=2.0, emails=0.3, needs_skipped=0.08, second_demo=0.05, deal_first=0.7, handed_over=0.05,
        tempo=1.0, app_uses=1.2, industry="Logistics", company_size=90, lead_source="Phone enquiry",
    ),
    Persona(
        "social", 0.20, ad=0.04, social=0.95, pages=0.7, pricing=0.4, newsletters=0.2, calls_first=0.02, chats=0.92,
        service_calls=0.1, emails=0.15, needs_skipped=0.42, second_demo=0.03, deal_first=0.05, handed_over=0.03,
        tempo=0.45, app_uses=2.0, industry="Retail", company_size=25, lead_source="Social media",
    ),
    Persona(
        "corporate", 0.12, ad=0.25, social=0.04, pages=1.2, pricing=0.7, newsletters=0.4, calls_first=0.08, chats=0.04,
        service_calls=0.2, emails=4.5, needs_skipped=0.08, second_demo=0.55, deal_first=0.1, handed_over=0.55,
        tempo=1.8, app_uses=2.5, industry="Manufacturing", company_size=900, lead_source="Trade fair",
    ),
)  # fmt: skip

# The twin without structure: one behaviour, near the average of the four, that keeps to the design.
NULL_PERSONAS: Final = (
    Persona(
        "anyone", 1.0, ad=0.5, social=0.3, pages=2.0, pricing=1.0, newsletters=1.0, calls_first=0.3, chats=0.3,
        service_calls=0.6, emails=0.8, needs_skipped=0.0, second_demo=0.0, deal_first=0.0, handed_over=0.1,
        tempo=1.0, app_uses=2.4, industry="Media", company_size=60, lead_source="Referral",
    ),
)  # fmt: skip


def agent(number: int) -> str:
    """Name an employee by number; nobody here has a person's name."""
    return f"agent-{number:02d}"
