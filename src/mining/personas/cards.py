"""Persona cards: who they are, a real journey of theirs, where they wait, how it ends and where to talk to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from mining._statistics import SMALLEST_CELL, wilson
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.personas.card_words import ROWS, card_words
from mining.personas.seen import Seen
from mining.timing.waits import measure_waits

if TYPE_CHECKING:
    from mining._draw import Fragment, GridLine
    from mining.personas.personas import Personas

__all__ = ["Cards", "cards_of"]

_TRAITS: Final = 4
_STEPS: Final = 12
_WAITS: Final = 2
_NO_WAY: Final = ("", "crm", "api", "unknown", "other")  # in which nobody is talked to
_FEWEST: Final = 20  # customers with a wait, here and among all


@dataclass(frozen=True, eq=False, repr=False)
class Cards:
    """A card per persona; see `Personas.cards`.

    Attributes
    ----------
    frame : DataFrame
        One row per persona, largest first: persona, name, n_customers, share with low and high (Wilson, 95 %),
        stability_words, traits (several, between bars), typical_journey (activities, between arrows, of the customer
        nearest to the middle), channels, gap_hours (median between touchpoints), duration_days (median of a journey),
        waits (steps whose whole interval lies above the median of all), outcome, outcome_share with outcome_low and
        outcome_high (of customers with a journey that is over; Wilson, 95 %), outcome_n, say (channel: what they do
        there more than others). What would tell of fewer than five customers is missing.
    """

    frame: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Cards of {len(self.frame)} personas>"

    def plot(self, language: str = "en") -> Fragment:
        """Lay the cards side by side; in Hebrew and Persian from right to left.

        Parameters
        ----------
        language : str
            ``en``, ``he`` or ``fa``.

        Raises
        ------
        MiningError
            For another language.
        """
        from mining._draw import Fragment, GridCell, draw_grid

        words = card_words(language)
        cells = {
            (words[row], str(card["name"])): GridCell(_lines(row, card, words))
            for card in self.frame.to_dict("records")
            for row in ROWS
        }
        made = draw_grid(
            list(self.frame["name"]), [words[row] for row in ROWS], cells, title=words["title"], note=words["note"]
        )
        if language == "en":
            return made
        return Fragment(f'<div dir="rtl" lang="{language}">{made.html}</div>')

    def _repr_html_(self) -> str:
        return self.plot()._repr_html_()


def _lines(row: str, card: dict[Any, Any], words: dict[str, str]) -> list[GridLine]:
    from mining._draw import GridLine

    n = int(card["n_customers"])
    if row == "size":
        told = words["customers"].format(n=f"{n:,}", **_span(card, ""))
        stable = words.get(str(card["stability_words"]), str(card["stability_words"]))
        return [GridLine(told), GridLine(words["stability"].format(words=stable))]
    if row == "tempo":
        pairs = (("gap", "hours", card["gap_hours"]), ("lasts", "days", card["duration_days"]))
        return [
            GridLine(words[key].format(**{unit: f"{value:,.1f}"}), n) for key, unit, value in pairs if pd.notna(value)
        ]
    if row == "outcome":
        if not card["outcome"] or pd.isna(card["outcome_share"]):
            return []
        told = words["reached"].format(outcome=card["outcome"], **_span(card, "outcome_"))
        return [GridLine(told, int(card["outcome_n"]), "measured")]
    if row == "waits":
        waits = [tuple(wait.split("|")) for wait in str(card["waits"] or "").split("||") if wait]
        lines = [words["wait"].format(step=step, hours=hours, usual=usual) for step, hours, usual, _ in waits]
        return [GridLine(text, int(wait[3]), "measured") for text, wait in zip(lines, waits, strict=True)] or [
            GridLine(words["nothing"])
        ]
    column = {"stands out": "traits", "typical journey": "typical_journey"}.get(row, row)
    texts = str(card[column]).split(" | ") if isinstance(card[column], str) and card[column] else []
    return [GridLine(text) for text in texts]


def _span(card: dict[Any, Any], prefix: str) -> dict[str, str]:
    return {key: f"{100 * card[prefix + key]:.0f} %" for key in ("share", "low", "high")}


def cards_of(personas: Personas, journeys: Journeys) -> Cards:
    """Write the cards of fitted personas; see `Personas.cards`."""
    frame = personas.frame
    told = frame[["persona", "name", "n_customers", "share", "low", "high", "stability_words"]].copy()
    told["traits"] = _traits(personas)
    told["typical_journey"] = _typical(personas)
    told["channels"] = frame["top_channels"]
    medians = personas.portraits_["median_gap_hours"].groupby(personas.labels_.reindex(personas.portraits_.index))
    told["gap_hours"] = medians.median().reindex(told["persona"]).to_numpy(float)
    told["duration_days"] = frame["duration_median_days"]
    told["waits"] = _waits(personas, journeys)
    for name, values in _outcomes(personas, journeys).items():
        told[name] = values
    told["say"] = _say(personas)
    few = told["n_customers"] < SMALLEST_CELL
    hidden = ["traits", "typical_journey", "channels", "gap_hours", "duration_days", "waits", "outcome_share", "say"]
    told[hidden] = told[hidden].mask(few)
    return Cards(told)


def _traits(personas: Personas) -> list[str]:
    found = personas.profile
    apart = found[(found["low"] > found["outside"]) & (found["inside"] - found["outside"] > 0)]
    return [
        " | ".join(
            f"{row.feature} ({row.inside:.0%}, others {row.outside:.0%})"
            for row in apart[apart["persona"] == persona].head(_TRAITS).itertuples()
        )
        for persona in range(personas.n_personas_)
    ]


def _typical(personas: Personas) -> list[str]:
    points, seen = personas.sampled()
    labels = personas.labels_.reindex(pd.Index(seen.customers, dtype="str")).to_numpy(np.int64)
    told = []
    for persona in range(personas.n_personas_):
        members = np.flatnonzero(labels == persona)
        away = ((points[members] - points[members].mean(axis=0)) ** 2).sum(axis=1) if len(members) else np.zeros(0)
        told.append(_path(seen, int(members[away.argmin()])) if len(members) else "")
    return told


def _path(seen: Seen, customer: int) -> str:
    journeys = np.flatnonzero(seen.owner == customer)
    longest = journeys[np.argmax(seen.lengths[journeys])]
    codes = seen.codes("activity")[seen.offsets[longest] : seen.offsets[longest + 1]]
    words = [str(seen.log.words["activity"][code]) for code in codes if code >= 0]
    folded = [word for at, word in enumerate(words) if at == 0 or words[at - 1] != word]
    return " → ".join(folded[:_STEPS]) + (f" → … ({len(words)})" if len(folded) > _STEPS else "")


def _waits(personas: Personas, journeys: Journeys) -> list[str]:
    """List steps where the whole interval of a persona's median lies above everybody's median."""
    if personas.n_personas_ == 1:
        return [""]
    usual = measure_waits(journeys).frame.set_index(["activity", "next_activity"])["wait_median_hours"]
    frame = measure_waits(journeys, by=personas).frame
    frame = frame[frame["n_customers"] >= _FEWEST]
    frame["usual"] = usual.reindex(pd.MultiIndex.from_frame(frame[["activity", "next_activity"]])).to_numpy(float)
    longer = frame[frame["low"] > frame["usual"]]
    longer = longer.assign(excess=(longer["wait_median_hours"] - longer["usual"]) * longer["n_steps"])
    longer = longer.sort_values(["excess", "activity", "next_activity"], ascending=[False, True, True])
    return [
        "||".join(
            f"{row.activity} → {row.next_activity}|{row.wait_median_hours:,.1f}|{row.usual:,.1f}|{row.n_customers}"
            for row in longer[longer["group"] == name].head(_WAITS).itertuples()
        )
        for name in personas.frame["name"]
    ]


def _outcomes(personas: Personas, journeys: Journeys) -> dict[str, Any]:
    """Count, per persona, customers with a journey that is over, and those of them that reached the good end."""
    log = journeys.log
    outcome = next((word for word in ("won", "solved") if log.holds("outcome", word).any()), "")
    nothing = np.full(personas.n_personas_, np.nan)
    if not outcome:
        return {
            "outcome": "",
            "outcome_share": nothing,
            "outcome_low": nothing,
            "outcome_high": nothing,
            "outcome_n": 0,
        }
    persona = personas.persona_of(journeys).cat.codes.to_numpy(np.int64)
    over, reached = ~journeys.unfinished(), log.any_in_journey(log.holds("outcome", outcome))
    table = pd.DataFrame({"customer": customer_of(log), "persona": persona, "reached": reached})
    each = (
        table[over & (persona >= 0)].groupby("customer").agg(persona=("persona", "first"), reached=("reached", "any"))
    )
    n = np.bincount(each["persona"], minlength=personas.n_personas_)
    k = np.bincount(each["persona"][each["reached"]], minlength=personas.n_personas_)
    low, high = wilson(k, n)
    known = n >= SMALLEST_CELL
    share = np.where(known, k / np.maximum(n, 1), np.nan)
    return {"outcome": outcome, "outcome_share": share, "outcome_low": low, "outcome_high": high, "outcome_n": n}


def _say(personas: Personas) -> list[str]:
    """Name the channels of each persona, and what it does there more than others."""
    found = personas.profile
    does = found[(found["kind"] == "activity") & (found["low"] > found["outside"])]
    main = personas.main_channels()
    told = []
    for persona in range(personas.n_personas_):
        lines: dict[str, list[str]] = {}
        for row in does[does["persona"] == persona].itertuples():
            activity = str(row.feature).removeprefix("does ")
            lines.setdefault(main.get(activity, ""), []).append(activity)
        told.append(
            " | ".join(f"{way}: {', '.join(words[:2])}" for way, words in list(lines.items())[:3] if way not in _NO_WAY)
        )
    return told
