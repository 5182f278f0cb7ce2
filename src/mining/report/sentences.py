"""What the page says in sentences: three at its top, some over its sections, what made it, and its limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from mining._statistics import SMALLEST_CELL
from mining.discovery import Discovery
from mining.maps import PainPoints, Voices
from mining.personas import IdealCustomers
from mining.report.runs import Changes
from mining.report.study import Study
from mining.report.words import Words

__all__ = ["colophon", "said", "summary_of"]


def summary_of(study: Study, words: Words) -> list[tuple[str, str]]:
    """Say it in three sentences, each with the section it comes from: what was read, what is done, where it hurts."""
    journeys, flow = study.journeys, study.discovery.variants.frame
    tables = study.touchpoints.quality.frame.drop_duplicates(["source", "table", "file"])
    span = journeys.portraits()
    read = words.say(
        "read",
        touchpoints=journeys.log.n_touchpoints,
        customers=journeys.n_customers,
        journeys=len(journeys),
        case=journeys.case,
        first=span["started"].min(),
        last=span["ended"].max(),
        used=int(tables["rows_used"].sum()),
        rows=int(tables["rows_in"].sum()),
    )
    done = "deviations" if study.deviations is not None else "flow"
    hurts = "pains" if study.pains is not None else ""
    return [(read, "quality"), (_path_or_conformance(study, words, flow), done), (_pain(study, words), hurts)]


def colophon(words: Words, study: Study | None, version: str) -> str:
    """Say what made the page, out of what."""
    sources = sorted(study.touchpoints.frame["source"].unique()) if study else ["-"]
    return words.say("version", version=version, sources=", ".join(map(str, sources)))


def said(result: object, words: Words, study: Study | None) -> list[str]:
    """Say what a result shows, where its pictures and tables want a sentence."""
    if isinstance(result, Discovery) and study is not None:
        return _path(study, words, result.variants.frame)
    return next((say(result, words) for kind, say in _SAID.items() if isinstance(result, kind)), [])


def _path_or_conformance(study: Study, words: Words, variants: pd.DataFrame) -> str:
    if study.deviations is not None:
        verdicts = study.deviations.verdicts.set_index("verdict")
        return words.say(
            "conforming",
            share=words.share(verdicts["share"]["conforming"]),
            n=len(study.journeys),
            low=words.share(verdicts["share_low"]["conforming"]),
            high=words.share(verdicts["share_high"]["conforming"]),
            deviating=words.share(verdicts["share"]["deviating"]),
            left=words.share(verdicts["share"]["left early"]),
            running=int(verdicts["n_journeys"]["still running"]),
        )
    return _path(study, words, variants)[0]


def _path(study: Study, words: Words, variants: pd.DataFrame) -> list[str]:
    top = variants.iloc[0]
    n, share = len(study.journeys), words.share(top["share"])
    return [words.say("path", path=top["variant"], share=share, n=n, variants=len(variants))]


def _pain(study: Study, words: Words) -> str:
    if study.pains is None or study.pains.frame.empty:
        tested = 0 if study.pains is None else len(study.pains.tested)
        return words.say("painless", tested=tested)
    return words.say("pain", evidence=study.pains.told(words.language)[0])


def _ranked(result: PainPoints, words: Words) -> list[str]:
    ranked = zip(result.frame["rank"].astype(int).tolist(), result.told(words.language), strict=True)
    return [words.ours(f"{words.number(rank)}. {sentence}") for rank, sentence in ranked]


def _changed(result: Changes, words: Words) -> list[str]:
    spans = {"before": result.before, "now": result.now}
    return [words.say("changes", n=result.n_changed, of=len(result.frame), **spans)]


def _heard(result: Voices, words: Words) -> list[str]:
    told = []
    scored = {"voices": None if result.scores.empty else result.scores.iloc[0], "voices_lowest": result.lowest}
    for sentence, row in scored.items():
        if row is not None:
            bounds = {name: words.share(row[name]) for name in ("mean", "low", "high")}
            n, customers = int(row["n_scores"]), int(row["n_customers"])
            told.append(words.say(sentence, n=n, customers=customers, stage=row["which"], **bounds))
    if len(result.reasons):
        top = result.reasons.iloc[0]
        k, customers = int(top["n_customers"]), result.n_customers
        told.append(words.say("voices_reason", reason=top["reason"], k=k, customers=customers))
    return told


def _limits(study: Study, words: Words) -> list[str]:
    journeys = study.journeys
    running = int(np.count_nonzero(journeys.unfinished()))
    share, last = words.share(running / len(journeys)), journeys.observed_until
    told = [words.say("unfinished", n=running, share=share, last=last)]
    if journeys.unlinked:
        told.append(words.say("unlinked", n=journeys.unlinked, case=journeys.case))
    told.append(words.say("design", name=study.design.name) if study.design else words.say("undesigned"))
    for question, reason in study.unanswered.items():
        told.append(words.say("unanswered", question=words.sections.get(question, question), reason=reason))
    return [*told, words.say("masked", n=SMALLEST_CELL)]


_SAID: Final[dict[type, Callable[[Any, Words], list[str]]]] = {
    Study: _limits,
    PainPoints: _ranked,
    IdealCustomers: lambda result, _: [result.sentence],
    Voices: _heard,
    Changes: _changed,
}
