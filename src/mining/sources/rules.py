"""What makes a touchpoint none: nobody to belong to, told twice, of the future, about something deleted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._fields import CASES
from mining.sources.clocks import NO_TIME
from mining.sources.columns import Columns
from mining.sources.ledger import Ledger
from mining.sources.objects import Described
from mining.sources.table import Coded, Ints

__all__ = ["drop", "judge", "used"]


def judge(
    columns: Columns, described: Mapping[str, Described], final: Mapping[str, Mapping[str, str]], ledger: Ledger
) -> pd.Timestamp | None:
    """Set aside what has nobody to belong to, was told twice, lies in the future or is about something deleted."""
    size = len(columns.seq)
    homeless = np.ones(size, dtype=bool)
    for kind in CASES:
        if kind in columns.text and kind not in {"account", "campaign"}:
            homeless &= ~columns.text[kind].known
    account = columns.text.get("account", Coded.empty(size))
    drop(columns, homeless & ~account.known, "nobody it belongs to", ledger)
    for kind in ("customer", "deal", "ticket", "account", "lead"):
        objects = described.get(kind)
        if objects is not None and objects.deleted and kind in columns.text:
            alive = {final[kind].get(name, name) for name in objects.frame.index if name not in objects.deleted}
            gone = {final[kind].get(name, name) for name in objects.deleted} - alive
            if gone:
                drop(columns, columns.text[kind].isin_exactly(gone), f"its {kind} is deleted", ledger)
    drop(columns, _repeated(columns, ledger), "duplicate", ledger)
    return _drop_future(columns, ledger)


def _repeated(columns: Columns, ledger: Ledger) -> npt.NDArray[np.bool_]:
    """Mark every later telling of one touchpoint to one customer."""
    customer = columns.text.get("customer", Coded.empty(len(columns.seq))).codes
    rows = np.flatnonzero(columns.keep)
    # The newest writing of an id counts where the source says when it was written, else the first told.
    newest = -columns.modified[rows].astype(np.float64)
    ids_of = columns.text["touchpoint_id"].codes[rows]
    order = rows[np.lexsort((columns.seq[rows], newest, customer[rows], ids_of))]
    ids, people = columns.text["touchpoint_id"].codes[order], customer[order]
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (ids[1:] == ids[:-1]) & (people[1:] == people[:-1])
    _remark_changed(columns, order, again, ledger)
    out = np.zeros(len(columns.seq), dtype=bool)
    out[order[again]] = True
    return out


def _remark_changed(columns: Columns, order: Ints, again: npt.NDArray[np.bool_], ledger: Ledger) -> None:
    """Remark on ids that were told twice and not alike."""
    later = np.flatnonzero(again)
    told = (columns.times["timestamp"], columns.text["activity"].codes)
    unlike = np.logical_or.reduce([each[order[later]] != each[order[later - 1]] for each in told])
    if unlike.any():
        dated = bool((columns.modified[order[later[unlike]]] != NO_TIME).all())
        kept = "the one written last" if dated else "the first in the order of the files"
        ledger.note(f"{int(unlike.sum()):,} touchpoints were told again with another time or activity; {kept} counts")


def _drop_future(columns: Columns, ledger: Ledger) -> pd.Timestamp | None:
    """Set aside what is dated after the export was written, as far as the export tells that."""
    recorded, occurred = columns.times["recorded_at"], columns.times["timestamp"]
    telling = np.where(recorded != NO_TIME, recorded, np.where(columns.own_record, NO_TIME, occurred))[columns.keep]
    telling = telling[telling != NO_TIME]
    if not len(telling):
        telling = occurred[columns.keep]
    if not len(telling):
        return None
    as_of = int(telling.max())
    drop(columns, occurred > as_of, "future", ledger)
    return pd.Timestamp(as_of, unit="us", tz="UTC")


def drop(columns: Columns, bad: npt.NDArray[np.bool_], rule: str, ledger: Ledger) -> None:
    """Set touchpoints aside under a rule; the record they came from is told in the ledger."""
    bad = bad & columns.keep
    for page in np.unique(columns.page[bad]):
        ledger.aside(int(page), np.unique(columns.position[bad & (columns.page == page)]), rule)
    columns.keep &= ~bad


def used(columns: Columns, ledger: Ledger) -> None:
    """Tell the ledger which records ended up in a touchpoint."""
    for page in np.unique(columns.page[columns.keep]):
        ledger.use(int(page), columns.position[columns.keep & (columns.page == page)])
