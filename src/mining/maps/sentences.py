"""What was found, as sentences in English, Hebrew and Persian: one template per kind, filled with the same facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from mining._errors import MiningError
from mining.maps.phrases import span_said

__all__ = ["Hours", "Sentence", "Share", "percents", "spell", "write"]


class Share(NamedTuple):
    """A share, 0 to 1, with its interval where it has one."""

    share: float
    low: float = float("nan")
    high: float = float("nan")


class Hours(NamedTuple):
    """A span."""

    hours: float


Fact: TypeAlias = "str | int | Share | Hours"


@dataclass(frozen=True)
class Sentence:
    """A kind of finding, and the facts that its template is filled with: names from the data, counts, shares, spans."""

    kind: str
    facts: tuple[tuple[str, Fact], ...]


def write(kind: str, **facts: Fact) -> tuple[Sentence, ...]:
    """Write one sentence; sentences are added to each other like tuples."""
    return (Sentence(kind, tuple(facts.items())),)


def spell(sentences: Iterable[Sentence], language: str = "en") -> str:
    """Spell sentences out in a language.

    Parameters
    ----------
    sentences : iterable of Sentence
        In their order.
    language : str
        ``en``, ``he`` or ``fa``.

    Returns
    -------
    str
        With digits of the language; names from the data keep their own direction.

    Raises
    ------
    MiningError
        For another language.
    """
    if language not in _TEMPLATES:
        raise MiningError.unknown("language", language, list(_TEMPLATES))
    return " ".join(
        _TEMPLATES[language][each.kind].format(**{name: _said(fact, language) for name, fact in each.facts})
        for each in sentences
    )


def percents(share: float, low: float | None = None, high: float | None = None) -> str:
    """Say a share as a percentage, with its interval.

    Examples
    --------
    >>> percents(0.4), percents(0.4, 0.333, 0.47)
    ('40 %', '40 % (33-47)')
    """
    if low is None or high is None or np.isnan(low) or np.isnan(high):
        return f"{100 * share:.0f} %"
    return f"{100 * share:.0f} % ({100 * low:.0f}-{100 * high:.0f})"


def _said(fact: Fact, language: str) -> str:
    if isinstance(fact, str):
        named = _NAMED[language].get(fact, fact)
        return named if language == "en" else f"\N{FIRST STRONG ISOLATE}{named}\N{POP DIRECTIONAL ISOLATE}"
    if isinstance(fact, int):
        text = f"{fact:,}"
    elif isinstance(fact, Share):
        text = percents(*fact)
        text = text if language == "en" else f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"
    else:
        text = span_said(fact.hours, _SPANS[language])
    return text.translate(_DIGITS) if language == "fa" else text


_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_SPANS: Final = {"en": ("min", "h", "days"), "he": ("דקות", "שעות", "ימים"), "fa": ("دقیقه", "ساعت", "روز")}
# Words of ours that stand where otherwise names from the data do.
_NAMED: Final[dict[str, dict[str, str]]] = {
    "en": {},
    "he": {
        "the mix of channels": "כלל הערוצים", "other teams": "צוותים אחרים", "other channels": "ערוצים אחרים",
        "10 % tolerated": "10 % הנסבלים", "all other pairs of teams": "כל שאר זוגות הצוותים",
    },
    "fa": {
        "the mix of channels": "مجموع کانال‌ها", "other teams": "تیم‌های دیگر", "other channels": "کانال‌های دیگر",
        "10 % tolerated": "۱۰ ٪ پذیرفته", "all other pairs of teams": "همهٔ جفت‌های دیگر تیم‌ها",
    },
}  # fmt: skip
_TEMPLATES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "SLA missed": "{step} came later than {limit} after {after}, or not at all, in {share} of {n_due} cases of "
        "{n} customers.",
        "ping-pong": "{team} and {other_team} send a matter to and fro: it came back to one of them for {share} of the "
        "{n} customers both dealt with, against {other} ({against}).",
        "ratings after ping-pong": "Of {n} customers who rated after it, {share} were dissatisfied; of others {other}.",
        "sent to another channel": "{share} of {n} customers who asked by {channel} had to come again by "
        "{next_channel} soon after; after {third}, which leads there most often otherwise, it is {other}.",
        "drop-off": "{share} of {n} customers who first came by {channel} end at {stage}, against {other} of those who "
        "came another way.",
        "low scores": "{share} of {n} customers rated badly after {place}, against {other} after {others}.",
        "long wait that goes with losses": "Of {n} customers who waited longer than {limit} from {first} to {second}, "
        "{share} were lost, against {other} of {n_less} who waited less; going together does not say what causes what.",
        "deviation: skipped": "{step} is skipped in {share} of {n} journeys ({touched} customers).",
        "deviation: added": "{step} is added to {share} of {n} journeys ({touched} customers).",
        "deviation: out of order": "{step} comes out of order in {share} of {n} journeys ({touched} customers).",
        "deviation: wrong channel": "{step} happens in another channel in {share} of {n} journeys "
        "({touched} customers).",
        "deviation: wrong actor": "{step} is done by somebody else in {share} of {n} journeys ({touched} customers).",
    },
    "he": {
        "SLA missed": "{step} בא יותר מ־{limit} אחרי {after}, או לא בא כלל, ב־{share} מתוך {n_due} מקרים של {n} "
        "לקוחות.",
        "ping-pong": "{team} ו־{other_team} מעבירים עניין הלוך ושוב: הוא חזר לאחד מהם אצל {share} מתוך {n} הלקוחות "
        "ששניהם טיפלו בהם, לעומת {other} ({against}).",
        "ratings after ping-pong": "מתוך {n} לקוחות שדירגו אחריו, {share} היו לא מרוצים; מן האחרים {other}.",
        "sent to another channel": "{share} מתוך {n} לקוחות שפנו ב־{channel} נאלצו לפנות שוב ב־{next_channel} זמן קצר "
        "אחר כך; אחרי {third}, שמוביל לשם לרוב מלבדו, השיעור הוא {other}.",
        "drop-off": "{share} מתוך {n} לקוחות שבאו תחילה דרך {channel} מסיימים בשלב {stage}, לעומת {other} מאלה שבאו "
        "בדרך אחרת.",
        "low scores": "{share} מתוך {n} לקוחות דירגו גרוע אחרי {place}, לעומת {other} אחרי {others}.",
        "long wait that goes with losses": "מתוך {n} לקוחות שהמתינו יותר מ־{limit} מ־{first} עד {second}, {share} "
        "אבדו, לעומת {other} מתוך {n_less} שהמתינו פחות; הליכה יחד אינה אומרת מה גורם למה.",
        "deviation: skipped": "{step} מדולג ב־{share} מתוך {n} מסעות ({touched} לקוחות).",
        "deviation: added": "{step} נוסף ב־{share} מתוך {n} מסעות ({touched} לקוחות).",
        "deviation: out of order": "{step} בא שלא לפי הסדר ב־{share} מתוך {n} מסעות ({touched} לקוחות).",
        "deviation: wrong channel": "{step} קורה בערוץ אחר ב־{share} מתוך {n} מסעות ({touched} לקוחות).",
        "deviation: wrong actor": "{step} נעשה בידי מישהו אחר ב־{share} מתוך {n} מסעות ({touched} לקוחות).",
    },
    "fa": {
        "SLA missed": "{step} در {share} از {n_due} مورد از {n} مشتری دیرتر از {limit} پس از {after} آمد، یا هرگز "
        "نیامد.",
        "ping-pong": "{team} و {other_team} کار را پس و پیش می‌فرستند: نزد {share} از {n} مشتری که با هر دو سروکار "
        "داشتند به یکی از آن‌ها بازگشت، در برابر {other} ({against}).",
        "ratings after ping-pong": "از {n} مشتری که پس از آن امتیاز دادند {share} ناراضی بودند؛ از دیگران {other}.",
        "sent to another channel": "{share} از {n} مشتری که از راه {channel} پرسیدند ناچار شدند اندکی بعد دوباره از "
        "راه {next_channel} بیایند؛ پس از {third}، که جز آن بیش از همه به آنجا می‌رسد، {other} است.",
        "drop-off": "{share} از {n} مشتری که نخست از راه {channel} آمدند در {stage} پایان می‌دهند، در برابر {other} از "
        "کسانی که از راه دیگری آمدند.",
        "low scores": "{share} از {n} مشتری پس از {place} امتیاز بد دادند، در برابر {other} پس از {others}.",
        "long wait that goes with losses": "از {n} مشتری که از {first} تا {second} بیش از {limit} منتظر ماندند {share} "
        "از دست رفتند، در برابر {other} از {n_less} که کمتر منتظر ماندند؛ همراهی نمی‌گوید چه چیزی علت چیست.",
        "deviation: skipped": "{step} در {share} از {n} سفر رد می‌شود ({touched} مشتری).",
        "deviation: added": "{step} در {share} از {n} سفر افزوده می‌شود ({touched} مشتری).",
        "deviation: out of order": "{step} در {share} از {n} سفر خارج از ترتیب می‌آید ({touched} مشتری).",
        "deviation: wrong channel": "{step} در {share} از {n} سفر در کانالی دیگر رخ می‌دهد ({touched} مشتری).",
        "deviation: wrong actor": "{step} در {share} از {n} سفر به دست کسی دیگر انجام می‌شود ({touched} مشتری).",
    },
}
