"""The same touchpoints under other customers: people glued further, or taken apart again."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mining.sources.mappings.links import natural

__all__ = ["relabel"]

_FURTHER = r"@\d+$"  # ends the id of a row for another customer of the same touchpoint


def relabel(
    frame: pd.DataFrame, objects: Mapping[str, pd.DataFrame], customers: Mapping[str, str] | pd.Series
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Put touchpoints under other customers; nothing else is read again.

    Gluing takes a dictionary. Taking apart takes a customer per row, for a customer's name does not tell which of the
    ids that became it a row had; the objects must then be those of the people taken apart. Of a touchpoint with
    several customers who are now one, one row is left. Customers without touchpoints stay.

    Parameters
    ----------
    frame : DataFrame
        Canonical touchpoints.
    objects : dict of DataFrame
        Object type to its attributes. Of customers who become one, the first known value of each attribute counts, in
        the order of the ids; `n_ids` is added up.
    customers : dict or Series
        Customer to the new customer, those that stay left out; or the new customer of every row, in the rows' order.

    Returns
    -------
    frame : DataFrame
        The same columns; `seq` counts the rows that are left.
    objects : dict of DataFrame
        The same types.
    """
    told = dict(objects)
    if isinstance(customers, pd.Series):
        made = frame.assign(customer=pd.Series(customers.to_numpy(), index=frame.index, dtype="str"))
    else:
        made = frame.assign(customer=_renamed(frame["customer"], customers))
        if "customer" in told:
            told["customer"] = _gathered(told["customer"], customers)
            made = made.assign(account=_accounts(made, told, {customers[name] for name in customers}))
    pairs = pd.DataFrame(
        {"id": made["touchpoint_id"].str.replace(_FURTHER, "", regex=True), "customer": made["customer"]}
    )
    made = made.loc[~pairs.duplicated().to_numpy()].reset_index(drop=True)
    return made.assign(seq=pd.Series(range(len(made)), dtype="int64")), told


def _renamed(column: pd.Series, names: Mapping[str, str]) -> pd.Series:
    return column.map({word: names.get(word, word) for word in column.dropna().unique()}).astype("str")


def _accounts(frame: pd.DataFrame, objects: Mapping[str, pd.DataFrame], glued: set[str]) -> pd.Series:
    """Give touchpoints of people who were glued the account that is now known of them."""
    people = objects["customer"]
    if "account" not in people:
        return frame["account"]
    belongs = people.loc[people.index.isin(list(glued)), "account"]
    if "account" in objects:
        belongs = belongs.where(belongs.isin(objects["account"].index))
    return frame["account"].fillna(frame["customer"].map(belongs).astype("str"))


def _gathered(people: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Make one row of customers who became one: who keeps the name speaks first, then the others in their order."""
    words = [str(name) for name in people.index]
    target = [names.get(name, name) for name in words]
    order = sorted(range(len(words)), key=lambda row: (target[row] != words[row], natural(words[row])))
    index = pd.Index(target, dtype="str", name=people.index.name)
    grouped = people.set_axis(index, axis=0).iloc[order].groupby(level=0, sort=False)
    merged = grouped.first()
    if "n_ids" in people:
        merged["n_ids"] = grouped["n_ids"].sum()
    return merged.loc[list(dict.fromkeys(target))].astype(people.dtypes.to_dict())
