"""Who: customers grouped by how they behave, as far as the data bears it out."""

from mining.personas.cards import Cards
from mining.personas.personas import Personas
from mining.personas.portraits import Portraits

__all__ = ["Cards", "Personas", "Portraits"]
