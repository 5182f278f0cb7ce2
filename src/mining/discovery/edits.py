"""How many touchpoints two paths differ by: the edit distance of many pairs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

__all__ = ["as_words", "edit_distances", "shares_edited", "shares_edited_between"]

_Integers = npt.NDArray[np.int64]
# A letter per activity. Beyond the last letter there is, activities are told apart no more.
_LAST_LETTER: Final = 0x10FFFF


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
    return edit_distances(paths) / _longer(length, length)


def edit_distances(paths: Sequence[tuple[str, ...]]) -> _Integers:
    """Count the fewest insertions, deletions and replacements that turn each path into each other.

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
    """
    if not paths:
        return np.zeros((0, 0), np.int64)
    number: dict[str, int] = {}
    codes = [number.setdefault(activity, len(number)) for path in paths for activity in path]
    words = as_words(np.array(codes, np.int64), np.array([len(path) for path in paths], np.int64))
    return _edits(words, words)


def shares_edited_between(ones: Sequence[str], others: Sequence[str]) -> npt.NDArray[np.float64]:
    """Divide the edit distance of each of some paths to each of others by the length of the longer one.

    Parameters
    ----------
    ones, others : sequence of str
        Paths as `as_words` spells them, at least one of each.

    Returns
    -------
    ndarray of float, ones x others
        0..1.
    """
    lengths = (np.array([len(word) for word in words], np.int64) for words in (ones, others))
    return _edits(ones, others) / _longer(*lengths)


def as_words(codes: _Integers, lengths: _Integers) -> list[str]:
    """Spell paths with a letter per activity.

    Parameters
    ----------
    codes : ndarray of int
        Activities of all paths as numbers from 0, one path after the other.
    lengths : ndarray of int
        Touchpoints of each path.
    """
    letters = np.minimum(codes, _LAST_LETTER).astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    ends = np.cumsum(lengths)
    return [letters[start:end] for start, end in zip((ends - lengths).tolist(), ends.tolist(), strict=True)]


def _edits(ones: Sequence[str], others: Sequence[str]) -> _Integers:
    return cdist(ones, others, scorer=Levenshtein.distance, dtype=np.int64, workers=-1)


def _longer(length: _Integers, other: _Integers) -> _Integers:
    return np.maximum(np.maximum(length[:, None], other), 1)
