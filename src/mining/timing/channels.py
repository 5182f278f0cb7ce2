"""Channels: in which way customers come, where they go on, and where they must come again another way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._durations import duration
from mining._engine import CodedLog
from mining._statistics import SMALLEST_CELL, false_discovery_rate, wilson
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.timing.before_people import before_people
from mining.timing.losses import Fates, exact_p, fates
from mining.timing.responses import by_people
from mining.timing.steps_taken import HOUR

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["CONVERSATIONS", "Channels", "changes_of_channel", "measure_channels", "starts_of"]

# Where customers ask somebody for something. Seeing an ad, then a page, then a form is a path and not a redirection.
CONVERSATIONS: Final = (
    "phone", "chat", "chatbot", "email", "sms", "whatsapp", "messaging", "meeting", "video", "branch", "ivr", "post",
    "fax", "self_service",
)  # fmt: skip
_MIX: Final = "the mix of channels"
_CLICKS: Final = ("clicked", "opened", "unsubscribed")
_TESTED: Final = 20

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Channels:
    """Channel to channel, first and last channels, redirections; see `measure_channels`."""

    frame: pd.DataFrame
    ends: pd.DataFrame
    redirections: pd.DataFrame
    continuity: pd.DataFrame
    before_people: pd.DataFrame
    n_journeys: int

    def __repr__(self) -> str:
        moved = self.frame.loc[self.frame["channel"] != self.frame["next_channel"], "n"].sum()
        return (
            f"<Channels: {self.frame['n'].sum():,} next contacts in {self.n_journeys:,} journeys, {moved:,} of them in "
            f"another channel>"
        )

    def plot(self) -> Picture:
        """Draw how contacts go on from channel to channel."""
        from mining._draw import draw_heatmap

        matrix = self.frame.pivot_table(index="channel", columns="next_channel", values="share", fill_value=0.0)
        return draw_heatmap(
            matrix,
            title="Where contacts go on",
            unit="%",
            note="From channel (row) to channel (column), share of the row.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=10)


def measure_channels(journeys: Journeys, *, within: str | pd.Timedelta = "2D") -> Channels:
    """Measure how contacts go on from channel to channel, and where customers have to come again another way.

    Contacts are touchpoints of kind interaction with a known channel. A redirection is the first time a customer starts
    (inbound, after a silence of `within`) in a channel of conversation (phone, chat, email, branch, ...) when his next
    own contact comes within `within` and is in another such channel; what the company does in between does not matter,
    and clicks on what was sent to many are no conversation. Each customer counts once per channel.

    Customers come to some channels anyway, as their journey goes on. Chance is therefore what happens after the third
    channel (of any kind, with twenty customers) that leads to the same next channel most often; where there is none,
    the mix of channels. What began less than `within` before the end of observation is left out: too early to tell.

    Parameters
    ----------
    journeys : Journeys
        What to measure; redirections are followed per customer, across journeys.
    within : str or Timedelta
        How soon the next contact counts as the same matter; a longer span mixes in the next step of the journey.

    Returns
    -------
    Channels
        ``.frame``, most first: channel, next_channel, n (contacts), n_customers, share (of the contacts that went on
        from the channel), wait_median_hours. ``.ends``: channel, n_first, first_share, n_last, last_share (journeys),
        n_lost (journeys that were lost after a last contact in it), of_finished, lost_share with lost_low and lost_high
        (Wilson, 95 %; what may still run is left out). ``.continuity``, where customers come in another channel of
        conversation: channel, next_channel, n, n_customers, n_continued (the matter went on), n_started_over (it names
        other people, teams and tickets), n_untold, started_over_share (of those told) with low and high; pairs of fewer
        than five customers are left out.
        ``.before_people``: how far customers go alone, for all and by first channel; see
        `mining.timing.before_people.before_people`.
        ``.redirections``, most first: channel, next_channel, n_customers (started there), n_redirected, share (0..1)
        with low and high (Wilson, 95 %), compared_with (the third channel), expected (its share, 0..1), lift (share /
        expected), p, p_adjusted (Fisher's exact test, Benjamini-Hochberg; NaN below twenty customers).

    References
    ----------
    Wilson, E. B. (1927); Fisher, R. A. (1935); Benjamini, Y., Hochberg, Y. (1995).

    Examples
    --------
    `journeys` are those of the example company (`mining.examples`).

    >>> mining.measure_channels(journeys)
    <Channels: 8,924 next contacts in 552 journeys, 3,964 of them in another channel>
    """
    log = journeys.log
    is_contact, fate = _contacts(log), fates(journeys)
    return Channels(
        _matrix(log, is_contact),
        _ends(log, is_contact, fate),
        _redirections(journeys, within),
        _continuity(log),
        before_people(journeys, is_contact, fate),
        len(journeys),
    )


def _contacts(log: CodedLog) -> Flags:
    return np.asarray((log.codes["channel"] >= 0) & log.holds("touchpoint_kind", "interaction"))


class Changed(NamedTuple):
    """Contacts of customers in another channel of conversation than the contact before."""

    before: Integers  # places in the log
    after: Integers
    continued: Flags  # the matter went on
    started_over: Flags  # the customer began again; where neither is marked the log does not tell


def changes_of_channel(log: CodedLog) -> Changed:
    """Find where customers come in another channel of conversation, and whether the matter went on.

    It went on where the contact before is of the same ticket, deal, lead or conversation, or with the same person or
    team; where it names others, the customer began again.
    """
    at = np.flatnonzero(_contacts(log))
    before, after = at[:-1], at[1:]
    speaks = np.append(np.isin(log.words["channel"].astype(str), CONVERSATIONS), False)[log.codes["channel"]]
    moved = (log.journey_of[before] == log.journey_of[after]) & speaks[after] & speaks[before]
    moved &= (log.codes["channel"][before] != log.codes["channel"][after]) & log.holds("direction", "inbound")[after]
    before, after = before[moved], after[moved]
    same, other = np.zeros(len(after), bool), np.zeros(len(after), bool)
    people = by_people(log)
    for field in ("ticket", "deal", "lead", "conversation", "team", "actor"):
        codes = log.codes.get(field)
        if codes is not None:
            known = (codes[before] >= 0) & (codes[after] >= 0)
            known &= (field != "actor") | (people[before] & people[after])  # the customer himself continues nothing
            same |= known & (codes[before] == codes[after])
            other |= known & (codes[before] != codes[after])
    return Changed(before, after, same, other & ~same)


def _continuity(log: CodedLog) -> pd.DataFrame:
    moved = changes_of_channel(log)
    frame = pd.DataFrame(
        {
            "channel": log.decoded("channel", moved.before), "next_channel": log.decoded("channel", moved.after),
            "customer": customer_of(log)[log.journey_of[moved.after]],
            "continued": moved.continued, "started_over": moved.started_over,
        }
    ).astype({"channel": "str", "next_channel": "str"})  # fmt: skip
    summed = frame.groupby(["channel", "next_channel"], as_index=False).agg(
        n=("customer", "size"), n_customers=("customer", "nunique"), n_continued=("continued", "sum"),
        n_started_over=("started_over", "sum"),
    )  # fmt: skip
    told = summed["n_continued"] + summed["n_started_over"]
    low, high = wilson(summed["n_started_over"], told)
    summed = summed.assign(
        n_untold=summed["n"] - told, started_over_share=summed["n_started_over"] / told.where(told > 0)
    )
    summed = summed.assign(low=low, high=high)
    summed.loc[told == 0, ["low", "high"]] = np.nan
    few = summed["n_customers"] < SMALLEST_CELL
    return summed[~few].sort_values(["n", "channel", "next_channel"], ascending=[False, True, True], ignore_index=True)


def _matrix(log: CodedLog, is_contact: Flags) -> pd.DataFrame:
    at = np.flatnonzero(is_contact)
    journey = log.journey_of[at]
    same = journey[1:] == journey[:-1]
    before, after = at[:-1][same], at[1:][same]
    frame = pd.DataFrame(
        {
            "channel": log.decoded("channel", before),
            "next_channel": log.decoded("channel", after),
            "customer": customer_of(log)[journey[1:][same]],
            "hours": np.maximum(log.time[after] - log.end_time[before], 0) / HOUR,
        }
    ).astype({"channel": "str", "next_channel": "str"})
    summed = frame.groupby(["channel", "next_channel"], as_index=False).agg(
        n=("hours", "size"), n_customers=("customer", "nunique"), wait_median_hours=("hours", "median")
    )
    summed.insert(4, "share", summed["n"] / summed.groupby("channel")["n"].transform("sum"))
    return summed.sort_values(["n", "channel", "next_channel"], ascending=[False, True, True], ignore_index=True)


def _ends(log: CodedLog, is_contact: Flags, fate: Fates) -> pd.DataFrame:
    at = np.flatnonzero(is_contact)
    journey = log.journey_of[at]
    is_new = np.append(True, journey[1:] != journey[:-1])[: len(at)]
    is_last = np.append(journey[1:] != journey[:-1], True)[: len(at)]
    breadth = len(log.words["channel"])
    first = np.bincount(log.codes["channel"][at[is_new]], minlength=breadth)
    last = np.bincount(log.codes["channel"][at[is_last]], minlength=breadth)
    n = max(int(is_new.sum()), 1)
    frame = pd.DataFrame(
        {
            "channel": log.words["channel"].astype(str),
            "n_first": first,
            "first_share": first / n,
            "n_last": last,
            "last_share": last / n,
        }
    )
    over = is_last & fate.is_finished[journey]
    finished = np.bincount(log.codes["channel"][at[over]], minlength=breadth)
    lost = np.bincount(log.codes["channel"][at[over & fate.is_lost[journey]]], minlength=breadth)
    low, high = wilson(lost, finished)
    told = finished >= SMALLEST_CELL
    frame = frame.assign(n_lost=lost, of_finished=finished, lost_share=lost / np.where(told, finished, np.nan),
                         lost_low=np.where(told, low, np.nan), lost_high=np.where(told, high, np.nan))  # fmt: skip
    frame = frame[(frame["n_first"] > 0) | (frame["n_last"] > 0)]
    return frame.sort_values(["n_first", "channel"], ascending=[False, True], ignore_index=True)


def starts_of(journeys: Journeys, within: str | pd.Timedelta = "2D") -> pd.DataFrame:
    """List each customer's first start per channel, and the channel of the next conversation; see `measure_channels`.

    Parameters
    ----------
    journeys : Journeys
        Whose.
    within : str or Timedelta
        How soon the next contact counts as the same matter.

    Returns
    -------
    DataFrame
        customer (number), channel, next (codes; -1: none in time).
    """
    log = journeys.log
    at = np.flatnonzero(_contacts(log) & log.holds("direction", "inbound"))
    customer = customer_of(log)[log.journey_of[at]]
    order = np.lexsort((at, log.time[at], customer))
    at, customer = at[order], customer[order]
    asks = _asks(log)[at]
    limit = duration(within) // pd.Timedelta(microseconds=1)
    channel = log.codes["channel"][at].astype(np.int64)
    soon = (customer[1:] == customer[:-1]) & (log.time[at[1:]] - log.time[at[:-1]] <= limit)
    following = np.append(np.where(soon & asks[1:], channel[1:], -1), -1)[: len(at)]
    goes_on = asks & np.append(False, soon & asks[:-1])[: len(at)]
    is_early = log.time[at] <= journeys.observed_until.value // 1_000 - limit
    # A click in a channel of conversation starts none, and none of the other kind.
    speaks = np.isin(log.words["channel"].astype(str), CONVERSATIONS)[channel]
    rows = pd.DataFrame({"customer": customer, "channel": channel, "next": following})
    rows = rows[is_early & ~goes_on & (asks | ~speaks)]
    return pd.DataFrame(rows.drop_duplicates(["customer", "channel"]))


def _asks(log: CodedLog) -> Flags:
    """Mark contacts of conversation: in such a channel, and no mere click on something that was sent to many."""
    asks = np.append(np.isin(log.words["channel"].astype(str), CONVERSATIONS), False)[log.codes["channel"]]
    for outcome in _CLICKS:
        asks &= ~log.holds("outcome", outcome)
    return np.asarray(asks & (log.codes["campaign"] < 0) if "campaign" in log.codes else asks)


def _redirections(journeys: Journeys, within: str | pd.Timedelta) -> pd.DataFrame:
    rows = starts_of(journeys, within)
    words = journeys.log.words["channel"].astype(str)
    breadth = len(words)
    start, to = rows["channel"].to_numpy(np.int64), rows["next"].to_numpy(np.int64)
    moved = np.zeros((breadth, breadth), np.int64)
    np.add.at(moved, (start[to >= 0], to[to >= 0]), 1)
    n = np.bincount(start, minlength=breadth)
    speaks = (n > 0) & np.isin(words, CONVERSATIONS)
    one, two = np.nonzero(speaks[:, None] & speaks[None, :] & ~np.eye(breadth, dtype=bool))
    k, size = moved[one, two], n[one]
    third, rest_k, rest_n = _third_channel(moved, n, one, two)
    low, high = wilson(k, size)
    p = np.where((size >= _TESTED) & (rest_n >= _TESTED), exact_p(k, size, rest_k, rest_n), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, expected = k / size, rest_k / rest_n
        lift = share / expected
    frame = pd.DataFrame(
        {
            "channel": words[one],
            "next_channel": words[two],
            "n_customers": size,
            "n_redirected": k,
            "share": share,
            "low": low,
            "high": high,
            "compared_with": np.append(words, _MIX)[third],
            "expected": expected,
            "lift": lift,
            "p": p,
            "p_adjusted": false_discovery_rate(p),
        }
    )
    order = ["n_redirected", "channel", "next_channel"]
    return frame.sort_values(order, ascending=[False, True, True], ignore_index=True)


def _third_channel(moved: Integers, n: Integers, one: Integers, two: Integers) -> tuple[Integers, Integers, Integers]:
    """Choose, per pair, the third channel that leads to the second most often; the mix (last number) if none does."""
    rate = np.where(n >= _TESTED, moved.T / np.maximum(n, 1), -1.0)[two]
    rate[np.arange(len(one)), one] = -1.0
    rate[np.arange(len(two)), two] = -1.0
    third = rate.argmax(axis=1) if rate.size else np.zeros(0, np.int64)
    is_mixed = rate.max(axis=1, initial=-1.0) < 0
    rest_k = np.where(is_mixed, moved.sum(axis=0)[two], moved[third, two])
    rest_n = np.where(is_mixed, moved.sum(), n[third])
    return np.where(is_mixed, len(n), third), rest_k, rest_n
