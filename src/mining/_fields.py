"""The fixed fields: one name for ever, what each means, its vocabulary and its unit.

A mapping renames an export's columns into these once, in ``sources``. Nothing past that door takes a column name.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["CASES", "FIELDS", "FLAGS", "TEXTS", "TIMES", "VOCABULARIES", "Field"]


class Field(NamedTuple):
    """A column of the canonical touchpoint."""

    name: str
    kind: str  # text, word (closed vocabulary), time, number, flag, object (an id of something in the CRM)
    meaning: str


# fmt: off
FIELDS: Final[tuple[Field, ...]] = (
    Field("touchpoint_id", "text", "source:table:key, unique and stable across re-imports"),
    Field("activity", "text", "what happened, in the words of the mapping"),
    Field("activity_raw", "text", "what the export called it"),
    Field("touchpoint_kind", "word", "interaction, state, handoff, internal, plan or system"),
    Field("timestamp", "time", "when it occurred (its start where it lasts), UTC"),
    Field("end_timestamp", "time", "when it ended, where the source says so"),
    Field("recorded_at", "time", "when it was written down"),
    Field("planned_at", "time", "when it was due"),
    Field("timestamp_precision", "word", "finest unit the source's clock shows"),
    Field("timestamp_quality", "word", "how far the time can be trusted"),
    Field("seq", "number", "order inside equal timestamps: source order, then row number"),
    Field("channel", "word", "way of contact"),
    Field("direction", "word", "inbound (the customer starts), outbound, internal, none or unknown"),
    Field("department", "word", "marketing, sales, service, support, ..."),
    Field("actor_kind", "word", "customer, employee, automation, ..."),
    Field("actor", "text", "who acted, as an id of the source"),
    Field("team", "text", "team or queue that acted or received"),
    Field("outcome", "word", "connected, no_answer, won, lost, solved, ..."),
    Field("reason", "text", "why it ended so (lost reason, missed-call reason)"),
    Field("stage", "text", "stage the touchpoint belongs to or moves to"),
    Field("pipeline", "text", "pipeline or process that the stage belongs to"),
    Field("amount", "number", "money that hangs on it, in `currency`"),
    Field("currency", "text", "ISO 4217 code"),
    Field("score", "number", "satisfaction, 0 (worst) to 1 (best)"),
    Field("customer", "object", "the person"),
    Field("account", "object", "the company the person buys for"),
    Field("deal", "object", "opportunity"),
    Field("ticket", "object", "ticket or case of the service desk"),
    Field("lead", "object", "marketing lead"),
    Field("campaign", "object", "campaign that caused it"),
    Field("conversation", "object", "chat or mail thread"),
    Field("session", "object", "web session"),
    Field("record", "object", "the case that the source itself keeps, where it is none of the above"),
    Field("is_automated", "flag", "done by a workflow, not by a person"),
    Field("is_bulk", "flag", "written by an import or a bulk update"),
    Field("is_low_trust", "flag", "may be a machine's (mail opens)"),
    Field("twin", "text", "the same contact as another source tells it: its touchpoint_id there"),
    Field("source", "text", "system it came from"),
    Field("source_table", "text", "table or sheet"),
    Field("source_file", "text", "file name, without its folder"),
    Field("source_row", "number", "record number in that file, from 1"),
)
# fmt: on

TEXTS: Final = tuple(field.name for field in FIELDS if field.kind == "text")
TIMES: Final = tuple(field.name for field in FIELDS if field.kind == "time")
FLAGS: Final = tuple(field.name for field in FIELDS if field.kind == "flag")
CASES: Final = tuple(field.name for field in FIELDS if field.kind == "object")

VOCABULARIES: Final[dict[str, tuple[str, ...]]] = {
    "touchpoint_kind": ("interaction", "state", "handoff", "internal", "plan", "system"),
    "timestamp_precision": ("us", "ms", "s", "min", "hour", "day"),
    "timestamp_quality": ("exact", "zone_assumed", "date_only", "imported", "repaired", "inferred"),
    "channel": (
        "web", "web_form", "landing_page", "email", "sms", "whatsapp", "messaging", "chat", "chatbot", "phone", "ivr",
        "meeting", "video", "branch", "field", "post", "fax", "social", "ads", "app", "push", "event", "marketplace",
        "partner", "self_service", "crm", "api", "other", "unknown",
    ),
    "direction": ("inbound", "outbound", "internal", "none", "unknown"),
    "department": (
        "marketing", "sales", "service", "support", "success", "finance", "operations", "product", "partner",
        "management", "none", "unknown",
    ),
    "actor_kind": ("customer", "employee", "partner", "bot", "automation", "integration", "system", "unknown"),
    "outcome": (
        "connected", "no_answer", "busy", "left_voicemail", "left_message", "wrong_number", "abandoned", "failed",
        "completed", "no_show", "cancelled", "rescheduled", "delivered", "bounced", "opened", "clicked", "replied",
        "submitted", "unsubscribed", "complained", "won", "lost", "qualified", "disqualified", "solved", "reopened",
        "escalated", "rated_good", "rated_bad", "other",
    ),
}  # fmt: skip
