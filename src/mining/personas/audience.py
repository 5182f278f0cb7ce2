"""Audiences: who took the same path, or stands at the same step now, as a list to act on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import EllipsisType
from typing import Any, Final

import numpy as np
import pandas as pd

from mining._errors import FieldError, MiningError
from mining._files import write_table
from mining.journeys import Journeys
from mining.personas.seen import customers_of

__all__ = ["Audience", "find_audience"]

_HOUR: Final = 3_600_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Audience:
    """Customers to turn to; see `find_audience`.

    Attributes
    ----------
    frame : DataFrame
        One row per customer, longest waiting first: customer (as the journeys name it: a pseudonym by default), persona
        (where some are given), stands_at (activity of the last touchpoint), channel (of it), since (UTC), waiting_hours
        (until the end of observation), n_touchpoints, n_journeys (that are meant).
    asked : str
        Who is meant, in words.
    of_customers : int
        Of how many.
    """

    frame: pd.DataFrame
    asked: str
    of_customers: int

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"<Audience: {len(self):,} of {self.of_customers:,} customers {self.asked}>"

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=repr(self)[1:-1], rows=10)

    def save(self, path: Path | str) -> Path:
        """Write the list as a table that no spreadsheet runs anything of, the whole file or none.

        Parameters
        ----------
        path : Path or str
            The file, ending in ``.csv``, ``.xlsx`` or ``.parquet``.

        Returns
        -------
        Path
            The file written.
        """
        return write_table(path, self.frame)


def find_audience(
    journeys: Journeys,
    *,
    at: str | None = None,
    path: Sequence[str | Iterable[str] | EllipsisType] | None = None,
    persona: str | None = None,
    personas: Any = None,
) -> Audience:
    """List the customers who stand at the same step, took the same path, or are of one persona; all that are asked.

    Parameters
    ----------
    journeys : Journeys
        Whose customers.
    at : str, optional
        An activity: journeys that may still go on and whose last touchpoint it is.
    path : sequence, optional
        A pattern as `Journeys.containing` reads it (``["ad", ..., "quote"]``): journeys in which it occurs.
    persona : str, optional
        Name of a persona.
    personas : Personas, optional
        Fitted; their names stand in the list.

    Returns
    -------
    Audience
        ``.frame`` and ``.save``. Nobody is an answer.

    Raises
    ------
    MiningError
        Where nothing is asked, or a persona without personas.
    FieldError
        For an activity or a persona that there is not.
    """
    if at is None and path is None and persona is None:
        raise MiningError.refused("An audience of everybody", "is no audience: give at=, path= or persona=.")
    if persona is not None and personas is None:
        raise MiningError.refused(f"An audience of '{persona}'", "needs the fitted personas: give personas=.")
    meant = journeys if path is None else journeys.containing(*path)
    if at is not None:
        meant = meant.keep(_standing(meant, at))
    names: pd.Series | None = None if personas is None else personas.persona_of(meant).astype("str")
    if persona is not None and names is not None:
        known = [str(name) for name in personas.frame["name"]]
        if persona not in known:
            raise MiningError.unknown("persona", persona, known)
        mine = np.asarray(names.to_numpy(object) == persona, bool)
        meant, names = meant.keep(mine), names[mine]
    words = {"stand at": at, "took": None if path is None else _spoken(path), "are": persona}
    asked = "who " + " and ".join(f"{how} '{what}'" for how, what in words.items() if what is not None)
    return Audience(_listed(meant, names), asked, journeys.n_customers)


def _spoken(path: Sequence[str | Iterable[str] | EllipsisType]) -> str:
    each = ("..." if place is ... else place if isinstance(place, str) else " or ".join(place) for place in path)
    return " > ".join(each)


def _standing(journeys: Journeys, at: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if at not in journeys.activities:
        raise FieldError.unknown("activity", at, journeys.activities)
    return np.asarray(journeys.log.holds("activity", at)[journeys.log.last] & journeys.unfinished(), bool)


def _listed(journeys: Journeys, names: pd.Series | None) -> pd.DataFrame:
    log = journeys.log
    frame = pd.DataFrame(
        {
            "customer": pd.Series(customers_of(log), dtype="str"),
            "persona": pd.Series(
                None if names is None else names.to_numpy(object), dtype="str", index=range(len(journeys))
            ),
            "stands_at": pd.Series(log.decoded("activity", log.last), dtype="str"),
            "channel": pd.Series(log.decoded("channel", log.last), dtype="str"),
            "since": pd.to_datetime(log.time[log.last], unit="us", utc=True),
            "waiting_hours": (journeys.observed_until.value // 1_000 - log.time[log.last]) / _HOUR,
            "n_touchpoints": log.lengths,
        }
    )
    if names is None:
        frame = frame.drop(columns="persona")
    # Of several journeys of one customer the latest says where it stands.
    grouped = frame.sort_values("since", kind="stable").groupby("customer", sort=True)
    latest = grouped.tail(1).set_index("customer")
    latest["n_journeys"] = grouped.size()
    latest["n_touchpoints"] = grouped["n_touchpoints"].sum()
    return latest.reset_index().sort_values(["waiting_hours", "customer"], ascending=[False, True], ignore_index=True)
