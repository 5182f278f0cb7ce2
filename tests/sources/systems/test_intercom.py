"""Intercom: versions of conversations, their parts, and the seconds of its API."""

import json

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides

NINE = 1_704_099_600  # 2024-01-01 09:00 UTC


@pytest.mark.parametrize("folder", ["fivetran_intercom", "fivetran_intercom_source"])
def test_connector_tables_are_read(real_data, folder) -> None:
    touchpoints = read_crm(real_data("crm_formats") / folder)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert set(frame["source"]) == {"intercom"}
    # Nine versions of two conversations: each began once and was closed once; and nine parts.
    assert frame["activity"].value_counts().to_dict() == {
        "Conversation closed": 10,
        "Conversation started": 2,
        "Internal note": 1,
    }
    assert asides(touchpoints) == {("conversation_history_data", "nothing that is watched changed"): 5}
    started = frame[frame["activity"] == "Conversation started"]
    assert started["timestamp"].astype("str").tolist() == ["2020-10-28 23:59:37+00:00", "2020-11-04 03:12:03+00:00"]
    assert started["customer"].tolist() == ["intercom:5f7295ca37f0d717d37dfddb"] * 2
    assert set(started["channel"]) == {"chat"}
    assert len(touchpoints.objects["customer"]) == 10
    assert set(touchpoints.objects["customer"]["role"].dropna()) == {"lead"}


def _parts() -> pd.DataFrame:
    kinds = [
        "comment",
        "comment",
        "comment",
        "assignment",
        "assignment",
        "assignment",
        "close",
        "open",
        "note",
        "title",
    ]
    authors = ["user", "bot", "admin", "admin", "bot", "admin", "admin", "user", "admin", "bot"]
    return pd.DataFrame(
        {
            "id": [str(place) for place in range(10)],
            "conversation_id": ["c1"] * 10,
            "part_type": kinds,
            "author.type": authors,
            "author.id": ["u1", "b1", "9", "9", "b1", "9", "9", "u1", "9", "b1"],
            "author.from_ai_agent": ["false", "true"] + ["false"] * 8,
            "assigned_to.id": ["", "", "", "9", "70", "0", "", "", "", ""],
            "assigned_to.type": ["", "", "", "admin", "team", "", "", "", "", ""],
            "created_at": [str(NINE + 60 * place) for place in range(10)],
        }
    )


def _tables() -> dict[str, pd.DataFrame]:
    conversation = {
        "id": "c1",
        "created_at": str(NINE - 60),
        "updated_at": str(NINE + 3600),
        "source.type": "email",
        "source.author.id": "u1",
        "source.author.type": "user",
        "source.delivered_as": "customer_initiated",
        "state": "closed",
        "conversation_rating.rating": "4",
        "conversation_rating.created_at": str(NINE + 1800),
    }
    contacts = pd.DataFrame({"id": ["u1"], "role": ["user"], "email": ["c0001@mail.example"]})
    teams = pd.DataFrame({"id": ["70"], "name": ["Tier two"]})
    return {
        "conversations": pd.DataFrame([conversation]),
        "conversation_parts": _parts(),
        "contacts": contacts,
        "teams": teams,
    }


def test_parts_say_who_wrote_and_who_took_over() -> None:
    touchpoints = read_crm(_tables(), "intercom")
    frame = touchpoints.frame.sort_values(["timestamp", "seq"])
    assert touchpoints.quality.balanced
    assert frame["activity"].tolist() == [
        *("Conversation started", "Customer message", "Bot reply", "Agent reply", "Conversation assigned"),
        *("Conversation handed over", "Conversation closed", "Conversation reopened", "Internal note", "Rated"),
    ]
    assert set(frame["customer"]) == {"intercom:u1"}
    assert str(frame["timestamp"].iloc[1]) == "2024-01-01 09:00:00+00:00"
    told = frame.set_index("activity")
    assert told.loc["Bot reply", ["actor_kind", "is_automated"]].tolist() == ["bot", True]
    assert told.loc["Agent reply", ["actor", "channel", "direction"]].tolist() == ["9", "email", "outbound"]
    assert pd.isna(told.loc["Customer message", "actor"])
    assert told.loc["Conversation handed over", ["team", "touchpoint_kind"]].tolist() == ["Tier two", "handoff"]
    assert told.loc["Rated", ["score", "outcome"]].tolist() == [0.75, "rated_good"]
    # Given to nobody (0) is no hand-off, and what changes a title is no contact.
    assert asides(touchpoints) == {
        ("conversation_parts", "a field that is not followed"): 1,
        ("conversation_parts", "nobody it was given to"): 1,
    }


def test_the_api_hides_the_people_of_a_conversation_in_a_list(tmp_path) -> None:
    rows = [
        {
            "id": f"c{one}",
            "created_at": NINE,
            "updated_at": NINE,
            "source": {"type": "conversation", "delivered_as": "automated", "author": {"type": "admin", "id": "9"}},
            "state": "open",
            "contacts": {"type": "contact.list", "contacts": [{"id": f"u{one}", "type": "contact"}]},
            "conversation_parts": {"conversation_parts": [_answer(one)]},
        }
        for one in (1, 2)
    ]
    (tmp_path / "conversations.json").write_text(json.dumps({"conversations": rows}), "utf-8")
    touchpoints = read_crm(tmp_path, "intercom")
    frame = touchpoints.frame.sort_values(["timestamp", "seq"])
    assert touchpoints.quality.balanced
    assert frame["activity"].tolist() == ["Customer contacted"] * 2 + ["Customer message"] * 2
    assert frame["customer"].tolist() == ["intercom:u1", "intercom:u2"] * 2
    assert frame["direction"].tolist() == ["outbound"] * 2 + ["inbound"] * 2
    assert frame["is_automated"].tolist() == [True, True, False, False]
    assert frame["conversation"].tolist() == ["intercom:c1", "intercom:c2"] * 2


def _answer(one: int) -> dict[str, object]:
    author = {"type": "user", "id": f"u{one}"}
    return {"id": f"p{one}", "part_type": "comment", "created_at": NINE + 60, "author": author}
