"""What a cell of the map unfolds: how it was measured, what its n counts, and what it rests on, summed up.

No touchpoint of anybody stands there: dated steps of one journey can tell whose it is. `JourneyMap.behind` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from mining.maps.behind import Records, Summary
from mining.maps.phrases import COUNTED, HOW, PHRASES, line_said, said

if TYPE_CHECKING:
    from mining._draw import GridFold

__all__ = ["MARKS", "folds_of"]

MARKS: Final = {
    "measured": "measured in the records",
    "inferred": "inferred from the records",
    "typed": "written by people",
}
_SHOWN: Final = 4


def folds_of(
    told: pd.DataFrame,
    records: Records | None,
    number: int,
    *,
    persona: str | None,
    words: Mapping[str, str],
    stage: str | None = None,
) -> dict[tuple[str, str], GridFold]:
    """Write down what each cell of one group's map rests on.

    Parameters
    ----------
    told : DataFrame
        The lines of one group that are neither masked nor empty, with the columns ours and our_item: lane and item in
        our own words.
    records : Records or None
        Without them only what the lines say themselves is told.
    number : int
        Of the group.
    persona : str or None
        To be named in the call that lists the touchpoints.
    words : mapping of str to str
        Our phrases in another language.
    stage : str, optional
        One stage alone.

    Returns
    -------
    dict
        Lane and stage to what their cell unfolds.
    """
    from mining._draw import GridFold

    stages: dict[str, int] = {} if records is None else {name: at for at, name in enumerate(records.staged.names)}
    found: dict[str, dict[int, Summary]] = {}
    if records is not None:
        asked = {
            str(ours): {str(row["our_item"]): stages[str(row["stage"])] for row in rows.to_dict("records")}
            for ours, rows in told.groupby("ours")
        }
        found = records.summed_up(number, asked)
    folds = {}
    for (lane, ours), rows in told.groupby(["lane", "ours"], sort=False):
        # Channels stand in the cell by their shares.
        ordered = rows.sort_values("value", ascending=False, kind="stable") if ours == "channels" else rows
        for name, lines in ordered.groupby("stage", sort=False):
            if stage is not None and name != stage:
                continue
            whose = f", persona={persona!r}" if persona else ""
            call = f".behind({name!r}, {ours!r}{whose})"
            summary = found.get(str(ours), {}).get(stages.get(str(name), -1))
            terms = [*_lines(lines, str(ours), words), *_rests(summary, words, call)]
            folds[str(lane), str(name)] = GridFold(said(words, PHRASES["open"]), terms)
    return folds


def _lines(rows: pd.DataFrame, lane: str, words: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    counted = said(words, COUNTED[lane])
    lines = [
        said(
            words,
            PHRASES["line"],
            text=line_said(row, digits=1),
            n=f"{row['n']:,}",
            counted=counted,
            mark=said(words, MARKS[row["mark"]]),
        )
        for row in rows.head(_SHOWN).to_dict("records")
    ]
    return [*(("", line, False) for line in lines), (said(words, PHRASES["measured"]), said(words, HOW[lane]), False)]


def _rests(found: Summary | None, words: Mapping[str, str], call: str) -> list[tuple[str, str, bool]]:
    if found is None:
        return []
    whole = said(
        words,
        PHRASES["sum"],
        touchpoints=f"{found.n_touchpoints:,}",
        journeys=f"{found.n_journeys:,}",
        customers=f"{found.n_customers:,}",
        first=found.first_month,
        last=found.last_month,
    )
    common = ", ".join(f"{word} {n:,}" for word, n in found.activities)
    rows = [(said(words, PHRASES["rests"]), whole, False)]
    rows += [(said(words, PHRASES["common"]), common, False)] if common else []
    return [*rows, (said(words, PHRASES["list"]), call, True)]
