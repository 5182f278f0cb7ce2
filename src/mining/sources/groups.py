"""Rows that agree in several columns, found by hashing: sorting rows of keys is many times slower."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.sources.table import Ints

__all__ = ["group_of"]


def group_of(*columns: npt.ArrayLike) -> Ints:
    """Give every row the number of its combination of values, in the order in which they first appear.

    Examples
    --------
    >>> group_of([1, 1, 2, 1], [5, 6, 5, 5]).tolist()
    [0, 1, 2, 0]
    """
    together = np.zeros(len(np.asarray(columns[0])), dtype=np.int64)
    for column in columns:
        codes, found = pd.factorize(np.asarray(column))
        # Dense codes keep the product below the number of rows squared.
        together = np.asarray(pd.factorize(together * max(1, len(found)) + codes)[0], dtype=np.int64)
    return together
