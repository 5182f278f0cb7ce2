"""The eleven imperfection patterns of event logs: which of them this export shows, how often, and what it costs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._fields import CASES
from mining.sources.fold import fold
from mining.sources.groups import group_of

__all__ = ["find_imperfections"]

_BURST = 4
_NUMBER = re.compile(r"\d[\d./:#-]*")
_ALIKE = 0.88
_MOST_LABELS = 400
_MIDNIGHT = 86_400_000_000


class _Pattern(NamedTuple):
    pattern: str
    n: int
    of: int
    example: str
    cost: str


def find_imperfections(frame: pd.DataFrame, clocks: pd.DataFrame, ledger: pd.DataFrame) -> pd.DataFrame:
    """Look for the eleven patterns in what was read.

    Every pattern has a row, also where nothing of it was found.

    Parameters
    ----------
    frame : DataFrame
        Canonical touchpoints.
    clocks : DataFrame
        How every time column was read.
    ledger : DataFrame
        Records in, used and set aside.

    Returns
    -------
    DataFrame
        `pattern`; `n` (touchpoints, labels, columns or customers that show it) `of` how many; `share` (0 to 1);
        `example`; `cost` (what it does to the results).

    References
    ----------
    Suriadi, S., Andrews, R., ter Hofstede, A., Wynn, M., "Event log imperfection patterns for process mining: Towards a
    systematic approach to cleaning event logs", Information Systems 64, 2017.
    """
    once = frame.loc[~frame["touchpoint_id"].str.contains(r"@\d+$", regex=True, na=False).to_numpy()]
    owner = _owner(once)
    labels = sorted(once["activity"].unique())
    found = [
        _bursts(once, owner),
        _time_travel(once),
        _unanchored(clocks),
        _scattered_events(once),
        _elusive(ledger),
        _scattered_cases(frame),
        _collateral(once, owner),
        _polluted(labels),
        _distorted(labels),
        _synonyms(once),
        _homonyms(once),
    ]
    told = pd.DataFrame(found)
    told.insert(3, "share", np.where(told["of"] > 0, told["n"] / told["of"].clip(lower=1), 0.0))
    return told


def _owner(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    owner = pd.Series(pd.NA, index=frame.index, dtype="str")
    for case in CASES:
        owner = owner.fillna(frame[case])
    return np.asarray(pd.factorize(owner)[0], dtype=np.int64)


def _moments(frame: pd.DataFrame, owner: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Group touchpoints of one case at one moment, where the clock shows seconds."""
    time = frame["timestamp"].astype("int64").to_numpy() // 1_000_000
    fine = frame["timestamp_precision"].isin(["us", "ms", "s"]).to_numpy()
    table = pd.factorize(frame["source_table"])[0]
    groups = group_of(owner, time, table)
    # What has no such clock is alone with itself.
    return np.where(fine, groups, len(groups) + np.arange(len(groups)))


def _bursts(frame: pd.DataFrame, owner: npt.NDArray[np.int64]) -> _Pattern:
    group = _moments(frame, owner)
    activity = pd.factorize(frame["activity"])[0]
    pairs = np.unique(group * (int(activity.max(initial=0)) + 1) + activity) // (int(activity.max(initial=0)) + 1)
    hit = np.bincount(pairs, minlength=int(group.max(initial=0)) + 1)[group] >= _BURST
    cost = "what one form wrote at once has no order of its own; the order of the file stands in"
    return _Pattern("form-based event capture", int(hit.sum()), len(frame), _example(frame, hit), cost)


def _collateral(frame: pd.DataFrame, owner: npt.NDArray[np.int64]) -> _Pattern:
    group = _moments(frame, owner)
    size = np.bincount(group, minlength=int(group.max(initial=0)) + 1)[group]
    hit = (size > 1) & (size < _BURST)
    cost = "one act counts as several touchpoints, and the waits between them are nothing"
    return _Pattern("collateral events", int(hit.sum()), len(frame), _example(frame, hit), cost)


def _time_travel(frame: pd.DataFrame) -> _Pattern:
    ends, recorded = frame["end_timestamp"] < frame["timestamp"], frame["recorded_at"] < frame["timestamp"]
    old = frame["timestamp"] < pd.Timestamp("1990-01-01", tz="UTC")
    micros = frame["timestamp"].astype("int64").to_numpy()
    fine = frame["timestamp_precision"].isin(["us", "ms", "s", "min"]).to_numpy()
    midnight = (micros % _MIDNIGHT == 0) & fine
    # A few touchpoints at midnight happen; many say that a day was written without its hour.
    suspicious = midnight if midnight.sum() > 0.01 * max(1, fine.sum()) else np.zeros(len(frame), dtype=bool)
    hit = (ends | recorded | old).to_numpy() | suspicious
    cost = "orders and waits are wrong where the clock is"
    return _Pattern("inadvertent time travel", int(hit.sum()), len(frame), _example(frame, hit), cost)


def _unanchored(clocks: pd.DataFrame) -> _Pattern:
    formats = clocks["format"].astype(str)
    hit = (formats.str.count(r"\(") > 1).to_numpy() | clocks["zone"].astype(str).str.contains("assumed").to_numpy()
    named = [f"{table}.{column}" for table, column in clocks.loc[hit, ["table", "column"]].itertuples(index=False)]
    cost = "two formats or no zone: times may be hours or days off"
    return _Pattern("unanchored event", int(hit.sum()), len(clocks), ", ".join(named[:3]), cost)


def _scattered_events(frame: pd.DataFrame) -> _Pattern:
    """Milestones: several touchpoints out of one record, told only by its columns."""
    group = group_of(*(frame[name] for name in ("source", "source_file", "source_table", "source_row")))
    activity = pd.factorize(frame["activity"])[0]
    breadth = int(activity.max(initial=0)) + 1
    records = np.unique(group * breadth + activity) // breadth
    hit = np.bincount(records, minlength=int(group.max(initial=0)) + 1)[group] > 1
    cost = "only the last time of each milestone is known: loops and going back are invisible"
    return _Pattern("scattered event", int(hit.sum()), len(frame), _example(frame, hit), cost)


def _elusive(ledger: pd.DataFrame) -> _Pattern:
    rule = (ledger["rule"] == "nobody it belongs to").to_numpy()
    total = int(ledger.drop_duplicates(["source", "table", "file"])["rows_in"].sum())
    n = int(ledger.loc[rule, "rows_aside"].sum())
    tables = ", ".join(sorted(set(ledger.loc[rule, "table"])))
    return _Pattern("elusive case", n, total, tables, "contacts that cannot be put into any journey")


def _scattered_cases(frame: pd.DataFrame) -> _Pattern:
    known = frame.loc[frame["customer"].notna().to_numpy(), ["customer", "source"]]
    sources = known.groupby("customer", sort=False)["source"].nunique()
    several = int((sources > 1).sum())
    cost = "one customer's journey lies in several systems: it holds only as well as their ids match"
    return _Pattern("scattered case", several, len(sources), "", cost)


def _polluted(labels: Sequence[str]) -> _Pattern:
    bare = pd.Series([_NUMBER.sub("#", label) for label in labels], dtype="str")
    crowd = bare.groupby(bare).transform("size")
    hit = ((crowd > 1) & bare.str.contains("#")).to_numpy()
    example = ", ".join(sorted(set(bare[hit]))[:3])
    cost = "numbers inside the names make one activity look like many"
    return _Pattern("polluted label", int(hit.sum()), len(labels), example, cost)


def _distorted(labels: Sequence[str]) -> _Pattern:
    cost = "spellings of one activity look like different ones"
    return _pairs("distorted label", labels, _spelt_alike, cost)


def _spelt_alike(one: str, two: str) -> bool:
    """Say whether two labels differ in case, blanks and signs alone, or each word by a slip of the pen."""
    words = [re.findall(r"[^\W_]+", fold(label)) for label in (one, two)]
    if "".join(words[0]) == "".join(words[1]):
        return True
    unlike = [pair for pair in zip(*words, strict=False) if pair[0] != pair[1]]
    return len(words[0]) == len(words[1]) and all(_slip(*pair) for pair in unlike)


def _slip(one: str, two: str) -> bool:
    """Tell a slip from another word: won and lost, inbound and outbound share letters too."""
    if min(len(one), len(two)) < 6 or any(mark.isdigit() for mark in one + two):
        return False
    return difflib.SequenceMatcher(None, one, two, autojunk=False).ratio() >= _ALIKE


def _synonyms(frame: pd.DataFrame) -> _Pattern:
    """Labels of different sources that say the same words in another order."""
    labels = sorted(frame["activity"].unique())
    cost = "one activity has a name per system or language"
    return _pairs("synonymous labels", labels, _same_words, cost)


def _same_words(one: str, two: str) -> bool:
    words = [frozenset(word.rstrip("s") for word in re.split(r"[\W_]+", fold(label)) if word) for label in (one, two)]
    return words[0] == words[1] and not _spelt_alike(one, two)


def _homonyms(frame: pd.DataFrame) -> _Pattern:
    """Labels that mean several things: they stand for several words of the source, or happen by unlike channels."""
    raw = frame.groupby("activity", sort=True)["activity_raw"].nunique()
    kinds = frame.groupby("activity", sort=True, observed=True)["touchpoint_kind"].nunique()
    hit = (raw > 3) | (kinds > 1)
    cost = "one name covers unlike acts: split it in the mapping where that matters"
    return _Pattern("homonymous label", int(hit.sum()), len(raw), ", ".join(map(str, hit.index[hit][:3])), cost)


def _pairs(pattern: str, labels: Sequence[str], alike: Callable[[str, str], bool], cost: str) -> _Pattern:
    found = list(_alike(labels[:_MOST_LABELS], alike))
    example = ", ".join(f"'{one}' and '{two}'" for one, two in found[:2])
    return _Pattern(pattern, len({label for pair in found for label in pair}), len(labels), example, cost)


def _alike(labels: Sequence[str], alike: Callable[[str, str], bool]) -> Iterator[tuple[str, str]]:
    # Labels of very unlike length cannot be twins; that keeps the comparison of pairs short.
    for one, two in combinations(labels, 2):
        if abs(len(one) - len(two)) <= 6 and alike(one, two):
            yield one, two


def _example(frame: pd.DataFrame, hit: npt.NDArray[np.bool_]) -> str:
    return ", ".join(str(label) for label in frame.loc[hit, "activity"].value_counts().index[:3])
