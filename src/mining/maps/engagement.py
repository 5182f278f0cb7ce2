"""Engagement: what customers buy beside what they talk about, stage by stage, and what becomes of leads by source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._durations import duration
from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL, masked, wilson
from mining.journeys import Journeys
from mining.journeys.groups import customer_of, group_of
from mining.maps.scene import Scene
from mining.timing.losses import fates
from mining.timing.stages import stage_touchpoints

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.design import Design

__all__ = ["Engagement", "Leads", "follow_leads", "measure_engagement"]

_LANES: Final = ("transactions", "contacts")
_FATES: Final = ("won", "lost", "open")
_FEW: Final = f"fewer than {SMALLEST_CELL} each"
_NEVER: Final = np.iinfo(np.int64).max

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Engagement:
    """Transactions and other contacts of each stage; see `measure_engagement`."""

    frame: pd.DataFrame
    stage_mark: str
    n_journeys: int

    def __repr__(self) -> str:
        stages = self.frame["stage"].nunique()
        return (
            f"<Engagement of {self.n_journeys:,} journeys: {stages} stages ({self.stage_mark}) by {len(_LANES)} lanes>"
        )

    def plot(self) -> Picture:
        """Draw the share of each stage's customers that buys, and that is in touch otherwise."""
        from mining._draw import draw_bars

        return draw_bars(
            self.frame.assign(label=self.frame["stage"] + ": " + self.frame["lane"], n=self.frame["n_customers"]),
            "label",
            "share",
            low="low",
            high="high",
            title="Who buys and who is in touch",
            unit="%",
            note="Share of the stage's customers, 95 % interval; n: customers of the stage.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=20)


@dataclass(frozen=True, eq=False)
class Leads:
    """What became of leads, by the source they came from; see `follow_leads`."""

    frame: pd.DataFrame
    source: str
    lasting_days: float
    n_leads: int
    n_hidden: int

    def __repr__(self) -> str:
        few = f"; those of sources with fewer than {SMALLEST_CELL} not shown" if self.n_hidden else ""
        return f"<Leads: {self.n_leads:,} from {len(self.frame)} sources ({self.source}){few}>"

    def plot(self) -> Picture:
        """Draw the share of leads that were won, by source."""
        from mining._draw import draw_bars

        return draw_bars(
            self.frame.assign(n=self.frame["n_leads"]),
            "source",
            "won_share",
            low="won_low",
            high="won_high",
            title="What becomes of leads",
            unit="%",
            note="Share won so far, 95 % interval; some of the rest may still be open.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=20)


def measure_engagement(journeys: Journeys, design: Design | None = None) -> Engagement:
    """Measure, stage by stage, how many customers buy and how many are in touch otherwise.

    Parameters
    ----------
    journeys : Journeys
        What to measure. A *transaction* is what is won, or a meeting with an amount above nought (what a deal may be
        worth, while it is open, is none); a *contact* is any other meeting of customer and company in a known channel.
    design : Design, optional
        Its stages; else stages as on the journey map.

    Returns
    -------
    Engagement
        ``.frame``, stages in order: stage, lane (transactions, contacts), n_customers (of the stage), n_engaged (of
        them, in the lane), share (0..1) with low and high (Wilson, 95 %), n_touchpoints (in the lane), per_customer
        (touchpoints of each engaged one, mean), mark (of the stages: typed, measured or inferred). Lanes that are, or
        would give away, fewer than five customers are masked (NaN).

    Raises
    ------
    MiningError
        Where there are no journeys.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.

    Examples
    --------
    `journeys` and `design` are those of the example company (`mining.examples`).

    >>> from mining.maps import measure_engagement
    >>> measure_engagement(journeys, design)
    <Engagement of 552 journeys: 6 stages (typed) by 2 lanes>
    """
    if len(journeys) == 0:
        raise MiningError.empty("Engagement", "there are no journeys.")
    scene = Scene(journeys, stage_touchpoints(journeys, design), design)
    log = journeys.log
    amount = log.numbers.get("amount")
    is_sale = log.holds("outcome", "won")
    if amount is not None:
        is_sale |= log.holds("touchpoint_kind", "interaction") & (amount > 0)
    lanes = {"transactions": is_sale, "contacts": scene.is_contact & ~is_sale}
    rows = [row for stage in range(scene.n_stages) for row in _lanes_of(stage, lanes, scene)]
    frame = pd.DataFrame(rows).astype({"stage": "str", "lane": "str", "mark": "str"})
    return Engagement(frame, scene.staged.mark, len(journeys))


def _lanes_of(stage: int, lanes: dict[str, Flags], scene: Scene) -> Iterator[dict[str, Any]]:
    here = scene.staged.of == stage
    n = len(np.unique(scene.customer[here]))
    for lane, chosen in lanes.items():
        customers, times = np.unique(scene.customer[here & chosen], return_counts=True)
        k = len(customers)
        low, high = (float(bound) for bound in wilson(k, n))
        is_shown = (k == 0 or k >= SMALLEST_CELL) and (n == 0 or n >= SMALLEST_CELL)
        yield {
            "stage": scene.staged.names[stage],
            "lane": lane,
            "n_customers": n if n == 0 or n >= SMALLEST_CELL else np.nan,
            "n_engaged": k if is_shown else np.nan,
            "share": k / n if is_shown and n else np.nan,
            "low": low if is_shown else np.nan,
            "high": high if is_shown else np.nan,
            "n_touchpoints": int(times.sum()) if is_shown else np.nan,
            "per_customer": float(times.mean()) if is_shown and k else np.nan,
            "mark": scene.staged.mark,
        }


def follow_leads(journeys: Journeys, *, source: Any = "channel", lasting: str | pd.Timedelta = "90D") -> Leads:
    """Follow leads from their source to what became of them.

    A lead is a customer. It is won where any journey of his was won, open where not and one may still be running, else
    lost. A customer who was won lasts where something of his happens again `lasting` or longer after the first win;
    those won later than that before the end of observation are too fresh to tell and left out there.

    Parameters
    ----------
    journeys : Journeys
        Whom to follow.
    source : str, Series or personas
        A field (the first word known in the customer's first journey: ``"channel"`` is the first touch), an attribute
        of the CRM's objects (``"original_source"``), or a Series per journey or customer.
    lasting : str or Timedelta
        From when on a won customer has lasted.

    Returns
    -------
    Leads
        ``.frame``, most leads first: source ("not known" where it is not, "fewer than 5 each" for all so small, left
        out where they are fewer than five together), n_leads; n_won, n_lost, n_open and, of all leads, won_share,
        lost_share, open_share (0..1), each with low and high (``won_low``, Wilson, 95 %); decided_share (won, of those
        won or lost) with decided_low and decided_high; n_watched (won long enough ago), n_lasting, lasting_share (of
        them) with lasting_low and lasting_high. Counts under five are masked (NaN), with so many others that totals do
        not give them away, and so are the shares that would tell them.

    Raises
    ------
    MiningError
        Where there are no journeys, nothing was ever won or lost, or no such source is known.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.

    Examples
    --------
    `journeys` are those of the example company (`mining.examples`).

    >>> from mining.maps import follow_leads
    >>> follow_leads(journeys).frame[["source", "n_leads", "n_won", "won_share"]].round(2)
       source  n_leads  n_won  won_share
    0     ads      118   88.0       0.75
    1   phone      109   76.0       0.70
    2  social       79   53.0       0.67
    3     web       54   34.0       0.63
    """
    if len(journeys) == 0:
        raise MiningError.empty("The list of leads", "there are no journeys.")
    if not (journeys.log.holds("outcome", "won") | journeys.log.holds("outcome", "lost")).any():
        raise MiningError.empty("The list of leads", "nothing was won or lost; map an outcome, or wait.")
    names, group = group_of(journeys, source)
    leads = _leads(journeys, group, duration(lasting) // pd.Timedelta(microseconds=1))
    leads["source"] = np.array([*names, "not known"], dtype=object)[leads["group"]]
    few = leads.groupby("source")["group"].transform("size") < SMALLEST_CELL
    leads.loc[few, "source"] = _FEW
    summed = leads.groupby("source", as_index=False).agg(
        n_leads=("won", "size"),
        n_won=("won", "sum"),
        n_lost=("lost", "sum"),
        n_open=("open", "sum"),
        n_watched=("watched", "sum"),
        n_lasting=("lasting", "sum"),
    )
    summed = summed.sort_values(["n_leads", "source"], ascending=[False, True], ignore_index=True)
    told = source if isinstance(source, str) else "as given"
    enough = summed[summed["n_leads"] >= SMALLEST_CELL].reset_index(drop=True)
    hidden = len(leads) - int(enough["n_leads"].sum())
    return Leads(_shares(enough), told, duration(lasting) / pd.Timedelta(days=1), len(leads), hidden)


def _leads(journeys: Journeys, group: Integers, lasting: int) -> pd.DataFrame:
    """Tell of each customer: group (that of his first journey), won, lost, open, watched, lasting."""
    log, customer = journeys.log, customer_of(journeys.log)
    n, fate = int(customer.max()) + 1, fates(journeys)
    order = np.lexsort((log.time[log.first], customer))[::-1]
    of = np.full(n, -1)
    # Written from the last journey to the first, what stays is the first one's.
    of[customer[order]] = group[order]
    first, until = np.full(n, _NEVER), np.full(n, -_NEVER)
    wins = np.flatnonzero(log.holds("outcome", "won"))
    np.minimum.at(first, customer[log.journey_of[wins]], log.time[wins])
    np.maximum.at(until, customer, np.maximum(log.time[log.last], log.end_time[log.last]))
    is_won, runs = first < _NEVER, np.zeros(n, bool)
    runs[customer[~fate.is_finished]] = True
    due = np.where(is_won, first, 0) + lasting
    watched = is_won & (due <= journeys.observed_until.value // 1_000)
    return pd.DataFrame(
        {
            "group": of,
            "won": is_won,
            "lost": ~is_won & ~runs,
            "open": ~is_won & runs,
            "watched": watched,
            "lasting": watched & (until >= due),
        }
    )


def _shares(summed: pd.DataFrame) -> pd.DataFrame:
    frame = summed.assign(source=summed["source"].astype("str"))
    counts = [f"n_{fate}" for fate in _FATES]
    used = [name for name in counts if summed[name].any()]  # a count that is nought everywhere hides nobody
    shown = summed[counts].astype(float)
    shown[used] = masked(summed[used].to_numpy())
    watched = pd.DataFrame({"lasts": summed["n_lasting"], "lasts_not": summed["n_watched"] - summed["n_lasting"]})
    lasting = pd.DataFrame([masked(row) for row in watched.to_numpy()], columns=["n_lasting", "rest"])
    decided = summed["n_won"] + summed["n_lost"]
    is_told = shown.notna().all(axis=1)
    parts = {
        **{fate: (summed[f"n_{fate}"], summed["n_leads"], shown[f"n_{fate}"].notna()) for fate in _FATES},
        "decided": (summed["n_won"], decided, is_told),
        "lasting": (summed["n_lasting"], summed["n_watched"], lasting["n_lasting"].notna() & shown["n_won"].notna()),
    }
    for name, (k, n, may_show) in parts.items():
        enough = may_show & n.ge(SMALLEST_CELL)
        for column, value in zip(("share", "low", "high"), (k / n.where(n > 0, 1), *wilson(k, n)), strict=True):
            frame[f"{name}_{column}"] = pd.Series(value, index=frame.index).where(enough)
    frame[counts] = shown
    is_watched = parts["lasting"][2]
    frame["n_watched"] = summed["n_watched"].where(is_watched & summed["n_watched"].ge(SMALLEST_CELL))
    frame["n_lasting"] = lasting["n_lasting"].where(frame["n_watched"].notna())
    bounds = [f"{name}_{part}" for name in ("won", "lost", "open", "decided") for part in ("share", "low", "high")]
    last = ["n_watched", "n_lasting", "lasting_share", "lasting_low", "lasting_high"]
    return frame[["source", "n_leads", *counts, *bounds, *last]]
