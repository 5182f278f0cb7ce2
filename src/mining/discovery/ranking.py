"""Which of several measured models are the best compromises, and which of those to take."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.discovery.candidates import TREES

__all__ = ["AXES", "balance_of", "chosen_of", "fits_of", "undominated"]

AXES: Final = ("fitness", "precision", "generalisation", "simplicity")


def undominated(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Mark the measured models that no other matches in every respect and outdoes in one."""
    values = frame.assign(fitness=fits_of(frame))[list(AXES)].to_numpy(float)
    measured = ~np.isnan(values).any(axis=1)
    at_least = (values[:, None] >= values[None]).all(axis=2)
    better = (values[:, None] > values[None]).any(axis=2)
    outdone = (at_least & better & measured[:, None]).any(axis=0)
    return np.asarray(measured & ~outdone, bool)


def chosen_of(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Mark one of the best compromises: a process tree where there is one, and of those the best balanced."""
    front = frame["is_pareto"].to_numpy(bool)
    trees = front & frame["miner"].isin(TREES).to_numpy()
    mark = np.zeros(len(frame), bool)
    if front.any():
        ranks = [-frame[name].to_numpy(float) for name in ("generalisation", "simplicity")]
        places = np.lexsort((*ranks, -balance_of(frame).round(9)))
        mark[next(place for place in places if (trees if trees.any() else front)[place])] = True
    return mark


def fits_of(frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Take fitness of journeys held out, or where none are, of the same."""
    return frame["fitness"].fillna(frame["fitness_in_sample"]).to_numpy(np.float64)


def balance_of(frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Take the harmonic mean of fitness and precision."""
    fits, precise = fits_of(frame), frame["precision"].to_numpy(np.float64)
    return np.asarray(2 * fits * precise / np.where(fits + precise > 0, fits + precise, 1), np.float64)
