"""Channels, tempo, people and attributes of customers, each as columns of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._statistics import SMALLEST_CELL
from mining.personas.attributes import MOST_VALUES, is_measured
from mining.personas.blocks import BEHAVIOUR, channel_counts, word_counts
from mining.personas.levels import Floats, Level, moments, rooted, standard
from mining.personas.seen import Seen

__all__ = ["Attributes", "Channels", "Measured", "People"]

_MINUTE: Final = 1 / 60
_MET: Final = ("team", "actor")
_TELLING: Final = 40  # teams or people at most
_OWNER: Final = 0.5  # of a customer's touchpoints: who is met more often than this owns the account
_NO_TABLE: Final = pd.DataFrame()


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
        return cls(channels, Level.learn(rooted(channel_counts(seen, channels))))

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:  # noqa: ARG002
        """See `mining.personas.encoder.Block`."""
        return self.level.draw(rooted(channel_counts(seen, self.channels)))


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
        """See `mining.personas.encoder.Block`."""
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
        parts = [measured.draw(seen, _NO_TABLE), *(rooted(word_counts(seen, *pair)) for pair in met.items())]
        levels = tuple(Level.learn(part) for part in parts)
        whole = np.column_stack([level.draw(part) for level, part in zip(levels, parts, strict=True)])
        return cls(measured, met, levels, Level.learn(whole))

    def draw(self, seen: Seen, table: pd.DataFrame) -> Floats:
        """See `mining.personas.encoder.Block`."""
        parts = [self.measured.draw(seen, table), *(rooted(word_counts(seen, *pair)) for pair in self.met.items())]
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
        """See `mining.personas.encoder.Block`."""
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


def _logarithm(name: str, values: Floats) -> Floats:
    if name.endswith("_share"):
        return values
    return np.asarray(np.log(values + _MINUTE) if name.endswith("_hours") else np.log1p(values), float)


def _unskewed(numbers: Floats) -> Floats:
    # Amounts and head counts spread over orders of magnitude; a negative number shows that it is neither.
    counted = ~(numbers < 0).any(axis=0)
    return np.where(counted, np.log1p(np.where(counted, numbers, 0)), numbers)


def _values(words: pd.Series) -> list[str]:
    counted = words.dropna().value_counts()
    counted = counted[counted >= SMALLEST_CELL]
    return sorted(str(word) for word in counted.index[:MOST_VALUES])
