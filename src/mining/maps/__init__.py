"""The journey map, and what hurts on it: stages by lanes, pain points in order, and what to do about them."""

from mining.maps.building import DEFAULT_LANES, LANES, map_journey
from mining.maps.candidates import Candidates, find_candidates
from mining.maps.engagement import Engagement, Leads, follow_leads, measure_engagement
from mining.maps.games import Gains, find_gains
from mining.maps.journey_map import JourneyMap
from mining.maps.pain_points import PainPoints, find_pain_points
from mining.maps.plan import WorkPlan, make_plan
from mining.maps.processes import KeyProcesses, find_key_processes
from mining.maps.progress import PlanChanges
from mining.maps.voices import Voices, hear_customers

__all__ = [
    "DEFAULT_LANES",
    "LANES",
    "Candidates",
    "Engagement",
    "Gains",
    "JourneyMap",
    "KeyProcesses",
    "Leads",
    "PainPoints",
    "PlanChanges",
    "Voices",
    "WorkPlan",
    "find_candidates",
    "find_gains",
    "find_key_processes",
    "find_pain_points",
    "follow_leads",
    "hear_customers",
    "make_plan",
    "map_journey",
    "measure_engagement",
]
