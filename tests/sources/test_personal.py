"""Personal data is found by its form, and numbers that are nobody's are left alone."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.sources import read_crm
from mining.sources.people.personal import WITHHELD, discreet, quotable, scan, uniqueness, withheld

STUDIES = Path(__file__).resolve().parents[2] / "data" / "studies"
PERSONAL = {
    "email": ["c0123@mail.example", "Mail to <c0123@mail.example>", "mailto:c0123@mail.example", "c0123%40mail.example",
              "כתבו אל c0123@mail.example"],
    "phone": ["+1-202-555-0123", "+972 58-555-1234", "058-555-1234", "0585551234", "Call 0585551234", "03-5551234",
              "۰۹۱۲۳۴۵۶۷۸۹", "۰۹۱۲ ۳۴۵ ۶۷۸۹", "+98 912 345 6789", "٠٥٨٥٥٥١٢٣٤", "(202) 555-0123", "202-555-0123",
              "00972585551234", "972585551234", "\u202b058-555-1234\u202c", "058.555.1234"],
    "israeli id": ["ת.ז. 123456782", "ת״ז: 12345678-2", "ID number 123456782"],
    "iban": ["IL620108000000099999999", "GB82 WEST 1234 5698 7654 32", "Pay DE89370400440532013000 now"],
    "card": ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005", "Card 4111111111111111"],
    "ip address": ["192.168.1.20", "from 203.0.113.7", "2001:db8::ff00:42:8329"],
}  # fmt: skip
NOBODYS = [
    "Stage 2", "2024 Q1", "1.2.10", "v1.2.3.100", "Version 10.0.0.120", "10.0.19041.1", "2.5.1.1", "2024-01-02",
    "2024-01-02 10:00:00", "2024-01-02T10:00:00.123+02:00", "02/03/2024 11:12", "01.02.2024 10:11:12", "12:30:15",
    "1403/02/31", "1,500,000", "1500000", "1.234.567,89", "$1,234,567.89", "+15%", "+1000000", "-1500000.25",
    "SN0585551234", "hubspot@2", "phone#000123", "100-500 employees", "1,001-5,000", "9:00-17:00", "3-5 business days",
    "00:1a:2b:3c:4d:5e", "std::vector", "20240115", "1700000000000", "007", "5000002", "Room 12-34", "12.05.1980",
    "GB82 WEST 1234 5698 7654 33", "4111 1111 1111 1112", "123456782", "256.1.1.300", "ae36-4cca-9286-c79a6764610",
    "INC0010023", "a@b", "@agent-07", "50% @ Q1.2024",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "word"), [(kind, word) for kind, words in PERSONAL.items() for word in words])
def test_personal_data_is_found(kind, word):
    assert scan([word]) == {kind: 1}


@pytest.mark.parametrize("word", NOBODYS)
def test_what_is_nobodys_is_left_alone(word):
    assert scan([word]) == {}


def test_amounts_ids_and_moments_by_the_thousand_are_left_alone():
    random = np.random.default_rng(3)
    for low, high in (
        (100_000_000, 999_999_999),
        (10**9, 10**10),
        (10**11, 10**12),
        (10**14, 10**15),
        (10**15, 10**16),
    ):
        assert scan(map(str, random.integers(low, high, 2_000))) == {}
    assert scan(f"{number:010d}" for number in random.integers(0, 10**10, 2_000)) == {}
    assert scan(f"{number:011d}" for number in random.integers(0, 10**11, 2_000)) == {}
    assert scan(".".join(map(str, four)) for four in random.integers(0, 60, (500, 4))) == {}


def test_a_column_of_bare_numbers_is_known_by_its_check_digits():
    def identity(first: int) -> str:
        doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(f"{first:08d}")]
        return f"{first:08d}{-sum(value - 9 * (value > 9) for value in doubled) % 10}"

    numbers = [identity(number) for number in range(20_000_000, 20_000_900, 9)]
    assert scan(numbers) == {"israeli id": 100}
    assert scan([*numbers, *(str(number) for number in range(300_000_000, 300_000_400))]) == {}


def test_a_columns_name_takes_the_doubt_away():
    assert scan(["2025550123", "58-5551234"]) == {}
    assert scan(["2025550123", "58-5551234"], "mobile_phone") == {"phone": 2}
    assert scan(["2025550123"], "טלפון נייד") == scan(["2025550123"], "شماره موبایل") == {"phone": 1}
    assert scan(["12", "3"], "phone_calls") == {}
    assert scan(["123456782"], "תעודת זהות") == {"israeli id": 1}


@given(st.text(max_size=60))
def test_any_text_can_be_scanned(text):
    scan([text, f"{text}c0123@mail.example", f"{text}{text}"])


def test_cells_as_long_as_books_are_scanned_at_once():
    began = time.perf_counter()
    for piece in (
        "a",
        "1",
        "1 ",
        "1.",
        "a@",
        "+1",
        ":",
        "f:",
        "@",
        "1-",
        "A1",
        "٣",
        "#",
        "192.168.1.20 ",
        "058-555-1234 ",
        "c@d.ef ",
        "0585551234 ",
        "123456782 ",
        "DE89370400440532013000 ",
        "4111111111111111 ",
    ):
        told(activity=[piece * (100_000 // len(piece))])
    assert time.perf_counter() - began < 20


# --- what is shown


def touched(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="str")


def told(**columns: list[str | None]) -> tuple[pd.DataFrame, list[str]]:
    frame, _, remarks = withheld(touched(**columns), {})
    return frame, remarks


def test_polluted_labels_are_told_without_the_person():
    frame, remarks = told(activity=["Call with c0123@mail.example #4431", "Call with 058-555-1234", "Stage 2", None])
    assert frame["activity"].tolist()[:3] == [f"Call with {WITHHELD}", f"Call with {WITHHELD}", "Stage 2"]
    assert frame["activity"].isna().tolist() == [False, False, False, True]
    assert remarks == [f"activity held personal data (email 1, phone 1), written as {WITHHELD}"]


def test_numbers_of_records_leave_labels_that_differ_in_nothing_else():
    words = ["Order #4431 sent", "Order #4432 sent", "Order #4433 sent", "Order #77 sent", "2024 Q1", "Stage 10"]
    frame, remarks = told(activity=words)
    assert frame["activity"].tolist() == [f"Order {WITHHELD} sent"] * 3 + words[3:]
    assert remarks == ["activity: 3 names that differ only in the number of a record became 1"]


@pytest.mark.parametrize(
    "words",
    [
        ["Stage 1", "Stage 2", "Stage 3"],
        ["2024 Q1", "2024 Q2", "2024 Q3"],
        ["Offer 1000000", "Offer 2000000", "Offer 3000000"],
        ["Backup 20240101", "Backup 20240102", "Backup 20240103"],
        ["Call #1", "Call #2", "Call #3"],
        ["1000123", "1000124", "1000125"],
        ["W_Completeren aanvraag", "A_SUBMITTED", "O_SENT_BACK"],
    ],
)
def test_numbers_that_say_which_stays_in_labels(words):
    frame, remarks = told(activity=words, stage=words, team=words)
    assert frame["activity"].tolist() == frame["stage"].tolist() == words
    assert remarks == []


def test_ids_are_not_looked_at():
    frame, remarks = told(customer=["crm:c0123@mail.example"], actor=["058-555-1234"], source_file=["058-555-1234.csv"])
    assert frame["customer"].tolist() == ["crm:c0123@mail.example"]
    assert remarks == []


def test_campaigns_keep_their_source_and_teams_reasons_and_stages_are_masked():
    frame, remarks = told(
        campaign=["crm:058-555-1234", "crm:Spring 2024", "crm:12345678901"], team=["c0123@mail.example", "Sales", None],
        reason=["Price", "Ask 058-555-1234", None], stage=["Won", None, "192.168.1.20"],
    )  # fmt: skip
    assert frame["campaign"].tolist() == [f"crm:{WITHHELD}", "crm:Spring 2024", "crm:12345678901"]
    assert frame["team"].tolist()[:2] == [WITHHELD, "Sales"]
    assert frame["reason"].tolist()[:2] == ["Price", f"Ask {WITHHELD}"]
    assert frame["stage"].tolist()[::2] == ["Won", WITHHELD]
    assert len(remarks) == 4


def test_a_campaign_is_called_the_same_in_the_frame_and_in_its_table():
    index = pd.Index(["crm:To c0123@mail.example", "crm:Spring"], dtype="str", name="campaign")
    _, objects, _ = withheld(pd.DataFrame(), {"campaign": pd.DataFrame({"budget": [1, 2]}, index=index)})
    assert objects["campaign"].index.tolist() == [f"crm:To {WITHHELD}", "crm:Spring"]
    assert objects["campaign"].index.name == "campaign"


def test_reasons_in_everybodys_own_words_are_withheld():
    notes = [f"Spoke to her about number {number} again" for number in range(30)]
    frame, remarks = told(reason=notes, activity=["Lost"] * 30)
    assert frame["reason"].isna().all()
    assert frame["reason"].dtype == "str"
    assert remarks == ["reason of 30 touchpoints is withheld: nearly each has words of its own"]
    assert told(reason=["Price", "No budget"] * 15)[1] == []


def test_an_activity_that_is_a_subject_line_is_withheld_and_codes_and_pages_are_not():
    frame, remarks = told(activity=[f"Lunch with Ann {letter}" for letter in "abcdefghijklmnopqrstuvwxyz"])
    assert set(frame["activity"]) == {WITHHELD}
    assert remarks == ["activity of 26 touchpoints is withheld: nearly each has words of its own"]
    pages = [f"/pricing/{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    assert told(activity=pages)[0]["activity"].tolist() == pages


def test_own_words_of_one_table_are_withheld_beside_labels_of_another():
    notes = [f"Spoke to her about number {number} again" for number in range(30)]
    frame, remarks = told(activity_raw=[*notes, *["CALL", "MAIL"] * 100], source_table=["notes"] * 30 + ["calls"] * 200)
    assert frame["activity_raw"].isna().tolist() == [True] * 30 + [False] * 200
    assert remarks == ["activity_raw of 30 touchpoints is withheld: nearly each has words of its own"]


def described(**columns: list[object]) -> tuple[pd.DataFrame, list[str]]:
    size = len(next(iter(columns.values())))
    table = pd.DataFrame(columns, index=pd.Index([f"crm:{place}" for place in range(size)], name="customer"))
    _, objects, remarks = withheld(pd.DataFrame(), {"customer": table})
    return objects["customer"], remarks


def test_an_attribute_that_holds_personal_data_is_withheld_with_its_kind_and_count():
    table, remarks = described(source=["c0123@mail.example", "c0124@mail.example", "web", "ads"], n_ids=[1, 1, 1, 1])
    assert list(table) == ["n_ids"]
    assert remarks == ["customer attribute 'source' is withheld: 2 of 4 values hold email 2"]


def test_a_few_cells_are_masked_and_the_attribute_stays():
    table, remarks = described(city=[*["Haifa", "Yazd"] * 20, "write c0123@mail.example", None])
    assert table["city"].tolist()[-2] == f"write {WITHHELD}"
    assert table["city"].tolist()[:2] == ["Haifa", "Yazd"]
    assert table["city"].isna().sum() == 1
    assert remarks == [f"customer attribute 'city' held personal data (email 1), written as {WITHHELD}"]


def test_telephone_numbers_that_were_read_as_numbers_are_found():
    numbers = [972585551200 + number for number in range(20)]
    assert described(contact=numbers)[1] == ["customer attribute 'contact' is withheld: 20 of 20 values hold phone 20"]
    floats = [float(number) for number in numbers]
    floats[3] = float("nan")
    assert list(described(contact=floats)[0]) == []
    assert list(described(amount=[n * 250.5 for n in range(20)], n=list(range(20)), is_won=[True, False] * 10)[0])


@pytest.mark.parametrize("name", ["name", "First_Name", "company name", "Notes", "שם מלא", "توضیحات", "address"])
def test_attributes_that_name_an_object_are_withheld(name):
    table, remarks = described(**{name: ["Ann", "Bob"], "segment": ["A", "B"]})
    assert list(table) == ["segment"]
    assert "it names each customer" in remarks[0]


def test_words_that_nearly_every_object_has_alone_are_withheld_whatever_they_are_called():
    table, remarks = described(extra=[f"Ann number {n}" for n in range(40)], code=[f"{n:05d}" for n in range(40)])
    assert list(table) == ["code"]
    assert "'extra' is withheld: it names each customer" in remarks[0]


def test_no_remark_repeats_what_it_withholds():
    table, remarks = described(
        source=["c0123@mail.example"] * 3, phone=["058-555-1234"] * 3, name=["Ann", "Bob", "Eve"]
    )
    assert list(table) == []
    assert not any(word in " ".join(remarks) for word in ("c0123", "555", "Ann", "Bob"))


def test_frames_that_are_given_stay_as_they_are():
    frame = touched(activity=["Call with c0123@mail.example"])
    table = pd.DataFrame({"name": ["Ann"]})
    withheld(frame, {"customer": table})
    assert frame["activity"].tolist() == ["Call with c0123@mail.example"]
    assert list(table) == ["name"]


def test_remarks_quote_labels_and_no_persons():
    assert quotable({"Postponed": 12, "c0123@mail.example": 2}) == f"'Postponed' (12), '{WITHHELD}' (2)"
    assert quotable({f"word {n}": 9 - n for n in range(5)}).endswith("and 2 more")
    assert discreet("call 50100003 of " + "x" * 80) == f"call {WITHHELD} of ".ljust(40, "x")
    assert quotable({f"Ann {n}": 1 for n in range(40)}) == "40 words (withheld: nearly every row has its own)"


# --- on real exports


@pytest.mark.parametrize("folder", ["olist_funnel", "helpdesk", "callcenter"])
def test_real_attributes_and_labels_that_are_nobodys_are_kept(folder, real_data):
    from mining.report import read_config

    real_data(folder)
    config = read_config(STUDIES / f"{folder}.yml")
    touchpoints = read_crm(config.exports, list(config.sources))
    frame, objects, remarks = withheld(touchpoints.frame, touchpoints.objects)
    assert remarks == []
    pd.testing.assert_frame_equal(frame, touchpoints.frame)
    assert {kind: list(table) for kind, table in objects.items()} == {
        kind: list(table) for kind, table in touchpoints.objects.items()
    }


def test_the_names_of_real_companies_are_withheld(real_data):
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_hubspot", "hubspot")
    _, objects, remarks = withheld(touchpoints.frame, touchpoints.objects)
    assert "name" in touchpoints.objects["account"]
    assert "name" not in objects["account"]
    assert "industry" in objects["account"]
    assert any("'name' is withheld" in remark for remark in remarks)


# --- how far a pseudonym hides


def test_who_is_alone_in_what_is_known_of_a_journey_is_unique():
    days = np.array(["2024-01-01", "2024-01-01", "2024-01-09", "2024-02-09", "2024-02-10"], dtype="datetime64[us]")
    frame = uniqueness(customers=[0, 1, 2, 3, 3], variants=[7, 7, 7, 7, 8], starts=days)
    assert frame["known"].tolist() == ["path", "path and month", "path and day"]
    assert frame["n_unique"].tolist() == [1, 1, 2]
    assert frame["n_customers"].tolist() == [4, 4, 4]
    assert frame["share_unique"].tolist() == [0.25, 0.25, 0.5]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 60)), max_size=30))
def test_knowing_more_never_hides_anybody(rows):
    customers, variants, days = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    starts = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(days, unit="D")
    n_unique = uniqueness(customers, variants, starts)["n_unique"]
    assert n_unique.is_monotonic_increasing
    assert n_unique.iloc[-1] <= len(set(customers.tolist()))


def test_of_nobody_nothing_is_unique():
    assert uniqueness([], [], np.array([], dtype="datetime64[us]"))["share_unique"].isna().all()
