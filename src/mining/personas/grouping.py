"""Points into groups: Ward's tree for every number of groups at once, then nearest centres; no draw of luck in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage

__all__ = [
    "centres_of",
    "clearest",
    "group",
    "groupings",
    "nearest",
    "sharpened",
    "silhouette",
    "started",
    "told_apart",
]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
_ROUNDS: Final = 50
_TREE: Final = 1_500  # points in Ward's tree, whose memory grows with their square
_NARROW: Final = 4  # columns up to which each is looked at alone as well


def groupings(points: Floats, numbers: Iterable[int]) -> Iterator[tuple[int, Labels]]:
    """Group points into each of several numbers of groups, all from one tree.

    Parameters
    ----------
    points : ndarray
        One row per point.
    numbers : iterable of int
        Numbers of groups.

    Yields
    ------
    tuple of int and ndarray
        The number and each point's group; fewer groups may be in use where points coincide.

    References
    ----------
    Ward, J. H. (1963). Hierarchical grouping to optimize an objective function.
    Lloyd, S. P. (1982). Least squares quantization in PCM.
    """
    wanted = [number for number in numbers if number <= len(points)]
    step = -(-len(points) // _TREE)
    tree = linkage(points[::step], "ward")
    for number in wanted:
        start = fcluster(tree, number, "maxclust").astype(np.int64) - 1
        yield number, settled(points, centres_of(points[::step], start, number))


def group(points: Floats, number: int) -> Labels:
    """Group points into one number of groups; see `groupings`."""
    return next(groupings(points, [number]))[1]


def settled(points: Floats, centres: Floats) -> Labels:
    """Move centres until no point changes its nearest one."""
    labels = nearest(points, centres)
    for _ in range(_ROUNDS):
        centres = centres_of(points, labels, len(centres), otherwise=centres)
        moved = nearest(points, centres)
        if (moved == labels).all():
            break
        labels = moved
    return labels


def distances(points: Floats, centres: Floats) -> Floats:
    """Squared distances of points to centres."""
    crossed = points @ centres.T
    squared = (points**2).sum(axis=1)[:, None] - 2 * crossed + (centres**2).sum(axis=1)[None, :]
    return np.asarray(np.maximum(squared, 0), float)


def nearest(points: Floats, centres: Floats) -> Labels:
    """Index of each point's nearest centre; the first of equally near ones."""
    return np.asarray(distances(points, centres).argmin(axis=1), np.int64)


def centres_of(points: Floats, labels: Labels, number: int, otherwise: Floats | None = None) -> Floats:
    """Mean of each group; an empty group stays at `otherwise` (far away where none is given)."""
    member = (labels[None, :] == np.arange(number)[:, None]).astype(float)
    size = member.sum(axis=1)
    far = np.full((number, points.shape[1]), 1e6) if otherwise is None else otherwise
    mean = (member @ points) / np.maximum(size, 1)[:, None]
    return np.where(size[:, None] > 0, mean, far)


def silhouette(points: Floats, labels: Labels, number: int) -> float:
    """Say how much nearer points are to their own centre than to the next, -1 to 1, on the average."""
    return float(np.mean(silhouettes(points, labels, number)))


def silhouettes(points: Floats, labels: Labels, number: int) -> Floats:
    """Say of each point how much nearer it is to its own centre than to the next, -1 to 1.

    References
    ----------
    Hruschka, E. R., de Castro, L. N., Campello, R. J. (2004). Evolutionary algorithms for clustering gene-expression
    data (the simplified silhouette, with centres in place of all pairs).
    """
    away = np.sqrt(distances(points, centres_of(points, labels, number)))
    own = away[np.arange(len(points)), labels]
    away[np.arange(len(points)), labels] = np.inf
    other = away.min(axis=1)
    return np.asarray((other - own) / np.maximum(np.maximum(other, own), 1e-12), float)


def told_apart(points: Floats, labels: Labels, number: int) -> Floats:
    """Share of each column's variance that lies between groups, beyond what chance gives."""
    total = ((points - points.mean(axis=0)) ** 2).sum(axis=0)
    inside = ((points - centres_of(points, labels, number)[labels]) ** 2).sum(axis=0)
    chance = (number - 1) / max(len(points) - 1, 1)
    return np.asarray(np.where(total > 1e-9, np.maximum(1 - inside / np.maximum(total, 1e-9) - chance, 0), 0), float)


def sharpened(points: Floats, labels: Labels, number: int) -> tuple[Floats, Labels]:
    """Weigh columns by how much of them the groups explain, and let the groups settle; twice.

    References
    ----------
    Witten, D. M., Tibshirani, R. (2010). A framework for feature selection in clustering (sparse k-means).
    """
    scaled = points
    for _ in range(2):
        told = told_apart(points, labels, number)
        scaled = points * np.sqrt(told / told.max()) if told.any() else points
        labels = settled(scaled, centres_of(scaled, labels, number))
    return scaled, labels


def clearest(points: Floats, numbers: Iterable[int]) -> Iterator[tuple[int, float, Labels]]:
    """Group points into each of several numbers of groups, each as clearly as its columns allow.

    Of few columns each is grouped by alone too, and the clearest start is taken: where one column says much and the
    others nothing, all of them together start in the wrong place.

    Parameters
    ----------
    points : ndarray
        One row per point.
    numbers : iterable of int
        Numbers of groups.

    Yields
    ------
    tuple of int, float and ndarray
        The number, the silhouette of the groups after `sharpened`, and these groups.
    """
    breadth = points.shape[1]
    starts = [points, *(points[:, [column]] for column in range(breadth) if 1 < breadth <= _NARROW)]
    for found in zip(*(groupings(start, list(numbers)) for start in starts), strict=True):
        number, best = found[0][0], (-np.inf, found[0][1])
        for _, start in found:
            scaled, labels = sharpened(points, start, number)
            clear = silhouette(scaled, labels, number)
            best = (clear, labels) if clear > best[0] else best
        yield number, float(best[0]), best[1]


def started(points: Floats, number: int) -> Labels:
    """Group points for others to start from: by all columns, or by the clearest of few."""
    return group(points, number) if points.shape[1] > _NARROW else next(clearest(points, [number]))[2]
