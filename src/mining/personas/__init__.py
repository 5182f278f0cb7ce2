"""Who: customers grouped by how they behave, as far as the data bears it out, and what the won among them are like."""

from mining.personas.audience import Audience, find_audience
from mining.personas.cards import Cards
from mining.personas.compare_groups import GroupComparison, compare_groups
from mining.personas.focus import Focus
from mining.personas.ideal import IdealCustomers, find_ideal_customers
from mining.personas.ideal_each import IdealByGroup, find_ideal_each
from mining.personas.personas import Personas
from mining.personas.portraits import Portraits
from mining.personas.qualification import Qualification

__all__ = [
    "Audience",
    "Cards",
    "Focus",
    "GroupComparison",
    "IdealByGroup",
    "IdealCustomers",
    "Personas",
    "Portraits",
    "Qualification",
    "compare_groups",
    "find_audience",
    "find_ideal_customers",
    "find_ideal_each",
]
