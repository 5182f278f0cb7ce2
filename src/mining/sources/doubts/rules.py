"""What makes a touchpoint none: nobody to belong to, told twice, of the future, about something deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._fields import CASES
from mining.sources.columns import Columns
from mining.sources.doubts.bulk import MANY, mark_bulk
from mining.sources.doubts.ledger import Ledger
from mining.sources.doubts.twins import find_twins, skewed
from mining.sources.mappings.objects import Described
from mining.sources.people.trials import own_staff, trial_records
from mining.sources.table import Coded, Ints
from mining.sources.times.clocks import NO_TIME

__all__ = ["drop", "judge", "used"]


def judge(
    columns: Columns,
    described: Mapping[str, Described],
    final: Mapping[str, Mapping[str, str]],
    ledger: Ledger,
    *,
    own_domains: Sequence[str] = (),
) -> pd.Timestamp | None:
    """Set aside what is no touchpoint of a customer, and mark what is one but may mislead.

    Nobody to belong to, about something deleted, a trial, the company's own people, told twice, of the future, told by
    two systems: set aside. Written in bulk: marked. Returns the latest moment that the export knows of.
    """
    _drop_homeless(columns, ledger)
    for kind in ("customer", "deal", "ticket", "account", "lead"):
        objects = described.get(kind)
        if objects is not None and objects.deleted and kind in columns.text:
            alive = {final[kind].get(name, name) for name in objects.frame.index if name not in objects.deleted}
            gone = {final[kind].get(name, name) for name in objects.deleted} - alive
            if gone:
                drop(columns, columns.text[kind].isin_exactly(gone), f"its {kind} is deleted", ledger)
    _drop_strangers(columns, described, final, ledger, own_domains=own_domains)
    drop(columns, _repeated(columns, ledger), "duplicate", ledger)
    as_of = _drop_future(columns, ledger)
    _drop_twins(columns, ledger)
    marked = mark_bulk(columns)
    if marked:
        ledger.note(
            f"{marked:,} states or hand-overs were written with {MANY} or more others in one second: marked is_bulk"
        )
    return as_of


def _drop_homeless(columns: Columns, ledger: Ledger) -> None:
    size = len(columns.seq)
    homeless = np.ones(size, dtype=bool)
    for kind in CASES:
        if kind in columns.text and kind not in {"account", "campaign"}:
            homeless &= ~columns.text[kind].known
    account = columns.text.get("account", Coded.empty(size))
    drop(columns, homeless & ~account.known, "nobody it belongs to", ledger)


def _drop_strangers(
    columns: Columns,
    described: Mapping[str, Described],
    final: Mapping[str, Mapping[str, str]],
    ledger: Ledger,
    *,
    own_domains: Sequence[str],
) -> None:
    """Set trials and the company's own people aside, unless hardly anybody else would be left."""
    people = described.get("customer")
    if people is None or "customer" not in columns.text:
        return
    everybody = {final["customer"].get(name, name) for name in people.frame.index}
    for rule, found in (
        ("test record", trial_records(people.keys)),
        ("own staff", own_staff(people.keys, own_domains)),
    ):
        named = {final["customer"].get(name, name) for name in found}
        if len(named) * 2 > len(everybody):
            ledger.note(f"{len(named):,} of {len(everybody):,} customers look like '{rule}'; so many are kept")
        elif named:
            drop(columns, columns.text["customer"].isin_exactly(named), rule, ledger)


def _drop_twins(columns: Columns, ledger: Ledger) -> None:
    """Keep a contact that two systems tell once, as the source named first tells it, with a reference to the other."""
    for one, two, hours, n in skewed(columns):
        ledger.note(
            f"contacts of one customer in '{two}' often come {hours:g} hours after those in '{one}' ({n:,} pairs): "
            "the time zone of one of them may be wrong"
        )
    kept, twin = find_twins(columns)
    if not len(kept):
        return
    size = len(columns.seq)
    references = np.full(size, -1, dtype=np.int64)
    names = columns.text["touchpoint_id"]
    references[kept] = names.codes[twin]
    columns.text["twin"] = Coded(references, names.words)
    bad = np.zeros(size, dtype=bool)
    bad[twin] = True
    drop(columns, bad, "told by another source", ledger)


def _repeated(columns: Columns, ledger: Ledger) -> npt.NDArray[np.bool_]:
    """Mark every later telling of one touchpoint to one customer."""
    customer = columns.text.get("customer", Coded.empty(len(columns.seq))).codes
    rows = np.flatnonzero(columns.keep)
    # The newest writing of an id counts where the source says when it was written, else the earliest time that is told:
    # the order of the rows decides nothing.
    newest = -columns.modified[rows].astype(np.float64)
    ids_of = columns.text["touchpoint_id"].codes[rows]
    occurred = columns.times["timestamp"][rows]
    order = rows[np.lexsort((columns.seq[rows], occurred, newest, customer[rows], ids_of))]
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
        kept = "the one written last" if dated else "the earlier"
        ledger.note(f"{int(unlike.sum()):,} touchpoints were told again with another time or activity; {kept} counts")


def _drop_future(columns: Columns, ledger: Ledger) -> pd.Timestamp | None:
    """Set aside what is dated after the export was written, as far as the export tells that."""
    recorded, occurred = np.maximum(columns.times["recorded_at"], columns.modified), columns.times["timestamp"]
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
    for page in np.flatnonzero(np.bincount(columns.page[bad])):
        ledger.aside(int(page), np.unique(columns.position[bad & (columns.page == page)]), rule)
    columns.keep &= ~bad


def used(columns: Columns, ledger: Ledger) -> None:
    """Tell the ledger which records ended up in a touchpoint."""
    for page in np.flatnonzero(np.bincount(columns.page[columns.keep])):
        ledger.use(int(page), columns.position[columns.keep & (columns.page == page)])
