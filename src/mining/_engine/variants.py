"""Variants: the distinct paths journeys take, exactly, without a loop over journeys."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine.codes import CodedLog

__all__ = ["variants"]


def variants(log: CodedLog) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Find the distinct activity sequences and which journey follows which.

    Journeys are grouped by a 64-bit hash of their sequence and every group is then compared, touchpoint by touchpoint,
    with its first member; on the (never yet seen) collision another hash is taken, so that the answer is exact.

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
    if log.n_journeys == 0:
        return pd.DataFrame({"variant": pd.Series([], dtype=object), "n_journeys": pd.Series([], dtype="int64")}), (
            np.zeros(0, np.int64)
        )
    sample, member, count = _group(log)
    activity = log.decoded("activity")
    paths = [tuple(activity[log.offsets[j] : log.offsets[j + 1]]) for j in sample]
    order = sorted(range(len(paths)), key=lambda i: (-count[i], paths[i]))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    frame = pd.DataFrame({"variant": pd.Series([paths[i] for i in order], dtype=object), "n_journeys": count[order]})
    return frame, rank[member]


def _group(log: CodedLog) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    length = log.lengths
    position = np.arange(log.n_touchpoints) - np.repeat(log.first, length)
    activity = log.codes["activity"]
    salt = 0
    while True:
        hashed = np.add.reduceat(_mixed(position, activity, salt), log.first)
        _, sample, member, count = np.unique(hashed, return_index=True, return_inverse=True, return_counts=True)
        same_length = bool((length == length[sample][member]).all())
        if same_length and (activity == activity[np.repeat(log.first[sample][member], length) + position]).all():
            return sample, member, count
        salt += 1


def _mixed(position: npt.NDArray[np.int64], activity: npt.NDArray[np.int32], salt: int) -> npt.NDArray[np.uint64]:
    # The finaliser of splitmix64 (Steele, Lea, Flood 2014): every bit of input reaches every bit of output.
    word = (position.astype(np.uint64) << np.uint64(32)) ^ activity.astype(np.uint64)
    word += np.uint64((0x9E3779B97F4A7C15 * (salt + 1)) % 2**64)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(word ^ (word >> np.uint64(31)), np.uint64)
