"""Call lists of telephone systems: legs, withheld numbers, directions, waits, in three languages."""

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import rules

HOME = {"timezone": "Asia/Jerusalem", "region": "IL"}
CDR = pd.DataFrame(
    [
        # a queue, an agent who does not answer, one who does
        "2026-03-01 09:00:00|0585550101|600|ext-queues|Queue|Local/204@from-queue-0001|95|60|ANSWERED|1.1|1.1",
        "2026-03-01 09:00:05|0585550101|203|from-queue|Dial|SIP/203-0a|15|0|NO ANSWER|1.2|1.1",
        "2026-03-01 09:00:20|0585550101|204|from-queue|Dial|SIP/204-0b|60|58|ANSWERED|1.3|1.1",
        # a group that rings together: the first leg says nobody answered
        "2026-03-01 09:30:00|0585550101|201|from-did-direct|Dial|SIP/201-0c|12|0|NO ANSWER|7.1|7.1",
        "2026-03-01 09:30:00|0585550101|202|from-did-direct|Dial|SIP/202-0d|40|28|ANSWERED|7.2|7.1",
        "2026-03-01 10:00:00|204|0585550102|from-internal|Dial|SIP/trunk-0e|20|0|BUSY|2.1|2.1",
        "2026-03-01 11:00:00|204|205|from-internal|Dial|SIP/205-0f|20|10|ANSWERED|3.1|3.1",
        "2026-03-01 12:00:00|anonymous|600|ext-queues|Queue||20|0|NO ANSWER|4.1|4.1",
        "2026-03-01 13:00:00|+972 58-555-0102|s|from-trunk|VoiceMail||20|10|ANSWERED|5.1|5.1",
        "2026-03-01 14:00:00|0585550103|204|from-pstn|Dial|SIP/204-10|5|0|FAILED|6.1|6.1",
    ]
)[0].str.split("|", expand=True)
CDR.columns = [
    *("calldate", "src", "dst", "dcontext", "lastapp", "dstchannel", "duration", "billsec", "disposition"),
    *("uniqueid", "linkedid"),
]


def test_legs_of_one_call_are_one_and_the_answered_one_counts() -> None:
    touchpoints = read_crm({"any name": CDR}, **HOME)
    frame = touchpoints.frame.set_index("conversation")
    assert set(frame["source"]) == {"phone-system"}
    assert touchpoints.quality.balanced
    assert rules(touchpoints) == {"duplicate": 3, "between own extensions": 1}
    assert frame["activity"].rename(lambda name: name.partition(":")[2]).to_dict() == {
        "1.1": "Call received",
        "7.1": "Call received",
        "2.1": "Call made",
        "4.1": "Call received",
        "5.1": "Call received",
        "6.1": "Call received",
    }
    whole = frame.loc["phone-system:1.1"]
    assert (whole["outcome"], whole["actor"], f"{whole['timestamp']:%H:%M:%S}") == ("connected", "204", "07:00:00")
    assert (whole["end_timestamp"] - whole["timestamp"]).total_seconds() == 95
    together = frame.loc["phone-system:7.1"]
    assert (together["outcome"], together["actor"]) == ("connected", "202")
    assert frame["outcome"].tolist()[2:] == ["busy", "no_answer", "left_voicemail", "failed"]
    assert frame["direction"].tolist() == ["inbound", "inbound", "outbound", "inbound", "inbound", "inbound"]


def test_numbers_are_keys_and_a_withheld_one_is_nobody() -> None:
    frame = read_crm({"any name": CDR}, **HOME).frame.set_index("conversation")
    people = frame["customer"]
    assert people["phone-system:1.1"] == people["phone-system:7.1"]
    assert people["phone-system:2.1"] == people["phone-system:5.1"]  # called, and calling back
    assert people.nunique() == 3
    assert pd.isna(people["phone-system:4.1"])
    assert "5550101" not in frame.reset_index().to_csv()


def test_without_a_zone_times_are_marked_and_without_a_country_local_numbers_know_nobody() -> None:
    frame = read_crm({"cdr": CDR}).frame
    assert set(frame["timestamp_quality"]) == {"zone_assumed"}
    assert frame["customer"].notna().sum() == 1  # the one with a dialling code


LISTS = {
    "en": "Call ID;Call Start;End Time;Direction;From;To;Agent;Queue;Wait Time;Status\n"
    "1;13/01/2026 09:00:00;13/01/2026 09:05:00;Inbound;+972585550101;+97235550000;agent-01;Sales;45;Answered\n"
    "2;13/01/2026 10:00:00;13/01/2026 10:01:00;Outbound;+97235550000;+972585550101;agent-01;;0;Missed\n"
    "3;13/01/2026 11:00:00;13/01/2026 11:00:30;Inbound;+972585550102;+97235550000;;Sales;30;Abandoned\n",
    "he": "מזהה שיחה;התחלה;סיום;כיוון;מתקשר;נמען;נציג;תור;משך;תוצאה\n"
    "1;13/01/2026 09:00:00;13/01/2026 09:05:00;נכנסת;0585550101;035550000;נציג-01;מכירות;300;נענתה\n"
    "2;13/01/2026 10:00:00;13/01/2026 10:01:00;יוצאת;035550000;0585550101;נציג-01;;60;לא נענתה\n"
    "3;13/01/2026 11:00:00;13/01/2026 11:00:30;נכנסת;0585550102;035550000;;מכירות;30;ננטשה\n",
}


@pytest.mark.parametrize("language", ["en", "he"])
def test_lists_of_calls_with_both_sides(tmp_path, language) -> None:
    (tmp_path / "export.csv").write_text(LISTS[language], "utf-8-sig")
    touchpoints = read_crm(tmp_path, "phone-system", **HOME)
    frame = touchpoints.frame.sort_values(["timestamp", "seq"])
    assert touchpoints.quality.balanced
    calls = frame[frame["touchpoint_kind"] == "interaction"]
    assert calls["activity"].tolist() == ["Call received", "Call made", "Call received"]
    assert calls["outcome"].tolist() == ["connected", "no_answer", "abandoned"]
    assert calls["customer"].nunique() == 2
    assert calls["customer"].iloc[0] == calls["customer"].iloc[1]
    assert f"{calls['timestamp'].iloc[0]:%H:%M}" == "07:00"
    assert (calls["end_timestamp"] - calls["timestamp"]).dt.total_seconds().tolist() == [300, 60, 30]


def test_waiting_in_the_queue_has_a_length_of_its_own(tmp_path) -> None:
    (tmp_path / "call_log.csv").write_text(LISTS["en"], "utf-8")
    touchpoints = read_crm(tmp_path, **HOME)
    waits = touchpoints.frame[touchpoints.frame["activity"] == "Waited in queue"]
    assert (waits["end_timestamp"] - waits["timestamp"]).dt.total_seconds().tolist() == [45, 30]
    assert set(waits["touchpoint_kind"]) == {"system"}
    assert set(waits["team"]) == {"Sales"}


def test_calls_of_aircall_in_epoch_seconds() -> None:
    calls = pd.DataFrame(
        {
            "id": ["1", "2"],
            "direction": ["inbound", "inbound"],
            "started_at": ["1767258000", "1767344400"],
            "answered_at": ["1767258010", ""],
            "ended_at": ["1767258100", "1767344430"],
            "raw_digits": ["+1 202-555-0101", "anonymous"],
            "missed_call_reason": ["", "short_abandoned"],
            "user.id": ["77", ""],
        }
    )
    frame = read_crm({"x": calls}).frame.sort_values("timestamp")
    assert set(frame["source"]) == {"phone-system"}
    assert frame["outcome"].tolist() == ["connected", "abandoned"]
    assert frame["timestamp"].dt.strftime("%Y-%m-%d %H:%M").tolist() == ["2026-01-01 09:00", "2026-01-02 09:00"]
    assert frame["customer"].notna().tolist() == [True, False]
    assert frame["reason"].tolist()[1] == "short_abandoned"


def test_a_hebrew_list_of_calls_belongs_to_the_hebrew_system(tmp_path) -> None:
    (tmp_path / "calls.csv").write_text(LISTS["he"].replace("נמען", "הערות"), "utf-8-sig")
    touchpoints = read_crm(tmp_path)
    assert set(touchpoints.frame["source"]) == {"hebrew-crm"}
    assert set(touchpoints.quality.clocks["zone"]) == {"Asia/Jerusalem"}
