"""Small exports of other systems and languages: HubSpot's own export, a Hebrew office, and an Iranian CRM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mining.examples.company import STAGES, agent
from mining.examples.phone import call_rows, local
from mining.examples.plan import World, happened

__all__ = ["write_variants"]

_CUSTOMERS = 60
_HEBREW_STAGES = {
    "New": "חדשה",
    "Qualified": "מתאימה",
    "Quote sent": "הצעת מחיר נשלחה",
    "Won": "נסגרה בהצלחה",
    "Lost": "אבדה",
    "Renewed": "חודשה",
}
_PERSIAN_STAGES = {
    "New": "جدید",
    "Qualified": "تایید نیاز",
    "Quote sent": "ارسال پیش فاکتور",
    "Won": "فروش",
    "Lost": "از دست رفته",
    "Renewed": "تمدید",
}
_PERSIAN_ACTIVITIES = {
    "Needs call": "تماس خروجی",
    "Call made": "تماس پیگیری",
    "Service call received": "تماس ورودی",
    "Demo": "جلسه حضوری",
    "Deal: Quote sent": "اعلام قیمت",
    "Email written": "ارسال پیام",
    "Deal: Won": "ثبت سفارش",
}
_PERSIAN_SOURCES = {
    "Paid search": "جستجوی اینترنتی",
    "Phone enquiry": "تماس تلفنی",
    "Social media": "شبکه های اجتماعی",
    "Trade fair": "نمایشگاه",
    "Referral": "معرفی مشتری",
}
_TO_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_TO_ARABIC_LETTERS = str.maketrans("یک", "يك")


def _deals(world: World) -> pd.DataFrame:
    """Build one row per deal: who, how much, the present stage, and when each stage was entered (seconds or NaN)."""
    plan = world.plan
    opened = plan[plan["activity"] == "Deal created"].sort_values(["at", "journey"])
    entered = plan[plan["activity"].isin([f"Deal: {label}" for label in STAGES])]
    when = entered.pivot_table(index="journey", columns="activity", values="at", aggfunc="max")
    deals = opened[["journey", "customer", "at", "actor"]].reset_index(drop=True)
    deals["deal"] = np.arange(len(deals)) + 9_500_001
    for label in STAGES:
        name = f"Deal: {label}"
        deals[label] = deals["journey"].map(when[name]) if name in when else np.nan
    latest = deals[list(STAGES)].fillna(-1).to_numpy().argmax(axis=1)
    deals["stage"] = np.array(list(STAGES), dtype=object)[latest]
    deals["closed"] = deals["Won"].fillna(deals["Lost"])
    deals["amount"] = (world.people["company_size"].to_numpy()[deals["customer"]] * 40 + 800).round(-1)
    return deals


def _spelt(times: pd.Series, form: str) -> np.ndarray:
    """Spell local times, with nothing where there is no time."""
    known = times.notna().to_numpy()
    text = np.full(len(times), "", dtype=object)
    text[known] = local(times[known].astype(np.int64), form)
    return text


def _write(path: Path, table: pd.DataFrame, encoding: str, *, separator: str = ",", ending: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = table.to_csv(index=False, sep=separator, lineterminator=ending)
    # Python's own "utf-16" would follow the machine's byte order.
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    path.write_bytes((mark + text).encode(encoding))
    return path


def _interface(folder: Path, world: World) -> list[Path]:
    """Write what HubSpot's own export button gives: one row per deal, stages as milestone columns."""
    deals = _deals(world)
    form = "%Y-%m-%d %H:%M"
    contact = world.people["contact"].to_numpy()[deals["customer"]]
    table = pd.DataFrame(
        {
            "Record ID": deals["deal"],
            "Deal Name": [f"Deal {number}" for number in deals["deal"]],
            "Deal Stage": deals["stage"],
            "Pipeline": "Sales Pipeline",
            "Deal owner": [agent(number) for number in deals["actor"]],
            "Amount": deals["amount"],
            "Create Date": _spelt(deals["at"], form),
            "Close Date": _spelt(deals["closed"], form),
            "Associated Contact IDs": contact,
        }
    )
    for label in list(STAGES)[1:]:
        table[f'Date entered "{label} (Sales Pipeline)"'] = _spelt(deals[label], form)
    people = world.people
    contacts = pd.DataFrame(
        {
            "Record ID": people["contact"],
            "Email": people["email"],
            "Phone Number": "+" + people["phone"],
            "Industry": people["industry"],
            "Country/Region": people["country"],
            "Company size": people["company_size"],
            "Original Source": people["lead_source"],
        }
    )
    return [
        _write(folder / "hubspot-deals.csv", table, "utf-8-sig"),
        _write(folder / "hubspot-contacts.csv", contacts, "utf-8-sig"),
    ]


def _hebrew(folder: Path, world: World) -> list[Path]:
    """Write deals in the Windows code page for Hebrew, and calls in UTF-16 with tabs."""
    deals = _deals(world)
    form = "%d/%m/%Y %H:%M"
    status = np.where(deals["Lost"].notna(), "הפסד", np.where(deals["Won"].notna(), "נסגר בהצלחה", "פתוחה"))
    table = pd.DataFrame(
        {
            "מזהה רשומה": deals["deal"],
            "שם העסקה": [f"עסקה {number}" for number in deals["deal"]],
            "שלב העסקה": deals["stage"].map(_HEBREW_STAGES),
            "סטטוס": status,
            "בעלים": [f"נציג-{number:02d}" for number in deals["actor"]],
            "סכום": deals["amount"],
            "תאריך יצירה": _spelt(deals["at"], form),
            "תאריך סגירה": _spelt(deals["closed"], form),
            "מזהה איש קשר": world.people["contact"].to_numpy()[deals["customer"]],
        }
    )
    for label in list(STAGES)[1:]:
        table[f'תאריך כניסה לשלב "{_HEBREW_STAGES[label]}"'] = _spelt(deals[label], form)
    calls = call_rows(world)
    results = {"answered": "נענתה", "abandoned": "ננטשה", "voicemail": "תא קולי"}
    exchange = pd.DataFrame(
        {
            "מזהה שיחה": [f"ש{number:05d}" for number in range(len(calls))],
            "התחלה": local(calls["at"], "%d/%m/%Y %H:%M:%S"),
            "סיום": local(calls["end"], "%d/%m/%Y %H:%M:%S"),
            "כיוון": np.where(calls["activity"] == "Service call made", "יוצאת", "נכנסת"),
            "מספר": calls["number_spelt"],
            "נציג": [f"נציג-{number:02d}" for number in calls["actor"]],
            "תור": np.where(calls["mark"] == "Service", "שירות", "בירורים"),
            "תוצאה": calls["result"].map(results),
            "שניות המתנה": calls["waiting"],
        }
    )
    return [
        _write(folder / "deals.csv", table, "cp1255", ending="\r\n"),
        _write(folder / "calls.txt", exchange, "utf-16-le", separator="\t", ending="\r\n"),
    ]


def _jalali(times: pd.Series) -> list[str]:
    """Spell days of the Persian calendar as ``1405/03/13``, with nothing where there is no time."""
    # persiantools is needed for nothing else here.
    from persiantools.jdatetime import JalaliDate

    days = pd.to_datetime(times, unit="s", utc=True).dt.tz_convert("Asia/Tehran").dt.date
    spelt = {day: JalaliDate(day).strftime("%Y/%m/%d") for day in days.dropna().unique()}
    return [spelt.get(day, "") for day in days]


def _persian(folder: Path, world: World) -> list[Path]:
    """Write activities with Persian digits in UTF-8, and deals in the Windows code page for Arabic."""
    deals = _deals(world)
    return [
        _write(folder / "activities.csv", _persian_activities(world, deals), "utf-8-sig"),
        _write(folder / "deals.csv", _persian_deals(world, deals), "cp1256", ending="\r\n"),
    ]


def _persian_activities(world: World, deals: pd.DataFrame) -> pd.DataFrame:
    """Build planned and done activities in one table, as the CRM keeps them."""
    plan = world.plan
    rows = plan[plan["activity"].isin(_PERSIAN_ACTIVITIES)].sort_values(["at", "journey"]).reset_index(drop=True)
    # The last few were planned and never done.
    done = np.arange(len(rows)) < len(rows) - 6
    day = [text.translate(_TO_PERSIAN_DIGITS) for text in _jalali(rows["at"])]
    deal = rows["journey"].map(deals.set_index("journey")["deal"]).astype("Int64").astype(object)
    people = world.people.iloc[rows["customer"]]
    return pd.DataFrame(
        {
            "کد فعالیت": np.arange(len(rows)) + 1,
            "نوع فعالیت": rows["activity"].map(_PERSIAN_ACTIVITIES),
            "تاریخ برنامه ریزی شده اجرا فعالیت": day,
            "تاریخ انجام شدن فعالیت": np.where(done, day, ""),
            "وضعیت اجرای فعالیت": np.where(done, "انجام شده", "انجام نشده"),
            "مسئول اجرا فعالیت": [f"کارشناس {number:02d}".translate(_TO_PERSIAN_DIGITS) for number in rows["actor"]],
            "کد اشخاص فعالیت": people["contact"].to_numpy(),
            "کد شرکت های فعالیت": people["account"].to_numpy(),
            "کد معامله فعالیت": deal.where(deal.notna(), ""),
            "متن فعالیت": "<p>پیگیری&nbsp;مشتری</p>",
        }
    )


def _persian_deals(world: World, deals: pd.DataFrame) -> pd.DataFrame:
    """Build one row per product line of a deal; the code page has no Persian digits, yeh or kaf."""
    people = world.people.iloc[deals["customer"]]
    table = pd.DataFrame(
        {
            "کد دیدار معامله": deals["deal"],
            "عنوان معامله": [f"معامله {number}" for number in deals["deal"]],
            "کاریز معامله": "فروش",
            "مرحله کاریز معامله": deals["stage"].map(_PERSIAN_STAGES),
            "وضعیت معامله": np.where(deals["Lost"].notna(), "ناموفق", np.where(deals["Won"].notna(), "موفق", "جاری")),
            "تاریخ ایجاد معامله": _jalali(deals["at"]),
            "تاریخ انجام معامله": _jalali(deals["closed"]),
            "ارزش معامله": deals["amount"],
            "دلیل شکست معامله": np.where(deals["Lost"].notna(), "قیمت", ""),
            "شیوه آشنایی معامله": people["lead_source"].map(_PERSIAN_SOURCES).to_numpy(),
            "مسئول معامله": [f"کارشناس {number:02d}" for number in deals["actor"]],
            "کد دیدار شخص معامله": people["contact"].to_numpy(),
            "کد دیدار شرکت معامله": people["account"].to_numpy(),
            "نام محصول": "اشتراک",
        }
    )
    second = table.iloc[::5].assign(**{"نام محصول": "پشتیبانی"})
    table = pd.concat([table, second]).sort_values("کد دیدار معامله", kind="stable", ignore_index=True)
    table.columns = table.columns.str.translate(_TO_ARABIC_LETTERS)
    return table.map(lambda cell: cell.translate(_TO_ARABIC_LETTERS) if isinstance(cell, str) else cell)


def write_variants(folder: Path | str, *, seed: int = 7) -> tuple[Path, ...]:
    """Write small exports of other systems and languages, each of 60 customers.

    ``acme-ui`` is HubSpot's own export (one row per deal, stages as milestone columns); ``acme-he`` a Hebrew office
    (deals in cp1255, calls in UTF-16 with tabs); ``acme-fa`` an Iranian CRM with days of the Jalali calendar
    (activities in UTF-8 with a byte order mark and Persian digits, deals in cp1256 with Arabic yeh and kaf, one row per
    product line; that code page has no Persian digits, so the deals' days are in ASCII digits).

    Parameters
    ----------
    folder : path-like
        Where to write; made where it is missing.
    seed : int
        Seed of everything that is drawn.

    Returns
    -------
    tuple of pathlib.Path
        The files that were written.
    """
    folder = Path(folder)
    written = []
    for place, (name, write) in enumerate({"acme-ui": _interface, "acme-he": _hebrew, "acme-fa": _persian}.items()):
        written += write(folder / name, happened(_CUSTOMERS, seed + 1 + place))
    return tuple(written)
