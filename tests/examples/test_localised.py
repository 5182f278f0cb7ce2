"""The exports of other languages are written in the bytes, words and calendars their users have."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from persiantools.jdatetime import JalaliDate

from mining.examples import write_variants


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    somewhere = tmp_path_factory.mktemp("variants")
    write_variants(somewhere)
    return somewhere


def table(path: Path, encoding: str, separator: str = ",") -> pd.DataFrame:
    return pd.read_csv(StringIO(path.read_bytes().decode(encoding)), sep=separator, dtype=str)


def test_the_variants_are_the_same_for_a_seed(folder: Path, tmp_path: Path) -> None:
    for path in write_variants(tmp_path):
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_the_interface_export_has_milestone_columns(folder: Path) -> None:
    deals = table(folder / "acme-ui" / "hubspot-deals.csv", "utf-8-sig")
    sent = deals['Date entered "Quote sent (Sales Pipeline)"'].dropna()
    assert pd.to_datetime(sent, format="%Y-%m-%d %H:%M").notna().all()
    assert deals["Record ID"].is_unique
    contacts = table(folder / "acme-ui" / "hubspot-contacts.csv", "utf-8-sig")
    assert deals["Associated Contact IDs"].isin(contacts["Record ID"]).all()


def test_hebrew_deals_are_in_the_windows_code_page(folder: Path) -> None:
    path = folder / "acme-he" / "deals.csv"
    with pytest.raises(UnicodeDecodeError):
        path.read_bytes().decode("utf-8")
    deals = table(path, "cp1255")
    assert set(deals["סטטוס"]) == {"הפסד", "נסגר בהצלחה", "פתוחה"}
    assert pd.to_datetime(deals["תאריך יצירה"], format="%d/%m/%Y %H:%M").notna().all()


def test_hebrew_calls_are_in_wide_characters_with_tabs(folder: Path) -> None:
    path = folder / "acme-he" / "calls.txt"
    assert path.read_bytes().startswith(b"\xff\xfe")
    calls = table(path, "utf-16", "\t")
    assert set(calls["כיוון"]) == {"נכנסת", "יוצאת"}
    assert len(calls.columns) == 9


def test_persian_activities_have_persian_digits_and_jalali_days(folder: Path) -> None:
    path = folder / "acme-fa" / "activities.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    activities = table(path, "utf-8-sig")
    day = activities["تاریخ انجام شدن فعالیت"].dropna()
    assert day.str.fullmatch("[۰-۹]{4}/[۰-۹]{2}/[۰-۹]{2}").all()
    first = JalaliDate(*map(int, day.iloc[0].split("/"))).to_gregorian()
    assert first.year in {2024, 2025}
    assert (activities["وضعیت اجرای فعالیت"] == "انجام نشده").sum() == 6


def test_persian_deals_have_arabic_letters_and_a_row_per_product_line(folder: Path) -> None:
    text = (folder / "acme-fa" / "deals.csv").read_bytes().decode("cp1256")
    assert "ي" in text
    assert "ك" in text
    assert not {"ی", "ک"} & set(text)
    deals = table(folder / "acme-fa" / "deals.csv", "cp1256")
    assert deals["كد ديدار معامله"].duplicated().any()
