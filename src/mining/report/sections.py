"""What each kind of result looks like on the page: a heading, a few sentences, pictures and tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from mining._draw import html_table
from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.design import Deviations
from mining.discovery import Discovery
from mining.journeys import Journeys
from mining.journeys.in_place import JourneysInPlace
from mining.maps import (
    Candidates,
    Engagement,
    Gains,
    JourneyMap,
    KeyProcesses,
    Leads,
    PainPoints,
    WorkPlan,
)
from mining.personas import Cards, IdealByGroup, IdealCustomers, Personas
from mining.report.exhibits import Exhibit, Section, shown
from mining.report.map_section import anchor_of_map, map_exhibits, map_sentences
from mining.report.runs import Changes
from mining.report.study import Study
from mining.report.words import Words
from mining.sources import Touchpoints
from mining.timing import Channels, People, Slas, Waits

__all__ = ["anchor_of", "colophon", "section_of", "summary_of"]

_FEW, _ROWS, _MANY = 6, 15, 60


def anchor_of(result: object) -> str:
    """Name the section of a result.

    Raises
    ------
    MiningError
        For something that is no result of this library.
    """
    if isinstance(result, JourneyMap):
        return anchor_of_map(result)
    for kind, (name, _) in _LAYOUTS.items():
        if isinstance(result, kind):
            return name
    raise MiningError.unknown("kind of result", type(result).__name__, [kind.__name__ for kind in _LAYOUTS])


def section_of(result: object, words: Words, study: Study | None, anchors: Collection[str] = ()) -> Section:
    """Lay out one result; `anchors` are the sections that the page will have.

    Raises
    ------
    MiningError
        For something that is no result of this library.
    """
    anchor = anchor_of(result)
    if isinstance(result, JourneyMap):
        exhibits, sentences = map_exhibits(result, words, anchors), map_sentences(result, words)
    else:
        layout = next(layout for kind, (_, layout) in _LAYOUTS.items() if isinstance(result, kind))
        exhibits, sentences = layout(result, words), _said(result, words, study)
    return Section(anchor, words.sections[anchor], exhibits, sentences)


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
    top = variants.iloc[0]
    n, share = len(study.journeys), words.share(top["share"])
    return words.say("path", path=top["variant"], share=share, n=n, variants=len(variants))


def _pain(study: Study, words: Words) -> str:
    if study.pains is None or study.pains.frame.empty:
        tested = 0 if study.pains is None else len(study.pains.tested)
        return words.say("painless", tested=tested)
    return words.say("pain", evidence=study.pains.told(words.language)[0])


def _said(result: object, words: Words, study: Study | None) -> list[str]:
    if isinstance(result, Study):
        return _limits(result, words)
    if isinstance(result, PainPoints):
        ranked = zip(result.frame["rank"].astype(int).tolist(), result.told(words.language), strict=True)
        return [words.ours(f"{words.number(rank)}. {said}") for rank, said in ranked]
    if isinstance(result, IdealCustomers):
        return [result.sentence]
    if isinstance(result, Changes):
        spans = {"before": result.before, "now": result.now}
        return [words.say("changes", n=result.n_changed, of=len(result.frame), **spans)]
    if isinstance(result, Discovery) and study is not None:
        top = result.variants.frame.iloc[0]
        n = len(study.journeys)
        share = words.share(top["share"])
        return [words.say("path", path=top["variant"], share=share, n=n, variants=len(result.variants.frame))]
    return []


def _limits(study: Study, words: Words) -> list[str]:
    journeys = study.journeys
    running = int(np.count_nonzero(journeys.unfinished()))
    share, last = words.share(running / len(journeys)), journeys.observed_until
    said = [words.say("unfinished", n=running, share=share, last=last)]
    if journeys.unlinked:
        said.append(words.say("unlinked", n=journeys.unlinked, case=journeys.case))
    said.append(words.say("design", name=study.design.name) if study.design else words.say("undesigned"))
    for question, reason in study.unanswered.items():
        said.append(words.say("unanswered", question=words.sections.get(question, question), reason=reason))
    return [*said, words.say("masked", n=SMALLEST_CELL)]


# Columns whose words are ours and not the data's.
_OURS: Final = {
    "absent_because", "calendar", "cost", "deviation", "encoding_proof", "kind", "lane", "mark", "meaning", "measure",
    "model", "owner_mark", "pattern", "perspective", "reason", "rule", "stability_words", "verdict", "what",
}  # fmt: skip


def _table(frame: pd.DataFrame, words: Words, title: str = "", *, folded: bool = False, rows: int = _ROWS) -> Exhibit:
    heads = {str(name): words.column(str(name)) for name in frame.columns}
    spoken = frame.assign(**{name: frame[name].map(words.value) for name in _OURS & set(frame.columns)})
    formats = dict.fromkeys(_shares(frame), words.share)
    html = html_table(spoken, formats=formats, rows=rows, writing=words.writing, heads=heads)
    # What the columns are in every language, so that the page's own script finds them.
    fields = escape("|".join(map(str, frame.columns)))
    html = html.replace("<table ", f'<table data-fields="{fields}" ', 1)
    return Exhibit(Markup(html), title, folded)  # noqa: S704 - html_table escapes


def _listed(sentences: Sequence[str], title: str) -> Exhibit:
    items = Markup("").join(Markup('<li dir="auto">{}</li>').format(sentence) for sentence in sentences)
    return Exhibit(Markup("<ul>{}</ul>").format(items), title, folded=len(sentences) > _FEW)


def _shares(frame: pd.DataFrame) -> list[str]:
    """Name the columns that hold shares: by their names, and the bounds that stand beside one."""
    named = [name for name in map(str, frame.columns) if "share" in name.split("_")]
    bounds = [name for name in ("low", "high", "difference", "excess") if named and name in frame.columns]
    return [name for name in (*named, *bounds) if pd.api.types.is_float_dtype(frame[name])]


def _quality(result: Touchpoints, words: Words) -> list[Exhibit]:
    quality, named = result.quality, words.exhibits
    aside = quality.frame[quality.frame["rows_aside"] > 0]
    rules = aside.groupby("rule", as_index=False).agg(set_aside=("rows_aside", "sum"), n_tables=("table", "nunique"))
    found = quality.patterns.loc[quality.patterns["n"] > 0] if len(quality.patterns) else quality.patterns
    telling = {"marks": quality.marks, "patterns": found}
    lacks = quality.lacks.itertuples(index=False, name=None)
    lacking = [f"{source}, {table}: {costs}" for source, table, costs in lacks]
    begun = quality.censoring
    return [
        _table(rules.sort_values(["set_aside", "rule"], ascending=[False, True]), words, named["rules"]),
        *(_table(table, words, named[key], rows=_MANY) for key, table in telling.items() if len(table)),
        *([_listed(lacking, named["lacks"])] if lacking else []),
        _table(quality.frame, words, named["ledger"], folded=True, rows=_MANY),
        _table(quality.files, words, named["files"], folded=True, rows=_MANY),
        _table(quality.clocks, words, named["clocks"], folded=True, rows=_MANY),
        *([_table(begun, words, named["censoring"], folded=True, rows=_MANY)] if len(begun) else []),
        *([_table(quality.unmapped, words, named["unmapped"], folded=True)] if len(quality.unmapped) else []),
        *([_listed(quality.notes, named["remarks"])] if quality.notes else []),
    ]


def _journeys(result: Journeys, words: Words) -> list[Exhibit]:
    return [_table(result.ends(), words)]


def _discovery(result: Discovery, words: Words) -> list[Exhibit]:
    named = words.exhibits
    return [
        shown(result.flow.plot()),
        _table(result.flow.frame.nlargest(_MANY, "n_steps"), words, named["table"], folded=True, rows=_MANY),
        _table(_quarters(result.journeys), words, named["quarters"]),
        _table(result.variants.frame, words, words.sections["variants"], rows=10),
        shown(result.model.plot(), words.sections["model"]),
        _table(result.quality, words, named["quality"]),
    ]


def _quarters(journeys: Journeys | JourneysInPlace) -> pd.DataFrame:
    """Count the journeys that begin in each quarter, and how long they are; quarters of few are left out."""
    portraits = journeys.portraits()
    begun = portraits["started"].dt.tz_localize(None).dt.to_period("Q").astype("str")
    grouped = portraits.groupby(begun.to_numpy())
    frame = grouped.agg(n_journeys=("n_touchpoints", "size"), median_touchpoints=("n_touchpoints", "median"),
                        median_days=("duration_days", "median"))  # fmt: skip
    return frame[frame["n_journeys"] >= SMALLEST_CELL].reset_index(names="quarter")


def _deviations(result: Deviations, words: Words) -> list[Exhibit]:
    named = words.exhibits
    return [
        _table(result.verdicts, words, named["verdicts"]),
        shown(result.plot()),
        shown(result.plot_rates()),
        _table(result.drop_off, words, named["drop_off"]),
        _table(result.frame, words, named["table"], folded=True, rows=_MANY),
    ]


def _slas(result: Slas, words: Words) -> list[Exhibit]:
    return [shown(result.plot()), _table(result.frame, words)]


def _waits(result: Waits, words: Words) -> list[Exhibit]:
    named = words.exhibits
    loss = result.loss.nsmallest(_ROWS, "p_adjusted")
    return [
        shown(result.plot()),
        _table(loss, words, named["loss"], folded=True),
        _table(result.frame, words, named["table"], folded=True, rows=_MANY),
    ]


def _people(result: People, words: Words) -> list[Exhibit]:
    returns = result.returns.nlargest(_ROWS, "n_returned")
    return [_table(result.met, words), shown(result.plot()), _table(returns, words, words.exhibits["returns"])]


def _channels(result: Channels, words: Words) -> list[Exhibit]:
    return [
        shown(result.plot()),
        _table(result.redirections, words, words.exhibits["redirections"], rows=10),
        _table(result.continuity, words, words.exhibits["continuity"], rows=10),
        _table(result.before_people, words, words.exhibits["before_people"], rows=10),
        _table(result.ends, words, words.exhibits["channel_ends"], folded=True),
    ]


def _pains(result: PainPoints, words: Words) -> list[Exhibit]:
    columns = ["rank", "kind", "stage", "where", "n_customers", "share", "low", "high", "owner", "mark"]
    tested = _table(result.tested, words, words.exhibits["tested"], folded=True, rows=_MANY)
    if result.frame.empty:
        return [tested]
    return [_table(result.frame[columns], words), shown(result.plot()), tested]


def _personas(result: Personas, words: Words) -> list[Exhibit]:
    named = words.exhibits
    return [
        _table(result.frame, words),
        shown(result.plot()),
        _table(result.evidence, words, named["evidence"], folded=True),
        _table(_named(result), words, named["table"], folded=True, rows=_MANY),
    ]


def _named(personas: Personas) -> pd.DataFrame:
    names = personas.frame.set_index("persona")["name"]
    return personas.profile.assign(persona=lambda rows: rows["persona"].map(names))


def _changes(result: Changes, words: Words) -> list[Exhibit]:
    columns = ["of", "figure", "before", "now", "difference", "low", "high", "n_before", "n_now", "verdict"]
    shares = dict.fromkeys(("before", "now", "difference", "low", "high"), words.share)
    heads = {name: words.column(name) for name in columns}
    html = html_table(result.frame[columns], formats=shares, rows=_MANY, writing=words.writing, heads=heads)
    return [Exhibit(Markup(html))]  # noqa: S704 - html_table escapes


def _cards(result: Cards, words: Words) -> list[Exhibit]:
    rest = result.frame.drop(columns=["typical_journey"], errors="ignore")
    return [shown(result.plot(words.language)), _table(rest, words, words.exhibits["table"], folded=True)]


def _ideal(result: IdealCustomers, words: Words) -> list[Exhibit]:
    named = words.exhibits
    told = result.frame[result.frame["verdict"].isin(["ideal", "avoid"])]
    columns = ["attribute", "value", "n_won", "n_lost", "n_open", "win_rate", "low", "high", "lift", "verdict"]
    return [
        *([shown(result.plot()), _table(told[columns], words)] if len(told) else []),
        _table(result.model.scores, words, named["scores"]),
        *([_table(result.model.calibration, words, named["calibration"], folded=True)] if result.model.is_told else []),
        _table(result.absent, words, named["tested"], folded=True, rows=_MANY),
        _table(result.set_aside, words, named["aside"], folded=True, rows=_MANY),
    ]


def _ideal_each(result: IdealByGroup, words: Words) -> list[Exhibit]:
    rest = [_table(result.left_out, words, words.exhibits["aside"], folded=True)] if len(result.left_out) else []
    return [_table(result.frame, words), *rest]


def _gains(result: Gains, words: Words) -> list[Exhibit]:
    return [shown(result.plot()), _table(result.frame, words, words.exhibits["table"], folded=True)]


def _processes(result: KeyProcesses, words: Words) -> list[Exhibit]:
    columns = ["rank", "stage", "step", "n_customers", "missed_share", "kept_share", "covered", "owner", "owner_mark"]
    rest = _table(result.frame, words, words.exhibits["table"], folded=True, rows=_MANY)
    return [shown(result.plot()), _table(result.frame[columns], words, rows=10), rest]


def _plan(result: WorkPlan, words: Words) -> list[Exhibit]:
    columns = [
        "rank", "what", "where", "stage", "persona", "channel", "owner", "owner_mark", "gain_customers", "gain_low",
        "gain_high", "metric", "baseline", "target", "n",
    ]  # fmt: skip
    return [shown(result.plot()), _table(result.frame[columns], words)]


def _candidates(result: Candidates, words: Words) -> list[Exhibit]:
    tested = _table(result.tested, words, words.exhibits["tested"], folded=True, rows=_MANY)
    if result.frame.empty:
        return [tested]
    columns = ["rank", "kind", "where", "stage", "n_customers", "n_touched", "share", "low", "high", "hours", "mark"]
    return [_table(result.frame[columns], words), tested]


def _drawn(result: Engagement | Leads, words: Words) -> list[Exhibit]:
    return [shown(result.plot()), _table(result.frame, words, words.exhibits["table"], folded=True, rows=_MANY)]


def _method(_result: object, _words: Words) -> list[Exhibit]:
    return []


_LAYOUTS: dict[type, tuple[str, Callable[..., list[Exhibit]]]] = {
    Touchpoints: ("quality", _quality),
    Journeys: ("summary", _journeys),
    JourneyMap: ("map", _method),
    PainPoints: ("pains", _pains),
    Discovery: ("flow", _discovery),
    Deviations: ("deviations", _deviations),
    Slas: ("slas", _slas),
    Waits: ("waits", _waits),
    People: ("people", _people),
    Channels: ("channels", _channels),
    Personas: ("personas", _personas),
    Cards: ("cards", _cards),
    Changes: ("changes", _changes),
    IdealCustomers: ("ideal", _ideal),
    IdealByGroup: ("ideal_each", _ideal_each),
    Gains: ("gains", _gains),
    KeyProcesses: ("processes", _processes),
    WorkPlan: ("plan", _plan),
    Candidates: ("candidates", _candidates),
    Engagement: ("engagement", _drawn),
    Leads: ("leads", _drawn),
    Study: ("method", _method),
}
