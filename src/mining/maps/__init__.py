"""The journey map, and what hurts on it: stages by lanes, pain points in order."""

from mining.maps.journey_map import DEFAULT_LANES, LANES, JourneyMap, map_journey
from mining.maps.pain_points import PainPoints, find_pain_points

__all__ = ["DEFAULT_LANES", "LANES", "JourneyMap", "PainPoints", "find_pain_points", "map_journey"]
