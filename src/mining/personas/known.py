"""What was known of customers before they were won or lost, and what is set aside because it was not."""

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
from mining.personas.attributes import MOST_VALUES, is_measured
from mining.personas.prospects import Prospects
from mining.personas.seen import look

__all__ = ["known_before", "plain_table", "telling"]

_ENDS: Final = ("won", "lost", "disqualified")
# Where a CRM keeps how a sale ended and what came of it.
_OUTCOME_WORDS: Final = frozenset(
    ("outcome", "status", "stage", "lifecycle", "churn", "churned", "won", "lost", "converted", "conversion", "closed",
     "close", "amount", "reason", "result")
)  # fmt: skip
_LATER: Final = 0.5
_ALONE: Final = 0.97
_TOLD: Final = 40


def known_before(journeys: Journeys, prospects: Prospects) -> pd.DataFrame:
    """Look up the attributes of customers and of what they name before they are won or lost: company, lead, deal.

    An object that is named first with the outcome, or after it, was not known before and says nothing.

    Parameters
    ----------
    journeys : Journeys
        Their touchpoints' objects hold the attributes.
    prospects : Prospects
        The customers.

    Returns
    -------
    DataFrame
        One row per customer; numbers as float, everything else as str, missing as NaN. Where two kinds of object have
        an attribute of the same name, the later bears its kind in front.
    """
    log, objects = journeys.log, journeys.touchpoints.objects
    seen = look(journeys, _ENDS)
    who = prospects.owner[log.journey_of[seen.places]]
    in_time = log.time[seen.places] <= prospects.settled[who]
    places, who = seen.places[in_time], who[in_time]
    columns: dict[str, pd.Series] = {}
    for kind in sorted(set(objects) & set(CASES), key=lambda kind: (kind != "customer", kind)):
        ids = prospects.ids if kind == "customer" else _named(log.decoded(kind, places), who, len(prospects))
        table = objects[kind]
        table = table[~table.index.duplicated()].reindex(pd.Index(ids, dtype="str"))
        for name in table.columns:
            spoken = f"{kind} {name}" if str(name) in columns else str(name)
            columns[spoken] = _plain(table[name]).reset_index(drop=True)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(prospects)))


def plain_table(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table of customers the same plain kinds: numbers as float, everything else as str, missing as NaN."""
    columns = {str(name): _plain(table[name]).reset_index(drop=True) for name in table.columns}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)))


def telling(
    table: pd.DataFrame, prospects: Prospects, names: Sequence[str] | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the attributes that may describe who buys from those that must not, or cannot.

    Parameters
    ----------
    table : DataFrame
        See `known_before`.
    prospects : Prospects
        The same customers.
    names : sequence of str or None
        Attributes wanted, which overrules all doubts but that there is nothing to compare; None takes all.

    Returns
    -------
    table : DataFrame
        The columns that are left.
    set_aside : DataFrame
        attribute, reason.

    Raises
    ------
    FieldError
        For an attribute that customers do not have.
    """
    for name in names or ():
        if name not in table.columns:
            raise FieldError.unknown("customer attribute", name, table.columns)
    _, compared, won = prospects.against()
    wanted = [str(name) for name in (table.columns if names is None else names)]
    reasons = {name: _lacks(table[name][compared]) for name in wanted}
    if names is None:
        doubts = {name: _doubt(table[name], compared, won) for name in wanted}
        reasons = {name: reason or doubts[name] for name, reason in reasons.items()}
    aside = [{"attribute": name, "reason": reason} for name, reason in reasons.items() if reason]
    kept = [name for name, reason in reasons.items() if not reason]
    return table[kept], pd.DataFrame(aside, columns=["attribute", "reason"]).astype("str")


def _named(ids: npt.NDArray[np.object_], who: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.object_]:
    known = np.flatnonzero([name is not None for name in ids])
    customers, at = np.unique(who[known], return_index=True)
    first = np.full(n, None, dtype=object)
    first[customers] = ids[known[at]]
    return first


def _lacks(values: pd.Series) -> str:
    known = values.dropna()
    if len(known) < SMALLEST_CELL:
        return "known of fewer than five customers"
    if known.nunique() < 2:
        return "the same for all"
    if is_measured(values):
        return ""
    sizes = known.value_counts()
    told = int(sizes[sizes >= SMALLEST_CELL].head(MOST_VALUES).sum())
    return "" if told * 2 >= len(known) else "nearly every customer has a value of its own"


def _doubt(values: pd.Series, compared: npt.NDArray[np.bool_], won: npt.NDArray[np.bool_]) -> str:
    words = str(values.name).casefold().replace("_", " ").split()
    if " ".join(words) in CASES or words[-1:] in (["id"], ["ids"], ["name"]):
        return "names a record"
    if set(words) & _OUTCOME_WORDS:
        return "its name speaks of the outcome"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "a date"
    known = values.notna().to_numpy()
    # What is filled in when a sale is made is known of the won and of hardly anybody else.
    others = compared & ~won
    if won.any() and others.any() and abs(known[won].mean() - known[others].mean()) >= _LATER:
        return "filled in with the outcome: known of the won far more, or less, than of others"
    at = compared & known
    if at.sum() >= _TOLD and _alone(values[at], won[at]) >= _ALONE:
        return "tells the outcome all by itself, so it was probably written down after it"
    return ""


def _alone(values: pd.Series, won: npt.NDArray[np.bool_]) -> float:
    """Say how well an attribute alone ranks the won above the others, in either direction; 1 is perfectly."""
    from scipy.stats import rankdata

    n_won, n_others = int(won.sum()), int((~won).sum())
    if min(n_won, n_others) < SMALLEST_CELL:
        return 0.5
    scores = values.to_numpy(float) if is_measured(values) else _rates(values, won)
    area = (rankdata(scores)[won].sum() - n_won * (n_won + 1) / 2) / (n_won * n_others)
    return float(max(area, 1 - area))


def _rates(values: pd.Series, won: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    codes, names = pd.factorize(values.astype("str"))
    size = np.bincount(codes, minlength=len(names))
    # Drawn towards the middle, or a value of one customer would tell that customer's outcome.
    rate = (np.bincount(codes, weights=won, minlength=len(names)) + SMALLEST_CELL * won.mean()) / (size + SMALLEST_CELL)
    return np.asarray(rate[codes], float)


def _plain(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    if not is_measured(values):
        return values.astype("str")
    numbers = values.astype(float)
    return numbers.where(np.isfinite(numbers))
