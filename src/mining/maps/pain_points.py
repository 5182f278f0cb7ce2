"""Pain points: where it hurts, how many customers, how sure that is, and whose it is to mend."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mining._errors import MiningError
from mining.journeys import Journeys
from mining.maps.evidence import Evidence
from mining.maps.pain_kinds import (
    channel_changes,
    deviations_from_design,
    drop_offs,
    low_scores,
    missed_slas,
    ping_pong,
    ratings_after,
)
from mining.maps.pain_list import absent, listed, merged
from mining.maps.scene import Scene
from mining.maps.sentences import spell
from mining.maps.touched import Draws, Found, drawn
from mining.maps.wait_pains import designed_pairs, waits_that_lose
from mining.timing import check_slas, measure_channels, measure_people, measure_waits
from mining.timing.stages import stage_touchpoints

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design import Design, Deviations
    from mining.maps.plan import WorkPlan
    from mining.timing import Channels, People, Slas, Waits

__all__ = ["PainPoints", "find_pain_points"]


@dataclass(frozen=True, eq=False)
class PainPoints:
    """What hurts, worst first, and everything that was looked for and not found; see `find_pain_points`."""

    frame: pd.DataFrame
    tested: pd.DataFrame
    n_journeys: int
    found: Found | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return (
            f"<PainPoints: {len(self.frame)} in {self.n_journeys:,} journeys; {len(self.tested):,} more places were "
            f"tested and nothing was found there>"
        )

    @property
    def worst(self) -> pd.Series[Any] | None:
        """The row of the first pain point; None where nothing hurts."""
        return None if self.frame.empty else self.frame.iloc[0]

    @cached_property
    def draws(self) -> Draws:
        """What would have been found among a hundred draws of customers with replacement (`drawn`).

        Raises
        ------
        MiningError
            Where these pain points came without the journeys they were found in.
        """
        if self.found is None:
            raise MiningError.refused(
                "These pain points came without the journeys they were found in:", "call `find_pain_points` again."
            )
        return drawn(self.found)

    @property
    def stability(self) -> pd.DataFrame:
        """How sure the order is: what other customers like these would have put first.

        Returns
        -------
        DataFrame
            rank, kind, where, severity (customers) with severity_low and severity_high, rank_low and rank_high (95 % of
            a hundred draws of customers with replacement, seeded), first_share (of draws in which it is worst, 0..1).
        """
        severity, ranks = self.draws.severity, self.draws.ranks
        low, high = np.quantile(severity, [0.025, 0.975], axis=0)
        best, worst = np.quantile(ranks, [0.025, 0.975], axis=0, method="nearest").astype(np.int64)
        shown = self.frame[["rank", "kind", "where", "severity"]]
        return shown.assign(
            severity_low=low, severity_high=high, rank_low=best, rank_high=worst, first_share=(ranks == 1).mean(axis=0)
        )

    def told(self, language: str = "en") -> list[str]:
        """Say what was found, pain point by pain point.

        Parameters
        ----------
        language : str
            ``en``, ``he`` or ``fa``; names from the data stay as they are.

        Returns
        -------
        list of str
            One entry per row of ``.frame``.

        Raises
        ------
        MiningError
            For another language, and in Hebrew or Persian for pain points without the journeys they were found in.
        """
        if language == "en":
            return self.frame["evidence"].astype(str).tolist()
        return [spell(each.said, language) for each in self.draws.found.pains]

    def plan(self, *, personas: Any = None, product: str = "product", worth: str | None = None) -> WorkPlan:
        """Make a list of work of it: what, where, whose, what it would gain and how that will be measured.

        Parameters
        ----------
        personas, product, worth : optional
            As for `mining.maps.make_plan`.

        Returns
        -------
        WorkPlan
            A row per pain point, in their order; `mining.maps.make_plan` tells its columns.

        Raises
        ------
        MiningError
            For a worth that is no sum of money, and pain points without the journeys they were found in.
        """
        from mining.maps.plan import make_plan

        return make_plan(self, personas=personas, product=product, worth=worth)

    def plot(self) -> Picture:
        """Draw how many customers each pain point touches beyond its comparison."""
        from mining._draw import draw_bars

        label = self.frame["kind"] + ": " + self.frame["where"]
        return draw_bars(
            self.frame.assign(label=label, n=self.frame["n_customers"]),
            "label",
            "severity",
            title="Where it hurts",
            unit="customers",
            note="Customers touched beyond a fair comparison; n: customers at that place.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table
        from mining._draw.text import escaped

        shown = ["rank", "kind", "where", "n_customers", "owner", "severity"]
        table = html_table(self.frame[shown], formats={"severity": "{:,.0f}"}, caption=repr(self)[1:-1], rows=20)
        said = "".join(f'<li dir="auto">{escaped(sentence)}</li>' for sentence in self.frame["evidence"].head(20))
        return f"<div>{table}<ol>{said}</ol></div>"


def find_pain_points(
    journeys: Journeys,
    design: Design | None = None,
    *,
    waits: Waits | None = None,
    deviations: Deviations | None = None,
    slas: Slas | None = None,
    people: People | None = None,
    channels: Channels | None = None,
) -> PainPoints:
    """Find where it hurts, worst first.

    Each kind of pain is compared with something fair, and listed only where the difference is more than chance
    (adjusted p below 0.05 or, against a fixed share, a 95 % interval that excludes it), rests on at least 20 and is at
    least ten percentage points:

    - *long wait that goes with losses*: losses after the longer half of a step's waits, against the shorter half. A
      wait that only mirrors a stronger one is explained by it and not listed;
    - *SLA missed*: share missed, against the 10 % that are tolerated;
    - *ping-pong*: matters that go to and fro between two teams, against all other pairs of teams (10 % where there are
      none);
    - *sent to another channel*: customers who come again in another channel, against the third channel that leads there
      most often;
    - *drop-off*: a stage that customers of one first channel leave, against those who came another way;
    - *low scores*: bad ratings after a team or channel, against the others, matters of a listed ping-pong left out;
    - *deviation*: steps skipped, added, out of order or in another channel, against the 10 % that are tolerated; looked
      for where `deviations` are given.

    Two kinds at the same place are one pain point with both kinds of evidence. Associations are not causes.

    Parameters
    ----------
    journeys : Journeys
        Where to look.
    design : Design, optional
        Its promises are checked, its steps' waits measured past what lies between, its owners named.
    waits, deviations, slas, people, channels : optional
        Results at hand; what is missing is measured (deviations are not).

    Returns
    -------
    PainPoints
        ``.frame``: rank, kind, stage, where (step, teams or channels), evidence (a sentence), n_customers (at that
        place), share (of them, 0..1) with low and high (95 %), comparison (0..1), compared_with, excess (share -
        comparison), owner, owner_mark (typed: by the design; inferred: the team that acts most there), mark (measured;
        inferred where the stages are), severity (customers touched beyond the comparison; the order). ``.tested``:
        kind, where, n, share, comparison, excess, p_adjusted, absent_because, for everything looked at and not listed.
        ``.stability``: how sure the order is. ``.plan()``: a list of work.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995), false discovery rate within each kind; Fisher, R. A. (1935), exact tests;
    Mantel, N., Haenszel, W. (1959), waits that mirror others; Wilson, E. B. (1927), intervals.

    Examples
    --------
    `journeys` and `design` are those of the example company (`mining.examples`).

    >>> mining.find_pain_points(journeys, design).frame[["rank", "kind", "owner"]]
       rank                             kind             owner
    0     1                        ping-pong  Support tier one
    1     2  long wait that goes with losses             Sales
    2     3                       SLA missed           Support
    3     4          sent to another channel           service
    """
    staged = stage_touchpoints(journeys, design)
    waits = waits or measure_waits(journeys, between=designed_pairs(journeys, design))
    if slas is None and design is not None and design.frame["within_hours"].notna().any():
        slas = check_slas(journeys, design)
    promised = slas.frame if slas is not None else pd.DataFrame({"after": [], "step": []})
    evidence = [*waits_that_lose(journeys, waits, set(zip(promised["after"], promised["step"], strict=True)))]
    evidence += missed_slas(slas) if slas is not None else []
    bounces = [*ping_pong(people or measure_people(journeys))]
    evidence += [_with_ratings(journeys, each) for each in bounces]
    evidence += channel_changes(channels or measure_channels(journeys))
    scene = Scene(journeys, staged, design)
    evidence += drop_offs(scene, design)
    known = [each.pair for each in bounces if not each.absent_because]
    evidence += low_scores(scene, known)
    evidence += deviations_from_design(deviations) if deviations is not None else []
    found = merged([each for each in evidence if not each.absent_because])
    between = waits.frame.loc[~waits.frame["is_direct"], ["activity", "next_activity"]].drop_duplicates()
    whom = Found(scene, tuple(found), tuple(between.itertuples(index=False, name=None)))
    return PainPoints(listed(found, scene), absent(evidence), len(journeys), whom)


def _with_ratings(journeys: Journeys, bounce: Evidence) -> Evidence:
    if bounce.absent_because:
        return bounce
    return bounce._replace(said=bounce.said + ratings_after(journeys, bounce.pair))
