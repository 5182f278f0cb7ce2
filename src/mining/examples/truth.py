"""The truth that was planted: what a reader of the exports should find, counted from what really happened."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import pandas as pd

from mining._errors import ExportError

__all__ = ["Truth"]


@dataclass(frozen=True, eq=False)
class Truth:
    """What was planted in the exports of the fictional company; customers are kept HubSpot contact ids.

    Attributes
    ----------
    about : dict
        ``customers``, ``seed``, ``null`` and ``observed_until`` (the moment of the export, UTC).
    personas : pandas.DataFrame
        One row per customer: customer, persona, industry, country, company_size (employees), lead_source.
    traits : dict
        By persona: n_customers, the most frequent industry, country and lead_source, the median company_size, and
        ``channels`` with the share of its touchpoints in each channel.
    journeys : pandas.DataFrame
        One row per journey: customer, journey (from 1), first and last (text, UTC), n_touchpoints, n_internal (those of
        them no customer sees), unfinished (the end of observation cut it off).
    identities : pandas.DataFrame
        Every name a system has for a customer: system, kind (id, merged_id, email, phone, visitor), key, customer.
        E-mail addresses are in lower case, telephone numbers in E.164.
    deviations : pandas.DataFrame
        One row per journey and deviation from the design: customer, journey, deviation.
    rates : pandas.DataFrame
        By deviation: n_journeys that have it, n_possible (journeys that got far enough), share of those.
    waiting : dict
        Where waiting loses customers: step, after, longer_than_hours, and n, n_lost, share_lost for ``long`` and
        ``short`` waits; ``longest_third`` and ``other_two_thirds`` say the same by rank of the wait.
    pingpong : dict
        teams, n_tickets, n_pingpong, share, tickets (ids), share_bad among its rated tickets and among the others.
    slas : pandas.DataFrame
        By promise of the design: step, after, within_hours, n (steps that were taken), n_missed, share_missed. The wait
        runs from the last `after` to the first `step`, in a journey or, for the service desk, in a ticket.
    redirected : dict
        channel_from, channel_to, n_chats, n_redirected, share, customers.
    dirty : pandas.DataFrame
        Rows that break a rule: file, rule, n_rows.
    """

    about: dict[str, Any]
    personas: pd.DataFrame
    traits: dict[str, Any]
    journeys: pd.DataFrame
    identities: pd.DataFrame
    deviations: pd.DataFrame
    rates: pd.DataFrame
    waiting: dict[str, Any]
    pingpong: dict[str, Any]
    slas: pd.DataFrame
    redirected: dict[str, Any]
    dirty: pd.DataFrame

    @property
    def missed_sla(self) -> dict[str, Any]:
        """The promise that is broken most often, as a row of `slas`."""
        worst = self.slas.sort_values("share_missed", ascending=False, kind="stable")
        return {str(name): value for name, value in worst.to_dict(orient="records")[0].items()}

    def save(self, path: Path | str) -> None:
        """Write the truth as JSON, one row of a table per line.

        Parameters
        ----------
        path : path-like
            The file to write.
        """
        parts = ",\n".join(f"{json.dumps(part.name)}: {_written(getattr(self, part.name))}" for part in fields(self))
        Path(path).write_bytes(f"{{\n{parts}\n}}\n".encode())

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a truth that was saved.

        Parameters
        ----------
        path : path-like
            The file that `save` wrote.

        Returns
        -------
        Truth
            Equal to the one that was saved, part by part.

        Raises
        ------
        ExportError
            If there is no such file.
        """
        path = Path(path)
        if not path.is_file():
            raise ExportError.missing(path)
        parts = json.loads(path.read_text(encoding="utf-8"))
        unwritten: dict[str, Any] = {name: _unwritten(part) for name, part in parts.items()}
        return cls(**unwritten)


def _written(part: pd.DataFrame | dict[str, Any]) -> str:
    if isinstance(part, dict):
        return json.dumps(part, ensure_ascii=False)
    rows = part.astype(object).to_numpy().tolist()
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return f'{{"columns": {json.dumps(list(part.columns))}, "rows": [\n{lines}\n]}}'


def _unwritten(part: dict[str, Any]) -> pd.DataFrame | dict[str, Any]:
    if set(part) == {"columns", "rows"}:
        return pd.DataFrame(part["rows"], columns=part["columns"])
    return part
