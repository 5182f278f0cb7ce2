"""How long and through how many hands: waits, promises, people and channels."""

from mining.timing.calendar import Calendar, read_calendar
from mining.timing.channels import Channels, measure_channels
from mining.timing.people import People, measure_people
from mining.timing.responses import Responses, measure_responses
from mining.timing.slas import Slas, check_slas
from mining.timing.waits import Waits, measure_waits

__all__ = [
    "Calendar",
    "Channels",
    "People",
    "Responses",
    "Slas",
    "Waits",
    "check_slas",
    "measure_channels",
    "measure_people",
    "measure_responses",
    "measure_waits",
    "read_calendar",
]
