"""Samples of variants: who is held out, and how much of a sample can be aligned with a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._alignments import AlignmentLimit, Alignments, Net, explore
from mining._alignments.states import STATE_LIMIT
from mining.journeys import Journeys

__all__ = ["Sample", "affordable", "generalisation", "owners", "sides"]

# Touchpoints x states x moves of a label: about half a minute.
_WORK: Final = 10_000_000_000
# One customer in five is held out, chosen by a hash of the customer's id.
_FOLDS: Final = 5

_Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sample:
    """Variants with their counts, those that occur."""

    paths: tuple[tuple[str, ...], ...]
    counts: _Counts

    @classmethod
    def of(cls, frame: pd.DataFrame, counts: _Counts) -> Sample:
        """Take what occurs of variants (variant) with these counts."""
        paths = [path for path, count in zip(frame["variant"], counts, strict=True) if count]
        return cls(tuple(paths), counts[counts > 0])

    @property
    def n(self) -> int:
        """How many journeys."""
        return int(self.counts.sum())

    @property
    def length(self) -> int:
        """Touchpoints of the distinct variants together."""
        return sum(map(len, self.paths))

    @property
    def frame(self) -> pd.DataFrame:
        """The variants (variant, n_journeys), the commonest first."""
        return pd.DataFrame({"variant": pd.Series(self.paths, dtype=object), "n_journeys": self.counts}).sort_values(
            "n_journeys", ascending=False, kind="stable", ignore_index=True
        )


def sides(journeys: Journeys) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Part the journeys by customer, so that nobody is on both sides: four in five, and those held out."""
    held = np.asarray(pd.util.hash_array(owners(journeys)) % _FOLDS == 0)
    return ~held, held


def owners(journeys: Journeys) -> npt.NDArray[np.object_]:
    """Name whose each journey is: the customer's, or by itself where none is known."""
    log = journeys.log
    owner = pd.Series(log.decoded("customer", log.first)).fillna(pd.Series(log.journey_ids)).astype("str")
    return owner.to_numpy(object)


def affordable(net: Net, work: int = _WORK, *, state_limit: int = STATE_LIMIT) -> int:
    """Say how many touchpoints can be aligned with a model in reasonable time: about half a minute by default."""
    try:
        graph = explore(net, state_limit=state_limit)
    except AlignmentLimit:
        return 0
    visible = sum(edge.label is not None for edge in graph.edges)
    return int(work * max(len(graph.labels), 1) / max(graph.n_states * visible, 1))


def generalisation(alignments: Alignments, counts: npt.ArrayLike) -> float:
    """Measure how well each activity of a model is supported: near 1 where all happen often, 0 where each did once.

    A part of a model that few journeys went through would look otherwise on other journeys. One minus the mean, over
    the model's activities, of one over the square root of how often the journeys, aligned with the model, do them; an
    activity they never do counts as if done once. Activities stand in for the nodes of a process tree, so that models
    of all shapes are measured alike; where several steps bear one label they count as one.

    Parameters
    ----------
    alignments : Alignments
        Variants aligned with the model.
    counts : array-like of int
        Journeys of each variant.

    Returns
    -------
    float
        0..1; NaN for a model without activities.

    References
    ----------
    Buijs, J. C. A. M., van Dongen, B. F., van der Aalst, W. M. P. (2014). Quality dimensions in process discovery: the
    importance of fitness, precision, generalization and simplicity.
    """
    done = dict.fromkeys(alignments.graph.labels, 0)
    for at, n in enumerate(np.asarray(counts, np.int64).tolist()):
        for move in alignments.moves(at):
            if move.kind != "log":
                done[move.activity] += n
    often = np.maximum(np.array(list(done.values()), float), 1)
    return float(1 - (1 / np.sqrt(often)).mean()) if len(often) else float("nan")
