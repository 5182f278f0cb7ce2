"""XES in and out, through the pm4py door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mining import _pm4py
from mining._errors import ExportError
from mining.sources import read_crm

if TYPE_CHECKING:
    from mining.journeys.journeys import Journeys

__all__ = ["read_xes", "write_xes"]


def read_xes(path: Path | str) -> Journeys:
    """Read an XES event log as journeys, one per trace.

    The trace's name becomes the journey id (field `record`); standard keys become our fields, and what `to_xes` wrote
    comes back under its own names.

    Parameters
    ----------
    path : Path or str
        An ``.xes`` or ``.xes.gz`` file.

    Returns
    -------
    Journeys
        By ``record``.

    Raises
    ------
    ExportError
        For a file that is missing or not XES.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError.missing(path)
    return read_crm(path, sources="xes", identity="none", identifiers="keep").by("record")


def write_xes(journeys: Journeys, path: Path) -> Path:
    """Write journeys as XES: standard keys for what XES knows, our own names for the rest."""
    frame = journeys.frame
    _pm4py.write_xes(frame.drop(columns=["source_file", "source_row"]), path)
    return path
