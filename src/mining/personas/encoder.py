"""Each perspective as columns of numbers of equal weight, learnt once and drawn again for other customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from mining._statistics import SMALLEST_CELL
from mining.personas.attributes import MOST_VALUES, is_measured
from mining.personas.blocks import BEHAVIOUR, Counts, channel_counts, path_counts, word_counts
from mining.personas.order import Order
from mining.personas.seen import Seen

__all__ = ["BLOCKS", "Drawn", "Encoder", "Level", "moments", "standard"]

Floats = npt.NDArray[np.float64]
Drawn = Mapping[str, Floats]
BLOCKS: Final = ("path", "channels", "tempo", "people", "attributes")
_DIMENSIONS: Final = 16
_NARROW: Final = 800  # columns up to which all directions are found at once
_RARE: Final = 0.01
_FAR: Final = 3.0  # standard deviations; farther ones are drawn in, so that a single customer makes no persona
_MINUTE: Final = 1 / 60
_MET: Final = ("team", "actor")
_TELLING: Final = 40  # teams or people at most
_OWNER: Final = 0.5  # of a customer's touchpoints: who is met more often than this owns the account
_NO_TABLE: Final = pd.DataFrame()


class Block(Protocol):
    """One perspective."""

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:
        """Columns of numbers, one row per customer."""
        ...


@dataclass(frozen=True, eq=False)
class Level:
    """Centre columns and give the whole block a variance of one."""

    centre: Floats
    scale: float

    @classmethod
    def learn(cls, columns: Floats) -> Self:
        """Measure what is to be taken off and divided by."""
        total = float(columns.var(axis=0).sum())
        return cls(columns.mean(axis=0), np.sqrt(total) if total > 1e-12 else np.inf)

    def draw(self, columns: Floats) -> Floats:
        """Level columns."""
        return np.asarray((columns - self.centre) / self.scale, float)


@dataclass(frozen=True, eq=False)
class Path:
    """Shares of activities and of pairs of successive ones, weighted by how telling they are; and whole paths.

    Pairs tell what follows what, whole paths what comes sooner; where much is swapped, pairs alone are not enough.
    """

    activities: npt.NDArray[np.object_]
    kept: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    telling: tuple[Floats, Floats]
    turn: Floats
    order: Order
    levels: tuple[Level, Level]
    level: Level

    @classmethod
    def learn(cls, seen: Seen) -> Self:
        """Find the activities and pairs that are not rare, and the few directions in which customers differ most."""
        used = np.unique(seen.codes("activity"))
        activities = seen.log.words["activity"][used[used >= 0]]
        counted = path_counts(seen, activities)
        kept = (_frequent(counted[0]), _frequent(counted[1]))
        telling = tuple(_inverse_frequency(_folded(part, keep)) for part, keep in zip(counted, kept, strict=True))
        weighted = _profile(counted, kept, (telling[0], telling[1]))
        turn = _directions(weighted)
        order = Order.learn(seen)
        parts = np.asarray(weighted @ turn), order.draw(seen)
        levels = Level.learn(parts[0]), Level.learn(parts[1])
        whole = np.column_stack([level.draw(part) for level, part in zip(levels, parts, strict=True)])
        return cls(activities, kept, (telling[0], telling[1]), turn, order, levels, Level.learn(whole))

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:  # noqa: ARG002
        """See `Block`."""
        profile = _profile(path_counts(seen, self.activities), self.kept, self.telling)
        parts = np.asarray(profile @ self.turn), self.order.draw(seen)
        drawn = [level.draw(part) for level, part in zip(self.levels, parts, strict=True)]
        return self.level.draw(np.column_stack(drawn))


@dataclass(frozen=True, eq=False)
class Channels:
    """Square roots of the shares of contacts per channel."""

    channels: npt.NDArray[np.object_]
    level: Level

    @classmethod
    def learn(cls, seen: Seen) -> Self:
        """Find the channels that at least five customers use."""
        words = seen.log.words.get("channel", np.array([], dtype=object))
        counts = channel_counts(seen, words)
        used = np.asarray((counts > 0).sum(axis=0)).ravel()[: len(words)] >= SMALLEST_CELL
        channels = words[used]
        return cls(channels, Level.learn(_rooted(channel_counts(seen, channels))))

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:  # noqa: ARG002
        """See `Block`."""
        return self.level.draw(_rooted(channel_counts(seen, self.channels)))


@dataclass(frozen=True, eq=False)
class Measured:
    """Numbers of a perspective on a scale of logarithms (shares as they are), standardised."""

    name: str
    centre: Floats
    spread: Floats
    level: Level

    @classmethod
    def learn(cls, seen: Seen, name: str) -> Self:
        """Measure centre and spread of each number."""
        columns = cls._columns(seen, name)
        centre, spread = moments(columns)
        return cls(name, centre, spread, Level.learn(standard(columns, centre, spread)))

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:  # noqa: ARG002
        """See `Block`."""
        return self.level.draw(standard(self._columns(seen, self.name), self.centre, self.spread))

    @staticmethod
    def _columns(seen: Seen, name: str) -> Floats:
        return np.column_stack([_logarithm(key, values) for key, values in BEHAVIOUR[name](seen).items()])


@dataclass(frozen=True, eq=False)
class People:
    """How many people and teams a customer meets, and who they are where that is a matter of what is done.

    Who owns an account is met again and again and says nothing of the customer; who does a kind of work does.
    """

    measured: Measured
    met: Mapping[str, npt.NDArray[np.object_]]
    levels: tuple[Level, ...]
    level: Level

    @classmethod
    def learn(cls, seen: Seen) -> Self:
        """Find the teams and people that several customers meet, none of them too often."""
        measured = Measured.learn(seen, "people")
        met = {field: words for field in _MET if len(words := _shared(seen, field))}
        parts = [measured.draw(seen, _NO_TABLE), *(_rooted(word_counts(seen, *pair)) for pair in met.items())]
        levels = tuple(Level.learn(part) for part in parts)
        whole = np.column_stack([level.draw(part) for level, part in zip(levels, parts, strict=True)])
        return cls(measured, met, levels, Level.learn(whole))

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:
        """See `Block`."""
        parts = [self.measured.draw(seen, table), *(_rooted(word_counts(seen, *pair)) for pair in self.met.items())]
        drawn = [level.draw(part) for level, part in zip(self.levels, parts, strict=True)]
        return self.level.draw(np.column_stack(drawn))


def _shared(seen: Seen, field: str) -> npt.NDArray[np.object_]:
    words = seen.log.words.get(field, np.array([], dtype=object))
    counts = word_counts(seen, field, words)
    total = np.asarray(counts.sum(axis=1)).ravel()
    if not len(words) or not total.any():
        return words[:0]
    most = np.asarray(counts.max(axis=1).todense()).ravel()[total > 0] / total[total > 0]
    n_customers = np.bincount(counts.indices, minlength=len(words) + 1)[: len(words)]
    often = np.argsort(-n_customers, kind="stable")[:_TELLING]
    kept = np.sort(often[n_customers[often] >= SMALLEST_CELL])
    return words[kept] if len(kept) > 1 and np.median(most) <= _OWNER else words[:0]


@dataclass(frozen=True, eq=False)
class Attributes:
    """Values of attributes as indicator columns, numbers standardised; each attribute weighs the same."""

    values: Mapping[str, list[str] | None]
    centre: Floats
    spread: Floats
    levels: tuple[Level, ...]
    level: Level

    @classmethod
    def learn(cls, table: pd.DataFrame) -> Self:
        """Find the values that at least five customers have."""
        values = {name: None if is_measured(table[name]) else _values(table[name]) for name in table.columns}
        numbers = cls._numbers(table, values)
        centre, spread = moments(numbers)
        parts = cls._parts(table, values, standard(numbers, centre, spread))
        levels = tuple(Level.learn(part) for part in parts)
        whole = np.column_stack([level.draw(part) for level, part in zip(levels, parts, strict=True)])
        return cls(values, centre, spread, levels, Level.learn(whole))

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:  # noqa: ARG002
        """See `Block`."""
        numbers = standard(self._numbers(table, self.values), self.centre, self.spread)
        parts = self._parts(table, self.values, numbers)
        drawn = [level.draw(part) for level, part in zip(self.levels, parts, strict=True)]
        return self.level.draw(np.column_stack(drawn))

    @staticmethod
    def _numbers(table: pd.DataFrame, values: Mapping[str, list[str] | None]) -> Floats:
        names = [name for name, words in values.items() if words is None]
        return _unskewed(table[names].to_numpy(float)) if names else np.zeros((len(table), 0))

    @staticmethod
    def _parts(table: pd.DataFrame, values: Mapping[str, list[str] | None], numbers: Floats) -> list[Floats]:
        parts = [
            (table[name].to_numpy(object)[:, None] == np.array(words, dtype=object)[None, :]).astype(float)
            for name, words in values.items()
            if words is not None
        ]
        return [*parts, *(numbers[:, [column]] for column in range(numbers.shape[1]))]


@dataclass(frozen=True, eq=False)
class Encoder:
    """All perspectives that say anything, by name."""

    blocks: Mapping[str, Block]

    @classmethod
    def learn(cls, seen: Seen, table: pd.DataFrame, features: Collection[str]) -> Self:
        """Learn the blocks asked for; a block in which all customers are equal is left out."""
        blocks: dict[str, Block] = {}
        for name in BLOCKS:
            if name not in features or (name == "attributes" and table.empty):
                continue
            block = _learn(name, seen, table)
            if block.draw(seen, table).any():
                blocks[name] = block
        return cls(blocks)

    def draw(self, seen: Seen, table: pd.DataFrame) -> Drawn:
        """Columns of every block for some customers."""
        return {name: block.draw(seen, table) for name, block in self.blocks.items()}

    def points(self, seen: Seen, table: pd.DataFrame) -> Floats:
        """All columns side by side."""
        return np.column_stack([np.zeros((seen.n_customers, 0)), *self.draw(seen, table).values()])


def _learn(name: str, seen: Seen, table: pd.DataFrame) -> Block:
    if name == "path":
        return Path.learn(seen)
    if name == "channels":
        return Channels.learn(seen)
    if name == "attributes":
        return Attributes.learn(table)
    if name == "people":
        return People.learn(seen)
    return Measured.learn(seen, name)


def _frequent(counts: Counts) -> npt.NDArray[np.int64]:
    n_customers = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.flatnonzero(n_customers >= max(SMALLEST_CELL, _RARE * counts.shape[0]))


def _folded(counts: Counts, kept: npt.NDArray[np.int64]) -> Counts:
    column = np.full(counts.shape[1], len(kept), np.int64)
    column[kept] = np.arange(len(kept))
    fold = sparse.csr_array(
        (np.ones(len(column)), (np.arange(len(column)), column)), shape=(len(column), len(kept) + 1)
    )
    return sparse.csr_array(counts @ fold)


def _inverse_frequency(counts: Counts) -> Floats:
    n_customers = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + n_customers)) + 1, float)


def _profile(
    counted: tuple[Counts, Counts],
    kept: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    telling: tuple[Floats, Floats],
) -> Counts:
    parts = []
    for counts, keep, weight in zip(counted, kept, telling, strict=True):
        part = _folded(counts, keep)
        part.data = np.sqrt(part.data)
        part = sparse.csr_array(part @ sparse.diags_array(weight))
        length = np.sqrt(np.asarray((part * part).sum(axis=1)).ravel())
        parts.append(sparse.diags_array(1 / np.maximum(length, 1e-12)) @ part)
    return sparse.csr_array(sparse.hstack(parts))


def _directions(profile: Counts) -> Floats:
    n, breadth = profile.shape
    if min(n, breadth) <= _DIMENSIONS + 1:
        return np.eye(breadth)
    if breadth <= _NARROW:
        turn = np.linalg.eigh((profile.T @ profile).toarray())[1][:, : -_DIMENSIONS - 1 : -1]
    else:
        # Exact and from a fixed start, so that no seed decides on the directions.
        turn = (
            TruncatedSVD(_DIMENSIONS, algorithm="arpack", random_state=0).fit(sparse.csr_matrix(profile)).components_.T
        )
    heaviest = turn[np.abs(turn).argmax(axis=0), np.arange(_DIMENSIONS)]
    return np.asarray(turn * np.where(heaviest < 0, -1.0, 1.0), float)


def _rooted(counts: Counts) -> Floats:
    total = np.asarray(counts.sum(axis=1)).ravel()[:, None]
    return np.asarray(np.sqrt(counts.toarray() / np.maximum(total, 1.0)), float)


def _logarithm(name: str, values: Floats) -> Floats:
    if name.endswith("_share"):
        return values
    return np.asarray(np.log(values + _MINUTE) if name.endswith("_hours") else np.log1p(values), float)


def _unskewed(numbers: Floats) -> Floats:
    # Amounts and head counts spread over orders of magnitude; a negative number shows that it is neither.
    counted = ~(numbers < 0).any(axis=0)
    return np.where(counted, np.log1p(np.where(counted, numbers, 0)), numbers)


def moments(columns: Floats) -> tuple[Floats, Floats]:
    """Measure centre and spread of each column where it is known; a column without spread gets an endless one."""
    known = ~np.isnan(columns)
    n = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, columns, 0).sum(axis=0) / n
    spread = np.sqrt((np.where(known, columns - centre, 0) ** 2).sum(axis=0) / n)
    return centre, np.where(spread > 1e-9, spread, np.inf)


def standard(columns: Floats, centre: Floats, spread: Floats) -> Floats:
    """Standardise columns, far values drawn in, unknown ones at the centre."""
    return np.asarray(np.nan_to_num(np.clip((columns - centre) / spread, -_FAR, _FAR)), float)


def _values(words: pd.Series) -> list[str]:
    counted = words.dropna().value_counts()
    counted = counted[counted >= SMALLEST_CELL]
    return sorted(str(word) for word in counted.index[:MOST_VALUES])
