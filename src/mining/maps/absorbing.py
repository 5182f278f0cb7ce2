"""Absorbing chains: from which step how many customers come to the end that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import spsolve

from mining._errors import FieldError
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.journeys.journeys import FINAL_OUTCOMES
from mining.timing.losses import fates

__all__ = ["Moves", "chances", "gains_of", "moves_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_AFTER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Moves:
    """Distinct moves from state to state, and how often each customer makes them.

    States are the words of the level, then won, lost and the start. `made` has a row per customer, a column per move.
    """

    words: npt.NDArray[np.object_]
    start: Integers
    to: Integers
    made: csr_matrix
    passed: Integers  # distinct customers in each state
    n_unfinished: int

    @property
    def won(self) -> int:
        """The state of success."""
        return len(self.words)

    @property
    def lost(self) -> int:
        """The state of failure."""
        return len(self.words) + 1

    @property
    def begin(self) -> int:
        """The state before anything happens."""
        return len(self.words) + 2


def moves_of(journeys: Journeys, success: Flags, level: str) -> Moves:
    """List the moves of all journeys, each until its first success or its end.

    What marks a success, and a last touchpoint that ends the journey otherwise for good, is an end and no step.
    Journeys that may still be running move as far as they were seen and end nowhere. Touchpoints of which the level is
    not known are passed over.

    Raises
    ------
    FieldError
        For a level that is no field of the touchpoints.
    """
    log = journeys.log
    if level not in log.codes:
        raise FieldError.unknown("level", level, log.codes)
    at, n = np.arange(log.n_touchpoints), log.n_touchpoints
    hit = np.flatnonzero(success)
    until = np.full(log.n_journeys, n)
    until[log.journey_of[hit][::-1]] = hit[::-1]
    is_won = until < n
    is_over = fates(journeys).is_finished & ~is_won
    final = np.logical_or.reduce([log.holds("outcome", word) for word in FINAL_OUTCOMES])
    until = np.where(is_over & final[log.last], log.last, until)
    codes = log.codes[level].astype(np.int64)
    kept = at[(codes >= 0) & (at < until[log.journey_of])]
    words, everyone = log.words[level], np.arange(log.n_journeys)
    ends = np.flatnonzero(is_won | is_over)
    journey = np.concatenate([everyone, log.journey_of[kept], ends])
    place = np.concatenate([np.full(log.n_journeys, -1), kept, np.full(len(ends), _AFTER)])
    end = np.where(is_won[ends], len(words), len(words) + 1)
    state = np.concatenate([np.full(log.n_journeys, len(words) + 2), codes[kept], end])
    order = np.lexsort((place, journey))
    return _counted(words, journey[order], state[order], customer_of(log), n_unfinished=int((~is_won & ~is_over).sum()))


def _counted(
    words: npt.NDArray[np.object_], journey: Integers, state: Integers, who: Integers, *, n_unfinished: int
) -> Moves:
    n_states = len(words) + 3
    same = journey[1:] == journey[:-1]
    key = state[:-1][same] * n_states + state[1:][same]
    distinct, column = np.unique(key, return_inverse=True)
    customer = who[journey[1:][same]]
    shape = (int(who.max()) + 1, len(distinct))
    made = csr_matrix((np.ones(len(key)), (customer, column)), shape=shape)
    passed = np.unique(customer * n_states + state[1:][same]) % n_states
    return Moves(
        words=words,
        start=distinct // n_states,
        to=distinct % n_states,
        made=made,
        passed=np.bincount(passed, minlength=n_states),
        n_unfinished=n_unfinished,
    )


def chances(moves: Moves, n: Floats) -> Floats:
    """Solve for the probability of success from each state, when each move was made `n` times.

    NaN where no end was ever seen to follow. A state is left by its moves in proportion to their number, whatever came
    before it.

    References
    ----------
    Kemeny, J. G., Snell, J. L. (1960). Finite Markov Chains, absorbing chains.
    """
    n_states = moves.begin + 1
    found = np.full(n_states, np.nan)
    found[[moves.won, moves.lost]] = 1.0, 0.0
    known = _leads_to_an_end(moves, n > 0)
    used = (n > 0) & known[moves.to]
    inner = np.flatnonzero(known & np.isnan(found))
    if len(inner) == 0:
        return found
    row = np.full(n_states, -1)
    row[inner] = np.arange(len(inner))
    start, to, n = row[moves.start[used]], moves.to[used], n[used]
    stays = row[to] >= 0
    size = (len(inner), len(inner))
    left = np.bincount(start, weights=n, minlength=len(inner))
    flow = csr_matrix((n[stays], (start[stays], row[to[stays]])), shape=size)
    kept = csr_matrix((left, (np.arange(len(inner)), np.arange(len(inner)))), shape=size)
    to_won = np.bincount(start[to == moves.won], weights=n[to == moves.won], minlength=len(inner))
    found[inner] = np.clip(spsolve((kept - flow).tocsc(), to_won), 0.0, 1.0)
    return found


def gains_of(moves: Moves, n: Floats, chance: Floats) -> Floats:
    """Add up, per state, how much each of its moves changes the probability of success, times how often it is made."""
    change = np.abs(chance[moves.to] - chance[moves.start])
    return np.asarray(np.bincount(moves.start, n * np.nan_to_num(change), moves.begin + 1), float)


def _leads_to_an_end(moves: Moves, used: Flags) -> Flags:
    known = np.zeros(moves.begin + 1, bool)
    known[[moves.won, moves.lost]] = True
    start, to = moves.start[used], moves.to[used]
    while not known[start[known[to]]].all():
        known[start[known[to]]] = True
    return known
