"""Stages of the map: see `mining.timing.stages`."""

from mining.timing.stages import Staged, stage_touchpoints

__all__ = ["Staged", "stage_touchpoints"]
