"""Several ways to group the same customers, behind one face: labels, and how probable each persona is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from mining._statistics import SMALLEST_CELL
from mining.personas.grouping import centres_of, distances, group, nearest
from mining.personas.mixture import ChainMixture
from mining.personas.seen import Seen

__all__ = ["ENGINES", "Around", "Grouped", "agreement_table", "grouped_by", "most_repeatable"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
ENGINES: Final = ("centres", "kmeans", "gaussian", "ward", "density", "medoids", "chains")
_MOST: Final = 5_000  # customers that are compared with each other; the others go to the nearest centre
_BATCH: Final = 4_096
_ROUNDS: Final = 20
_SPLITS: Final = 4
_BETTER: Final = 0.02  # of repeatability, to give up the simplest engine for another


class Belonging(Protocol):
    """How probable each persona is."""

    def membership(self, points: Floats, seen: Seen, table: pd.DataFrame) -> Floats:
        """Probability of each persona, customers x personas."""
        ...


@dataclass(frozen=True, eq=False)
class Around:
    """Customers lie round the centre of their persona, all personas alike wide.

    The width is measured in as many directions as the customers really differ in, so that a customer half way between
    two personas is told as such however many columns say the same.
    """

    scale: Floats  # per column
    centres: Floats
    share: Floats
    width: float
    reach: Floats  # squared distance of the farthest customer of each persona

    @classmethod
    def of(cls, points: Floats, labels: Labels, number: int, scale: Floats | None = None) -> Around:
        """Measure centres, shares and widths of a grouping; -1 belongs to none."""
        scale = np.ones(points.shape[1]) if scale is None else scale
        points = points * scale
        some, own = points[labels >= 0], labels[labels >= 0]
        centres = centres_of(some, own, number)
        away = distances(some, centres)[np.arange(len(own)), own]
        inside = np.cov((some - centres[own]).T) if len(some) > 1 else np.zeros((points.shape[1],) * 2)
        spread = float(np.trace(np.atleast_2d(inside)))
        square = float((np.atleast_2d(inside) ** 2).sum())
        directions = spread**2 / square if square > 0 else 1.0
        reach = np.zeros(number)
        np.maximum.at(reach, own, away)
        return cls(
            scale, centres, np.bincount(own, minlength=number) / len(own), max(spread / directions, 1e-12), reach
        )

    def membership(self, points: Floats, seen: Seen, table: pd.DataFrame) -> Floats:  # noqa: ARG002
        """See `Belonging`."""
        logs = np.log(np.maximum(self.share, 1e-12)) - distances(points * self.scale, self.centres) / (2 * self.width)
        found = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(found / found.sum(axis=1, keepdims=True), float)

    def fits(self, points: Floats) -> npt.NDArray[np.bool_]:
        """Tell whom a persona is near enough to: no farther than the farthest customer it was found with."""
        room = self.reach + 1e-9 * max(float(self.reach.max(initial=0.0)), 1.0)
        return np.asarray((distances(points * self.scale, self.centres) <= room).any(axis=1))


@dataclass(frozen=True, eq=False)
class _Gaussian:
    model: GaussianMixture

    def membership(self, points: Floats, seen: Seen, table: pd.DataFrame) -> Floats:  # noqa: ARG002
        return np.asarray(self.model.predict_proba(points), float)


@dataclass(frozen=True, eq=False)
class _Chains:
    model: ChainMixture

    def membership(self, points: Floats, seen: Seen, table: pd.DataFrame) -> Floats:  # noqa: ARG002
        return self.model.membership(seen, table)


@dataclass(frozen=True, eq=False)
class Grouped:
    """Labels in the order of size (-1: none), how many personas are in use, and how probable they are for others."""

    labels: Labels
    number: int
    around: Around
    belonging: Belonging
    order: Labels  # the engine's own number of each persona

    def assigned(self, points: Floats, seen: Seen, table: pd.DataFrame) -> Labels:
        """Give each customer its most probable persona; -1 where it is farther from all than anybody was."""
        if self.belonging is self.around:
            found = nearest(points * self.around.scale, self.around.centres)
        else:
            found = np.asarray(self.membership(points, seen, table).argmax(axis=1), np.int64)
        return np.where(self.around.fits(points), found, -1)

    def membership(self, points: Floats, seen: Seen, table: pd.DataFrame) -> Floats:
        """Probability of each persona, largest persona first."""
        found = self.belonging.membership(points, seen, table)[:, self.order]
        return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-300), float)


def grouped_by(engine: str, points: Floats, number: int, *, of: tuple[Seen, pd.DataFrame]) -> Grouped:
    """Group customers with one engine.

    Parameters
    ----------
    engine : str
        One of `ENGINES`.
    points : ndarray
        Customers as rows.
    number : int
        How many personas; ``density`` finds its own number of at most so many.
    of : tuple of Seen and DataFrame
        The customers and their attributes, which ``chains`` reads besides.

    Returns
    -------
    Grouped
        The same for the same customers, whatever their order in the export.
    """
    belonging: Belonging | None = None
    if number == 1:
        everybody = np.zeros(len(points), np.int64)
        around = Around.of(points, everybody, 1)
        return Grouped(everybody, 1, around, around, everybody[:1])
    if engine == "gaussian":
        model = _gaussian(points, number)
        labels, belonging = np.asarray(model.predict(points), np.int64), _Gaussian(model)
    elif engine == "chains":
        chains = ChainMixture.learn(*of, group(points, number), number)
        labels, belonging = np.asarray(chains.posterior.argmax(axis=1), np.int64), _Chains(chains)
    else:
        labels = _LABELLED[engine](points, number)
    scale = None
    if engine == "centres":
        scale, labels = _evened(points, labels, number)
    if not (labels >= 0).any():
        labels = np.zeros(len(points), np.int64)
    used, first, dense, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    kept = used >= 0
    order = used[kept][np.lexsort((first[kept], -size[kept]))]
    place = np.full(len(used), -1, np.int64)
    place[np.searchsorted(used, order)] = np.arange(len(order))
    ordered = place[dense.ravel()]
    around = Around.of(points, ordered, len(order), scale)
    if belonging is None:
        return Grouped(ordered, len(order), around, around, np.arange(len(order)))
    return Grouped(ordered, len(order), around, belonging, np.asarray(order, np.int64))


def _centres(points: Floats, number: int) -> Labels:
    return group(points, number)


def _evened(points: Floats, labels: Labels, number: int) -> tuple[Floats, Labels]:
    """Measure each column by how far customers of one persona spread in it, and let them go to the nearest centre.

    Where personas lie clearly apart a column tells much, however little of it there is.

    References
    ----------
    Fisher, R. A. (1936). The use of multiple measurements in taxonomic problems (with columns taken one by one).
    """
    scale = np.ones(points.shape[1])
    for _ in range(_ROUNDS):
        inside = (points - centres_of(points, labels, number)[labels]).std(axis=0)
        scale = np.where(inside > 1e-9, 1 / np.maximum(inside, 1e-9), 0.0)
        moved = nearest(points * scale, centres_of(points * scale, labels, number))
        if (moved == labels).all():
            break
        labels = moved
    return scale, labels


def _kmeans(points: Floats, number: int) -> Labels:
    start = centres_of(points, group(points[: max(_MOST, number)], number), number) if len(points) <= _MOST else None
    made = MiniBatchKMeans(number, init="k-means++" if start is None else start, n_init=10 if start is None else 1,
                           batch_size=_BATCH, random_state=0)  # fmt: skip
    return np.asarray(made.fit_predict(points), np.int64)


def _gaussian(points: Floats, number: int) -> GaussianMixture:
    labels = group(points, number)
    start = centres_of(points, labels, number, otherwise=points[:1].repeat(number, axis=0))
    size = np.maximum(np.bincount(labels, minlength=number), 1)
    made = GaussianMixture(number, covariance_type="diag", means_init=start, weights_init=size / size.sum(),
                           reg_covar=1e-3, random_state=0)  # fmt: skip
    return made.fit(points)


def _ward(points: Floats, number: int) -> Labels:
    step = -(-len(points) // _MOST)
    some = points[::step]
    labels = np.asarray(AgglomerativeClustering(min(number, len(some)), linkage="ward").fit_predict(some), np.int64)
    return labels if step == 1 else nearest(points, centres_of(some, labels, number))


def _density(points: Floats, number: int) -> Labels:
    step = -(-len(points) // _MOST)
    some = points[::step]
    least = max(SMALLEST_CELL, len(some) // (4 * max(number, 1)))
    labels = np.asarray(HDBSCAN(min_cluster_size=least, copy=True).fit_predict(some), np.int64)
    if step == 1 or not (labels >= 0).any():
        return labels if step == 1 else np.full(len(points), -1, np.int64)
    found = int(labels.max()) + 1
    around = Around.of(some, labels, found)
    return np.where(around.fits(points), nearest(points, around.centres), -1)


def _medoids(points: Floats, number: int) -> Labels:
    """Let each persona be one real customer: those between whom and the others the least distance lies.

    References
    ----------
    Kaufman, L., Rousseeuw, P. J. (1990). Finding groups in data: partitioning around medoids.
    """
    distinct, of, weight = np.unique(points.round(9), axis=0, return_inverse=True, return_counts=True)
    step = -(-len(distinct) // _MOST)
    some, heavy = distinct[::step], weight[::step].astype(float)
    number = min(number, len(some))
    labels = group(some, number)
    apart = np.sqrt(distances(some, some))
    chosen = np.zeros(0, np.int64)
    for _ in range(_ROUNDS):
        chosen = np.array([_middle(apart, heavy, np.flatnonzero(labels == at)) for at in np.unique(labels)], np.int64)
        moved = np.asarray(apart[:, chosen].argmin(axis=1), np.int64)
        if (moved == labels).all():
            break
        labels = moved
    return nearest(distinct, some[chosen])[of.ravel()]


def _middle(apart: Floats, weight: Floats, members: Labels) -> int:
    return int(members[(apart[np.ix_(members, members)] @ weight[members]).argmin()])


_LABELLED: Final = {"centres": _centres, "kmeans": _kmeans, "ward": _ward, "density": _density, "medoids": _medoids}


def agreement_table(labels: dict[str, Labels]) -> pd.DataFrame:
    """Compare several groupings of the same customers; see `Personas.agreement`."""
    names = list(labels)
    table = [[float(adjusted_rand_score(labels[one], labels[two])) for two in names] for one in names]
    frame = pd.DataFrame(table, columns=names)
    frame.insert(0, "engine", pd.Series(names, dtype="str"))
    frame.insert(1, "n_personas", [int(labels[name].max()) + 1 for name in names])
    frame.insert(2, "n_unassigned", [int((labels[name] < 0).sum()) for name in names])
    frame.insert(3, "n_customers", [len(labels[name]) for name in names])
    return frame


def most_repeatable(points: Floats, number: int, *, of: tuple[Seen, pd.DataFrame], seed: int) -> str:
    """Choose the engine whose groups of one half of the customers are foretold best from the other half.

    References
    ----------
    Tibshirani, R., Walther, G. (2005). Cluster validation by prediction strength.
    """
    found = {name: _repeated(name, points, number, of=of, seed=seed) for name in ENGINES}
    best = max(found, key=lambda name: found[name])
    return best if found[best] > found["centres"] + _BETTER else "centres"


def _repeated(name: str, points: Floats, number: int, *, of: tuple[Seen, pd.DataFrame], seed: int) -> float:
    random, told = np.random.default_rng(seed), []
    for _ in range(_SPLITS):
        order = random.permutation(len(points))
        halves = [np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])]
        parts = [(points[rows], of[0].only(rows), of[1].iloc[rows]) for rows in halves]
        made = [grouped_by(name, part[0], number, of=part[1:]) for part in parts]
        if min(each.number for each in made) < 2:
            return 0.0
        for here, there in ((0, 1), (1, 0)):
            foretold = made[here].assigned(parts[there][0], *parts[there][1:])
            told.append(float(adjusted_rand_score(made[there].labels, foretold)))
    return float(np.mean(told))
