"""The words of a persona's card in English, Hebrew and Persian."""

from __future__ import annotations

from typing import Final

from mining._errors import MiningError

__all__ = ["ROWS", "card_words"]

ROWS: Final = ("size", "stands out", "typical journey", "channels", "tempo", "waits", "outcome", "say")
_WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "Personas", "size": "How many", "stands out": "What sets them apart",
        "typical journey": "A real journey",
        "channels": "Channels", "tempo": "Tempo", "waits": "Where they wait longer", "outcome": "Outcome",
        "say": "Where to talk to them, and about what", "customers": "{n} customers, {share} ({low} to {high})",
        "stability": "when other customers are drawn: {words}", "gap": "{hours} hours between touchpoints",
        "lasts": "{days} days a journey", "wait": "{step}: {hours} hours, of all {usual}",
        "reached": "{outcome}: {share} ({low} to {high})", "nothing": "nothing that chance would not show",
        "note": "Computed from the records; a real journey is that of the customer nearest to the middle.",
        "highly stable": "highly stable", "stable": "stable", "doubtful": "doubtful", "do not trust": "do not trust",
        "everyone": "everyone",
    },
    "he": {
        "title": "פרסונות", "size": "כמה", "stands out": "מה מייחד אותם", "typical journey": "מסע אמיתי",
        "channels": "ערוצים", "tempo": "קצב", "waits": "היכן הם ממתינים יותר", "outcome": "תוצאה",
        "say": "היכן לדבר איתם, ועל מה", "customers": "{n} לקוחות, {share} ({low} עד {high})",
        "stability": "כשדוגמים לקוחות אחרים: {words}", "gap": "{hours} שעות בין נקודות מגע",
        "lasts": "{days} ימים למסע", "wait": "{step}: {hours} שעות, אצל כולם {usual}",
        "reached": "{outcome}: {share} ({low} עד {high})", "nothing": "דבר שהמקרה לא היה מראה",
        "note": "מחושב מן הרשומות; מסע אמיתי הוא של הלקוח הקרוב ביותר לאמצע.",
        "highly stable": "יציבה מאוד", "stable": "יציבה", "doubtful": "מוטלת בספק", "do not trust": "אין לסמוך עליה",
        "everyone": "כולם",
    },
    "fa": {
        "title": "پرسوناها", "size": "چند نفر", "stands out": "چه چیزی آن‌ها را متمایز می‌کند",
        "typical journey": "یک سفر واقعی", "channels": "کانال‌ها", "tempo": "آهنگ", "waits": "کجا بیشتر منتظر می‌مانند",
        "outcome": "نتیجه", "say": "کجا و دربارهٔ چه با آن‌ها سخن بگوییم",
        "customers": "{n} مشتری، {share} ({low} تا {high})", "stability": "با مشتریان دیگر: {words}",
        "gap": "{hours} ساعت میان نقاط تماس", "lasts": "{days} روز برای هر سفر",
        "wait": "{step}: {hours} ساعت، برای همه {usual}", "reached": "{outcome}: {share} ({low} تا {high})",
        "nothing": "چیزی که تصادف نشان ندهد، نیست",
        "note": "از داده‌ها محاسبه شده؛ سفر واقعی از آنِ مشتری نزدیک به میانه است.",
        "highly stable": "بسیار پایدار", "stable": "پایدار", "doubtful": "مشکوک", "do not trust": "قابل اعتماد نیست",
        "everyone": "همه",
    },
}  # fmt: skip


def card_words(language: str) -> dict[str, str]:
    """Give the words of a language.

    Raises
    ------
    MiningError
        For another language than en, he and fa.
    """
    if language not in _WORDS:
        raise MiningError.unknown("language", language, list(_WORDS))
    return _WORDS[language]
