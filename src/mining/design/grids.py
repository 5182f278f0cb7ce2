"""Designs that nobody wrote as YAML: a happy path in one line, and tables as journey-map tools keep them."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pandas as pd

from mining._errors import DesignError, nearest

__all__ = ["is_happy_path", "read_grid", "read_happy_path"]

_LINE: Final = "Happy path"
_TRUE: Final = {"true", "yes", "1", "x", "✓"}
_LANES: Final = {
    "steps": ("step", "steps", "activity", "activities", "touchpoint", "touchpoints", "action", "actions",
              "customer actions", "what customers do"),
    "channels": ("channel", "channels"),
    "owner": ("owner", "owners", "responsible"),
}  # fmt: skip
_COLUMNS: Final = ("stage", "step", "owner", "instead", "channels", "actor", "optional", "repeatable",
                   "within_hours", "within", "after", "personas", "stage_optional", "stage_repeatable",
                   "stage_personas", "order")  # fmt: skip
_CALLED: Final = {"phase": "stage", "channel": "channels", "activity": "step", "touchpoint": "step", "sla": "within"}


def is_happy_path(text: str) -> bool:
    """Tell whether a text is a path and not the name of a file."""
    return ">" in text and "\n" not in text.strip() and not text.lstrip().startswith(("<", "->", "+(", "X(", "*("))


def read_happy_path(text: str) -> dict[str, Any]:
    """Read a path in one line: ``Ad clicked > [Chat started] > Call made* > Deal: Won | Deal: Renewed``.

    Parameters
    ----------
    text : str
        Steps after one another; ``[...]`` may be left out, ``*`` may happen again, ``|`` stands between alternatives.

    Returns
    -------
    dict
        A design as `read_design` takes it.

    Raises
    ------
    DesignError
        For a step without a name.
    """
    steps = [_step(part, place) for place, part in enumerate(text.split(">"), start=1)]
    return {"name": _LINE, "stages": [{"stage": _LINE, "steps": steps}]}


def _step(part: str, place: int) -> dict[str, Any]:
    word = part.strip()
    optional = word.startswith("[") and word.rstrip("*").endswith("]")
    repeatable = word.endswith("*")
    word = word.rstrip("*").strip()
    word = word[1:-1].strip() if optional else word
    if word.endswith("*"):
        word, repeatable = word.rstrip("*").strip(), True
    names = [name.strip() for name in word.split("|")]
    if not all(names):
        raise DesignError(f"Step {place} of the path has no name. Write names between the arrows: 'Ad > Call > Won'.")
    step: dict[str, Any] = {"step": names[0], "optional": optional, "repeatable": repeatable}
    return step | ({"instead": names[1:]} if len(names) > 1 else {})


def read_grid(path: Path) -> dict[str, Any]:
    """Read a design from a table: one row per step, or stages across and lanes down.

    One row per step has columns as `Design.frame` names them (stage and step are needed). Stages across have one column
    per stage and lanes as rows, the first column naming them: steps (or touchpoints, activities, customer actions),
    channels, owner; several in one cell stand on lines of their own or between semicolons. Other lanes are not read.

    Parameters
    ----------
    path : Path
        ``.csv`` (UTF-8) or ``.xlsx``.

    Returns
    -------
    dict
        A design as `read_design` takes it.

    Raises
    ------
    DesignError
        For a file that is no such table.
    """
    cells = _cells(path)
    if not len(cells):
        raise DesignError(f"'{path.name}' is empty. Write one row per step, with columns stage and step.")
    head = [
        _CALLED.get(word, word) for word in (str(cell).strip().casefold().replace(" ", "_") for cell in cells.iloc[0])
    ]
    rows = cells.iloc[1:]
    if "rule" in head:
        told = rows.set_axis(head, axis=1).reindex(columns=["rule", "step", "other_activity"], fill_value="")
        return {"name": path.stem, "rules": told.rename(columns={"step": "activity"}).to_dict("records")}
    stages = _by_rows(rows.set_axis(head, axis=1), path.name) if "step" in head else _across(cells, path.name)
    return {"name": path.stem, "stages": stages}


def _cells(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".csv":
            text = path.read_text("utf-8-sig")
            separator = max(",;\t", key=text.split("\n", 1)[0].count)
            table = pd.DataFrame(list(csv.reader(StringIO(text), delimiter=separator)), dtype=object)
        else:
            table = pd.read_excel(path, header=None, dtype=str, engine="calamine", keep_default_na=False)
    except UnicodeDecodeError as error:
        raise DesignError(f"'{path.name}' is not written in UTF-8. Save it as UTF-8.") from error
    except (ValueError, OSError, csv.Error) as error:
        raise DesignError(f"'{path.name}' cannot be read as a table: {str(error).splitlines()[0]}.") from error
    table = table.fillna("").astype("str")
    return table.loc[(table != "").any(axis=1)].reset_index(drop=True)


def _by_rows(rows: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    for column in rows.columns:
        if column and column not in _COLUMNS:
            known = f"It may have: {', '.join(_COLUMNS)}."
            raise DesignError(f"'{name}' has a column '{column}'.{nearest(column, _COLUMNS)} {known}")
    if "stage" not in rows.columns:
        rows = rows.assign(stage=_LINE)
    stages: dict[str, dict[str, Any]] = {}
    for row in rows.to_dict("records"):
        told = {str(key): str(value).strip() for key, value in row.items()}
        stage = stages.setdefault(told["stage"], _stage_of(told))
        stage["steps"].append(_row_step(told))
    return list(stages.values())


def _stage_of(told: dict[str, str]) -> dict[str, Any]:
    stage: dict[str, Any] = {"stage": told["stage"], "steps": []}
    if told.get("owner"):
        stage["owner"] = told["owner"]
    if told.get("order"):
        stage["order"] = told["order"]
    if told.get("stage_personas"):
        stage["personas"] = _listed(told["stage_personas"])
    marks = {name: told.get(f"stage_{name}", "").casefold() in _TRUE for name in ("optional", "repeatable")}
    return stage | {name: True for name, holds in marks.items() if holds}


def _row_step(told: dict[str, str]) -> dict[str, Any]:
    step: dict[str, Any] = {"step": told["step"]}
    step |= {name: True for name in ("optional", "repeatable") if told.get(name, "").casefold() in _TRUE}
    step |= {name: _listed(told[name]) for name in ("instead", "channels", "personas") if told.get(name)}
    step |= {name: told[name] for name in ("actor", "owner", "within") if told.get(name)}
    hours = told.get("within_hours", "")
    if hours and hours.casefold() != "nan":
        step["within"] = f"{hours}h"
    if "within" in step and told.get("after"):
        step["after"] = told["after"]
    return step


def _listed(text: str) -> list[str]:
    between = r"\n" if "\n" in text.strip() else r"[,;]"  # an activity may have a comma in its name
    return [word.strip() for word in re.split(between, text) if word.strip()]


def _across(cells: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    labels = {str(word).strip().casefold(): place for place, word in enumerate(cells[0]) if place}
    lanes = {lane: [place for word, place in labels.items() if word in words] for lane, words in _LANES.items()}
    if not lanes["steps"]:
        raise DesignError(
            f"'{name}' has no column 'step' and no row of steps. Write one row per step with columns stage and step, "
            "or stages across with a row that begins with 'Steps'."
        )
    stages = []
    for column in range(1, cells.shape[1]):
        stage = str(cells.iloc[0, column]).strip()
        words = [word for row in lanes["steps"] for word in _lines(str(cells.iloc[row, column]))]
        if not stage or not words:
            continue
        channels = [word for row in lanes["channels"] for word in _lines(str(cells.iloc[row, column]))]
        owners = [word for row in lanes["owner"] for word in _lines(str(cells.iloc[row, column]))]
        steps = [{"step": word} | ({"channels": channels} if channels else {}) for word in words]
        stages.append({"stage": stage, "steps": steps} | ({"owner": ", ".join(owners)} if owners else {}))
    if not stages:
        raise DesignError(f"'{name}' has no stage with steps. Its first row should name the stages.")
    return stages


def _lines(text: str) -> list[str]:
    return [word.strip(" \t•-*") for word in re.split(r"[;\n]", text) if word.strip(" \t•-*")]
