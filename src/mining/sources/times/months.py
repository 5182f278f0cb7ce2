"""Words that exports write in dates: months and days of the week, morning and afternoon, in ten languages."""

from __future__ import annotations

from functools import cache

from mining.sources.fold import fold

__all__ = ["HALVES", "is_afternoon", "is_weekday", "month_of"]

# One line per language and width, January first. A word that two languages share means the same month in both.
_GREGORIAN = """
january february march april may june july august september october november december
jan feb mar apr may jun jul aug sep oct nov dec
januar februar märz april mai juni juli august september oktober november dezember
jän febr mär apr mai jun jul aug sept okt nov dez
jänner feber mrz apr mai jun jul aug sep okt nov dez
januari februari maart april mei juni juli augustus september oktober november december
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
janv févr mars avr mai juin juil août sept oct nov déc
jan fév mar avr mai juin juil aou sep oct nov dec
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
ene feb mar abr may jun jul ago sept oct nov dic
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
jan fev mar abr mai jun jul ago set out nov dez
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
gen feb mar apr mag giu lug ago set ott nov dic
январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
янв фев мар апр мая июн июл авг сен окт ноя дек
янв февр март апр май июнь июль авг сент окт нояб дек
ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר
ינו פבר מרס אפר מאי יונ יול אוג ספט אוק נוב דצמ
בינואר בפברואר במרץ באפריל במאי ביוני ביולי באוגוסט בספטמבר באוקטובר בנובמבר בדצמבר
בינו בפבר במרס באפר במאי ביונ ביול באוג בספט באוק בנוב בדצמ
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
يناير فبراير مارس ابريل مايو يونيه يوليه اغسطس سبتمبر اكتوبر نوفمبر ديسمبر
ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر
ژانویه فوریه مارس آپریل می جون جولای آگوست سپتامبر اکتبر نوامبر دسامبر
"""
_JALALI = """
فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند
فروردین اردیبهشت خرداد تیر امرداد شهریور مهر ابان اذر دی بهمن اسفند
"""
_WEEKDAYS = """
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim
lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom
segunda terça quarta quinta sexta seg ter qua qui sex segunda-feira terça-feira quarta-feira quinta-feira sexta-feira
lunedì martedì mercoledì giovedì venerdì sabato domenica gio
понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс
ראשון שני שלישי רביעי חמישי שישי שבת
دوشنبه سه_شنبه چهارشنبه پنجشنبه پنج_شنبه جمعه شنبه یکشنبه یک_شنبه چهار_شنبه دو_شنبه
الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد
"""
_AFTERNOON = frozenset(("pm", 'אחה"צ', "אחריהצהריים", "بظ", "بعدازظهر", "م", "مساء"))
# Marks of either half of the day, with or without points and blanks between the letters.
HALVES = (
    r"""[AaPp]\.?\s?[Mm]\b\.?|[אל]\w{2,4}"צ|(?:לפני|אחרי|קודם)\sהצהריים|"""
    r"""[قب]\.?\s?ظ\b\.?|(?:قبل|بعد)\s?از\s?ظهر|صباحا|مساء|[صم]\b"""
)


@cache
def _known() -> tuple[dict[str, tuple[int, str]], frozenset[str]]:
    months: dict[str, tuple[int, str]] = {}
    for calendar, lines in (("gregorian", _GREGORIAN), ("jalali", _JALALI)):
        for line in lines.split("\n"):
            months |= {fold(word): (place, calendar) for place, word in enumerate(line.split(), start=1)}
    return months, frozenset(fold(word).replace("_", " ") for word in _WEEKDAYS.split())


def month_of(word: str) -> tuple[int, str]:
    """Say which month of which calendar a word names; (0, "") when it names none.

    Examples
    --------
    >>> month_of("Mar"), month_of("اسفند"), month_of("soon")
    ((3, 'gregorian'), (12, 'jalali'), (0, ''))
    """
    return _known()[0].get(fold(word), (0, ""))


def is_weekday(word: str) -> bool:
    """Say whether a word names a day of the week.

    Examples
    --------
    >>> is_weekday("Tue"), is_weekday("until")
    (True, False)
    """
    bare = fold(word)
    return bare in _known()[1] or bare.removeprefix("יום ") in _known()[1]


def is_afternoon(mark: str) -> bool:
    """Say whether a mark of the half of the day means the second half."""
    return fold(mark).replace(".", "").replace(" ", "") in _AFTERNOON
