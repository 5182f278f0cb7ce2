"""Exports with Persian headers of no system in particular: Jalali dates, Arabic letters, Persian digits."""

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import rules

ACTIVITIES = """شناسه,نوع فعالیت,تاریخ انجام,ساعت,وضعیت,کد مشتری,کارشناس,سررسید
۱,تماس ورودی,۱۴۰۲/۱۲/۲۹,۰۹:۳۰,انجام شده,M-1,کارشناس-۰۱,
۲,پیش‌فاکتور,۱۴۰۳/۰۱/۰۵,۱۰:۰۰,انجام شده,M-1,کارشناس-۰۱,
۳,جلسه,۱۴۰۳/۰۱/۱۰,۱۰:۰۰,انجام نشده,M-1,کارشناس-۰۱,۱۴۰۳/۰۱/۱۰
۴,جلسه,۱۴۰۳/۰۲/۳۱,۱۰:۰۰,انجام شده,M-2,کارشناس-۰۱,
۵,جلسه,۱۴۰۲/۱۲/۳۰,۱۰:۰۰,انجام شده,M-2,کارشناس-۰۱,
۶,تماس خروجی,۱۴۰۳/۰۳/۰۱,۱۱:۰۰,لغو شده,M-2,کارشناس-۰۱,
"""


def test_jalali_activities_in_persian_digits(tmp_path) -> None:
    (tmp_path / "خروجی.csv").write_text(ACTIVITIES, "utf-8")
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame.sort_values("timestamp")
    assert set(frame["source"]) == {"persian-crm"}
    assert touchpoints.quality.balanced
    # 1402 has no 30 Esfand.
    assert rules(touchpoints) == {"planned": 1, "cancelled": 1, "unreadable timestamp": 1}
    assert frame["activity"].tolist() == ["Call received", "Quote sent", "Meeting"]
    assert frame["timestamp"].dt.strftime("%Y-%m-%d %H:%M").tolist() == [
        *("2024-03-19 06:00", "2024-03-24 06:30", "2024-05-20 06:30")
    ]
    assert frame["customer"].tolist() == ["persian-crm:M-1", "persian-crm:M-1", "persian-crm:M-2"]


def test_arabic_keyboards_write_the_same_words(tmp_path) -> None:
    arabic = ACTIVITIES.translate({ord("ی"): "ي", ord("ک"): "ك", ord("\u200c"): " "})
    arabic = arabic.translate({0x06F0 + value: str(value) for value in range(10)})
    (tmp_path / "export.csv").write_bytes(arabic.encode("cp1256"))
    touchpoints = read_crm(tmp_path)
    assert set(touchpoints.quality.files["encoding"]) == {"cp1256"}
    assert sorted(touchpoints.frame["activity"]) == ["Call received", "Meeting", "Quote sent"]


@pytest.mark.parametrize(
    ("opened", "closed"), [("1403/01/15", "1403/02/01"), ("2024-04-03", "2024-04-20"), ("۱۴۰۳-۰۱-۱۵", "۱۴۰۳-۰۲-۰۱")]
)
def test_deals_in_either_calendar_close_by_their_status(opened, closed) -> None:
    deals = pd.DataFrame(
        {
            "کد معامله": ["1", "2", "3"],
            "عنوان معامله": ["x", "y", "z"],
            "مرحله": ["مذاکره", "مذاکره", "مذاکره"],
            "وضعیت": ["موفق", "ناموفق", "جاری"],
            "تاریخ ثبت": [opened] * 3,
            "تاریخ پایان": [closed] * 3,
            "علت شکست": ["", "قیمت", ""],
            "مبلغ": ["12,000,000", "5", ""],
            "واحد پول": ["ریال", "تومان", ""],
            "تلفن همراه": ["0912 555 0101", "+98 912 555 0101", "09125550102"],
        }
    )
    touchpoints = read_crm({"گزارش": deals})
    frame = touchpoints.frame
    assert set(frame["source"]) == {"persian-crm"}
    assert frame.sort_values(["timestamp", "seq"]).groupby("deal")["activity"].agg(list).to_dict() == {
        "persian-crm:1": ["Deal created", "Deal: Won"],
        "persian-crm:2": ["Deal created", "Deal: Lost"],
        "persian-crm:3": ["Deal created"],
    }
    local = frame["timestamp"].dt.tz_convert("Asia/Tehran").dt.strftime("%Y-%m-%d")
    assert set(local) == {"2024-04-03", "2024-04-20"}
    assert frame.groupby("deal")["currency"].first().tolist()[:2] == ["IRR", "IRT"]
    assert len(set(frame.loc[frame["deal"] != "persian-crm:3", "customer"])) == 1
    assert frame["customer"].nunique() == 2
    assert "Rials or Tomans" in touchpoints.quality.lacks["costs"].iloc[0]


def test_calls_and_contacts(tmp_path) -> None:
    calls = "شناسه تماس,نوع تماس,زمان شروع,مدت,شماره تلفن,اپراتور,نتیجه\n"
    calls += "1,ورودی,1403/05/01 10:00,00:02:30,09125550101,204,پاسخ داده شده\n"
    calls += "2,خروجی,1403/05/01 11:00,0,09125550101,204,اشغال\n3,ورودی,1403/05/01 12:00,5,ناشناس,204,بی پاسخ\n"
    (tmp_path / "گزارش.csv").write_text(calls, "utf-8-sig")
    (tmp_path / "دفتر.csv").write_text("کد مشتری,ایمیل,موبایل\nM-1,c0001@mail.example,09125550101\n", "utf-8-sig")
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert set(frame["source"]) == {"persian-crm"}
    assert rules(touchpoints) == {"nobody it belongs to": 1}
    assert frame["activity"].tolist() == ["Call received", "Call made"]
    assert frame["outcome"].tolist() == ["connected", "busy"]
    assert set(frame["customer"]) == {"persian-crm:M-1"}
    assert (frame["end_timestamp"] - frame["timestamp"]).dt.total_seconds().tolist() == [150, 0]
