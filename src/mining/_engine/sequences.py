"""Put sequences of small numbers into lexical order without making Python objects of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["lexical_order"]

_Integers = npt.NDArray[np.int64]
_Elements = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | npt.NDArray[np.uint32]


def lexical_order(flat: _Elements, offsets: _Integers) -> _Integers:
    """Order sequences as Python orders tuples: element by element, a beginning before what goes on.

    Sequences are compared eight bytes at a time, and only those that are still equal are looked at again, so the work
    is linear in what must be read to tell them apart.

    Parameters
    ----------
    flat : ndarray of uint8, uint16 or uint32
        All sequences, one after the other.
    offsets : ndarray of int64
        Where each begins, and the end.

    Returns
    -------
    ndarray of int64
        The positions of the sequences in order; equal ones keep theirs.
    """
    n = len(offsets) - 1
    length = np.diff(offsets)
    depth = _shared_start(flat, offsets)
    order = np.arange(n)
    group = np.zeros(n, np.int64)
    tied = np.arange(n)
    per_word = 8 // flat.itemsize
    is_first = True
    while len(tied) > 1:
        members = order[tied]
        word = _words(flat, offsets, members, depth)
        rank = _first(word, length) if is_first else np.lexsort((length[members], word, group[tied]))
        order[tied], is_first = members[rank], False
        word, owner = word[rank], group[tied]
        goes_on = length[order[tied]] > depth + per_word
        differs = (np.diff(word) != 0) | (np.diff(owner) != 0) | ~goes_on[1:] | ~goes_on[:-1]
        starts = np.append(True, differs)
        group[tied] = tied[np.flatnonzero(starts)][np.cumsum(starts) - 1]
        alone = starts & np.append(starts[1:], True)
        tied = tied[~alone]
        depth += per_word
    return order


def _first(word: npt.NDArray[np.uint64], length: _Integers) -> _Integers:
    """Sort all of them by one word, and by length only where that is needed: one key sorts much faster than two."""
    rank = np.argsort(word, kind="stable")
    ordered = word[rank]
    return rank if bool((ordered[1:] != ordered[:-1]).all()) else np.lexsort((length, word))


def _shared_start(flat: _Elements, offsets: _Integers) -> int:
    """Count the elements that all sequences begin with: ids often share a prefix."""
    if len(offsets) < 3:
        return 0
    shortest = int(np.diff(offsets).min())
    first = offsets[:-1]
    depth = 0
    while depth < shortest and bool((flat[first + depth] == flat[depth + first[0]]).all()):
        depth += 1
    return depth


def _words(
    flat: _Elements,
    offsets: _Integers,
    members: _Integers,
    depth: int,
) -> npt.NDArray[np.uint64]:
    """Pack the next elements of some sequences into one number each, zeros where a sequence has ended."""
    word = np.zeros(len(members), np.uint64)
    per_word = 8 // flat.itemsize
    shift = np.uint64(8 * flat.itemsize)
    start, end = offsets[members] + depth, offsets[members + 1]
    for place in range(per_word):
        at = start + place
        inside = at < end
        word <<= shift
        word[inside] |= flat[at[inside]].astype(np.uint64)
    return word
