"""Put the customer journey a company designed beside the journeys its customers really take.

A journey is a customer's touchpoints under one case notion, in order; every question is a function from journeys to a
small frozen result that can be shown as a table, a picture and a paragraph.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mining._errors import MiningError
    from mining.design import Design, read_design
    from mining.design.compare import compare
    from mining.discovery import discover
    from mining.journeys import Journeys, connect_log, find_boundaries, read_xes
    from mining.maps import find_pain_points, map_journey
    from mining.personas import Personas
    from mining.report import Study, read_config, write_report
    from mining.sources import Touchpoints, open_log, propose_mapping, read_crm, read_ocel
    from mining.sources.catalogue import catalogue
    from mining.timing import check_slas, measure_channels, measure_people, measure_waits

# The contents page, by phase of the work. Loaded on first use, so that `import mining` stays light.
_ROOMS = {
    "sources": ("Touchpoints", "catalogue", "open_log", "propose_mapping", "read_crm", "read_ocel"),
    "journeys": ("Journeys", "connect_log", "find_boundaries", "read_xes"),
    "discovery": ("discover",),
    "design": ("Design", "compare", "read_design"),
    "timing": ("check_slas", "measure_channels", "measure_people", "measure_waits"),
    "personas": ("Personas",),
    "maps": ("find_pain_points", "map_journey"),
    "report": ("Study", "read_config", "write_report"),
    "_errors": ("MiningError",),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__version__ = "0.1.0"
__all__ = [  # noqa: PLE0604, RUF100
    "Design",
    "Journeys",
    "MiningError",
    "Personas",
    "Study",
    "Touchpoints",
    "catalogue",
    "check_slas",
    "compare",
    "connect_log",
    "discover",
    "find_boundaries",
    "find_pain_points",
    "map_journey",
    "measure_channels",
    "measure_people",
    "measure_waits",
    "open_log",
    "propose_mapping",
    "read_config",
    "read_crm",
    "read_design",
    "read_ocel",
    "read_xes",
    "write_report",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        message = f"module 'mining' has no attribute '{name}'"
        raise AttributeError(message)
    value = getattr(import_module(f"mining.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
