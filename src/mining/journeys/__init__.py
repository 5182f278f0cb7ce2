"""Touchpoints become journeys: case notions, boundaries, narrowing, XES in and out."""

from mining.journeys.in_place import JourneysInPlace, TouchpointsInPlace, connect_log
from mining.journeys.journeys import Journeys
from mining.journeys.link import link
from mining.journeys.xes import read_xes

__all__ = ["Journeys", "JourneysInPlace", "TouchpointsInPlace", "connect_log", "link", "read_xes"]
