"""How long and through how many hands: waits, promises, people and channels."""

from mining.timing.calendar import Calendar, read_calendar
from mining.timing.channels import Channels, measure_channels
from mining.timing.editable_stages import Stages
from mining.timing.journey_facts import JourneyFacts, measure_journeys
from mining.timing.learned_stages import learn_stages
from mining.timing.people import People, measure_people
from mining.timing.responses import Responses, measure_responses
from mining.timing.slas import Slas, check_slas
from mining.timing.stays import Stays, measure_stays
from mining.timing.waits import Waits, measure_waits
from mining.timing.work import Work, measure_work

__all__ = [
    "Calendar",
    "Channels",
    "JourneyFacts",
    "People",
    "Responses",
    "Slas",
    "Stages",
    "Stays",
    "Waits",
    "Work",
    "check_slas",
    "learn_stages",
    "measure_channels",
    "measure_journeys",
    "measure_people",
    "measure_responses",
    "measure_stays",
    "measure_waits",
    "measure_work",
    "read_calendar",
]
