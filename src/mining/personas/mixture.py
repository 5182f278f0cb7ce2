"""A mixture of Markov chains with channels, tempo and attributes: personas as kinds of journeys that beget others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.personas.attributes import is_measured
from mining.personas.blocks import BEHAVIOUR, Counts, channel_counts, path_counts
from mining.personas.seen import Seen

__all__ = ["ChainMixture"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
_ROUNDS: Final = 100
_ENOUGH: Final = 1e-5  # change of the mean log-likelihood that ends the search
_BACKING: Final = 2.0  # steps of all customers that stand behind each persona's own
_SURE: Final = 0.9  # of the grouping it starts from
_LEAST: Final = 0.05  # least variance of a number, in that of all customers


@dataclass(frozen=True, eq=False)
class ChainMixture:
    """One chain per persona: what follows what, in which channels, how fast, of customers of which attributes.

    Attributes
    ----------
    share : ndarray
        Of each persona among the customers.
    posterior : ndarray, customers x personas
        Of the customers it was learnt from.

    References
    ----------
    Cadez, I., Heckerman, D., Meek, C., Smyth, P., White, S. (2003). Model-based clustering and visualization of
    navigation patterns on a web site.
    Dempster, A. P., Laird, N. M., Rubin, D. B. (1977). Maximum likelihood from incomplete data via the EM algorithm.
    """

    activities: npt.NDArray[np.object_]
    channels: npt.NDArray[np.object_]
    values: Mapping[str, list[str]]
    centre: Floats
    spread: Floats
    share: Floats
    chain: Floats  # log probability, personas x (steps of the chain)
    ways: Floats
    looks: Floats
    mean: Floats
    variance: Floats
    posterior: Floats

    @classmethod
    def learn(cls, seen: Seen, table: pd.DataFrame, labels: Labels, number: int) -> Self:
        """Let expectation and maximisation settle from a grouping.

        Parameters
        ----------
        seen : Seen
            The customers.
        table : DataFrame
            Their attributes.
        labels : ndarray of int64
            Where to start from; -1 belongs to all alike.
        number : int
            How many personas.
        """
        used = np.unique(seen.codes("activity"))
        activities = seen.log.words["activity"][used[used >= 0]]
        channels = seen.log.words.get("channel", np.array([], dtype=object))
        values = {name: sorted(set(table[name].dropna())) for name in table.columns if not is_measured(table[name])}
        raw = _numbers(seen)
        centre, spread = raw.mean(axis=0), np.where(raw.std(axis=0) > 0, raw.std(axis=0), 1.0)
        data = _data(seen, table, (activities, channels, values))
        numbers = (raw - centre) / spread
        weight = np.full((seen.n_customers, number), (1 - _SURE) / number)
        weight[np.flatnonzero(labels >= 0), labels[labels >= 0]] += _SURE
        weight /= weight.sum(axis=1, keepdims=True)
        breadth, before = len(activities) + 2, -np.inf
        for _ in range(_ROUNDS):
            model = _maximised(data, numbers, weight, breadth=breadth)
            logs = _likelihood(data, numbers, model)
            most = logs.max(axis=1, keepdims=True)
            total = float((most.ravel() + np.log(np.exp(logs - most).sum(axis=1))).mean())
            weight = np.exp(logs - most)
            weight /= weight.sum(axis=1, keepdims=True)
            if total - before < _ENOUGH:
                break
            before = total
        return cls(activities, channels, values, centre, spread, *model, weight)

    def membership(self, seen: Seen, table: pd.DataFrame) -> Floats:
        """Probability of each persona for some customers, each row summing to one."""
        data = _data(seen, table, (self.activities, self.channels, self.values))
        model = (self.share, self.chain, self.ways, self.looks, self.mean, self.variance)
        logs = _likelihood(data, (_numbers(seen) - self.centre) / self.spread, model)
        found = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(found / found.sum(axis=1, keepdims=True), float)


_Words = tuple[npt.NDArray[np.object_], npt.NDArray[np.object_], Mapping[str, list[str]]]
_Model = tuple[Floats, Floats, Floats, Floats, Floats, Floats]
_Data = tuple[Counts, Counts, Floats]


def _data(seen: Seen, table: pd.DataFrame, words: _Words) -> _Data:
    activities, channels, values = words
    looks = [
        (table[name].to_numpy(object)[:, None] == np.array(known, dtype=object)[None, :]).astype(float)
        for name, known in values.items()
        if known
    ]
    return (
        path_counts(seen, activities)[1],
        channel_counts(seen, channels),
        np.hstack([np.zeros((seen.n_customers, 0)), *looks]),
    )


def _numbers(seen: Seen) -> Floats:
    columns = np.column_stack([np.log1p(values) for values in BEHAVIOUR["tempo"](seen).values()])
    known = np.nan_to_num(columns, nan=0.0).sum(axis=0) / np.maximum((~np.isnan(columns)).sum(axis=0), 1)
    return np.asarray(np.where(np.isnan(columns), known, columns), float)


def _maximised(data: _Data, numbers: Floats, weight: Floats, *, breadth: int) -> _Model:
    steps, ways, looks = data
    n, number = weight.shape
    size = weight.sum(axis=0)
    counted = np.asarray((steps.T @ weight).T, float).reshape(number, breadth, breadth)
    everybody = counted.sum(axis=0)
    usual = everybody / np.maximum(everybody.sum(axis=1, keepdims=True), 1e-12)
    chain = (counted + _BACKING * usual) / np.maximum(counted.sum(axis=2, keepdims=True) + _BACKING, 1e-12)
    mean = (weight.T @ numbers) / np.maximum(size, 1e-12)[:, None]
    squared = (weight.T @ numbers**2) / np.maximum(size, 1e-12)[:, None]
    return (
        (size + 1) / (n + number),
        np.log(np.maximum(chain, 1e-12)).reshape(number, -1),
        _shares(np.asarray((ways.T @ weight).T, float)),
        _shares((looks.T @ weight).T, size),
        mean,
        np.maximum(squared - mean**2, _LEAST),
    )


def _shares(counted: Floats, size: Floats | None = None) -> Floats:
    """Give log shares per persona, backed by those of all: of one list of words, or of each word among customers."""
    everybody = counted.sum(axis=0)
    if size is None:
        usual = everybody / max(float(everybody.sum()), 1e-12)
        share = (counted + _BACKING * usual) / (counted.sum(axis=1, keepdims=True) + _BACKING)
    else:
        usual = everybody / max(float(size.sum()), 1e-12)
        share = (counted + _BACKING * usual) / (size[:, None] + _BACKING)
    return np.asarray(np.log(np.maximum(share, 1e-12)), float)


def _likelihood(data: _Data, numbers: Floats, model: _Model) -> Floats:
    steps, ways, looks = data
    share, chain, channel, look, mean, variance = model
    found = np.asarray(steps @ chain.T, float) + np.asarray(ways @ channel.T, float) + looks @ look.T
    for persona in range(len(share)):
        apart = (numbers - mean[persona]) ** 2 / variance[persona] + np.log(variance[persona])
        found[:, persona] -= apart.sum(axis=1) / 2
    return np.asarray(found + np.log(share), float)
