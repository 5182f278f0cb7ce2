"""How many touchpoints two paths differ by: the edit distance of all pairs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["against", "edit_distances", "shares_edited"]

_Integers = npt.NDArray[np.int64]
_Bits = npt.NDArray[np.uint64]
_WORD: Final = 64
_ONE: Final = np.uint64(1)
_TOP: Final = np.uint64(_WORD - 1)
# Pairs of a block at once: what they take stays in the processor's cache.
_BLOCK: Final = 1 << 16
_MASKS: Final = 1 << 22  # masks of a block's paths: path x word x activity


def shares_edited(paths: Sequence[tuple[str, ...]]) -> npt.NDArray[np.float64]:
    """Divide the edit distance of each two paths by the length of the longer one.

    0 for the same path, 1 for paths that share nothing in order. It is not a metric: a detour over a third path may
    be shorter, as from (ad, call) over (ad, call, ad) to (call, ad).

    Parameters
    ----------
    paths : sequence of tuple of str
        Activity sequences; the empty one is allowed.

    Returns
    -------
    ndarray of float, paths x paths
        0..1, symmetric.

    Examples
    --------
    >>> shares_edited([("ad", "call"), ("ad", "call", "ad"), ("call", "ad")]).round(2).tolist()
    [[0.0, 0.33, 1.0], [0.33, 0.0, 0.33], [1.0, 0.33, 0.0]]
    """
    length = np.array([len(path) for path in paths], np.int64)
    return edit_distances(paths) / np.maximum(np.maximum(length[:, None], length), 1)


def edit_distances(paths: Sequence[tuple[str, ...]]) -> _Integers:
    """Count the fewest insertions, deletions and replacements that turn each path into each other.

    Columns of the table of two paths are kept as bits, 64 touchpoints in a word, for many pairs at once.

    Parameters
    ----------
    paths : sequence of tuple of str
        Activity sequences; the empty one is allowed.

    Returns
    -------
    ndarray of int64, paths x paths
        Symmetric.

    References
    ----------
    Levenshtein, V. I. (1966). Binary codes capable of correcting deletions, insertions, and reversals.
    Myers, G. (1999). A fast bit-vector algorithm for approximate string matching based on dynamic programming.
    Hyyro, H. (2003). A bit-vector algorithm for computing Levenshtein and Damerau edit distances.
    """
    number: dict[str, int] = {}
    spelled = [[number.setdefault(word, len(number)) for word in path] for path in paths]
    length = np.array([len(path) for path in paths], np.int64)
    order = np.argsort(-length, kind="stable")
    flat = np.zeros((len(paths), int(length.max(initial=0))), np.int64)
    for place, path in enumerate(order):
        flat[place, : length[path]] = spelled[path]
    length = length[order]
    found = np.zeros((len(paths), len(paths)), np.int64)
    start = 0
    while start < len(paths):
        stop = start + _size(int(length[start]), len(paths) - start, len(number))
        # The longest come first: only those as long or shorter are left to be read against a block.
        found[start:stop, start:] = against(flat[start:stop], length[start:stop], flat[start:], length[start:])
        start = stop
    found = np.maximum(np.triu(found), np.triu(found).T)
    place_of = np.argsort(order, kind="stable")
    return np.asarray(found[np.ix_(place_of, place_of)])


def _size(longest: int, others: int, n_labels: int) -> int:
    words = max(-(-longest // _WORD), 1)
    return max(1, min(_BLOCK // others, _MASKS // (words * max(n_labels, 1))))


def against(patterns: _Integers, size: _Integers, texts: _Integers, length: _Integers) -> _Integers:
    """Count the edits from each of some paths to each of others, of which the longest come first.

    Parameters
    ----------
    patterns, texts : ndarray of int
        Activities as numbers, one path per row, padded to one breadth.
    size, length : ndarray of int
        Touchpoints of each path; those of `texts` must not grow.

    Returns
    -------
    ndarray of int64, patterns x texts
    """
    words = max(-(-int(size.max(initial=0)) // _WORD), 1)
    masks = _masks(patterns, size, (words, max(int(texts.max(initial=0)), int(patterns.max(initial=0))) + 1))
    rise = np.full((words, len(patterns), len(texts)), ~np.uint64(0))
    fall = np.zeros_like(rise)
    # Shorter paths of the block end within an earlier word.
    last, bit = np.maximum(size - 1, 0) // _WORD, (np.maximum(size - 1, 0) % _WORD).astype(np.uint64)
    cost = np.repeat(size[:, None], len(texts), axis=1)
    for place in range(int(length.max(initial=0))):
        live = int(np.count_nonzero(length > place))
        carry = np.full((len(patterns), live), _ONE), np.zeros((len(patterns), live), np.uint64)
        for word in range(words):
            equal = masks[word][:, texts[:live, place]]
            rises, falls = _steps(equal, carry, rise[word, :, :live], fall[word, :, :live])
            carry = rises >> _TOP, falls >> _TOP
            ending = np.flatnonzero((last == word) & (size > 0))
            at = bit[ending, None]
            cost[ending, :live] += ((rises[ending] >> at) & _ONE).astype(np.int64)
            cost[ending, :live] -= ((falls[ending] >> at) & _ONE).astype(np.int64)
    return np.where(size[:, None] > 0, cost, length)


def _steps(equal: _Bits, carry: tuple[_Bits, _Bits], rise: _Bits, fall: _Bits) -> tuple[_Bits, _Bits]:
    """Take a word of the columns one touchpoint further, and mark where the cost rises and falls on the way there."""
    across = equal | fall
    equal |= carry[1]
    met = (((equal & rise) + rise) ^ rise) | equal
    rises, falls = fall | ~(met | rise), rise & met
    onward = (rises << _ONE) | carry[0]
    rise[:] = (falls << _ONE) | carry[1] | ~(across | onward)
    fall[:] = onward & across
    return rises, falls


def _masks(patterns: _Integers, size: _Integers, shape: tuple[int, int]) -> _Bits:
    """Mark where each path of a block has each activity: word x path x activity."""
    words, n_labels = shape
    masks = np.zeros((words, len(patterns), n_labels), np.uint64)
    path, place = np.nonzero(np.arange(patterns.shape[1]) < size[:, None])
    bit = _ONE << (place % _WORD).astype(np.uint64)
    np.bitwise_or.at(masks, (place // _WORD, path, patterns[path, place]), bit)
    return masks
