"""Whether a persona is found again when other customers of the same kind are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from mining._progress import follow

__all__ = ["TRUSTED", "stability", "stability_words"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
TRUSTED: Final = 0.6
_DRAWS: Final = 100
_WORDS: Final = ((0.85, "highly stable"), (0.75, "stable"), (TRUSTED, "doubtful"), (-1.0, "do not trust"))


def stability(again: Callable[[Labels], Labels], labels: Labels, number: int, random: np.random.Generator) -> Floats:
    """Measure how far each group comes back in bootstrap samples of the customers.

    Parameters
    ----------
    again : callable
        Groups the customers of some rows (ascending, some of them several times), in the way they were grouped.
    labels : ndarray of int64
        Their groups.
    number : int
        How many groups.
    random : Generator
        Source of the hundred samples.

    Returns
    -------
    ndarray of float
        For each group the mean Jaccard similarity with the most similar group of each sample, 0 to 1.

    References
    ----------
    Hennig, C. (2007). Cluster-wise assessment of cluster stability.
    """
    alike = np.zeros(number)
    for _ in follow(range(_DRAWS), "resamples"):
        drawn = np.sort(random.integers(0, len(labels), len(labels)))
        anew = again(drawn)
        once = (np.diff(drawn, prepend=-1) > 0) & (labels[drawn] >= 0) & (anew >= 0)
        breadth = max(number, int(anew.max(initial=0)) + 1)
        pairs = labels[drawn[once]] * breadth + anew[once]
        both = np.bincount(pairs, minlength=number * breadth).reshape(number, breadth)
        either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
        alike += (both / np.maximum(either, 1)).max(axis=1)
    return alike / _DRAWS


def stability_words(value: float) -> str:
    """Say a Jaccard similarity in Hennig's words."""
    return next(words for bound, words in _WORDS if value >= bound)
