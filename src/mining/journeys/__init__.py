"""Touchpoints become journeys: case notions, boundaries, narrowing, XES in and out."""

from mining.journeys.boundaries import Boundaries, find_boundaries
from mining.journeys.in_place import JourneysInPlace, TouchpointsInPlace, connect_log
from mining.journeys.journeys import Journeys
from mining.journeys.xes import read_xes

__all__ = [
    "Boundaries",
    "Journeys",
    "JourneysInPlace",
    "TouchpointsInPlace",
    "connect_log",
    "find_boundaries",
    "read_xes",
]
