"""How a piece of work will be measured, in English, Hebrew and Persian."""

from __future__ import annotations

from typing import Final

from mining._errors import MiningError

__all__ = ["metric_said"]

_OTHER: Final = "deviation"
_METRICS: Final = {
    "en": {
        "long wait that goes with losses": "share lost of customers who waited longer than half of them do, {where}",
        "SLA missed": "share of times due that came late or never, {where}",
        "ping-pong": "share of customers whose matter goes to and fro, {where}",
        "sent to another channel": "share of customers who come again in the other channel, {where}",
        "drop-off": "share of customers who end there, {where}",
        "low scores": "share of customers who rate badly, {where}",
        _OTHER: "share of journeys that deviate, {where}",
    },
    "he": {
        "long wait that goes with losses": "שיעור האובדן בקרב לקוחות שחיכו יותר ממחציתם, {where}",
        "SLA missed": "שיעור הפעמים שבהן ההבטחה קוימה באיחור או לא קוימה, {where}",
        "ping-pong": "שיעור הלקוחות שעניינם נשלח הלוך ושוב, {where}",
        "sent to another channel": "שיעור הלקוחות ששבים בערוץ האחר, {where}",
        "drop-off": "שיעור הלקוחות שמסיימים שם, {where}",
        "low scores": "שיעור הלקוחות שנותנים ציון נמוך, {where}",
        _OTHER: "שיעור המסעות שסוטים, {where}",
    },
    "fa": {
        "long wait that goes with losses": "سهم از‌دست‌رفتگان میان مشتریانی که بیش از نیمی از آنان منتظر ماندند، {where}",
        "SLA missed": "سهم دفعاتی که دیر یا هرگز انجام نشد، {where}",
        "ping-pong": "سهم مشتریانی که کارشان رفت و برگشت می‌کند، {where}",
        "sent to another channel": "سهم مشتریانی که در کانال دیگر باز می‌آیند، {where}",
        "drop-off": "سهم مشتریانی که آنجا پایان می‌دهند، {where}",
        "low scores": "سهم مشتریانی که امتیاز پایین می‌دهند، {where}",
        _OTHER: "سهم سفرهایی که انحراف دارند، {where}",
    },
}


def metric_said(kind: str, where: str, language: str = "en") -> str:
    """Say what will be measured to know whether a pain was mended.

    Parameters
    ----------
    kind, where : str
        As in ``PainPoints.frame``.
    language : str
        ``en``, ``he`` or ``fa``. The place keeps its own words and direction.

    Returns
    -------
    str

    Raises
    ------
    MiningError
        For another language.

    Examples
    --------
    >>> metric_said("drop-off", "Quote")
    'share of customers who end there, Quote'
    """
    if language not in _METRICS:
        raise MiningError.unknown("language", language, list(_METRICS))
    template = _METRICS[language].get(kind, _METRICS[language][_OTHER])
    # A name from the data may hold braces.
    place = where if language == "en" else f"\N{FIRST STRONG ISOLATE}{where}\N{POP DIRECTIONAL ISOLATE}"
    return template.replace("{where}", place)
