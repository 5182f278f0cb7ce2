"""XES in and out, through the pm4py door."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mining import _pm4py
from mining._errors import ExportError, MiningError
from mining.sources import read_crm
from mining.sources.catalogue import mapping_of

if TYPE_CHECKING:
    from mining.journeys.journeys import Journeys

__all__ = ["read_xes", "write_xes"]


def read_xes(path: Path | str, *, lifecycle: Literal["pair", "keep"] = "pair") -> Journeys:
    """Read an XES event log as journeys, one per trace.

    The trace's name becomes the journey id (field `record`); standard keys become our fields, and what `to_xes` wrote
    comes back under its own names.

    Parameters
    ----------
    path : Path or str
        An ``.xes`` or ``.xes.gz`` file.
    lifecycle : str
        ``pair``: a start and the completion of the same activity are one touchpoint that lasts, and what lies between
        them (schedule, assign, suspend) is none. ``keep``: every event is a touchpoint.

    Returns
    -------
    Journeys
        By ``record``.

    Raises
    ------
    ExportError
        For a file that is missing or not XES.
    MiningError
        For another word.

    References
    ----------
    IEEE 1849-2023. Standard for eXtensible Event Stream (XES): the lifecycle extension.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError.missing(path)
    if lifecycle not in {"pair", "keep"}:
        raise MiningError.unknown("lifecycle", lifecycle, ["pair", "keep"])
    mapping = mapping_of("xes")
    if lifecycle == "keep":
        mapping = replace(mapping, readers=tuple(replace(reader, lifecycle=None) for reader in mapping.readers))
    return read_crm(path, sources=mapping, identity="none", identifiers="keep").by("record")


def write_xes(journeys: Journeys, path: Path) -> Path:
    """Write journeys as XES: standard keys for what XES knows, our own names for the rest."""
    frame = journeys.frame
    _pm4py.write_xes(frame.drop(columns=["source_file", "source_row"]), path)
    return path
