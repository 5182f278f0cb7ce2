"""Didar: Persian workbooks, Jalali days, a row per product line, planned and done in one table."""

from pathlib import Path

import openpyxl
import pandas as pd

from mining.sources import read_crm
from tests.telling import asides

DATA = Path(__file__).parents[3] / "data"
COMPARED = [
    *("activity", "timestamp", "planned_at", "channel", "direction", "actor_kind", "actor", "outcome", "stage"),
    *("pipeline", "amount", "customer", "account", "deal"),
]


def _compared(touchpoints) -> pd.DataFrame:
    frame = touchpoints.frame[COMPARED].astype("object").where(touchpoints.frame[COMPARED].notna(), "").astype("str")
    for name in ("customer", "account", "deal"):
        frame[name] = frame[name].str.partition(":")[2]
    return frame.sort_values(COMPARED).reset_index(drop=True)


def test_the_example_export_gives_the_journeys_of_its_own_mapping() -> None:
    found = read_crm(DATA / "exports" / "acme-fa")
    meant = read_crm(DATA / "exports" / "acme-fa", DATA / "mappings" / "acme-fa.yml")
    assert set(found.frame["source"]) == {"didar"}
    pd.testing.assert_frame_equal(_compared(found), _compared(meant))
    aside = {rule: n for (_, rule), n in asides(found).items()}
    assert aside == {rule: n for (_, rule), n in asides(meant).items()}
    pd.testing.assert_series_equal(
        found.objects["deal"]["status"].value_counts(), meant.objects["deal"]["status"].value_counts()
    )


def _book(path: Path, *rows: list[object]) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_workbooks_as_they_are_downloaded(tmp_path) -> None:
    _book(
        tmp_path / "معاملات.xlsx",
        [
            *("کد دیدار معامله", "عنوان معامله", "وضعیت معامله", "کاریز معامله", "مرحله کاریز معامله"),
            *("تاریخ ایجاد معامله", "تاریخ انجام معامله", "ارزش معامله", "دلیل شکست معامله", "مسئول معامله"),
            *("کد دیدار شخص معامله", "کد دیدار شرکت معامله", "عنوان محصول"),
        ],
        ["9", "x", "موفق", "فروش", "تسویه", "1405/03/13", "1405/03/20", 1500, "", "کارشناس ۰۱", "1", "0", "الف"],
        ["9", "x", "موفق", "فروش", "تسویه", "1405/03/13", "1405/03/20", 1500, "", "کارشناس ۰۱", "1", "0", "ب"],
        [
            "10",
            "y",
            "ناموفق",
            "فروش",
            "پیگیری تایید",
            "1405/03/14",
            "1405/04/31",
            20,
            "قیمت",
            "کارشناس ۰۱",
            "0",
            "5",
            "",
        ],
        ["11", "z", "جاری", "فروش", "پیگیری تایید", "1405/03/15", "", 20, "", "کارشناس ۰۱", "2", "", ""],
    )
    _book(
        tmp_path / "فعالیت ها .xlsx",
        [
            *("کد فعالیت", "نوع فعالیت", "تاریخ برنامه ریزی شده اجرا فعالیت", "تاریخ انجام شدن فعالیت"),
            *("وضعیت اجرای فعالیت", "مسئول اجرا فعالیت", "کد اشخاص فعالیت", "کد شرکت های فعالیت", "کد معامله فعالیت"),
            "متن فعالیت",
        ],
        ["1", "تماس ورودی", "1405/03/13", "1405/03/13", "انجام شده", "  کارشناس ۰۱ ", "1", "", "9", "<p>متن&nbsp;</p>"],
        ["2", "تماس پیگیری", "1405/03/20", "", "انجام نشده", "کارشناس ۰۱", "1", "", "9", ""],
        ["3", "بازدید کارخانه", "1405/03/21", "1405/03/21", "انجام شده", "کارشناس ۰۲", "0", "5", "0", ""],
    )
    _book(
        tmp_path / "اشخاص.xlsx",
        [*("کد دیدار مشتری", "نام مشتری", "نام خانوادگی مشتری", "تلفن همراه مشتری", "ایمیل مشتری", "کد دیدار شرکت")],
        ["1", "نام", "خانوادگی", "0912 555 0101", "c0001@mail.example", "5"],
        ["2", "نام", "خانوادگی", "+98 912 555 0101", "", ""],
    )
    _book(
        tmp_path / "یاداشت ها.xlsx",
        ["یادداشت", "تاریخ برنامه ریزی یادداشت", "ثبت کننده یادداشت", "کد اشخاص یادداشت", "کد معامله یادداشت"],
        ["متن محرمانه", "1405/03/22", "کارشناس ۰۱", "2", "11"],
    )
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame.sort_values(["timestamp", "seq"])
    assert touchpoints.quality.balanced
    assert set(frame["source"]) == {"didar"}
    assert frame.groupby("deal")["activity"].agg(list).to_dict() == {
        "didar:9": ["Call received", "Deal created", "Deal: Won"],
        "didar:10": ["Deal created", "Deal: Lost"],
        "didar:11": ["Deal created", "Note"],
    }
    assert asides(touchpoints) == {("معاملات", "duplicate"): 1, ("فعالیت ها", "planned"): 1}
    lost = frame[frame["activity"] == "Deal: Lost"].iloc[0]
    assert (lost["outcome"], lost["reason"], lost["account"], lost["amount"]) == ("lost", "قیمت", "didar:5", 20)
    assert lost["timestamp"].tz_convert("Asia/Tehran").strftime("%Y-%m-%d") == "2026-07-22"
    assert pd.isna(lost["customer"])  # 0 is nobody
    assert set(frame["timestamp_quality"]) == {"date_only"}
    assert "بازدید کارخانه" in set(frame["activity"])
    # One telephone number, two records of a person.
    assert len(set(frame["customer"].dropna())) == 1
    everything = frame.to_csv() + "".join(each.to_csv() for each in touchpoints.objects.values())
    assert not [word for word in ("محرمانه", "خانوادگی", "mail.example", "5550101", "<p>") if word in everything]


def test_one_workbook_under_another_name_is_known_by_its_headers() -> None:
    activities = pd.DataFrame(
        {
            "نوع فعالیت": ["جلسه حضوری"],
            "وضعیت اجرای فعالیت": ["انجام شده"],
            "تاریخ انجام شدن فعالیت": ["۱۴۰۳/۱۲/۳۰"],  # 1403 is a leap year
            "کد اشخاص فعالیت": ["1"],
        }
    )
    touchpoints = read_crm({"export (3)": activities})
    assert touchpoints.frame["source"].tolist() == ["didar"]
    assert touchpoints.frame["timestamp"].dt.tz_convert("Asia/Tehran").dt.strftime("%Y-%m-%d").item() == "2025-03-20"
