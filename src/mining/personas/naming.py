"""Names that people give to personas, kept when the personas are found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys

if TYPE_CHECKING:
    from mining.personas.personas import Personas

__all__ = ["matched_personas", "new_names"]

_SAME: Final = 0.5  # below, a cluster counts as dissolved


def new_names(given: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """Put new names in the place of those known.

    Raises
    ------
    MiningError
        For a name that no persona has, an empty one, or one that two personas would have.
    """
    known = list(known)
    for old, new in given.items():
        if old not in known:
            raise MiningError.unknown("persona", old, known)
        if not isinstance(new, str) or not new.strip():
            raise MiningError.refused(f"The name {new!r} of '{old}'", "is empty: give a word or some.")
    names = [given.get(name, name).strip() for name in known]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise MiningError.refused(f"Two personas named '{twice}'", "could not be told apart: give each its own name.")
    return names


def matched_personas(personas: Personas, earlier: Personas, journeys: Journeys) -> pd.DataFrame:
    """Tell which persona is which of an earlier fit; see `Personas.keep_names`."""
    mine = personas.labels_
    theirs = earlier.predict(journeys).reindex(mine.index)
    shared = np.zeros((personas.n_personas_, earlier.n_personas_), np.int64)
    both = ((mine >= 0) & (theirs >= 0)).to_numpy()
    np.add.at(shared, (mine[both].to_numpy(np.int64), theirs[both].to_numpy(np.int64)), 1)
    size, of = (np.bincount(labels[labels >= 0].to_numpy(np.int64), minlength=n)
                for labels, n in zip((mine, theirs), shared.shape, strict=True))  # fmt: skip
    alike = shared / np.maximum(size[:, None] + of - shared, 1)
    rows, columns = linear_sum_assignment(-alike)
    place = np.full(len(size), -1)
    place[rows] = columns
    jaccard = np.where(place >= 0, alike[np.arange(len(size)), place], 0.0)
    few = (shared[np.arange(len(size)), place] < SMALLEST_CELL) | (place < 0)
    is_same = (jaccard >= _SAME) & ~few & (personas.n_personas_ > 1) & (earlier.n_personas_ > 1)
    names = earlier.frame["name"].to_numpy(object)
    return pd.DataFrame(
        {
            "persona": np.arange(len(size)),
            "earlier": pd.Series([str(names[at]) if at >= 0 else None for at in place], dtype="str"),
            "n_shared": np.where(few, np.nan, shared[np.arange(len(size)), place]),
            "jaccard": np.where(few, np.nan, jaccard),
            "is_same": is_same,
        }
    )
