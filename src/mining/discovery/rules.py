"""Declarative rules: what always holds of journeys, whatever else they do. Counted per distinct path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import paths
from mining._errors import MiningError
from mining._statistics import wilson
from mining.discovery.places import Places, find_places
from mining.journeys import Journeys

__all__ = ["Rules", "find_rules"]

_MOST: Final = 200  # activities: of more only the commonest, and that is said
_SAID: Final = {
    "begins": "every journey begins with {0}",
    "ends": "every journey ends with {0}",
    "happens": "{0} happens in every journey",
    "once": "{0} happens once at most",
    "response": "after {0} comes {1}, sooner or later",
    "precedence": "before {1} came {0}",
    "succession": "{0} and {1} come together, {0} before {1}",
    "next": "right after {0} comes {1}",
    "together": "{0} and {1} happen in the same journeys",
    "apart": "{0} and {1} never happen in the same journey",
}
# What a rule says too, so that the weaker one is not told beside it.
_IMPLIES: Final = {"succession": ("response", "precedence", "together"), "next": ("response",)}
_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Rules:
    """Rules that journeys keep.

    Attributes
    ----------
    frame : DataFrame
        One row per rule, surest first: rule (begins, ends, happens, once, response, precedence, succession, next,
        together, apart), activity, other_activity (missing for rules about one), says (in words), n_kept, of_journeys
        (in which it could be broken: those with what it speaks of), share, share_low, share_high (Wilson, 95 %).
    n_journeys : int
        Of how many journeys.
    left_out : int
        Activities that were too rare to be looked at, because there are more than two hundred.
    """

    frame: pd.DataFrame
    n_journeys: int
    left_out: int = 0

    def __repr__(self) -> str:
        beyond = f"; {self.left_out:,} rare activities not looked at" if self.left_out else ""
        return f"<Rules: {len(self.frame):,} that {self.n_journeys:,} journeys keep{beyond}>"

    def _repr_html_(self) -> str:
        columns = ["says", "n_kept", "of_journeys", "share", "share_low"]
        return (
            f"<p>{escape(repr(self)[1:-1])}</p>{self.frame[columns].head(12).round(3).to_html(index=False, border=0)}"
        )


def find_rules(journeys: Journeys, *, min_share: float = 0.9, min_journeys: int = 20) -> Rules:
    """Find rules that hold of nearly all journeys that they speak of.

    A rule is told where even the lower end of the interval of its share reaches `min_share`, so that what holds of a
    few by chance is not. What a stronger rule says already is left out.

    Parameters
    ----------
    journeys : Journeys
        What to look at; those that still run keep a rule less often than they will.
    min_share : float
        Least share, at the lower end of its 95 % interval, 0 to 1.
    min_journeys : int
        In how many journeys a rule must at least have been at stake.

    Returns
    -------
    Rules

    Raises
    ------
    MiningError
        For a share that is none.

    References
    ----------
    Pesic, M., van der Aalst, W. M. P. (2006). A declarative approach for flexible business processes management.
    Maggi, F. M., Bose, R. P. J. C., van der Aalst, W. M. P. (2013). A knowledge-based integrated approach for
    discovering and repairing Declare maps. Rules that others imply.
    """
    if not 0 < min_share <= 1:
        raise MiningError.refused(f"The share {min_share}", "is none: give one above 0 and up to 1.")
    log = journeys.log
    found, words = paths(log), [str(word) for word in log.words["activity"]]
    at = find_places(found, len(words), _MOST)
    rows = list(_counted(at, np.diff(found.offsets)))
    names = ["rule", "one", "other", "n_kept", "of_journeys"]
    frame = pd.DataFrame(rows, columns=names).astype({"one": "int64", "other": "int64"})
    frame = frame[frame["of_journeys"] >= min_journeys]
    frame["share"] = frame["n_kept"] / frame["of_journeys"]
    frame["share_low"], frame["share_high"] = wilson(frame["n_kept"], frame["of_journeys"])
    frame = _without_implied(frame[frame["share_low"] >= min_share])
    pairs = zip(frame["one"], frame["other"], strict=True)
    told = [(words[one], words[other] if other >= 0 else None) for one, other in pairs]
    for place, name in enumerate(("activity", "other_activity")):
        frame[name] = pd.Series([pair[place] for pair in told], index=frame.index, dtype="str")
    frame["says"] = [_SAID[rule].format(*pair) for rule, pair in zip(frame["rule"], told, strict=True)]
    order = ["rule", "activity", "other_activity", "says", "n_kept", "of_journeys", "share", "share_low", "share_high"]
    by = ["share_low", "of_journeys", "rule", "activity", "other_activity"]
    frame = frame.sort_values(by, ascending=[False, False, True, True, True], kind="stable")
    return Rules(frame[order].reset_index(drop=True), len(journeys), at.left_out)


_Row = tuple[str, int, int, int, int]


def _counted(at: Places, length: _Integers) -> Iterator[_Row]:
    weight, n = at.weight, int(at.weight.sum())
    with_it, everybody = weight @ (at.times > 0), np.broadcast_to(n, len(at.kept))
    alone = {
        "begins": (weight @ (at.first == 0), everybody),
        "ends": (weight @ (at.last == length[:, None] - 1), everybody),
        "happens": (with_it, everybody),
        "once": (weight @ (at.times == 1), with_it),
    }
    for rule, (held, of) in alone.items():
        for place, activity in enumerate(at.kept):
            yield rule, int(activity), -1, int(held[place]), int(of[place])
    for place in range(len(at.kept)):
        yield from _pairs(at, place)
    yield from _next(at, with_it)


def _pairs(at: Places, place: int) -> Iterator[_Row]:
    """Count for one activity what holds of it and each other one."""
    first, last, weight, kept = at.first, at.last, at.weight, at.kept
    has = last >= 0
    here = has[:, [place]]
    both = here & has
    response = both & (last > last[:, [place]])
    precedence = both & (first > first[:, [place]])
    n_one, n_other, either = weight @ here, weight @ has, weight @ (here | has)
    counts = {
        "response": (weight @ response, np.broadcast_to(n_one, len(kept))),
        "precedence": (weight @ precedence, n_other),
        "succession": (weight @ (response & precedence), either),
        "together": (weight @ both, either),
        # Two rare activities keep apart by chance: it is told where five journeys or more would have both otherwise.
        "apart": (np.where(n_one * n_other >= 5 * weight.sum(), either - weight @ both, 0), either),
    }
    for rule, (held, of) in counts.items():
        start = place + 1 if rule in {"together", "apart"} else 0  # the same both ways round
        for other in range(start, len(kept)):
            if other != place:
                yield rule, int(kept[place]), int(kept[other]), int(held[other]), int(of[other])


def _next(at: Places, with_it: _Integers) -> Iterator[_Row]:
    """Count in how many journeys each of an activity is directly followed by the same other one."""
    path, one, other, n = at.followed.T
    always = (n == at.times[path, one]) & (one != other)
    # Only pairs that occur: most of all pairs never do.
    told, place = np.unique(one[always] * len(at.kept) + other[always], return_inverse=True)
    held = np.bincount(place, at.weight[path[always]], minlength=len(told)).astype(np.int64)
    for pair, n_kept in zip(told.tolist(), held.tolist(), strict=True):
        left, right = divmod(pair, len(at.kept))
        yield "next", int(at.kept[left]), int(at.kept[right]), n_kept, int(with_it[left])


def _without_implied(frame: pd.DataFrame) -> pd.DataFrame:
    told = set(zip(frame["rule"], frame["one"], frame["other"], strict=True))
    implied = {(weaker, one, other) for rule, one, other in told for weaker in _IMPLIES.get(str(rule), ())}
    implied |= {("together", other, one) for rule, one, other in told if rule == "succession"}
    mask = [row not in implied for row in zip(frame["rule"], frame["one"], frame["other"], strict=True)]
    return frame[np.array(mask, bool)].copy() if len(frame) else frame.copy()
