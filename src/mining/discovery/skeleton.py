"""The log skeleton: which activities are equivalent, always before or after one another, or never together."""

from __future__ import annotations

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
from mining.discovery.spoken import listing
from mining.journeys import Journeys

__all__ = ["Skeleton", "find_skeleton"]

_MOST: Final = 200  # activities: of more only the commonest, and that is said
_SAID: Final = {
    "equivalence": "{0} happens as often as {1}",
    "always_after": "after {0} always comes {1}",
    "always_before": "before {0} always came {1}",
    "never_together": "with {0} never happens {1}",
    "directly_follows": "right after {0} always comes {1}",
}
_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Skeleton:
    """What holds between every two activities of journeys.

    Attributes
    ----------
    frame : DataFrame
        One row per relation that holds, surest first: relation (equivalence, always_after, always_before,
        never_together, directly_follows), activity, other_activity, says (in words), n_kept, of_journeys (those with
        the activity), share, share_low, share_high (Wilson, 95 %).
    frequencies : DataFrame
        How many times an activity may happen in a journey: activity, n_times (0 and more), n_journeys, of_journeys
        (all), share, share_low, share_high (Wilson, 95 %); by activity, the commonest number of times first.
    n_journeys : int
        Of how many journeys.
    noise : float
        The share of journeys that may break a relation.
    left_out : int
        Activities that were too rare to be looked at, because there are more than two hundred.
    """

    frame: pd.DataFrame
    frequencies: pd.DataFrame
    n_journeys: int
    noise: float = 0.0
    left_out: int = 0

    def __repr__(self) -> str:
        beyond = f"; {listing(self.left_out, 'rare activity', 'rare activities')} not looked at"
        return (
            f"<Skeleton: {listing(len(self.frame), 'relation')} of {listing(self.n_journeys, 'journey')}"
            f"{beyond if self.left_out else ''}>"
        )

    def _repr_html_(self) -> str:
        columns = ["says", "n_kept", "of_journeys", "share", "share_low"]
        return (
            f"<p>{escape(repr(self)[1:-1])}</p>{self.frame[columns].head(12).round(3).to_html(index=False, border=0)}"
        )


def find_skeleton(journeys: Journeys, *, noise: float = 0.0) -> Skeleton:
    """Find what holds between every two activities in all journeys with the first of them, or in nearly all.

    Equivalence: the other happens as many times. Always after: after the last of the one comes the other. Always
    before: before the first of the one came the other. Never together: the other does not happen. Directly follows:
    right after each of the one comes the other. Rare activities keep relations by chance: mind `of_journeys` and
    `share_low`.

    Parameters
    ----------
    journeys : Journeys
        What to look at; those that still run keep a relation less often than they will.
    noise : float
        Share of the journeys with the activity that may break a relation, from 0 to below 1. Of the numbers of times
        the commonest are told that together cover all but this share.

    Returns
    -------
    Skeleton

    Raises
    ------
    MiningError
        For a share out of range.

    References
    ----------
    Verbeek, H. M. W., de Carvalho, R. M. (2018). Log skeletons: a classification approach to process discovery. Noise
    is counted in journeys here and in touchpoints there: one journey that does a thing a hundred times is one journey.
    """
    if not 0 <= noise < 1:
        raise MiningError.refused(f"A noise of {noise}", "makes no sense: give 0 up to below 1.")
    words = np.array([str(word) for word in journeys.log.words["activity"]], dtype=object)
    at = find_places(paths(journeys.log), len(words), _MOST)
    n, names = at.weight @ (at.times > 0), words[at.kept]
    frame = _relations(_counted(at), n, names=names, noise=noise)
    frequencies = _frequencies(at.weight, at.times, names=names, noise=noise)
    return Skeleton(frame, frequencies, len(journeys), noise, at.left_out)


def _counted(at: Places) -> dict[str, _Integers]:
    """Count for each relation the journeys with the one activity (row) that keep it with the other (column)."""
    counts = {relation: np.zeros((len(at.kept), len(at.kept)), np.int64) for relation in _SAID}
    path, one, other, n = at.followed.T
    always = n == at.times[path, one]
    np.add.at(counts["directly_follows"], (one[always], other[always]), at.weight[path[always]])
    for place in range(len(at.kept)):
        here = np.flatnonzero(at.times[:, place])
        weight, times, first, last = at.weight[here], at.times[here], at.first[here], at.last[here]
        counts["equivalence"][place] = weight @ (times == times[:, [place]])
        counts["always_after"][place] = weight @ (last > last[:, [place]])
        counts["always_before"][place] = weight @ (first < first[:, [place]])
        counts["never_together"][place] = weight @ (times == 0)
    return counts


def _relations(
    counts: dict[str, _Integers], n: _Integers, *, names: npt.NDArray[np.object_], noise: float
) -> pd.DataFrame:
    parts = []
    for relation, held in counts.items():
        holds = (held >= n[:, None] * (1.0 - noise)) & ~np.eye(len(n), dtype=bool)
        one, other = np.nonzero(holds)
        pairs = {"relation": relation, "activity": names[one], "other_activity": names[other]}
        parts.append(pd.DataFrame({**pairs, "n_kept": held[one, other], "of_journeys": n[one]}))
    frame = pd.concat(parts, ignore_index=True)
    told = zip(frame["relation"], frame["activity"], frame["other_activity"], strict=True)
    frame.insert(3, "says", [_SAID[relation].format(one, other) for relation, one, other in told])
    words = ["relation", "activity", "other_activity", "says"]
    frame = _with_shares(frame.astype(dict.fromkeys(words, "str")), "n_kept")
    by = ["share_low", "of_journeys", "relation", "activity", "other_activity"]
    return frame.sort_values(by, ascending=[False, False, True, True, True], ignore_index=True)


def _frequencies(weight: _Integers, times: _Integers, *, names: npt.NDArray[np.object_], noise: float) -> pd.DataFrame:
    total = int(weight.sum())
    parts = []
    for place, name in enumerate(names):
        n = np.bincount(times[:, place], weight).astype(np.int64)
        order = np.argsort(-n, kind="stable")[: int((n > 0).sum())]
        before = np.cumsum(n[order]) - n[order]
        order = order[before < total * (1.0 - noise)]
        parts.append(pd.DataFrame({"activity": name, "n_times": order, "n_journeys": n[order], "of_journeys": total}))
    columns = ["activity", "n_times", "n_journeys", "of_journeys"]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns, dtype="int64")
    return _with_shares(frame.astype({"activity": "str"}), "n_journeys")


def _with_shares(frame: pd.DataFrame, count: str) -> pd.DataFrame:
    low, high = wilson(frame[count], frame["of_journeys"])
    return frame.assign(share=frame[count] / frame["of_journeys"], share_low=low, share_high=high)
