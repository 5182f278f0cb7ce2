"""OCEL 2.0 in and out: object-centric event logs as JSON, XML or SQLite."""

from mining.sources.ocel.files import is_ocel, read_store, write_store
from mining.sources.ocel.flat import read_ocel

__all__ = ["is_ocel", "read_ocel", "read_store", "write_store"]
