"""What each kind of result shows on the page: pictures first, tables below them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd
from markupsafe import Markup

from mining._draw import html_table
from mining._statistics import SMALLEST_CELL
from mining.design import Deviations
from mining.discovery import Discovery
from mining.journeys import Journeys
from mining.journeys.in_place import JourneysInPlace
from mining.maps import Candidates, Engagement, Gains, KeyProcesses, Leads, PainPoints, Voices, WorkPlan
from mining.personas import Cards, IdealByGroup, IdealCustomers, Personas
from mining.report.exhibits import Exhibit, shown
from mining.report.runs import Changes
from mining.report.study import Study
from mining.report.tables import MANY, listed, table
from mining.report.words import Words
from mining.sources import Touchpoints
from mining.timing import Channels, People, Slas, Waits

__all__ = ["LAYOUTS"]

_ROWS: Final = 15


def _quality(result: Touchpoints, words: Words) -> list[Exhibit]:
    quality, named = result.quality, words.exhibits
    aside = quality.frame[quality.frame["rows_aside"] > 0]
    rules = aside.groupby("rule", as_index=False).agg(set_aside=("rows_aside", "sum"), n_tables=("table", "nunique"))
    found = quality.patterns.loc[quality.patterns["n"] > 0] if len(quality.patterns) else quality.patterns
    telling = {"marks": quality.marks, "patterns": found}
    lacks = quality.lacks.itertuples(index=False, name=None)
    lacking = [f"{source}, {name}: {costs}" for source, name, costs in lacks]
    begun = quality.censoring
    return [
        table(rules.sort_values(["set_aside", "rule"], ascending=[False, True]), words, named["rules"]),
        *(table(told, words, named[key], rows=MANY) for key, told in telling.items() if len(told)),
        *([listed(lacking, named["lacks"])] if lacking else []),
        table(quality.frame, words, named["ledger"], folded=True, rows=MANY),
        table(quality.files, words, named["files"], folded=True, rows=MANY),
        table(quality.clocks, words, named["clocks"], folded=True, rows=MANY),
        *([table(begun, words, named["censoring"], folded=True, rows=MANY)] if len(begun) else []),
        *([table(quality.unmapped, words, named["unmapped"], folded=True)] if len(quality.unmapped) else []),
        *([listed(quality.notes, named["remarks"])] if quality.notes else []),
    ]


def _journeys(result: Journeys, words: Words) -> list[Exhibit]:
    return [table(result.ends(), words)]


def _discovery(result: Discovery, words: Words) -> list[Exhibit]:
    named = words.exhibits
    return [
        shown(result.flow.plot()),
        table(result.flow.frame.nlargest(MANY, "n_steps"), words, named["table"], folded=True, rows=MANY),
        table(_quarters(result.journeys), words, named["quarters"]),
        table(result.variants.frame, words, words.sections["variants"], rows=10),
        shown(result.model.plot(), words.sections["model"]),
        table(result.quality, words, named["quality"]),
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
        table(result.verdicts, words, named["verdicts"]),
        shown(result.plot()),
        shown(result.plot_rates()),
        table(result.drop_off, words, named["drop_off"]),
        table(_lacking(result), words, named["lacking"], folded=True, rows=MANY),
        table(result.frame, words, named["table"], folded=True, rows=MANY),
    ]


def _lacking(result: Deviations) -> pd.DataFrame:
    """Who does what is designed and what is not; what fewer than five do, or leave out, is not told."""
    n, of = result.lacks["n_customers"], result.lacks["of_customers"]
    told = n.between(SMALLEST_CELL, of - SMALLEST_CELL) | n.isin([0]) | (n == of)
    return result.lacks[told]


def _slas(result: Slas, words: Words) -> list[Exhibit]:
    return [shown(result.plot()), table(result.frame, words)]


def _waits(result: Waits, words: Words) -> list[Exhibit]:
    named = words.exhibits
    loss = result.loss.nsmallest(_ROWS, "p_adjusted")
    return [
        shown(result.plot()),
        table(loss, words, named["loss"], folded=True),
        table(result.frame, words, named["table"], folded=True, rows=MANY),
    ]


def _people(result: People, words: Words) -> list[Exhibit]:
    returns = result.returns.nlargest(_ROWS, "n_returned")
    return [table(result.met, words), shown(result.plot()), table(returns, words, words.exhibits["returns"])]


def _channels(result: Channels, words: Words) -> list[Exhibit]:
    return [
        shown(result.plot()),
        table(result.redirections, words, words.exhibits["redirections"], rows=10),
        table(result.continuity, words, words.exhibits["continuity"], rows=10),
        table(result.before_people, words, words.exhibits["before_people"], rows=10),
        table(result.ends, words, words.exhibits["channel_ends"], folded=True),
    ]


def _pains(result: PainPoints, words: Words) -> list[Exhibit]:
    columns = ["rank", "kind", "stage", "where", "n_customers", "share", "low", "high", "owner", "mark"]
    tested = table(result.tested, words, words.exhibits["tested"], folded=True, rows=MANY)
    if result.frame.empty:
        return [tested]
    return [table(result.frame[columns], words), shown(result.plot()), tested]


def _personas(result: Personas, words: Words) -> list[Exhibit]:
    named = words.exhibits
    return [
        table(result.frame, words),
        shown(result.plot()),
        table(result.evidence, words, named["evidence"], folded=True),
        table(_named(result), words, named["table"], folded=True, rows=MANY),
    ]


def _named(personas: Personas) -> pd.DataFrame:
    names = personas.frame.set_index("persona")["name"]
    return personas.profile.assign(persona=lambda rows: rows["persona"].map(names))


def _changes(result: Changes, words: Words) -> list[Exhibit]:
    columns = ["of", "figure", "before", "now", "difference", "low", "high", "n_before", "n_now", "verdict"]
    shares = dict.fromkeys(("before", "now", "difference", "low", "high"), words.share)
    heads = {name: words.column(name) for name in columns}
    html = html_table(result.frame[columns], formats=shares, rows=MANY, writing=words.writing, heads=heads)
    return [Exhibit(Markup(html))]  # noqa: S704 - html_table escapes


def _cards(result: Cards, words: Words) -> list[Exhibit]:
    rest = result.frame.drop(columns=["typical_journey"], errors="ignore")
    return [shown(result.plot(words.language)), table(rest, words, words.exhibits["table"], folded=True)]


def _ideal(result: IdealCustomers, words: Words) -> list[Exhibit]:
    named = words.exhibits
    told = result.frame[result.frame["verdict"].isin(["ideal", "avoid"])]
    columns = ["attribute", "value", "n_won", "n_lost", "n_open", "win_rate", "low", "high", "lift", "verdict"]
    return [
        *([shown(result.plot()), table(told[columns], words)] if len(told) else []),
        table(result.model.scores, words, named["scores"]),
        *([table(result.model.calibration, words, named["calibration"], folded=True)] if result.model.is_told else []),
        table(result.absent, words, named["tested"], folded=True, rows=MANY),
        table(result.set_aside, words, named["aside"], folded=True, rows=MANY),
    ]


def _ideal_each(result: IdealByGroup, words: Words) -> list[Exhibit]:
    rest = [table(result.left_out, words, words.exhibits["aside"], folded=True)] if len(result.left_out) else []
    return [table(result.frame, words), *rest]


def _gains(result: Gains, words: Words) -> list[Exhibit]:
    return [shown(result.plot()), table(result.frame, words, words.exhibits["table"], folded=True)]


def _processes(result: KeyProcesses, words: Words) -> list[Exhibit]:
    columns = ["rank", "stage", "step", "n_customers", "missed_share", "kept_share", "covered", "owner", "owner_mark"]
    rest = table(result.frame, words, words.exhibits["table"], folded=True, rows=MANY)
    return [shown(result.plot()), table(result.frame[columns], words, rows=10), rest]


def _plan(result: WorkPlan, words: Words) -> list[Exhibit]:
    columns = [
        "rank", "what", "where", "stage", "persona", "channel", "owner", "owner_mark", "gain_customers", "gain_low",
        "gain_high", "metric", "baseline", "target", "n",
    ]  # fmt: skip
    said = result.frame.assign(metric=pd.Series(result.metrics(words.language), result.frame.index, dtype="str"))
    return [shown(result.plot()), table(said[columns], words)]


def _candidates(result: Candidates, words: Words) -> list[Exhibit]:
    tested = table(result.tested, words, words.exhibits["tested"], folded=True, rows=MANY)
    if result.frame.empty:
        return [tested]
    columns = ["rank", "kind", "where", "stage", "n_customers", "n_touched", "share", "low", "high", "hours", "mark"]
    return [table(result.frame[columns], words), tested]


def _voices(result: Voices, words: Words) -> list[Exhibit]:
    reasons = table(result.reasons, words, words.exhibits["reasons"], folded=len(result.scores) > 0, rows=MANY)
    if result.scores.empty:
        return [shown(result.plot_reasons()), reasons]
    scores = table(result.scores, words, words.exhibits["table"], folded=True, rows=MANY)
    return [shown(result.plot()), scores, *([reasons] if len(result.reasons) else [])]


def _drawn(result: Engagement | Leads, words: Words) -> list[Exhibit]:
    return [shown(result.plot()), table(result.frame, words, words.exhibits["table"], folded=True, rows=MANY)]


def _method(_result: object, _words: Words) -> list[Exhibit]:
    return []


LAYOUTS: Final[dict[type, tuple[str, Callable[..., list[Exhibit]]]]] = {
    Touchpoints: ("quality", _quality),
    Journeys: ("summary", _journeys),
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
    Voices: ("voices", _voices),
    Engagement: ("engagement", _drawn),
    Leads: ("leads", _drawn),
    Study: ("method", _method),
}
