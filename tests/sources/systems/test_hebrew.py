"""Exports with Hebrew headers of no system in particular: deals, activities, calls, tickets, contacts."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import rules

DATA = Path(__file__).parents[3] / "data"
COMPARED = [
    *("activity", "timestamp", "end_timestamp", "channel", "direction", "actor_kind", "actor", "team", "outcome"),
    *("stage", "amount", "customer", "deal", "touchpoint_kind"),
]


def _compared(touchpoints) -> pd.DataFrame:
    frame = touchpoints.frame[COMPARED].astype("object").where(touchpoints.frame[COMPARED].notna(), "").astype("str")
    for name in ("customer", "deal"):
        frame[name] = frame[name].str.partition(":")[2].where(frame[name].str.contains(":"), frame[name])
    return frame.sort_values(COMPARED).reset_index(drop=True)


def test_the_example_export_gives_the_journeys_of_its_own_mapping() -> None:
    found = read_crm(DATA / "exports" / "acme-he")
    meant = read_crm(DATA / "exports" / "acme-he", DATA / "mappings" / "acme-he.yml")
    assert set(found.frame["source"]) == {"hebrew-crm"}
    # A list of calls does not say whose department it is, so the calls are not called service calls.
    expected = _compared(meant)
    expected["activity"] = expected["activity"].str.replace("Service call", "Call")
    pd.testing.assert_frame_equal(_compared(found), expected.sort_values(COMPARED).reset_index(drop=True))
    assert len(found.by("customer")) == len(meant.by("customer"))
    assert set(found.quality.clocks["zone"]) == {"Asia/Jerusalem"}


ACTIVITIES = """מזהה פעילות;סוג פעילות;תאריך;שעה;סטטוס;לקוח;נציג;תאריך יעד;טלפון
1;שיחה נכנסת;05/03/2024;09:30;בוצע;\u200fL-100\u200f;נציג-01;;
2;ש\u05b7יחה יוצאת;05/03/2024;11:00;בוצע;L-100;נציג-02;;
3;דוא״ל;06/03/2024;08:15;בוצע;L-100;נציג-02;;
4;פגישה;01/04/2024;10:00;מתוכנן;L-100;נציג-02;01/04/2024;
5;פגישה;02/04/2024;10:00;בוטלה;L-100;נציג-02;02/04/2024;
6;צ׳אט;31/03/2024;12:00;בוצע;;נציג-03;;058-555-0101
7;משימה מיוחדת;31/03/2024;13:00;בוצע;L-101;נציג-03;;
8;שיחה נכנסת;31/03/2024;14:00;בוצע;פלונית;נציג-03;;
"""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1255", "utf-16"])
def test_activities_with_split_clocks_marks_and_plans(tmp_path, encoding) -> None:
    (tmp_path / "ייצוא 5.csv").write_bytes(ACTIVITIES.encode(encoding))
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert set(frame["source"]) == {"hebrew-crm"}
    assert touchpoints.quality.balanced
    assert rules(touchpoints) == {"planned": 1, "cancelled": 1, "nobody it belongs to": 1}
    told = frame.set_index("touchpoint_id")["activity"].rename(lambda name: name.rpartition(":")[2]).to_dict()
    assert told == {
        "1": "Call received",
        "2": "Call made",
        "3": "Email",
        "6": "Chat",
        "7": "משימה מיוחדת",
    }
    assert set(frame["customer"].dropna()) >= {"hebrew-crm:L-100", "hebrew-crm:L-101"}
    # Israeli winter time, then (from 29 March 2024) summer time.
    assert frame["timestamp"].dt.strftime("%m-%d %H:%M").tolist()[:2] == ["03-05 07:30", "03-05 09:00"]
    assert frame.loc[frame["activity"] == "Chat", "timestamp"].dt.strftime("%m-%d %H:%M").item() == "03-31 09:00"
    assert any("משימה מיוחדת" in note for note in touchpoints.quality.notes)


DEALS = {
    "מזהה עסקה": ["1", "2", "3", "4"],
    "שם עסקה": ["א", "ב", "ג", "ד"],
    "שלב": ["משא ומתן", "סגור", "הצעת מחיר", "אבד"],
    "סטטוס": ["", "זכייה", "פתוח", "הפסד"],
    "תאריך פתיחה": ["01.02.2024", "02.02.2024", "03.02.2024", "13.02.2024"],
    "תאריך סגירה": ["", "05.02.2024", "31.12.2024", "06.03.2024"],
    "סיבת הפסד": ["", "", "", "מחיר"],
    "סכום העסקה": ["1,200 ₪", "", "5000", "10"],
    'דוא"ל': ["c0001@mail.example", "c0001@mail.example", "c0002@mail.example", "info@mail.example"],
}


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_deals_without_stage_dates_close_by_their_status_and_forecasts_are_no_closing(tmp_path, suffix) -> None:
    deals = pd.DataFrame(DEALS)
    if suffix == "csv":
        (tmp_path / "דוח.csv").write_bytes(deals.to_csv(index=False).replace("₪", "").encode("cp1255"))
    else:
        book = openpyxl.Workbook()
        for row in (list(deals.columns), *deals.to_numpy().tolist()):
            book.active.append(row)
        book.save(tmp_path / "דוח.xlsx")
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert set(frame["source"]) == {"hebrew-crm"}
    assert frame.sort_values(["timestamp", "seq"]).groupby("deal")["activity"].agg(list).to_dict() == {
        "hebrew-crm:1": ["Deal created"],
        "hebrew-crm:2": ["Deal created", "Deal: Won"],
        "hebrew-crm:3": ["Deal created"],  # its closing date is a forecast: the deal is open
        "hebrew-crm:4": ["Deal created", "Deal: Lost"],
    }
    lost = frame[frame["activity"] == "Deal: Lost"].iloc[0]
    assert (lost["outcome"], lost["reason"]) == ("lost", "מחיר")
    assert frame.loc[frame["deal"] == "hebrew-crm:1", "amount"].tolist() == [1200]
    people = frame.groupby("deal")["customer"].first()
    assert people["hebrew-crm:1"] == people["hebrew-crm:2"] != people["hebrew-crm:3"]
    assert "mail.example" not in frame.to_csv()


def test_tickets_and_contacts_are_tied_by_ids(tmp_path) -> None:
    tickets = pd.DataFrame(
        {
            "מספר פנייה": ["77"],
            "נושא הפנייה": ["x"],
            "תאריך פתיחה": ["13/01/2024 10:00"],
            "תאריך סגירה": ["14/01/2024 12:00"],
            "קוד לקוח": ["L-1"],
            "עדיפות": ["דחוף"],
        }
    )
    contacts = pd.DataFrame({"קוד לקוח": ["L-1"], "אימייל": ["c0001@mail.example"], "נייד": ["058-555-0101"]})
    calls = pd.DataFrame(
        {"כיוון השיחה": ["נכנסת"], "תאריך ושעה": ["15/01/2024 10:00"], "מספר מתקשר": ["0585550101"], "תוצאה": ["תפוס"]}
    )
    touchpoints = read_crm({"a": tickets, "b": contacts, "c": calls}, "hebrew-crm")
    frame = touchpoints.frame.sort_values("timestamp")
    assert frame["activity"].tolist() == ["Ticket opened", "Ticket: solved", "Call received"]
    assert set(frame["customer"]) == {"hebrew-crm:L-1"}
    assert frame["outcome"].tolist()[1:] == ["solved", "busy"]
    assert touchpoints.objects["ticket"].loc["hebrew-crm:77", "priority"] == "דחוף"
