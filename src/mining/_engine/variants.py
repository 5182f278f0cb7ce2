"""Variants: the distinct paths journeys take, exactly, without a loop over journeys."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine.codes import CodedLog
from mining._engine.sequences import lexical_order

__all__ = ["Paths", "paths", "variants"]

_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Paths:
    """The distinct activity sequences of a log as codes, most frequent first, then by the sequence itself.

    Attributes
    ----------
    activity : ndarray of int
        All paths, one after the other, as codes.
    offsets : ndarray of int64
        Where each path begins, and the end.
    n_journeys : ndarray of int64
        How many journeys take each.
    variant_of : ndarray of int64
        For each journey the number of its path.
    """

    activity: npt.NDArray[np.int64]
    offsets: _Integers
    n_journeys: _Integers
    variant_of: _Integers


def variants(log: CodedLog) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Find the distinct activity sequences and which journey follows which.

    Parameters
    ----------
    log : CodedLog
        The linked log.

    Returns
    -------
    frame : DataFrame
        variant (tuple of activities), n_journeys; most frequent first, then by the sequence itself.
    variant_of : ndarray of int64
        For each journey the row of `frame`.
    """
    found = paths(log)
    spelled = log.words["activity"][found.activity].tolist()
    bounds = [int(at) for at in found.offsets]
    told = [tuple(spelled[start:end]) for start, end in pairwise(bounds)]
    frame = pd.DataFrame({"variant": pd.Series(told, dtype=object), "n_journeys": found.n_journeys})
    return frame, found.variant_of


def paths(log: CodedLog) -> Paths:
    """Find the distinct activity sequences as codes.

    Journeys are grouped by a 64-bit hash of their sequence and every group is then compared, touchpoint by touchpoint,
    with its first member; on the (never yet seen) collision another hash is taken, so that the answer is exact.

    Parameters
    ----------
    log : CodedLog
        The linked log.

    Returns
    -------
    Paths
        Without any where there is no journey.
    """
    if log.n_journeys == 0:
        empty = np.zeros(0, np.int64)
        return Paths(empty, np.zeros(1, np.int64), empty, empty)
    sample, member = _grouped(log)
    count = np.bincount(member)
    length = log.lengths[sample]
    offsets = np.append(0, np.cumsum(length))
    flat = log.narrow["activity"][np.arange(offsets[-1]) + np.repeat(log.first[sample] - offsets[:-1], length)]
    order = lexical_order(_bytes_of(flat, len(log.words["activity"])), offsets)
    order = order[np.argsort(-count[order], kind="stable")]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    ordered = np.append(0, np.cumsum(length[order]))
    activity = flat[np.arange(ordered[-1]) + np.repeat(offsets[order] - ordered[:-1], length[order])]
    return Paths(activity.astype(np.int64), ordered, count[order], rank[member])


def _bytes_of(codes: npt.NDArray[np.integer], n_words: int) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint32]:
    """Count codes from 1, so that nothing in a sequence looks like its end."""
    counted = codes.astype(np.int64) + 1
    return counted.astype(np.uint8) if n_words < 2**8 else counted.astype(np.uint32)


def _grouped(log: CodedLog) -> tuple[_Integers, _Integers]:
    """Give, for each distinct path, its first journey, and for each journey the number of its path."""
    salt = 0
    while True:
        member, _ = pd.factorize(_hashed(log, salt))
        sample = np.empty(int(member.max()) + 1, np.int64)
        sample[member[::-1]] = np.arange(log.n_journeys - 1, -1, -1)
        if _is_exact(log, sample[member]):
            return sample, member
        salt += 1


def _hashed(log: CodedLog, salt: int) -> npt.NDArray[np.uint64]:
    """Hash each journey's path: a random number per activity times one per place, added up (Carter, Wegman 1979)."""
    draw = np.random.default_rng([salt, 0x6A6F75726E6579])
    of_word = draw.integers(1, 2**64, len(log.words["activity"]), np.uint64)
    of_place = draw.integers(1, 2**64, int(log.lengths.max()), np.uint64) | np.uint64(1)
    activity, hashed = log.narrow["activity"], np.empty(log.n_journeys, np.uint64)
    for journeys, here in log.blocks():
        first = log.first[journeys]
        place = np.arange(here.start, here.stop) - np.repeat(first, log.lengths[journeys])
        mixed = of_word[activity[here]]
        mixed *= of_place[place]
        hashed[journeys] = np.add.reduceat(mixed, first - here.start)
    return hashed


def _is_exact(log: CodedLog, like: _Integers) -> bool:
    """Tell whether every journey is, touchpoint by touchpoint, the journey it was grouped with."""
    length, activity = log.lengths, log.narrow["activity"]
    if (length != length[like]).any():
        return False
    for journeys, here in log.blocks():
        shift = log.first[like[journeys]] - log.first[journeys]
        there = np.arange(here.start, here.stop) + np.repeat(shift, length[journeys])
        if (activity[here] != activity[there]).any():
            return False
    return True
