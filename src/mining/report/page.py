"""Lay results out as one self-contained page: no network, no server, one script that only hides and shows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from mining import __version__
from mining._errors import MiningError
from mining._files import write_whole
from mining.report.config import LANGUAGES
from mining.report.exhibits import Section
from mining.report.sections import anchor_of, section_of
from mining.report.sentences import colophon, summary_of
from mining.report.study import Study
from mining.report.words import Words, spoken

__all__ = ["write_report"]


def write_report(path: Path | str, *results: object, title: str | None = None, language: str = "en") -> Path:
    """Write results as one HTML page that opens anywhere, offline.

    Parameters
    ----------
    path : Path or str
        The file to write, whole or not at all.
    *results : object
        Any results of this library, in the order wanted; or one `Study`, which gives all of them and the summary.
    title : str, optional
        The page's heading.
    language : str
        ``en``, ``he`` or ``fa``: the words around the numbers, and the direction of the page.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    MiningError
        For an unknown language, or where there is nothing to show.
    """
    if language not in LANGUAGES:
        raise MiningError.unknown("language", language, LANGUAGES)
    words = spoken(language)
    summary: list[tuple[str, str]] = []
    sections: list[Section] = []
    made_by = colophon(words, None, __version__)
    given = [
        (each, [answer for _, answer in each.results()] if isinstance(each, Study) else [each]) for each in results
    ]
    anchors = {anchor_of(answer) for _, answers in given for answer in answers}
    for result, answers in given:
        if isinstance(result, Study):
            answered = [section_of(answer, words, result, anchors) for answer in answers]
            summary += summary_of(result, words)
            sections += [*answered, section_of(result, words, result)]
            title, made_by = title or result.config.title, colophon(words, result, __version__)
        else:
            sections.append(section_of(result, words, None, anchors))
    if not sections:
        raise MiningError.empty("The report", "no results were given: pass journeys, flow, deviations, ... or a Study.")
    said = {"title": title or "", "summary": summary, "sections": sections, "colophon": made_by}
    return write_whole(path, _rendered(words, said).encode())


def _rendered(words: Words, said: Mapping[str, object]) -> str:
    text = files("mining.report").joinpath("templates", "page.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    script = files("mining.report").joinpath("templates", "page.js").read_text(encoding="utf-8")
    # The page may run these words and no others, whatever comes from the data.
    hashed = b64encode(sha256(script.encode()).digest()).decode()
    ours = {"script": Markup(script), "script_hash": Markup(hashed)}  # noqa: S704 - nothing of it is data
    page: str = environment.from_string(text).render(words=words, **ours, **said)
    return page
