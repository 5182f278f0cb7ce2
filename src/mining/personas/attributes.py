"""What customers look like: the attributes the CRM keeps of them, as a table and as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import FieldError
from mining._fields import CASES
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys

__all__ = ["MOST_VALUES", "attribute_table", "is_measured"]

MOST_VALUES: Final = 20
_VAST: Final = 1e100
# Where a CRM keeps how things ended, which must not make personas; naming such an attribute overrules this.
_OUTCOME_WORDS: Final = ("outcome", "status", "stage", "lifecycle", "churn", "won", "lost", "converted", "revenue")


def attribute_table(
    journeys: Journeys, customers: npt.NDArray[np.object_], names: Sequence[str] | None
) -> pd.DataFrame:
    """Look the customers' attributes up.

    Parameters
    ----------
    journeys : Journeys
        Their touchpoints' objects hold the attributes; of journeys that name no customer those of the case count.
    customers : ndarray of object
        Ids.
    names : sequence of str or None
        Attributes wanted; None takes numbers and those of few values, except where the name speaks of an outcome.

    Returns
    -------
    DataFrame
        One row per customer in the given order; numbers as float, everything else as str, missing as NaN.

    Raises
    ------
    FieldError
        For an attribute that customers do not have.
    """
    objects = _objects(journeys)
    for name in names or ():
        if name not in objects.columns:
            raise FieldError.unknown("customer attribute", name, objects.columns)
    known = objects[~objects.index.duplicated()].reindex(pd.Index(customers, dtype="str"))
    chosen = names if names is not None else [name for name in known.columns if _is_telling(known[name])]
    return pd.DataFrame({name: _plain(known[name]) for name in chosen}, index=known.index)


def _objects(journeys: Journeys) -> pd.DataFrame:
    """Give the objects that bear the customers' attributes: their own, or where no customer is named the case's."""
    log, objects = journeys.log, journeys.touchpoints.objects
    nothing = pd.DataFrame(index=pd.Index([], dtype="str"))
    if (log.codes["customer"] >= 0).any() or journeys.case not in log.codes:
        return objects.get("customer", nothing)
    cases = objects.get(journeys.case, nothing)
    known = np.flatnonzero(log.codes[journeys.case] >= 0)
    named, at = np.unique(log.journey_of[known], return_index=True)
    of_journey = cases[~cases.index.duplicated()].reindex(log.decoded(journeys.case, known[at]))
    return of_journey.set_axis(pd.Index(log.journey_ids[named], dtype="str"))


def is_measured(values: pd.Series) -> bool:
    """Tell numbers from words and flags."""
    return bool(pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))


def _is_telling(values: pd.Series) -> bool:
    words = str(values.name).casefold().replace("_", " ").split()
    names_a_record = " ".join(words) in CASES or words[-1:] in (["id"], ["ids"])
    if names_a_record or set(words) & set(_OUTCOME_WORDS) or pd.api.types.is_datetime64_any_dtype(values):
        return False
    seen = _plain(values).dropna()
    if is_measured(values):
        return len(seen) >= SMALLEST_CELL and seen.min() < seen.max()
    return 1 < seen.nunique() <= MOST_VALUES


def _plain(values: pd.Series) -> pd.Series:
    if not is_measured(values):
        return values.astype("str")
    numbers = values.astype(float)
    # Endless is no number, and the square of a vast one would be none.
    return numbers.where(np.isfinite(numbers)).clip(-_VAST, _VAST)
