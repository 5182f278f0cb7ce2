"""What a run found, kept in a small file, and what has changed since an earlier one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from mining import __version__
from mining._errors import ExportError
from mining._files import write_whole
from mining._statistics import SMALLEST_CELL, share_difference
from mining.report.study import Study

__all__ = ["Changes", "changes_since", "read_run", "save_run"]

_FORMAT: Final = 1
_FIGURE: Final = ["of", "figure", "share", "low", "high", "n"]


@dataclass(frozen=True, eq=False, repr=False)
class Changes:
    """Every share of the page beside the same share of an earlier run; see `changes_since`.

    Attributes
    ----------
    frame : DataFrame
        of (verdicts, promises, pains), figure, before with before_low and before_high, n_before, now with now_low and
        now_high, n_now, difference (now less before) with low and high (95 %), verdict (up, down, not told apart, only
        before, only now); what differs first.
    before, now : str
        From when until when each run's journeys are.
    """

    frame: pd.DataFrame
    before: str
    now: str

    @property
    def n_changed(self) -> int:
        """How many shares differ by more than chance explains, taken one by one."""
        return int(self.frame["verdict"].isin(["up", "down"]).sum())

    def __repr__(self) -> str:
        return f"<Changes: {self.n_changed} of {len(self.frame)} shares differ from those of {self.before}>"

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        return html_table(self.frame, caption=escape(repr(self)[1:-1]), rows=20)


def save_run(study: Study, path: Path | str) -> Path:
    """Keep the shares that a study found, for later runs to be compared with: no journey, no name, no id.

    Parameters
    ----------
    study : Study
        With its answers.
    path : Path or str
        The file, JSON.

    Returns
    -------
    Path
        The file written, whole or not at all.
    """
    told = {"format": _FORMAT, "made_by": __version__, "span": _span(study), "figures": _figures(study)}
    return write_whole(path, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode())


def read_run(path: Path | str) -> dict[str, Any]:
    """Read what `save_run` kept.

    Raises
    ------
    ExportError
        For a file that is missing or holds no run.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError.missing(path)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        frame = pd.DataFrame(told["figures"], columns=_FIGURE)
        frame[_FIGURE[2:]] = frame[_FIGURE[2:]].astype(float)
        return {"span": str(told["span"]), "figures": frame.astype({"of": "str", "figure": "str"})}
    except (UnicodeDecodeError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ExportError.unreadable(path, "it is no run kept beside a report.") from error


def changes_since(study: Study, earlier: Path | str) -> Changes:
    """Put the shares of a study beside those of an earlier run.

    Each interval is for one share taken alone: of twenty that did not change, one differs by chance.

    Parameters
    ----------
    study : Study
        The run of now.
    earlier : Path or str
        The file kept by the run before.

    Returns
    -------
    Changes

    Raises
    ------
    ExportError
        For a file that is missing or holds no run.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions, method 10.
    """
    told = read_run(earlier)
    now = pd.DataFrame(_figures(study), columns=_FIGURE)
    both = told["figures"].merge(now, on=["of", "figure"], how="outer", suffixes=("_before", "_now"), sort=True)
    share, other = both["share_now"].astype(float), both["share_before"].astype(float)
    difference, low, high = share_difference(
        (share, both["low_now"], both["high_now"]), (other, both["low_before"], both["high_before"])
    )
    verdict = np.select(
        [other.isna(), share.isna(), low > 0, high < 0], ["only now", "only before", "up", "down"], "not told apart"
    )
    frame = pd.DataFrame(
        {
            "of": both["of"], "figure": both["figure"],
            "before": other, "before_low": both["low_before"], "before_high": both["high_before"],
            "n_before": both["n_before"].astype(float), "now": share, "now_low": both["low_now"],
            "now_high": both["high_now"], "n_now": both["n_now"].astype(float),
            "difference": difference, "low": low, "high": high, "verdict": pd.Series(verdict, dtype="str"),
        }
    )  # fmt: skip
    differs = frame["verdict"].isin(["up", "down"])
    order = np.lexsort((frame["figure"], frame["of"], -np.abs(np.nan_to_num(difference)), ~differs))
    return Changes(frame.iloc[order].reset_index(drop=True), str(told["span"]), _span(study))


def _span(study: Study) -> str:
    span = study.journeys.portraits()
    return f"{span['started'].min():%Y-%m-%d} to {study.journeys.observed_until:%Y-%m-%d}"


def _figures(study: Study) -> list[dict[str, Any]]:
    parts = []
    if study.deviations is not None:
        told = study.deviations.verdicts.rename(columns={"verdict": "figure", "share_low": "low", "share_high": "high"})
        parts.append(told.assign(of="verdicts", n=told["of_journeys"]))
    if study.slas is not None:
        told = study.slas.frame.rename(columns={"kept_share": "share", "n_due": "n"})
        parts.append(
            told.assign(
                of="promises", figure=told["step"] + ", kept within " + told["within_hours"].astype("str") + " h"
            )
        )
    if study.plan is not None:
        told = study.plan.frame.rename(columns={"baseline": "share", "baseline_low": "low", "baseline_high": "high"})
        parts.append(told.assign(of="pains", figure=told["what"] + ": " + told["where"]))
    if not parts:
        return []
    frame = pd.concat([part[_FIGURE] for part in parts], ignore_index=True)
    people = (frame["share"] * frame["n"]).round()
    few = (frame["n"] < SMALLEST_CELL) | ((people > 0) & (people < SMALLEST_CELL))
    shown = frame[~few & frame["share"].notna()].drop_duplicates(["of", "figure"])
    return [{str(name): value for name, value in row.items()} for row in shown.to_dict("records")]
