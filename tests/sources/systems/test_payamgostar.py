"""Payamgostar: records as its API names them, and lists of its pages."""

import pandas as pd

from mining.sources import read_crm
from tests.telling import rules

ONE, TWO = "2022fbc6-b822-48a7-9586-091dff902212", "e816174e-3575-45c7-8c7b-855aff56a483"


def test_forms_of_the_api_in_its_own_spelling() -> None:
    forms = pd.DataFrame(
        {
            "CrmId": ["{" + ONE.upper() + "}", TWO],
            "CrmObjectTypeName": ["فرم نظرسنجی", "فرم خرید"],
            "CrmObjectTypeCode": ["survey", "purchase"],
            "CreatDate": ["2024-03-20T11:30:00+03:30", "2024-03-21T08:00:00"],
            "ModifyDate": ["2024-03-22T00:00:00", "2024-03-22T00:00:00"],
            "Stage": ["جدید", "تایید"],
            "IdentityId": [TWO.upper(), TWO],
            "Subject": ["محرمانه", "محرمانه"],
        }
    )
    touchpoints = read_crm({"export": forms})
    frame = touchpoints.frame.sort_values("timestamp")
    assert set(frame["source"]) == {"payamgostar"}
    assert frame["activity"].tolist() == ["Form: فرم نظرسنجی", "Form: فرم خرید"]
    assert set(frame["customer"]) == {f"payamgostar:{TWO}"}
    assert frame["record"].tolist() == [f"payamgostar:{ONE}", f"payamgostar:{TWO}"]
    # A time without an offset is of Tehran.
    assert frame["timestamp"].dt.strftime("%H:%M").tolist() == ["08:00", "04:30"]
    assert "محرمانه" not in frame.to_csv()


def test_lists_of_its_pages_in_jalali_dates(tmp_path) -> None:
    opportunities = "شناسه,موضوع,شناسه هویت,مرحله,وضعیت,تاریخ ایجاد,تاریخ بسته شدن,مسئول,مبلغ\n"
    opportunities += "1,x,500,مذاکره,موفق,1403/01/15,1403/02/01,کارشناس-۰۱,1000\n"
    opportunities += "2,y,501,مذاکره,باز,1403/01/16,1403/12/01,کارشناس-۰۱,\n"
    activities = "شناسه,شناسه هویت,نوع,تاریخ ایجاد,تاریخ انجام,تاریخ سررسید,وضعیت,انجام دهنده\n"
    activities += "7,500,تماس تلفنی,1403/01/14,1403/01/15 10:00,,انجام شده,کارشناس-۰۱\n"
    activities += "8,500,جلسه,1403/01/14,,1403/03/01,انجام نشده,کارشناس-۰۱\n"
    (tmp_path / "فرصت ها.csv").write_text(opportunities, "utf-8-sig")
    (tmp_path / "فعالیت ها.csv").write_text(activities, "utf-8-sig")
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame.sort_values(["timestamp", "seq"])
    assert set(frame["source"]) == {"payamgostar"}
    assert touchpoints.quality.balanced
    assert rules(touchpoints) == {"planned": 1}
    assert frame.groupby("customer")["activity"].agg(sorted).to_dict() == {
        "payamgostar:500": ["Call", "Deal created", "Deal: Won"],
        "payamgostar:501": ["Deal created"],
    }
    won = frame[frame["outcome"] == "won"].iloc[0]
    assert won["timestamp"].tz_convert("Asia/Tehran").strftime("%Y-%m-%d") == "2024-04-20"
    assert "present stage" in touchpoints.quality.lacks.to_csv()
