"""What customers say: the scores they give and the reasons recorded where they are lost or complain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL, wilson
from mining.discovery.spoken import listing
from mining.journeys import Journeys
from mining.maps.counted import reasoned, scores
from mining.maps.scene import Floats, Integers, Scene
from mining.timing.clustering import clustered_mean
from mining.timing.stages import stage_touchpoints

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design import Design

__all__ = ["Voices", "hear_customers"]

_ALL: Final = "all"


@dataclass(frozen=True, eq=False, repr=False)
class Voices:
    """Scores and reasons; see `hear_customers`."""

    scores: pd.DataFrame
    reasons: pd.DataFrame
    n_customers: int
    n_hidden: int

    @property
    def frame(self) -> pd.DataFrame:
        """The scores, or the reasons where nobody gave a score."""
        return self.scores if len(self.scores) else self.reasons

    @property
    def lowest(self) -> pd.Series | None:
        """The stage that is scored lowest, where several are scored."""
        stages = self.scores[self.scores["by"] == "stage"].sort_values("mean", kind="stable")
        return stages.iloc[0] if len(stages) > 1 else None

    @property
    def sentences(self) -> list[str]:
        """What stands out, in words."""
        return [*self._of_scores(), *self._of_reasons()]

    def _of_scores(self) -> Iterator[str]:
        if len(self.scores):
            least = "" if self.lowest is None else f" Lowest in {self.lowest['which']}: {_bounded(self.lowest)}."
            yield f"Customers score {_bounded(self.scores.iloc[0])} on the average, of 1 at most.{least}"

    def _of_reasons(self) -> Iterator[str]:
        if self.reasons.empty:
            return
        top = self.reasons.iloc[0]
        more = f" {listing(self.n_hidden, 'reason')} of fewer than five customers not listed." if self.n_hidden else ""
        yield (
            f"Most often recorded: {top['reason']} ({top['n_customers']:,} of {listing(self.n_customers, 'customer')})."
            f"{more}"
        )

    def __repr__(self) -> str:
        n = 0 if self.scores.empty else int(self.scores["n_scores"].iloc[0])
        return f"<Voices of {self.n_customers:,} customers: {n:,} scores, {self.reasons['reason'].nunique()} reasons>"

    def plot(self) -> Picture:
        """Draw the scores, by whatever parts them, or the reasons where there are no scores."""
        from mining._draw import draw_bars

        if self.scores.empty:
            return self.plot_reasons()
        parts = self.scores.groupby("by")["which"].transform("size") > 1  # one alone would say the same again
        rows = self.scores[parts | (self.scores["by"] == _ALL)]
        return draw_bars(
            rows.assign(label=list(map(_label, rows["by"], rows["which"])), n=rows["n_scores"]),
            "label",
            "mean",
            low="low",
            high="high",
            title="How customers score",
            note="Mean score, 0 to 1, 95 % interval by customers; n: scores.",
        )

    def plot_reasons(self) -> Picture:
        """Draw the reasons of all stages together, by the share of customers.

        Raises
        ------
        MiningError
            Where no reason is shared by five customers.
        """
        from mining._draw import draw_bars

        rows = self.reasons[self.reasons["stage"] == _ALL]
        if rows.empty:
            raise MiningError.empty("A picture of reasons", "no reason is recorded of five customers.")
        return draw_bars(
            rows.head(15).assign(n=rows["n_customers"]),
            "reason",
            "share",
            low="low",
            high="high",
            title="Why customers were lost or complain",
            unit="%",
            note="Share of all customers, 95 % interval; n: customers with the reason.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=escape(" ".join(self.sentences)), rows=20)


def hear_customers(journeys: Journeys, design: Design | None = None) -> Voices:
    """Sum up what customers said: how they score, and why they were lost or complain.

    Nothing is made up where nobody was asked: who gives no score is in no mean, and what the records give no reason for
    has none. Scores come from those who answer, who need not be like the others.

    Parameters
    ----------
    journeys : Journeys
        Whom to hear.
    design : Design, optional
        Its stages; else stages as on the journey map.

    Returns
    -------
    Voices
        ``.scores``: by (all, stage, activity, channel, quarter), which, n_scores, n_customers, mean (0..1) with
        low and high (95 %, customers as units). ``.reasons``, most customers first, all stages together before each:
        reason, stage ("all" for every one), n_customers (with the reason, lost or complaining there), of_customers (of
        the stage), share (0..1) with low and high (Wilson, 95 %). What rests on fewer than five customers is left out;
        ``.n_hidden`` counts such reasons.

    Raises
    ------
    MiningError
        Where there are no journeys, or neither scores nor reasons of five customers.

    References
    ----------
    Kish, L. (1965). Survey Sampling.
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.

    Examples
    --------
    `journeys` and `design` are those of the example company (`mining.examples`).

    >>> from mining.maps import hear_customers
    >>> hear_customers(journeys, design).scores.query("by == 'activity'")[["which", "n_scores", "mean"]].round(2)
       which  n_scores  mean
    2  Rated       173  0.71
    """
    if len(journeys) == 0:
        raise MiningError.empty("What customers say", "there are no journeys.")
    scene = Scene(journeys, stage_touchpoints(journeys, design), design)
    told = _scores(scene)
    reasons, hidden = _reasons(scene)
    if told.empty and reasons.empty:
        raise MiningError.empty("What customers say", "no score and no reason is recorded of five customers.")
    return Voices(told, reasons, journeys.n_customers, hidden)


def _scores(scene: Scene) -> pd.DataFrame:
    log, at = scene.journeys.log, scores(scene)
    columns = ["by", "which", "n_scores", "n_customers", "mean", "low", "high"]
    if not len(at):
        return pd.DataFrame(columns=columns)
    score, customer = log.numbers["score"][at], scene.customer[at]
    quarters = pd.Series(log.time[at].view("datetime64[us]")).dt.to_period("Q").astype("str")
    groups = {
        _ALL: (np.zeros(len(at), np.int64), [_ALL]),
        "stage": (scene.staged.of[at].astype(np.int64), list(scene.staged.names)),
        "activity": (log.codes["activity"][at].astype(np.int64), list(log.words["activity"])),
        "channel": (log.codes["channel"][at].astype(np.int64), list(log.words["channel"])),
        "quarter": _sorted(quarters),
    }
    if scene.n_stages == 1:  # it would say the same again
        del groups["stage"]
    frame = pd.concat([_summed(by, score, group, customer) for by, group in groups.items()], ignore_index=True)
    return frame.astype({"by": "str", "which": "str"})


def _summed(by: str, score: Floats, group: tuple[Integers, list[str]], customer: Integers) -> pd.DataFrame:
    code, names = group
    known = code >= 0
    n, mean, low, high = clustered_mean(score[known], code[known], customer[known], len(names))
    people = pd.Series(customer[known]).groupby(code[known]).nunique()
    part = pd.DataFrame(
        {
            "by": by,
            "which": names,
            "n_scores": n,
            "n_customers": people.reindex(range(len(names)), fill_value=0).to_numpy(np.int64),
            "mean": mean,
            "low": np.clip(low, 0, 1),
            "high": np.clip(high, 0, 1),
        }
    )
    part = part[part["n_customers"] >= SMALLEST_CELL]
    # Stages and quarters have an order of their own.
    return part if by in {"stage", "quarter"} else part.sort_values(["n_scores", "which"], ascending=[False, True])


def _sorted(words: pd.Series[str]) -> tuple[Integers, list[str]]:
    code, names = pd.factorize(words, sort=True)
    return code.astype(np.int64), [str(name) for name in names]


def _reasons(scene: Scene) -> tuple[pd.DataFrame, int]:
    log = scene.journeys.log
    at = reasoned(scene)
    rows = pd.DataFrame(
        {
            "reason": log.codes["reason"][at].astype(np.int64),
            "stage": scene.staged.of[at].astype(np.int64),
            "customer": scene.customer[at],
        }
    )
    of = scene.visits.groupby("stage")["customer"].nunique()
    each = rows.drop_duplicates().groupby(["reason", "stage"], as_index=False).size()
    whole = rows.drop_duplicates(["reason", "customer"]).groupby("reason", as_index=False).size()
    each = each if scene.n_stages > 1 else each.iloc[:0]
    frame = pd.concat([whole.assign(stage=-1), each], ignore_index=True).rename(columns={"size": "n_customers"})
    everybody = scene.journeys.n_customers
    frame["of_customers"] = frame["stage"].map(of).where(frame["stage"] >= 0, everybody).astype(np.int64)
    frame = frame.sort_values(["n_customers", "reason"], ascending=[False, True], kind="stable")
    frame = frame.sort_values("stage", kind="stable")
    is_told = frame["n_customers"] >= SMALLEST_CELL
    hidden = int((~is_told & (frame["stage"] < 0)).sum())
    frame = frame[is_told].reset_index(drop=True)
    low, high = wilson(frame["n_customers"], frame["of_customers"])
    names = [_ALL, *scene.staged.names]
    told = frame.assign(
        reason=pd.Series([str(log.words["reason"][code]) for code in frame["reason"]], dtype="str"),
        stage=pd.Series([names[stage + 1] for stage in frame["stage"]], dtype="str"),
        share=frame["n_customers"] / frame["of_customers"],
        low=low,
        high=high,
    )
    columns = ["reason", "stage", "n_customers", "of_customers", "share", "low", "high"]
    return told[columns], hidden


def _label(by: str, which: str) -> str:
    return "all scores" if by == _ALL else f"{by}: {which}"


def _bounded(row: pd.Series) -> str:
    counted = f"{listing(int(row['n_scores']), 'score')} of {listing(int(row['n_customers']), 'customer')}"
    return f"{row['mean']:.2f} ({row['low']:.2f} to {row['high']:.2f}; {counted})"
