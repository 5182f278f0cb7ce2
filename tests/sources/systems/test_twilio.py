"""Twilio: calls and messages of a connector, of the API, and the console's logs."""

import shutil

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


@pytest.mark.parametrize("sources", ["twilio", None])
@pytest.mark.parametrize("flavour", ["", "_snowflake"])
def test_connector_tables(real_data, tmp_path, sources, flavour) -> None:
    # The folder holds every table twice, as two warehouses spell it.
    for file in (real_data("crm_formats") / "fivetran_twilio_source").glob("*.csv"):
        if file.stem.endswith("_snowflake") == bool(flavour) or not file.stem.startswith(
            ("twilio_call", "twilio_message")
        ):
            shutil.copy(file, tmp_path / file.name.replace("_snowflake", ""))
    touchpoints = read_crm(tmp_path, sources, identifiers="keep")
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["twilio"]
    # Of nine calls two were given up, and one bears the thirtieth of February.
    assert frame["activity"].value_counts().to_dict() == {"Call received": 6, "Call missed": 2}
    # The numbers were blotted out, so nobody called: calls are still calls, messages are nobody's.
    assert asides(touchpoints) == {
        ("twilio_call_data", "unreadable timestamp"): 1,
        ("twilio_message_data", "nobody it belongs to"): 10,
    }
    assert frame["customer"].isna().all()
    assert frame["conversation"].nunique() == 8
    assert frame["outcome"].value_counts().loc[["connected", "abandoned"]].tolist() == [6, 2]


def _calls() -> pd.DataFrame:
    rows = [
        ("inbound", "+12025550101", "+12025550199", "completed", "60", "", ""),
        ("outbound-dial", "+12025550101", "+12025550188", "completed", "55", "CA0", ""),
        ("inbound", "12025550102", "+12025550199", "no-answer", "0", "", ""),
        ("outbound-api", "+12025550199", "+12025550101", "completed", "30", "", "human"),
        ("outbound-api", "+12025550199", "+12025550103", "completed", "5", "", "machine_end_beep"),
        ("outbound-api", "+12025550199", "+12025550103", "canceled", "0", "", ""),
        ("outbound-api", "+12025550199", "+12025550103", "queued", "0", "", ""),
        ("inbound", "anonymous", "+12025550199", "completed", "20", "", ""),
        ("inbound", "sip:+12025550101@firm.example", "sip:desk@firm.example", "busy", "0", "", ""),
    ]
    return pd.DataFrame(
        {
            "sid": [f"CA{place}" for place in range(len(rows))],
            "direction": [row[0] for row in rows],
            "from": [row[1] for row in rows],
            "to": [row[2] for row in rows],
            "status": [row[3] for row in rows],
            "duration": [row[4] for row in rows],
            "parent_call_sid": [row[5] for row in rows],
            "answered_by": [row[6] for row in rows],
            "start_time": [f"Mon, 0{place + 1} Jan 2024 10:00:00 +0000" for place in range(len(rows))],
            "end_time": "",
        }
    )


TOLD = ["Call received", "Call missed", "Call made", "Call made", "Call received", "Call missed"]


def _checked(touchpoints) -> None:
    assert happened(touchpoints) == TOLD
    frame = touchpoints.frame.sort_values("timestamp", ignore_index=True)
    assert frame["outcome"].tolist() == ["connected", "no_answer", "connected", "left_voicemail", "connected", "busy"]
    assert frame["direction"].tolist() == ["inbound", "inbound", "outbound", "outbound", "inbound", "inbound"]
    # Whoever withholds the number is nobody, the rest are known by theirs, however it is written.
    assert frame["customer"].isna().tolist() == [False] * 4 + [True, False]
    assert frame["customer"].nunique() == 3
    assert frame["customer"][0] == frame["customer"][2] == frame["customer"][5]
    assert frame["timestamp"][0] == pd.Timestamp("2024-01-01 10:00", tz="UTC")
    assert (frame["end_timestamp"] - frame["timestamp"])[0] == pd.Timedelta("60s")
    told = {rule: n for (_, rule), n in asides(touchpoints).items()}
    assert told == {"leg of another call": 1, "planned": 1, "cancelled": 1}
    assert "2025550" not in frame.to_csv()


def test_calls_of_the_api_with_their_legs() -> None:
    _checked(read_crm({"calls": _calls()}, "twilio"))


@pytest.mark.parametrize("spelling", ["console", "camel"])
def test_a_log_of_the_console_is_known_by_its_headers(tmp_path, spelling) -> None:
    names = {"sid": "Call SID", "from": "From", "to": "To", "start_time": "Start Time", "answered_by": "Answered By"}
    names |= {"direction": "Direction", "status": "Status", "duration": "Duration", "end_time": "End Time"}
    names["parent_call_sid"] = "Parent Call SID"
    if spelling == "camel":
        names = {old: new.replace(" ", "").replace("CallSID", "CallSid") for old, new in names.items()}
    _calls().rename(columns=names).to_csv(tmp_path / "log-2024-01-09.csv", index=False)
    _checked(read_crm(tmp_path))


def test_messages_of_the_console(tmp_path) -> None:
    (tmp_path / "sms.csv").write_text(
        "From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit\n"
        "+12025550199,+12025550101,secret,delivered,2024-01-01T10:00:00Z,2010-04-01,1,0,AC1,SM1,outbound-api,0,USD\n"
        "+12025550101,+12025550199,secret,received,2024-01-01T10:01:00Z,2010-04-01,1,0,AC1,SM2,inbound,0,USD\n"
        "+12025550199,+12025550101,secret,sent,2024-01-01T10:02:00Z,2010-04-01,1,0,AC1,SM3,outbound-reply,0,USD\n"
        "whatsapp:+12025550101,whatsapp:+12025550199,x,received,2024-01-01T10:03:00Z,,1,0,AC1,SM4,inbound,0,USD\n"
        "+12025550199,+12025550101,secret,undelivered,2024-01-01T10:04:00Z,,1,30003,AC1,SM5,outbound-api,0,USD\n"
        "+12025550199,+12025550101,secret,scheduled,2024-01-01T10:05:00Z,,1,0,AC1,SM6,outbound-api,0,USD\n",
        "utf-8",
    )
    touchpoints = read_crm(tmp_path)
    assert happened(touchpoints) == [
        "Text message sent",
        "Text message received",
        "Text message sent",
        "Text message received",
        "Text message failed",
    ]
    frame = touchpoints.frame
    assert len(set(frame["customer"])) == 1
    assert frame["channel"].tolist() == ["sms", "sms", "sms", "whatsapp", "sms"]
    assert frame["actor_kind"].tolist() == ["integration", "customer", "automation", "customer", "integration"]
    assert frame["is_automated"].tolist() == [False, False, True, False, False]
    assert asides(touchpoints) == {("sms", "planned"): 1}
    assert "secret" not in frame.to_csv()
    assert "2025550" not in frame.to_csv()
