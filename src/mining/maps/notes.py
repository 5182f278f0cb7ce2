"""Lanes that people write: what they know of a stage and no record says, shown as typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from mining._errors import DesignError, ExportError, nearest

__all__ = ["Notes", "read_notes"]

Notes = Mapping[str, Mapping[str, str | Sequence[str]]]
_COLUMNS = ("lane", "stage", "text")


def read_notes(given: Path | str | Notes | None, stages: Sequence[str], taken: Sequence[str]) -> list[dict[str, Any]]:
    """Read the lanes that people wrote.

    Parameters
    ----------
    given : path or mapping, optional
        Lane to stage to a text or several; as YAML, or as a CSV table with the columns lane, stage and text.
    stages : sequence of str
        The stages of the map.
    taken : sequence of str
        Names of lanes that are computed, which nobody may write over.

    Returns
    -------
    list of dict
        lane, stage, item, in the order written.

    Raises
    ------
    DesignError
        For a stage that the map has not, a lane that is computed, or something that is no such table.
    ExportError
        For a file that is missing or cannot be read.
    """
    rows = _rows(given) if isinstance(given, (Path, str)) else _spread(given or {}, "The notes")
    for row in rows:
        if row["stage"] not in stages:
            raise DesignError(f"The notes speak of a stage '{row['stage']}'.{nearest(row['stage'], list(stages))}")
        if row["lane"] in taken:
            raise DesignError(f"The lane '{row['lane']}' is computed and cannot be written. Give yours another name.")
    return rows


def _rows(path: Path | str) -> list[dict[str, Any]]:
    path = Path(path)
    if not path.is_file():
        raise ExportError.missing(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".csv":
            return _table(path)
        return _spread(yaml.load(text, Loader=yaml.BaseLoader), f"'{path.name}'")  # noqa: S506 - strings only, no tags
    except (UnicodeDecodeError, yaml.YAMLError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ExportError.unreadable(path, f"it is no table of notes ({str(error).splitlines()[0]}).") from error


def _table(path: Path) -> list[dict[str, Any]]:
    table = pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        raise DesignError(f"'{path.name}' has no column '{missing[0]}'. Notes have: {', '.join(_COLUMNS)}.")
    told = table[list(_COLUMNS)].apply(lambda column: column.str.strip()).rename(columns={"text": "item"})
    return [{str(name): value for name, value in row.items()} for row in told[told["item"] != ""].to_dict("records")]


def _spread(given: object, name: str) -> list[dict[str, Any]]:
    if not isinstance(given, Mapping):
        raise DesignError(f"{name} has no lanes. Write `lane: {{stage: text}}`.")
    rows = []
    for lane, cells in given.items():
        if not isinstance(cells, Mapping):
            raise DesignError(f"The lane '{lane}' has no stages. Write `{lane}: {{stage: text}}`.")
        for stage, said in cells.items():
            texts = [said] if isinstance(said, str) else said
            if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
                raise DesignError(f"The lane '{lane}' has no text for '{stage}'. Write a text, or a list of texts.")
            rows += [{"lane": str(lane), "stage": str(stage), "item": text} for text in texts if text.strip()]
    return rows
